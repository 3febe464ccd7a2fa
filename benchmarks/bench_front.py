from __future__ import annotations

import numpy as np

import kousei

_POINTS = 4096


class Construct:
    """A function and a tolerance to a network, by all constructors; and the network on a batch of points."""

    params = (["quartic", "Franke", "product peak 3-D"],)
    param_names = ("function",)
    timeout = 120.0

    def setup(self, function: str) -> None:
        kousei.set_num_threads(1)
        self.f, self.bounds, self.tol, _ = kousei.front.benchmark_functions()[function]
        self.net = kousei.construct(self.f, self.bounds, self.tol, rng=0)
        lo, hi = np.array(self.bounds).T
        self.x = np.random.default_rng(0).uniform(lo, hi, size=(_POINTS, len(lo)))

    def time_construct(self, function: str) -> None:
        kousei.construct(self.f, self.bounds, self.tol, rng=0)

    def time_evaluate(self, function: str) -> None:
        self.net(self.x)

    def track_units(self, function: str) -> int:
        return self.net.units
