"""Restricted Boltzmann machines of spins or of zeros and ones: trained, sampled and converted."""

from kousei.rbm.conversion import Conversion
from kousei.rbm.machine import RBM
from kousei.rbm.partition import LogPartition

__all__ = ["RBM", "Conversion", "LogPartition"]
