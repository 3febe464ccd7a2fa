"""Restricted Boltzmann machines of spins or of zeros and ones: trained, sampled and converted."""

from kousei.rbm.machine import RBM, Conversion

__all__ = ["RBM", "Conversion"]
