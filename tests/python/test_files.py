"""Networks in files: what comes back, and what cannot be saved."""

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


def test_paths(tmp_path: Path) -> None:
    net = kousei.MLP.random([2, 3, 1], rng=0)
    with pytest.raises(FileNotFoundError, match="nowhere/net'"):
        kousei.save(tmp_path / "nowhere" / "net", net)
    with pytest.raises(FileNotFoundError):
        kousei.save("", net)
    with pytest.raises(IsADirectoryError):
        kousei.save(tmp_path, net)
    kousei.save(os.fsencode(tmp_path / "bytes"), net)
    assert kousei.load(tmp_path / "bytes").sizes == net.sizes


@pytest.mark.parametrize(
    ("call", "was"), [(lambda net: kousei.save(net, "a"), "MLP"), (lambda net: kousei.load(3), "int")]
)
def test_what_is_no_path(call: Callable[[kousei.MLP], Any], was: str) -> None:
    with pytest.raises(TypeError, match=f"path was {was}; a str, bytes or os.PathLike is accepted"):
        call(kousei.MLP.random([2, 3, 1], rng=0))
