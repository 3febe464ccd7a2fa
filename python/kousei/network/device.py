"""Networks of several layers in CUDA memory: the library multiplies matrices, kernels do the rest in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kousei._lib import arrays, backends
from kousei._lib.arrays import Array

if TYPE_CHECKING:
    from kousei.network.mlp import MLP

#: Hidden values held at a time, in bytes; two layers are.
_BLOCK_BYTES = 1 << 25
#: Up to so many inputs a layer reads and writes more than it computes: one kernel does all of it.
_NARROW = 64


def evaluate_layers(net: MLP, backend: backends.Device, x: Array, out: Array) -> None:
    """Write the values of `net` at points (..., dim) to `out`, C-contiguous, layer by layer on the device."""
    xp = arrays.namespace(x)
    points, values = xp.reshape(x, (-1, net.dim)), xp.reshape(out, (-1, net.outputs))
    widest = max(net.sizes[1:-1], default=0)
    block = max(1, _BLOCK_BYTES // (2 * max(widest, 1) * net.dtype.itemsize))
    hidden = [backend.empty((min(block, len(points)) * widest,), net.dtype) for _ in net.activations[:2]]
    layers = [_Layer(net, i, backend) for i in range(len(net.weights))]
    for start in range(0, len(points), block):
        inputs = points[start : start + block]
        for i, layer in enumerate(layers):
            if layer is layers[-1]:
                to = values[start : start + block]
            else:
                to = xp.reshape(hidden[i % 2][: len(inputs) * layer.units], (len(inputs), layer.units))
            layer(xp, inputs, to)
            inputs = to


class _Layer:
    """One layer, and what the kernels read of it."""

    def __init__(self, net: MLP, index: int, backend: backends.Device) -> None:
        self.units = net.sizes[index + 1]
        self._backend = backend
        self._weight, self._bias = net.weights[index], net.biases[index]
        self._activation = net.activations[index] if index < len(net.activations) else None
        none: Any = [], backend.view("parameters", backend.empty((0,), net.dtype))
        self._parts = self._activation.for_kernels(self.units, backend, net.dtype) if self._activation else none
        self._bias_view = backend.view("biases", self._bias)
        sparse, inputs = arrays.is_sparse(self._weight), net.sizes[index]
        fused = not sparse and inputs <= _NARROW and self._parts is not None
        self._weight_view = backend.view("weights", self._weight) if fused else None

    def __call__(self, xp: Any, inputs: Array, to: Array) -> None:
        """Write the values at inputs (points, inputs) to `to`, (points, units)."""
        kernels, view = self._backend.kernels, self._backend.view
        launch = self._backend.launch()
        if self._weight_view is not None and self._parts is not None:
            x = view("x", inputs)
            kernels.network_layer(self._weight_view, self._bias_view, *self._parts, x, view("out", to), launch)
            return
        if arrays.is_sparse(self._weight):
            to[...] = (self._weight @ inputs.T).T
        else:
            xp.matmul(inputs, self._weight.T, out=to)
        if self._activation is not None and self._parts is not None:
            z = view("z", to)
            kernels.activation_apply(*self._parts, self._bias_view, z, z, launch)
            return
        to += self._bias
        if self._activation is not None:
            self._activation(to, out=to)
