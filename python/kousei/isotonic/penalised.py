"""Networks trained with a penalty on derivatives of the wrong sign; torch is imported where it is used."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from kousei.isotonic.folds import fold_of
from kousei.network import MLP

Array = np.ndarray[Any, Any]

#: The strongest first, which is taken of equal ones.
PENALTIES = (100.0, 10.0, 1.0)
#: Units of the hidden layers, and the rate of Adam.
_UNITS, _RATE = (16, 16), 5e-3


class Fit(NamedTuple):
    """A network, and the penalty with which it was trained."""

    network: MLP
    penalty: float


class _Task(NamedTuple):
    """What networks are trained on: points in [-1, 1]^dim, values of variance 1, and the signs of derivatives."""

    points: Array
    values: Array
    signs: Array
    steps: int


def fit_network(x: Array, y: Array, sample_weight: Array, signs: Array, steps: int, rng: np.random.Generator) -> Fit:
    """Return the network of two hidden layers of max(z, 0)^2 that is trained with the best penalty.

    Parameters
    ----------
    x, y, sample_weight : array (n, dim), (n,), (n,)
    signs : array (dim,)
        1 for each variable along which the network should not fall, -1 where it should not rise, and 0 elsewhere.
    steps : int
        Of Adam.
    rng : numpy.random.Generator
    """
    half = np.ptp(x, axis=0) / 2
    half[half == 0] = 1  # where all coordinates are equal, any will do
    middle = x.min(axis=0) + half
    exponent = np.frexp(np.abs(y).max())[1]
    y = np.ldexp(y, -exponent)  # whose squares do not overflow
    centre = float(np.average(y, weights=sample_weight))
    scale = float(np.sqrt(np.average((y - centre) ** 2, weights=sample_weight)))
    task = _Task((x - middle) / half, (y - centre) / (scale or 1.0), signs, steps)
    start, fold = _start(x.shape[1], rng), fold_of(x, y)
    errors = np.zeros(len(PENALTIES))
    if fold.any():
        # Every penalty without every fold, as one batch of networks.
        inside = np.repeat(np.arange(fold.max() + 1)[:, None] != fold, len(PENALTIES), axis=0)
        penalties = np.resize(PENALTIES, len(inside))
        _, values = _train(task, sample_weight * inside, penalties, start)
        left_out = (sample_weight * ~inside * (values - task.values) ** 2).sum(axis=1)
        errors = left_out.reshape(-1, len(PENALTIES)).sum(axis=0)
    penalty = PENALTIES[int(errors.argmin())]
    layers, _ = _train(task, sample_weight[None], np.array([penalty]), start)
    weights, biases = [weight[0] for weight, _ in layers], [bias[0, 0] for _, bias in layers]
    weights[0] = weights[0] / half
    biases[0] = biases[0] - weights[0] @ middle
    weights[-1] = np.ldexp(scale * weights[-1], exponent)
    biases[-1] = np.ldexp(scale * biases[-1] + centre, exponent)
    return Fit(MLP(weights, biases, ["repu2"] * len(_UNITS)), penalty)


def _start(dim: int, rng: np.random.Generator) -> list[tuple[Array, Array]]:
    """Return weights and biases of layers whose pre-activations have about the variance of the inputs."""
    sizes = dim, *_UNITS, 1
    layers = []
    for i, (inputs, outputs) in enumerate(pairwise(sizes)):
        variance = 1 / inputs if i == 0 else 2 / (3 * inputs)  # the mean of max(z, 0)^4 is 3/2
        weight = np.sqrt(variance) * rng.standard_normal((1, outputs, inputs))
        layers.append((weight, rng.uniform(-0.5, 0.5, (1, 1, outputs))))
    return layers


def _train(
    task: _Task, weight: Array, penalties: Array, start: list[tuple[Array, Array]]
) -> tuple[list[tuple[Array, Array]], Array]:
    """Return the layers of networks, one for each row of weights (networks, n), and their values (networks, n)."""
    try:
        import torch
    except ImportError:
        raise ImportError("torch is not installed: pip install 'kousei[torch]'") from None

    points, values, signs = (torch.tensor(each) for each in (task.points, task.values, task.signs))
    share = torch.tensor(weight / weight.sum(axis=1, keepdims=True))
    strength = torch.tensor(penalties)[:, None, None] / len(task.signs)
    layers = [[torch.tensor(each).repeat(len(weight), 1, 1).requires_grad_() for each in pair] for pair in start]
    optimizer = torch.optim.Adam([each for pair in layers for each in pair], lr=_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, task.steps)
    for _ in range(task.steps):
        optimizer.zero_grad()
        found, slopes = _forward(layers, points)
        wrong = (strength * torch.relu(-signs[:, None] * slopes)).sum(dim=1)
        (share * ((found - values) ** 2 + wrong)).sum().backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        found, _ = _forward(layers, points)
    return [(weight.detach().numpy(), bias.detach().numpy()) for weight, bias in layers], found.numpy()


def _forward(layers: Any, points: Any) -> tuple[Any, Any]:
    """Return the values (networks, n) and derivatives (networks, dim, n) of networks with one output."""
    import torch

    hidden, slopes = points[None], torch.eye(points.shape[1], dtype=points.dtype)[None, :, None]
    for i, (weight, bias) in enumerate(layers):
        hidden = hidden @ weight.mT + bias
        slopes = slopes @ weight.mT[:, None]
        if i < len(layers) - 1:
            positive = torch.relu(hidden)
            hidden, slopes = positive**2, 2 * positive[:, None] * slopes
    return hidden[..., 0], slopes[..., 0]
