"""Ising chains on a Dask cluster of two worker processes, against those of `Lattice.sample`."""

import os
import signal
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kousei._lib.backends import Host
from kousei.distributed import sample, sampling
from kousei.ising import Lattice
from kousei.ising.runs import Plan

distributed = pytest.importorskip("distributed")

METHODS = ["metropolis", "tempering", "swendsen-wang", "wolff"]
LATTICES = [
    Lattice((2,), 0.4, 0.2),
    Lattice((20,), 0.9),
    Lattice((6, 10), 0.4),
    Lattice((8, 4), -0.3, 0.2),
    Lattice((4, 2, 6), 0.2, -0.1),
]


@pytest.fixture
def small_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a block have 32 chains, and a step few sweeps."""
    monkeypatch.setattr(sampling, "_BLOCK_NANOSECONDS", 1)
    monkeypatch.setattr(sampling, "_NANOSECONDS", dict.fromkeys(METHODS, 1) | {"tempering": 0.2})
    monkeypatch.setattr(sampling, "_STEP_NANOSECONDS", 1e4)


def _divided(lattice: Lattice, method: str, **options: Any) -> tuple[Any, Any]:
    plan = Plan(lattice, method, **({"thin": 1, "burn_in": None, "rng": 0} | options))
    return sampling._divided(plan, plan.start(Host(np.empty(0))))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.usefixtures("small_tasks")
def test_blocks_and_steps_have_the_same_bits(client: Any, method: str) -> None:
    options = {"chains": 70, "sweeps": 12, "thin": 3, "burn_in": 25}
    blocks, steps = _divided(LATTICES[-1], method, **options)
    assert blocks == [slice(0, 32), slice(32, 64), slice(64, 70)]
    assert len(steps) > 2
    for lattice in LATTICES:
        spins = sample(lattice, client, method, rng=7, **options)
        assert (spins.lattice, spins.chains, spins.samples) == (lattice, 70, 4)
        np.testing.assert_array_equal(spins.words, lattice.sample(method, rng=7, **options).words)


@pytest.mark.parametrize("method", METHODS)
def test_defaults(client: Any, method: str) -> None:
    lattice, rng, local = Lattice((4, 4), 0.5, 0.01), np.random.default_rng(3), np.random.default_rng(3)
    spins = sample(lattice, client, method, chains=5, sweeps=4, rng=rng)
    assert spins == lattice.sample(method, chains=5, sweeps=4, rng=local)
    assert rng.random() == local.random()


@pytest.mark.usefixtures("small_tasks")
def test_the_number_of_workers_changes_nothing() -> None:
    at = {"host": "127.0.0.1", "protocol": "tcp", "dashboard_address": "127.0.0.1:0"}
    cluster = distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, **at)
    with cluster, distributed.Client(cluster) as alone:
        for method in "tempering", "wolff":
            options = {"chains": 200, "sweeps": 6, "burn_in": 11, "rng": 1}
            assert sample(LATTICES[2], alone, method, **options) == LATTICES[2].sample(method, **options)


@pytest.mark.usefixtures("small_tasks")
def test_a_killed_worker_costs_the_steps_it_was_at(
    client: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told, killed = tmp_path / "told", tmp_path / "killed"
    real = sampling._sweeps

    def sweeps(run: Any, first: int, samples: int, thin: int) -> Any:  # within a function: workers get its text
        with told.open("a") as file:
            file.write(f"{run._first} {run._sweep}\n")
        if run._first and run._sweep > 20 and not killed.exists():
            killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return real(run, first, samples, thin)

    monkeypatch.setattr(sampling, "_sweeps", sweeps)
    lattice, options = LATTICES[2], {"chains": 130, "sweeps": 20, "burn_in": 30, "rng": 2}
    spins = sample(lattice, client, "wolff", **options)
    assert killed.exists()
    assert spins == lattice.sample("wolff", **options)
    blocks, steps = _divided(lattice, "wolff", **options)
    calls = Counter(told.read_text().splitlines())
    assert len(calls) == len(blocks) * len(steps) >= 25
    # A worker has a step at a time and what is not collected yet; there are six on the way.
    assert len(calls) < calls.total() <= len(calls) + 6
    client.wait_for_workers(2)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(2,), (64, 64), (2048, 2048)])
@pytest.mark.parametrize(("chains", "sweeps", "thin"), [(1, 1, 1), (1000, 40, 1), (70, 10**6, 10**4)])
def test_what_tasks_have(method: str, shape: tuple[int, ...], chains: int, sweeps: int, thin: int) -> None:
    lattice = Lattice(shape, 0.2 if method == "tempering" else 0.4)
    plan = Plan(lattice, method, chains, sweeps, thin, None, 0)
    run = plan.start(Host(np.empty(0)))
    blocks, steps = sampling._divided(plan, run)
    assert (blocks[0].start, blocks[-1].stop) == (0, chains)
    assert all(block.start % 32 == 0 and block.stop > block.start for block in blocks)
    assert all(one.stop == other.start for one, other in pairwise(blocks))
    firsts, samples, thins = zip(*steps, strict=True)
    assert sum(firsts) == plan.burn_in
    assert sum(samples) == plan.samples
    assert set(thins) == {thin}
    most = max(block.stop - block.start for block in blocks)
    words = -(-most // 32)
    assert words == 1 or 4 * run.spins * words <= 1 << 25
    of_sample = 16 * -(-lattice.sites // 128) * most
    assert max(samples) == 1 or of_sample * max(samples) <= 1 << 25
    nanoseconds = 32 * words * run.spins * sampling._NANOSECONDS[method]
    assert max(firsts) <= 1 or nanoseconds * max(firsts) <= 3.1e10
    if len(blocks) > 1:
        assert words == 1 or nanoseconds * (plan.burn_in + sweeps) < 1e9


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"lattice": (4, 4)}, TypeError, "lattice was tuple; a kousei.ising.Lattice is accepted"),
        ({"client": None}, TypeError, "client was NoneType; a distributed.Client is accepted"),
        ({"method": "glauber"}, ValueError, "method was 'glauber'; 'metropolis'"),
        ({"chains": 0}, ValueError, "chains was 0; at least 1 is accepted"),
        ({"sweeps": 1.5}, TypeError, "sweeps was 1.5; an integer is accepted"),
        ({"thin": 3}, ValueError, "sweeps was 10; a multiple of thin, 3, is accepted"),
        ({"burn_in": -1}, ValueError, "burn_in was -1; at least 0 is accepted"),
        ({"rng": "seed"}, TypeError, "rng was 'seed'"),
        ({"chains": 1 << 40}, MemoryError, "10 samples of 1099511627776 chains of 16 spins takes"),
        (
            {"lattice": Lattice((16, 16), 1e3), "method": "tempering", "burn_in": 0},
            ValueError,
            "for which tempering takes .* temperatures on 256 sites",
        ),
    ],
)
def test_bad_arguments(client: Any, changed: dict[str, Any], error: type[Exception], message: str) -> None:
    options = {"lattice": Lattice((4, 4), 0.4), "client": client, "chains": 2, "sweeps": 10} | changed
    with pytest.raises(error, match=message):
        sample(**options)


def test_chains_that_a_worker_has_no_memory_for(client: Any) -> None:
    lattice = Lattice((1 << 14, 1 << 14), 0.44)  # 1 GB of 32 chains, and some 19,000 temperatures
    with pytest.raises(MemoryError, match="chains of 268435456 spins takes"):
        sample(lattice, client, "tempering", chains=1, sweeps=1, burn_in=0)
