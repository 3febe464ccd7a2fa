"""Whatever stands in place of an argument of the command line: a command runs, or refuses it in one line.

Commands and their arguments are derived from the parser.
"""

import argparse
import contextlib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kousei
import kousei.__main__ as command_line
from test_contract_refusals import OTHERS

NONSENSE = ["", "nonsense", "-1", "0", str(2**70), "1.5", "nan", "inf", "-inf", ".", "no/folder/x", "x.abc"]
#: How much work there is: done to the end, it takes as long.
WORK = {"epochs", "days", "demo"}
#: A call of each command that works, by its arguments.
VALID: dict[str, dict[str, Any]] = {
    "info": {},
    "demo": {"picture": "demo.png"},
    "convert": {"source": "net.safetensors", "target": "out.safetensors"},
    "binarize": {
        "source": "net.safetensors",
        "target": "out.safetensors",
        "method": "bits",
        "bits": "3",
        "bias": "affine",
        "calibrate": "x.npy",
        "points": "x.npy",
        "labels": "y.npy",
    },
    "fashion train": {"folder": "images", "model": "m.safetensors", "size": "64", "epochs": "1", "seed": "0"},
    "fashion query": {
        "folder": "images",
        "model": "model.safetensors",
        "size": "64",
        "tags": "cap",
        "without": "formal",
        "like": "000000.png",
        "count": "1",
        "picture": "query.png",
    },
    "fashion heatmap": {
        "folder": "images",
        "model": "model.safetensors",
        "size": "64",
        "image": "000000.png",
        "tags": "cap",
        "picture": "heatmap.png",
    },
    "recommend build": {"shops": "shops.csv", "ratings": "ratings.csv", "target": "out.csv", "k": "1"},
    "recommend query": {
        "shops": "shops.csv",
        "recommendations": "table.csv",
        "shop": "inn",
        "algorithm": "similar",
    },
    "recommend pages": {"shops": "shops.csv", "recommendations": "table.csv", "folder": "pages"},
    "recommend simulate": {"shops": "shops.csv", "days": "1", "visits": "10", "seed": "0", "state": "state.npz"},
}


def commands(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Iterator[tuple[str, list[Any]]]:
    """Yield every command that has none below it, and its arguments that take a value."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for action in below:
        for name, its in action.choices.items():
            yield from commands(its, (*path, name))
    if not below:
        yield " ".join(path), [action for action in parser._actions if action.nargs != 0]


COMMANDS = dict(commands(command_line._parser()))


def test_every_argument_is_called() -> None:
    taken = {name: {action.dest for action in actions} for name, actions in COMMANDS.items()}
    assert taken == {
        name: set(arguments) | ({"demo"} if name == "fashion train" else set()) for name, arguments in VALID.items()
    }


def argv(command: str, arguments: dict[str, str]) -> list[str]:
    """Return what is typed; options with an equals sign, so that their values may begin with a hyphen."""
    given = [action for action in COMMANDS[command] if action.dest in arguments]
    positional = [arguments[action.dest] for action in given if not action.option_strings]
    options = [f"{action.option_strings[0]}={arguments[action.dest]}" for action in given if action.option_strings]
    return ["kousei", *command.split(), *positional, *options]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the files that valid calls read, in the working directory."""
    monkeypatch.chdir(tmp_path)
    net = kousei.MLP.random([2, 3, 1], rng=0)
    kousei.save("net.safetensors", net)
    x = np.random.default_rng(0).uniform(-1, 1, (10, 2))
    np.save("x.npy", x)
    np.save("y.npy", (net(x) > 0).astype(int))
    Path("shops.csv").write_text(
        "shop,categories,scenes,price_band,latitude,longitude\n"
        "inn,ramen,solo,1,35.69,139.7\nbar,ramen;bar,,1,35.6931,139.7\n"
    )
    Path("ratings.csv").write_text("user,shop,rating,time\n1,inn,Excellent,1\n1,bar,Good,2\n2,bar,Good,3\n")
    Path("table.csv").write_text("shop,algorithm,rank,recommended,by\ninn,similar,1,bar,similar\n")


def complaint(command: str, dest: str, value: str, capsys: pytest.CaptureFixture[str]) -> str | None:
    """Return what is wrong with how a command takes a value, None where nothing is."""
    sys.argv = argv(command, VALID[command] | {dest: value})
    code: Any = 0
    try:
        command_line.main()
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    written = capsys.readouterr().err
    if code in (0, 2):  # of what it cannot tell apart argparse shows the usage
        return None
    (action,) = (action for action in COMMANDS[command] if action.dest == dest)
    called = {dest, dest.upper(), str(action.metavar), *action.option_strings}
    *_, said = written.splitlines()
    if not said.startswith("kousei: ") or OTHERS.search(said):
        return f"not in our words: {written}"
    if value not in said and not any(name in said for name in called):
        return f"unnamed: {written}"
    return None


@pytest.mark.parametrize("command", [name for name in VALID if VALID[name]])
def test_nonsense_is_refused(
    command: str, files: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(command, monkeypatch)
    monkeypatch.setattr(sys, "argv", argv(command, VALID[command]))
    with contextlib.suppress(SystemExit):
        command_line.main()
    assert not capsys.readouterr().err
    found = []
    for action in COMMANDS[command]:
        for value in NONSENSE:
            if action.dest in WORK and value == str(2**70):
                continue
            if wrong := complaint(command, action.dest, value, capsys):
                found.append(f"{action.dest} = {value!r}: {wrong}")
    assert not found, f"{len(found)} of {command}:\n" + "\n".join(found)


def prepare(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make what takes long, and is not about arguments, short."""
    if command == "demo":
        monkeypatch.setattr(command_line, "_demo_backends", sys.exit)  # once the picture is accepted
    if command.startswith("fashion"):
        pytest.importorskip("torch")
        fashion = importlib.import_module("kousei.fashion")
        table = fashion.render_outfits(4, rng=0)
        fashion.write_folder("images", table)
        # Once the arguments are accepted; those of `fit` are under its own contract.
        monkeypatch.setattr(fashion.MaskPredictor, "fit", lambda *_, **__: sys.exit())
        monkeypatch.setattr(command_line.fashion, "_pyplot", sys.exit)
        fashion.PartialVSE(table.tag_names, table.part_names, dim=2, rng=0).eval().save("model.safetensors")
    if command.startswith("recommend"):
        pytest.importorskip("pandas")
