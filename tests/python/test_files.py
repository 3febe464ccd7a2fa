"""Networks in files: what comes back, and files that are refused."""

import functools
import json
import math
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import scipy.sparse

import kousei
from kousei.activation import Mixed, hardtanh, leaky_relu, prelu
from kousei.io import mlp
from support import Library

DATA = Path(__file__).parent.parent / "data"


def dense() -> kousei.MLP:
    """The network of tests/data/dense.safetensors, which the C++ tests read too."""
    weights = [np.array([[1.0, -0.5], [0.25, 2.0], [-1.5, 0.75]]), np.array([[1.0, -2.0, 0.5], [0.1, 0.2, 0.3]])]
    return kousei.MLP(weights, [np.array([0.5, -0.25, 0.0]), np.array([1.0, -1.0])], ["tanh"])


def sparse() -> kousei.MLP:
    """The network of tests/data/sparse.safetensors."""
    rows = scipy.sparse.csr_array(np.array([[1, 0, 2], [0, 0, 0], [0, -3, 0], [0.5, 0, 0]], "f4"))
    first = Mixed([("relu", 1), (leaky_relu(0.25), 2), ("erf", 1)])
    weights = [rows, np.array([[1, 2, 3, 4], [-1, 1, -1, 1]], "f4"), np.array([[0.5, 0.25]], "f4")]
    biases = [np.array([0, 1, -1, 0.5], "f4"), np.array([-2, 1], "f4"), np.array([0.125], "f4")]
    return kousei.MLP(weights, biases, [first, hardtanh(-0.5, 2)])


def thresholds() -> np.ndarray:
    return np.pi / 4 * np.arange(-32, 33)


def wave(**changes: Any) -> kousei.FunahashiNetwork:
    parts = {"frequencies": [[1.0], [2.0]], "amplitudes": [1.0, 1e-9 - 0.25j], "thresholds": thresholds()}
    return kousei.FunahashiNetwork(**(parts | {"delta": 1.0, "alpha": np.pi / 2} | changes))


def cosine(x: np.ndarray) -> np.ndarray:
    return np.cos(x[..., 0] + x[..., 1])


FUNAHASHI: dict[str, Callable[[], kousei.FunahashiNetwork]] = {
    "frequencies": wave,
    "offset and centre": lambda: wave(offset=-0.5, center=[0.25], activation="erf"),
    "order": lambda: kousei.FunahashiNetwork.from_function(cosine, [(-1, 1)] * 2, 8, n_thresholds=64),
    "samples": lambda: kousei.FunahashiNetwork.from_samples(np.sin(np.arange(9.0)), [(0, 1)], 4, n_thresholds=32),
    "tol": lambda: kousei.FunahashiNetwork.from_function(cosine, [(-1, 1)] * 2, tol=1e-4, activation="tanh"),
    "tail": lambda: kousei.FunahashiNetwork.from_function(
        lambda x: np.cos(x[..., 0]), [(-np.pi, np.pi)], 4, extension="periodic", tail=lambda _: 0.0, n_thresholds=64
    ),
    "merged": lambda: wave().merge(),
    "halved": lambda: wave(frequencies=[[-1.0], [1.0]]).halve(),
    "pruned": lambda: funahashi("tol").prune(1e-5),
    "constant": lambda: kousei.FunahashiNetwork.from_function(lambda x: 3 + 0 * x[..., 0], [(0, 1)], tol=1e-3),
    "series": lambda: kousei.funahashi.fourier_series({(1, 0): 1.0, (1, 3): 0.5j}, [(-1, 1)] * 2, 1e-2),
}


@functools.cache
def funahashi(name: str) -> kousei.FunahashiNetwork:
    return FUNAHASHI[name]()


