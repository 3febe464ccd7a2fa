"""Fourier transforms of arrays of any library."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from array_api_compat import is_torch_array

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


@cache
def cufinufft() -> Any | None:
    """Return cufinufft, or None where it cannot be loaded.

    Its wheels are linked against two libraries of CUDA 12, say so nowhere, and do not look among the packages that
    have them: what is loaded already is found by its name.
    """
    for library in ("cuda_runtime/lib/libcudart.so.12", "cufft/lib/libcufft.so.11"):
        for path in (Path(folder) / "nvidia" / library for folder in sys.path):
            if path.exists():
                with suppress(OSError):
                    ctypes.CDLL(str(path))
    try:
        import cufinufft
    except ImportError:
        return None
    return cufinufft


def real_view(array: Array) -> Array:
    """Return a contiguous complex array (..., n) as (..., 2 n) real and imaginary parts, in place."""
    xp = arrays.namespace(array)
    if is_torch_array(array):
        return xp.view_as_real(array).reshape(*array.shape[:-1], -1)
    return array.view(array.real.dtype)


def complex_view(array: Array) -> Array:
    """Return what `real_view` returns as it was."""
    xp = arrays.namespace(array)
    if is_torch_array(array):
        return xp.view_as_complex(array.reshape(*array.shape[:-1], -1, 2))
    return array.view(np.result_type(array.dtype, np.complex64))
