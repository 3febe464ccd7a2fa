"""Files of every kind that the package reads: each is read, or refused by a ValueError.

An input is the number of a kind and the bytes of a file. `test_fuzz.py` finds what reads files and has no kind here.
"""

import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))

import h5py
import numpy as np
import onnx
import pandas as pd
from drive import drive, instrumented
from PIL import Image

with instrumented():
    import kousei
    import test_files_fuzz
    import test_onnx_fuzz
    import test_recommend_data as tables
    from kousei._commands import recommend as commands
    from kousei.distributed.ratings import check_partition, open_ratings
    from kousei.fashion import MaskPredictor, OutfitScorer, PartialVSE, VisualSemanticEmbedding, read_folder
    from kousei.recommend import (
        DeliveryOptimizer,
        ItemSimilarity,
        click_table,
        ratings_table,
        recommendation_table,
        shop_table,
        write_pages,
    )
    from kousei.recommend.data import is_malformed

FOLDER = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))


@dataclass(frozen=True)
class Kind:
    """A kind of file: its name in the folder, how it is read, and how one is written."""

    file: str
    read: Callable[[Path], Any]
    write: Callable[[Path], Any]


def evaluated(path: Path) -> None:
    net = kousei.load(path)
    if max(getattr(net, "sizes", [10_000])) < 10_000:
        test_files_fuzz.evaluate(net)


def evaluated_onnx(path: Path) -> None:
    net = kousei.io.from_onnx(path)
    if max(net.sizes) < 10_000:
        net(np.full((3, net.dim), 0.5, net.dtype))


def saved() -> list[Any]:
    """Return networks of every class that files hold."""
    signs = kousei.pack_signs(np.array([[1.0, -1, 1], [-1, 1, 1]]))
    return [
        *test_files_fuzz.sources(),
        kousei.fit(np.linspace(-1, 1, 9)[:, None], np.linspace(0, 1, 9), rng=0),
        kousei.construct(lambda x: x[:, 0] * x[:, 1], [(-1, 1)] * 2, 0.1, rng=0),
        kousei.packed.ScaledSigns(signs, np.array([0.5, 2.0])),
        kousei.repu.from_polynomial([[0, 0.5], [1, 0]]),
        *modules(),
    ]


def modules() -> list[Any]:
    names, parts = ["warm", "wide"], ["top"]
    pieces = {"dim": 2, "backbone": "patches", "rng": 0}
    return [
        VisualSemanticEmbedding(names, mask_predictor=MaskPredictor(parts, backbone="patches", rng=0), **pieces),
        PartialVSE(names, parts, **pieces),
        OutfitScorer(**pieces),
    ]


def write_model_and_data(path: Path) -> None:
    """Write a model whose tensors lie in a file beside it."""
    model = onnx.load_from_string(test_onnx_fuzz.written()[0])
    onnx.save_model(model, path, save_as_external_data=True, location="data", size_threshold=0)


def write_machine(path: Path) -> None:
    machine = kousei.RBM(3, 2, batch_size=2, rng=0)
    machine.fit(np.array([[-1.0, 1, 1], [1, -1, 1]]), epochs=1)
    machine.save(path)


def write_image(path: Path) -> None:
    Image.fromarray(np.arange(48, dtype="u1").reshape(4, 4, 3)).save(path)


def write_tags(path: Path) -> None:
    for name in ("one.png", "two.png"):
        write_image(path.with_name(name))
    path.write_text("image,tags,mask:part\none.png,warm; wide,two.png\ntwo.png,cold,\n")


def folder_of(path: Path) -> None:
    read_folder(path.parent, size=8)


def delivery(path: Path) -> None:
    features = pd.DataFrame({"price": [1, 2]}, index=["Ramen Ichi", "Soba Ni"])
    DeliveryOptimizer(features, ["similar", "popular"], rng=0).save(path)


def similarity() -> ItemSimilarity:
    return ItemSimilarity(pd.DataFrame(tables.SHOPS))


def pages(path: Path) -> None:
    table = commands._recommendations(str(path), similarity())
    write_pages(FOLDER / "pages", table, similarity())


def write_recommendations(path: Path) -> None:
    ratings = pd.DataFrame(tables.RATINGS | {"shop": ["b", "007", "b"]})
    recommendation_table(similarity(), ratings, 2, rng=0).to_csv(path, index=False)


def partitions(path: Path) -> None:
    for part in open_ratings(path).partitions:
        try:
            read = part.compute(scheduler="synchronous")
        except Exception as error:  # of Arrow and pandas, on a worker: `read_ratings` makes a ValueError of most
            if is_malformed(error):
                return
            raise
        check_partition(read, 0)


def csv(rows: dict[str, Any]) -> Callable[[Path], Any]:
    return lambda path: pd.DataFrame(rows).to_csv(path, index=False)


def parquet(rows: dict[str, Any]) -> Callable[[Path], Any]:
    return lambda path: pd.DataFrame(rows).to_parquet(path)


#: An input of the corpus has its kind by number: others stand at the end.
KINDS = [
    *(
        Kind("net.safetensors", getattr(net, "load", evaluated), lambda path, net=net: kousei.save(path, net))
        for net in saved()
    ),
    *(
        Kind("net.onnx", evaluated_onnx, lambda path, model=model: path.write_bytes(model))
        for model in test_onnx_fuzz.written()
    ),
    Kind("model/net.onnx", evaluated_onnx, write_model_and_data),
    Kind("machine.h5", kousei.RBM.load, write_machine),
    Kind("delivery.npz", DeliveryOptimizer.load, delivery),
    Kind("folder/tags.csv", folder_of, write_tags),
    Kind("folder/one.png", folder_of, write_image),
    *(
        Kind(f"table.{suffix}", read, write(rows))
        for suffix, write in (("csv", csv), ("parquet", parquet))
        for read, rows in (
            (ratings_table, tables.RATINGS),
            (shop_table, tables.SHOPS),
            (click_table, tables.CLICKS),
        )
    ),
    Kind("parts.parquet", partitions, parquet(tables.RATINGS)),
    Kind("recommendations.csv", pages, write_recommendations),
]


def seeds() -> list[bytes]:
    files = []
    for number, kind in enumerate(KINDS):
        path = FOLDER / kind.file
        path.parent.mkdir(exist_ok=True)
        kind.write(path)
        kind.read(path)
        files.append(bytes([number]) + path.read_bytes())
    return files


def change(data: bytes, rng: np.random.Generator) -> bytes:
    number, file = data[0] % len(KINDS), data[1:] or b"\0"
    for _ in range(1 + rng.integers(3)):
        try:
            structured = rng.random() < 0.7 and KINDS[number].file.endswith("safetensors")
            file = (test_files_fuzz.changed if structured else test_files_fuzz.changed_bytes)(
                file, SEEDS, rng
            ) or b"\0"
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):  # it has no header to change any more
            file = test_files_fuzz.changed_bytes(file, SEEDS, rng) or b"\0"
    return bytes([number]) + file


def target(data: bytes) -> None:
    if not data:
        return
    kind = KINDS[data[0] % len(KINDS)]
    path = FOLDER / kind.file
    whole = path.read_bytes() if path.parent != FOLDER else b""
    path.write_bytes(data[1:])
    try:
        kind.read(path)
    except ValueError as error:
        assert 0 < len(str(error)) < 4000  # noqa: PT017
    finally:
        if whole:
            path.write_bytes(whole)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    h5py._errors.silence_errors()
    SEEDS = seeds()
    drive(target, change, SEEDS)
