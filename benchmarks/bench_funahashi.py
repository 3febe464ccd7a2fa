from __future__ import annotations

import numpy as np

from kousei import FunahashiNetwork

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
