"""What hidden units of a lattice's machine look at, and how far it reaches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_integer, check_type

Array = np.ndarray[Any, Any]


class Localization(NamedTuple):
    """How the squared weights of units lie on a periodic lattice.

    Attributes
    ----------
    share : ndarray (units,)
        The largest share of them in a box; 0 where all weights are 0.
    radius : ndarray (units,)
        Of the disc that holds half of them around their centre in that box, in sites; NaN where all weights are 0.
    """

    share: Array
    radius: Array


def localization(fields: Any, shape: Sequence[int], box: int = 9) -> Localization:
    """Measure how local the receptive fields of units on a periodic square lattice are.

    Parameters
    ----------
    fields : array_like (sites, units)
        Weights from the sites, in C order, to the units: those of a machine, or of `DBN.receptive_fields`.
    shape : (int, int)
        Of the lattice.
    box : int
        Side of the box, odd, at most the smaller length.

    Returns
    -------
    Localization
        `share` and `radius` of every unit. Of weights that are alike everywhere, the share is box**2 / sites.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If the lattice is not one of two axes, the fields do not fit it or are not finite, or the box is even or does
        not fit in it.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> i, j = np.indices((40, 40))
    >>> near = np.exp(-((i - 3) ** 2 + (j - 20) ** 2) / 8)
    >>> share, radius = kousei.rg.localization(np.stack([near, np.ones((40, 40))], -1).reshape(-1, 2), (40, 40))
    >>> share.round(3), radius.round(1)
    (array([0.999, 0.051]), array([ 1.4, 16. ]))
    """
    check_type("shape", shape, tuple | list, "a tuple of two integers")
    if len(shape) != 2:
        raise ValueError(f"shape was {tuple(shape)}; two lengths are accepted")
    rows, columns = (check_integer(f"shape[{axis}]", length, 1) for axis, length in enumerate(shape))
    box = check_integer("box", box, 1, min(rows, columns))
    if box % 2 == 0:
        raise ValueError(f"box was {box}; an odd number is accepted")
    weights = arrays.finite_numbers("fields", fields)
    if weights.ndim != 2 or len(weights) != rows * columns:
        raise ValueError(f"fields has shape {weights.shape}; ({rows * columns}, units) is accepted")
    squares = (weights**2).T.reshape(-1, rows, columns)
    totals = squares.sum(axis=(1, 2))
    squares = squares / np.where(totals > 0, totals, 1)[:, None, None]
    reach = np.arange(-(box // 2), box // 2 + 1)
    sums = _sums_around(_sums_around(squares, reach, 1), reach, 2).reshape(len(squares), -1)
    radii = np.full(len(squares), math.nan)
    for unit in np.flatnonzero(totals):
        row, column = np.unravel_index(sums[unit].argmax(), (rows, columns))
        inside = squares[unit].take(row + reach, 0, mode="wrap").take(column + reach, 1, mode="wrap")
        row, column = row + inside.sum(1) @ reach / inside.sum(), column + inside.sum(0) @ reach / inside.sum()
        i, j = ((np.arange(n) - at + n / 2) % n - n / 2 for n, at in ((rows, row), (columns, column)))
        distances = np.hypot(i[:, None], j).ravel()
        order = distances.argsort()
        radii[unit] = distances[order][np.searchsorted(np.cumsum(squares[unit].ravel()[order]), 0.5)]
    return Localization(sums.max(axis=1), radii)


def _sums_around(array: Array, reach: Array, axis: int) -> Array:
    total = np.zeros_like(array)
    for step in reach:
        total += np.roll(array, step, axis=axis)
    return total
