"""Theorem 2: sums, compositions, maxima and stacks of networks are networks, of the sizes it says."""

import re
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse

import kousei
from kousei.activation import Mixed, hardtanh, hat, leaky_relu
from support import Library, random_network

ACTIVATIONS = ["relu", "relu", "relu", "abs", "leaky_relu", "hardtanh", "hat", "softshrink", "tanh", "logistic"]


def values(net: kousei.MLP, x: np.ndarray) -> np.ndarray:
    return net(x).reshape(len(x), net.outputs)


def check(net: kousei.MLP, x: np.ndarray, expected: np.ndarray, scale: float) -> None:
    assert type(net) is kousei.MLP
    assert np.abs(values(net, x) - expected).max() <= 1e-13 * max(scale, np.abs(expected).max())
    formula = net.summary().formula
    assert formula is not None
    assert net.units <= formula.units
    assert formula.units == eval(formula.text.replace(" x ", " * "))


@pytest.mark.parametrize("seed", range(300))
def test_identities(seed: int) -> None:
    rng = np.random.default_rng(seed)
    dim, outputs, more = rng.integers(1, 5, 3).tolist()
    f, g = (random_network(rng, ACTIVATIONS, dim=dim, outputs=outputs, least_depth=0) for _ in range(2))
    after = random_network(rng, ACTIVATIONS, dim=outputs, outputs=more, least_depth=0)
    x = 3 * rng.normal(size=(50, dim))
    a, b = values(f, x), values(g, x)
    scale = max(np.abs(a).max(), np.abs(b).max())
    check(f >> after, x, values(after, a), 1 + scale)
    check(f + g, x, a + b, scale)
    check(kousei.stack(f, g, f), x, np.hstack([a, b, a]), scale)
    check(kousei.maximum(f, g), x, np.maximum(a, b), scale)
    check(kousei.minimum(f, g), x, np.minimum(a, b), scale)
    difference = 2 * f - g * np.float64(0.5)
    check(difference, x, 2 * a - b / 2, scale)
    np.testing.assert_array_equal(values(-f, x), -a)
    block = random_network(rng, ACTIVATIONS, dim=outputs, outputs=outputs, least_depth=0)
    inner = values(block, a)
    check(f >> (block + kousei.identity(outputs)), x, inner + a, scale)
    check(f >> kousei.stack(block, kousei.identity(outputs)), x, np.hstack([inner, a]), scale)


@pytest.mark.parametrize(
    ("make", "widths"),
    [
        (lambda f, g, h: f >> h, (7, 5, 8)),
        (lambda f, g, h: f + g, (7 + 6, 5 + 6)),  # 6 units of g, which are not negative, pass a layer
        (lambda f, g, h: f + kousei.identity(4) - kousei.identity(4), (7 + 8 + 8, 5 + 8 + 8)),
        (lambda f, g, h: h >> (f + kousei.identity(4)), (8, 7 + 8, 5 + 8)),
        (lambda f, g, h: kousei.stack(f, f, f), (21, 15)),
        (lambda f, g, h: kousei.maximum(f, g), (7 + 6, 5 + 6, 4 + 5)),  # f - g, and the 5 units of f
        (lambda f, g, h: kousei.identity(4, hidden_layers=2), (8, 8)),
        (lambda f, g, h: kousei.identity(4, hidden_layers=2, lower=-1), (4, 4)),
        (lambda f, g, h: f + kousei.identity(4, hidden_layers=2, lower=0), (11, 9)),
    ],
)
def test_sizes(make: Callable[..., kousei.MLP], widths: tuple[int, ...]) -> None:
    f, g = kousei.MLP.random([4, 7, 5, 4], rng=0), kousei.MLP.random([4, 6, 4], rng=1)
    h = kousei.MLP.random([4, 8, 4], rng=2)
    summary = make(f, g, h).summary()
    assert summary.widths == widths
    assert summary.formula is not None
    assert summary.units <= summary.formula.units


@pytest.mark.parametrize(
    ("shallow", "width"),
    [
        ([5, 1, 5], 1),  # the narrow hidden layer
        ([1, 5, 5], 2),  # twice the inputs
        ([5, 5, 1], 2),  # twice the outputs
    ],
)
def test_identities_are_put_where_they_are_cheapest(shallow: list[int], width: int) -> None:
    net = kousei.MLP.random(shallow, rng=0)
    deep = kousei.MLP.random([shallow[0], 3, 3, 3, 3, shallow[-1]], rng=1)
    summary = (net + deep).summary()
    assert summary.units == net.units + deep.units + 3 * width == summary.formula.units


