from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable

import numpy as np

import kousei
from kousei import FunahashiNetwork

from . import Case, UnavailableError, case, wall_seconds
from .dense import compare, points


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
            net(x)
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
