"""Outfits as sets of items: how they are drawn, scored and explained."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch import nn

import kousei
from kousei.attribution import completeness_gap, consistency_gap
from kousei.fashion import OutfitScorer, OutfitTable, VisualSemanticEmbedding, render_items
from kousei.fashion.item_renderer import ITEMS, STYLES

pytestmark = pytest.mark.usefixtures("one_thread_of_torch")


@pytest.fixture(scope="module")
def table() -> OutfitTable:
    return render_items(60, rng=3)


@pytest.fixture(scope="module")
def scorer() -> OutfitScorer:
    return OutfitScorer(rng=0)


def styles_of(table: OutfitTable) -> np.ndarray:
    """How much of each region, (n, items, 4), has nearly a colour of each style, (..., styles)."""
    assert table.regions is not None
    pixels = 255 * table.images.transpose(0, 1, 3, 4, 2)
    found = []
    for style in STYLES.values():
        distances = np.stack([np.linalg.norm(pixels - np.array(color), axis=-1) for color in style.colors])
        near = distances.min(axis=0) < 50
        found.append([near[:, :, None] & (table.regions[:, :, None] == k) for k in range(1, 5)])
    near = np.array(found)[..., 0, :, :].sum(axis=(-2, -1))
    sizes = np.array([(table.regions == k).sum(axis=(-2, -1)) for k in range(1, 5)])
    return (near / sizes).transpose(2, 3, 1, 0)


def test_one_region_is_of_another_style(table: OutfitTable) -> None:
    assert table.wrong is not None
    assert (table.wrong.sum(axis=(1, 2)) == ~table.matches).all()
    assert not table.wrong[..., 0].any()
    assert not table.wrong[~table.present].any()
    shares = styles_of(table)
    # The style of an outfit is that of most of its regions; half of a region, at least, has its colour.
    style = np.array(
        [np.bincount(shares[k][table.present[k]].argmax(axis=-1).ravel(), minlength=4).argmax() for k in range(60)]
    )
    own = np.take_along_axis(shares, style[:, None, None, None], axis=-1)[..., 0]
    right = table.present[..., None] & ~table.wrong[..., 1:]
    assert np.mean(own[right] > 0.3) > 0.97
    assert np.mean(own[table.wrong[..., 1:]] < 0.3) > 0.9


def test_regions_cover_the_images(table: OutfitTable) -> None:
    assert table.regions is not None
    assert table.images.shape == (60, 5, 3, 32, 32)
    assert table.present[:, :3].all()
    assert 0.3 < table.present[:, 3:].mean() < 0.7
    for item in range(len(ITEMS)):
        sizes = np.stack([(table.regions[:, item] == k).sum(axis=(1, 2)) for k in range(5)])
        assert (sizes == sizes[:, :1]).all()  # what is moved is not cut off
        assert sizes.min() > 70


def test_many_regions_may_be_wrong() -> None:
    table = render_items(300, wrong=4, rng=0)
    assert table.wrong is not None
    counts = table.wrong.sum(axis=2)
    assert ((counts > 0).sum(axis=1) == ~table.matches).all()  # of one item
    assert np.bincount(counts.max(axis=1), minlength=5)[1:].min() > 20
    assert 0.4 < table.matches.mean() < 0.6


def test_the_same_seed_the_same_outfits(table: OutfitTable) -> None:
    again = render_items(60, rng=3)
    assert (again.images == table.images).all()
    assert (render_items(60, rng=4).images != table.images).any()
    assert len(render_items(0)) == 0


class Pixels(nn.Module):
    """Cells are pixels, features their colours."""

    channels = 3

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images


def by_hand() -> OutfitScorer:
    """Red and green are the two axes, all weights 1/2, and the score is the agreement."""
    scorer = OutfitScorer(backbone=Pixels(), dim=2, rng=0)
    with torch.no_grad():
        scorer.head.weight.copy_(torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 0]])[:, :, None, None])
        assert scorer.head.bias is not None
        scorer.head.bias.zero_()
    scorer.calibration.eps = 0
    return scorer


#: Two items of two pixels: all are red, but the last one is green.
COLORS = np.array([[[[1, 1]], [[0, 0]], [[0, 0]]], [[[1, 0]], [[0, 1]], [[0, 0]]]], "float32")


def agreement(red: int, green: int) -> float:
    return (red**2 + green**2 + 4) / ((red + green) ** 2 + 4)


def test_scores_by_hand() -> None:
    scorer = by_hand()
    np.testing.assert_allclose(scorer.scores(COLORS[None]), [agreement(3, 1)], rtol=1e-6)
    first = np.array([[True, False]])
    np.testing.assert_allclose(scorer.scores(COLORS[None], first), [1], rtol=1e-6)
    with torch.no_grad():
        scorer.calibration.weight.fill_(2)
        scorer.calibration.bias.fill_(-0.5)
    np.testing.assert_allclose(scorer.scores(COLORS[None]), [2 * (agreement(3, 1) - 0.25)], rtol=1e-6)


def test_explanation_by_hand() -> None:
    regions = np.array([[[0, 1]], [[0, 1]]])
    explained = by_hand().explain(COLORS, regions)
    last = agreement(3, 1)
    items = [(last - agreement(1, 1)) / 2, (agreement(1, 1) - 1) / 2 + (last - 1) / 2]
    np.testing.assert_allclose(explained.items, items, rtol=0, atol=1e-12)
    # Of item 1 alone, and after item 0, each half of the time.
    green, both = (1 + agreement(2, 1)) / 2, (agreement(1, 1) + last) / 2
    wanted = [[items[0] / 2] * 2, [(both - green) / 2, (green - 1) / 2 + (both - 1) / 2]]
    np.testing.assert_allclose(explained.features, wanted, rtol=0, atol=1e-12)
    assert explained.base == 1
    assert explained.features.argmin() == 3


def test_cells_are_shared_by_regions() -> None:
    """Of a cell of two pixels, each of another region, one half goes to each."""
    scorer = by_hand()
    scorer.backbone = nn.AvgPool2d((1, 2))
    wide = np.repeat(COLORS, 2, axis=-1)
    regions = np.array([[[0, 0, 0, 1]], [[0, 0, 0, 0]]])
    features = scorer.explain(wide, regions).features
    whole = scorer.explain(wide, np.zeros((2, 1, 4), int)).features
    np.testing.assert_allclose(features.sum(axis=1), whole[:, 0], rtol=0, atol=1e-12)
    assert features[0, 1] != 0
    assert features[1, 1] == 0


def test_explanations_add_up(scorer: OutfitScorer, table: OutfitTable) -> None:
    assert table.regions is not None
    scores = scorer.scores(table.images, table.present)
    for k in range(8):
        there = table.present[k]
        explained = scorer.explain(table.images[k][there], table.regions[k][there])
        assert explained.features.shape == (there.sum(), 5)
        assert max(consistency_gap(explained), completeness_gap(explained)) <= 1e-12
        np.testing.assert_allclose(explained.value, scores[k], rtol=1e-4, atol=1e-4)
    ninths = scorer.explain(table.images[0][:2])
    assert ninths.features.shape == (2, 9)
    assert max(consistency_gap(ninths), completeness_gap(ninths)) <= 1e-12


def test_order_and_padding_mean_nothing(scorer: OutfitScorer, table: OutfitTable) -> None:
    scores = scorer.scores(table.images, table.present)
    order = [4, 2, 0, 3, 1]
    np.testing.assert_allclose(scorer.scores(table.images[:, order], table.present[:, order]), scores, rtol=1e-4)
    padded = np.where(table.present[:, :, None, None, None], table.images, np.float32(np.nan))
    assert (scorer.scores(padded, table.present) == scores).all()


def found(scorer: OutfitScorer, test: OutfitTable, rows: np.ndarray) -> np.ndarray:
    """How often the item, and the region, that adds least is of another style."""
    assert test.regions is not None
    assert test.wrong is not None
    hits = []
    for k in rows:
        there = test.present[k]
        explained = scorer.explain(test.images[k][there], test.regions[k][there])
        wrong = test.wrong[k][there]
        hits.append([wrong[explained.items.argmin()].any(), wrong.flat[explained.features.argmin()]])
    return np.mean(hits, axis=0)


def test_culprits_are_found_where_they_are_noticed() -> None:
    scorer = OutfitScorer(rng=0).fit(render_items(800, wrong=3, rng=0), epochs=8, rng=0)
    test = render_items(100, rng=1)
    noticed = np.flatnonzero(~test.matches & (scorer.scores(test.images, test.present) < 0))
    assert len(noticed) >= 15
    assert found(scorer, test, noticed).min() >= 0.9


@pytest.mark.slow
def test_culprits_are_found() -> None:
    scorer = OutfitScorer(rng=0).fit(render_items(2000, wrong=2, rng=0), epochs=9, rng=0)
    test = render_items(300, rng=9)
    scores = scorer.scores(test.images, test.present)
    assert np.mean((scores > 0) == test.matches) > 0.85
    assert found(scorer, test, np.flatnonzero(~test.matches)).min() >= 0.9


def test_training_is_the_same_for_the_same_seeds(table: OutfitTable) -> None:
    before = torch.get_rng_state()
    first, second = (OutfitScorer(rng=1).fit(table, validation=table, epochs=2, rng=2) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    assert first.history == second.history
    assert [sorted(epoch) for epoch in first.history] == [["loss", "validation"]] * 2
    scores = first.scores(table.images, table.present)
    assert (scores == second.scores(table.images, table.present)).all()
    best = max(epoch["validation"] for epoch in first.history)
    assert np.mean((scores > 0) == table.matches) == best


def test_files(scorer: OutfitScorer, table: OutfitTable, tmp_path: Path) -> None:
    path = tmp_path / "scorer.safetensors"
    scorer.save(path)
    for again in (OutfitScorer.load(path), kousei.load(path)):
        assert (again.scores(table.images, table.present) == scorer.scores(table.images, table.present)).all()
    with pytest.raises(ValueError, match="holds a OutfitScorer; a VisualSemanticEmbedding is accepted"):
        VisualSemanticEmbedding.load(path)
    with pytest.raises(ValueError, match="backbone is Pixels, which no file holds"):
        by_hand().save(path)


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        (b'"backbone": "patches"', b'"backbone": "patched"', "backbone was 'patched'; "),
        (b'"dim": 16', b'"dim": 17', "there is no head.bias of dim 17"),
        (b'"backbone": "patches"', b'"backbones":"patches"', "'backbone' is missing"),
    ],
)
def test_malformed_files(scorer: OutfitScorer, tmp_path: Path, old: bytes, new: bytes, match: str) -> None:
    path = tmp_path / "scorer.safetensors"
    scorer.save(path)
    old, new = (text.replace(b'"', b'\\"') for text in (old, new))
    content = path.read_bytes()
    assert content.count(old) == 1
    path.write_bytes(content.replace(old, new))
    with pytest.raises(ValueError, match=match):
        OutfitScorer.load(path)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda s, t: render_items(-1), ValueError, "n was -1; at least 0 is accepted"),
        (lambda s, t: render_items(1, wrong=5), ValueError, "wrong was 5; 1 to 4 is accepted"),
        (lambda s, t: OutfitScorer(dim=0), ValueError, "dim was 0; at least 1 is accepted"),
        (lambda s, t: OutfitScorer(backbone="large"), ValueError, "backbone was 'large'; "),
        (lambda s, t: s.fit(t.images), TypeError, "table was ndarray; an OutfitTable is accepted"),
        (lambda s, t: s.fit(t, validation=t.images), TypeError, "validation was ndarray; an OutfitTable or None"),
        (lambda s, t: s.fit(t, validation=t[:0]), ValueError, "validation has no outfit; one or more are accepted"),
        (lambda s, t: s.fit(t, patience=1), ValueError, "patience was 1 without validation"),
        (lambda s, t: s.fit(t, epochs=0), ValueError, "epochs was 0; at least 1 is accepted"),
        (lambda s, t: s.scores(t.images[0]), ValueError, r"images has shape \(5, 3, 32, 32\); \(n, items, 3, height"),
        (lambda s, t: s.scores(t.images[..., :3]), ValueError, "images have 32 x 3 pixels; at least 4 x 4 are"),
        (lambda s, t: s.scores([1]), TypeError, "images was list; a NumPy array is accepted"),
        (lambda s, t: s.scores(t.images.astype("f8")), TypeError, "images has dtype float64; float32 is accepted"),
        (lambda s, t: s.scores(t.images * 2), ValueError, "images has values .*; 0 to 1 is accepted"),
        (lambda s, t: s.scores(t.images * np.float32("nan")), ValueError, "images has NaN or infinite values"),
        (lambda s, t: s.scores(t.images, t.present[:2]), ValueError, r"present has shape \(2, 5\); \(60, 5\)"),
        (lambda s, t: s.scores(t.images, t.present * 1), TypeError, "present has dtype int64; bool is accepted"),
        (
            lambda s, t: s.scores(t.images, t.present & False),
            ValueError,
            "present has no item of outfit 0",
        ),
        (lambda s, t: s.explain(t.images), ValueError, r"images has shape \(60, 5, 3, 32, 32\); \(n, 3, height"),
        (lambda s, t: s.explain(t.images[0, :0]), ValueError, "images has no item; one or more are accepted"),
        (lambda s, t: s.explain(t.images[0], t.regions[0, :2]), ValueError, r"regions has shape \(2, 32, 32\); "),
        (lambda s, t: s.explain(t.images[0], t.regions[0] * 1.0), TypeError, "regions has dtype float64; integers"),
        (
            lambda s, t: s.explain(t.images[0], t.regions[0] - 1),
            ValueError,
            "regions has the label -1; 0, 1, ... are",
        ),
        (
            lambda s, t: s.explain(t.images[0], np.full(t.regions[0].shape, 255, np.uint8)),
            kousei.SizeError,
            r"tables of the 2\^256 sets",
        ),
        (lambda s, t: s.explain(t.images[0], t.regions[0] * 20), kousei.SizeError, r"tables of the 2\^81 sets"),
        (lambda s, t: t[0], TypeError, "rows was int; a slice or a NumPy array is accepted"),
        (
            lambda s, t: dataclasses.replace(t, matches=t.matches[1:]),
            ValueError,
            r"matches has shape \(59,\); \(60,\)",
        ),
        (lambda s, t: dataclasses.replace(t, matches=[True]), TypeError, "matches was list; a NumPy array"),
        (lambda s, t: dataclasses.replace(t, wrong=t.wrong[..., 1:]), ValueError, r"wrong has shape \(60, 5, 4\)"),
        (lambda s, t: dataclasses.replace(t, regions=None), ValueError, "wrong was given without regions"),
    ],
)
def test_refused(scorer: OutfitScorer, table: OutfitTable, call: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        call(scorer, table)


def test_one_item(scorer: OutfitScorer, table: OutfitTable) -> None:
    assert table.regions is not None
    explained = scorer.explain(table.images[0, :1], table.regions[0, :1])
    assert explained.features.shape == (1, 5)
    assert completeness_gap(explained) <= 1e-12
    assert repr(table[:2]).startswith("OutfitTable(2 outfits of up to 5 items of 32 x 32, ")
