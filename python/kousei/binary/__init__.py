"""Networks whose weights are signs, -1 or +1, on all layers but the first: Theorem 4.

Any ReLU network is one, by the ReLU representation theory (JSIAM 2024, G3-4-1; after Nagase 2022).
"""

from kousei.binary.decomposition import chain_decomposition
from kousei.binary.network import BinaryNetwork, BinarySummary, ErrorBound
from kousei.binary.rewriting import binarize

__all__ = ["BinaryNetwork", "BinarySummary", "ErrorBound", "binarize", "chain_decomposition"]
