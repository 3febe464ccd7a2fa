"""Networks of any depth in one call: against NumPy, at the edges of blocks, and with arrays that change."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import scipy.sparse

import kousei
from kousei._lib import _core
from kousei.activation import Mixed, PiecewiseLinear, leaky_relu, prelu
from support import Library, same_for_threads, seconds_to_interrupt

BATCHES = [0, 1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 257, 1000]
NAMES = ["logistic", "tanh", "erf", "arctan", "relu", "leaky_relu", "relu6", "hat", "softshrink"]
NAMES += ["gelu", "silu", "softplus"]


def reference(net: kousei.MLP, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the values in float64, and the sums of the magnitudes that a layer adds up, carried to the outputs."""
    hidden, size = x.astype(np.float64), np.abs(x.astype(np.float64))
    for i, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
        dense = (weight.toarray() if scipy.sparse.issparse(weight) else weight).astype(np.float64)
        hidden = hidden @ dense.T + bias.astype(np.float64)
        size = size @ np.abs(dense.T) + np.abs(bias) + np.abs(hidden)
        if i < len(net.activations):
            hidden = net.activations[i](hidden)
            size = size + np.abs(hidden) + 1
    shape = (len(x), net.outputs) if net.outputs > 1 else (len(x),)
    return hidden.reshape(shape), size.reshape(shape)


def agrees(net: kousei.MLP, x: np.ndarray) -> None:
    values, size = reference(net, x)
    result = net(x)
    assert result.dtype == x.dtype
    assert result.shape == values.shape
    assert (np.abs(result - values) <= 8 * np.finfo(x.dtype).eps * size).all()


def random_net(sizes: list[int], activations: list, dtype: str, rng: np.random.Generator) -> kousei.MLP:
    net = kousei.MLP.random(sizes, rng=rng)
    return kousei.MLP(net.weights, net.biases, activations).astype(dtype)


@pytest.mark.parametrize("points", BATCHES)
@pytest.mark.parametrize(
    "sizes", [[3, 5], [1, 1], [40, 1], [7, 16, 3], [17, 33, 8, 1], [6, 5, 4, 3, 2], [100, 49, 130, 10], [20, 600, 5]]
)
def test_sizes_and_batches(sizes: list[int], points: int, dtype: str, rng: np.random.Generator) -> None:
    net = random_net(sizes, ["relu"] * (len(sizes) - 2), dtype, rng)
    agrees(net, rng.normal(size=(points, sizes[0])).astype(dtype))


def test_random_networks(dtype: str, rng: np.random.Generator) -> None:
    for _ in range(60):
        depth = int(rng.integers(1, 6))
        sizes = [int(n) for n in np.exp(rng.uniform(0, 5, depth + 1))]
        activations = [NAMES[int(rng.integers(len(NAMES)))] for _ in range(depth - 1)]
        net = random_net(sizes, activations, dtype, rng)
        agrees(net, rng.normal(size=(int(rng.integers(0, 140)), sizes[0])).astype(dtype))


def layer_of(name: str, units: int) -> kousei.Activation:
    """An activation of a layer: alike for all units, or mixed."""
    if name == "prelu":
        return prelu(np.linspace(-1, 2, units))
    if name == "piecewise":
        return PiecewiseLinear([-1, 0.25, 2], [0.5, -1, 2, 0.25], 0.5)
    if name == "mixed":
        return Mixed([("tanh", 1), ("relu", 2), (leaky_relu(0.25), units - 7), ("repu2", 3), ("hat", 1)])
    return kousei.MLP([np.ones((2, 1)), np.ones((1, 2))], [np.ones(2), np.ones(1)], [name]).activations[0]


@pytest.mark.parametrize("points", [1, 3, 70])
@pytest.mark.parametrize("name", [*NAMES, "repu3", "prelu", "piecewise", "mixed"])
def test_every_activation(name: str, points: int, dtype: str, rng: np.random.Generator) -> None:
    net = random_net([9, 60, 37, 4], [layer_of(name, 60), layer_of(name, 37)], dtype, rng)
    agrees(net, rng.normal(size=(points, 9)).astype(dtype))


