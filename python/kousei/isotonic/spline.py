"""Quadratic splines on a box, which go on to constants outside of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Spline:
    """The spline sum_k coef_k B_k1(u_1) ... B_kd(u_d), in cells u_j = (x_j - lo_j)/width_j of a box.

    B_k is the quadratic B-spline on [k - 2, k + 1]. Beyond the box the first and the last coefficient of an axis go
    on: the slope along it falls to 0 over one cell, and the spline is constant from there.

    Parameters
    ----------
    lo, width : array (dim,)
        The lower corner of the box, and the size of a cell.
    coef : array (cells + 2, ..., cells + 2)
        With an axis for each variable. Where they do not fall along one, the spline does not fall anywhere: its
        derivative is a sum of their differences with weights that are not negative.
    """

    lo: Array
    width: Array
    coef: Array

    @property
    def cells(self) -> int:
        """Cells of the box along each axis."""
        return len(self.coef) - 2

    def __call__(self, x: Array) -> Array:
        """Return the values (n,) at points (n, dim)."""
        index, t = locate(x, self.lo, self.width, self.cells)
        values = self._around(index)
        # Without the part that all share, which would round: what is flat stays flat.
        base = values[:, *[slice(1)] * len(self.lo)]
        return base.ravel() + _contract(values - base, [weights_at(each) for each in t.T])

    def gradient(self, x: Array) -> Array:
        """Return the derivatives (n, dim) at points (n, dim)."""
        index, t = locate(x, self.lo, self.width, self.cells)
        values = self._around(index)
        result = np.empty(x.shape)
        for axis, width in enumerate(self.width):
            factors = [weights_at(each) for each in t.T]
            factors[axis] = np.stack([1 - t[:, axis], t[:, axis]], axis=-1)
            result[:, axis] = _contract(np.diff(values, axis=1 + axis), factors) / width
        return result

    def _around(self, index: Array) -> Array:
        """Return the coefficients (n, 3, ..., 3) of the B-splines that are not 0 at each point."""
        dim = len(self.lo)
        return self.coef[tuple(index[:, j].reshape(-1, *[1] * j, 3, *[1] * (dim - 1 - j)) for j in range(dim))]


@dataclass(frozen=True, eq=False)
class Sum:
    """The sum of splines of one variable each.

    Parameters
    ----------
    parts : tuple of Spline
        One for each variable.
    """

    parts: tuple[Spline, ...]

    def __call__(self, x: Array) -> Array:
        """Return the values (n,) at points (n, dim)."""
        return np.sum([part(x[:, [j]]) for j, part in enumerate(self.parts)], axis=0)

    def gradient(self, x: Array) -> Array:
        """Return the derivatives (n, dim) at points (n, dim)."""
        return np.concatenate([part.gradient(x[:, [j]]) for j, part in enumerate(self.parts)], axis=1)


def locate(x: Array, lo: Array, width: Array, cells: int) -> tuple[Array, Array]:
    """Return which B-splines are not 0 at points, as indices (n, dim, 3), and where in their cells they lie."""
    with np.errstate(over="ignore"):
        u = np.clip((x - lo) / width, -1, cells + 1)
    cell = np.minimum(np.floor(u), cells)
    index = np.clip(cell.astype(np.intp)[..., None] + np.arange(3), 0, cells + 1)
    return index, u - cell


def weights_at(t: Array) -> Array:
    """Return the three B-splines at points t in [0, 1] of a cell, (n, 3)."""
    return np.stack([(1 - t) ** 2 / 2, 0.5 + t * (1 - t), t**2 / 2], axis=-1)


def design(x: Array, lo: Array, width: Array, cells: int) -> Any:
    """Return the values of all products of B-splines at points, (n, (cells + 2)^dim), sparse."""
    index, t = locate(x, lo, width, cells)
    n, dim = x.shape
    column, value = np.zeros((n, 1), np.intp), np.ones((n, 1))
    for j in range(dim):
        column = ((cells + 2) * column[:, :, None] + index[:, j, None, :]).reshape(n, -1)
        value = (value[:, :, None] * weights_at(t[:, j])[:, None, :]).reshape(n, -1)
    shape = n, (cells + 2) ** dim
    return csr_array((value.ravel(), column.ravel(), np.arange(0, value.size + 1, 3**dim)), shape=shape)


def _contract(values: Array, factors: list[Array]) -> Array:
    """Return sum_ij... values_nij... factors_ni factors_nj ..., for each n."""
    for factor in factors:
        values = (values * factor.reshape(*factor.shape, *[1] * (values.ndim - 2))).sum(axis=1)
    return values
