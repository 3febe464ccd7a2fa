"""Units of a layer that are multiples of each other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei.binary.chain import read_only

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False, repr=False)
class Multiples:
    """Units of a hidden layer whose pre-activations are multiples of those of others in it: Theorem 4.

    Of a unit of the given network an exact method makes one for each coefficient. Their rows of signs are different,
    but add up to multiples of the same number, so that one of them needs to be computed. With the largest
    coefficient, its sum rounds by least.

    Parameters
    ----------
    rows : numpy.ndarray (units,) of int32
        The unit that each is a multiple of; of itself, if of no other.
    scales : numpy.ndarray (units,) of float64
        The multiple: positive, at most 1, and 1 for units of themselves.

    Raises
    ------
    TypeError
        If one of them is no such array.
    ValueError
        If their shapes do not fit, a unit is a multiple of none or of one that is one itself, or a scale is none.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.binary import Multiples
    >>> Multiples(np.array([2, 2, 2, 3], np.int32), np.array([0.25, 0.5, 1, 1]))
    Multiples(4 units, of 2)
    """

    rows: Array
    scales: Array

    def __post_init__(self) -> None:
        self.__dict__["rows"] = read_only("rows", self.rows, np.int32)
        self.__dict__["scales"] = read_only("scales", self.scales, np.float64)
        units = self.rows.size
        arrays.require_shape("rows", self.rows, (units,))
        arrays.require_shape("scales", self.scales, (units,))
        if units and not (self.rows.min() >= 0 and self.rows.max() < units):
            raise ValueError(f"rows has an entry that is not 0 to {units - 1}, a unit")
        if not np.array_equal(self.rows[self.rows], self.rows):
            raise ValueError("rows has an entry that is a multiple itself; units of themselves are accepted")
        if not ((self.scales > 0) & (self.scales <= 1)).all() or (self.scales[self.kept] != 1).any():
            raise ValueError("scales has an entry that is not in (0, 1], or not 1 for a unit of itself")

    @cached_property
    def kept(self) -> Array:
        """The units of themselves, ascending."""
        return read_only("kept", np.flatnonzero(self.rows == np.arange(len(self.rows))))

    @cached_property
    def sources(self) -> Array:
        """Which of `kept` each unit takes, (units,) of int32."""
        return read_only("sources", np.searchsorted(self.kept, self.rows).astype(np.int32))

    def __reduce__(self) -> tuple[Any, ...]:
        return Multiples, (self.rows, self.scales)

    def __repr__(self) -> str:
        return f"Multiples({len(self.rows)} units, of {len(self.kept)})"


def multiples_of(sources: Array, scales: Array) -> Multiples | None:
    """Return units, each a multiple of a source, as multiples of the largest of it; None where each has its own."""
    units = np.arange(len(sources))
    order = np.lexsort((-scales, sources))
    _, first, inverse = np.unique(sources[order], return_index=True, return_inverse=True)
    rows = np.empty(len(sources), np.int32)
    rows[order] = order[first][inverse]
    ratios = scales / scales[rows]
    normal = ratios >= np.finfo(np.float64).tiny  # else it underflows
    rows = np.where(normal, rows, units)
    if np.array_equal(rows, units):
        return None
    return Multiples(rows.astype(np.int32), np.where(normal, ratios, 1))
