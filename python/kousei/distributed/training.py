"""Training of machines by the workers of a cluster: blocks of a batch, with one step by their sums."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from kousei._lib import _core, arrays
from kousei._lib.backends import Host
from kousei._lib.errors import check_type
from kousei.distributed.chunks import require_lengths, require_one_chunk
from kousei.distributed.cluster import check_client, in_order, loss_named, sent
from kousei.packed import PackedSigns
from kousei.rbm import RBM, states
from kousei.rbm.distribution import PARAMETERS
from kousei.rbm.sampling import Draws, Gibbs, Sides
from kousei.rbm.training import Trainer

if TYPE_CHECKING:
    from distributed import Client

Numbers: TypeAlias = np.ndarray[Any, Any]

#: Rows of a block, as the kernels sum them.
_ROWS = _core.rbm_rows_of_sum


def partial_fit(
    machine: RBM,
    X: Any,
    client: Client,
    *,
    epochs: int = 1,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: bool = False,
) -> RBM:
    """Train a machine on from where it is by the workers of a Dask cluster: as `RBM.partial_fit`, bit for bit.

    A new machine is trained as by `RBM.fit`.

    Parameters
    ----------
    machine : RBM
        Of the algorithm "cd" or "pcd".
    X : array (n, visible), PackedSigns or dask.array.Array (n, visible)
        States of the visible units, all of them known, in host memory. A Dask array has one chunk along its last
        axis; its chunks are packed on the workers, and come here as bits.
    client : distributed.Client
        Connected to workers that have the same versions of kousei and Dask.
    epochs : int
        How often all data are passed, in a new order each time.
    checkpoint : path, optional
        A file that is written after each epoch, see `RBM.save`.
    progress : bool
        Whether a bar is shown.

    Returns
    -------
    RBM
        The machine itself. If training is interrupted it is what it was after the last whole epoch.

    Raises
    ------
    TypeError
        If an argument is of another kind, or `X` lies in CUDA memory.
    ValueError
        As `RBM.partial_fit`; if the algorithm is "tempering"; if the last axis of a Dask array has several chunks, or
        chunks are of unknown lengths; or if the client is not connected, has no workers, is of another version than
        they are, or some have no kousei or another one, which are named.
    ConnectionError
        If the scheduler is lost meanwhile.

    Notes
    -----
    A batch, or its chains, is cut into blocks of 2048 rows, whatever the workers. A task has the parameters and the
    states of a block, draws those of the model by the random numbers of their place in the batch, and returns them
    with the sums over its rows, in float32. These are added here in the order of the blocks, as local training adds
    them, and the step is made once. Nothing stays on a worker: the lost tasks of one are done by another.

    Weights go to every worker in each step, and as many numbers come back for each block. So it is faster than one
    machine where batches have several blocks, and none where they have one.

    A task holds twice the weights in float32, and 64 KiB at most for each unit; two for each thread of the workers,
    and two more, are there at a time. Each runs with all threads of kousei: where workers share a machine, start them
    with KOUSEI_NUM_THREADS.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> from distributed import Client
    >>> X = np.repeat([[1, 1, -1], [-1, -1, 1]], 3000, axis=0)
    >>> machine, local = (kousei.RBM(3, 2, batch_size=6000, rng=0) for _ in range(2))
    >>> with Client(processes=False, n_workers=1, dashboard_address=":0") as client:
    ...     machine = kousei.distributed.partial_fit(machine, X, client, epochs=2)
    >>> bool((machine.weights == local.fit(X, epochs=2).weights).all())
    True
    """
    check_type("machine", machine, RBM, "a kousei.RBM")

    def prepare() -> Trainer:
        if machine.algorithm == "tempering":
            raise ValueError("machine has the algorithm 'tempering'; 'cd' and 'pcd' are accepted over workers")
        return _Trainer(machine, _data(machine, X, client), client)

    return machine._train(prepare, epochs, checkpoint, progress)


def _data(machine: RBM, X: Any, client: Client) -> PackedSigns:
    import dask.array

    if isinstance(X, dask.array.Array):
        return _of_dask(machine, X, client)
    data = machine._data(X)
    if not arrays.on_host(data.words):
        raise TypeError("X lies in CUDA memory; host memory is accepted")
    check_client(client)
    return data


def _of_dask(machine: RBM, X: Any, client: Client) -> PackedSigns:
    if X.ndim != 2 or X.shape[1] != machine.visible:
        raise ValueError(f"X has shape {X.shape}; (n, {machine.visible}) is accepted")
    require_lengths("X", X)
    require_one_chunk("X", X, [1])
    check_client(client)
    meta = np.empty((0, 0), np.uint32)
    words = X.map_blocks(pack_states, machine.visible, machine.units, dtype=np.uint32, meta=meta)
    with loss_named(client):
        packed = client.compute(words.to_delayed().ravel().tolist())
        try:
            blocks = client.gather(packed)
        finally:  # an error that a chunk raises would keep all of them on the scheduler
            client.cancel(packed)
    return machine._data(PackedSigns(np.concatenate(blocks), X.shape))


def pack_states(block: Numbers, visible: int, units: str, block_info: Any = None) -> Numbers:
    """Return the states of a chunk in bits."""
    first, _ = block_info[0]["array-location"][0]
    words: Numbers = states.packed(f"X[{first}:]", block, visible, units).words
    return words


@dataclass(frozen=True)
class _Batch:
    """What the blocks of a batch have in common."""

    parameters: list[Numbers]
    units: str
    k: int
    draws: Draws
    data_rows: int
    model_rows: int

    def sides(self, given: Numbers) -> Sides:
        return Sides(Host(given), self.parameters, self.units)


def gradient_of_block(batch: _Batch, first: int, data: Numbers, chains: Numbers | None) -> list[Numbers]:
    """Return states of the model for the rows of a batch from the first one on, and the sums of `rbm::Sums`."""
    data = arrays.host_view("data", data)  # Dask aligns nothing
    draws = Draws(batch.draws.key, batch.draws.count, first_row=first)
    gibbs = Gibbs(batch.sides(data), batch.k)
    samples = gibbs.contrastive(data, draws) if chains is None else gibbs.persistent(data, chains.copy(), draws)
    visible, hidden = batch.parameters[0].shape
    products, hidden_means = np.empty((visible, hidden), np.float32), np.empty((2, hidden), np.float32)
    visible_values = np.empty((2, visible), np.int64)
    spin, sums = batch.units == "spin", (products, hidden_means, visible_values)
    rows = batch.data_rows, batch.model_rows
    _core.cpu.rbm_sum_block(data, *samples, spin, *rows, *sums, _core.cpu.Cpu())
    return [samples.model, *sums]


def free_energies_of_block(batch: _Batch, visible: Numbers) -> Numbers:
    """Return the free energies of some packed states."""
    visible = arrays.host_view("visible", visible)
    return batch.sides(visible).free_energies(visible)


class _Trainer(Trainer):
    """One whose gradients are formed by workers, and whose steps are its own."""

    def __init__(self, machine: RBM, data: PackedSigns, client: Client) -> None:
        super().__init__(machine, data)
        self._client = client

    def _learn(self, data: Any, draws: Draws) -> Any:
        chains = self._arrays["chains"] if self._machine.algorithm == "pcd" else None
        rows = len(data), len(data if chains is None else chains)
        held = self._sent(Draws(draws.key, int(self._clock[0])), *rows)
        blocks = [slice(begin, begin + _ROWS) for begin in range(0, max(rows), _ROWS)]
        calls = ((held, block.start, data[block], None if chains is None else chains[block]) for block in blocks)
        found = in_order(self._client, gradient_of_block, calls)
        first, *sums = (array.copy() for array in next(found))  # what comes from a worker may be read-only
        model = [first]
        for more, *its_sums in found:
            model.append(more)
            for total, its in zip(sums, its_sums, strict=True):
                total += its
        draws.count += 2 * self._machine.k  # what each block drew
        self._step_by(_core.cpu.rbm_update_by, *sums, *rows)
        return np.concatenate(model, out=chains)

    def _free_energies(self, visible: Any) -> Numbers:
        held = self._sent(self._draws, 0, 0)
        calls = ((held, visible[first : first + _ROWS]) for first in range(0, len(visible), _ROWS))
        return np.concatenate(list(in_order(self._client, free_energies_of_block, calls)))

    def _sent(self, draws: Draws, data_rows: int, model_rows: int) -> Any:
        parameters = [self._arrays[name] for name in PARAMETERS]
        batch = _Batch(parameters, self._machine.units, self._machine.k, draws, data_rows, model_rows)
        return sent(self._client, "machine", batch)
