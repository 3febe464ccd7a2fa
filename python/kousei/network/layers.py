"""The layers of a network in host memory, as rewriters and bounds compute with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kousei._lib import arrays
from kousei.activation import Activation

if TYPE_CHECKING:
    from kousei.network.mlp import MLP


class Layers(NamedTuple):
    """Parameters as float64 of NumPy, sparse weights as those of SciPy."""

    weights: Sequence[Any]
    biases: Sequence[np.ndarray[Any, Any]]
    activations: Sequence[Activation]


def layers_of(net: MLP) -> Layers:
    """Return the layers of a network; copied from a device, which waits for it."""
    return Layers(
        [w.tocsr().astype(np.float64) if arrays.is_sparse(w) else _on_host(w) for w in net.weights],
        [_on_host(bias) for bias in net.biases],
        net.activations,
    )


def _on_host(array: arrays.Array) -> np.ndarray[Any, Any]:
    return arrays.to_host(array).astype(np.float64)
