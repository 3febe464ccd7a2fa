"""Matrices of signs whose columns are the chains of `chain_decomposition`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from kousei._lib import _core, arrays
from kousei.packed import PackedSigns

Array = np.ndarray[Any, Any]

#: Rows whose ranks are stored as uint16.
_SHORT = 1 << 16


def rank_dtype(rows: int) -> np.dtype[Any]:
    """Return the dtype of the ranks of so many rows."""
    return np.dtype(np.uint16 if rows <= _SHORT else np.uint32)


@dataclass(frozen=True, eq=False, repr=False)
class Chain:
    """A matrix of signs, made of the chains of the columns of a matrix T of real numbers: Theorem 4.

    The units of a column of T, which are consecutive columns of the matrix of signs, are first all ones times a sign,
    unless that is 0, and then for q = 0, 1, ..., s - 2 the vector that is +1 where the rank is at most q.

    Parameters
    ----------
    ranks : numpy.ndarray (rows, columns of T that are not zero) of uint16, of uint32 for more than 65536 rows
        Of each entry among the s distinct values of its column, in descending order, from 0 on.
    sources : numpy.ndarray (columns of T that are not zero,) of int32
        Which columns of T these are, ascending.
    signs : numpy.ndarray (columns of T that are not zero,) of int8
        Of the largest and the smallest value together: -1, 1, or 0 where there is no vector of ones.

    Raises
    ------
    TypeError
        If one of them is no such array.
    ValueError
        If their shapes do not fit, the columns do not ascend, a sign is none, or a column has no units.

    Examples
    --------
    The column 3, 1, -2:

    >>> import numpy as np
    >>> from kousei.binary import Chain
    >>> chain = Chain(np.array([[0], [1], [2]], np.uint16), np.zeros(1, np.int32), np.ones(1, np.int8))
    >>> chain.pack().unpack()
    array([[ 1,  1,  1],
           [ 1, -1,  1],
           [ 1, -1, -1]], dtype=int8)
    """

    ranks: Array
    sources: Array
    signs: Array

    def __post_init__(self) -> None:
        for name, dtype in (("ranks", None), ("sources", np.int32), ("signs", np.int8)):
            self.__dict__[name] = read_only(name, getattr(self, name), dtype)
        if self.ranks.ndim != 2:
            raise ValueError(f"ranks has shape {self.ranks.shape}; (rows, columns) is accepted")
        rows, count = self.ranks.shape
        if self.ranks.dtype != rank_dtype(rows):
            raise TypeError(f"ranks has dtype {self.ranks.dtype}; {rank_dtype(rows)} is accepted for {rows} rows")
        for name in ("sources", "signs"):
            arrays.require_shape(name, getattr(self, name), (count,))
        if (self.sources < 0).any() or (np.diff(self.sources) <= 0).any():
            raise ValueError("sources does not ascend from 0 on; columns in their order are accepted")
        if ((self.signs < -1) | (self.signs > 1)).any():
            raise ValueError("signs has an entry that is not -1, 0 or 1")
        if (self.ranks >= max(rows, 1)).any():
            raise ValueError(
                f"ranks has the entry {self.ranks.max()}; less than the number of rows, {rows}, is accepted"
            )
        empty = self.counts == 0
        if empty.any():
            raise ValueError(f"ranks and signs are 0 in column {empty.argmax()}, which makes no unit")

    @cached_property
    def counts(self) -> Array:
        """Units of each column of T, (columns of T that are not zero,) of int64."""
        counts = self.ranks.max(axis=0, initial=0).astype(np.int64) + (self.signs != 0)
        return read_only("counts", counts)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the matrix of signs."""
        return len(self.ranks), int(self.counts.sum())

    def pack(self) -> PackedSigns:
        """Return the matrix of signs, which is made once and kept.

        Returns
        -------
        PackedSigns
        """
        return self._packed

    @cached_property
    def _packed(self) -> PackedSigns:
        rows, columns = self.shape
        stride = _core.packed_stride(columns)
        arrays.require_memory(rows * stride, 4, f"a matrix of {rows * columns} signs")
        words = np.empty((rows, stride), np.uint32)
        _core.cpu.binary_signs(self.ranks, self.signs, self.counts, words, _core.cpu.Cpu())
        return PackedSigns(words, (rows, columns))

    def __reduce__(self) -> tuple[Any, ...]:
        return Chain, (self.ranks, self.sources, self.signs)

    def __repr__(self) -> str:
        rows, columns = self.shape
        return f"Chain({rows} x {columns}, of {len(self.signs)} columns)"


def chain_of(matrix: Array) -> Chain:
    """Return the chains of the columns of a matrix, as `kousei.binary.decomposition.chain` has them."""
    order = np.argsort(-matrix, axis=0, kind="stable")
    half = np.take_along_axis(matrix, order, axis=0) / 2
    ascent = np.zeros(matrix.shape, np.int64)
    np.cumsum(half[:-1] != half[1:], axis=0, out=ascent[1:])
    ranks = np.empty(matrix.shape, rank_dtype(len(matrix)))
    np.put_along_axis(ranks, order, ascent.astype(ranks.dtype), axis=0)
    ends = half[:1] + half[-1:] if len(half) else half
    signs = np.sign(ends.sum(axis=0)).astype(np.int8)
    sources = np.flatnonzero((signs != 0) | (ranks.max(axis=0, initial=0) > 0))
    return Chain(np.ascontiguousarray(ranks[:, sources]), sources.astype(np.int32), signs[sources])


def read_only(name: str, array: Array, dtype: Any = None) -> Array:
    """Return a view of an array that is not written to, C-contiguous; TypeError unless it is one of NumPy."""
    if not isinstance(array, np.ndarray) or isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{name} was {type(array).__name__}; a NumPy array is accepted")
    if dtype is not None and array.dtype != dtype:
        raise TypeError(f"{name} has dtype {array.dtype}; {np.dtype(dtype)} is accepted")
    view = arrays.host_view(name, array).view()
    view.flags.writeable = False
    return view
