"""The kernels of Funahashi networks, by each method."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from network import elementwise, sum_of_units
from problem import DTYPES, PRECISIONS, Array, Kernel, Problem, Rates

from kousei import FunahashiNetwork
from kousei.activation import logistic
from kousei.funahashi import bump_transform


def funahashi_networks(dim: int) -> Callable[[int], FunahashiNetwork]:
    thresholds = math.pi / 4 * np.arange(-16, 16)

    def network(units: int) -> FunahashiNetwork:
        rng = np.random.default_rng(0)
        n = units // (2 * len(thresholds))
        amplitudes = rng.normal(size=n) + 1j * rng.normal(size=n)
        return FunahashiNetwork(3 * rng.normal(size=(n, dim)), amplitudes, thresholds, 1.0, math.pi / 2)

    return network


def by_method(function: str, method: str, dtype: str, dim: int, cost: Callable[[FunahashiNetwork], Any]) -> Kernel:
    """Return the kernel of a method, or of the gradient; `cost` tells multiply-adds and quotients for each unit."""
    gradient = function == "funahashi_gradient"

    def network(units: int) -> FunahashiNetwork:
        # On a grid, which "separable" asks for; with thresholds beyond the points.
        thresholds = math.pi / 3 * (np.arange(48) - 23.5)
        order = max(2, round((units / (2 * len(thresholds))) ** (1 / dim)))
        axes = [np.linspace(-8, 8, order)] * dim
        w = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, dim)
        a = np.random.default_rng(0).normal(size=(len(w), 2))
        return FunahashiNetwork(w, a[:, 0] + 1j * a[:, 1], thresholds, 0.9, math.pi / 1.8).merge().astype(dtype)

    def problem(units: int, points: int) -> Problem:
        net = network(units)
        exact = net.astype("float64")

        def prepare(x: Array) -> Callable[[], Array]:
            there = net.like(x)
            return (lambda: there.gradient(x, method=method)) if gradient else (lambda: there(x, method=method))

        steep = float(np.abs(net.frequencies).max()) / net.delta if gradient else 1.0
        return Problem(
            x=np.random.default_rng(1).uniform(-1, 1, (points, dim)).astype(dtype),
            prepare=prepare,
            exact=(lambda x: exact.gradient(x, method="dense")) if gradient else (lambda x: exact(x, method="dense")),
            scale=float(np.abs(exact.to_mlp().weights[1]).sum()) * steep,
            evaluations=net.units * points,
        )

    def ceiling(rates: Rates) -> float:
        adds, quotients = cost(network(1 << 17))
        return 1 / (adds / rates[f"multiply-add {dtype}"] + quotients / rates[f"quotient {dtype} full"])

    tolerance = {"float64": 1e-14, "float32": 1e-5}[dtype]
    return Kernel(function, f"{dtype} dim {dim} {method}", tolerance, problem, (1 << 17, 1 << 16), ceiling)


def funahashi_methods() -> Iterator[Kernel]:
    def of_frequency(net: FunahashiNetwork) -> float:
        return len(net.frequencies) / net.units

    for dtype in DTYPES:
        for dim in (1, 2, 3):
            # Four units are one rational function of degree 3 over 4.
            yield by_method("funahashi_evaluate", "shared", dtype, dim, lambda _: (2, 0.25))
            yield by_method(
                "funahashi_evaluate_table", "table", dtype, dim, lambda net: ((20 + net.dim) * of_frequency(net), 0)
            )
            # Three waves of four multiply-adds.
            yield by_method("funahashi_fourier_sum", "separable", dtype, dim, lambda net: (12 * of_frequency(net), 0))
            yield by_method("funahashi_gradient", "dense", dtype, dim, lambda net: (15 + 2 * net.dim, 1))
        # Here the window is all of the units.
        yield by_method("funahashi_evaluate", "window", dtype, 2, lambda _: (7, 0.25))


def funahashi() -> Iterator[Kernel]:
    for dtype in DTYPES:
        for dim in (1, 2, 3, 5):
            for precision in PRECISIONS[dtype]:
                yield sum_of_units("funahashi_evaluate", funahashi_networks(dim), dtype, precision, logistic, dim)
        # Relative to Psi(0) = 3.
        yield elementwise(
            "funahashi_bump_transform",
            "logistic",
            dtype,
            lambda omega: bump_transform(omega, 1.0, 1.5),
            3 * 16,
        )
