"""How far fits of noisy samples are from what noise was added to: see `COMMAND`.

CPU seconds are recorded beside the errors, as orders of magnitude. Some three minutes, mostly of the others.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any, NamedTuple

import numpy as np

import kousei
from records import write

NAME = "front-fit"
#: NumPy reads the variable when it is imported, before this file can set it.
COMMAND = "OPENBLAS_NUM_THREADS=1 python benchmarks/front_fit.py"
SEEDS, SAMPLES, POINTS = range(3), (200, 500), 2000
#: Of the diabetes data, 442 samples whose truth is not known, those that are fitted; errors are of the others.
FITTED = 342

Array = np.ndarray[Any, Any]
Values = Callable[[Array], Array]


class Problem(NamedTuple):
    """A function, the box its points are drawn from, and the deviation of the noise."""

    f: Values
    box: list[tuple[float, float]]
    noise: float


def friedman_1(x: Array) -> Array:
    return 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]


def friedman_2(x: Array) -> Array:
    return np.hypot(x[:, 0], x[:, 1] * x[:, 2] - 1 / (x[:, 1] * x[:, 3]))


def friedman_3(x: Array) -> Array:
    return np.arctan((x[:, 1] * x[:, 2] - 1 / (x[:, 1] * x[:, 3])) / x[:, 0])


franke = kousei.front.benchmark_functions([2])["Franke"].f
_CIRCUIT = [(0.0, 100.0), (40 * np.pi, 560 * np.pi), (0.0, 1.0), (1.0, 11.0)]
#: Friedman's functions, Annals of Statistics 19 (1991), with his noise: about a third of the signal.
PROBLEMS = {
    "Friedman 1": Problem(friedman_1, [(0.0, 1.0)] * 10, 1.0),
    "Friedman 2": Problem(friedman_2, _CIRCUIT, 125.0),
    "Friedman 3": Problem(friedman_3, _CIRCUIT, 0.1),
    "sinc": Problem(lambda x: np.sinc(x[:, 0] / np.pi), [(-10.0, 10.0)], 0.1),
    "Franke": Problem(franke, [(0.0, 1.0)] * 2, 0.05),
    "Franke, no noise": Problem(franke, [(0.0, 1.0)] * 2, 0.0),
}


def main() -> int:
    from ratios import fix_environment

    fix_environment()
    kousei.set_num_threads(1)
    warnings.simplefilter("ignore")  # of optimisers that stop early: errors tell
    rows = []
    for name, n, tries in problems():
        rows.append(measured(name, n, tries))
        print(json.dumps(rows[-1]), flush=True)
    record = {
        "case": NAME,
        "command": COMMAND,
        "seeds": len(SEEDS),
        "points": POINTS,
        "rows": rows,
    }
    write(record)
    print(table(record))
    return 0


#: Points and values to fit, and points and values to be held against.
Try = tuple[Array, Array, Array, Array]


def problems() -> Iterator[tuple[str, int, list[Try]]]:
    """Give each problem's name, samples, and what the seeds make of it."""
    for name, problem in PROBLEMS.items():
        for n in SAMPLES:
            yield name, n, [drawn(problem, n, seed) for seed in SEEDS]
    yield "diabetes", FITTED, [divided(seed) for seed in SEEDS]


def drawn(problem: Problem, n: int, seed: int) -> Try:
    rng = np.random.default_rng(seed)
    lo, hi = np.array(problem.box).T
    x, at = (rng.uniform(lo, hi, (count, len(lo))) for count in (n, POINTS))
    return x, problem.f(x) + problem.noise * rng.standard_normal(n), at, problem.f(at)


def divided(seed: int) -> Try:
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(y))
    ours, others = order[:FITTED], order[FITTED:]
    return x[ours], y[ours], x[others], y[others]


def measured(name: str, n: int, tries: list[Try]) -> dict[str, Any]:
    """Return the medians over the seeds of root mean square errors and of CPU seconds."""
    errors: dict[str, list[float]] = {}
    seconds: dict[str, list[float]] = {}
    for seed, (x, y, at, exact) in enumerate(tries):
        for method, estimator in methods(x.shape[1], seed).items():
            start = time.process_time()
            estimator.fit(x, y)
            seconds.setdefault(method, []).append(time.process_time() - start)
            errors.setdefault(method, []).append(float(np.sqrt(np.mean((estimator.predict(at) - exact) ** 2))))
    return {
        "problem": name,
        "dim": tries[0][0].shape[1],
        "samples": n,
        "errors": {method: median(of_seeds) for method, of_seeds in errors.items()},
        "seconds": {method: median(of_seeds) for method, of_seeds in seconds.items()},
    }


def methods(dim: int, seed: int) -> dict[str, Any]:
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
    from sklearn.kernel_approximation import RBFSampler
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import GridSearchCV
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    gammas, alphas = 10.0 ** np.arange(-2, 1, 0.5), 10.0 ** np.arange(-10, 2, 2)
    kernel = ConstantKernel(1.0) * RBF(np.ones(dim), (1e-2, 1e4)) + WhiteKernel(0.1, (1e-12, 10))
    features = make_pipeline(RBFSampler(n_components=256, random_state=seed), RidgeCV(alphas))
    regressors = {
        "kernel ridge": GridSearchCV(KernelRidge(kernel="rbf"), {"gamma": gammas, "alpha": alphas}, cv=5),
        "Gaussian process": GaussianProcessRegressor(kernel, random_state=seed),
        "random features": GridSearchCV(features, {"rbfsampler__gamma": gammas}, cv=5),
        "MLPRegressor": MLPRegressor(hidden_layer_sizes=(100,), max_iter=2000, random_state=seed),
    }
    scaled = {
        name: TransformedTargetRegressor(make_pipeline(StandardScaler(), each), transformer=StandardScaler())
        for name, each in regressors.items()
    }
    return {"fit": kousei.ClosedFormRegressor(random_state=seed)} | scaled


def table(record: dict[str, Any]) -> str:
    """Return a record as a table in Markdown."""
    names = list(record["rows"][0]["errors"])
    lines = [f"| | dim | $n$ | {' | '.join(names)} |", "|---" * (3 + len(names)) + "|"]
    for row in record["rows"]:
        errors, seconds = row["errors"], row["seconds"]
        least = min(errors.values())
        cells = []
        for name in names:
            shown = f"{errors[name]:.3g}"
            cells.append(f"{f'**{shown}**' if errors[name] == least else shown} ({seconds[name]:.1f} s)")
        lines.append("| " + " | ".join([row["problem"], str(row["dim"]), str(row["samples"]), *cells]) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
