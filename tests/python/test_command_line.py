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
    assert f"numpy {np.__version__}" in rows["libraries"].split(", ")
    assert rows["instruction set"] == _core.instruction_set_name()
    assert int(rows["threads"]) >= 1
    assert ("CUDA" in rows) == bool(why_no_cuda())
    assert ("CUDA runtime" in rows) == hasattr(_core, "cuda")


def test_demo(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    done = run("demo", "--picture", str(picture))
    assert done.returncode == 0, done.stderr
    assert "524288" in done.stdout
    assert "in signs" in done.stdout
    if importlib.util.find_spec("onnx") and importlib.util.find_spec("onnxruntime"):
        assert "onnxruntime" in done.stdout
    if importlib.util.find_spec("matplotlib"):
        assert picture.stat().st_size > 10_000
    else:
        assert "No picture" in done.stdout


def test_demo_refuses_a_picture_that_cannot_be_written(tmp_path: Path) -> None:
    done = run("demo", "--picture", str(tmp_path / "nowhere" / "picture.png"))
    assert done.returncode == 1
    assert done.stdout == ""
    assert "--picture was" in done.stderr


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


def digits(path: Path) -> tuple[kousei.MLP, np.ndarray, np.ndarray]:
    """A classifier in net.safetensors, and points and their classes in x.npy and y.npy."""
    net = kousei.MLP.random([4, 16, 16, 3], "relu", rng=0)
    x = np.random.default_rng(1).normal(size=(300, 4))
    y = net(x).argmax(axis=-1)
    y[:30] = (y[:30] + 1) % 3
    kousei.save(path / "net.safetensors", net)
    np.save(path / "x.npy", x)
    np.save(path / "y.npy", y)
    return net, x, y


def test_binarize(tmp_path: Path) -> None:
    net, x, y = digits(tmp_path)
    source, target, points, labels = (
        str(tmp_path / name) for name in ("net.safetensors", "out.safetensors", "x.npy", "y.npy")
    )
    options = ("--bits", "4", "--calibrate", points)
    done = run("binarize", source, target, *options, "--labels", labels)
    assert done.returncode == 0, done.stderr
    binary = kousei.load(target)
    assert np.array_equal(binary(x), kousei.binarize(net, "bits", bits=4, calibrate=x)(x))
    after = (binary(x).argmax(axis=-1) == y).mean()
    same = (binary(x).argmax(axis=-1) == net(x).argmax(axis=-1)).mean()
    error = np.linalg.norm(binary(x) - net(x)) / np.linalg.norm(net(x))
    assert done.stdout == (
        f"{binary!r} in {target}\n{binary.summary()}\nat 300 points:\nrelative error of the outputs {error:.1e}\n"
        f"same predictions {same:.2%}\naccuracy 90.00% before, {after:.2%} after\n"
    )
    assert run("binarize", source, target, *options).stdout == done.stdout[: done.stdout.index("accuracy")]


def test_binarize_exactly(tmp_path: Path) -> None:
    net, x, _ = digits(tmp_path)
    source, target = str(tmp_path / "net.safetensors"), str(tmp_path / "out.safetensors")
    for method in ((), ("--method", "auto", "--bias", "strict")):
        done = run("binarize", source, target, *method)
        assert done.returncode == 0, done.stderr
        binary = kousei.load(target)
        written, where, error, same = done.stdout.rsplit("\n", 4)[:-1]
        assert written == f"{binary!r} in {target}\n{binary.summary()}"
        assert where == "at 1000 random points, every input between -1 and 1:"
        assert float(error.removeprefix("relative error of the outputs ")) < 1e-14
        assert same == "same predictions 100.00%"
        np.testing.assert_allclose(binary(x), net(x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("options", ["--method dyadic", "--bits 12", "--bits 3 --calibrate more.npy"])
def test_binarize_compares_at_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: str
) -> None:
    net, x, y = digits(tmp_path)
    monkeypatch.chdir(tmp_path)
    np.save("more.npy", np.random.default_rng(2).normal(size=(100, 4)))
    arguments = f"binarize net.safetensors out.safetensors {options} --points x.npy --labels y.npy"
    monkeypatch.setattr(sys, "argv", ["kousei", *arguments.split()])
    command_line.main()
    after = kousei.load("out.safetensors")(x)
    error, right = np.linalg.norm(after - net(x)) / np.linalg.norm(net(x)), (after.argmax(axis=-1) == y).mean()
    *_, where, shown, _, accuracy = capsys.readouterr().out.splitlines()
    assert where == "at 300 points:"
    assert shown == f"relative error of the outputs {error:.1e}"
    assert accuracy == f"accuracy 90.00% before, {right:.2%} after"


def test_binarize_of_one_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    net = kousei.MLP.random([2, 8, 1], "relu", rng=0)
    x = np.random.default_rng(1).normal(size=(50, 2))
    monkeypatch.chdir(tmp_path)
    kousei.save("net.safetensors", net)
    np.save("x.npy", x)
    np.save("y.npy", (net(x) > 0).astype(int))
    arguments = ["binarize", "net.safetensors", "out.safetensors", "--bits", "16", "--calibrate", "x.npy"]
    monkeypatch.setattr(sys, "argv", ["kousei", *arguments])
    command_line.main()
    *_, points, error = capsys.readouterr().out.splitlines()
    assert points == "at 50 points:"
    assert float(error.removeprefix("relative error of the outputs ")) < 1e-3
    monkeypatch.setattr(sys, "argv", ["kousei", *arguments, "--labels", "y.npy"])
    command_line.main()
    assert "same predictions 100.00%\naccuracy 100.00% before, 100.00% after\n" in capsys.readouterr().out
    np.save("x.npy", x.astype(np.float32))
    command_line.main()
    assert capsys.readouterr().out.startswith("x.npy: float32 is taken as float64, of which the network is\n")


def test_binarize_shows_a_bar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    digits(tmp_path)
    monkeypatch.chdir(tmp_path)
    for options, shown in (([], False), (["--progress"], True)):
        monkeypatch.setattr(sys, "argv", ["kousei", "binarize", "net.safetensors", "out.safetensors", *options])
        command_line.main()
        assert ("rows of signs: 100%" in capsys.readouterr().err) == shown


@pytest.mark.parametrize("size", [2.0**-140, 1e-30, 1.0, 1e25, 2e38])
def test_errors_of_outputs_of_any_size(size: float) -> None:
    before = np.array([[size, -size], [size / 2, 0]], "f4")
    after = np.array([[size / 2, -size], [size / 2, 0]], "f4")
    error = np.linalg.norm((after - before) / np.float64(before.max())) / 1.5
    assert command_line._compared(before, after, None) == [
        f"relative error of the outputs {error:.1e}",
        "same predictions 100.00%",
    ]
    assert 0.3 < error < 0.4


def test_outputs_that_are_not_finite() -> None:
    before = np.array([[1, 2], [np.nan, 0], [3, 1], [4, 5.0]])
    after = np.array([[1, 2], [np.nan, 0], [np.inf, 1], [5, 4.0]])
    assert command_line._compared(before, after, np.array([1, 0, 0, 1])) == [
        f"relative error of the outputs {np.sqrt(2 / 46):.1e}",
        "not finite at 2 points, left out of the error and not the same predictions",
        "same predictions 25.00%",
        "accuracy 75.00% before, 25.00% after",
    ]
    assert command_line._compared(before[1:2, 0], after[1:2, 0], None) == [
        "not finite at 1 points, left out of the error and not the same predictions"
    ]
    zero = np.zeros((2, 2))
    assert command_line._compared(zero, zero, None)[0] == "relative error of the outputs 0.0e+00"
    assert command_line._compared(zero, zero + 1, None)[0] == "relative error of the outputs inf"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            "single.safetensors out.safetensors --points far.npy",
            "far.npy has no points, or numbers that are not finite",
        ),
        ("net.pt out.safetensors", "net.pt has the suffix '.pt'"),
        ("net.safetensors out.npz", "out.npz has the suffix '.npz'"),
        ("out.safetensors out.safetensors", "No such file"),
        ("binary.safetensors out.safetensors", "binary.safetensors holds a BinaryNetwork; an MLP is accepted"),
        ("tanh.safetensors out.safetensors", "activations[0] was 'tanh'; "),
        ("net.safetensors out.safetensors --bits 25", "bits was 25; 1 to 24"),
        ("net.safetensors out.safetensors --method bits", "bits was None; with method='bits'"),
        ("net.safetensors out.safetensors --bits 3 --method auto", "bits was 3 and method 'auto', which is exact"),
        ("net.safetensors out.safetensors --calibrate x.npy", "calibrate was given and method 'chain'"),
        ("net.safetensors out.safetensors --bits 3 --calibrate y.npy", "y.npy has dtype int64 and shape (300,); "),
        (
            "net.safetensors out.safetensors --bits 3 --calibrate one.npy",
            "one.npy has dtype float64 and shape (300,); float32 or ",
        ),
        ("net.safetensors out.safetensors --bits 3 --calibrate nan.npy", "nan.npy has no points, or numbers that"),
        ("net.safetensors out.safetensors --bits 3 --calibrate bad.npy", "bad.npy is no .npy file of numbers: "),
        (
            "net.safetensors out.safetensors --bits 3 --calibrate objects.npy",
            "objects.npy is no .npy file of numbers: ",
        ),
        ("net.safetensors out.safetensors --bits 3 --calibrate long.npy", "long.npy is no .npy file of numbers: "),
        (
            "net.safetensors out.safetensors --bits 3 --calibrate several.npz",
            "several.npz is no .npy file of numbers: ",
        ),
        ("net.safetensors out.safetensors --bits 3 --calibrate none.npy", "No such file"),
        ("net.safetensors out.safetensors --points none.npy", "No such file"),
        ("net.safetensors out.safetensors --points wide.npy", "wide.npy has dtype float64 and shape (300, 8); "),
        ("net.safetensors out.safetensors --points x.npy --labels few.npy", "few.npy has dtype int64 and shape (9,)"),
        (
            "net.safetensors out.safetensors --bits 3 --labels y.npy",
            "--labels are those of the points of --points or --calibrate, which are missing",
        ),
        (
            "net.safetensors out.safetensors --bits 3 --calibrate x.npy --labels x.npy",
            "x.npy has dtype float64 and shape (300, 4); integers from 0 to 2 of shape (300,) are accepted",
        ),
        ("net.safetensors out.safetensors --bits 3 --calibrate x.npy --labels three.npy", "integers from 0 to 2"),
    ],
)
def test_binarize_of_bad_arguments(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: str,
    message: str,
) -> None:
    net, x, y = digits(tmp_path)
    monkeypatch.chdir(tmp_path)
    kousei.save("binary.safetensors", kousei.binarize(net))
    kousei.save("single.safetensors", net.astype("float32"))
    kousei.save("tanh.safetensors", kousei.MLP.random([4, 2, 1], "tanh", rng=0))
    for name, array in {
        "one": x[:, 0].copy(),
        "wide": np.concatenate([x, x], axis=1),
        "few": y[:9],
        "nan": x * np.nan,
        "far": x * 1e200,
        "objects": np.array([None, "x"]),
        "three": y + 1,
    }.items():
        np.save(f"{name}.npy", array)
    Path("bad.npy").write_bytes(b"bad")
    Path("long.npy").write_bytes(Path("x.npy").read_bytes().replace(b"(300, 4)", b"(900, 4)"))
    np.savez("several.npz", x=x)
    monkeypatch.setattr(sys, "argv", ["kousei", "binarize", *arguments.split()])
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    assert ended.value.code == 1
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.startswith("kousei: ")
    assert message in written.err
    assert not Path("out.safetensors").exists()


@pytest.mark.parametrize(
    "arguments", [(), ("train",), ("info", "--fast"), ("convert", "net.onnx"), ("binarize", "net.onnx")]
)
def test_nonsense(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "usage: kousei" in done.stderr
