"""Estimates of scores: what is exact, what is matched, and samples of it."""

import doctest
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kousei

pytest.importorskip("sklearn")

from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from kousei.activation import leaky_relu
from kousei.activation.named import resolve
from kousei.score.fields import initial, written_out
from kousei.score.langevin import langevin
from kousei.score.moments import (
    Moments,
    best_penalty,
    coefficients,
    linear_moments,
    unit_moments,
    values_and_slopes,
)

MEANS, WIDTHS = np.array([[-2.0, 0.0], [1.0, 1.5], [1.5, -1.5]]), np.array([0.6, 0.8, 0.5])


def mixture(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    which = rng.integers(3, size=n)
    return MEANS[which] + WIDTHS[which, None] * rng.standard_normal((n, 2))


def score_of_mixture(x: np.ndarray) -> np.ndarray:
    away = MEANS - x[:, None]
    shares = np.exp(-(away**2).sum(-1) / (2 * WIDTHS**2)) / WIDTHS**2
    shares /= shares.sum(1, keepdims=True)
    return (shares[..., None] * away / WIDTHS[:, None] ** 2).sum(1)


def relative(estimator: Any, seed: int = 7) -> float:
    x = mixture(4000, seed)
    exact = score_of_mixture(x)
    return float(((estimator.score(x) - exact) ** 2).sum() / (exact**2).sum())


def test_examples() -> None:
    assert doctest.testmod(sys.modules["kousei.score.estimator"]) == (0, 21)


@parametrize_with_checks([kousei.ScoreEstimator(hidden=16)])
def test_scikit_learn(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("activation", ["tanh", "silu", "repu2", "repu3"])
def test_the_score_of_a_normal_distribution_is_linear(activation: str) -> None:
    rng = np.random.default_rng(0)
    root = rng.normal(size=(3, 3))
    X = rng.normal(size=(20000, 3)) @ root + [10, -5, 0]
    found = kousei.ScoreEstimator(activation=activation, random_state=0).fit(X).score(X[:2000])
    exact = -(X[:2000] - [10, -5, 0]) @ np.linalg.inv(root.T @ root)
    assert ((found - exact) ** 2).sum() < 0.005 * (exact**2).sum()


def test_a_linear_field_by_hand() -> None:
    rng = np.random.default_rng(0)
    folds = [rng.normal(size=(n, 2)) for n in (5, 8, 6)]
    y = np.concatenate(folds)
    # The least value of the mean of |y A|^2/2 + tr A.
    np.testing.assert_allclose(
        coefficients(linear_moments(folds), 0.1), -np.linalg.inv(y.T @ y / 19 + 0.1 * np.eye(2))
    )


@pytest.mark.parametrize("activation", ["tanh", "silu", "repu2", "repu3", "relu"])
def test_moments_are_those_of_the_loss(activation: str) -> None:
    """Half the form of the moments is what MLP.divergence and the values say of any coefficients."""
    rng = np.random.default_rng(0)
    folds, phi = [rng.normal(size=(40, 3)), rng.normal(size=(23, 3))], resolve(activation)
    weight, bias, linear, A = (rng.normal(size=shape) for shape in ((7, 3), 7, (3, 3), (8, 3)))
    moments = unit_moments(folds, weight, bias, phi, linear)
    net = kousei.MLP([weight, A[:-1].T.copy() / 7**0.5], [bias, A[-1].copy()], [phi])
    for count, outer, drift, y in zip(*moments, folds, strict=True):
        assert count == len(y)
        known, correction = y @ linear, net(y)
        loss = (((known + correction) ** 2 - known**2).sum(-1) / 2 + net.divergence(y)).sum()
        np.testing.assert_allclose(np.sum(A * (outer @ A / 2 + drift)), loss, rtol=1e-12)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    given = [rng.normal(size=(50, 2))], rng.normal(size=(7, 2)), rng.normal(size=7), resolve("silu"), -np.eye(2)
    whole = unit_moments(*given)
    monkeypatch.setattr("kousei.score.moments._BLOCK", 100)
    for one, other in zip(whole, unit_moments(*given), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def test_coefficients_are_the_least() -> None:
    rng = np.random.default_rng(0)
    moments = unit_moments(
        [rng.normal(size=(60, 2))], rng.normal(size=(5, 2)), rng.normal(size=5), resolve("tanh"), -np.eye(2)
    )

    def loss(A: np.ndarray) -> float:
        _, H, G = (sums.sum(axis=0) for sums in moments)
        return float(np.sum(A * (H @ A / 2 + G)) / 60 + 0.01 * (A**2).sum() / 2)

    best = coefficients(moments, 0.01)
    for _ in range(20):
        assert loss(best + 1e-3 * rng.normal(size=best.shape)) > loss(best)


def test_the_penalty_is_that_of_the_least_loss_held_out() -> None:
    rng = np.random.default_rng(1)
    folds = [rng.normal(size=(30, 2)) for _ in range(4)]
    moments = unit_moments(folds, rng.normal(size=(20, 2)), rng.normal(size=20), resolve("tanh"), -np.eye(2))

    def held_out(penalty: float) -> float:
        total = 0.0
        for i in range(4):
            rest = Moments(*(np.delete(sums, i, axis=0) for sums in moments))
            A = coefficients(rest, penalty)
            total += np.sum(A * (moments.outer[i] @ A / 2 + moments.drift[i]))
        return total

    penalties = 10.0 ** np.arange(-8, 1.5, 0.5)
    assert best_penalty(moments) == pytest.approx(min(penalties, key=held_out))


@pytest.mark.parametrize("hidden", [(5,), (5, 4), (5, 4, 3)])
def test_the_network_is_that_field_in_coordinates_of_the_data(hidden: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    net = kousei.MLP.random([3, *hidden, 3], "repu2", rng=rng)
    linear, mean, scale, x = (
        rng.normal(size=(3, 3)),
        np.array([5.0, 0, -2]),
        np.array([2.0, 1, 0.1]),
        rng.normal(size=(9, 3)),
    )
    y = (x - mean) / scale
    np.testing.assert_allclose(written_out(net, linear, mean, scale)(x), (y @ linear + net(y)) / scale, rtol=1e-9)


@pytest.mark.parametrize("activation", ["tanh", "repu2", "repu3"])
def test_units_begin_of_one_size(activation: str) -> None:
    net = initial((2, 400, 400, 2), resolve(activation), np.random.default_rng(0))
    x = np.random.default_rng(1).normal(size=(300, 2))
    assert np.abs(net(x)).max() == 0
    hidden = x
    for weight, bias, phi in zip(net.weights, net.biases, net.activations, strict=False):
        z = hidden @ weight.T + bias
        assert 0.5 < np.mean(z**2) < 10
        hidden = phi(z)


def test_values_and_slopes() -> None:
    z = np.linspace(-2, 2, 12).reshape(3, 4)
    value, slope = values_and_slopes(resolve("tanh"), z)
    np.testing.assert_allclose(value, np.tanh(z), rtol=1e-12)
    np.testing.assert_allclose(slope, 1 - np.tanh(z) ** 2, rtol=1e-12)


@pytest.mark.parametrize(("activation", "most"), [("tanh", 0.06), ("silu", 0.08), ("repu2", 0.08), ("repu3", 0.12)])
def test_a_mixture(activation: str, most: float) -> None:
    estimator = kousei.ScoreEstimator(activation=activation, random_state=0).fit(mixture(4096, 0))
    assert relative(estimator) < most


@pytest.mark.parametrize(
    ("X", "fits"),
    [
        (np.array([[0.0], [1.0]]), 2),
        (np.random.default_rng(0).normal(size=(12, 20)), 12),
        (np.random.default_rng(0).normal(size=(300, 2)) @ np.ones((2, 4)), 300),
    ],
    ids=["two points", "fewer points than coordinates", "dependent columns"],
)
def test_what_determines_little_is_fitted_still(X: np.ndarray, fits: int) -> None:
    estimator = kousei.ScoreEstimator(random_state=0).fit(X)
    assert np.isfinite(estimator.score(X)).all()
    assert estimator.score_samples(X).shape == (fits,)


def test_more_units_than_points_and_a_penalty_of_choice() -> None:
    estimator = kousei.ScoreEstimator(hidden=500, alpha=1e-3, random_state=0).fit(mixture(100, 0))
    assert estimator.alpha_ == 1e-3
    assert relative(estimator) < 0.6


def test_the_loss_is_of_values_and_divergence() -> None:
    estimator = kousei.ScoreEstimator(random_state=0, hidden=30).fit(mixture(500, 0))
    x = mixture(50, 1)
    s, net, h = estimator.score(x), estimator.network_, 1e-5
    np.testing.assert_array_equal(estimator.score_samples(x), (s**2).sum(1) / 2 + net.divergence(x))
    differences = sum((net(x + h * e)[:, k] - net(x - h * e)[:, k]) / (2 * h) for k, e in enumerate(np.eye(2)))
    np.testing.assert_allclose(net.divergence(x), differences, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(estimator.anomaly_scores(x), np.linalg.norm(s * estimator.scale_, axis=1))


def test_the_exact_score_has_the_least_loss() -> None:
    """The mean loss is half the mean squared distance less a constant: Hyvärinen's Theorem 1."""
    estimator = kousei.ScoreEstimator(random_state=0).fit(mixture(8192, 0))
    x = mixture(40000, 3)
    exact, h = score_of_mixture(x), 1e-4
    divergence = sum(
        (score_of_mixture(x + h * e)[:, k] - score_of_mixture(x - h * e)[:, k]) / (2 * h)
        for k, e in enumerate(np.eye(2))
    )
    excess = estimator.score_samples(x) - (exact**2).sum(1) / 2 - divergence
    distance = ((estimator.score(x) - exact) ** 2).sum(1) / 2
    assert excess.mean() > 0
    assert abs(np.mean(excess - distance)) < 4 * np.std(excess - distance) / 200


def test_units_of_measurement_do_not_matter() -> None:
    X, scale = mixture(500, 0), np.array([1e3, 1e-2])
    one, other = (kousei.ScoreEstimator(random_state=0).fit(data) for data in (X, X * scale + 5))
    np.testing.assert_allclose(one.score(X), other.score(X * scale + 5) * scale, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(one.anomaly_scores(X), other.anomaly_scores(X * scale + 5), rtol=1e-5, atol=1e-5)


def test_an_outlier_is_found() -> None:
    estimator = kousei.ScoreEstimator(random_state=0).fit(mixture(500, 0))
    assert estimator.anomaly_scores([[6.0, 6.0]]) > np.quantile(estimator.anomaly_scores(mixture(500, 1)), 0.99)


def test_langevin_of_a_known_score() -> None:
    """With s = -x the chain is linear, and of variance 1/(1 - step_size/2) in the end."""
    rng, scale = np.random.default_rng(0), np.array([1.0, 5.0])
    x = langevin(lambda x: -x / scale**2, np.zeros((4000, 2)), scale, 100, 0.1, rng, progress=False)
    variance = (1 - 0.9**200) / (1 - 0.05) * scale**2
    assert (np.abs(x.mean(0)) < 4 * np.sqrt(variance / 4000)).all()
    assert (np.abs(x.var(0) / variance - 1) < 4 * np.sqrt(2 / 4000)).all()


def test_samples_of_a_mixture() -> None:
    X = mixture(8192, 0)
    estimator = kousei.ScoreEstimator(random_state=0).fit(X)
    drawn = estimator.sample(1500, steps=300, start=X[:1500], random_state=1)
    assert (np.abs(drawn.mean(0) - X.mean(0)) < 4 * X.std(0) / np.sqrt(1500) + 0.05).all()
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(X.T), atol=0.25)
    np.testing.assert_array_equal(drawn, estimator.sample(1500, steps=300, start=X[:1500], random_state=1))
    np.testing.assert_array_equal(estimator.sample(1500, steps=0, start=X[:1500]), X[:1500])
    assert estimator.sample(steps=1).shape == (1, 2)


def test_chains_that_leave_are_told_of() -> None:
    estimator = kousei.ScoreEstimator(random_state=0).fit(mixture(200, 0))
    with pytest.raises(ValueError, match=r"5 of 5 chains left all bounds at step \d+: step_size was 50"):
        estimator.sample(5, step_size=50.0, random_state=0)


def test_the_network_is_one_to_keep(tmp_path: Path) -> None:
    estimator = kousei.ScoreEstimator(random_state=0, activation="repu2").fit(mixture(300, 0))
    kousei.save(tmp_path / "score.safetensors", estimator.network_)
    x = mixture(10, 1)
    np.testing.assert_array_equal(kousei.load(tmp_path / "score.safetensors")(x), estimator.score(x))
    assert estimator.network_.activations[0] == kousei.activation.Mixed([("repu2", 256), (leaky_relu(1.0), 2)])


def test_seeds_and_pipelines() -> None:
    X = mixture(300, 0)
    one, again, other = (kousei.ScoreEstimator(random_state=seed).fit(X).score(X) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    loss = make_pipeline(StandardScaler(), kousei.ScoreEstimator(random_state=0)).fit(X).score_samples(X)
    assert loss.shape == (300,)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"solver": "lbfgs"}, "solver was 'lbfgs'; 'ridge' and 'adam' are accepted"),
        ({"activation": "repu0"}, "activation was 'repu0'"),
        ({"activation": kousei.activation.Mixed([("tanh", 2)])}, "for 2 units; the layer has 1"),
        ({"hidden": 0}, "hidden was 0; at least 1 is accepted"),
        ({"hidden": (8, 8)}, r"hidden was \(8, 8\); the units of one layer, for solver='ridge', is accepted"),
        ({"hidden": (), "solver": "adam"}, r"hidden was \(\); one layer or more is accepted"),
        ({"alpha": 0.0}, "alpha was 0.0; a positive finite number is accepted"),
        ({"steps": 0}, "steps was 0; at least 1 is accepted"),
        ({"batch_size": 0}, "batch_size was 0"),
        ({"learning_rate": -1.0}, "learning_rate was -1.0"),
        ({"random_state": -1}, "random_state was -1; a numpy.random.Generator"),
    ],
)
def test_parameters_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kousei.ScoreEstimator(**parameters).fit(mixture(20, 0))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"activation": kousei.Activation("own", np.sin)}, "a function of one's own"),
        ({"hidden": 2.5}, "hidden was 2.5; an integer is accepted"),
        ({"hidden": "256"}, "hidden was '256'; an integer is accepted"),
        ({"progress": 1}, "progress was 1"),
        ({"random_state": "x"}, "random_state was 'x'"),
    ],
)
def test_parameters_of_another_type(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        kousei.ScoreEstimator(**parameters).fit(mixture(20, 0))


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((1, 2)), "1 sample"),
        (np.array([[1.0, 2], [1, 3]]), r"X has the constant columns \[0\]"),
        (np.array([[1.0, np.nan], [1, 3]]), "NaN"),
        (np.array([[1e200, 1], [-1e200, 3]]), "overflows or underflows"),
        (np.arange(5.0), "Expected 2D array"),
    ],
)
def test_data_refused(X: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kousei.ScoreEstimator().fit(X)


def test_points_refused() -> None:
    estimator = kousei.ScoreEstimator()
    for call in (estimator.score, estimator.score_samples, estimator.anomaly_scores, lambda _: estimator.sample()):
        with pytest.raises(NotFittedError):
            call(np.zeros((1, 2)))
    estimator.fit(mixture(50, 0))
    with pytest.raises(ValueError, match="3 features, but ScoreEstimator is expecting 2"):
        estimator.score(np.zeros((1, 3)))
    for arguments, message in (
        ({"n_samples": 0}, "n_samples was 0"),
        ({"steps": -1}, "steps was -1"),
        ({"step_size": 0.0}, "step_size was 0.0"),
        ({"n_samples": 3, "start": np.zeros((2, 2))}, r"start has shape \(2, 2\); \(3, 2\)"),
        ({"start": [[np.nan, 0]]}, "Input start contains NaN"),
        ({"start": np.zeros((1, 3))}, r"start has shape \(1, 3\); \(1, 2\)"),
    ):
        with pytest.raises(ValueError, match=message):
            estimator.sample(**arguments)


def test_dependent_features_without_a_penalty_to_speak_of() -> None:
    X = mixture(50, 0)
    with pytest.raises(ValueError, match="features are dependent to rounding where alpha is 1e-300"):
        kousei.ScoreEstimator(alpha=1e-300).fit(np.column_stack([X[:, 0], X[:, 0]]))


def test_a_search_of_parameters() -> None:
    search = GridSearchCV(
        kousei.ScoreEstimator(random_state=0),
        {"hidden": [1, 64]},
        cv=3,
        scoring=lambda fitted, X, y=None: -fitted.score_samples(X).mean(),
    )
    assert search.fit(mixture(600, 0)).best_params_ == {"hidden": 64}
