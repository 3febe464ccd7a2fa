"""Errors beside ValueError, TypeError and MemoryError, and warnings."""

import sys
import warnings

from kousei._lib import _core

CudaError = _core.CudaError
SizeError = _core.SizeError


def warn(message: str) -> None:
    """Warn, naming the line outside this package that led here."""
    level = 1
    while sys._getframe(level).f_globals.get("__name__", "").startswith("kousei."):
        level += 1
    warnings.warn(message, stacklevel=level + 1)
