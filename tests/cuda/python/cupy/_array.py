"""The array of the stand-in."""

from collections.abc import Callable
from typing import Any

import numpy as np

_METHODS = [
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "radd",
    "rsub",
    "rmul",
    "rtruediv",
    "rpow",
    "matmul",
    "rmatmul",
    "iadd",
    "isub",
    "imul",
    "itruediv",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "neg",
    "pos",
    "abs",
    "and",
    "or",
    "xor",
    "invert",
    "getitem",
]


class ndarray:  # noqa: N801
    """An array."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, host: np.ndarray) -> None:
        self._host = host

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        face = dict(self._host.__array_interface__)
        address, read_only = face["data"]
        data = (0 if self._host.size == 0 else address, read_only)
        return {name: face[name] for name in ("shape", "typestr", "strides")} | {"data": data, "version": 3}

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, 0

    def __array__(self, *_: Any, **__: Any) -> None:
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")

    def get(self) -> np.ndarray:
        return self._host.copy()

    def fill(self, value: Any) -> None:
        self._host.fill(value)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._host[unwrapped(index)] = unwrapped(value)

    def __len__(self) -> int:
        return len(self._host)

    def __float__(self) -> float:
        return float(self._host)

    def __bool__(self) -> bool:
        return bool(self._host)

    def __repr__(self) -> str:
        return repr(self._host)

    @property
    def device(self) -> Any:
        from .cuda import Device

        return Device(0)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(self._host, name)
        return function(found) if callable(found) else wrapped(found)


def unwrapped(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")
    if isinstance(value, list | tuple):
        return type(value)(map(unwrapped, value))
    return value._host if isinstance(value, ndarray) else value


def wrapped(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic) and not isinstance(value, np.dtype):
        return ndarray(np.asarray(value))
    if type(value) in (list, tuple) and any(isinstance(item, np.ndarray) for item in value):
        return type(value)(map(wrapped, value))
    return value


def function(of: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        options = {name: unwrapped(value) for name, value in options.items()}
        return wrapped(of(*map(unwrapped, arguments), **options))

    return call


for _name in _METHODS:
    setattr(ndarray, f"__{_name}__", function(getattr(np.ndarray, f"__{_name}__")))
