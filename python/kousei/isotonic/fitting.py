"""The monotone spline that fits values best: a quadratic program for each penalty, chosen by cross-validation."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import block_diag, solve_triangular
from scipy.optimize import nnls
from scipy.sparse import hstack

from kousei._lib import arrays
from kousei.isotonic.folds import fold_of
from kousei.isotonic.spline import Spline, Sum, design

Array = np.ndarray[Any, Any]

#: The smoothest first, which is taken of equal ones.
PENALTIES = tuple(10.0**k for k in range(2, -7, -1))
#: Makes coefficients unique that neither values nor the penalty determine.
_RIDGE = 1e-8


class Fit(NamedTuple):
    """A spline, and the penalty by which it was found."""

    spline: Spline | Sum
    penalty: float


class _Sums(NamedTuple):
    """Weighted sums over samples: products of the design with itself and with the values, and the weights."""

    gram: Array
    moment: Array
    weight: float

    def solve(self, penalty: Array, steps: Array) -> Array:
        """Return the coefficients whose mean square and penalty are least."""
        return solve(self.gram / self.weight + penalty, self.moment / self.weight, steps)


def fit_spline(x: Array, y: Array, sample_weight: Array, signs: Array, cells: int, *, additive: bool) -> Fit:
    """Return the spline with the least penalised sum of squares that is monotone.

    Parameters
    ----------
    x, y, sample_weight : array (n, dim), (n,), (n,)
    signs : array (dim,)
        1 for each variable along which the spline must not fall, -1 where it must not rise, and 0 elsewhere.
    cells : int
        Along each axis of the box of the points.
    additive : bool
        Whether it is a sum of splines of one variable each.
    """
    size, dim = cells + 2, x.shape[1]
    count = size * dim if additive else size**dim
    arrays.require_memory(count**2, 8 * (3 + 2 * dim), f"a program of {count} coefficients")
    lo, width = x.min(axis=0), np.ptp(x, axis=0) / cells
    width[width == 0] = 1  # where all coordinates are equal, any will do
    groups = np.split(np.arange(dim), dim if additive else 1)
    basis = hstack([design(x[:, some], lo[some], width[some], cells) for some in groups], format="csr")
    roughness = block_diag(*(roughness_of(size, len(some)) for some in groups))
    steps = block_diag(*(steps_of(size, signs[some]) for some in groups))
    # Around 0 and of the size of 1, so that nothing below depends on units.
    scale = float(np.abs(y).max()) or 1.0
    centre = float(np.average(y / scale, weights=sample_weight))
    c, penalty = _cross_validated(basis, y / scale - centre, sample_weight, fold_of(x, y), roughness, steps)
    c[: size ** len(groups[0])] += centre
    parts = tuple(
        Spline(lo[some], width[some], _monotone(table.reshape((size,) * len(some)), signs[some]))
        for some, table in zip(groups, np.split(scale * c, len(groups)), strict=True)
    )
    return Fit(Sum(parts) if additive else parts[0], penalty)


def _cross_validated(
    basis: Any, values: Array, sample_weight: Array, fold: Array, roughness: Array, steps: Array
) -> tuple[Array, float]:
    """Return the coefficients by the penalty with the least error at folds that took no part, and the penalty."""
    parts = [(basis[rows], values[rows], sample_weight[rows]) for rows in map(fold.__eq__, range(fold.max() + 1))]
    sums = [_Sums((b.T @ (b * w[:, None])).toarray(), b.T @ (w * v), float(w.sum())) for b, v, w in parts]
    errors = np.zeros(len(PENALTIES))
    if len(parts) > 1:
        for i, (b, v, w) in enumerate(parts):
            # Not by a difference, in which one weight can leave nothing of the others.
            rest = _added(sums[:i] + sums[i + 1 :])
            errors += [w @ (b @ rest.solve(penalty * roughness, steps) - v) ** 2 for penalty in PENALTIES]
    penalty = PENALTIES[int(errors.argmin())]
    return _added(sums).solve(penalty * roughness, steps), penalty


def _added(sums: list[_Sums]) -> _Sums:
    return _Sums(*(sum(each[1:], each[0]) for each in zip(*sums, strict=True)))


def _monotone(coef: Array, signs: Array) -> Array:
    """Return coefficients that are monotone to rounding as ones that are to the last digit."""
    for axis, sign in enumerate(signs):
        if sign:
            coef = (np.maximum if sign > 0 else np.minimum).accumulate(coef, axis=axis)
    return coef


def solve(quadratic: Array, linear: Array, steps: Array) -> Array:
    """Return the c with steps c >= 0 for which c . quadratic c/2 - linear . c is least.

    With quadratic = L L^T its dual is least squares without negative numbers, |L^-1 steps^T u + L^-1 linear| over
    u >= 0, and c = quadratic^-1 (linear + steps^T u).
    """
    root = np.linalg.cholesky(quadratic + _RIDGE * np.eye(len(linear)))
    solved = solve_triangular(root, np.column_stack([linear, steps.T]), lower=True)
    free, columns = solved[:, 0], solved[:, 1:]
    c: Array = solve_triangular(root, free, lower=True, trans=1)
    if (steps @ c < 0).any():
        u, _ = nnls(columns, -free, maxiter=100 * columns.shape[1])
        c = solve_triangular(root, free + columns @ u, lower=True, trans=1)
    return c


def roughness_of(size: int, dim: int) -> Array:
    """Return the matrix of the sum of squares of all second differences along each axis."""
    second = np.diff(np.eye(size), 2, axis=0)
    return np.sum([_along(axis, second.T @ second, dim) for axis in range(dim)], axis=0)


def steps_of(size: int, signs: Array) -> Array:
    """Return the matrix of the differences along each axis that must not be negative."""
    first = np.diff(np.eye(size), axis=0)
    rows = [_along(axis, sign * first, len(signs)) for axis, sign in enumerate(signs) if sign]
    return np.concatenate([np.zeros((0, size ** len(signs))), *rows])


def _along(axis: int, matrix: Array, dim: int) -> Array:
    """Return the matrix that applies one to an axis of a table of `dim` axes."""
    size = matrix.shape[1]
    return np.kron(np.kron(np.eye(size**axis), matrix), np.eye(size ** (dim - 1 - axis)))
