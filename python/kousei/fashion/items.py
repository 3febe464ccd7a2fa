"""Outfits as sets of images of items, and whether the items go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kousei._lib.arrays import require_finite
from kousei._lib.errors import check_type
from kousei.fashion.data import Array, check_array, check_rows


@dataclass(frozen=True, eq=False)
class OutfitTable:
    """Outfits as sets of images of items, and whether the items go together.

    Parameters
    ----------
    images : numpy.ndarray (n, items, 3, height, width) of float32
        Red, green and blue in [0, 1]; anything where there is no item.
    present : numpy.ndarray (n, items) of bool
        Where there is an item; each outfit has one or more. Their order means nothing.
    matches : numpy.ndarray (n,) of bool
        Which outfits match.
    regions : numpy.ndarray (n, items, height, width) of integers, optional
        The region 0, 1, ... of an item that each of its pixels belongs to.
    wrong : numpy.ndarray (n, items, regions) of bool, optional
        The regions that do not match, where that is known, as it is of rendered outfits; it measures explanations.

    Raises
    ------
    TypeError
        If an argument is not of these types and dtypes.
    ValueError
        If shapes disagree, a pixel is outside [0, 1], or an outfit has no item.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.fashion import OutfitTable
    >>> images = np.zeros((2, 3, 3, 32, 32), "float32")
    >>> present = np.array([[True, True, False], [True, True, True]])
    >>> OutfitTable(images, present, np.array([True, False]))
    OutfitTable(2 outfits of up to 3 items of 32 x 32, 1 match)
    """

    images: Array
    present: Array
    matches: Array
    regions: Array | None = None
    wrong: Array | None = None

    def __post_init__(self) -> None:
        check_sets(self.images, self.present)
        n, items, _, height, width = self.images.shape
        check_array("matches", self.matches, "b", (n,))
        if self.regions is not None:
            check_regions(self.regions, (n, items, height, width))
        if self.wrong is not None:
            if self.regions is None:
                raise ValueError("wrong was given without regions; regions are accepted with it")
            check_type("wrong", self.wrong, np.ndarray, "a NumPy array")
            labels = int(self.regions.max(initial=-1)) + 1
            check_array("wrong", self.wrong, "b", (n, items, max([labels, *self.wrong.shape[2:]])))

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: slice | Array) -> OutfitTable:
        """Return the table of some rows: a slice, or an array of indices or of truth values."""
        check_rows(rows, len(self))
        regions, wrong = (None if array is None else array[rows] for array in (self.regions, self.wrong))
        return OutfitTable(self.images[rows], self.present[rows], self.matches[rows], regions, wrong)

    def __repr__(self) -> str:
        n, items, _, height, width = self.images.shape
        return f"OutfitTable({n} outfits of up to {items} items of {height} x {width}, {self.matches.sum()} match)"


def check_sets(images: Any, present: Any) -> None:
    """Raise TypeError or ValueError unless they are sets of images, as those of an `OutfitTable`."""
    check_type("images", images, np.ndarray, "a NumPy array")
    if images.dtype != np.float32:
        raise TypeError(f"images has dtype {images.dtype}; float32 is accepted")
    if images.ndim != 5 or images.shape[2] != 3 or 0 in images.shape[1:]:
        raise ValueError(f"images has shape {images.shape}; (n, items, 3, height, width) is accepted")
    check_array("present", present, "b", images.shape[:2])
    if not present.any(axis=1).all():
        empty = int(present.any(axis=1).argmin())
        raise ValueError(f"present has no item of outfit {empty}; one or more are accepted")
    of_items = images[present]
    require_finite("images", of_items)
    if of_items.size and not (of_items.min() >= 0 and of_items.max() <= 1):
        raise ValueError(f"images has values {of_items.min()} to {of_items.max()}; 0 to 1 is accepted")


def check_regions(regions: Any, shape: tuple[int, ...]) -> None:
    """Raise TypeError or ValueError unless each pixel has a region, 0, 1, ..."""
    check_array("regions", regions, "iu", shape)
    if regions.size and regions.min() < 0:
        raise ValueError(f"regions has the label {regions.min()}; 0, 1, ... are accepted")
