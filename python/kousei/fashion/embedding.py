"""Images and tags as vectors of one space, whose scores are sums over the cells of an image."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from kousei import io
from kousei._lib.errors import check_choice, check_integer, check_type
from kousei._lib.random import Rng
from kousei._lib.whole_files import require_folder
from kousei.attribution import Attribution
from kousei.fashion import files
from kousei.fashion.backbones import Backbone, resolve
from kousei.fashion.data import Array, ImageTable, check_images, check_masks, check_names, check_tags, tag_index
from kousei.fashion.explanation import attributed
from kousei.fashion.grid import Grid, foreground, normalized
from kousei.fashion.losses import ContrastiveLoss, triplet_loss
from kousei.fashion.masks import MaskPredictor
from kousei.fashion.measures import average_precision
from kousei.fashion.retrieval import ImageIndex
from kousei.fashion.tensors import batches, check_dim, check_image_tensor, check_vectors, seeded, tensor
from kousei.fashion.training import descend


class VisualSemanticEmbedding(files.FiledModule):
    r"""Images and tags as unit vectors, whose cosines say how well a tag describes an image.

    A backbone gives a grid of features :math:`f_g`, and :math:`z_g=Wf_g`. The embedding of an image is
    :math:`e=\sum_gw_gz_g/\lvert\sum_gw_gz_g\rvert`, each tag is a unit vector :math:`t`, and the score
    :math:`\langle e,t\rangle=\sum_gw_g\langle z_g,t\rangle/\lvert\sum_hw_hz_h\rvert` is a sum over cells, which
    `tag_heatmap` draws. Calls compute where the module is; batches of the arrays go there.

    Parameters
    ----------
    tag_names : sequence of str
        The tags, as in the tables that it is trained by.
    weights : str
        "foreground": cells weigh as much as parts cover them, and others a little; "uniform": all alike, without
        masks.
    backbone : str or torch.nn.Module
        "small", four convolutions; "patches", each 4 x 4 pixels for themselves; "efficientnet-lite0", with weights of
        ImageNet; or a module with `channels`, from images in [0, 1] to a grid of features.
    dim : int
        Of the space.
    mask_predictor : MaskPredictor, optional
        Predicts masks where none are given.
    rng : numpy.random.Generator, int or None
        Source of the first weights.

    Attributes
    ----------
    history : list of dict
        "loss" of each epoch of the last `fit`, and "validation", the mean average precision, where it was judged.

    Examples
    --------
    >>> from kousei.fashion import VisualSemanticEmbedding, render_outfits
    >>> table = render_outfits(64, rng=0)
    >>> model = VisualSemanticEmbedding(table.tag_names, rng=0).fit(table, epochs=2, rng=0)
    >>> model.scores(table.images, table.masks).shape
    (64, 48)

    References
    ----------
    Shimizu et al., "Partial visual-semantic embedding: fashion intelligence system with sensitive part-by-part
    learning" (arXiv:2211.06688), from its abstract; grid weights and losses are reconstructions.
    """

    #: The arguments of `__init__`, beside modules, that a file has.
    backbone: Backbone
    ARCHITECTURE: ClassVar[tuple[str, ...]] = ("tag_names", "weights", "dim")

    def __init__(
        self,
        tag_names: Sequence[str],
        *,
        weights: str = "foreground",
        backbone: str | Backbone = "small",
        dim: int = 64,
        mask_predictor: MaskPredictor | None = None,
        rng: Rng = None,
    ) -> None:
        super().__init__()
        check_choice("weights", weights, "foreground", "uniform")
        self.tag_names: tuple[str, ...] = check_names("tag_names", tag_names, 1)
        self.weights = weights
        self.dim: int = check_dim(dim, len(self.tag_names))
        check_type("mask_predictor", mask_predictor, MaskPredictor | None, "a MaskPredictor or None")
        self.history: list[dict[str, float]] = []
        with seeded(rng):
            self.backbone, channels = resolve(backbone)
            self.projection: nn.Conv2d = nn.Conv2d(channels, self.dim, 1)
            self.tag_vectors: nn.Parameter = nn.Parameter(torch.empty(len(self.tag_names), self.dim))
            nn.init.normal_(self.tag_vectors, std=self.dim**-0.5)
        self.mask_predictor = mask_predictor

    def tags(self) -> Tensor:
        """Return the unit vectors (tags, dim) of the tags."""
        return nn.functional.normalize(self.tag_vectors, dim=-1)

    def grid(self, images: Tensor, masks: Tensor | None = None) -> Grid:
        """Return the cells of images (n, 3, height, width), and their weights by masks (n, parts, rows, columns)."""
        check_image_tensor(images)
        if masks is not None:
            check_image_tensor(masks, "masks")
        cells = self.projection(self.backbone(images))
        rows, columns = cells.shape[-2:]
        if masks is None:
            return Grid(cells, cells.new_full((1, 1, rows, columns), 1 / (rows * columns)))
        return Grid(cells, self._weights(nn.functional.adaptive_avg_pool2d(masks, (rows, columns))))

    def forward(self, images: Tensor, masks: Tensor | None = None) -> Tensor:
        """Return the scores (n, tags) of images."""
        return self.tag_scores(self.grid(images, masks).embeddings()[0])

    def tag_scores(self, embeddings: Tensor) -> Tensor:
        """Return the scores (n, tags) of embeddings (n, embeddings, dim)."""
        check_vectors("embeddings", embeddings, self.dim)
        cosines = embeddings @ self.tags().T
        return (self.shares(cosines) * cosines).sum(dim=1)

    def shares(self, cosines: Tensor) -> Tensor:
        """Return how much each embedding counts for each tag, given their cosines (n, embeddings, tags)."""
        check_vectors("cosines", cosines, len(self.tag_names))
        return torch.ones_like(cosines)

    def fit(
        self,
        table: ImageTable,
        *,
        loss: str = "triplet",
        validation: ImageTable | None = None,
        patience: int | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        epochs: int = 10,
        batch_size: int = 128,
        learning_rate: float = 3e-3,
        rng: Rng = None,
        progress: bool = False,
    ) -> Self:
        """Train the backbone, the projection and the tags by a table.

        Parameters
        ----------
        table : ImageTable
            With these tags; with masks, unless cells weigh alike or there is a `mask_predictor`.
        loss : str
            "triplet", see `triplet_loss`, or "contrastive", see `ContrastiveLoss`.
        validation : ImageTable, optional
            What each epoch is judged by: the mean over tags of the average precision of the images retrieved. The
            parameters of the best epoch are kept.
        patience : int, optional
            Epochs without a better one after which training ends; takes `validation`.
        checkpoint : str or os.PathLike, optional
            File that the module is saved to after each epoch that is the best so far.
        epochs, batch_size, learning_rate
            Of Adam with decoupled weight decay, whose steps rise and fall over all epochs.
        rng : numpy.random.Generator, int or None
            Source of the order of the rows.
        progress : bool
            Show a bar.

        Returns
        -------
        VisualSemanticEmbedding
            Itself.

        Raises
        ------
        TypeError, ValueError
            If an argument is not accepted, a table has other tags or parts or lacks masks, or the loss overflows.
        OSError
            If the checkpoint cannot be written.
        """
        check_choice("loss", loss, "triplet", "contrastive")
        check_type("checkpoint", checkpoint, str | bytes | os.PathLike | None, "a str, bytes or os.PathLike")
        if checkpoint is not None:
            files.to_state(self)  # refuses what no file holds
            require_folder(checkpoint)
        masks = self._of_table("table", table)
        judged = None if validation is None else self._of_table("validation", validation)
        if validation is not None and not validation.tags.any():
            raise ValueError("validation has no image with a tag; one or more are accepted")
        contrastive = ContrastiveLoss().to(self.tag_vectors.device)
        measure: Callable[[Tensor, Tensor], Tensor] = contrastive if loss == "contrastive" else triplet_loss

        def loss_of(rows: Array) -> Tensor:
            tags = torch.as_tensor(table.tags[rows], device=self.tag_vectors.device)
            of_rows = None if masks is None else tensor(masks[rows], self)
            scores = self(tensor(table.images[rows], self), of_rows)
            return measure(scores, tags)

        def precision() -> float:
            assert validation is not None
            return float(np.nanmean(average_precision(self.scores(validation.images, judged), validation.tags)))

        self.history = descend(
            nn.ModuleList([self, contrastive]),
            loss_of,
            len(table),
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            rng=rng,
            progress=progress,
            judge=None if validation is None else precision,
            patience=patience,
            keep=(lambda: None) if checkpoint is None else (lambda: self.save(checkpoint)),
        )
        return self

    def scores(self, images: Array, masks: Array | None = None) -> Array:
        """Return how well each tag describes each image.

        Parameters
        ----------
        images : numpy.ndarray (n, 3, height, width) of float32
            In [0, 1].
        masks : numpy.ndarray (n, parts, rows, columns) of bool or float32, optional
            Those of the parts; predicted by `mask_predictor` without. No cell counts by them if `weights` is
            "uniform".

        Returns
        -------
        numpy.ndarray (n, tags) of float32
            Between -1 and 1.

        Raises
        ------
        TypeError, ValueError
            If they are not such images and masks, or masks are missing.
        """
        return self._over(images, masks, lambda grid: self.tag_scores(grid.embeddings()[0]))

    def tag_heatmap(self, images: Array, tag: str, masks: Array | None = None) -> Array:
        """Return what each cell of an image adds to the score of a tag.

        Parameters
        ----------
        images, masks
            As of `scores`.
        tag : str
            One of `tag_names`.

        Returns
        -------
        numpy.ndarray (n, rows, columns) of float32
            The sum over an image is its score.

        Raises
        ------
        TypeError, ValueError
            As of `scores`, and if the tag is not known, with the nearest ones.
        """
        column = tag_index(tag, self.tag_names)
        return self._over(images, masks, lambda grid: self._heat(grid)[:, column])

    def heatmaps(self, images: Array, masks: Array | None = None) -> Array:
        """Return the heat maps (n, tags, rows, columns) of all tags, as of `tag_heatmap`.

        Parameters
        ----------
        images, masks
            As of `scores`.
        """
        return self._over(images, masks, self._heat)

    def explain(
        self,
        image: Array,
        tag: str,
        masks: Array | None = None,
        *,
        budget: int = 10_000,
        rng: Rng = None,
        progress: bool = False,
    ) -> Attribution:
        """Return what each cell of an image adds to the score of a tag, by Shapley values.

        `tag_heatmap` divides by the length of the embedding of the whole image. Here cells that are left out do not
        count for it either: what is attributed to a cell is what it changes when it comes, in the mean over orders.

        Parameters
        ----------
        image : numpy.ndarray (3, height, width) of float32
            In [0, 1].
        tag : str
            One of `tag_names`.
        masks : numpy.ndarray (parts, rows, columns) of bool or float32, optional
            As of `scores`, of one image.
        budget : int
            Scores that may be taken, see `kousei.attribution.owen_permutation`.
        rng : numpy.random.Generator, int or None
            Source of the orders.
        progress : bool
            Show a bar.

        Returns
        -------
        kousei.attribution.Attribution
            Whose items are the cells, row by row; they add up to the score.

        Raises
        ------
        TypeError, ValueError
            As `scores` and `tag_heatmap`, or if the budget is too small.
        """
        column = tag_index(tag, self.tag_names)
        check_type("image", image, np.ndarray, "a NumPy array")
        check_type("masks", masks, np.ndarray | None, "a NumPy array")
        check_images("image[None]", image[None])
        images, of_image = image[None], None if masks is None else masks[None]
        cells = self._over(images, of_image, Grid.joined)[0]
        return attributed(self, cells.reshape(len(cells), -1).T, column, budget, rng, progress)

    def index(self, images: Array, masks: Array | None = None) -> ImageIndex:
        """Return an index that images are retrieved from.

        Parameters
        ----------
        images, masks
            As of `scores`.

        Returns
        -------
        ImageIndex
            Rows are those of the images. It has their embeddings, and asks the module for the tags: of a module that
            is trained on, make another one.
        """
        embeddings = self._over(images, masks, lambda grid: grid.embeddings()[0])
        return ImageIndex(self, tensor(embeddings, self))

    def related_tags(self, tag: str, n: int = 5) -> list[tuple[str, float]]:
        """Return the tags nearest to one, and their cosines, the nearest first.

        Parameters
        ----------
        tag : str
            One of `tag_names`.
        n : int
            Tags; all others, where they are fewer.

        Raises
        ------
        TypeError, ValueError
            If the tag is not known, with the nearest names, or n is no integer of at least 1.
        """
        column, n = tag_index(tag, self.tag_names), check_integer("n", n, 1)
        with torch.inference_mode():
            cosines = (self.tags() @ self.tags()[column]).cpu().numpy()
        order = [row for row in np.argsort(-cosines, kind="stable").tolist() if row != column]
        return [(self.tag_names[row], float(cosines[row])) for row in order[:n]]

    def _heat(self, grid: Grid) -> Tensor:
        embeddings, lengths = grid.embeddings()
        shares = self.shares(embeddings @ self.tags().T) / lengths
        weights = torch.einsum("nkrc,nkt->ntrc", grid.of_each(), shares)
        return weights * torch.einsum("ndrc,td->ntrc", grid.cells, self.tags())

    def _over(self, images: Array, masks: Array | None, function: Callable[[Grid], Tensor]) -> Array:
        """Return a function of the cells of images, in batches."""
        check_images("images", images)
        if masks is not None:
            check_masks("masks", masks, len(images), self._parts())
        self.eval()
        found = []
        with torch.inference_mode():
            for rows in batches(len(images)):
                of_rows = self._masks(images[rows], None if masks is None else masks[rows])
                grid = self.grid(tensor(images[rows], self), None if of_rows is None else tensor(of_rows, self))
                found.append(function(grid).cpu().numpy())
        return np.concatenate(found)

    def _masks(self, images: Array, masks: Array | None) -> Array | None:
        """Return the masks that cells weigh by, None where they weigh alike."""
        if self.weights == "uniform":
            return None
        if masks is not None:
            return masks
        if self.mask_predictor is None:
            raise ValueError("masks are missing; masks, or a mask_predictor of the model, are accepted")
        return self.mask_predictor.predict(images)

    def _of_table(self, name: str, table: ImageTable) -> Array | None:
        """Return the masks that the cells of a table weigh by, once it is known to be of these tags and parts."""
        self._check_table(name, table)
        if table.masks is not None:
            check_masks(f"masks of {name}", table.masks, len(table), self._parts())
        return self._masks(table.images, table.masks)

    def _check_table(self, name: str, table: ImageTable) -> None:
        check_type(name, table, ImageTable, "an ImageTable")
        check_tags(name, table.tag_names, self.tag_names)

    def _parts(self) -> int | None:
        return None

    def _weights(self, covered: Tensor) -> Tensor:
        return normalized(foreground(covered))


io.register(VisualSemanticEmbedding, files.to_state, functools.partial(files.from_state, VisualSemanticEmbedding))
