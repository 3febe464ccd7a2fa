"""The errors kousei raises beside ValueError, TypeError and MemoryError."""

from kousei._lib._core import CudaError, SizeError

__all__ = ["CudaError", "SizeError"]
