from __future__ import annotations

import kousei
from kousei.ising import Lattice, exact, observables

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


class Clusters:
    """Sweeps of 16 chains at the critical coupling, on one CPU thread."""

    params = (["swendsen-wang", "wolff"], [(16, 16), (256, 256), (32, 32, 32)])
    param_names = ("method", "shape")

    def setup(self, method: str, shape: tuple[int, ...]) -> None:
        kousei.set_num_threads(1)
        self.lattice = Lattice(shape, 0.4406868 if len(shape) == 2 else 0.2216546)

    def time_sweeps(self, method: str, shape: tuple[int, ...]) -> None:
        self.lattice.sample(method, chains=16, sweeps=10, burn_in=10, rng=0)


class Observables:
    """All observables of 20,000 configurations of 40 x 40, and exact values, on one CPU thread or a GPU."""

    params = (BACKENDS,)
    param_names = ("backend",)

    def setup(self, backend: str) -> None:
        kousei.set_num_threads(1)
        like = None if backend == "numpy" else on_gpu([0.0])
        self.spins = Lattice((40, 40), 0.408).sample(chains=1000, sweeps=20, burn_in=20, rng=0, like=like)

    def time_observables(self, backend: str) -> None:
        observables(self.spins)

    def time_exact(self, backend: str) -> None:
        exact((4096, 4096), 0.4406868)
