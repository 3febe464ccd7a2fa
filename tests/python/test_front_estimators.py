"""Fits of samples as estimators of scikit-learn."""

import doctest
import pickle
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import kousei

pytest.importorskip("sklearn")

from scipy.optimize import minimize_scalar
from sklearn.datasets import load_iris
from sklearn.metrics import log_loss
from sklearn.utils.estimator_checks import parametrize_with_checks

from kousei.front.fits.estimators import _sharpness

threadpoolctl = pytest.importorskip("threadpoolctl")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads of BLAS would wait for one another: the matrices are small."""
    with threadpoolctl.threadpool_limits(1):
        yield


def test_examples() -> None:
    assert kousei.ClosedFormRegressor.__module__ == "kousei.front.fits.estimators"
    assert doctest.testmod(sys.modules["kousei.front.fits.estimators"]) == (0, 14)


@parametrize_with_checks([kousei.ClosedFormRegressor(units=16), kousei.ClosedFormClassifier(units=16)])
def test_checks_of_scikit_learn(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks([kousei.ClosedFormRegressor(), kousei.ClosedFormClassifier()])
def test_checks_of_scikit_learn_as_they_come(estimator: Any, check: Any) -> None:
    check(estimator)


def spirals(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    arm, turn = rng.integers(3, size=n), rng.random(n)
    angle = 2 * np.pi * (arm / 3 + turn / 2) + 0.1 * rng.normal(size=n)
    return (0.2 + turn)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]), np.array(["a", "b", "c"])[arm]


def test_the_regressor_is_the_fit() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(80, 3)), rng.normal(size=(80, 2))
    fitted = kousei.ClosedFormRegressor(units=20, random_state=1).fit(X, y)
    net = kousei.fit(X, y, units=20, rng=1)
    assert_array_equal(fitted.predict(X), net(X))
    assert_array_equal(fitted.network_(X), net(X))
    assert fitted.network_.error_bound() == net.error_bound()
    assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict(X), net(X))
    assert fitted.fit(X, y[:, 0]).predict(X).shape == (80,)
    assert fitted.fit(X, y[:, :1]).predict(X).shape == (80, 1)


@pytest.mark.parametrize("classes", ["abc", "ab"])
def test_classes(classes: str) -> None:
    X, y = spirals(600)
    X, y = X[np.isin(y, list(classes))], y[np.isin(y, list(classes))]
    fitted = kousei.ClosedFormClassifier(units=100, random_state=0).fit(X[:300], y[:300])
    assert "".join(fitted.classes_) == classes
    assert fitted.score(X[300:], y[300:]) > 0.97
    outputs, shares = fitted.decision_function(X), fitted.predict_proba(X)
    assert_allclose(shares.sum(axis=1), 1, rtol=1e-14)
    assert_array_equal(fitted.classes_[shares.argmax(axis=1)], fitted.predict(X))
    if classes == "ab":
        assert outputs.shape == (len(X),)
        assert_array_equal(outputs > 0, fitted.predict(X) == "b")
        outputs = np.stack([-outputs, outputs], axis=1)
    assert_allclose(
        shares, np.exp(fitted.sharpness_ * outputs) / np.exp(fitted.sharpness_ * outputs).sum(axis=1)[:, None]
    )
    assert fitted.network_.outputs == (3 if classes == "abc" else 1)


def test_probabilities_are_calibrated() -> None:
    """Of labels that are drawn with known probabilities."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (4000, 2))
    p = 1 / (1 + np.exp(-4 * np.sin(2 * X[:, 0]) - X[:, 1]))
    y = rng.random(4000) < p
    fitted = kousei.ClosedFormClassifier(units=64, random_state=0).fit(X[:2000], y[:2000])
    found = fitted.predict_proba(X[2000:])[:, 1]
    assert np.abs(found - p[2000:]).mean() < 0.06
    assert log_loss(y[2000:], found) < log_loss(y[2000:], p[2000:]) + 0.03


