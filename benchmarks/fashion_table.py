"""Rendered outfits found by their tags, by five embeddings: `python benchmarks/fashion_table.py`.

Some minutes for each of 15 embeddings on one thread each, three at a time. The seconds are CPU time of training, for
orientation: any machine will do.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np

from records import write

NAME = "fashion-table"
SEEDS, TRAINED, TESTED, EPOCHS = range(3), 4000, 1500, 10
#: Of the tags that hold of an image for training, so many are missing, as users leave tags out.
MISSING = 0.15
ABSTRACT, QUERIES = slice(41, 48), 300
LEAST = {"precision": 0.93, "abstract": 0.75, "pointing": 0.90}
PLAIN, HEAT_GAP = (0.55, 0.68), 1e-6

Array = np.ndarray[Any, Any]
Row = dict[str, Any]


def models(table: Any, seed: int) -> dict[str, tuple[Callable[[], Any], str]]:
    """Return what makes each embedding, and its loss."""
    from kousei.fashion import PartialVSE, VisualSemanticEmbedding

    tags, parts = table.tag_names, table.part_names
    return {
        "plain VSE": (lambda: VisualSemanticEmbedding(tags, weights="uniform", rng=seed), "triplet"),
        "CLIP-like": (lambda: VisualSemanticEmbedding(tags, weights="uniform", rng=seed), "contrastive"),
        "FIS": (lambda: VisualSemanticEmbedding(tags, rng=seed), "triplet"),
        "partial VSE": (lambda: PartialVSE(tags, parts, pooling="max", rng=seed), "triplet"),
        "part attention": (lambda: PartialVSE(tags, parts, rng=seed), "triplet"),
    }


def main() -> int:
    from ratios import fix_environment

    fix_environment()
    with ProcessPoolExecutor(len(SEEDS)) as pool:
        rows = [row for of_seed in pool.map(measured, SEEDS) for row in of_seed]
    record = {
        "case": NAME,
        "command": "python benchmarks/fashion_table.py",
        "images": {"trained": TRAINED, "tested": TESTED},
        "missing tags": MISSING,
        "epochs": EPOCHS,
        "seeds": len(SEEDS),
        "rows": rows,
        "met": met(rows),
    }
    write(record)
    print(table(record))
    return int(not record["met"])


def measured(seed: int) -> list[Row]:
    """Return what each embedding reaches with one seed, with masks that are given and with predicted ones."""
    import torch

    from kousei.fashion import MaskPredictor, render_outfits

    torch.set_num_threads(1)
    train, test = render_outfits(TRAINED, rng=2 * seed), render_outfits(TESTED, rng=2 * seed + 1)
    there = np.random.default_rng(seed).random(train.tags.shape) >= MISSING
    train = dataclasses.replace(train, tags=train.tags & there)
    start = time.process_time()
    predictor = MaskPredictor(train.part_names, rng=seed).fit(train, rng=seed)
    seconds = round(time.process_time() - start)
    predicted = predictor.predict(test.images)
    rows: list[Row] = [
        {"model": "masks", "seed": seed, "seconds": seconds, "overlap": overlap(predicted, test.masks)}
    ]
    for name, (make, loss) in models(train, seed).items():
        start = time.process_time()
        model = make().fit(train, loss=loss, epochs=EPOCHS, rng=seed)
        seconds = round(time.process_time() - start)
        kinds = (
            {"given": test.masks, "predicted": predicted} if model.weights == "foreground" else {"none": test.masks}
        )
        for kind, masks in kinds.items():
            rows.append(
                {"model": name, "masks": kind, "seed": seed, "seconds": seconds} | reached(model, test, masks)
            )
            print(json.dumps(rows[-1]), flush=True)
    return rows


def reached(model: Any, test: Any, masks: Array) -> Row:
    from kousei.fashion import average_precision, pointing

    scores = model.scores(test.images, masks)
    precision = average_precision(scores, test.tags)
    shares = test.tags.sum(axis=0) / test.tags.sum()
    hits = pointing(model, test, masks)
    gap = np.abs(model.heatmaps(test.images, masks).sum(axis=(2, 3), dtype=np.float64) - scores).max()
    return {
        "precision": round(float(precision.mean()), 4),
        "abstract": round(float(precision[ABSTRACT].mean()), 4),
        "pointing": round(float(shares @ hits), 4),
        "pointing abstract": round(float(shares[ABSTRACT] @ hits[ABSTRACT] / shares[ABSTRACT].sum()), 4),
        "heat gap": float(f"{gap:.1e}"),
    } | recoloured(model.index(test.images, masks), test)


def recoloured(index: Any, test: Any) -> Row:
    """Return how many of the first 5 images have the colour that replaces that of an image's top, and keep the rest.

    The rest is the garments of the image but the top, and their colours.
    """
    names, top = list(test.tag_names), test.part_names.index("top")
    colors = [name for name in names if name.endswith("-top")]
    of_colors = [names.index(name) for name in colors]
    rng = np.random.default_rng(0)
    new, kept = [], []
    for row in range(QUERIES):
        own = int(np.flatnonzero(test.tags[row, of_colors])[0])
        other = (own + int(rng.integers(1, len(colors)))) % len(colors)
        rows = index.retrieve([colors[other]], without=[colors[own]], like=row, n=5).rows
        rest = test.tags[row] & ~test.tag_parts[row, :, top]
        rest[ABSTRACT] = False
        new.append(test.tags[rows, of_colors[other]].mean())
        kept.append(test.tags[rows][:, rest].mean())
    return {"recoloured": round(float(np.mean(new)), 4), "kept": round(float(np.mean(kept)), 4)}


def overlap(predicted: Array, masks: Array) -> dict[str, float]:
    """Return the intersection of the masks of each part over their union, in cells."""
    n, parts, rows, columns = predicted.shape
    exact = masks.reshape(n, parts, rows, 64 // rows, columns, 64 // columns).mean(axis=(3, 5))
    both, either = np.minimum(predicted, exact), np.maximum(predicted, exact)
    shares = both.sum(axis=(0, 2, 3)) / either.sum(axis=(0, 2, 3))
    return dict(zip(("hat", "top", "bottom", "shoes", "bag"), shares.round(3).tolist(), strict=True))


def mean_of(rows: list[Row], model: str, masks: str, what: str) -> float:
    return float(np.mean([row[what] for row in rows if row["model"] == model and row["masks"] == masks]))


def met(rows: list[Row]) -> bool:
    rows = [row for row in rows if "precision" in row]
    best = {what: mean_of(rows, "part attention", "given", what) for what in LEAST}
    plain = mean_of(rows, "plain VSE", "none", "precision")
    return (
        all(best[what] >= least for what, least in LEAST.items())
        and PLAIN[0] <= plain <= PLAIN[1]
        and max(row["heat gap"] for row in rows) <= HEAT_GAP
    )


def table(record: Row) -> str:
    """Return the means over the seeds as a table in Markdown."""
    rows = [row for row in record["rows"] if "precision" in row]
    columns = ("precision", "abstract", "pointing", "recoloured", "kept")
    lines = ["| | masks | precision | of rules | pointing | recoloured | kept |", "|---" * 7 + "|"]
    for name, masks in dict.fromkeys((row["model"], row["masks"]) for row in rows):
        cells = [f"{mean_of(rows, name, masks, what):.3f}" for what in columns]
        lines.append("| " + " | ".join([name, masks, *cells]) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
