"""The Ising model on periodic lattices: samples of it, many chains to a word."""

from kousei.ising.lattice import Lattice
from kousei.ising.spins import Spins

__all__ = ["Lattice", "Spins"]