def test_sharpness_has_the_least_loss() -> None:
    rng = np.random.default_rng(0)
    outputs, which, weight = rng.normal(size=(50, 3)), rng.integers(3, size=50), rng.random(50)
    outputs[np.arange(50), which] += 1

    def loss(sharpness: float) -> float:
        powers = np.exp(sharpness * outputs)
        return float(log_loss(which, powers / powers.sum(axis=1, keepdims=True), sample_weight=weight))

    best = minimize_scalar(loss, bounds=(0.01, 100), method="bounded").x
    assert_allclose(_sharpness(outputs, np.eye(3)[which], weight), best, rtol=1e-3)


def test_samples_of_several_classes_at_one_point() -> None:
    X = np.repeat([[0.0], [1.0]], 20, axis=0)
    y = np.r_[np.repeat([0, 1], [15, 5]), np.repeat([0, 1], [5, 15])]
    fitted = kousei.ClosedFormClassifier(random_state=0).fit(X, y)
    assert np.isfinite(fitted.predict_proba(X)).all()
    rare = kousei.ClosedFormClassifier(random_state=0).fit(np.arange(9.0)[:, None], [0, 0, 0, 0, 1, 1, 1, 1, 2])
    assert np.isfinite(rare.predict_proba(X)).all()


def test_iris() -> None:
    X, y = load_iris(return_X_y=True)
    order = np.random.default_rng(0).permutation(150)
    fitted = kousei.ClosedFormClassifier(random_state=0).fit(X[order[:100]], y[order[:100]])
    assert fitted.score(X[order[100:]], y[order[100:]]) >= 0.94


@pytest.mark.parametrize("estimator", [kousei.ClosedFormRegressor, kousei.ClosedFormClassifier])
def test_bad_input(estimator: Any) -> None:
    X, y = np.random.default_rng(0).normal(size=(20, 2)), np.arange(20) % 2
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="Input X contains"):
            estimator().fit(np.full((20, 2), bad), y)
        with pytest.raises(ValueError, match="Input X contains"):
            estimator(units=2).fit(X, y).predict(np.full((1, 2), bad))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        estimator().fit(X, y[:-1])
    with pytest.raises(ValueError, match="Reshape your data"):
        estimator().fit(X[:, 0], y)
    with pytest.raises(ValueError, match="Complex data not supported"):
        estimator().fit(1j * X, y)
    with pytest.raises(ValueError, match="could not convert string to float"):
        estimator().fit(np.full((20, 2), "a"), y)
    with pytest.raises(ValueError, match="minimum of 2 is required"):
        estimator().fit(X[:1], y[:1])
    with pytest.raises(ValueError, match="Negative values"):
        estimator().fit(X, y, -np.ones(20))
    with pytest.raises(ValueError, match="units was 0; at least 1 is accepted"):
        estimator(units=0).fit(X, y)
    with pytest.raises(TypeError, match="random_state was 'seed'"):
        estimator(random_state="seed").fit(X, y)
    with pytest.raises(ValueError, match="X has a single point"):
        estimator().fit(np.ones((20, 2)), y)


@pytest.mark.parametrize("estimator", [kousei.ClosedFormRegressor, kousei.ClosedFormClassifier])
def test_a_refused_fit_changes_nothing(estimator: Any) -> None:
    x = np.random.default_rng(0).normal(size=(60, 2))
    fitted = estimator(units=5, random_state=0).fit(x, np.repeat([0, 1], 30))
    before, values = dict(vars(fitted)), fitted.predict(x)
    with pytest.raises(ValueError, match="units was 0"):
        fitted.set_params(units=0).fit(np.c_[x, x], np.repeat([5, 6], 30))
    assert vars(fitted) == before | {"units": 0}
    assert_array_equal(fitted.predict(x), values)


def test_one_class() -> None:
    with pytest.raises(ValueError, match="y has one class, 'a'; two or more classes are accepted"):
        kousei.ClosedFormClassifier().fit(np.eye(3), ["a", "a", "a"])
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        kousei.ClosedFormClassifier().fit(np.eye(3), [0.5, 1.5, 2.5])
