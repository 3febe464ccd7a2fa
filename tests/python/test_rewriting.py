"""Theorem 3: piecewise-linear networks as ReLU networks, and these as networks of any such activation."""

import math

import numpy as np
import pytest
import scipy.sparse

import kousei
from kousei.activation import Mixed, PiecewiseLinear, hardtanh, leaky_relu, relu
from kousei.activation.named import resolve
from support import PIECEWISE_LINEAR, Library, random_network

EPS = 2.0**-52
TARGETS = [g for g in PIECEWISE_LINEAR if len(set(resolve(g).slopes)) > 1]
#: Whose slopes on the far left and right have different moduli, with 1 to 5 kinks.
EVERYWHERE = [
    relu,
    leaky_relu(0.25),
    leaky_relu(-0.5),
    PiecewiseLinear([1], [-2, 0], 3, name="left"),
    PiecewiseLinear([0, 1], [0.5, 2, -1], 0.25, name="two kinks"),
    PiecewiseLinear([-1, 0, 1], [0, 1, 1, 3], 2, name="no jump at 0"),
    PiecewiseLinear([-0.5, 0.25, 2], [0.3, -1, 0.7, 2], 0.1, name="three kinks"),
    PiecewiseLinear([-3, -1, 0, 2], [1, 0, 2, -1, 0.5], 1, name="four kinks"),
    PiecewiseLinear([-3, -1.1, 0, 2, 3.3], [1, 0, 2, -1, 0.5, 3], 1, name="five kinks"),
]


def one_unit(activation: object) -> kousei.MLP:
    return kousei.MLP([np.ones((1, 1)), np.ones((1, 1))], [np.zeros(1), np.zeros(1)], [activation])


def difference(net: kousei.MLP, other: kousei.MLP, x: np.ndarray) -> float:
    """Largest difference, relative to what the last layer of `net` adds up, or 1."""
    hidden = x
    for weight, bias, activation in zip(net.weights, net.biases, net.activations, strict=False):
        hidden = activation(hidden @ weight.T + bias)
    size = np.abs(hidden) @ np.abs(net.weights[-1].T) + np.abs(net.biases[-1])
    return float(np.abs(net(x) - other(x)).max() / max(size.max(), 1))


def test_random_networks_as_relu_networks(rng: np.random.Generator) -> None:
    for _ in range(300):
        net = random_network(rng, PIECEWISE_LINEAR)
        rewritten = net.to_relu()
        assert rewritten.activations == (relu,) * len(net.activations)
        x = rng.normal(0, 10.0 ** rng.integers(-2, 2), (50, net.dim))
        assert difference(net, rewritten, x) <= 1e-13
        formula = rewritten.summary().formula
        assert formula is not None
        # A layer of constants alone keeps one unit.
        assert rewritten.units <= formula.units
        assert formula.units == eval(formula.text.replace(" x ", " * "))


def test_random_networks_in_any_activation_on_a_box(rng: np.random.Generator) -> None:
    for _ in range(300):
        net = random_network(rng, PIECEWISE_LINEAR)
        g = TARGETS[rng.integers(len(TARGETS))]
        lo = rng.normal(size=net.dim)
        hi = lo + rng.exponential(2, net.dim) * (rng.random(net.dim) < 0.9)
        rewritten = net.to_activation(g, np.stack([lo, hi], axis=-1))
        assert rewritten.activations == (resolve(g),) * len(net.activations)
        x = np.concatenate([rng.uniform(lo, hi, (50, net.dim)), rng.choice(2, (50, net.dim)) * (hi - lo) + lo])
        assert difference(net, rewritten, np.clip(x, lo, hi)) <= 1e-13


@pytest.mark.parametrize("rho", [1.0, 10.0, 1e3, 1e6])
@pytest.mark.parametrize("g", TARGETS, ids=str)
def test_error_of_one_relu(g: object, rho: float, rng: np.random.Generator) -> None:
    """It is absolute, in proportion to rho: below 1e-15 rho, and below the stated bound."""
    net = one_unit("relu").to_activation(g, [(-rho, rho)])
    x = np.concatenate([rng.uniform(-rho, rho, 5000), rng.normal(0, 1e-3, 5000), [0.0, rho, -rho]])
    error = np.abs(net(x[:, None]) - np.maximum(x, 0)).max()
    g = resolve(g)
    steep, reach = np.abs(g.slopes).max(), np.abs(g.kinks).max()
    (scale,), shift, (coef,) = net.weights[0].T, net.biases[0], net.weights[1]
    argument = np.abs(scale) * rho + np.abs(shift) + reach
    assert error <= 4 * EPS * np.abs(coef) @ (steep * argument + np.abs(g(shift)))
    assert error <= 1e-15 * rho


