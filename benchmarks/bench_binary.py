from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

import kousei
from kousei import MLP, BinaryNetwork

from .evaluation import DTYPES, on_gpu

METHODS = ["chain", "dyadic", "auto", "3 bits", "3 bits, calibrated"]


class Binarize:
    """A network of two hidden layers with weights of 8 digits."""

    params = (METHODS,)
    param_names = ("method",)

    def setup(self, method: str) -> None:
        kousei.set_num_threads(1)
        rng = np.random.default_rng(0)
        sizes = [64, 32, 32, 10]
        weights = [rng.integers(-255, 256, pair[::-1]) / 256 for pair in pairwise(sizes)]
        self.net = MLP(weights, [rng.normal(size=len(weight)) for weight in weights], ["relu"] * 2)
        self.points = rng.normal(size=(1000, 64))

    def binarize(self, method: str) -> BinaryNetwork:
        if method in ("chain", "dyadic", "auto"):
            return kousei.binarize(self.net, method)
        calibrate = self.points if "calibrated" in method else None
        return kousei.binarize(self.net, "bits", bits=3, calibrate=calibrate)

    def time_binarize(self, method: str) -> None:
        self.binarize(method)

    def peakmem_binarize(self, method: str) -> None:
        self.binarize(method)

    def track_signs(self, method: str) -> int:
        return self.binarize(method).summary().binary

    def track_error(self, method: str) -> float:
        """Return the root mean square of the error, relative to that of the outputs."""
        exact = self.net(self.points)
        return float(np.sqrt(np.square(self.binarize(method)(self.points) - exact).mean() / np.square(exact).mean()))


class Forms:
    """Ways to evaluate an exact network of 3 million signs, on one CPU thread or a GPU."""

    params = (["numpy, ranks", "numpy, packed", "cupy, packed"], [1, 256], DTYPES)
    param_names = ("form", "points", "dtype")

    def setup(self, form: str, points: int, dtype: str) -> None:
        kousei.set_num_threads(1)
        backend, self.form = form.split(", ")
        self.exact = MLP.random([64, 32, 32, 10], "relu", rng=0)
        self.points = np.random.default_rng(0).normal(size=(points, 64)).astype(dtype)
        self.x = self.points if backend == "numpy" else on_gpu(self.points)
        self.net = kousei.binarize(self.exact).like(self.x)
        self.evaluate()

    def evaluate(self) -> Any:
        values = self.net(self.x, form=self.form)
        return values if isinstance(values, np.ndarray) else values.get()

    def time_evaluate(self, form: str, points: int, dtype: str) -> None:
        self.evaluate()

    def peakmem_evaluate(self, form: str, points: int, dtype: str) -> None:
        self.evaluate()

    def track_error(self, form: str, points: int, dtype: str) -> float:
        """Return the largest difference from the given network in float64, relative to its largest value."""
        exact = self.exact(self.points.astype(np.float64))
        return float(np.abs(self.evaluate() - exact).max() / np.abs(exact).max())