ACTIVATIONS = {
    "hardtanh": hardtanh(-0.1, 0.3),
    "kinks": kousei.PiecewiseLinear([-1, 0.1], [0.1, -0.2, 1e-300], 1 / 3, name="müde\n"),
    "prelu": prelu([0.1, 0.2, 0.1, 0.1, 0.3]),
    "mixed": Mixed([("repu2", 1), ("tanh", 1), (leaky_relu(0.3), 2), ("abs", 1)]),
} | {
    name: kousei.activation.named.resolve(name)
    for name in ("relu", "logistic", "erf", "arctan", "gelu", "silu", "softplus", "repu3", "hat", "relu6")
}


def round_trip(path: Path, net: kousei.MLP) -> Any:
    kousei.save(path / "net.safetensors", net)
    loaded = kousei.load(path / "net.safetensors")
    assert type(loaded) is type(net)
    assert repr(loaded) == repr(net)
    return loaded


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_mlp(tmp_path: Path, name: str, dtype: str, rng: np.random.Generator) -> None:
    net = kousei.MLP.random([3, 5, 5, 1], ACTIVATIONS[name], rng=rng).astype(dtype)
    loaded = round_trip(tmp_path, net)
    assert loaded.activations == net.activations
    assert [activation.name for activation in loaded.activations] == [net.activations[0].name] * 2
    assert loaded.dtype == dtype
    for mine, theirs in zip(loaded.weights + loaded.biases, net.weights + net.biases, strict=True):
        assert np.array_equal(mine, theirs)
        assert mine.flags.writeable
    x = rng.normal(size=(4, 3)).astype(dtype)
    assert np.array_equal(loaded(x), net(x))


@pytest.mark.parametrize("sizes", [[2, 3], [1, 1], [4, 2, 3], [1, 1, 1, 1, 1]])
def test_sizes(tmp_path: Path, sizes: list[int]) -> None:
    net = kousei.MLP.random(sizes, rng=0)
    assert round_trip(tmp_path, net).sizes == net.sizes


@pytest.mark.parametrize("kind", [scipy.sparse.csr_array, scipy.sparse.csc_array, scipy.sparse.coo_matrix])
def test_sparse_weights(tmp_path: Path, dtype: str, kind: Any) -> None:
    dense = np.array([[0, 1, 0], [0, 0, 0]], dtype)
    weights = [kind(dense), kind(np.zeros((1, 2), dtype)), np.ones((2, 1), dtype)]
    net = kousei.MLP(weights, [np.ones(n, dtype) for n in (2, 1, 2)], ["tanh", "abs"])
    loaded = round_trip(tmp_path, net)
    assert all(isinstance(weight, scipy.sparse.csr_array) for weight in loaded.weights[:2])
    assert np.array_equal(loaded.weights[0].toarray(), dense)
    assert loaded.parameters == net.parameters
    x = np.array([[1, 2, 3]], dtype)
    assert np.array_equal(loaded(x), net(x))


def test_not_finite_numbers_come_back(tmp_path: Path) -> None:
    net = kousei.MLP([np.array([[np.nan, -0.0]]), np.array([[np.inf]])], [np.array([-np.inf]), np.zeros(1)], ["relu"])
    loaded = round_trip(tmp_path, net)
    assert loaded.weights[0].tobytes() == net.weights[0].tobytes()
    assert loaded.biases[0] == -np.inf


def test_arrays_of_any_library(tmp_path: Path, library: Library, dtype: str) -> None:
    net = kousei.MLP.random([2, 3, 1], rng=0).astype(dtype)
    loaded = round_trip(tmp_path, net.like(library.asarray(np.zeros(1, dtype))))
    assert isinstance(loaded.weights[0], np.ndarray)
    assert np.array_equal(loaded.weights[0], net.weights[0])
    strided = [library.asarray(np.asfortranarray(weight)) for weight in net.weights]
    strided_net = kousei.MLP(strided, [library.asarray(bias) for bias in net.biases], net.activations)
    assert np.array_equal(round_trip(tmp_path, strided_net).weights[0], net.weights[0])


