"""Chains of a lattice by clusters, on the host."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._lib import _core
from kousei._lib.arrays import require_memory
from kousei.ising.chains import ground_state

if TYPE_CHECKING:
    from kousei.ising.lattice import Lattice

Array = np.ndarray[Any, Any]

#: Sweeps before the first sample, unless told: some ten autocorrelation times of the critical square lattice of
#: 512 x 512, and more of what is smaller or not critical.
BURN_IN = 100
#: Sites that a chain visits in one call, so that an interrupt is answered.
_TOGETHER = 1 << 24


def draw(
    lattice: Lattice,
    method: str,
    chains: int,
    samples: int,
    thin: int,
    burn_in: int,
    source: np.random.Generator,
    advance: Callable[[int], Any],
) -> Array:
    """Return words (samples * chains, stride) of samples, `thin` sweeps apart; `advance` is told of sweeps.

    Chains begin with all spins alike, with a sign that is drawn: at a strong coupling one cluster of "wolff" has
    nearly all sites, and signs that were alike would stay so.
    A sweep of "swendsen-wang" turns each cluster over or not. One of "wolff" has a number of clusters that is fixed
    after the first half of the burn-in, where they have been found to hold together about as many sites as there are:
    a sweep that ended with the cluster which completes them would favour large ones. Without burn-in it has one.
    """
    chain = _Chains(lattice, method, chains, source, advance)
    for _ in range(burn_in // 2):
        chain.run(1)
        chain.adapt()
    chain.run(burn_in - burn_in // 2)
    rows = np.empty((samples, *chain.words.shape), np.uint32)
    for row in rows:
        chain.run(thin)
        row[...] = chain.words
    return rows.reshape(samples * chains, -1)


class _Chains:
    """Chains, with what they need to go on."""

    def __init__(
        self,
        lattice: Lattice,
        method: str,
        chains: int,
        source: np.random.Generator,
        advance: Callable[[int], Any],
    ) -> None:
        workers = min(chains, _core.num_threads())
        require_memory(lattice.sites * workers, 6, f"clusters of {workers} x {lattice.sites} spins")
        self._lattice, self._method, self._advance = lattice, method, advance
        self._seed = int(source.integers(2**64, dtype=np.uint64))
        up = source.random((chains, 1)) < ground_state(lattice)[1]
        self.words = np.repeat(np.where(up, ~np.uint32(0), np.uint32(0)), _core.packed_stride(lattice.sites), axis=1)
        self._sweep = 0
        # Of "wolff": clusters in a sweep, of all sweeps, and the sites that all had.
        self._clusters, self._turned, self._visited = 1, 0, 0

    def run(self, sweeps: int) -> None:
        """Go on by so many sweeps."""
        while sweeps > 0:
            some = min(sweeps, max(1, _TOGETHER // self._lattice.sites))
            self._run(some)
            self._sweep += some
            self._advance(some)
            sweeps -= some

    def _run(self, sweeps: int) -> None:
        lattice = self._lattice
        model = list(lattice.shape), lattice.coupling, lattice.field, self._seed, self._sweep, sweeps
        if self._method == "swendsen-wang":
            _core.cpu.ising_swendsen_wang(self.words, *model, _core.cpu.Cpu())
            return
        visited = np.empty(len(self.words), np.int64)
        _core.cpu.ising_wolff(self.words, *model, self._clusters, visited, _core.cpu.Cpu())
        self._turned += sweeps * self._clusters * len(visited)
        self._visited += int(visited.sum())

    def adapt(self) -> None:
        """Let a sweep have as many clusters as have as many sites as the lattice, on the average so far."""
        if self._method == "wolff":
            self._clusters = math.ceil(self._lattice.sites * self._turned / self._visited)
