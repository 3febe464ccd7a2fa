"""Boxes, as callers give them, and points that fill them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from kousei._lib import arrays

#: One (lo, hi) for each dimension.
Bounds: TypeAlias = Sequence[tuple[float, float]]


def check_bounds(
    bounds: Bounds, name: str = "bounds", dim: int | None = None, *, flat: bool = False
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return lo (dim,) and hi (dim,) of a box; ValueError unless lo < hi, finite, or with `flat` lo <= hi."""
    try:
        pairs = arrays.real_numbers(name, bounds)
    except (TypeError, ValueError):
        raise ValueError(f"{name} was {bounds!r}; one (lo, hi) for each dimension is accepted") from None
    if pairs.ndim != 2 or pairs.shape[0] == 0 or pairs.shape[1] != 2:
        raise ValueError(f"{name} has shape {pairs.shape}; (dim, 2), one (lo, hi) for each dimension, is accepted")
    if dim not in (None, len(pairs)):
        raise ValueError(f"{name} has {len(pairs)} dimensions; {dim} are accepted")
    lo, hi = pairs.T
    if not (np.isfinite(pairs).all() and ((lo <= hi) if flat else (lo < hi)).all()):
        raise ValueError(f"{name} was {pairs.tolist()}; finite lo {'<=' if flat else '<'} hi are accepted")
    return lo, hi


def fill_cube(dim: int, count: int, start: int = 0) -> np.ndarray[Any, Any]:
    """Return points of [0, 1]^dim that fill it evenly, those of an endless sequence from `start` on.

    They are the multiples of (1/g, ..., 1/g^dim) modulo 1 where g^(dim + 1) = g + 1, from 1/2 on.
    """
    g = 1.0
    for _ in range(64):
        g = (1 + g) ** (1 / (dim + 1))
    return (0.5 + np.outer(np.arange(start + 1, start + count + 1), g ** -np.arange(1.0, dim + 1))) % 1
