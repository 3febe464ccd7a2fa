"""A table of images and tags in a folder of files."""

from __future__ import annotations

import csv
import os
import struct
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kousei._lib.arrays import require_memory, require_shape
from kousei._lib.errors import check_choice, check_integer, check_type, said, shown
from kousei.fashion.data import Array, ImageTable, check_names

#: The file of the tags in a folder.
TAGS_FILE = "tags.csv"
_COLUMNS = ("image", "tags")
_MASK = "mask:"
_SEPARATOR = ";"


@dataclass(frozen=True, eq=False)
class ImageFolder:
    """What was read of a folder.

    Attributes
    ----------
    table : ImageTable
        The images, their tags, and masks where the folder has them.
    names : tuple of str
        The files of the images, in the rows of the table.
    skipped : dict of str to str
        Files that could not be read, and why; their rows are left out.
    """

    table: ImageTable
    names: tuple[str, ...]
    skipped: Mapping[str, str]


def read_folder(folder: str | os.PathLike[str], *, size: int = 64, unreadable: str = "skip") -> ImageFolder:
    """Read a folder of images, and the tags of each from its tags.csv.

    The file has a row for each image and, named in its first line, these columns; others are left alone:

    - image: a file, its path from the folder on
    - tags: the tags of the image, with ";" between them; none where it is empty
    - mask:PART, optional, one for each part: a file of the size of the image, white where the part is; empty where an
      image has no such part

    Images are scaled to fit into a square, in the middle of white; what is transparent is white too.

    Parameters
    ----------
    folder : str or os.PathLike
        With tags.csv.
    size : int
        Pixels along a side of the square, at least 8.
    unreadable : str
        "skip" leaves out images that are missing, truncated, of more than 8 bits a level or in no format that is
        known, and lists them; "raise" refuses the first of them. Of JPEG 2000 in colour the bits cannot be told.

    Returns
    -------
    ImageFolder

    Raises
    ------
    TypeError, ValueError
        If an argument is not accepted, a column is missing, a row has too few or too many cells, an image is there
        twice, no image has a tag, none can be read, or a mask has not the size of its image.
    OSError
        If tags.csv cannot be read, or with "raise" an image cannot.

    Examples
    --------
    >>> import tempfile
    >>> from kousei.fashion import read_folder, render_outfits, write_folder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_folder(folder, render_outfits(3, rng=0))
    ...     read_folder(folder).table.images.shape
    (3, 3, 64, 64)
    """
    check_type("folder", folder, str | os.PathLike, "a str or os.PathLike")
    check_integer("size", size, 8)
    check_choice("unreadable", unreadable, "skip", "raise")
    root = Path(folder)
    if root.is_dir() and not (root / TAGS_FILE).exists():
        raise FileNotFoundError(f"{root} has no {TAGS_FILE}; a table with the columns image and tags is accepted")
    rows, parts = _rows(root / TAGS_FILE)
    require_memory(len(rows), size * size * (3 * 4 + len(parts)), f"{len(rows)} images of {size} x {size}")
    images, masks, kept = [], [], []
    skipped: dict[str, str] = {}
    for row in rows:
        try:
            image, covered = _read(root, row, parts, size)
        except _UnreadableError as error:
            if unreadable == "raise":
                raise OSError(f"{root}: {error}") from None
            skipped[row["image"]] = str(error)
            continue
        images.append(image)
        masks.append(covered)
        kept.append(row)
    if not kept:
        raise ValueError(
            f"{root} has no image that can be read; {next(iter(skipped.values()), 'tags.csv has no row')}"
        )
    found = [_tags(row["tags"]) for row in kept]
    names = tuple(sorted(set().union(*found)))
    if not names:
        raise ValueError(f"{root / TAGS_FILE} has no tag; one or more are accepted")
    tags = np.array([[name in its for name in names] for its in found])
    table = ImageTable(np.stack(images), tags, names, np.stack(masks) if parts else None, parts)
    return ImageFolder(table, tuple(row["image"] for row in kept), skipped)


