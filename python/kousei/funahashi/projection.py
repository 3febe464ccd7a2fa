"""Networks of few units: hidden weights by nonlinear least squares, with the output weights projected out."""

from __future__ import annotations

from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_choice, check_integer
from kousei._lib.random import Rng, generator
from kousei.activation import Activation
from kousei.activation.named import resolve
from kousei.network.fitting import Refit, check_data, check_rcond, fit_output_weights

#: phi' from the values of phi.
_DERIVATIVES = {"tanh": lambda h: 1 - h * h, "logistic": lambda h: h * (1 - h)}
#: Standard deviation of the weights a start draws, for points scaled to [-1, 1].
_SPREADS = {"tanh": 3.0, "logistic": 6.0}
#: Evaluations of the residual for each start.
_EVALUATIONS = 300


def variable_projection(
    x: Any,
    y: Any,
    units: int,
    *,
    activation: Activation | str = "tanh",
    starts: int = 10,
    rcond: float = 1e-13,
    rng: Rng = None,
) -> Refit:
    """Fit a network of few units to values by least squares, nonlinear for its hidden weights.

    Parameters
    ----------
    x : array_like (n, dim)
        Points, at least as many as the network has parameters, units (dim + 2) + 1.
    y : array_like (n,)
        Real values.
    units : int
        Hidden units; about d for a polynomial of degree d.
    activation : {"tanh", "logistic"} or Activation
        Of the hidden units. With an offset both span the same functions; tanh is 0 where its argument is, which keeps
        its values for small weights apart from the offset.
    starts : int
        How often the hidden weights are drawn at random and improved. The best fit is returned.
    rcond : float
        As in `FunahashiNetwork.refit`.
    rng : numpy.random.Generator, int or None
        Source of the starts (SPEC 7). The same seed gives the same network.

    Returns
    -------
    Refit
        As of `FunahashiNetwork.refit`.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, or the points or the values do not fit, are not finite, or are too few; if
        the weights overflow.
    MemoryError
        If the Jacobian does not fit into memory.

    Notes
    -----
    After Barton, "A matrix method for optimizing a neural network", Neural Computation 3 (1991). The residual
    is that of the best output weights, r = y - P y with the projection P onto the values of the hidden units (Golub
    and Pereyra, SIAM J. Numer. Anal. 10, 1973); its Jacobian is taken without the term that is orthogonal to r
    (Kaufman, BIT 15, 1975). The optimizer is that of Levenberg and Marquardt. A fit is a local minimum: another
    start may give another.

    Examples
    --------
    A polynomial of degree 4 with 4 units:

    >>> import numpy as np
    >>> from kousei.funahashi import variable_projection
    >>> x = np.linspace(0, 5, 200)[:, None]
    >>> y = (x[:, 0] - 1) * (x[:, 0] - 2) * (x[:, 0] - 3) * (x[:, 0] - 4)
    >>> fit = variable_projection(x, y, units=4, rng=0)
    >>> fit.network
    MLP(1 -> 4 tanh -> 1, float64, 13 parameters)
    >>> fit.residual < 1e-6 * np.abs(y).max()
    True
    """
    points, values = check_data(x, y)
    units = check_integer("units", units, 1)
    phi = resolve(activation)
    check_choice("activation", phi.name, *_DERIVATIVES)
    starts = check_integer("starts", starts, 1)
    check_rcond(rcond)
    n, dim = points.shape
    needed = units * (dim + 2) + 1
    if n < needed:
        raise ValueError(
            f"x has {n} points and the network {needed} parameters; at least as many points are accepted"
        )
    arrays.require_memory(n * units * (dim + 1), 32, f"a Jacobian of {units * (dim + 1)} weights at {n} points")

    lo, hi = points.min(axis=0), points.max(axis=0)
    middle, half = lo / 2 + hi / 2, hi / 2 - lo / 2
    half = np.where(half > 0, half, 1.0)
    problem = _Projection((points - middle) / half, values / (np.abs(values).max() or 1.0), units, phi, rcond)
    draw = generator(rng)

    def improved() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        weight, bias = problem.improved(*_start(draw, units, dim, _SPREADS[phi.name]))
        weight = weight / half
        return weight, bias - weight @ middle

    return fit_output_weights((improved() for _ in range(starts)), phi, points, values, rcond)


def _start(
    draw: np.random.Generator, units: int, dim: int, spread: float
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return hidden weights and biases of units whose middle lies in the box [-1, 1]^dim."""
    weight = draw.normal(0, spread, (units, dim))
    return weight, -np.sum(weight * draw.uniform(-1, 1, (units, dim)), axis=1)


class _Projection:
    """The residual of the best output weights as a function of the hidden weights."""

    def __init__(
        self,
        points: np.ndarray[Any, Any],
        values: np.ndarray[Any, Any],
        units: int,
        phi: Activation,
        rcond: float,
    ) -> None:
        self._inputs = np.column_stack([points, np.ones(len(points))])
        self._values, self._units, self._phi, self._rcond = values, units, phi, rcond

    def improved(
        self, weight: np.ndarray[Any, Any], bias: np.ndarray[Any, Any]
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Return the hidden weights and biases of the local minimum that these lead to."""
        from scipy.optimize import least_squares

        start = np.column_stack([weight, bias]).ravel()
        tiny = 1e-15
        found = least_squares(
            self.residual, start, self.jacobian, method="lm", ftol=tiny, xtol=tiny, gtol=tiny, max_nfev=_EVALUATIONS
        )
        both = found.x.reshape(self._units, -1)
        return both[:, :-1], both[:, -1]

    def residual(self, parameters: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return y - P y, with P = U U^T of the singular value decomposition of the hidden values."""
        left, _, _ = self._decomposed(self._hidden(parameters))
        return np.asarray(self._values - left @ (left.T @ self._values))

    def jacobian(self, parameters: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return -(I - P) dPhi c, dPhi c the change of the values at the output weights c (Kaufman)."""
        hidden = self._hidden(parameters)
        left, sizes, right = self._decomposed(hidden)
        coef = right.T @ ((left.T @ self._values) / sizes)
        slopes = _DERIVATIVES[self._phi.name](hidden[:, :-1]) * coef[:-1]
        change = (slopes[:, :, None] * self._inputs[:, None, :]).reshape(len(slopes), -1)
        return np.asarray(left @ (left.T @ change) - change)

    def _hidden(self, parameters: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        values = self._phi(self._inputs @ parameters.reshape(self._units, -1).T)
        return np.column_stack([values, np.ones(len(values))])

    def _decomposed(self, hidden: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], ...]:
        left, sizes, right = np.linalg.svd(hidden, full_matrices=False)
        rank = int(np.sum(sizes > self._rcond * sizes[0]))
        return left[:, :rank], sizes[:rank], right[:rank]
