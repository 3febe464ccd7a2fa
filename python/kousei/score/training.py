"""Implicit score matching by gradient descent, in PyTorch."""

from __future__ import annotations

import numpy as np
import torch
from tqdm import tqdm

from kousei.network import MLP
from kousei.network.torch_jet import Step, value_and_divergence
from kousei.score.moments import Array

#: Of all weights, over the number of points and times the step size. Without it some thousand weights go after each
#: of some thousand points, where the divergence can be as low as they like.
_DECAY = 1000


def train(
    net: MLP,
    y: Array,
    linear: Array,
    steps: int,
    batch_size: int,
    learning_rate: float,
    rng: np.random.Generator,
    progress: bool,
) -> MLP:
    """Return the network with parameters for which the mean of |s|^2/2 + div s is small, s(y) = y A + net(y).

    By Adam with decoupled weight decay (I. Loshchilov and F. Hutter, arXiv:1711.05101), of steps that fall to 0 as a
    cosine does; each batch is drawn anew.
    """
    points, known = torch.from_numpy(y), torch.from_numpy(linear)
    parameters = [torch.tensor(array, requires_grad=True) for array in (*net.weights, *net.biases)]
    weights, biases = parameters[: len(net.weights)], parameters[len(net.weights) :]
    layers: list[Step] = list(zip(weights, biases, strict=True))
    walk = [step for pair in zip(layers, net.activations, strict=False) for step in pair] + layers[-1:]
    optimizer = torch.optim.AdamW(parameters, learning_rate, weight_decay=_DECAY / len(y))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in tqdm(range(steps), "Adam steps", disable=not progress):
        batch = points[torch.from_numpy(rng.integers(len(y), size=min(batch_size, len(y))))]
        correction, divergence = value_and_divergence(walk, batch)
        # But for a constant, the trace of `linear`.
        loss = ((batch @ known + correction).square().sum(-1) / 2 + divergence).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    found = [parameter.detach().numpy() for parameter in parameters]
    if not all(np.isfinite(array).all() for array in found):
        raise ValueError(f"the weights overflow; learning_rate was {learning_rate}, and less is accepted")
    return MLP(found[: len(weights)], found[len(weights) :], net.activations)
