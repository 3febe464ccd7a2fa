"""Networks of one hidden layer as sums of networks of some of its units."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei.activation import Mixed
from kousei.funahashi import FunahashiNetwork
from kousei.network import MLP

#: Units of a part at most, and the bytes of its parameters.
_UNITS, _BYTES = 1 << 16, 1 << 22


def cuts(count: int, most: int) -> list[slice]:
    """Return the fewest blocks of at most so many, of about the same size."""
    ends = np.linspace(0, count, math.ceil(count / most) + 1).astype(np.int64).tolist()
    return [slice(first, last) for first, last in pairwise(ends)]


def why_not(net: Any) -> str | None:
    """Return why the units of a network cannot be split; None where they can."""
    if isinstance(net, FunahashiNetwork):
        return None if net.units else "a network with hidden units is accepted"
    if not isinstance(net, MLP) or len(net.activations) != 1:
        return "an MLP with one hidden layer is accepted"
    if any(map(arrays.is_sparse, net.weights)) or isinstance(net.activations[0], Mixed):
        return "dense weights and one activation for all units are accepted"
    return None


def number_of_parts(net: Any) -> int:
    """Return of how many networks `parts` makes one; 1 where it cannot."""
    return 1 if why_not(net) else len(_blocks(net))


def parts(net: Any) -> Iterator[MLP]:
    """Yield networks whose values add up to those of a network; the first has the bias of the output."""
    for block in _blocks(net):
        if isinstance(net, FunahashiNetwork):
            some = {name: net._arrays[name][block] for name in ("frequencies", "amplitudes")}
            bumps = None if net._bumps is None else net._bumps[block]
            offset = 0.0 if block.start else net.offset
            yield net._derive(_arrays=net._arrays | some, _bumps=bumps, _offset=offset, _residual=None)
        else:
            weight, coef = map(np.asarray, net.weights)
            bias, offsets = map(np.asarray, net.biases)
            offsets = np.zeros_like(offsets) if block.start else offsets
            yield MLP([weight[block], coef[:, block]], [bias[block], offsets], net.activations)


def _blocks(net: Any) -> list[slice]:
    """Return blocks of the frequencies of a `FunahashiNetwork`, of the units of another network."""
    if isinstance(net, FunahashiNetwork):
        frequencies = len(net.frequencies)
        return cuts(frequencies, max(1, _UNITS * frequencies // max(1, net.units)))
    by_memory = _BYTES // ((net.dim + net.outputs + 1) * net.dtype.itemsize)
    return cuts(net.units, max(1, min(_UNITS, by_memory)))
