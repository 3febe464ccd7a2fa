"""The kernels of ridgelets, and admissible pairs."""

import math
import pickle
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy import special

import kousei
from kousei.ridgelet import AdmissiblePair, admissibility_constant, gaussian_kernel

PI = math.pi
NAMES = ("relu", "repu2", "repu3", "step", "tanh", "logistic", "erf", "softplus", "gelu", "silu", "gaussian")
#: Of each activation the least derivative that decays, and its order.
DECAYING = {
    "tanh": (1, lambda t: 1 / np.cosh(t) ** 2),
    "logistic": (1, lambda t: special.expit(t) * special.expit(-t)),
    "erf": (1, lambda t: 2 / math.sqrt(PI) * np.exp(-t * t)),
    "softplus": (2, lambda t: special.expit(t) * special.expit(-t)),
    "gelu": (2, lambda t: (2 - t * t) * np.exp(-t * t / 2) / math.sqrt(2 * PI)),
    "silu": (2, lambda t: special.expit(t) * special.expit(-t) * (2 - t * np.tanh(t / 2))),
    "gaussian": (0, lambda t: np.exp(-t * t / 2)),
}


def exact(t: float, s: float, derivative: bool) -> float:
    """Kummer's function, and for an even s Hermite's polynomials, to 30 digits."""
    with mpmath.workdps(30):
        t, half = mpmath.mpf(float(t)), mpmath.mpf(1) / 2
        if s % 2 == 0:
            n = int(s) + derivative
            sign = (-1) ** (int(s) // 2 + derivative)
            return float(sign * mpmath.hermite(n, t / mpmath.sqrt(2)) / mpmath.sqrt(2) ** n * mpmath.exp(-t * t / 2))
        s = mpmath.mpf(s)
        front = mpmath.sqrt(2) ** s * mpmath.gamma((s + 1) / 2) / mpmath.sqrt(mpmath.pi)
        if derivative:
            return float(-front * (s + 1) * t * mpmath.hyp1f1((s + 3) / 2, 3 * half, -t * t / 2))
        return float(front * mpmath.hyp1f1((s + 1) / 2, half, -t * t / 2))


def test_kernel_golden() -> None:
    golden = {
        (1.5, 3, False): -0.87460374349591,
        (1.5, 4, False): -1.765297791261,
        (1.5, 1, True): -0.44667950420964,
        (1.5, 0.5, False): 0.0604704613757943,
        (100.0, 3, False): 4.79209970489506e-8,
    }
    for arguments, value in golden.items():
        assert gaussian_kernel(*arguments) == pytest.approx(value, rel=3e-14)
    assert gaussian_kernel(0.0, 3) == pytest.approx(2**1.5 / math.sqrt(PI), rel=1e-15)


@pytest.mark.parametrize("derivative", [False, True])
@pytest.mark.parametrize("s", [-0.9, -0.5, 0, 0.5, 1, 2, 2.9999999, 3, 4, 5, 7.7, 9, 12, 20.5, 32])
def test_kernel_over_the_whole_line(s: float, derivative: bool) -> None:
    rng = np.random.default_rng(1)
    # Both ends of cells and of the table, and far out.
    t = np.concatenate([np.arange(0, 16.2, 0.625), rng.uniform(0, 17, 25), np.nextafter(16, [0, 20]), [1e2, 1e4]])
    single = t.astype("f4")
    expected = np.array([exact(u, s, derivative) for u in t])
    largest = np.abs(expected).max()
    values = gaussian_kernel(t, s, derivative)
    assert np.abs(values - expected).max() <= 8 * np.finfo("f8").eps * largest
    assert np.array_equal(gaussian_kernel(-t, s, derivative), -values if derivative else values)
    expected = np.array([exact(u, s, derivative) for u in single])
    assert gaussian_kernel(single, s, derivative).dtype == np.float32
    assert np.abs(gaussian_kernel(single, s, derivative) - expected).max() <= 8 * np.finfo("f4").eps * largest


@pytest.mark.parametrize("s", [-0.9, 0.5, 1, 3, 5])
def test_the_tail_of_a_kernel_holds_its_digits(s: float) -> None:
    t = np.geomspace(16.5, 1e4, 12)
    for derivative in (False, True):
        expected = [exact(u, s, derivative) for u in t]
        np.testing.assert_allclose(gaussian_kernel(t, s, derivative), expected, rtol=1e-13)


def test_kernel_at_the_ends_of_the_line(dtype: str) -> None:
    t = np.array([np.inf, -np.inf, np.nan, 0.0], dtype)
    for s in (-0.9, 2, 3):
        for derivative in (False, True):
            values = gaussian_kernel(t, s, derivative)
            assert np.array_equal(values[:2], [0, 0])
            assert np.isnan(values[2])
            assert (values[3] == 0) == derivative
    assert gaussian_kernel(np.array([1e38], dtype), 3)[0] == 0 or dtype == "float64"


def test_derivatives_are_kernels_of_more_power() -> None:
    # The derivative of (Lambda^s G)' is -Lambda^(s+2) G.
    t = np.linspace(-20, 20, 801)
    h = 1e-4
    for s in (0.5, 3, 4):
        difference = (gaussian_kernel(t + h, s, True) - gaussian_kernel(t - h, s, True)) / (2 * h)
        np.testing.assert_allclose(difference, -gaussian_kernel(t, s + 2), atol=1e-6)


def test_kernels_refuse() -> None:
    t = np.zeros(3)
    for s in (-1, -1.5, 32.5, np.inf, np.nan):
        with pytest.raises(ValueError, match=r"s was .*; above -1, and at most 32, is accepted"):
            gaussian_kernel(t, s)
    for s in ("3", None, True, 1j):
        with pytest.raises(TypeError, match="s was .*; a real number is accepted"):
            gaussian_kernel(t, s)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="derivative was 1; True and False are accepted"):
        gaussian_kernel(t, 3, 1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="t has dtype int64; float32 and float64 are accepted"):
        gaussian_kernel(np.zeros(3, np.int64), 3)
    with pytest.raises(TypeError, match="t was list"):
        gaussian_kernel([0.0], 3)


