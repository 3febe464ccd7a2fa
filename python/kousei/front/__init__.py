"""A function and a tolerance go in, a network comes out: all constructors are tried, and one is chosen."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kousei.front import files
from kousei.front.comparing.comparison import Comparison, compare
from kousei.front.comparing.suite import BenchmarkFunction, benchmark_functions
from kousei.front.comparing.trials import Run
from kousei.front.construction import NotReachedError, construct
from kousei.front.fits import files as fit_files
from kousei.front.fits.fitted import FittedNetwork, LeftOutError, Trial, Trials
from kousei.front.fits.fitting import fit
from kousei.front.network import ConstructedNetwork
from kousei.front.report import Attempt, Report
from kousei.io import register

if TYPE_CHECKING:
    from kousei.front.fits.estimators import ClosedFormClassifier, ClosedFormRegressor

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
register(FittedNetwork, fit_files.to_state, fit_files.from_state)


def __getattr__(name: str) -> Any:
    # Estimators need scikit-learn.
    if name not in ("ClosedFormClassifier", "ClosedFormRegressor"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("kousei.front.fits.estimators"), name)
