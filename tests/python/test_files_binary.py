"""Networks and matrices of signs in files: what comes back, and files that are refused."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from scipy.sparse import csr_array

import kousei
from kousei.activation import Mixed, leaky_relu
from support import Library
from test_files import DATA
from test_files_refused import Change, written

BOX = [(-1.0, 1.0)] * 2


def chained() -> kousei.BinaryNetwork:
    """The network of tests/data/binary.safetensors, which the C++ tests read too."""
    weights = [np.array([[1.0, -1], [2, 1]]), np.array([[1.0, -2], [3, 1]]), np.array([[1.0, -1], [2, 1]])]
    return kousei.binarize(kousei.MLP(weights, [np.zeros(2)] * 3, ["relu"] * 2))


def mixed() -> kousei.BinaryNetwork:
    """The network of tests/data/signs.safetensors: of bits alone, in float32, with units of several activations."""
    signs = [np.array([[1, -1, 1], [-1, -1, 1], [1, 1, -1], [1, -1, -1]]), np.array([[1, -1, 1, 1]])]
    return kousei.BinaryNetwork(
        weight=np.array([[1, -2], [0.5, 0.25]], "f4"),
        bias=np.array([0.5, -1], "f4"),
        sources=np.array([0, 0, 1], "i4"),
        scales=np.array([0.25, 2, 3]),
        layers=tuple(map(kousei.pack_signs, signs)),
        biases=(np.array([0, 1, -2, 0.5], "f4"), np.array([0.125], "f4")),
        activations=(Mixed([("repu2", 1), ("relu", 1)]), Mixed([(leaky_relu(0.5), 3), ("abs", 1)])),
        chains=(None, None),
        method="dyadic",
        bias_mode="strict",
    )


def random(activation: Any = "relu", **options: Any) -> kousei.BinaryNetwork:
    return kousei.binarize(kousei.MLP.random([2, 4, 3, 2], activation, rng=0), **options)


NETWORKS: dict[str, Callable[[], kousei.BinaryNetwork]] = {
    "chained": chained,
    "mixed": mixed,
    "strict": lambda: random(bias="strict"),
    "leaky": lambda: random(leaky_relu(0.1), method="auto"),
    "dyadic": lambda: random(method="dyadic"),
    "bits": lambda: random("abs", method="bits", bits=3),
    "calibrated": lambda: random(
        method="bits", bits=2, bias="strict", calibrate=np.random.default_rng(0).uniform(-1, 1, (50, 2))
    ),
    "single": lambda: kousei.binarize(kousei.MLP.random([2, 3, 2], rng=0).astype("float32"), "bits", bits=4),
    "affine": lambda: kousei.binarize(kousei.MLP.random([2, 3], rng=0)),
    "without units": lambda: kousei.binarize(
        kousei.MLP([np.ones((3, 2)), np.zeros((2, 3))], [np.ones(3), np.ones(2)], ["relu"])
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_binary_networks(tmp_path: Path, name: str, rng: np.random.Generator) -> None:
    net = NETWORKS[name]()
    kousei.save(tmp_path / "net", net)
    loaded = kousei.load(tmp_path / "net")
    assert type(loaded) is kousei.BinaryNetwork
    assert repr(loaded) == repr(net)
    assert str(loaded.summary()) == str(net.summary())
    assert (loaded.method, loaded.bits, loaded.bias_mode) == (net.method, net.bits, net.bias_mode)
    assert loaded.activations == net.activations
    assert loaded.layers == net.layers
    assert [chain is None for chain in loaded.chains] == [chain is None for chain in net.chains]
    x = rng.normal(size=(20, 2)).astype(net.dtype)
    assert np.array_equal(loaded(x), net(x))
    assert np.array_equal(loaded(x, form="packed"), net(x, form="packed"))
    kousei.save(tmp_path / "again", loaded)
    assert (tmp_path / "again").read_bytes() == (tmp_path / "net").read_bytes()


def test_networks_in_any_memory(tmp_path: Path, library: Library) -> None:
    net = NETWORKS["strict"]()
    there = net.like(library.asarray(np.zeros(1)))
    for name, saved in (("net", net), ("there", there), ("signs", net.layers[0]), ("signs there", there.layers[0])):
        kousei.save(tmp_path / name, saved)
    assert (tmp_path / "there").read_bytes() == (tmp_path / "net").read_bytes()
    assert (tmp_path / "signs there").read_bytes() == (tmp_path / "signs").read_bytes()


def test_error_bounds_of_what_was_loaded(tmp_path: Path) -> None:
    net = kousei.MLP.random([2, 4, 3, 2], "relu", rng=0)
    for name, binary in (("exact", kousei.binarize(net)), ("rounded", kousei.binarize(net, "bits", bits=5))):
        kousei.save(tmp_path / name, binary)
    exact, rounded = kousei.load(tmp_path / "exact"), kousei.load(tmp_path / "rounded")
    assert exact.error_bound(BOX).total == 0
    bound = kousei.binarize(net, "bits", bits=5).error_bound(BOX)
    kousei.save(tmp_path / "source", net)
    assert rounded.error_bound(BOX, kousei.load(tmp_path / "source")) == bound
    with pytest.raises(ValueError, match="net was None; the network this one was made from"):
        rounded.error_bound(BOX)
    with pytest.raises(ValueError, match="is not the network this one was made from"):
        rounded.error_bound(BOX, kousei.MLP.random([2, 4, 3, 2], "relu", rng=1))


def test_networks_are_known_by_what_was_given() -> None:
    """Not by what is added up to rewrite them, which differs from machine to machine."""
    net = kousei.MLP([np.array([[0.1], [0.2]]), np.array([[0.3, 0.7]])], [np.zeros(2), np.ones(1)], ["hardtanh"])
    activation = '{"name": "hardtanh", "kinks": [-1.0, 1.0], "slopes": [0.0, 1.0, 0.0], "value": -1.0}'
    numbers = np.array([0.1, 0.2, 0.3, 0.7, 0, 0, 1], "<f8")
    digest = hashlib.sha256(f"[[[2, 1], [1, 2]], [{activation}]]".encode() + numbers.tobytes()).hexdigest()
    for options in ({}, {"bias": "strict"}, {"method": "bits", "bits": 3}):
        assert kousei.binarize(net, **options).source_digest == digest
    sparse = kousei.MLP([csr_array(weight) for weight in net.weights], net.biases, net.activations)
    assert kousei.binarize(sparse).source_digest == digest


@pytest.mark.parametrize("options", [{}, {"method": "bits", "bits": 3}])
def test_error_bounds_for_other_networks(options: dict[str, Any]) -> None:
    binary, other = random(**options), kousei.MLP.random([2, 4, 3, 2], "tanh", rng=0)
    with pytest.raises(ValueError, match="is not the network this one was made from"):
        binary.error_bound(BOX, other)
    with pytest.raises(TypeError, match="net was int; a kousei.MLP is accepted"):
        binary.error_bound(BOX, 5)
    with pytest.raises(ValueError, match="is not the network this one was made from"):
        mixed().error_bound(BOX, other)


@pytest.mark.parametrize(("name", "make"), [("binary", chained), ("signs", mixed)])
def test_files_of_format_1(tmp_path: Path, name: str, make: Callable[[], kousei.BinaryNetwork]) -> None:
    path = DATA / f"{name}.safetensors"
    net = make()
    x = np.random.default_rng(0).normal(size=(5, net.dim)).astype(net.dtype)
    assert np.array_equal(kousei.load(path)(x), net(x))
    kousei.save(tmp_path / "again", net)
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_golden_values() -> None:
    x = np.array([[1, 0], [-1, 2], [3, -2], [0.5, 0.25]])
    for name, multiples in (
        ("binary", True),
        ("binary_without_multiples", False),
    ):  # as files were before there were any
        net = kousei.load(DATA / f"{name}.safetensors")
        assert any(net.multiples) == multiples
        assert np.array_equal(net(x), [[-5, 5], [0, 0], [-19, 19], [-2, 2]])
    # Unit by unit: (0.25 z)^2, (2 z)^2 and 3 max(z, 0), then the signs.
    x = np.array([[1, -1]], "f4")
    first = np.array([(0.25 * 3.5) ** 2, (2 * 3.5) ** 2, 0], "f4")
    z = np.array([[1, -1, 1], [-1, -1, 1], [1, 1, -1], [1, -1, -1]], "f4") @ first + np.array([0, 1, -2, 0.5], "f4")
    hidden = np.where(z < 0, [0.5, 0.5, 0.5, -1], 1) * z
    assert kousei.load(DATA / "signs.safetensors")(x) == hidden @ [1, -1, 1, 1] + 0.125


def test_the_safetensors_package_reads_what_is_written(tmp_path: Path) -> None:
    net = chained()
    kousei.save(tmp_path / "net", net)
    tensors = safetensors.numpy.load_file(tmp_path / "net")
    assert np.array_equal(tensors["b1.bits"], net.layers[0].words)
    assert np.array_equal(tensors["b1.rank"], net.chains[0].ranks)
    with safetensors.safe_open(tmp_path / "net", "np") as file:
        config = json.loads(file.metadata()["kousei"])["config"]
    assert config["sizes"] == [2, 6, 3, 2]
    assert config["source"]["sizes"] == [2, 2, 2, 2]
    assert len(config["source"]["sha256"]) == 64


def put(name: str, *index: Any) -> Change:
    """Replace an entry of a tensor."""
    *at, value = index

    def change(m: dict[str, Any], t: dict[str, np.ndarray]) -> None:
        t[name] = t[name].copy()
        t[name][tuple(at)] = value

    return change


def cut(name: str) -> Change:
    return lambda m, t: t.update({name: t[name][:-1].copy()})


def of(name: str, dtype: str) -> Change:
    return lambda m, t: t.update({name: t[name].astype(dtype)})


def config(**entries: Any) -> Change:
    return lambda m, t: m["config"].update(entries)


CHAINED: list[tuple[Change, str]] = [
    (config(method="guess"), "method was 'guess'; 'chain', 'dyadic', 'auto' and 'bits' are"),
    (config(method=1), "'method' was 1; str is accepted"),
    (config(bits=3), "bits was 3 and method 'chain', which is exact"),
    (config(method="bits"), "bits was None; with method='bits' 1 to 24 is accepted"),
    (config(method="bits", bits=25), "bits was 25; 1 to 24 is accepted"),
    (config(method="bits", bits=3), "tensors: 'b1.errors' is missing"),
    (config(bias="none"), "bias was 'none'; 'affine' and 'strict' are accepted"),
    (config(activations=["relu"]), "tensors: 'b2.bias' is not known"),
    (config(activations=["relu", "tanh"]), r"activations\[1\] was 'tanh'; a positively homogeneous one"),
    (config(activations=[{"parts": [["relu", 3]]}, "relu"]), "the layer has 2"),
    (config(sizes=[2, 6, 3, 3]), r"'sizes' was \[2, 6, 3, 3\]; \[2, 6, 3, 2\], those of the tensors"),
    (config(sizes=None), "'sizes' was None; list is accepted"),
    (config(source=None), "'source' was None; dict is accepted"),
    (config(source={"sizes": [2, 2, 2, 2], "sha256": "00"}), "'sha256' was '00'; 64 hexadecimal digits"),
    (
        config(source={"sizes": [2, 2, 2], "sha256": ""}),
        r"the source has the sizes \(2, 2, 2\); 4 of them, from 2 to 2",
    ),
    (config(source={"sizes": [2, 2, 2, 3], "sha256": ""}), "4 of them, from 2 to 2"),
    (config(source={"sizes": [2, 0, 2, 2], "sha256": ""}), "a size of the source was 0"),
    (config(source={"sizes": [2, 2.5, 2, 2], "sha256": ""}), "a size of the source was 2.5"),
    (config(source={"sizes": []}), "source: 'sha256' is missing"),
    (config(extra=1), "config: 'extra' is not known"),
    (lambda m, t: m["config"].pop("sizes"), "config: 'sizes' is missing"),
    (lambda m, t: t.pop("a.src"), "tensors: 'a.src' is missing"),
    (lambda m, t: t.update(b3=t["a.src"]), "tensors: 'b3' is not known"),
    (lambda m, t: t.pop("b1.sign"), "tensors: 'b1.sign' is missing"),
    (lambda m, t: t.pop("b1.rank"), "tensors: 'b1.sign' is not known"),
    (put("b1.bits", 0, 0, 0x40), r"b1.bits: words\[0\] has a bit past column 5"),
    (put("b1.bits", 1, 3, 1), r"b1.bits: words\[1\] has a bit past column 5"),
    (lambda m, t: t.update({"b1.bits": np.zeros((3, 8), "u4")}), r"b1.bits: words has shape \(3, 8\); \(3, 4\) is"),
    (lambda m, t: t.update({"b1.bits": np.zeros(12, "u4")}), r"b1.bits: words has shape \(12,\)"),
    (lambda m, t: t.update({"b1.bits": np.array(1, "u4")}), r"b1.bits: words has shape \(\)"),
    (of("b1.bits", "i4"), "b1.bits: words has dtype int32; uint32 is accepted"),
    (of("b1.bits", "i8"), "b1.bits: words has dtype int64; uint32 is accepted"),
    (of("b1.bits", "u8"), "'b1.bits' has dtype U64; F64"),
    (cut("b1.bits"), r"b2.bits: words\[1\] has a bit past column 1"),
    (cut("b2.bits"), r"biases\[1\] has shape \(2,\); \(1,\) is accepted"),
    (put("b1.bits", 0, 0, 1), r"chains\[0\] does not give the signs of layers\[0\]"),
    (put("b1.rank", 0, 0, 3), "b1: ranks has the entry 3; less than the number of rows, 3, is accepted"),
    (put("b1.rank", 0, 0, 60000), "b1: ranks has the entry 60000"),
    (put("b1.rank", 1, 1, 0), r"chains\[0\] does not give the signs of layers\[0\]"),
    (of("b1.rank", "u4"), "b1: ranks has dtype uint32; uint16 is accepted for 3 rows"),
    (
        lambda m, t: t.update({"b1.rank": t["b1.rank"][0]}),
        r"b1: ranks has shape \(2,\); \(rows, columns\) is accepted",
    ),
    (cut("b1.rank"), "b1: ranks has the entry 2; less than the number of rows, 2"),
    (put("b1.sign", 0, 2), "b1: signs has an entry that is not -1, 0 or 1"),
    (put("b1.sign", 0, 0), r"chains\[0\] does not give the signs of layers\[0\]"),
    (of("b1.sign", "i4"), "b1: signs has dtype int32; int8 is accepted"),
    (put("b1.src", 0, 1), "b1: sources does not ascend"),
    (put("b1.src", 0, -1), "b1: sources does not ascend from 0 on"),
    (cut("b1.src"), "b1: sources has shape"),
    (put("a.src", 0, 2), "sources has an entry that is not 0 to 1, a row of the weight"),
    (put("a.src", 0, -1), "sources has an entry that is not 0 to 1"),
    (of("a.src", "i8"), "sources has dtype int64; int32 is accepted"),
    (cut("a.src"), r"b1.bits: words\[1\] has a bit past column 4"),
    (put("a.scale", 0, 0.0), "scales has an entry that is not positive and finite"),
    (put("a.scale", 0, np.nan), "scales has an entry that is not positive and finite"),
    (of("a.scale", "f4"), "scales has dtype float32; float64 is accepted"),
    (of("a0.weight", "f4"), "weight has float32; they must agree"),
    (cut("a0.bias"), r"bias has shape \(1,\); \(2,\) is accepted"),
    (lambda m, t: t.update({"a0.weight": np.ones((2, 0))}), r"weight has shape \(2, 0\); \(rows, dim\), not empty"),
    (lambda m, t: t.pop("b1.scale"), "tensors: 'b1.scale' is missing"),
    (lambda m, t: t.pop("b1.row"), "tensors: 'b1.scale' is not known"),
    (put("b1.row", 0, 3), "b1: rows has an entry that is not 0 to 2, a unit"),
    (put("b1.row", 0, 1), "b1: rows has an entry that is a multiple itself"),
    (of("b1.row", "i8"), "b1: rows has dtype int64; int32 is accepted"),
    (cut("b1.row"), r"b1: scales has shape \(3,\); \(2,\) is accepted"),
    (put("b1.scale", 1, 0.0), r"b1: scales has an entry that is not in \(0, 1\]"),
    (put("b1.scale", 1, np.nan), r"b1: scales has an entry that is not in \(0, 1\]"),
    (put("b1.scale", 1, 2.0), r"b1: scales has an entry that is not in \(0, 1\]"),
    (put("b1.scale", 2, 0.5), "b1: scales has an entry that is .* not 1 for a unit of itself"),
    (put("b1.bias", 1, 1e-9), r"biases\[0\] are not the multiples that multiples\[0\] says: unit 1 has 1e-09; 0"),
    (put("b1.bias", 2, np.inf), r"biases\[0\] are not the multiples"),
    (lambda m, t: t.update({"b2.row": t["b1.row"], "b2.scale": t["b1.scale"]}), r"multiples\[1\] was Multiples"),
    (of("b1.bias", "f4"), r"biases\[0\] has dtype float32"),
    (of("b1.bias", "i8"), r"biases\[0\] has dtype int64"),
]
ROUNDED: list[tuple[Change, str]] = [
    (config(bits=2.5), "bits was 2.5; an integer is accepted"),
    (config(bits=None), "bits was None"),
    (lambda m, t: m["config"]["source"].update(sizes=[]), r"the source has the sizes \(\); 4 of them"),
    (lambda m, t: m["config"]["source"].update(sizes=[2, 5, 3, 2]), "b1.errors is of 4 columns; 5, of the source"),
    (put("b1.errors", 0, 0, -1.0), "b1.errors has steps or errors that are negative"),
    (put("b1.errors", 2, 0, np.inf), "numbers that are not finite"),
    (of("b1.errors", "f4"), r"b1.errors has dtype float32 and shape \(3, 4\); float64"),
    (cut("b1.errors"), r"shape \(2, 4\); float64 and \(3, columns\)"),
    (config(method="chain"), "bits was 3 and method 'chain', which is exact"),
]


@pytest.mark.parametrize(
    ("net", "change", "message"),
    [*((chained, *case) for case in CHAINED), *((NETWORKS["bits"], *case) for case in ROUNDED)],
)
def test_files_that_are_no_binary_network(tmp_path: Path, net: Any, change: Change, message: str) -> None:
    path = written(tmp_path, change, net())
    with pytest.raises(ValueError, match=message) as caught:
        kousei.load(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_ranks_of_more_signs_than_a_file_has_cost_nothing(tmp_path: Path) -> None:
    rows = 1 << 16

    def change(m: dict[str, Any], t: dict[str, np.ndarray]) -> None:
        ranks, column = np.arange(rows, dtype="u2")[:, None], np.zeros(1, "i4")
        t.update({"b2.rank": ranks, "b2.src": column, "b2.sign": column.astype("i1")})
        t.update({"b2.bits": np.zeros((rows, 4), "u4"), "b2.bias": np.zeros(rows)})

    with pytest.raises(ValueError, match=r"chains\[1\] does not give the signs of layers\[1\]"):
        kousei.load(written(tmp_path, change, chained()))


@pytest.mark.parametrize("shape", [(2, 4), (3, 200), (0, 5), (4, 0)])
def test_matrices_of_signs(tmp_path: Path, shape: tuple[int, int], rng: np.random.Generator) -> None:
    signs = kousei.pack_signs(rng.choice([-1, 1], shape))
    kousei.save(tmp_path / "signs", signs)
    assert kousei.load(tmp_path / "signs") == signs


@pytest.mark.parametrize("shape", [(3,), (3, 7), (3, 2)])
def test_matrices_of_scaled_signs(
    tmp_path: Path, shape: tuple[int, ...], dtype: str, rng: np.random.Generator
) -> None:
    signs = kousei.pack_signs(rng.choice([-1, 1], (3, 200)))
    matrix = kousei.packed.ScaledSigns(signs, rng.normal(size=shape).astype(dtype))
    kousei.save(tmp_path / "signs", matrix)
    assert kousei.load(tmp_path / "signs") == matrix
    for number in (np.nan, -np.inf):
        loaded = kousei.load(written(tmp_path, put("scales", 0, number), matrix))
        assert np.array_equal(loaded.scales[0], np.full(shape[1:], number), equal_nan=True)
    for change, message in (
        (of("scales", "i8"), "scales has dtype int64"),
        (cut("scales"), "scales has shape"),
        (lambda m, t: t.pop("scales"), "tensors: 'scales' is missing"),
        (config(columns=300), r"bits: words has shape \(3, 8\)"),
    ):
        with pytest.raises(ValueError, match=message):
            kousei.load(written(tmp_path, change, matrix))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (config(columns=3), r"bits: words\[0\] has a bit past column 2"),
        (config(columns=200), r"bits: words has shape \(2, 4\); \(2, 8\)"),
        (config(columns=-1), "bits: shape.* was -1"),
        (config(columns="4"), "'columns' was '4'; int is accepted"),
        (config(columns=2**70), "bits: shape.* was 1180591620717411303424"),
        (config(rows=2), "config: 'rows' is not known"),
        (of("bits", "i4"), "bits: words has dtype int32"),
        (lambda m, t: t.update(more=t["bits"]), "tensors: 'more' is not known"),
    ],
)
def test_files_that_are_no_signs(tmp_path: Path, change: Change, message: str) -> None:
    signs = kousei.PackedSigns(np.array([[13, 0, 0, 0], [4, 0, 0, 0]], "u4"), (2, 4))
    with pytest.raises(ValueError, match=message):
        kousei.load(written(tmp_path, change, signs))


def test_a_file_that_is_cut_off_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.safetensors"
    kousei.save(path, kousei.MLP.random([2, 40_000, 1], "relu", rng=0))  # more than one buffer
    header = kousei._lib._core.read_safetensors_header

    def cut_off(*arguments: Any) -> Any:
        os.truncate(path, path.stat().st_size - 1)
        return header(*arguments)

    monkeypatch.setattr(kousei._lib._core, "read_safetensors_header", cut_off)
    with pytest.raises(ValueError, match="it has become shorter while it was read"):
        kousei.load(path)
