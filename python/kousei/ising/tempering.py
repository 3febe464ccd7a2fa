"""Samples by parallel tempering: chains of several temperatures exchange their configurations."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._lib.arrays import Array
from kousei._lib.backends import Backend
from kousei.ising.chains import Chains
from kousei.ising.observables import counts_of

if TYPE_CHECKING:
    from kousei.ising.lattice import Lattice

#: Half the critical coupling, and in one dimension where the correlation length is 1.3: chains forget soon.
_HOT = {1: 0.5, 2: 0.22, 3: 0.11}
#: So many temperatures still have a burn-in of fewer than 2**32 sweeps.
_MOST = 20_000


def ladder(lattice: Lattice) -> list[float]:
    """Return factors of the coupling and the field, from 1 down to where chains forget soon.

    Neighbours exchange about half the time where they differ by 1 / sqrt(variance of K sum s s' + h sum s), which at
    the critical coupling of the square lattice is N K**2 (2.6 ln L + 1), its largest.
    """
    dim, N = len(lattice.shape), lattice.sites
    K, h = abs(lattice.coupling), abs(lattice.field)
    spread = math.sqrt(N) * math.hypot(math.sqrt(dim * (1 + 1.3 * math.log(max(lattice.shape)))) * K, h)
    lowest = min(1.0, _HOT[dim] / max(K, h, _HOT[dim]))
    count = 1 + (1 - lowest) * spread
    if count > _MOST:
        raise ValueError(
            f"coupling was {lattice.coupling} and field {lattice.field}, for which tempering takes {count:.3g} "
            f"temperatures on {N} sites; what takes at most {_MOST} is accepted"
        )
    return [float(factor) for factor in np.linspace(1, lowest, math.ceil(count))]


def burn_in(lattice: Lattice) -> int:
    """Return sweeps that are enough before the first sample: 10 for each pair of temperatures, 100 at least."""
    return max(100, 10 * len(ladder(lattice)) ** 2)


class Tempering(Chains):
    """Chains of each factor of the ladder, those of the first one are the samples.

    After each sweep neighbours on the ladder exchange their configurations, those of an even and an odd number in
    turns, with the probability min(1, exp((b - b') (S' - S))) for factors b, b' and S = K sum s s' + h sum s.
    """

    def __init__(self, lattice: Lattice, count: int, source: np.random.Generator, backend: Backend) -> None:
        self._factors = np.array(ladder(lattice))
        super().__init__(lattice, self._factors.tolist(), count, source, backend)

    def go(self, sweeps: int, advance: Callable[[int], Any]) -> None:
        """Go on by so many sweeps; `advance` is told of them."""
        lattice = self._lattice
        weights, dim, N = len(self._factors), len(lattice.shape), lattice.sites
        every = self.empty_rows(len(self._words) * self.count)  # words first: they know whether they fit
        for _ in range(sweeps):
            self.run(1)
            if weights > 1:
                self.pack(every)
                counts = counts_of(every, lattice.shape, self._backend)
                unlike, up = (each.reshape(weights, self.count) for each in counts)
                S = lattice.coupling * (dim * N - 2 * unlike) + lattice.field * (2 * up - N)
                gain = (self._factors[:-1] - self._factors[1:])[:, None] * (S[1:] - S[:-1])
                self.exchange((self._sweep - 1) % 2, np.log1p(-self._uniforms()) < gain)
            advance(1)

    def draw(self, samples: int, thin: int, advance: Callable[[int], Any]) -> Array:
        """Return words (samples * chains, stride) of so many samples, after `thin` sweeps each."""
        rows = self.empty_rows(samples * self.count)
        for first in range(0, len(rows), self.count):
            self.go(thin, advance)
            self.pack(rows[first : first + self.count], slice(0, 1))
        return rows

    def _uniforms(self) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        """Return numbers (pairs, chains) for the exchanges after a sweep, by counters as those of the flips.

        Philox has four for each counter, and those of 32 chains begin with one: (place, sweep), where a group has 8
        places for each pair.
        """
        pairs = len(self._factors) - 1
        counter = 8 * pairs * self._first + (self._sweep << 64)
        source = np.random.Generator(np.random.Philox(key=self._seed, counter=counter))
        return source.random((self.count, pairs)).T
