"""Networks of several layers in CUDA memory: the library multiplies matrices, kernels do the rest in place."""

from __future__ import annotations

from collections.abc import Iterator
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


def evaluate_jet(
    net: MLP, backend: backends.Device, x: Array, value: Array, jacobian: Array, laplacian: Array | None
) -> None:
    """Write the values of `net` at points (..., dim) and their derivatives, arrays as those of `Jet`."""
    xp, outputs = arrays.namespace(x), net.outputs
    values, slopes = xp.reshape(value, (-1, outputs)), xp.reshape(jacobian, (-1, outputs, net.dim))
    last = None if laplacian is None else xp.reshape(laplacian, (-1, outputs))
    inputs = arrays.dense(net.weights[0]).T
    for rows, streams in _streams(net, backend, xp, x, inputs, laplacian=laplacian is not None):
        found = _product(xp, streams, net.weights[-1]) if net.activations else streams
        values[rows] = found[0, ...] + net.biases[-1]
        slopes[rows] = xp.permute_dims(found[1 : 1 + net.dim, ...], (1, 2, 0))
        if last is not None:
            last[rows] = found[-1, ...]


def evaluate_divergence(net: MLP, backend: backends.Device, x: Array, out: Array) -> None:
    """Write the divergence of `net` at points (..., dim) to `out`."""
    xp, weights = arrays.namespace(x), net.weights
    first, last = arrays.dense(weights[0]), arrays.dense(weights[-1])
    to = xp.reshape(out, (-1,))
    if not net.activations:
        to[...] = xp.sum(xp.reshape(first, (-1,))[:: net.dim + 1])
    elif len(weights) == 3 and not any(map(arrays.is_sparse, weights)):
        coupling, ones = weights[1] * (first @ last).T, xp.ones_like(net.biases[0])[None, :]
        for rows, streams in _streams(net, backend, xp, x, ones, coupling=coupling):
            to[rows] = xp.sum(streams[1, ...], axis=-1)
    else:
        for rows, streams in _streams(net, backend, xp, x, first.T):
            total = streams[1, ...] @ last[0, ...]
            for k in range(1, net.dim):
                total += streams[1 + k, ...] @ last[k, ...]
            to[rows] = total


def _streams(
    net: MLP,
    backend: backends.Device,
    xp: Any,
    x: Array,
    slopes: Array,
    *,
    laplacian: bool = False,
    coupling: Array | None = None,
) -> Iterator[tuple[slice, Array]]:
    """Yield, for blocks of the points, what hidden layers end in: (value, derivatives, Laplacian; points; units).

    `slopes`, (directions, units), are the derivatives of the first layer; `coupling` stands for the weight of the
    second one in the derivatives. Without hidden layers it is the first layer without its bias.
    """
    points, count = xp.reshape(x, (-1, net.dim)), 1 + len(slopes) + laplacian
    block = max(1, _BLOCK_BYTES // (2 * count * max(net.sizes) * net.dtype.itemsize))
    parts = [f.for_kernels(n, backend, net.dtype) for f, n in zip(net.activations, net.sizes[1:], strict=False)]
    for start in range(0, len(points), block):
        rows = slice(start, min(start + block, len(points)))
        streams = backend.empty((count, rows.stop - start, len(net.biases[0])), net.dtype)
        streams[:1, ...] = _product(xp, points[None, rows, :], net.weights[0])
        streams[1 : 1 + len(slopes), ...] = slopes[:, None, :]
        if laplacian:
            streams[-1, ...] = 0
        for i, (known, bias) in enumerate(zip(parts, net.biases, strict=False)):
            if i > 0 and coupling is not None:
                pair = [(streams[:1, ...], net.weights[1]), (streams[1:, ...], coupling)]
                streams = xp.concat([_product(xp, *factors) for factors in pair], axis=0)
            elif i > 0:
                streams = _product(xp, streams, net.weights[i])
            assert known is not None  # functions of one's own are refused before
            view = backend.view
            backend.kernels.network_derive(
                *known, view("biases", bias), view("streams", streams), laplacian, backend.launch()
            )
        yield rows, streams


def _product(xp: Any, streams: Array, weight: Array) -> Array:
    """Return streams (count, points, inputs) times a weight, C-contiguous."""
    count, points, inputs = arrays.shape_of(streams)
    flat = xp.reshape(streams, (count * points, inputs))
    product = arrays.contiguous((weight @ flat.T).T) if arrays.is_sparse(weight) else xp.matmul(flat, weight.T)
    return xp.reshape(product, (count, points, -1))
