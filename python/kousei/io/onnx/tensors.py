"""Tensors of ONNX models as NumPy arrays, of exactly the size that is there."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np

#: What tensors may hold, by the number ONNX gives it: the dtype, and the field it lies in where it is not raw bytes.
_TYPES = {
    1: ("float32", "float_data"),
    3: ("int8", "int32_data"),
    6: ("int32", "int32_data"),
    7: ("int64", "int64_data"),
    9: ("bool", "int32_data"),
    11: ("float64", "double_data"),
}


def dtype_of(kind: int) -> np.dtype[Any] | None:
    """Return the dtype of a kind of tensor; None for those that are not read."""
    return np.dtype(_TYPES[kind][0]) if kind in _TYPES else None


def name_of(kind: int) -> str:
    """Return what ONNX calls a kind of tensor."""
    import onnx

    kinds = onnx.TensorProto.DataType
    return kinds.Name(kind) if kind in kinds.values() else str(kind)


class TensorReader:
    """Reads the tensors of one model.

    Parameters
    ----------
    folder : str or None
        Where the model lies, for data in files of their own; None where it came without one.
    """

    def __init__(self, folder: str | None) -> None:
        self._folder = folder
        self._claimed: dict[str, int] = {}  # bytes of each file that tensors have taken

    def read(self, tensor: Any, name: str) -> np.ndarray[Any, Any]:
        """Return the array of a TensorProto; ValueError that names it unless its data is there, all and no more."""
        import onnx

        kind, dtype = name_of(tensor.data_type), dtype_of(tensor.data_type)
        if dtype is None:
            raise ValueError(f"tensor {name!r} has type {kind}; {', '.join(map(name_of, _TYPES))} are accepted")
        if min(tensor.dims, default=0) < 0:
            raise ValueError(f"tensor {name!r} has shape {list(tensor.dims)}; extents are not negative")
        if tensor.HasField("segment"):
            raise ValueError(f"tensor {name!r} is a segment; whole tensors are accepted")
        count = math.prod(tensor.dims)
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            raw: bytes = self._external(tensor, name, count * dtype.itemsize)
        elif tensor.HasField("raw_data"):
            raw = tensor.raw_data
        else:
            values = getattr(tensor, _TYPES[tensor.data_type][1])
            if len(values) != count:
                raise ValueError(f"tensor {name!r} has shape {list(tensor.dims)} and {len(values)} numbers")
            return np.array(values, dtype).reshape(tuple(tensor.dims))
        if len(raw) != count * dtype.itemsize:
            raise ValueError(
                f"tensor {name!r} has shape {list(tensor.dims)}, type {kind} and {len(raw)} bytes; "
                f"{count * dtype.itemsize} are accepted"
            )
        return np.frombuffer(raw, dtype.newbyteorder("<")).astype(dtype, copy=False).reshape(tuple(tensor.dims))

    def _external(self, tensor: Any, name: str, size: int) -> bytes:
        if self._folder is None:
            raise ValueError(f"tensor {name!r} lies in a file of its own; give the path of the model to find it")
        entries = {entry.key: entry.value for entry in tensor.external_data if isinstance(entry.value, str)}
        location = entries.get("location", "")
        path = self._inside(location, name)
        numbers = {key: entries[key] for key in ("offset", "length") if key in entries}
        if not all(value.isascii() and value.isdigit() and len(value) < 20 for value in numbers.values()):
            raise ValueError(f"tensor {name!r} has {numbers}; numbers of bytes are accepted")
        offset, length = int(numbers.get("offset", 0)), int(numbers.get("length", size))
        there = os.path.getsize(path)
        if length != size or offset + size > there:
            raise ValueError(
                f"tensor {name!r} takes {size} bytes; {location!r} has {there}, "
                f"and the model says {length} from {offset} on"
            )
        self._claimed[path] = self._claimed.get(path, 0) + size
        if self._claimed[path] > there:
            raise ValueError(f"tensor {name!r} and others take more bytes than {location!r} has; they share none")
        with open(path, "rb") as file:
            file.seek(offset)
            return file.read(size)

    def _inside(self, location: str, name: str) -> str:
        """Return the path of a file that lies in the folder of the model, wherever links lead."""
        assert self._folder is not None
        folder = os.path.realpath(self._folder)
        parts = location.replace("\\", "/").split("/")
        path = os.path.realpath(os.path.join(folder, location)) if "\0" not in location else ""
        inside = os.path.commonpath([folder, path]) == folder if path else False
        if not location or ".." in parts or os.path.isabs(location) or not inside:
            raise ValueError(f"tensor {name!r} lies in {location!r}; a file in the folder of the model is accepted")
        if not os.path.isfile(path):
            raise ValueError(f"tensor {name!r} lies in {location!r}; there is no such file beside the model")
        return path
