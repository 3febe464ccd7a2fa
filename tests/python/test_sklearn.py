"""Networks from estimators of scikit-learn."""

import warnings
from typing import Any

import numpy as np
import pytest

import kousei

sklearn = pytest.importorskip("sklearn")

from sklearn import linear_model, neural_network, svm  # noqa: E402
from sklearn.datasets import load_digits  # noqa: E402
from sklearn.ensemble import RandomForestRegressor  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, PolynomialFeatures, RobustScaler, StandardScaler  # noqa: E402

X, Y = load_digits(return_X_y=True)
X, Y = X[:400, 20:30], Y[:400]


def fitted(estimator: Any, y: Any, x: Any = X) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it does not converge, or what comes in the next version
        return estimator.fit(x, y)


def decision(estimator: Any, x: np.ndarray = X) -> np.ndarray:
    return (getattr(estimator, "decision_function", None) or estimator.predict)(x)


def same(estimator: Any, x: np.ndarray = X) -> kousei.MLP:
    net = kousei.io.from_sklearn(estimator)
    expected = decision(estimator, x)
    values = net(x.astype(net.dtype)).reshape(expected.shape)
    np.testing.assert_allclose(values, expected, rtol=0, atol=200 * np.finfo(net.dtype).eps * np.abs(expected).max())
    return net


@pytest.mark.parametrize(
    "estimator",
    [
        linear_model.LinearRegression(),
        linear_model.LinearRegression(fit_intercept=False),
        linear_model.Ridge(),
        linear_model.RidgeCV(),
        linear_model.Lasso(0.1),
        linear_model.ElasticNet(0.1),
        linear_model.HuberRegressor(),
        linear_model.BayesianRidge(),
        linear_model.SGDRegressor(alpha=1.0, learning_rate="constant", eta0=1e-4),
        linear_model.OrthogonalMatchingPursuit(),
        svm.LinearSVR(),
    ],
    ids=str,
)
def test_linear_regression(estimator: Any) -> None:
    assert same(fitted(estimator, Y.astype(float))).sizes == (10, 1)


@pytest.mark.parametrize("targets", [1, 3])
def test_several_targets(targets: int) -> None:
    y = np.random.default_rng(0).normal(size=(len(X), targets))
    assert same(fitted(linear_model.LinearRegression(), y)).sizes == (10, targets)
    assert same(fitted(linear_model.MultiTaskLasso(0.1), y)).sizes == (10, targets)


@pytest.mark.parametrize(
    "estimator",
    [
        linear_model.LogisticRegression(),
        linear_model.RidgeClassifier(),
        linear_model.SGDClassifier(),
        linear_model.Perceptron(),
        svm.LinearSVC(),
    ],
    ids=str,
)
def test_classifiers_give_their_decision_values(estimator: Any) -> None:
    assert same(fitted(estimator, Y)).sizes == (10, 10)
    assert (estimator.classes_[kousei.io.from_sklearn(estimator)(X).argmax(axis=-1)] == estimator.predict(X)).all()
    net = same(fitted(estimator, Y > 4))
    assert net.sizes == (10, 1)
    assert (estimator.classes_[(net(X) > 0).astype(int)] == estimator.predict(X)).all()


@pytest.mark.parametrize("activation", ["identity", "relu", "tanh", "logistic"])
def test_perceptrons(activation: str, dtype: str) -> None:
    options = {"activation": activation, "hidden_layer_sizes": (8, 6), "max_iter": 20, "random_state": 0}
    x = X.astype(dtype)
    regressor = fitted(neural_network.MLPRegressor(**options), Y.astype(dtype), x)
    net = same(regressor, x)
    assert net.sizes == ((10, 1) if activation == "identity" else (10, 8, 6, 1))
    assert net.dtype == dtype
    classifier = fitted(neural_network.MLPClassifier(**options), Y, x)
    net = kousei.io.from_sklearn(classifier)
    assert (classifier.classes_[net(x).argmax(axis=-1)] == classifier.predict(x)).all()
    powers = np.exp(net(x) - net(x).max(axis=-1, keepdims=True))
    probabilities = powers / powers.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(probabilities, classifier.predict_proba(x), rtol=0, atol=1e3 * np.finfo(dtype).eps)
    two = fitted(neural_network.MLPClassifier(**options), Y > 4, x)
    assert ((kousei.io.from_sklearn(two)(x) > 0) == two.predict(x)).all()


