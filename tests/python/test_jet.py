"""Values, Jacobians, Laplacians and divergences of networks, against mpmath and the gradients of torch."""

import doctest
import sys
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy import sparse

import kousei
from kousei.activation import Mixed, hardtanh, leaky_relu, prelu, repu
from support import Library, same_for_threads

FORMULAS: dict[str, Any] = {
    "logistic": lambda z: 1 / (1 + mpmath.exp(-z)),
    "tanh": mpmath.tanh,
    "erf": mpmath.erf,
    "arctan": mpmath.atan,
    "gelu": lambda z: z * mpmath.ncdf(z),
    "silu": lambda z: z / (1 + mpmath.exp(-z)),
    "softplus": lambda z: mpmath.log(1 + mpmath.exp(z)),
    "repu2": lambda z: max(z, 0) ** 2,
    "repu3": lambda z: max(z, 0) ** 3,
    "repu5": lambda z: max(z, 0) ** 5,
}
#: Of the golden numbers, which are exact decimals.
GOLDEN = (
    [np.array([[0.5, -0.25], [-0.75, 1], [0.25, 0.5]]), np.array([[1, -0.5, 0.25], [-0.25, 0.75, 1.5]]),
     np.array([[2.0, -1]])],
    [np.array([0.125, 0.25, -0.5]), np.array([0.1, -0.2]), np.array([0.5])],
)  # fmt: skip


