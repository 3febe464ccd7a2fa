"""Networks of one scale from the profiles of a function, to a tolerance of the largest error."""

from __future__ import annotations

import math
import warnings

import numpy as np

from kousei._lib.boxes import fill_cube
from kousei.front.problem import Array, Problem, RefusedError
from kousei.network import MLP
from kousei.ridgelet import single_scale

#: Units of the first network and of the last.
_FIRST, _MOST = 256, 1 << 15
#: A tolerance, as a share of the largest value, that the continuation beyond the box keeps them from.
_COARSE = 1e-3


def ridgelet(problem: Problem, most: int) -> MLP:
    """Return the network of `ridgelet.single_scale`, with twice as many units until they are enough.

    Profiles are those of a function on the whole space: beyond the box it is continued as it is at the side.
    """
    if problem.dim > 3:
        raise RefusedError("it is for up to 3 variables")
    name = problem.activation.name if problem.activation else "tanh"
    if name not in ("tanh", "relu"):
        raise RefusedError(f"its units are tanh and relu, and all were to be {name}")
    x = problem.place(2 * fill_cube(problem.dim, 2000, 1 << 16) - 1)
    values = problem(x)
    if problem.tol < _COARSE * np.abs(values).max():
        raise RefusedError(f"it reaches {_COARSE:.0e} of f at best, as f is not known outside of the box")

    def f(x: Array) -> Array:
        return problem(np.clip(x, problem.lo, problem.hi))

    best, units = math.inf, 0
    while max(_FIRST, 2 * units) <= min(most, _MOST):
        units = max(_FIRST, 2 * units)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # that few units are far off: it is measured below
                net = single_scale(f, problem.bounds, units, activation=name)
        except ValueError as error:
            raise RefusedError(str(error)) from None
        best, before = float(np.abs(net(x) - values).max()), best
        if best <= problem.tol / 2:
            return net
        if best > before / 1.3:
            break
    raise RefusedError(f"{units} units reach {best:.1e}" if units else f"{most} units are too few")
