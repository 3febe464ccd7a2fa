"""Chunks of Dask arrays that tasks can take."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any


def require_lengths(name: str, x: Any) -> None:
    """Raise ValueError if chunks of a Dask array are of unknown lengths."""
    if any(map(math.isnan, x.shape)):
        raise ValueError(f"{name} has chunks of unknown lengths; {name}.compute_chunk_sizes() is accepted")


def require_one_chunk(name: str, x: Any, axes: Iterable[int]) -> None:
    """Raise ValueError unless a Dask array has one chunk along each of some axes."""
    for axis in axes:
        if x.numblocks[axis] > 1:
            whole = f"{name}.rechunk({{{axis}: -1}})"
            raise ValueError(f"{name} has chunks {x.chunks[axis]} along axis {axis}; one is accepted: {whole}")
