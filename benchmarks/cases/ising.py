"""Samples of the Ising model, against mcising, compiled from Rust, and a checkerboard in NumPy."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from kousei.ising import Lattice, exact

from . import Case, Check, case
from .dense import Array

_COUPLING = 0.408


def _case(length: int, chains: int, sweeps: int) -> Case:
    lattice = Lattice((length, length), _COUPLING)
    work = chains * sweeps * lattice.sites
    return Case(
        work=work,
        sizes={"length": length, "chains": chains, "sweeps": sweeps},
        ours=lambda: lattice.sample(chains=chains, sweeps=sweeps, thin=sweeps, burn_in=0, rng=0),
        others={
            "mcising": lambda: mcising(length, work // lattice.sites),
            "numpy": lambda: in_numpy(length, chains, sweeps),
        },
        floors={"mcising": 12.0, "numpy": 40.0},
        checks={"energy": Check(lambda: _deviation(lattice), "standard errors from the exact energy", 4.0)},
    )


case("ising-metropolis-40", 40, 512, 200)(_case)
case("ising-metropolis-1024", 1024, 32, 5)(_case)


def mcising(length: int, sweeps: int) -> Callable[[], Any]:
    """Prepare as many sweeps of one chain as ours has of all."""
    os.environ["RAYON_NUM_THREADS"] = "1"
    from mcising._core import IsingSimulation

    simulation = IsingSimulation(length, 1.0, 0.0, 0.0, 0.0, 1, "metropolis", "square")
    return lambda: simulation.sweep(sweeps, temperature=1 / _COUPLING)


def in_numpy(length: int, chains: int, sweeps: int) -> Callable[[], Any]:
    """Prepare sweeps of some chains at once, as one writes them."""
    rng = np.random.default_rng(0)
    spins = rng.choice(np.array([-1, 1], np.int8), (chains, length, length))
    black = np.add.outer(np.arange(length), np.arange(length)) % 2 == 0
    chances = np.exp(-2 * np.float32(_COUPLING) * np.arange(-4, 5, dtype=np.float32))

    def run() -> Array:
        for _ in range(sweeps):
            for colour in (black, ~black):
                beside = sum(np.roll(spins, step, axis) for step in (-1, 1) for axis in (1, 2))
                flips = colour & (rng.random(spins.shape, np.float32) < chances[spins * beside + 4])
                np.negative(spins, out=spins, where=flips)
        return spins

    return run


def _deviation(lattice: Lattice) -> float:
    small = Lattice((16, 16), lattice.coupling)
    spins = small.sample(chains=512, sweeps=100, thin=10, rng=0).configurations()
    bonds = sum((spins * np.roll(spins, 1, axis)).sum((2, 3), dtype=np.int64) for axis in (2, 3))
    means = -(bonds / small.sites).mean(axis=0)
    value = exact(small.shape, small.coupling).energy
    return float(abs(means.mean() - value) / (means.std(ddof=1) / len(means) ** 0.5))
