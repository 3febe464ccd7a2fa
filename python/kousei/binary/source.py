"""The network that signs are found for: of activations that scale, and with its biases where they are wanted."""

from __future__ import annotations

from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei.activation import Activation, PiecewiseLinear, relu
from kousei.activation.base import LARGEST_POWER, power_of
from kousei.activation.mixed import mix, parts_of
from kousei.network import MLP
from kousei.network.layers import Layers, check_finite, layers_of
from kousei.network.rewriting import to_relu

Array = np.ndarray[Any, Any]


def degree(activation: Activation) -> int:
    """Return the p for which g(c z) = c^p g(z), c > 0; 0 where there is none."""
    if isinstance(activation, PiecewiseLinear):
        return int(activation.is_homogeneous)
    return power_of(activation.name)


def degrees(activation: Activation, units: int) -> Array:
    """Return the degree of each unit of a layer, (units,)."""
    return np.concatenate([np.full(count, degree(part)) for part, count in parts_of(activation, units)])


def source_of(net: MLP, bias: str) -> Layers:
    """Return the layers that are decomposed: dense, and every unit of a degree.

    Units without one are rewritten with ReLU. Where the bias is "strict" the last unit of each hidden layer is the
    constant 1, and the biases of all layers but the first are 0.

    Raises
    ------
    ValueError
        If an activation is neither homogeneous nor piecewise linear, or a parameter is not finite.
    """
    layers = layers_of(net)
    for i, activation in enumerate(layers.activations):
        for part, _ in parts_of(activation, len(layers.biases[i])):
            if not isinstance(part, PiecewiseLinear) and degree(part) == 0:
                raise ValueError(
                    f"activations[{i}] was {activation.name!r}; a piecewise-linear activation, "
                    f"kousei.PiecewiseLinear, and 'repu1' to 'repu{LARGEST_POWER}' are accepted"
                )
    check_finite("the network", layers.weights, layers.biases, net.dtype)
    layers = to_relu(layers, kept=lambda activation: degree(activation) > 0)
    layers = layers._replace(weights=[arrays.dense(weight) for weight in layers.weights])
    return _with_constants(layers) if bias == "strict" else layers


def _with_constants(layers: Layers) -> Layers:
    weights, biases, activations = [], [], []
    for i, (weight, bias) in enumerate(zip(layers.weights, layers.biases, strict=True)):
        if i > 0:
            weight, bias = np.column_stack([weight, bias]), np.zeros(len(bias))
        if i < len(layers.activations):
            carried = np.zeros((1, weight.shape[1]))
            carried[0, -1] = i > 0  # by the layers after the first, where the bias makes it
            parts = parts_of(layers.activations[i], len(bias))
            weight, bias = np.concatenate([weight, carried]), np.append(bias, float(i == 0))
            last, _ = parts[-1]
            activations.append(mix([*parts, (last if last(np.ones(1)) == 1 else relu, 1)]))
        weights.append(weight)
        biases.append(bias)
    return Layers(weights, biases, activations)


def activation_of(activation: Activation, units: int, sources: Array) -> Activation:
    """Return the activation of units that stand for those of a layer of `units`; the sources ascend."""
    functions, counts = zip(*parts_of(activation, units), strict=True)
    copies = np.diff(np.searchsorted(sources, np.cumsum([0, *counts])))
    parts = [part for part in zip(functions, copies.tolist(), strict=True) if part[1]]
    return mix(parts) if parts else functions[0]
