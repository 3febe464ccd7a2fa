"""Output weights by ridge regression, with the errors at samples that are left out: all penalties from one pass."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from kousei._lib import arrays
from kousei.activation import Activation

Array = np.ndarray[Any, Any]

#: Relative to the square of the largest singular value, the largest first.
_PENALTIES = 10.0 ** np.arange(3, -24.1, -0.5)
#: By as many n-th parts may a mean square error of n samples be above the least.
_FEW = 5
#: A sample that decides its own value but for less than this tells nothing of others.
_LEAST_SHARE = 1e-4
#: Hidden values held at a time, at least.
_BLOCK = 1 << 21


class Samples(NamedTuple):
    """Points (n, dim), values (n, outputs) and weights (n,), of mean 1."""

    x: Array
    y: Array
    weight: Array


class Layer(NamedTuple):
    """A hidden layer, beside which the coordinates are carried."""

    weight: Array
    bias: Array
    activation: Activation

    def features(self, x: Array) -> Array:
        """Return the coordinates and the values of the units, (n, dim + units).

        All units together are about as large as one coordinate, so that a penalty means the same for any number.
        """
        hidden = self.activation(x @ self.weight.T + self.bias)
        arrays.require_finite(f"the activation {self.activation.name!r}", hidden)
        return np.concatenate([x, hidden / math.sqrt(len(self.bias))], axis=1)


class Solution(NamedTuple):
    """Output weights of a layer, and what says how they came about.

    Parameters
    ----------
    coef, constant : array (dim + units, outputs), (outputs,)
    error : float
        Root mean square error at samples that are left out, over all outputs.
    penalties : array (outputs,)
        That was chosen for each output.
    mean, vt : array (dim + units,), (dim + units, dim + units)
        Means of the features, and the right singular vectors of what is left.
    inverse : array (dim + units, outputs)
        1/(s^2 + p) for the singular values s and the penalty p of each output.
    """

    coef: Array
    constant: Array
    error: float
    penalties: Array
    mean: Array
    vt: Array
    inverse: Array


def solve(layer: Layer, samples: Samples) -> Solution:
    """Return the output weights with the largest penalty whose error at samples that are left out is about the least.

    The features F and the values, centred and times the roots of the weights, become triangular, block by block; with
    the singular values s of that triangle the fit of penalty p has the coefficients V s/(s^2 + p) U' y, and is off at
    sample i, once that is left out, by r_i/(1 - h_i): r_i is the error of the fit to all, and h_i what share sample i
    has in its own value, w_i (1/n + |F_i V (s^2 + p)^(-1/2)|^2).
    """
    n, outputs = samples.y.shape
    root = _triangle(layer, samples)
    count = len(root) - 1 - outputs
    mean, constant = root[0, 1 : 1 + count] / root[0, 0], root[0, 1 + count :] / root[0, 0]
    u, s, vt = np.linalg.svd(root[1 : 1 + count, 1 : 1 + count])
    moments = u.T @ root[1 : 1 + count, 1 + count :]
    penalties = _PENALTIES * s[0] ** 2
    inverse = 1 / (s[:, None] ** 2 + penalties)
    turned = (s[:, None] * inverse)[:, :, None] * moments[:, None, :]  # (features, penalties, outputs)

    squares, largest = np.zeros((len(penalties), outputs)), np.zeros(len(penalties))
    for rows, centred in _centred(layer, samples, mean, vt):
        share = samples.weight[rows, None] * (1 / n + centred**2 @ inverse)
        values = (centred @ turned.reshape(count, -1)).reshape(-1, *squares.shape)
        off = (samples.y[rows, None] - constant - values) / _others(share)[:, :, None]
        squares += np.einsum("n,nlo->lo", samples.weight[rows], off**2)
        largest = np.maximum(largest, share.max(axis=0))
    hidden = largest > 1 - _LEAST_SHARE
    if not hidden.all():
        squares[hidden] = np.inf
    # Errors that are above the least by the part of few samples are as good, and large penalties have small weights.
    chosen, each = (squares <= (1 + _FEW / n) * squares.min(axis=0)).argmax(axis=0), np.arange(outputs)
    coef, error = vt.T @ turned[:, chosen, each], math.sqrt(squares[chosen, each].sum() / (n * outputs))
    return Solution(coef, constant - mean @ coef, error, penalties[chosen], mean, vt, inverse[:, chosen])


def left_out(layer: Layer, samples: Samples, solution: Solution) -> Array:
    """Return what the fits to all samples but one say at that one, (n, outputs)."""
    found, turned = np.empty(samples.y.shape), solution.vt @ solution.coef
    constant = solution.constant + solution.mean @ solution.coef
    for rows, centred in _centred(layer, samples, solution.mean, solution.vt):
        share = samples.weight[rows, None] * (1 / len(found) + centred**2 @ solution.inverse)
        y = samples.y[rows]
        found[rows] = y - (y - constant - centred @ turned) / _others(share)
    return found


def _others(share: Array) -> Array:
    """Return what share the other samples have in the value at each."""
    return np.maximum(1 - share, _LEAST_SHARE)


def _triangle(layer: Layer, samples: Samples) -> Array:
    """Return the R of the weighted features and values together, behind a column of ones.

    Its first row has their means; what is below of the features, and the values turned alike, is centred.
    """
    size = 1 + samples.x.shape[1] + len(layer.bias) + samples.y.shape[1]
    root: Array = np.zeros((0, size))
    for rows in _blocks(len(samples.x), size):
        ones = np.ones((len(samples.x[rows]), 1))
        block = np.concatenate([ones, layer.features(samples.x[rows]), samples.y[rows]], axis=1)
        root = np.asarray(np.linalg.qr(np.concatenate([root, np.sqrt(samples.weight[rows, None]) * block]), "r"))
    return np.pad(root, ((0, size - len(root)), (0, 0)))


def _centred(layer: Layer, samples: Samples, mean: Array, vt: Array) -> Iterator[tuple[slice, Array]]:
    """Give the features along the right singular vectors, without their means, block by block."""
    for rows in _blocks(len(samples.x), len(vt)):
        yield rows, (layer.features(samples.x[rows]) - mean) @ vt.T


def _blocks(points: int, features: int) -> Iterator[slice]:
    # Blocks of four times as many rows as columns keep QR busy with new rows.
    size = max(_BLOCK // features, 4 * features)
    return (slice(start, start + size) for start in range(0, points, size))
