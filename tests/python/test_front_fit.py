"""Fits of scattered samples: the formula of samples that are left out, and the search."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import kousei
from kousei.activation.named import resolve
from kousei.front.fits import files, fitting, leave_one_out
from kousei.front.fits.leave_one_out import Layer, Samples, left_out, solve

threadpoolctl = pytest.importorskip("threadpoolctl")  # which comes with scikit-learn


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads of BLAS would wait for one another: the matrices are small."""
    with threadpoolctl.threadpool_limits(1):
        yield


def samples(n: int = 300, dim: int = 2, noise: float = 0.1, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (n, dim))
    return X, truth(X) + noise * rng.normal(size=n)


def truth(X: np.ndarray) -> np.ndarray:
    return np.asarray(np.sin(3 * X[:, 0] + X[:, -1]) + X[:, 0])


def layer_and_samples(n: int, units: int, outputs: int = 1, dim: int = 2) -> tuple[Layer, Samples]:
    rng = np.random.default_rng(n)
    weight = rng.random(n) + 0.5
    given = Samples(rng.normal(size=(n, dim)), rng.normal(size=(n, outputs)), weight / weight.mean())
    return Layer(rng.normal(size=(units, dim)), rng.normal(size=units), resolve("tanh")), given


def ridge(features: np.ndarray, y: np.ndarray, weight: np.ndarray, penalty: float) -> np.ndarray:
    """Return the coefficients, the constant last and without a penalty."""
    design = np.column_stack([features, np.ones(len(y))])
    free = penalty * np.eye(design.shape[1])
    free[-1, -1] = 0
    return np.asarray(np.linalg.solve(design.T @ (weight[:, None] * design) + free, design.T @ (weight * y)))


@pytest.mark.parametrize(("n", "units"), [(30, 5), (12, 20), (7, 1)])
def test_left_out_by_hand(n: int, units: int) -> None:
    """Each sample left out, and the rest fitted with the penalty, which the formula of the fit to all replaces."""
    layer, given = layer_and_samples(n, units, outputs=2)
    solution = solve(layer, given)
    found = left_out(layer, given, solution)
    features = layer.features(given.x)
    for output, penalty in enumerate(solution.penalties):
        whole = ridge(features, given.y[:, output], given.weight, penalty)
        assert_allclose(solution.coef[:, output], whole[:-1], atol=1e-8)
        assert_allclose(solution.constant[output], whole[-1], atol=1e-8)
        for i in range(n):
            rest = np.arange(n) != i
            coef = ridge(features[rest], given.y[rest, output], given.weight[rest], penalty)
            assert_allclose(found[i, output], features[i] @ coef[:-1] + coef[-1], rtol=1e-5, atol=1e-7)
    error = np.sqrt(np.mean(given.weight[:, None] * (found - given.y) ** 2))
    assert_allclose(solution.error, error, rtol=1e-8)


def test_the_largest_penalty_that_is_as_good_as_any_is_chosen() -> None:
    layer, given = layer_and_samples(40, 10)
    features, y = layer.features(given.x), given.y[:, 0]
    singular = np.linalg.svd(
        np.sqrt(given.weight)[:, None] * (features - np.average(features, axis=0, weights=given.weight)),
        compute_uv=False,
    )

    def error(penalty: float) -> float:
        squares = []
        for i in range(40):
            rest = np.arange(40) != i
            coef = ridge(features[rest], y[rest], given.weight[rest], penalty)
            squares.append(given.weight[i] * (features[i] @ coef[:-1] + coef[-1] - y[i]) ** 2)
        return float(np.mean(squares))

    tried = singular[0] ** 2 * 10.0 ** np.arange(3, -8.1, -0.5)
    errors = np.array([error(penalty) for penalty in tried])
    expected = tried[errors <= (1 + 5 / 40) * errors.min()].max()
    assert expected > tried[errors.argmin()]
    assert_allclose(solve(layer, given).penalties[0], expected, rtol=1e-9)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    layer, given = layer_and_samples(500, 7, outputs=2)
    whole, values = solve(layer, given), left_out(layer, given, solve(layer, given))
    monkeypatch.setattr(leave_one_out, "_BLOCK", 1)  # 4 rows a column
    parts = solve(layer, given)
    assert_allclose(parts.coef, whole.coef, rtol=1e-8, atol=1e-10)
    assert_array_equal(parts.penalties > 0, True)
    assert_allclose(left_out(layer, given, parts), values, rtol=1e-8, atol=1e-10)


