"""Vector-valued functions of one variable as one hidden layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from kousei.activation import Activation, PiecewiseLinear, relu, tanh
from kousei.front.knots import fit_knots
from kousei.front.pieces import resolve
from kousei.front.smooth import fit_smooth

Array = np.ndarray[Any, Any]


class Layer(NamedTuple):
    """One hidden layer: g(t) is offset + coef @ activation(weight t + bias).

    Parameters
    ----------
    weight, bias : array (n,)
    activation : Activation
    coef : array (m, n)
    offset : array (m,)
    """

    weight: Array
    bias: Array
    activation: Activation
    coef: Array
    offset: Array

    def __call__(self, t: Array) -> Array:
        """Return the values (k, m) at points (k,)."""
        return np.asarray(self.activation(np.multiply.outer(t, self.weight) + self.bias) @ self.coef.T + self.offset)


def fit_line(
    g: Callable[[Array], Array], lo: float, hi: float, tol: Array, activation: Activation | None, most: int
) -> Layer:
    """Return a hidden layer of few units, at most `most`, for a function of one variable on [lo, hi], or refuse.

    Parameters
    ----------
    g : callable
        Takes points (k,) and returns values (k, m).
    lo, hi : float
        The interval.
    tol : array (m,)
        Largest error of each output on it.
    activation : Activation or None
        None is tanh, and relu where g has kinks.
    most : int
        Units.
    """
    # All errors are in units of what is allowed.
    pieces = resolve(lambda t: np.asarray(g(t)) / tol, lo, hi)
    if activation is None:
        activation = relu if len(pieces.kinks) else tanh
    if isinstance(activation, PiecewiseLinear):
        weight, bias, coef, offset = fit_knots(pieces, activation, most)
    else:
        weight, bias, coef, offset = fit_smooth(pieces, activation, most)
    return Layer(weight, bias, activation, coef * tol[:, None], offset * tol)
