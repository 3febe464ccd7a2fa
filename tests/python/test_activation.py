"""Activations: accuracy against references in higher precision, limits, in-place results."""

import mpmath
import numpy as np
import pytest

import kousei

REFERENCE = {
    "logistic": lambda z: 1 / (1 + mpmath.exp(-z)),
    "tanh": mpmath.tanh,
    "erf": mpmath.erf,
    "arctan": mpmath.atan,
    "relu": lambda z: max(z, mpmath.mpf(0)),
}


def test_error_is_within_what_is_promised(activation: kousei.Activation, dtype: str) -> None:
    rng = np.random.default_rng(0)
    z = np.concatenate([rng.normal(0, scale, 300) for scale in (1e-3, 0.3, 2, 20, 300)]).astype(dtype)
    values = activation(z)
    with mpmath.workdps(40):
        exact = [REFERENCE[activation.name](mpmath.mpf(float(point))) for point in z]
        error = np.array([abs(float(mpmath.mpf(float(v)) - e)) for v, e in zip(values, exact, strict=True)])
    assert error.max() <= 2 * np.finfo(dtype).eps


def test_limits_and_nan(activation: kousei.Activation, dtype: str) -> None:
    z = np.array([-np.inf, np.inf, np.nan, 0.0, -0.0, 1e30, -1e30], dtype)
    low, high = {
        "logistic": (0, 1),
        "tanh": (-1, 1),
        "erf": (-1, 1),
        "arctan": (-np.pi / 2, np.pi / 2),
        "relu": (0, np.inf),
    }[activation.name]
    values = activation(z)
    np.testing.assert_array_equal(values[:2], np.array([low, high], dtype))
    assert np.isnan(values[2])
    np.testing.assert_array_equal(values[3:5], 0.5 if activation.name == "logistic" else 0)
    np.testing.assert_array_equal(values[5:], np.array([min(high, 1e30), low], dtype))


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 70_000])
def test_in_place(activation: kousei.Activation, dtype: str, size: int) -> None:
    z = np.linspace(-4, 4, size).astype(dtype)
    expected = activation(z)
    assert activation(z, out=z) is z
    assert np.array_equal(z, expected)
    if size > 1:
        with pytest.raises(ValueError, match="out overlaps the input"):
            activation(z[1:], out=z[:-1])


def test_names() -> None:
    assert kousei.Activation("tanh") == kousei.activation.tanh
    with pytest.raises(ValueError, match="activation was 'sin'; 'logistic', 'tanh', 'erf', 'arctan', 'relu' are"):
        kousei.Activation("sin")
