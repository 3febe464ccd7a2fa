"""Networks given by their weights."""

from kousei.network.bounds import Bounds
from kousei.network.mlp import MLP

__all__ = ["MLP", "Bounds"]
