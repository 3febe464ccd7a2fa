"""Products of matrices in bits with real numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kousei._lib import _core, arrays, backends
from kousei._lib.arrays import Array


class Product:
    """A matrix of which the signs are in bits, as what multiplies."""

    #: NumPy leaves ``X @ P`` to this class, which has no such product.
    __array_ufunc__ = None

    _words: Array
    _shape: tuple[int, int]
    #: Scales (rows, groups), and how many columns a group has.
    _scales: Array | None = None
    _group: int = 0
    #: The copy that few points are multiplied by; empty where there is none for this matrix.
    _interleaved: np.ndarray[Any, Any] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self._shape

    def prepack(self) -> None:
        """Make the copy that few points are multiplied by faster, as the first such product does.

        It has about the size of the matrix, is kept in this object, and is neither pickled nor written to files. In
        CUDA memory there is none, and nothing is done.

        Raises
        ------
        MemoryError
            If it is larger than the memory of this machine.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> P = kousei.pack_signs(np.ones((64, 100)))
        >>> P.prepack()
        """
        if arrays.on_host(self._words):
            self._copy()

    def _copy(self) -> np.ndarray[Any, Any]:
        if self._interleaved is not None:
            return self._interleaved
        words, columns, scales, group = self._words, self._shape[1], self._scales, self._group
        size = _core.cpu.packed_interleaved_words(words, columns, scales, group)
        arrays.require_memory(size, 4, f"a copy of {size} words")
        line = 16  # words of a cache line: vectors do not lie across two
        memory = np.empty(size + line - 1, np.uint32)
        first = -(memory.ctypes.data // memory.itemsize) % line
        interleaved = memory[first : first + size]
        if size:
            _core.cpu.packed_interleave(words, columns, interleaved, _core.cpu.Cpu(), scales, group)
        self._interleaved = interleaved
        return interleaved

    def matmul(self, x: Array, /, *, out: Array | None = None, precision: str = "full") -> Array:
        """Multiply points, which are rows: ``x @ S.T`` for the matrix S.

        Signs are turned and only sums are multiplied, by scales: without these whole numbers give exact results while
        their sums fit. Columns are summed by at most 4096 at a time, in an order that depends on the instruction set
        of the machine. On a device large float32 products are formed by tensor cores, see Notes.

        Parameters
        ----------
        x : array (..., columns) of float32 or float64
            Points, in the memory of the matrix; of the dtype of the scales where there are some.
        out : array, optional
            Where to put the result: like `x`, of exactly its shape, C-contiguous.
        precision : str
            "full", or "fast", which changes float32 products of many points on a device.

        Returns
        -------
        array (..., rows)
            Of the library and dtype of `x`. A value does not depend on the number of threads; it depends on the
            other points by their number alone: few, up to eight, are summed in another order than more.

        Raises
        ------
        TypeError
            If `x` is not such an array, or lies elsewhere than the matrix.
        ValueError
            If its last axis is not the columns, or `out` does not fit.
        CudaError
            If `x` lies in CUDA memory and there is no device or no CUDA build.

        Notes
        -----
        Few points are multiplied by a copy of the matrix, made at the first such product: see `prepack`. More
        are multiplied by the matrix itself: the sums of 5 to 7 columns with all signs are written into tables, and
        each row looks up its own.

        Infinities and NaN are answered. Where the sum of some of the columns overflows, so does the result.

        On a device a float32 matrix of 512 rows and columns or more, whose scales are of 128 columns or more,
        multiplies what `x` is rounded to: for few points whole numbers of 23 bits, relative to the largest of 512
        columns, whose sums are exact; for more two float16 for each, together 2^-22 off, or one with
        "fast", 2^-11 off.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> P = kousei.pack_signs(np.array([[1, -1, 1, 1], [-1, -1, 1, -1]]))
        >>> P.matmul(np.array([[1.0, 2.0, 4.0, 8.0], [1.0, 0.0, 0.0, 0.0]]))
        array([[11., -7.],
               [ 1., -1.]])
        """
        return self._times("x", x, out, precision)

    def _times(self, what: str, x: Array, out: Array | None = None, precision: str = "full") -> Array:
        """Multiply points, which errors call `what`."""
        backend, x = backends.enter(what, x, precision)
        dtype, shape = arrays.real_dtype(**{what: x}), arrays.shape_of(x)
        parameters = [self._words]
        if self._scales is not None:
            name = arrays.dtype_name(self._scales)
            if name != dtype.name:
                raise TypeError(f"{what} has dtype {dtype} and the scales {name}; they must agree")
            parameters.append(self._scales)
        self._require_beside(what, x)
        rows, columns = self._shape
        if not shape or shape[-1] != columns:
            raise ValueError(f"{what} has shape {shape}; (..., {columns}) is accepted")
        result, view = backends.output(backend, out, (*shape[:-1], rows), dtype, x, *parameters)
        few = 0 < math.prod(shape[:-1]) <= _core.packed_few_points
        copy = self._copy() if few and isinstance(backend, backends.Host) else None
        backend.kernels.packed_matmul(
            backend.view("words", self._words),
            columns,
            backend.view("x", x),
            view,
            backend.launch(),
            copy,
            None if self._scales is None else backend.view("scales", self._scales),
            self._group,
        )
        return result

    def _require_beside(self, name: str, array: Array) -> None:
        arrays.require_one_place(name, array, "the signs", self._words, "like(x) brings them to x")

    def __matmul__(self, other: Array) -> Array:
        """Multiply as NumPy does: (columns,) to (rows,), and (..., columns, batch) to (..., rows, batch)."""
        _, other = backends.enter("the right factor", other)
        shape = arrays.shape_of(other)
        if not shape or shape[max(len(shape) - 2, 0)] != self._shape[1]:
            columns = self._shape[1]
            raise ValueError(
                f"the right factor has shape {shape}; ({columns},) and (..., {columns}, batch) are accepted"
            )
        self._require_beside("the right factor", other)
        if len(shape) == 1:
            return self._times("the right factor", other)
        transpose = arrays.namespace(other).matrix_transpose
        return transpose(self._times("the right factor", transpose(other)))


def brought(array: Array, x: Array) -> Array:
    """Return an array in the memory of `x`: itself where it lies there, else a copy."""
    backend, x = backends.enter("x", x)
    if arrays.place(array) == arrays.place(x):
        return array
    return arrays.like(array, backend.empty((0,), np.dtype(arrays.dtype_name(array))))
