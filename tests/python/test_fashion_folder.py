"""Folders of images and tags, and the commands for them."""

import csv
import dataclasses
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kousei
import kousei.__main__ as command_line

torch = pytest.importorskip("torch")
Image = pytest.importorskip("PIL.Image")

from kousei.fashion import OutfitScorer, PartialVSE, read_folder, render_outfits, write_folder  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread_of_torch")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three images: red and wide, blue and half transparent, and grey."""
    red = np.zeros((8, 16, 3), np.uint8)
    red[..., 0] = 255
    blue = np.zeros((16, 16, 4), np.uint8)
    blue[..., 2] = 255
    blue[:, :8, 3] = 255
    Image.fromarray(red).save(tmp_path / "red.png")
    Image.fromarray(blue).save(tmp_path / "blue.png")
    Image.fromarray(np.full((16, 16), 51, np.uint8)).save(tmp_path / "grey.png")
    write_table(tmp_path, [["image", "tags", "price"], ["red.png", "warm; wide", "1"], ["blue.png", "cold", ""]])
    return tmp_path


def write_table(folder: Path, rows: list[list[str]]) -> None:
    with open(folder / "tags.csv", "w", newline="") as file:
        csv.writer(file).writerows(rows)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    table = render_outfits(12, rng=0)
    write_folder(tmp_path / "new", table)
    read = read_folder(tmp_path / "new")
    assert not read.skipped
    assert read.names == tuple(f"{k:06}.png" for k in range(12))
    assert (read.table.images == table.images).all()
    assert table.masks is not None
    assert (read.table.masks == table.masks).all()
    assert read.table.part_names == table.part_names
    there = [tag for tag, of_images in zip(table.tag_names, table.tags.T, strict=True) if of_images.any()]
    assert list(read.table.tag_names) == sorted(there)
    for tag in there:
        column = table.tags[:, table.tag_names.index(tag)]
        assert (read.table.tags[:, read.table.tag_names.index(tag)] == column).all()


def test_images_stand_in_the_middle_of_white(folder: Path) -> None:
    read = read_folder(folder, size=8)
    assert read.table.tag_names == ("cold", "warm", "wide")
    assert read.table.tags.tolist() == [[False, True, True], [True, False, False]]
    red, blue = read.table.images
    assert (red[:, [0, 1, 6, 7]] == 1).all()
    assert (red[:, 2:6] == np.array([1, 0, 0])[:, None, None]).all()
    assert (blue[:, :, 5:] == 1).all()
    assert (blue[:, :, :3] == np.array([0, 0, 1])[:, None, None]).all()


