"""The parameters of piecewise-linear activations that other libraries have a name for."""

from __future__ import annotations

from kousei.activation import Activation, Mixed, PiecewiseLinear
from kousei.activation.mixed import parts_of


def leak(activation: Activation) -> float | None:
    """Return a where z < 0 becomes a z and z >= 0 stays; None for other activations."""
    if isinstance(activation, PiecewiseLinear) and activation.is_homogeneous and activation.slopes[1] == 1:
        return activation.slopes[0]
    return None


def leaks(activation: Activation, units: int) -> list[float] | None:
    """Return the `leak` of each unit of a layer where all have one and not all the same; else None."""
    each = [slope for part, n in parts_of(activation, units) for slope in [leak(part)] * n]
    known = [slope for slope in each if slope is not None]
    return known if isinstance(activation, Mixed) and len(known) == units else None


def limits(activation: Activation) -> tuple[float, float] | None:
    """Return where z is cut off below and above; None for other activations."""
    if isinstance(activation, PiecewiseLinear) and activation.slopes == (0, 1, 0):
        least, most = activation.kinks
        return (least, most) if activation.value == least else None
    return None


def threshold(activation: Activation) -> float | None:
    """Return by how much z is moved towards 0, as far as 0; None for other activations."""
    if isinstance(activation, PiecewiseLinear) and activation.slopes == (1, 0, 1):
        below, above = activation.kinks
        return above if below == -above and activation.value == 0 else None
    return None
