from __future__ import annotations

import kousei
from kousei.ising import Lattice

from .evaluation import BACKENDS, on_gpu


class Chains:
    """Sweeps of 16384 chains of small lattices, or fewer of large ones, on one CPU thread or a GPU."""

    params = (BACKENDS, [(4096,), (40, 40), (1024, 1024), (16, 16, 16)], [0.0, 0.1])
    param_names = ("backend", "shape", "field")

    def setup(self, backend: str, shape: tuple[int, ...], field: float) -> None:
        kousei.set_num_threads(1)
        self.lattice = Lattice(shape, 0.2, field)
        self.chains = 32 if self.lattice.sites > 1 << 16 else 16384 if backend == "cupy" else 512
        self.like = None if backend == "numpy" else on_gpu([0.0])
        self.sample(2)

    def sample(self, sweeps: int) -> kousei.PackedSigns:
        spins = self.lattice.sample(chains=self.chains, sweeps=sweeps, thin=sweeps, burn_in=0, rng=0, like=self.like)
        if self.like is not None:
            spins.words[0].get()
        return spins

    def time_sweeps(self, backend: str, shape: tuple[int, ...], field: float) -> None:
        self.sample(20)

    def time_samples(self, backend: str, shape: tuple[int, ...], field: float) -> None:
        spins = self.lattice.sample(chains=self.chains, sweeps=20, burn_in=0, rng=0, like=self.like)
        if self.like is not None:
            spins.words[0].get()

    def peakmem_sweeps(self, backend: str, shape: tuple[int, ...], field: float) -> None:
        self.sample(20)


class Tempering:
    """Sweeps of 64 chains of a ladder of temperatures, and their exchanges, on one CPU thread."""

    params = ([16, 40],)
    param_names = ("length",)

    def setup(self, length: int) -> None:
        kousei.set_num_threads(1)
        self.lattice = Lattice((length, length), 0.44)

    def time_sweeps(self, length: int) -> None:
        self.lattice.sample("tempering", chains=64, sweeps=20, burn_in=0, rng=0)