@pytest.mark.parametrize("points", [1, 3, 70])
def test_a_function_of_ones_own_runs_from_python_in_blocks(
    points: int, dtype: str, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    calls = []

    def function(z: np.ndarray) -> np.ndarray:
        calls.append(z.shape)
        return np.sin(z)

    net = random_net([9, 60, 37, 4], ["relu", kousei.Activation("sine", function)], dtype, rng)
    monkeypatch.setattr("kousei.network.evaluation._BLOCK_BYTES", 60 * net.dtype.itemsize * 7)
    net(rng.normal(size=(points, 9)).astype(dtype))
    assert [shape[0] for shape in calls] == [7] * (points // 7) + ([points % 7] if points % 7 else [])
    monkeypatch.undo()
    agrees(net, rng.normal(size=(points, 9)).astype(dtype))


@pytest.mark.parametrize("points", [0, 1, 3, 5, 70])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.6])
def test_sparse_layers(points: int, share: float, dtype: str, rng: np.random.Generator) -> None:
    dense = random_net([30, 70, 40, 3], ["relu", "tanh"], dtype, rng)
    weights = [scipy.sparse.csr_array(np.where(rng.uniform(size=w.shape) < share, w, 0)) for w in dense.weights]
    x = rng.normal(size=(points, 30)).astype(dtype)
    for kinds in ([0, 1, 2], [0], [1], [2]):
        mixed = [weights[i] if i in kinds else dense.weights[i] for i in range(3)]
        agrees(kousei.MLP(mixed, dense.biases, dense.activations), x)


def test_sparse_weights_of_any_format(dtype: str, rng: np.random.Generator) -> None:
    dense = random_net([8, 20, 2], ["relu"], dtype, rng)
    x = rng.normal(size=(9, 8)).astype(dtype)
    first = np.where(np.abs(dense.weights[0]) < 0.3, 0, dense.weights[0])
    twice = scipy.sparse.coo_array((np.repeat(1, 4).astype(dtype), ([0, 0, 3, 3], [1, 1, 2, 0])), shape=(20, 8))
    for weight in (
        scipy.sparse.csc_array(first),
        scipy.sparse.coo_matrix(first),
        scipy.sparse.lil_array(first),
        twice,
    ):
        net = kousei.MLP([weight, dense.weights[1]], dense.biases, dense.activations)
        agrees(net, x)
        agrees(net, x)


def test_nan_and_infinities_are_answered_as_by_the_formula(dtype: str) -> None:
    big = 40
    weight = np.zeros((big, big), dtype)
    weight[0, 0] = 1
    net = kousei.MLP([weight, weight, weight], [np.zeros(big, dtype)] * 3, ["relu", "relu"])
    for points in (1, 2, 7, 70):
        x = np.zeros((points, big), dtype)
        x[0, 3] = np.inf  # 0 inf = NaN, in every sum
        x[-1, 5] = np.nan
        result = net(x)
        assert np.isnan(result[[0, -1]]).all()
        assert (result[1:-1] == 0).all()
        sparse = kousei.MLP([scipy.sparse.csr_array(weight)] * 3, net.biases, net.activations)
        assert (sparse(x) == 0).all()


def test_values_do_not_depend_on_threads_or_neighbours(dtype: str, rng: np.random.Generator) -> None:
    net = random_net([40, 130, 90, 8], ["relu", prelu(rng.normal(size=90))], dtype, rng)
    for points in (1, 4, 5, 300, 2000):
        x = rng.normal(size=(points, 40)).astype(dtype)
        together = same_for_threads(lambda x=x: net(x), (1, 1, 2, 2, 4, 4))
    assert np.array_equal(together[:70], net(x[:70]))
    assert np.array_equal(together[13:20], net(x[13:20]))
    assert np.array_equal(together[::-1], net(x[::-1]))
    few = net(x[:4])
    assert np.array_equal(few[1:], net(x[1:4]))
    np.testing.assert_allclose(few, together[:4], rtol=0, atol=1e3 * np.finfo(dtype).eps)


