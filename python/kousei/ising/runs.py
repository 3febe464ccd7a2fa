"""What samples are asked for, and the chains that draw them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from kousei._lib import _core, arrays
from kousei._lib.backends import Backend
from kousei._lib.errors import check_choice, check_integer
from kousei._lib.random import Rng, generator
from kousei.ising import clusters, metropolis, tempering

if TYPE_CHECKING:
    from kousei.ising.lattice import Lattice

Run: TypeAlias = metropolis.Metropolis | tempering.Tempering | clusters.Clusters

#: Sweeps before the first sample, unless told.
_BURN_IN: dict[str, Callable[[Lattice], int]] = {
    "metropolis": metropolis.burn_in,
    "tempering": tempering.burn_in,
    "swendsen-wang": lambda _: clusters.BURN_IN,
    "wolff": lambda _: clusters.BURN_IN,
}


class Plan:
    """The arguments of `Lattice.sample`, checked.

    Attributes
    ----------
    lattice : Lattice
    method : str
    chains, samples, thin, burn_in : int
        Samples of each chain, `thin` sweeps apart.
    """

    lattice: Lattice
    method: str
    chains: int
    thin: int

    def __init__(
        self,
        lattice: Lattice,
        method: str,
        chains: int,
        sweeps: int,
        thin: int,
        burn_in: int | None,
        rng: Rng,
    ) -> None:
        check_choice("method", method, *_BURN_IN)
        self.chains, sweeps = check_integer("chains", chains, 1), check_integer("sweeps", sweeps, 1)
        self.thin, self._source = check_integer("thin", thin, 1), generator(rng)
        if sweeps % thin:
            raise ValueError(f"sweeps was {sweeps}; a multiple of thin, {thin}, is accepted")
        self.burn_in: int = _BURN_IN[method](lattice) if burn_in is None else check_integer("burn_in", burn_in, 0)
        if self.burn_in + sweeps > 2**32:
            raise ValueError(f"burn_in and sweeps were {self.burn_in} and {sweeps}; 2**32 together are accepted")
        self.samples: int = sweeps // self.thin
        self.lattice, self.method = lattice, method

    def require_memory(self) -> None:
        """Raise SizeError or MemoryError where the samples cannot lie in host memory."""
        what = f"{self.samples} samples of {self.chains} chains of {self.lattice.sites} spins"
        arrays.require_memory(self.samples * self.chains * _core.packed_stride(self.lattice.sites), 4, what)

    def start(self, backend: Backend) -> Run:
        """Return the chains, which are yet to begin; those of clusters are in host memory whatever the backend."""
        lattice, chains, source = self.lattice, self.chains, self._source
        if self.method == "metropolis":
            return metropolis.Metropolis(lattice, chains, source, backend)
        if self.method == "tempering":
            return tempering.Tempering(lattice, chains, source, backend)
        return clusters.Clusters(lattice, self.method, chains, self.burn_in, source)
