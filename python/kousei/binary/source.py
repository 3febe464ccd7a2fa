"""The network that signs are found for: of activations that scale, and with its biases where they are wanted."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from kousei._lib import arrays
from kousei.activation import PiecewiseLinear, relu
from kousei.activation.base import LARGEST_POWER
from kousei.activation.mixed import mix, parts_of
from kousei.binary.homogeneous import degree_of
from kousei.io.state import activation_to_config
from kousei.network import MLP
from kousei.network.layers import Layers, check_finite, layers_of
from kousei.network.rewriting import to_relu


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
            if not isinstance(part, PiecewiseLinear) and degree_of(part) == 0:
                raise ValueError(
                    f"activations[{i}] was {activation.name!r}; a piecewise-linear activation, "
                    f"kousei.PiecewiseLinear, and 'repu1' to 'repu{LARGEST_POWER}' are accepted"
                )
    check_finite("the network", layers.weights, layers.biases, net.dtype)
    layers = to_relu(layers, kept=lambda activation: degree_of(activation) > 0)
    layers = layers._replace(weights=[arrays.dense(weight) for weight in layers.weights])
    return _with_constants(layers) if bias == "strict" else layers


def digest_of(net: MLP) -> str:
    """Return what tells a network from others: a SHA-256 of its parameters and activations, in hexadecimal.

    Of those given: rewriting adds products up, which not every machine rounds alike.
    """
    layers = layers_of(net)
    activations = [activation_to_config(activation) for activation in layers.activations]
    text = hashlib.sha256(json.dumps([[weight.shape for weight in layers.weights], activations]).encode())
    for array in (*layers.weights, *layers.biases):
        text.update(np.ascontiguousarray(arrays.dense(array), "<f8").data)
    return text.hexdigest()


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
