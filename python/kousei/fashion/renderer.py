"""Outfits drawn by a program: figures in clothes, whose tags, parts and rules are known."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kousei._lib.arrays import require_memory
from kousei._lib.errors import check_integer
from kousei._lib.random import Rng, generator
from kousei.fashion.data import Array, ImageTable

SIZE = 64
PARTS = ("hat", "top", "bottom", "shoes", "bag")
COLORS = {
    "white": (240, 240, 240),
    "black": (25, 25, 25),
    "red": (200, 40, 40),
    "blue": (45, 70, 190),
    "beige": (215, 190, 150),
    "grey": (130, 130, 130),
    "green": (50, 140, 70),
    "yellow": (230, 200, 50),
}
TOPS = ("t-shirt", "shirt", "sweater", "jacket")
BOTTOMS = ("jeans", "slacks", "skirt", "shorts")
SHOES = ("sneakers", "leather-shoes", "boots")
HATS = ("cap", "beret")
BAGS = ("tote", "backpack")
PATTERNS = ("stripe", "check")

_SKIN, _WHITE, _DARK = (225, 185, 155), (250, 250, 250), (20, 20, 20)
_UNCOLORED = ("black", "grey", "white")


@dataclass(frozen=True)
class Outfit:
    """What a figure wears; no hat, bag or pattern is None."""

    top: str
    bottom: str
    shoes: str
    hat: str | None
    bag: str | None
    pattern: str | None
    top_color: str
    bottom_color: str
    shoes_color: str
    hat_color: str
    bag_color: str


def _office_casual(o: Outfit) -> Sequence[str]:
    holds = o.top in ("shirt", "jacket") and o.bottom in ("slacks", "skirt") and o.shoes != "sneakers"
    return ("top", "bottom", "shoes") if holds else ()


def _formal(o: Outfit) -> Sequence[str]:
    worn = (o.top, o.bottom, o.shoes) == ("jacket", "slacks", "leather-shoes")
    return ("top", "bottom", "shoes") if worn and o.top_color in ("black", "grey") else ()


def _casual(o: Outfit) -> Sequence[str]:
    return ("top", "bottom") if o.top in ("t-shirt", "sweater") and o.bottom in ("jeans", "shorts") else ()


def _sporty(o: Outfit) -> Sequence[str]:
    return ("shoes", "hat") if o.shoes == "sneakers" and o.hat == "cap" else ()


def _monotone(o: Outfit) -> Sequence[str]:
    uncolored = o.top_color in _UNCOLORED and o.bottom_color in _UNCOLORED
    return ("top", "bottom") if o.top_color == o.bottom_color or uncolored else ()


def _feminine(o: Outfit) -> Sequence[str]:
    return ("bottom", "hat") if (o.bottom, o.hat) == ("skirt", "beret") else ()


def _retro(o: Outfit) -> Sequence[str]:
    if o.pattern == "check":
        return ("top",)
    return ("hat",) if o.hat == "beret" else ()


#: Tags that no single garment has: a rule returns the parts that make it hold, none where it does not.
ABSTRACT_TAGS: dict[str, Callable[[Outfit], Sequence[str]]] = {
    "office-casual": _office_casual,
    "formal": _formal,
    "casual": _casual,
    "sporty": _sporty,
    "monotone": _monotone,
    "feminine": _feminine,
    "retro": _retro,
}
#: The 48 tags of a rendered outfit.
TAGS = (
    *TOPS,
    *BOTTOMS,
    *SHOES,
    *HATS,
    *BAGS,
    *PATTERNS,
    *(f"{color}-{part}" for part in ("top", "bottom", "shoes") for color in COLORS),
    *ABSTRACT_TAGS,
)


def tags_of(outfit: Outfit) -> dict[str, Sequence[str]]:
    """Return the tags of an outfit, each with the parts that it is about."""
    tags: dict[str, Sequence[str]] = {}
    for part in PARTS:
        garment = getattr(outfit, part)
        if garment is not None:
            tags[garment] = (part,)
    for part in ("top", "bottom", "shoes"):
        tags[f"{getattr(outfit, part + '_color')}-{part}"] = (part,)
    if outfit.pattern is not None:
        tags[outfit.pattern] = ("top",)
    return tags | {tag: parts for tag, rule in ABSTRACT_TAGS.items() if (parts := rule(outfit))}


def draw_outfit(rng: np.random.Generator) -> Outfit:
    """Draw what a figure wears: each garment for itself, or, of about a third, one of three styles."""
    worn: dict[str, Any] = {
        "top": _one(rng, TOPS),
        "bottom": _one(rng, BOTTOMS),
        "shoes": _one(rng, SHOES),
        "hat": _one(rng, (None, None, *HATS)),
        "bag": _one(rng, (None, None, *BAGS)),
        "pattern": _one(rng, (None, None, None, *PATTERNS)),
    }
    if rng.random() < 0.35:
        business = {"top": _one(rng, ("shirt", "jacket")), "bottom": "slacks", "shoes": "leather-shoes"}
        street = {"top": "t-shirt", "bottom": "jeans", "shoes": "sneakers"}
        worn |= _one(rng, (business, street, {"bottom": "skirt", "hat": "beret"}))
    worn |= {f"{part}_color": _one(rng, tuple(COLORS)) for part in PARTS}
    if worn["bottom"] == "jeans" and rng.random() < 0.7:
        worn["bottom_color"] = "blue"
    return Outfit(**worn)


def _one(rng: np.random.Generator, of: Sequence[Any]) -> Any:
    return of[int(rng.integers(len(of)))]


class _Canvas:
    """A picture and the masks of its parts; shapes are given for a figure in the middle, and moved."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        noise = rng.normal(rng.integers(60, 200, 3), 8, (SIZE, SIZE, 3))
        self.pixels = np.clip(noise, 0, 255).astype(np.uint8)
        self.masks = np.zeros((len(PARTS), SIZE, SIZE), bool)
        self.shift = (0, 0)
        for _ in range(3):  # boxes in the colours of garments distract
            x, y, side = rng.integers((0, 0, 4), (SIZE, SIZE, 12)).tolist()
            self.polygon(_box(x, y, x + side, y + side), COLORS[_one(rng, tuple(COLORS))])
        self.shift = int(rng.integers(-8, 9)), int(rng.integers(-2, 3))

    def dye(self, color: str) -> tuple[int, ...]:
        """Return a colour that is a little off."""
        return tuple(np.clip(COLORS[color] + self.rng.normal(0, 12, 3), 0, 255).astype(int).tolist())

    def polygon(self, corners: Sequence[tuple[int, int]], color: Sequence[int], part: str | None = None) -> None:
        """Fill a polygon; of a part it hides the parts behind it."""
        x, y = (np.array(axis) + shift for axis, shift in zip(zip(*corners, strict=True), self.shift, strict=True))
        rows = slice(max(0, y.min()), min(SIZE, y.max() + 1))
        columns = slice(max(0, x.min()), min(SIZE, x.max() + 1))
        inside = _inside(x, y, rows, columns)
        self.pixels[rows, columns][inside] = color
        if part is not None:
            self.masks[:, rows, columns][:, inside] = False
            self.masks[PARTS.index(part), rows, columns][inside] = True

    def line(self, *corners: tuple[int, int], color: Sequence[int]) -> None:
        for first, last in itertools.pairwise(corners):
            count = max(abs(last[0] - first[0]), abs(last[1] - first[1])) + 1
            points = np.rint(np.linspace(first, last, count)).astype(int) + self.shift
            x, y = points[((points >= 0) & (points < SIZE)).all(axis=1)].T
            self.pixels[y, x] = color

    def pattern(self, pattern: str, color: str) -> None:
        y, x = np.mgrid[:SIZE, :SIZE]
        where = y % 4 < 2 if pattern == "stripe" else (y // 3 + x // 3) % 2 == 0
        other = self.dye("white" if color != "white" else "black")
        self.pixels[where & self.masks[PARTS.index("top")]] = other


def _inside(x: Array, y: Array, rows: slice, columns: slice) -> Array:
    """Tell which centres of pixels an edge to their right crosses an odd number of times."""
    at_y = np.arange(rows.start, rows.stop)[:, None, None] + 0.5
    at_x = np.arange(columns.start, columns.stop)[:, None] + 0.5
    next_x, next_y = np.roll(x, -1), np.roll(y, -1)
    slope = (next_x - x) / np.where(next_y == y, 1, next_y - y)
    crossed = ((y <= at_y) != (next_y <= at_y)) & (at_x < x + (at_y - y) * slope)
    return crossed.sum(axis=-1) % 2 == 1


def _box(left: int, upper: int, right: int, lower: int) -> Sequence[tuple[int, int]]:
    return [(left, upper), (right, upper), (right, lower), (left, lower)]


_HEAD = [(30, 4), (35, 4), (38, 7), (38, 12), (35, 16), (30, 16), (27, 12), (27, 7)]
_TROUSERS = [(26, 34), (39, 34), (39, 57), (34, 57), (33, 42), (32, 42), (31, 57), (26, 57)]
_LONG_SLEEVES = [
    *((24, 16), (41, 16), (44, 20), (48, 34), (43, 36), (41, 24)),
    *((41, 37), (24, 37), (24, 24), (21, 36), (17, 34), (20, 20)),
]
#: Of each garment its outlines, drawn in its colour.
_OUTLINES: dict[str, Sequence[Sequence[tuple[int, int]]]] = {
    "jeans": [[(24, 34), (41, 34), (41, 57), (34, 57), (33, 40), (32, 40), (31, 57), (24, 57)]],
    "slacks": [_TROUSERS],
    "skirt": [[(26, 34), (39, 34), (45, 51), (20, 51)]],
    "shorts": [[(24, 34), (41, 34), (42, 46), (33, 46), (32, 40), (31, 46), (23, 46)]],
    "t-shirt": [
        [
            *((24, 16), (41, 16), (47, 22), (43, 26), (40, 23)),
            *((40, 35), (25, 35), (25, 23), (22, 26), (18, 22)),
        ]
    ],
    "shirt": [_LONG_SLEEVES],
    "sweater": [_LONG_SLEEVES, _box(28, 14, 37, 18)],
    "jacket": [_LONG_SLEEVES],
    "sneakers": [[(x - 4, 56), (x + 5, 56), (x + 6, 61), (x - 5, 61)] for x in (27, 37)],
    "leather-shoes": [[(x - 3, 57), (x + 4, 57), (x + 5, 61), (x - 4, 61)] for x in (27, 37)],
    "boots": [[(x - 4, 50), (x + 5, 50), (x + 6, 62), (x - 4, 62)] for x in (27, 37)],
    "cap": [[(27, 9), (28, 3), (37, 3), (38, 8), (43, 9), (43, 11), (27, 10)]],
    "beret": [[(24, 7), (27, 2), (39, 2), (42, 6), (39, 9), (27, 9)]],
    "tote": [[(46, 34), (57, 34), (58, 47), (45, 47)]],
    "backpack": [[(14, 18), (21, 17), (21, 33), (13, 34)]],
}


def render(outfit: Outfit, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return a picture of an outfit, (64, 64, 3) of uint8, and the masks of its parts, (5, 64, 64) of bool."""
    canvas = _Canvas(rng)
    for limb in (_HEAD, _box(26, 34, 31, 59), _box(34, 34, 39, 59)):
        canvas.polygon(limb, _SKIN)
    for part in ("bottom", "top", "shoes", "hat", "bag"):
        garment = getattr(outfit, part)
        if garment is not None:
            color = canvas.dye(getattr(outfit, f"{part}_color"))
            for outline in _OUTLINES[garment]:
                canvas.polygon(outline, color, part)
            if part == "top" and outfit.pattern is not None:
                canvas.pattern(outfit.pattern, outfit.top_color)
            _trim(canvas, garment, color)
    return canvas.pixels, canvas.masks


def _trim(canvas: _Canvas, garment: str, color: tuple[int, ...]) -> None:
    """Draw what tells garments of one outline apart."""
    if garment == "jeans":
        canvas.line((28, 36), (27, 54), color=(220, 180, 90))
        canvas.line((36, 36), (37, 54), color=(220, 180, 90))
    elif garment == "shirt":
        canvas.line((32, 16), (32, 35), color=(90, 90, 90))
        canvas.polygon([(28, 15), (37, 15), (32, 21)], _WHITE)
        for y in (22, 26, 30):
            canvas.line((33, y), (33, y), color=_DARK)
    elif garment == "jacket":
        canvas.polygon([(28, 15), (37, 15), (32, 28)], _WHITE)
        canvas.line((32, 18), (32, 27), color=(150, 20, 20))
        canvas.line((28, 15), (32, 28), (36, 15), color=_DARK)
    elif garment == "sweater":
        for y in (35, 36):
            canvas.line((24, y), (40, y), color=[max(0, level - 50) for level in color])
    elif garment == "sneakers":
        for x in (27, 37):
            canvas.line((x - 5, 61), (x + 5, 61), color=_WHITE)
    elif garment == "leather-shoes":
        for x in (27, 37):
            canvas.line((x - 4, 61), (x + 4, 61), color=(60, 30, 10))
    elif garment == "tote":
        canvas.line((47, 33), (48, 29), (51, 27), (54, 29), (55, 33), color=color)


def render_outfits(n: int, rng: Rng = None) -> ImageTable:
    """Render outfits with their tags and the masks of their parts.

    A figure stands before a noisy ground with three boxes in the colours of garments, and wears a top, a bottom and
    shoes, and about half of them a hat, and half a bag. Of the 48 tags 41 are of one garment; the other 7 are rules
    of several, such as "formal": a jacket in black or grey, slacks and leather shoes.

    Parameters
    ----------
    n : int
        Outfits.
    rng : numpy.random.Generator, int or None
        Source of all that is drawn.

    Returns
    -------
    ImageTable
        Of n images (3, 64, 64) and masks of "hat", "top", "bottom", "shoes" and "bag", with its `tag_parts`.

    Raises
    ------
    TypeError, ValueError
        If n is no integer of at least 0, or `rng` is not one of those above.
    MemoryError
        If this machine cannot hold the images.

    Examples
    --------
    >>> from kousei.fashion import render_outfits
    >>> render_outfits(3, rng=0)
    ImageTable(3 images of 64 x 64, 48 tags, 5 parts)
    """
    n, drawn = check_integer("n", n, 0), generator(rng)
    require_memory(n, SIZE * SIZE * (3 * 4 + len(PARTS)), f"{n} rendered outfits")
    images = np.empty((n, 3, SIZE, SIZE), np.float32)
    masks = np.empty((n, len(PARTS), SIZE, SIZE), bool)
    tag_parts = np.zeros((n, len(TAGS), len(PARTS)), bool)
    for row in range(n):
        outfit = draw_outfit(drawn)
        pixels, masks[row] = render(outfit, drawn)
        images[row] = pixels.transpose(2, 0, 1) / np.float32(255)
        for tag, parts in tags_of(outfit).items():
            tag_parts[row, TAGS.index(tag), [PARTS.index(part) for part in parts]] = True
    return ImageTable(images, np.any(tag_parts, axis=-1), TAGS, masks, PARTS, tag_parts)
