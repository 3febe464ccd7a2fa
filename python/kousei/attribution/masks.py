"""Sets of which something is absent, as a function of sets takes them."""

from __future__ import annotations

import numpy as np

from kousei._lib import arrays
from kousei._lib.arrays import Array


def masked_sets(items: Array, baseline: Array, coalitions: np.ndarray, absent: str) -> tuple[Array, Array]:
    """Return what coalitions leave of a set of items, and which items they leave.

    Parameters
    ----------
    items : array (n, columns)
    baseline : array (columns,)
        Like `items`.
    coalitions : numpy.ndarray (batch, n, columns) of bool
        What is present.
    absent : {"baseline", "remove"}
        Whether an item of which nothing is present stays, as the baseline, or leaves.

    Returns
    -------
    x : array (batch, n, columns)
        Like `items`; the baseline where something is absent.
    mask : array (batch, n) of bool
        Of the library of `items`; the items that have not left.
    """
    xp = arrays.namespace(items)
    present = coalitions.any(axis=-1) if absent == "remove" else np.ones(coalitions.shape[:2], bool)
    return xp.where(arrays.like(coalitions, items), items, baseline), arrays.like(present, items)
