"""Networks given by their weights, and their algebra."""

from kousei.network.algebra import identity, maximum, minimum, stack
from kousei.network.bounds import Bounds
from kousei.network.jet import Jet
from kousei.network.mlp import MLP
from kousei.network.on_box import ErrorBound
from kousei.network.summary import Formula, LayerSummary, Summary

__all__ = [
    "MLP",
    "Bounds",
    "ErrorBound",
    "Formula",
    "Jet",
    "LayerSummary",
    "Summary",
    "identity",
    "maximum",
    "minimum",
    "stack",
]
