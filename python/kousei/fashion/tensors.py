"""Tables in batches of tensors, and weights drawn from a generator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from kousei._lib.arrays import require_memory
from kousei._lib.errors import check_integer, check_type
from kousei._lib.random import Rng, generator
from kousei.fashion.data import Array

_BATCH = 256


def batches(rows: int) -> Iterator[slice]:
    """Give slices of rows that are computed together; an empty one where there are no rows."""
    for first in range(0, max(rows, 1), _BATCH):
        yield slice(first, first + _BATCH)


def tensor(array: Array, model: nn.Module) -> Tensor:
    """Return the numbers of an array as float32, on the device of a model."""
    copied = np.array(array, np.float32)  # torch knows no negative strides
    return torch.as_tensor(copied, device=next(model.parameters()).device)


def check_image_tensor(images: Tensor, name: str = "images") -> None:
    """Raise TypeError or ValueError unless a tensor is one of images, or masks, along its first axis."""
    check_type(name, images, Tensor, "a torch.Tensor")
    if images.ndim != 4 or not images.is_floating_point():
        shape = tuple(images.shape)
        raise ValueError(f"{name} has shape {shape} and dtype {images.dtype}; four axes of floats are accepted")


def check_vectors(name: str, vectors: Tensor, dim: int) -> None:
    """Raise TypeError or ValueError unless a tensor holds some vectors of a dimension for each image."""
    check_type(name, vectors, Tensor, "a torch.Tensor")
    if vectors.ndim != 3 or vectors.shape[-1] != dim:
        raise ValueError(f"{name} has shape {tuple(vectors.shape)}; (n, vectors, {dim}) is accepted")


def check_dim(dim: int, rows: int) -> int:
    """Return the dimension of vectors, of which there are so many rows; MemoryError where they do not fit."""
    dim = check_integer("dim", dim, 1)
    require_memory(dim * rows, 4, f"{rows} vectors of dim {dim}")
    return dim


@contextmanager
def seeded(rng: Rng) -> Iterator[None]:
    """Let torch, whose modules draw their first weights from one global generator, draw from this one meanwhile."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(generator(rng).integers(2**63)))
        yield
