from __future__ import annotations

import numpy as np

import kousei
from kousei import MLP
from kousei.attribution import AttentionPooling, DeepSet, owen_kernel, owen_permutation, owen_values


class OwenValues:
    """Exact Owen values of five items, on one CPU thread."""

    params = (["deep set", "attention"], [4, 8])
    param_names = ("pooling", "features")

    def setup(self, pooling: str, features: int) -> None:
        kousei.set_num_threads(1)
        phi, rho = MLP.random([features, 64, 32], rng=0), MLP.random([32, 32, 1], rng=1)
        score = MLP.random([features, 16, 1], "tanh", rng=2)
        self.f = DeepSet(phi, rho) if pooling == "deep set" else AttentionPooling(phi, score, rho)
        self.items = np.random.default_rng(0).normal(size=(5, features))

    def time_owen_values(self, pooling: str, features: int) -> None:
        owen_values(self.f, self.items)

    def time_owen_kernel(self, pooling: str, features: int) -> None:
        owen_kernel(self.f, self.items, 800, rng=0)

    def time_owen_permutation(self, pooling: str, features: int) -> None:
        owen_permutation(self.f, self.items, 800, rng=0)

    def track_error_of_800_values(self, pooling: str, features: int) -> float:
        """Return the root mean square error of owen_kernel, relative to the values."""
        exact = owen_values(self.f, self.items).features
        found = owen_kernel(self.f, self.items, 800, rng=0).features
        return float(np.sqrt(np.mean((found - exact) ** 2) / np.mean(exact**2)))
