"""Fits of samples as estimators of scikit-learn; this module imports scikit-learn."""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np

from kousei._lib.arrays import require_finite
from kousei._lib.estimators import (
    BaseEstimator,
    ClassifierMixin,
    MultiOutputMixin,
    RegressorMixin,
    check_classification_targets,
    check_is_fitted,
    check_sample_weight,
    validate_data,
    whole_or_as_before,
)
from kousei._lib.random import Rng
from kousei.activation import Activation
from kousei.front.fits.fitted import FittedNetwork
from kousei.front.fits.fitting import Fit, fit_samples

Array = np.ndarray[Any, Any]

#: The sharpness of probabilities lies between these.
_SHARPNESS = (1e-2, 1e2)


class _ClosedForm(BaseEstimator):
    """What the regressor and the classifier share."""

    network_: FittedNetwork

    def __init__(
        self, *, units: int | None = None, activation: Activation | str = "tanh", random_state: Rng = None
    ) -> None:
        self.units = units
        self.activation = activation
        self.random_state = random_state

    def _fit(self, X: Array, y: Array, sample_weight: Any) -> Fit:
        weight = check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        require_finite("sample_weight", weight)
        fitted = fit_samples(X, y, weight, self.units, self.activation, self.random_state, "random_state")
        self.network_ = fitted.network
        return fitted

    def _values(self, X: Any) -> Array:
        """Return the outputs of the network, (n,) for one and (n, outputs) for more."""
        check_is_fitted(self)
        values: Array = self.network_(validate_data(self, X, dtype=np.float64, reset=False))
        return values