def test_error_of_one_relu_in_the_closed_form(rng: np.random.Generator) -> None:
    """4 eps rho kappa (A + (2 |g(t)| + 4 A max|t_i|)/d), d from the kink to its neighbour, or rho without one."""
    for g, kappa, value, d in (
        (hardtanh(), 1, 1, 2),
        (resolve("relu6"), 1, 0, 6),
        (leaky_relu(0.25), 4 / 3, 0, math.inf),
    ):
        kinks = np.abs(g.kinks).max()
        for rho in 10.0 ** np.arange(-2, 8):
            x = rng.uniform(-rho, rho, 5000)
            error = np.abs(one_unit("relu").to_activation(g, [(-rho, rho)])(x[:, None]) - np.maximum(x, 0)).max()
            assert error <= 4 * EPS * rho * kappa * (1 + (2 * value + 4 * kinks) / min(d, rho))


@pytest.mark.parametrize("g", EVERYWHERE, ids=lambda g: g.name)
def test_everywhere(g: PiecewiseLinear, rng: np.random.Generator) -> None:
    net = one_unit("relu").to_activation(g, everywhere=True)
    x = rng.normal(size=(5000, 1)) * 10.0 ** rng.uniform(-3, 9, (5000, 1))
    cancelled = np.abs(net.weights[1]) @ np.abs(net.weights[0])
    error = np.abs(net(x) - np.maximum(x[:, 0], 0)) / np.maximum(1, np.abs(x[:, 0]))
    assert error.max() <= 1e-14 * max(1, cancelled.item())


def test_units_everywhere() -> None:
    counts = [one_unit("relu").to_activation(g, everywhere=True).units for g in EVERYWHERE]
    # 1, 3, 9, 25, 65 for 1 to 5 kinks, and as many the other way round where neither slope at the ends is 0.
    assert counts == [1, 2, 2, 1, 6, 3, 18, 50, 130]


@pytest.mark.parametrize("g", EVERYWHERE, ids=lambda g: g.name)
def test_networks_everywhere(g: PiecewiseLinear, rng: np.random.Generator) -> None:
    net = kousei.MLP(
        [rng.normal(size=shape) for shape in ((3, 2), (4, 3), (2, 4))],
        [rng.normal(size=units) for units in (3, 4, 2)],
        [Mixed([("hat", 2), (g, 1)]), "relu"],
    )
    rewritten = net.to_activation(g, everywhere=True)
    x = rng.normal(size=(200, 2)) * 10.0 ** rng.integers(0, 5, (200, 1))
    assert difference(net, rewritten, x) <= 1e-13 * (1 if len(g.kinks) < 3 else 1e3)
    assert rewritten.activations == (g, g)


def parts(net: kousei.MLP) -> list:
    """Scale, shift and output weight of the units of a network of one input and one layer, and the constant."""
    return [net.weights[0][:, 0].tolist(), net.biases[0].tolist(), net.weights[1][0].tolist(), net.biases[1].item()]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("relu", [[1], [0], [1], 0]),
        ("abs", [[-1, 1], [0, 0], [1, 1], 0]),
        ("hardtanh", [[1, 1], [1, -1], [1, -1], -1]),
        ("relu6", [[1, 1], [0, -6], [1, -1], 0]),
        ("hat", [[1, 1, 1], [1, 0, -1], [1, -2, 1], 0]),
        ("softshrink", [[-1, 1], [-0.5, -0.5], [-1, 1], 0]),
        # 2 z = -2 R(-z) + 2 R(z); a constant has no units, and a layer at least one.
        (PiecewiseLinear([0], [2, 2]), [[-1, 1], [0, 0], [-2, 2], 0]),
        (PiecewiseLinear([0], [0, 0], 3), [[0], [0], [0], 3]),
        # The kink with a level piece on one side is the anchor, here the second: 2 units and not 3.
        (PiecewiseLinear([0, 1], [1, 0, 3], 5), [[-1, 1], [0, -1], [-1, 3], 5]),
        (PiecewiseLinear([0, 1], [1, 3, 0], 5), [[-1, -1], [1, 0], [-3, 2], 8]),
        # Here the third, with both others on its left.
        (PiecewiseLinear([-2, -1, 0], [1, 2, 1, 0], 5), [[-1, -1, -1], [0, -2, -1], [-1, 1, -1], 8]),
    ],
    ids=str,
)
def test_units_of_relu_by_hand(name: object, expected: list) -> None:
    assert parts(one_unit(name).to_relu()) == expected


