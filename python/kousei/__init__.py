"""Neural networks written by formula: constructed, rewritten and evaluated, on CPU and CUDA."""

from kousei import activation, binary, equivariant, funahashi, io, network, packed, ridgelet
from kousei._lib import _core
from kousei._lib.errors import CudaError, SizeError
from kousei._lib.threads import num_threads, set_num_threads
from kousei.activation import Activation, PiecewiseLinear
from kousei.binary import BinaryNetwork, binarize, chain_decomposition
from kousei.funahashi import FunahashiNetwork
from kousei.io import load, save
from kousei.network import MLP, identity, maximum, minimum, stack
from kousei.packed import PackedSigns, pack_signs
from kousei.ridgelet import RidgeletTransform, dual_ridgelet_transform, ridgelet_transform

__version__ = _core.__version__

__all__ = [
    "MLP",
    "Activation",
    "BinaryNetwork",
    "CudaError",
    "FunahashiNetwork",
    "PackedSigns",
    "PiecewiseLinear",
    "RidgeletTransform",
    "SizeError",
    "__version__",
    "activation",
    "binarize",
    "binary",
    "chain_decomposition",
    "dual_ridgelet_transform",
    "equivariant",
    "funahashi",
    "identity",
    "io",
    "load",
    "maximum",
    "minimum",
    "network",
    "num_threads",
    "pack_signs",
    "packed",
    "ridgelet",
    "ridgelet_transform",
    "save",
    "set_num_threads",
    "stack",
]
