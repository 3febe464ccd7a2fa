"""By how much a binary network can differ from the network it was made from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kousei.activation import Activation, PiecewiseLinear
from kousei.activation.mixed import parts_of
from kousei.binary.decomposition import Rounding
from kousei.binary.homogeneous import degrees_of
from kousei.network import relaxation
from kousei.network.bounds import bounds_of
from kousei.network.layers import Layers

Array = np.ndarray[Any, Any]


class ErrorBound(NamedTuple):
    """Bound on the error of a binary network on a box, see `BinaryNetwork.error_bound`.

    Parameters
    ----------
    layers : tuple of float
        What rounding the weights of each layer but the first to signs contributes.
    kind : {"proven"}
        Of real arithmetic: the rounding of the parameters to the dtype, and that of the evaluation, are not in it.
    """

    layers: tuple[float, ...]
    kind: str

    @property
    def total(self) -> float:
        """Sum of the parts."""
        return math.fsum(self.layers)


def bound_error(source: Layers, bits: int, roundings: Sequence[Rounding], box: tuple[Array, Array]) -> ErrorBound:
    """Bound what rounding each layer of signs contributes to the largest error of an output; inf where it overflows.

    From the inputs upwards: pre-activations that are off by at most d make the units of the next layer be off by at
    most growth(d) in sum, and so the sums of signs over them, to which the layer's own rounding adds e. With d' =
    growth(d) + e the contributions are those for which growth is linear, with the slope that it has at d.

    Parameters
    ----------
    source : Layers
        What was rounded.
    bits : int
        Units of each column that is not 0.
    roundings : sequence of Rounding
        Of each layer of signs.
    box : pair of (dim,)
    """
    eps = float(np.finfo(np.float64).eps)
    reached = bounds_of(source, box, np.dtype(np.float64), "linear").layers
    parts: list[float] = []
    for activation, rounding, (lower, upper) in zip(source.activations, roundings, reached, strict=False):
        with np.errstate(over="ignore", invalid="ignore"):
            growth = _growth(activation, rounding.step, bits, upper, sum(parts)) if parts else 1.0
            least, most = relaxation.image(activation, lower, upper, eps)
            distance = np.maximum(most - rounding.center, rounding.center - least)
            own = float(rounding.error @ np.where(rounding.error > 0, distance, 0))
        parts = [growth * part if part else 0.0 for part in parts] + [own]
    return ErrorBound(tuple(parts), "proven")


def _growth(activation: Activation, step: Array, bits: int, upper: Array, off: float) -> float:
    """Return how many times `off` the units of a layer, in sum, are off where each pre-activation is off by it.

    The unit of step 2^q of a column has (step 2^q)^(1/p) times its pre-activation z, and of max(z, 0)^p the slope is
    largest at the upper end.
    """
    p = degrees_of(activation, len(step))
    kept = step > 0
    scale = np.ldexp(step[kept, None], np.arange(bits)) ** (1 / p[kept, None])
    slope = p[kept, None] * (scale * np.maximum(upper[kept, None], 0) + off) ** (p[kept, None] - 1)
    return float((slope * _steepest(activation, len(step))[kept, None]).sum())


def _steepest(activation: Activation, units: int) -> Array:
    """Return the largest slope of each unit that is piecewise linear, 1 for others."""
    return np.concatenate(
        [
            np.full(count, np.abs(part.slopes).max() if isinstance(part, PiecewiseLinear) else 1.0)
            for part, count in parts_of(activation, units)
        ]
    )
