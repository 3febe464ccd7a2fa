"""Functions that constructors and trainings are held against, with what is asked of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from kousei._lib.errors import check_integer
from kousei._lib.random import Rng, generator

Array = np.ndarray[Any, Any]

#: Sum of the difficulties a of each family of Genz.
_DIFFICULTY = {
    "oscillatory": 9.0,
    "product peak": 7.25,
    "corner peak": 1.85,
    "Gaussian": 7.03,
    "continuous": 20.4,
    "discontinuous": 4.3,
}
#: Where a network to 1e-6 would take too many units: these have kinks and jumps.
_ROUGH = ("continuous", "discontinuous")


class BenchmarkFunction(NamedTuple):
    """A function on a box; see `benchmark_functions`.

    Parameters
    ----------
    f : callable
        Takes points (..., dim) and returns values (...).
    bounds : list of (lo, hi)
    tol : float
        The largest error that is asked for, absolute.
    most : int or None
        Hidden units that are enough; None where a network to this tolerance may be refused.
    """

    f: Callable[[Array], Array]
    bounds: list[tuple[float, float]]
    tol: float
    most: int | None


def benchmark_functions(dims: Sequence[int] = (1, 2, 3, 5, 10), *, rng: Rng = 0) -> dict[str, BenchmarkFunction]:
    """Return functions to try constructors and trainings on: smooth ones, and such with kinks and jumps.

    Parameters
    ----------
    dims : sequence of int
        Dimensions, 1 or more.
    rng : numpy.random.Generator, int or None
        Source of the parameters of Genz's families (SPEC 7).

    Returns
    -------
    dict of str to BenchmarkFunction
        By names such as "Franke" and "corner peak 3-D": the quartic in 1 dimension, XOR and Franke's function in 2,
        Rosenbrock's in 2 and more, and Genz's six families, Runge's and Ackley's function in each.

    Raises
    ------
    TypeError, ValueError
        If a dimension is not an integer of at least 1.

    Notes
    -----
    A. Genz, "A package for testing multiple integration subroutines" (1987): difficulties a are uniform, then scaled
    to a given sum, and w is uniform in the unit cube. The quartic and XOR are those of M. Kakizaki and T. Akiba.

    Examples
    --------
    >>> from kousei.front import benchmark_functions
    >>> functions = benchmark_functions([2])
    >>> list(functions)[:4]
    ['XOR', 'Franke', 'Rosenbrock 2-D', 'oscillatory 2-D']
    >>> f = functions["XOR"].f
    >>> import numpy as np
    >>> f(np.array([[0.0, 1.0], [1.0, 1.0]]))
    array([1., 0.])
    """
    dims = [check_integer("dims", dim, 1) for dim in dims]
    seed = int(generator(rng).integers(1 << 62))
    functions: dict[str, BenchmarkFunction] = {}
    for dim in dims:
        if dim == 1:
            functions["quartic"] = BenchmarkFunction(_quartic, [(0.0, 5.0)], 1e-6, 16)
        if dim == 2:
            functions["XOR"] = BenchmarkFunction(_xor, [(0.0, 1.0)] * 2, 1e-6, 98)
            functions["Franke"] = BenchmarkFunction(_franke, [(0.0, 1.0)] * 2, 1e-6, 1500)
        if dim > 1:
            functions[f"Rosenbrock {dim}-D"] = BenchmarkFunction(_rosenbrock, [(-2.0, 2.0)] * dim, 1e-6, None)
        of_dim = np.random.default_rng([seed, dim])  # whatever the other dimensions are
        for family in _DIFFICULTY:
            tol = 1e-2 if family in _ROUGH else 1e-6
            most = None if family in _ROUGH or dim > 3 else 3000
            functions[f"{family} {dim}-D"] = BenchmarkFunction(
                _genz(family, dim, of_dim), [(0.0, 1.0)] * dim, tol, most
            )
        functions[f"Runge {dim}-D"] = BenchmarkFunction(_runge, [(-1.0, 1.0)] * dim, 1e-6, 64 if dim == 1 else None)
        functions[f"Ackley {dim}-D"] = BenchmarkFunction(_ackley, [(-5.0, 5.0)] * dim, 1e-6, None)
    return functions


def _genz(family: str, dim: int, rng: np.random.Generator) -> Callable[[Array], Array]:
    a, w = rng.random(dim), rng.random(dim)
    a *= _DIFFICULTY[family] / a.sum()
    families: dict[str, Callable[[Array], Array]] = {
        "oscillatory": lambda x: np.cos(2 * np.pi * w[0] + x @ a),
        "product peak": lambda x: np.prod(1 / (a**-2 + (x - w) ** 2), axis=-1),
        "corner peak": lambda x: (1 + x @ a) ** -(dim + 1),
        "Gaussian": lambda x: np.exp(-((x - w) ** 2) @ a**2),
        "continuous": lambda x: np.exp(-np.abs(x - w) @ a),
        "discontinuous": lambda x: np.where((x[..., :2] > w[:2]).any(axis=-1), 0.0, np.exp(x @ a)),
    }
    return families[family]


def _quartic(x: Array) -> Array:
    return np.asarray((x[..., 0] - 1) * (x[..., 0] - 2) * (x[..., 0] - 3) * (x[..., 0] - 4))


def _xor(x: Array) -> Array:
    return np.asarray((1 - np.cos(np.pi * x[..., 0]) * np.cos(np.pi * x[..., 1])) / 2)


def _franke(x: Array) -> Array:
    x, y = 9 * x[..., 0], 9 * x[..., 1]
    return np.asarray(
        0.75 * np.exp(-((x - 2) ** 2 + (y - 2) ** 2) / 4)
        + 0.75 * np.exp(-((x + 1) ** 2) / 49 - (y + 1) / 10)
        + 0.5 * np.exp(-((x - 7) ** 2 + (y - 3) ** 2) / 4)
        - 0.2 * np.exp(-((x - 4) ** 2) - (y - 7) ** 2)
    )


def _runge(x: Array) -> Array:
    return np.asarray(1 / (1 + 25 * (x**2).sum(axis=-1)))


def _ackley(x: Array) -> Array:
    radius, waves = np.sqrt((x**2).mean(axis=-1)), np.cos(2 * np.pi * x).mean(axis=-1)
    return np.asarray(20 + math.e - 20 * np.exp(-radius / 5) - np.exp(waves))


def _rosenbrock(x: Array) -> Array:
    return np.asarray((100 * (x[..., 1:] - x[..., :-1] ** 2) ** 2 + (1 - x[..., :-1]) ** 2).sum(axis=-1))
