"""Whether the items of an outfit go together, and which region of which item does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from kousei import io
from kousei._lib.errors import check_type
from kousei._lib.random import Rng
from kousei.fashion import files
from kousei.fashion.backbones import Backbone, name_of, resolve
from kousei.fashion.data import Array, check_images
from kousei.fashion.items import OutfitTable, check_regions, check_sets
from kousei.fashion.tensors import batches, check_dim, check_image_tensor, seeded, tensor
from kousei.fashion.training import descend
from kousei.io.state import Arrays, Config, check_names, entry

if TYPE_CHECKING:
    from kousei.attribution import Attribution

#: Regions along each side of an image, where none are given.
_SIDE = 3


class OutfitScorer(files.FiledModule):
    r"""A score of outfits, sets of images of items, that is high where all cells of all items agree.

    A backbone gives each cell g of each item a unit vector :math:`u_g` and a weight :math:`w_g` in (0, 1). They are
    pooled by attention over all items, and the score is

    .. math:: s\,\frac{\lvert\sum_gw_gu_g\rvert^2+1}{(\sum_gw_g)^2+1}-\tau

    with numbers s and :math:`\tau` of a batch normalisation. But for the 1, with which no cells agree, the fraction
    is the weighted mean of the cosines of all pairs of cells. The score is the logit of the chance that the outfit
    matches. A set of cells is what is pooled, so that any of them can be left out, which `explain` does.

    Parameters
    ----------
    backbone : str or torch.nn.Module
        "patches", each 4 x 4 pixels for themselves; another name of `VisualSemanticEmbedding`, or a module with
        `channels`, from images in [0, 1] to a grid of features.
    dim : int
        Of the unit vectors.
    rng : numpy.random.Generator, int or None
        Source of the first weights.

    Attributes
    ----------
    history : list of dict
        "loss" of each epoch of the last `fit`, and "validation", the share of outfits that are told right, where it
        was judged.

    Examples
    --------
    >>> from kousei.fashion import OutfitScorer, render_items
    >>> table = render_items(64, rng=0)
    >>> scorer = OutfitScorer(rng=0).fit(table, epochs=2, rng=0)
    >>> scorer.scores(table.images, table.present).shape
    (64,)
    """

    backbone: Backbone

    def __init__(self, *, backbone: str | Backbone = "patches", dim: int = 16, rng: Rng = None) -> None:
        super().__init__()
        self.dim: int = check_dim(dim, 1)
        self.history: list[dict[str, float]] = []
        with seeded(rng):
            self.backbone, channels = resolve(backbone)
            self.head: nn.Conv2d = nn.Conv2d(channels, self.dim + 1, 1)
            # Vectors that are all alike, as they would begin without it, have no gradient that parts them.
            self.center: nn.BatchNorm2d = nn.BatchNorm2d(self.dim, affine=False)
        self.calibration: nn.BatchNorm1d = nn.BatchNorm1d(1)

    def cells(self, images: Tensor) -> Tensor:
        """Return w u and w, (n, dim + 1, rows, columns), of the cells of images (n, 3, height, width)."""
        check_image_tensor(images)
        features = self.head(self.backbone(images))
        weights = torch.sigmoid(features[:, -1:])
        return torch.cat([weights * nn.functional.normalize(self.center(features[:, :-1]), dim=1), weights], dim=1)

    def forward(self, images: Tensor, present: Tensor) -> Tensor:
        """Return the scores (n,) of outfits (n, items, 3, height, width), present (n, items)."""
        check_type("images", images, Tensor, "a torch.Tensor")
        check_type("present", present, Tensor, "a torch.Tensor")
        if images.ndim != 5 or present.dtype != torch.bool or present.shape != images.shape[:2]:
            given = f"{tuple(images.shape)} and present {tuple(present.shape)} and dtype {present.dtype}"
            raise ValueError(
                f"images has shape {given}; (n, items, 3, height, width) and (n, items) of bool are accepted"
            )
        sums = images.new_zeros(*present.shape, self.dim + 1)
        sums[present] = self.cells(images[present]).sum(dim=(2, 3))
        return self.calibration(self._agreement(sums.sum(dim=1))[:, None])[:, 0]

    def _agreement(self, sums: Any) -> Any:
        """Return the agreement (...,) of sums (..., dim + 1) over cells, of torch or of NumPy."""
        return ((sums[..., :-1] ** 2).sum(-1) + 1) / (sums[..., -1] ** 2 + 1)

    def fit(
        self,
        table: OutfitTable,
        *,
        validation: OutfitTable | None = None,
        patience: int | None = None,
        epochs: int = 20,
        batch_size: int = 32,
        learning_rate: float = 2e-2,
        rng: Rng = None,
        progress: bool = False,
    ) -> Self:
        """Train by the cross entropy of whether outfits match.

        Parameters
        ----------
        table : OutfitTable
            Outfits that match, and others.
        validation : OutfitTable, optional
            What each epoch is judged by: the share of outfits that are told right. The parameters of the best epoch
            are kept.
        patience : int, optional
            Epochs without a better one after which training ends; takes `validation`.
        epochs, batch_size, learning_rate
            Of Adam with decoupled weight decay, whose steps rise and fall over all epochs.
        rng : numpy.random.Generator, int or None
            Source of the order of the rows.
        progress : bool
            Show a bar.

        Returns
        -------
        OutfitScorer
            Itself.

        Raises
        ------
        TypeError, ValueError
            If an argument is not accepted, or the loss overflows.
        """
        check_type("table", table, OutfitTable, "an OutfitTable")
        check_type("validation", validation, OutfitTable | None, "an OutfitTable or None")
        if validation is not None and len(validation) == 0:
            raise ValueError("validation has no outfit; one or more are accepted")

        def loss(rows: Array) -> Tensor:
            scores = self(tensor(table.images[rows], self), self._flags(table.present[rows]))
            return nn.functional.binary_cross_entropy_with_logits(scores, tensor(table.matches[rows], self))

        def told_right() -> float:
            assert validation is not None
            scores = self.scores(validation.images, validation.present)
            return float(np.mean((scores > 0) == validation.matches))

        self.history = descend(
            self,
            loss,
            len(table),
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            rng=rng,
            progress=progress,
            judge=None if validation is None else told_right,
            patience=patience,
        )
        return self

    def scores(self, images: Array, present: Array | None = None) -> Array:
        """Return how well the items of each outfit go together.

        Parameters
        ----------
        images : numpy.ndarray (n, items, 3, height, width) of float32
            In [0, 1].
        present : numpy.ndarray (n, items) of bool, optional
            Where there is an item; all of them, unless given.

        Returns
        -------
        numpy.ndarray (n,) of float32
            Above 0 where an outfit rather matches.

        Raises
        ------
        TypeError, ValueError
            If they are not such images, or an outfit has no item.
        """
        if present is None:
            check_type("images", images, np.ndarray, "a NumPy array")
            present = np.ones(images.shape[:2], bool)
        check_sets(images, present)
        self.eval()
        with torch.inference_mode():
            found = [
                self(tensor(images[rows], self), self._flags(present[rows])).cpu().numpy()
                for rows in batches(len(images))
            ]
        return np.concatenate(found)

    def explain(self, images: Array, regions: Array | None = None) -> Attribution:
        """Attribute the score of an outfit to its items and to their regions, by exact Owen values.

        What is absent is left out of the pooling, cell by cell; a cell that several regions share goes to each by how
        much of it is theirs. Without any cells the score is the highest there is: nothing disagrees. So what adds
        least, far below 0, is what does not go with the rest.

        Parameters
        ----------
        images : numpy.ndarray (items, 3, height, width) of float32
            One outfit.
        regions : numpy.ndarray (items, height, width) of integers, optional
            The region 0, 1, ... that each pixel belongs to; ninths of the images, row by row, unless given.

        Returns
        -------
        kousei.attribution.Attribution
            Its items are the items, and its features their regions; in float64 from the cells on.

        Raises
        ------
        TypeError, ValueError
            If they are not such images and regions.
        MemoryError
            If a table of 2^items or of items 2^regions numbers does not fit.

        Examples
        --------
        >>> from kousei.attribution import consistency_gap
        >>> from kousei.fashion import OutfitScorer, render_items
        >>> table = render_items(64, rng=0)
        >>> scorer = OutfitScorer(rng=0).fit(table, epochs=2, rng=0)
        >>> explained = scorer.explain(table.images[0], table.regions[0])
        >>> explained.features.shape, consistency_gap(explained) < 1e-12
        ((5, 5), True)
        """
        from kousei.attribution import owen_values

        check_images("images", images)
        items, _, height, width = images.shape
        if items == 0:
            raise ValueError("images has no item; one or more are accepted")
        if regions is None:
            row, column = (_SIDE * np.arange(extent) // extent for extent in (height, width))
            regions = np.broadcast_to(_SIDE * row[:, None] + column, (items, height, width))
        check_regions(regions, (items, height, width))
        self.eval()
        with torch.inference_mode():
            cells = self.cells(tensor(images, self)).double()
            of_region = torch.as_tensor(np.eye(int(regions.max()) + 1)[regions], device=cells.device).permute(
                0, 3, 1, 2
            )
            rows, columns = cells.shape[-2:]
            shares = nn.functional.adaptive_avg_pool2d(of_region, (rows, columns))
            sums = torch.einsum("nkrc,ndrc->nkd", shares, cells).cpu().numpy()
            ends = self.calibration(cells.new_tensor([[0.0], [1.0]], dtype=torch.float32)).double().cpu().numpy()
        offset, scale = ends[0, 0], ends[1, 0] - ends[0, 0]
        return owen_values(
            lambda x, mask: offset + scale * self._agreement(x.reshape(len(x), -1, self.dim + 1).sum(axis=1)),
            sums.reshape(items, -1),
            groups=np.repeat(np.arange(sums.shape[1]), self.dim + 1),
        )

    def _flags(self, present: Array) -> Tensor:
        return torch.as_tensor(present, device=self.head.weight.device)


def _to_state(scorer: OutfitScorer) -> tuple[Config, Arrays]:
    config = {"backbone": name_of(scorer.backbone), "dim": scorer.dim}
    return config, files.arrays_of(scorer)


def _from_state(config: Config, arrays: Arrays) -> OutfitScorer:
    check_names("config", config, ("backbone", "dim"))
    backbone, dim = entry(config, "backbone", str), entry(config, "dim", int)
    bias = arrays.get("head.bias")
    if bias is None or bias.shape != (dim + 1,):  # before a module of this size is made
        raise ValueError(f"there is no head.bias of dim {dim}")
    return files.restored(
        OutfitScorer(backbone=backbone, dim=dim, rng=0), arrays, f"backbone {backbone!r}, dim {dim}"
    )


io.register(OutfitScorer, _to_state, _from_state)
