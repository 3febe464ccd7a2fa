"""Networks of a chosen set of frequencies, for dimensions in which a full grid of them is too large."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, Context
from functools import cache
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.boxes import Bounds, check_bounds
from kousei._lib.errors import check_callable, check_integer, require_positive
from kousei._lib.random import Rng, generator
from kousei.activation import Activation
from kousei.funahashi import construction
from kousei.funahashi.bump import bounded
from kousei.funahashi.construction import Function, check_order, check_values
from kousei.funahashi.error import Residual
from kousei.funahashi.extension import FOURIER_PERIOD, FOURIER_RCOND, check_periods
from kousei.funahashi.network import FunahashiNetwork

#: Points of the fit for each column, at least, and those at which the sum is held against f.
_POINTS, _LEAST_POINTS, _HELD_OUT = 3, 1000, 10_000
#: Largest share of a tolerance for the error at the third set of points; at the second it is FOURIER_SHARE.
_MOST = 0.8
#: Share of the frequencies, those of the largest amplitudes, that the next fit takes.
_KEPT = 0.8
#: Points whose waves are held at a time.
_BLOCK = 1000


def hyperbolic_cross(dim: int, order: int) -> np.ndarray[Any, Any]:
    """Return the indices of the frequencies that count for functions with bounded mixed derivatives.

    Parameters
    ----------
    dim : int
        Dimensions, at least 1.
    order : int
        Even, at least 2: order + 1 frequencies along each axis.

    Returns
    -------
    numpy.ndarray of int64 (n, dim)
        Every k with max(1, |k_1|) ... max(1, |k_dim|) <= order/2, in ascending order: all 3^dim neighbours of 0 for
        ``order=2``, and as many as order log(order)^(dim - 1) times a constant for large orders.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.
    SizeError, MemoryError
        If the set does not fit into memory.

    Notes
    -----
    D. Dung, V. Temlyakov and T. Ullrich, "Hyperbolic Cross Approximation" (2018).

    Examples
    --------
    >>> from kousei.funahashi import hyperbolic_cross
    >>> len(hyperbolic_cross(2, 8)), len(hyperbolic_cross(6, 8))
    (49, 14337)
    """
    dim, limit = check_integer("dim", dim, 1), check_order(order) // 2
    for total in _cross_sizes(dim, limit):
        arrays.require_memory(total, 16 * (dim + 2), f"a hyperbolic cross of at least {total} frequencies")
    numbers, product = np.zeros((1, 0), dtype=np.int64), np.ones(1, dtype=np.int64)
    for _ in range(dim):
        most = limit // product
        counts = 2 * most + 1
        last = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts + most, counts)
        numbers = np.column_stack([np.repeat(numbers, counts, axis=0), last])
        product = np.repeat(product, counts) * np.maximum(1, np.abs(last))
    return numbers


def _cross_sizes(dim: int, limit: int) -> Iterator[int]:
    """Yield the sizes of the hyperbolic crosses of 1 to `dim` axes, each from those of one axis fewer."""

    @cache
    def size(axes: int, limit: int) -> int:
        if axes == 1:
            return 2 * limit + 1
        total, first = size(axes - 1, limit), 1
        while first <= limit:  # all |k| of the last axis with the same limit // |k|
            quotient = limit // first
            last = limit // quotient
            total += 2 * (last - first + 1) * size(axes - 1, quotient)
            first = last + 1
        return total

    for axes in range(1, dim + 1):
        yield size(axes, limit)


def from_frequencies(
    f: Function,
    bounds: Bounds,
    numbers: Any,
    tol: float,
    *,
    period: float | Sequence[float] | None = None,
    activation: Activation | str = "logistic",
    rng: Rng = None,
) -> FunahashiNetwork:
    """Construct the network of a function on a box from a given set of frequencies, to a tolerance.

    Parameters
    ----------
    f : callable
        Takes points (n, dim) and returns real values (n,). It is evaluated inside `bounds`.
    bounds : sequence of (lo, hi)
        The box, one pair for each dimension.
    numbers : array_like of int (n, dim)
        The frequencies are w = 2 pi k/period for the rows k; `hyperbolic_cross` makes a set of them. k and -k are one
        frequency, and so are equal rows.
    tol : float
        Largest error on the box.
    period : float or sequence of float, optional
        Per axis, at least hi - lo. By default 3 (hi - lo), an extension as "fourier" of
        `FunahashiNetwork.from_function`; hi - lo is for functions of that period.
    activation : {"logistic", "tanh", "erf", "arctan"} or Activation
        Of the hidden units.
    rng : numpy.random.Generator, int or None
        Source of the points (SPEC 7). The same seed gives the same network.

    Returns
    -------
    FunahashiNetwork
        As of `FunahashiNetwork.from_function` with `tol`. The Fourier part of its `error_bound` is estimated.

    Raises
    ------
    TypeError
        If an argument, or the values of f, are not of the right kind.
    ValueError
        If an argument is out of range, the values are not finite, or `tol` cannot be reached: the message says what
        is.
    MemoryError
        If the waves at the points of the fit do not fit into memory.

    Notes
    -----
    Amplitudes are fitted by least squares to values at random points of the box, three for each unknown. While the
    error at others allows it, the fifth of the frequencies with the smallest amplitudes is left out and the rest is
    fitted again; the error of what is left is estimated at a third set. Half of the points are uniform; those of the
    other half are denser towards the sides of the axes whose period is longer than the box, with a chance of one
    third of lying on one. In many dimensions points see little of the box: what a function does in a small part of
    it escapes them.

    Examples
    --------
    A periodic function of five variables:

    >>> import numpy as np
    >>> from kousei.funahashi import from_frequencies, hyperbolic_cross
    >>> net = from_frequencies(
    ...     lambda x: np.cos(x[:, 0] + x[:, 1]) * np.sin(x[:, 4]), [(-np.pi, np.pi)] * 5, hyperbolic_cross(5, 2),
    ...     tol=1e-6, period=2 * np.pi, rng=0)
    >>> net.error_bound().kind, len(net.frequencies)
    ('estimated', 2)
    """
    check_callable("f", f)
    lo, hi = check_bounds(bounds)
    require_positive(tol=tol)
    phi = bounded(activation)
    periods = check_periods(lo, hi, "periodic", FOURIER_PERIOD * (hi - lo) if period is None else period)
    w = 2 * np.pi * _half(_check_numbers(numbers, len(lo))) / periods
    columns = 2 * len(w) - int(not w[0].any())
    count = max(_POINTS * columns, _LEAST_POINTS)
    arrays.require_memory(count * columns, 32, f"a fit of {len(w)} frequencies at {count} points")

    middle, half = (lo + hi) / 2, (hi - lo) / 2
    draw = generator(rng)
    sizes = (count, _HELD_OUT, _HELD_OUT)
    fitted, deciding, held_out = (_random_points(draw, size, periods > hi - lo) * half for size in sizes)
    values, others, last = (
        check_values(f(np.clip(middle + u, lo, hi)), 1, len(u)) for u in (fitted, deciding, held_out)
    )

    def fit(w: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], float]:
        a = _amplitudes(_waves(fitted, w), values, len(w))
        return w, a, construction.SAFETY * _largest_difference(deciding, w, a, others)

    def check(size: float, share: float) -> None:
        if not size <= share * tol:
            raise ValueError(
                f"tol was {tol}: the frequencies stop it, as the Fourier sum of these {len(w)} is still {size:.3g} "
                "off; more or other ones, another period, or a tol of "
                f"{_rounded_up(size / construction.FOURIER_SHARE):.3g} are accepted"
            )

    w, a, size = fit(w)
    check(size, construction.FOURIER_SHARE)
    while len(w) > 1:
        largest = np.sort(np.argsort(-np.abs(a), kind="stable")[: int(_KEPT * len(w))])
        fewer = fit(w[largest])
        if fewer[2] > construction.FOURIER_SHARE * tol:
            break
        w, a, size = fewer
    size = construction.SAFETY * _largest_difference(held_out, w, a, last)
    check(size, _MOST)
    series = construction.Series(w, a, middle, Residual(lo, hi, size, False, _HELD_OUT))
    return construction.of_series(FunahashiNetwork, series, float(tol), phi)


def _check_numbers(numbers: Any, dim: int) -> np.ndarray[Any, Any]:
    arrays.real_numbers("numbers", numbers)
    k = np.asarray(numbers)
    if k.ndim != 2 or k.shape[0] == 0 or k.shape[1] != dim:
        raise ValueError(f"numbers has shape {k.shape}; (n, {dim}), n >= 1, is accepted")
    if k.dtype.kind not in "iu":
        raise TypeError(f"numbers has dtype {k.dtype}; integers are accepted")
    for extreme in (int(k.min()), int(k.max())):
        if not -(2**63) < extreme < 2**63:
            raise ValueError(f"numbers has {extreme}; integers between -2^63 and 2^63 are accepted")
    return k.astype(np.int64)


def _half(k: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the rows once, each with its first number that is not 0 positive; 0 comes first."""
    first = np.take_along_axis(k, (k != 0).argmax(axis=1)[:, None], axis=1)
    return np.asarray(np.unique(np.where(first < 0, 0 - k, k), axis=0))


