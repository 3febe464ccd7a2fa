"""Output weights by least squares: what the fits of a network to values share."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from kousei._lib import arrays
from kousei.activation import Activation
from kousei.network import MLP


class Refit(NamedTuple):
    """A network with fitted output weights, see `FunahashiNetwork.refit`."""

    network: MLP
    residual: float
    sum_of_weights: float
    rank: int


def check_data(x: Any, y: Any, dim: int | None = None) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return points (n, dim) and values (n,) of float64; TypeError or ValueError unless they are that, and finite."""
    points, values = arrays.real_numbers("x", x), arrays.real_numbers("y", y)
    if points.ndim != 2 or 0 in points.shape or dim not in (None, points.shape[1]):
        raise ValueError(f"x has shape {points.shape}; (n, {dim or 'dim'}) is accepted")
    if values.shape != points.shape[:1]:
        raise ValueError(f"y has shape {values.shape}; {points.shape[:1]} is accepted")
    for name, array in (("x", points), ("y", values)):
        if not np.isfinite(array).all():
            raise ValueError(f"{name} has NaN or infinite values; finite numbers are accepted")
    return points, values


def check_units(units: Any, least: int = 1) -> int:
    """Return a number of hidden units; TypeError or ValueError unless it is an integer of at least `least`."""
    if not isinstance(units, int | np.integer) or isinstance(units, bool):
        raise TypeError(f"units was {units!r}; an integer is accepted")
    if units < least:
        raise ValueError(f"units was {units}; at least {least} is accepted")
    return int(units)


def fit_output_weights(
    weight: np.ndarray[Any, Any],
    bias: np.ndarray[Any, Any],
    phi: Activation,
    points: np.ndarray[Any, Any],
    values: np.ndarray[Any, Any],
    rcond: float,
) -> Refit:
    """Return the network of hidden units with the output weights and the offset that fit the values best."""
    hidden = np.column_stack([phi(points @ weight.T + bias), np.ones(len(points))])
    coef, _, rank, _ = np.linalg.lstsq(hidden, values, rcond=rcond)
    network = MLP([weight, coef[None, :-1]], [bias, coef[-1:]], [phi])
    residual = float(np.abs(network(points) - values).max())
    return Refit(network, residual, float(np.abs(coef).sum()), int(rank))