@pytest.mark.parametrize("name", FUNAHASHI)
def test_funahashi(tmp_path: Path, name: str, dtype: str, rng: np.random.Generator) -> None:
    net = funahashi(name).astype(dtype)
    loaded = round_trip(tmp_path, net)
    x = rng.uniform(-1, 1, (50, net.dim)).astype(dtype)
    assert np.array_equal(loaded(x), net(x))
    assert np.array_equal(loaded(x, method="dense"), net(x, method="dense"))
    box = None if net._residual else [(-1, 1)] * net.dim
    assert loaded.error_bound(box) == net.error_bound(box)
    for array, other in zip(loaded._arrays.values(), net._arrays.values(), strict=True):
        assert array.dtype == dtype
        assert np.array_equal(array, other)
    if net.units:
        assert np.array_equal(loaded.to_mlp()(x), net.to_mlp()(x))
        assert loaded.refit(x, np.ones(50)).residual >= 0 if net.units < 50 else True
    assert (tmp_path / "net.safetensors").stat().st_size < 30 * net.units * net.dtype.itemsize + 5000


def test_refitted_networks_are_written_out(tmp_path: Path) -> None:
    net = kousei.FunahashiNetwork.from_function(lambda x: np.exp(x[..., 0]), [(0, 1)], tol=1e-2)
    x = np.linspace(0, 1, 500)[:, None]
    fit = net.refit(x, np.exp(x[:, 0])).network
    assert np.array_equal(round_trip(tmp_path, fit)(x), fit(x))


def test_rewrites_of_what_was_loaded(tmp_path: Path) -> None:
    x = np.linspace(-1, 1, 20)[:, None]
    net = wave(frequencies=[[-1.0], [1.0]])
    loaded = round_trip(tmp_path, net)
    assert np.array_equal(loaded.halve().merge()(x), net.halve().merge()(x))


@pytest.mark.parametrize(("name", "make"), [("dense", dense), ("sparse", sparse)])
def test_files_of_format_1(tmp_path: Path, name: str, make: Callable[[], kousei.MLP]) -> None:
    """Files that are there are read for ever, and the same network gives the same bytes."""
    path = DATA / f"{name}.safetensors"
    loaded, net = kousei.load(path), make()
    assert loaded.activations == net.activations
    x = np.random.default_rng(0).normal(size=(5, net.dim)).astype(net.dtype)
    assert np.array_equal(loaded(x), net(x))
    kousei.save(tmp_path / "again", net)
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_the_safetensors_package_reads_what_is_written(tmp_path: Path) -> None:
    for net in (dense(), sparse(), funahashi("tol")):
        kousei.save(tmp_path / "net", net)
        tensors = safetensors.numpy.load_file(tmp_path / "net")
        if type(net) is kousei.MLP:
            assert np.array_equal(tensors["biases.0"], net.biases[0])
        else:
            assert np.array_equal(tensors["frequencies"], net.frequencies)
        with safetensors.safe_open(tmp_path / "net", "np") as file:
            assert json.loads(file.metadata()["kousei"])["format"] == 1


def test_what_the_safetensors_package_writes_is_read(tmp_path: Path) -> None:
    for net in (dense(), sparse(), funahashi("tol")):
        kousei.save(tmp_path / "net", net)
        with safetensors.safe_open(tmp_path / "net", "np") as file:
            metadata = file.metadata()
        tensors = safetensors.numpy.load_file(tmp_path / "net")
        safetensors.numpy.save_file(tensors, tmp_path / "theirs", metadata)
        x = np.ones((1, net.dim), net.dtype)
        assert np.array_equal(kousei.load(tmp_path / "theirs")(x), net(x))


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    target, link = tmp_path / "net", tmp_path / "link"
    link.symlink_to(target)
    kousei.save(target, dense())
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~umask
    kousei.save(link, sparse())
    assert link.is_symlink()
    assert kousei.load(str(target)).sizes == (3, 4, 2, 1)
    own = kousei.MLP.random([1, 1, 1], kousei.Activation("sine", np.sin), rng=0)
    with pytest.raises(ValueError, match="activation 'sine' is a Python function, which no file holds"):
        kousei.save(target, own)
    assert kousei.load(target).sizes == (3, 4, 2, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "net"]
    with pytest.raises(FileNotFoundError):
        kousei.save(tmp_path / "none" / "net", dense())
    with pytest.raises(FileNotFoundError):
        kousei.load(tmp_path / "none")
    with pytest.raises(IsADirectoryError):
        kousei.save(tmp_path, dense())