def test_units_bounded_below_pass_a_layer_alone() -> None:
    """tanh >= -1 takes a unit to pass a layer, leaky_relu two."""
    deep = kousei.MLP.random([9, 3, 3, 9], rng=1)
    x = np.random.default_rng(0).normal(0, 2, (20, 9))
    for activation, units in (("tanh", 4), ("hat", 4), ("leaky_relu", 8)):
        net = kousei.MLP.random([9, 4, 9], activation, rng=0)
        assert (net + deep).summary().widths == (4 + 3, units + 3)
        np.testing.assert_allclose((net + deep)(x), net(x) + deep(x), rtol=0, atol=1e-13)


def test_shared_parts_stand_once() -> None:
    """Two shallow networks and the identity are carried by the same units of the inputs."""
    deep = kousei.MLP.random([1, 3, 3, 9], rng=1)
    shallow = [kousei.MLP.random([1, 7, 9], rng=i) for i in range(2)]
    net = kousei.stack(deep, *shallow)
    assert net.summary().widths == (3 + 2, 3 + 7 + 7)


def test_identity_below_its_bound() -> None:
    net = kousei.identity(1, hidden_layers=1, lower=-2)
    np.testing.assert_array_equal(net(np.array([[-2.0], [0.0], [5.0], [-3.0]])), [-2, 0, 5, -2])


def test_sparse_where_blocks_make_it_so() -> None:
    nets = [kousei.MLP.random([3, 20, 20, 2], rng=i) for i in range(8)]
    net = kousei.stack(*nets)
    assert [scipy.sparse.issparse(weight) for weight in net.weights] == [False, True, False]
    x = np.random.default_rng(0).normal(size=(100, 3))
    np.testing.assert_allclose(net(x), np.hstack([f(x) for f in nets]), rtol=0, atol=1e-13)
    layer = net.summary().layers[1]
    assert (layer.nonzero, layer.sparse) == (8 * 400, True)
    assert "stored sparse" in str(net.summary())
    again = net >> kousei.MLP.random([16, 5, 1], rng=0)
    np.testing.assert_allclose(again(x), kousei.MLP.random([16, 5, 1], rng=0)(net(x)), rtol=0, atol=1e-13)


def test_dtype_and_library_are_kept(library: Library, dtype: str) -> None:
    x = library.asarray(np.random.default_rng(0).normal(size=(9, 2)).astype(dtype))
    f, g = (kousei.MLP.random([2, 5, 3], rng=i).like(x) for i in range(2))
    for net, expected in (
        (f + g, library.numpy(f(x)) + library.numpy(g(x))),
        (3 * f, 3 * library.numpy(f(x))),
        (kousei.stack(*[f] * 9), np.hstack([library.numpy(f(x))] * 9)),
    ):
        assert str(net.dtype) == dtype
        assert type(net.biases[0]) is type(f.biases[0])
        np.testing.assert_allclose(library.numpy(net(x)), expected, rtol=0, atol=50 * np.finfo(dtype).eps)


def test_formulas_are_written_out() -> None:
    """A network that is kept as a formula takes part as an MLP."""
    net = kousei.funahashi.fourier_series({(1,): 1.0}, [(-1, 1)], 1e-2)
    x = np.linspace(-1, 1, 20)[:, None]
    total = net + kousei.identity(1)
    assert type(total) is kousei.MLP
    np.testing.assert_allclose(total(x), net(x) + x[:, 0], rtol=0, atol=1e-12)


def test_trained_network() -> None:
    """A digits classifier beside its shifted copy, and after itself."""
    datasets = pytest.importorskip("sklearn.datasets")
    neural_network = pytest.importorskip("sklearn.neural_network")
    perceptron = neural_network.MLPClassifier((32, 32), max_iter=10, random_state=0)
    x, digits = datasets.load_digits(return_X_y=True)
    x = x / 16
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        perceptron.fit(x, digits)
    f = kousei.MLP([w.T for w in perceptron.coefs_], perceptron.intercepts_, ["relu", "relu"])
    expected = np.maximum(f(x), 2 * f(x) - 1)
    shift = kousei.MLP([2 * np.eye(10)], [-np.ones(10)], [])
    net = kousei.maximum(f, f >> shift)
    assert np.abs(net(x) - expected).max() <= 1e-13 * np.abs(expected).max()


