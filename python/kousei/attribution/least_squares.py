"""Least squares with a given sum of the coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np

from kousei._lib import arrays, backends
from kousei._lib.arrays import Array

Reals = np.ndarray[Any, np.dtype[np.float64]]


def constrained_least_squares(x: Array, y: Array, weight: Array, total: Array, ridge: float = 0.0) -> Array:
    """Minimise sum_r weight_r (x_r . b - y_r)^2 + ridge |b|^2 over the b whose sum is `total`, for many problems.

    Directions that no row tells apart take nothing: what is left of the total is shared alike.

    Parameters
    ----------
    x : array (problems, rows, columns) of float64
        On a device of at most 64 columns.
    y, weight : array (problems, rows) of float64
        Like `x`; weights are at least 0.
    total : array (problems,) of float64
        Like `x`.
    ridge : float
        At least 0.

    Returns
    -------
    array (problems, columns) of float64
        Like `x`.

    Raises
    ------
    ValueError
        If the numbers of a problem are not finite, or too large; the error names the problem.
    """
    backend, x = backends.enter("x", x)
    problems, _, columns = arrays.shape_of(x)
    solution = backend.empty((problems, columns), np.dtype(np.float64))
    outcomes = backend.empty((problems,), np.dtype(np.int32))
    view = backend.view
    given = [view(name, array) for name, array in (("x", x), ("y", y), ("weight", weight), ("total", total))]
    out = view("solution", solution), view("outcomes", outcomes)
    backend.kernels.attribution_solve(*given, ridge, *out, backend.launch())
    # As kousei::attribution::Outcome counts: 1 is singular, 2 not finite.
    outcome = arrays.to_host(outcomes)
    if (outcome == 2).any():
        raise ValueError(f"problem {np.argmax(outcome == 2)} is not finite; finite numbers are accepted")
    for i in np.flatnonzero(outcome).tolist():
        rows, values, weights, of_sum = (arrays.to_host(array[i, ...]) for array in (x, y, weight, total))
        solution[i, ...] = backend.keep(_least_norm(rows, values, weights, of_sum, ridge))
    return backend.finish(solution)


def _least_norm(x: Reals, y: Reals, weight: Reals, total: Reals, ridge: float) -> Reals:
    """Return the solution of one problem that is nearest to equal shares."""
    columns = x.shape[1]
    share = np.full(columns, total / columns)
    centred = x - x.mean(axis=1, keepdims=True)  # which sees only what has sum 0
    gram = centred.T @ (weight[:, None] * centred) + ridge * np.eye(columns)
    return share + np.linalg.pinv(gram, rcond=1e-12, hermitian=True) @ (centred.T @ (weight * (y - x @ share)))
