"""Vector-valued functions of one variable as one hidden layer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from kousei.activation import Activation, PiecewiseLinear, relu, tanh
from kousei.front.lines.kinks import fit_kinked
from kousei.front.lines.knots import fit_knots
from kousei.front.lines.pieces import Pieces, Units, resolve
from kousei.front.lines.smooth import fit_smooth
from kousei.front.problem import RefusedError

Array = np.ndarray[Any, Any]

#: Share of the tolerance that rounding may take.
_ROUNDING = 1 / 16
_EPS = float(np.finfo(float).eps)


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
        None is tanh, and where g has kinks relu, or units of both and of powers of relu.
    most : int
        Units.
    """
    # All errors are in units of what is allowed.
    return fit_pieces(resolve(lambda t: np.asarray(g(t)) / tol, lo, hi), tol, activation, most)


def fit_pieces(pieces: Pieces, tol: Array, activation: Activation | None, most: int) -> Layer:
    """As `fit_line`, of pieces of g/tol."""
    if activation is None:
        activation, layer = _fewest(pieces, most)
    elif isinstance(activation, PiecewiseLinear):
        layer = fit_knots(pieces, activation, most)
    else:
        layer = fit_smooth(pieces, activation, most)
    weight, bias, coef, offset = layer
    farthest = max(abs(pieces.breaks[0]), abs(pieces.breaks[-1]))
    # Of the arguments, where a unit is as steep as it can be, and of the sum; they are of either sign.
    rounding = np.linalg.norm(coef * (1 + np.abs(weight) * farthest + np.abs(bias)), axis=1)
    if (_EPS * rounding > _ROUNDING).any():
        raise RefusedError(
            f"the tolerance is below the rounding of coefficients of up to {np.abs(coef * tol[:, None]).max():.2g}"
        )
    return Layer(weight, bias, activation, coef * tol[:, None], offset * tol)


def _fewest(pieces: Pieces, most: int) -> tuple[Activation, Units]:
    """Return the activation and the units of a fit of fewest units."""
    if len(pieces.kinks) == 0:
        return tanh, fit_smooth(pieces, tanh, most)
    try:
        linear = fit_knots(pieces, relu, most)
    except RefusedError:
        return fit_kinked(pieces, most)
    # A function without curvature is written without others.
    if len(linear[0]) > len(pieces.kinks) + 1:
        with suppress(RefusedError):
            return fit_kinked(pieces, len(linear[0]) - 1)
    return relu, linear
