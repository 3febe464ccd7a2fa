"""Tables in batches of tensors, and weights drawn from a generator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from kousei._lib.random import Rng, generator
from kousei.fashion.data import Array

_BATCH = 256


def batches(rows: int) -> Iterator[slice]:
    """Give slices of rows that are computed together; an empty one where there are no rows."""
    for first in range(0, max(rows, 1), _BATCH):
        yield slice(first, first + _BATCH)


def tensor(array: Array, model: nn.Module) -> Tensor:
    """Return the numbers of an array as float32, on the device of a model."""
    return torch.as_tensor(array, dtype=torch.float32, device=next(model.parameters()).device)


@contextmanager
def seeded(rng: Rng) -> Iterator[None]:
    """Let torch, whose modules draw their first weights from one global generator, draw from this one meanwhile."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(generator(rng).integers(2**63)))
        yield
