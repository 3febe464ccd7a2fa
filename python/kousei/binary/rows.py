"""What is computed of the layers of a binary network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei.activation import Activation
from kousei.binary.homogeneous import degrees_of, of_units, powers_of

if TYPE_CHECKING:
    from kousei.binary.network import BinaryNetwork


class Rows(NamedTuple):
    """Rows of a layer of signs, and of their values the multiples that the units of the layer are."""

    #: Which rows; as an index.
    kept: Any
    bias: Array
    #: None for the outputs.
    activation: Activation | None
    #: For each unit which of the values it takes, and how many times; None where the values are the units.
    multiples: tuple[Array, Array] | None


def rows_of(net: BinaryNetwork, layer: int, every: bool) -> Rows:
    """Return the rows of a layer that are computed: of `every` unit, or those of which the others are multiples."""
    multiples, bias = net.multiples[layer], net.biases[layer]
    activation = net.activations[layer + 1] if layer + 1 < len(net.layers) else None
    if multiples is None or activation is None or every:
        return Rows(slice(None), bias, activation, None)
    units = len(multiples.rows)
    factors = powers_of(multiples.scales, degrees_of(activation, units), net.dtype)
    return Rows(
        multiples.kept,
        arrays.like(arrays.to_host(bias)[multiples.kept], bias),
        of_units(activation, units, multiples.kept),
        (multiples.sources, factors),
    )
