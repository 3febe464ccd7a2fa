"""Activations f with f(c z) = c^p f(z) for c > 0."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from kousei.activation import Activation, PiecewiseLinear
from kousei.activation.base import power_of
from kousei.activation.mixed import mix, parts_of

if TYPE_CHECKING:
    from kousei.binary.network import BinaryNetwork

Array = np.ndarray[Any, Any]


def degree_of(activation: Activation) -> int:
    """Return p of a function of one unit; 0 where there is none."""
    if isinstance(activation, PiecewiseLinear):
        return int(activation.is_homogeneous)
    return power_of(activation.name) if activation.function is None else 0


def degrees_of(activation: Activation, units: int) -> Array:
    """Return p of each unit of a layer, (units,) of int64; 0 where there is none."""
    parts = parts_of(activation, units)
    return np.array([degree_of(part) for part, _ in parts])[parts_of_units(parts)]


def of_units(activation: Activation, units: int, sources: Array) -> Activation:
    """Return the activation of a layer whose unit k does what unit sources[k] of a layer of `units` does."""
    parts = parts_of(activation, units)
    if len(parts) == 1 or len(sources) == 0:
        return parts[0][0]
    numbers = parts_of_units(parts)[sources]
    return mix((parts[number][0], len(list(run))) for number, run in groupby(numbers.tolist()))


def parts_of_units(parts: Sequence[tuple[Activation, int]]) -> Array:
    """Return which of the parts of a layer each of its units belongs to."""
    return np.repeat(np.arange(len(parts)), [n for _, n in parts])


def factors_of(net: BinaryNetwork) -> Array:
    """Return what the values of the rows are multiplied by for those of the units of the first hidden layer."""
    if not net.activations:
        return powers_of(net.scales, 1, net.dtype)
    return powers_of(net.scales, degrees_of(net.activations[0], len(net.weight))[net.sources], net.dtype)


def powers_of(scales: Array, degrees: Array | int, dtype: np.dtype[Any]) -> Array:
    """Return by how much f(scale z) is a multiple of f(z), of a degree for each scale."""
    with np.errstate(over="ignore", under="ignore"):
        return (scales**degrees).astype(dtype)
