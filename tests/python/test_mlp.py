"""MLPs: values against NumPy, structure, and shapes that do not chain."""

import math

import numpy as np
import pytest
import scipy.sparse
import scipy.special

import kousei
from kousei.activation import Mixed
from support import Library

REFERENCE = {
    "logistic": scipy.special.expit,
    "tanh": np.tanh,
    "erf": scipy.special.erf,
    "arctan": np.arctan,
    "relu": lambda z: np.maximum(z, 0),
    "gelu": lambda z: z * scipy.special.ndtr(z),
    "silu": lambda z: z * scipy.special.expit(z),
    "softplus": lambda z: np.logaddexp(z, 0),
}


def reference(net: kousei.MLP, x: np.ndarray) -> np.ndarray:
    hidden = x.astype(np.float64)
    names = [REFERENCE[activation.name] for activation in net.activations] + [lambda z: z]
    for weight, bias, function in zip(net.weights, net.biases, names, strict=True):
        hidden = function(hidden @ weight.astype(np.float64).T + bias)
    return hidden[..., 0] if net.outputs == 1 else hidden


@pytest.mark.parametrize("units", [1, 7, 8, 16, 31, 64, 500, 513, 5000])
@pytest.mark.parametrize("dim", [1, 2, 3, 4, 9])
@pytest.mark.parametrize("outputs", [1, 2, 5])
def test_one_hidden_layer(
    activation: kousei.Activation, dtype: str, units: int, dim: int, outputs: int, rng: np.random.Generator
) -> None:
    net = kousei.MLP.random([dim, units, outputs], activation, rng=rng).astype(dtype)
    x = rng.normal(0, 2, (7, dim)).astype(dtype)
    eps = np.finfo(dtype).eps
    hidden = np.abs(x) @ np.abs(net.weights[0].T) + np.abs(net.biases[0]) + 1
    scale = hidden @ np.abs(net.weights[1].T) + np.abs(net.biases[1])
    difference = np.abs(net(x) - reference(net, x)).reshape(7, outputs)
    assert (difference <= 4 * eps * scale).all()


@pytest.mark.parametrize("units", [40_000, 70_000])
def test_many_units_take_several_segments(dtype: str, units: int, rng: np.random.Generator) -> None:
    """Networks beyond one segment of the sum, with points beyond one chunk."""
    net = kousei.MLP.random([2, units, 1], "logistic", rng=rng).astype(dtype)
    x = rng.normal(size=(300, 2)).astype(dtype)
    scale = np.abs(net.weights[1]).sum()
    bound = {"float32": 2e-7, "float64": 1e-15}[dtype]
    assert np.abs(net(x) - reference(net, x)).max() <= bound * scale


def test_deep(activation: kousei.Activation, dtype: str, rng: np.random.Generator) -> None:
    net = kousei.MLP.random([3, 20, 30, 10, 2], activation, rng=rng).astype(dtype)
    x = rng.normal(size=(2, 50, 3)).astype(dtype)
    np.testing.assert_allclose(net(x), reference(net, x), rtol=0, atol=300 * np.finfo(dtype).eps)


@pytest.mark.parametrize("sizes", [[3, 40, 2], [3, 40, 20, 1]])
def test_sparse_weights(sizes: list[int], dtype: str, rng: np.random.Generator) -> None:
    dense = kousei.MLP.random(sizes, "tanh", rng=rng).astype(dtype)
    weights = [np.where(np.abs(weight) < 0.3, 0, weight) for weight in dense.weights]
    for kind in (scipy.sparse.csr_array, scipy.sparse.csc_matrix):
        net = kousei.MLP([kind(weight) for weight in weights], dense.biases, dense.activations)
        x = rng.normal(size=(2, 9, 3)).astype(dtype)
        expected = kousei.MLP(weights, dense.biases, dense.activations)(x)
        np.testing.assert_allclose(net(x), expected, rtol=0, atol=100 * np.finfo(dtype).eps)
        assert net.parameters < dense.parameters
        assert net.astype("float64").dtype == np.float64
        assert scipy.sparse.issparse(net.like(x).weights[0])


def test_structure() -> None:
    net = kousei.MLP.random([2, 10, 20, 3], "erf", rng=0)
    assert (net.dim, net.outputs, net.units) == (2, 3, 30)
    assert net.sizes == (2, 10, 20, 3)
    assert net.parameters == 2 * 10 + 10 + 10 * 20 + 20 + 20 * 3 + 3
    assert repr(net) == "MLP(2 -> 10 erf -> 20 erf -> 3, float64, 313 parameters)"
    assert net.activations == (kousei.activation.erf,) * 2
    assert net.astype("float32").dtype == np.float32


