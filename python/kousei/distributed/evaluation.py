"""Values of a network by the workers of a cluster: blocks of points, or of hidden units with one sum at the end."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_choice, check_type
from kousei.binary import BinaryNetwork
from kousei.distributed import units
from kousei.distributed.chunks import require_lengths, require_one_chunk
from kousei.distributed.cluster import check_client, in_order, pickled, sent
from kousei.distributed.devices import OnGpu, check_gpus
from kousei.funahashi import FunahashiNetwork
from kousei.network import MLP
from kousei.network.evaluation import check_points

if TYPE_CHECKING:
    from distributed import Client, Future

Network: TypeAlias = MLP | BinaryNetwork
Reals: TypeAlias = np.ndarray[Any, Any]

#: Points of a task, or its values, in bytes: of NumPy arrays, which pass by the scheduler, and of Dask arrays.
_TASK_BYTES, _CHUNK_BYTES = 1 << 22, 1 << 26
#: What a task is to take on one thread at least, against some milliseconds that it costs; in nanoseconds.
_TASK_NANOSECONDS = 1e8
#: A third of what each task costs the scheduler.
_OVERHEAD_NANOSECONDS = 5e5
#: For one parameter and one point. Only the order of magnitude counts.
_NANOSECONDS = 0.1
#: Points of a task at least, for the kernels.
_FEWEST_POINTS = 512
#: Blocks of points that are enough for a cluster; with fewer, units are split where they can be.
_ENOUGH = 8
#: Points for which the cost of one is estimated.
_PROBE = 1 << 14


def evaluate(net: Network, x: Any, client: Client, *, split: str = "auto", device: str = "cpu") -> Any:
    """Evaluate a network by the workers of a Dask cluster.

    Parameters
    ----------
    net : MLP or BinaryNetwork
        In host memory; a subclass as well, such as a `FunahashiNetwork`.
    x : numpy.ndarray or dask.array.Array (..., dim)
        Points, of the dtype of the network; a Dask array has one chunk along its last axis.
    client : distributed.Client
        Connected to workers that have the same versions of kousei and Dask.
    split : {"auto", "points", "units"}
        What is divided among the workers. "units" takes blocks of the hidden units of a network with one hidden
        layer, of a `FunahashiNetwork` of its frequencies, and adds their sums up; "auto" does so where there are too
        few points and more than one block of units.
    device : {"cpu", "cuda"}
        Where the workers compute. With "cuda" each takes its points to its GPU, by CuPy, and the values back; chunks
        of CuPy arrays stay there.

    Returns
    -------
    numpy.ndarray or dask.array.Array (...) or (..., outputs)
        As the network returns it. A Dask array for a Dask array, with chunks of the same library: nothing is computed
        before its `compute`.

    Raises
    ------
    TypeError
        If an argument is of another kind; if `x` is not of the network's dtype; or if the network cannot be pickled,
        which names the activation whose function cannot.
    ValueError
        If the last axis of `x` is not `dim`, or has several chunks, or chunks are of unknown lengths; if the client
        is not connected, has no workers, is of another version than they are, or some have no kousei or another one,
        which are named, as are those that have no CuPy, no CUDA kernels or no GPU where one is asked for; if chunks
        of CuPy meet the CPU; or if units cannot be split.
    ConnectionError
        If the scheduler is lost meanwhile, or somebody restarts it or cancels the tasks.

    Notes
    -----
    Blocks depend on the network and on the number of points alone, and sums of units are added in the order of the
    blocks, in float64: values do not depend on the number of workers, nor on which of them are lost. Split by points
    those of an MLP are its own, to the last digit, but in chunks of up to four points, and with a function of Python,
    where NumPy multiplies each block as it likes; a `FunahashiNetwork` may take another of its methods for a block,
    and sums by units round otherwise.

    A task holds points, values and, by units, parameters of at most 4 MiB each, of Dask arrays 64 MiB (at least 16
    points and one frequency), what the kernels hold, which is some ten MiB and as much as ten times the points, and
    by points the network; with "cuda" points, values and networks are on the GPU, too. Within this a task takes a
    tenth of a second on one thread, and longer where there is much to do. Of NumPy arrays the scheduler has four
    tasks for each thread of the workers, and two more, at a time. The lost tasks of a worker are done by another one.

    Each task runs with all threads of kousei: where workers share a machine, start them with KOUSEI_NUM_THREADS.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> from distributed import Client
    >>> net = kousei.MLP.random([2, 100, 1], rng=0)
    >>> x = np.random.default_rng(1).normal(size=(1000, 2))
    >>> with Client(processes=False, n_workers=1, dashboard_address=":0") as client:
    ...     values = kousei.distributed.evaluate(net, x, client)
    >>> bool((values == net(x)).all())
    True
    """
    check_type("net", net, MLP | BinaryNetwork, "an MLP or a BinaryNetwork")
    check_choice("split", split, "auto", "points", "units")
    check_choice("device", device, "cpu", "cuda")
    if not isinstance(x, np.ndarray):
        return _of_dask(net, x, client, split, device)
    x = arrays.known("x", x)
    batch = check_points(net, x, _parameter(net))
    if split == "units" and (reason := units.why_not(net)):
        raise ValueError(f"split was 'units'; {reason}")
    _check(client, device)
    points = x.reshape(math.prod(batch), net.dim)
    if split == "auto":
        few = len(points) <= (_ENOUGH - 1) * _points_of_task(net, len(points))
        split = "units" if few and units.number_of_parts(net) > 1 else "points"
    by = _by_units if split == "units" else _by_points
    values = by(net, points, client, device)
    return values.reshape(batch if net.outputs == 1 else (*batch, net.outputs))


def _of_dask(net: Network, x: Any, client: Client, split: str, device: str) -> Any:
    import cloudpickle
    import dask.array
    from dask.array.utils import meta_from_array

    check_type("x", x, dask.array.Array, "a NumPy or a Dask array")
    if split == "units":
        raise ValueError("split was 'units' and x a Dask array; 'points' is accepted for it")
    require_lengths("x", x)
    check_points(net, np.broadcast_to(np.zeros((), x.dtype), x.shape), _parameter(net))
    require_one_chunk("x", x, [x.ndim - 1])
    if device == "cpu" and not arrays.on_host(meta_from_array(x)):
        raise ValueError("x has chunks in CUDA memory; device='cuda' is accepted for them")
    _check(client, device)
    # A task of its own makes the network, once on each worker: as a function of the blocks it would go with each.
    pickle = pickled("net", net)
    held = dask.delayed(cloudpickle.loads)(pickle, dask_key_name=f"net-{dask.base.tokenize(pickle)}")
    if device == "cuda":
        held = dask.delayed(OnGpu, pure=True)(held)
    x = x.rechunk(_chunks(x.chunks, _points_of_task(net, math.prod(x.shape[:-1]), most=_CHUNK_BYTES)))
    last = {"drop_axis": x.ndim - 1} if net.outputs == 1 else {"chunks": (*x.chunks[:-1], (net.outputs,))}
    empty = meta_from_array(x, ndim=x.ndim - (net.outputs == 1), dtype=net.dtype)
    return dask.array.map_blocks(evaluate_block, held, x, dtype=net.dtype, meta=empty, **last)


def _chunks(chunks: tuple[tuple[int, ...], ...], most: int) -> tuple[tuple[int, ...], ...]:
    """Return chunks of at most so many points, each of them a part of one that is there: nothing is merged."""
    parts = []
    for axis, lengths in enumerate(chunks[:-1]):
        others = math.prod(map(max, chunks[axis + 1 : -1]))
        each = max(1, most // max(1, others))
        cuts = (cut for length in lengths for cut in units.cuts(length, each) or [slice(0, 0)])
        parts.append(tuple(cut.stop - cut.start for cut in cuts))
    return (*parts, chunks[-1])


def _parameter(net: Network) -> Any:
    """Return an array that lies where those of a network do."""
    if isinstance(net, BinaryNetwork):
        return net.bias
    return net.frequencies if isinstance(net, FunahashiNetwork) else net.biases[0]


def _points_of_task(net: Network, points: int, parts: int = 1, most: int = _TASK_BYTES) -> int:
    """Return how many points a task takes, of so many for each of some networks.

    The more work there is, the longer are tasks, or the scheduler would be what a large cluster waits for. N tasks
    cost it N s, and a slow one at the end three times work / N: the sum is least for tasks of sqrt(work s / 3).
    """
    each = max(1.0, _nanoseconds(net))
    takes = max(_TASK_NANOSECONDS, math.sqrt(_OVERHEAD_NANOSECONDS * each * points * parts))
    by_memory = most // (max(net.dim, net.outputs) * net.dtype.itemsize)
    # Up to four points are summed in another order than more.
    return max(16, min(by_memory, max(_FEWEST_POINTS, int(takes / each))))


def _nanoseconds(net: Network) -> float:
    """Return what one point takes on one thread."""
    if isinstance(net, FunahashiNetwork):
        method, nanoseconds = net.plan(_PROBE)
        return nanoseconds[method] / _PROBE
    if isinstance(net, BinaryNetwork):
        sizes = net.summary()
        return _NANOSECONDS * (sizes.real + sizes.binary / 32)
    return _NANOSECONDS * net.parameters


def _check(client: Client, device: str) -> None:
    check_client(client)
    if device == "cuda":
        check_gpus(client)


def evaluate_block(net: Any, x: Any) -> Any:
    """Return the values of a block of points; a task has the name of the function on Dask's dashboard."""
    return net(x)


