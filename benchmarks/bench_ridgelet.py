from __future__ import annotations

from typing import Any

import numpy as np

import kousei
from kousei.ridgelet import AdmissiblePair, RidgeletTransform, ball_directions, gaussian_kernel

from .evaluation import BACKENDS, DTYPES, on_gpu


class Transform:
    """The transform and its dual over 64 x 64 points, 96 directions and 128 biases, on one CPU thread or a GPU."""

    params = (BACKENDS, ["slice", "direct"], ["relu", "tanh"], DTYPES)
    param_names = ("backend", "method", "activation", "dtype")

    def setup(self, backend: str, method: str, activation: str, dtype: str) -> None:
        kousei.set_num_threads(1)
        x = np.linspace(-1.5, 1.5, 64)
        disc, b = ball_directions(2, 6.0, 6, 16), np.linspace(-18, 18, 128)
        self.operator = RidgeletTransform((x, x), disc, b, AdmissiblePair(activation, 2), method, dtype=dtype)
        f = np.exp(-4 * ((x[:, None] - 0.2) ** 2 + x**2)).astype(dtype)
        self.f = f if backend == "numpy" else on_gpu(f)
        self.spectrum = self.operator.transform(self.f)
        self.operator.dual(self.spectrum)

    def transform(self) -> np.ndarray[Any, Any]:
        return on_host(self.operator.transform(self.f))

    def time_transform(self, backend: str, method: str, activation: str, dtype: str) -> None:
        self.transform()

    def peakmem_transform(self, backend: str, method: str, activation: str, dtype: str) -> None:
        self.transform()

    def time_dual(self, backend: str, method: str, activation: str, dtype: str) -> None:
        on_host(self.operator.dual(self.spectrum))

    def track_error(self, backend: str, method: str, activation: str, dtype: str) -> float:
        """Return the largest difference from direct sums in float64 on the CPU, relative to the largest value."""
        R = self.operator
        direct = RidgeletTransform(R.samples.axes, R.directions, R.biases, R.pair, "direct")
        exact = direct.transform(on_host(self.f).astype(np.float64))
        return float(np.abs(self.transform() - exact).max() / np.abs(exact).max())


class Kernel:
    """Values of Lambda^s G, on one CPU thread or a GPU."""

    params = (BACKENDS, [3.0, 4.0], DTYPES)
    param_names = ("backend", "s", "dtype")

    def setup(self, backend: str, s: float, dtype: str) -> None:
        kousei.set_num_threads(1)
        t = np.linspace(-20, 20, 2**18).astype(dtype)
        self.t = t if backend == "numpy" else on_gpu(t)
        gaussian_kernel(self.t, s)

    def time_gaussian_kernel(self, backend: str, s: float, dtype: str) -> None:
        on_host(gaussian_kernel(self.t, s))


def on_host(array: Any) -> np.ndarray[Any, Any]:
    return array if isinstance(array, np.ndarray) else array.get()
