"""Bounds on networks over boxes: they hold, by intervals and by lines, and tell the first layer that can overflow."""

import itertools
import math

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

import kousei
from kousei.activation import Mixed, PiecewiseLinear
from kousei.network import relaxation
from support import PIECEWISE_LINEAR, Library, random_network

SMOOTH = ["logistic", "tanh", "erf", "arctan", "gelu", "silu", "softplus", "repu2", "repu3"]


def pre_activations(net: kousei.MLP, x: np.ndarray) -> list[np.ndarray]:
    """Of every layer, computed in the dtype of the network."""
    found = []
    for i, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
        x = (net.activations[i - 1](found[-1]) if i else x) @ weight.T + bias
        found.append(x)
    return found


def assert_bounds_hold(net: kousei.MLP, box: np.ndarray, rng: np.random.Generator, points: int = 300) -> None:
    lo, hi = box.T
    corners = np.array(list(itertools.product(*box)))
    x = np.concatenate([rng.uniform(lo, hi, (points, net.dim)), corners, [lo * 0.5 + hi * 0.5]]).astype(net.dtype)
    x = np.clip(x, lo, hi).astype(net.dtype)
    interval, linear = (
        net.bounds(np.stack([x.min(axis=0), x.max(axis=0)], axis=-1), m) for m in ("interval", "linear")
    )
    for bounds in (interval, linear):
        assert np.array_equal(bounds.lower, bounds.layers[-1][0])
        assert np.array_equal(bounds.upper, bounds.layers[-1][1])
        values = net(x).reshape(len(x), -1)
        assert (bounds.lower <= values).all()
        assert (values <= bounds.upper).all()
        for (lower, upper), values in zip(bounds.layers, pre_activations(net, x), strict=True):
            assert (lower <= values).all()
            assert (values <= upper).all()
    for (lower, upper), (tight, tighter) in zip(interval.layers, linear.layers, strict=True):
        assert (lower <= tight).all()
        assert (tighter <= upper).all()


def test_random_networks(dtype: str, rng: np.random.Generator) -> None:
    for _ in range(200):
        net = random_network(rng, PIECEWISE_LINEAR + SMOOTH).astype(dtype)
        lo = rng.normal(size=net.dim)
        width = rng.exponential(10.0 ** rng.integers(-3, 2), net.dim) * (rng.random(net.dim) < 0.9)
        assert_bounds_hold(net, np.stack([lo, lo + width], axis=-1), rng)


@given(
    st.integers(0, 2**32 - 1), st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1e6)), min_size=1, max_size=4)
)
def test_any_box(seed: int, sides: list[tuple[float, float]]) -> None:
    rng = np.random.default_rng(seed)
    activations = [(PIECEWISE_LINEAR + SMOOTH)[i] for i in rng.integers(0, len(PIECEWISE_LINEAR + SMOOTH), 2)]
    net = kousei.MLP(
        [rng.normal(size=shape) for shape in ((5, len(sides)), (4, 5), (2, 4))],
        [rng.normal(size=units) for units in (5, 4, 2)],
        activations,
    )
    assert_bounds_hold(net, np.array([(lo, lo + width) for lo, width in sides]), rng, points=50)


@pytest.mark.parametrize("g", PIECEWISE_LINEAR + SMOOTH, ids=str)
def test_lines_and_images(g: object, rng: np.random.Generator) -> None:
    """They are sound, and images as small as can be; between the points of z a value can be as far as the next."""
    g = kousei.activation.named.resolve(g)
    lower = rng.normal(0, 3, 400)
    upper = lower + rng.exponential(10.0 ** rng.integers(-3, 2, 400))
    z = lower + (upper - lower) * np.linspace(0, 1, 501)[:, None]
    values = np.stack([g(row) for row in z])
    between = np.abs(np.diff(values, axis=0)).max(axis=0) + 1e-12
    least, most = relaxation.image(g, lower, upper, 2.0**-52)
    assert (least <= values.min(axis=0)).all()
    assert (values.max(axis=0) <= most).all()
    if isinstance(g, PiecewiseLinear):
        assert (most <= values.max(axis=0) + between).all()
        assert (values.min(axis=0) - between <= least).all()
    lines = relaxation.lines(g, lower, upper, 2.0**-52)
    below, above = lines.below * z + lines.below_offset, lines.above * z + lines.above_offset
    assert (below <= values).all()
    assert (values <= above).all()
    # The chord between the ends, and the level lines, are never better at the middle.
    chord = (values[-1] - values[0]) / (z[-1] - z[0])
    chord_above = (values - chord * z).max(axis=0) + chord * z[250]
    curvature = 0 if isinstance(g, PiecewiseLinear) else relaxation._curvature(g, upper)
    bend = ((upper - lower) / 20) ** 2 / 8 * curvature
    assert (above[250] <= np.minimum(chord_above + bend, most) + between).all()