class ClosedFormRegressor(MultiOutputMixin, RegressorMixin, _ClosedForm):
    """Regression by a network whose output weights are in closed form: `kousei.fit`, as an estimator of scikit-learn.

    Parameters
    ----------
    units : int, optional
        Drawn units. By default as many as the error at samples that are left out asks for, up to 2000.
    activation : str or Activation
        Of the drawn units.
    random_state : numpy.random.Generator, int or None
        Source of the hidden weights.

    Attributes
    ----------
    network_ : FittedNetwork
        An `MLP`, with `error_bound()`, the error at samples that were left out, and `report`.
    n_features_in_ : int
    feature_names_in_ : array of str
        Where samples had names.

    See Also
    --------
    kousei.fit : The same without scikit-learn; it says how.

    Notes
    -----
    All computations are in float64, and on the host: samples of other real dtypes are converted, as by scikit-learn.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> rng = np.random.default_rng(0)
    >>> X = rng.random((500, 10))
    >>> y = np.sin(4 * X[:, 0]) + X[:, 1] + 0.1 * rng.normal(size=500)
    >>> regressor = kousei.ClosedFormRegressor(random_state=0).fit(X[:400], y[:400])
    >>> bool(regressor.score(X[400:], y[400:]) > 0.9)
    True
    """

    @whole_or_as_before
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit a network to samples.

        Parameters
        ----------
        X : array_like (n, features)
        y : array_like (n,) or (n, outputs)
        sample_weight : array_like (n,), optional
            Not negative; a sample of weight 2 is one that is there twice.

        Returns
        -------
        ClosedFormRegressor
            Itself.

        Raises
        ------
        TypeError, ValueError, MemoryError
            As by `kousei.fit`.
        """
        X, y = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True, ensure_min_samples=2)
        y = y.astype(np.float64)
        self._fit(X, y.reshape(len(y), -1), sample_weight)
        self._shape = y.shape[1:]
        return self

    def predict(self, X: Any) -> Array:
        """Return the values of the network.

        Parameters
        ----------
        X : array_like (n, features)
            Finite.

        Returns
        -------
        array (n,) or (n, outputs) of float64
            As `y` was.
        """
        return self._values(X).reshape(-1, *self._shape)


class ClosedFormClassifier(ClassifierMixin, _ClosedForm):
    """Classification by a network whose output weights are in closed form, an estimator of scikit-learn.

    Each class has an output, fitted to 1 at its samples and -1 at the others; two classes share one. The class with
    the largest output is predicted.

    Parameters
    ----------
    units : int, optional
        Drawn units. By default as many as the error at samples that are left out asks for, up to 2000.
    activation : str or Activation
        Of the drawn units.
    random_state : numpy.random.Generator, int or None
        Source of the hidden weights.

    Attributes
    ----------
    network_ : FittedNetwork
        An `MLP` with one output for each class, or one that is positive for the second of two.
    classes_ : array (classes,)
    sharpness_ : float
        Factor b of the probabilities: that of class k is exp(b f_k)/sum_j exp(b f_j) for the outputs f, and one
        output f stands for -f and f. It gives what the fits say of samples that were left out the least logarithmic
        loss, between 0.01 and 100.
    n_features_in_ : int
    feature_names_in_ : array of str
        Where samples had names.

    See Also
    --------
    kousei.fit : The network, and how it is found.

    Notes
    -----
    One number for all classes makes the probabilities what they are, after C. Guo, G. Pleiss, Y. Sun and
    K. Weinberger, "On calibration of modern neural networks", ICML 2017, arXiv:1706.04599. It changes no prediction.

    All computations are in float64, and on the host: samples of other real dtypes are converted, as by scikit-learn.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> X = np.random.default_rng(0).normal(size=(600, 2))
    >>> inside = np.where((X**2).sum(axis=1) < 1.4, "in", "out")
    >>> classifier = kousei.ClosedFormClassifier(random_state=0).fit(X[:500], inside[:500])
    >>> bool(classifier.score(X[500:], inside[500:]) > 0.9)
    True
    >>> classifier.predict_proba([[0.0, 0.0], [3.0, 0.0]]).round().astype(int).tolist()
    [[1, 0], [0, 1]]
    """

    classes_: Array

    @whole_or_as_before
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit a network to samples.

        Parameters
        ----------
        X : array_like (n, features)
        y : array_like (n,)
            Classes: numbers or text, two at least.
        sample_weight : array_like (n,), optional
            Not negative; a sample of weight 2 is one that is there twice.

        Returns
        -------
        ClosedFormClassifier
            Itself.

        Raises
        ------
        TypeError, ValueError, MemoryError
            As by `kousei.fit`, or if there is one class.
        """
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        check_classification_targets(y)
        self.classes_, which = np.unique(y, return_inverse=True)
        count = len(self.classes_)
        if count < 2:
            raise ValueError(f"y has one class, {self.classes_.tolist()[0]!r}; two or more classes are accepted")
        targets = 2.0 * (which[:, None] == np.arange(count)) - 1
        fitted = self._fit(X, targets if count > 2 else targets[:, 1:], sample_weight)
        self.sharpness_: float = _sharpness(
            _of_all(fitted.left_out), (1 + _of_all(fitted.samples.y)) / 2, fitted.samples.weight
        )
        return self

    def decision_function(self, X: Any) -> Array:
        """Return the outputs of the network.

        Parameters
        ----------
        X : array_like (n, features)
            Finite.

        Returns
        -------
        array (n,) or (n, classes) of float64
            One for each class; of two classes one, positive for the second.
        """
        return self._values(X)

    def predict(self, X: Any) -> Array:
        """Return the class with the largest output.

        Parameters
        ----------
        X : array_like (n, features)
            Finite.

        Returns
        -------
        array (n,)
            Of `classes_`.
        """
        outputs = _of_all(self._values(X))
        return np.asarray(self.classes_[outputs.argmax(axis=1)])

    def predict_proba(self, X: Any) -> Array:
        """Return the probabilities of the classes, see `sharpness_`.

        Parameters
        ----------
        X : array_like (n, features)
            Finite.

        Returns
        -------
        array (n, classes) of float64
            Rows add up to 1.
        """
        outputs = _of_all(self._values(X))
        with np.errstate(over="ignore"):
            outputs = self.sharpness_ * outputs
        if not np.isfinite(outputs).all():
            raise ValueError("X has values at which outputs overflow; points like those of the fit are accepted")
        return np.exp(_log_softmax(outputs))


def _of_all(outputs: Array) -> Array:
    """Return an output for each class: of one output f, which stands for two classes, -f and f."""
    one = outputs.ndim == 1 or outputs.shape[1] == 1
    return np.reshape(outputs, (-1, 1)) * [-1, 1] if one else outputs


def _log_softmax(z: Array) -> Array:
    z = z - z.max(axis=1, keepdims=True)
    return np.asarray(z - np.log(np.exp(z).sum(axis=1, keepdims=True)))


def _sharpness(outputs: Array, shares: Array, weight: Array) -> float:
    """Return the factor by which outputs have the least logarithmic loss, against the shares of classes at points."""
    from scipy.optimize import minimize_scalar

    def loss(logarithm: float) -> float:
        return float(-weight @ (shares * _log_softmax(np.exp(logarithm) * outputs)).sum(axis=1))

    least, most = _SHARPNESS
    found = minimize_scalar(loss, bounds=(math.log(least), math.log(most)), method="bounded")
    return math.exp(found.x)
