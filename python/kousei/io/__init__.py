"""Networks in files, and as the models of other libraries."""

from kousei.io.files import load, register, save
from kousei.io.onnx import from_onnx, to_onnx
from kousei.io.sklearn import from_sklearn
from kousei.io.torch import from_torch, to_torch

__all__ = ["from_onnx", "from_sklearn", "from_torch", "load", "register", "save", "to_onnx", "to_torch"]
