"""Fits of monotone splines, cross-validation included, against those of scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import kousei

from . import Case, Check, case, cpu_seconds
from .dense import Array
from .network import repeat, repeated

_SAMPLES, _CALLS = 256, 5


@case("isotonic-fit-1d", 1)
@case("isotonic-fit-2d", 2)
def fit(dim: int) -> Case:
    rng = np.random.default_rng(0)
    x = rng.random((_SAMPLES, dim))
    y = np.exp(2 * x.mean(axis=1)) + 0.5 * rng.normal(size=_SAMPLES)
    ours = kousei.MonotoneRegressor()
    others = {"boosting": lambda: repeated(boosting(x, y), _CALLS)}
    if dim == 1:
        others["isotonic"] = lambda: repeated(isotonic(x, y), _CALLS)
    return Case(
        work=_CALLS,
        sizes={"dim": dim, "samples": _SAMPLES, "calls": _CALLS},
        ours=lambda: repeat(lambda: ours.fit(x, y), _CALLS),
        others=others,
        floors={"boosting": 2.0},
        checks={
            "seconds": Check(lambda: min(cpu_seconds(lambda: ours.fit(x, y)) for _ in range(5)), "of one fit", 0.05),
            "network": Check(lambda: _difference(ours.fit(x, y), x), "from the spline, at the samples", 1e-12),
        },
    )


def boosting(x: Array, y: Array) -> Callable[[], Any]:
    """Prepare the fit of boosted trees that rise in each feature."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    trees = HistGradientBoostingRegressor(monotonic_cst=[1] * x.shape[1])
    return lambda: trees.fit(x, y)


def isotonic(x: Array, y: Array) -> Callable[[], Any]:
    """Prepare the fit of steps that rise: one pass over sorted samples."""
    from sklearn.isotonic import IsotonicRegression

    steps = IsotonicRegression()
    return lambda: steps.fit(x, y)


def _difference(fitted: kousei.MonotoneRegressor, x: Array) -> float:
    return float(np.abs(fitted.to_network()(x) - fitted.predict(x)).max())