def test_the_function_is_found_and_the_error_told() -> None:
    X, y = samples(1000)
    net = kousei.fit(X, y, rng=0)
    at, _ = samples(4000, seed=1)
    assert np.abs(net(at) - truth(at)).max() < 0.1
    bound = net.error_bound()
    assert bound.kind == "estimated"
    assert bound.points == 1000
    assert 0.095 < bound.total < 0.11  # the noise
    assert isinstance(net, kousei.MLP)


def test_values_without_noise() -> None:
    X, y = samples(600, noise=0.0)
    net = kousei.fit(X, y, rng=0)
    assert net.error_bound().total < 1e-6
    assert np.abs(net(X) - y).max() < 1e-6


def test_golden() -> None:
    """Friedman's first function: ten coordinates, of which five have no part; a plain fit is off by 1."""
    rng = np.random.default_rng(0)
    X, at = rng.random((500, 10)), rng.random((2000, 10))

    def f(x: np.ndarray) -> np.ndarray:
        waves = 10 * np.sin(np.pi * x[:, 0] * x[:, 1])
        return np.asarray(waves + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4])

    net = kousei.fit(X, f(X) + rng.normal(size=500), units=200, rng=0)
    assert np.sqrt(np.mean((net(at) - f(at)) ** 2)) < 0.7
    assert net.report.chosen.metric != "none"
    plain = min(trial.error for trial in net.report if trial.metric == "none")
    assert net.report.chosen.error < 0.85 * plain


def test_directions_are_found() -> None:
    """A function of one direction, which no coordinate is along."""
    rng = np.random.default_rng(0)
    a = np.array([1.0, -1, 1, 1, -1]) / np.sqrt(5)
    X, at = rng.normal(size=(400, 5)), rng.normal(size=(2000, 5))
    net = kousei.fit(X, np.sin(2 * X @ a) + 0.1 * rng.normal(size=400), units=100, rng=0)
    assert net.report.chosen.metric == "directions"
    assert np.sqrt(np.mean((net(at) - np.sin(2 * at @ a)) ** 2)) < 0.06


def test_metrics_are_of_derivatives() -> None:
    layer, given = layer_and_samples(50, 6, outputs=2, dim=3)
    tried = fitting._Attempt(layer, solve(layer, given), 0, (1.0, "none", np.eye(3)))
    net, step = fitting._plain(layer, tried.solution), 1e-6
    assert_allclose(net(given.x), layer.features(given.x) @ tried.solution.coef + tried.solution.constant, atol=1e-12)
    slopes = np.stack([(net(given.x + e) - net(given.x - e)) / (2 * step) for e in step * np.eye(3)], axis=-1)
    outer = np.einsum("n,nod,noe->de", given.weight, slopes, slopes)
    (first, axes), (second, turned) = fitting._metrics(tried, given)
    assert (first, second) == ("axes", "directions")
    assert_allclose(axes**2, 3 * np.diag(np.diag(outer)) / np.trace(outer), atol=1e-7)
    assert_allclose(turned @ turned, 3 * outer / np.trace(outer), atol=1e-7)


def test_units_grow_as_long_as_it_helps() -> None:
    X, y = samples(600, dim=1, noise=0.0)
    net = kousei.fit(X, np.sin(60 * X[:, 0]), rng=0)
    assert net.report.chosen.units == 600 == net.units - 1
    assert kousei.fit(X, y + np.random.default_rng(0).normal(size=600), rng=0).report.chosen.units == 256
    assert kousei.fit(X, y, units=37, rng=0).report.chosen.units == 37
    assert kousei.fit(X[:20], y[:20], units=64, rng=0).units == 65  # more than samples


