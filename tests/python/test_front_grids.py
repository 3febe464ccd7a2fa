"""Piecewise-linear interpolation on grids as networks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kousei.activation import Activation, leaky_relu, relu
from kousei.front import grids
from kousei.front.problem import Problem, RefusedError

rng = np.random.default_rng(0)


def problem(f, dim, tol, activation=None) -> Problem:
    lo = np.arange(dim) - 1.0
    return Problem(f, lo, lo + 2, tol, activation, np.random.default_rng(0))


def built(f, dim, tol, most=10_000, activation=None):
    its = problem(f, dim, tol, activation)
    net = grids.grid(its, most)
    assert its.error(net) <= tol
    assert net.units <= most
    return net


@pytest.mark.parametrize("cells", [(1, 1), (3, 2), (4, 7), (1, 1, 1), (2, 1, 3), (3, 4, 2)])
def test_networks_compute_the_interpolation(cells):
    dim = len(cells)
    lo, hi = rng.normal(size=dim), 3 + rng.normal(size=dim)
    for flipped in rng.random((4, dim)) < 0.5:
        values = rng.normal(size=np.add(cells, 1))
        mesh = grids._Mesh(lo, hi, cells, flipped, values)
        net = (grids._two if dim == 2 else grids._three)(mesh)
        x = rng.uniform(lo, hi, (2000, dim))
        np.testing.assert_allclose(net(x), mesh(x), atol=1e-12)
        # At the nodes these are the values; the base function of the first is the constant.
        slope, constant = mesh.frame
        nodes = np.stack(np.indices(values.shape), axis=-1).reshape(-1, dim)
        np.testing.assert_allclose(net((nodes - constant) / slope), values.ravel(), atol=1e-12)
        assert net.units == grids._units(np.array(cells)) - (1 if dim == 2 else 3)


@pytest.mark.parametrize(
    ("f", "dim", "tol", "units"),
    [
        (lambda x: np.sin(2 * x[:, 0]) * np.sin(2 * x[:, 1]), 2, 1e-2, 500),
        (lambda x: np.exp(x[:, 0] - x[:, 1]), 2, 1e-2, 700),
        (lambda x: np.exp(x.sum(axis=1) / 3), 3, 1e-2, 3200),
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
        (problem(f, 2, 1e-6), "a grid takes more than"),
        (problem(f, 2, 1e-2, Activation("tanh")), "tanh is not piecewise linear"),
        (problem(lambda x: x[:, 0], 1, 1e-2), "2 or 3 dimensions"),
        (problem(lambda x: x[:, 0], 4, 1e-2), "2 or 3 dimensions"),
    ):
        with pytest.raises(RefusedError, match=why):
            grids.grid(its, 1000)
        assert its.evaluations <= 729
    with pytest.raises(RefusedError):
        grids.grid(problem(lambda x: (x.sum(axis=1) > 0.3) * 1.0, 2, 1e-2), 1000)


@settings(max_examples=20, deadline=None)
@given(rng=st.integers(0, 2**32).map(np.random.default_rng), dim=st.integers(2, 3))
def test_random_functions(rng, dim):
    a, b = rng.normal(size=(2, dim))
    built(lambda x: np.sin(x @ a) + np.cos(x @ b) + (x @ a) * (x @ b) / 10, dim, 0.2)
