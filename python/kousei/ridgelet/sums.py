"""Sums of a kernel over points and biases, sum_j g_j k(a.x_j - b) and its transpose: direct, and by prefix sums.

`SliceSums` has the same two methods. Batches stand in the first axis, and points are flat.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from kousei._lib.backends import Backend

Reals: TypeAlias = np.ndarray[Any, Any]
Kernel: TypeAlias = Callable[[Reals], Reals]

#: Values of the kernel that are held at once.
_BLOCK = 1 << 19


@dataclass(frozen=True, eq=False)
class DirectSums:
    """Every value of the kernel is computed, in float64, a block of them at a time."""

    points: Reals
    directions: Reals
    biases: Reals
    kernel: Kernel

    def forward(self, backend: Backend, g: Reals) -> Reals:
        """Return the sums over points (batch, n) for each direction and bias."""
        total = np.zeros((len(g), len(self.directions), len(self.biases)))
        for row, some, values in self._blocks():
            total[:, row] += g[:, some] @ values
        return total

    def transpose(self, backend: Backend, spectrum: Reals) -> Reals:
        """Return the sums over directions and biases (batch, directions, biases) for each point."""
        total = np.zeros((len(spectrum), len(self.points)))
        for row, some, values in self._blocks():
            total[:, some] += spectrum[:, row] @ values.T
        return total

    def _blocks(self) -> Iterator[tuple[int, slice, Reals]]:
        size = max(1, _BLOCK // len(self.biases))
        for row, direction in enumerate(self.directions):
            projections = self.points @ direction
            for start in range(0, len(projections), size):
                some = slice(start, start + size)
                yield row, some, self.kernel(projections[some, None] - self.biases)


@dataclass(frozen=True, eq=False)
class PrefixSums:
    """Sums for the kernel max(t, 0)^power: of the transpose, by prefix sums over biases and one look-up for a point.

    sum of c_b (t - b)^p over b < t is sum over m of binomial(p, m) (t - o)^(p-m) times that of c_b (o - b)^m.
    """

    points: Reals
    directions: Reals
    biases: Reals
    power: int

    def forward(self, backend: Backend, g: Reals) -> Reals:
        """As `DirectSums.forward`, where a point t and a bias b change places: t - b = -b - (-t)."""
        total = np.empty((len(g), len(self.directions), len(self.biases)))
        mirrored, along = -self.biases[:, None], np.ones((1, 1))
        for row, direction in enumerate(self.directions):
            sums = PrefixSums(mirrored, along, -(self.points @ direction), self.power)
            total[:, row] = sums.transpose(backend, g[:, None])
        return total

    def transpose(self, backend: Backend, spectrum: Reals) -> Reals:
        """As `DirectSums.transpose`."""
        order = np.argsort(self.biases)
        biases = self.biases[order]
        origin = (biases[0] + biases[-1]) / 2
        powers = (origin - biases) ** np.arange(self.power + 1)[:, None]
        total = np.zeros((len(spectrum), len(self.points)))
        for row, direction in enumerate(self.directions):
            projections = self.points @ direction
            at = np.searchsorted(biases, projections)
            moments = np.cumsum(spectrum[:, row][:, None, order] * powers, axis=-1)
            moments = np.concatenate([np.zeros_like(moments[..., :1]), moments], axis=-1)
            for m in range(self.power + 1):
                factor = math.comb(self.power, m) * (projections - origin) ** (self.power - m)
                total += factor * moments[:, m, at]
        return total
