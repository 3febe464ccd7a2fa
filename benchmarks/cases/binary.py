"""Networks of signs against the same weights as numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

import kousei
from kousei import MLP

from . import Case, Check, case
from .network import repeat, repeated

Array = np.ndarray[Any, Any]


def exact_by_structure(points: int, calls: int) -> Case:
    """The exact form of a network, by the ranks of its chains; its signs and first layer are 290 MB in float32."""
    net = MLP.random([256, 128, 64, 10], "relu", rng=0)
    exact = kousei.binarize(net)
    binary = exact.astype(np.float32)
    dense = binary.to_mlp()
    x = np.random.default_rng(1).normal(size=(points, net.dim))
    single = x.astype(np.float32)
    unit = "max |ours - the given network in float64| / max |network|"
    return Case(
        work=calls * points,
        sizes={"units": dense.units, "signs": binary.summary().binary, "points": points, "calls": calls},
        dtype="float32",
        ours=lambda: repeat(lambda: binary(single, form="ranks"), calls),
        others={"numpy float32": lambda: repeated(lambda: products(dense, single), calls)},
        floors={"numpy float32": 50.0},
        checks={
            "error": Check(lambda: error(net, x, binary(single, form="ranks")), unit),
            "error_float64": Check(lambda: error(net, x, exact(x, form="ranks")), unit, 1e-12),
        },
    )


for _points, _calls in ((1, 16), (64, 2)):
    case(f"binary-ranks-{_points}", _points, _calls)(exact_by_structure)


def products(net: MLP, x: Array) -> Array:
    """Return the values of a ReLU network in the arithmetic of `x`."""
    *hidden, (weight, bias) = zip(net.weights, net.biases, strict=True)
    for hidden_weight, hidden_bias in hidden:
        x = x @ hidden_weight.T
        x += hidden_bias
        np.maximum(x, 0, out=x)
    values: Array = x @ weight.T + bias
    return values


def error(net: MLP, x: Array, values: Array) -> float:
    exact = net(x)
    return float(np.abs(values - exact).max() / np.abs(exact).max())
