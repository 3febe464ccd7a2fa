"""One hidden layer whose directions and slopes are drawn at random, with output weights by least squares."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from kousei._lib.boxes import fill_cube
from kousei.activation import Activation, PiecewiseLinear, tanh
from kousei.activation.base import power_of
from kousei.front.problem import Array, Problem, RefusedError
from kousei.network import MLP

#: Units of the first network, and of the largest.
_FIRST, _MOST = 48, 2048
#: Points for each unit, and those at which the error is measured.
_RATIO, _CHECKED = 2, 4096
#: Slopes across half of the box that are tried, and up to how many units.
_SCALES, _TRIED = (0.5, 1.0, 2.0, 4.0, 8.0), 200
#: Singular values below this share of the largest are damped.
_DAMPED = 1e-15
#: Columns that LAPACK takes at a time: left to itself, SciPy's call takes 3, which is ten times slower.
_BLOCK = 64
#: Share of the tolerance that is aimed at.
_SHARE = 0.5


class _Units(NamedTuple):
    """Hidden units of the cube [-1, 1]^dim, phi(scale (weight . y - shift))."""

    weight: Array
    shift: Array
    phi: Activation

    def values(self, y: Array, scale: float, count: int) -> Array:
        z = scale * (y @ self.weight[:count].T - self.shift[:count])
        return np.column_stack([np.ones(len(y)), self.phi(np.ascontiguousarray(z))])


class _Fit(NamedTuple):
    """The triangle and the right side of a fit; of the first k columns they are the first k rows and columns."""

    scale: float
    triangle: Array
    right: Array

    def weights(self, count: int) -> Array:
        from scipy.linalg import solve_triangular

        solved: Array = solve_triangular(self.triangle[: count + 1, : count + 1], self.right[: count + 1])
        return solved


def features(problem: Problem, most: int) -> MLP:
    """Return a network of units with random directions, the first ones that suffice of a sequence.

    Directions are uniform, centres uniform in the box, slopes within a factor of 3 of a scale, which is chosen by the
    error at points of its own. The number of units is doubled, and then bisected: one QR decomposition has the fits
    of all its first columns. After the random bases of Rahimi and Recht, "Uniform approximation of functions with
    random bases" (2008).
    """
    if problem.dim > 6:
        raise RefusedError(f"random directions in {problem.dim} dimensions take too many units: up to 6 are tried")
    phi = problem.activation or tanh
    tol, limit = _SHARE * problem.tol, min(most, _MOST)
    if limit < problem.dim + 1:
        raise RefusedError(f"at most {most} units are of use, and it takes {problem.dim + 1} at least")
    units = _drawn(problem, limit, phi)
    checked = _points(problem.dim, _CHECKED, 1 << 20)
    # A third of them on a face of the cube, where errors are largest.
    for axis in range(problem.dim):
        checked[axis :: 3 * problem.dim, axis] = np.sign(checked[axis :: 3 * problem.dim, axis])
    values = problem(problem.place(checked))
    scales, history, count = list(_SCALES), [], min(_FIRST, limit)
    while True:
        tried = [(fit, _error(units, fit, count, checked, values)) for fit in _fits(problem, units, scales, count)]
        fit, error = min(tried, key=lambda pair: pair[1])
        history.append((count, error))
        if error <= tol:
            break
        _refuse_hopeless(history, tol, limit, phi, problem.dim)
        best, step = fit.scale, 1.5 if count <= _TRIED else 1.0
        scales = [best] if step == 1 else [best / step, best, best * step]
        count = min(2 * count, limit)
    less, enough = history[-2][0] if len(history) > 1 else 1, count
    while enough - less > max(1, enough // 100):
        middle = (less + enough) // 2
        if _error(units, fit, middle, checked, values) <= tol:
            enough = middle
        else:
            less = middle
    coef = fit.weights(enough)
    weight = fit.scale * units.weight[:enough] / problem.half
    bias = -fit.scale * units.shift[:enough] - weight @ problem.center
    return MLP([weight, coef[None, 1:]], [bias, coef[:1]], [phi])


def _drawn(problem: Problem, count: int, phi: Activation) -> _Units:
    direction = problem.rng.normal(size=(count, problem.dim))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    weight = direction * problem.rng.uniform(0.3, 1, size=(count, 1))
    center = problem.rng.uniform(-1, 1, size=(count, problem.dim))
    return _Units(weight, np.sum(weight * center, axis=1), phi)


def _points(dim: int, count: int, start: int) -> Array:
    """Return points of the cube that are denser towards its sides, as Chebyshev's are."""
    return np.sin(np.pi / 2 * (2 * fill_cube(dim, count, start) - 1))


def _fits(problem: Problem, units: _Units, scales: list[float], count: int) -> list[_Fit]:
    from scipy.linalg import lapack

    y = _points(problem.dim, _RATIO * count + 16, 0)
    values = problem(problem.place(y))
    right = np.concatenate([values, np.zeros(count + 1)])[:, None]
    damping = _DAMPED * math.sqrt(len(y)) * np.eye(count + 1)
    found = []
    for scale in scales:
        matrix = np.asfortranarray(np.vstack([units.values(y, scale, count), damping]))
        triangle, reflectors, _, _ = lapack.dgeqrf(matrix, lwork=_BLOCK * (count + 1), overwrite_a=1)
        turned, _, _ = lapack.dormqr("L", "T", triangle, reflectors, right, lwork=_BLOCK**2)
        found.append(_Fit(scale, triangle[: count + 1], turned[: count + 1, 0]))
    return found


def _error(units: _Units, fit: _Fit, count: int, y: Array, values: Array) -> float:
    off = units.values(y, fit.scale, count) @ fit.weights(count) - values
    return float(np.abs(off).max())


def _refuse_hopeless(history: list[tuple[int, float]], tol: float, limit: int, phi: Activation, dim: int) -> None:
    """Refuse where the error falls too slowly: as a power of the units, or where phi is smooth exponentially.

    Then it is in the dim-th root of their number.
    """
    count, error = history[-1]
    if count == limit:
        raise RefusedError(f"{count} units reach {error:.1e}")
    if len(history) < 3:
        return
    smooth = not isinstance(phi, PiecewiseLinear) and not power_of(phi.name)
    along = [float(n) ** (1 / dim) if smooth else math.log(n) for n, _ in history[-3:]]
    errors = [math.log(off) for _, off in history[-3:]]
    rates = [(errors[i] - errors[i + 1]) / (along[i + 1] - along[i]) for i in (0, 1)]
    # Of few units the decay may be about to begin.
    rate, slack = (max(rates), 2) if count <= _TRIED else (rates[-1], 1.25)
    reached = math.inf if rate <= 0 else along[-1] + math.log(error / tol) / rate
    needed = reached**dim if smooth else math.exp(min(reached, 700))
    if needed > slack * limit:
        about = f"some {needed:.0g} are" if needed < 1e9 else "no number is"
        raise RefusedError(f"{count} units reach {error:.1e}, and by that decay {about} enough")