def test_relu_is_relaxed_as_usual() -> None:
    """Above by the chord; below by 0, or z where the interval reaches further to the right."""
    lines = relaxation.lines(
        kousei.activation.relu, np.array([-1.0, -2.0, 1.0, -3.0]), np.array([2.0, 1, 2, -1]), 0.0
    )
    np.testing.assert_allclose(lines.below, [1, 0, 1, 0])
    np.testing.assert_allclose(lines.below_offset, [0, 0, 0, 0])
    np.testing.assert_allclose(lines.above, [2 / 3, 1 / 3, 1, 0])
    np.testing.assert_allclose(lines.above_offset, [2 / 3, 2 / 3, 0, 0])


def absolute() -> kousei.MLP:
    return kousei.MLP([np.array([[1.0], [-1.0]]), np.ones((1, 2))], [np.zeros(2), np.zeros(1)], ["relu"])


def test_by_hand() -> None:
    """|x| on [-1, 2]: intervals add up both units; the lines above them add up to (x + 4)/3."""
    interval, linear = absolute().bounds([(-1, 2)]), absolute().bounds([(-1, 2)], "linear")
    for bounds in (interval, linear):
        np.testing.assert_allclose(bounds.layers[0][0], [-1, -2], rtol=1e-14)
        np.testing.assert_allclose(bounds.layers[0][1], [2, 1], rtol=1e-14)
        np.testing.assert_allclose(bounds.lower, [0], atol=1e-14)
    np.testing.assert_allclose(interval.upper, [3], rtol=1e-14)
    np.testing.assert_allclose(linear.upper, [2], rtol=1e-14)


def test_lines_see_what_cancels() -> None:
    """sigma(x) - sigma(x) is 0, and hardtanh units that stay on one piece are linear."""
    for activation, width in (("hardtanh", 0.0), ("tanh", 0.1)):
        net = kousei.MLP([np.ones((2, 1)), np.array([[1.0, -1.0]])], [np.zeros(2), np.zeros(1)], [activation])
        assert net.bounds([(-0.9, 0.9)]).upper[0] > 1.4
        assert net.bounds([(-0.9, 0.9)], "linear").upper[0] <= width + 1e-13


def test_lines_hold_the_rounding_of_layers_below() -> None:
    """Without rounding the network is 10 - x + y; each hidden unit is a difference of rounded numbers near 10^4."""
    weight, bias = np.array([[1e4, -1e4], [-10001, 10001]], "float32"), np.full(2, 5, "float32")
    net = kousei.MLP([weight, np.ones((1, 2), "float32")], [bias, np.zeros(1, "float32")], ["relu"])
    x = np.random.default_rng(0).uniform(1, 1.0001, (1000, 2)).astype("float32")
    bounds, values = net.bounds([(1, 1.0001)] * 2, "linear"), net(x)
    assert bounds.lower[0] <= values.min() <= values.max() <= bounds.upper[0]
    assert np.ptp(values) > 2 * 2e-4  # the width of 10 - x + y


def test_an_affine_network() -> None:
    net = kousei.MLP([np.array([[1.0, -2.0]])], [np.array([3.0])], [])
    for method in ("interval", "linear"):
        bounds = net.bounds([(0, 1), (0, 1)], method)
        np.testing.assert_allclose([bounds.lower, bounds.upper], [[1], [4]], rtol=1e-14)
        assert len(bounds.layers) == 1


def test_linear_bounds_run_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    net = kousei.MLP.random([3, 20, 30, 7], "relu", rng=0)
    whole = net.bounds([(-1, 1)] * 3, "linear")
    monkeypatch.setattr("kousei.network.bounds._BLOCK", 2 * 30 * 3)
    blocks = net.bounds([(-1, 1)] * 3, "linear")
    np.testing.assert_allclose(blocks.upper, whole.upper, rtol=1e-13)
    np.testing.assert_allclose(blocks.lower, whole.lower, rtol=1e-13)


def test_sparse_weights(rng: np.random.Generator) -> None:
    dense = kousei.MLP.random([3, 20, 10, 2], "tanh", rng=rng)
    weights = [np.where(np.abs(weight) < 0.3, 0, weight) for weight in dense.weights]
    expected = kousei.MLP(weights, dense.biases, dense.activations)
    sparse = kousei.MLP([scipy.sparse.csc_array(weight) for weight in weights], dense.biases, dense.activations)
    for method in ("interval", "linear"):
        np.testing.assert_allclose(
            sparse.bounds([(-1, 1)] * 3, method).upper, expected.bounds([(-1, 1)] * 3, method).upper, rtol=1e-13
        )


def test_a_funahashi_network() -> None:
    net = kousei.FunahashiNetwork.from_function(lambda x: np.exp(x[..., 0]), [(0, 1)], tol=1e-2)
    x = np.linspace(0, 1, 200)[:, None]
    for method in ("interval", "linear"):
        bounds = net.bounds([(0, 1)], method)
        assert (bounds.lower <= net(x)).all()
        assert (net(x) <= bounds.upper).all()


