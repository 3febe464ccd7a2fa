"""Functions that turn out to be of one variable at a time: ridge functions and sums over the axes."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from kousei.activation import relu
from kousei.activation.mixed import Mixed
from kousei.front.lines.pieces import resolve
from kousei.front.lines.univariate import Layer, fit_pieces
from kousei.front.problem import Problem, RefusedError
from kousei.network import MLP

Array = np.ndarray[Any, Any]

#: Points at which gradients are compared, points at which the structure is verified, step of the differences.
_GRADIENTS, _VERIFIED, _STEP = 8, 256, 1e-3
#: Gradients of values 1 that are those of rounding.
_NOISE = 1e-11
#: Share of the tolerance that the structure may be off.
_SHARE = 1 / 8


def ridge(problem: Problem, most: int) -> MLP:
    """Return the network of f(x) = g(a.x), whose gradients are all parallel to a, or refuse.

    A function of one variable is one. See Pinkus, Ridge Functions (2015), chapter 5.
    """
    a = _direction(problem) if problem.dim > 1 else np.ones(1)
    reach = np.abs(a).sum()

    def line(t: Array) -> Array:
        # At the points of the cube on the way to the corner that is farthest along a.
        return problem(problem.place(np.multiply.outer(t / reach, np.where(a < 0, -1.0, 1.0))))

    off = 0.0
    if problem.dim > 1:
        y = scattered(problem, _VERIFIED)
        off = float(np.abs(line(y @ a) - problem(problem.place(y))).max())
        if off > _SHARE * problem.tol:
            raise RefusedError("it changes across the direction of its gradients")
    tol = problem.tol - 2 * off
    pieces = resolve(lambda t: line(t)[:, None] / tol, -reach, reach)
    if pieces.affine:
        left, right = pieces(np.array([-reach, reach]))[:, 0] * tol
        return _affine(problem, (right - left) / (2 * reach) * a, (left + right) / 2)
    return network_of_lines(problem, [(a, fit_pieces(pieces, np.array([tol]), problem.activation, most))])


def bent(problem: Problem, most: int) -> MLP:
    """Return the network of `ridge` in units max(z, 0), where any may be: of functions that are not smooth."""
    if problem.activation is not None:
        raise RefusedError(f"all units were to be {problem.activation.name}")
    return ridge(Problem(problem, problem.lo, problem.hi, problem.tol, relu, problem.rng), most)


def additive(problem: Problem, most: int) -> MLP:
    """Return the network of f(x) = c + g_1(x_1) + ... + g_D(x_D), or refuse.

    Variables in which it is affine share one direction, and so the units of one line.
    """
    dim = problem.dim
    if dim == 1:
        raise RefusedError("a function of one variable is no sum of several")
    base = 2 * problem.rng.random(dim) - 1
    at_base = float(problem(problem.place(base[None]))[0])

    def line(axis: int, t: Array) -> Array:
        y = np.tile(base, (len(t), 1))
        y[:, axis] = t
        return (problem(problem.place(y)) - at_base)[:, None] / share

    y, share = scattered(problem, _VERIFIED // dim + 16), problem.tol / dim
    total = sum(line(axis, t)[:, 0] for axis, t in enumerate(y.T))
    off = float(np.abs((problem(problem.place(y)) - at_base) / share - total).max()) / dim
    if off > _SHARE:
        raise RefusedError("it is no sum of functions of one variable each")
    slopes, constant, curved = np.zeros(dim), at_base, []
    for axis in range(dim):
        pieces = resolve(partial(line, axis), -1.0, 1.0)
        if pieces.affine:
            left, right = pieces(np.array([-1.0, 1.0]))[:, 0] * share
            constant, slopes[axis] = constant + (left + right) / 2, (right - left) / 2
        else:
            curved.append((np.eye(dim)[axis], pieces))
    reach = np.abs(slopes).sum()
    if not curved:
        return _affine(problem, slopes, constant)
    if reach > _SHARE * share:
        curved.append((slopes / reach, resolve(lambda t: reach / share * t[:, None], -1.0, 1.0)))
    layers, wider = [], dim / len(curved) * (1 - _SHARE - 2 * off)
    for direction, pieces in curved:
        layer = fit_pieces(pieces.scaled(1 / wider), np.array([wider * share]), problem.activation, most)
        most -= len(layer.weight)
        layers.append((direction, layer))
    return network_of_lines(problem, layers, constant)


def tilted(problem: Problem, most: int) -> MLP:
    """Return the network of f(x) = g(a.x) + c.x, or refuse.

    Less its gradient anywhere, c + g'(a.x) a, times x, it is a ridge function. On the box c.x is one unit max(z, 0).
    """
    if problem.dim == 1:
        raise RefusedError("a function of one variable has no other direction")
    if problem.activation not in (None, relu):
        raise RefusedError(f"a plane takes a unit max(z, 0), and all were to be {problem.activation.name}")
    slopes = _gradients(problem, 2 * problem.rng.random((1, problem.dim)) - 1)[0][0]

    def rest(x: Array) -> Array:
        return problem(x) - (x - problem.center) / problem.half @ slopes

    net = ridge(Problem(rest, problem.lo, problem.hi, problem.tol, problem.activation, problem.rng), most - 1)
    weight, reach = slopes / problem.half, np.abs(slopes).sum()
    if len(net.activations) == 0:
        return net + MLP([weight[None]], [np.array([-weight @ problem.center])], [])
    plane = MLP(
        [weight[None], np.ones((1, 1))], [np.array([reach - weight @ problem.center]), np.array([-reach])], [relu]
    )
    return net + plane


def _direction(problem: Problem) -> Array:
    """Return the unit vector, in coordinates of the cube, that most gradients are parallel to, or refuse."""
    dim = problem.dim
    gradients, size = _gradients(problem, 2 * problem.rng.random((_GRADIENTS, dim)) - 1)
    norms = np.linalg.norm(gradients, axis=1)
    if norms.max() <= _NOISE * size:
        return np.eye(dim)[0]
    units = gradients / np.where(norms > 1e-9 * norms.max(), norms, np.inf)[:, None]
    across = np.linalg.norm(gradients[:, None] - (gradients @ units.T)[..., None] * units, axis=-1)
    # Where a kink passes between the points of a difference, it has another direction.
    alike = across <= 1e-5 * norms.max()
    best = alike[:, alike.sum(axis=0).argmax()]
    if best.sum() < 3 * _GRADIENTS // 4:
        raise RefusedError("its gradients are not parallel")
    return np.asarray(np.linalg.svd(gradients[best])[2][0])


def _gradients(problem: Problem, y: Array) -> tuple[Array, float]:
    """Return the gradients (n, dim) at points of the cube, not at its sides, and the largest value seen for them."""
    # Differences of the fourth order along each axis.
    steps = np.multiply.outer([-2.0, -1.0, 1.0, 2.0], _STEP * np.eye(problem.dim))
    points = (0.9 * y[:, None, None] + steps).reshape(-1, problem.dim)
    values = problem(problem.place(points)).reshape(len(y), 4, problem.dim)
    gradients = np.einsum("psd,s->pd", values, np.array([1.0, -8.0, 8.0, -1.0]) / (12 * _STEP))
    return gradients, float(np.abs(values).max())


def scattered(problem: Problem, count: int) -> Array:
    """Return points of the cube, half of them denser towards its sides."""
    y = 2 * problem.rng.random((count, problem.dim)) - 1
    y[1::2] = np.sin(np.pi / 2 * y[1::2])
    return y


def _affine(problem: Problem, slopes: Array, constant: float) -> MLP:
    """Return the network without hidden layers of slopes, in coordinates of the cube, and a constant."""
    weight = slopes / problem.half
    return MLP([weight[None]], [np.array([constant - weight @ problem.center])], [])


def network_of_lines(problem: Problem, lines: list[tuple[Array, Layer]], constant: float = 0.0) -> MLP:
    """Return the network of a constant and layers along directions, in coordinates of the cube."""
    if not any(len(layer.weight) for _, layer in lines):
        return _affine(problem, np.zeros(problem.dim), constant + sum(float(layer.offset[0]) for _, layer in lines))
    weight = np.concatenate([np.multiply.outer(layer.weight, direction / problem.half) for direction, layer in lines])
    bias = np.concatenate([layer.bias for _, layer in lines]) - weight @ problem.center
    coef = np.concatenate([layer.coef for _, layer in lines], axis=1)
    offset = constant + sum(layer.offset for _, layer in lines)
    activations = [(layer.activation, len(layer.weight)) for _, layer in lines if len(layer.weight)]
    alike = len({activation for activation, _ in activations}) == 1
    return MLP([weight, coef], [bias, offset], [activations[0][0] if alike else Mixed(activations)])
