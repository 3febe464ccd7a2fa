"""Samples of the Ising model, against mcising, compiled from Rust, and what one writes in NumPy and SciPy."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from kousei.ising import Lattice, Spins, exact, observables

from . import Case, Check, case
from .dense import Array

_COUPLING, _CRITICAL = 0.408, 0.4406868


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


def _clusters(length: int, chains: int, sweeps: int) -> Case:
    lattice = Lattice((length, length), _CRITICAL)
    return Case(
        work=chains * sweeps * lattice.sites,
        sizes={"length": length, "chains": chains, "sweeps": sweeps},
        ours=lambda: lattice.sample("swendsen-wang", chains=chains, sweeps=sweeps, thin=sweeps, burn_in=0, rng=0),
        others={"scipy": lambda: in_scipy(length, chains, sweeps)},
        floors={"scipy": 3.0},
        checks={"energy": Check(lambda: _deviation(lattice), "standard errors from the exact energy", 4.0)},
    )


def _observables(length: int, chains: int, samples: int) -> Case:
    lattice = Lattice((length, length), _COUPLING)
    spins = lattice.sample(chains=chains, sweeps=samples, burn_in=0, rng=0)
    return Case(
        work=spins.shape[0] * lattice.sites,
        sizes={"length": length, "chains": chains, "samples": samples},
        ours=lambda: observables(spins),
        others={"numpy": lambda: lambda: means(spins)},
        floors={"numpy": 3.0},
        checks={"energy": Check(lambda: float(abs(observables(spins).energy.value - means(spins)[0])), "off", 1e-12)},
    )


case("ising-metropolis-40", 40, 512, 200)(_case)
case("ising-metropolis-1024", 1024, 32, 5)(_case)
case("ising-swendsen-wang-256", 256, 8, 5)(_clusters)
case("ising-observables-40", 40, 200, 100)(_observables)


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


def in_scipy(length: int, chains: int, sweeps: int) -> Callable[[], Any]:
    """Prepare sweeps of chains by Swendsen and Wang, with the connected components of SciPy."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rng = np.random.default_rng(0)
    spins = np.ones((chains, length * length), np.int8)
    sites = np.arange(length * length).reshape(length, length)
    ends = np.concatenate([[sites.ravel(), np.roll(sites, -1, axis).ravel()] for axis in (0, 1)], axis=1)
    holds = -np.expm1(-2 * _CRITICAL)

    def run() -> Array:
        for s in np.tile(spins, (sweeps, 1, 1)).reshape(-1, length * length):
            first, second = ends[:, (s[ends[0]] == s[ends[1]]) & (rng.random(ends.shape[1]) < holds)]
            graph = coo_array((np.ones(len(first), bool), (first, second)), shape=(s.size, s.size))
            count, cluster = connected_components(graph, directed=False)
            s *= rng.choice(np.array([-1, 1], np.int8), count)[cluster]
        return spins

    return run


def means(spins: Spins) -> Any:
    """Return the means of energy, magnetisation and its powers."""
    s = spins.configurations()
    m = s.mean(axis=(2, 3))
    bonds = sum((s * np.roll(s, -1, axis)).sum((2, 3), dtype=np.int64) for axis in (2, 3))
    waves = np.fft.rfft(s.sum(axis=2, dtype=np.int64), axis=-1)[..., 1]
    other = np.fft.rfft(s.sum(axis=3, dtype=np.int64), axis=-1)[..., 1]
    e = -bonds / spins.lattice.sites
    return (
        e.mean(),
        abs(m).mean(),
        (m**2).mean(),
        (m**4).mean(),
        e.var(),
        (abs(waves) ** 2).mean(),
        (abs(other) ** 2).mean(),
    )


def _deviation(lattice: Lattice) -> float:
    small = Lattice((16, 16), lattice.coupling)
    spins = small.sample(chains=512, sweeps=100, thin=10, rng=0).configurations()
    bonds = sum((spins * np.roll(spins, 1, axis)).sum((2, 3), dtype=np.int64) for axis in (2, 3))
    means = -(bonds / small.sites).mean(axis=0)
    value = exact(small.shape, small.coupling).energy
    return float(abs(means.mean() - value) / (means.std(ddof=1) / len(means) ** 0.5))
