"""The harness of tests/fuzz for files: it has a kind for all that the package reads."""

import ast
import importlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import kousei

for library in ("PIL", "dask.dataframe", "h5py", "jinja2", "onnx", "pyarrow", "torch"):
    pytest.importorskip(library)

PACKAGE = Path(kousei.__file__).parent

#: Calls that read, by the last part of their names, and those that do in these libraries.
READ = {"File", "FromString", "frombuffer", "fromfile", "read_bytes", "read_csv", "read_parquet", "read_text"}
LOAD = {f"{library}.{call}" for library in ("json", "np", "onnx", "pickle", "torch") for call in ("load", "loads")}

#: What reads a file that is installed with a library.
INSTALLED = {"fashion/backbones.py: EfficientNetLite0.__init__"}


@pytest.fixture(scope="module")
def loaders(monkeypatch_module: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch_module.syspath_prepend(Path(__file__).parents[1] / "fuzz")
    harness = importlib.import_module("loaders")
    yield harness
    shutil.rmtree(harness.FOLDER)


@pytest.fixture(scope="module")
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def reads(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    if name.rpartition(".")[2] != "open":
        return name.rpartition(".")[2] in READ or name in LOAD
    texts = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    return not any(str(text).startswith("w") for text in texts)


def readers(node: ast.AST, name: str = "", within: str = "") -> Iterator[str]:
    """Return the functions in which files are read, by their qualified names."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from readers(child, f"{name}{child.name}.", within)
        elif isinstance(child, ast.FunctionDef):
            yield from readers(child, f"{name}{child.name}.<locals>.", f"{name}{child.name}")
        else:
            if isinstance(child, ast.Call) and reads(child):
                yield within
            yield from readers(child, name, within)


def test_all_that_reads_files_has_a_kind(loaders: Any) -> None:
    there = {
        f"{path.relative_to(PACKAGE).as_posix()}: {name}"
        for path in PACKAGE.rglob("*.py")
        for name in readers(ast.parse(path.read_text()))
    }
    assert {"io/files.py: load", "recommend/data.py: _read", "io/onnx/graph.py: parse"} <= there
    called = set()

    def note(frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(str(PACKAGE)):
            called.add(f"{Path(code.co_filename).relative_to(PACKAGE).as_posix()}: {code.co_qualname}")

    sys.setprofile(note)
    try:
        loaders.seeds()
    finally:
        sys.setprofile(None)
    assert there - called == INSTALLED


def test_all_classes_that_files_hold_have_a_kind(loaders: Any) -> None:
    registered = {kind.cls for kind in kousei.io.files._kinds.values() if kind.cls.__module__.startswith("kousei.")}
    assert registered == {type(net) for net in loaders.saved()}
