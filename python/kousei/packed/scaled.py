"""Matrices of -1 and +1 in bits, with scales."""

from __future__ import annotations

from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei.packed.product import Product, enter_host
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
        In host memory: (rows,), or (rows, ceil(columns / 32)) for groups of 32 columns, or
        (rows, ceil(columns / 128)) for groups of 128. Copied for its layout only.

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

    _scales: np.ndarray[Any, Any]

    def __init__(self, signs: PackedSigns, scales: Array) -> None:
        if not isinstance(signs, PackedSigns):
            raise TypeError(f"signs was {type(signs).__name__}; PackedSigns is accepted")
        backend, scales = enter_host("scales", scales)
        arrays.real_dtype(scales=scales)
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
        self._words, self._shape = signs.words, signs.shape
        view = backend.view("scales", scales).view()
        view.flags.writeable = False
        self._given = view
        # Without columns there are no groups.
        self._scales = (view[:, None] if view.ndim == 1 else view)[:, : -(-columns // self._group)]

    @property
    def signs(self) -> PackedSigns:
        """The signs."""
        return self._signs

    @property
    def scales(self) -> np.ndarray[Any, Any]:
        """The scales as they were given, read-only."""
        return self._given

    def unpack(self) -> np.ndarray[Any, Any]:
        """Return the matrix, of the dtype of the scales.

        Returns
        -------
        numpy.ndarray (rows, columns)

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
        matrix = self._signs.unpack(self._scales.dtype)
        for group in range(self._scales.shape[1]):
            matrix[:, group * self._group : (group + 1) * self._group] *= self._scales[:, group, None]
        return matrix

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ScaledSigns):
            return NotImplemented
        same = self._given.dtype == other._given.dtype and np.array_equal(self._given, other._given)
        return same and self._signs == other._signs

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return ScaledSigns, (self._signs, self._given)

    def __repr__(self) -> str:
        rows, columns = self._shape
        each = "1 scale a row" if self._given.ndim == 1 else f"a scale for {self._group} columns"
        return f"ScaledSigns({rows} x {columns}, {each})"
