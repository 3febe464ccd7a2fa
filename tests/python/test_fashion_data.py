"""Rendered outfits, tables of images, and what is measured of them."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from kousei.fashion import ImageTable, average_precision, render_outfits
from kousei.fashion.data import tag_index
from kousei.fashion.renderer import ABSTRACT_TAGS, COLORS, PARTS, TAGS, Outfit, draw_outfit, render, tags_of

PLAIN = Outfit(
    top="t-shirt",
    bottom="skirt",
    shoes="boots",
    hat=None,
    bag=None,
    pattern=None,
    top_color="red",
    bottom_color="green",
    shoes_color="blue",
    hat_color="red",
    bag_color="red",
)


@pytest.fixture(scope="module")
def table() -> ImageTable:
    return render_outfits(40, rng=3)


def test_tags_of_a_plain_outfit() -> None:
    wanted = {"t-shirt": "top", "skirt": "bottom", "boots": "shoes"}
    wanted |= {"red-top": "top", "green-bottom": "bottom", "blue-shoes": "shoes"}
    assert tags_of(PLAIN) == {tag: (part,) for tag, part in wanted.items()}


@pytest.mark.parametrize(
    ("worn", "tag", "parts"),
    [
        ({"top": "shirt"}, "office-casual", ("top", "bottom", "shoes")),
        ({"top": "shirt", "shoes": "sneakers"}, "office-casual", ()),
        (
            {"top": "jacket", "bottom": "slacks", "shoes": "leather-shoes", "top_color": "grey"},
            "formal",
            ("top", "bottom", "shoes"),
        ),
        ({"top": "jacket", "bottom": "slacks", "shoes": "leather-shoes"}, "formal", ()),
        ({"bottom": "jeans"}, "casual", ("top", "bottom")),
        ({"top": "jacket", "bottom": "jeans"}, "casual", ()),
        ({"shoes": "sneakers", "hat": "cap"}, "sporty", ("shoes", "hat")),
        ({"shoes": "sneakers", "hat": "beret"}, "sporty", ()),
        ({"bottom_color": "red"}, "monotone", ("top", "bottom")),
        ({"top_color": "black", "bottom_color": "white"}, "monotone", ("top", "bottom")),
        ({"top_color": "black"}, "monotone", ()),
        ({"hat": "beret"}, "feminine", ("bottom", "hat")),
        ({"hat": "cap"}, "feminine", ()),
        ({"hat": "beret", "pattern": "check"}, "retro", ("top",)),
        ({"hat": "beret"}, "retro", ("hat",)),
        ({"pattern": "stripe"}, "retro", ()),
    ],
)
def test_rules(worn: dict[str, str], tag: str, parts: tuple[str, ...]) -> None:
    assert tags_of(dataclasses.replace(PLAIN, **worn)).get(tag, ()) == parts


def test_48_tags_of_which_7_are_rules(table: ImageTable) -> None:
    assert len(table.tag_names) == len(set(TAGS)) == 48
    assert len(ABSTRACT_TAGS) == 7
    assert table.tag_names[41:] == tuple(ABSTRACT_TAGS)
    assert render_outfits(400, rng=0).tags.any(axis=0).all()


def test_the_same_seed_renders_the_same(table: ImageTable) -> None:
    again = render_outfits(40, rng=3)
    assert (again.images == table.images).all()
    assert (again.tags == table.tags).all()
    assert not (render_outfits(40, rng=4).images == table.images).all()


def test_tag_parts_are_in_the_image(table: ImageTable) -> None:
    assert table.masks is not None
    assert table.tag_parts is not None
    there = table.masks.any(axis=(2, 3))
    assert (table.tag_parts.any(axis=-1) == table.tags).all()
    assert not (table.tag_parts & ~there[:, None, :]).any()
    worn = table.tag_parts[:, [TAGS.index("cap"), TAGS.index("beret")]].any(axis=(1, 2))
    assert (worn == there[:, PARTS.index("hat")]).all()


def test_masks_are_where_the_colour_is(table: ImageTable) -> None:
    assert table.masks is not None
    assert (table.masks.sum(axis=1) <= 1).all()
    for row in range(len(table)):
        (color,) = (color for color in COLORS if table.tags[row, TAGS.index(f"{color}-shoes")])
        found = np.median(255 * table.images[row][:, table.masks[row, PARTS.index("shoes")]], axis=1)
        assert np.abs(found - COLORS[color]).max() < 60  # five deviations


def test_garments_of_one_outline_differ() -> None:
    seen = {
        top: render(dataclasses.replace(PLAIN, top=top), np.random.default_rng(0))[0]
        for top in ("t-shirt", "shirt", "sweater", "jacket")
    }
    assert len({image.tobytes() for image in seen.values()}) == 4


def test_outfits_do_not_depend_on_their_number() -> None:
    few, many = render_outfits(2, rng=0), render_outfits(3, rng=0)
    assert (many.images[:2] == few.images).all()
    assert draw_outfit(np.random.default_rng(0)) == draw_outfit(np.random.default_rng(0))


def test_no_outfits() -> None:
    assert render_outfits(0, rng=0).images.shape == (0, 3, 64, 64)


@pytest.mark.parametrize(
    ("n", "error", "match"),
    [
        (-1, ValueError, "n was -1; at least 0 is accepted"),
        (2.0, TypeError, "n was 2.0; an integer is accepted"),
        (10**12, MemoryError, "1000000000000 rendered outfits takes"),
    ],
)
def test_refused_numbers(n: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        render_outfits(n, rng=0)


def test_rows_of_a_table(table: ImageTable) -> None:
    some = table[np.array([3, 1])]
    assert (some.images == table.images[[3, 1]]).all()
    assert some.masks is not None
    assert table.masks is not None
    assert (some.masks == table.masks[[3, 1]]).all()
    assert len(table[:7]) == 7
    assert repr(some) == "ImageTable(2 images of 64 x 64, 48 tags, 5 parts)"
    with pytest.raises(TypeError, match="rows was int; a slice or a NumPy array is accepted"):
        table[0]  # type: ignore[index]


def _arguments() -> dict[str, Any]:
    return {
        "images": np.zeros((2, 3, 8, 8), "float32"),
        "tags": np.zeros((2, 2), bool),
        "tag_names": ["a", "b"],
        "masks": np.zeros((2, 1, 8, 8), bool),
        "part_names": ["p"],
        "tag_parts": np.zeros((2, 2, 1), bool),
    }


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"images": np.zeros((2, 3, 8, 8))}, TypeError, "images has dtype float64; float32 is accepted"),
        ({"images": [[1.0]]}, TypeError, "images was list; a NumPy array is accepted"),
        ({"images": np.zeros((2, 8, 8, 3), "float32")}, ValueError, r"images has shape \(2, 8, 8, 3\)"),
        ({"images": np.full((2, 3, 8, 8), 255, "float32")}, ValueError, "images has values 255.0 to 255.0"),
        ({"images": np.full((2, 3, 8, 8), np.nan, "float32")}, ValueError, "images has NaN"),
        ({"tags": np.zeros((2, 2))}, TypeError, "tags has dtype float64; bool is accepted"),
        ({"tags": np.zeros((2, 3), bool)}, ValueError, r"tags has shape \(2, 3\); \(2, 2\) is accepted"),
        ({"tag_names": ["a", "a"]}, ValueError, "tag_names has a name that is empty or there twice"),
        ({"tag_names": "ab"}, TypeError, "tag_names was 'ab'; a sequence of str is accepted"),
        ({"masks": np.zeros((2, 2, 8, 8), bool)}, ValueError, r"masks has shape .*; \(2, 1, rows, columns\)"),
        ({"masks": np.full((2, 1, 8, 8), 2, "float32")}, ValueError, "masks has values 2.0 to 2.0"),
        ({"masks": np.zeros((2, 1, 8, 8), int)}, TypeError, "masks has dtype int64; bool and float32 are accepted"),
        ({"masks": None}, ValueError, "part_names or tag_parts were given without masks"),
        ({"tag_parts": np.zeros((2, 1, 1), bool)}, ValueError, "tag_parts has shape"),
    ],
)
def test_refused_tables(change: dict[str, Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        ImageTable(**_arguments() | change)


def test_unknown_tags_name_the_nearest() -> None:
    with pytest.raises(ValueError, match="tag was 'red-tops', which is not known; near it are 'red-top'"):
        tag_index("red-tops", TAGS)
    with pytest.raises(ValueError, match="tag was 'QQ', .*; near it are 't-shirt', 'shirt', 'sweater'"):
        tag_index("QQ", TAGS)


def test_average_precision_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import average_precision_score

    rng = np.random.default_rng(0)
    scores, holds = rng.normal(size=(50, 4)), rng.random((50, 4)) < 0.3
    wanted = [average_precision_score(holds[:, k], scores[:, k]) for k in range(4)]
    np.testing.assert_allclose(average_precision(scores, holds), wanted, rtol=1e-12)


def test_average_precision_of_no_image() -> None:
    found = average_precision(np.zeros((3, 2)), np.array([[True, False]] * 3))
    np.testing.assert_array_equal(found, [1.0, np.nan])
    with pytest.raises(ValueError, match=r"holds has shape \(3,\); \(3, 2\) is accepted"):
        average_precision(np.zeros((3, 2)), np.zeros(3, bool))