def test_parameters_are_kept_not_copied() -> None:
    weights = [np.ones((3, 1)), np.ones((1, 3))]
    net = kousei.MLP(weights, [np.zeros(3), np.zeros(1)], [kousei.activation.relu])
    assert all(mine is theirs for mine, theirs in zip(net.weights, weights, strict=True))


def test_random_is_reproducible() -> None:
    first, second = (kousei.MLP.random([2, 5, 1], rng=3) for _ in range(2))
    generator = kousei.MLP.random([2, 5, 1], rng=np.random.default_rng(3))
    for other in (second, generator):
        assert all(np.array_equal(a, b) for a, b in zip(first.weights, other.weights, strict=True))
    assert not np.array_equal(first.weights[0], kousei.MLP.random([2, 5, 1]).weights[0])


def test_infinite_points_give_limits(library: Library, dtype: str) -> None:
    one = np.ones((1, 1), dtype)
    for name, limits in {
        "logistic": (0, 1),
        "tanh": (-1, 1),
        "erf": (-1, 1),
        "arctan": (-math.pi / 2, math.pi / 2),
        "relu": (0, math.inf),
    }.items():
        x = library.asarray(np.array([[-np.inf], [np.inf], [np.nan], [0.5]], dtype))
        net = kousei.MLP([one, one], [one[0] * 0, one[0] * 0], [name]).like(x)
        y = library.numpy(net(x))
        ulp = 2 * np.finfo(dtype).eps if library.on_gpu else 0
        np.testing.assert_allclose(y[:2], np.array(limits, dtype), rtol=ulp)
        assert np.isnan(y[2])
        assert y[3] == library.numpy(net(x[3:, ...]))[0], "a point's value depends on its neighbours"


def test_a_point_does_not_depend_on_its_neighbours(dtype: str, rng: np.random.Generator) -> None:
    net = kousei.MLP.random([2, 1000, 1], "logistic", rng=rng).astype(dtype)
    x = rng.normal(size=(37, 2)).astype(dtype)
    together = net(x)
    assert np.array_equal(together, np.concatenate([net(x[i : i + 1]) for i in range(37)]))
    assert np.array_equal(together, net(x[::-1])[::-1])


def good() -> dict:
    return {
        "weights": [np.ones((3, 2)), np.ones((1, 3))],
        "biases": [np.ones(3), np.ones(1)],
        "activations": ["relu"],
    }


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"weights": [np.ones((3, 2)), np.ones((1, 4))]},
            ValueError,
            r"weights\[1\] has shape \(1, 4\); \(outputs, 3\)",
        ),
        ({"weights": [np.ones(3), np.ones((1, 3))]}, ValueError, r"weights\[0\] has shape \(3,\)"),
        ({"weights": [np.ones((3, 0)), np.ones((1, 3))]}, ValueError, "not empty"),
        ({"weights": [np.ones((3, 2))]}, ValueError, "there are 1 weights, 2 biases and 1 activations"),
        ({"activations": [Mixed([("relu", 2), ("tanh", 2)])]}, ValueError, "for 4 units; the layer has 3"),
        ({"biases": [np.ones(3)]}, ValueError, "there are 2 weights, 1 biases"),
        ({"biases": [np.ones(2), np.ones(1)]}, ValueError, r"biases\[0\] has shape \(2,\); \(3,\) is accepted"),
        ({"biases": [np.ones((3, 1)), np.ones(1)]}, ValueError, r"biases\[0\] has shape \(3, 1\)"),
        (
            {"biases": [np.ones(3, "float32"), np.ones(1)]},
            TypeError,
            r"biases\[0\] has dtype float32 and weights\[0\]",
        ),
        ({"weights": [np.ones((3, 2), int), np.ones((1, 3))]}, TypeError, r"weights\[0\] has dtype int64"),
        ({"weights": [[[1.0]], np.ones((1, 3))]}, TypeError, r"weights\[0\] was list"),
        ({"activations": []}, ValueError, "0 activations"),
        ({"activations": ["sine"]}, ValueError, r"activations\[0\] was 'sine'; 'logistic'"),
        ({"activations": "relu"}, TypeError, "activations was 'relu'; a sequence"),
        ({"weights": None}, TypeError, "weights was None; a sequence"),
        ({"activations": [np.tanh]}, TypeError, "a name or a kousei.Activation is accepted"),
    ],
)
def test_bad_layers(change: dict, error: type[Exception], message: str) -> None:
    assert kousei.MLP(**good()).units == 3
    with pytest.raises(error, match=message):
        kousei.MLP(**(good() | change))


