"""Matrices of -1 and +1, one bit for each entry, times real numbers and times one another."""

from kousei.packed.scaled import ScaledSigns
from kousei.packed.signs import PackedSigns, pack_signs

__all__ = ["PackedSigns", "ScaledSigns", "pack_signs"]