@pytest.mark.parametrize(
    ("g", "box", "expected"),
    [
        # Level on the left: G+/a+, at -1, with the scale 1/4 that brings [-8, 8] between the kinks.
        ("hardtanh", (-8, 8), [[0.25], [-1], [4], 4]),
        # Only the side that is not level needs room.
        ("hardtanh", (-1000, 2), [[1], [-1], [1], 1]),
        ("relu6", (-8, 6), [[1], [0], [1], 0]),
        # Level on the right: -G-/a-.
        (PiecewiseLinear([1], [-2, 0], 3), (-4, 4), [[-1], [1], [0.5], -1.5]),
        # The +- trick: (a+ G+ + a- G-)/(a+^2 - a-^2).
        (leaky_relu(0.5), (-1, 1), [[1, -1], [0, 0], [4 / 3, 2 / 3], 0]),
        # (G+ - a- z)/(a+ - a-), and z = 8 - |z - 8|.
        ("abs", (-8, 8), [[1, 1], [0, -8], [0.5, -0.5], 4]),
        # Never positive: nothing; never negative: one piece.
        ("abs", (-8, 0), [[0], [0], [0], 0]),
        ("abs", (1, 8), [[1], [0], [1], 0]),
    ],
    ids=str,
)
def test_units_of_an_activation_by_hand(g: object, box: tuple, expected: list) -> None:
    for found, wanted in zip(parts(one_unit("relu").to_activation(g, [box])), expected, strict=True):
        assert found == pytest.approx(wanted, rel=1e-14)


def test_a_distant_kink_costs_no_digits(rng: np.random.Generator) -> None:
    net = kousei.MLP.random([2, 5, 3], hardtanh(-1e30, 6), rng=0)
    x = 5 * rng.normal(size=(100, 2))
    assert np.abs(net.to_relu()(x) - net(x)).max() < 1e-13


