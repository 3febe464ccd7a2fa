"""Images retrieved by tags, and by an image with tags added and taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from kousei._lib.errors import check_integer, check_type
from kousei.fashion.data import Array, check_names, tag_index
from kousei.fashion.tensors import check_vectors

if TYPE_CHECKING:
    from kousei.fashion.embedding import VisualSemanticEmbedding


class Retrieved(NamedTuple):
    """Rows of images, the best first, and their scores."""

    rows: Array  # (n,) of int64
    scores: Array  # (n,) of float32


class ImageIndex:
    """The embeddings of images, made by `VisualSemanticEmbedding.index`, that are searched."""

    def __init__(self, model: VisualSemanticEmbedding, embeddings: Tensor) -> None:
        from kousei.fashion.embedding import VisualSemanticEmbedding

        check_type("model", model, VisualSemanticEmbedding, "a VisualSemanticEmbedding")
        check_vectors("embeddings", embeddings, model.dim)
        self._model = model
        self._embeddings = embeddings

    def __len__(self) -> int:
        return len(self._embeddings)

    def retrieve(
        self, tags: Sequence[str] = (), *, without: Sequence[str] = (), like: int | None = None, n: int = 10
    ) -> Retrieved:
        """Return the images that tags describe best; or those like an image, but for tags.

        Images are ranked by the sum of the scores of `tags`, less those of `without`. With an image, the mean cosine
        of their embeddings with its own is added: of one embedding e the sum is the cosine with e + sum t - sum u,
        but for the length of that.

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
            of_tags = self._model.tag_scores(self._embeddings)
            found = of_tags[:, added].sum(dim=1) - of_tags[:, taken].sum(dim=1)
            if like is not None:
                image = self._embeddings[check_integer("like", like, 0, len(self) - 1)]
                found += (self._embeddings * image).sum(dim=-1).mean(dim=1)
                found[like] = -torch.inf
            values = found.cpu().numpy()
        order = np.argsort(-values, kind="stable")[: min(n, len(self) - (like is not None))]
        return Retrieved(order, values[order])
