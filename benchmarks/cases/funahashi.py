from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable

import numpy as np

import kousei
from kousei import FunahashiNetwork

from . import Case, Check, UnavailableError, case, wall_seconds
from .dense import CHUNK_POINTS, CHUNK_UNITS, Array, compare, keops_reduction, numpy_chunks, points, torch_chunks


def network(order: int = 64) -> FunahashiNetwork:
    """Return 2 order^3 units for a function of two variables."""
    with warnings.catch_warnings():
        # Thresholds pi/2 apart: the speed does not depend on it.
        warnings.simplefilter("ignore", UserWarning)
        return FunahashiNetwork.from_function(
            lambda x: np.exp(np.sin(math.pi * x[..., 0]) * np.cos(x[..., 1])),
            [(-1.0, 1.0)] * 2,
            order,
            n_thresholds=order,
            extension="window",
            delta=1.0,
            cutoff=order / 4 * math.pi,
        )


@case("funahashi-dense-float64", "float64", 4.0, 1e-14)
@case("funahashi-dense-float32", "float32", 10.0, None)
def dense(dtype: str, numpy_floor: float, error_ceiling: float | None) -> Case:
    return compare(network, dtype, numpy_floor, error_ceiling)


@case("funahashi-threads")
def threads() -> Case:
    if len(os.sched_getaffinity(0)) < 2:
        raise UnavailableError("needs two cores")
    net = network()
    x = points(net.dim)

    def on(count: int) -> Callable[[], None]:
        def run() -> None:
            kousei.set_num_threads(count)
            net(x, method="dense")
            kousei.set_num_threads(1)

        return run

    return Case(
        work=net.units * len(x),
        sizes={"dim": net.dim, "units": net.units, "points": len(x), "threads": 2},
        dtype="float64",
        ours=on(2),
        others={"ours on 1 thread": lambda: on(1)},
        floors={"ours on 1 thread": 1.7},
        clock=wall_seconds,
    )


def symmetric(dim: int, order: int, count: int, spacing: float, delta: float, period: float) -> FunahashiNetwork:
    """Return 2 count order^dim units, with thresholds symmetric about 0."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        net = FunahashiNetwork.from_function(
            lambda x: np.exp(np.sin(math.pi * x[..., 0]) * np.cos(x[..., -1])),
            [(-1.0, 1.0)] * dim,
            order,
            n_thresholds=count,
            extension="window",
            period=period,
            delta=delta,
            cutoff=spacing * count / 2,
        )
        t = spacing * (np.arange(count) - (count - 1) / 2)
        return FunahashiNetwork(net.frequencies, net.amplitudes, t, delta, math.pi / 2 / delta, net.center)


@case("funahashi-shared-2d", "shared", 45.0, 1024, (2, 64, 64, math.pi / 2, 1.0, 4.0))
@case("funahashi-shared-3d", "shared", 28.0, 1024, (3, 20, 20, math.pi / 2, 1.0, 4.0))
@case("funahashi-window-1d", "window", 180.0, 1024, (1, 512, 512, math.pi / 4, 1.0, 4.0))
@case("funahashi-table-2d", "table", 72.0, 1024, (2, 64, 64, math.pi / 2, 1.0, 4.0))
@case("funahashi-nufft-2d", "nufft", 1000.0, 10_000, (2, 64, 128, math.pi / 4, 0.7, 20.0))
def method(name: str, numpy_floor: float, count: int, parameters: tuple[int, int, int, float, float, float]) -> Case:
    """Return the case of a method on the network rewritten exactly, beside the sum over all of its units."""
    net = symmetric(*parameters)
    rewritten = net.merge().halve()
    x = points(net.dim, count=count)
    mlp = net.to_mlp()
    few = x[:256]

    def error() -> float:
        scale = np.abs(net.amplitudes).sum() if name == "nufft" else np.abs(mlp.weights[1]).sum()
        return float(np.abs(rewritten(few, method=name) - net(few, method="dense")).max() / scale)

    others = {
        "numpy float64": lambda: numpy_chunks(mlp, x),
        "torch float64": lambda: torch_chunks(mlp, x),
        "numpy Fourier sum": lambda: fourier_sum(net, x),
    }
    if name != "nufft":  # KeOps would take minutes
        others["keops float64"] = lambda: keops_reduction(mlp, x)
    return Case(
        work=net.units * count,
        sizes={"dim": net.dim, "order": parameters[1], "units": net.units, "points": count},
        dtype="float64",
        chunks=f"others: {CHUNK_POINTS} points x {CHUNK_UNITS} units; ours: units merged, frequencies halved",
        ours=lambda: rewritten(x, method=name),
        others=others,
        floors={"numpy float64": numpy_floor},
        checks={
            "error": Check(
                error,
                f"max |{name} - dense| / sum |{'a' if name == 'nufft' else 'c'}|",
                1e-12 if name == "nufft" else 1e-14,
            )
        },
    )


def fourier_sum(net: FunahashiNetwork, x: Array) -> Callable[[], Array]:
    """Return NumPy's sum of Re[a_w e^(is)], which the network stands for; in chunks, the products in one call."""
    w, a = net.frequencies, net.amplitudes

    def run() -> Array:
        chunks = [x[i : i + CHUNK_POINTS] - net.center for i in range(0, len(x), CHUNK_POINTS)]
        return np.concatenate([(np.exp(1j * (chunk @ w.T)) @ a).real for chunk in chunks])

    return run
