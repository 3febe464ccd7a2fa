"""Sets of which something is absent, as a function of sets takes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.arrays import Array

Flags = np.ndarray[Any, np.dtype[np.bool_]]
Groups = np.ndarray[Any, np.dtype[np.int64]]


def masked_sets(items: Array, baseline: Array, coalitions: Flags, absent: str, groups: Groups) -> tuple[Array, Array]:
    """Return what coalitions leave of a set of items, and which items they leave.

    Parameters
    ----------
    items : array (n, columns)
    baseline : array (columns,)
        Like `items`.
    coalitions : numpy.ndarray (batch, n, features) of bool
        What is present.
    absent : {"baseline", "remove"}
        Whether an item of which nothing is present stays, as the baseline, or leaves.

    groups : numpy.ndarray (columns,) of int64
        The feature of each column.

    Returns
    -------
    x : array (batch, n, columns)
        Like `items`; the baseline where something is absent.
    mask : array (batch, n) of bool
        Of the library of `items`; the items that have not left.
    """
    xp = arrays.namespace(items)
    present = coalitions.any(axis=-1) if absent == "remove" else np.ones(coalitions.shape[:2], bool)
    return xp.where(arrays.like(coalitions[..., groups], items), items, baseline), arrays.like(present, items)
