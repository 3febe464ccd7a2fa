"""Averages over a group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kousei.equivariant.gset import GSet, pair_orbits
from kousei.equivariant.orbits import Integers


def averaged(
    values: np.ndarray[Any, Any],
    X: GSet,
    Y: GSet,
    matrix: Callable[[Integers], np.ndarray[Any, Any]] | None,
) -> np.ndarray[Any, Any]:
    """Return the average of g v(g^-1 x, g^-1 y) over the group, for values (X.size, Y.size) or (X.size, Y.size, dim).

    `matrix` returns the unitary matrices by which elements act on vectors; without it values are numbers, and the
    average is the same number, to the last digit, on an orbit of pairs.
    """
    if matrix is None:
        labels = pair_orbits(X, Y)
        sums = np.zeros(int(labels.max()) + 1, values.dtype)
        np.add.at(sums, labels, values)
        return np.asarray((sums / np.bincount(labels.reshape(-1)))[labels])
    for elements in reversed(X.group.transversals):
        matrices = matrix(elements)
        sums = np.zeros(values.shape, np.result_type(values, matrices))
        moved = X.act(elements[:, None], np.arange(X.size)), Y.act(elements[:, None], np.arange(Y.size))
        for x, y, each in zip(*moved, matrices, strict=True):
            sums[np.ix_(x, y)] += values @ each.T
        values = sums / len(elements)
    return values