def write_folder(folder: str | os.PathLike[str], table: ImageTable) -> None:
    """Write a table as a folder that `read_folder` reads: PNG files of images and masks, and tags.csv.

    Parameters
    ----------
    folder : str or os.PathLike
        Made where it is not there; empty, if it is.
    table : ImageTable
        Its colours are rounded to 256 levels; masks are of bool and of the size of the images.

    Raises
    ------
    TypeError, ValueError
        If an argument is not accepted, a tag has ";" in it or spaces at its ends, or a part is no name of a file.
    OSError
        If the folder is not empty, or a file cannot be written.

    Examples
    --------
    See `read_folder`.
    """
    from PIL import Image

    check_type("folder", folder, str | os.PathLike, "a str or os.PathLike")
    check_type("table", table, ImageTable, "an ImageTable")
    for tag in table.tag_names:
        if _tags(tag) != {tag}:
            raise ValueError(f"tag {tag!r} has {_SEPARATOR!r} in it or spaces at its ends; others are accepted")
    for part in table.part_names:
        if Path(part).name != part:
            raise ValueError(f"part {part!r} is no name of a file; names without a separator of paths are accepted")
    if table.masks is not None:
        if table.masks.dtype != np.bool_:
            raise TypeError(f"masks of table has dtype {table.masks.dtype}; bool is accepted")
        require_shape("masks of table", table.masks, (*table.masks.shape[:2], *table.images.shape[2:]))
    root = Path(folder)
    root.mkdir(exist_ok=True)
    if any(root.iterdir()):
        raise FileExistsError(f"{root} is not empty; an empty folder is accepted")
    with open(root / TAGS_FILE, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*_COLUMNS, *(_MASK + part for part in table.part_names)])
        for k, image in enumerate(table.images):
            name = f"{k:06}.png"
            Image.fromarray(np.rint(255 * image.transpose(1, 2, 0)).astype(np.uint8)).save(root / name)
            covers = []
            for part, mask in zip(table.part_names, () if table.masks is None else table.masks[k], strict=True):
                covers.append(f"{k:06}-{part}.png" if mask.any() else "")
                if mask.any():
                    Image.fromarray(mask).save(root / covers[-1])
            tags = [tag for tag, holds in zip(table.tag_names, table.tags[k], strict=True) if holds]
            writer.writerow([name, _SEPARATOR.join(tags), *covers])


class _UnreadableError(Exception):
    pass


def _tags(cell: str) -> set[str]:
    return {tag.strip() for tag in cell.split(_SEPARATOR)} - {""}


def _rows(path: Path) -> tuple[list[dict[str, str]], tuple[str, ...]]:
    """Return the rows of tags.csv by column, and the parts that it has masks of."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        try:
            reader = csv.DictReader(file, strict=True)
            columns: Sequence[str] = reader.fieldnames or ()
            missing = [column for column in _COLUMNS if column not in columns]
            if missing:
                begins = ", ".join(map(shown, columns[:4])) or "nothing"
                raise ValueError(f"it lacks the columns {missing}; it begins with {begins}")
            check_names("its first line", [name for name in columns if name in _COLUMNS or name.startswith(_MASK)])
            rows = []
            for row in reader:
                if None in row or None in row.values():
                    raise ValueError(f"line {reader.line_num} does not have {len(columns)} cells")
                rows.append(row)
        except (csv.Error, UnicodeDecodeError, ValueError) as error:
            raise ValueError(f"{path}: {error}") from None
    images = [row["image"] for row in rows]
    name, times = max(Counter(images).items(), key=lambda of: of[1], default=("", 0))
    if times > 1:
        raise ValueError(f"{path}: image {shown(name)} is there twice")
    return rows, tuple(column.removeprefix(_MASK) for column in columns if column.startswith(_MASK))


def _read(root: Path, row: Mapping[str, str], parts: Sequence[str], size: int) -> tuple[Array, Array]:
    """Return an image (3, size, size) and its masks (parts, size, size)."""
    from PIL import Image, ImageOps

    picture = _open(root / row["image"], "RGBA")
    on_white = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    image = ImageOps.pad(on_white, (size, size), color="white")
    masks = np.zeros((len(parts), size, size), bool)
    for k, part in enumerate(parts):
        if row[_MASK + part]:
            path = root / row[_MASK + part]
            mask = _open(path, "L")
            if mask.size != picture.size:
                raise ValueError(f"{path} has size {mask.size}; {picture.size}, that of its image, is accepted")
            masks[k] = np.asarray(ImageOps.pad(mask, (size, size), Image.Resampling.NEAREST, color=0)) > 127
    return np.asarray(image).transpose(2, 0, 1) / np.float32(255), masks


def _deeper(image: Any) -> bool:
    """Return whether an image of 8 bits a level is read from a file that has more."""
    # How its tiles are stored: "RGB;16B" in PNG and TIFF, ("RGB", 65535) in PPM, by a decoder of its own in SGI.
    # "BGR;16" in BMP are 16 bits of a pixel.
    for codec, _, _, told in image.tile:
        for arg in told if isinstance(told, tuple) else (told,):
            if codec == "SGI16" or (image.format == "PPM" and isinstance(arg, int) and arg > 255):
                return True
            if isinstance(arg, str) and ";16" in arg and not arg.startswith("BGR;"):
                return True
    return False


def _open(path: Path, mode: str) -> Any:
    """Return an image of a file, turned as its camera was held."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path) as file:
            if file.mode.startswith(("I", "F")) or _deeper(file):  # which `convert` would cut off
                raise ValueError(f"its pixels, of mode {file.mode}, have more than 8 bits a level; 8 are accepted")
            return ImageOps.exif_transpose(file).convert(mode)
    # What decoders raise for files that are no images, or cut off.
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        struct.error,
        zlib.error,
        Image.DecompressionBombError,
    ) as error:
        unknown = "no image of a format that is known" if isinstance(error, UnidentifiedImageError) else ""
        why = unknown or getattr(error, "strerror", None) or said(error)
        raise _UnreadableError(f"{path.name[:80]} cannot be read: {why}") from None
