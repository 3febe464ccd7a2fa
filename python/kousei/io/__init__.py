"""Networks in files, and as the models of other libraries."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kousei.io.files import load, register, save

if TYPE_CHECKING:
    from kousei.io.onnx import from_onnx, to_onnx
    from kousei.io.sklearn import from_sklearn
    from kousei.io.torch import from_torch, to_torch

__all__ = ["from_onnx", "from_sklearn", "from_torch", "load", "register", "save", "to_onnx", "to_torch"]

#: Where the others are, loaded when they are asked for: most programs need none of them.
_LATER = {
    "from_onnx": "onnx",
    "to_onnx": "onnx",
    "from_sklearn": "sklearn",
    "from_torch": "torch",
    "to_torch": "torch",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
