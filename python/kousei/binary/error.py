"""By how much a binary network can differ from the network it was made from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

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


def bound_error(
    source: Layers, errors: Sequence[Array], columns: Sequence[int], box: tuple[Array, Array]
) -> ErrorBound:
    """Bound the error of layers of signs, of so many columns, whose weights differ from those of `source`.

    Of column p of layer l by errors[l][p] at most.
    """
    reached = bounds_of(source, box, np.dtype(np.float64), "linear").layers
    parts, amplification = [], 1.0
    for count, error, (_, upper) in reversed(list(zip(columns, errors, reached, strict=False))):
        parts.append(amplification * float(error @ np.maximum(upper, 0)))
        amplification *= count
    return ErrorBound(tuple(reversed(parts)), "proven")
