"""Products of functions of one variable, and sums of such products, as networks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from kousei.activation import Mixed, repu
from kousei.front.lines.univariate import Layer, fit_line
from kousei.front.problem import Problem, RefusedError
from kousei.front.trains.cross import cross, farthest
from kousei.front.trains.products import Numbers, Plan, carry, multiply, plan
from kousei.front.trains.train import Core, Train
from kousei.network import MLP
from kousei.network.summary import Formula
from kousei.network.wiring import Wiring
from kousei.repu.gadgets import rows_of

Array = np.ndarray[Any, Any]

#: Columns of a matrix, at most, of two and of three variables, and of more.
_RANKS = {2: 40, 3: 24}
_RANK = 16
#: Polynomials of degrees up to this one are written in powers.
_DEGREE = 8
#: Nodes at which functions of one variable are compared, and the part of the tolerance that is left out of them.
_NODES, _NEGLIGIBLE = 257, 1 / 64
#: Part of the tolerance that the product of matrices may be off.
_PRODUCT = 1 / 8
#: Times that functions of one variable are fitted, each time nearer.
_FITS = 4
#: What inner numbers may be beyond those that were seen.
_MARGIN = 1.5


def tensor(problem: Problem, most: int) -> MLP:
    """Return a network that multiplies matrices of functions of one variable, see `cross`.

    Functions of a variable share one layer of units, or powers where they are polynomials of low degree; products
    take two units max(z, 0)^2 each.

    Parameters
    ----------
    problem : Problem
        In two variables or more, and of no activation: units are of several.
    most : int
        Hidden units.

    Returns
    -------
    MLP

    Raises
    ------
    RefusedError
        If it has not that form, or takes more units.
    """
    if problem.activation is not None:
        raise RefusedError(f"products take units max(z, 0)^2, and all were to be {problem.activation.name}")
    if problem.dim == 1:
        raise RefusedError("there is one variable, and nothing to multiply")

    most_rank = _RANKS.get(problem.dim, _RANK)
    train = cross(lambda y: problem(problem.place(y)), problem.dim, problem.tol * _PRODUCT, most_rank)
    axes, train = _variables(train)
    name = f"product of matrices of functions of one variable, ranks {', '.join(map(str, train.ranks))}"
    way = plan((1, *train.ranks, 1))
    if way.units + len(axes) > most:
        raise RefusedError(f"{name}: {way.units:.0f} units multiply, and {most} are allowed")
    bounds, share = _Bounds(train, axes), problem.tol
    for _ in range(_FITS):
        layers: list[Layer] = []
        for j, axis in enumerate(axes):
            left = most - int(way.units) - sum(len(layer.weight) for layer in layers)
            try:
                layers.append(_layer(train.cores[j], bounds.allowed(j, share), left))
            except RefusedError as error:
                center, half = problem.center[axis], problem.half[axis]
                shift = f"{'-' if center >= 0 else '+'} {abs(center):.6g}"
                raise RefusedError(f"{name}: along t = (x_{axis + 1} {shift})/{half:.6g}, {error}") from None
        net = _write(problem, axes, way, layers, bounds, train.offset)
        off = _off(problem, net, train)
        if off <= problem.tol / 2:
            parts = *(len(layer.weight) for layer in layers), int(way.units)
            net._formula = Formula(name, " + ".join(map(str, parts)), sum(parts))
            return net
        share *= min(0.5, problem.tol / 4 / off)
    raise RefusedError(f"{name}: they are off by {off:.2g}")


def _variables(train: Train) -> tuple[list[int], Train]:
    """Return on which variables a train depends, and the train without the matrices of the others."""
    axes: list[int] = []
    cores: list[Core] = []
    before = np.ones((1, 1))
    for axis, core in enumerate(train.cores):
        if core.series is None or len(core.series) > 1:
            axes.append(axis)
            cores.append(core._replace(left=before @ core.left))
            before = np.eye(core.shape[1])
        elif cores:
            cores[-1] = cores[-1]._replace(right=cores[-1].right @ core.series[0])
            before = np.eye(core.shape[1])
        else:
            before = before @ core.series[0]
    if not axes:
        raise RefusedError("it is constant")
    return axes, replace(train, cores=tuple(cores))


class _Bounds:
    """Of the numbers inside a product of matrices, from what they are at many points."""

    def __init__(self, train: Train, axes: list[int]) -> None:
        y = np.concatenate([train.points, train.peak])[:, axes]
        self._matrices = [core(t) for core, t in zip(train.cores, y.T, strict=True)]
        self._count = len(y)

    def of(self, first: int, last: int) -> Array:
        """Return the bound of the product of the matrices first, ..., last - 1, which may be that of none."""
        size = self._matrices[first].shape[1] if first < len(self._matrices) else 1
        product = np.broadcast_to(np.eye(size), (self._count, size, size))
        for matrices in self._matrices[first:last]:
            product = product @ matrices
        return _positive(_MARGIN * np.abs(product).max(axis=0))

    def allowed(self, axis: int, tol: float) -> Array:
        """Return what the entries of a matrix may be off, for a product that is off by some `tol`."""
        weight = np.outer(self.of(0, axis), self.of(axis + 1, len(self._matrices)))
        return tol / np.sqrt(weight.size) / weight


def _positive(bound: Array) -> Array:
    """Return bounds, none of which is 0."""
    return np.maximum(bound, max(1e-9 * bound.max(), float(np.finfo(float).tiny)))


def _layer(core: Core, allowed: Array, most: int) -> Layer:
    """Return the hidden layer of a matrix of functions of one variable, its entries row by row."""
    tol, series = allowed.ravel(), core.series
    if series is not None:
        series = series.reshape(len(series), -1)
        # Of what is left out from each coefficient on.
        left = np.cumsum(np.abs(series[::-1]), axis=0)[::-1]
        size = max(2, int((left > tol / 2).any(axis=1).sum()))
        if size <= _DEGREE + 1:
            return _powers(series[:size])

    def entries(t: Array) -> Array:
        return core(t).reshape(len(t), -1)

    # Entries that are sums of few functions are those sums of their fits.
    nodes = np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES)
    _, singular, sums = np.linalg.svd(entries(nodes) / tol, full_matrices=False)
    sums = sums[: max(1, int((singular > np.sqrt(_NODES) * _NEGLIGIBLE).sum()))]
    if 2 * len(sums) > len(tol):
        return fit_line(entries, -1.0, 1.0, tol, None, most)
    few = fit_line(lambda t: entries(t) / tol @ sums.T, -1.0, 1.0, np.full(len(sums), len(sums) ** -0.5), None, most)
    back = sums.T * tol[:, None]
    return few._replace(coef=back @ few.coef, offset=back @ few.offset)


def _powers(series: Array) -> Layer:
    """Return polynomials by the powers of (t + 1)/2, from 0 to 1."""
    degree = len(series) - 1
    t = np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))
    coef = np.linalg.solve(np.vander((t + 1) / 2, increasing=True), np.polynomial.chebyshev.chebval(t, series).T)
    half = np.full(degree, 0.5)
    return Layer(half, half, Mixed((repu(p), 1) for p in range(1, degree + 1)), coef[1:].T, coef[0])


def _write(problem: Problem, axes: list[int], way: Plan, layers: list[Layer], bounds: _Bounds, offset: float) -> MLP:
    """Return the network that multiplies the matrices of these layers, one for each of some axes, and adds."""
    wiring = Wiring(problem.dim, problem.lo)
    scaled = wiring.affine(wiring.input, np.diag(1 / problem.half), -problem.center / problem.half)

    def build(part: Plan) -> Numbers:
        bound = bounds.of(part.first, part.last)
        if len(part.parts) == 2:
            return multiply(wiring, build(part.parts[0]), build(part.parts[1]), bound)
        if len(part.parts) == 1:
            return carry(wiring, build(part.parts[0]))
        layer = layers[part.first]
        t = wiring.lift(rows_of(wiring, scaled, [axes[part.first]]), part.layer - 1)
        hidden = wiring.activate(wiring.affine(t, layer.weight[:, None], layer.bias), layer.activation)
        return Numbers(wiring.affine(hidden, layer.coef, layer.offset), bound)

    return wiring.network(wiring.affine(build(way).wire, np.ones((1, 1)), np.array([offset])))


def _off(problem: Problem, net: MLP, train: Train) -> float:
    """Return how far a network is from the function."""
    place = problem.place
    return farthest(lambda y: problem(place(y)), lambda y: net(place(y)), train.points, train.values)[1]
