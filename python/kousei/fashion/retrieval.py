"""Images retrieved by tags, and by an image with tags added and taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from kousei._lib.errors import check_integer
from kousei.fashion.data import Array, check_names, tag_index

if TYPE_CHECKING:
    from kousei.fashion.embedding import VisualSemanticEmbedding


class Retrieved(NamedTuple):
    """Rows of images, the best first, and their scores."""

    rows: Array  # (n,) of int64
    scores: Array  # (n,) of float32


class ImageIndex:
    """The embeddings of images, made by `VisualSemanticEmbedding.index`, that are searched."""

    def __init__(self, model: VisualSemanticEmbedding, embeddings: Tensor) -> None:
        self._model = model
        self._embeddings = embeddings

    def __len__(self) -> int:
        return len(self._embeddings)

    def retrieve(
        self, tags: Sequence[str] = (), *, without: Sequence[str] = (), like: int | None = None, n: int = 10
    ) -> Retrieved:
        """Return the images that tags describe best; or those like an image, but for tags.

        By tags alone, images are ranked by the sum of their scores less those of the tags they are to be without.
        With an image, tags t are added to its embeddings and tags u are taken away, e + sum t - sum u, each from
        those parts that count for it, and images are ranked by the mean cosine of their embeddings with these.

        Parameters
        ----------
        tags, without : sequence of str
            Of `tag_names`.
        like : int, optional
            Row of the image, which is not retrieved itself.
        n : int
            Images; all, where they are fewer.

        Returns
        -------
        Retrieved
            Of rows and scores.

        Raises
        ------
        TypeError, ValueError
            If a tag is not known, with the nearest names, there is nothing to search by, or a number is not accepted.

        Examples
        --------
        >>> from kousei.fashion import VisualSemanticEmbedding, render_outfits
        >>> table = render_outfits(64, rng=0)
        >>> model = VisualSemanticEmbedding(table.tag_names, rng=0).fit(table, epochs=2, rng=0)
        >>> index = model.index(table.images, table.masks)
        >>> len(index.retrieve(["formal", "black-top"], n=3).rows)
        3
        >>> found = index.retrieve(["red-top"], without=["black-top"], like=0)
        >>> 0 in found.rows
        False
        """
        added = [tag_index(tag, self._model.tag_names) for tag in check_names("tags", tags)]
        taken = [tag_index(tag, self._model.tag_names) for tag in check_names("without", without)]
        n = check_integer("n", n, 1)
        if like is None and not added and not taken:
            raise ValueError("tags, without and like were left out; one of them is accepted")
        with torch.inference_mode():
            if like is None:
                scores = self._model.tag_scores(self._embeddings)
                found = scores[:, added].sum(dim=1) - scores[:, taken].sum(dim=1)
            else:
                like = check_integer("like", like, 0, len(self) - 1)
                found = self._similarity(like, added, taken)
                found[like] = -torch.inf
            values = found.cpu().numpy()
        order = np.argsort(-values, kind="stable")[: min(n, len(self) - (like is not None))]
        return Retrieved(order, values[order])

    def _similarity(self, like: int, added: list[int], taken: list[int]) -> Tensor:
        image, vectors = self._embeddings[like : like + 1], self._model.tags()
        moved = self._model.shares(image @ vectors.T)  # (1, embeddings, tags)
        change = moved[..., added] @ vectors[added] - moved[..., taken] @ vectors[taken]
        query = torch.nn.functional.normalize(image + change, dim=-1)
        return (self._embeddings * query).sum(dim=-1).mean(dim=1)
