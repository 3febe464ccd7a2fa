"""Products of matrices of functions of one variable: trains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from kousei.front.problem import RefusedError
from kousei.front.trains.fibres import Fibres

Array = np.ndarray[Any, Any]

#: The part of a function that is orthogonal to the others is at least this, of the largest value.
_DEPENDENT = 1e-6


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


def round_off(fibres: list[Fibres], tol: float) -> tuple[Core, ...]:
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
