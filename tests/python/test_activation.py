"""Activations: accuracy against references in higher precision, limits, in-place results, images, bad arguments."""

import copy
import pickle
from typing import Any

import mpmath
import numpy as np
import pytest

import kousei
from kousei import activation as act
from kousei.activation.named import resolve
from support import Library


def _phi(z: Any) -> Any:
    return mpmath.erfc(-z / mpmath.sqrt(2)) / 2


REFERENCE = {
    "logistic": lambda z: 1 / (1 + mpmath.exp(-z)),
    "tanh": mpmath.tanh,
    "erf": mpmath.erf,
    "arctan": mpmath.atan,
    "relu": lambda z: max(z, mpmath.mpf(0)),
    "gelu": lambda z: z * _phi(z),
    "silu": lambda z: z / (1 + mpmath.exp(-z)),
    "softplus": lambda z: mpmath.log1p(mpmath.exp(z)),
    "repu1": lambda z: max(z, mpmath.mpf(0)),
    "repu2": lambda z: max(z, mpmath.mpf(0)) ** 2,
    "repu7": lambda z: max(z, mpmath.mpf(0)) ** 7,
    "leaky_relu": lambda z: max(z, mpmath.mpf(0.01) * z),
    "hardtanh": lambda z: min(max(z, mpmath.mpf(-1)), mpmath.mpf(1)),
    "hardsigmoid": lambda z: min(max(z * mpmath.mpf(1 / 6) + 0.5, mpmath.mpf(0)), mpmath.mpf(1)),
    "relu6": lambda z: min(max(z, mpmath.mpf(0)), mpmath.mpf(6)),
    "abs": abs,
    "hat": lambda z: max(1 - abs(z), mpmath.mpf(0)),
    "softshrink": lambda z: mpmath.sign(z) * max(abs(z) - 0.5, mpmath.mpf(0)),
}
#: Limits at -inf and inf, and the value at 0.
LIMITS = {
    "logistic": (0, 1, 0.5),
    "tanh": (-1, 1, 0),
    "erf": (-1, 1, 0),
    "arctan": (-np.pi / 2, np.pi / 2, 0),
    "softplus": (0, np.inf, np.log(2)),
    "leaky_relu": (-np.inf, np.inf, 0),
    "hardtanh": (-1, 1, 0),
    "hardsigmoid": (0, 1, 0.5),
    "relu6": (0, 6, 0),
    "abs": (np.inf, np.inf, 0),
    "hat": (0, 0, 1),
    "softshrink": (-np.inf, np.inf, 0),
}
EVERY = pytest.mark.parametrize("name", REFERENCE)


def _points(dtype: str) -> np.ndarray:
    rng = np.random.default_rng(0)
    z = np.concatenate([rng.normal(0, scale, 200) for scale in (1e-3, 0.3, 2, 20, 300)])
    return np.append(z, [-6, -1, -0.5, 0, 0.5, 1, 3, 6]).astype(dtype)


@EVERY
def test_error_is_within_what_is_promised(name: str, dtype: str) -> None:
    z = _points(dtype)
    values = resolve(name)(z)
    with mpmath.workdps(40):
        exact = [REFERENCE[name](mpmath.mpf(float(point))) for point in z]
        error = np.array([abs(float(mpmath.mpf(float(v)) - e)) for v, e in zip(values, exact, strict=True)])
        size = np.array([float(e) for e in exact])
    bound = np.finfo(dtype).eps * np.maximum(1, np.abs(z))
    if name in ("relu", "repu1", "relu6", "hardtanh", "abs"):
        bound[:] = 0
    elif name.startswith("repu"):
        bound = np.finfo(dtype).eps * int(name[4:]) / 2 * size + np.finfo(dtype).tiny
    assert (error <= 2 * bound).all()


