"""``kousei fashion train``, ``query`` and ``heatmap``: a folder of images and tags."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._commands.pictures import check_folder, picture_path
from kousei._lib.errors import check_integer
from kousei._lib.random import generator

if TYPE_CHECKING:
    from kousei.fashion import ImageFolder, VisualSemanticEmbedding

#: Of so many images one is kept out of training, where there are twice as many.
_HELD_OUT = 10
#: Rows of a step: folders are small, and training is to have many steps.
_BATCH = 32


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what follows ``fashion``."""
    actions = parser.add_subparsers(dest="action", required=True)

    def action_named(name: str, text: str) -> argparse.ArgumentParser:
        parser = actions.add_parser(name, help=text, description=text)
        parser.add_argument(
            "folder",
            metavar="DIR",
            help="with tags.csv, whose columns are image, tags with ';' between them, and mask:PART if there are any",
        )
        parser.add_argument("--model", metavar="FILE", help="of the trained network (default: DIR/model.safetensors)")
        parser.add_argument(
            "--size",
            type=int,
            default=64,
            help="pixels that images are scaled to, the same in all commands (default: %(default)s)",
        )
        return parser

    train = action_named("train", "a network of the images and the tags of a folder")
    train.add_argument(
        "--demo", type=int, metavar="N", help="first fill the folder, which is empty, with N drawn ones"
    )
    train.add_argument("--epochs", type=int, default=10, help="(default: %(default)s)")
    train.add_argument("--seed", type=int, default=0, help="of all that is drawn (default: %(default)s)")
    train.add_argument("--progress", action="store_true", help="show bars")
    query = action_named("query", "images by tags, drawn on a sheet")
    query.add_argument("tags", nargs="*", metavar="TAG", help="that the images are to have")
    query.add_argument("--without", action="append", default=[], metavar="TAG", help="that they are not to have")
    query.add_argument("--like", metavar="IMAGE", help="image of the folder that they are like, but for the tags")
    query.add_argument("-n", dest="count", type=int, default=8, help="images (default: %(default)s)")
    heat = action_named("heatmap", "what each part of an image adds to the scores of tags")
    heat.add_argument("image", metavar="IMAGE", help="of the folder, as in tags.csv")
    heat.add_argument("tags", nargs="+", metavar="TAG")
    for action, name in ((query, "query"), (heat, "heatmap")):
        action.add_argument(
            "--picture", default=f"kousei-{name}.png", metavar="FILE", help="where to draw (default: %(default)s)"
        )


def run(action: str, folder: str, model: str | None, **arguments: Any) -> None:
    """Run what follows ``fashion``."""
    if find_spec("torch") is None or find_spec("PIL") is None:
        raise ValueError("torch and pillow are not both installed: pip install 'kousei[fashion]'")
    if model is not None:
        check_folder("--model", model)
    path = model or str(Path(folder) / "model.safetensors")
    actions: dict[str, Callable[..., None]] = {"train": train, "query": query, "heatmap": heatmap}
    actions[action](folder, path, **arguments)