def test_constants_golden() -> None:
    golden = {
        ("relu", 1): -6.28318530717959,
        ("relu", 2): -39.4784176043574,
        ("relu", 3): -248.050213442399,
        ("tanh", 1): -9.53962551820903,
        ("tanh", 2): -59.9392348920064,
    }
    for (name, dim), value in golden.items():
        assert AdmissiblePair(name, dim).constant == pytest.approx(value, rel=2e-14)


@pytest.mark.parametrize("order", [0, 1, 4])
@pytest.mark.parametrize("dim", [1, 2, 5])
@pytest.mark.parametrize("name", NAMES)
def test_constant_and_multiplier_are_the_integrals(name: str, dim: int, order: int) -> None:
    pair = AdmissiblePair(name, dim, order)

    def integrand(w: Any) -> Any:
        w = float(w)
        return ((pair.activation_hat(w) * np.conj(pair.kernel_hat(w))) * w**-dim).real.item()

    with mpmath.workdps(15):
        parts = [float(mpmath.quad(integrand, ends)) for ends in ([1e-12, 0.35], [0.35, 0.7], [0.7, 2, 4, 8, 12])]
    assert pair.constant == pytest.approx(2 * (2 * PI) ** (dim - 1) * sum(parts), rel=3e-12)
    assert pair.multiplier(1.4, scale=2) == pytest.approx(parts[2] / sum(parts), rel=3e-12)
    assert pair.multiplier([1.4, 0.7], scale=2) == pytest.approx([parts[2] / sum(parts), 1 - parts[0] / sum(parts)])
    s, derivative = pair.kernel_power, pair.kernel_is_derivative
    assert admissibility_constant(name, dim, s, derivative) == pair.constant


