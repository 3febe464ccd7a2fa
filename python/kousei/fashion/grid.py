"""The cells of images, and the embeddings that they add up to."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

#: What a cell without any part weighs beside one that is all of parts.
_GROUND = 0.02


class Grid(NamedTuple):
    """The cells of images in the space of tags, and what each weighs in each embedding."""

    cells: Tensor  # (n, dim, rows, columns)
    weights: Tensor  # (n, embeddings, rows, columns), or 1 in the place of n

    def embeddings(self) -> tuple[Tensor, Tensor]:
        """Return embeddings (n, embeddings, dim) of length 1, and how long they were (n, embeddings, 1)."""
        weights = self.of_each()
        sums = torch.einsum("nkrc,ndrc->nkd", weights, self.cells)
        lengths = sums.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        return sums / lengths, lengths

    def of_each(self) -> Tensor:
        """Return the weights (n, embeddings, rows, columns), those of every image."""
        return self.weights.expand(len(self.cells), -1, -1, -1)

    def joined(self) -> Tensor:
        """Return what each cell is and what it weighs, (n, dim + embeddings, rows, columns)."""
        return torch.cat([self.cells, self.of_each()], dim=1)


def foreground(covered: Tensor) -> Tensor:
    """Return how much of each cell, (n, 1, rows, columns), is of any part, and a little for what is not."""
    return covered.sum(dim=1, keepdim=True).clamp(0, 1) + _GROUND


def normalized(weights: Tensor) -> Tensor:
    """Return weights (n, embeddings, rows, columns) whose sums over cells are 1."""
    return weights / weights.sum(dim=(2, 3), keepdim=True)
