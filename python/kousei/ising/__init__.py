"""The Ising model on periodic lattices: samples of it, many chains to a word, and exact values."""

from kousei.ising.estimate import Estimate
from kousei.ising.exact import Exact, exact
from kousei.ising.infinite import CRITICAL_COUPLING, Infinite, infinite
from kousei.ising.lattice import Lattice
from kousei.ising.observables import Observables, observables
from kousei.ising.spins import Spins

__all__ = [
    "CRITICAL_COUPLING",
    "Estimate",
    "Exact",
    "Infinite",
    "Lattice",
    "Observables",
    "Spins",
    "exact",
    "infinite",
    "observables",
]
