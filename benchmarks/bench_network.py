from __future__ import annotations

import numpy as np

import kousei
from kousei import MLP

from .evaluation import BACKENDS, DTYPES, Evaluation


class Network(Evaluation):
    """Sizes are hidden units, layer by layer."""

    params = (BACKENDS, [[2**12], [2**16], [256, 256], [16] * 3, [1024] * 3], DTYPES)

    def network(self, size: list[int]) -> MLP:
        return MLP.random([2, *size, 1], "tanh", rng=0)


class Calls:
    """Whole calls of networks with three hidden layers, on one CPU thread."""

    params = ([16, 64, 256, 512, 1024], [1, 256], DTYPES)
    param_names = ("width", "points", "dtype")

    def setup(self, width: int, points: int, dtype: str) -> None:
        kousei.set_num_threads(1)
        self.net = MLP.random([width] * 5, "relu", rng=0).astype(dtype)
        self.x = np.random.default_rng(0).normal(size=(points, width)).astype(dtype)
        self.net(self.x)

    def time_call(self, width: int, points: int, dtype: str) -> None:
        self.net(self.x)
