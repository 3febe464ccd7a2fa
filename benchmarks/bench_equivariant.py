from __future__ import annotations

from typing import Any

import numpy as np

import kousei
from kousei.equivariant import FiniteRidgelet, orbit_sum

from .evaluation import BACKENDS, DTYPES, on_gpu


class Finite:
    """The transform over Z_p^d and its inverse, on one CPU thread or a GPU."""

    params = (BACKENDS, [(31, 2), (61, 2), (31, 3), (251, 2)], DTYPES)
    param_names = ("backend", "p, dim", "dtype")

    def setup(self, backend: str, size: tuple[int, int], dtype: str) -> None:
        kousei.set_num_threads(1)
        p, dim = size
        g = np.maximum(np.arange(p) - (p - 1) / 2, 0.0)
        self.operator = FiniteRidgelet(p, dim, g, g - g.mean(), dtype=dtype)
        f = np.random.default_rng(0).normal(size=(p,) * dim).astype(dtype)
        self.f = f if backend == "numpy" else on_gpu(f)
        self.spectrum = self.operator.transform(self.f)
        self.operator.reconstruct(self.spectrum)

    def time_transform(self, backend: str, size: tuple[int, int], dtype: str) -> None:
        on_host(self.operator.transform(self.f))

    def time_reconstruct(self, backend: str, size: tuple[int, int], dtype: str) -> None:
        on_host(self.operator.reconstruct(self.spectrum))

    def peakmem_transform(self, backend: str, size: tuple[int, int], dtype: str) -> None:
        on_host(self.operator.transform(self.f))

    def track_error(self, backend: str, size: tuple[int, int], dtype: str) -> float:
        """Return the largest error of the function that comes back."""
        return float(np.abs(on_host(self.operator.reconstruct(self.spectrum)) - on_host(self.f)).max())


class Sums:
    """Sums over 1024 x 1024 pairs, by labels of 16 orbits or for units of Z_31^2, on one CPU thread or a GPU."""

    params = (BACKENDS, ["orbits", "transposed orbits", "ridges"], [1, 16], DTYPES)
    param_names = ("backend", "labels", "batch", "dtype")

    def setup(self, backend: str, labels: str, batch: int, dtype: str) -> None:
        kousei.set_num_threads(1)
        there = on_gpu if backend == "cupy" else np.asarray
        rng = np.random.default_rng(0)
        if labels == "ridges":
            g = np.maximum(np.arange(31) - 15.0, 0.0)
            R, f = FiniteRidgelet(31, 2, g, g - g.mean(), "direct", dtype=dtype), rng.normal(size=(batch, 31, 31))
            given = there(f.astype(dtype))
            self.sums = lambda: R.transform(given)
        else:
            pairs = there(rng.integers(0, 16, (1024, 1024), dtype=np.int32))
            v, f = there(rng.normal(size=16).astype(dtype)), there(rng.normal(size=(batch, 1024)).astype(dtype))
            self.sums = lambda: orbit_sum(f, pairs, v, transpose=labels != "orbits")
        self.sums()

    def time_sums(self, backend: str, labels: str, batch: int, dtype: str) -> None:
        on_host(self.sums())


def on_host(array: Any) -> np.ndarray[Any, Any]:
    return array if isinstance(array, np.ndarray) else array.get()
