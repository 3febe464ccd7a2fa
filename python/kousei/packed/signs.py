"""Matrices of -1 and +1, one bit for each entry."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from array_api_compat import is_cupy_array, is_torch_array

from kousei._lib import _core, arrays, backends
from kousei._lib.arrays import Array
from kousei._lib.errors import check_integer, check_type
from kousei.packed.product import Product, brought

#: Dtypes of a matrix of signs that is not packed.
_UNPACKED = ("int8", "int16", "int32", "int64", "float32", "float64")


class PackedSigns(Product):
    """A matrix of -1 and +1, one bit for each entry.

    Parameters
    ----------
    words : array (rows, stride) of uint32
        Of NumPy, or of CuPy or PyTorch in CUDA memory. A bit that is set is +1. Column j is bit j % 32, the least
        significant first, of word j // 32 of its row. A row has the fewest words that are a multiple of 4, and its
        bits past the last column are 0. C-contiguous; not copied, and not to be written to afterwards, since products
        keep copies of it. To check these bits a device is waited for.
    shape : (int, int)
        Rows and columns of the matrix.

    Raises
    ------
    TypeError
        If `words` is not such an array, or `shape` not two integers.
    ValueError
        If a size is negative, `words` does not fit them, or a bit past the last column is set.

    See Also
    --------
    pack_signs

    Notes
    -----
    On a little-endian machine `words` is ``numpy.packbits(S > 0, axis=1, bitorder="little")``, padded with zeros and
    seen as uint32.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> P = kousei.PackedSigns(np.array([[0b1101, 0, 0, 0], [0b0100, 0, 0, 0]], np.uint32), (2, 4))
    >>> P.unpack("int8")
    array([[ 1, -1,  1,  1],
           [-1, -1,  1, -1]], dtype=int8)
    >>> P @ np.array([1.0, 2.0, 4.0, 8.0])
    array([11., -7.])
    """

    def __init__(self, words: Array, shape: tuple[int, int]) -> None:
        on_device = (is_cupy_array(words) or is_torch_array(words)) and not arrays.on_host(words)
        if not isinstance(words, np.ndarray) and not on_device:
            raise TypeError(
                f"words was {type(words).__name__}; a NumPy array of uint32, or one of CuPy or torch in CUDA memory, "
                "is accepted"
            )
        backend, words = backends.enter("words", words)
        if not isinstance(shape, tuple | list) or len(shape) != 2:
            raise TypeError(f"shape was {shape!r}; a pair of integers is accepted")
        rows, columns = (check_integer(f"shape[{i}]", size, 0, 2**63 - 1) for i, size in enumerate(shape))
        if arrays.dtype_name(words) != "uint32":
            raise TypeError(f"words has dtype {arrays.dtype_name(words)}; uint32 is accepted")
        wanted, given = (rows, _core.packed_stride(columns)), arrays.shape_of(words)
        if given != wanted:
            raise ValueError(f"words has shape {given}; {wanted} is accepted for the shape {(rows, columns)}")
        if isinstance(words, np.ndarray):
            if not words.flags.c_contiguous or not words.flags.aligned:
                raise ValueError("words is not C-contiguous and aligned; an array that is both is accepted")
            words = words.view()
            words.flags.writeable = False
        backend.view("words", words, copy=False)
        # Only the last four words of a row have bits past its last column.
        used = (1 << (columns - 128 * (wanted[1] // 4 - 1))) - 1 if columns else 0
        beyond = np.array([~(used >> 32 * i) & 0xFFFFFFFF for i in range(4)], np.uint32)
        wrong = (arrays.to_host(words[:, -4:]) & beyond[: wanted[1]]).any(axis=1)
        if wrong.any():
            raise ValueError(
                f"words[{wrong.argmax()}] has a bit past column {columns - 1}; rows padded with zeros are accepted"
            )
        self._words, self._shape = words, (rows, columns)

    @property
    def words(self) -> Array:
        """The packed entries, (rows, stride) of uint32, not to be written to; in host memory read-only."""
        return self._words

    def like(self, x: Array, /) -> PackedSigns:
        """Return the signs in the memory of `x`: themselves where they lie there, else a copy.

        Products take points that lie where the words do; this brings the words to them.

        Parameters
        ----------
        x : array
            In whatever library.

        Returns
        -------
        PackedSigns

        Raises
        ------
        TypeError
            If `x` is no array.
        CudaError
            If `x` lies in CUDA memory and there is no device or no CUDA build.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> P = kousei.pack_signs(np.array([[1, -1]]))
        >>> P.like(np.zeros(5)) is P  # both lie in host memory
        True
        """
        words = brought(self._words, x)
        return self if words is self._words else PackedSigns(words, self._shape)

    def unpack(self, dtype: Any = np.int8) -> Array:
        """Return the matrix of -1 and +1.

        Parameters
        ----------
        dtype : dtype
            int8, int16, int32, int64, float32 or float64.

        Returns
        -------
        array (rows, columns)
            Of NumPy in host memory, else of the library of the words.

        Raises
        ------
        TypeError
            For another dtype.
        MemoryError
            If it lies in host memory, and is larger than that of this machine.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> kousei.pack_signs(np.array([[1.0, -1.0]])).unpack("float32")
        array([[ 1., -1.]], dtype=float32)
        """
        kind = np.dtype(dtype)
        if str(kind) not in _UNPACKED:
            raise TypeError(f"dtype was {dtype!r}; {', '.join(_UNPACKED)} are accepted")
        rows, columns = self._shape
        backend, words = backends.enter("words", self._words)
        if isinstance(backend, backends.Host):
            arrays.require_memory(rows * columns, kind.itemsize, f"a matrix of {rows * columns} signs")
        signs = backend.empty(self._shape, kind)
        backend.kernels.packed_unpack(backend.view("words", words), backend.view("signs", signs), backend.launch())
        return signs

    def dot(self, other: PackedSigns, /) -> Array:
        """Multiply signs by signs: ``S @ T.T`` for the matrices S and T, exactly.

        Rows that differ in d of n columns have the product n - 2 d, so that bits are compared and counted.

        Parameters
        ----------
        other : PackedSigns (other rows, columns)
            With as many columns, less than 2**31, in the same memory.

        Returns
        -------
        array (rows, other rows) of int32
            Of NumPy in host memory, else of the library of the words.

        Raises
        ------
        TypeError
            If `other` is no PackedSigns, or lies elsewhere.
        ValueError
            If the columns are not as many, or too many.
        MemoryError
            If the result lies in host memory, and is larger than that of this machine.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> P = kousei.pack_signs(np.array([[1, -1, 1, 1], [-1, -1, 1, -1]]))
        >>> P.dot(kousei.pack_signs(np.array([[1, 1, 1, 1], [1, -1, 1, 1], [-1, 1, -1, -1]])))
        array([[ 2,  4, -4],
               [-2,  0,  0]], dtype=int32)
        """
        check_type("other", other, PackedSigns, "a kousei.PackedSigns")
        rows, columns = self._shape
        if other.shape[1] != columns:
            raise ValueError(f"other has shape {other.shape}; (rows, {columns}) is accepted for {self._shape}")
        shape = rows, other.shape[0]
        self._require_beside("other", other.words)
        backend, words = backends.enter("words", self._words)
        if isinstance(backend, backends.Host):
            arrays.require_memory(shape[0] * shape[1], 4, f"a matrix of {shape[0]} x {shape[1]} sums")
        sums = backend.empty(shape, np.dtype(np.int32))
        backend.kernels.packed_dot(
            backend.view("words", words),
            backend.view("other", other.words),
            columns,
            backend.view("sums", sums),
            backend.launch(),
        )
        return sums

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PackedSigns):
            return NotImplemented
        return self._shape == other._shape and np.array_equal(
            arrays.to_host(self._words), arrays.to_host(other._words)
        )

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return PackedSigns, (self._words, self._shape)

    def __repr__(self) -> str:
        rows, columns = self._shape
        return f"PackedSigns({rows} x {columns}, {self._words.nbytes} bytes)"


def pack_signs(S: Array, /) -> PackedSigns:
    """Pack a matrix of -1 and +1, one bit for each entry.

    Parameters
    ----------
    S : array (rows, columns) of int8, int16, int32, int64, float32 or float64
        The matrix; every entry -1 or +1. A device is waited for, to know.

    Returns
    -------
    PackedSigns
        In the memory of `S`; in host memory its words are of NumPy.

    Raises
    ------
    TypeError
        If `S` is not such an array.
    ValueError
        If it has not two axes, or an entry is neither -1 nor +1; the first one is named.
    CudaError
        If `S` lies in CUDA memory and there is no device or no CUDA build.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> S = np.ones((1, 40))
    >>> S[0, [0, 3, 33]] = -1
    >>> P = kousei.pack_signs(S)
    >>> P
    PackedSigns(1 x 40, 16 bytes)
    >>> [hex(word) for word in P.words[0, :2]]
    ['0xfffffff6', '0xfd']
    """
    backend, S = backends.enter("S", S)
    shape = arrays.shape_of(S)
    if arrays.dtype_name(S) not in _UNPACKED:
        raise TypeError(f"S has dtype {arrays.dtype_name(S)}; {', '.join(_UNPACKED)} are accepted")
    if len(shape) != 2:
        raise ValueError(f"S has shape {shape}; (rows, columns) is accepted")
    rows, columns = shape
    words = backend.empty((rows, _core.packed_stride(columns)), np.dtype(np.uint32))
    first_wrong = backend.empty((1,), np.dtype(np.int64))
    backend.kernels.packed_pack(
        backend.view("S", S), backend.view("words", words), backend.view("first_wrong", first_wrong), backend.launch()
    )
    wrong = int(arrays.to_host(first_wrong)[0])
    if wrong < rows * columns:
        row, column = divmod(wrong, columns)
        entry = arrays.to_host(backend.array("S", S)[row : row + 1, column : column + 1])[0, 0]
        raise ValueError(f"S[{row}, {column}] was {entry}; -1 and 1 are accepted")
    return PackedSigns(words, (rows, columns))
