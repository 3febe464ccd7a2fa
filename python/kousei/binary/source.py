"""The network that a binary network is made from."""

from __future__ import annotations

import hashlib

import numpy as np

from kousei._lib import arrays
from kousei.network import MLP
from kousei.network.layers import Layers, check_finite, layers_of
from kousei.network.rewriting import check_piecewise_linear, to_relu


def source_of(net: MLP, bias: str) -> Layers:
    """Return the layers whose columns are decomposed: of ReLU units and, where bias is "strict", without biases."""
    layers = layers_of(net)
    check_piecewise_linear(layers)
    check_finite("the network", layers.weights, layers.biases, net.dtype)
    layers = to_relu(layers)
    layers = layers._replace(weights=[arrays.dense(weight) for weight in layers.weights])
    return _without_biases(layers) if bias == "strict" else layers


def digest_of(source: Layers) -> str:
    """Return what tells a network from others: a SHA-256 of its parameters and activations, in hexadecimal."""
    text = hashlib.sha256(repr([*map(np.shape, source.weights), *source.activations]).encode())
    for array in (*source.weights, *source.biases):
        text.update(np.ascontiguousarray(array, "<f8").data)
    return text.hexdigest()


def _without_biases(layers: Layers) -> Layers:
    """Return layers whose biases, but for the first, are 0: the last unit of each hidden layer is the constant 1."""
    weights, biases = [], []
    for i, (weight, bias) in enumerate(zip(layers.weights, layers.biases, strict=True)):
        if i > 0:
            weight, bias = np.column_stack([weight, bias]), np.zeros(len(bias))
        if i < len(layers.activations):
            carried = np.zeros((1, weight.shape[1]))
            carried[0, -1] = i > 0  # by the layers after the first, where the bias makes it
            weight, bias = np.concatenate([weight, carried]), np.append(bias, float(i == 0))
        weights.append(weight)
        biases.append(bias)
    return layers._replace(weights=weights, biases=biases)
