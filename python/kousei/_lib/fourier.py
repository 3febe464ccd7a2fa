"""Fourier transforms of arrays of any library."""

from __future__ import annotations

from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei._lib.threads import num_threads


def fft_of(array: Array) -> Any:
    """Return what transforms an array: SciPy, which takes many rows at once, or the library of a device."""
    if not isinstance(array, np.ndarray):
        return arrays.namespace(array).fft
    from scipy import fft

    return fft


def threads_of(array: Array) -> dict[str, int]:
    """Return the argument of `fft_of(array)` for the threads of a call, which SciPy alone has."""
    return {"workers": num_threads()} if isinstance(array, np.ndarray) else {}
