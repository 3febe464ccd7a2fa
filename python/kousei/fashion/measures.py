"""What retrieval and heat maps are measured by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kousei._lib.arrays import require_finite
from kousei._lib.errors import check_type
from kousei.fashion.data import Array, ImageTable, check_array, check_tags

if TYPE_CHECKING:
    from kousei.fashion.embedding import VisualSemanticEmbedding


def average_precision(scores: Array, holds: Array) -> Array:
    """Return, for each tag, the mean precision at the ranks of the images that have it, by falling score.

    Parameters
    ----------
    scores : numpy.ndarray (images, tags) of float32 or float64
        Of equal ones the first image ranks first.
    holds : numpy.ndarray (images, tags) of bool
        Which image has which tag.

    Returns
    -------
    numpy.ndarray (tags,) of float64
        NaN of a tag that no image has.

    Raises
    ------
    TypeError, ValueError
        If they are not such arrays, shapes disagree, or a score is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.fashion import average_precision
    >>> scores = np.array([[0.9], [0.8], [0.7], [0.1]])
    >>> average_precision(scores, np.array([[True], [False], [True], [False]])).round(4)  # (1/1 + 2/3) / 2
    array([0.8333])
    """
    check_type("scores", scores, np.ndarray, "a NumPy array")
    if scores.dtype not in (np.float32, np.float64):
        raise TypeError(f"scores has dtype {scores.dtype}; float32 and float64 are accepted")
    if scores.ndim != 2:
        raise ValueError(f"scores has shape {scores.shape}; (images, tags) is accepted")
    require_finite("scores", scores)
    check_array("holds", holds, "b", scores.shape)
    ranked = np.take_along_axis(holds, np.argsort(-scores, axis=0, kind="stable"), axis=0)
    precision = np.cumsum(ranked, axis=0) / np.arange(1, len(ranked) + 1)[:, None]
    counts = ranked.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return (precision * ranked).sum(axis=0) / counts


def pointing(model: VisualSemanticEmbedding, table: ImageTable, masks: Array | None = None) -> Array:
    """Return, for each tag, of how many of the images that have it the hottest cell is on a part that it is about.

    Parameters
    ----------
    model : VisualSemanticEmbedding
        With the tags of the table.
    table : ImageTable
        With masks, and with `tag_parts`.
    masks : numpy.ndarray (n, parts, rows, columns), optional
        What the model is given in their place, such as predicted ones.

    Returns
    -------
    numpy.ndarray (tags,) of float64
        NaN of a tag that no image has. A cell is on a part where it has any of it.

    Raises
    ------
    TypeError, ValueError
        If the table has no `tag_parts`, other tags than the model or, without `masks`, other parts, or the arguments
        are not as of `VisualSemanticEmbedding.scores`.
    """
    from kousei.fashion.embedding import VisualSemanticEmbedding  # which imports torch

    check_type("model", model, VisualSemanticEmbedding, "a VisualSemanticEmbedding")
    check_type("table", table, ImageTable, "an ImageTable")
    if table.masks is None or table.tag_parts is None:
        raise ValueError("table has no tag_parts; a table that says which parts a tag is about is accepted")
    if masks is None:
        model._check_table("table", table)
    check_tags("table", table.tag_names, model.tag_names)
    heat = model.heatmaps(table.images, table.masks if masks is None else masks)
    (n, tags, rows, columns), (height, width) = heat.shape, table.masks.shape[2:]
    if height % rows or width % columns:
        raise ValueError(f"masks have {height} x {width} pixels; multiples of {rows} x {columns} are accepted")
    blocks = table.masks.reshape(n, -1, rows, height // rows, columns, width // columns)
    touched = blocks.any(axis=(3, 5)).reshape(n, len(table.part_names), -1)
    hottest = heat.reshape(n, tags, -1).argmax(axis=-1)
    hits = (touched.transpose(0, 2, 1)[np.arange(n)[:, None], hottest] & table.tag_parts).any(axis=-1)
    with np.errstate(invalid="ignore"):
        return (hits & table.tags).sum(axis=0) / table.tags.sum(axis=0)
