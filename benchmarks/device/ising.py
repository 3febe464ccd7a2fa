"""The kernel of the chains of an Ising model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from problem import Array, Kernel, Problem, Rates

from kousei.ising import Lattice


def chains(field: float) -> Kernel:
    """Return sweeps of Metropolis' algorithm over chains of a square lattice; the CPU has the same, bit for bit."""

    def problem(sites: int, count: int) -> Problem:
        rows = 1 << (sites.bit_length() - 1) // 2
        lattice, sweeps = Lattice((rows, sites // rows), 0.44, field), 100

        def run(x: Array) -> Array:
            spins = lattice.sample(chains=count, sweeps=sweeps, thin=sweeps, burn_in=0, rng=0, like=x)
            return spins.unpack("float32")

        return Problem(
            x=np.arange(float(count)),
            prepare=lambda x: lambda: run(x),
            exact=lambda numbers: run(numbers)[numbers.astype(int)],
            scale=1,
            evaluations=count * sites * sweeps,
        )

    def ceiling(rates: Rates) -> float:
        # For 32 spins some 3 blocks of 50 operations on integers, half as fast as multiply-adds, and what is around
        # them; in a field there are ten classes of sites in place of three.
        return rates["multiply-add float32"] / 2 / ((360 if field else 190) / 32)

    name = f"uint32 2 axes{' in a field' if field else ''}"
    return Kernel("ising_sample", name, 0.0, problem, (1 << 20, 64), ceiling)


def ising() -> Iterator[Kernel]:
    yield chains(0.0)
    yield chains(0.1)
