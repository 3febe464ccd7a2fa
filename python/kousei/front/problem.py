"""What is asked of a constructor: a function on a box, a tolerance, and how many units may be spent."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.boxes import fill_cube
from kousei.activation import Activation

Array = np.ndarray[Any, Any]
Function = Callable[[Array], Any]

#: Points that a network is held against the function at, and where in their sequence: constructors take earlier ones.
HELD_OUT, _HELD_OUT_START = 1 << 14, 1 << 24


class RefusedError(Exception):
    """Says why a constructor makes no network: a sentence without a capital and without a full stop."""


class JumpError(RefusedError):
    """Says that a function of one variable jumps, where, and by how many tolerances."""

    def __init__(self, place: float, size: float) -> None:
        super().__init__(f"it jumps at {place:.9g}, by {size:.2g} times the tolerance")
        self.size = size


class FunctionError(Exception):
    """Carries what the function raised, or what its values are not, past all constructors."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


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
    max_evaluations : int, optional
        Points at which f may be evaluated; a quarter of them is kept for the points that are held out.
    """

    lo: Array
    hi: Array
    tol: float
    activation: Activation | None
    rng: np.random.Generator
    center: Array
    half: Array

    def __init__(
        self,
        f: Function,
        lo: Array,
        hi: Array,
        tol: float,
        activation: Activation | None,
        rng: np.random.Generator,
        max_evaluations: int | None = None,
    ) -> None:
        self.lo, self.hi, self.tol, self.activation, self.rng = lo, hi, tol, activation, rng
        self.dim: int = len(lo)
        self.center, self.half = lo + (hi - lo) / 2, (hi - lo) / 2
        self.evaluations: int = 0
        self.exhausted: bool = False
        self._f = f
        self._kept = HELD_OUT if max_evaluations is None else max(1, min(HELD_OUT, max_evaluations // 4))
        self._left = math.inf if max_evaluations is None else max_evaluations - self._kept

    def __call__(self, x: Array) -> Array:
        """Return the values (n,) at points (n, dim) of the box; checked, and refused beyond what is left of them."""
        if len(x) > self._left:
            self.exhausted = True
            raise RefusedError(f"{len(x)} more evaluations of f are needed, and max_evaluations leaves {self._left}")
        self._left -= len(x)
        return self._values(x)

    def _values(self, x: Array) -> Array:
        self.evaluations += len(x)
        try:
            # Copies, as f may change its argument, and later what it returned.
            values = arrays.real_numbers("f(x)", self._f(x.copy()), "biuf").copy()
            arrays.require_shape("f(x)", values, (len(x),))
            bad = np.flatnonzero(~np.isfinite(values))
            if bad.size:
                raise ValueError(f"f was {values[bad[0]]} at {x[bad[0]].tolist()}; finite values are accepted")
        except (RefusedError, FunctionError):  # of a problem within another
            raise
        except Exception as error:
            raise FunctionError(error) from error
        return values

    @property
    def left(self) -> float:
        """Points at which f may still be evaluated, beside those that are held out."""
        return self._left

    def limited(self, most: int) -> Function:
        """Return the function for a constructor that stops by itself too late: refused beyond `most` evaluations."""
        end = self.evaluations + most

        def f(x: Array) -> Array:
            points = x.reshape(-1, self.dim)
            if self.evaluations + len(points) > end:
                raise RefusedError(f"{most} evaluations of f do not reach {self.tol:.3g}")
            return self(points).reshape(x.shape[:-1])

        return f

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """The box, one (lo, hi) for each dimension."""
        return list(zip(self.lo.tolist(), self.hi.tolist(), strict=True))

    def place(self, y: Array) -> Array:
        """Return the points of the box whose coordinates are y, -1 to 1 along each axis."""
        return np.asarray(np.clip(self.center + self.half * y, self.lo, self.hi))

    @cached_property
    def held_out(self) -> tuple[Array, Array]:
        """Points (n, dim) of the box and the function there: its corners, and others that no constructor is given.

        Half of those fill the box evenly, half are denser towards its sides, where errors are largest.
        """
        x = held_out_points(self.lo, self.hi, self._kept)
        return x, self._values(x)


def held_out_points(lo: Array, hi: Array, count: int) -> Array:
    """Return the points of `Problem.held_out`."""
    y = cube_points(len(lo), count, _HELD_OUT_START)
    corners = np.array(list(product([-1.0, 1.0], repeat=len(lo))))
    if len(corners) <= count // 8:
        y[: len(corners)] = corners
    return np.asarray(np.clip(lo + (hi - lo) / 2 * (1 + y), lo, hi))


def cube_points(dim: int, count: int, start: int = 0) -> Array:
    """Return points of the cube [-1, 1]^dim from a sequence, every other one denser towards its sides.

    Errors are largest there.
    """
    y = 2 * fill_cube(dim, count, start) - 1
    y[1::2] = np.sin(np.pi / 2 * y[1::2])
    return y