def test_what_is_written_to_the_parameters_shows(library: Library, dtype: str, rng: np.random.Generator) -> None:
    if library.name == "numpy:read-only" or library.on_gpu:
        pytest.skip("its arrays are not written to here")
    x = library.asarray(rng.normal(size=(7, 12)).astype(dtype))
    net = random_net([12, 30, 20, 2], ["relu", "tanh"], dtype, rng).like(x)
    for layout in ("kept", "transposed"):
        weights = [library.xp.asarray(w.T, copy=True).T if layout == "transposed" else w for w in net.weights]
        changed = kousei.MLP(weights, net.biases, net.activations)
        before = library.numpy(changed(x)).copy()
        weights[1][...] = weights[1] * 2
        net.biases[0][...] = net.biases[0] + 1
        after = library.numpy(changed(x))
        fresh = kousei.MLP([w + 0 for w in weights], [b + 0 for b in net.biases], net.activations)
        assert not np.array_equal(before, after)
        assert np.array_equal(after, library.numpy(fresh(x)))


def test_what_is_written_to_sparse_weights_shows(dtype: str, rng: np.random.Generator) -> None:
    weight = scipy.sparse.random_array((20, 10), density=0.3, rng=rng, dtype=dtype, format="csr")
    net = kousei.MLP([weight, np.ones((2, 20), dtype)], [np.zeros(20, dtype), np.zeros(2, dtype)], ["tanh"])
    x = rng.normal(size=(6, 10)).astype(dtype)
    agrees(net, x)
    weight.data *= 2
    agrees(net, x)
    with pytest.warns(scipy.sparse.SparseEfficiencyWarning):
        weight[3, :] = 0.5  # which takes new memory
    agrees(net, x)
    weight.data = weight.data[::-1].copy()
    agrees(net, x)


def test_indices_that_turn_bad_are_not_followed(rng: np.random.Generator) -> None:
    weight = scipy.sparse.random_array((20, 10), density=0.3, rng=rng, format="csr")
    net = kousei.MLP([weight], [np.zeros(20)], [])
    x = rng.normal(size=(6, 10))
    net(x)
    weight.indices[:] = 1 << 30
    for bad in (net, kousei.MLP([weight], [np.zeros(20)], [])):
        with pytest.raises(ValueError, match="starts and columns do not fit"):
            bad(x)


def test_arrays_resized_in_place_are_refused() -> None:
    net = kousei.MLP([np.ones((3, 8)), np.ones((2, 3))], [np.ones(3), np.ones(2)], ["relu"])
    net(np.ones((1, 8)))
    net.weights[1].resize((1, 1), refcheck=False)
    with pytest.raises(ValueError, match="an array of the network has changed its shape"):
        net(np.ones((1, 8)))


def test_networks_that_were_called_are_copied_and_pickled(rng: np.random.Generator) -> None:
    net = random_net([8, 9, 7, 2], ["relu", prelu(np.arange(7.0))], "float64", rng)
    x = rng.normal(size=(6, 8))
    values = net(x)
    for other in (pickle.loads(pickle.dumps(net)), copy.copy(net), copy.deepcopy(net)):
        assert np.array_equal(other(x), values)


