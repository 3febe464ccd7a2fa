"""Maps between the renormalization group and Boltzmann machines: exact where they are exact, measured elsewhere.

After P. Mehta and D. J. Schwab, "An exact mapping between the Variational Renormalization Group and Deep Learning",
arXiv:1410.3831.
"""

from kousei.rg.decimation import Decimation, DecimationStack, decimation_rbm, decimation_stack
from kousei.rg.maps import rbm_from_ising, sublattice_rbm

__all__ = [
    "Decimation",
    "DecimationStack",
    "decimation_rbm",
    "decimation_stack",
    "rbm_from_ising",
    "sublattice_rbm",
]
