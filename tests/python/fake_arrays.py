"""Objects that only look like arrays in CUDA memory, by one protocol or the other."""

import ctypes
from typing import Any

import numpy as np
import pytest

from kousei._lib import _core

needs_build = pytest.mark.skipif(not hasattr(_core, "cuda"), reason="built without CUDA")
POINTER = 0x7F0000000000


class FakeInterface:
    """An array by `__cuda_array_interface__` alone."""

    def __init__(self, shape: tuple[int, ...], typestr: str = "<f8", **changes: Any) -> None:
        self.__cuda_array_interface__ = {
            "shape": shape,
            "typestr": typestr,
            "data": (POINTER, False),
            "version": 3,
            "strides": None,
        } | changes


class _Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


_deleter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class _Managed(ctypes.Structure):
    _fields_ = [("tensor", _Tensor), ("context", ctypes.c_void_p), ("deleter", _deleter)]


class _Versioned(ctypes.Structure):
    _fields_ = [
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("context", ctypes.c_void_p),
        ("deleter", _deleter),
        ("flags", ctypes.c_uint64),
        ("tensor", _Tensor),
    ]


class FakeDLPack:
    """An array by `__dlpack__` alone, of DLPack 1.0 or, with `version` None, older."""

    def __init__(
        self,
        shape: tuple[int, ...],
        *,
        strides: tuple[int, ...] | None = None,
        code: int = 2,
        bits: int = 64,
        lanes: int = 1,
        device: int = 2,
        device_id: int = 0,
        offset: int = 0,
        version: int | None = 1,
        flags: int = 0,
    ) -> None:
        extents = (ctypes.c_int64 * max(len(shape), 1))(*shape)
        steps = None if strides is None else (ctypes.c_int64 * len(strides))(*strides)
        tensor = _Tensor(POINTER, device, device_id, len(shape), code, bits, lanes, extents, steps, offset)
        self.deleted = 0
        self.stream: Any = None
        self.device = device, device_id
        self.version = version
        delete = _deleter(self._delete)
        if version is None:
            self._owner: Any = _Managed(tensor, None, delete)
        else:
            self._owner = _Versioned(version, 0, None, delete, flags, tensor)
        self._kept = (extents, steps, delete)

    def _delete(self, _: Any) -> None:
        self.deleted += 1

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device

    def __dlpack__(self, *, stream: Any = None, **options: Any) -> Any:
        if options and self.version is None:
            raise TypeError("this producer does not know max_version")
        self.stream = stream
        name = b"dltensor" if self.version is None else b"dltensor_versioned"
        new = ctypes.pythonapi.PyCapsule_New
        new.restype = ctypes.py_object
        new.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        return new(ctypes.addressof(self._owner), name, None)


class FakeTensor(FakeDLPack):
    """With a shape and a dtype, as the arrays of array libraries have."""

    def __init__(self, shape: tuple[int, ...], **options: Any) -> None:
        super().__init__(shape, **options)
        self.shape, self.dtype = shape, np.dtype("f8")
