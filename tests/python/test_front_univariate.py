"""Functions of one variable as one hidden layer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kousei
from kousei.activation import Activation, PiecewiseLinear, abs, hardtanh, leaky_relu, relu, softshrink, tanh
from kousei.front.lines.pieces import resolve
from kousei.front.lines.univariate import Layer, fit_line
from kousei.front.problem import RefusedError
from support import share

T = np.sort(np.random.default_rng(0).uniform(-1, 1, 10_000))


def column(f):
    return lambda t: np.asarray(f(t), dtype=float).reshape(len(t), -1)


def fitted(f, tol=1e-6, activation=None, most=1000) -> Layer:
    """A layer on [-1, 1] whose error is at most tol."""
    g = column(f)
    layer = fit_line(g, -1.0, 1.0, np.full(g(T).shape[1], tol), activation, most)
    assert layer.coef.shape == (g(T).shape[1], len(layer.weight))
    assert len(layer.weight) <= most
    assert np.abs(layer(T) - g(T)).max() <= tol
    return layer


def runge(t):
    return 1 / (1 + 25 * t**2)


@pytest.mark.parametrize(
    ("f", "units"),
    [
        (runge, 20),
        (np.exp, 8),
        (lambda t: np.cos(9 * t), 20),
        (lambda t: np.cos(30 * t), 50),
        (lambda t: np.arctan(20 * t), 30),
        (lambda t: 1 / (1 + 100 * (t - 0.3) ** 2), 25),
        (lambda t: np.exp(-1e4 * (t - 0.3) ** 2), 20),
        (lambda t: np.tanh(50 * t + 3), 2),
        (lambda t: np.poly1d([1, -10, 35, -50, 24])(2.5 * (t + 1)), 16),
    ],
)
def test_smooth_functions_take_few_tanh_units(f, units):
    layer = fitted(f)
    assert layer.activation == tanh
    assert len(layer.weight) <= units


@pytest.mark.parametrize("name", ["logistic", "erf", "arctan", "softplus", "gelu", "silu", "repu3"])
def test_other_activations(name):
    layer = fitted(runge, 1e-5, Activation(name))
    assert layer.activation.name == name
    assert len(layer.weight) <= 64


def test_activation_of_ones_own():
    layer = fitted(runge, 1e-5, Activation("bell", lambda z: np.exp(-(z**2))))
    assert len(layer.weight) <= 40


@pytest.mark.parametrize("tol", [1e-2, 1e-4, 1e-9])
def test_tolerances(tol):
    fitted(runge, tol)


def test_outputs_share_units_and_have_tolerances_of_their_own():
    def g(t):
        return np.stack([np.sin(3 * t), 1e3 * np.exp(t), np.ones_like(t)], axis=1)

    tol = np.array([1e-7, 1e-3, 1e-9])
    layer = fit_line(g, -1.0, 1.0, tol, None, 100)
    assert (np.abs(layer(T) - g(T)).max(axis=0) <= tol).all()
    assert len(layer.weight) <= 24


def test_interval():
    layer = fit_line(column(lambda t: np.sin(t / 100)), 1000.0, 2000.0, np.array([1e-6]), None, 100)
    t = np.linspace(1000, 2000, 5001)
    assert np.abs(layer(t)[:, 0] - np.sin(t / 100)).max() <= 1e-6
    assert len(layer.weight) <= 20


@pytest.mark.parametrize("activation", [None, tanh, relu, leaky_relu(), hardtanh()])
def test_constants_take_no_units(activation):
    assert len(fitted(lambda t: 3 + 0 * t, 1e-9, activation).weight) == 0


#: Flat to the left of a kink, to the right of it, on neither side, on either, and between two.
LINEAR = [relu, PiecewiseLinear([0.0], [1.0, 0.0]), leaky_relu(), hardtanh(), softshrink()]


@pytest.mark.parametrize("activation", [tanh, abs, *LINEAR])
def test_affine_functions_take_one_unit(activation):
    assert len(fitted(lambda t: 2 * t - 1, 1e-6, activation).weight) == 1


@pytest.mark.parametrize(
    ("f", "activation", "units"),
    [
        (np.abs, relu, 2),
        (np.abs, None, 2),
        (np.abs, abs, 1),
        (lambda t: np.maximum(t - 0.25, 0), relu, 1),
        (lambda t: np.maximum(0.25 - t, 0), relu, 1),
        (lambda t: np.maximum(t - 0.25, 0), leaky_relu(), 2),
        (lambda t: np.maximum(0, 1 - 3 * np.abs(t - 0.1)), relu, 3),
        (lambda t: np.clip(2 * t, -1, 1), relu, 2),
        (lambda t: np.abs(np.abs(np.abs(t) - 0.5) - 0.25), None, 8),
    ],
)
def test_piecewise_linear_functions_are_exact(f, activation, units):
    layer = fitted(f, 1e-6, activation)
    assert len(layer.weight) == units
    assert np.abs(layer(T) - f(T)[:, None]).max() < 1e-13


@pytest.mark.parametrize("activation", LINEAR)
def test_steep_functions_in_units_of_any_piecewise_linear_function(activation):
    # No segment is flat: a unit for the slope that is left.
    assert len(fitted(np.exp, 1e-3, activation).weight) <= 25
    fitted(lambda t: np.exp(-t), 1e-3, activation)


def test_kinks_are_located():
    pieces = resolve(column(lambda t: (np.abs(t - 1 / 3) + np.maximum(np.sin(5 * t), 0)) / 1e-6), -1.0, 1.0)
    np.testing.assert_allclose(pieces.kinks, [-np.pi / 5, 0, 1 / 3, np.pi / 5], atol=1e-12)


@pytest.mark.parametrize(
    ("f", "units"),
    [
        (lambda t: np.abs(t - 0.3) + np.sin(5 * t), 20),
        (lambda t: np.exp(-10 * np.abs(t - 0.2)), 40),
        (lambda t: np.abs(np.sin(5 * t)), 50),
        (lambda t: np.maximum(np.sin(3 * t), np.exp(t) - 1.2), 40),
    ],
)
def test_kinks_beside_smooth_parts_take_few_units(f, units):
    assert len(fitted(f).weight) <= units


def test_relu_takes_as_many_units_as_the_curvature_asks_for():
    # Segments that are off by h^2 |f''|/16 each: sqrt(1/(16 tol)) int |f''|^(1/2).
    for tol in (1e-3, 1e-5):
        layer = fitted(np.exp, tol, relu)
        least = np.sqrt(1 / (16 * tol)) * 2 * (np.exp(0.5) - np.exp(-0.5))
        assert least <= len(layer.weight) <= 1.25 * least + 2


def test_relu_units_do_not_depend_on_the_side_a_function_is_flat_on():
    f = lambda t: np.where(t > 0.2, (t - 0.2) ** 2, 0)  # noqa: E731
    assert len(fitted(f, 1e-4, relu).weight) == len(fitted(lambda t: f(-t), 1e-4, relu).weight)


@pytest.mark.parametrize("activation", [None, tanh, relu])
def test_jumps_are_refused_by_place(activation):
    with pytest.raises(RefusedError, match=r"jumps at 0\.2"):
        fitted(lambda t: np.where(t > 0.2, np.sin(t), 2), 1e-6, activation)


def test_oscillation_and_noise_are_refused():
    with pytest.raises(RefusedError, match="samples do not resolve it"):
        fitted(lambda t: np.cos(1e6 * t))
    with pytest.raises(RefusedError, match="jumps at"):
        fitted(lambda t: np.random.default_rng(0).normal(size=len(t)))


def test_a_tolerance_below_rounding_is_refused():
    with pytest.raises(RefusedError, match="rounded too much"):
        fitted(np.exp, 1e-16)


def test_too_few_units_are_refused():
    with pytest.raises(RefusedError, match="it takes more than 50 piecewise-linear units"):
        fitted(np.exp, 1e-6, relu, most=50)
    with pytest.raises(RefusedError, match="4 units of tanh reach"):
        fitted(lambda t: np.cos(9 * t), 1e-6, tanh, most=4)


def test_kinks_are_refused_by_smooth_units():
    with pytest.raises(RefusedError, match="units of tanh reach"):
        fitted(np.abs, 1e-6, tanh)


@settings(max_examples=share(20))
@given(
    rng=st.integers(0, 2**32).map(np.random.default_rng),
    terms=st.integers(1, 6),
    tol=st.sampled_from([1e-3, 1e-5, 1e-7]),
)
def test_random_smooth_functions(rng, terms, tol):
    a, b, c = rng.normal(size=(3, terms))
    kinds = [np.sin, np.tanh, lambda u: np.exp(-(u**2)), lambda u: 1 / (1 + u**2)]
    chosen = rng.integers(len(kinds), size=terms)
    scale = 10 ** rng.uniform(0, 1, terms)

    def f(t):
        return sum(a[i] * kinds[chosen[i]](scale[i] * (t - b[i])) + 0.1 * c[i] * t**i for i in range(terms))

    assert len(fitted(f, tol).weight) <= 100


@settings(max_examples=share(20))
@given(
    rng=st.integers(0, 2**32).map(np.random.default_rng),
    kinks=st.integers(1, 4),
    activation=st.sampled_from([None, relu, leaky_relu()]),
)
def test_random_functions_with_kinks(rng, kinks, activation):
    places, jumps, waves = rng.uniform(-1, 1, kinks), rng.normal(size=kinks), rng.normal(size=3)

    def f(t):
        smooth = waves[0] * np.sin(4 * waves[1] * t + waves[2])
        return smooth + sum(jump * np.abs(t - place) for jump, place in zip(jumps, places, strict=True))

    fitted(f, 1e-4, activation, most=4000)


def test_layers_are_networks():
    layer = fitted(runge)
    net = kousei.MLP([layer.weight[:, None], layer.coef], [layer.bias, layer.offset], [layer.activation])
    np.testing.assert_allclose(net(T[:, None]), runge(T), atol=1e-6)