def test_units_of_g_are_kept() -> None:
    net = kousei.MLP.random([2, 6, 5, 1], "hat", rng=0)
    kept = net.to_activation("hat", [(-1, 1)] * 2)
    assert all(np.array_equal(a, b) for a, b in zip(net.weights, kept.weights, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(net.biases, kept.biases, strict=True))


def test_sparse_weights_stay_sparse(rng: np.random.Generator) -> None:
    dense = kousei.MLP.random([3, 20, 10, 2], "hardtanh", rng=rng)
    weights = [np.where(np.abs(weight) < 0.3, 0, weight) for weight in dense.weights]
    x = rng.uniform(-2, 2, (50, 3))
    for kind in (scipy.sparse.csr_array, scipy.sparse.csc_matrix):
        net = kousei.MLP([kind(weight) for weight in weights], dense.biases, dense.activations)
        for rewritten in (net.to_relu(), net.to_activation("relu6", [(-2, 2)] * 3)):
            assert all(scipy.sparse.issparse(weight) for weight in rewritten.weights)
            assert difference(kousei.MLP(weights, dense.biases, dense.activations), rewritten, x) <= 1e-13


def test_dtype_and_library_stay(library: Library, dtype: str, rng: np.random.Generator) -> None:
    x = library.asarray(rng.uniform(-1, 1, (20, 3)).astype(dtype))
    net = kousei.MLP.random([3, 9, 5, 2], "hardtanh", rng=0).like(x)
    y = library.numpy(net(x))
    for rewritten in (net.to_relu(), net.to_activation("hat", [(-1, 1)] * 3)):
        assert rewritten.dtype == np.dtype(dtype)
        assert {type(array) for array in (*rewritten.weights, *rewritten.biases)} == {type(net.weights[0])}
        np.testing.assert_allclose(library.numpy(rewritten(x)), y, rtol=0, atol=100 * np.finfo(dtype).eps)


@pytest.fixture(scope="module")
def digits() -> tuple[kousei.MLP, np.ndarray, np.ndarray]:
    """A network that scikit-learn trained on its digits, and the points and labels it was not shown."""
    pytest.importorskip("sklearn")
    from sklearn.datasets import load_digits
    from sklearn.neural_network import MLPClassifier

    x, labels = load_digits(return_X_y=True)
    x = x / 16
    trained = MLPClassifier((32, 32), max_iter=40, tol=0, n_iter_no_change=40, random_state=0)
    with pytest.warns(match="Maximum iterations"):
        trained.fit(x[:1200], labels[:1200])
    net = kousei.MLP([w.T for w in trained.coefs_], trained.intercepts_, ["relu", "relu"])
    return net, x[1200:], labels[1200:]


def test_trained_digits(digits: tuple) -> None:
    net, x, labels = digits
    assert np.mean(net(x).argmax(axis=1) == labels) > 0.85
    box = [(0, 1)] * 64
    for g in TARGETS:
        rewritten = net.to_activation(g, box)
        assert difference(net, rewritten, x) <= 1e-13
        assert difference(net, rewritten.to_relu(), x) <= 1e-13
    assert difference(net, net.to_activation("leaky_relu", everywhere=True), x) <= 1e-13


def test_smooth_activations_are_refused() -> None:
    net = kousei.MLP.random([2, 3, 3, 1], "relu", rng=0)
    smooth = kousei.MLP(net.weights, net.biases, ["relu", Mixed([("relu", 1), ("tanh", 2)])])
    message = (
        r"activations\[1\] was '1 relu \+ 2 tanh'; a piecewise-linear activation, kousei.PiecewiseLinear, is acc"
    )
    for call in (
        smooth.to_relu,
        lambda: smooth.to_activation("hat", [(0, 1)] * 2),
        lambda: smooth.to_activation("leaky_relu", everywhere=True),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    funahashi = kousei.FunahashiNetwork([[1.0]], [1.0], np.pi / 4 * np.arange(-9, 10), 1.0, np.pi / 2)
    with pytest.raises(ValueError, match=r"activations\[0\] was 'logistic'; a piecewise-linear"):
        funahashi.to_relu()


@pytest.mark.parametrize(
    ("g", "arguments", "error", "message"),
    [
        ("tanh", {"bounds": [(0, 1)] * 2}, ValueError, "g was 'tanh'; a piecewise-linear activation"),
        (Mixed([("relu", 1), ("hat", 2)]), {"bounds": [(0, 1)] * 2}, ValueError, r"g was '1 relu \+ 2 hat'; a piece"),
        ("sine", {"bounds": [(0, 1)] * 2}, ValueError, "g was 'sine'"),
        (np.tanh, {"bounds": [(0, 1)] * 2}, TypeError, "a name or a kousei.Activation is accepted"),
        (PIECEWISE_LINEAR[-2], {"bounds": [(0, 1)] * 2}, ValueError, "g was 'affine', of slope 2 everywhere"),
        (PIECEWISE_LINEAR[-2], {"everywhere": True}, ValueError, "g was 'affine', of slope 2 everywhere"),
        ("hat", {}, ValueError, "bounds was None and everywhere False; bounds, or everywhere=True without"),
        ("relu", {"bounds": [(0, 1)] * 2, "everywhere": True}, ValueError, "and everywhere True; bounds, or"),
        ("relu", {"everywhere": 1}, TypeError, "everywhere was 1; True and False are accepted"),
        ("abs", {"everywhere": True}, ValueError, "g was 'abs', of slopes -1 and 1, of one modulus, .* skip conn"),
        ("hat", {"everywhere": True}, ValueError, "g was 'hat', of slopes 0 and 0, of one modulus"),
        ("hardtanh", {"everywhere": True}, ValueError, "'hardtanh', of slopes 0 and 0"),
        ("softshrink", {"everywhere": True}, ValueError, "'softshrink', of slopes 1 and 1"),
        (
            PiecewiseLinear(range(7), range(8), name="seven"),
            {"everywhere": True},
            ValueError,
            "g was 'seven', of 7 kinks; at most 6 are accepted on all of R",
        ),
        ("hat", {"bounds": [(0, 1)]}, ValueError, "bounds has 1 dimensions; 2 are accepted"),
        ("hat", {"bounds": [(0, 1), (2, 1)]}, ValueError, r"bounds was \[.*\]; finite lo <= hi are accepted"),
        ("hat", {"bounds": [(0, 1), (0, math.inf)]}, ValueError, "finite lo <= hi are accepted"),
        ("hat", {"bounds": [("0", "1")] * 2}, ValueError, r"bounds was .*; one \(lo, hi\) for each dimension"),
    ],
)
def test_bad_targets(g: object, arguments: dict, error: type[Exception], message: str) -> None:
    net = kousei.MLP.random([2, 3, 1], "relu", rng=0)
    with pytest.raises(error, match=message):
        net.to_activation(g, **arguments)


def test_parameters_that_overflow_are_refused() -> None:
    net = kousei.MLP([np.full((1, 1), 1e30)] * 2, [np.zeros(1)] * 2, [PiecewiseLinear([0], [1e10, 0])])
    assert net.to_relu().dtype == np.float64
    with pytest.raises(ValueError, match=r"weights\[1\] of the rewritten network is not finite in float32"):
        net.astype("float32").to_relu()
    deep = kousei.MLP([np.full((1, 1), 1e200)] * 3, [np.zeros(1)] * 3, ["relu", "relu"])
    with pytest.raises(ValueError, match="layer 1 overflows"):
        deep.to_activation("hardtanh", [(0, 1e10)])
