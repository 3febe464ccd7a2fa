"""Gradient descent over the rows of a table."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from kousei._lib import progress as bars
from kousei._lib.errors import check_bool, check_integer, require_positive
from kousei._lib.random import Rng, generator
from kousei.fashion.data import Array

_DECAY = 1e-4
#: Beyond it steps of float32 overflow, which Adam refuses in words of its own.
_LARGEST_RATE = 1e30


def descend(
    trained: nn.Module,
    loss: Callable[[Array], Tensor],
    rows: int,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    rng: Rng,
    progress: bool,
    judge: Callable[[], float] | None = None,
    patience: int | None = None,
    keep: Callable[[], Any] = lambda: None,
) -> list[dict[str, float]]:
    """Train by Adam with decoupled weight decay (arXiv:1711.05101), of steps that rise and fall over all epochs.

    However it ends, parameters are those of the best epoch so far, and the first ones where the loss overflows; the
    module is in eval mode.

    Parameters
    ----------
    trained : torch.nn.Module
        Whose parameters are trained.
    loss : callable
        Of the numbers of some rows.
    judge : callable, optional
        Returns what is to be as high as can be, after each epoch; the parameters of the best epoch are what is left.
    patience : int, optional
        Epochs without a better one after which training ends.
    keep : callable
        Called after each epoch that is the best so far.

    Returns
    -------
    list of dict
        For each epoch its mean "loss", and "validation" where it is judged.
    """
    epochs, batch_size = check_integer("epochs", epochs, 1), check_integer("batch_size", batch_size, 2)
    if patience is not None:
        check_integer("patience", patience, 1)
        if judge is None:
            raise ValueError(f"patience was {patience} without validation; a table to judge by is accepted with it")
    require_positive(learning_rate=learning_rate)
    if learning_rate > _LARGEST_RATE:
        raise ValueError(f"learning_rate was {learning_rate}; up to {_LARGEST_RATE:g} is accepted")
    check_bool("progress", progress)
    drawn = generator(rng)
    if rows < 2:
        raise ValueError(f"the table has {rows} rows; at least 2 are accepted")
    size = min(batch_size, rows)
    parameters = [p for p in trained.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, learning_rate, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, total_steps=epochs * (rows // size))
    history: list[dict[str, float]] = []
    first = copy.deepcopy(trained.state_dict())
    best, best_state = -math.inf, first
    since = 0
    try:
        with bars.bar(progress, "epochs", epochs) as advance:
            for _ in range(epochs):
                trained.train()
                # Batches of a few rows have no variance to normalise by: the rest of a permutation is left out.
                batches = drawn.permutation(rows)[: rows // size * size].reshape(-1, size)
                losses = [_step(loss, batch, optimizer, schedule) for batch in batches]
                if not np.isfinite(losses).all():
                    best_state = first  # those of the epoch before may be what overflows
                    raise ValueError(f"the loss overflows; learning_rate was {learning_rate}, and less is accepted")
                history.append({"loss": float(np.mean(losses))})
                if judge is not None:
                    history[-1]["validation"] = judge()
                judged = history[-1].get("validation", math.inf)
                since = 0 if judge is None or judged > best else since + 1
                if since == 0:
                    best, best_state = judged, copy.deepcopy(trained.state_dict())
                    keep()
                advance(1)
                if patience is not None and since >= patience:
                    break
    finally:
        trained.load_state_dict(best_state)
        trained.eval()
    return history


def _step(loss: Callable[[Array], Tensor], batch: Array, optimizer: Any, schedule: Any) -> float:
    value = loss(batch)
    optimizer.zero_grad()
    value.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    schedule.step()
    return value.item()
