"""What the asv benchmarks of all networks share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

import kousei
from kousei import MLP
from kousei._lib.backends import why_no_cuda

BACKENDS = ["numpy", "cupy"]
DTYPES = ["float32", "float64"]
POINTS = 256


class Evaluation(ABC):
    """The evaluation of networks of two inputs and one output, on one CPU thread or a GPU."""

    param_names = ("backend", "size", "dtype")

    @abstractmethod
    def network(self, size: Any) -> MLP:
        """Return the float64 network of a size."""

    def setup(self, backend: str, size: Any, dtype: str) -> None:
        kousei.set_num_threads(1)
        self.exact = self.network(size)
        self.points = np.random.default_rng(0).uniform(-1, 1, (POINTS, 2)).astype(dtype)
        self.x = self.points if backend == "numpy" else on_gpu(self.points)
        self.net = self.exact.like(self.x)
        self.evaluate()

    def evaluate(self) -> Any:
        values = self.net(self.x)
        return values if isinstance(values, np.ndarray) else values.get()

    def time_evaluate(self, backend: str, size: Any, dtype: str) -> None:
        self.evaluate()

    def peakmem_evaluate(self, backend: str, size: Any, dtype: str) -> None:
        self.evaluate()

    def track_error(self, backend: str, size: Any, dtype: str) -> float:
        """Return the largest difference from float64 on the CPU, relative to the largest value."""
        exact = self.exact(self.points.astype(np.float64))
        return float(np.abs(self.evaluate() - exact).max() / np.abs(exact).max())


def on_gpu(array: np.ndarray[Any, Any]) -> Any:
    """Return a CuPy array; NotImplementedError, which asv shows as n/a, where there can be none."""
    reason = why_no_cuda()
    if reason:
        raise NotImplementedError(reason)
    try:
        import cupy
    except ImportError as error:
        raise NotImplementedError(str(error)) from error
    return cupy.asarray(array)