def test_gelu_is_accurate_where_it_vanishes(dtype: str) -> None:
    z = -np.linspace(0, 37 if dtype == "float64" else 12, 500).astype(dtype)
    with mpmath.workdps(40):
        exact = np.array([float(REFERENCE["gelu"](mpmath.mpf(float(point)))) for point in z])
    assert (np.abs(act.gelu(z) - exact) <= (4 + z**2) * np.finfo(dtype).eps * np.abs(exact)).all()


@EVERY
def test_limits_and_nan(name: str, dtype: str) -> None:
    low, high, middle = LIMITS.get(name, (0, np.inf, 0))
    values = resolve(name)(np.array([-np.inf, np.inf, np.nan, 0.0, -0.0, 1e30, -1e30], dtype))
    np.testing.assert_array_equal(values[:2], np.array([low, high], dtype))
    assert np.isnan(values[2])
    np.testing.assert_allclose(values[3:5], middle, rtol=np.finfo(dtype).eps)
    for value, limit in zip(values[5:], (high, low), strict=True):
        assert value == dtype_of(limit, dtype) if np.isfinite(limit) else abs(value) > 1e27


def dtype_of(value: float, dtype: str) -> Any:
    return np.dtype(dtype).type(value)


@EVERY
@pytest.mark.parametrize("size", [0, 1, 17, 70_000])
def test_in_place(name: str, dtype: str, size: int) -> None:
    activation = resolve(name)
    z = np.linspace(-4, 4, size).astype(dtype)
    expected = activation(z)
    assert activation(z, out=z) is z
    assert np.array_equal(z, expected)
    if size > 1:
        with pytest.raises(ValueError, match="out overlaps the input"):
            activation(z[1:], out=z[:-1])


ALIKE = {
    "prelu": act.prelu([0.0, 0.25, -1.0, 2.0, 1.0, 0.5, 0.0]),
    "all alike": act.Mixed([("gelu", 7)]),
    "of every kind": act.Mixed([("gelu", 1), ("repu3", 2), (act.hardtanh(-0.5, 2), 1), ("abs", 1), ("relu", 2)]),
    "many kinks": kousei.PiecewiseLinear(np.arange(40) / 4 - 5, np.cos(np.arange(41)), name="many"),
}


@pytest.mark.parametrize("which", ALIKE)
def test_units_of_a_layer_on_every_library(
    library: Library, dtype: str, which: str, rng: np.random.Generator
) -> None:
    activation, z = ALIKE[which], 2 * rng.standard_normal((2, 3, 7)).astype(dtype)
    z[0, 0] = 0, -0.0, np.inf, np.nan, -np.inf, 5, -1
    parts = activation.parts if isinstance(activation, act.Mixed) else ((activation, 7),)
    expected, first = np.empty_like(z), 0
    for part, units in parts:
        for unit in range(first, first + units):
            expected[..., unit] = _plainly(part, z[..., unit])
        first += units
    values = activation(library.asarray(z))
    assert type(values) is type(library.asarray(z))
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(library.numpy(values), expected, rtol=8 * eps, atol=64 * eps)
    # A layout that must be copied, and the same memory for the answer.
    turned = library.xp.permute_dims if library.name == "array_api_strict" else None
    axes = (0, 2, 1)
    strided = library.asarray(np.ascontiguousarray(z.transpose(axes)))
    strided = (
        turned(strided, axes)
        if turned
        else strided.transpose(1, 2)
        if hasattr(strided, "dim")
        else strided.transpose(axes)
    )
    np.testing.assert_array_equal(library.numpy(activation(strided)), library.numpy(values))
    if library.name != "numpy:read-only":
        x = library.asarray(z.copy())
        assert activation(x, out=x) is x
        np.testing.assert_array_equal(library.numpy(x), library.numpy(values))


