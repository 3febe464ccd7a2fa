"""Networks as ONNX models."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_integer
from kousei.activation import Activation, PiecewiseLinear
from kousei.activation.mixed import parts_of
from kousei.io.named import leak, leaks, limits, threshold
from kousei.io.onnx.graph import LARGEST, OPSETS
from kousei.network import MLP

if TYPE_CHECKING:
    import onnx

#: Smooth activations, and the operators of the same values.
_SMOOTH = {
    "logistic": "Sigmoid",
    "tanh": "Tanh",
    "erf": "Erf",
    "arctan": "Atan",
    "gelu": "Gelu",
    "softplus": "Softplus",
}


def to_onnx(net: MLP, path: str | os.PathLike[str] | None = None, *, opset: int = 20) -> onnx.ModelProto:
    """Return a network as an ONNX model, and write it into a file.

    Parameters
    ----------
    net : MLP
        With activations that are piecewise linear, or logistic, tanh, erf, arctan, gelu, silu or softplus.
    path : path, optional
        Where to write the model.
    opset : int
        Version of ONNX's operators, 13 to 28; gelu takes 20.

    Returns
    -------
    onnx.ModelProto
        With the input "x" (points, dim) and the output "y" (points, outputs), also for one output, of the dtype of
        the network.

    Raises
    ------
    TypeError
        If `net` is not a network, or `opset` not an integer.
    ValueError
        For activations that ONNX has no operators for, all of them named, another opset, or a network of over 2 GiB.
    OSError
        If the file cannot be written.

    Notes
    -----
    Parameters are written as they are, in the dtype of the network, and read back they are the same. A layer of
    several activations is one Gemm for each of its parts.
    """
