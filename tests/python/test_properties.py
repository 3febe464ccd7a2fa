"""Properties that hold for any input, searched for counterexamples."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import kousei
from kousei.funahashi import FunahashiNetwork, choose_parameters, universal_function
from support import Library

floats = st.floats(allow_nan=True, allow_infinity=True, width=64)
arrays = hnp.arrays("float64", hnp.array_shapes(max_dims=3, max_side=5, min_side=0), elements=floats)


@given(z=arrays)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_unit_of_any_argument(library: Library, z: np.ndarray) -> None:
    """NaN in, NaN out; infinities give limits; in between the value of the activation alone."""
    one = np.ones((1, 1))
    x = library.asarray(z[..., None])
    eps = 4 * np.finfo("f8").eps if library.on_gpu else 0
    for name in ("logistic", "tanh", "erf", "arctan"):
        activation = kousei.Activation(name)
        net = kousei.MLP([one, one], [np.zeros(1), np.zeros(1)], [activation]).like(x)
        y = library.numpy(net(x))
        assert np.array_equal(np.isnan(y), np.isnan(z))
        np.testing.assert_allclose(y, activation(z), rtol=0, atol=4e-16 + eps)
        valid = ~np.isnan(z)
        bound = {"arctan": math.pi / 2}.get(name, 1.0)
        assert np.all(np.abs(y[valid]) <= bound * (1 + eps))


@given(
    dim=st.integers(1, 6),
    units=st.integers(1, 200),
    outputs=st.integers(1, 4),
    activation=st.sampled_from(["logistic", "tanh", "erf", "arctan", "relu", "gelu", "silu", "softplus"]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_linear_in_the_output_weights(
    library: Library, dim: int, units: int, outputs: int, activation: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(5, dim))
    x = library.asarray(points)

    def values(net: kousei.MLP) -> np.ndarray:
        return library.numpy(net.like(x)(x))

    net = kousei.MLP.random([dim, units, outputs], activation, rng=rng)
    doubled = kousei.MLP([net.weights[0], 2 * net.weights[1]], [net.biases[0], 2 * net.biases[1]], net.activations)
    assert np.array_equal(values(doubled), 2 * values(net))  # doubling is exact in binary
    split = [
        kousei.MLP(
            [net.weights[0], net.weights[1][o : o + 1]], [net.biases[0], net.biases[1][o : o + 1]], [activation]
        )
        for o in range(outputs)
    ]
    columns = np.stack([values(single) for single in split], axis=-1)
    np.testing.assert_allclose(values(net).reshape(5, outputs), columns, rtol=0, atol=1e-13 * units)


@given(st.integers(-10, 2**40), st.integers(0, 70), st.integers(-10, 2**40))
def test_unit_count_is_exact_or_an_error(order: int, dim: int, thresholds: int) -> None:
    exact = 2 * thresholds * order**dim
    if order >= 0 and thresholds >= 0 and 2 * thresholds < 2**63 and exact < 2**63:
        if dim == 0 or order <= 1 or exact > 0:
            assert kousei._lib._core.funahashi_unit_count(order, dim, thresholds) == exact
    elif thresholds < 0 or (order < 0 and dim > 0) or exact >= 2**63:
        with pytest.raises(kousei.SizeError):
            kousei._lib._core.funahashi_unit_count(order, dim, thresholds)


@given(st.floats(0.1, 40.0), st.floats(-11.0, -2.0))
def test_the_rule_keeps_its_bound(s_max: float, exponent: float) -> None:
    rule = choose_parameters(s_max, 10**exponent)
    assert rule.bound <= 10**exponent
    s = np.linspace(-s_max, s_max, 257)
    if math.pi / rule.p >= math.pi / 2:
        return  # allowed by the rule for large tolerances, and warned of
    h = universal_function(s, rule.delta, rule.alpha, rule.thresholds)
    assert np.abs(h - np.exp(1j * s)).max() <= rule.bound + 1e-13


@given(st.integers(1, 3), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_written_out_a_network_is_the_same(dim: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    net = FunahashiNetwork(
        rng.normal(0, 2, (count, dim)),
        rng.normal(size=count) + 1j * rng.normal(size=count),
        0.5 * np.arange(-30, 31),
        rng.uniform(0.5, 1.2),
        rng.uniform(0.5, 2.0),
        rng.normal(size=dim),
    )
    x = rng.normal(size=(4, dim))
    mlp = net.to_mlp()
    assert np.abs(net(x) - mlp(x)).max() <= 1e-14 * np.abs(mlp.weights[1]).sum()