@pytest.mark.parametrize(
    "scaler",
    [
        StandardScaler(),
        StandardScaler(with_mean=False),
        StandardScaler(with_std=False),
        StandardScaler(with_mean=False, with_std=False),
        MinMaxScaler((-1, 2)),
        MinMaxScaler(clip=True),
        MaxAbsScaler(),
        "passthrough",
    ],
    ids=str,
)
def test_pipelines(scaler: Any) -> None:
    outside = np.vstack([X, 3 * X, -X])
    same(fitted(make_pipeline(scaler, linear_model.Ridge()), Y.astype(float)), outside)
    nested = make_pipeline(
        scaler, make_pipeline(StandardScaler(), None, neural_network.MLPRegressor(hidden_layer_sizes=5, max_iter=10))
    )
    same(fitted(nested, Y.astype(float)), outside)
    single = make_pipeline(scaler, linear_model.Ridge())
    assert same(fitted(single, Y.astype("float32"), X.astype("float32")), X.astype("float32")).dtype == np.float32


def test_a_scaler_alone() -> None:
    scaler = MinMaxScaler(clip=True).fit(X)
    np.testing.assert_allclose(kousei.io.from_sklearn(scaler)(2 * X), scaler.transform(2 * X), rtol=0, atol=1e-14)


def test_the_network_shares_no_memory() -> None:
    estimator = fitted(neural_network.MLPRegressor(hidden_layer_sizes=5, max_iter=5), Y.astype(float))
    net = kousei.io.from_sklearn(estimator)
    before = net(X)
    for array in (*estimator.coefs_, *estimator.intercepts_):
        array[...] = 0
    np.testing.assert_array_equal(net(X), before)


def nan() -> Any:
    estimator = fitted(linear_model.Ridge(), Y.astype(float))
    estimator.coef_ = np.full(10, np.nan)
    return estimator


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (
            make_pipeline(
                PolynomialFeatures(), StandardScaler(), make_pipeline(RobustScaler(), RandomForestRegressor())
            ),
            "cannot be taken over: polynomialfeatures: PolynomialFeatures is none of those known; standardscaler: "
            "StandardScaler is not fitted; pipeline.robustscaler: RobustScaler is none of those known; "
            r"pipeline.randomforestregressor: RandomForestRegressor is none of those known\. Known are ARDReg",
        ),
        (linear_model.Ridge(), "estimator: Ridge is not fitted"),
        (neural_network.MLPClassifier(), "estimator: MLPClassifier is not fitted"),
        (linear_model.PoissonRegressor().fit(X, Y), "PoissonRegressor is none of those known"),
        (fitted(linear_model.SGDClassifier(), Y).sparsify(), "sparse coefficients"),
        (make_pipeline("passthrough"), "no part that tells its number of inputs"),
        (nan(), "estimator has NaN or infinite values"),
        (linear_model.Ridge, "estimator: ABCMeta is none"),
        (None, "estimator: NoneType is none"),
    ],
    ids=str,
)
def test_bad_estimators(estimator: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kousei.io.from_sklearn(estimator)


def test_other_output_activations_are_refused() -> None:
    estimator = fitted(neural_network.MLPRegressor(hidden_layer_sizes=3, max_iter=3), Y.astype(float))
    estimator.out_activation_ = "exp"  # as with the loss "poisson"
    with pytest.raises(ValueError, match="MLPRegressor has the output activation 'exp', 'identity' is accepted"):
        kousei.io.from_sklearn(estimator)
