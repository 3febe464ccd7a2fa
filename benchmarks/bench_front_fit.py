from __future__ import annotations

import numpy as np

import kousei

NOISE = 0.1


class Fit:
    """Fits of noisy samples of a wave in 5 dimensions, the choice of slopes and directions included."""

    params = ([200, 1000, 10000],)
    param_names = ("samples",)

    def setup(self, samples: int) -> None:
        kousei.set_num_threads(1)
        rng = np.random.default_rng(0)
        self.x, self.at = rng.random((samples, 5)), rng.random((4000, 5))
        self.y = wave(self.x) + NOISE * rng.normal(size=samples)

    def time_fit(self, samples: int) -> None:
        kousei.fit(self.x, self.y, units=200, rng=0)

    def track_error(self, samples: int) -> float:
        """Return the root mean square error against the wave, over that of the noise."""
        net = kousei.fit(self.x, self.y, units=200, rng=0)
        return float(np.sqrt(np.mean((net(self.at) - wave(self.at)) ** 2)) / NOISE)


def wave(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.sin(3 * x[:, 0] + 2 * x[:, 1]) + x[:, 2] ** 2)
