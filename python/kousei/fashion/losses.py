"""Losses of the scores of images and tags."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from kousei._lib.errors import check_integer, check_type, require_positive


def triplet_loss(scores: Tensor, tags: Tensor, margin: float = 0.2, hardest: int = 8) -> Tensor:
    """Return the two-way hinge: a tag that holds is to score `margin` more than tags that do not, and so are images.

    mean over i, and over t that hold of i, of mean over the hardest u that do not of max(0, margin - s_it + s_iu),
    and the same with images in the place of tags. Over those negatives alone that score highest: F. Faghri et al.,
    "VSE++", arXiv:1707.05612, takes one of them.

    Parameters
    ----------
    scores : torch.Tensor (images, tags)
        Cosines.
    tags : torch.Tensor (images, tags) of bool
        Which hold.
    margin : float
        How much more it is to score, finite and above 0.
    hardest : int
        Negatives for each image and for each tag, at least 1; all, where they are fewer.

    Returns
    -------
    torch.Tensor ()

    Raises
    ------
    TypeError, ValueError
        If they are not such tensors and numbers.

    Examples
    --------
    >>> import torch
    >>> from kousei.fashion import triplet_loss
    >>> scores = torch.tensor([[0.5, 0.4], [0.1, 0.9]])
    >>> round(triplet_loss(scores, torch.eye(2, dtype=torch.bool)).item(), 3)  # 0.2 - 0.5 + 0.4, one of two images
    0.05
    """
    _check(scores, tags)
    require_positive(margin=margin)
    check_integer("hardest", hardest, 1)
    margin = float(margin)
    return _hinge(scores, tags, margin, hardest) + _hinge(scores.T, tags.T, margin, hardest)


def _hinge(scores: Tensor, holds: Tensor, margin: float, hardest: int) -> Tensor:
    negatives = scores.masked_fill(holds, -math.inf).topk(min(hardest, scores.shape[1]), dim=1).values
    hinges = torch.relu(margin - scores[:, :, None] + negatives[:, None, :])
    of_pairs = hinges.sum(dim=2) / negatives.isfinite().sum(dim=1, keepdim=True).clamp(min=1) * holds
    counts = holds.sum(dim=1)
    return (of_pairs.sum(dim=1) / counts.clamp(min=1)).sum() / (counts > 0).sum().clamp(min=1)


class ContrastiveLoss(nn.Module):
    """Two-way cross entropy of scores times a scale that is learned, after CLIP (arXiv:2103.00020).

    Of an image with several tags, and of a tag of several images, the mean over those.

    Examples
    --------
    >>> import torch
    >>> from kousei.fashion import ContrastiveLoss
    >>> loss = ContrastiveLoss()(torch.zeros(2, 2), torch.eye(2, dtype=torch.bool))
    >>> round(loss.item(), 4)  # 2 ln 2
    1.3863
    """

    def __init__(self) -> None:
        super().__init__()
        self.log_scale: nn.Parameter = nn.Parameter(torch.tensor(math.log(10.0)))

    def forward(self, scores: Tensor, tags: Tensor) -> Tensor:
        """Return the loss () of scores (images, tags) and of tags (images, tags) of bool."""
        _check(scores, tags)
        logits = self.log_scale.exp() * scores
        return _cross_entropy(logits, tags) + _cross_entropy(logits.T, tags.T)


def _check(scores: Any, tags: Any) -> None:
    for name, tensor in (("scores", scores), ("tags", tags)):
        check_type(name, tensor, Tensor, "a torch.Tensor")
    if not scores.is_floating_point():
        raise TypeError(f"scores has dtype {scores.dtype}; floating-point numbers are accepted")
    if tags.dtype != torch.bool:
        raise TypeError(f"tags has dtype {tags.dtype}; torch.bool is accepted")
    if scores.ndim != 2 or tags.shape != scores.shape:
        shapes = f"{tuple(scores.shape)} and {tuple(tags.shape)}"
        raise ValueError(f"scores and tags have shapes {shapes}; (images, tags) is accepted of both")


def _cross_entropy(logits: Tensor, holds: Tensor) -> Tensor:
    counts = holds.sum(dim=1)
    entropies = -(torch.log_softmax(logits, dim=1) * holds).sum(dim=1) / counts.clamp(min=1)
    return entropies.sum() / (counts > 0).sum().clamp(min=1)