def test_the_report() -> None:
    report = kousei.fit(*samples(50), rng=0).report
    assert sum(trial.chosen for trial in report) == 1
    assert len(str(report).splitlines()) == len(report) + 1
    assert repr(report) == f"Trials({len(report)} layers, chosen: {report.chosen.units} units)"
    assert report[:2][0] == report[0]
    assert all(trial.seconds > 0 and trial.points == 50 for trial in report)


def test_several_outputs() -> None:
    X, y = samples(200)
    both = np.stack([y, 1e6 * truth(X) - 3e7], axis=1)
    net = kousei.fit(X, both, units=100, rng=0)
    assert net(X).shape == (200, 2)
    noisy, clean = net.error_bound().each
    assert 0.09 < noisy < 0.13
    assert clean < 1e3  # a penalty of its own: the noise of the other does not matter
    assert net.error_bound().total == max(noisy, clean)
    assert kousei.fit(X, y[:, None], units=5, rng=0)(X).shape == (200,)


def test_units_of_measurement_do_not_matter() -> None:
    X, y = samples(100)
    one = kousei.fit(X, y, rng=0)
    other = kousei.fit(1e-30 * X + [0, 1e-29], 1e40 * y, rng=0)
    assert_allclose(other(1e-30 * X + [0, 1e-29]), 1e40 * one(X), rtol=1e-5, atol=1e35)


def test_order_repetition_and_weights() -> None:
    X, y = samples(80)
    one = kousei.fit(X, y, rng=0)
    order = np.random.default_rng(0).permutation(80)
    assert_array_equal(kousei.fit(X[order], y[order], rng=0)(X), one(X))
    weight = np.arange(80) % 3
    weighted = kousei.fit(X, y, sample_weight=weight, rng=0)
    repeated = kousei.fit(np.repeat(X, weight, axis=0), np.repeat(y, weight), rng=0)
    assert_allclose(weighted(X), repeated(X), atol=1e-7)
    assert_allclose(weighted.error_bound().total, repeated.error_bound().total, rtol=1e-6)
    # Samples at one point are left out together: twice the same ones tell nothing more.
    twice = kousei.fit(np.tile(X, (2, 1)), np.tile(y, 2), rng=0)
    assert_allclose(twice.error_bound().total, one.error_bound().total, rtol=1e-6)
    huge = kousei.fit(X, y, sample_weight=np.full(80, 1e308), rng=0)
    assert_allclose(huge(X), one(X), atol=1e-9)
    heavy = kousei.fit(X, y, sample_weight=np.r_[1e20, np.ones(79)], rng=0)
    assert heavy(X[:1]) == pytest.approx(y[:1], abs=1e-3)


def test_samples_at_the_same_points() -> None:
    X = np.repeat(np.linspace(-1, 1, 30), 10)[:, None]
    y = np.sin(3 * X[:, 0]) + 0.2 * np.random.default_rng(0).normal(size=300)
    bound = kousei.fit(X, y, rng=0).error_bound()
    assert bound.points == 30
    assert 0.18 < bound.total < 0.23  # of single samples, not of means of ten
    near = kousei.fit(X + 1e-12 * np.arange(300)[:, None] / 300, y, rng=0)
    assert np.abs(near(X) - np.sin(3 * X[:, 0])).max() < 0.3


