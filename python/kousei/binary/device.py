"""Binary networks in CUDA memory: signs are applied by their bits, and kernels do the rest in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kousei._lib import arrays, backends
from kousei._lib.arrays import Array
from kousei.activation import Activation
from kousei.binary.homogeneous import factors_of
from kousei.binary.rows import rows_of
from kousei.packed import PackedSigns

if TYPE_CHECKING:
    from kousei.binary.network import BinaryNetwork

#: Hidden values held at a time, in bytes; two layers are.
_BLOCK_BYTES = 1 << 26


class _Layer(NamedTuple):
    """A layer of signs as it is run."""

    signs: PackedSigns
    bias: Array
    activation: Activation | None
    #: As `Rows.multiples`.
    multiples: tuple[Array, Array] | None


def evaluate_on_device(net: BinaryNetwork, backend: backends.Device, x: Array, out: Array, form: str) -> None:
    """Write the values of `net` at points (..., dim) to `out`, C-contiguous."""
    xp = arrays.namespace(x)
    points, values = xp.reshape(x, (-1, net.dim)), xp.reshape(out, (-1, net.outputs))
    kept, packed = net._kept, form == "packed" and any(net.multiples)
    if packed not in kept:
        multiples = _multiples(backend, net.sources, factors_of(net))
        kept[packed] = multiples, [_layer(net, backend, i, packed) for i in range(len(net.layers))]
    (sources, factors), layers = kept[packed]
    widest = max(len(net.bias), *net.sizes[1:])
    block = max(1, _BLOCK_BYTES // (2 * widest * net.dtype.itemsize))
    for start in range(0, len(points), block):
        hidden = xp.matmul(points[start : start + block], net.weight.T)
        _finish(net, backend, net.activations[0] if net.activations else None, net.bias, hidden)
        hidden = xp.take(hidden, sources, axis=1) * factors
        for layer in layers:
            hidden = layer.signs.matmul(hidden)
            _finish(net, backend, layer.activation, layer.bias, hidden)
            if layer.multiples:
                hidden = xp.take(hidden, layer.multiples[0], axis=1) * layer.multiples[1]
        values[start : start + block] = hidden


def _layer(net: BinaryNetwork, backend: backends.Device, number: int, packed: bool) -> _Layer:
    rows, signs = rows_of(net, number, every=packed), net.layers[number]
    if rows.multiples is None:
        return _Layer(signs, rows.bias, rows.activation, None)
    words = arrays.to_host(signs.words)[rows.kept]
    some = PackedSigns(words, (len(words), signs.shape[1])).like(signs.words)
    return _Layer(some, rows.bias, rows.activation, _multiples(backend, *rows.multiples))


def _multiples(backend: backends.Device, sources: np.ndarray[Any, Any], factors: Array) -> tuple[Array, Array]:
    return backend.keep(sources.astype(np.int64)), backend.keep(factors)


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
