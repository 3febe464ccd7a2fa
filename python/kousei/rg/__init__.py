"""Maps between the renormalization group and Boltzmann machines: exact where they are exact, measured elsewhere.

After P. Mehta and D. J. Schwab, "An exact mapping between the Variational Renormalization Group and Deep Learning",
arXiv:1410.3831.
"""

from kousei.rg.block import block_spin, estimate_coupling, flow
from kousei.rg.dbn import DBN
from kousei.rg.decimation import Decimation, DecimationStack, decimation_rbm, decimation_stack
from kousei.rg.divergence import Divergence, kl_divergence
from kousei.rg.fields import Localization, localization
from kousei.rg.maps import rbm_from_ising, sublattice_rbm

__all__ = [
    "DBN",
    "Decimation",
    "DecimationStack",
    "Divergence",
    "Localization",
    "block_spin",
    "decimation_rbm",
    "decimation_stack",
    "estimate_coupling",
    "flow",
    "kl_divergence",
    "localization",
    "rbm_from_ising",
    "sublattice_rbm",
]
