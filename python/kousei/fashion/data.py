"""Images with tags, and masks of their parts where these are known."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kousei._lib.arrays import require_finite, require_shape
from kousei._lib.errors import check_type, shown

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class ImageTable:
    """Images, their tags, and masks of parts.

    Parameters
    ----------
    images : numpy.ndarray (n, 3, height, width) of float32
        Red, green and blue in [0, 1].
    tags : numpy.ndarray (n, tags) of bool
        Which image has which tag.
    tag_names : sequence of str
        Distinct names, in the order of the columns of `tags`.
    masks : numpy.ndarray (n, parts, rows, columns) of bool or of float32 in [0, 1], optional
        How much of each pixel, or of each cell of a coarser grid, is of each part; nothing where an image has it
        not.
    part_names : sequence of str
        Distinct names, in the order of the second axis of `masks`; none without masks.
    tag_parts : numpy.ndarray (n, tags, parts) of bool, optional
        Which parts make a tag hold of an image, where that is known, as it is of rendered images; it measures
        how well heat maps point.

    Raises
    ------
    TypeError
        If an argument is not of these types and dtypes.
    ValueError
        If shapes disagree, a pixel is outside [0, 1], or a name is there twice.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.fashion import ImageTable
    >>> images = np.zeros((2, 3, 64, 64), "float32")
    >>> table = ImageTable(images, np.array([[True, False], [True, True]]), ["red", "round"])
    >>> len(table), table[1:].tags.tolist()
    (2, [[True, True]])
    """

    images: Array
    tags: Array
    tag_names: Sequence[str]
    masks: Array | None = None
    part_names: Sequence[str] = ()
    tag_parts: Array | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "tag_names", check_names("tag_names", self.tag_names))
        object.__setattr__(self, "part_names", check_names("part_names", self.part_names))
        check_images("images", self.images)
        n = len(self.images)
        check_array("tags", self.tags, "b", (n, len(self.tag_names)))
        if self.masks is None:
            if self.part_names or self.tag_parts is not None:
                raise ValueError("part_names or tag_parts were given without masks; masks are accepted with them")
            return
        parts = len(self.part_names)
        check_masks("masks", self.masks, n, parts)
        if self.tag_parts is not None:
            check_array("tag_parts", self.tag_parts, "b", (n, len(self.tag_names), parts))

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: slice | Array) -> ImageTable:
        """Return the table of some rows: a slice, or an array of indices or of truth values."""
        check_rows(rows, len(self))
        masks, of_tags = (None if array is None else array[rows] for array in (self.masks, self.tag_parts))
        return ImageTable(self.images[rows], self.tags[rows], self.tag_names, masks, self.part_names, of_tags)

    def __repr__(self) -> str:
        height, width = self.images.shape[2:]
        parts = f", {len(self.part_names)} parts" if self.part_names else ""
        return f"ImageTable({len(self)} images of {height} x {width}, {len(self.tag_names)} tags{parts})"


def check_rows(rows: Any, n: int) -> None:
    """Raise TypeError or ValueError unless a slice, or an array of indices or of truth values, says rows of n."""
    check_type("rows", rows, slice | np.ndarray, "a slice or a NumPy array")
    if isinstance(rows, slice):
        return
    if rows.dtype.kind not in "biu":
        raise TypeError(f"rows has dtype {rows.dtype}; integers and bool are accepted")
    if rows.ndim != 1 or (rows.dtype.kind == "b" and len(rows) != n):
        raise ValueError(f"rows has shape {rows.shape}; (rows,) of integers and ({n},) of bool are accepted")
    if rows.dtype.kind != "b" and not ((rows >= -n) & (rows < n)).all():
        raise ValueError(f"rows has an index that is not {-n} to {n - 1}")


def check_images(name: str, images: Any) -> None:
    """Raise TypeError or ValueError unless an array holds images, (n, 3, height, width) of float32 in [0, 1]."""
    check_type(name, images, np.ndarray, "a NumPy array")
    if images.dtype != np.float32:
        raise TypeError(f"{name} has dtype {images.dtype}; float32 is accepted")
    if images.ndim != 4 or images.shape[1] != 3 or 0 in images.shape[2:]:
        raise ValueError(f"{name} has shape {images.shape}; (n, 3, height, width) is accepted")
    _check_unit(name, images)


def check_masks(name: str, masks: Any, n: int, parts: int | None = None) -> None:
    """Raise TypeError or ValueError unless an array holds masks of n images, and of so many parts."""
    check_type(name, masks, np.ndarray, "a NumPy array")
    if masks.dtype not in (np.bool_, np.float32):
        raise TypeError(f"{name} has dtype {masks.dtype}; bool and float32 are accepted")
    if masks.ndim != 4 or len(masks) != n or parts not in (None, masks.shape[1]) or 0 in masks.shape[2:]:
        accepted = f"({n}, {'parts' if parts is None else parts}, rows, columns)"
        raise ValueError(f"{name} has shape {masks.shape}; {accepted} is accepted")
    if masks.dtype == np.float32:
        _check_unit(name, masks)


def _check_unit(name: str, array: Array) -> None:
    require_finite(name, array)
    if array.size and not (array.min() >= 0 and array.max() <= 1):
        raise ValueError(f"{name} has values {array.min()} to {array.max()}; 0 to 1 is accepted")


def check_array(name: str, array: Any, kinds: str, shape: tuple[int, ...]) -> None:
    """Raise TypeError or ValueError unless it is an array of this shape, of bool, "b", or of integers, "iu"."""
    check_type(name, array, np.ndarray, "a NumPy array")
    if array.dtype.kind not in kinds:
        raise TypeError(f"{name} has dtype {array.dtype}; {'bool is' if kinds == 'b' else 'integers are'} accepted")
    require_shape(name, array, shape)


def check_names(argument: str, names: Sequence[str], least: int = 0) -> tuple[str, ...]:
    """Return names as a tuple; TypeError unless they are texts, ValueError unless they are distinct and not empty."""
    listed = isinstance(names, Sequence) and not isinstance(names, str | bytes)
    if not listed or not all(isinstance(name, str) for name in names):
        raise TypeError(f"{argument} was {names!r}; a sequence of str is accepted")
    if len(set(names)) < len(names) or "" in names:
        raise ValueError(f"{argument} has a name that is empty or there twice; distinct names are accepted")
    if len(names) < least:
        raise ValueError(f"{argument} has {len(names)} names; at least {least} is accepted")
    return tuple(names)


def check_tags(name: str, tags: Sequence[str], of_model: Sequence[str]) -> None:
    """Raise ValueError unless a table has the tags of a model."""
    if tags != of_model:
        raise ValueError(f"{name} has other tags than the model, or another order; the same tags are accepted")


def check_parts(name: str, table: ImageTable, of_model: Sequence[str]) -> None:
    """Raise ValueError unless a table has no masks, or those of the parts of a model."""
    if table.masks is not None and table.part_names != of_model:
        raise ValueError(f"{name} has masks of {table.part_names}; masks of {of_model} are accepted")


def tag_index(tag: str, tag_names: Sequence[str]) -> int:
    """Return the column of a tag; ValueError, which names the nearest ones, where there is none."""
    if isinstance(tag, str) and tag in tag_names:
        return tag_names.index(tag)
    near = difflib.get_close_matches(str(tag), tag_names, n=3, cutoff=0.4) or list(tag_names[:3])
    raise ValueError(f"tag was {shown(tag)}, which is not known; near it are {', '.join(map(repr, near))}")
