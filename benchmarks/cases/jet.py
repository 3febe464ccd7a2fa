"""The divergence and the Laplacian of networks of three hidden layers, against torch and, in JAX, folx."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kousei import MLP

from . import Case, Check, case
from .dense import Array
from .network import repeat, repeated

_POINTS = 2048


def _network(width: int, dim: int, outputs: int) -> tuple[MLP, Array]:
    net = MLP.random([dim, width, width, width, outputs], "repu2", rng=0).astype("float32")
    return net, 0.3 * np.random.default_rng(0).normal(size=(_POINTS, dim)).astype("float32")


def _case(net: MLP, x: Array, ours: Callable[[], Any], others: dict[str, Any], floors: dict[str, float]) -> Case:
    calls = max(1, 4 * 10**9 // (net.parameters * (net.dim + 2) * len(x)))  # tens of milliseconds
    return Case(
        work=calls * len(x),
        sizes={"width": net.sizes[1], "hidden layers": 3, "dim": net.dim, "points": len(x), "calls": calls},
        dtype="float32",
        ours=lambda: repeat(ours, calls),
        others={name: lambda prepare=prepare: repeated(prepare(), calls) for name, prepare in others.items()},
        floors=floors,
        checks={"error": Check(lambda: _error(net, x, ours), "of the largest; reference in float64", 1e-5)},
    )


def divergence(width: int, dim: int) -> Case:
    net, x = _network(width, dim, dim)
    return _case(
        net,
        x,
        lambda: net.divergence(x),
        {"torch autograd": lambda: autograd(net, x), "torch jet": lambda: jet_in_torch(net, x)},
        {"torch autograd": 2.0, "torch jet": 1.7},
    )


def laplacian(width: int, dim: int) -> Case:
    net, x = _network(width, dim, 1)
    return _case(net, x, lambda: net.jet(x).laplacian, {"folx": lambda: folx_laplacian(net, x)}, {"folx": 1.4})


for _width in (64, 128):
    for _dim in (2, 8, 16):
        case(f"jet-divergence-{_width}-{_dim}", _width, _dim)(divergence)
        case(f"jet-laplacian-{_width}-{_dim}", _width, _dim)(laplacian)


def _layers_in_torch(net: MLP, x: Array) -> tuple[list[Any], Any]:
    import torch

    torch.set_num_threads(1)
    pairs = zip(net.weights, net.biases, strict=True)
    return [(torch.from_numpy(weight), torch.from_numpy(bias)) for weight, bias in pairs], torch.from_numpy(x)


def autograd(net: MLP, x: Array) -> Callable[[], Any]:
    """Prepare a backward pass for each output, as one writes it first."""
    layers, at = _layers_in_torch(net, x)
    import torch

    def run() -> Any:
        points = at.detach().requires_grad_(True)
        hidden = points
        for weight, bias in layers[:-1]:
            hidden = torch.relu(torch.nn.functional.linear(hidden, weight, bias)) ** 2
        values = torch.nn.functional.linear(hidden, *layers[-1])
        total = torch.zeros(len(x))
        for k in range(net.dim):
            (gradient,) = torch.autograd.grad(values[:, k].sum(), points, retain_graph=True)
            total += gradient[:, k]
        return total

    return run


def jet_in_torch(net: MLP, x: Array) -> Callable[[], Any]:
    """Prepare the derivatives carried forward beside the values, in one product for each layer."""
    layers, at = _layers_in_torch(net, x)
    import torch

    @torch.inference_mode()
    def run() -> Any:
        (first, offset), *between, (last, _) = layers
        hidden = torch.relu(torch.nn.functional.linear(at, first, offset))
        slopes = first.T[:, None, :] * (2 * hidden)
        hidden = hidden * hidden
        for weight, bias in between:
            streams = torch.cat([hidden[None], slopes]).reshape(-1, weight.shape[1]) @ weight.T
            streams = streams.reshape(net.dim + 1, len(x), -1)
            hidden = torch.relu(streams[0] + bias)
            slopes = streams[1:] * (2 * hidden)
            hidden = hidden * hidden
        return torch.einsum("knu,ku->n", slopes, last)

    return run


def folx_laplacian(net: MLP, x: Array) -> Callable[[], Any]:
    import folx
    import jax

    layers = [(jax.numpy.asarray(w), jax.numpy.asarray(b)) for w, b in zip(net.weights, net.biases, strict=True)]

    def value(point: Any) -> Any:
        for weight, bias in layers[:-1]:
            point = jax.nn.relu(weight @ point + bias) ** 2
        return (layers[-1][0] @ point + layers[-1][1])[0]

    compiled, points = jax.jit(jax.vmap(folx.forward_laplacian(value))), jax.numpy.asarray(x)
    return lambda: jax.block_until_ready(compiled(points).laplacian)


def _error(net: MLP, x: Array, ours: Callable[[], Any]) -> float:
    jet = net.astype("float64").jet(x.astype("float64"))
    exact = np.trace(jet.jacobian, axis1=1, axis2=2) if net.outputs == net.dim else jet.laplacian
    assert exact is not None
    return float(np.abs(ours() - exact).max() / np.abs(exact).max())
