"""Click-through rates by a shop's features: an Elastic Net on empirical logits."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np

from kousei._lib.arrays import finite_numbers
from kousei._lib.errors import check_integer, require_positive
from kousei.recommend.clicks import require_counts

Array = np.ndarray[Any, Any]

#: Rates that are predicted stay this far from 0 and 1, as a prior must.
_LEAST_RATE = 1e-6


class CTRModel:
    """Predict the click-through rate of each algorithm on the page of a shop, from the shop's features.

    Parameters
    ----------
    smoothing : float
        Impressions at the mean rate of the algorithm that are added to those of each shop.
    folds : int
        Of the cross-validation, over shops.

    Attributes
    ----------
    offset_ : array (algorithms,)
        Logits of a shop of mean features.
    coef_ : array (algorithms, features)
        Their slopes, per standard deviation of a feature.
    alpha_ : float
        The penalty that was chosen; infinite where there was no choice, of one shop or without features.

    Notes
    -----
    With n impressions, c clicks and p = (c + m r)/(n + m), r the rate of the algorithm over all shops, smoothed
    likewise by that of all algorithms, and m the smoothing, the logits of p are fitted by weighted least squares, the
    weights n p (1 - p) being the inverse of their variance. The slopes are those shared by all algorithms plus those
    of each, both under the penalty of the Elastic Net; the offsets are free of it. The penalty is chosen by
    cross-validation in which all rows of a shop are left out together.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.recommend import CTRModel
    >>> rng = np.random.default_rng(0)
    >>> features = rng.normal(size=(200, 3))
    >>> rates = 1 / (1 + np.exp(3 - features[:, :1] * [0.5, -0.5]))
    >>> clicks = rng.binomial(1000, rates)
    >>> model = CTRModel().fit(features, np.full((200, 2), 1000), clicks)
    >>> bool(np.abs(model.predict(features) / rates - 1).mean() < 0.05)
    True
    """

    def __init__(self, *, smoothing: float = 10.0, folds: int = 5) -> None:
        require_positive(smoothing=smoothing)
        self.smoothing: float = float(smoothing)
        self.folds: int = check_integer("folds", folds, 2)

    def fit(self, features: Any, impressions: Any, clicks: Any) -> Self:
        """Fit the model to counts.

        Parameters
        ----------
        features : array_like (shops, features)
        impressions, clicks : array_like (shops, algorithms)
            Counts. A shop without impressions adds nothing.

        Returns
        -------
        CTRModel
            Itself.

        Raises
        ------
        TypeError, ValueError
            If the arrays are not finite numbers, of shapes that do not fit, or no counts, clicks are more than
            impressions, or there are no impressions at all.
        """
        from scipy.special import logit

        x = _features(features)
        if len(x) == 0:
            raise ValueError(f"features has shape {x.shape}; one shop or more is accepted")
        n, c = require_counts(impressions, clicks)
        if n.ndim != 2 or len(n) != len(x) or n.shape[1] == 0:
            raise ValueError(f"impressions has shape {n.shape}; ({len(x)}, algorithms) is accepted")
        if not n.any():
            raise ValueError("impressions has zeros only; one or more impressions are accepted")
        shown = n.any(axis=1)
        x, n, c = x[shown], n[shown], c[shown]
        # In units of the largest of each column, whose squares neither overflow nor vanish.
        unit = np.abs(x).max(axis=0)
        unit[unit == 0] = 1
        x = x / unit
        mean = x.mean(axis=0)
        # Of a constant column the mean may be off by its rounding.
        scale = np.where(np.ptp(x, axis=0) > 1e-12, x.std(axis=0), np.inf)
        x = (x - mean) / scale

        m = self.smoothing
        overall = (c.sum() + 0.5) / (n.sum() + 1)
        rate = (c.sum(axis=0) + m * overall) / (n.sum(axis=0) + m)
        p = np.clip((c + m * rate) / (n + m), np.finfo(float).tiny, 1 - np.finfo(float).epsneg)
        weights = n * p * (1 - p)
        # An offset free of the penalty is the same as differences from the weighted means of its algorithm.
        shares = weights / np.where(weights.any(axis=0), weights.sum(axis=0), 1)
        means = shares.T @ x
        level = np.where(weights.any(axis=0), (shares * logit(p)).sum(axis=0), logit(rate))
        slopes, alpha = self._slopes(x, means, logit(p) - level, weights)
        # Nothing is refused from here on, after which the model would be neither the one before nor this one.
        self._unit, self._mean, self._scale = unit, mean, scale
        self.alpha_: float = alpha
        self.coef_: Any = slopes[1:] + slopes[0]
        self.offset_: Any = level - (self.coef_ * means).sum(axis=1)
        return self

    def _slopes(self, x: Array, means: Array, targets: Array, weights: Array) -> tuple[Array, float]:
        """Return the slopes, shared ones and those of each algorithm (1 + algorithms, features), and the penalty."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import ElasticNetCV

        (_, dim), (_, algorithms) = x.shape, weights.shape
        shop, algorithm = np.nonzero(weights)
        fold = np.unique(shop, return_inverse=True)[1] % self.folds
        if dim == 0 or fold.max() == 0:
            return np.zeros((1 + algorithms, dim)), np.inf
        differences = x[shop] - means[algorithm]
        design = np.zeros((len(shop), 1 + algorithms, dim))
        design[:, 0] = differences
        design[np.arange(len(shop)), 1 + algorithm] = differences
        splits = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(fold.max() + 1)]
        net = ElasticNetCV(alphas=20, fit_intercept=False, cv=splits, tol=1e-3)
        with warnings.catch_warnings():
            # Of the smallest penalties, which are not chosen then.
            warnings.simplefilter("ignore", ConvergenceWarning)
            net.fit(design.reshape(len(shop), -1), targets[shop, algorithm], sample_weight=weights[shop, algorithm])
        return net.coef_.reshape(1 + algorithms, dim), float(net.alpha_)

    def predict(self, features: Any) -> Array:
        """Return the rate of each algorithm.

        Parameters
        ----------
        features : array_like (shops, features)

        Returns
        -------
        array (shops, algorithms) of float64
            Between 1e-6 and 1 - 1e-6.

        Raises
        ------
        TypeError, ValueError
            If the features are not finite numbers of the shape that was fitted.
        """
        from scipy.special import expit

        if not hasattr(self, "coef_"):
            raise ValueError("the model is not fitted; fit(features, impressions, clicks) comes first")
        x = _features(features)
        if x.shape[1] != len(self._mean):
            raise ValueError(f"features has shape {x.shape}; (shops, {len(self._mean)}) is accepted")
        logits = self.offset_ + (x / self._unit - self._mean) / self._scale @ self.coef_.T
        return np.clip(expit(logits), _LEAST_RATE, 1 - _LEAST_RATE)


def _features(features: Any) -> Array:
    x = finite_numbers("features", features)
    if x.ndim != 2:
        raise ValueError(f"features has shape {x.shape}; (shops, features) is accepted")
    return x
