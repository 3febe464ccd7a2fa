"""Numbers with their first two derivatives, by exact differentiation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Taylor:
    """A value and its first and second derivative: numbers, or arrays of one shape."""

    value: Any
    first: Any
    second: Any

    def __add__(self, other: Taylor | float) -> Taylor:
        if not isinstance(other, Taylor):
            return Taylor(self.value + other, self.first, self.second)
        return Taylor(self.value + other.value, self.first + other.first, self.second + other.second)

    def __mul__(self, other: Taylor | Any) -> Taylor:
        if not isinstance(other, Taylor):
            return Taylor(self.value * other, self.first * other, self.second * other)
        return Taylor(
            self.value * other.value,
            self.first * other.value + self.value * other.first,
            self.second * other.value + 2 * self.first * other.first + self.value * other.second,
        )

    def __sub__(self, other: Taylor) -> Taylor:
        return self + other * -1

    def __truediv__(self, other: Taylor) -> Taylor:
        y = other.value
        return self * other._through(1 / y, -1 / y**2, 2 / y**3)

    __radd__ = __add__
    __rmul__ = __mul__

    def __pow__(self, n: int) -> Taylor:
        x = self.value
        return self._through(x**n, n * x ** max(n - 1, 0), n * (n - 1) * x ** max(n - 2, 0))

    def sqrt(self) -> Taylor:
        """Return the square root."""
        root = np.sqrt(self.value)
        return self._through(root, 0.5 / root, -0.25 / (root * self.value))

    def exp(self) -> Taylor:
        """Return the exponential."""
        e = np.exp(self.value)
        return self._through(e, e, e)

    def expm1(self) -> Taylor:
        """Return the exponential less 1, to all digits near 0."""
        e = np.exp(self.value)
        return self._through(np.expm1(self.value), e, e)

    def log(self) -> Taylor:
        """Return the logarithm."""
        x = self.value
        return self._through(np.log(x), 1 / x, -1 / x**2)

    def log1p(self) -> Taylor:
        """Return the logarithm of 1 more, to all digits near 0."""
        x = 1 + self.value
        return self._through(np.log1p(self.value), 1 / x, -1 / x**2)

    def sum(self) -> Taylor:
        """Return the sum over all elements."""
        return Taylor(*map(np.sum, (self.value, self.first, self.second)))

    def __getitem__(self, index: Any) -> Taylor:
        return Taylor(self.value[index], self.first[index], self.second[index])

    def _through(self, f: Any, df: Any, ddf: Any) -> Taylor:
        """Return a function of this number, which has these values and derivatives at it."""
        return Taylor(f, df * self.first, df * self.second + ddf * self.first**2)
