"""What the fields of a binary network have to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_choice, check_integer, check_type
from kousei.activation import Activation
from kousei.activation.mixed import parts_of
from kousei.binary.chain import Chain
from kousei.binary.decomposition import Rounding
from kousei.binary.homogeneous import degree_of, factors_of, parts_of_units
from kousei.binary.multiples import Multiples
from kousei.network.layers import Layers
from kousei.packed import PackedSigns

if TYPE_CHECKING:
    from kousei.binary.network import BinaryNetwork

Array = np.ndarray[Any, Any]


_MOST_BITS = 24


def check_method(method: str, bits: int | None, bias: str) -> None:
    """Raise TypeError or ValueError unless a network is made so."""
    check_choice("method", method, "chain", "dyadic", "auto", "bits")
    if method == "bits":
        if bits is None:
            raise ValueError(f"bits was None; with method='bits' 1 to {_MOST_BITS} is accepted")
        check_integer("bits", bits, 1, _MOST_BITS)
    elif bits is not None:
        raise ValueError(f"bits was {bits!r} and method {method!r}, which is exact; method='bits' takes bits")
    check_choice("bias", bias, "affine", "strict")


def check_groups(net: BinaryNetwork) -> None:
    """Raise TypeError unless what a network has one of for each layer are sequences, of the types that they hold."""
    for name in ("layers", "biases", "activations", "chains", "multiples", "errors", "source_sizes"):
        check_type(name, getattr(net, name), tuple | list, "a tuple or a list")
    check_type("source", net.source, Layers | None, "the layers of a network or None")
    check_type("source_digest", net.source_digest, str, "a str")
    for i, rounding in enumerate(net.errors):
        check_type(f"errors[{i}]", rounding, Rounding, "a kousei.binary.Rounding")
    for i, size in enumerate(net.source_sizes):
        check_integer(f"source_sizes[{i}]", size, 1)


def check(net: BinaryNetwork) -> None:
    """Raise TypeError or ValueError unless the fields of a network, whose arrays are `read_only`, fit together."""
    check_method(net.method, net.bits, net.bias_mode)
    named = {"weight": net.weight, "bias": net.bias} | {f"biases[{i}]": bias for i, bias in enumerate(net.biases)}
    arrays.real_dtype(**named)
    for i, layer in enumerate(net.layers):
        check_type(f"layers[{i}]", layer, PackedSigns, "a kousei.PackedSigns")
        named[f"layers[{i}]"] = layer.words
    for name, array in named.items():
        arrays.require_one_place(name, array, "weight", net.weight)
    depth = len(net.layers)
    groups = {name: getattr(net, name) for name in ("biases", "activations", "chains", "multiples")}
    for name, group in groups.items():
        if len(group) != depth:
            raise ValueError(f"there are {len(group)} {name} and {depth} layers; as many are accepted")
    roundings = 0 if net.bits is None else depth
    if len(net.errors) != roundings:
        raise ValueError(f"there are {len(net.errors)} errors; {roundings} are accepted for method {net.method!r}")
    shape = arrays.shape_of(net.weight)
    if len(shape) != 2 or 0 in shape:
        raise ValueError(f"weight has shape {shape}; (rows, dim), not empty, is accepted")
    rows, units = shape[0], net.sources.size
    arrays.require_shape("bias", net.bias, (rows,))
    arrays.require_shape("sources", net.sources, (units,))
    arrays.require_shape("scales", net.scales, (units,))
    if units and not (net.sources.min() >= 0 and net.sources.max() < rows):
        raise ValueError(f"sources has an entry that is not 0 to {rows - 1}, a row of the weight")
    if not ((net.scales > 0) & np.isfinite(net.scales)).all():
        raise ValueError("scales has an entry that is not positive and finite")
    if net.sizes[-1] == 0:
        raise ValueError("there are no outputs; one or more are accepted")
    for i, (layer, bias, activation, chain) in enumerate(
        zip(net.layers, net.biases, net.activations, net.chains, strict=True)
    ):
        if layer.shape[1] != net.sizes[i + 1]:
            raise ValueError(f"layers[{i}] has {layer.shape[1]} columns; {net.sizes[i + 1]} are accepted")
        arrays.require_shape(f"biases[{i}]", bias, layer.shape[:1])
        check_type(f"activations[{i}]", activation, Activation, "a kousei.Activation")
        parts = parts_of(activation, net.sizes[i + 1] if i else rows)
        wrong = next((part for part, _ in parts if degree_of(part) == 0), None)
        if wrong is not None:
            raise ValueError(f"activations[{i}] was {wrong.name!r}; a positively homogeneous one is accepted")
        check_type(f"chains[{i}]", chain, Chain | None, "a kousei.binary.Chain or None")
        on_host = arrays.on_host(layer.words)  # where the signs of a network on a device were compared
        if chain is not None and on_host and (chain.shape != layer.shape or chain.pack() != layer):
            raise ValueError(f"chains[{i}] does not give the signs of layers[{i}]")
        _check_multiples(net, i)
    if not np.isfinite(factors_of(net)).all():
        raise ValueError(f"scales, to the power of their activation, has an entry that {net.dtype} cannot hold")


def _check_multiples(net: BinaryNetwork, i: int) -> None:
    multiples, units = net.multiples[i], net.sizes[i + 2]
    check_type(f"multiples[{i}]", multiples, Multiples | None, "a kousei.binary.Multiples or None")
    if multiples is None:
        return
    if i + 1 == len(net.layers):
        raise ValueError(f"multiples[{i}] was {multiples!r} for the outputs; None is accepted")
    if len(multiples.rows) != units:
        raise ValueError(f"multiples[{i}] is of {len(multiples.rows)} units; {units} are accepted")
    part = parts_of_units(parts_of(net.activations[i + 1], units))
    if (part != part[multiples.rows]).any():
        raise ValueError(f"multiples[{i}] has a unit of another activation than its multiple; the same is accepted")
    bias = arrays.to_host(net.biases[i]).astype(np.float64)
    with np.errstate(invalid="ignore"):
        wanted = multiples.scales * bias[multiples.rows]
        # Each was rounded to the dtype of the network.
        fits = np.abs(bias - wanted) <= 1e-6 * np.abs(wanted) + np.finfo(np.float32).tiny
    if not fits.all():
        unit = fits.argmin()
        raise ValueError(
            f"biases[{i}] are not the multiples that multiples[{i}] says: unit {unit} has {bias[unit]}; "
            f"{wanted[unit]} is accepted"
        )
