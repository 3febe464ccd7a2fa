"""What is asked of a constructor: a function on a box, a tolerance, and how many units may be spent."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.boxes import fill_cube
from kousei.activation import Activation

Array = np.ndarray[Any, Any]
Function = Callable[[Array], Any]

#: Points that a network is held against the function at; nothing else is done with them.
_HELD_OUT = 1 << 14


class RefusedError(Exception):
    """Says why a constructor makes no network: a sentence without a capital and without a full stop."""


class Problem:
    """A function on a box, evaluated once where it is asked for, and counted.

    Parameters
    ----------
    f : callable
        Takes points (n, dim) of float64 and returns values (n,).
    lo, hi : array (dim,)
        The box.
    tol : float
        Largest error on the box, absolute.
    activation : Activation, optional
        Of all hidden units; None where a constructor may choose.
    rng : numpy.random.Generator
        Of whatever is drawn.
    """

    def __init__(
        self, f: Function, lo: Array, hi: Array, tol: float, activation: Activation | None, rng: np.random.Generator
    ) -> None:
        self.lo, self.hi, self.tol, self.activation, self.rng = lo, hi, tol, activation, rng
        self.dim = len(lo)
        self.center, self.half = lo + (hi - lo) / 2, (hi - lo) / 2
        self.evaluations = 0
        self._f = f

    def __call__(self, x: Array) -> Array:
        """Return the values (n,) at points (n, dim) of the box; checked."""
        self.evaluations += len(x)
        values = arrays.finite_numbers("f(x)", self._f(x), "biuf")
        arrays.require_shape("f(x)", values, (len(x),))
        return values

    def place(self, y: Array) -> Array:
        """Return the points of the box whose coordinates are y, -1 to 1 along each axis."""
        return np.asarray(self.center + self.half * y)

    @cached_property
    def held_out(self) -> tuple[Array, Array]:
        """Points (n, dim) of the box and the function there, which no constructor is given.

        Half of them fill the box evenly, half are denser towards its sides, where errors are largest.
        """
        y = 2 * fill_cube(self.dim, _HELD_OUT) - 1
        y[1::2] = np.sin(np.pi / 2 * y[1::2])
        x = self.place(y)
        return x, self(x)

    def error(self, net: Callable[[Array], Any]) -> float:
        """Return the largest difference between a network and the function at the points that are held out."""
        x, values = self.held_out
        return float(np.abs(np.asarray(net(x)) - values).max())
