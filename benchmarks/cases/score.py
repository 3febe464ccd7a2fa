"""A score estimated in closed form, against the same network trained by autograd in torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kousei import ScoreEstimator

from . import Case, Check, case
from .dense import Array

_POINTS = 8192


def mixture(points: int, dim: int, seed: int = 0) -> tuple[Array, Array]:
    """Return points of a mixture of four normal distributions, and the score there."""
    known, rng = np.random.default_rng(12345), np.random.default_rng(seed)
    means, widths = known.normal(size=(4, dim)) * np.sqrt(8 / dim), known.uniform(0.5, 1, 4)
    which = rng.integers(4, size=points)
    x = means[which] + widths[which, None] * rng.standard_normal((points, dim))
    away = means - x[:, None]
    exponent = -(away**2).sum(-1) / (2 * widths**2) - dim * np.log(widths)
    shares = np.exp(exponent - exponent.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    return x, (shares[..., None] * away / widths[:, None] ** 2).sum(1)


def _error(estimate: Array, dim: int) -> float:
    exact = mixture(_POINTS, dim, seed=1)[1]
    return float(np.sum((estimate - exact) ** 2) / np.sum(exact**2))


@case("score-closed-form-2", 2)
def closed_form(dim: int) -> Case:
    x, held_out = mixture(_POINTS, dim)[0], mixture(_POINTS, dim, seed=1)[0]
    return Case(
        work=_POINTS,
        sizes={"units": 256, "dim": dim, "points": _POINTS, "steps of the others": 800},
        dtype="float64",
        ours=lambda: ScoreEstimator(random_state=0).fit(x),
        others={"torch autograd": lambda: trained(x)},
        floors={"torch autograd": 10.0},
        checks={
            "error": Check(
                lambda: _error(ScoreEstimator(random_state=0).fit(x).score(held_out), dim),
                "of the mean square of the score",
                0.05,
            ),
            "error of torch autograd": Check(
                lambda: _error(trained(x)()(held_out), dim), "of the mean square of the score"
            ),
        },
    )


def trained(x: Array) -> Callable[[], Callable[[Array], Array]]:
    """Prepare 800 steps of Adam on batches of 512, the divergence by a gradient for each coordinate."""
    import torch

    torch.set_num_threads(1)
    points, dim = torch.from_numpy(x), x.shape[1]

    def run() -> Any:
        torch.manual_seed(0)
        layers = [torch.nn.Linear(dim, 64), torch.nn.Tanh(), torch.nn.Linear(64, 64), torch.nn.Tanh()]
        net = torch.nn.Sequential(*layers, torch.nn.Linear(64, dim)).double()
        optimizer = torch.optim.Adam(net.parameters(), 3e-3)
        for _ in range(800):
            batch = points[torch.randint(len(points), (512,))].requires_grad_(True)
            score = net(batch)
            loss = (score**2).sum() / 2
            for k in range(dim):
                (gradient,) = torch.autograd.grad(score[:, k].sum(), batch, create_graph=True)
                loss = loss + gradient[:, k].sum()
            optimizer.zero_grad()
            (loss / len(batch)).backward()
            optimizer.step()
        return lambda at: net(torch.from_numpy(at)).detach().numpy()

    return run
