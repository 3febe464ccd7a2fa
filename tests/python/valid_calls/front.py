"""Valid calls of the one call, and of estimators."""

from collections.abc import Callable
from functools import cache
from typing import Any

import kousei
from kousei import (
    front,
)
from valid_calls.common import X2, Call, Y, f


@cache
def regressor() -> Any:
    return kousei.ClosedFormRegressor(random_state=0).fit(X2, Y)


@cache
def classifier() -> Any:
    return kousei.ClosedFormClassifier(random_state=0).fit(X2, Y > 0)


@cache
def monotone() -> Any:
    return kousei.MonotoneRegressor().fit(X2, Y)


@cache
def score() -> Any:
    return kousei.ScoreEstimator(hidden=4, random_state=0).fit(X2)


@cache
def comparison() -> Any:
    return kousei.compare(f, [(0, 1)], 1e-2, methods=["Chebyshev"], budget=0.1, seeds=1, rng=0)


@cache
def constructed() -> Any:
    return kousei.construct(f, [(0, 1)], 1e-2, rng=0)


@cache
def network() -> Any:
    return kousei.fit(X2, Y, units=2, rng=0)


CALLS: dict[str, Callable[[], Call]] = {
    "kousei.ClosedFormClassifier.decision_function": lambda: (classifier().decision_function, {"X": X2}),
    "kousei.ClosedFormClassifier.fit": lambda: (
        kousei.ClosedFormClassifier(random_state=0).fit,
        {"X": X2, "y": Y > 0},
    ),
    "kousei.ClosedFormClassifier.predict": lambda: (classifier().predict, {"X": X2}),
    "kousei.ClosedFormClassifier.predict_proba": lambda: (classifier().predict_proba, {"X": X2}),
    "kousei.ClosedFormRegressor.fit": lambda: (kousei.ClosedFormRegressor(random_state=0).fit, {"X": X2, "y": Y}),
    "kousei.ClosedFormRegressor.predict": lambda: (regressor().predict, {"X": X2}),
    "kousei.MonotoneRegressor.fit": lambda: (kousei.MonotoneRegressor().fit, {"X": X2, "y": Y}),
    "kousei.MonotoneRegressor.predict": lambda: (monotone().predict, {"X": X2}),
    "kousei.MonotoneRegressor.violations": lambda: (monotone().violations, {"X": X2}),
    "kousei.ScoreEstimator.anomaly_scores": lambda: (score().anomaly_scores, {"X": X2}),
    "kousei.ScoreEstimator.fit": lambda: (
        kousei.ScoreEstimator(hidden=4, random_state=0).fit,
        {"X": X2},
    ),
    "kousei.ScoreEstimator.sample": lambda: (score().sample, {"steps": 2}),
    "kousei.ScoreEstimator.score": lambda: (score().score, {"X": X2}),
    "kousei.ScoreEstimator.score_samples": lambda: (score().score_samples, {"X": X2}),
    "kousei.compare": lambda: (
        kousei.compare,
        {"f": f, "bounds": [(0, 1)], "tol": 1e-2, "methods": ["Chebyshev"], "budget": 0.1, "seeds": 1},
    ),
    "kousei.construct": lambda: (kousei.construct, {"f": f, "bounds": [(0, 1)], "tol": 1e-2}),
    "kousei.fit": lambda: (kousei.fit, {"X": X2, "y": Y, "units": 2}),
    "kousei.front.Comparison.best": lambda: (comparison().best, {"method": "Chebyshev"}),
    "kousei.front.Comparison.draw": lambda: (comparison().draw, {}),
    "kousei.front.Comparison.seconds_to": lambda: (
        comparison().seconds_to,
        {"error": 1e-2, "method": "Chebyshev"},
    ),
    "kousei.front.ConstructedNetwork.error_bound": lambda: (constructed().error_bound, {"box": [(0, 1)]}),
    "kousei.front.Report.draw": lambda: (constructed().report.draw, {}),
    "kousei.front.benchmark_functions": lambda: (front.benchmark_functions, {"dims": [1]}),
}
