from __future__ import annotations

from typing import Any

import numpy as np

import kousei

from .evaluation import BACKENDS, DTYPES, on_gpu

SIZE = 4096


def random_signs(rows: int, columns: int, seed: int = 0) -> kousei.PackedSigns:
    signs = np.random.default_rng(seed).integers(0, 2, (rows, columns), np.int8)
    return kousei.pack_signs(2 * signs - 1)


class Products:
    """4096^2 signs times points, on one CPU thread or a GPU."""

    params = (BACKENDS, [1, 4, 16, 64, 256], DTYPES)
    param_names = ("backend", "points", "dtype")

    def setup(self, backend: str, points: int, dtype: str) -> None:
        kousei.set_num_threads(1)
        self.exact = random_signs(SIZE, SIZE)
        self.points = np.random.default_rng(0).normal(size=(points, SIZE)).astype(dtype)
        self.x = self.points if backend == "numpy" else on_gpu(self.points)
        self.signs = self.exact.like(self.x)
        self.matmul()

    def matmul(self) -> Any:
        values = self.signs.matmul(self.x)
        return values if isinstance(values, np.ndarray) else values.get()

    def time_matmul(self, backend: str, points: int, dtype: str) -> None:
        self.matmul()

    def peakmem_matmul(self, backend: str, points: int, dtype: str) -> None:
        self.matmul()

    def track_error(self, backend: str, points: int, dtype: str) -> float:
        """Return the largest error as a share of the Euclidean norm of its point."""
        x = self.points.astype(np.float64)
        exact = x @ self.exact.unpack("float64").T
        return float((np.abs(self.matmul() - exact) / np.linalg.norm(x, axis=1, keepdims=True)).max())


class Dot:
    """Signs times signs, on one CPU thread."""

    params = ([16, 256, 4096],)
    param_names = ("rows",)

    def setup(self, rows: int) -> None:
        kousei.set_num_threads(1)
        self.signs, self.others = random_signs(SIZE, SIZE), random_signs(rows, SIZE, seed=1)

    def time_dot(self, rows: int) -> None:
        self.signs.dot(self.others)

    def peakmem_dot(self, rows: int) -> None:
        self.signs.dot(self.others)


class Packing:
    params = (["int8", *DTYPES],)
    param_names = ("dtype",)

    def setup(self, dtype: str) -> None:
        kousei.set_num_threads(1)
        self.packed = random_signs(SIZE, SIZE)
        self.signs = self.packed.unpack(dtype)

    def time_pack(self, dtype: str) -> None:
        kousei.pack_signs(self.signs)

    def time_unpack(self, dtype: str) -> None:
        self.packed.unpack(dtype)
