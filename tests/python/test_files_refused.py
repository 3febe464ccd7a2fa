"""Files that hold no network: each is refused with what is wrong."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

import kousei
from test_files import DATA, dense, funahashi, sparse


def written(
    path: Path, change: Callable[[dict[str, Any], dict[str, np.ndarray]], None], net: kousei.MLP | None = None
) -> Path:
    """A file of the safetensors package, with what `change` made of the metadata and the tensors of a network."""
    kousei.save(path / "net", dense() if net is None else net)
    with safetensors.safe_open(path / "net", "np") as file:
        metadata = json.loads(file.metadata()["kousei"])
    tensors = safetensors.numpy.load_file(path / "net")
    change(metadata, tensors)
    safetensors.numpy.save_file(tensors, path / "changed", {"kousei": json.dumps(metadata)})
    return path / "changed"


Change = Callable[[dict[str, Any], dict[str, np.ndarray]], Any]
DENSE: list[tuple[Change, str]] = [
    (lambda m, t: m.update(format=2), "format 2, written by a newer kousei; 1 is accepted"),
    (lambda m, t: m.update(format=0), "format 0; 1 is accepted"),
    (lambda m, t: m.update(format=True), "'format' was True; int is accepted"),
    (lambda m, t: m.update(format="1"), "'format' was '1'; int is accepted"),
    (lambda m, t: m.pop("format"), "'format' is missing"),
    (lambda m, t: m.update({"class": "Transformer"}), "class of the network is 'Transformer'; MLP, "),
    (lambda m, t: m.update({"class": "x" * 1000}), r"class of the network is 'x+\.\.\.x+';"),
    (lambda m, t: m.update({"class": ["MLP"]}), "'class' was"),
    (lambda m, t: m.pop("config"), "metadata: 'config' is missing"),
    (lambda m, t: m.update(extra=1), "metadata: 'extra' is not known"),
    (lambda m, t: m.update(config=[]), r"'config' was \[\]; dict is accepted"),
    (lambda m, t: m.update(config={}), "config: 'activations' is missing"),
    (lambda m, t: m["config"].update(activations="tanh"), "'activations' was 'tanh'; list is accepted"),
    (lambda m, t: m["config"].update(activations=[]), "'biases.1' is not known"),
    (lambda m, t: m["config"].update(activations=["tanh"] * 2), "tensors: 'biases.2' is missing"),
    (lambda m, t: m["config"].update(activations=["sinh"]), "activation was 'sinh'"),
    (lambda m, t: m["config"].update(activations=["hat"]), "an activation was 'hat'; the name of one without"),
    (lambda m, t: m["config"].update(activations=[None]), "an activation was None"),
    (lambda m, t: m["config"].update(activations=[{"kinks": [0.0]}]), "activation: 'name' is missing"),
    (lambda m, t: m["config"].update(activations=[{"parts": []}]), "there are no parts"),
    (lambda m, t: m["config"].update(activations=[{"parts": [["relu"]]}]), "a part was"),
    (lambda m, t: m["config"].update(activations=[{"parts": [["relu", 1.5]]}]), "units of a part was 1.5"),
    (lambda m, t: m["config"].update(activations=[{"parts": [["relu", 2**70]]}]), "the layer has 3"),
    (lambda m, t: m["config"].update(activations=[{"parts": [[{"parts": []}, 3]]}]), "a part has parts of its own"),
    (lambda m, t: t.pop("weights.0"), "tensors: 'weights.0' is missing"),
    (lambda m, t: t.update({"weights.2": t["weights.1"]}), "tensors: 'weights.2' is not known"),
    (lambda m, t: t.update({"weights.0": np.ones((2, 3))}), r"weights\[1\] has shape|biases\[0\] has shape"),
    (lambda m, t: t.update({"weights.0": np.ones((3, 0))}), "not empty, is accepted"),
    (lambda m, t: t.update({"biases.0": np.ones(3, "f4")}), r"biases\[0\] has dtype float32"),
    (lambda m, t: t.update({"weights.0": np.ones((3, 2), "i8")}), r"weights\[0\] has dtype int64"),
    (lambda m, t: t.update({"weights.0": np.ones((3, 2), "f2")}), "'weights.0' has dtype F16; F64, F32, I64, I32"),
]
KINKS = {"name": "g", "kinks": [0.0], "slopes": [0.0, 1.0], "value": 0.0}
for _change, _message in [
    ({"kinks": []}, "kinks has shape"),
    ({"kinks": [1.0, 0.0]}, "slopes"),
    ({"kinks": [2.0, 1.0], "slopes": [0.0, 1.0, 2.0]}, "increasing numbers are accepted"),
    ({"kinks": ["0"]}, "kinks has dtype"),
    ({"kinks": [[0.0]]}, "kinks has shape"),
    ({"kinks": [[0.0], 1.0]}, "rows of the same length"),
    ({"kinks": [10**400]}, "kinks has dtype object"),
    ({"kinks": 1.0}, "'kinks' was 1.0; list is accepted"),
    ({"value": "1"}, "'value' was '1'; int or float is accepted"),
    ({"value": 10**400}, "'value' was 1000.*; a finite number is accepted"),
    ({"name": 1}, "'name' was 1; str is accepted"),
    ({"more": 1}, "activation: 'more' is not known"),
]:
    DENSE.append((lambda m, t, c=_change: m["config"].update(activations=[KINKS | c]), _message))


@pytest.mark.parametrize(("change", "message"), DENSE)
def test_files_that_are_no_network(tmp_path: Path, change: Change, message: str) -> None:
    assert kousei.load(written(tmp_path, lambda m, t: None)).units == 3
    path = written(tmp_path, change)
    with pytest.raises(ValueError, match=message) as caught:
        kousei.load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert len(str(caught.value)) < 1000


SPARSE: list[tuple[str, np.ndarray, str]] = [
    ("indices", np.array([0, 2, 1, 3], "i4"), "indices are not all from 0 to 2"),
    ("indices", np.array([0, 2, 1, -1], "i4"), "indices are not all from 0 to 2"),
    ("indices", np.array([0, 2, 1], "i4"), "indices .3,. and indptr .5,.; .n,., .n,. and .5,. are accepted"),
    ("indices", np.array([0, 2, 1, 0], "i8"), "indices has dtype int64 and indptr int32"),
    ("indptr", np.array([0, 2, 2, 3], "i4"), "indptr .4,."),
    ("indptr", np.array([0, 2, 1, 3, 4], "i4"), "indptr is not increasing from 0 to 4"),
    ("indptr", np.array([1, 2, 2, 3, 4], "i4"), "indptr is not increasing"),
    ("indptr", np.array([0, 2, 2, 3, 5], "i4"), "indptr is not increasing"),
    ("data", np.ones(4, "f8"), "has dtype"),
    ("data", np.ones(4, "i4"), "floating-point data"),
    ("shape", np.array([4, 0]), "two positive numbers"),
    ("shape", np.array([4]), "two positive numbers"),
    ("shape", np.array([2**62, 3]), "indptr"),
    ("shape", np.array([5, 3]), "indptr"),
]


@pytest.mark.parametrize(("part", "array", "message"), SPARSE)
def test_sparse_rows_that_do_not_fit(tmp_path: Path, part: str, array: np.ndarray, message: str) -> None:
    path = written(tmp_path, lambda m, t: t.update({f"weights.0.{part}": array}), sparse())
    with pytest.raises(ValueError, match=message):
        kousei.load(path)
    without = written(tmp_path, lambda m, t: t.pop(f"weights.0.{part}"), sparse())
    with pytest.raises(ValueError, match="is missing"):
        kousei.load(without)


def test_columns_beyond_the_file_cost_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, lambda m, t: t.update({"weights.0.shape": np.array([4, 2**62])}), sparse())
    assert kousei.load(path).dim == 2**62


FORMULA: list[tuple[Change, str]] = [
    (lambda m, t: m["config"].update(delta=-1.0), "delta was -1.0"),
    (lambda m, t: m["config"].update(alpha="1"), "'alpha' was '1'; int or float"),
    (lambda m, t: m["config"].update(alpha=np.pi / m["config"]["delta"]), "multiple of pi"),
    (lambda m, t: m["config"].update(offset=10**400), "'offset' was 1000.*; a finite number is accepted"),
    (lambda m, t: m["config"].update(spacing=1.0), "spacing was 1.0"),
    (lambda m, t: m["config"].update(merged=m["config"]["merged"] + 1), "merged was .*; 0 or "),
    (lambda m, t: m["config"].update(merged=-1), "merged was -1"),
    (lambda m, t: m["config"].update(merged=1.5), "merged was 1.5"),
    (lambda m, t: m["config"].update(activation="relu"), "activation was 'relu'; 'logistic', 'tanh'"),
    (lambda m, t: m["config"].update(activation=KINKS | {"name": "tanh"}), "'activation' was .*; str is"),
    (lambda m, t: m["config"].pop("activation"), "config: 'activation' is missing"),
    (lambda m, t: m["config"].update(residual=None), "tensors: 'residual"),
    (lambda m, t: m["config"].update(residual={}), "residual: "),
    (lambda m, t: m["config"]["residual"].update(proven=1), "'proven' was 1; bool"),
    (lambda m, t: m["config"]["residual"].update(points=-1), "points was -1"),
    (lambda m, t: t.update({"residual.lo": np.ones(2) * 9}), "lo < hi"),
    (lambda m, t: t.update({"residual.lo": np.ones(3)}), "residual has shapes"),
    (lambda m, t: t.update({"residual.size": np.array(-1.0)}), "size below 0"),
    (lambda m, t: t.update({"residual.size": np.array(np.nan)}), "size below 0"),
    (lambda m, t: t.update({"residual.size": np.array(1, "f4")}), "float64 is accepted"),
    (lambda m, t: t.update(bumps=t["bumps"][1:]), "bumps has dtype int64 and shape"),
    (lambda m, t: t.update(bumps=t["bumps"].astype("i4")), "bumps has dtype int32"),
    (lambda m, t: t.update(bumps=t["bumps"] + 1000), "bumps are not ranges"),
    (lambda m, t: t.update(bumps=t["bumps"][:, ::-1].copy()), "bumps are not ranges"),
    (lambda m, t: t.update(bumps=t["bumps"] * 0 + [0, 1]), "merged was"),
    (lambda m, t: t.update(frequencies=t["frequencies"][:, 0].copy()), "frequencies has shape"),
    (lambda m, t: t.update(frequencies=t["frequencies"] * np.nan), "frequencies has NaN"),
    (lambda m, t: t.update(amplitudes=t["amplitudes"][:, 0].copy()), "amplitudes has shape"),
    (lambda m, t: t.update(amplitudes=t["amplitudes"][1:]), "amplitudes has shape"),
    (lambda m, t: t.update(phases=np.full_like(t["phases"], np.inf)), "phases has shape .* finite"),
    (lambda m, t: t.update(phases=t["phases"][1:]), "phases has shape"),
    (lambda m, t: t.update(center=np.ones(3, t["center"].dtype)), "center has shape"),
    (lambda m, t: t.update(center=np.ones(2, "f4")), "center has dtype float32"),
    (lambda m, t: t.update(thresholds=t["thresholds"] ** 3), "equally spaced"),
    (lambda m, t: t.update(thresholds=t["thresholds"] * np.nan), "equally spaced"),
    (lambda m, t: t.update(thresholds=np.array(1, t["center"].dtype)), "phases has shape"),
    (lambda m, t: t.pop("center"), "tensors: 'center' is missing"),
]


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize(("change", "message"), FORMULA)
def test_formulas_that_are_none(tmp_path: Path, change: Change, message: str, single: bool) -> None:
    net = funahashi("tol").astype("float32" if single else "float64")
    path = written(tmp_path, change, net)
    if single and "float32" in message:
        return
    with pytest.raises(ValueError, match=message):
        kousei.load(path)


def header(text: str | bytes, data: bytes = b"") -> bytes:
    encoded = text.encode() if isinstance(text, str) else text
    return len(encoded).to_bytes(8, "little") + encoded + data


def metadata(kousei_metadata: str) -> bytes:
    return header(json.dumps({"__metadata__": {"kousei": kousei_metadata}}))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file has 0 bytes"),
        (b"1234567", "the file has 7 bytes"),
        (b"PK\3\4 a zip file, of another kind", r"at most 4194304 are accepted"),
        (b"\x08\0\0\0\0\0\0\0{}", "the header has 8 bytes and the file 10; it is cut off"),
        ((2**63).to_bytes(8, "little") + b"{}", "at most 4194304 are accepted"),
        ((2**22 + 1).to_bytes(8, "little") + bytes(2**22 + 1), "at most 4194304 are accepted"),
        (header("[]"), "this is no safetensors file"),
        (header('{"a":'), "'{' is accepted"),
        (header(b'{"\xff":{}}'), "UTF-8 is accepted"),
        (header('{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}', bytes(4)), "the file has 4"),
        (header("{}", bytes(4)), "the tensors end at byte 10; the file has 14"),
        (header("{}"), "there is no 'kousei' in its metadata"),
        (header('{"__metadata__":{"format":"pt"}}'), "there is no 'kousei' in its metadata"),
        (metadata(""), "'kousei' is malformed"),
        (metadata("[1]"), "a JSON object is accepted"),
        (metadata('{"format": 1, "format": 1}'), "a name is there twice"),
        (metadata('{"format": NaN}'), "NaN is no JSON"),
        (metadata("[" * 100_000), "'kousei' is malformed"),
        (metadata('{"format": ' + "9" * 10_000 + "}"), "'kousei' is malformed"),
        (metadata('{"format": ' + "9" * 4000 + "}"), "written by a newer kousei"),
    ],
)
def test_files_of_another_kind(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        kousei.load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("name", ["dense", "sparse", "binary", "signs"])
def test_every_truncation(tmp_path: Path, name: str) -> None:
    path = tmp_path / "net"
    path.write_bytes((DATA / f"{name}.safetensors").read_bytes())
    for size in reversed(range(path.stat().st_size)):
        os.truncate(path, size)
        with pytest.raises(ValueError, match="cut off|the file has"):
            kousei.load(path)


def test_a_file_of_another_format_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"\x89PNG\r\n\x1a\n" * 9)
    with pytest.raises(ValueError, match=r"net.onnx: this is no safetensors file: its first 8 bytes say .* accepted"):
        kousei.load(tmp_path / "net.onnx")
