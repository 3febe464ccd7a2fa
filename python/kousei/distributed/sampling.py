"""Samples of the Ising model by the workers of a cluster: blocks of chains, in steps of some sweeps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._lib import _core
from kousei._lib.backends import Host
from kousei._lib.errors import check_type
from kousei._lib.random import Rng
from kousei.distributed.cluster import check_client, in_steps
from kousei.distributed.units import cuts
from kousei.ising import Lattice, Spins
from kousei.ising.runs import Plan, Run

if TYPE_CHECKING:
    from distributed import Client

#: Chains of a task, or its samples, in bytes.
_TASK_BYTES = 1 << 25
#: What the whole run of a block is to take on one thread at least, and a step of it at most; in nanoseconds.
_BLOCK_NANOSECONDS, _STEP_NANOSECONDS = 2.5e8, 3e10
#: For one sweep of one spin. Only the order of magnitude counts.
_NANOSECONDS = {"metropolis": 0.2, "tempering": 1.0, "swendsen-wang": 20.0, "wolff": 20.0}


def sample(
    lattice: Lattice,
    client: Client,
    method: str = "metropolis",
    *,
    chains: int,
    sweeps: int,
    thin: int = 1,
    burn_in: int | None = None,
    rng: Rng = None,
) -> Spins:
    """Draw configurations of the Ising model by the workers of a Dask cluster.

    They are those of `Lattice.sample` for the same `rng`, bit for bit.

    Parameters
    ----------
    lattice : Lattice
        The model.
    client : distributed.Client
        Connected to workers that have the same versions of kousei and Dask.
    method : {"metropolis", "tempering", "swendsen-wang", "wolff"}
        As in `Lattice.sample`.
    chains, sweeps, thin, burn_in, rng
        As in `Lattice.sample`. Work is divided by chains, 32 of them or more to a task.

    Returns
    -------
    Spins
        sweeps / thin samples of each chain, in host memory.

    Raises
    ------
    TypeError
        If an argument is of another kind.
    ValueError
        As in `Lattice.sample`; or if the client is not connected, has no workers, is of another version than they
        are, or some have no kousei or another one, which are named.
    MemoryError
        If the samples are larger than the memory of this machine, or the chains of a task than that of a worker.
    SizeError
        If their bytes cannot be counted in 64 bits.
    ConnectionError
        If the scheduler is lost meanwhile.

    Notes
    -----
    Chains are divided into blocks of whole words of 32, which are drawn from counters of their own: all temperatures
    of "tempering" and all sites are in one block. A block goes on in steps of about half a minute on one thread, or
    fewer samples where they are large, and comes back after each: where a worker is lost, others do its last steps
    again; and where the call is interrupted, workers are busy until the steps they are at end. Blocks and steps
    depend on the lattice and the numbers of chains, sweeps and samples alone.

    A task has chains of at most 32 MiB, or 32 of them, of "tempering" at all temperatures; and samples of at most 32
    MiB, or one of each of its chains. A worker takes six times the larger for each thread, with copies for the
    kernels and for what goes over. The process of the client holds all samples, and it and the scheduler the chains
    of four tasks for each thread of the workers, and two more.

    Each task runs with all threads of kousei: where workers share a machine, start them with KOUSEI_NUM_THREADS.

    Examples
    --------
    >>> import kousei
    >>> from distributed import Client
    >>> lattice = kousei.ising.Lattice((8, 8), 0.4)
    >>> with Client(processes=False, n_workers=1, dashboard_address=":0") as client:
    ...     spins = kousei.distributed.sample(lattice, client, chains=64, sweeps=20, thin=10, rng=0)
    >>> spins == lattice.sample(chains=64, sweeps=20, thin=10, rng=0)
    True
    """
    check_type("lattice", lattice, Lattice, "a kousei.ising.Lattice")
    plan = Plan(lattice, method, chains, sweeps, thin, burn_in, rng)
    plan.require_memory()
    check_client(client)
    run = plan.start(Host(np.empty(0)))
    blocks, steps = _divided(plan, run)
    parts = (run.part(block.start, block.stop - block.start) for block in blocks)
    words = np.empty((plan.samples, plan.chains, _core.packed_stride(lattice.sites)), np.uint32)
    ends = np.cumsum([0, *(samples for _, samples, _ in steps)]).tolist()
    for number, step, rows in in_steps(client, _sweeps, parts, steps):
        part = words[ends[step] : ends[step + 1], blocks[number]]
        part[...] = rows.reshape(part.shape)
    return Spins(words.reshape(-1, words.shape[-1]), lattice, plan.chains)


def _divided(plan: Plan, run: Run) -> tuple[list[slice], list[tuple[int, int, int]]]:
    """Return blocks of chains; and steps, sweeps without samples, then samples, and sweeps for each of them."""
    of_sweep, of_sample = 32 * run.spins * _NANOSECONDS[plan.method], 128 * _core.packed_stride(plan.lattice.sites)
    by_work = math.ceil(_BLOCK_NANOSECONDS / (of_sweep * (plan.burn_in + plan.samples * plan.thin)))
    words = max(1, min(by_work, _TASK_BYTES // max(4 * run.spins, of_sample)))
    blocks = [
        slice(32 * cut.start, min(32 * cut.stop, plan.chains)) for cut in cuts(math.ceil(plan.chains / 32), words)
    ]
    sweeps = max(1, int(_STEP_NANOSECONDS / (of_sweep * words)))
    samples = max(1, min(sweeps // plan.thin, _TASK_BYTES // (of_sample * words)))
    before, drawn = (
        [cut.stop - cut.start for cut in cuts(count, most)]
        for count, most in ((plan.burn_in, sweeps), (plan.samples, samples))
    )
    *firsts, last = before or [0]
    steps = [(first, 0, plan.thin) for first in firsts]
    return blocks, [*steps, (last, drawn[0], plan.thin), *((0, some, plan.thin) for some in drawn[1:])]


def _sweeps(run: Run, first: int, samples: int, thin: int) -> tuple[Run, np.ndarray[Any, Any]]:
    """Return chains after so many sweeps, and samples after `thin` sweeps each; and the samples."""
    run.go(first, _told)
    rows = run.draw(samples, thin, _told)
    return run, rows


def _told(sweeps: int) -> None:
    """Show nothing."""
