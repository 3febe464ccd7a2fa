"""Functions of two or three variables in ReLU units: interpolation on grids that are cut into simplices."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from kousei._lib.boxes import fill_cube
from kousei.activation import PiecewiseLinear, relu
from kousei.front.knots import needed, spread, write_knots
from kousei.front.pieces import Pieces, resolve
from kousei.front.problem import Problem, RefusedError
from kousei.network import MLP

Array = np.ndarray[Any, Any]

#: Cells along an axis by which curvature is seen, for each number of dimensions.
_COARSE = {2: 16, 3: 8}
#: Share of the tolerance that is aimed at, and the most points that a grid is held against the function at.
_AIM, _CHECKS = 7 / 8, 1 << 16
#: How many times fewer cells along an axis there may be where its kinks lie on lines of the grid.
_KINKED = 4


def grid(problem: Problem, most: int) -> MLP:
    """Return the ReLU network of a piecewise-linear interpolation on a grid, or refuse.

    A cell is cut into simplices, one for each order of its coordinates: Freudenthal, Annals of Math. 43 (1942); Kuhn,
    IBM J. Res. Dev. 4 (1960). The basis function of a node is max(0, 1 + min(0, u) - max(0, u)) of the coordinates u
    of the point seen from it, in cells. Where f has kinks across an axis, lines of the grid are laid there, and as
    dense as its curvature asks for between them; otherwise they are regular.
    """
    if problem.dim not in _COARSE:
        raise RefusedError(f"grids are for 2 or 3 dimensions, not for {problem.dim}")
    activation = relu if problem.activation is None else problem.activation
    if not isinstance(activation, PiecewiseLinear):
        raise RefusedError(f"{activation.name} is not piecewise linear")
    mesh = _fewest(problem, most)
    net = _coordinates(mesh) >> (_two if problem.dim == 2 else _three)(mesh.values)
    if activation != relu:
        net = net.to_activation(activation, np.stack([problem.lo, problem.hi], axis=1).tolist())
    if net.units > most:
        raise RefusedError(f"a grid takes {net.units} units, and {most} are allowed")
    return net


@dataclass(frozen=True)
class _Mesh:
    """A grid on a box.

    Parameters
    ----------
    knots : list of arrays (cells + 1,)
        Lines of the grid across each axis, decreasing where cells are counted from above.
    values : array (cells + 1 of each axis)
    """

    knots: list[Array]
    values: Array

    def __call__(self, z: Array) -> Array:
        """Return the values (n,) at points (n, dim), in cells."""
        node = np.clip(np.floor(z).astype(int), 0, np.array(self.values.shape) - 2)
        part = z - node
        rows = np.arange(len(z))
        # From the lowest corner of the cell to the highest, along the largest coordinate first.
        before = values = self.values[tuple(node.T)]
        for axis in np.argsort(-part, axis=1).T:
            node[rows, axis] += 1
            here = self.values[tuple(node.T)]
            values = values + (here - before) * part[rows, axis]
            before = here
        return np.asarray(values)


def _fewest(problem: Problem, most: int) -> _Mesh:
    """Return a mesh of few nodes that is near enough, or refuse."""
    dim = problem.dim
    axes = _axes(problem, most)
    flips = [np.array([False, *flip]) for flip in product([False, True], repeat=dim - 1)]
    factor = 0.5
    while True:
        knots = [spread(needs, factor) for needs in axes]
        units = _units(knots)
        if units > most:
            raise RefusedError(f"a grid of {most} units is not near enough")
        # In cells, from which the points are as dense as the grid.
        cells = np.array([len(its) - 1 for its in knots])
        y = fill_cube(dim, min(_CHECKS, 4096 + 32 * int(cells.prod())))
        # Half of them are denser towards the sides, where errors are largest.
        y[1::2] = (1 - np.cos(np.pi * y[1::2])) / 2
        z = y * cells
        exact = problem(np.stack([_between(*pair) for pair in zip(knots, z.T, strict=True)], axis=1))
        fine = _on_grid(problem, [_between(its, np.arange(2 * len(its) - 1) / 2) for its in knots])
        # Diagonals are best where f is flattest: the best of few cells is that of more.
        meshes = [_shifted(knots, flip, fine) for flip in flips]
        errors = [
            float(np.abs(mesh(np.where(flip, cells - z, z)) - exact).max())
            for mesh, flip in zip(meshes, flips, strict=True)
        ]
        best = int(np.argmin(errors))
        flips = flips[best : best + 1]
        over = errors[best] / problem.tol
        if over <= _AIM:
            return meshes[best]
        # Errors fall as the squares of the cells at best.
        if over * (units / most) ** (2 / dim) > 1:
            raise RefusedError(f"a grid of {units:.0f} units is off by {over:.2g} times the tolerance")
        factor *= min(1.25, max(1.03, math.sqrt(over / _AIM)))


def _axes(problem: Problem, most: int) -> list[list[tuple[Array, Array]]]:
    """Return, for each axis, the number of cells needed up to points between each two kinks; see `knots.needed`."""
    dim, coarse = problem.dim, _COARSE[problem.dim]
    grid = [np.linspace(a, b, coarse + 1) for a, b in zip(problem.lo, problem.hi, strict=True)]
    values = _on_grid(problem, grid)
    # Along a line no interpolation is nearer than h^2 |f''|/16.
    bends = [np.abs(np.diff(values, 2, axis=axis)) for axis in range(dim)]
    regular = [coarse * math.sqrt(its.max() / (16 * problem.tol)) for its in bends]
    if (least := math.prod(regular) / _KINKED**dim) > most:
        raise RefusedError(f"a grid takes more than {least:.2g} units")
    axes = []
    for axis, its in enumerate(bends):
        # On the line that bends most, and on one beside it, which has the same kinks where they lie across the axis.
        most_bent = np.array(np.unravel_index(its.argmax(), its.shape))
        beside = np.where(most_bent > 0, most_bent - 1, 1)
        first, second = (
            _line(problem, axis, [x[i] for x, i in zip(grid, at, strict=True)]) for at in (most_bent, beside)
        )
        near = 1e-6 * (problem.hi[axis] - problem.lo[axis])
        shared = [kink for kink in first.kinks if np.abs(second.kinks - kink).min(initial=np.inf) < near]
        if shared:
            axes.append(needed(first, np.array(shared)))
        else:
            axes.append([(grid[axis][[0, -1]], np.array([0, regular[axis]]))])
    return axes


def _line(problem: Problem, axis: int, base: list[float]) -> Pieces:
    """Return the function on the line along an axis through a point, in units of the tolerance."""

    def line(t: Array) -> Array:
        x = np.tile(base, (len(t), 1))
        x[:, axis] = t
        return problem(x)[:, None] / problem.tol

    return resolve(line, problem.lo[axis], problem.hi[axis])


def _units(knots: list[Array]) -> float:
    """Return the hidden units of a grid in ReLU, at most."""
    cells = np.array([len(its) - 1 for its in knots])
    nodes = float(np.prod(cells + 1))
    bent = [1 if _regular(its) else len(its) - 1 for its in knots]
    before = 0 if all(map(_regular, knots)) else sum(bent)
    return before + (2 * cells.sum() - 1 + nodes if len(cells) == 2 else 3 * nodes + cells.sum() + 1 + cells[2])


def _regular(knots: Array) -> bool:
    steps = np.diff(knots)
    return bool(np.ptp(steps) <= 1e-9 * np.abs(steps).max())


def _between(knots: Array, z: Array) -> Array:
    """Return the coordinates of points in cells."""
    return np.interp(z, np.arange(len(knots)), knots)


def _on_grid(problem: Problem, axes: list[Array]) -> Array:
    """Return the function on the grid of these coordinates."""
    x = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    return problem(x.reshape(-1, len(axes))).reshape(x.shape[:-1])


def _shifted(knots: list[Array], flipped: Array, fine: Array) -> _Mesh:
    """Return the mesh through values in the middle of what the edges at each node are off by.

    `fine` has the function at the nodes and in the middle of all edges.
    """
    fine = np.flip(fine, axis=tuple(np.flatnonzero(flipped)))
    nodes = fine[(slice(None, None, 2),) * fine.ndim]
    above, below = np.zeros_like(nodes), np.zeros_like(nodes)
    for step in product([0, 1], repeat=fine.ndim):
        if any(step):
            near = tuple(slice(0, n - s) for s, n in zip(step, nodes.shape, strict=True))
            far = tuple(slice(s, n) for s, n in zip(step, nodes.shape, strict=True))
            middle = tuple(slice(s, n - s, 2) for s, n in zip(step, fine.shape, strict=True))
            off = (nodes[near] + nodes[far]) / 2 - fine[middle]
            for side in (near, far):
                above[side] = np.maximum(above[side], off)
                below[side] = np.minimum(below[side], off)
    turned = [its[::-1] if flip else its for its, flip in zip(knots, flipped, strict=True)]
    return _Mesh(turned, nodes - (above + below) / 2)


def _coordinates(mesh: _Mesh) -> MLP:
    """Return the network of the coordinates in cells: one hidden layer, or none for a regular grid."""
    ends = [(its[[0, -1]], np.array([0.0, len(its) - 1])) for its in mesh.knots]
    if all(map(_regular, mesh.knots)):
        slope = np.array([(z[1] - z[0]) / (x[1] - x[0]) for x, z in ends])
        return MLP([np.diag(slope)], [-slope * [x[0] for x, _ in ends]], [])
    weights, biases, coefs, offsets = [], [], [], []
    for axis, (its, pair) in enumerate(zip(mesh.knots, ends, strict=True)):
        x, z = pair if _regular(its) else (its, np.arange(len(its), dtype=float))
        increasing = slice(None, None, 1 if x[0] < x[-1] else -1)
        weight, bias, coef, offset = write_knots(x[increasing], z[increasing, None], relu)
        unit = np.eye(len(ends))[axis]
        weights.append(np.multiply.outer(weight, unit))
        biases.append(bias)
        coefs.append(np.multiply.outer(unit, coef[0]))
        offsets.append(offset)
    return MLP(
        [np.concatenate(weights), np.concatenate(coefs, axis=1)],
        [np.concatenate(biases), np.concatenate(offsets)],
        [relu],
    )


def _two(values: Array) -> MLP:
    """Return the network of a grid of two dimensions: two hidden layers, of the lines and of the nodes.

    max(0, u) - min(0, u) is (|u_1| + |u_2| + |u_1 - u_2|)/2, whose terms belong to lines of the grid, and nodes share
    them: at node (i, j) it is r_i + s_j + q_{i-j} - z_1 + i, r_i = max(z_1 - i, 0), s_j = max(z_2 - j, 0) and q_d =
    max(z_1 - z_2 - d, 0).
    """
    n, m = np.subtract(values.shape, 1)
    across = [(1, -1, d) for d in range(1 - m, n)]
    lines = np.array([(1, 0, i) for i in range(n)] + [(0, 1, j) for j in range(m)] + across, float)
    i, j = (index.ravel() for index in np.indices(values.shape))
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
    base = values.flat[0]
    used = values.ravel() != base
    return MLP(
        [lines[:, :2], weight[used], (values.ravel() - base)[None, used]],
        [-lines[:, 2], bias[used], np.array([base])],
        [relu, relu],
    )


def _three(values: Array) -> MLP:
    """Return the network of a grid of three dimensions: three hidden layers, of planes, of order, and of nodes.

    At node (i, j, k), with q = max(z_1 - z_2 - i + j, 0) and r = max(z_3 - k, 0) of planes that nodes share, max(0,
    u) is r + max(z_2 - j + q - r, 0) and min(0, u) is z_3 - k - r - max(z_3 - k - r - z_1 + i + q, 0).
    """
    from scipy.sparse import csr_array, eye_array, hstack  # here: it takes longer to import than this package

    n, m, p = np.subtract(values.shape, 1)
    planes = np.array(
        [(1, 0, 0, 0), (0, 1, 0, 0)] + [(0, 0, 1, k) for k in range(p)] + [(1, -1, 0, d) for d in range(1 - m, n)],
        float,
    )
    i, j, k = (index.ravel() for index in np.indices(values.shape))
    base = values.flat[0]
    used = values.ravel() != base
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
            csr_array(planes[:, :3]),
            csr_array(weight),
            nodes,
            csr_array((values.ravel()[used] - base)[None]),
        ],
        [-planes[:, 3], bias, 1.0 - k, np.array([base])],
        [relu, relu, relu],
    )
