"""Functions of two or three variables in ReLU units: interpolation on grids that are cut into simplices."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from kousei._lib.boxes import fill_cube
from kousei.activation import PiecewiseLinear, relu
from kousei.front.problem import Problem, RefusedError
from kousei.network import MLP

Array = np.ndarray[Any, Any]

#: Cells along an axis by which curvature is seen, for each number of dimensions.
_COARSE = {2: 16, 3: 8}
#: Share of the tolerance that is aimed at, and the most points that a grid is held against the function at.
_AIM, _CHECKS = 7 / 8, 1 << 16


def grid(problem: Problem, most: int) -> MLP:
    """Return the ReLU network of a piecewise-linear interpolation on a regular grid, or refuse.

    A cell is cut into simplices, one for each order of its coordinates: Freudenthal, Annals of Math. 43 (1942); Kuhn,
    IBM J. Res. Dev. 4 (1960). The basis function of a node is max(0, 1 + min(0, u) - max(0, u)) of the coordinates u
    of the point seen from it, in cells.
    """
    if problem.dim not in _COARSE:
        raise RefusedError(f"grids are for 2 or 3 dimensions, not for {problem.dim}")
    activation = relu if problem.activation is None else problem.activation
    if not isinstance(activation, PiecewiseLinear):
        raise RefusedError(f"{activation.name} is not piecewise linear")
    mesh = _fewest(problem, most)
    net = (_two if problem.dim == 2 else _three)(mesh)
    if activation != relu:
        net = net.to_activation(activation, np.stack([problem.lo, problem.hi], axis=1).tolist())
    if net.units > most:
        raise RefusedError(f"a grid of {mesh.text} cells takes {net.units} units, and {most} are allowed")
    return net


@dataclass(frozen=True)
class _Mesh:
    """A grid on a box: cells along each axis, which of them are counted from above, and values at the nodes."""

    lo: Array
    hi: Array
    cells: tuple[int, ...]
    flipped: Array
    values: Array

    @property
    def text(self) -> str:
        return " x ".join(map(str, self.cells))

    @property
    def frame(self) -> tuple[Array, Array]:
        """Slopes and constants of the coordinates, in cells, by those of the box."""
        slope = np.where(self.flipped, -1, 1) * self.cells / (self.hi - self.lo)
        return slope, -slope * np.where(self.flipped, self.hi, self.lo)

    def __call__(self, x: Array) -> Array:
        """Return the values (n,) at points (n, dim) of the box."""
        slope, constant = self.frame
        z = slope * x + constant
        node = np.clip(np.floor(z).astype(int), 0, np.array(self.cells) - 1)
        part = z - node
        order = np.argsort(-part, axis=1)
        rows = np.arange(len(x))
        # From the lowest corner of the cell to the highest, along the largest coordinate first.
        before = values = self.values[tuple(node.T)]
        for axis in order.T:
            node[rows, axis] += 1
            here = self.values[tuple(node.T)]
            values = values + (here - before) * part[rows, axis]
            before = here
        return np.asarray(values)


def _fewest(problem: Problem, most: int) -> _Mesh:
    """Return a mesh of few nodes that is near enough, or refuse."""
    dim = problem.dim
    coarse = _COARSE[dim]
    values = _sampled(problem, (coarse,) * dim)
    # Along a line no interpolation is nearer than h^2 |f''|/16.
    bends = np.array([np.abs(np.diff(values, 2, axis=axis)).max() for axis in range(dim)]) * coarse**2
    need = np.sqrt(bends / (16 * problem.tol))
    if _units(np.ceil(need)) > most:
        raise RefusedError(f"a grid takes more than {_units(np.ceil(need)):.2g} units")
    flips = [np.array([False, *flip]) for flip in product([False, True], repeat=dim - 1)]
    factor = 0.5
    while True:
        cells = tuple(max(1, math.ceil(factor * n)) for n in need)
        units = _units(np.array(cells))
        if units > most:
            raise RefusedError(f"a grid of {most} units is not near enough")
        # Diagonals are best where f is flattest: the best of few cells is that of more.
        fine = _sampled(problem, tuple(2 * n for n in cells))
        meshes = [_shifted(problem, cells, flip, fine) for flip in flips]
        x = problem.place(2 * fill_cube(dim, min(_CHECKS, 1024 + 32 * math.prod(cells))) - 1)
        exact = problem(x)
        errors = [float(np.abs(mesh(x) - exact).max()) for mesh in meshes]
        best = int(np.argmin(errors))
        flips = flips[best : best + 1]
        over = errors[best] / problem.tol
        if over <= _AIM:
            return meshes[best]
        # Errors fall as the squares of the cells at best.
        if over * (units / most) ** (2 / dim) > 1:
            raise RefusedError(
                f"a grid of {most} units is off by more than the tolerance, {units:.0f} by {over:.2g} times"
            )
        factor *= min(1.5, max(1.03, math.sqrt(over / _AIM)))


def _units(cells: Array) -> float:
    """Return the hidden units of a grid in ReLU."""
    nodes = float(np.prod(cells + 1))
    return 2 * cells.sum() - 1 + nodes if len(cells) == 2 else 3 * nodes + cells.sum() + 1 + cells[2]


def _sampled(problem: Problem, cells: tuple[int, ...]) -> Array:
    """Return the function at all nodes of a grid."""
    y = np.stack(np.meshgrid(*(np.linspace(-1, 1, n + 1) for n in cells), indexing="ij"), axis=-1)
    return problem(problem.place(y.reshape(-1, len(cells)))).reshape(y.shape[:-1])


def _shifted(problem: Problem, cells: tuple[int, ...], flipped: Array, fine: Array) -> _Mesh:
    """Return the mesh through values in the middle of what the edges at each node are off by.

    `fine` has the function at the nodes and in the middle of all edges.
    """
    fine = np.flip(fine, axis=tuple(np.flatnonzero(flipped)))
    nodes = fine[(slice(None, None, 2),) * len(cells)]
    above, below = np.zeros_like(nodes), np.zeros_like(nodes)
    for step in product([0, 1], repeat=len(cells)):
        if any(step):
            near = tuple(slice(0, n + 1 - s) for s, n in zip(step, cells, strict=True))
            far = tuple(slice(s, n + 1) for s, n in zip(step, cells, strict=True))
            middle = tuple(slice(s, 2 * n + 1 - s, 2) for s, n in zip(step, cells, strict=True))
            off = (nodes[near] + nodes[far]) / 2 - fine[middle]
            for side in (near, far):
                above[side] = np.maximum(above[side], off)
                below[side] = np.minimum(below[side], off)
    return _Mesh(problem.lo, problem.hi, cells, flipped, nodes - (above + below) / 2)


def _two(mesh: _Mesh) -> MLP:
    """Return the network of a grid of two dimensions: two hidden layers, of the lines and of the nodes.

    max(0, u) - min(0, u) is (|u_1| + |u_2| + |u_1 - u_2|)/2, whose terms belong to lines of the grid, and nodes share
    them: at node (i, j) it is r_i + s_j + q_{i-j} - z_1 + i, r_i = max(z_1 - i, 0), s_j = max(z_2 - j, 0) and q_d =
    max(z_1 - z_2 - d, 0).
    """
    n, m = mesh.cells
    slope, constant = mesh.frame
    across = [(1, -1, d) for d in range(1 - m, n)]
    lines = np.array([(1, 0, i) for i in range(n)] + [(0, 1, j) for j in range(m)] + across)
    i, j = (index.ravel() for index in np.indices(mesh.values.shape))
    rows = np.arange(len(i))
    weight = np.zeros((len(i), len(lines)))
    weight[:, 0] = 1
    bias = 1.0 - i
    # On the box the last lines are 0, and the first difference is z_1 - z_2 + m.
    weight[rows[i < n], i[i < n]] -= 1
    weight[rows[j < m], n + j[j < m]] -= 1
    inner = (i - j < n) & (i - j > -m)
    weight[rows[inner], n + m + (i - j + m - 1)[inner]] -= 1
    first = i - j == -m
    weight[first, 0] -= 1
    weight[first, n] += 1
    bias[first] -= m
    base = mesh.values.flat[0]
    used = mesh.values.ravel() != base
    return MLP(
        [lines[:, :2] * slope, weight[used], (mesh.values.ravel() - base)[None, used]],
        [lines[:, :2] @ constant - lines[:, 2], bias[used], np.array([base])],
        [relu, relu],
    )


def _three(mesh: _Mesh) -> MLP:
    """Return the network of a grid of three dimensions: three hidden layers, of planes, of order, and of nodes.

    At node (i, j, k), with q = max(z_1 - z_2 - i + j, 0) and r = max(z_3 - k, 0) of planes that nodes share, max(0,
    u) is r + max(z_2 - j + q - r, 0) and min(0, u) is z_3 - k - r - max(z_3 - k - r - z_1 + i + q, 0).
    """
    from scipy.sparse import (
        csr_array,
        eye_array,
        hstack,
    )  # where it is used: it takes longer to import than this package

    n, m, p = mesh.cells
    slope, constant = mesh.frame
    planes = np.array(
        [(1, 0, 0, 0), (0, 1, 0, 0)] + [(0, 0, 1, k) for k in range(p)] + [(1, -1, 0, d) for d in range(1 - m, n)]
    )
    i, j, k = (index.ravel() for index in np.indices(mesh.values.shape))
    base = mesh.values.flat[0]
    used = mesh.values.ravel() != base
    i, j, k = i[used], j[used], k[used]
    # Columns: z_1, z_2, then r from 2 on, whose first is z_3, then q.
    count = len(i)
    z1, z2, z3 = (np.eye(len(planes))[axis] for axis in range(3))
    r = np.zeros((count, len(planes)))
    r[k < p, 2 + k[k < p]] = 1
    q, q_bias = np.zeros((count, len(planes))), np.zeros(count)
    inner, first = (i - j < n) & (i - j > -m), i - j == -m
    q[inner, 2 + p + (i - j + m - 1)[inner]] = 1
    q[first] = z1 - z2
    q_bias[first] = m
    carried = np.zeros((p, len(planes)))
    carried[range(p), 2 + np.arange(p)] = 1
    weight = np.concatenate([z2 + q - r, z3 - r - z1 + q, carried])
    bias = np.concatenate([q_bias - j, q_bias + i - k, np.zeros(p)])
    # 1 + min - max is 1 + z_3 - k - 2 r less the two units of the node.
    rest = np.zeros((count, p))
    rest[:, 0] = 1
    rest[k < p, k[k < p]] -= 2
    nodes: Any = hstack([-eye_array(count), -eye_array(count), csr_array(rest)], format="csr")
    return MLP(
        [
            csr_array(planes[:, :3] * slope),
            csr_array(weight),
            nodes,
            csr_array((mesh.values.ravel()[used] - base)[None]),
        ],
        [planes[:, :3] @ constant - planes[:, 3], bias, 1.0 - k, np.array([base])],
        [relu, relu, relu],
    )
