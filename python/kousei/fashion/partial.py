"""Embeddings for each part of an image."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from kousei import io
from kousei._lib.errors import check_choice
from kousei._lib.random import Rng
from kousei.fashion import files
from kousei.fashion.backbones import Backbone
from kousei.fashion.data import ImageTable, check_names, check_parts, tag_index
from kousei.fashion.embedding import VisualSemanticEmbedding
from kousei.fashion.grid import foreground, normalized
from kousei.fashion.masks import MaskPredictor
from kousei.fashion.tensors import check_vectors

#: What a cell outside of a part weighs beside one inside: an image without the part is embedded by all its cells.
_OUTSIDE = 1e-4
#: Logits of attention are so many times the parameters: steps of the size that other weights need are short for them.
_ATTENTION_SCALE = 4


class PartialVSE(VisualSemanticEmbedding):
    r"""An embedding for each part of an image, :math:`e_p`, beside one for all of its foreground.

    Cells weigh in :math:`e_p` as much as the mask of p covers them. A tag scores
    :math:`\sum_p\mathrm{softmax}(P_t)_p\,\langle e_p,t\rangle` with attention that is learned for each tag, and
    says what parts the tag is about, or :math:`\max_p\,\langle e_p,t\rangle`. Both are sums over cells, as in
    `VisualSemanticEmbedding`, which has the methods.

    Parameters
    ----------
    tag_names : sequence of str
        The tags, as in the tables that it is trained by.
    part_names : sequence of str
        The parts, in the order of the masks.
    pooling : str
        "attention" or "max".
    backbone, dim, mask_predictor, rng
        As of `VisualSemanticEmbedding`.

    Examples
    --------
    >>> from kousei.fashion import PartialVSE, render_outfits
    >>> table = render_outfits(64, rng=0)
    >>> model = PartialVSE(table.tag_names, table.part_names, rng=0).fit(table, epochs=2, rng=0)
    >>> model.tag_heatmap(table.images[:1], "formal", table.masks[:1]).shape
    (1, 8, 8)
    >>> [name for name, _ in model.part_attention("cap")] == [*table.part_names, "foreground"]
    True

    References
    ----------
    Shimizu et al., arXiv:2211.06688, from its abstract; attention to parts is an addition.
    """

    ARCHITECTURE: ClassVar[tuple[str, ...]] = ("tag_names", "part_names", "pooling", "dim")

    def __init__(
        self,
        tag_names: Sequence[str],
        part_names: Sequence[str],
        *,
        pooling: str = "attention",
        backbone: str | Backbone = "small",
        dim: int = 64,
        mask_predictor: MaskPredictor | None = None,
        rng: Rng = None,
    ) -> None:
        super().__init__(tag_names, backbone=backbone, dim=dim, mask_predictor=mask_predictor, rng=rng)
        check_choice("pooling", pooling, "attention", "max")
        self.part_names: tuple[str, ...] = check_names("part_names", part_names, 1)
        if mask_predictor is not None and mask_predictor.part_names != self.part_names:
            raise ValueError(f"mask_predictor predicts {mask_predictor.part_names}; {self.part_names} are accepted")
        self.pooling = pooling
        if pooling == "attention":
            self.attention: nn.Parameter = nn.Parameter(torch.zeros(len(self.part_names) + 1, len(self.tag_names)))

    def shares(self, cosines: Tensor) -> Tensor:
        """Return how much each embedding counts for each tag, given their cosines (n, embeddings, tags)."""
        check_vectors("cosines", cosines, len(self.tag_names))
        if self.pooling == "max":
            best = cosines.argmax(dim=1)
            return nn.functional.one_hot(best, cosines.shape[1]).transpose(1, 2).to(cosines.dtype)
        return self._attention().expand_as(cosines)

    def part_attention(self, tag: str) -> list[tuple[str, float]]:
        """Return how much each part, and the foreground, counts for a tag.

        Parameters
        ----------
        tag : str
            One of `tag_names`.

        Returns
        -------
        list of (str, float)
            Which sum to 1.

        Raises
        ------
        ValueError
            If the tag is not known, with the nearest ones, or `pooling` is "max".
        """
        if self.pooling == "max":
            raise ValueError("pooling is 'max', which has no attention; 'attention' is accepted")
        column = tag_index(tag, self.tag_names)
        shares = self._attention()[:, column].tolist()
        return list(zip((*self.part_names, "foreground"), shares, strict=True))

    def _check_table(self, name: str, table: ImageTable) -> None:
        super()._check_table(name, table)
        check_parts(name, table, self.part_names)

    def _attention(self) -> Tensor:
        return torch.softmax(_ATTENTION_SCALE * self.attention, dim=0)

    def _parts(self) -> int:
        return len(self.part_names)

    def _weights(self, covered: Tensor) -> Tensor:
        return normalized(torch.cat([covered + _OUTSIDE, foreground(covered)], dim=1))


io.register(PartialVSE, files.to_state, functools.partial(files.from_state, PartialVSE))