def exact_jet(net: kousei.MLP, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return value, Jacobian and Laplacian at a point, by the chain rule with 40 digits."""
    with mpmath.workdps(40):
        value = np.array([mpmath.mpf(float(each)) for each in x])
        jacobian, laplacian = np.eye(len(x)) * mpmath.mpf(1), np.zeros(len(x)) * mpmath.mpf(1)
        for i, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
            weight = np.vectorize(mpmath.mpf, otypes=[object])(weight)
            value, jacobian, laplacian = weight @ value + bias, weight @ jacobian, weight @ laplacian
            if i == len(net.activations):
                break
            f = FORMULAS[net.activations[i].name]
            first, second = (np.array([mpmath.diff(f, z, n) for z in value]) for n in (1, 2))
            laplacian = first * laplacian + second * (jacobian**2).sum(axis=1)
            jacobian = first[:, None] * jacobian
            value = np.array([f(z) for z in value])
    return value.astype(float), jacobian.astype(float), laplacian.astype(float)


def relative(found: np.ndarray, exact: np.ndarray) -> float:
    return float(np.abs(found - exact).max() / np.abs(exact).max())


@pytest.mark.parametrize(
    ("power", "x", "value", "gradient", "laplacian"),
    [
        (2, (0.3, 0.7), 0.4632439208984375, (0.3223271484375, -0.42178125), -4.6720703125),
        (2, (1.25, 2), -3.770842018127441, (3.8425872802734375, -13.30374755859375), -35.3656005859375),
        (3, (-0.4, 0.9), -8.583132581776825, (46.33666890853409, -61.78222521137878), -570.89535142319),
    ],
)
def test_golden_numbers(power: int, x: tuple, value: float, gradient: tuple, laplacian: float) -> None:
    jet = kousei.MLP(*GOLDEN, [repu(power)] * 2).jet(np.array(x, float))
    np.testing.assert_allclose(jet.value, [value], rtol=1e-14)
    np.testing.assert_allclose(jet.jacobian, [gradient], rtol=1e-14)
    np.testing.assert_allclose(jet.laplacian, [laplacian], rtol=1e-14)


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("sizes", [(3, 6, 2), (2, 5, 4, 2), (4, 5, 3, 6, 4, 1)], ids=str)
def test_jets_to_all_digits(name: str, sizes: tuple, rng: np.random.Generator) -> None:
    if len(sizes) > 4 and name in ("repu3", "repu5"):
        name = "repu2"  # powers of powers grow what is rounded below them, whatever computes them
    net = kousei.MLP.random(sizes, name, rng=rng)
    x = rng.normal(size=(3, sizes[0]))
    value, jacobian, laplacian = map(np.stack, zip(*(exact_jet(net, point) for point in x), strict=True))
    jet = net.jet(x)
    assert relative(jet.value, value) <= 1e-14
    assert relative(jet.jacobian, jacobian) <= 1e-14
    assert relative(jet.laplacian, laplacian) <= 1e-14
    if sizes[0] == sizes[-1]:
        assert relative(net.divergence(x), np.trace(jacobian, axis1=1, axis2=2)) <= 1e-14


@pytest.mark.parametrize("dim", [2, 8, 16])
def test_autograd(dim: int, rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    net = kousei.MLP.random([dim, 64, 64, 64, dim], "tanh", rng=rng)
    x = torch.asarray(rng.normal(size=(3, dim)))

    def function(point: Any) -> Any:
        for weight, bias in zip(net.weights[:-1], net.biases[:-1], strict=True):
            point = torch.tanh(torch.asarray(weight) @ point + torch.asarray(bias))
        return torch.asarray(net.weights[-1]) @ point + torch.asarray(net.biases[-1])

    gradients, jet = torch.autograd.functional, net.jet(x.numpy())
    jacobian = np.stack([gradients.jacobian(function, point).numpy() for point in x])
    assert relative(jet.jacobian, jacobian) <= 1e-14
    assert relative(net.divergence(x.numpy()), np.trace(jacobian, axis1=1, axis2=2)) <= 1e-14
    for output in (0, dim - 1):
        hessians = [gradients.hessian(lambda at, o=output: function(at)[o], point) for point in x]
        assert relative(jet.laplacian[:, output], np.array([float(each.trace()) for each in hessians])) <= 1e-14


def test_piecewise_linear_units_have_slopes() -> None:
    one, zero = np.ones((1, 1)), np.zeros(1)
    x = np.array([[-2.0], [-1.0], [0.0], [0.5], [1.0], [3.0]])
    for activation, slopes in [
        ("relu", [0, 0, 0, 1, 1, 1]),
        ("abs", [-1, -1, -1, 1, 1, 1]),
        (hardtanh(), [0, 0, 1, 1, 1, 0]),
        (leaky_relu(0.25), [0.25, 0.25, 0.25, 1, 1, 1]),
    ]:
        jet = kousei.MLP([one, one], [zero, zero], [activation]).jet(x, laplacian=False)
        assert jet.laplacian is None
        np.testing.assert_array_equal(jet.jacobian[:, 0, 0], slopes)
    mixed = kousei.MLP([np.ones((2, 1)), np.eye(2)], [np.zeros(2)] * 2, [prelu([0.5, -2])]).jet(x, laplacian=False)
    np.testing.assert_array_equal(mixed.jacobian[:, :, 0], [[0.5, -2]] * 3 + [[1, 1]] * 3)


def test_layers_of_many_functions(rng: np.random.Generator) -> None:
    names = [*FORMULAS, "repu4"]
    net = kousei.MLP.random([3, 4 * len(names), 2], rng=rng)
    mixed = kousei.MLP(net.weights, net.biases, [Mixed([(name, 4) for name in names])])
    x = rng.normal(size=(20, 3))
    parts = [
        kousei.MLP(
            [net.weights[0][4 * i : 4 * i + 4], net.weights[1][:, 4 * i : 4 * i + 4]],
            [net.biases[0][4 * i : 4 * i + 4], net.biases[1] / len(names)],
            [name],
        ).jet(x)
        for i, name in enumerate(names)
    ]
    jet = mixed.jet(x)
    assert relative(jet.value, sum(part.value for part in parts)) < 1e-14
    assert relative(jet.jacobian, sum(part.jacobian for part in parts)) < 1e-14
    assert relative(jet.laplacian, sum(part.laplacian for part in parts)) < 1e-14


def test_sparse_weights(rng: np.random.Generator) -> None:
    for sizes in ([3, 30, 20, 3], [3, 30, 20, 10, 3], [3, 3]):
        net = kousei.MLP.random(sizes, "silu", rng=rng)
        weights = [weight * (rng.random(weight.shape) < 0.3) for weight in net.weights]
        dense = kousei.MLP(weights, net.biases, net.activations)
        thin = kousei.MLP([sparse.csr_array(weight) for weight in weights], net.biases, net.activations)
        x = rng.normal(size=(40, 3))
        for found, expected in zip(vars(thin.jet(x)).values(), vars(dense.jet(x)).values(), strict=True):
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)
        np.testing.assert_allclose(thin.divergence(x), dense.divergence(x), rtol=0, atol=1e-13)


@pytest.mark.parametrize("hidden", [[], [9], [9, 14], [9, 14, 11]], ids=str)
def test_divergence_is_the_trace(library: Library, dtype: str, hidden: list, rng: np.random.Generator) -> None:
    for dim in (1, 3, 17):
        net = kousei.MLP.random([dim, *hidden, dim], "gelu", rng=rng).astype(dtype)
        x = library.asarray(rng.normal(size=(2, 9, dim)).astype(dtype))
        there = net.like(x)
        found = there.divergence(x)
        assert type(found) is type(x)
        trace = np.trace(library.numpy(there.jet(x).jacobian), axis1=-2, axis2=-1)
        np.testing.assert_allclose(library.numpy(found), trace, rtol=0, atol=100 * np.finfo(dtype).eps)


def test_libraries(library: Library, dtype: str, rng: np.random.Generator) -> None:
    parts = Mixed([("tanh", 2), ("repu2", 3), ("gelu", 2), ("silu", 1), ("erf", 1)] * 2)
    net = kousei.MLP.random([3, 20, 18, 2], "softplus", rng=rng).astype(dtype)
    net = kousei.MLP(net.weights, net.biases, ["repu3", parts])
    x = rng.normal(size=(2, 70, 3)).astype(dtype)
    expected, points = net.jet(x), library.asarray(x)
    found = net.like(points).jet(points)
    for name, shape in (("value", (2, 70, 2)), ("jacobian", (2, 70, 2, 3)), ("laplacian", (2, 70, 2))):
        array, exact = getattr(found, name), getattr(expected, name)
        assert type(array) is type(points)
        assert tuple(array.shape) == shape
        tolerance = 200 * np.finfo(dtype).eps * np.abs(exact).max()
        np.testing.assert_allclose(library.numpy(array), exact, rtol=0, atol=tolerance)
    empty = net.like(points).jet(library.asarray(x[:, :0]))
    assert tuple(empty.jacobian.shape) == (2, 0, 2, 3)


def test_blocks_of_points_on_a_device(
    library: Library, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    x = library.asarray(rng.normal(size=(50, 2)))
    for hidden in ([20, 30], [20, 30, 10]):
        net = kousei.MLP.random([2, *hidden, 2], "silu", rng=rng).like(x)
        whole = [library.numpy(array) for array in (*vars(net.jet(x)).values(), net.divergence(x))]
        with monkeypatch.context() as patched:
            patched.setattr("kousei.network.device._BLOCK_BYTES", 2 * 4 * 30 * 8 * 7)
            some = [library.numpy(array) for array in (*vars(net.jet(x)).values(), net.divergence(x))]
        for found, expected in zip(some, whole, strict=True):
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


def test_threads_and_neighbours_change_nothing(dtype: str, rng: np.random.Generator) -> None:
    net = kousei.MLP.random([3, 70, 60, 3], "tanh", rng=rng).astype(dtype)
    x = rng.normal(size=(500, 3)).astype(dtype)
    found = same_for_threads(lambda: [*vars(net.jet(x)).values(), net.divergence(x)])
    x[7] = np.nan
    np.testing.assert_array_equal(np.isnan(net.divergence(x)), np.isnan(x[:, 0]))
    np.testing.assert_array_equal(net.jet(x[100:117]).jacobian, found[1][100:117])


def test_what_is_written_to_the_network_shows(rng: np.random.Generator) -> None:
    net = kousei.MLP.random([2, 5, 2], "tanh", rng=rng)
    x = rng.normal(size=(4, 2))
    before = net.jet(x)
    net.weights[1][...] *= 2
    np.testing.assert_allclose(net.jet(x).jacobian, 2 * before.jacobian, rtol=1e-15)


def test_bad_input() -> None:
    x = np.zeros((3, 2))
    net = kousei.MLP.random([2, 5, 2], "tanh", rng=0)
    with pytest.raises(TypeError, match="laplacian was 1; "):
        net.jet(x, laplacian=1)
    for activation in ("relu", "repu1", "hat", prelu(np.linspace(0, 1, 5)), Mixed([("tanh", 2), ("abs", 3)])):
        kinked = kousei.MLP.random([2, 4, 5, 1], "silu", rng=0)
        kinked = kousei.MLP(kinked.weights, kinked.biases, ["silu", activation])
        with pytest.raises(ValueError, match=r"activations\[1\] has .*, which is piecewise linear: its second deriv"):
            kinked.jet(x)
        assert kinked.jet(x, laplacian=False).jacobian.shape == (3, 1, 2)
    own = kousei.Activation("square", lambda z: z * z)
    for call in (kousei.MLP.jet, kousei.MLP.divergence):
        with pytest.raises(TypeError, match=r"activations\[0\] has 'square', a function of one's own"):
            call(kousei.MLP(net.weights, net.biases, [own]), x)
    with pytest.raises(ValueError, match="the network has 3 outputs; 2, as many as inputs, are accepted"):
        kousei.MLP.random([2, 5, 3], "tanh", rng=0).divergence(x)


def test_examples() -> None:
    # Methods whose functions stand in another module than their class are passed over by doctest.
    assert doctest.testmod(sys.modules["kousei.network.jet"]) == (0, 11)
