"""The errors kousei raises beside ValueError, TypeError and MemoryError."""

from kousei._lib import _core

CudaError = _core.CudaError
SizeError = _core.SizeError
