"""Array libraries the tests run over, and functions they share."""

import importlib
import importlib.util
from dataclasses import dataclass
from typing import Any

import numpy as np

from kousei._lib.backends import why_no_cuda


@dataclass(frozen=True)
class Library:
    """How the tests make arrays of one library and read them back."""

    name: str

    @property
    def xp(self) -> Any:
        return importlib.import_module(self.name.partition(":")[0])

    @property
    def on_gpu(self) -> bool:
        return self.name in ("cupy", "torch:cuda")

    def asarray(self, array: np.ndarray) -> Any:
        if self.name == "numpy:read-only":
            array = array.copy(order="K")
            array.flags.writeable = False
            return array
        if self.name == "torch:cuda":
            return self.xp.asarray(array, device="cuda")
        return self.xp.asarray(array)

    def numpy(self, array: Any) -> np.ndarray:
        if self.name == "cupy":
            return array.get()
        if self.name.startswith("torch"):
            return array.cpu().numpy()
        return np.from_dlpack(array)


def libraries() -> list[str]:
    names = ["numpy", "numpy:read-only"]
    names += [name for name in ("array_api_strict", "torch") if importlib.util.find_spec(name)]
    if not why_no_cuda():
        names += ["cupy"] if importlib.util.find_spec("cupy") else []
        names += ["torch:cuda"] if "torch" in names else []
    return names


def quartic(x: np.ndarray) -> np.ndarray:
    """First function of Kakizaki and Akiba, on [0, 5]."""
    return np.prod([x[..., 0] - k for k in (1, 2, 3, 4)], axis=0)


def xor(x: np.ndarray) -> np.ndarray:
    """Second function of Kakizaki and Akiba, on [0, 1]^2."""
    return (1 - np.cos(np.pi * x[..., 0]) * np.cos(np.pi * x[..., 1])) / 2
