"""What is linear in its coefficients, to compare with: random features, kernels and Chebyshev polynomials."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev as polynomials

from kousei.front.comparing.trials import Array, Predict, Run, Task

#: Numbers of features.
_SIZES = (32, 128, 512)
#: Of exp(-gamma |x - y|^2), in coordinates from -1 to 1.
_GAMMAS = (0.1, 1.0, 10.0, 100.0)
#: Of ridge regression: enough to keep it from rounding.
_RIDGE = 1e-10
#: Coefficients of a tensor of polynomials.
_MOST = 1 << 16


def rbf_sampler(task: Task) -> list[Run]:
    """Fit random Fourier features of a Gaussian kernel by ridge regression."""
    from sklearn.kernel_approximation import RBFSampler

    return _features(task, "RBFSampler", RBFSampler)


def nystroem(task: Task) -> list[Run]:
    """Fit a Gaussian kernel at some of the samples by ridge regression."""
    from sklearn.kernel_approximation import Nystroem

    return _features(task, "Nystroem", Nystroem)


def _features(task: Task, method: str, features: Callable[..., Any]) -> list[Run]:
    """Return, for each of some numbers of features, the run whose gamma has the least error."""
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline

    def fit(gamma: float, units: int) -> Predict:
        drawn = features(gamma=gamma, n_components=units, random_state=0)
        return make_pipeline(drawn, Ridge(_RIDGE, solver="svd")).fit(task.x, task.y).predict

    runs = []
    for units in _within(task.budget, _SIZES):
        of_gammas = [task.timed(method, f"gamma {gamma:g}", units, partial(fit, gamma, units)) for gamma in _GAMMAS]
        runs.append(min(of_gammas, key=lambda run: run.error))
    return runs


def chebyshev(task: Task) -> list[Run]:
    """Interpolate at a tensor grid of Chebyshev points, by NumPy, and double the points along each axis."""
    dim = task.x.shape[1]
    counts = [count for count in (2**k for k in range(1, 13)) if count**dim <= _MOST]
    runs: list[Run] = []
    for count in _within(task.budget, counts):
        setting = f"{count} points along each axis"
        runs.append(task.timed("Chebyshev", setting, count**dim, partial(_interpolate, task.f, dim, count)))
        if runs[-1].error <= 1e-13 * task.scale:
            break
    return runs


def _interpolate(f: Predict, dim: int, count: int) -> Predict:
    """Return the polynomial of degree below `count` along each axis through f at as many Chebyshev points."""
    nodes = np.cos(np.pi * (np.arange(count) + 0.5) / count)
    grid = np.stack(np.meshgrid(*[nodes] * dim, indexing="ij"), axis=-1).reshape(-1, dim)
    coef = f(grid).reshape([count] * dim)
    to_coef = polynomials.chebvander(nodes, count - 1).T * 2 / count
    to_coef[0] /= 2
    for axis in range(dim):
        coef = np.moveaxis(np.tensordot(to_coef, coef, (1, axis)), 0, axis)

    def predict(at: Array) -> Array:
        values = polynomials.chebvander(at[:, 0], count - 1) @ coef.reshape(count, -1)
        for axis in range(1, dim):
            along = polynomials.chebvander(at[:, axis], count - 1)
            values = np.einsum("pi,pij->pj", along, values.reshape(len(at), count, -1))
        return values[:, 0]

    return predict


def _within(budget: float, sizes: Sequence[int]) -> Iterator[int]:
    """Yield sizes as long as there is time."""
    start = time.perf_counter()
    for size in sizes:
        yield size
        if time.perf_counter() - start > budget:
            return
