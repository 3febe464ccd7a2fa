"""From a function on a box to the polynomial that is as near as it is asked to be."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.boxes import Bounds, check_bounds, fill_cube
from kousei._lib.errors import check_callable, require_positive
from kousei.repu.network import PolynomialNetwork
from kousei.repu.polynomials import check_power, of_series

Array = np.ndarray[Any, Any]

#: Samples along an axis, to begin with and at most, and of all axes at most.
_FEWEST, _MOST_AXIS, _MOST = 8, 1 << 12, 1 << 22
#: Points at which the polynomial is held against the function: at most, and at least before it is taken.
_HELD_OUT, _ENOUGH = 1 << 17, 1 << 14
#: The largest difference found there is multiplied by this.
_SAFETY = 1.5


def from_function(f: Callable[[Array], Any], bounds: Bounds, tol: float, p: int = 2) -> PolynomialNetwork:
    """Construct the network of a function on a box, to a tolerance, as a polynomial.

    Parameters
    ----------
    f : callable
        Takes points (m, dim) of the box and returns real values (m,). It is sampled on a grid of Chebyshev nodes, 8
        along each axis, and twice as many until they are enough; and on one of other points, some 16,000 or more,
        that the polynomial is held against.
    bounds : sequence of (lo, hi)
        The box, one pair for each dimension, of which there are at most 7.
    tol : float
        Largest error on the box. Coefficients that sum up to half of it are left out, the smallest first.
    p : int
        As of `from_chebyshev`.

    Returns
    -------
    PolynomialNetwork
        As of `from_chebyshev`. Its `error_bound` says what was reached.

    Raises
    ------
    TypeError
        If f is not callable, or p or the values of f are not of the right kind.
    ValueError
        If an argument is out of range, the values are not finite or not one for each point, or `tol` is not reached
        with 4096 samples along an axis or 2^22 in all: the message says what is.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> net = kousei.repu.from_function(lambda x: np.exp(x[:, 0] / 2) * np.sin(np.pi * x[:, 0]), [(-1, 1)], 1e-12)
    >>> net.sizes
    (1, 6, 38, 22, 14, 8, 1)
    >>> x = np.linspace(-1, 1, 1001)[:, None]
    >>> bool(np.abs(net(x) - np.exp(x[:, 0] / 2) * np.sin(np.pi * x[:, 0])).max() < 1e-12)
    True
    """
    check_callable("f", f)
    lo, hi = check_bounds(bounds)
    require_positive(tol=tol)
    p = check_power(p)
    if _FEWEST ** len(lo) > _MOST:
        raise ValueError(f"bounds has {len(lo)} dimensions; up to {int(math.log(_MOST, _FEWEST))} are accepted")
    shape = np.full(len(lo), _FEWEST)
    error = math.inf
    while shape.max() <= _MOST_AXIS and math.prod(shape.tolist()) <= _MOST:
        c = _coefficients(f, lo, hi, shape)
        kept, left = _chop(c, tol / 2)
        # An axis whose last coefficients count has more of them.
        extent = np.array([numbers.max(initial=0) + 1 for numbers in np.nonzero(kept)])
        short = 4 * extent > 3 * shape
        error, _ = _held_out(f, lo, hi, kept, 1)
        if error <= tol and not short.any():
            error, points = _held_out(f, lo, hi, kept, _ENOUGH)
            if error <= tol:
                return of_series(kept, lo, hi, p, max(error, left), points)
        shape = np.where(short | (not short.any()), 2 * shape, shape)
    raise ValueError(
        f"tol was {tol}; {error:.2g} is what the largest number of samples allowed, {_MOST_AXIS} along an axis and "
        f"{_MOST} in all, reaches: a larger tol, or a smoother f, is accepted"
    )


def _coefficients(f: Callable[[Array], Any], lo: Array, hi: Array, shape: Array) -> Array:
    """Return the Chebyshev coefficients of the polynomial through f at Chebyshev nodes."""
    from scipy.fft import dct  # where it is used: it takes longer to import than all of this package

    c = _sample(f, lo, hi, [np.cos(np.pi * (np.arange(n) + 0.5) / n) for n in shape])
    for axis, n in enumerate(shape):
        c = dct(c, axis=axis) / n
        np.moveaxis(c, axis, 0)[0] /= 2
    return c


def _sample(f: Callable[[Array], Any], lo: Array, hi: Array, axes: list[Array]) -> Array:
    """Return f on the grid of these coordinates in [-1, 1]."""
    scaled = [(a + b) / 2 + (b - a) / 2 * t for a, b, t in zip(lo, hi, axes, strict=True)]
    points = np.stack(np.meshgrid(*scaled, indexing="ij"), axis=-1)
    values = arrays.finite_numbers("f(x)", f(points.reshape(-1, len(lo))), "biuf")
    arrays.require_shape("f(x)", values, (points[..., 0].size,))
    return values.reshape(points.shape[:-1])


def _chop(c: Array, allowed: float) -> tuple[Array, float]:
    """Return coefficients without the smallest, whose sum of moduli is at most `allowed`, and that sum."""
    order = np.argsort(np.abs(c), axis=None)
    sums = np.cumsum(np.abs(c).ravel()[order])
    count = int(np.searchsorted(sums, allowed, side="right"))
    kept = c.ravel().copy()
    kept[order[:count]] = 0
    return kept.reshape(c.shape), float(sums[count - 1]) if count else 0.0


def _held_out(f: Callable[[Array], Any], lo: Array, hi: Array, c: Array, least: int) -> tuple[float, int]:
    """Return 1.5 times the largest difference between a series and f, and the number of points.

    They are a grid of at least so many points, about: ends of the axes, and others off the nodes.
    """
    least, most = (int(count ** (1 / c.ndim)) for count in (least, _HELD_OUT))
    axes = []
    for j, n in enumerate(c.shape):
        inner = fill_cube(1, min(max(2 * n + 1, least - 2), most - 2), 97 * j)[:, 0]
        axes.append(np.cos(np.pi * np.concatenate([[0, 1], inner])))
    exact = _sample(f, lo, hi, axes)
    for t in axes:
        # Takes the first axis away, and puts that of the points last.
        c = np.polynomial.chebyshev.chebval(t, c)
    return _SAFETY * float(np.abs(c - exact).max()), exact.size
