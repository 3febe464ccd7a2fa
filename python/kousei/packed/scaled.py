"""Matrices of -1 and +1 in bits, with scales."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from kousei._lib import arrays, backends
from kousei._lib.arrays import Array
from kousei._lib.errors import check_type
from kousei.packed.product import Product, brought
from kousei.packed.signs import PackedSigns

#: Columns that may have a scale together, where it is not the whole row.
_GROUPS = 32, 128


class ScaledSigns(Product):
    """A matrix of -1 and +1 in bits, with a scale for each row or for groups of the columns of each.

    The entry in row r and column j is the sign there times ``scales[r, j // group]``.

    Parameters
    ----------
    signs : PackedSigns (rows, columns)
        The signs; not copied.
    scales : array of float32 or float64
        In the memory of the signs: (rows,), or (rows, ceil(columns / 32)) for groups of 32 columns, or
        (rows, ceil(columns / 128)) for groups of 128; whatever numbers, NaN and infinite ones too. Copied for its
        layout only, and not to be written to afterwards, since products keep copies of it.

    Raises
    ------
    TypeError
        If an argument is none of these.
    ValueError
        If the shape of `scales` is another.

    See Also
    --------
    PackedSigns

    Notes
    -----
    A scale multiplies the sum over the columns of its group, or over some of them. One scale in a row is that of the
    row; where groups of 32 and of 128 columns are as many, they are the same.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> P = kousei.pack_signs(np.array([[1, -1, 1], [-1, -1, 1]]))
    >>> W = kousei.packed.ScaledSigns(P, np.array([0.5, 2.0]))
    >>> W
    ScaledSigns(2 x 3, 1 scale a row)
    >>> W.unpack()
    array([[ 0.5, -0.5,  0.5],
           [-2. , -2. ,  2. ]])
    >>> W @ np.array([1.0, 2.0, 4.0])
    array([1.5, 2. ])
    """

    _scales: Array

    def __init__(self, signs: PackedSigns, scales: Array) -> None:
        check_type("signs", signs, PackedSigns, "a kousei.PackedSigns")
        backend, scales = backends.enter("scales", scales)
        arrays.real_dtype(scales=scales)
        self._words, self._shape = signs.words, signs.shape
        self._require_beside("scales", scales)
        rows, columns = signs.shape
        shape = arrays.shape_of(scales)
        groups = {-(-columns // group): group for group in _GROUPS}
        if shape == (rows,):
            self._group = max(columns, 1)
        elif len(shape) == 2 and shape[0] == rows and shape[1] in groups:
            self._group = groups[shape[1]]
        else:
            accepted = ", ".join(str((rows, count)) for count in groups)
            raise ValueError(f"scales has shape {shape}; {(rows,)}, {accepted} are accepted")
        self._signs = signs
        view = backend.array("scales", scales)
        if isinstance(view, np.ndarray):
            view = view.view()
            view.flags.writeable = False
        self._given = view
        # Without columns there are no groups.
        self._scales = (view[:, None] if view.ndim == 1 else view)[:, : -(-columns // self._group)]

    @property
    def signs(self) -> PackedSigns:
        """The signs."""
        return self._signs

    @property
    def scales(self) -> Array:
        """The scales as they were given, not to be written to; in host memory read-only."""
        return self._given

    def like(self, x: Array, /) -> ScaledSigns:
        """Return the matrix in the memory of `x`: itself where it lies there, else a copy.

        Parameters
        ----------
        x : array
            In whatever library.

        Returns
        -------
        ScaledSigns

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
        >>> W = kousei.packed.ScaledSigns(P, np.array([3.0]))
        >>> W.like(np.zeros(5)) is W  # both lie in host memory
        True
        """
        signs = self._signs.like(x)
        return self if signs is self._signs else ScaledSigns(signs, brought(self._given, x))

    def unpack(self) -> Array:
        """Return the matrix, of the dtype of the scales.

        Returns
        -------
        array (rows, columns)
            Of NumPy in host memory, else of the library of the words.

        Raises
        ------
        MemoryError
            If it is larger than the memory of this machine.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> P = kousei.pack_signs(np.array([[1, -1]]))
        >>> kousei.packed.ScaledSigns(P, np.array([3.0])).unpack()
        array([[ 3., -3.]])
        """
        matrix = self._signs.unpack(arrays.dtype_name(self._scales))
        for group in range(self._scales.shape[1]):
            matrix[:, group * self._group : (group + 1) * self._group] *= self._scales[:, group, None]
        return matrix

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ScaledSigns):
            return NotImplemented
        same = arrays.dtype_name(self._given) == arrays.dtype_name(other._given)
        same = same and np.array_equal(arrays.to_host(self._given), arrays.to_host(other._given))
        return same and self._signs == other._signs

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return ScaledSigns, (self._signs, self._given)

    def __repr__(self) -> str:
        rows, columns = self._shape
        each = "1 scale a row" if self._given.ndim == 1 else f"a scale for {self._group} columns"
        return f"ScaledSigns({rows} x {columns}, {each})"