def test_what_cannot_be_saved(tmp_path: Path) -> None:
    class Mine(kousei.MLP):
        pass

    net = Mine([np.ones((1, 1))], [np.ones(1)], [])
    with pytest.raises(TypeError, match=r"net was Mine; MLP, .*FunahashiNetwork.* are accepted"):
        kousei.save(tmp_path / "net", net)
    with pytest.raises(TypeError, match="net was list"):
        kousei.save(tmp_path / "net", [1.0])
    with pytest.raises(TypeError):
        kousei.load(3)
    wordy = kousei.MLP.random([1, 1, 1], kousei.PiecewiseLinear([0], [0, 1], name="x" * 2**22), rng=0)
    with pytest.raises(ValueError, match="at most 4194304 are accepted"):
        kousei.save(tmp_path / "net", wordy)
    huge = wave(amplitudes=[1e300, 1.0])
    with np.errstate(over="ignore"):
        narrow = huge.astype("float32")
    with pytest.raises(ValueError, match="amplitudes has NaN or infinite values"):
        kousei.save(tmp_path / "net", narrow)
    assert not list(tmp_path.iterdir())


def test_a_class_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kousei.io.files._kinds", dict(kousei.io.files._kinds))

    class Named(kousei.MLP):
        name = ""

    def to_state(net: Named) -> Any:
        config, arrays = mlp.to_state(net)
        return {"name": net.name, "network": config}, arrays

    def from_state(config: Any, arrays: Any) -> Named:
        plain = mlp.from_state(config["network"], arrays)
        net = Named(plain.weights, plain.biases, plain.activations)
        net.name = config["name"]
        return net

    kousei.io.register(Named, to_state, from_state)
    net = Named(dense().weights, dense().biases, dense().activations)
    net.name = "it"
    assert round_trip(tmp_path, net).name == "it"
    net.name = math.nan
    with pytest.raises(ValueError, match="not JSON compliant"):
        kousei.save(tmp_path / "net", net)


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


@pytest.mark.parametrize("name", ["dense", "sparse"])
def test_every_truncation(tmp_path: Path, name: str) -> None:
    path = tmp_path / "net"
    path.write_bytes((DATA / f"{name}.safetensors").read_bytes())
    for size in reversed(range(path.stat().st_size)):
        os.truncate(path, size)
        with pytest.raises(ValueError, match="cut off|the file has"):
            kousei.load(path)


def test_paths(tmp_path: Path) -> None:
    net = kousei.MLP.random([2, 3, 1], rng=0)
    with pytest.raises(FileNotFoundError, match="/nowhere'"):
        kousei.save(tmp_path / "nowhere" / "net", net)
    with pytest.raises(FileNotFoundError):
        kousei.save("", net)
    with pytest.raises(IsADirectoryError):
        kousei.save(tmp_path, net)
    kousei.save(os.fsencode(tmp_path / "bytes"), net)
    assert kousei.load(tmp_path / "bytes").sizes == net.sizes


def test_a_file_of_another_format_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"\x89PNG\r\n\x1a\n" * 9)
    with pytest.raises(ValueError, match=r"net.onnx: this is no safetensors file: its first 8 bytes say .* accepted"):
        kousei.load(tmp_path / "net.onnx")


@pytest.mark.parametrize(
    ("call", "was"), [(lambda net: kousei.save(net, "a"), "MLP"), (lambda net: kousei.load(3), "int")]
)
def test_what_is_no_path(call: Callable[[kousei.MLP], Any], was: str) -> None:
    with pytest.raises(TypeError, match=f"path was {was}; a str, bytes or os.PathLike is accepted"):
        call(kousei.MLP.random([2, 3, 1], rng=0))
