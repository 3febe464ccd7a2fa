from __future__ import annotations

from collections.abc import Callable

import numpy as np

import kousei

_POINTS = 4096


def _quartic(x: np.ndarray) -> np.ndarray:
    return (x[:, 0] - 1) * (x[:, 0] - 2) * (x[:, 0] - 3) * (x[:, 0] - 4)


def _franke(x: np.ndarray) -> np.ndarray:
    u, v = 9 * x.T
    return (
        0.75 * np.exp(-((u - 2) ** 2 + (v - 2) ** 2) / 4)
        + 0.75 * np.exp(-((u + 1) ** 2) / 49 - (v + 1) / 10)
        + 0.5 * np.exp(-((u - 7) ** 2 + (v - 3) ** 2) / 4)
        - 0.2 * np.exp(-((u - 4) ** 2) - (v - 7) ** 2)
    )


def _product(x: np.ndarray) -> np.ndarray:
    return np.prod(1 / (0.17 + (x - np.array([0.3, 0.5, 0.7])) ** 2), axis=1)


_FUNCTIONS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], list[tuple[float, float]]]] = {
    "quartic": (_quartic, [(0.0, 5.0)]),
    "Franke": (_franke, [(0.0, 1.0)] * 2),
    "product peak": (_product, [(0.0, 1.0)] * 3),
}


class Construct:
    """A function and a tolerance to a network, by all constructors; and the network on a batch of points."""

    params = (list(_FUNCTIONS),)
    param_names = ("function",)
    timeout = 120.0

    def setup(self, function: str) -> None:
        kousei.set_num_threads(1)
        self.f, self.bounds = _FUNCTIONS[function]
        self.net = kousei.construct(self.f, self.bounds, 1e-6, rng=0)
        lo, hi = np.array(self.bounds).T
        self.x = np.random.default_rng(0).uniform(lo, hi, size=(_POINTS, len(lo)))

    def time_construct(self, function: str) -> None:
        kousei.construct(self.f, self.bounds, 1e-6, rng=0)

    def time_evaluate(self, function: str) -> None:
        self.net(self.x)

    def track_units(self, function: str) -> int:
        return self.net.units
