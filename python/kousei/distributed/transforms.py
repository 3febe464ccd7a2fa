"""Ridgelet transforms by the workers of a cluster: blocks of directions, of finite ones rows of their spectra."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import product
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from kousei._lib.errors import check_type
from kousei.distributed.chunks import require_lengths, require_one_chunk
from kousei.distributed.cluster import check_client, in_order, sent
from kousei.distributed.units import cuts
from kousei.equivariant import FiniteRidgelet
from kousei.ridgelet import RidgeletTransform
from kousei.ridgelet.spread import PlaneSums, cells_of_plane

if TYPE_CHECKING:
    from distributed import Client

Operator: TypeAlias = RidgeletTransform | FiniteRidgelet
Numbers: TypeAlias = np.ndarray[Any, Any]

#: Functions of a task, or what it has of their spectra, in bytes.
_TASK_BYTES = 1 << 22
#: What a task is to take on one thread, against some milliseconds that the scheduler takes for each; in nanoseconds.
_TASK_NANOSECONDS = 2.5e8
#: For a value of psi, a sample of a slice, a point that is spread, and over Z_p^d a term, and a unit of an FFT for
#: each bit of p. Only the order of magnitude counts.
_VALUE, _SLICED, _SPREAD, _TERM, _TRANSFORMED = 1.0, 30.0, 30.0, 0.3, 5.0
#: Slices of a task, in bytes, and the bytes that are held for each of their samples.
_SLICES, _SAMPLE = 1 << 27, 64
#: Rows of a task over Z_p^d at least: it takes an FFT of the function, which is about what one of them takes.
_ROWS = 8


def transform(operator: Operator, f: Any, client: Client) -> Any:
    """Return R[f], the spectrum of a function, by the workers of a Dask cluster.

    Parameters
    ----------
    operator : RidgeletTransform or FiniteRidgelet
        R.
    f : numpy.ndarray or dask.array.Array, shape ``(..., *points)``
        Values of the operator's dtype, as its `transform` takes them; a Dask array has one chunk along the points.
    client : distributed.Client
        Connected to workers that have the same versions of kousei and Dask.

    Returns
    -------
    numpy.ndarray or dask.array.Array, shape (..., directions, biases) or ``(..., p, ..., p, p)``
        A Dask array for a Dask array: nothing is computed before its `compute`, and its chunks are spectra of some
        functions at some directions, or in some rows.

    Raises
    ------
    TypeError
        If an argument is of another kind, or `f` not of the operator's dtype.
    ValueError
        If the shape of `f` does not fit, it has several chunks along the points, or chunks of unknown lengths; if it
        has NaN or infinite values; or if the client is not connected, has no workers, is of another version than they
        are, or some have no kousei or another one, which are named.
    MemoryError
        If the spectrum of a NumPy array cannot be held.
    ConnectionError
        If the scheduler is lost meanwhile.

    Notes
    -----
    A task has a block of directions, or of rows of a spectrum over Z_p^d, those of one first number of a; all blocks
    have the sampling of the whole operator. Blocks depend on the operator and the number of functions alone: spectra
    do not depend on the number of workers, nor on which of them are lost. Spectra of method "direct" have the bits of
    the operator's own, but for sums over so many points that a batch changes their order. Others are the same to
    rounding, and with "spread" to `tol`.

    A task holds functions and spectra of at most 4 MiB each (at least one function and one direction, or 8 rows of a
    spectrum over Z_p^d, each as large as a function), the operator, and what its method needs: "slice" 128 MiB, or
    2^dim 16 bytes for each point if that is more, and the transform of the points as much again; "spread" 128 MiB, or
    32 bytes for each cell of the FFT of a plane; FFTs over Z_p^d 48 bytes for each point of a function. Of NumPy
    arrays the scheduler has four tasks for each thread of the workers, and two more, at a time. The lost tasks of a
    worker are done by another one.

    Each task runs with all threads of kousei: where workers share a machine, start them with KOUSEI_NUM_THREADS.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> from distributed import Client
    >>> from kousei.ridgelet import AdmissiblePair, RidgeletTransform, ball_directions
    >>> x, b = np.linspace(-8, 8, 129), np.linspace(-60, 60, 601)
    >>> R = RidgeletTransform((x,), ball_directions(1, 6.0, 40), b, AdmissiblePair("tanh", 1))
    >>> f = np.exp(-(x**2) / 2)
    >>> with Client(processes=False, n_workers=1, dashboard_address=":0") as client:
    ...     spectrum = kousei.distributed.transform(R, f, client)
    ...     values = kousei.distributed.dual(R, spectrum, client)
    >>> np.allclose(spectrum, R.transform(f)), np.allclose(values, R.dual(spectrum))
    (True, True)
    """
    of_points, of_units = _shapes(operator)
    if not isinstance(f, np.ndarray):
        return _transform_of_dask(operator, f, client)
    _, functions, batch = operator._entered("f", f, of_points)
    check_client(client)
    rows, some = _blocks(operator, len(functions))
    held = sent(client, "operator", operator)

    def calls() -> Iterator[tuple[Any, ...]]:
        for block in some:
            its = sent(client, "f", functions[block])
            yield from ((held, each, its) for each in rows)

    spectra = np.empty((len(functions), *of_units), operator.dtype)
    found = in_order(client, _transform_of_rows, calls())
    for block, each in product(some, rows):
        spectra[block, each] = next(found)
    return spectra.reshape(*batch, *of_units)


def dual(operator: Operator, spectrum: Any, client: Client) -> Any:
    """Return S[gamma], the network with a spectrum as output weights, by the workers of a Dask cluster.

    Parameters
    ----------
    operator : RidgeletTransform or FiniteRidgelet
        Of `Directions` with weights and uniform biases.
    spectrum : numpy.ndarray or dask.array.Array, shape (..., directions, biases) or ``(..., p, ..., p, p)``
        Of the operator's dtype; a Dask array may have several chunks along the directions, or the first number of a,
        and has one along the axes behind it.
    client : distributed.Client
        As for `transform`.

    Returns
    -------
    numpy.ndarray or dask.array.Array, shape ``(..., *points)``
        As for `transform`.

    Warns
    -----
    UserWarning
        As `RidgeletTransform.dual`.

    Raises
    ------
    TypeError, ValueError, MemoryError, ConnectionError
        As `transform` does, with the shapes exchanged; or as the operator's own `dual`.

    Notes
    -----
    Blocks are those of `transform`. Their functions are added in float64: of NumPy arrays in the order of the blocks,
    of Dask arrays by fours. So functions are those of the operator to rounding, with "spread" to `tol`, and do not
    depend on the number of workers.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> from distributed import Client
    >>> from kousei.equivariant import FiniteRidgelet
    >>> g = np.maximum(np.arange(5) - 2.0, 0.0)
    >>> R = FiniteRidgelet(5, 2, g, g - g.mean())
    >>> f = np.arange(25.0).reshape(5, 5)
    >>> with Client(processes=False, n_workers=1, dashboard_address=":0") as client:
    ...     again = kousei.distributed.dual(R, R.transform(f), client) / R.constant
    >>> np.allclose(again, f)
    True
    """
    _shapes(operator)
    if isinstance(operator, RidgeletTransform):
        _ = operator._direction_weights  # or an error that says why there are none
    functions = _sum_of_rows(operator, _dual_of_rows, spectrum, client)
    if isinstance(operator, RidgeletTransform):
        operator._warn_of_points()
    return functions


def adjoint(operator: Operator, spectrum: Any, client: Client) -> Any:
    """Return the adjoint of `transform` on a spectrum, ``(..., *points)``, by the workers of a Dask cluster.

    Parameters, errors and results are those of `dual`, but that directions need no weights, and biases need not be
    uniform.
    """
    return _sum_of_rows(operator, _adjoint_of_rows, spectrum, client)


def _sum_of_rows(operator: Operator, of_rows: Callable[..., Numbers], spectrum: Any, client: Client) -> Any:
    of_points, of_units = _shapes(operator)
    if not isinstance(spectrum, np.ndarray):
        return _sum_of_dask(operator, of_rows, spectrum, client)
    _, spectra, batch = operator._entered("spectrum", spectrum, of_units)
    check_client(client)
    rows, some = _blocks(operator, len(spectra))
    held = sent(client, "operator", operator)
    calls = ((held, each, sent(client, "spectrum", spectra[block, each])) for block, each in product(some, rows))
    functions = np.empty((len(spectra), *of_points), operator.dtype)
    found = in_order(client, of_rows, calls)
    for block in some:
        total = np.zeros((block.stop - block.start, *of_points), _exact(operator))
        for _ in rows:
            total += next(found)
        functions[block] = total
    return functions.reshape(*batch, *of_points)


def _transform_of_rows(operator: Operator, rows: slice, f: Numbers) -> Numbers:
    return np.asarray(operator._some(rows).transform(f))


def _dual_of_rows(operator: Operator, rows: slice, spectrum: Numbers) -> Numbers:
    some = operator._some(rows)
    return np.asarray(some._network_of(spectrum) if isinstance(some, RidgeletTransform) else some.dual(spectrum))


def _adjoint_of_rows(operator: Operator, rows: slice, spectrum: Numbers) -> Numbers:
    return np.asarray(operator._some(rows).adjoint(spectrum))


def _shapes(operator: Operator) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the shapes of functions and of spectra of what is known to be an operator then."""
    check_type("operator", operator, RidgeletTransform | FiniteRidgelet, "a RidgeletTransform or a FiniteRidgelet")
    if isinstance(operator, RidgeletTransform):
        return operator.samples.shape, operator.spectrum_shape
    return operator._grid, operator._spectrum_grid


