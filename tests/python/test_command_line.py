"""`python -m kousei`."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import kousei
from kousei._lib import _core
from kousei._lib.backends import why_no_cuda


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kousei", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=os.environ)


def test_info() -> None:
    done = run("info")
    assert done.returncode == 0, done.stderr
    rows = dict(line.strip().split(": ", 1) for line in done.stdout.splitlines())
    assert rows["kousei"] == kousei.__version__
    assert rows["instruction set"] == _core.instruction_set_name()
    assert int(rows["threads"]) >= 1
    assert ("CUDA" in rows) == bool(why_no_cuda())
    assert ("CUDA runtime" in rows) == hasattr(_core, "cuda")


def test_demo(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    done = run("demo", "--picture", str(picture))
    assert done.returncode == 0, done.stderr
    assert "524288" in done.stdout
    if importlib.util.find_spec("matplotlib"):
        assert picture.stat().st_size > 10_000
    else:
        assert "No picture" in done.stdout


@pytest.mark.parametrize("arguments", [(), ("train",), ("info", "--fast")])
def test_nonsense(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "usage: kousei" in done.stderr
