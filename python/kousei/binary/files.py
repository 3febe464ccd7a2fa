"""How files hold a binary network."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_integer
from kousei.binary.chain import Chain
from kousei.binary.checks import check_method
from kousei.binary.decomposition import Array, Rounding
from kousei.binary.homogeneous import of_units
from kousei.binary.multiples import Multiples
from kousei.binary.network import BinaryNetwork
from kousei.io.files import SignedLayer
from kousei.io.packed import signs_of
from kousei.io.state import (
    Arrays,
    Config,
    activation_from_config,
    activation_to_config,
    check_names,
    entry,
    shown,
)

_FIRST = ("a0.weight", "a0.bias", "a.src", "a.scale")
#: Of a layer that is a chain, beside its bits; and of one with units that are multiples of each other.
_CHAIN = ("rank", "src", "sign")
_MULTIPLES = ("row", "scale")


def to_state(net: BinaryNetwork) -> tuple[Config, Arrays]:
    """Return how a network was made, its activations and its sizes as JSON, and its numbers and signs as arrays."""
    tensors: Arrays = {
        "a0.weight": arrays.to_host(net.weight),
        "a0.bias": arrays.to_host(net.bias),
        "a.src": net.sources,
        "a.scale": net.scales,
    }
    for i, (layer, bias, chain) in enumerate(zip(net.layers, net.biases, net.chains, strict=True), 1):
        tensors |= {f"b{i}.bits": arrays.to_host(layer.words), f"b{i}.bias": arrays.to_host(bias)}
        if chain is not None:
            parts = zip(_CHAIN, (chain.ranks, chain.sources, chain.signs), strict=True)
            tensors |= {f"b{i}.{name}": array for name, array in parts}
    for i, multiples in enumerate(net.multiples, 1):
        if multiples is not None:
            parts = zip(_MULTIPLES, (multiples.rows, multiples.scales), strict=True)
            tensors |= {f"b{i}.{name}": array for name, array in parts}
    if net.method == "bits":
        tensors |= {f"b{i}.errors": np.stack(rounding) for i, rounding in enumerate(net.errors, 1)}
    config = {
        "method": net.method,
        "bias": net.bias_mode,
        "activations": [activation_to_config(activation) for activation in net.activations],
        "sizes": list(net.sizes),
        "source": {"sizes": list(net.source_sizes), "sha256": net.source_digest},
    }
    return config | ({"bits": net.bits} if net.method == "bits" else {}), tensors


def from_state(config: Config, tensors: Arrays) -> BinaryNetwork:
    """Return the network of `to_state`; ValueError or TypeError if they make none."""
    method, bits = entry(config, "method", str), config.get("bits")
    bias_mode = entry(config, "bias", str)
    check_method(method, bits, bias_mode)
    names = ["method", "bias", "activations", "sizes", "source"]
    check_names("config", config, names + ["bits"] * (method == "bits"))
    activations = [activation_from_config(activation) for activation in entry(config, "activations", list)]
    numbers = range(1, len(activations) + 1)
    chained = [i for i in numbers if f"b{i}.rank" in tensors]
    wanted = [*_FIRST, *(f"b{i}.{part}" for i in numbers for part in ("bits", "bias"))]
    wanted += [f"b{i}.{part}" for i in chained for part in _CHAIN]
    shared = [i for i in numbers if f"b{i}.row" in tensors]
    wanted += [f"b{i}.{part}" for i in shared for part in _MULTIPLES]
    errors = [f"b{i}.errors" for i in numbers if method == "bits"]
    check_names("tensors", tensors, wanted + errors)
    source_sizes, digest = _source(entry(config, "source", dict))
    weight, bias, sources, scales = (tensors[name] for name in _FIRST)
    layers, columns = [], sources.size
    for i in numbers:
        layers.append(signs_of(f"b{i}.bits", tensors[f"b{i}.bits"], columns))
        columns = layers[-1].shape[0]
    net = BinaryNetwork(
        weight=weight,
        bias=bias,
        sources=sources,
        scales=scales,
        layers=tuple(layers),
        biases=tuple(tensors[f"b{i}.bias"] for i in numbers),
        activations=tuple(activations),
        chains=tuple(_made(Chain, f"b{i}", _CHAIN, tensors) if i in chained else None for i in numbers),
        multiples=tuple(_made(Multiples, f"b{i}", _MULTIPLES, tensors) if i in shared else None for i in numbers),
        method=method,
        bits=bits,
        bias_mode=bias_mode,
        errors=tuple(_rounding(name, tensors[name]) for name in errors),
        source_sizes=source_sizes,
        source_digest=digest,
    )
    if entry(config, "sizes", list) != list(net.sizes):
        raise ValueError(
            f"'sizes' was {shown(config['sizes'])}; {list(net.sizes)}, those of the tensors, is accepted"
        )
    if source_sizes or errors:
        _check_source(net, source_sizes)
    return net


def to_layers(net: BinaryNetwork) -> list[SignedLayer]:
    """Return the layers of a network, signs packed; those of its MLP where a layer has no units."""
    if 0 in net.sizes:
        mlp = net.to_mlp()
        weights, biases = (map(arrays.to_host, parts) for parts in (mlp.weights, mlp.biases))
        return list(zip(weights, biases, [*mlp.activations, None], strict=True))
    weight, bias = net.first
    first = [of_units(activation, len(net.weight), net.sources) for activation in net.activations[:1]]
    activations = [*first, *net.activations[1:], None]
    return list(zip([weight, *net.layers], [bias, *map(arrays.to_host, net.biases)], activations, strict=True))


def _source(config: Config) -> tuple[tuple[int, ...], str]:
    """Return the sizes and the digest of the network a file's was made from; none of them where it is not known."""
    check_names("source", config, ("sizes", "sha256"))
    digest = entry(config, "sha256", str)
    if not re.fullmatch("([0-9a-f]{64})?", digest):
        raise ValueError(f"'sha256' was {shown(digest)}; 64 hexadecimal digits are accepted")
    sizes = entry(config, "sizes", list)
    return tuple(check_integer("a size of the source", size, 1, 2**63 - 1) for size in sizes), digest


def _check_source(net: BinaryNetwork, sizes: tuple[int, ...]) -> None:
    if len(sizes) != len(net.sizes) or (sizes[0], sizes[-1]) != (net.dim, net.outputs):
        raise ValueError(
            f"the source has the sizes {shown(sizes)}; {len(net.sizes)} of them, from {net.dim} to {net.outputs}, "
            "are accepted"
        )
    for i, (rounding, units) in enumerate(zip(net.errors, sizes[1:], strict=False), 1):
        if len(rounding.step) != units:
            raise ValueError(f"b{i}.errors is of {len(rounding.step)} columns; {units}, of the source, are accepted")


def _rounding(name: str, array: Array) -> Rounding:
    if array.dtype != np.float64 or array.ndim != 2 or len(array) != 3:
        raise ValueError(
            f"{name} has dtype {array.dtype} and shape {array.shape}; float64 and (3, columns) is accepted"
        )
    if not (np.isfinite(array).all() and (array[:2] >= 0).all()):
        raise ValueError(f"{name} has steps or errors that are negative, or numbers that are not finite")
    return Rounding(*array)


def _made(kind: Callable[..., Any], layer: str, parts: Sequence[str], tensors: Arrays) -> Any:
    try:
        return kind(*(tensors[f"{layer}.{part}"] for part in parts))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{layer}: {error}") from None
