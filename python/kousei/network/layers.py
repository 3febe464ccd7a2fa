"""The layers of a network: their checks, and the parameters in host memory, where rewriters compute with them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei.activation import Activation
from kousei.activation.mixed import parts_of

if TYPE_CHECKING:
    from kousei.network.mlp import MLP


class Layers(NamedTuple):
    """Parameters as float64 of NumPy, sparse weights as those of SciPy."""

    weights: Sequence[Any]
    biases: Sequence[np.ndarray[Any, Any]]
    activations: Sequence[Activation]


def layers_of(net: MLP) -> Layers:
    """Return the layers of a network; copied from a device, which waits for it."""
    return Layers([*map(on_host, net.weights)], [*map(on_host, net.biases)], net.activations)


def on_host(array: Any) -> Any:
    """Return a parameter as one of NumPy or SciPy, in float64."""
    if arrays.is_sparse(array):
        return (array.get() if hasattr(array, "get") else array).tocsr().astype(np.float64)
    return arrays.to_host(array).astype(np.float64)


def size_of(weight: Array) -> int:
    """Return how many numbers a weight stores."""
    return int(weight.nnz) if arrays.is_sparse(weight) else math.prod(arrays.shape_of(weight))


def nonzero(weight: Any) -> int:
    """Return how many weights are not zero; of sparse ones, how many are stored."""
    return int(weight.nnz) if arrays.is_sparse(weight) else int((weight != 0).sum())


def with_dtype(array: Array, dtype: np.dtype[Any]) -> Array:
    """Return a parameter of another dtype."""
    if arrays.is_sparse(array) or isinstance(array, np.ndarray):
        return array.astype(dtype)
    xp = arrays.namespace(array)
    return xp.astype(array, getattr(xp, dtype.name))


def check_finite(what: str, weights: Sequence[Any], biases: Sequence[Any], dtype: np.dtype[Any]) -> None:
    """Raise ValueError unless the parameters of a network that was computed, in host memory, are finite."""
    for name, group in (("weights", weights), ("biases", biases)):
        for i, array in enumerate(group):
            if not arrays.is_finite(array):
                raise ValueError(f"{name}[{i}] of {what} is not finite in {dtype}; finite ones are accepted")


def check_layers(
    weights: Sequence[Array], biases: Sequence[Array], activations: Sequence[Activation]
) -> np.dtype[Any]:
    """Return the dtype of layers; TypeError or ValueError unless they are arrays whose shapes chain."""
    if not weights or len(biases) != len(weights) or len(activations) != len(weights) - 1:
        raise ValueError(
            f"there are {len(weights)} weights, {len(biases)} biases and {len(activations)} activations; "
            "n + 1 weights, n + 1 biases and n activations are accepted"
        )
    named = {f"weights[{i}]": array for i, array in enumerate(weights)}
    named |= {f"biases[{i}]": array for i, array in enumerate(biases)}
    dtype = arrays.real_dtype(**named)
    first, model = next(iter(named.items()))
    for name, array in named.items():
        arrays.require_one_place(name, array, first, model, "a network lies in one memory")
    for i, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        shape = arrays.shape_of(weight)
        inputs = arrays.shape_of(weights[i - 1])[0] if i else None
        if len(shape) != 2 or 0 in shape or inputs not in (None, shape[1]):
            wanted = "(outputs, inputs)" if inputs is None else f"(outputs, {inputs})"
            raise ValueError(f"weights[{i}] has shape {shape}; {wanted}, not empty, is accepted")
        arrays.require_shape(f"biases[{i}]", bias, shape[:1])
        if i < len(activations):
            parts_of(activations[i], shape[0])
    return dtype