def _rounded_up(size: float) -> float:
    """Return the least number of three digits that is not below."""
    return float(Context(prec=3, rounding=ROUND_CEILING).create_decimal_from_float(size))


def _random_points(draw: np.random.Generator, count: int, extended: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return points of [-1, 1]^dim, uniform ones in turn with ones that lie on the sides of extended axes, or near.

    On the sides errors are largest; of points near them alone hardly any would be in the middle of many axes.
    """
    uniform = draw.uniform(-1, 1, (count, len(extended)))
    moved = extended & (np.arange(count)[:, None] % 2 == 0)
    return np.where(moved, np.sin(np.pi / 2 * np.clip(1.5 * uniform, -1, 1)), uniform)


def _waves(points: np.ndarray[Any, Any], w: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return cos(w . x) for every w, and -sin(w . x) for every w but 0, which comes first, (points, columns)."""
    phase = points @ w.T
    return np.hstack([np.cos(phase), -np.sin(phase[:, int(not w[0].any()) :])])


def _amplitudes(waves: np.ndarray[Any, Any], values: np.ndarray[Any, Any], count: int) -> np.ndarray[Any, Any]:
    """Return the a_w of the fit Re[a_w e^(iw . x)], by least squares with column pivoting."""
    import scipy.linalg

    coef = scipy.linalg.lstsq(waves, values, cond=FOURIER_RCOND, overwrite_a=True, lapack_driver="gelsy")[0]
    imaginary = coef[count:]
    return np.asarray(coef[:count] + 1j * np.concatenate([np.zeros(count - len(imaginary)), imaginary]))


def _largest_difference(
    points: np.ndarray[Any, Any], w: np.ndarray[Any, Any], a: np.ndarray[Any, Any], values: np.ndarray[Any, Any]
) -> float:
    largest = 0.0
    for start in range(0, len(points), _BLOCK):
        rows = slice(start, start + _BLOCK)
        total = (np.exp(1j * (points[rows] @ w.T)) @ a).real
        largest = max(largest, float(np.abs(total - values[rows]).max()))
    return largest
