from __future__ import annotations

import numpy as np

import kousei
from kousei import FunahashiNetwork
from kousei.funahashi import from_frequencies, hyperbolic_cross

from .evaluation import BACKENDS, DTYPES, Evaluation


def construct(order: int) -> FunahashiNetwork:
    return FunahashiNetwork.from_function(
        lambda x: np.exp(np.sin(np.pi * x[..., 0]) * np.cos(x[..., 1])),
        [(-1.0, 1.0)] * 2,
        order,
        extension="window",
        n_thresholds=8 * order,
    )


class Construct:
    params = ([16, 64, 256],)
    param_names = ("order",)

    def time_construct(self, order: int) -> None:
        construct(order)


class Funahashi(Evaluation):
    """Sizes are orders: 16 order^3 units."""

    params = (BACKENDS, [16, 32], DTYPES)

    def network(self, size: int) -> FunahashiNetwork:
        return construct(size)


class Methods:
    """Ways to evaluate 2,000 points of the network of 64^2 frequencies, merged and halved where it can be."""

    params = (["shared", "window", "table", "nufft", "auto"],)
    param_names = ("method",)

    def setup(self, method: str) -> None:
        kousei.set_num_threads(1)
        t = np.pi / 3 * (np.arange(64) - 31.5)
        net = construct(64)
        self.net = FunahashiNetwork(net.frequencies, net.amplitudes, t, 0.9, np.pi / 1.8, net.center).merge().halve()
        self.x = np.random.default_rng(0).uniform(-1, 1, (2000, 2))
        self.net(self.x, method=method)

    def time_evaluate(self, method: str) -> None:
        self.net(self.x, method=method)

    def peakmem_evaluate(self, method: str) -> None:
        self.net(self.x, method=method)

    def track_error(self, method: str) -> float:
        """Return the largest difference from the sum over all units, relative to the largest value."""
        few = self.x[:100]
        exact = self.net(few, method="dense")
        return float(np.abs(self.net(few, method=method) - exact).max() / np.abs(exact).max())


class ToTolerance:
    params = ([1e-2, 1e-4, 1e-6],)
    param_names = ("tol",)

    def time_construct(self, tol: float) -> None:
        FunahashiNetwork.from_function(lambda x: np.exp(x[..., 0] * np.sin(x[..., 1])), [(-1, 1)] * 2, tol=tol)

    def track_units(self, tol: float) -> int:
        net = FunahashiNetwork.from_function(lambda x: np.exp(x[..., 0] * np.sin(x[..., 1])), [(-1, 1)] * 2, tol=tol)
        return net.units


class FromFrequencies:
    """A periodic function of six variables, each coupled to the next, from a hyperbolic cross of pairs."""

    params = ([0.1, 0.03],)
    param_names = ("tol",)

    def setup(self, tol: float) -> None:
        kousei.set_num_threads(1)
        numbers = hyperbolic_cross(6, 8)
        self.numbers = numbers[np.count_nonzero(numbers, axis=1) <= 2]

    def function(self, x: np.ndarray) -> np.ndarray:
        return (np.cos(np.pi * x[..., 1:]) / (2 - np.sin(np.pi * x[..., :-1]))).sum(axis=-1)

    def construct(self, tol: float) -> FunahashiNetwork:
        return from_frequencies(self.function, [(-1, 1)] * 6, self.numbers, tol, period=2, rng=0)

    def time_construct(self, tol: float) -> None:
        self.construct(tol)

    def track_units(self, tol: float) -> int:
        return self.construct(tol).units

    def track_error(self, tol: float) -> float:
        """Return the largest error at 2,000 points of the box."""
        x = np.random.default_rng(0).uniform(-1, 1, (2000, 6))
        return float(np.abs(self.construct(tol)(x) - self.function(x)).max())