def test_grey_images_and_turned_ones(folder: Path) -> None:
    turned = Image.fromarray(
        np.repeat(np.arange(16, dtype="uint8")[:, None, None] * 16, 16, axis=1).repeat(3, axis=2)
    )
    exif = turned.getexif()
    exif[0x0112] = 3  # by 180 degrees
    turned.save(folder / "turned.png", exif=exif)
    write_table(folder, [["tags", "image"], ["a", "grey.png"], ["", "turned.png"]])
    read = read_folder(folder, size=16)
    assert (read.table.images[0] == np.float32(0.2)).all()
    assert (np.diff(read.table.images[1], axis=1) < 0).all()
    assert read.table.tags.tolist() == [[True], [False]]


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (
            lambda path: path.write_bytes(path.read_bytes()[:-60]),
            "broken.png cannot be read: image file is truncated",
        ),
        (lambda path: path.write_bytes(b"no image"), "broken.png cannot be read: no image of a format that is known"),
        (lambda path: path.unlink(), "broken.png cannot be read: No such file or directory"),
        (lambda path: path.write_bytes(b""), "broken.png cannot be read: no image of a format that is known"),
    ],
)
def test_what_cannot_be_read_is_skipped_or_refused(folder: Path, damage: Any, why: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    Image.fromarray(noise).save(folder / "broken.png")
    write_table(folder, [["image", "tags"], ["red.png", "a"], ["broken.png", "b"], ["blue.png", "a;c"]])
    damage(folder / "broken.png")
    read = read_folder(folder)
    assert read.names == ("red.png", "blue.png")
    assert read.table.tag_names == ("a", "c")
    assert list(read.skipped) == ["broken.png"]
    assert read.skipped["broken.png"].startswith(why)
    with pytest.raises(OSError, match=why):
        read_folder(folder, unreadable="raise")


def test_levels_of_16_bits_are_not_cut_off(folder: Path) -> None:
    Image.fromarray(np.arange(256, dtype=np.uint16).reshape(16, 16) * 257).save(folder / "deep.png")
    # 16 bits of a pixel are not of a level.
    header = struct.pack(
        "<2sIHHIIiiHHIIiiII3I", b"BM", 66 + 512, 0, 0, 66, 40, 16, 16, 1, 16, 3, 512, 0, 0, 0, 0, 63488, 2016, 31
    )
    (folder / "565.bmp").write_bytes(header + bytes(512))
    write_table(folder, [["image", "tags"], ["565.bmp", "a"]])
    assert read_folder(folder).names == ("565.bmp",)
    # In colour, in which Pillow writes none.
    levels = np.random.default_rng(0).integers(0, 65536, (16, 16, 3)).astype(">u2")
    (folder / "deep.ppm").write_bytes(b"P6 16 16 65535\n" + levels.tobytes())
    (folder / "colour.png").write_bytes(png_of(levels))
    write_table(
        folder, [["image", "tags"], *([name, "a"] for name in ("red.png", "deep.png", "deep.ppm", "colour.png"))]
    )
    why = "cannot be read: its pixels, of mode {}, have more than 8 bits a level; 8 are accepted"
    assert read_folder(folder).skipped == {
        "deep.png": f"deep.png {why.format('I;16')}",
        "deep.ppm": f"deep.ppm {why.format('RGB')}",
        "colour.png": f"colour.png {why.format('RGB')}",
    }


def png_of(levels: Any) -> bytes:
    """Return the PNG file of levels (rows, columns, 3) of 16 bits."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows, columns, _ = levels.shape
    header = struct.pack(">IIBBBBB", columns, rows, 16, 2, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in levels))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_masks_that_cannot_be_read(folder: Path) -> None:
    Image.fromarray(np.full((8, 16), 255, np.uint8)).save(folder / "mask.png")
    rows = [["image", "tags", "mask:top"], ["red.png", "a", "mask.png"], ["blue.png", "a", ""]]
    write_table(folder, rows)
    read = read_folder(folder, size=8)
    assert read.table.part_names == ("top",)
    assert read.table.masks is not None
    assert (read.table.masks[0, 0].sum(axis=1) == [0, 0, 8, 8, 8, 8, 0, 0]).all()
    assert not read.table.masks[1].any()
    rows[2][2] = "none.png"
    write_table(folder, rows)
    assert read_folder(folder).skipped == {"blue.png": "none.png cannot be read: No such file or directory"}
    rows[2][2] = "mask.png"
    write_table(folder, rows)
    with pytest.raises(ValueError, match=r"mask.png has size \(16, 8\); \(16, 16\), that of its image, is accepted"):
        read_folder(folder)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", r"it lacks the columns \['image', 'tags'\]; it begins with nothing"),
        ("picture,tags\nred.png,a\n", r"it lacks the columns \['image'\]; it begins with 'picture', 'tags'"),
        ("image,tags,tags\nred.png,a,b\n", "its first line has a name that is empty or there twice"),
        ("image,tags\nred.png\n", "line 2 does not have 2 cells"),
        ("image,tags\nred.png,a,b\n", "line 2 does not have 2 cells"),
        ("image,tags\nred.png,a\nred.png,b\n", "image 'red.png' is there twice"),
        ("image,tags\nred.png,\n", "has no tag; one or more are accepted"),
        ("image,tags\n", "has no image that can be read; tags.csv has no row"),
        ("image,tags\nnone.png,a\n", "has no image that can be read; none.png cannot be read: No such file"),
        ('image,tags\nred.png,"a\n', "unexpected end of data"),
        (b"image,tags\nred.png,\xff\n", "can't decode byte 0xff"),
    ],
)
def test_malformed_tables(folder: Path, text: str | bytes, match: str) -> None:
    (folder / "tags.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=match):
        read_folder(folder)


def test_a_byte_order_mark_is_no_part_of_a_name(folder: Path) -> None:
    (folder / "tags.csv").write_text("image,tags\nred.png,a\n", encoding="utf-8-sig")
    assert len(read_folder(folder).table) == 1


def test_other_columns_are_left_alone(folder: Path) -> None:
    (folder / "tags.csv").write_text(",image,tags,note,note\n0,red.png,a,x,y\n")  # as of pandas, with its index
    assert read_folder(folder).names == ("red.png",)


def test_arguments_that_are_refused(folder: Path) -> None:
    table = render_outfits(1, rng=0)
    with pytest.raises(TypeError, match="folder was int; a str or os.PathLike is accepted"):
        read_folder(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="size was 4; at least 8 is accepted"):
        read_folder(folder, size=4)
    with pytest.raises(ValueError, match="unreadable was 'warn'; 'skip' and 'raise' are accepted"):
        read_folder(folder, unreadable="warn")
    with pytest.raises(FileNotFoundError):
        read_folder(folder / "none")
    (folder / "tags.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"has no tags.csv; a table with the columns image and tags"):
        read_folder(folder)
    with pytest.raises(FileExistsError, match="is not empty; an empty folder is accepted"):
        write_folder(folder, table)
    with pytest.raises(TypeError, match="table was list; an ImageTable is accepted"):
        write_folder(folder / "new", [])  # type: ignore[arg-type]
    assert table.masks is not None
    for masks, error, match in (
        (table.masks.astype("float32"), TypeError, "masks of table has dtype float32; bool is accepted"),
        (table.masks[:, :, ::8, ::8], ValueError, r"masks of table has shape \(1, 5, 8, 8\); \(1, 5, 64, 64\)"),
    ):
        with pytest.raises(error, match=match):
            write_folder(folder / "new", dataclasses.replace(table, masks=masks))
    with pytest.raises(ValueError, match="part 'a/b' is no name of a file"):
        write_folder(folder / "new", dataclasses.replace(table, part_names=["a/b", *"cdef"]))
    odd = type(table)(table.images, table.tags[:, :1], ["a;b"])
    with pytest.raises(ValueError, match="tag 'a;b' has ';' in it or spaces at its ends"):
        write_folder(folder / "new", odd)


def width_of(picture: Path) -> int:
    with Image.open(picture) as drawn:
        return drawn.size[0]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["kousei", "fashion", *arguments])
    command_line.main()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of drawn outfits, one of whose files is broken, and a model that has seen little of them."""
    folder = tmp_path_factory.mktemp("fashion") / "outfits"
    with pytest.MonkeyPatch.context() as monkeypatch:
        run(monkeypatch, "train", str(folder), "--demo", "30", "--epochs", "1")
    (folder / "000007.png").write_bytes(b"no image")
    return folder


def test_train(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    model = PartialVSE.load(trained / "model.safetensors")
    assert model.part_names == ("hat", "top", "bottom", "shoes", "bag")
    assert model.mask_predictor is not None
    path = str(tmp_path / "own.safetensors")
    run(monkeypatch, "train", str(trained), "--epochs", "1", "--size", "32", "--model", path, "--progress")
    written = capsys.readouterr()
    skipped, judged, saved = written.out.splitlines()
    assert skipped == "skipped 000007.png: 000007.png cannot be read: no image of a format that is known"
    assert judged.startswith("mean average precision 0.")
    assert judged.endswith(" on 2 images kept out of training")
    assert saved == f"PartialVSE of {len(kousei.load(path).tag_names)} tags in {path}"
    assert "epochs: 100%" in written.err


@pytest.mark.slow
def test_training_on_a_small_folder_is_long_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    run(monkeypatch, "train", str(tmp_path / "new"), "--demo", "800")
    assert float(capsys.readouterr().out.split()[3]) > 0.8


def test_train_without_masks(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    run(monkeypatch, "train", str(folder), "--epochs", "1")
    path = folder / "model.safetensors"
    assert capsys.readouterr().out == f"VisualSemanticEmbedding of 3 tags in {path}\n"
    assert kousei.load(path).weights == "uniform"


def test_query(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    picture = tmp_path / "sheet.png"
    tag = read_folder(trained).table.tag_names[0]
    run(monkeypatch, "query", str(trained), tag, "-n", "9", "--picture", str(picture))
    *found, drawn = capsys.readouterr().out.splitlines()[1:]
    assert drawn == f"Picture: {picture}"
    model, read = PartialVSE.load(trained / "model.safetensors"), read_folder(trained)
    best = model.index(read.table.images, read.table.masks).retrieve([tag], n=9)
    assert [line.split(":")[0].split()[1] for line in found] == [read.names[k] for k in best.rows]
    assert [float(line.split()[0]) for line in found] == pytest.approx(best.scores, abs=1e-3)
    assert width_of(picture) > 800
    run(monkeypatch, "query", str(trained), "--without", tag, "--like", "000003.png", "--picture", str(picture))
    assert "000003.png" not in capsys.readouterr().out
    run(monkeypatch, "query", str(trained), tag, "--picture", str(tmp_path / "no suffix"))
    assert capsys.readouterr().out.endswith(f"Picture: {tmp_path / 'no suffix.png'}\n")
    assert width_of(tmp_path / "no suffix.png") > 800


def test_folders_that_do_not_fit_a_network(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    (tmp_path / "one.png").write_bytes((trained / "000003.png").read_bytes())
    tag, model = read_folder(trained).table.tag_names[0], str(trained / "model.safetensors")
    for first_line, arguments, message in (
        (["image", "tags"], ["--like", "one.png"], "--like was 'one.png', the only image of the folder"),
        (["image", "tags", "mask:sleeve"], [tag], "tags.csv has masks of ('sleeve',); masks of ('hat', "),
    ):
        write_table(tmp_path, [first_line, ["one.png", "a", *[""] * (len(first_line) - 2)]])
        with pytest.raises(SystemExit):
            run(monkeypatch, "query", str(tmp_path), *arguments, "--model", model)
        assert message in capsys.readouterr().err


def test_heatmap(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    picture = tmp_path / "heat.png"
    read = read_folder(trained)
    tags = read.table.tag_names[:2]
    run(monkeypatch, "heatmap", str(trained), "000003.png", *tags, "--picture", str(picture))
    model, row = PartialVSE.load(trained / "model.safetensors"), read.names.index("000003.png")
    assert read.table.masks is not None
    scores = model.scores(read.table.images[row : row + 1], read.table.masks[row : row + 1])[0]
    wanted = [f"{scores[model.tag_names.index(tag)]:6.3f} {tag}" for tag in tags]
    assert capsys.readouterr().out.splitlines()[1:] == [*wanted, f"Picture: {picture}"]
    assert width_of(picture) > 500


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "none"], "No such file or directory"),
        (["train", "{}", "--demo", "5"], "is not empty; an empty folder is accepted"),
        (["train", "{}", "--epochs", "0"], "epochs was 0; at least 1 is accepted"),
        (["train", "new", "--demo", "1"], "--demo was 1; at least 2 is accepted"),
        (["train", "new", "--demo", "9", "--epochs", "0"], "--epochs was 0; at least 1 is accepted"),
        (["train", "new", "--demo", "9", "--size", "4"], "--size was 4; at least 8 is accepted"),
        (["train", "{}", "--seed", "-1"], "--seed was -1; "),
        (["train", "{}", "--model", "none/a.safetensors"], "--model was 'none/a.safetensors'; there is no folder"),
        (["train", "{}", "--size", "4"], "size was 4; at least 8 is accepted"),
        (["query", "{}", "black top"], "tag was 'black top', which is not known; near it are 'black-top'"),
        (["query", "{}"], "tags, without and like were left out"),
        (
            ["query", "{}", "--like", "000003"],
            "image was '000003', which tags.csv does not have; near it are '000003.p",
        ),
        (["query", "{}", "--like", "000007.png"], "image was '000007.png', which cannot be read: 000007.png cannot"),
        (["query", "{}", "black-top", "-n", "0"], "n was 0; at least 1 is accepted"),
        (["query", "{}", "black-top", "--model", "none.safetensors"], "No such file or directory"),
        (
            ["query", "{}", "black-top", "--model", "mlp.safetensors"],
            "mlp.safetensors holds a MLP; a PartialVSE or a",
        ),
        (["query", "{}", "black-top", "--model", "scorer.safetensors"], "scorer.safetensors holds a OutfitScorer; "),
        (["query", "{}", "black-top", "--picture", "none/a.png"], "--picture was 'none/a.png'; there is no folder"),
        (["heatmap", "{}", "000003.png", "black top"], "near it are 'black-top'"),
        (["heatmap", "{}", "3.png", "black-top"], "image was '3.png', which tags.csv does not have"),
    ],
)
def test_commands_that_are_refused(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    kousei.save("mlp.safetensors", kousei.identity(2))
    OutfitScorer(rng=0).save("scorer.safetensors")
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, *(str(trained) if argument == "{}" else argument for argument in arguments))
    assert ended.value.code == 1
    error = capsys.readouterr().err
    assert error.startswith("kousei: ")
    assert error.count("\n") == 1
    assert message in error
    assert not list(tmp_path.glob("*.png"))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("missing", ["torch", "matplotlib"])
def test_commands_without_what_they_need(monkeypatch: pytest.MonkeyPatch, capsys: Any, missing: str) -> None:
    monkeypatch.setattr("kousei._commands.fashion.find_spec", lambda name: None if name == missing else name)
    with pytest.raises(SystemExit):
        run(monkeypatch, "query", "folder", "tag")
    assert "not " in (error := capsys.readouterr().err)
    assert f"{missing} " in error
    assert "pip install 'kousei[" in error


def test_nonsense() -> None:
    for arguments in ([], ["heatmap", "folder"], ["query"]):
        command = [sys.executable, "-m", "kousei", "fashion", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=os.environ)
        assert done.returncode == 2
        assert "usage: kousei fashion" in done.stderr
