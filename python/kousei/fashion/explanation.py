"""Scores of tags attributed to the cells of an image, as items of a set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from kousei._lib.random import Rng
from kousei.attribution import Attribution, owen_permutation
from kousei.fashion.data import Array
from kousei.fashion.grid import Grid
from kousei.fashion.tensors import tensor

if TYPE_CHECKING:
    from kousei.fashion.embedding import VisualSemanticEmbedding


def attributed(
    model: VisualSemanticEmbedding, cells: Array, column: int, budget: int, rng: Rng, progress: bool
) -> Attribution:
    """Return what cells (cells, dim + embeddings), with their weights, add to the score of a tag, by Shapley values.

    A cell that is absent is left out of the sums that embeddings are made of; without cells the score is 0.
    """

    def score(x: Tensor, mask: Tensor) -> Tensor:
        features, weights = x[..., : model.dim], x[..., model.dim :] * mask[..., None]
        some = Grid(features.mT[..., None], weights.mT[..., None])  # a column of cells
        return model.tag_scores(some.embeddings()[0])[:, column]

    whole = [0] * cells.shape[1]  # of a cell all columns come and go together
    items = tensor(cells, model)
    return owen_permutation(score, items, budget, absent="remove", groups=whole, rng=rng, progress=progress)
