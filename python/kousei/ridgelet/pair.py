"""Activations with the ridgelet functions that are admissible for them."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei._lib.errors import check_integer
from kousei.activation import Activation
from kousei.ridgelet.kernel import LARGEST_POWER, check_power, gaussian_kernel
from kousei.ridgelet.profile import Profile, profile_of

_PEAK = math.sqrt(2 * math.pi)  # of the transform of G, at 0


def admissibility_constant(activation: Activation | str, dim: int, s: float, derivative: bool = False) -> float:
    name, profile = profile_of(activation)
    dim = check_integer("dim", dim, 1)
    s = check_power(s)
    if profile.odd != derivative:
        raise ValueError("K = 0")
    return _constant(profile, dim, s - dim - profile.pole + profile.odd)


def _constant(profile: Profile, dim: int, order: float) -> float:
    if order <= -1:
        raise ValueError("diverges")
    # Where the pole is odd, the kernel has the derivative: conj(i w)/(i w) = -1.
    sign = -1 if profile.odd else 1
    return sign * (2 * math.pi) ** (dim - 1) * _PEAK * 2 * profile.integral(order)


@dataclass(frozen=True)
class AdmissiblePair:
    activation: str
    dim: int
    order: int = 0
    _profile: Profile = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        name, profile = profile_of(self.activation)
        dim = check_integer("dim", self.dim, 1)
        order = check_integer("order", self.order, 0)
        self.__dict__.update(activation=name, dim=dim, order=order, _profile=profile)

    @property
    def kernel_power(self) -> int:
        return self.dim + self._profile.pole - self.kernel_is_derivative + self.order

    @property
    def kernel_is_derivative(self) -> bool:
        return self._profile.odd

    @property
    def constant(self) -> float:
        return _constant(self._profile, self.dim, self.order)

    def kernel(self, t: Array) -> Array:
        return gaussian_kernel(t, self.kernel_power, self.kernel_is_derivative)

    def kernel_hat(self, w: Any) -> Any:
        w = arrays.real_numbers("w", w)
        values = np.abs(w) ** self.kernel_power * _PEAK * np.exp(-w * w / 2)
        return 1j * w * values if self.kernel_is_derivative else values

    def activation_hat(self, w: Any) -> Any:
        w = arrays.real_numbers("w", w)
        values = self._profile.regular(w) / w**self._profile.pole
        return values / 1j if self._profile.odd else values

    def multiplier(self, k_norm: Any, scale: float) -> Any:
        k_norm = arrays.real_numbers("k_norm", k_norm)
        return self._profile.tail(self.order, k_norm / scale)
