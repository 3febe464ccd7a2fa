"""Ridge functions and sums over the axes as networks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kousei.activation import Activation, relu
from kousei.front.constructors.ridge import additive, ridge
from kousei.front.constructors.ridges import ridges
from kousei.front.problem import Problem, RefusedError
from support import share


def off(problem: Problem, net) -> float:
    x, values = problem.held_out
    return float(np.abs(net(x) - values).max())


def problem(f, dim, tol=1e-6, activation=None, lo=0.0, hi=1.0) -> Problem:
    return Problem(f, np.full(dim, lo), np.full(dim, hi), tol, activation, np.random.default_rng(0))


def built(constructor, f, dim, most=1000, **options):
    """A network whose error at 16384 points that it has not seen is at most tol."""
    its = problem(f, dim, **options)
    net = constructor(its, most)
    assert off(its, net) <= its.tol
    assert net.units <= most
    return net


@pytest.mark.parametrize("dim", range(1, 11))
@pytest.mark.parametrize("family", ["oscillatory", "corner peak"])
def test_genz(family, dim):
    rng = np.random.default_rng(dim)
    a = rng.uniform(size=dim)
    a *= (9 if family == "oscillatory" else 1.85) / a.sum()
    shift = rng.uniform()

    def f(x):
        return np.cos(2 * np.pi * shift + x @ a) if family == "oscillatory" else (1 + x @ a) ** -(dim + 1.0)

    assert built(ridge, f, dim).units <= 25


def test_relu_of_a_ridge_is_one_unit():
    net = built(ridge, lambda x: np.maximum(x @ np.array([1, -2, 0.5]) + 0.3, 0), 3)
    assert net.sizes == (3, 1, 1)
    np.testing.assert_allclose(net.weights[0] / net.weights[0][0, 0], [[1, -2, 0.5]])


def test_affine_functions_take_no_units():
    for constructor in (ridge, additive):
        net = built(constructor, lambda x: x @ np.array([1, -2, 0, 0.5]) + 3, 4, tol=1e-9)
        assert net.sizes == (4, 1)


def test_constants_take_no_units():
    for constructor in (ridge, additive):
        assert built(constructor, lambda x: np.full(len(x), 2.0), 3).sizes == (3, 1)


def test_boxes_far_from_the_origin():
    its = Problem(
        lambda x: np.sin(x[:, 0] / 10 - x[:, 1] / 1000),
        np.array([100.0, -3000.0]),
        np.array([110.0, 2000.0]),
        1e-6,
        None,
        np.random.default_rng(0),
    )
    net = ridge(its, 100)
    assert off(its, net) <= 1e-6
    assert net.units <= 20


def test_variables_that_do_not_matter():
    assert built(ridge, lambda x: np.sin(4 * x[:, 2]), 6).units <= 12


@pytest.mark.parametrize("activation", [Activation("logistic"), relu])
def test_an_activation_that_is_asked_for(activation):
    net = built(ridge, lambda x: np.sin(x @ np.array([2.0, 1.0])), 2, tol=1e-4, activation=activation)
    assert net.activations == (activation,)


def test_sums_over_the_axes():
    net = built(additive, lambda x: np.sin(5 * x[:, 0]) + 2 * x[:, 1] + np.exp(x[:, 2]) - x[:, 3], 4)
    assert net.units <= 30
    net = built(additive, lambda x: (x**2).sum(axis=1), 10)
    assert net.units <= 60


def test_sums_of_kinks_and_smooth_functions_mix_activations():
    net = built(additive, lambda x: np.abs(x[:, 0] - 0.3) + np.sin(3 * x[:, 1]), 2)
    assert net.units <= 12
    assert "relu" in net.activations[0].name
    assert "tanh" in net.activations[0].name


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x[:, 0] * x[:, 1],
        lambda x: np.exp(-5 * ((x - 0.4) ** 2).sum(axis=1)),
        lambda x: np.cos(4 * x[:, 0]) * np.exp(x[:, 1]),
        lambda x: 1e-3 * x[:, 0] * x[:, 1] + np.sin(5 * x[:, 0]),
    ],
)
def test_other_functions_are_refused_at_a_few_hundred_points(f):
    for constructor, why in ((ridge, "gradients|across"), (additive, "no sum")):
        its = problem(f, 2)
        with pytest.raises(RefusedError, match=why):
            constructor(its, 1000)
        assert its.evaluations < 700


def test_jumps_are_refused():
    def step(x):
        return np.where(x[:, 0] > 0.5, 1.0, 0.0)

    for constructor in (ridge, additive):
        with pytest.raises(RefusedError, match="jumps at"):
            constructor(problem(step, 3), 1000)


@pytest.mark.parametrize(
    ("f", "dim", "units"),
    [
        (lambda x: (1 - np.cos(np.pi * x[:, 0]) * np.cos(np.pi * x[:, 1])) / 2, 2, 25),
        (lambda x: np.sin(3 * x[:, 0]) * np.cos(2 * x[:, 1]), 2, 30),
        (lambda x: x[:, 0] * x[:, 1], 2, 12),
        (lambda x: x[:, 0] * x[:, 1] + x[:, 2] ** 2 - 3 * x[:, 3], 4, 25),
        (lambda x: np.sin(x @ [2, 1, 0]) + np.exp(x @ [0, 1, -1]) + x @ [3, 0, 1], 3, 30),
    ],
)
def test_sums_of_ridges(f, dim, units):
    assert built(ridges, f, dim).units <= units


def test_directions_are_found():
    a = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, -1.0], [1.0, 0.0, 0.5]])

    def f(x):
        return np.sin(x @ a[0]) + np.exp(x @ a[1]) + np.cos(2 * x @ a[2])

    found = built(ridges, f, 3).weights[0]
    cosines = np.abs(found @ a.T) / np.linalg.norm(found, axis=1)[:, None] / np.linalg.norm(a, axis=1)
    assert (cosines.max(axis=1) > 1 - 1e-12).all()


@pytest.mark.parametrize(
    ("f", "dim", "why"),
    [
        (lambda x: np.exp(-5 * ((x - 0.4) ** 2).sum(axis=1)), 2, "Hessians|is off by"),
        (lambda x: x.prod(axis=1), 3, "Hessians|is off by"),
        (lambda x: np.sin(x.sum(axis=1)), 3, "one direction"),
        (lambda x: x.sum(axis=1), 3, "one direction|Hessians|is off by"),
        (lambda x: np.full(len(x), 2.0), 3, "one direction|Hessians|is off by"),
        (lambda x: np.sin(x[:, 0]), 1, "one direction"),
    ],
)
def test_no_sums_of_ridges(f, dim, why):
    with pytest.raises(RefusedError, match=why):
        ridges(problem(f, dim), 1000)


@settings(max_examples=share(10))
@given(rng=st.integers(0, 2**32).map(np.random.default_rng), dim=st.integers(2, 4))
def test_random_sums_of_ridges(rng, dim):
    a, shifts = np.linalg.qr(rng.normal(size=(dim, dim)))[0], rng.normal(size=dim)
    its = problem(lambda x: np.sin(2 * (x @ a) + shifts).sum(axis=1), dim, tol=1e-5)
    try:
        net = ridges(its, 1000)
    except RefusedError:
        return
    assert off(its, net) <= its.tol


@settings(max_examples=share(15))
@given(rng=st.integers(0, 2**32).map(np.random.default_rng), dim=st.integers(2, 10))
def test_random_ridges(rng, dim):
    a, (scale, shift, other) = rng.normal(size=dim), rng.normal(size=3)
    built(ridge, lambda x: np.sin(2 * scale * (x @ a) + shift) + other * np.tanh(x @ a), dim, lo=-1)


@settings(max_examples=share(15))
@given(rng=st.integers(0, 2**32).map(np.random.default_rng), dim=st.integers(2, 5))
def test_random_sums(rng, dim):
    waves, shifts, slopes = rng.normal(size=(3, dim))
    built(additive, lambda x: (np.sin(3 * waves * x + shifts) + slopes * x).sum(axis=1), dim, tol=1e-5)