def test_constant_columns_and_values() -> None:
    X, y = samples(100)
    wide = np.column_stack([np.full(100, 0.1), X[:, 0], np.zeros(100), X[:, 1]])
    net, alone = kousei.fit(wide, y, rng=0), kousei.fit(X, y, rng=0)
    assert net.dim == 4
    assert_allclose(net(wide), alone(X), atol=1e-9)
    assert_array_equal(net(wide + np.array([5.0, 0, -3, 0])), net(wide))
    flat = kousei.fit(X, np.full(100, 0.1), rng=0)
    assert_array_equal(flat(X), np.full(100, 0.1))
    assert flat.error_bound().total == 0
    assert_array_equal(kousei.fit(X, np.zeros(100), rng=0)(X), np.zeros(100))
    # A column that is there twice, and one that depends on others.
    copied = np.column_stack([X, X, X.sum(axis=1)])
    assert np.abs(kousei.fit(copied, y, rng=0)(copied) - truth(X)).max() < 0.3


@pytest.mark.parametrize("dim", [1, 2, 5, 40])
@pytest.mark.parametrize("n", [2, 3, 5, 8])
def test_few_samples(dim: int, n: int) -> None:
    X, y = samples(n, dim)
    net = kousei.fit(X, y, rng=0)
    assert np.isfinite(net(X)).all()
    assert np.isfinite(net.error_bound().total)
    assert y.min() - 1 < net(X).min() <= net(X).max() < y.max() + 1


@pytest.mark.parametrize("activation", ["relu", "repu2", "logistic", "arctan", kousei.activation.silu])
def test_activations(activation: Any) -> None:
    X, y = samples(400, noise=0.05)
    net = kousei.fit(X, y, units=100, activation=activation, rng=0)
    assert np.sqrt(np.mean((net(X) - truth(X)) ** 2)) < 0.04


def test_one_seed_one_network() -> None:
    X, y = samples(60)
    assert_array_equal(kousei.fit(X, y, rng=3)(X), kousei.fit(X, y, rng=3)(X))
    assert (kousei.fit(X, y, rng=3)(X) != kousei.fit(X, y, rng=4)(X)).any()


def test_networks_are_converted() -> None:
    X, y = samples(100)
    net = kousei.fit(X, y, rng=0)
    single = net.astype("float32")
    assert single.error_bound() == net.error_bound()
    assert single.report == net.report
    assert_allclose(single(X.astype("float32")), net(X), atol=1e-3)


def test_networks_are_kept(tmp_path: Path) -> None:
    X, y = samples(60)
    net = kousei.fit(X, np.stack([y, -2 * y], axis=1), rng=0)
    kousei.save(tmp_path / "net.safetensors", net)
    loaded = kousei.load(tmp_path / "net.safetensors")
    assert_array_equal(loaded(X), net(X))
    assert type(loaded) is type(net)
    assert loaded.error_bound() == net.error_bound()
    assert loaded.report == net.report


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda config, tensors: config.pop("points"), "points"),
        (lambda config, tensors: config.update(points=1), "points was 1; at least 2 is accepted"),
        (lambda config, tensors: tensors.pop("errors"), "errors"),
        (lambda config, tensors: tensors.update(errors=np.ones(2)), "errors are not 1 numbers"),
        (lambda config, tensors: tensors.update(errors=-np.ones(1)), "errors are not 1 numbers"),
        (lambda config, tensors: config.update(report=[]), "not one trial that is chosen"),
        (lambda config, tensors: config["report"].append(3), "not one of 7 entries"),
        (lambda config, tensors: config["report"][0].__setitem__(0, "3"), "the report has '3' for units; int is"),
        (lambda config, tensors: config["report"][0].__setitem__(0, True), "the report has True for units"),
    ],
)
def test_bad_files(change: Any, message: str) -> None:
    config, tensors = files.to_state(kousei.fit(*samples(20), rng=0))
    files.from_state(config, tensors)
    change(config, tensors)
    with pytest.raises(ValueError, match=message):
        files.from_state(config, tensors)


