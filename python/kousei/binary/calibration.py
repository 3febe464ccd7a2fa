"""Columns rounded to a few bits with regard to the values that their units take at given points.

E. Frantar et al., "GPTQ: accurate post-training quantization for generative pre-trained transformers" (2023).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from kousei._lib import arrays
from kousei.binary.decomposition import Rounding, levels
from kousei.network import MLP
from kousei.network.layers import Layers

Array = np.ndarray[Any, Any]

#: Share of the mean variance that is added to every variance.
_DAMPING = 0.01
#: Share of a value by which it may seem to vary where it does not.
_ROUNDING = 64 * np.finfo(np.float64).eps
#: Largest hidden value, by whose square nothing overflows.
_LARGEST = 1e140
#: Numbers of hidden values that are held at a time.
_VALUES = 1 << 24
#: Columns whose errors go into those behind them in one product.
_COLUMNS = 128


class Rounded(NamedTuple):
    """A matrix in the place of another."""

    matrix: Array
    #: What the bias takes up, (rows,).
    shift: Array
    rounding: Rounding


class Statistics(NamedTuple):
    """Of the values of a layer's units at points.

    Without a bias to take up the mean it is 0, and the covariance that of a mean of 0: the constant 1 is a unit as
    the others are.
    """

    mean: Array
    covariance: Array


def points_of(net: MLP, calibrate: Any) -> Array:
    """Return the points of a calibration in float64, in host memory.

    Raises
    ------
    TypeError
        If they are no array of the dtype, and in the memory, of the network.
    ValueError
        If they are not (points, dim), none, or not finite.
    """
    points = arrays.known("calibrate", calibrate)
    dtype = arrays.real_dtype(calibrate=points)
    if dtype != net.dtype:
        raise TypeError(f"calibrate has dtype {dtype} and the network {net.dtype}; they must agree")
    arrays.require_one_place("calibrate", points, "the network", net.biases[0])
    shape = arrays.shape_of(points)
    if len(shape) != 2 or shape[1] != net.dim or shape[0] == 0:
        raise ValueError(f"calibrate has shape {shape}; (points, {net.dim}), one point or more, is accepted")
    numbers = arrays.to_host(points).astype(np.float64)
    wrong = ~np.isfinite(numbers).all(axis=1)
    if wrong.any():
        raise ValueError(f"calibrate[{wrong.argmax()}] is not finite; finite points are accepted")
    return numbers


def statistics_of(layers: Layers, points: Array, bias: str) -> list[Statistics]:
    """Return the statistics of each hidden layer; ValueError where one overflows at the points."""
    widths = [len(bias) for bias in layers.biases[:-1]]
    count = sum(width * width for width in widths)
    arrays.require_memory(count, 8, f"the covariance of hidden layers of {', '.join(map(str, widths))} units")
    # Differences from the first point cancel less, and of a constant are 0.
    first = [values * (bias == "affine") for values in _hidden(layers, points[:1])]
    totals, products = [np.zeros(width) for width in widths], [np.zeros((width, width)) for width in widths]
    block = max(1, _VALUES // max(widths, default=1))
    for start in range(0, len(points), block):
        for i, values in enumerate(_hidden(layers, points[start : start + block])):
            difference = values - first[i]
            totals[i] += difference.sum(axis=0)
            products[i] += difference.T @ difference
    found = []
    for total, product, value in zip(totals, products, first, strict=True):
        mean = total / len(points) * (bias == "affine")
        covariance = product / len(points) - np.outer(mean, mean)
        # Those of products of one and of many points differ in their last bits.
        constant = np.diag(covariance) <= (_ROUNDING * value[0]) ** 2
        covariance[constant] = covariance[:, constant] = 0
        found.append(Statistics(mean + value[0], covariance))
    return found


def _hidden(layers: Layers, points: Array) -> Iterator[Array]:
    """Yield the values (points, units) of each hidden layer; ValueError where they overflow."""
    values = points
    for i, activation in enumerate(layers.activations):
        with np.errstate(over="ignore", invalid="ignore"):
            values = activation(values @ layers.weights[i].T + layers.biases[i])
        # Their squares are added up.
        if not (np.abs(values) < _LARGEST).all():
            raise ValueError(f"hidden layer {i} overflows at the points of calibrate; smaller ones are accepted")
        yield values


def plain(matrix: Array, bits: int) -> Rounded:
    """Return each column rounded to odd multiples of a step, of which its modulus is the largest."""
    step = np.abs(matrix).max(axis=0, initial=0) / (2**bits - 1)
    return Rounded(matrix, np.zeros(len(matrix)), Rounding(step, step, np.zeros(len(step))))


def calibrated(matrix: Array, statistics: Statistics, bits: int, advance: Callable[[int], Any]) -> Rounded:
    """Return the columns so rounded that little is lost of the product with the values of the units.

    By descending variance of what they contribute each is rounded, and its error goes into those that are left, which
    make up for as much of it as they can by their covariance. What is left of the mean goes into the bias.

    Parameters
    ----------
    matrix : (rows, columns)
    statistics : Statistics
        Of the units at the columns.
    bits : int
    advance : callable
        Is told how many columns are done.
    """
    count = matrix.shape[1]
    step = np.abs(matrix).max(axis=0, initial=0) / (2**bits - 1)
    mean, covariance = statistics
    variance = np.diag(covariance)
    order = np.argsort(-variance * step**2, kind="stable")
    # Of dead units alone nothing is known, and nothing is passed on.
    damping = _DAMPING * variance.mean() or 1.0
    factor = _factor(covariance[np.ix_(order, order)] + damping * np.eye(count))
    left = matrix.T[order]  # (columns, rows), which lie one after the other
    done = np.empty_like(left)
    for start in range(0, count, _COLUMNS):
        stop = min(start + _COLUMNS, count)
        errors = np.empty((stop - start, len(matrix)))
        for i in range(start, stop):
            done[i] = _nearest(left[i], step[order[i]], bits)
            errors[i - start] = (left[i] - done[i]) / factor[i, i]
            left[i + 1 : stop] -= np.outer(factor[i, i + 1 : stop], errors[i - start])
        left[stop:] -= factor[start:stop, stop:].T @ errors
        advance(stop - start)
    rounded = np.empty_like(matrix)
    rounded[:, order] = done.T
    error = matrix - rounded
    return Rounded(rounded, error @ mean, Rounding(step, np.abs(error).max(axis=0, initial=0), mean))


def _nearest(numbers: Array, step: float, bits: int) -> Array:
    return step * (2 * levels(numbers, step, bits) - (2**bits - 1)) if step else np.zeros_like(numbers)


def _factor(covariance: Array) -> Array:
    """Return the upper U with U^T U = covariance^-1."""
    # Of the matrix with rows and columns in reverse order the lower Cholesky factor, reversed, is the upper V of
    # covariance = V V^T, and U = V^-1.
    from scipy.linalg import solve_triangular

    upper = np.linalg.cholesky(covariance[::-1, ::-1])[::-1, ::-1]
    return solve_triangular(upper, np.eye(len(upper)))
