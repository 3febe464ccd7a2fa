"""Values of a function along crosses of fibres, as Chebyshev series of one variable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kousei.front.problem import RefusedError

Array = np.ndarray[Any, Any]
Function = Callable[[Array], Array]

#: Points along an axis by which fibres are resolved, at first and at most.
SITES, _MOST_NODES = 17, 257
#: Functions of one variable that may have kinks.
_MOST_ROUGH = 16


class Fibres:
    """Functions of one variable, f from each head to each tail times P^-1, as Chebyshev series where they follow f.

    Parameters
    ----------
    f : callable
    heads, tails : list of arrays (r, ...)
        The first parts and the last, of all bonds.
    axis : int
    tol : float
        Of a series of values of f.

    Raises
    ------
    RefusedError
        If they are too many to be sampled further and no series follows them.
    """

    def __init__(self, f: Function, heads: list[Array], tails: list[Array], axis: int, tol: float) -> None:
        from scipy.fft import dct  # where it is used: it takes longer to import than all of this package

        self._f, self._heads, self._tails = f, heads[axis], tails[axis]
        self._cross = np.ones((1, 1))
        # Where the neighbours' parts are, f is not small.
        held = tails[axis - 1][:, 0] if axis else np.zeros(0)
        if axis + 1 < len(heads):
            self._cross = f(crossed(heads[axis + 1], tails[axis])).reshape(len(heads[axis + 1]), -1)
            held = np.append(held, heads[axis + 1][:, -1])
        exact = self._sample(held)
        n, count = SITES, len(self._heads) * len(self._tails)
        nodes = extrema(n)
        values = self._sample(nodes)
        self.series: Array | None = None
        while True:
            series = dct(values, type=1, axis=0) / (n - 1)
            series[[0, -1]] /= 2
            size = np.abs(series).max(axis=(1, 2))
            small = max(tol, 8 * float(np.finfo(float).eps) * np.abs(values).max())
            if (size[3 * n // 4 :] <= small).all():
                series = series[: np.flatnonzero(size > small).max(initial=0) + 1]
                if np.abs(_summed(series, held) - exact).max() <= 16 * small:
                    self.series = self._divided(series)
                    break
            if n >= _MOST_NODES:
                if count > _MOST_ROUGH:
                    raise RefusedError(f"{n} points along variable {axis + 1} do not resolve {count} functions of it")
                break
            n = 2 * n - 1
            nodes, old = extrema(n), values
            values = np.empty((n, *old.shape[1:]))
            values[::2], values[1::2] = old, self._sample(nodes[1::2])
        #: What they are at these extrema of a Chebyshev polynomial.
        self.values: Array = self._divided(values)

    def __call__(self, t: Array) -> Array:
        """Return the values (k, r, r') at points (k,)."""
        return self._divided(self._sample(t)) if self.series is None else _summed(self.series, t)

    def _sample(self, t: Array) -> Array:
        inner = crossed(self._heads, t[:, None])
        values = self._f(crossed(inner, self._tails))
        return values.reshape(len(self._heads), len(t), len(self._tails)).swapaxes(0, 1)

    def _divided(self, values: Array) -> Array:
        # P is in the order of its pivots, small ones last: elimination is accurate where P^-1 would not be.
        rows = values.reshape(-1, len(self._cross))
        return np.asarray(np.linalg.solve(self._cross.T, rows.T).T).reshape(values.shape)


def _summed(series: Array, t: Array) -> Array:
    """Return the values (k, r, r') of Chebyshev series at points (k,)."""
    return np.tensordot(np.polynomial.chebyshev.chebvander(t, len(series) - 1), series, 1)


def extrema(n: int) -> Array:
    """Return the extrema of T_(n-1), which are among those of T_(2n-2)."""
    return np.asarray(np.cos(np.pi * np.arange(n) / (n - 1)))


def crossed(heads: Array, tails: Array) -> Array:
    """Return all points of a head and a tail, those of the first head first."""
    return np.hstack([np.repeat(heads, len(tails), axis=0), np.tile(tails, (len(heads), 1))])
