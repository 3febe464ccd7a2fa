"""Outfits drawn by a program, item by item, some with regions that do not match."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np

from kousei._lib.arrays import require_memory
from kousei._lib.errors import check_integer
from kousei._lib.random import Rng, generator
from kousei.fashion.data import Array
from kousei.fashion.items import OutfitTable

SIZE = 32
#: First row, row after the last, and between them the left and the right end, in the first row and after the last.
Shape: TypeAlias = tuple[int, int, tuple[int, int], tuple[int, int]]
#: Of each item the shapes of its regions 1 to 4; region 0 is the ground.
ITEMS: dict[str, dict[str, list[Shape]]] = {
    "top": {
        "left sleeve": [(5, 20, (7, 10), (2, 10))],
        "right sleeve": [(5, 20, (22, 25), (22, 30))],
        "body": [(12, 29, (10, 22), (10, 22))],
        "yoke": [(5, 12, (10, 22), (10, 22))],
    },
    "bottom": {
        "waist": [(4, 10, (8, 24), (8, 24))],
        "left leg": [(10, 23, (7, 16), (7, 15))],
        "right leg": [(10, 23, (16, 25), (17, 25))],
        "hems": [(23, 29, (6, 15), (6, 15)), (23, 29, (17, 26), (17, 26))],
    },
    "shoes": {
        "left upper": [(6, 19, (5, 13), (3, 14))],
        "right upper": [(6, 19, (19, 27), (18, 29))],
        "left toe": [(19, 28, (3, 14), (4, 13))],
        "right toe": [(19, 28, (18, 29), (19, 28))],
    },
    "hat": {
        "crown": [(4, 14, (10, 22), (8, 24))],
        "band": [(14, 19, (8, 24), (8, 24))],
        "left brim": [(19, 26, (2, 16), (5, 16))],
        "right brim": [(19, 26, (16, 30), (16, 27))],
    },
    "bag": {
        "handle": [(3, 9, (9, 23), (9, 23))],
        "flap": [(9, 16, (5, 27), (7, 25))],
        "left side": [(16, 29, (5, 16), (5, 16))],
        "right side": [(16, 29, (16, 27), (16, 27))],
    },
}
_PARTS = 4
_OPTIONAL = ("hat", "bag")
_SHIFT = 2


class Style(NamedTuple):
    """Colours, of which each region takes one, and the pattern that all of its regions have."""

    colors: tuple[tuple[int, int, int], ...]
    pattern: str


#: No two have a colour or a pattern in common.
STYLES = {
    "formal": Style(((25, 25, 25), (240, 240, 240), (30, 40, 90)), "plain"),
    "sporty": Style(((205, 40, 40), (235, 205, 40), (40, 95, 215)), "stripe"),
    "retro": Style(((215, 185, 140), (120, 75, 40), (60, 120, 60)), "check"),
    "feminine": Style(((240, 160, 190), (175, 130, 215), (150, 215, 205)), "dots"),
}


def render_items(n: int, wrong: int = 1, rng: Rng = None) -> OutfitTable:
    """Render outfits as sets of items, of which about half do not match.

    An outfit has a top, a bottom and shoes, and with a chance of a half each a hat and a bag. It is of one of four
    styles, three colours and a pattern: each region of each item takes one of the colours and has the pattern. Of one
    that does not match, one region of one item, the culprit, or several of its regions, are of another style. All
    else is drawn alike: grounds, places, shades and pixels are noisy.

    Parameters
    ----------
    n : int
        Outfits.
    wrong : int
        Regions of a culprit that are of the other style: any number from 1 to this one, at most 4. Those of many
        teach more, and those of one tell whether an explanation points at it.
    rng : numpy.random.Generator, int or None
        Source of all that is drawn.

    Returns
    -------
    OutfitTable
        Of n outfits of "top", "bottom", "shoes", "hat" and "bag", (3, 32, 32), with their regions, five of each: 0 is
        the ground, and the others are those of `ITEMS`; and with which of them are `wrong`.

    Raises
    ------
    TypeError, ValueError
        If n is no integer of at least 0, `wrong` none of 1 to 4, or `rng` is not one of those above.
    MemoryError
        If this machine cannot hold the images.

    Examples
    --------
    >>> from kousei.fashion import render_items
    >>> table = render_items(100, rng=0)
    >>> table
    OutfitTable(100 outfits of up to 5 items of 32 x 32, 44 match)
    >>> bool((table.wrong.sum(axis=(1, 2)) == ~table.matches).all())
    True
    """
    check_integer("n", n, 0)
    check_integer("wrong", wrong, 1, _PARTS)
    drawn = generator(rng)
    items = len(ITEMS)
    require_memory(n, items * SIZE * SIZE * 3 * 8, f"{n} rendered outfits")
    matches = drawn.random(n) < 0.5
    optional = np.isin(list(ITEMS), _OPTIONAL)
    present = ~optional | (drawn.random((n, items)) < 0.5)
    culprit = np.where(present, drawn.random((n, items)), -1).argmax(axis=1)
    order = drawn.random((n, _PARTS)).argsort(axis=1)
    bad = np.zeros((n, items, _PARTS + 1), bool)
    bad[np.arange(n), culprit, 1:] = ~matches[:, None] & (order < drawn.integers(1, wrong + 1, (n, 1)))

    style = drawn.integers(len(STYLES), size=n)
    other = (style + drawn.integers(1, len(STYLES), size=n)) % len(STYLES)
    of_region = np.where(bad, other[:, None, None], style[:, None, None])
    colors = np.array([each.colors for each in STYLES.values()], np.float32)
    color = colors[of_region, drawn.integers(colors.shape[1], size=bad.shape)]
    color += drawn.normal(0, 8, color.shape)
    color[..., 0, :] = drawn.uniform(185, 225, (n, items, 3))

    shift = drawn.integers(-_SHIFT, _SHIFT + 1, (n, items, 2))
    regions = _regions(shift)
    marked = _marks(shift, of_region, regions)
    at = np.ogrid[:n, :items, :SIZE, :SIZE][:2]
    pixels = color[at[0], at[1], regions]
    # Lighter on dark colours, darker on light ones.
    pixels += np.where(marked, np.where(pixels.mean(axis=-1) < 128, 90, -90), 0)[..., None]
    pixels += drawn.normal(0, 6, pixels.shape)
    images = np.clip(pixels / np.float32(255), 0, 1).astype(np.float32).transpose(0, 1, 4, 2, 3)
    return OutfitTable(np.ascontiguousarray(images), present, matches, regions, bad)


def _regions(shift: Array) -> Array:
    """Return the region (n, items, SIZE, SIZE) of each pixel of items that are moved, down and to the right."""
    wide = np.pad(np.stack([_outline(item) for item in ITEMS.values()]), ((0, 0), (_SHIFT, _SHIFT), (_SHIFT, _SHIFT)))
    rows, columns = (np.arange(SIZE) + _SHIFT - shift[..., axis, None] for axis in (0, 1))
    return wide[np.arange(len(ITEMS))[:, None, None], rows[..., :, None], columns[..., None, :]]


def _outline(item: dict[str, list[Shape]]) -> Array:
    """Return the region (SIZE, SIZE) of each pixel."""
    drawn = np.zeros((SIZE, SIZE), np.int64)
    row, column = np.mgrid[:SIZE, :SIZE]
    for k, shapes in enumerate(item.values()):
        for first, last, above, below in shapes:
            left, right = (a + (b - a) * (row - first) / (last - first) for a, b in zip(above, below, strict=True))
            drawn[(first <= row) & (row < last) & (left <= column) & (column < right)] = k + 1
    return drawn


def _marks(shift: Array, style: Array, regions: Array) -> Array:
    """Tell which pixels, (n, items, SIZE, SIZE), the pattern of their region marks."""
    row, column = (np.arange(SIZE) - shift[..., axis, None] for axis in (0, 1))
    row, column = row[..., :, None], column[..., None, :]
    patterns = {
        "plain": np.zeros((1, 1, 1, 1), bool),
        "stripe": row % 4 < 2,
        "check": (row // 2 + column // 2) % 2 == 0,
        "dots": (row % 4 == 0) & (column % 4 == 0),
    }
    n, items = style.shape[:2]
    of_pixel = style[np.arange(n)[:, None, None, None], np.arange(items)[:, None, None], regions]
    marked = np.zeros(regions.shape, bool)
    for k, each in enumerate(STYLES.values()):
        marked |= (of_pixel == k) & patterns[each.pattern]
    return marked & (regions > 0)
