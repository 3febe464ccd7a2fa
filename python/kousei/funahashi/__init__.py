"""Three-layer networks of Funahashi's theorem, written by formula from a function on a box.

The construction is that of M. Kakizaki and T. Akiba, "Possible Application of Funahashi's Theorem to Neural
Networks", after K. Funahashi, "On the approximate realization of continuous mappings by neural networks", Neural
Networks 2 (1989): 2 N^(D+1) hidden units from the N^D Fourier coefficients of a function of D variables.
"""

from kousei.funahashi import files
from kousei.funahashi.bump import bump_transform, universal_function
from kousei.funahashi.closed_form import fourier_series, parity
from kousei.funahashi.error import ErrorBound
from kousei.funahashi.evaluation import Plan
from kousei.funahashi.extension import sample_points
from kousei.funahashi.network import FunahashiNetwork
from kousei.funahashi.parameters import BumpParameters, choose_parameters, quadrature_bound
from kousei.funahashi.projection import variable_projection
from kousei.funahashi.ridge import ridge_directions
from kousei.funahashi.sparse import from_frequencies, hyperbolic_cross
from kousei.io import register
from kousei.network.fitting import Refit

__all__ = [
    "BumpParameters",
    "ErrorBound",
    "FunahashiNetwork",
    "Plan",
    "Refit",
    "bump_transform",
    "choose_parameters",
    "fourier_series",
    "from_frequencies",
    "hyperbolic_cross",
    "parity",
    "quadrature_bound",
    "ridge_directions",
    "sample_points",
    "universal_function",
    "variable_projection",
]

register(FunahashiNetwork, files.to_state, files.from_state)
