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
        chunks="numpy and torch: all points at once",
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


def layers_in_torch(dtype: str, width: int, batch: int, floor: float) -> Case:
    """Three hidden layers of relu, in whole calls from Python."""
    net = MLP.random([width] * 5, "relu", rng=0).astype(dtype)
    x = np.random.default_rng(0).normal(size=(batch, width)).astype(dtype)
    calls = max(1, min(2000, 10**9 // (width**2 * batch)))  # tens of milliseconds
    return Case(
        work=calls * batch,
        sizes={"width": width, "hidden layers": 3, "points": batch, "calls": calls},
        dtype=dtype,
        ours=lambda: repeat(lambda: net(x), calls),
        others={f"torch {dtype}": lambda: repeated(torch_layers(net, x), calls)},
        floors={f"torch {dtype}": floor},
    )


for _dtype in ("float32", "float64"):
    for _width in (16, 64, 256, 512, 1024):
        for _batch in (1, 256):
            _floor = 1.0 if _width <= 256 else 0.9
            case(f"mlp-torch-{_dtype}-{_width}-{_batch}", _dtype, _width, _batch, _floor)(layers_in_torch)


def repeat(f: Callable[[], Any], times: int) -> None:
    for _ in range(times):
        f()


def repeated(f: Callable[[], Any], times: int) -> Callable[[], None]:
    return lambda: repeat(f, times)


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
    functions = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}
    names = [activation.name for activation in net.activations]
    for weight, bias, name in zip(net.weights, net.biases, [*names, None], strict=True):
        linear = torch.nn.Linear(weight.shape[1], weight.shape[0], dtype=getattr(torch, net.dtype.name))
        linear.load_state_dict({"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)})
        modules += [linear] if name is None else [linear, functions[name]()]
    model, at_points = torch.nn.Sequential(*modules), torch.from_numpy(x)

    @torch.inference_mode()
    def run() -> Any:
        return model(at_points)

    return run


def error(net: MLP, x: Array) -> float:
    exact = layers(net, x[:16].astype(np.longdouble))
    return float(np.abs(net(x)[:16] - exact).max() / np.abs(exact).max())
