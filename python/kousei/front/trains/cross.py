"""A function as a product of matrices of functions of one variable each, from its values at crosses of fibres."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kousei.front.problem import RefusedError, cube_points
from kousei.front.trains.fibres import SITES, Fibres, Function, crossed, extrema
from kousei.front.trains.train import Train, round_off

Array = np.ndarray[Any, Any]

#: A constant that is subtracted is at most the largest value divided by this.
_LEAST_CONSTANT = 0.1
#: Points that are split at each bond beyond those that the rank asks for, and times that more are added to them.
_MORE, _ROUNDS = 8, 4
#: Points that a train is held against the function at.
_CHECKS = 2048
#: Parts of the tolerance: for pivots, for the coefficients of fibres, and for what is cut off of a train.
_PIVOT, _SERIES, _LEFT_OUT = 1 / 50, 1 / 1000, 1 / 20


def cross(f: Function, dim: int, tol: float, most_rank: int) -> Train:
    """Return the product of matrices that a function is, to a tolerance.

    Between the first j variables and the others, the values at some first parts I_j and some last parts J_j make a
    matrix P_j. With as many as the rank, f is the product of f(I_j-1, t, J_j) P_j^-1 over the axes: exactly where the
    ranks are finite, else to a small multiple of what is left by Gaussian elimination with complete pivoting, which
    chooses the parts. It is then orthogonalised and cut by singular values, like any train.

    Parameters
    ----------
    f : callable
        Takes points (n, dim) of the cube from -1 to 1 and returns values (n,).
    dim : int
        From 2 on.
    tol : float
        Of the largest difference at 2048 points, and at a local maximum of the difference near the worst of them.
    most_rank : int
        Columns of a core, at most.

    Returns
    -------
    Train

    Raises
    ------
    RefusedError
        If the function has a larger rank, which is known from fewer than a thousand values if the rank of the middle
        bond is, or the tolerance is not reached.

    Notes
    -----
    A. Townsend and L. N. Trefethen, "An extension of Chebfun to two dimensions", SIAM J. Sci. Comput. 35 (2013);
    I. Oseledets and E. Tyrtyshnikov, "TT-cross approximation for multidimensional arrays", Linear Algebra Appl. 432
    (2010); Y. Nunez Fernandez et al., "Learning tensor networks with tensor cross interpolation", arXiv:2407.02454.
    """
    points = cube_points(dim, _CHECKS)
    rank, offset = _middle(f, dim, tol, most_rank)
    split = cube_points(dim, 2 * rank, _CHECKS)
    values = f(points)

    def rest(y: Array) -> Array:
        return f(y) - offset

    peak, _ = _climb(lambda y: np.abs(rest(y)), points[np.abs(values - offset).argmax()])
    worst, error = peak, math.inf
    for again in range(_ROUNDS):
        split = np.concatenate([split, worst, cube_points(dim, _MORE, _CHECKS + len(split))])
        share = tol / 4**again
        heads, tails = _parts(rest, split, _PIVOT * share, most_rank)
        fibres = [Fibres(rest, heads, tails, axis, _SERIES * share) for axis in range(dim)]
        train = Train(round_off(fibres, _LEFT_OUT * share), offset, points, values, peak)
        before = error
        worst, error = farthest(f, train, points, values)
        if error <= tol:
            return train
        if error > before / 4:
            break
    raise RefusedError(
        f"of ranks {', '.join(map(str, train.ranks))}, products of functions of one variable are off by {error:.2g}"
    )


def _middle(f: Function, dim: int, tol: float, most_rank: int) -> tuple[int, float]:
    """Return how many singular values of the middle bond count, without a constant where that makes them fewer.

    Refuse if they are above the limit: of rank r and errors of up to tol, n x n values have a singular value r + 1 of
    n tol at most (Weyl).
    """
    n = _MORE
    while True:
        n = min(2 * n, most_rank + 4)
        heads, tails = np.split(cube_points(dim, n), [dim // 2], axis=1)
        values = f(crossed(heads, tails)).reshape(n, n)
        u, singular, v = np.linalg.svd(values)
        rank = int((singular > n * tol).sum())
        if rank > most_rank:
            raise RefusedError(
                f"{_rank_above(dim // 2, most_rank)}: of {n} x {n} values, singular value {most_rank + 1} is "
                f"{singular[most_rank]:.2g}, and {n * tol:.2g} is allowed"
            )
        if 2 * rank <= n or n == most_rank + 4:
            break
    # A - c 1 1^T has a smaller rank than A where 1 is among the columns and the rows of A, for c = 1/(1^T A^+ 1); but
    # where singular values fall on and on, others take the place of the one that is gone.
    least = max(n * tol * _SERIES, n * float(np.finfo(float).eps) * singular[0])
    kept = int((singular > least).sum())
    inverse = (v[:kept].sum(axis=1) / singular[:kept]) @ u[:, :kept].sum(axis=0) if rank > 1 else 0.0
    if abs(inverse) * np.abs(values).max() <= _LEAST_CONSTANT:
        return rank, 0.0
    fewer = np.linalg.svd(values - 1 / inverse, compute_uv=False)[kept - 1] <= least
    return (rank - 1, float(1 / inverse)) if fewer else (rank, 0.0)


def _rank_above(first: int, most_rank: int) -> str:
    return f"the rank between its first {first} variables and the others is above {most_rank}"


def _parts(f: Function, split: Array, tol: float, most_rank: int) -> tuple[list[Array], list[Array]]:
    """Return the first parts I_0, ..., I_D-1 and the last parts J_1, ..., J_D, as many at each bond.

    From the first bond to the last, first parts that extend the neighbours' by sites along one axis meet the last
    parts of all points of `split`; on the way back, last parts that extend the neighbours' meet first ones chosen.
    """
    dim = split.shape[1]
    sites = extrema(SITES)[:, None]
    heads, tails = [split[:1, :0]], [split[:1, dim:]]
    for j in range(1, dim):
        candidates = np.concatenate([crossed(heads[-1], sites), split[:, :j]])
        heads.append(candidates[_pivots(f, candidates, split[:, j:], tol, most_rank)[0]])
    for j in range(dim - 1, 0, -1):
        candidates = np.concatenate([crossed(sites, tails[0]), split[:, j:]])
        rows, columns = _pivots(f, heads[j], candidates, tol, most_rank)
        heads[j], tails = heads[j][rows], [candidates[columns], *tails]
    return heads, tails


def _pivots(f: Function, heads: Array, tails: Array, tol: float, most_rank: int) -> tuple[list[int], list[int]]:
    """Return rows and columns of the values at all heads with all tails, by elimination with complete pivoting."""
    left = f(crossed(heads, tails)).reshape(len(heads), len(tails))
    rows: list[int] = []
    columns: list[int] = []
    while len(rows) < min(left.shape):
        i, j = divmod(int(np.abs(left).argmax()), left.shape[1])
        # One is kept in any case, unless all values are 0.
        if abs(left[i, j]) <= (tol if rows else 0.0):
            break
        if len(rows) == most_rank:
            raise RefusedError(_rank_above(heads.shape[1], most_rank))
        rows.append(i)
        columns.append(j)
        left = left - np.outer(left[:, j], left[i] / left[i, j])
        left[i], left[:, j] = 0.0, 0.0
    if not rows:
        raise RefusedError("it is 0 at all points that were tried")
    return rows, columns


def farthest(f: Function, model: Function, points: Array, values: Array) -> tuple[Array, float]:
    """Return where a model is farthest from f, (1, dim), near the worst of some points, and how far it is."""
    off = np.abs(model(points) - values)
    y, height = _climb(lambda y: np.abs(model(y) - f(y)), points[off.argmax()])
    return y, max(float(off.max()), height)


def _climb(height: Function, start: Array) -> tuple[Array, float]:
    """Return the point (1, dim) where a function is largest along each axis in turn, twice, and its value there."""
    y, value = start[None], 0.0
    for axis in [*range(y.shape[1])] * 2:
        along = np.repeat(y, SITES + 1, axis=0)
        along[1:, axis] = extrema(SITES)
        heights = height(along)
        y, value = along[[heights.argmax()]], float(heights.max())
    return y, value