def _held(net: Network, client: Client, device: str) -> Future[Any]:
    held = sent(client, "net", net)
    return client.submit(OnGpu, held, pure=False) if device == "cuda" else held


def _by_points(net: Network, points: Reals, client: Client, device: str) -> Reals:
    cuts, held = units.cuts(len(points), _points_of_task(net, len(points))), _held(net, client, device)
    values = np.empty((len(points), net.outputs), net.dtype)
    found = in_order(client, evaluate_block, ((held, points[cut]) for cut in cuts))
    for cut, block in zip(cuts, found, strict=True):
        values[cut] = block.reshape(-1, net.outputs)
    return values


def _by_units(net: Network, points: Reals, client: Client, device: str) -> Reals:
    parts = list(units.parts(net))
    cuts = units.cuts(len(points), _points_of_task(parts[0], len(points), len(parts)))
    held = [_held(part, client, device) for part in parts]
    values = np.empty((len(points), net.outputs), net.dtype)

    def calls() -> Iterator[tuple[Any, Any]]:
        for cut in cuts:
            block = sent(client, "points", points[cut])  # once, for all parts
            for part in held:
                yield part, block

    found = in_order(client, evaluate_block, calls())
    for cut in cuts:
        total = np.zeros((cut.stop - cut.start, net.outputs))
        for _ in held:
            total += next(found).reshape(total.shape)
        values[cut] = total
    return values
