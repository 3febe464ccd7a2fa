"""A training step of implicit score matching, against one of regression and the exact divergence by autograd."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import Case, Check, case
from .network import repeated

_POINTS = 2048


def step(width: int, dim: int) -> Case:
    """Gradients of mean(|s|^2/2 + div s) and a step of Adam, for a network s of two hidden layers."""
    import torch

    from kousei.interop.torch import value_and_divergence

    torch.set_num_threads(1)
    x, wanted = _points(dim)
    calls = max(4, 128 // dim)  # autograd takes dim backward passes each
    sides: dict[str, Callable[[], Callable[[], Any]]] = {
        "regression step": lambda: _step(width, dim, lambda model: (model(x) - wanted).square().sum(-1).mean()),
        "torch autograd": lambda: _step(width, dim, lambda model: _matching(*_by_autograd(model, x))),
    }
    return Case(
        work=calls * _POINTS,
        sizes={"width": width, "hidden layers": 2, "dim": dim, "points": _POINTS, "calls": calls},
        dtype="float32",
        ours=repeated(_step(width, dim, lambda model: _matching(*value_and_divergence(model, x))), calls),
        others={name: lambda prepare=prepare: repeated(prepare(), calls) for name, prepare in sides.items()},
        floors={"regression step": 0.5, "torch autograd": 2.0},
        checks={
            "error": Check(lambda: _error(width, dim), "of the largest divergence; by autograd in float64", 1e-5)
        },
    )


for _width in (64, 128):
    for _dim in (2, 8, 16, 64):
        case(f"score-matching-step-{_width}-{_dim}", _width, _dim)(step)


def _model(width: int, dim: int) -> Any:
    import torch

    from kousei.interop.torch import RePU

    torch.manual_seed(0)
    linear = torch.nn.Linear
    return torch.nn.Sequential(linear(dim, width), RePU(2), linear(width, width), RePU(2), linear(width, dim))


def _points(dim: int) -> Any:
    import torch

    return torch.randn(2, _POINTS, dim, generator=torch.Generator().manual_seed(0))


def _step(width: int, dim: int, loss: Callable[[Any], Any]) -> Callable[[], None]:
    import torch

    model = _model(width, dim)
    optimizer = torch.optim.Adam(model.parameters(), 1e-5)

    def run() -> None:
        optimizer.zero_grad()
        loss(model).backward()
        optimizer.step()

    return run


def _matching(score: Any, divergence: Any) -> Any:
    return (score.square().sum(-1) / 2 + divergence).mean()


def _by_autograd(model: Any, x: Any) -> tuple[Any, Any]:
    """Return values and divergence by a backward pass for each output, through which the step's own one goes."""
    import torch

    at = x.clone().requires_grad_(True)
    values = model(at)
    slopes = [torch.autograd.grad(values[:, k].sum(), at, create_graph=True)[0][:, k] for k in range(x.shape[1])]
    return values, sum(slopes)


def _error(width: int, dim: int) -> float:
    from kousei.interop.torch import divergence

    model, x = _model(width, dim), _points(dim)[0]
    found = divergence(model, x).detach()
    exact = _by_autograd(model.double(), x.double())[1].detach()
    return float((found - exact).abs().max() / exact.abs().max())
