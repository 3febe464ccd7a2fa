"""A function as a product of matrices of functions of one variable each, from its values at crosses of fibres."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from kousei._lib.boxes import fill_cube
from kousei.front.problem import RefusedError

Array = np.ndarray[Any, Any]
Function = Callable[[Array], Array]

#: Points along an axis among which pivots are sought, and by which fibres are resolved at first and at most.
_SITES, _MOST_NODES = 17, 257
#: A constant that is subtracted is at most the largest value divided by this.
_LEAST_CONSTANT = 0.1
#: Functions of one variable that may have kinks.
_MOST_ROUGH = 16
#: The part of a function that is orthogonal to the others is at least this, of the largest value.
_DEPENDENT = 1e-6
#: Points that are split at each bond beyond those that the rank asks for, and times that more are added to them.
_MORE, _ROUNDS = 8, 4
#: Points that a train is held against the function at.
_CHECKS = 2048
#: Parts of the tolerance: for pivots, for the coefficients of fibres, and for what is cut off of a train.
_PIVOT, _SERIES, _LEFT_OUT = 1 / 50, 1 / 1000, 1 / 20


class Core(NamedTuple):
    """A matrix of functions of one variable t, from -1 to 1: left @ fibres(t) @ right."""

    fibres: Fibres
    left: Array
    right: Array

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.left), self.right.shape[1]

    @property
    def series(self) -> Array | None:
        """Its Chebyshev coefficients (n, rows, columns), where they are known."""
        return None if self.fibres.series is None else np.asarray(self.left @ self.fibres.series @ self.right)

    def __call__(self, t: Array) -> Array:
        """Return the matrices (k, rows, columns) at points (k,)."""
        return np.asarray(self.left @ self.fibres(t) @ self.right)


@dataclass(frozen=True)
class Train:
    """f(y) = offset + cores[0](y_1) @ cores[1](y_2) @ ..., from one row to one column, for y from -1 to 1.

    Parameters
    ----------
    cores : tuple of Core
    offset : float
    points : array (n, dim)
        That it was held against f at.
    values : array (n,)
        Of f there.
    peak : array (1, dim)
        A local maximum of the modulus of the product.
    """

    cores: tuple[Core, ...]
    offset: float
    points: Array
    values: Array
    peak: Array

    @property
    def ranks(self) -> tuple[int, ...]:
        """Columns of each core but the last."""
        return tuple(core.shape[1] for core in self.cores[:-1])

    def __call__(self, y: Array) -> Array:
        """Return the values (n,) at points (n, dim)."""
        product = np.ones((len(y), 1, 1))
        for core, t in zip(self.cores, y.T, strict=True):
            product = product @ core(t)
        return self.offset + product[:, 0, 0]


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
    points = _points(dim, _CHECKS)
    rank, offset = _middle(f, dim, tol, most_rank)
    split = _points(dim, 2 * rank, _CHECKS)
    values = f(points)

    def rest(y: Array) -> Array:
        return f(y) - offset

    peak, _ = _climb(lambda y: np.abs(rest(y)), points[np.abs(values - offset).argmax()])
    worst, error = peak, math.inf
    for again in range(_ROUNDS):
        split = np.concatenate([split, worst, _points(dim, _MORE, _CHECKS + len(split))])
        share = tol / 4**again
        heads, tails = _parts(rest, split, _PIVOT * share, most_rank)
        fibres = [Fibres(rest, heads, tails, axis, _SERIES * share) for axis in range(dim)]
        train = Train(_round_off(fibres, _LEFT_OUT * share), offset, points, values, peak)
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
        heads, tails = np.split(_points(dim, n), [dim // 2], axis=1)
        values = f(_crossed(heads, tails)).reshape(n, n)
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
    sites = _nodes(_SITES)[:, None]
    heads, tails = [split[:1, :0]], [split[:1, dim:]]
    for j in range(1, dim):
        candidates = np.concatenate([_crossed(heads[-1], sites), split[:, :j]])
        heads.append(candidates[_pivots(f, candidates, split[:, j:], tol, most_rank)[0]])
    for j in range(dim - 1, 0, -1):
        candidates = np.concatenate([_crossed(sites, tails[0]), split[:, j:]])
        rows, columns = _pivots(f, heads[j], candidates, tol, most_rank)
        heads[j], tails = heads[j][rows], [candidates[columns], *tails]
    return heads, tails


def _pivots(f: Function, heads: Array, tails: Array, tol: float, most_rank: int) -> tuple[list[int], list[int]]:
    """Return rows and columns of the values at all heads with all tails, by elimination with complete pivoting."""
    left = f(_crossed(heads, tails)).reshape(len(heads), len(tails))
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


class Fibres:
    """Functions of one variable, f from each head to each tail times P^-1, as Chebyshev series where they follow f.

    Parameters
    ----------
    f : callable
    heads, tails : list of arrays (r, ...)
        The first parts and the last, of all bonds.
    axis : int
    tol : float
        Of a series of values of f.

    Raises
    ------
    RefusedError
        If they are too many to be sampled further and no series follows them.
    """

    def __init__(self, f: Function, heads: list[Array], tails: list[Array], axis: int, tol: float) -> None:
        from scipy.fft import dct  # where it is used: it takes longer to import than all of this package

        self._f, self._heads, self._tails = f, heads[axis], tails[axis]
        self._cross = np.ones((1, 1))
        # Where the neighbours' parts are, f is not small.
        held = tails[axis - 1][:, 0] if axis else np.zeros(0)
        if axis + 1 < len(heads):
            self._cross = f(_crossed(heads[axis + 1], tails[axis])).reshape(len(heads[axis + 1]), -1)
            held = np.append(held, heads[axis + 1][:, -1])
        exact = self._sample(held)
        n, count = _SITES, len(self._heads) * len(self._tails)
        nodes = _nodes(n)
        values = self._sample(nodes)
        self.series: Array | None = None
        while True:
            series = dct(values, type=1, axis=0) / (n - 1)
            series[[0, -1]] /= 2
            size = np.abs(series).max(axis=(1, 2))
            small = max(tol, 8 * float(np.finfo(float).eps) * np.abs(values).max())
            if (size[3 * n // 4 :] <= small).all():
                series = series[: np.flatnonzero(size > small).max(initial=0) + 1]
                if np.abs(_summed(series, held) - exact).max() <= 16 * small:
                    self.series = self._divided(series)
                    break
            if n >= _MOST_NODES:
                if count > _MOST_ROUGH:
                    raise RefusedError(f"{n} points along variable {axis + 1} do not resolve {count} functions of it")
                break
            n = 2 * n - 1
            nodes, old = _nodes(n), values
            values = np.empty((n, *old.shape[1:]))
            values[::2], values[1::2] = old, self._sample(nodes[1::2])
        #: What they are at these extrema of a Chebyshev polynomial.
        self.values = self._divided(values)

    def __call__(self, t: Array) -> Array:
        """Return the values (k, r, r') at points (k,)."""
        return self._divided(self._sample(t)) if self.series is None else _summed(self.series, t)

    def _sample(self, t: Array) -> Array:
        inner = _crossed(self._heads, t[:, None])
        values = self._f(_crossed(inner, self._tails))
        return values.reshape(len(self._heads), len(t), len(self._tails)).swapaxes(0, 1)

    def _divided(self, values: Array) -> Array:
        # P is in the order of its pivots, small ones last: elimination is accurate where P^-1 would not be.
        rows = values.reshape(-1, len(self._cross))
        return np.asarray(np.linalg.solve(self._cross.T, rows.T).T).reshape(values.shape)


def _summed(series: Array, t: Array) -> Array:
    """Return the values (k, r, r') of Chebyshev series at points (k,)."""
    return np.tensordot(np.polynomial.chebyshev.chebvander(t, len(series) - 1), series, 1)


def _round_off(fibres: list[Fibres], tol: float) -> tuple[Core, ...]:
    """Return the cores of a train of the smallest ranks that are within `tol` in the mean square over the cube.

    The mean is by the weight of Chebyshev polynomials; the rows of each core but the first are orthonormal in it.
    """
    lefts, rights, tables = [], [], []
    carried = np.ones((1, 1))
    for its in fibres:
        weights = np.full(len(its.values), 1 / (len(its.values) - 1))
        weights[[0, -1]] /= 2
        table = np.sqrt(weights)[:, None, None] * (carried @ its.values)
        q, r = np.linalg.qr(table.reshape(-1, table.shape[2]))
        if len(q) < len(r.T) or np.abs(np.diag(r)).min() <= _DEPENDENT * np.abs(table).max():
            raise RefusedError(f"{len(table)} points along an axis do not tell its functions apart")
        lefts.append(carried)
        rights.append(np.linalg.inv(r))
        tables.append(q.reshape(table.shape))
        carried = r
    cores: list[Core] = []
    for its, left, right, table in zip(fibres[::-1], lefts[::-1], rights[::-1], tables[::-1], strict=True):
        matrix = (table @ carried).swapaxes(0, 1).reshape(len(left), -1)
        u, singular, _ = np.linalg.svd(matrix, full_matrices=False)
        missing = np.sqrt(np.cumsum(singular[::-1] ** 2)[::-1])
        rank = max(1, int((missing > tol).sum()))
        pushed = u[:, :rank] * singular[:rank]
        if len(cores) == len(fibres) - 1:
            cores.append(Core(its, left, right @ carried))
        else:
            cores.append(Core(its, (u[:, :rank] / singular[:rank]).T @ left, right @ carried))
        carried = pushed
    return tuple(cores[::-1])


def farthest(f: Function, model: Function, points: Array, values: Array) -> tuple[Array, float]:
    """Return where a model is farthest from f, (1, dim), near the worst of some points, and how far it is."""
    off = np.abs(model(points) - values)
    y, height = _climb(lambda y: np.abs(model(y) - f(y)), points[off.argmax()])
    return y, max(float(off.max()), height)


def _climb(height: Function, start: Array) -> tuple[Array, float]:
    """Return the point (1, dim) where a function is largest along each axis in turn, twice, and its value there."""
    y, value = start[None], 0.0
    for axis in [*range(y.shape[1])] * 2:
        along = np.repeat(y, _SITES + 1, axis=0)
        along[1:, axis] = _nodes(_SITES)
        heights = height(along)
        y, value = along[[heights.argmax()]], float(heights.max())
    return y, value


def _points(dim: int, count: int, start: int = 0) -> Array:
    """Return points of the cube, every other one nearer to its sides, where functions are largest."""
    y = 2 * fill_cube(dim, count, start) - 1
    y[1::2] = np.sin(np.pi / 2 * y[1::2])
    return y


def _nodes(n: int) -> Array:
    """Return the extrema of T_(n-1), which are among those of T_(2n-2)."""
    return np.asarray(np.cos(np.pi * np.arange(n) / (n - 1)))


def _crossed(heads: Array, tails: Array) -> Array:
    """Return all points of a head and a tail, those of the first head first."""
    return np.hstack([np.repeat(heads, len(tails), axis=0), np.tile(tails, (len(heads), 1))])
