"""Polynomials: few units by nonlinear least squares, and RePU networks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.polynomial._polybase import ABCPolyBase

from kousei import repu
from kousei._lib.boxes import fill_cube
from kousei.activation.base import power_of
from kousei.front.problem import Array, Problem, RefusedError
from kousei.funahashi import variable_projection
from kousei.network import MLP

#: Samples of a function of one variable that may be a polynomial, and degrees that are tried.
_SAMPLES, _DEGREES = 17, range(2, 8)
#: Starts of a nonlinear fit, and its samples.
_STARTS, _FITTED = 2, 60
#: Samples of a RePU network for each unit, at most: of a sum of products most coefficients are 0.
_PER_UNIT = 16
#: Samples by which it is seen, before it is taken, that nothing was missed.
_HELD_OUT = 1 << 16


def few_units(problem: Problem, most: int) -> MLP:
    """Return as many units as a polynomial of one variable has degrees, or a few more, by `variable_projection`."""
    if problem.dim > 1:
        raise RefusedError("it is for polynomials of one variable")
    if problem.activation is not None and problem.activation.name not in ("tanh", "logistic"):
        raise RefusedError("it is for tanh and logistic units")
    t = np.cos(np.pi * (np.arange(_SAMPLES) + 0.5) / _SAMPLES)
    c = np.polynomial.chebyshev.chebfit(t, problem(problem.place(t[:, None])), _SAMPLES - 1)
    count = np.flatnonzero(np.abs(c) > problem.tol / 100)
    degree = int(count.max(initial=0))
    if degree not in _DEGREES:
        raise RefusedError(f"f is no polynomial of degree {_DEGREES[0]} to {_DEGREES[-1]}")
    # The fit is of least squares and the tolerance of the maximum: more points where polynomials are largest.
    t = np.cos(np.pi * (np.arange(_FITTED) + 0.5) / _FITTED)
    fitted = problem(problem.place(t[:, None]))
    checked = problem.place(2 * fill_cube(1, 1000) - 1)
    values = problem(checked)
    phi = problem.activation or "tanh"
    best = math.inf
    for units in range(degree, min(degree + 2, most) + 1):
        fit = variable_projection(t[:, None], fitted, units, activation=phi, starts=_STARTS, rng=problem.rng)
        weight = fit.network.weights[0] / problem.half
        net = MLP(
            [weight, fit.network.weights[1]],
            [fit.network.biases[0] - weight @ problem.center, fit.network.biases[1]],
            fit.network.activations,
        )
        best = min(best, float(np.abs(net(checked) - values).max()))
        if best <= problem.tol / 2:
            return net
    raise RefusedError(f"{min(degree + 2, most)} units for a polynomial of degree {degree} reach {best:.1e}")


def polynomial(problem: Problem, most: int) -> MLP:
    """Return the tree of a polynomial that is as near as asked, of units max(z, 0)^p: `repu.from_function`."""
    p = _power(problem)
    f = problem.limited(min(_PER_UNIT * most, 1 << 18) + _HELD_OUT)
    try:
        net = repu.from_function(f, problem.bounds, problem.tol / 2, p)
    except ValueError as error:
        raise RefusedError(str(error)) from None
    if net.units > most:
        raise RefusedError(f"it takes {net.units} units")
    return net


def of_numpy(f: Any, lo: Array, hi: Array) -> tuple[Any, Callable[[Problem, int], MLP] | None]:
    """Return a polynomial of NumPy as a function of points, and its constructor; any other function, and None."""
    if not isinstance(f, ABCPolyBase):
        return f, None
    if len(lo) != 1:
        raise ValueError(f"bounds has {len(lo)} dimensions and f is a polynomial of one variable; 1 is accepted")
    coefficients = f.convert(kind=np.polynomial.Chebyshev, domain=[lo[0], hi[0]]).coef

    def given(problem: Problem, most: int) -> MLP:
        net = repu.from_chebyshev(coefficients, _power(problem), bounds=problem.bounds)
        if net.units > most:
            raise RefusedError(f"it takes {net.units} units")
        return net

    return lambda x: f(x[:, 0]), given


def _power(problem: Problem) -> int:
    name = problem.activation.name if problem.activation else "repu2"
    power = power_of(name)
    if power < 2:
        raise RefusedError(f"its units are max(z, 0)^p, and all were to be {name}")
    return power
