"""Fourier transforms of the activations away from frequency 0, and the integrals that admissibility asks for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from kousei.activation import Activation, PiecewiseLinear, relu
from kousei.activation.base import LARGEST_POWER, power_of
from kousei.ridgelet.samples import Reals

_NAMES = ("relu", "step", "tanh", "logistic", "erf", "softplus", "gelu", "silu", "gaussian")
ACCEPTED = f"{', '.join(map(repr, _NAMES))}, 'repu1' to 'repu{LARGEST_POWER}' and a kousei.Activation of these"

#: Where all that decays is 0 in float64.
FAR = 1e3


@dataclass(frozen=True)
class Profile:
    """The transform r(w)/w^pole of an activation for w != 0, or r(w)/(i w^pole) where the pole is odd; r is even.

    r(w) = (terms[0] + terms[1] w^2 + ...) e^(-rate w^2) factor(w), where there is a factor.
    """

    pole: int
    terms: tuple[float, ...]
    rate: float = 0.0
    factor: Callable[[Reals], Reals] | None = None

    @property
    def odd(self) -> bool:
        """Whether the transform is odd, and imaginary."""
        return self.pole % 2 == 1

    def regular(self, w: Reals) -> Reals:
        """Return r(w)."""
        w = np.minimum(np.abs(w), FAR)
        square = w * w
        values = np.polynomial.polynomial.polyval(square, self.terms) * np.exp(-self.rate * square)
        return values if self.factor is None else values * self.factor(w)

    def integral(self, q: float) -> float:
        """Return that of w^q r(w) e^(-w^2/2) over w > 0, for q > -1."""
        if self.factor is None:
            return math.fsum(part for _, part in self._gammas(q))
        return _integral(self, q).whole

    def tail(self, q: float, least: Reals) -> Reals:
        """Return the part of `integral(q)` that w > least contributes, as a ratio."""
        if self.factor is None:
            from scipy import special

            square = (0.5 + self.rate) * least * least
            whole = self.integral(q)
            return np.sum([part / whole * special.gammaincc(a, square) for a, part in self._gammas(q)], axis=0)
        return _integral(self, q).beyond(least)

    def _gammas(self, q: float) -> list[tuple[float, float]]:
        """Return a and the integral of each term; Q(a, (1/2 + rate) w^2) of it lies beyond w."""
        rate = 0.5 + self.rate
        powers = [((q + 1) / 2 + j, c) for j, c in enumerate(self.terms) if c]
        return [(a, c * math.gamma(a) / (2 * rate**a)) for a, c in powers]


class _Integral:
    """The integral of f(w) = w^q r(w) e^(-w^2/2) from any point on, by the rules of Gauss on panels."""

    step, panels, count = 0.5, 80, 16  # e^(-w^2/2) is 0 in float64 beyond

    def __init__(self, profile: Profile, q: float) -> None:
        from scipy import special

        self._profile, self._q = profile, q
        self._nodes, self._weights = np.polynomial.legendre.leggauss(self.count)
        # In the first panel, w^q, which need not be smooth, is the weight of the rule.
        nodes, weights = special.roots_jacobi(self.count, 0, q)
        self._head_nodes, self._head_weights = (nodes + 1) / 2, weights / 2 ** (q + 1)
        edges = self.step * np.arange(1, self.panels + 1)
        self._from_edge = np.cumsum(self._between(edges, edges + self.step)[::-1])[::-1]
        self.whole = float(self._head(np.array([self.step]))[0] + self._from_edge[0])

    def beyond(self, least: Reals) -> Reals:
        """Return the part over w > least >= 0, as a ratio."""
        w = np.minimum(least, self.step * self.panels).ravel()
        values = self.whole - self._head(np.minimum(w, self.step))
        later = w >= self.step
        edge = np.minimum((w[later] / self.step).astype(np.intp) + 1, self.panels)
        values[later] = self._between(w[later], self.step * edge) + self._from_edge[edge - 1]
        return (values / self.whole).reshape(least.shape)

    def _between(self, low: Reals, high: Reals) -> Reals:
        half = (high - low)[..., None] / 2
        w = low[..., None] + half * (1 + self._nodes)
        return np.sum(half * self._weights * w**self._q * self._smooth(w), axis=-1)

    def _head(self, high: Reals) -> Reals:
        w = high[..., None] * self._head_nodes
        return high ** (self._q + 1) * np.sum(self._head_weights * self._smooth(w), axis=-1)

    def _smooth(self, w: Reals) -> Reals:
        return self._profile.regular(w) * np.exp(-w * w / 2)


_integral = lru_cache(maxsize=64)(_Integral)


def _over_sinh(x: Reals) -> Reals:
    """x/sinh(x), also where sinh(x) overflows."""
    x = np.abs(x)
    return np.divide(2 * x * np.exp(-x), -np.expm1(-2 * x), out=np.ones_like(x), where=x > 0)


def _of_tanh(w: Reals) -> Reals:
    return _over_sinh(np.pi / 2 * w)


def _of_logistic(w: Reals) -> Reals:
    return _over_sinh(np.pi * w)


def _of_silu(w: Reals) -> Reals:
    # cosh(x) (x/sinh(x))^2, with the e^x of cosh inside one of the two.
    x = np.abs(np.pi * w)
    ratio = np.divide(x, -np.expm1(-2 * x), out=np.full_like(x, 0.5), where=x > 0)
    return 2 * np.exp(-x) * (1 + np.exp(-2 * x)) * ratio * ratio


_PROFILES = {
    "step": Profile(1, (1.0,)),
    "tanh": Profile(1, (2.0,), factor=_of_tanh),
    "logistic": Profile(1, (1.0,), factor=_of_logistic),
    "erf": Profile(1, (2.0,), 0.25),
    "softplus": Profile(2, (-1.0,), factor=_of_logistic),
    "gelu": Profile(2, (-1.0, -1.0), 0.5),
    "silu": Profile(2, (-1.0,), factor=_of_silu),
    "gaussian": Profile(0, (math.sqrt(2 * math.pi),), 0.5),
}


def profile_of(activation: Activation | str) -> tuple[str, Profile]:
    """Return the name of an activation and its profile."""
    name = _name_of(activation)
    if name in _PROFILES:
        return name, _PROFILES[name]
    power = power_of("repu1" if name == "relu" else name)
    if power == 0:
        raise ValueError(f"activation was {activation!r}; {ACCEPTED} are accepted")
    # i^(power + 1) is real where the pole is even, and i times a sign where it is odd.
    sign = -1 if (power + 1) // 2 % 2 else 1
    return "relu" if power == 1 else name, Profile(power + 1, (float(sign * math.factorial(power)),))


def _name_of(activation: Activation | str) -> str:
    if isinstance(activation, str):
        return activation
    if not isinstance(activation, Activation):
        raise TypeError(f"activation was {type(activation).__name__}; {ACCEPTED} are accepted")
    if isinstance(activation, PiecewiseLinear):
        return "relu" if activation == relu else repr(activation)
    return activation.name if type(activation) is Activation and activation.function is None else repr(activation)
