"""A function and a tolerance go in, a network comes out: all constructors are tried, and one is chosen."""

from kousei.front.comparison import Comparison, compare
from kousei.front.problem import RefusedError
from kousei.front.suite import BenchmarkFunction, benchmark_functions
from kousei.front.trials import Run

__all__ = ["BenchmarkFunction", "Comparison", "RefusedError", "Run", "benchmark_functions", "compare"]
