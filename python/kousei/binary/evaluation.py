"""How a binary network is evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._lib import _core, backends
from kousei._lib.arrays import Array
from kousei._lib.errors import check_choice
from kousei.activation import Activation
from kousei.binary.device import evaluate_on_device
from kousei.binary.homogeneous import factors_of
from kousei.binary.rows import rows_of
from kousei.network.evaluation import check_points

if TYPE_CHECKING:
    from kousei.binary.network import BinaryNetwork


def evaluate(net: BinaryNetwork, x: Array, out: Array | None, form: str) -> Array:
    """Return the values of a network, as `BinaryNetwork.__call__`."""
    _check_form(net, form)
    backend, x = backends.enter("x", x)
    batch = check_points(net, x, net.weight)
    shape = batch if net.outputs == 1 else (*batch, net.outputs)
    parameters = () if out is None else (net.weight, net.bias, *net.biases)
    result, view = backends.output(backend, out, shape, net.dtype, x, *parameters)
    if isinstance(backend, backends.Device):
        if form == "ranks":
            raise ValueError("form was 'ranks' and x lies in CUDA memory; 'auto' and 'packed' are accepted there")
        evaluate_on_device(net, backend, x, result, form)
    else:
        # Signs without chains and multiples are run in one way.
        packed = form == "packed" and any((*net.chains, *net.multiples))
        _compiled(net, backend, packed).evaluate(backend.view("x", x), view, backend.launch())
    return result


def _compiled(net: BinaryNetwork, backend: backends.Host, packed: bool) -> Any:
    """Return the network as the kernels for the host take it, made once, and once for its bits alone."""
    kept = net._kept
    if packed not in kept:

        def parts_of(activation: Activation | None, units: int) -> Any:
            return activation.for_kernels(units, backend, net.dtype) if activation else ([], np.empty(0, net.dtype))

        first = net.activations[0] if net.activations else None
        kind = _core.cpu.Float32Binary if net.dtype == np.float32 else _core.cpu.Float64Binary
        compiled = kind(net.weight, net.bias, *parts_of(first, len(net.weight)))
        compiled.multiples(net.sources, factors_of(net))
        for i, (layer, chain) in enumerate(zip(net.layers, net.chains, strict=True)):
            rows = rows_of(net, i, every=packed)
            parts = parts_of(rows.activation, len(rows.bias))
            if chain is None or packed:
                compiled.add(layer.words[rows.kept], layer.shape[1], rows.bias, *parts)
            else:
                compiled.add_chain(chain.ranks[rows.kept], chain.signs, chain.counts, rows.bias, *parts)
            if rows.multiples:
                compiled.multiples(*rows.multiples)
        kept[packed] = compiled
    return kept[packed]


def _check_form(net: BinaryNetwork, form: str) -> None:
    check_choice("form", form, "auto", "ranks", "packed")
    if form == "ranks" and None in net.chains:
        raise ValueError(
            f"form was 'ranks' and layers[{net.chains.index(None)}] does not consist of chains; "
            "'auto' and 'packed' are accepted"
        )
