"""Output weights by least squares: what the fits of a network to values share."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import is_real_number
from kousei.activation import Activation
from kousei.network.mlp import MLP


class Refit(NamedTuple):
    """A network with fitted output weights, see `FunahashiNetwork.refit`."""

    network: MLP
    residual: float
    sum_of_weights: float
    rank: int


def check_data(x: Any, y: Any, dim: int | None = None) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return points (n, dim) and values (n,) of float64; TypeError or ValueError unless they are that, and finite."""
    points, values = arrays.finite_numbers("x", x), arrays.finite_numbers("y", y)
    if points.ndim != 2 or 0 in points.shape or dim not in (None, points.shape[1]):
        raise ValueError(f"x has shape {points.shape}; (n, {dim or 'dim'}) is accepted")
    arrays.require_shape("y", values, points.shape[:1])
    return points, values


def check_rcond(rcond: Any) -> None:
    """Raise TypeError unless `rcond` is a real number, ValueError unless it lies between 0 and 1."""
    if not is_real_number(rcond):
        raise TypeError(f"rcond was {rcond!r}; a number between 0 and 1 is accepted")
    if not 0 < rcond < 1:  # LAPACK takes eps for others
        raise ValueError(f"rcond was {rcond}; a number between 0 and 1 is accepted")


def fit_output_weights(
    layers: Iterable[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]],
    phi: Activation,
    points: np.ndarray[Any, Any],
    values: np.ndarray[Any, Any],
    rcond: float,
) -> Refit:
    """Return the network with the output weights and the offset that fit the values best.

    Its weights and biases of hidden units are those of `layers` that fit best; ValueError if all of them overflow.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        fits = [fit for layer in layers if (fit := _fitted(*layer, phi, points, values, rcond))]
    if not fits:
        raise ValueError(
            f"y has values of up to {np.abs(values).max():.3g}, at points of up to {np.abs(points).max():.3g}: the "
            "weights overflow; values and points of moderate size are accepted"
        )
    return min(fits, key=lambda fit: fit.residual)


def _fitted(
    weight: np.ndarray[Any, Any],
    bias: np.ndarray[Any, Any],
    phi: Activation,
    points: np.ndarray[Any, Any],
    values: np.ndarray[Any, Any],
    rcond: float,
) -> Refit | None:
    """Return the fit of one hidden layer; None if a number of it is not finite."""
    hidden = np.column_stack([phi(points @ weight.T + bias), np.ones(len(points))])
    if not (np.isfinite(weight).all() and np.isfinite(bias).all() and np.isfinite(hidden).all()):
        return None
    largest = np.abs(values).max() or 1.0
    scaled, _, rank, _ = np.linalg.lstsq(hidden, values / largest, rcond=rcond)
    coef = largest * scaled
    network = MLP([weight, coef[None, :-1]], [bias, coef[-1:]], [phi])
    residual, size = float(np.abs(network(points) - values).max()), float(np.abs(coef).sum())
    return Refit(network, residual, size, int(rank)) if math.isfinite(residual) and math.isfinite(size) else None