def _exact(operator: Operator) -> np.dtype[Any]:
    """Return the dtype that sums are added up in."""
    return np.result_type(operator.dtype, np.float64)


def _blocks(operator: Operator, count: int) -> tuple[list[slice], list[slice]]:
    """Return the blocks of rows, and those of so many functions, of which tasks have one each."""
    of_points, of_units = _shapes(operator)
    rows, nanoseconds = _rows_of_task(operator)
    sizes = math.prod(of_points), rows * math.prod(of_units[1:])
    by_memory = _TASK_BYTES // (max(sizes) * operator.dtype.itemsize)
    functions = max(1, min(by_memory, int(_TASK_NANOSECONDS / (rows * nanoseconds))))
    return cuts(of_units[0], rows), cuts(count, functions)


def _rows_of_task(operator: Operator) -> tuple[int, float]:
    """Return the rows of a task, and about how long one takes for one function."""
    of_points, of_units = _shapes(operator)
    points, units = math.prod(of_points), math.prod(of_units[1:])
    most = _TASK_BYTES // (units * operator.dtype.itemsize)
    if isinstance(operator, FiniteRidgelet):
        if operator.method == "fft":
            return min(max(most, _ROWS), operator.p), _TRANSFORMED * units * math.log2(operator.p)
        nanoseconds = _TERM * points * units
    elif operator.method == "direct":
        nanoseconds = _VALUE * points * units
    else:
        samples = operator._sampling.length
        # The transform of the points is done by each task, and is to take no longer than what is done with it.
        its = 0.0
        if operator.method == "slice":
            its = 16 * 2.0 ** len(of_points) * points
        elif issubclass(operator._kind, PlaneSums):
            its = 32 * cells_of_plane(operator.samples, operator._vectors)
        most = min(most, int(max(_SLICES, its) / (_SAMPLE * samples)))
        # Each direction spreads all points, where the plane does not.
        nanoseconds = _SLICED * samples + (0 if its else _SPREAD * points)
    return max(1, min(most, int(_TASK_NANOSECONDS / nanoseconds), of_units[0])), nanoseconds


