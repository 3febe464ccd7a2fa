"""Chains of Metropolis' algorithm, 32 to a word."""

from __future__ import annotations

import copy
import math
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from kousei._lib import _core
from kousei._lib.arrays import Array, require_memory
from kousei._lib.backends import Backend, Host

if TYPE_CHECKING:
    from kousei.ising.lattice import Lattice

#: Spins that a call offers to flip, so that a bar moves and an interrupt is answered.
_TOGETHER = 1 << 28


class Chains:
    """Chains of some weights, in the memory of a backend: all of a run, or those of some groups of 32.

    They begin with all spins alike, or in an antiferromagnet each colour, with a sign that is drawn by the
    probabilities of the two states.

    Parameters
    ----------
    lattice : Lattice
        Whose coupling and field are multiplied by the factors.
    factors : sequence of float
        One for each weight.
    count : int
        Chains of each weight.
    source : numpy.random.Generator
        Draws the seed, and the signs the chains begin with.
    backend : Host or Device
        Where they are.
    """

    count: int
    groups: int

    def __init__(
        self, lattice: Lattice, factors: list[float], count: int, source: np.random.Generator, backend: Backend
    ) -> None:
        self.count, self.groups = count, -(-count // 32)
        self._lattice, self._backend = lattice, backend
        self._shape = list(lattice.shape)
        self._weights = [(factor * lattice.coupling, factor * lattice.field) for factor in factors]
        self._seed, self._sweep = int(source.integers(2**64, dtype=np.uint64)), 0
        self._ground = _ground_states(lattice, self.groups, source)
        #: The first of the groups in the run, and how many it has.
        self._first, self._of = 0, self.groups

    def part(self, first: int, count: int) -> Self:
        """Return so many of the chains from one on, a multiple of 32, before any of them begins."""
        part = copy.copy(self)
        part.count, part.groups, part._first = count, -(-count // 32), first // 32
        part._ground = self._ground[:, part._first : part._first + part.groups]
        return part

    @cached_property
    def _words(self) -> Array:
        weights, sites = len(self._weights), self._lattice.sites
        if isinstance(self._backend, Host):
            what = f"{weights} x {self.count} chains of {sites} spins"
            require_memory(weights * sites * self.groups, 4, what)
        halves = np.broadcast_to(self._ground[None, :, None, :], (weights, 2, sites // 2, self.groups))
        return self._backend.keep(np.array(halves, order="C").reshape(weights, sites, self.groups))

    @property
    def spins(self) -> int:
        """How many spins a chain has, at all weights."""
        return len(self._weights) * self._lattice.sites

    @property
    def calls(self) -> int:
        """How many sweeps a call makes."""
        return max(1, _TOGETHER // (self.spins * 32 * self.groups))

    def run(self, sweeps: int) -> None:
        """Go on by so many sweeps."""
        backend = self._backend
        backend.kernels.ising_metropolis(
            self._shape,
            self._weights,
            backend.view("words", self._words, copy=False),
            self._seed,
            self._sweep,
            sweeps,
            self._first,
            self._of,
            backend.launch(),
        )
        self._sweep += sweeps

    def sample(self, thin: int, rows: Array) -> None:
        """Write a row for each chain of the first weight after every `thin` sweeps, until all are written."""
        backend = self._backend
        backend.kernels.ising_sample(
            self._shape,
            self._weights[0],
            backend.view("words", self._words[:1], copy=False),
            self._seed,
            self._sweep,
            thin,
            self._first,
            self._of,
            self.count,
            backend.view("rows", rows),
            backend.launch(),
        )
        self._sweep += thin * (len(rows) // self.count)

    def pack(self, rows: Array, weights: slice = slice(None)) -> None:
        """Write a row for each chain of some weights."""
        backend = self._backend
        backend.kernels.ising_pack(
            self._shape,
            backend.view("words", self._words[weights]),
            self.count,
            backend.view("rows", rows),
            backend.launch(),
        )

    def exchange(self, first: int, chosen: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> None:
        """Exchange the configurations of weights first and first + 1, first + 2 and first + 3, ... of chosen chains.

        Of those chosen (weights - 1, chains), row i is about weights i and i + 1.
        """
        backend = self._backend
        bits = np.zeros((len(chosen), 32 * self.groups), bool)
        bits[:, : self.count] = chosen
        masks = backend.keep(np.packbits(bits, axis=1, bitorder="little").view("<u4").astype(np.uint32))
        backend.kernels.ising_exchange(
            self._shape,
            backend.view("words", self._words, copy=False),
            first,
            backend.view("chosen", masks),
            backend.launch(),
        )

    def empty_rows(self, count: int) -> Array:
        """Return rows for so many configurations."""
        return self._backend.empty((count, _core.packed_stride(self._lattice.sites)), np.dtype(np.uint32))


def ground_state(lattice: Lattice) -> tuple[bool, float]:
    """Return whether the colours have opposite signs where no spin is hot, and how likely the first is up."""
    K, h = lattice.coupling, lattice.field
    opposite = K < 0 and abs(h) < 2 * len(lattice.shape) * -K
    return opposite, 0.5 if opposite else (1 + math.tanh(h * lattice.sites)) / 2


def _ground_states(
    lattice: Lattice, groups: int, source: np.random.Generator
) -> np.ndarray[tuple[int, int], np.dtype[np.uint32]]:
    """Return words of both colours, (2, groups), of the ground states of each sign."""
    opposite, up = ground_state(lattice)
    bits = source.random((groups, 32)) < up
    words = np.packbits(bits, axis=1, bitorder="little").view("<u4").astype(np.uint32)[:, 0]
    return np.stack([words, ~words if opposite else words])
