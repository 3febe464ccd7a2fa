"""The Ising model on periodic lattices: exact values, observables of samples."""

from kousei.ising.exact import Exact, exact
from kousei.ising.infinite import CRITICAL_COUPLING, Infinite, infinite

__all__ = ["CRITICAL_COUPLING", "Exact", "Infinite", "exact", "infinite"]
