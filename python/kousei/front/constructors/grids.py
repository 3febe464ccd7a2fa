"""Functions of two or three variables in ReLU units: interpolation on grids that are cut into simplices."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from kousei.activation import PiecewiseLinear, relu
from kousei.front.constructors.simplices import three, two
from kousei.front.lines.knots import needed, spread, write_knots
from kousei.front.lines.pieces import Pieces, resolve
from kousei.front.problem import Problem, RefusedError, cube_points
from kousei.network import MLP

Array = np.ndarray[Any, Any]

#: Cells along an axis by which curvature is seen, for each number of dimensions.
_COARSE = {2: 16, 3: 8}
#: Share of the tolerance that is aimed at, and the most points that a grid is held against the function at.
_AIM, _CHECKS = 0.72, 1 << 16
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
    if np.ptp(mesh.values) == 0:
        raise RefusedError("it is the same at all nodes of a grid")
    net = _coordinates(mesh) >> (two if problem.dim == 2 else three)(mesh.values)
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
    found, factor, failed = None, 0.5, 0.0
    while True:
        knots = [spread(needs, factor) for needs in axes]
        units = _units(knots)
        if found is None and units > most:
            raise RefusedError(f"a grid of {most} units is not near enough")
        # In cells, from which the points are as dense as the grid.
        cells = np.array([len(its) - 1 for its in knots])
        halves = [np.arange(2 * n + 1) / 2 for n in cells]
        fine = _on_grid(problem, [_between(*pair) for pair in zip(knots, halves, strict=True)])
        # Errors are largest at the sides, and in the middle of edges.
        z = (1 + cube_points(dim, min(_CHECKS, 4096 + 32 * int(cells.prod())))) / 2 * cells
        exact = problem(np.stack([_between(*pair) for pair in zip(knots, z.T, strict=True)], axis=1))
        z = np.concatenate([z, np.stack(np.meshgrid(*halves, indexing="ij"), axis=-1).reshape(-1, dim)])
        exact = np.concatenate([exact, fine.ravel()])
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
            found, enough = meshes[best], factor
        else:
            failed = factor
            # Errors fall as the squares of the cells at best.
            if found is None and over * (units / most) ** (2 / dim) > 1:
                raise RefusedError(f"a grid of {units:.0f} units is off by {over:.2g} times the tolerance")
        if found is None:
            factor *= min(1.25, max(1.05, math.sqrt(over / _AIM)))
        elif enough <= 1.05 * failed or failed == 0:
            return found
        else:
            factor = math.sqrt(failed * enough)


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
        evenly = [(grid[axis][[0, -1]], np.array([0, regular[axis]]))]
        parts = needed(first, np.array(shared)) if shared else evenly
        axes.append([(t, _at_least_one(t, need)) for t, need in parts])
    return axes


def _at_least_one(t: Array, need: Array) -> Array:
    """Return numbers of cells of which there is one: where f is straight along the axes, it may be bent across."""
    return np.asarray(need + max(0.0, 1 - need[-1]) * (t - t[0]) / (t[-1] - t[0]))


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
