"""Functions of one variable in piecewise-linear units: knots where the second derivative asks for them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from kousei.activation import PiecewiseLinear
from kousei.front.lines.pieces import Pieces, Units
from kousei.front.problem import RefusedError

Array = np.ndarray[Any, Any]

#: Error that knots aim at, and that a slope may be left out for, where 1 is allowed.
_AIM, _FLAT = 0.76, 1 / 64
#: Points of a segment that are looked at, between its ends.
_BETWEEN = 7


def fit_knots(pieces: Pieces, g: PiecewiseLinear, most: int) -> Units:
    """Return weight, bias, coef and offset of units of g whose kinks are the knots of a piecewise-linear function.

    Between the kinks of f the knots are as dense as |f''|^(1/2), so that all segments, of a length h, are off by as
    much, h^2 |f''|/16: de Boor, A Practical Guide to Splines, chapter XII.
    """
    needs = needed(pieces, pieces.kinks)
    found = None
    # Knots for each that is needed, asymptotically: as many more as it takes, then as few.
    least, factor, enough = 0.0, 1.0, math.inf
    while enough - least > 0.01 * factor and enough > 0.1:
        knots = spread(needs, factor)
        if found is None and len(knots) - 1 > most:
            raise RefusedError(f"it takes more than {most} piecewise-linear units")
        values, error = _values(pieces, knots)
        if error <= _AIM:
            found, enough = (knots, values), factor
        else:
            least = factor
        factor = 1.25 * factor if found is None else (least + enough) / 2
    assert found is not None
    units = write_knots(*found, g)
    if len(units[0]) > most:
        raise RefusedError(f"it takes {len(units[0])} piecewise-linear units, and {most} are allowed")
    return units


def needed(pieces: Pieces, kinks: Array) -> list[tuple[Array, Array]]:
    """Return, between each two kinks, points and the number of segments needed up to each."""
    t, need = [pieces.breaks[:1]], [np.zeros(1)]
    for left, right, series in zip(pieces.breaks, pieces.breaks[1:], pieces.series, strict=False):
        n = 16 + 8 * len(series)
        u = np.linspace(-1, 1, n + 1)
        second = np.polynomial.chebyshev.chebval((u[1:] + u[:-1]) / 2, np.polynomial.chebyshev.chebder(series, 2))
        t.append(left + (right - left) / 2 * (u[1:] + 1))
        need.append(np.sqrt(np.abs(second).max(axis=0) / 16) * (2 / n))
    points, total = np.concatenate(t), np.cumsum(np.concatenate(need))
    sections = pairwise([points[0], *kinks, points[-1]])
    parts = []
    for a, b in sections:
        inside = np.concatenate([[a], points[(a < points) & (points < b)], [b]])
        its = np.interp(inside, points, total)
        parts.append((inside, its - its[0]))
    return parts


def spread(needs: list[tuple[Array, Array]], factor: float) -> Array:
    """Return the knots of as many segments as are needed, times a factor, between each two kinks."""
    knots = [needs[0][0][:1]]
    for t, need in needs:
        count = max(1, math.ceil(factor * need[-1]))
        knots.append(np.interp(np.arange(1, count) * (need[-1] / count), need, t))
        knots.append(t[-1:])
    return np.concatenate(knots)


def _values(pieces: Pieces, knots: Array) -> tuple[Array, float]:
    """Return values at the knots, which the segments leave on both sides of f alike, and the largest error."""
    share = np.arange(_BETWEEN + 2) / (_BETWEEN + 1)
    points = np.minimum(knots[:-1, None] + np.diff(knots)[:, None] * share, knots[1:, None])
    exact = pieces(points.ravel()).reshape(*points.shape, -1)
    chord = exact[:, :1] + share[:, None] * (exact[:, -1:] - exact[:, :1])
    bulge = (chord - exact)[:, (_BETWEEN + 1) // 2] / 2
    shift = np.concatenate([bulge[:1], (bulge[1:] + bulge[:-1]) / 2, bulge[-1:]])
    between = shift[:-1, None] + share[:, None] * (shift[1:] - shift[:-1])[:, None]
    values = np.concatenate([exact[:, 0], exact[-1:, -1]]) - shift
    return values, float(np.abs(chord - between - exact).max())


def write_knots(knots: Array, values: Array, g: PiecewiseLinear) -> Units:
    """Write a piecewise-linear function in units of g: one for each inner knot, and one for a slope that is left."""
    slopes = np.diff(values, axis=0) / np.diff(knots)[:, None]
    width = knots[-1] - knots[0]
    # The kink of g that bends most, and how much of its surroundings has no other kink.
    bends = np.diff(g.slopes)
    at = int(np.abs(bends).argmax())
    kink, before, after = g.kinks[at], g.slopes[at], g.slopes[at + 1]
    room = min(np.diff([-np.inf, *g.kinks, np.inf])[at : at + 2])
    scale = room / width if np.isfinite(room) else 1.0
    # All units have their flatter side where f is flattest.
    flat = int(np.abs(slopes).max(axis=1).argmin())
    right = np.arange(1, len(slopes)) > flat
    side = before if abs(before) <= abs(after) else after
    sign = np.where(right == (side == before), 1.0, -1.0)
    coef = np.diff(slopes, axis=0) / (scale * bends[at])
    weight, bias = sign * scale, kink - sign * scale * knots[1:-1]
    slope = slopes[flat] - side * (weight @ coef)
    if np.abs(slope).max() * width > _FLAT:
        # A unit that has its kink at the end, on the side where it is flat, if it is.
        end = knots[0] if after else knots[-1]
        weight, bias = np.append(weight, scale), np.append(bias, kink - scale * end)
        coef = np.concatenate([coef, slope[None] / (scale * (after or before))])
    offset = values[0] - g(weight * knots[0] + bias) @ coef
    return weight, bias, coef.T, offset
