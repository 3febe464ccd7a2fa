"""Masks of parts, predicted where none are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from kousei._lib.errors import check_type
from kousei._lib.random import Rng
from kousei.fashion.backbones import Backbone, resolve
from kousei.fashion.data import Array, ImageTable, check_images, check_names
from kousei.fashion.tensors import batches, check_image_tensor, seeded, tensor
from kousei.fashion.training import descend


class MaskPredictor(nn.Module):
    """A backbone and a convolution of 1 x 1: how much of each cell of an image is of each part.

    Parameters
    ----------
    part_names : sequence of str
        The parts, as in the tables that it is trained by and serves.
    backbone : str or torch.nn.Module
        "small", "efficientnet-lite0", or a module with `channels`, from images in [0, 1] to a grid of features.
    rng : numpy.random.Generator, int or None
        Source of the first weights.

    Examples
    --------
    >>> from kousei.fashion import MaskPredictor, render_outfits
    >>> table = render_outfits(64, rng=0)
    >>> predictor = MaskPredictor(table.part_names, rng=0).fit(table, epochs=2, rng=0)
    >>> predictor.predict(table.images).shape
    (64, 5, 8, 8)
    """

    backbone: Backbone

    def __init__(self, part_names: Sequence[str], *, backbone: str | Backbone = "small", rng: Rng = None) -> None:
        super().__init__()
        self.part_names: tuple[str, ...] = check_names("part_names", part_names, 1)
        with seeded(rng):
            self.backbone, channels = resolve(backbone)
            self.head: nn.Conv2d = nn.Conv2d(channels, len(self.part_names), 1)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits (n, parts, rows, columns) of images (n, 3, height, width)."""
        check_image_tensor(images)
        return self.head(self.backbone(images))

    def fit(
        self,
        table: ImageTable,
        *,
        epochs: int = 10,
        batch_size: int = 32,
        learning_rate: float = 1e-2,
        rng: Rng = None,
        progress: bool = False,
    ) -> Self:
        """Train by the cross entropy with the masks of a table, averaged over each cell.

        Parameters
        ----------
        table : ImageTable
            With masks of these parts.
        epochs, batch_size, learning_rate
            Of Adam with decoupled weight decay.
        rng : numpy.random.Generator, int or None
            Source of the order of the rows.
        progress : bool
            Show a bar.

        Returns
        -------
        MaskPredictor
            Itself.

        Raises
        ------
        TypeError, ValueError
            If an argument is not accepted, the table has no masks or has those of other parts, or the loss
            overflows.
        """
        check_type("table", table, ImageTable, "an ImageTable")
        masks = table.masks
        if masks is None or table.part_names != self.part_names:
            raise ValueError(f"table has masks of {table.part_names}; masks of {self.part_names} are accepted")

        def loss(rows: Array) -> Tensor:
            logits = self(tensor(table.images[rows], self))
            covered = nn.functional.adaptive_avg_pool2d(tensor(masks[rows], self), logits.shape[-2:])
            return nn.functional.binary_cross_entropy_with_logits(logits, covered)

        descend(
            self,
            loss,
            len(table),
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            rng=rng,
            progress=progress,
        )
        return self

    def predict(self, images: Array) -> Array:
        """Return masks (n, parts, rows, columns) of float32 in [0, 1], a number for each cell.

        Parameters
        ----------
        images : numpy.ndarray (n, 3, height, width) of float32
            In [0, 1].

        Raises
        ------
        TypeError, ValueError
            If they are not such images.
        """
        check_images("images", images)
        self.eval()
        with torch.inference_mode():
            found = [torch.sigmoid(self(tensor(images[rows], self))).cpu().numpy() for rows in batches(len(images))]
        return np.concatenate(found)