def _transform_of_dask(operator: Operator, f: Any, client: Client) -> Any:
    import dask.array

    of_points, of_units = _shapes(operator)
    f, batch, rows = _chunked(operator, "f", f, of_points, len(of_points), client)
    points, units = (tuple(range(batch + 1, batch + 1 + len(shape))) for shape in (of_points, of_units[1:]))
    return dask.array.blockwise(
        _transform_of_block,
        (*range(batch), batch, *units),
        f,
        (*range(batch), *(-axis for axis in points)),
        rows,
        (batch,),
        operator=_delayed(operator),
        new_axes=dict(zip(units, of_units[1:], strict=True)),
        concatenate=True,
        meta=np.empty((0,) * (batch + len(of_units)), operator.dtype),
    )


def _sum_of_dask(operator: Operator, of_rows: Callable[..., Numbers], spectrum: Any, client: Client) -> Any:
    import dask.array

    of_points, of_units = _shapes(operator)
    spectrum, batch, rows = _chunked(operator, "spectrum", spectrum, of_units, len(of_units) - 1, client)
    points, units = (tuple(range(batch + 1, batch + 1 + len(shape))) for shape in (of_points, of_units[1:]))
    parts = dask.array.blockwise(
        _sum_of_block,
        (*range(batch), batch, *points),
        spectrum.rechunk({batch: rows.chunks[0]}),
        (*range(batch), batch, *(-axis for axis in units)),
        rows,
        (batch,),
        operator=_delayed(operator),
        of_rows=of_rows,
        new_axes=dict(zip(points, of_points, strict=True)),
        adjust_chunks={batch: 1},
        concatenate=True,
        meta=np.empty((0,) * (batch + 1 + len(of_points)), _exact(operator)),
    )
    return parts.sum(axis=batch, dtype=parts.dtype, split_every=4).astype(operator.dtype)


