"""Set functions explained."""

from kousei.attribution.structured import AttentionPooling, DeepSet

__all__ = ["AttentionPooling", "DeepSet"]
