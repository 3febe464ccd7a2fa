"""Sums of as many ridge functions as there are independent directions."""

from __future__ import annotations

from typing import Any

import numpy as np

from kousei.front.constructors.ridge import network_of_lines, scattered
from kousei.front.lines.pieces import Pieces
from kousei.front.lines.univariate import fit_pieces
from kousei.front.problem import Problem, RefusedError
from kousei.network import MLP

Array = np.ndarray[Any, Any]

#: Step of the second differences, and the share of the largest that is none.
_STEP, _RANK = 4e-3, 1e-6
#: Share of the first Hessian that is added to the second.
_MIXED = 0.37
#: Coefficients of a profile, in turn; share of the tolerance that they may leave; least singular value.
_DEGREES, _SHARE, _CONDITION = (12, 24, 48), 1 / 8, 1e-12


def ridges(problem: Problem, most: int) -> MLP:
    """Return the network of f(x) = g_1(a_1.x) + ... + g_r(a_r.x) with independent directions, or refuse.

    The Hessian is A diag(g_1'', ..., g_r'') A^T with the directions as columns, at all points: those of two points
    have the generalised eigenvectors A^(-T). The profiles are fitted by least squares.
    """
    directions = _directions(problem)
    for degree in _DEGREES:
        constant, slopes, profiles, off = _profiles(problem, directions, degree)
        if off <= _SHARE * problem.tol:
            break
    else:
        over = off / problem.tol
        raise RefusedError(
            f"a sum of {len(directions)} smooth ridge functions is off by {over:.2g} times the tolerance"
        )
    reach = np.abs(slopes).sum()
    if reach > _SHARE * problem.tol:
        directions = np.concatenate([directions, slopes[None] / reach])
        profiles = np.pad(profiles, [(0, 1), (0, 0)])
        profiles[-1, 1] = reach
    lines, tol = [], problem.tol * (1 - 2 * _SHARE) / len(directions)
    for direction, profile in zip(directions, profiles, strict=True):
        pieces = Pieces(np.array([-1.0, 1.0]), [profile[:, None] / tol], np.zeros(0))
        layer = fit_pieces(pieces, np.array([tol]), problem.activation, most)
        most -= len(layer.weight)
        lines.append((direction, layer))
    return network_of_lines(problem, lines, constant)


def _directions(problem: Problem) -> Array:
    """Return directions (r, dim), of coordinates of the cube that they take to [-1, 1], or refuse."""
    if problem.dim == 1:
        raise RefusedError("in one dimension there is one direction")
    first, second = (_hessian(problem, y) for y in 1.8 * problem.rng.random((2, problem.dim)) - 0.9)
    basis, size, _ = np.linalg.svd(np.concatenate([first, second], axis=1))
    basis = basis[:, size > _RANK * size[0]]
    if basis.shape[1] < 2:
        raise RefusedError("there is one direction at most")
    first, second = basis.T @ first @ basis, basis.T @ second @ basis
    try:
        # A sum of both is of the same form, and hardly ever singular.
        values, vectors = np.linalg.eig(np.linalg.solve(second + _MIXED * first, first))
        if np.abs(values - values.mean()).max() <= _RANK * np.abs(values).max():
            vectors = np.linalg.eigh(first)[1]  # of a quadratic function: its axes
        elif np.abs(values.imag).max() > _RANK * np.abs(values).max():
            raise RefusedError("its Hessians share no directions")
        directions = np.linalg.inv(vectors.real) @ basis.T
    except np.linalg.LinAlgError:
        raise RefusedError("its Hessians share no directions") from None
    size = np.abs(directions).sum(axis=1, keepdims=True)
    if not (np.isfinite(size) & (size > 0)).all():
        raise RefusedError("its Hessians share no directions")
    return np.asarray(directions / size)


def _hessian(problem: Problem, y: Array) -> Array:
    """Return the Hessian at a point of the cube, by differences of the fourth order."""
    unit = np.eye(problem.dim)
    pairs = [(i, j) for i in range(problem.dim) for j in range(i + 1)]
    along = np.array([unit[i] + (unit[j] if i != j else 0) for i, j in pairs])
    points = np.concatenate([y[None], *(y + step * _STEP * along for step in (-2, -1, 1, 2))])
    values = problem(problem.place(points))
    outer, inner = values[1:].reshape(4, -1)[[0, 3]].sum(axis=0), values[1:].reshape(4, -1)[[1, 2]].sum(axis=0)
    second = (16 * inner - outer - 30 * values[0]) / (12 * _STEP**2)
    hessian = np.zeros((problem.dim, problem.dim))
    diagonal = {i: bend for (i, j), bend in zip(pairs, second, strict=True) if i == j}
    for (i, j), bend in zip(pairs, second, strict=True):
        hessian[i, j] = hessian[j, i] = bend if i == j else (bend - diagonal[i] - diagonal[j]) / 2
    return hessian


def _profiles(problem: Problem, directions: Array, degree: int) -> tuple[float, Array, Array, float]:
    """Return a constant, slopes, Chebyshev coefficients of profiles, and how far their sum is off at other points."""
    (fitted, values), (other, exact) = (_samples(problem, directions, n * degree) for n in (4, 2))
    c = np.linalg.lstsq(_basis(fitted, directions, degree), values, rcond=_CONDITION)[0]
    off = float(np.abs(_basis(other, directions, degree) @ c - exact).max())
    slopes, bent = c[1 : 1 + problem.dim], c[1 + problem.dim :].reshape(len(directions), -1)
    # Slopes along the directions belong to the profiles.
    along = np.linalg.lstsq(directions.T, slopes, rcond=None)[0]
    profiles = np.concatenate([np.zeros((len(directions), 1)), along[:, None], bent], axis=1)
    return float(c[0]), slopes - along @ directions, profiles, off


def _basis(y: Array, directions: Array, degree: int) -> Array:
    """Return 1, the coordinates, and Chebyshev polynomials from the second on of all directions, at points."""
    bent = np.polynomial.chebyshev.chebvander(y @ directions.T, degree - 1)[..., 2:]
    return np.concatenate([np.ones((len(y), 1)), y, bent.reshape(len(y), -1)], axis=1)


def _samples(problem: Problem, directions: Array, count: int) -> tuple[Array, Array]:
    """Return points and values: scattered ones, and for each direction ones along it up to where it ends.

    There is one corner of the cube at each end, and few of the scattered ones are near it.
    """
    draw = problem.rng.random
    reach = np.sin(np.pi * (draw((len(directions), count, 1)) - 0.5))
    inwards = draw((len(directions), count, problem.dim)) * draw((len(directions), count, 1)) ** 3
    along = np.sign(directions)[:, None] * reach * (1 - inwards)
    y = np.concatenate([scattered(problem, count * len(directions)), along.reshape(-1, problem.dim)])
    return y, problem(problem.place(y))