@pytest.mark.parametrize(
    ("X", "y", "options", "error", "message"),
    [
        (np.zeros(5), np.zeros(5), {}, ValueError, r"X has shape \(5,\); \(n, dim\), a row for each"),
        (np.zeros((2, 3, 4)), np.zeros(2), {}, ValueError, r"X has shape \(2, 3, 4\)"),
        (np.zeros((0, 2)), np.zeros(0), {}, ValueError, r"X has shape \(0, 2\)"),
        (np.zeros((3, 0)), np.zeros(3), {}, ValueError, r"X has shape \(3, 0\)"),
        (np.ones((3, 2)), np.zeros(3), {}, ValueError, "X has a single point"),
        (np.ones((1, 2)), np.zeros(1), {}, ValueError, "X has a single point"),
        (np.eye(3), np.zeros(2), {}, ValueError, r"y has shape \(2,\); \(3,\) or \(3, outputs\) is accepted"),
        (np.eye(3), np.zeros((3, 0)), {}, ValueError, r"y has shape \(3, 0\)"),
        (np.eye(3), np.zeros((3, 1, 1)), {}, ValueError, r"y has shape \(3, 1, 1\)"),
        (np.eye(3), 1.0, {}, ValueError, r"y has shape \(\)"),
        (np.where(np.eye(3), np.nan, 0), np.zeros(3), {}, ValueError, "X has NaN or infinite values"),
        (np.eye(3), [0, np.inf, 1], {}, ValueError, "y has NaN or infinite values"),
        (1j * np.eye(3), np.zeros(3), {}, TypeError, "X has dtype complex128; real numbers are accepted"),
        (np.eye(3), [1j, 2, 3], {}, TypeError, "y has dtype complex128"),
        (np.eye(3).astype(str), np.zeros(3), {}, TypeError, "X has dtype <U32; real numbers are accepted"),
        (np.eye(3), ["a", "b", "c"], {}, TypeError, "y has dtype <U1"),
        ([[1.0, 2], [3]], np.zeros(2), {}, ValueError, "X was .*; rows of the same length are accepted"),
        (1e200 * np.eye(3), np.zeros(3), {}, ValueError, "X has columns whose variance overflows or underflows"),
        (1e-200 * np.eye(3), np.zeros(3), {}, ValueError, "X has columns whose variance overflows or underflows"),
        (np.eye(3), [-1e308, 1e308, 0], {}, ValueError, "y has columns whose variance overflows"),
        (np.eye(3), np.zeros(3), {"sample_weight": [1, 2]}, ValueError, r"sample_weight has shape \(2,\)"),
        (np.eye(3), np.zeros(3), {"sample_weight": [1, -2, 1]}, ValueError, "sample_weight has negative numbers"),
        (np.eye(3), np.zeros(3), {"sample_weight": [0, 0, 0]}, ValueError, "or is 0"),
        (np.eye(3), np.zeros(3), {"sample_weight": [0, 0, 2]}, ValueError, "one of weight other than 0"),
        (np.eye(3), np.zeros(3), {"sample_weight": [0, np.nan, 2]}, ValueError, "sample_weight has NaN"),
        (np.eye(3), np.zeros(3), {"units": 0}, ValueError, "units was 0; at least 1 is accepted"),
        (np.eye(3), np.zeros(3), {"units": 2.5}, TypeError, "units was 2.5; an integer is accepted"),
        (np.eye(3), np.zeros(3), {"units": 10**6}, MemoryError, "a fit of 1000000 units takes"),
        (np.eye(3), np.zeros(3), {"units": 10**12}, kousei.SizeError, "a fit of 1000000000000 units"),
        (np.eye(3), np.zeros(3), {"activation": "sine"}, ValueError, "activation was 'sine'"),
        (np.eye(3), np.zeros(3), {"activation": 3}, TypeError, "activation was int"),
        (np.eye(3), np.zeros(3), {"activation": kousei.Activation("sine", np.sin)}, TypeError, "'sine'"),
        (np.eye(3), np.zeros(3), {"rng": "seed"}, TypeError, "rng was 'seed'"),
    ],
)
def test_bad_input(X: Any, y: Any, options: dict[str, Any], error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        kousei.fit(X, y, **options)
