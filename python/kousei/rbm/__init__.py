"""Restricted Boltzmann machines of spins or of zeros and ones: trained, sampled and converted."""

from kousei.rbm.machine import RBM, Conversion
from kousei.rbm.partition import LogPartition

__all__ = ["RBM", "Conversion", "LogPartition"]
