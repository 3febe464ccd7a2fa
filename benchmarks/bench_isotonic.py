from __future__ import annotations

import numpy as np

import kousei


class MonotoneSpline:
    """Fits of 256 samples, cross-validation included, and values, on one CPU thread; dim 5 is a sum."""

    params = ([1, 2, 3, 5],)
    param_names = ("dim",)

    def setup(self, dim: int) -> None:
        kousei.set_num_threads(1)
        rng = np.random.default_rng(0)
        self.x = rng.random((256, dim))
        self.y = np.exp(self.x.sum(axis=1)) + rng.normal(size=256)
        self.at = rng.random((2**14, dim))
        self.fitted = kousei.MonotoneRegressor().fit(self.x, self.y)

    def time_fit(self, dim: int) -> None:
        kousei.MonotoneRegressor().fit(self.x, self.y)

    def time_predict(self, dim: int) -> None:
        self.fitted.predict(self.at)

    def time_to_network(self, dim: int) -> None:
        self.fitted.to_network()

    def track_error_of_network(self, dim: int) -> float:
        """Return the largest difference of the network from the spline."""
        return float(np.abs(self.fitted.to_network()(self.at) - self.fitted.predict(self.at)).max())