def test_multipliers_golden() -> None:
    golden = {
        ("relu", 0): 0.617075077451974,
        ("relu", 2): 0.969140404216273,
        ("tanh", 0): 0.51161690733,
        ("tanh", 2): 0.936198147253,
    }
    for (name, order), value in golden.items():
        # In every dimension alike.
        for dim in (1, 2, 3):
            assert AdmissiblePair(name, dim, order).multiplier(4.0, 8.0) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_multiplier_falls_from_one_to_zero(name: str) -> None:
    k = np.concatenate([np.linspace(0, 45, 9001), [1e5, np.inf]])
    for order in (0, 1, 3):
        m = AdmissiblePair(name, 2, order).multiplier(k, 1.0)
        assert m[0] == 1
        assert m[-1] == m[-2] == 0
        assert (np.diff(m) <= 1e-15).all()
        # What is lost is O(k^(order + 1)).
        assert (1 - m[11]) / (1 - m[10]) == pytest.approx(1.1 ** (order + 1), rel=2e-3)
    assert AdmissiblePair(name, 2).multiplier(np.zeros((0, 3)), 1.0).shape == (0, 3)


def test_multiplier_keeps_its_digits_where_it_is_small() -> None:
    # It is divided by: relative to itself, at frequencies far beyond the scale.
    pair = AdmissiblePair("logistic", 1, 2)
    for k in (0.2, 3.3, 7.5, 12.01):
        with mpmath.workdps(20):
            f = lambda w: w**3 / mpmath.sinh(mpmath.pi * w) * mpmath.exp(-w * w / 2)  # noqa: E731
            tail = mpmath.quad(f, [k, k + 0.3, k + 1, k + 3, k + 9])
            whole = mpmath.quad(f, [0, 0.5, 1, 2, 4, 8, 16])
        assert pair.multiplier(k, 1.0) == pytest.approx(float(tail / whole), rel=1e-12)


def test_transform_of_the_activation_is_its_fourier_integral() -> None:
    # Of a derivative that decays: the transform of it is (iw)^n times that of the function.
    t = np.linspace(-60, 60, 48001)
    for name, (order, derivative) in DECAYING.items():
        for w in (0.3, -1.7, 4.0):
            integral = np.trapezoid(derivative(t) * np.exp(-1j * w * t), t)
            transform = complex(AdmissiblePair(name, 1).activation_hat(w)) * (1j * w) ** order
            assert transform == pytest.approx(complex(integral), abs=1e-12), name
    for power, name in enumerate(("step", "relu", "repu2", "repu3", "repu4")):
        transform = AdmissiblePair(name, 1).activation_hat([0.7, -2.0])
        np.testing.assert_allclose(transform, math.factorial(power) / (1j * np.array([0.7, -2.0])) ** (power + 1))


