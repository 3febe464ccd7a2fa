"""Fits of noisy samples in closed form, against networks that are trained and random features of scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import kousei

from . import Case, Check, case
from .dense import Array

_SAMPLES, _DIM, _UNITS = 10_000, 5, 256


def friedman(x: Array) -> Array:
    return 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]


@case("front-fit-10000")
def fit() -> Case:
    rng = np.random.default_rng(0)
    x, at = rng.random((_SAMPLES, _DIM)), rng.random((4000, _DIM))
    y = friedman(x) + rng.normal(size=_SAMPLES)

    def error(predict: Callable[[Array], Array]) -> float:
        return float(np.sqrt(np.mean((predict(at) - friedman(at)) ** 2)))

    def ours() -> kousei.MLP:
        return kousei.fit(x, y, units=_UNITS, rng=0)

    others = {"MLPRegressor": trained, "RBFSampler, grid": random_features, "Nystroem": nystroem}
    return Case(
        work=1,
        sizes={"samples": _SAMPLES, "dim": _DIM, "units": _UNITS},
        dtype="float64",
        ours=ours,
        others={name: lambda make=make: make(x, y) for name, make in others.items()},
        floors={"MLPRegressor": 2.0, "RBFSampler, grid": 5.0},
        checks={"error": Check(lambda: error(ours()), "root mean square, of noise 1", 0.16)}
        | {
            f"error of {name}": Check(lambda make=make: error(make(x, y)().predict), "root mean square")
            for name, make in others.items()
        },
    )


def trained(x: Array, y: Array) -> Callable[[], Any]:
    """Prepare a network of 100 units, trained by Adam as it comes."""
    from sklearn.neural_network import MLPRegressor

    return scaled(MLPRegressor(random_state=0), x, y)


def random_features(x: Array, y: Array) -> Callable[[], Any]:
    """Prepare random features whose width is one of five, by 5-fold cross-validation."""
    from sklearn.kernel_approximation import RBFSampler
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline

    features = make_pipeline(RBFSampler(n_components=_UNITS, random_state=0), RidgeCV(10.0 ** np.arange(-8, 2)))
    return scaled(GridSearchCV(features, {"rbfsampler__gamma": [0.01, 0.03, 0.1, 0.3, 1.0]}, cv=5), x, y)


def nystroem(x: Array, y: Array) -> Callable[[], Any]:
    """Prepare Nystroem's features of one width, which is known to be a good one."""
    from sklearn.kernel_approximation import Nystroem
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline

    features = make_pipeline(
        Nystroem(gamma=0.1, n_components=_UNITS, random_state=0), RidgeCV(10.0 ** np.arange(-8, 2))
    )
    return scaled(features, x, y)


def scaled(estimator: Any, x: Array, y: Array) -> Callable[[], Any]:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return lambda: make_pipeline(StandardScaler(), estimator).fit(x, y)
