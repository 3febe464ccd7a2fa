"""Networks whose weights are signs, -1 or +1, on all layers but the first: Theorem 4.

Any ReLU network is one, by the ReLU representation theory (JSIAM 2024, G3-4-1; after Nagase 2022).
"""

from kousei.binary import files
from kousei.binary.chain import Chain
from kousei.binary.decomposition import Rounding, chain_decomposition
from kousei.binary.error import ErrorBound
from kousei.binary.multiples import Multiples
from kousei.binary.network import BinaryNetwork
from kousei.binary.rewriting import binarize
from kousei.binary.summary import BinarySummary
from kousei.io import register

__all__ = [
    "BinaryNetwork",
    "BinarySummary",
    "Chain",
    "ErrorBound",
    "Multiples",
    "Rounding",
    "binarize",
    "chain_decomposition",
]

register(BinaryNetwork, files.to_state, files.from_state, files.to_layers)
