"""Chains of a lattice by clusters, on the host."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

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


class Clusters:
    """Chains, or some of a run; a row of words for each.

    They begin with all spins alike, with a sign that is drawn: at a strong coupling one cluster of "wolff" has
    nearly all sites, and signs that were alike would stay so.
    A sweep of "swendsen-wang" turns each cluster over or not. One of "wolff" has a number of clusters that is fixed
    after the first half of the burn-in, where they have been found to hold together about as many sites as there are,
    on the average of 32 chains: a sweep that ended with the cluster which completes them would favour large ones.
    Without burn-in it has one.
    """

    count: int

    def __init__(self, lattice: Lattice, method: str, count: int, burn_in: int, source: np.random.Generator) -> None:
        self.count, self._lattice, self._method = count, lattice, method
        self._seed, self._sweep = int(source.integers(2**64, dtype=np.uint64)), 0
        self._up = source.random(count) < ground_state(lattice)[1]
        #: The first of the chains in the run.
        self._first = 0
        #: Of "wolff": sweeps after which the number of clusters in one is found anew; and for each 32 chains this
        #: number, how many clusters there were in all sweeps, and the sites that they had.
        self._adapts = burn_in // 2 if method == "wolff" else 0
        groups = -(-count // 32)
        self._clusters, self._turned, self._visited = np.ones(groups, np.int64), np.zeros(groups), np.zeros(groups)

    @property
    def spins(self) -> int:
        """How many spins a chain has."""
        return self._lattice.sites

    def part(self, first: int, count: int) -> Self:
        """Return so many of the chains from one on, a multiple of 32, before any of them begins."""
        part = copy.copy(self)
        part.count, part._first, part._up = count, first, self._up[first : first + count]
        for name in ("_clusters", "_turned", "_visited"):
            setattr(part, name, getattr(self, name)[first // 32 : -(-(first + count) // 32)])
        return part

    def go(self, sweeps: int, advance: Callable[[int], Any]) -> None:
        """Go on by so many sweeps; `advance` is told of them."""
        while sweeps > 0:
            adapts = self._sweep < self._adapts
            some = 1 if adapts else min(sweeps, max(1, _TOGETHER // self._lattice.sites))
            self._run(some)
            self._sweep += some
            advance(some)
            sweeps -= some
            if adapts:
                self._clusters = np.ceil(self._lattice.sites * self._turned / self._visited).astype(np.int64)

    def draw(self, samples: int, thin: int, advance: Callable[[int], Any]) -> Array:
        """Return words (samples * chains, stride) of so many samples, after `thin` sweeps each."""
        rows = np.empty((samples, *self._words.shape), np.uint32)
        for row in rows:
            self.go(thin, advance)
            row[...] = self._words
        return rows.reshape(samples * self.count, rows.shape[-1])

    @cached_property
    def _words(self) -> Array:
        workers = min(self.count, _core.num_threads())
        require_memory(self._lattice.sites * workers, 6, f"clusters of {workers} x {self._lattice.sites} spins")
        column = np.where(self._up, ~np.uint32(0), np.uint32(0))
        return np.repeat(column[:, None], _core.packed_stride(self._lattice.sites), axis=1)

    def _run(self, sweeps: int) -> None:
        lattice, on = self._lattice, _core.cpu.Cpu()
        shape = list(lattice.shape)
        model = shape, lattice.coupling, lattice.field, self._seed, self._sweep, sweeps, self._first
        if self._method == "swendsen-wang":
            _core.cpu.ising_swendsen_wang(self._words, *model, on)
            return
        clusters, visited = np.repeat(self._clusters, 32)[: self.count], np.empty(self.count, np.int64)
        _core.cpu.ising_wolff(self._words, *model, clusters, visited, on)
        groups = np.arange(0, self.count, 32)
        self._turned = self._turned + sweeps * np.add.reduceat(clusters, groups)
        self._visited = self._visited + np.add.reduceat(visited, groups)
