from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kousei import MLP

from . import Case, Check, case
from .dense import Array, compare, points
from .funahashi import network as funahashi_network


def written_out() -> MLP:
    return funahashi_network().to_mlp()


@case("mlp-dense-float64", "float64", 4.0, 1e-14)
@case("mlp-dense-float32", "float32", 10.0, None)
def dense(dtype: str, numpy_floor: float, error_ceiling: float | None) -> Case:
    return compare(written_out, dtype, numpy_floor, error_ceiling)


@case("deep-mlp")
def deep() -> Case:
    net = MLP.random([2, 256, 256, 1], "tanh", rng=0)
    x = points(net.dim, count=4096)
    return Case(
        work=net.units * len(x),
        sizes={"dim": net.dim, "units": net.units, "points": len(x)},
        dtype="float64",
        chunks="others: all points at once; ours: blocks of 32 MiB",
        ours=lambda: net(x),
        others={
            "numpy float64": lambda: lambda: layers(net, x),
            "torch float64": lambda: torch_layers(net, x),
        },
        checks={
            "error": Check(
                lambda: error(net, x),
                "max |ours - reference| / max |reference|; reference in long double at 16 points",
            )
        },
    )


def layers(net: MLP, x: Array) -> Array:
    """Return the values of a tanh network in the arithmetic of `x`."""
    *hidden_layers, (weight, bias) = zip(net.weights, net.biases, strict=True)
    for hidden_weight, hidden_bias in hidden_layers:
        x = x @ hidden_weight.T
        x += hidden_bias
        np.tanh(x, out=x)
    values: Array = x @ weight.T + bias
    return values[:, 0]


def torch_layers(net: MLP, x: Array) -> Callable[[], Any]:
    import torch

    torch.set_num_threads(1)
    modules: list[Any] = []
    for weight, bias in zip(net.weights, net.biases, strict=True):
        linear = torch.nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
        linear.load_state_dict({"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)})
        modules += [linear, torch.nn.Tanh()]
    model, at_points = torch.nn.Sequential(*modules[:-1]), torch.from_numpy(x)

    @torch.inference_mode()
    def run() -> Any:
        return model(at_points)

    return run


def error(net: MLP, x: Array) -> float:
    exact = layers(net, x[:16].astype(np.longdouble))
    return float(np.abs(net(x)[:16] - exact).max() / np.abs(exact).max())