def train(folder: str, model: str, size: int, demo: int | None, epochs: int, seed: int, progress: bool) -> None:
    """Train a network, with an embedding for each part where the folder has masks, and write it into a file."""
    from kousei.fashion import MaskPredictor, PartialVSE, VisualSemanticEmbedding, render_outfits, write_folder

    rng = generator(seed, "--seed")
    if demo is not None:
        check_integer("--demo", demo, 2)
        check_integer("--epochs", epochs, 1)  # before a folder is filled
        check_integer("--size", size, 8)
        write_folder(folder, render_outfits(demo, rng=rng))
    table = _read(folder, size).table
    tagged = rng.permutation(np.flatnonzero(table.tags.any(axis=1)))
    held_out = tagged[: len(table) // _HELD_OUT if len(table) >= 2 * _HELD_OUT else 0]
    known = table[np.setdiff1d(np.arange(len(table)), held_out)]
    net: VisualSemanticEmbedding
    options: dict[str, Any] = {"epochs": epochs, "batch_size": _BATCH, "rng": rng, "progress": progress}
    if table.masks is None:
        net = VisualSemanticEmbedding(table.tag_names, weights="uniform", rng=rng)
    else:
        predictor = MaskPredictor(table.part_names, rng=rng).fit(known, **options)
        net = PartialVSE(table.tag_names, table.part_names, mask_predictor=predictor, rng=rng)
    net.fit(known, validation=table[held_out] if len(held_out) else None, **options)
    net.save(model)
    judged = [epoch["validation"] for epoch in net.history if "validation" in epoch]
    if judged:
        print(f"mean average precision {max(judged):.3f} on {len(held_out)} images kept out of training")
    print(f"{type(net).__name__} of {len(net.tag_names)} tags in {model}")


def query(
    folder: str,
    model: str,
    size: int,
    tags: list[str],
    without: list[str],
    like: str | None,
    count: int,
    picture: str,
) -> None:
    """Print the images of a folder that tags describe best, and draw them."""
    picture = _picture_path(picture)
    net = _load(model)
    read = _read(folder, size, net)
    row = None if like is None else _row(read, like)
    if row is not None and len(read.names) == 1:
        raise ValueError(f"--like was {like!r}, the only image of the folder; a folder of others is accepted with it")
    found = net.index(read.table.images, read.table.masks).retrieve(tags, without=without, like=row, n=count)
    for k, score in zip(found.rows, found.scores, strict=True):
        its = [tag for tag, holds in zip(read.table.tag_names, read.table.tags[k], strict=True) if holds]
        print(f"{score:6.3f} {read.names[k]}: {', '.join(its)}")
    plt = _pyplot()
    columns = min(len(found.rows), 8)
    lines = -(-len(found.rows) // columns)
    figure, panels = plt.subplots(
        lines, columns, figsize=(1.6 * columns, 1.9 * lines + 0.4), layout="constrained", squeeze=False
    )
    for panel in panels.flat:
        panel.axis("off")
    for panel, k, score in zip(panels.flat, found.rows, found.scores, strict=False):
        panel.imshow(read.table.images[k].transpose(1, 2, 0))
        panel.set_title(f"{read.names[k]}\n{score:.2f}", fontsize=8)
    asked = [*([] if like is None else [f"like {like}"]), *tags, *(f"without {tag}" for tag in without)]
    figure.suptitle(", ".join(asked))
    _write(figure, picture)


def heatmap(folder: str, model: str, size: int, image: str, tags: list[str], picture: str) -> None:
    """Print the scores of tags for an image, and draw what its cells add to them."""
    picture = _picture_path(picture)
    net = _load(model)
    read = _read(folder, size, net)
    row = _row(read, image)
    images = read.table.images[row : row + 1]
    masks = None if read.table.masks is None else read.table.masks[row : row + 1]
    heats = [net.tag_heatmap(images, tag, masks)[0] for tag in tags]
    for tag, heat in zip(tags, heats, strict=True):
        print(f"{heat.sum():6.3f} {tag}")
    plt = _pyplot()
    figure, panels = plt.subplots(
        1, len(tags) + 1, figsize=(2.4 * len(tags) + 2.6, 2.8), layout="constrained", squeeze=False
    )
    most = max(float(np.abs(heat).max()) for heat in heats)
    for panel, title in zip(panels[0], [image, *tags], strict=True):
        panel.imshow(images[0].transpose(1, 2, 0))
        panel.set_title(title, fontsize=9)
        panel.axis("off")
    for panel, heat, tag in zip(panels[0, 1:], heats, tags, strict=True):
        extent = (-0.5, size - 0.5, size - 0.5, -0.5)
        drawn = panel.imshow(heat, cmap="RdBu_r", vmin=-most, vmax=most, alpha=0.6, extent=extent)
        panel.set_title(f"{tag} {heat.sum():.2f}", fontsize=9)
    figure.colorbar(drawn, ax=list(panels[0]), label="adds to the score")
    _write(figure, picture)


def _read(folder: str, size: int, net: VisualSemanticEmbedding | None = None) -> ImageFolder:
    """Return what a folder has; ValueError where a network is given that is of other parts."""
    from kousei.fashion import PartialVSE, read_folder
    from kousei.fashion.data import check_parts

    read = read_folder(folder, size=size)
    if isinstance(net, PartialVSE):
        check_parts("tags.csv", read.table, net.part_names)
    for name, why in read.skipped.items():
        print(f"skipped {name}: {why}")
    return read


def _load(model: str) -> VisualSemanticEmbedding:
    import kousei
    from kousei.fashion import VisualSemanticEmbedding

    net = kousei.load(model)
    if not isinstance(net, VisualSemanticEmbedding):
        raise TypeError(
            f"{model} holds a {type(net).__name__}; a PartialVSE or a VisualSemanticEmbedding is accepted"
        )
    return net


def _row(read: ImageFolder, image: str) -> int:
    if image in read.names:
        return read.names.index(image)
    if image in read.skipped:
        raise ValueError(f"image was {image!r}, which cannot be read: {read.skipped[image]}")
    near = difflib.get_close_matches(image, read.names, n=3, cutoff=0.0)
    raise ValueError(f"image was {image!r}, which tags.csv does not have; near it are {', '.join(map(repr, near))}")


def _picture_path(picture: str) -> str:
    if find_spec("matplotlib") is None:
        raise ValueError("matplotlib is not installed: pip install 'kousei[plot]'")
    return picture_path(picture)


def _pyplot() -> Any:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    return plt


def _write(figure: Any, picture: str) -> None:
    import matplotlib.pyplot as plt

    figure.savefig(picture, dpi=120)
    plt.close(figure)
    print(f"Picture: {picture}")
