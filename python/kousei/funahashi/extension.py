"""Fourier coefficients of a function that is known on a box.

A trigonometric sum is periodic and a function on a box is not: how the function is continued to a whole period
decides how fast its coefficients fall.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from typing import Any, Literal, TypeAlias

import numpy as np

from kousei._lib import arrays
from kousei._lib.boxes import Bounds, check_bounds
from kousei._lib.errors import check_choice, check_integer

Extension: TypeAlias = Literal["fourier", "window", "periodic"]

FOURIER_PERIOD = 3.0  # in lengths of the box
#: The smallest singular value of a fit, relative to the largest.
FOURIER_RCOND = 1e-13


def sample_points(
    bounds: Bounds,
    samples: int,
    extension: Extension = "fourier",
    period: float | Sequence[float] | None = None,
) -> np.ndarray[Any, Any]:
    """Points at which a network constructor needs a function.

    Parameters
    ----------
    bounds : sequence of (lo, hi)
        The box, one pair for each dimension.
    samples : int
        Points along each axis.
    extension : {"fourier", "window", "periodic"}
        "fourier": lo + (hi - lo) j/(samples - 1), inside the box, ends included. "window": centre - period/2 +
        period j/samples, and "periodic": lo + period j/samples, which leave the box where the period is longer.
    period : float or sequence of float, optional
        Per axis; "window" needs more than hi - lo (default: twice), "periodic" at least that (default: it). For
        "fourier" it is not used.

    Returns
    -------
    numpy.ndarray (samples, ..., samples, dim)
        One axis of samples for each dimension.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> from kousei.funahashi import sample_points
    >>> sample_points([(0.0, 1.0)], 4, "periodic")[:, 0]
    array([0.  , 0.25, 0.5 , 0.75])
    """
    lo, hi = check_bounds(bounds)
    periods = check_periods(lo, hi, extension, period)
    samples = check_integer("samples", samples, 2)
    # The points, and the values a function makes of them.
    arrays.require_memory(samples ** len(lo), (len(lo) + 1) * 8, f"a grid of {samples}^{len(lo)} points")
    if extension == "fourier":
        axes = [np.linspace(a, b, samples) for a, b in zip(lo, hi, strict=True)]
    else:
        start = lo if extension == "periodic" else (lo + hi - periods) / 2
        axes = [a + p * np.arange(samples) / samples for a, p in zip(start, periods, strict=True)]
    return grid_points(axes)


def grid_points(axes: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """Return the points of a grid, (..., dim), with one axis for each of `axes`."""
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


def phase_range(
    w: np.ndarray[Any, Any], center: np.ndarray[Any, Any], lo: np.ndarray[Any, Any], hi: np.ndarray[Any, Any]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the least and the largest w . (x - center) on a box, for each w."""
    middle, half = w @ ((lo + hi) / 2 - center), np.abs(w) @ ((hi - lo) / 2)
    return middle - half, middle + half


def samples_for(order: int, dim: int, extension: Extension) -> int:
    """Return the samples along each axis that a constructor takes for `order` frequencies along each axis.

    The least-squares fit of "fourier" takes 4 for each frequency, and at least 1000 in the whole box.
    """
    return max(4 * order, math.ceil(1000 ** (1 / dim))) if extension == "fourier" else order


def fourier_coefficients(
    values: np.ndarray[Any, Any],
    bounds: Bounds,
    order: int,
    extension: Extension,
    period: float | Sequence[float] | None,
    center: np.ndarray[Any, Any],
    rcond: float = FOURIER_RCOND,
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return w (n, dim) and a (n,), n = order^dim, with f(x) ~ sum_w Re[a_w e^(iw . (x - center))] on the box.

    `values` are those at `sample_points`; `rcond` is the smallest singular value, relative to the largest, that the
    fit of "fourier" keeps. The frequencies are w_k = 2 pi (k - order/2)/period along each axis.
    """
    lo, hi = check_bounds(bounds)
    periods = check_periods(lo, hi, extension, period)
    dim, samples = values.ndim, values.shape[0]
    numbers = np.arange(order) - order // 2
    if extension == "fourier":
        origin = (lo + hi) / 2
        # With its singular vectors.
        arrays.require_memory(samples * order, 64, f"the fit of order {order} to {samples} samples along each axis")
        u = np.linspace(-1, 1, samples)
        fit = np.exp(1j * np.pi / FOURIER_PERIOD * np.outer(u, numbers))
        coefficients = _least_squares(fit, values, rcond)
    else:
        import scipy.fft

        origin = lo
        if extension == "window":
            origin = (lo + hi - periods) / 2
            points = sample_points(bounds, samples, extension, period)
            ramp = (periods - (hi - lo)) / 2
            values = values * np.prod(_smooth_step((periods / 2 - np.abs(points - (lo + hi) / 2)) / ramp), axis=-1)
        coefficients = scipy.fft.fftshift(scipy.fft.fftn(values)) / values.size
    axes = [2 * np.pi * numbers / p for p in periods]
    frequencies = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, dim)
    return frequencies, coefficients.ravel() * np.exp(1j * (frequencies @ (center - origin)))


def _least_squares(fit: np.ndarray[Any, Any], values: np.ndarray[Any, Any], rcond: float) -> np.ndarray[Any, Any]:
    """Coefficients of the products of the columns of `fit`, one factor for each axis of `values`.

    The singular values of the whole problem are the products of those along the axes; the small ones are left out.
    Not by a pseudoinverse: it is huge, and rounding it would spoil what the fit cancels.
    """
    left, sizes, right = np.linalg.svd(fit, full_matrices=False)
    projected = _along_every_axis(left.conj().T, values)
    products = reduce(np.multiply.outer, [sizes / sizes[0]] * values.ndim)
    kept = products > rcond
    scaled = np.divide(projected, products, out=np.zeros_like(projected), where=kept)
    return _along_every_axis(right.conj().T, scaled) / sizes[0] ** values.ndim


def _along_every_axis(matrix: np.ndarray[Any, Any], array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    for axis in range(array.ndim):
        array = np.moveaxis(np.tensordot(matrix, array, (1, axis)), 0, axis)
    return array


def check_periods(
    lo: np.ndarray[Any, Any],
    hi: np.ndarray[Any, Any],
    extension: Extension,
    period: float | Sequence[float] | None,
) -> np.ndarray[Any, Any]:
    """Return the period along each axis, the default of the extension where it is None."""
    defaults = {"fourier": FOURIER_PERIOD, "window": 2.0, "periodic": 1.0}
    check_choice("extension", extension, *defaults)
    length = hi - lo
    if period is None:
        return defaults[extension] * length
    if extension == "fourier":
        raise ValueError(f"period was {period}; extension='fourier' fits its own and accepts none")
    periods = arrays.real_numbers("period", period)
    if periods.shape not in ((), length.shape):
        raise ValueError(f"period has shape {periods.shape}; one number or {len(lo)} are accepted")
    periods = np.broadcast_to(periods, length.shape)
    long_enough = periods > length if extension == "window" else periods >= length
    if not (np.isfinite(periods).all() and long_enough.all()):
        least = "more than" if extension == "window" else "at least"
        raise ValueError(f"period was {periods.tolist()}; {least} the box, {length.tolist()}, is accepted")
    return periods


def _smooth_step(t: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """0 below 0, 1 above 1 and infinitely often differentiable between: e^(-1/t)/(e^(-1/t) + e^(-1/(1 - t)))."""
    with np.errstate(divide="ignore"):
        inside = np.clip(t, 0, 1)
        rise, fall = np.exp(-1 / inside), np.exp(-1 / (1 - inside))
    return rise / (rise + fall)
