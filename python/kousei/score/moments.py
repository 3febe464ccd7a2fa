"""Implicit score matching with frozen features: the moments it takes, and the coefficients in closed form.

With features h of the points and a field f known already, s = f + h A is matched to the score by the least value of
the mean of |s|^2/2 + div s, a quadratic function of A (Hyvärinen 2005, section 3.2 for exponential families):
tr(A' H A)/2 + tr(A' G), H the mean of h h' and G that of the derivatives of h by each coordinate plus h f'.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from kousei.activation import Activation
from kousei.network import MLP

Array = np.ndarray[Any, Any]

#: Penalties that are compared.
_PENALTIES = 10.0 ** np.arange(-8, 1.5, 0.5)
#: Hidden values held at a time.
_BLOCK = 1 << 20


class Moments(NamedTuple):
    """Sums over the points of each part of the data.

    Parameters
    ----------
    points : array (folds,)
        How many there are.
    outer : array (folds, features, features)
        Of h h'.
    drift : array (folds, features, dim)
        Of the derivatives of h, plus h f'.
    """

    points: Array
    outer: Array
    drift: Array


def linear_moments(folds: list[Array]) -> Moments:
    """Return the moments of the coordinates themselves, with f = 0."""
    count = np.array([len(y) for y in folds])
    return Moments(count, np.stack([y.T @ y for y in folds]), count[:, None, None] * np.eye(folds[0].shape[1]))


def unit_moments(folds: list[Array], weight: Array, bias: Array, phi: Activation, linear: Array) -> Moments:
    """Return the moments of a layer's units, divided by the root of their number, and of 1, beside f(y) = y `linear`.

    Divided so, a penalty means the same for any number of units.
    """
    units, dim = weight.shape
    outer, drift = np.zeros((len(folds), units + 1, units + 1)), np.zeros((len(folds), units + 1, dim))
    for i, points in enumerate(folds):
        for y in _blocks(points, units):
            hidden, slopes = values_and_slopes(phi, y @ weight.T + bias)
            features = np.column_stack([hidden / math.sqrt(units), np.ones(len(y))])
            outer[i] += features.T @ features
            drift[i] += features.T @ (y @ linear)
            drift[i, :units] += slopes.sum(axis=0)[:, None] * weight / math.sqrt(units)
    return Moments(np.array([len(y) for y in folds]), outer, drift)


def values_and_slopes(phi: Activation, z: Array) -> tuple[Array, Array]:
    """Return phi(z) and phi'(z)."""
    one, zero = np.ones((1, 1)), np.zeros(1)
    jet = MLP([one, one], [zero, zero], [phi]).jet(z.reshape(-1, 1), laplacian=False)
    return jet.value.reshape(z.shape), jet.jacobian.reshape(z.shape)


def _blocks(points: Array, units: int) -> Iterator[Array]:
    size = max(1, _BLOCK // units)
    for start in range(0, len(points), size):
        yield points[start : start + size]


def best_penalty(moments: Moments) -> float:
    """Return the penalty whose fits to all parts but one have the least loss on the one, over all of them."""
    loss = np.zeros(len(_PENALTIES))
    n, H, G = (sums.sum(axis=0) for sums in moments)
    for count, outer, drift in zip(*moments, strict=True):
        eigenvalues, vectors = np.linalg.eigh((H - outer) / (n - count))
        eigenvalues = np.maximum(eigenvalues, 0)  # which they are up to rounding
        turned, held_outer, held_drift = vectors.T @ (G - drift), vectors.T @ outer @ vectors, vectors.T @ drift
        for i, penalty in enumerate(_PENALTIES):
            coef = -turned / ((n - count) * (eigenvalues + penalty))[:, None]
            loss[i] += np.sum(coef * (held_outer @ coef / 2 + held_drift))
    return float(_PENALTIES[np.argmin(loss)])


def coefficients(moments: Moments, penalty: float) -> Array:
    """Return A = -(H + penalty I)^(-1) G, (features, dim)."""
    n, H, G = (sums.sum(axis=0) for sums in moments)
    try:
        return -np.linalg.solve(H / n + penalty * np.eye(len(H)), G / n)
    except np.linalg.LinAlgError:
        raise ValueError(f"features are dependent to rounding where alpha is {penalty}; more is accepted") from None
