"""How a binary network is evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._lib import _core, backends
from kousei._lib.arrays import Array
from kousei.binary.chain import Chain
from kousei.binary.device import evaluate_on_device
from kousei.binary.homogeneous import factors_of
from kousei.network.evaluation import check_points

if TYPE_CHECKING:
    from kousei.binary.network import BinaryNetwork


def evaluate(net: BinaryNetwork, x: Array, out: Array | None, form: str) -> Array:
    """Return the values of a network, as `BinaryNetwork.__call__`."""
    chains = _chains_of(net, form)
    backend, x = backends.enter("x", x)
    batch = check_points(net, x, net.weight)
    shape = batch if net.outputs == 1 else (*batch, net.outputs)
    parameters = () if out is None else (net.weight, net.bias, *net.biases)
    result, view = backends.output(backend, out, shape, net.dtype, x, *parameters)
    if isinstance(backend, backends.Device):
        if form == "ranks":
            raise ValueError("form was 'ranks' and x lies in CUDA memory; 'auto' and 'packed' are accepted there")
        evaluate_on_device(net, backend, x, result)
    else:
        _compiled(net, backend, chains).evaluate(backend.view("x", x), view, backend.launch())
    return result


def _compiled(net: BinaryNetwork, backend: backends.Host, chains: tuple[Chain | None, ...]) -> Any:
    """Return the network as the kernels for the host take it, made once for each choice of chains."""
    kept = net._kept
    key = tuple(chain is not None for chain in chains)
    if key not in kept:
        units = len(net.weight), *net.sizes[2:]
        none: Any = [], np.empty(0, net.dtype)
        activations: list[Any] = [
            f.for_kernels(n, backend, net.dtype) for f, n in zip(net.activations, units, strict=False)
        ]
        first, *others = [*activations, none]
        kind = _core.cpu.Float32Binary if net.dtype == np.float32 else _core.cpu.Float64Binary
        compiled = kind(net.weight, net.bias, net.sources, factors_of(net), *first)
        for layer, bias, activation, chain in zip(net.layers, net.biases, others, chains, strict=True):
            if chain is None:
                compiled.add(layer.words, layer.shape[1], bias, *activation)
            else:
                compiled.add_chain(chain.ranks, chain.signs, bias, *activation)
        kept[key] = compiled
    return kept[key]


def _chains_of(net: BinaryNetwork, form: str) -> tuple[Chain | None, ...]:
    """Return the chains by which the layers are run; None where they are run by their bits."""
    if form not in ("auto", "ranks", "packed"):
        raise ValueError(f"form was {form!r}; 'auto', 'ranks' and 'packed' are accepted")
    if form == "ranks" and None in net.chains:
        raise ValueError(
            f"form was 'ranks' and layers[{net.chains.index(None)}] does not consist of chains; "
            "'auto' and 'packed' are accepted"
        )
    return (None,) * len(net.layers) if form == "packed" else net.chains