def test_bad_calls() -> None:
    net = kousei.MLP(**good())
    with pytest.raises(ValueError, match="precision was 'low'; 'full' and 'fast' are accepted"):
        net(np.ones((1, 2)), precision="low")
    for dtype in ("int64", None, "flat32", 3):
        with pytest.raises(TypeError, match=f"dtype was {dtype}"):
            net.astype(dtype)
    with pytest.raises(TypeError, match="x has dtype int64"):
        net.like(np.ones(2, int))
    with pytest.raises(TypeError, match="x was list"):
        net.like([1.0])
    with pytest.raises(TypeError, match="sizes was 3; a sequence of two or more"):
        kousei.MLP.random(3)
    for sizes in ([3], [3, 0, 1], [], (2, 1.5), (2, "3"), (2, True), "23"):
        with pytest.raises(ValueError, match="two or more positive integers"):
            kousei.MLP.random(sizes)


@pytest.mark.parametrize("sizes", [[1, 5, 1], [1, 5, 5, 1]])
def test_out_that_overlaps_the_points_is_refused(sizes: list[int]) -> None:
    net = kousei.MLP.random(sizes, rng=0)
    memory = np.zeros(20)
    for out in (memory[:10], memory[5:15], memory[9:19]):
        with pytest.raises(ValueError, match="out overlaps the input"):
            net(memory[:10, None], out=out)
    assert net(memory[:10, None], out=memory[10:]) is not None
    biases = [memory[10 : 10 + len(bias)] for bias in net.biases]
    inside = kousei.MLP(net.weights, biases, net.activations)
    with pytest.raises(ValueError, match="out overlaps the input or the network"):
        inside(memory[:10, None], out=memory[10:])


def test_misaligned_arrays_are_copied_and_refused_as_out() -> None:
    net = kousei.MLP.random([2, 5, 1], rng=0)
    x = np.frombuffer(bytearray(161), offset=1, dtype="f8").reshape(10, 2)
    x[...] = np.random.default_rng(0).normal(size=(10, 2))
    assert not x.flags.aligned
    assert np.array_equal(net(x), net(x.copy()))
    with pytest.raises(ValueError, match="out has shape"):
        net(x.copy(), out=np.frombuffer(bytearray(81), offset=1, dtype="f8"))


def test_torch_that_requires_grad_is_refused() -> None:
    torch = pytest.importorskip("torch")
    net = kousei.MLP(**good())
    x = torch.ones((1, 2), dtype=torch.float64, requires_grad=True)
    with pytest.raises(ValueError, match=r"x requires grad; x.detach\(\) is accepted"):
        net(x)
    assert torch.is_tensor(net(x.detach()))
    assert torch.is_tensor(net.like(x.detach()).weights[0])
    assert torch.is_tensor(net.like(x.detach())(x.detach()))
    layers = net.like(x.detach())
    with pytest.raises(ValueError, match=r"weights\[0\] requires grad; weights\[0\].detach\(\) is accepted"):
        kousei.MLP([layers.weights[0].requires_grad_(), layers.weights[1]], layers.biases, layers.activations)
    out = torch.ones(1, dtype=torch.float64, requires_grad=True)
    with pytest.raises(ValueError, match="out requires grad"):
        layers(x.detach(), out=out)


def test_tensors_without_memory_of_their_own() -> None:
    torch = pytest.importorskip("torch")
    x = torch.ones((4, 2), dtype=torch.float64)
    net = kousei.MLP(**good()).like(x)
    for bad in (x.to("meta"), x.to_sparse()):
        with pytest.raises(TypeError, match="x is a torch.* tensor on .*; a torch.strided one on cpu or cuda"):
            net(bad)
    negated = torch.complex(x, x).conj().imag  # a view with the sign bit of torch
    assert negated.is_neg()
    assert torch.equal(net(negated), net(-x))
    with pytest.raises(ValueError, match="out has shape"):
        net(x[:, :], out=negated[:, 0])
    parameter = torch.nn.Parameter(x, requires_grad=False)
    assert torch.equal(net(parameter, out=torch.empty(4, dtype=torch.float64)), net(x))


@pytest.mark.parametrize(("rng", "error"), [("0", TypeError), (1.5, TypeError), (True, TypeError), (-1, ValueError)])
def test_rng_that_is_none(rng: object, error: type[Exception]) -> None:
    accepted = "a numpy.random.Generator, an integer seed of at least 0 and None are accepted"
    with pytest.raises(error, match=f"rng was {rng!r}; {accepted}"):
        kousei.MLP.random([2, 3, 1], rng=rng)


def test_one_name_for_activations() -> None:
    with pytest.raises(TypeError, match="activations was 'relu'; a sequence, one for each hidden layer, is accepted"):
        kousei.MLP([np.ones((2, 1)), np.ones((1, 2))], [np.zeros(2), np.zeros(1)], "relu")
