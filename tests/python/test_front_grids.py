"""Piecewise-linear interpolation on grids as networks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kousei.activation import Activation, leaky_relu, relu
from kousei.front.constructors import grids, simplices
from kousei.front.problem import Problem, RefusedError
from support import share

rng = np.random.default_rng(0)


def off(problem: Problem, net) -> float:
    x, values = problem.held_out
    return float(np.abs(net(x) - values).max())


def problem(f, dim, tol, activation=None) -> Problem:
    lo = np.arange(dim) - 1.0
    return Problem(f, lo, lo + 2, tol, activation, np.random.default_rng(0))


def built(f, dim, tol, most=10_000, activation=None):
    its = problem(f, dim, tol, activation)
    net = grids.grid(its, most)
    assert off(its, net) <= tol
    assert net.units <= most
    return net


def test_functions_that_are_straight_along_the_axes_are_bent_across() -> None:
    net = built(lambda x: np.abs(x[:, 0]) * (1 - x[:, 1]), 2, 1e-2)
    assert net.units < 1000


@pytest.mark.parametrize("cells", [(1, 1), (3, 2), (4, 7), (1, 1, 1), (2, 1, 3), (3, 4, 2)])
@pytest.mark.parametrize("regular", [True, False])
def test_networks_compute_the_interpolation(cells, regular):
    dim = len(cells)
    for flipped in rng.random((4, dim)) < 0.5:
        knots = [np.arange(n + 1) * rng.random() for n in cells]
        if not regular:
            knots = [np.cumsum(0.1 + rng.random(n + 1)) for n in cells]
        knots = [its[::-1] if flip else its for its, flip in zip(knots, flipped, strict=True)]
        mesh = grids._Mesh(knots, rng.normal(size=np.add(cells, 1)))
        net = grids._coordinates(mesh) >> (simplices.two if dim == 2 else simplices.three)(mesh.values)
        z = rng.random((2000, dim)) * cells
        z[:100] = z[:100].round()
        x = np.stack([np.interp(its, np.arange(len(k)), k) for its, k in zip(z.T, knots, strict=True)], axis=1)
        np.testing.assert_allclose(net(x), mesh(z), atol=1e-12)
        # The basis function of one node is left to the constant.
        assert net.units == grids._units(knots) - (1 if dim == 2 else 3)


def test_interpolation_is_exact_at_nodes_and_for_affine_functions():
    for cells in ((3, 4), (2, 3, 4)):
        z = np.stack(np.indices(np.add(cells, 1)), axis=-1)
        values = rng.normal(size=z.shape[:-1])
        knots = [np.arange(n + 1.0) for n in cells]
        np.testing.assert_allclose(grids._Mesh(knots, values)(z.reshape(-1, len(cells))), values.ravel())
        slope, x = rng.normal(size=len(cells)), rng.random((100, len(cells))) * cells
        np.testing.assert_allclose(grids._Mesh(knots, z @ slope)(x), x @ slope, atol=1e-12)


def test_kinks_lie_on_lines_of_the_grid():
    def f(x):
        return np.exp(-(np.array([8.0, 12.0]) * np.abs(x - np.array([-0.3, 0.6]))).sum(axis=1))

    assert built(f, 2, 1e-2).units <= 800


def test_piecewise_linear_functions_on_few_cells_are_exact():
    its = problem(lambda x: np.abs(x[:, 0] + 0.3) + 2 * np.abs(x[:, 1] - 0.7), 2, 1e-3)
    net = grids.grid(its, 1000)
    assert off(its, net) < 1e-12
    assert net.units <= 30


@pytest.mark.parametrize(
    ("f", "dim", "tol", "units"),
    [
        (lambda x: np.sin(2 * x[:, 0]) * np.sin(2 * x[:, 1]), 2, 1e-2, 500),
        (lambda x: np.exp(x[:, 0] - x[:, 1]), 2, 1e-2, 700),
        (lambda x: np.exp(x.sum(axis=1) / 3), 3, 1e-2, 5200),
    ],
)
def test_smooth_functions(f, dim, tol, units):
    net = built(f, dim, tol)
    assert net.units <= units
    assert set(net.activations) == {relu}


def test_units_grow_as_the_cells():
    few, many = (built(lambda x: (x**2).sum(axis=1), 2, tol).units for tol in (4e-2, 2.5e-3))
    assert 6 < many / few < 16


def test_the_better_diagonal_is_taken():
    one = built(lambda x: np.exp(x[:, 0] - x[:, 1]), 2, 1e-2)
    other = built(lambda x: np.exp(x[:, 0] + x[:, 1] - 2), 2, 1e-2)
    assert abs(one.units - other.units) <= 0.5 * one.units


def test_another_piecewise_linear_activation():
    net = built(lambda x: np.sin(x[:, 0]) * x[:, 1], 2, 3e-2, activation=leaky_relu())
    assert set(net.activations) == {leaky_relu()}


def test_what_is_refused():
    def f(x):
        return np.sin(9 * x[:, 0]) * np.sin(9 * x[:, 1])

    for its, why in (
        (problem(f, 2, 1e-7), "a grid takes more than"),
        (problem(f, 2, 1e-2, Activation("tanh")), "tanh is not piecewise linear"),
        (problem(lambda x: x[:, 0], 1, 1e-2), "2 or 3 dimensions"),
        (problem(lambda x: x[:, 0], 4, 1e-2), "2 or 3 dimensions"),
    ):
        with pytest.raises(RefusedError, match=why):
            grids.grid(its, 1000)
        assert its.evaluations <= 729
    with pytest.raises(RefusedError, match="jumps at"):
        grids.grid(problem(lambda x: (x.sum(axis=1) > 0.3) * 1.0, 2, 1e-2), 1000)
    with pytest.raises(RefusedError, match="a grid of"):
        grids.grid(problem(f, 2, 3e-3), 1000)


@settings(max_examples=share(20))
@given(rng=st.integers(0, 2**32).map(np.random.default_rng), dim=st.integers(2, 3))
def test_random_functions(rng, dim):
    a, b = rng.normal(size=(2, dim))
    built(lambda x: np.sin(x @ a) + np.cos(x @ b) + (x @ a) * (x @ b) / 10, dim, 0.2)