def test_transform_of_the_kernel_is_its_fourier_integral() -> None:
    t = np.linspace(-40, 40, 16001)
    for pair in (AdmissiblePair("relu", 2), AdmissiblePair("tanh", 2, 2)):  # even powers, which decay fast
        for w in (0.0, 0.9, -2.5):
            integral = np.trapezoid(pair.kernel(t) * np.exp(-1j * w * t), t)
            assert complex(pair.kernel_hat(w)) == pytest.approx(complex(integral), abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_transforms_far_out(name: str) -> None:
    pair = AdmissiblePair(name, 2)
    w = np.array([-np.inf, -1e200, 1e200, np.inf])
    assert not pair.kernel_hat(w).any()
    np.testing.assert_allclose(pair.activation_hat(w), 0, atol=1e-199)
    assert np.isnan(pair.kernel_hat(np.nan))
    assert np.isnan(pair.activation_hat(np.nan))


def test_pairs_are_values() -> None:
    pair = AdmissiblePair("repu1", 2)
    assert pair == AdmissiblePair(kousei.activation.relu, 2, 0) == AdmissiblePair("relu", np.int64(2))
    assert pair != AdmissiblePair("relu", 2, 1)
    assert hash(pair) == hash(AdmissiblePair("relu", 2))
    assert pickle.loads(pickle.dumps(pair)) == pair
    assert AdmissiblePair(kousei.activation.tanh, 1).activation == "tanh"
    assert AdmissiblePair(kousei.activation.repu(3), 1).kernel_power == 5
    assert repr(pair) == "AdmissiblePair(activation='relu', dim=2, order=0)"
    with pytest.raises(AttributeError):
        pair.dim = 3  # type: ignore[misc]
    largest = AdmissiblePair("relu", 28, 2)
    assert largest.kernel_power == 32
    assert math.isfinite(largest.constant)


def test_pairs_refuse() -> None:
    own = kousei.Activation("sine", np.sin)
    for activation in (
        "swish",
        "",
        "repu33",
        "arctan",
        "hat",
        own,
        kousei.activation.hat,
        kousei.activation.prelu([0.2]),
    ):
        with pytest.raises(
            ValueError, match="activation was .*; 'relu', 'step', 'tanh', .*'gaussian'.* are accepted"
        ):
            AdmissiblePair(activation, 2)
    with pytest.raises(TypeError, match="activation was int"):
        AdmissiblePair(1, 2)  # type: ignore[arg-type]
    for dim in (0, -1):
        with pytest.raises(ValueError, match=f"dim was {dim}; at least 1 is accepted"):
            AdmissiblePair("relu", dim)
    with pytest.raises(TypeError, match=r"dim was 2\.0; an integer"):
        AdmissiblePair("relu", 2.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="order was -1; at least 0"):
        AdmissiblePair("relu", 2, -1)
    with pytest.raises(ValueError, match="dim was 30 and order 1; together at most 30 are accepted for 'relu'"):
        AdmissiblePair("relu", 30, 1)
    with pytest.raises(ValueError, match="together at most 32 are accepted for 'step'"):
        AdmissiblePair("step", 30, 3)
    pair = AdmissiblePair("relu", 2)
    with pytest.raises(ValueError, match="w has a 0"):
        pair.activation_hat([1.0, 0.0])
    for k in ([-1.0], [np.nan], -0.5):
        with pytest.raises(ValueError, match="k_norm"):
            pair.multiplier(k, 1.0)
    for scale in (0, -1.0, np.inf, np.nan):
        with pytest.raises(ValueError, match="scale was"):
            pair.multiplier([1.0], scale)
    with pytest.raises(TypeError, match="scale was"):
        pair.multiplier([1.0], "8")  # type: ignore[arg-type]


def test_constants_that_are_none_are_refused() -> None:
    for name in NAMES:
        pair = AdmissiblePair(name, 2)
        s, derivative = pair.kernel_power, pair.kernel_is_derivative
        with pytest.raises(ValueError, match=r"derivative was .*so that K = 0"):
            admissibility_constant(name, 2, s, not derivative)
        with pytest.raises(ValueError, match=f"s was {s - 1}; above {s - 1} is accepted for '{name}' in dimension 2"):
            admissibility_constant(name, 2, s - 1, derivative)
        assert math.isfinite(admissibility_constant(name, 2, s - 0.5, derivative))
    # Between two whole numbers, with a singular integrand: (2 pi)^(d-1) sqrt(2 pi) 2^((q+1)/2) Gamma((q+1)/2).
    value = -2 * PI * math.sqrt(2 * PI) * 2**0.25 * math.gamma(0.25)
    assert admissibility_constant("relu", 2, 3.5) == pytest.approx(value, rel=1e-14)
    # Of tanh, against a substitution that smooths the integrand.
    with mpmath.workdps(20):
        g = lambda v: 2 * mpmath.pi * v**2 / mpmath.sinh(mpmath.pi * v**2 / 2) * mpmath.exp(-(v**4) / 2)  # noqa: E731
        whole = mpmath.quad(g, [0, 0.5, 1, 2, 4])
    found = admissibility_constant("tanh", 1, 0.5, derivative=True)
    assert found == pytest.approx(-2 * math.sqrt(2 * PI) * float(whole), rel=1e-13)