def _plainly(activation: kousei.Activation, z: np.ndarray) -> np.ndarray:
    # The definition of a continuous piecewise-linear function: its value at a kink, and slopes from there.
    if not isinstance(activation, kousei.PiecewiseLinear):
        return activation(z)
    x = z.astype(np.float64)
    with np.errstate(invalid="ignore"):
        at, slopes = activation.kinks, activation.slopes
        values = np.where(x < at[0], activation.value + np.where(slopes[0], slopes[0] * (x - at[0]), 0), np.nan)
        for i, kink in enumerate(at):
            rest = np.where(slopes[i + 1], slopes[i + 1] * (x - kink), 0)
            values = np.where(x >= kink, activation.values[i] + rest, values)
    return np.where(np.isnan(x), np.nan, values)


def test_a_layer_with_a_function_of_ones_own(library: Library, dtype: str) -> None:
    square = kousei.Activation("square", lambda z: z * z)
    mixed = act.Mixed([(square, 2), ("relu", 1)])
    z = library.asarray(np.array([[-2.0, 3.0, -1.0]], dtype))
    np.testing.assert_array_equal(library.numpy(mixed(z)), np.array([[4, 9, 0]], dtype))
    for activation in (square, mixed):
        with pytest.raises(
            TypeError, match="activation 'square' is a function of one's own, whose image is not known"
        ):
            activation.image(np.zeros(3), np.ones(3))


@EVERY
def test_image(name: str, rng: np.random.Generator) -> None:
    activation = resolve(name)
    ends = np.sort(np.concatenate([3 * rng.standard_normal((2, 200)), [[-np.inf, -1, 0], [np.inf, np.inf, 0]]], 1), 0)
    least, most = activation.image(*ends)
    inside = np.linspace(*np.clip(ends, -1e3, 1e3), 2001)
    values = activation(inside)
    slack = 1e-15 * np.maximum(1, np.abs(values))
    assert (values >= least - slack).all()
    assert (values <= most + slack).all()
    # No wider than it must be: the points lie a few hundredths apart.
    finite = np.isfinite(ends).all(axis=0)
    step = (np.diff(inside[:2], axis=0)[0] * np.abs(np.gradient(values, axis=0)).max() * 1e3)[finite]
    assert (values.min(0)[finite] - least[finite] <= 1e-3 + step).all()
    assert (most[finite] - values.max(0)[finite] <= 1e-3 + step).all()
    assert activation.lower <= activation(np.linspace(-50, 50, 20_001, dtype="float32")).min()
    assert activation.lower >= -np.inf if np.isinf(activation.lower) else activation.lower >= least.min() - 1e-6


def test_values_at_kinks_after_a_distant_one() -> None:
    g = act.PiecewiseLinear([-1e17, 3, 1e3], [0, 1, -1, 0], -1e17)
    assert g.values == (-1e17, 3, -994)
    assert g.image([0.0], [10.0]) == ([-4], [3])


