"""Networks from and to ONNX models."""

from kousei.io.onnx.reading import from_onnx
from kousei.io.onnx.writing import to_onnx

__all__ = ["from_onnx", "to_onnx"]