def test_any_library(library: Library) -> None:
    net = kousei.MLP.random([2, 5, 1], "relu", rng=0)
    other = net.like(library.asarray(np.zeros(1)))
    assert np.array_equal(other.bounds([(0, 1)] * 2).upper, net.bounds([(0, 1)] * 2).upper)


def scaled(*sizes: float, activation: object = "relu") -> kousei.MLP:
    count = len(sizes)
    return kousei.MLP([np.full((1, 1), size) for size in sizes], [np.zeros(1)] * count, [activation] * (count - 1))


@pytest.mark.parametrize(
    ("net", "box", "float32", "float64"),
    [
        (scaled(1.0, 1.0), [(0, 1)], None, None),
        (scaled(1e30, 1e10), [(0, 1)], 1, None),
        (scaled(1e30, 1e10, 1e-30), [(-1, 1)], 1, None),
        (scaled(1e30, 1e10), [(-1, -1)], None, None),
        (scaled(1.0, 1e39), [(0, 0)], 1, None),
        (scaled(1.0, 1.0), [(0, 1e39)], 0, None),
        (scaled(1.0, 1e200, 1e200, 1.0), [(0, 1)], 1, 2),
        (scaled(1e308, 1.0), [(0, 1.7)], 0, None),
        (scaled(1e308, 1.0), [(0, 1.8)], 0, 0),
        # A value of the activation, and a sum whose terms are too large and cancel.
        (scaled(1e30, 1e-30, activation=PiecewiseLinear([0], [0, 1e10])), [(0, 1)], 0, None),
        (
            kousei.MLP([np.ones((2, 1)), np.array([[3e38, -3e38]])], [np.zeros(2), np.zeros(1)], ["relu"]),
            [(1, 1)],
            1,
            None,
        ),
        # Bounded activations come back from infinity.
        (scaled(1e30, 1e10, activation="tanh"), [(0, 1e20)], 0, None),
    ],
    ids=str,
)
def test_overflow(net: kousei.MLP, box: list, float32: int | None, float64: int | None) -> None:
    for method in ("interval", "linear"):
        assert net.bounds(box, method).overflow == {"float32": float32, "float64": float64}


def test_float32_overflows_where_it_is_said_to() -> None:
    net = scaled(2e30, 3e7, 7.0).astype("float32")
    first = net.bounds([(0, 1)]).overflow["float32"]
    assert first == 2
    with np.errstate(over="ignore"):
        values = pre_activations(net, np.ones((1, 1), "float32"))
    assert [bool(np.isfinite(value).all()) for value in values] == [True, True, False]


def test_bounds_beyond_an_overflow_are_infinite() -> None:
    net = scaled(1.0, 1e200, 1e200, 1.0)
    for method in ("interval", "linear"):
        bounds = net.bounds([(-1, 1)], method)
        assert bounds.layers[1][1] == pytest.approx(1e200)
        assert (bounds.layers[2][0], bounds.layers[2][1]) == (-math.inf, math.inf)
        assert not any(np.isnan(end).any() for layer in bounds.layers for end in layer)


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ([(0, 1)], "box has 1 dimensions; 2 are accepted"),
        ([(0, 1)] * 3, "box has 3 dimensions; 2 are accepted"),
        ([(0, 1), (1, 0)], r"box was \[\[0.0, 1.0\], \[1.0, 0.0\]\]; finite lo <= hi are accepted"),
        ([(0, 1), (0, math.inf)], "finite lo <= hi are accepted"),
        ([(0, 1), (0, math.nan)], "finite lo <= hi are accepted"),
        ([0, 1], r"box has shape \(2,\); \(dim, 2\), one \(lo, hi\) for each dimension, is accepted"),
        ([(0, 1), (0, 1, 2)], r"box was .*; one \(lo, hi\) for each dimension is accepted"),
        ([("0", "1")] * 2, r"box was .*; one \(lo, hi\) for each dimension is accepted"),
        ("box", r"box was 'box'; one \(lo, hi\) for each dimension is accepted"),
        (None, "box was None; one"),
        (np.ma.masked_array([(0.0, 1.0)] * 2, [(True, False)] * 2), "(?s)box was .*; one"),
    ],
)
def test_bad_boxes(box: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kousei.MLP.random([2, 3, 1], rng=0).bounds(box)


def test_bad_methods_and_activations() -> None:
    net = kousei.MLP.random([2, 3, 1], "relu", rng=0)
    with pytest.raises(ValueError, match="method was 'crown'; 'interval' and 'linear' are accepted"):
        net.bounds([(0, 1)] * 2, "crown")
    own = kousei.Activation("cube", lambda z: z**3)
    for activation in (own, Mixed([("relu", 1), (own, 2)])):
        net = kousei.MLP(net.weights, net.biases, [activation])
        message = r"activations\[0\] was 'cube', a function in Python; one that is built in is accepted"
        with pytest.raises(TypeError, match=message):
            net.bounds([(0, 1)] * 2)
