"""Networks given by their weights."""

from kousei.network.mlp import MLP

__all__ = ["MLP"]
