"""A function of one variable as polynomials between its kinks, to a tolerance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from kousei._lib.boxes import fill_cube
from kousei.front.problem import RefusedError

Array = np.ndarray[Any, Any]
Line = Callable[[Array], Array]

#: Chebyshev nodes of a piece, to begin with and at most; all samples; points that every piece is held against.
_FEWEST, _MOST, _SAMPLES, _HELD = 16, 128, 1 << 17, 256
#: Share of the tolerance that a piece may be off.
_SHARE = 1 / 32
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
        The breaks at which slopes change.
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

    @cached_property
    def degree(self) -> int:
        """The largest degree of a piece."""
        return max(map(len, self.series)) - 1


def nodes(a: float, b: float, n: int) -> Array:
    """Return the zeros of T_n on [a, b], increasing."""
    return np.asarray((a + b) / 2 - (b - a) / 2 * np.cos(np.pi * (np.arange(n) + 0.5) / n))


def resolve(g: Line, lo: float, hi: float) -> Pieces:
    """Return the pieces of a function to a tolerance of 1, or refuse.

    Chebyshev nodes are doubled until the last coefficients are small; where that takes too many, the interval is
    split, at a kink where one is found, as Chebfun does (Pachon, Platte and Trefethen, Piecewise-smooth chebfuns, IMA
    J. Numer. Anal. 30 (2010)).
    """
    held = np.sort(lo + (hi - lo) * fill_cube(1, _HELD)[:, 0])
    values = g(held)
    largest = float(np.abs(values).max())
    if largest * _EPS * 16 > _SHARE:
        raise RefusedError(f"the tolerance is below the rounding of values of {largest:.2g} times its size")
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

    n = _FEWEST
    while n <= _MOST:
        c = dct(g(nodes(a, b, n))[::-1], axis=0) / n
        c[0] /= 2
        left = np.cumsum(np.abs(c[::-1]), axis=0)[::-1].max(axis=1)  # of what is cut off from each coefficient on
        if left[3 * n // 4] <= _SHARE:
            off = np.polynomial.chebyshev.chebval((2 * held - a - b) / (b - a), c).T - values
            if np.abs(off).max(initial=0) <= 2 * _SHARE:
                return c[: max(1, int(np.count_nonzero(left > _SHARE)))]
        n *= 2
    return None


def _edge(g: Line, a: float, b: float) -> float | None:
    """Return where g jumps in slope between a and b; None where the largest second difference is of no kink.

    Where they are 8 times closer, second differences of a smooth function are 64 times smaller, those at a kink 8
    times, those at a jump as large.
    """
    width, before = b - a, 0.0
    while True:
        t = np.linspace(a, b, 17)
        v = g(t)
        bends = np.abs(np.diff(v, 2, axis=0)).max(axis=1)
        i = int(bends.argmax())
        if b - a <= 8 * _EPS * max(abs(a), abs(b), width):
            if np.abs(v[-1] - v[0]).max() > 1:
                raise RefusedError(f"it jumps at {t[i + 1]:.9g}, and a network is continuous")
            return float(t[i + 1])
        if bends[i] <= 16 * _EPS * np.abs(v).max():
            return float(t[i + 1])
        if bends[i] < before / 24:
            return None
        before, a, b = bends[i], t[i], t[i + 2]
