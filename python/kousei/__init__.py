"""Neural networks written by formula: constructed, rewritten and evaluated, on CPU and CUDA."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kousei import activation, binary, funahashi, io, network, packed, repu
from kousei._lib import _core
from kousei._lib.errors import CudaError, SizeError
from kousei._lib.threads import num_threads, set_num_threads
from kousei.activation import Activation, PiecewiseLinear
from kousei.binary import BinaryNetwork, binarize, chain_decomposition
from kousei.funahashi import FunahashiNetwork
from kousei.io import load, save
from kousei.network import MLP, identity, maximum, minimum, stack
from kousei.packed import PackedSigns, pack_signs

if TYPE_CHECKING:
    from kousei import (
        attribution,
        distributed,
        equivariant,
        fashion,
        front,
        ising,
        isotonic,
        rbm,
        recommend,
        rg,
        ridgelet,
        score,
    )
    from kousei.front import ClosedFormClassifier, ClosedFormRegressor, compare, construct, fit
    from kousei.isotonic import MonotoneRegressor
    from kousei.rbm import RBM
    from kousei.ridgelet import RidgeletTransform, dual_ridgelet_transform, ridgelet_transform
    from kousei.score import ScoreEstimator

__version__ = _core.__version__

__all__ = [
    "MLP",
    "RBM",
    "Activation",
    "BinaryNetwork",
    "ClosedFormClassifier",
    "ClosedFormRegressor",
    "CudaError",
    "FunahashiNetwork",
    "MonotoneRegressor",
    "PackedSigns",
    "PiecewiseLinear",
    "RidgeletTransform",
    "ScoreEstimator",
    "SizeError",
    "__version__",
    "activation",
    "attribution",
    "binarize",
    "binary",
    "chain_decomposition",
    "compare",
    "construct",
    "distributed",
    "dual_ridgelet_transform",
    "equivariant",
    "fashion",
    "fit",
    "front",
    "funahashi",
    "identity",
    "io",
    "ising",
    "isotonic",
    "load",
    "maximum",
    "minimum",
    "network",
    "num_threads",
    "pack_signs",
    "packed",
    "rbm",
    "recommend",
    "repu",
    "rg",
    "ridgelet",
    "ridgelet_transform",
    "save",
    "score",
    "set_num_threads",
    "stack",
]

#: The rooms that names stand in which load SciPy, that takes longer than all else, or a library that is optional.
_LATER = {
    "ClosedFormClassifier": "front",
    "ClosedFormRegressor": "front",
    "MonotoneRegressor": "isotonic",
    "RBM": "rbm",
    "RidgeletTransform": "ridgelet",
    "ScoreEstimator": "score",
    "attribution": "attribution",
    "compare": "front",
    "construct": "front",
    "distributed": "distributed",
    "dual_ridgelet_transform": "ridgelet",
    "equivariant": "equivariant",
    "fashion": "fashion",
    "fit": "front",
    "front": "front",
    "ising": "ising",
    "isotonic": "isotonic",
    "rbm": "rbm",
    "recommend": "recommend",
    "rg": "rg",
    "ridgelet_transform": "ridgelet",
    "score": "score",
}

# Their classes that files hold, which `load` asks for there.
io.files.HOMES |= dict.fromkeys(("ConstructedNetwork", "FittedNetwork"), "kousei.front")
io.files.HOMES |= dict.fromkeys(("OutfitScorer", "PartialVSE", "VisualSemanticEmbedding"), "kousei.fashion")


def __getattr__(name: str) -> Any:
    if name not in _LATER and name not in _LATER.values():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    room = import_module(f"{__name__}.{_LATER.get(name, name)}")
    return getattr(room, name, room)


def __dir__() -> list[str]:
    return __all__
