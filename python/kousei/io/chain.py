"""Networks of affine maps and activations in a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from kousei._lib import arrays
from kousei.activation import Activation, Mixed
from kousei.network import MLP
from kousei.network.layers import check_finite
from kousei.network.wiring import Wire, Wiring, size_of

#: A weight and a bias, or an activation.
Step: TypeAlias = tuple[Any, Any] | Activation


def chain(name: str, steps: Sequence[tuple[str, Step]], dtype: Any) -> MLP:
    """Return the network of steps, each with its place in what `name` says, for errors."""
    dim = next((size for _, step in steps if (size := _inputs(step))), None)
    if dim is None:
        raise ValueError(f"{name} has no part that tells its number of inputs; one that does is needed")
    wiring = Wiring(dim)
    wire = wiring.input
    for place, step in steps:
        if _inputs(step) not in (None, size_of(wire)):
            raise ValueError(f"{place} takes {_inputs(step)} values; there are {size_of(wire)} before it")
        if isinstance(step, Activation):
            wire = wiring.activate(wire, step)
        else:
            arrays.require_finite(place, *step)
            with np.errstate(all="ignore"):  # what overflows is found by write()
                wire = wiring.affine(wire, *step)
    return write(name, wiring, wire, dtype)


def write(name: str, wiring: Wiring, wire: Wire, dtype: Any) -> MLP:
    """Return the network of a wire; ValueError if its dtype cannot hold a parameter."""
    with np.errstate(all="ignore"):
        net = wiring.network(wire, dtype)
        check_finite(name, net.weights, net.biases, net.dtype)
        for activation, units in zip(net.activations, net.sizes[1:], strict=False):
            activation(np.zeros(units, net.dtype))  # which refuses its own parameters
    return net


def diagonal(values: np.ndarray[Any, Any]) -> Any:
    """Return the matrix with these values on its diagonal."""
    from scipy.sparse import diags_array

    return diags_array(values, format="csr")


def _inputs(step: Step) -> int | None:
    """Return how many values a step takes; None for any number."""
    if isinstance(step, Activation):
        return step.units if isinstance(step, Mixed) else None
    return int(step[0].shape[1])
