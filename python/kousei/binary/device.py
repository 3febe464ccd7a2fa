"""Binary networks in CUDA memory: signs are applied by their bits, and kernels do the rest in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kousei._lib import arrays, backends
from kousei._lib.arrays import Array
from kousei.activation import Activation
from kousei.binary.homogeneous import factors_of

if TYPE_CHECKING:
    from kousei.binary.network import BinaryNetwork

#: Hidden values held at a time, in bytes; two layers are.
_BLOCK_BYTES = 1 << 26


def evaluate_on_device(net: BinaryNetwork, backend: backends.Device, x: Array, out: Array) -> None:
    """Write the values of `net` at points (..., dim) to `out`, C-contiguous."""
    xp = arrays.namespace(x)
    points, values = xp.reshape(x, (-1, net.dim)), xp.reshape(out, (-1, net.outputs))
    kept = net._kept
    if "units" not in kept:
        kept["units"] = backend.keep(net.sources.astype(np.int64)), backend.keep(factors_of(net))
    sources, factors = kept["units"]
    widest = max(len(net.bias), *net.sizes[1:])
    block = max(1, _BLOCK_BYTES // (2 * widest * net.dtype.itemsize))
    activations = [*net.activations, None]
    for start in range(0, len(points), block):
        hidden = xp.matmul(points[start : start + block], net.weight.T)
        _finish(net, backend, activations[0], net.bias, hidden)
        hidden = xp.take(hidden, sources, axis=1) * factors
        for layer, bias, activation in zip(net.layers, net.biases, activations[1:], strict=True):
            hidden = layer.matmul(hidden)
            _finish(net, backend, activation, bias, hidden)
        values[start : start + block] = hidden


def _finish(
    net: BinaryNetwork, backend: backends.Device, activation: Activation | None, bias: Array, z: Array
) -> None:
    """Make f(z + bias) of z."""
    parts = activation.for_kernels(len(bias), backend, net.dtype) if activation else None
    if parts is None:
        z += bias
        return
    view = backend.view("z", z)
    backend.kernels.activation_apply(*parts, backend.view("biases", bias), view, view, backend.launch())
