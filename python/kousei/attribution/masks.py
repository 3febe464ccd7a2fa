"""Sets of which something is absent, as a function of sets takes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from kousei._lib import arrays, backends
from kousei._lib.arrays import Array

Flags = np.ndarray[Any, np.dtype[np.bool_]]
Groups = np.ndarray[Any, np.dtype[np.int64]]


def masked_sets(items: Array, baseline: Array, coalitions: Flags, absent: str, groups: Groups) -> tuple[Array, Array]:
    """Return what coalitions leave of a set of items, and which items they leave.

    Parameters
    ----------
    items : array (n, columns)
        Of float32 or float64.
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
    backend, items = backends.enter("items", items)
    shape = len(coalitions), *arrays.shape_of(items)
    x = backend.empty(shape, arrays.real_dtype(items=items))
    mask = backend.empty(shape[:2], np.dtype(np.uint8))
    view = backend.view
    backend.kernels.attribution_masked_sets(
        view("items", items),
        view("baseline", baseline),
        view("groups", backend.keep(groups.astype(np.int32))),
        absent == "remove",
        view("coalitions", backend.keep(as_bytes(coalitions))),
        view("x", x),
        view("mask", mask),
        backend.launch(),
    )
    mask = backend.finish(mask)
    xp = arrays.namespace(mask)
    return backend.finish(x), xp.astype(mask, xp.bool)


def as_bytes(coalitions: Flags) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return coalitions as the kernels read them."""
    return np.ascontiguousarray(coalitions).view(np.uint8)
