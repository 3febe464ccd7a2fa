from __future__ import annotations

import numpy as np

import kousei

from .cases.score import mixture


class Score:
    """A score estimated in closed form from points of a mixture, its loss and samples, on one CPU thread."""

    params = (["tanh", "repu2"], [2, 16], [8192])
    param_names = ("activation", "dim", "points")

    def setup(self, activation: str, dim: int, points: int) -> None:
        kousei.set_num_threads(1)
        self.x, _ = mixture(points, dim)
        self.estimator = kousei.ScoreEstimator(activation=activation, random_state=0).fit(self.x)

    def time_fit(self, activation: str, dim: int, points: int) -> None:
        self.estimator.fit(self.x)

    def peakmem_fit(self, activation: str, dim: int, points: int) -> None:
        self.estimator.fit(self.x)

    def time_score(self, activation: str, dim: int, points: int) -> None:
        self.estimator.score(self.x)

    def time_loss(self, activation: str, dim: int, points: int) -> None:
        self.estimator.score_samples(self.x)

    def track_error(self, activation: str, dim: int, points: int) -> float:
        """Return the mean squared error relative to the mean square of the score."""
        x, exact = mixture(points, dim, seed=1)
        return float(np.sum((self.estimator.score(x) - exact) ** 2) / np.sum(exact**2))


class Langevin:
    """A hundred steps of 2000 chains in the plane, on one CPU thread."""

    def setup(self) -> None:
        kousei.set_num_threads(1)
        self.estimator = kousei.ScoreEstimator(random_state=0).fit(mixture(8192, 2)[0])

    def time_sample(self) -> None:
        self.estimator.sample(2000, steps=100, random_state=0)