def test_layers_take_only_what_fits() -> None:
    none = [], np.empty(0)
    layers = _core.cpu.Float64Layers()
    on = _core.cpu.Cpu()
    with pytest.raises(ValueError, match="there are no layers"):
        layers.evaluate(np.ones((1, 2)), np.ones(1), on)
    layers.add(np.ones((3, 2)), np.ones(3), *none)
    with pytest.raises(ValueError, match="a layer of 3 units is followed by one of 2 inputs"):
        layers.add(np.ones((1, 2)), np.ones(1), *none)
    with pytest.raises(ValueError, match=r"bias has shape \(2,\)"):
        layers.add(np.ones((1, 3)), np.ones(2), *none)
    with pytest.raises(ValueError, match="the parts have 2 units; 1"):
        layers.add(np.ones((1, 3)), np.ones(1), [(_core.Activation.relu, 2, 0)], np.empty(0))
    with pytest.raises(ValueError, match="parameters has shape"):
        layers.add(np.ones((1, 3)), np.ones(1), [(_core.Activation.homogeneous, 1, 0)], np.empty(0))
    with pytest.raises(TypeError):
        layers.add(np.ones((1, 3), "f4"), np.ones(1), *none)
    layers.add(np.ones((1, 3)), np.ones(1), *none)
    for x, out in ((np.ones((1, 3)), np.ones(1)), (np.ones((4, 2)), np.ones(3)), (np.ones((4, 2)), np.ones((4, 1)))):
        with pytest.raises(ValueError, match="has shape"):
            layers.evaluate(x, out, on)
    for starts, columns in (([0, 2], [0, 2]), ([0, 1], [0, 1]), ([0, 2], [0, -1]), ([1, 2], [0, 1]), ([], [0, 1])):
        with pytest.raises(ValueError, match="starts and columns do not fit"):
            _core.cpu.Float64Layers().add_sparse(
                np.ones(2), np.array(starts, np.int64), np.array(columns, np.int64), 2, np.ones(1), *none
            )


def test_a_long_call_ends_on_a_signal() -> None:
    net = random_net([512, 2048, 2048, 512], ["relu", "relu"], "float64", np.random.default_rng(0))
    x = np.zeros((40_000, 512))
    assert seconds_to_interrupt(lambda: net(x)) < 5


def test_places_of_sparse_values_may_change() -> None:
    weight = scipy.sparse.csr_array(np.array([[1.0, 0.0], [0.0, 2.0]]))
    net = kousei.MLP([weight, np.ones((1, 2))], [np.zeros(2), np.zeros(1)], ["relu"])
    x = np.array([[3.0, 5.0]])
    assert net(x) == 13
    weight.indices[:] = 1 - weight.indices
    assert net(x) == 11


@pytest.mark.parametrize(
    "weight", [scipy.sparse.csr_array(np.eye(2)), np.asfortranarray(np.eye(2))], ids=["csr", "F"]
)
def test_out_in_the_weights_is_refused(weight: Any) -> None:
    net = kousei.MLP([weight], [np.zeros(2)], [])
    x = np.ones((1, 2))
    inside = weight.data.reshape(1, 2) if scipy.sparse.issparse(weight) else weight.T[:1]
    with pytest.raises(ValueError, match="out overlaps the input or the network"):
        net(x, out=inside)


def test_functions_of_ones_own_get_arrays_of_the_library(library: Library) -> None:
    x = library.asarray(np.ones((4, 2)))
    seen = []

    def function(z: Any) -> Any:
        seen.append(type(z))
        return z * 2

    net = kousei.MLP.random([2, 3, 1], kousei.Activation("twice", function), rng=0).like(x)
    plain = kousei.MLP([net.weights[0], 2 * net.weights[1]], net.biases, [kousei.activation.leaky_relu(1.0)])
    np.testing.assert_allclose(library.numpy(net(x)), library.numpy(plain(x)), rtol=0, atol=1e-14)
    assert seen == [type(x)]


def test_a_function_that_returns_nothing() -> None:
    net = kousei.MLP.random([2, 3, 1], kousei.Activation("nothing", lambda z: None), rng=0)
    with pytest.raises(TypeError, match="the function of 'nothing' returned NoneType; an array like its argument"):
        net(np.ones((1, 2)))
