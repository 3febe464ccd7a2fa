"""A function and a tolerance go in, a network comes out: all constructors are tried, and one is chosen."""

from kousei.front import files
from kousei.front.comparison import Comparison, compare
from kousei.front.construction import NotReachedError, construct
from kousei.front.network import ConstructedNetwork, ErrorBound
from kousei.front.report import Attempt, Report
from kousei.front.suite import BenchmarkFunction, benchmark_functions
from kousei.front.trials import Run
from kousei.io import register

__all__ = [
    "Attempt",
    "BenchmarkFunction",
    "Comparison",
    "ConstructedNetwork",
    "ErrorBound",
    "NotReachedError",
    "Report",
    "Run",
    "benchmark_functions",
    "compare",
    "construct",
]

register(ConstructedNetwork, files.to_state, files.from_state)
