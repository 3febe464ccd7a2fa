"""Samples by Metropolis' algorithm."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._lib.arrays import Array
from kousei._lib.backends import Backend
from kousei.ising.chains import Chains

if TYPE_CHECKING:
    from kousei.ising.lattice import Lattice

#: At the critical coupling a chain forgets its sign in 0.9 L**z sweeps for the longest side L, and all else in
#: 0.03 L**z (squares) and 0.09 L**z (cubes).
_EXPONENTS = {1: 2.0, 2: 2.17, 3: 2.03}


def burn_in(lattice: Lattice) -> int:
    """Return sweeps that are enough before the first sample.

    Without a field the signs the chains begin with are right, and the rest is forgotten in L**z sweeps.
    """
    return math.ceil((5 if lattice.field else 1) * max(lattice.shape) ** _EXPONENTS[len(lattice.shape)])


class Metropolis(Chains):
    """Chains of the lattice's own weight."""

    def __init__(self, lattice: Lattice, count: int, source: np.random.Generator, backend: Backend) -> None:
        super().__init__(lattice, [1.0], count, source, backend)

    def go(self, sweeps: int, advance: Callable[[int], Any]) -> None:
        """Go on by so many sweeps; `advance` is told of them."""
        for first in range(0, sweeps, self.calls):
            some = min(self.calls, sweeps - first)
            self.run(some)
            advance(some)

    def draw(self, samples: int, thin: int, advance: Callable[[int], Any]) -> Array:
        """Return words (samples * chains, stride) of so many samples, after `thin` sweeps each."""
        rows, each = self.empty_rows(samples * self.count), max(1, self.calls // thin)
        for first in range(0, samples, each):
            some = min(each, samples - first)
            self.sample(thin, rows[first * self.count : (first + some) * self.count])
            advance(some * thin)
        return rows
