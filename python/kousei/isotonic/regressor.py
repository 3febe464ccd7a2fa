"""Monotone regression as an estimator of scikit-learn; this module imports scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kousei._lib.arrays import require_finite
from kousei._lib.errors import check_choice, check_integer
from kousei._lib.estimators import (
    BaseEstimator,
    RegressorMixin,
    check_is_fitted,
    check_sample_weight,
    validate_data,
    whole_or_as_before,
)
from kousei._lib.random import Rng, generator
from kousei.isotonic import penalised
from kousei.isotonic.fitting import fit_spline
from kousei.isotonic.spline import Spline, Sum
from kousei.isotonic.writing import network_of
from kousei.network import MLP

Array = np.ndarray[Any, Any]

#: Cells along each axis by the number of features, up to which a spline is one of all of them together.
_CELLS = {1: 8, 2: 5, 3: 3}
#: Of a feature, unless it is constant: by that of a cell, as coefficients of a network, points are divided.
_LEAST_RANGE = 1e-300
#: Of a spline: coefficients are some times as large, and their differences do not overflow.
_LARGEST_VALUE = 1e307


class MonotoneRegressor(RegressorMixin, BaseEstimator):
    """Regression by a function that does not fall, or rise, in each feature; an estimator of scikit-learn.

    Parameters
    ----------
    increasing : bool, or sequence of bool or None
        Whether the function must not fall, True, or must not rise, False: in all features, or one after the other.
        None asks nothing of a feature.
    method : {"spline", "pdir"}
        "spline" is a quadratic spline, in closed form, and monotone everywhere: in all features together where they
        are up to 3, and a sum of splines in one feature each where they are more. "pdir" trains a network, with a
        penalty on derivatives of the wrong sign, of which some are left; it needs torch.
    cells : int, optional
        Of the spline, along each axis of the box of the samples: by default 5 for two features, 3 for three, and 8
        for one or a sum. More of them follow finer details; time grows as the cube of the number of coefficients.
    steps : int
        Of the training of "pdir".
    random_state : numpy.random.Generator, int or None
        Source of the weights that "pdir" begins with. The spline draws nothing.

    Attributes
    ----------
    model_ : Spline, Sum or MLP
        What was found. A spline has the arrays `lo` and `width` of the box and its cells and the coefficients `coef`,
        a sum one spline for each feature in `parts`.
    penalty_ : float
        That cross-validation chose: of second differences from 1e-6 to 100, or of wrong derivatives, 1, 10 or 100.
    signs_ : array (features,)
        1, -1 or 0 for each feature: `increasing`, as it was fitted.
    n_features_in_ : int
    feature_names_in_ : array of str
        Where samples had names.

    See Also
    --------
    sklearn.isotonic.IsotonicRegression : Steps, in one feature.

    Notes
    -----
    The spline has coefficients that do not fall along an axis. This is enough for it to be monotone, and with one
    feature needed. They are those of the least mean square, plus the penalty times the sum of squares of their second
    differences, a quadratic program; 5-fold cross-validation takes no chance, see the page on monotone regression.
    Outside of the box of the samples its slopes fall to 0 over one cell, and it is constant from there.

    "pdir" minimises mean (y - f)^2 + (penalty/features) sum_j mean max(-df/dx_j, 0), in features and values scaled to
    about 1, over networks of two hidden layers of 16 units max(z, 0)^2, by Adam; after arXiv:2305.00608, Z. Shen,
    Y. Jiao, Y. Lin and J. Huang.

    All computations are in float64, and on the host: samples of other real dtypes are converted, as by scikit-learn.
    Features of one value, samples that are there twice or in any order, and fewer samples than coefficients are
    accepted: the penalty makes up for what is not known.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> rng = np.random.default_rng(0)
    >>> x = rng.random((256, 2))
    >>> y = np.exp(x[:, 0]) - x[:, 1] + 0.1 * rng.normal(size=256)
    >>> regressor = kousei.MonotoneRegressor(increasing=[True, False]).fit(x, y)
    >>> regressor.violations(x)
    0.0
    >>> net = regressor.to_network()
    >>> bool(np.abs(net(x) - regressor.predict(x)).max() < 1e-12)
    True
    """

    penalty_: float

    def __init__(
        self,
        increasing: bool | Sequence[bool | None] = True,
        method: str = "spline",
        *,
        cells: int | None = None,
        steps: int = 300,
        random_state: Rng = None,
    ) -> None:
        self.increasing = increasing
        self.method = method
        self.cells = cells
        self.steps = steps
        self.random_state = random_state

    @whole_or_as_before
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> MonotoneRegressor:
        """Fit the function to samples.

        Parameters
        ----------
        X : array_like (n, features)
        y : array_like (n,)
        sample_weight : array_like (n,), optional
            Not negative; a sample of weight 2 is one that is there twice.

        Returns
        -------
        MonotoneRegressor
            Itself.

        Raises
        ------
        TypeError
            If `increasing` has anything but bools and None, or `cells` or `steps` is no integer.
        ValueError
            If the samples are not finite or of shapes that do not fit, `increasing` has not one entry for each
            feature, or another argument is out of range.
        MemoryError
            If the equations of so many cells do not fit.
        ImportError
            If "pdir" is asked for and torch is not installed.
        """
        self.model_: Spline | Sum | MLP
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        y = y.astype(np.float64)
        sample_weight = check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        require_finite("sample_weight", sample_weight)
        check_choice("method", self.method, "spline", "pdir")
        steps = check_integer("steps", self.steps, 1)
        cells = None if self.cells is None else check_integer("cells", self.cells, 1)
        rng = generator(self.random_state, "random_state")
        sample_weight = sample_weight / sample_weight.max()  # so that sums do not overflow
        used = sample_weight > 0  # one of them is: scikit-learn sees to that
        samples = X[used], y[used], sample_weight[used]
        with np.errstate(over="ignore"):
            ranges = np.ptp(samples[0], axis=0)
        if not (np.isfinite(ranges) & ((ranges == 0) | (ranges > _LEAST_RANGE))).all():
            raise ValueError(
                "X has a feature whose range, or its inverse, overflows; features of moderate size are accepted"
            )
        self.signs_: Array = _signs(self.increasing, X.shape[1])
        if self.method == "pdir":
            self.model_, self.penalty_ = penalised.fit_network(*samples, self.signs_, steps, rng)
        else:
            if (largest := np.abs(samples[1]).max()) > _LARGEST_VALUE:
                raise ValueError(f"y has values of up to {largest:.3g}; up to {_LARGEST_VALUE:g} are accepted")
            additive = X.shape[1] > max(_CELLS)
            cells = cells or _CELLS[1 if additive else X.shape[1]]
            self.model_, self.penalty_ = fit_spline(*samples, self.signs_, cells, additive=additive)
        return self

    def predict(self, X: Any) -> Array:
        """Return the values of the function.

        Parameters
        ----------
        X : array_like (n, features)
            Finite.

        Returns
        -------
        array (n,) of float64
        """
        check_is_fitted(self)
        values: Array = self.model_(validate_data(self, X, dtype=np.float64, reset=False))
        return values

    def violations(self, X: Any) -> float:
        """Return at how many points the function is not monotone.

        Parameters
        ----------
        X : array_like (n, features)
            Finite.

        Returns
        -------
        float
            The share of the points at which one derivative or more has the sign that `increasing` rules out, by exact
            derivatives. Of a spline it is 0, at any points.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        if isinstance(self.model_, MLP):
            slopes = self.model_.jet(X, laplacian=False).jacobian[:, 0]
        else:
            slopes = self.model_.gradient(X)
        return float((self.signs_ * slopes < 0).any(axis=1).mean())

    def to_network(self) -> MLP:
        """Return the function as a network of units max(z, 0)^2.

        Returns
        -------
        MLP
            With the values of `predict`, up to rounding. Of a spline a `kousei.repu.PolynomialNetwork`, whose
            `error_bound` is that of rounding, over the box of the samples and one cell more. The network is the
            spline further out, too, where rounding grows with the square of the distance.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> x = np.linspace(0, 1, 100)[:, None]
        >>> net = kousei.MonotoneRegressor().fit(x, x[:, 0] ** 2).to_network()
        >>> print(net.summary())
        layer   inputs  outputs    nonzero  share  activation
            0        1       11         11   100%  repu2
            1       11        1         11   100%  affine
        hidden layers 1, hidden units 11, weights and biases 34
        quadratic spline of 8 cells: at most 11 x 1 + 4 x 0 + 4 x 0 = 11 hidden units
        """
        check_is_fitted(self)
        return self.model_ if isinstance(self.model_, MLP) else network_of(self.model_)


def _signs(increasing: Any, features: int) -> Array:
    """Return 1, -1 or 0 for each feature; TypeError or ValueError unless `increasing` says that of all."""
    each = [increasing] * features if isinstance(increasing, bool | np.bool_) else increasing
    if isinstance(each, str) or not hasattr(each, "__iter__"):
        raise TypeError(
            f"increasing was {increasing!r}; True, False and a sequence of True, False or None are accepted"
        )
    each = list(each)
    if not all(one is None or isinstance(one, bool | np.bool_) for one in each):
        raise TypeError(f"increasing was {increasing!r}; True, False or None for each feature is accepted")
    if len(each) != features:
        raise ValueError(f"increasing has {len(each)} entries; {features}, one for each feature of X, are accepted")
    return np.array([0.0 if one is None else 1.0 if one else -1.0 for one in each])
