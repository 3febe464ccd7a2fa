"""The activations of a network in the words of another library."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from kousei.activation import Activation, Mixed, PiecewiseLinear, relu
from kousei.activation.mixed import parts_of
from kousei.io.chain import diagonal, write
from kousei.network import MLP
from kousei.network.layers import layers_of
from kousei.network.rewriting import in_relu
from kousei.network.wiring import Wire, Wiring, size_of


def leak(activation: Activation) -> float | None:
    """Return a where z < 0 becomes a z and z >= 0 stays; None for other activations."""
    if isinstance(activation, PiecewiseLinear) and activation.is_homogeneous and activation.slopes[1] == 1:
        return activation.slopes[0]
    return None


def leaks(activation: Activation, units: int) -> list[float] | None:
    """Return the `leak` of each unit of a layer where all have one and not all the same; else None."""
    each = [slope for part, n in parts_of(activation, units) for slope in [leak(part)] * n]
    known = [slope for slope in each if slope is not None]
    return known if isinstance(activation, Mixed) and len(known) == units else None


def limits(activation: Activation) -> tuple[float, float] | None:
    """Return where z is cut off below and above; None for other activations."""
    if isinstance(activation, PiecewiseLinear) and activation.slopes == (0, 1, 0):
        least, most = activation.kinks
        return (least, most) if activation.value == least else None
    return None


def threshold(activation: Activation) -> float | None:
    """Return by how much z is moved towards 0, as far as 0; None for other activations."""
    if isinstance(activation, PiecewiseLinear) and activation.slopes == (1, 0, 1):
        below, above = activation.kinks
        return above if below == -above and activation.value == 0 else None
    return None


def reworded(net: MLP, said: Callable[[Activation, int], Sequence[bool]], who: str) -> MLP:
    """Return the same network with ReLU units in the place of those that cannot be said.

    `said` tells it of each part of a layer. ValueError where one that cannot be said is not piecewise linear.
    """
    layers = [
        list(zip(parts_of(activation, units), said(activation, units), strict=True))
        for activation, units in zip(net.activations, net.sizes[1:], strict=False)
    ]
    unsaid = [(layer, part) for layer, parts in enumerate(layers) for part, is_said in parts if not is_said]
    foreign = [
        f"{part.name} {'beside others ' if all(said(part, units)) else ''}in hidden layer {i}"
        for i, (part, units) in unsaid
        if not isinstance(part, PiecewiseLinear)
    ]
    if foreign:
        raise ValueError(f"net has activations that {who} has no word for: {', '.join(foreign)}")
    if not unsaid:
        return net
    wiring = Wiring(net.dim)
    wire = wiring.input
    host = layers_of(net)
    for weight, bias, parts in zip(host.weights, host.biases, [*layers, []], strict=True):
        wire = wiring.affine(wire, weight, bias)
        first, wires = 0, []
        for (part, units), is_said in parts:
            own = _rows(wiring, wire, slice(first, first + units))
            wires.append(wiring.activate(own, part) if is_said else _in_relu(wiring, own, part))
            first += units
        wire = wiring.concat(wires) or wire
    return write("net", wiring, wire, net.dtype).like(net.biases[0])


def _rows(wiring: Wiring, wire: Wire, rows: slice) -> Wire:
    """Return some of the numbers of a wire."""
    chosen = diagonal(np.ones(size_of(wire)))[rows]
    return wiring.affine(wire, chosen, np.zeros(chosen.shape[0]))


def _in_relu(wiring: Wiring, wire: Wire, activation: Activation) -> Wire:
    """Return activation(wire) by ReLU units: Theorem 3."""
    from scipy.sparse import hstack, vstack

    assert isinstance(activation, PiecewiseLinear)
    units = size_of(wire)
    coef, scale, shift, constant = (part.ravel() for part in in_relu(activation))
    kept = np.flatnonzero(coef) if coef.any() else [0]
    arguments = vstack([diagonal(np.full(units, scale[k])) for k in kept], format="csr")
    values = wiring.activate(wiring.affine(wire, arguments, np.repeat(shift[kept], units)), relu)
    sums = hstack([diagonal(np.full(units, coef[k])) for k in kept], format="csr")
    return wiring.affine(values, sums, np.full(units, constant))
