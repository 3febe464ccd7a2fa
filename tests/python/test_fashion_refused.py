"""What embeddings of images and tags refuse."""

import dataclasses
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch import nn

from kousei.fashion import (
    ContrastiveLoss,
    ImageTable,
    MaskPredictor,
    PartialVSE,
    VisualSemanticEmbedding,
    average_precision,
    pointing,
    render_outfits,
    triplet_loss,
)

pytestmark = pytest.mark.usefixtures("one_thread_of_torch")


@pytest.fixture(scope="module")
def table() -> ImageTable:
    return render_outfits(48, rng=0)


class Own(nn.Conv2d):
    """A backbone of no name."""

    channels = 4

    def __init__(self) -> None:
        super().__init__(3, 4, 8, stride=8)


SCORES, HOLD, NAN = torch.zeros(2, 3), torch.ones(2, 3, dtype=torch.bool), np.full((2, 3), np.nan)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda m, t: m.scores(t.images), ValueError, "masks are missing; masks, or a mask_predictor"),
        (lambda m, t: m.scores(t.images.astype("float64"), t.masks), TypeError, "images has dtype float64"),
        (lambda m, t: m.scores(t.images[..., :7], t.masks), ValueError, "images have 64 x 7 pixels; at least 8 x 8"),
        (lambda m, t: m.scores(t.images, t.masks[:3]), ValueError, r"masks has shape \(3, .*\(48, 5, rows, columns"),
        (lambda m, t: m.scores(t.images, t.masks[:, :2]), ValueError, "masks has shape"),
        (lambda m, t: m.tag_heatmap(t.images, "black top", t.masks), ValueError, "near it are 'black-top'"),
        (lambda m, t: m.explain(t.images[0], "tote bag", t.masks[0]), ValueError, "near it are 'tote'"),
        (lambda m, t: m.explain(t.images, "tote", t.masks[0]), ValueError, r"image\[None\] has shape"),
        (lambda m, t: m.explain(t.images[0], "tote", t.masks[0], budget=3), ValueError, "budget was 3"),
        (lambda m, t: m.related_tags("skirts"), ValueError, "near it are 'skirt'"),
        (lambda m, t: m.part_attention("skirts"), ValueError, "near it are 'skirt'"),
        (lambda m, t: m.index(t.images, t.masks).retrieve(["caps"]), ValueError, "near it are 'cap'"),
        (lambda m, t: m.index(t.images, t.masks).retrieve("cap"), TypeError, "tags was 'cap'; a sequence of str"),
        (lambda m, t: m.index(t.images, t.masks).retrieve(), ValueError, "tags, without and like were left out"),
        (lambda m, t: m.index(t.images, t.masks).retrieve(like=48), ValueError, "like was 48; 0 to 47 is accepted"),
        (lambda m, t: m.fit(t, loss="hinge"), ValueError, "loss was 'hinge'; 'triplet' and 'contrastive'"),
        (lambda m, t: m.fit(t, patience=2), ValueError, "patience was 2 without validation"),
        (lambda m, t: m.fit(t, validation=t, patience=0), ValueError, "patience was 0; at least 1 is accepted"),
        (lambda m, t: m.fit(t, validation=t[:0]), ValueError, "validation has no image with a tag"),
        (lambda m, t: m.fit(t, epochs=0), ValueError, "epochs was 0; at least 1 is accepted"),
        (lambda m, t: m.fit(t, batch_size=1), ValueError, "batch_size was 1; at least 2 is accepted"),
        (lambda m, t: m.fit(t, learning_rate=0), ValueError, "learning_rate was 0; a positive finite number"),
        (lambda m, t: m.fit(t, progress=1), TypeError, "progress was 1; True and False are accepted"),
        (lambda m, t: m.fit(t[:1]), ValueError, "the table has 1 rows; at least 2 are accepted"),
        (lambda m, t: m.fit(t.images), TypeError, "table was ndarray; an ImageTable is accepted"),
        (
            lambda m, t: m.fit(dataclasses.replace(t, tag_names=t.tag_names[::-1])),
            ValueError,
            "table has other tags than the model",
        ),
        (
            lambda m, t: m.fit(dataclasses.replace(t, part_names=t.part_names[::-1])),
            ValueError,
            r"table has masks of \('bag', .*\); masks of \('hat', .*\) are accepted",
        ),
        (
            lambda m, t: m.fit(t, validation=dataclasses.replace(t, part_names=t.part_names[::-1])),
            ValueError,
            "valid",
        ),
        (
            lambda m, t: pointing(m, dataclasses.replace(t, part_names=t.part_names[::-1])),
            ValueError,
            "table has mas",
        ),
        (
            lambda m, t: m.fit(t, learning_rate=1e38),
            ValueError,
            r"learning_rate was 1e\+38; up to 1e\+30 is accepted",
        ),
        (lambda m, t: m.fit(t, checkpoint="none/a.safetensors"), FileNotFoundError, "No such file or directory"),
        (
            lambda m, t: PartialVSE(t.tag_names, t.part_names, backbone=Own()).fit(t, checkpoint="a.safetensors"),
            ValueError,
            "backbone is Own, which no file holds",
        ),
        (
            lambda m, t: MaskPredictor(["hat"]).fit(t),
            ValueError,
            r"table has masks of \('hat', .*\); masks of \('hat',\) are accepted",
        ),
        (lambda m, t: VisualSemanticEmbedding(["x"], weights="even"), ValueError, "weights was 'even'"),
        (lambda m, t: VisualSemanticEmbedding(["x"], backbone=nn.ReLU()), TypeError, "backbone was ReLU; a name, or"),
        (lambda m, t: VisualSemanticEmbedding(["x"], dim=0), ValueError, "dim was 0; at least 1 is accepted"),
        (
            lambda m, t: PartialVSE(["x"], ["p"], mask_predictor=MaskPredictor(["q"])),
            ValueError,
            r"mask_predictor predicts \('q',\); \('p',\) are accepted",
        ),
        (lambda m, t: VisualSemanticEmbedding([]), ValueError, "tag_names has 0 names; at least 1 is accepted"),
        (lambda m, t: PartialVSE(["x"], []), ValueError, "part_names has 0 names; at least 1 is accepted"),
        (lambda m, t: MaskPredictor([]), ValueError, "part_names has 0 names; at least 1 is accepted"),
        (lambda m, t: pointing(None, t), TypeError, "model was NoneType; a VisualSemanticEmbedding is accepted"),
        (lambda m, t: pointing(VisualSemanticEmbedding(["x"]), t), ValueError, "table has other tags than the model"),
        (lambda m, t: average_precision([[1.0]], t.tags), TypeError, "scores was list; a NumPy array is accepted"),
        (lambda m, t: average_precision(t.tags, t.tags), TypeError, "scores has dtype bool; float32 and float64"),
        (lambda m, t: average_precision(NAN, NAN > 0), ValueError, "scores has NaN"),
        (lambda m, t: average_precision(SCORES.numpy(), t.tags), ValueError, r"holds has shape \(48, 48\); \(2, 3\)"),
        (lambda m, t: triplet_loss(SCORES, HOLD[:, :2]), ValueError, r"shapes \(2, 3\) and \(2, 2\); \(images, tags"),
        (lambda m, t: triplet_loss(HOLD, HOLD), TypeError, "scores has dtype torch.bool; floating-point numbers are"),
        (lambda m, t: triplet_loss(SCORES, SCORES), TypeError, "tags has dtype torch.float32; torch.bool is"),
        (
            lambda m, t: triplet_loss(SCORES.numpy(), HOLD),
            TypeError,
            "scores was ndarray; a torch.Tensor is",
        ),
        (lambda m, t: triplet_loss(SCORES, HOLD, hardest=0), ValueError, "hardest was 0; at least 1 is accepted"),
        (lambda m, t: triplet_loss(SCORES, HOLD, margin=0), ValueError, "margin was 0; a positive finite number"),
        (lambda m, t: ContrastiveLoss()(SCORES, HOLD[0]), ValueError, r"shapes \(2, 3\) and \(3,\)"),
        (lambda m, t: PartialVSE(["x"], ["p"], pooling="mean"), ValueError, "pooling was 'mean'"),
        (
            lambda m, t: PartialVSE(["x"], ["p"], pooling="max").part_attention("x"),
            ValueError,
            "pooling is 'max', which has no attention",
        ),
    ],
)
def test_refused(table: ImageTable, call: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        call(PartialVSE(table.tag_names, table.part_names, rng=0), table)


def test_a_loss_that_overflows(table: ImageTable) -> None:
    model, first = (VisualSemanticEmbedding(table.tag_names, rng=0) for _ in range(2))
    with pytest.raises(ValueError, match=r"the loss overflows; learning_rate was 1e\+30, and less is accepted"):
        model.fit(table, epochs=3, learning_rate=1e30, rng=0)
    assert not model.training
    assert all(torch.equal(one, other) for one, other in zip(model.parameters(), first.parameters(), strict=True))
