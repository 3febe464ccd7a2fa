"""`python -m kousei`."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import kousei
import kousei.__main__ as command_line
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


def test_convert(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    net = kousei.MLP.random([3, 8, 4, 2], "relu", rng=0)
    first, model, second = (str(tmp_path / name) for name in ("first.safetensors", "net.onnx", "second.safetensors"))
    kousei.save(first, net)
    for source, target in ((first, model), (model, second)):
        done = run("convert", source, target)
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"{net!r} in {target}\n"
    x = np.random.default_rng(0).normal(size=(10, 3))
    np.testing.assert_allclose(kousei.load(second)(x), net(x), rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("net.pt", "net.onnx", "net.pt has the suffix '.pt'; .safetensors and .onnx are accepted"),
        ("net.safetensors", "net", "net has the suffix ''; .safetensors and .onnx are accepted"),
        ("none.safetensors", "net.safetensors", "No such file"),
        ("bad.safetensors", "net.safetensors", "bad.safetensors: the file has 3 bytes"),
        ("own.safetensors", "none/net.safetensors", "No such file"),
        ("bad.onnx", "net.safetensors", "bad.onnx"),
    ],
)
def test_convert_of_bad_files(tmp_path: Path, source: str, target: str, message: str) -> None:
    if ".onnx" in source + target:
        pytest.importorskip("onnx")
    for name in ("bad.safetensors", "bad.onnx"):
        (tmp_path / name).write_bytes(b"bad")
    kousei.save(tmp_path / "own.safetensors", kousei.MLP.random([1, 1], rng=0))
    done = run("convert", str(tmp_path / source), str(tmp_path / target))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("kousei: ")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr


def test_convert_without_onnx(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command_line, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "argv", ["kousei", "convert", "net.onnx", str(tmp_path / "net.safetensors")])
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == "kousei: onnx is not installed: pip install 'kousei[onnx]'\n"


@pytest.mark.parametrize("arguments", [(), ("train",), ("info", "--fast"), ("convert", "net.onnx")])
def test_nonsense(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "usage: kousei" in done.stderr
