"""A stand-in for CuPy, whose arrays lie in host memory, for kernels that are run by the emulator.

It has what kousei and its tests ask of CuPy, and its refusals: no NumPy array as an argument, no conversion to one.
"""

import builtins
from typing import Any

import numpy as np

from . import cuda as cuda
from . import fft as fft
from . import linalg as linalg
from ._array import function, ndarray

for _name in dir(np):
    _member = getattr(np, _name)
    if _name not in globals() and not _name.startswith("_"):
        globals()[_name] = (
            _member if builtins.isinstance(_member, type) or not callable(_member) else function(_member)
        )


def empty(shape: Any, dtype: Any = np.float64) -> ndarray:
    # Aligned as memory of a device is, and with what a kernel must not leave.
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.full(size + 256, 0xFF, np.uint8)
    start = -memory.ctypes.data % 256
    return ndarray(memory[start : start + size].view(dtype).reshape(shape))


def asarray(value: Any, dtype: Any = None, **_: Any) -> ndarray:
    if isinstance(value, ndarray):
        return value if dtype is None else value.astype(dtype)
    return ndarray(np.array(value, dtype))


def asnumpy(value: ndarray) -> np.ndarray:
    return value.get()
