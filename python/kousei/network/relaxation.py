"""Activations on intervals: the values they take, and straight lines below and above them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from kousei.activation import Activation, PiecewiseLinear
from kousei.activation.base import BOUNDED, power_of
from kousei.activation.mixed import Mixed, parts_of

Array = np.ndarray[Any, Any]

#: Largest |g''| of the smooth activations.
_CURVATURE = dict(zip(BOUNDED, (0.0963, 0.7699, 0.9680, 0.6496), strict=True)) | {
    "gelu": 0.7979,
    "silu": 0.5001,
    "softplus": 0.2501,
}
#: Points of an interval at which a smooth activation is looked at.
_POINTS = 21


class Lines(NamedTuple):
    """below z + below_offset <= g(z) <= above z + above_offset, (units,) each."""

    below: Array
    below_offset: Array
    above: Array
    above_offset: Array


def check_known(name: str, activation: Activation) -> None:
    """Raise TypeError unless the range of an activation on an interval is known."""
    for part, _ in activation.parts if isinstance(activation, Mixed) else ((activation, 1),):
        if part.function is not None:
            raise TypeError(f"{name} was {part.name!r}, a function in Python; one that is built in is accepted")


def image(activation: Activation, lower: Array, upper: Array, eps: float) -> tuple[Array, Array]:
    """Return the least and the largest values that units compute, with rounding to `eps`, at z in [lower, upper]."""

    def of_part(g: Activation, lower: Array, upper: Array) -> tuple[Array, Array]:
        least, most = g.image(lower, upper)
        error = _rounding(g, lower, upper, eps)
        return least - error, most + error

    return _by_parts(activation, lower, upper, of_part)


def lines(activation: Activation, lower: Array, upper: Array, eps: float) -> Lines:
    """Return lines around what units compute, with rounding to `eps`, at z in [lower, upper].

    Of the lines that hold the best at the middle of the interval, those of the least area between line and function.
    They round too, by themselves and in a sum over all units.
    """
    margin = (len(lower) + 8) * eps

    def of_part(g: Activation, lower: Array, upper: Array) -> Lines:
        found = _lines(g, lower, upper)
        reach = np.maximum(np.abs(lower), np.abs(upper))
        error = _rounding(g, lower, upper, eps)
        widened = [
            offset + side * (error + margin * (np.abs(slope) * reach + np.abs(offset)))
            for side, slope, offset in ((-1, *found[:2]), (1, *found[2:]))
        ]
        return Lines(found.below, widened[0], found.above, widened[1])

    with np.errstate(invalid="ignore"):  # 0 times infinity, of intervals that are not finite
        return Lines(*_by_parts(activation, lower, upper, of_part))


def _by_parts(activation: Activation, lower: Array, upper: Array, of_part: Callable[..., tuple[Array, ...]]) -> Any:
    found, first = [], 0
    for part, units in parts_of(activation, len(lower)):
        span = slice(first, first + units)
        found.append(of_part(part, lower[span], upper[span]))
        first += units
    return tuple(map(np.concatenate, zip(*found, strict=True)))


def _rounding(g: Activation, lower: Array, upper: Array, eps: float) -> Array:
    """Return how far computed values of g at [lower, upper] can be from g."""
    reach = np.maximum(np.abs(lower), np.abs(upper))
    if not isinstance(g, PiecewiseLinear):
        size = np.abs(g.image(lower, upper)).max(axis=0)
        return (8 + power_of(g.name)) * eps * np.maximum(1, size if g.name in BOUNDED else np.maximum(size, reach))
    if not any(g.intercepts) and {*g.slopes} <= {-1.0, 0.0, 1.0}:
        return np.zeros(len(lower))
    steep = np.abs(g.slopes).max()
    size = np.abs(g.intercepts).max() + steep * (np.abs(g.kinks).max() + reach)
    return 2 * (len(g.kinks) + 1) * eps * size


def _curvature(g: Activation, upper: Array) -> Array | float:
    """Return the largest |g''| below `upper`."""
    power = power_of(g.name)
    return power * (power - 1) * np.maximum(upper, 0) ** (power - 2) if power else _CURVATURE[g.name]


def _points(g: Activation, lower: Array, upper: Array) -> Array:
    """Return points (k, units) of the intervals: for piecewise-linear g where it is linear in between."""
    if isinstance(g, PiecewiseLinear):
        return np.stack([lower, *(np.clip(kink, lower, upper) for kink in g.kinks), upper])
    share = np.linspace(0, 1, _POINTS)[:, None]
    return lower * (1 - share) + upper * share


def _lines(g: Activation, lower: Array, upper: Array) -> Lines:
    """Return lines around g; level ones where an interval is not finite."""
    least, most = g.image(lower, upper)
    known = np.isfinite(least) & np.isfinite(most) & np.isfinite(upper - lower)
    start, stop = np.where(known, lower, 0), np.where(known, upper, 0)
    points = _points(g, start, stop)
    values = np.stack([g(z) for z in points])
    last = len(points) - 1
    pairs = list(combinations(range(last + 1), 2))
    bend = np.zeros(len(lower))  # how far g can be from its chords between neighbours
    if not isinstance(g, PiecewiseLinear):
        # Chords from the ends, and of the middle as a tangent there.
        pairs = [(i, j) for i, j in pairs if i == 0 or j == last or (abs(i + j - last) == 1 and j - i == 1)]
        bend = ((stop - start) / last) ** 2 / 8 * _curvature(g, stop)
    level = np.zeros(len(lower))
    above, above_offset = _line_above(points, values, bend, pairs, (level, most), known)
    below, below_offset = _line_above(points, -values, bend, pairs, (level, -least), known)
    return Lines(-below, -below_offset, above, above_offset)


def _line_above(
    points: Array, values: Array, bend: Array, pairs: list[tuple[int, int]], level: tuple[Array, Array], known: Array
) -> tuple[Array, Array]:
    """Return slope and offset of the lowest line, at the middle, above values at points, of those along the pairs."""
    middle = (points[0] + points[-1]) / 2
    slope, offset = level
    with np.errstate(over="ignore", invalid="ignore"):
        for i, j in pairs:
            width = points[j] - points[i]
            chord = np.divide(values[j] - values[i], width, out=np.zeros_like(width), where=width > 0)
            # Whatever its slope, a line holds with the offset that the points ask for.
            moved = (values - chord * points).max(axis=0) + bend
            better = known & (chord * middle + moved < slope * middle + offset)
            slope, offset = np.where(better, chord, slope), np.where(better, moved, offset)
    return slope, offset
