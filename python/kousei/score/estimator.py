"""The estimator, as those of scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from kousei._lib.arrays import require_memory
from kousei._lib.errors import check_bool, check_choice, check_integer, require_positive
from kousei._lib.estimators import (
    BaseEstimator,
    check_array,
    check_is_fitted,
    validate_data,
    whole_or_as_before,
)
from kousei._lib.random import Rng, generator
from kousei.activation import Activation
from kousei.activation.named import resolve
from kousei.network import MLP
from kousei.score.fields import FOLDS, fit_linear, fit_units, initial, written_out
from kousei.score.langevin import langevin
from kousei.score.moments import Array, values_and_slopes

#: Units of the hidden layers where none are asked for.
_HIDDEN = {"ridge": (256,), "adam": (64, 64)}


class ScoreEstimator(BaseEstimator):
    """Estimate the score of a density, the gradient of its logarithm, from samples.

    The estimate is the score of a normal distribution plus a network, in coordinates of mean 0 and variance 1 along
    each axis. Both are fitted by implicit score matching: the least mean of |s(x)|^2/2 + div s(x), which up to a
    constant is half the mean squared distance from the score, and takes samples alone.

    Parameters
    ----------
    solver : {"ridge", "adam"}
        "ridge" draws the units of one hidden layer at random and has the output weights in closed form. "adam" trains
        all weights by gradient descent, from the normal distribution on; it needs PyTorch, the extra `torch`.
    activation : str or Activation
        Of the hidden units. "repu2" and "repu3", max(z, 0)^2 and ^3, leave all bounds away from the data.
    hidden : int or sequence of int, optional
        Units of the hidden layers: one layer of 256 for "ridge", which accepts one layer only, and (64, 64) for
        "adam".
    alpha : float, optional
        Penalty on the squares of the coefficients in closed form. Without it the linear part and, with "ridge", the
        units have one each, chosen among 1e-8, ..., 10 by the loss on parts of the data that were held out, of five.
    steps, batch_size, learning_rate : int, int, float
        Of "adam": how many steps, of how many points each, and the size of the first one.
    random_state : numpy.random.Generator, int or None
        Source of all that is drawn.
    progress : bool
        Whether bars are shown, of "adam" and of `sample`.

    Attributes
    ----------
    network_ : kousei.MLP
        The score: dim -> hidden units and dim carried beside them -> dim, of float64.
    alpha_ : float
        The penalty on the units; only of "ridge".
    n_features_in_ : int
        Coordinates of a point, dim.
    mean_, scale_ : numpy.ndarray (dim,)
        Mean and standard deviation of each coordinate of the data.

    Raises
    ------
    ImportError
        If scikit-learn is not installed, as soon as this class is asked for, or PyTorch is not, by `fit` with "adam".

    Notes
    -----
    A. Hyvärinen, "Estimation of non-normalized statistical models by score matching", Journal of Machine Learning
    Research 6 (2005), Theorem 1 for the loss. Estimates by networks of RePU units are after arXiv:2305.00608.

    All computations are in float64, and on the host: data of other real dtypes is converted, as scikit-learn does.
    Data with many ties, as of counts, has no density: the loss has no least value then, and a fit is as steep between
    the values as its units allow.

    Of scikit-learn's names `score` and `score_samples` have another meaning here: see there. A search of parameters,
    such as `GridSearchCV`, takes ``scoring=lambda fitted, X, y=None: -fitted.score_samples(X).mean()``.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> X = np.random.default_rng(0).normal([1, 2], [1, 0.5], size=(5000, 2))
    >>> estimator = kousei.ScoreEstimator(random_state=0).fit(X)
    >>> estimator.network_
    MLP(2 -> 258 (256 tanh + 2 leaky_relu) -> 2, float64, 1292 parameters)
    """

    mean_: Array
    scale_: Array
    alpha_: float

    def __init__(
        self,
        *,
        solver: str = "ridge",
        activation: Activation | str = "tanh",
        hidden: int | Sequence[int] | None = None,
        alpha: float | None = None,
        steps: int = 800,
        batch_size: int = 512,
        learning_rate: float = 3e-3,
        random_state: Rng = None,
        progress: bool = False,
    ) -> None:
        self.solver = solver
        self.activation = activation
        self.hidden = hidden
        self.alpha = alpha
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state
        self.progress = progress

    @whole_or_as_before
    def fit(self, X: Any, y: None = None) -> Self:
        """Estimate the score of the density that X are samples of.

        Parameters
        ----------
        X : array_like (n, dim)
            At least 2 points; in no coordinate are all of them alike.
        y : None
            Not used.

        Returns
        -------
        ScoreEstimator
            Itself.

        Raises
        ------
        TypeError, ValueError
            If X is not such an array, has values that are not finite, or a parameter is not accepted; with "adam" if
            the loss diverges.
        MemoryError
            If the moments of so many units do not fit.
        """
        X = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        sizes, phi = self._check()
        rng = generator(self.random_state, "random_state")
        vars(self).pop("alpha_", None)  # of a fit before, by another solver
        self.mean_, self.scale_ = _standard(X)
        # Parts of the data at random: it may be sorted.
        points = ((X - self.mean_) / self.scale_)[rng.permutation(len(X))]
        folds = np.array_split(points, min(FOLDS, len(X)))
        linear = fit_linear(folds, self.alpha)
        if self.solver == "ridge":
            net, self.alpha_ = fit_units(folds, linear, phi, sizes[0], self.alpha, rng)
        else:
            from kousei.score.training import train

            net = initial((X.shape[1], *sizes, X.shape[1]), phi, rng)
            net = train(net, points, linear, self.steps, self.batch_size, self.learning_rate, rng, self.progress)
        self.network_: MLP = written_out(net, linear, self.mean_, self.scale_)
        return self

    def score(self, X: Any, y: None = None) -> Array:
        """Return the estimate of the score, the gradient of the logarithm of the density.

        Other than what scikit-learn calls so this is no figure of merit.

        Parameters
        ----------
        X : array_like (n, dim)
        y : None
            Not used.

        Returns
        -------
        numpy.ndarray (n, dim) of float64

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        TypeError, ValueError
            If X is not such an array of finite numbers.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> X = np.random.default_rng(0).normal(3, 2, size=(20000, 1))
        >>> estimator = kousei.ScoreEstimator(random_state=0).fit(X)
        >>> exact = (3 - np.array([[1.0], [3.0], [5.0]])) / 4
        >>> bool(np.abs(estimator.score([[1.0], [3.0], [5.0]]) - exact).max() < 0.05)
        True
        """
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        return self.network_(X).reshape(X.shape)

    def score_samples(self, X: Any) -> Array:
        """Return the loss of implicit score matching at each point, |s(x)|^2/2 + div s(x).

        Lower is better, in the mean over points that were not fitted: it is then half the mean squared distance from
        the score less a constant, which no estimate changes. A single value says little, and none is a logarithm of
        a density, which is what scikit-learn calls so.

        Parameters
        ----------
        X : array_like (n, dim)

        Returns
        -------
        numpy.ndarray (n,) of float64

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        TypeError, ValueError
            If X is not such an array of finite numbers.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> X = np.random.default_rng(0).normal(size=(4000, 2))
        >>> estimator = kousei.ScoreEstimator(random_state=0).fit(X[:2000])
        >>> float(estimator.score_samples(X[2000:]).mean().round(1))  # of the exact score -1
        -1.0
        """
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        score = self.network_(X).reshape(X.shape)
        return (score**2).sum(axis=1) / 2 + self.network_.divergence(X)

    def anomaly_scores(self, X: Any) -> Array:
        """Return how steeply the density falls at each point: the length of the score, in standardised coordinates.

        Large is unusual. At a point of low density among others of high one the score is small, too: what lies
        between two clusters is not found by it.

        Parameters
        ----------
        X : array_like (n, dim)

        Returns
        -------
        numpy.ndarray (n,) of float64
            |D s(x)| with the standard deviations D of the data along each axis. It has no unit.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        TypeError, ValueError
            If X is not such an array of finite numbers.
        """
        return np.linalg.norm(self.score(X) * self.scale_, axis=1)

    def sample(
        self,
        n_samples: int = 1,
        *,
        steps: int = 1000,
        step_size: float = 0.01,
        start: Any = None,
        random_state: Rng = None,
    ) -> Array:
        """Draw points by Langevin dynamics, x + step_size D^2 s(x) + sqrt(2 step_size) D xi, from the estimate alone.

        Steps are not adjusted, for which it took the density itself: what the points are samples of is off by about
        `step_size` in standardised coordinates. Between clusters far apart there are few transitions, and their
        shares are those of `start`.

        Parameters
        ----------
        n_samples : int
            Chains; each gives one point.
        steps : int
            Of each chain.
        step_size : float
            For coordinates of variance 1. Of a density that varies over a length l in these it is to be well below
            l^2.
        start : array_like (n_samples, dim), optional
            First points. Without them they are drawn from the normal distribution of the mean and the variances of
            the data, without correlations.
        random_state : numpy.random.Generator, int or None
            Source of the noise, and of the first points.

        Returns
        -------
        numpy.ndarray (n_samples, dim) of float64

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        TypeError, ValueError
            If an argument is not accepted, or a chain leaves all bounds.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> X = np.random.default_rng(0).normal(3, 2, size=(5000, 1))
        >>> drawn = kousei.ScoreEstimator(random_state=0).fit(X).sample(5000, random_state=1)
        >>> float(drawn.mean().round()), float(drawn.std().round())
        (3.0, 2.0)
        """
        check_is_fitted(self)
        n, dim = check_integer("n_samples", n_samples, 1), self.n_features_in_
        require_memory(n * dim, 8, f"{n} points of {dim} coordinates")
        steps = check_integer("steps", steps, 0)
        require_positive(step_size=step_size)
        rng = generator(random_state, "random_state")
        if start is None:
            first = self.mean_ + self.scale_ * rng.standard_normal((n, dim))
        else:
            first = check_array(start, dtype=np.float64, input_name="start")
            if first.shape != (n, dim):
                raise ValueError(f"start has shape {first.shape}; ({n}, {dim}), n_samples points, is accepted")
        return langevin(self.score, first, self.scale_, steps, step_size, rng, self.progress)

    def _check(self) -> tuple[tuple[int, ...], Activation]:
        """Return the units of the hidden layers and their activation, once all parameters are checked."""
        check_choice("solver", self.solver, *_HIDDEN)
        phi = resolve(self.activation)
        values_and_slopes(phi, np.zeros(1))  # refuses what has no derivative
        given = _HIDDEN[self.solver] if self.hidden is None else self.hidden
        sizes = tuple(given) if isinstance(given, Sequence) and not isinstance(given, str) else (given,)
        for units in sizes:
            check_integer("hidden", units, 1)
        if (self.solver == "ridge" and len(sizes) != 1) or not sizes:
            accepted = (
                "the units of one layer, for solver='ridge'," if self.solver == "ridge" else "one layer or more"
            )
            raise ValueError(f"hidden was {self.hidden}; {accepted} is accepted")
        if self.solver == "ridge":
            require_memory(FOLDS * (sizes[0] + 1) ** 2, 8, f"moments of {sizes[0]} units")
        if self.alpha is not None:
            require_positive(alpha=self.alpha)
        check_integer("steps", self.steps, 1)
        check_integer("batch_size", self.batch_size, 1)
        require_positive(learning_rate=self.learning_rate)
        check_bool("progress", self.progress)
        return sizes, phi


def _standard(X: Array) -> tuple[Array, Array]:
    """Return mean and standard deviation of each column; ValueError where one is constant, or overflows."""
    constant = np.flatnonzero(X.min(axis=0) == X.max(axis=0))
    if constant.size:
        raise ValueError(f"X has the constant columns {constant.tolist()}; columns that vary are accepted")
    with np.errstate(over="ignore", under="ignore"):
        mean, scale = X.mean(axis=0), X.std(axis=0)
    if not (np.isfinite(mean) & np.isfinite(scale) & (scale > 0)).all():
        raise ValueError(
            "X has columns whose variance overflows or underflows; numbers of moderate size are accepted"
        )
    return mean, scale
