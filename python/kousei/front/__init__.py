"""A function and a tolerance go in, a network comes out: all constructors are tried, and one is chosen."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kousei.front import files, fitted_files
from kousei.front.comparison import Comparison, compare
from kousei.front.construction import NotReachedError, construct
from kousei.front.fitted import FittedNetwork, LeftOutError, Trial, Trials
from kousei.front.fitting import fit
from kousei.front.network import ConstructedNetwork
from kousei.front.report import Attempt, Report
from kousei.front.suite import BenchmarkFunction, benchmark_functions
from kousei.front.trials import Run
from kousei.io import register

if TYPE_CHECKING:
    from kousei.front.estimators import ClosedFormClassifier, ClosedFormRegressor

__all__ = [
    "Attempt",
    "BenchmarkFunction",
    "ClosedFormClassifier",
    "ClosedFormRegressor",
    "Comparison",
    "ConstructedNetwork",
    "FittedNetwork",
    "LeftOutError",
    "NotReachedError",
    "Report",
    "Run",
    "Trial",
    "Trials",
    "benchmark_functions",
    "compare",
    "construct",
    "fit",
]

register(ConstructedNetwork, files.to_state, files.from_state)
register(FittedNetwork, fitted_files.to_state, fitted_files.from_state)


def __getattr__(name: str) -> Any:
    # Estimators need scikit-learn.
    if name not in ("ClosedFormClassifier", "ClosedFormRegressor"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("kousei.front.estimators"), name)
