"""Networks from scikit-learn's estimators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from kousei import activation as act
from kousei._lib import arrays
from kousei.io.chain import Step, chain, diagonal
from kousei.network import MLP

#: Estimators whose prediction, or decision value, is X @ coef_.T + intercept_.
_LINEAR = {
    *("LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV", "LinearSVR"),
    *("MultiTaskLasso", "MultiTaskLassoCV", "MultiTaskElasticNet", "MultiTaskElasticNetCV", "BayesianRidge"),
    *("ARDRegression", "HuberRegressor", "QuantileRegressor", "TheilSenRegressor", "Lars", "LarsCV", "LassoLars"),
    *("LassoLarsCV", "LassoLarsIC", "OrthogonalMatchingPursuit", "OrthogonalMatchingPursuitCV", "SGDRegressor"),
    *("LogisticRegression", "LogisticRegressionCV", "RidgeClassifier", "RidgeClassifierCV", "LinearSVC"),
    *("SGDClassifier", "Perceptron"),
}
_SCALERS = {"StandardScaler", "MinMaxScaler", "MaxAbsScaler"}
_PERCEPTRONS = {"MLPRegressor", "MLPClassifier"}
_KNOWN = _LINEAR | _SCALERS | _PERCEPTRONS
_ACTIVATIONS = {"identity": None, "relu": act.relu, "tanh": act.tanh, "logistic": act.logistic}


def from_sklearn(estimator: Any) -> MLP:
    """Return the network that a fitted estimator of scikit-learn computes.

    Parameters
    ----------
    estimator : MLPRegressor, MLPClassifier, a linear model, or a Pipeline of scalers and one of them
        Linear models are those whose prediction is affine: LinearRegression, Ridge, Lasso, ElasticNet, LinearSVR,
        SGDRegressor and their like; of the classifiers LogisticRegression, RidgeClassifier, LinearSVC, SGDClassifier
        and Perceptron. Scalers are StandardScaler, MinMaxScaler and MaxAbsScaler.

    Returns
    -------
    MLP
        With NumPy arrays, copies, of the dtype of the last step's coefficients. Of a classifier it gives the decision
        values, before softmax or logistic: one for each class, or one number, positive for the second of two classes.

    Raises
    ------
    TypeError
        If the coefficients are not float32 or float64.
    ValueError
        For an estimator, or steps of a pipeline, that are not accepted: all of them are named. Also for one that is
        not fitted, that has sparse coefficients, or whose coefficients are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> x, y = load_iris(return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)
    >>> net = kousei.io.from_sklearn(model)
    >>> net
    MLP(4 -> 3, float64, 15 parameters)
    >>> bool((model.classes_[net(x).argmax(axis=-1)] == model.predict(x)).all())
    True

    Of two classes the second is where the value is positive:

    >>> model.fit(x, y == 2)
    Pipeline(...)
    >>> bool((model.classes_[(kousei.io.from_sklearn(model)(x) > 0).astype(int)] == model.predict(x)).all())
    True
    """
    parts = list(_parts("estimator", estimator))
    refused = [f"{place}: {type(part).__name__} {why}" for place, part in parts if (why := _refusal(part))]
    if refused:
        known = "" if all(_is(part, _KNOWN) for _, part in parts) else f". Known are {', '.join(sorted(_KNOWN))}"
        raise ValueError(f"estimator has parts that cannot be taken over: {'; '.join(refused)}{known}")
    steps = [(place, step) for place, part in parts for step in _steps(part)]
    dtype = arrays.real_dtype(coefficients=_coefficients(parts[-1][1])) if parts else np.float64
    return chain("estimator", steps, dtype)


def _parts(place: str, estimator: Any) -> Iterator[tuple[str, Any]]:
    """Yield an estimator, or the steps of a pipeline, with their places."""
    if not _is(estimator, {"Pipeline"}):
        yield place, estimator
        return
    for name, step in estimator.steps:
        if step is not None and not isinstance(step, str):
            yield from _parts(name if place == "estimator" else f"{place}.{name}", step)


def _is(estimator: Any, names: set[str]) -> bool:
    kind = type(estimator)
    return kind.__name__ in names and kind.__module__.partition(".")[0] == "sklearn"


def _refusal(part: Any) -> str:
    """Return what speaks against an estimator, if anything does."""
    if not _is(part, _KNOWN):
        return "is none of those known"
    if not any(hasattr(part, name) for name in ("coef_", "coefs_", "scale_")):
        return "is not fitted"
    if hasattr(getattr(part, "coef_", None), "tocsr"):
        return "has sparse coefficients (.densify() ends it)"
    if _is(part, {"MLPRegressor"}) and part.out_activation_ != "identity":
        return f"has the output activation {part.out_activation_!r}, 'identity' is accepted"
    return ""


def _steps(part: Any) -> Iterator[Step]:
    """Yield the affine maps and activations of an estimator."""
    if _is(part, _PERCEPTRONS):
        hidden = _ACTIVATIONS[part.activation]
        for layer, (weight, bias) in enumerate(zip(part.coefs_, part.intercepts_, strict=True)):
            if layer and hidden is not None:
                yield hidden
            yield weight.T, bias
    elif _is(part, _LINEAR):
        weight = np.atleast_2d(part.coef_)
        yield weight, np.broadcast_to(part.intercept_, weight.shape[:1])
    elif _is(part, {"MinMaxScaler"}):
        yield diagonal(part.scale_), part.min_
        if part.clip:
            yield act.hardtanh(*part.feature_range)
    elif _is(part, {"MaxAbsScaler"}):
        yield diagonal(1 / part.scale_), np.zeros(part.n_features_in_)
        if part.clip:
            yield act.hardtanh()
    else:
        scale = 1 / part.scale_ if part.with_std else np.ones(part.n_features_in_)
        yield diagonal(scale), -scale * part.mean_ if part.with_mean else np.zeros(part.n_features_in_)


def _coefficients(part: Any) -> Any:
    """Return the array whose dtype the network takes from an estimator."""
    if _is(part, _PERCEPTRONS):
        return part.coefs_[0]
    return part.coef_ if _is(part, _LINEAR) else np.zeros(0)
