"""Activations, sums and derivatives of networks in mpmath, each with what its rounding is in proportion to."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import mpmath
import numpy as np

import kousei

mpf = mpmath.mpf
#: Value, first and second derivative, and the third, in which the second is conditioned.
Derivatives = tuple[Any, Any, Any, Any]


def logistic(z: Any) -> Derivatives:
    p, q = 1 / (1 + mpmath.exp(-z)), 1 / (1 + mpmath.exp(z))
    return p, p * q, p * q * (q - p), p * q * (1 - 6 * p * q)


def tanh(z: Any) -> Derivatives:
    t, s = mpmath.tanh(z), mpmath.sech(z) ** 2
    return t, s, -2 * t * s, s * (4 * t * t - 2 * s)


def erf(z: Any) -> Derivatives:
    g = 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-z * z)
    return mpmath.erf(z), g, -2 * z * g, (4 * z * z - 2) * g


def arctan(z: Any) -> Derivatives:
    q = 1 / (1 + z * z)
    return mpmath.atan(z), q, -2 * z * q**2, (6 * z * z - 2) * q**3


def gelu(z: Any) -> Derivatives:
    if abs(z) > 1e6:  # where mpmath counts the terms of a series
        return max(z, mpf(0)), mpf(z > 0), mpf(0), mpf(0)
    p, g = mpmath.ncdf(z), mpmath.npdf(z)
    return z * p, p + z * g, (2 - z * z) * g, (z**3 - 4 * z) * g


def silu(z: Any) -> Derivatives:
    p, first, second, third = logistic(z)
    return z * p, p + z * first, 2 * first + z * second, 3 * second + z * third


def softplus(z: Any) -> Derivatives:
    return (max(z, mpf(0)) + mpmath.log1p(mpmath.exp(-abs(z))), *logistic(z)[:3])


def repu(power: int) -> Callable[[Any], Derivatives]:
    def formula(z: Any) -> Derivatives:
        if z <= 0:
            return (mpf(0),) * 4
        factors = [math.perm(power, n) for n in range(4)]
        return tuple(f * z ** max(power - n, 0) for n, f in enumerate(factors))  # type: ignore[return-value]

    return formula


def pieces(kinks: tuple[float, ...], lines: tuple[tuple[float, float], ...]) -> Callable[[Any], Derivatives]:
    """Of lines a z + b between kinks; at a kink that on its left."""

    def formula(z: Any) -> Derivatives:
        a, b = map(mpf, lines[sum(z > kink for kink in kinks)])
        return a * z + b, a, mpf(0), mpf(0)

    return formula


SMOOTH = {f.__name__: f for f in (logistic, tanh, erf, arctan, gelu, silu, softplus)}
POWERS = {f"repu{power}": repu(power) for power in (2, 3, 7)}
LINES = {
    "relu": pieces((0,), ((0, 0), (1, 0))),
    "leaky_relu": pieces((0,), ((0.01, 0), (1, 0))),
    "hardtanh": pieces((-1, 1), ((0, -1), (1, 0), (0, 1))),
    "hardsigmoid": pieces((-3, 3), ((0, 0), (1 / 6, 0.5), (0, 1))),
    "relu6": pieces((0, 6), ((0, 0), (1, 0), (0, 6))),
    "abs": pieces((0,), ((-1, 0), (1, 0))),
    "hat": pieces((-1, 0, 1), ((0, 0), (1, 1), (-1, 1), (0, 0))),
    "softshrink": pieces((-0.5, 0.5), ((1, 0.5), (0, 0), (1, -0.5))),
}
FORMULAS: dict[str, Callable[[Any], Derivatives]] = SMOOTH | POWERS | LINES


#: Transforms of the derivatives of activations, and |w T'/T|.
TRANSFORMS: dict[str, Any] = {
    "logistic": (lambda w: mpmath.pi * w / mpmath.sinh(mpmath.pi * w), lambda w: mpmath.pi * w),
    "tanh": (lambda w: mpmath.pi * w / mpmath.sinh(mpmath.pi * w / 2), lambda w: mpmath.pi * w / 2),
    "erf": (lambda w: 2 * mpmath.exp(-w * w / 4), lambda w: w * w / 2),
    "arctan": (lambda w: mpmath.pi * mpmath.exp(-w), lambda w: w),
}


def bump(name: str, delta: float, alpha: float, omega: Any) -> Any:
    """Psi(omega), omega > 0, of the bump of two units."""
    return 2 * mpmath.sin(mpf(alpha) * mpf(delta) * omega) / omega * TRANSFORMS[name][0](delta * omega)


def numbers(array: Any) -> np.ndarray:
    """Return the numbers of an array as they are."""
    return np.vectorize(mpf, otypes=[object])(np.asarray(array, dtype=np.float64))


@cache
def derivatives(name: str, z: float) -> Derivatives:
    with mpmath.workdps(40):
        return FORMULAS[name](mpf(z))


@cache
def kernel(t: float, s: float, derivative: bool) -> Any:
    """Lambda^s G by Kummer's function, and for an even s Hermite's polynomials, to 30 digits."""
    with mpmath.workdps(30):
        if s % 2 == 0:
            n, sign = int(s) + derivative, (-1) ** (int(s) // 2 + derivative)
            scaled = mpmath.hermite(n, mpf(t) / mpmath.sqrt(2)) / mpmath.sqrt(2) ** n
            return sign * scaled * mpmath.exp(-(mpf(t) ** 2) / 2)
        t, s = mpf(t), mpf(s)
        front = mpf(2) ** (s / 2) * mpmath.gamma((s + 1) / 2) / mpmath.sqrt(mpmath.pi)
        if derivative:
            return -front * (s + 1) * t * mpmath.hyp1f1((s + 3) / 2, mpf(3) / 2, -t * t / 2)
        return front * mpmath.hyp1f1((s + 1) / 2, mpf(1) / 2, -t * t / 2)


class Jets:
    """Values, Jacobians and Laplacians of a network at points (n, dim), and `sizes` of the same shapes.

    The size of a sum is that of the moduli of its terms, and through f it becomes that of f(z) and of f'(z) times
    the size of z. Second derivatives count as 1 at least, since they are formed to so much.
    """

    def __init__(self, net: kousei.MLP, x: np.ndarray) -> None:
        layers = [(numbers(w), numbers(b)) for w, b in zip(net.weights, net.biases, strict=True)]
        formulas = [FORMULAS[each.name] for each in net.activations]
        with mpmath.workdps(40):
            each = [_jet(layers, formulas, point) for point in numbers(x)]
        every = [np.array(group) for group in zip(*each, strict=True)]
        self.value, self.jacobian, self.laplacian = every[::2]
        self.sizes = every[1::2]


def _jet(layers: list[Any], formulas: list[Any], x: np.ndarray) -> tuple[np.ndarray, ...]:
    value, size = x, abs(x)
    jacobian = slopes = numbers(np.eye(len(x)))
    laplacian = curvature = numbers(np.zeros(len(x)))
    for i, (weight, bias) in enumerate(layers):
        moduli = abs(weight)
        value, size = weight @ value + bias, moduli @ size + abs(bias)
        jacobian, slopes = weight @ jacobian, moduli @ slopes
        laplacian, curvature = weight @ laplacian, moduli @ curvature
        if i == len(formulas):
            break
        f = np.array([formulas[i](z) for z in value]).T
        g = abs(f)
        laplacian = f[1] * laplacian + f[2] * (jacobian**2).sum(axis=1)
        second = np.maximum(g[2], 1) + g[3] * size
        curvature = (g[1] + g[2] * size) * curvature + second * (slopes**2).sum(axis=1)
        jacobian, slopes = f[1, :, None] * jacobian, (g[1] + g[2] * size)[:, None] * slopes
        value, size = f[0], g[0] + g[1] * size
    return value, size, jacobian, slopes, laplacian, curvature