def test_image_of_a_layer_and_bad_ends() -> None:
    mixed = act.Mixed([("silu", 1), ("abs", 2)])
    least, most = mixed.image([[-2, -2, 1]], [[0, 1, 3]])
    np.testing.assert_allclose(least, [[-0.2784645427610738, 0, 1]], rtol=1e-15)
    np.testing.assert_array_equal(most, [[0, 2, 3]])
    with pytest.raises(ValueError, match=r"lo has shape \(2,\); \(\.\.\., 3\) is accepted"):
        mixed.image([0, 0], [1, 1])
    with pytest.raises(ValueError, match=r"lo has shape \(2,\) and hi \(1,\); they must agree"):
        act.relu.image([0, 0], [1])
    for lo, hi in ((1, 0), (np.nan, 0), (0, np.nan)):
        with pytest.raises(ValueError, match="lo <= hi does not hold everywhere"):
            act.gelu.image([0, lo], [1, hi])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: act.leaky_relu("a"), TypeError, "slope was 'a'; a real number is accepted"),
        (lambda: act.leaky_relu(True), TypeError, "slope was True; a real number is accepted"),
        (lambda: act.leaky_relu(np.inf), ValueError, "slope was inf; a finite number is accepted"),
        (lambda: act.hardtanh(1, -1), ValueError, "least was 1 and most -1; least < most is accepted"),
        (lambda: act.hardtanh(2, 2), ValueError, "least was 2 and most 2; least < most is accepted"),
        (lambda: act.hardtanh(None), TypeError, "least was None; a real number is accepted"),
        (lambda: act.hardsigmoid(0), ValueError, "slope was 0; a positive number is accepted"),
        (lambda: act.hardsigmoid(1, "x"), TypeError, "offset was 'x'; a real number is accepted"),
        (lambda: act.softshrink(-1), ValueError, "threshold was -1; a number that is not negative is accepted"),
        (lambda: act.prelu([0.5, np.nan]), ValueError, "slopes has NaN or infinite values"),
        (lambda: act.prelu([]), ValueError, r"slopes has shape \(0,\); \(units,\), not empty, is accepted"),
        (lambda: act.prelu(["a"]), TypeError, "slopes has dtype <U1; real numbers are accepted"),
        (lambda: act.repu(0), ValueError, "power was 0; 1 to 32 is accepted"),
        (lambda: act.repu(33), ValueError, "power was 33; 1 to 32 is accepted"),
        (lambda: act.repu(2.0), TypeError, "power was 2.0; an integer is accepted"),
        (lambda: kousei.Activation(3, np.sin), TypeError, "name was 3; a str is accepted"),
        (lambda: kousei.PiecewiseLinear([0], [0, 1], name=3), TypeError, "name was 3; a str is accepted"),
        (lambda: kousei.Activation("repu33"), ValueError, "activation was 'repu33'; .*'repu1' to 'repu32'"),
        (lambda: kousei.Activation("repu02"), ValueError, "activation was 'repu02'; "),
        (lambda: kousei.Activation("sin"), ValueError, "activation was 'sin'; 'logistic', 'tanh', 'erf', 'arctan', "),
        (
            lambda: kousei.Activation("gelu", np.sin),
            ValueError,
            "activation was 'gelu' with a function; that name is",
        ),
        (lambda: resolve("sin"), ValueError, "'softplus', 'repu1' to 'repu32', 'leaky_relu', 'hardtanh', "),
        (
            lambda: kousei.PiecewiseLinear([1e300, 2e300], [1e10, 0, 1]),
            ValueError,
            "at their kinks or at 0 that float64 cannot hold",
        ),
        (
            lambda: kousei.PiecewiseLinear([1e39], [0, 1])(np.zeros(1, "float32")),
            ValueError,
            r"has the parameter 1e\+39, which float32 cannot hold",
        ),
        (lambda: act.prelu([0.1, 0.2])(np.zeros(3)), ValueError, "for 2 units; the layer has 3"),
    ],
)
def test_bad_arguments(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_names() -> None:
    assert kousei.Activation("tanh") == act.tanh
    assert kousei.Activation("repu2") == act.repu(2)
    assert act.repu(1) == act.relu == resolve("repu1")
    assert act.softshrink(0)(np.array([-2.0, 3.0])).tolist() == [-2, 3]
    # Not what a function is called, but what it is, decides what runs.
    assert kousei.PiecewiseLinear([0], [0, 2], name="relu")(np.ones(1)) == 2


def test_what_a_call_keeps_is_not_copied() -> None:
    activation = act.hardtanh(-3, 0.1)
    z = np.array([-5.0, -1.0, 0.2])
    values = activation(z)
    for other in (copy.deepcopy(activation), pickle.loads(pickle.dumps(activation))):
        assert other == activation
        assert hash(other) == hash(activation)
        assert "_kept" not in vars(other)
        np.testing.assert_array_equal(other(z), values)
    # Rounded once: the kink at 0.1 is that of float32.
    assert activation(np.array([0.2], "float32"))[0] == np.float32(0.1)


def test_parts_that_are_no_pairs() -> None:
    for bad in (None, ["relu"], [("relu", 1, 2)]):
        with pytest.raises(TypeError, match="parts has .*; pairs of an activation and a number of units"):
            act.Mixed(bad)
