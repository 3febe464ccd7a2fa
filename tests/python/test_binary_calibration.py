"""Signs of a few bits: calibrated by points, and the bound on what they change."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

import kousei
from kousei.activation import Mixed
from kousei.binary import calibration
from kousei.binary.calibration import calibrated, plain, statistics_of
from kousei.binary.source import source_of
from kousei.network.layers import Layers
from support import PIECEWISE_LINEAR, random_network

BIASES = ["affine", "strict"]
KEPT = ["relu", "leaky_relu", "abs", kousei.PiecewiseLinear([0], [-1.5, 0.5]), kousei.PiecewiseLinear([0], [1, 0])]
POWERS = ["repu2", "repu3", "relu", "leaky_relu"]


def nothing(count: int) -> None:
    pass


@pytest.mark.parametrize("seed", range(120))
def test_error_is_within_its_bound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    activations: list[Any] = [KEPT, KEPT, POWERS, PIECEWISE_LINEAR][seed % 4]
    net = random_network(rng, activations)
    lo = rng.normal(size=net.dim)
    hi = lo + rng.exponential(size=net.dim) * 10.0 ** rng.integers(-2, 1)
    x = np.concatenate([rng.uniform(lo, hi, (200, net.dim)), np.where(rng.random((100, net.dim)) < 0.5, lo, hi)])
    # Of as few points as one, and of points outside the box.
    points = None if seed % 3 == 0 else rng.uniform(lo, hi, (int(rng.choice([1, 3, 100])), net.dim)) + (seed % 5 == 0)
    bits = int(rng.integers(1, 25))
    binary = kousei.binarize(net, "bits", bits, points, BIASES[seed // 4 % 2])
    bound = binary.error_bound(np.stack([lo, hi], axis=-1))
    assert bound.kind == "proven"
    assert len(bound.layers) == len(net.activations)
    assert all(part >= 0 for part in bound.layers)
    size = np.abs(net(x)).max() + 1
    assert np.abs(net(x) - binary(x)).max() <= bound.total + 1e-11 * size
    assert np.abs(binary(x) - binary.to_mlp()(x)).max() <= 1e-11 * (size + bound.total)


def test_bound_of_a_power() -> None:
    """sigma_2 at (0, 2): 1/3 + 4 from below, a scale of 1/2 and 1 above it: a slope of 2 (scale a + d) each."""
    net = kousei.MLP(
        [np.eye(1), np.array([[1.0], [0.5]]), np.array([[1.0, 1.0]])],
        [np.zeros(n) for n in (1, 2, 1)],
        ["relu", "repu2"],
    )
    binary = kousei.binarize(net, "bits", bits=1)
    lower, upper = binary.error_bound([(0, 2)]).layers
    # Of the layer below both entries are rounded to 1 and 1/2 of the column 1: off by 1 at most, times h = 2. Above
    # it stand two units of scale 1, with z up to 2 and 1: slopes 2 (2 + 2) + 2 (1 + 2).
    assert lower == pytest.approx(2 * (2 * (2 + 2) + 2 * (1 + 2)))
    # 1 (2^2) + 1 (1^2), columns of one entry that are off by 1 step at most.
    assert upper == pytest.approx(4 + 1)


def test_bound_that_overflows_is_infinite() -> None:
    net = kousei.MLP([np.eye(1)] * 4, [np.zeros(1)] * 4, ["repu32"] * 3)
    binary = kousei.binarize(net, "bits", bits=2)
    assert binary.error_bound([(0, 1e10)]).total == np.inf
    assert np.isfinite(binary.error_bound([(0, 1)]).total)


def test_bias_makes_up_for_the_mean(rng: np.random.Generator) -> None:
    net = kousei.MLP.random([3, 6, 2], rng=5)
    x = rng.uniform(-1, 1, (500, 3))
    for bits in (1, 2, 5):
        error = kousei.binarize(net, "bits", bits, x)(x) - net(x)
        assert np.abs(error.mean(axis=0)).max() <= 1e-13
        assert np.square(error).mean() < np.square(kousei.binarize(net, "bits", bits)(x) - net(x)).mean()


def test_one_point_is_met_by_the_bias() -> None:
    net = kousei.MLP.random([3, 6, 2], "leaky_relu", rng=5)
    point = np.array([[0.3, -0.2, 0.9]])
    binary = kousei.binarize(net, "bits", 1, point)
    assert binary(point) == pytest.approx(net(point), abs=1e-13)
    assert binary.error_bound(np.repeat(point.T, 2, axis=1)).total <= 1e-13


def test_columns_of_units_that_do_not_vary_are_rounded_plainly(rng: np.random.Generator) -> None:
    net = kousei.MLP(
        [rng.normal(size=(4, 2)), rng.normal(size=(3, 4))],
        [np.array([0, -100.0, 100, -50]), np.zeros(3)],
        [Mixed([("relu", 3), ("leaky_relu", 1)])],
    )
    points = np.zeros((7, 2))
    (statistics,) = statistics_of(source_of(net, "affine"), points, "affine")
    assert statistics.mean.tolist() == [0, 0, 100, -0.5]
    assert not statistics.covariance.any()
    matrix = rng.normal(size=(3, 4))
    rounded = calibrated(matrix, statistics, 4, nothing)
    assert (np.abs(matrix - rounded.matrix) <= plain(matrix, 4).rounding.error * (1 + 1e-12)).all()
    assert rounded.shift == pytest.approx((matrix - rounded.matrix) @ statistics.mean)


def test_statistics(monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> None:
    net = kousei.MLP.random([3, 5, 4, 2], "leaky_relu", rng=1)
    points = rng.normal(size=(50, 3)) + 3
    values = [points]
    for weight, bias, g in zip(net.weights, net.biases, net.activations, strict=False):
        values.append(g(values[-1] @ weight.T + bias))
    monkeypatch.setattr("kousei.binary.calibration._VALUES", 35)
    for found, h in zip(statistics_of(source_of(net, "affine"), points, "affine"), values[1:], strict=True):
        assert found.mean == pytest.approx(h.mean(axis=0))
        assert found.covariance == pytest.approx(np.cov(h.T, bias=True))
    for found, h in zip(statistics_of(source_of(net, "strict"), points, "strict"), values[1:], strict=True):
        assert not found.mean.any()
        assert found.covariance[:-1, :-1] == pytest.approx(h.T @ h / 50)
        assert found.covariance[-1] == pytest.approx([*h.mean(axis=0), 1])


def test_a_constant_that_differs_in_its_last_bit_does_not_vary(monkeypatch: pytest.MonkeyPatch) -> None:
    net = kousei.MLP([np.zeros((2, 1)), np.ones((1, 2))], [np.full(2, 0.1), np.zeros(1)], ["relu"])
    hidden = calibration._hidden

    def of_another_product(layers: Layers, points: np.ndarray) -> Iterator[np.ndarray]:
        for values in hidden(layers, points):
            values[1::2] = np.nextafter(values[1::2], 1)
            yield values

    monkeypatch.setattr(calibration, "_hidden", of_another_product)
    (statistics,) = statistics_of(source_of(net, "affine"), np.zeros((5, 1)), "affine")
    assert statistics.mean == pytest.approx(0.1)
    assert not statistics.covariance.any()


def direct(matrix: np.ndarray, covariance: np.ndarray, bits: int) -> np.ndarray:
    """Each column rounded after what those before it left, by the conditional expectation of those after it."""
    steps = 2**bits - 1
    step = np.abs(matrix).max(axis=0) / steps
    damped = covariance + 0.01 * np.diag(covariance).mean() * np.eye(len(covariance))
    order = np.argsort(-np.diag(covariance) * step**2)
    left, rounded = matrix.copy(), np.zeros_like(matrix)
    for number, p in enumerate(order):
        level = np.clip(np.rint((left[:, p] / step[p] + steps) / 2), 0, steps)
        rounded[:, p] = step[p] * (2 * level - steps)
        rest = order[number + 1 :]
        regression = np.linalg.solve(damped[np.ix_(rest, rest)], damped[rest, p])
        left[:, rest] += np.outer(left[:, p] - rounded[:, p], regression)
    return rounded


@pytest.mark.parametrize("block", [1, 4, 128])
def test_errors_go_into_the_columns_that_are_left(
    block: int, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    monkeypatch.setattr("kousei.binary.calibration._COLUMNS", block)
    net = kousei.MLP.random([4, 9, 2], rng=2)
    (statistics,) = statistics_of(source_of(net, "affine"), rng.normal(size=(300, 4)), "affine")
    matrix = rng.normal(size=(5, 9))
    for bits in (1, 3, 8):
        assert calibrated(matrix, statistics, bits, nothing).matrix == pytest.approx(
            direct(matrix, statistics.covariance, bits)
        )


def test_fewer_points_than_units(rng: np.random.Generator) -> None:
    net = kousei.MLP.random([5, 60, 60, 2], rng=1)
    x = rng.uniform(-1, 1, (20, 5))
    for bias in BIASES:
        errors = [np.abs(kousei.binarize(net, "bits", 3, points, bias)(x) - net(x)).max() for points in (None, x)]
        assert errors[1] < errors[0]


class Digits(NamedTuple):
    """A classifier of digits, 64-32-32-10, the points it learned, and others with their classes."""

    net: kousei.MLP
    learn: np.ndarray
    test: np.ndarray
    wanted: np.ndarray


@pytest.fixture(scope="module")
def digits() -> Digits:
    sklearn = pytest.importorskip("sklearn")
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier

    images, classes = load_digits(return_X_y=True)
    learn, test, learned, wanted = train_test_split(images / 16, classes, test_size=0.3, random_state=0)
    model = MLPClassifier((32, 32), max_iter=400, random_state=0).fit(learn, learned)
    net = kousei.MLP([np.ascontiguousarray(w.T) for w in model.coefs_], model.intercepts_, ["relu"] * 2)
    assert (net(test).argmax(axis=1) == wanted).mean() > 0.95, sklearn.__version__
    return Digits(net, learn, test, wanted)


@pytest.mark.parametrize("bias", BIASES)
@pytest.mark.parametrize("method", ["chain", "dyadic", "auto"])
def test_digits_exactly(digits: Digits, method: str, bias: str) -> None:
    """But for rounding; generically chains have one unit for each weight behind them."""
    binary, values = kousei.binarize(digits.net, method, bias=bias), digits.net(digits.test)
    if (method, bias) == ("chain", "affine"):
        assert binary.summary().widths == (10240, 320)
    assert np.abs(binary(digits.test) - values).max() <= 1e-12
    assert np.abs(binary(digits.test[:20], form="packed") - values[:20]).max() <= 1e-11


@pytest.mark.parametrize("bias", BIASES)
def test_digits_of_few_bits(digits: Digits, bias: str) -> None:
    """With 3 bits nearly as right, with 8 the same answers."""
    net, learn, test, wanted = digits
    values = net(test)
    accuracy = (values.argmax(axis=1) == wanted).mean()
    few, many = (kousei.binarize(net, "bits", bits, learn, bias) for bits in (3, 8))
    assert few.summary().widths == (3 * (32 + (bias == "strict")),) * 2
    assert (few(test).argmax(axis=1) == wanted).mean() >= accuracy - 0.005
    assert (many(test).argmax(axis=1) == values.argmax(axis=1)).mean() >= 0.998


@pytest.mark.parametrize("bias", BIASES)
@pytest.mark.parametrize("bits", [2, 3, 4])
def test_calibrated_is_better_at_points_it_has_not_seen(digits: Digits, bits: int, bias: str) -> None:
    values = digits.net(digits.test)
    plain, fitted = (kousei.binarize(digits.net, "bits", bits, points, bias) for points in (None, digits.learn))
    errors = [np.linalg.norm(binary(digits.test) - values) for binary in (plain, fitted)]
    assert errors[1] < errors[0] / 3


def test_bar(capsys: pytest.CaptureFixture[str]) -> None:
    net = kousei.MLP.random([2, 4, 3, 2], rng=0)
    kousei.binarize(net)
    assert not capsys.readouterr().err
    for options in ({}, {"method": "bits", "bits": 2, "calibrate": np.zeros((3, 2))}):
        kousei.binarize(net, progress=True, **options)
        shown = capsys.readouterr().err
        assert "columns of weights[2]: 100%" in shown
        assert "rows of signs: 100%" in shown


def test_points_in_single_precision() -> None:
    net = kousei.MLP.random([2, 4, 3, 2], rng=0).astype("float32")
    binary = kousei.binarize(net, "bits", 6, np.zeros((3, 2), "float32"))
    assert binary.dtype == np.float32


def test_bad_points() -> None:
    net = kousei.MLP.random([2, 4, 3], rng=0)
    wrong = np.zeros((3, 2))
    wrong[1, 0] = np.nan
    for points, message in (
        (np.zeros((5, 3)), "calibrate has shape (5, 3); (points, 2), one point or more, is accepted"),
        (np.zeros(2), "calibrate has shape (2,); (points, 2), one point or more, is accepted"),
        (np.zeros((0, 2)), "calibrate has shape (0, 2); (points, 2), one point or more, is accepted"),
        (wrong, "calibrate[1] is not finite; finite points are accepted"),
        (np.zeros((5, 2), "float32"), "calibrate has dtype float32 and the network float64; they must agree"),
        (np.zeros((5, 2), int), "calibrate has dtype int64; float32 and float64 are accepted"),
        ([[0.0, 1.0]], "calibrate was list; a NumPy, CuPy or torch array"),
        (np.full((1, 2), 1e300), "hidden layer 0 overflows at the points of calibrate; smaller ones are accepted"),
    ):
        with pytest.raises((TypeError, ValueError), match=re.escape(message)):
            kousei.binarize(net, "bits", 4, points)