def test_summary_is_a_table() -> None:
    net = kousei.MLP.random([2, 3, 1], rng=0)
    assert net.summary().formula is None
    assert re.fullmatch(
        r"layer +inputs.*\n +0 +2 +3 +6 +100%  relu\n +1 +3 +1 +3 +100%  affine\n"
        "hidden layers 1, hidden units 3, weights and biases 13",
        str(net.summary()),
    )


def test_bad_operands() -> None:
    f = kousei.MLP.random([2, 3, 4], rng=0)
    with pytest.raises(ValueError, match="f has 4 outputs and g 2 inputs"):
        f >> f
    with pytest.raises(ValueError, match="f has 2 inputs and g 3"):
        f + kousei.MLP.random([3, 3, 4], rng=0)
    for operation in (lambda f, g: f + g, kousei.maximum, kousei.minimum):
        with pytest.raises(ValueError, match="f has 4 outputs and g 1; .* takes networks of as many outputs"):
            operation(f, kousei.MLP.random([2, 3, 1], rng=0))
    with pytest.raises(TypeError, match=r"f has dtype float64 and g float32; they must agree: g.astype\('float64'\)"):
        kousei.stack(f, f.astype("float32"))
    with pytest.raises(ValueError, match="there are no networks"):
        kousei.stack()
    for bad in (lambda: f + 1, lambda: f * f, lambda: f * True, lambda: f >> np.tanh, lambda: f * np.ones(4)):
        with pytest.raises(TypeError, match="operand|factor was ndarray; a real number is accepted"):
            bad()
    for operation in (kousei.stack, kousei.maximum, kousei.minimum):
        for nets in ((f, 1), ([f], f)):
            with pytest.raises(TypeError, match=r"(g|f|nets\[[01]\]) was (int|list); a kousei.MLP is accepted"):
                operation(*nets)
    steep = kousei.MLP([np.full((1, 1), 1e30)], [np.zeros(1)], []).astype("float32")
    with pytest.raises(ValueError, match=r"weights\[0\] of f >> g is not finite in float32"):
        steep >> steep
    for factor in (np.nan, -np.inf, 10**400):
        with pytest.raises(ValueError, match="the factor was .*; a finite number that float64 can hold"):
            factor * f
    with pytest.raises(ValueError, match="the factor was 1e.300; a finite number that float32 can hold"):
        f.astype("float32") * 1e300
    for bad_count in (0, -1):
        with pytest.raises(ValueError, match="n was"):
            kousei.identity(bad_count)
    with pytest.raises(TypeError, match="hidden_layers was 1.5"):
        kousei.identity(2, hidden_layers=1.5)
    for lower in (np.nan, np.inf, [0, 1]):
        with pytest.raises(ValueError, match="lower was"):
            kousei.identity(2, hidden_layers=1, lower=lower)
    with pytest.raises(TypeError, match="lower"):
        kousei.identity(2, hidden_layers=1, lower="0")


def test_a_minimum_says_so() -> None:
    f = kousei.identity(1)
    assert str(kousei.minimum(f, -f).summary()).endswith("minimum(f, g): at most 0 + 0 + 1 + 2 = 3 hidden units")


def test_networks_may_be_named_by_any_activation() -> None:
    assert hat.lower == 0
    assert leaky_relu().lower == -np.inf
    assert Mixed([("tanh", 1), ("abs", 2)]).lower == -1


@pytest.mark.parametrize("least", [-1e4, -1e10, -1e30])
def test_a_distant_lower_bound_is_not_subtracted(least: float) -> None:
    f = kousei.MLP.random([2, 5, 3], hardtanh(least, 6), rng=0)
    g = kousei.MLP.random([2, 4, 4, 4, 3], rng=1)
    x = np.random.default_rng(0).normal(size=(50, 2))
    assert np.abs((f + g)(x) - f(x) - g(x)).max() < 1e-13
    assert np.abs(kousei.maximum(f, g)(x) - np.maximum(f(x), g(x))).max() < 1e-13
