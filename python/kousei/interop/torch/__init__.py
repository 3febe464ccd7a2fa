"""Layers of signs, ridgelet transforms, RePU and derivatives of networks in PyTorch; this module imports torch."""

from kousei.interop.torch.derivatives import divergence, laplacian, value_and_divergence
from kousei.interop.torch.introduction import introduce_repu
from kousei.interop.torch.ridgelet import RidgeletLayer
from kousei.interop.torch.signs import SignLinear
from kousei.io.torch_repu import RePU

__all__ = ["RePU", "RidgeletLayer", "SignLinear", "divergence", "introduce_repu", "laplacian", "value_and_divergence"]
