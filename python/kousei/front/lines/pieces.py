"""A function of one variable as polynomials between its kinks, to a tolerance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kousei._lib.boxes import fill_cube
from kousei.front.problem import JumpError, RefusedError

Array = np.ndarray[Any, Any]
Line = Callable[[Array], Array]
#: Weight (n,), bias (n,), coef (m, n) and offset (m,) of a layer, see `univariate.Layer`.
Units = tuple[Array, Array, Array, Array]

#: Chebyshev nodes of a piece, to begin with and at most; all samples; points that every piece is held against.
_FEWEST, _MOST, _SAMPLES, _HELD = 16, 128, 1 << 15, 1024
#: Share of the tolerance that a piece may be off.
_SHARE = 1 / 32
#: Coefficients that sum up to so much are left out.
_CUT = 1e-4
#: Orders of the differences by which kinks are seen: of the values, 2, and of the first and second derivative.
_ORDERS = (2, 3, 4)
_EPS = float(np.finfo(float).eps)


@dataclass(frozen=True)
class Pieces:
    """Polynomials (p of them) of m outputs, end to end.

    Parameters
    ----------
    breaks : array (p + 1,)
    series : list of arrays (n_i, m)
        Chebyshev coefficients.
    kinks : array (k,)
        The breaks at which one of the first three derivatives jumps.
    """

    breaks: Array
    series: list[Array]
    kinks: Array

    def __call__(self, t: Array) -> Array:
        """Return the values (k, m) at points (k,)."""
        which = np.searchsorted(self.breaks[1:-1], t, side="right")
        values = np.empty((len(t), self.series[0].shape[1]))
        for i, series in enumerate(self.series):
            here = which == i
            a, b = self.breaks[i : i + 2]
            values[here] = np.polynomial.chebyshev.chebval((2 * t[here] - a - b) / (b - a), series).T
        return values

    def points(self, oversampling: int, least: int = 8) -> Array:
        """Return Chebyshev nodes of all pieces, so many for each coefficient."""
        counts = [max(least, oversampling * len(series)) for series in self.series]
        return np.concatenate([nodes(a, b, n) for a, b, n in zip(self.breaks, self.breaks[1:], counts, strict=False)])

    @property
    def affine(self) -> bool:
        """Whether it is one piece, of degree 1 at most."""
        return len(self.series) == 1 and len(self.series[0]) <= 2

    def derivative(self, piece: int, order: int, end: int) -> Array:
        """Return a derivative (m,) of a piece at its left (-1) or right (1) end."""
        width = self.breaks[piece + 1] - self.breaks[piece]
        series = np.polynomial.chebyshev.chebder(self.series[piece], order)
        return np.asarray(np.polynomial.chebyshev.chebval(end, series) * (2 / width) ** order)

    def scaled(self, factor: float) -> Pieces:
        """Return the same pieces, times a factor."""
        return Pieces(self.breaks, [factor * series for series in self.series], self.kinks)


def nodes(a: float, b: float, n: int) -> Array:
    """Return the zeros of T_n on [a, b], increasing."""
    return np.asarray((a + b) / 2 - (b - a) / 2 * np.cos(np.pi * (np.arange(n) + 0.5) / n))


def resolve(g: Line, lo: float, hi: float) -> Pieces:
    """Return the pieces of a function to a tolerance of 1, or refuse.

    Chebyshev nodes are doubled until the last coefficients are small and the polynomial meets g at points that all
    pieces share; where that takes too many, the interval is split, at a kink where one is found, as Chebfun does
    (Pachon, Platte and Trefethen, Piecewise-smooth chebfuns, IMA J. Numer. Anal. 30 (2010)).
    """
    held = np.sort(lo + (hi - lo) * fill_cube(1, _HELD)[:, 0])
    values = g(held)
    largest = float(np.abs(values).max())
    if largest * _EPS * 16 > _SHARE:
        raise RefusedError(f"values of {largest:.2g} times the tolerance are rounded too much for it")
    spent = 0

    def sampled(t: Array) -> Array:
        nonlocal spent
        spent += len(t)
        if spent > _SAMPLES:
            raise RefusedError(f"{_SAMPLES} samples do not resolve it: it is noisy, or oscillates, near {t[0]:.6g}")
        return g(t)

    pending, breaks, kinks = [(lo, hi)], [lo], []
    series: list[Array] = []
    while pending:
        a, b = pending.pop()
        inside = (a <= held) & (held <= b)
        piece = _series(sampled, a, b, held[inside], values[inside])
        if piece is not None:
            series.append(piece)
            breaks.append(b)
            continue
        if b - a <= 1e-13 * (hi - lo):
            raise RefusedError(f"no polynomial follows it near {a:.6g}")
        edge = _edge(sampled, a, b)
        # Next to the end there is one that has been found already.
        if edge is not None and min(edge - a, b - edge) > 1e-9 * (b - a):
            kinks.append(edge)
        else:
            edge = a + (b - a) / 2
        pending += [(edge, b), (a, edge)]
    return Pieces(np.array(breaks), series, np.sort(kinks))


def _series(g: Line, a: float, b: float, held: Array, values: Array) -> Array | None:
    """Return the coefficients of g on [a, b], as many as it takes; None where those are too many."""
    from scipy.fft import dct  # where it is used: it takes longer to import than all of this package

    # The ends, which no node is at, tell whether a kink is just beside.
    held, values = np.concatenate([held, [a, b]]), np.concatenate([values, g(np.array([a, b]))])
    n, before = _FEWEST, np.inf
    while n <= _MOST:
        c = dct(g(nodes(a, b, n))[::-1], axis=0) / n
        c[0] /= 2
        left = np.cumsum(np.abs(c[::-1]), axis=0)[::-1].max(axis=1)  # of what is cut off from each coefficient on
        if left[3 * n // 4] <= _SHARE:
            off = np.polynomial.chebyshev.chebval((2 * held - a - b) / (b - a), c).T - values
            if np.abs(off).max(initial=0) <= 2 * _SHARE:
                return c[: max(1, int(np.count_nonzero(left > _CUT)))]
        elif n > 2 * _FEWEST and left[3 * n // 4] > 0.3 * before:
            return None  # they fall as those of a kink do, or not yet
        before, n = left[3 * n // 4], 2 * n
    return None


def _edge(g: Line, a: float, b: float) -> float | None:
    """Return where a derivative of g of the first few orders jumps between a and b; None where none is seen to."""
    return next((edge for order in _ORDERS if (edge := _kink(g, a, b, order)) is not None), None)


def _kink(g: Line, a: float, b: float, order: int) -> float | None:
    """Return where the largest difference of an order is that of a jump in the derivative of one order less.

    At points that are 8 times closer, it is 8 times smaller for each derivative that is continuous there.
    """
    width, before, zooms = b - a, 0.0, 0
    while True:
        t = np.linspace(a, b, 8 * order + 1)
        v = g(t)
        bends = np.abs(np.diff(v, order, axis=0)).max(axis=1)
        i = int(bends.argmax())
        if b - a <= 8 * _EPS * max(abs(a), abs(b), width):
            if (jump := np.abs(v[-1] - v[0]).max()) > 1:
                raise JumpError(float(t[4 * order]), float(jump))
            return float(t[4 * order])
        if bends[i] <= 8 * 2**order * _EPS * np.abs(v).max():
            return float(t[4 * order]) if zooms > 2 else None
        if bends[i] < before * 8 ** (0.5 - order):
            return None
        before, a, b, zooms = bends[i], t[i], t[i + order], zooms + 1