def _chunked(
    operator: Operator, name: str, array: Any, shape: tuple[int, ...], whole: int, client: Client
) -> tuple[Any, int, Any]:
    """Return a checked Dask array in chunks of some functions, how many batch axes it has, and numbers of rows.

    These have a chunk for each block. The array has to have one along its last axes, so many of them.
    """
    import dask.array

    check_type(name, array, dask.array.Array, "a NumPy or a Dask array")
    require_lengths(name, array)
    batch = operator._batch_of(name, array, shape)
    require_one_chunk(name, array, range(array.ndim - whole, array.ndim))
    check_client(client)
    rows, some = _blocks(operator, math.prod(array.chunksize[: len(batch)]))
    if len(some) > 1:
        limit = some[0].stop * math.prod(array.chunksize[len(batch) :]) * array.dtype.itemsize
        keep = {axis: array.chunks[axis] for axis in range(len(batch), array.ndim)}
        array = array.rechunk(dict.fromkeys(range(len(batch)), "auto") | keep, block_size_limit=limit)
    numbers = dask.array.arange(rows[-1].stop, chunks=(tuple(each.stop - each.start for each in rows),))
    return array, len(batch), numbers


def _delayed(operator: Operator) -> Any:
    """Return an operator as one value that all tasks of a graph use."""
    import dask

    return dask.delayed(operator, pure=False, traverse=False)


def _transform_of_block(f: Numbers, rows: Numbers, operator: Operator) -> Numbers:
    return _transform_of_rows(operator, slice(int(rows[0]), int(rows[-1]) + 1), f)


def _sum_of_block(spectrum: Numbers, rows: Numbers, operator: Operator, of_rows: Callable[..., Numbers]) -> Numbers:
    part = of_rows(operator, slice(int(rows[0]), int(rows[-1]) + 1), spectrum)
    batch = spectrum.ndim - len(_shapes(operator)[1])
    return np.expand_dims(part.astype(_exact(operator)), batch)
