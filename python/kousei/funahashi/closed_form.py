"""Networks of functions that need no sampling: finite Fourier series, and parity."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from kousei._lib import arrays
from kousei._lib.boxes import Bounds, check_bounds
from kousei._lib.errors import check_integer, check_type, require_positive
from kousei.activation import Activation, logistic
from kousei.funahashi import construction
from kousei.funahashi.bump import bounded
from kousei.funahashi.error import Residual
from kousei.funahashi.network import FunahashiNetwork
from kousei.network import MLP


def fourier_series(
    coefficients: Mapping[int | tuple[int, ...], complex],
    bounds: Bounds,
    tol: float = 1e-6,
    *,
    period: float | Sequence[float] | None = None,
    activation: Activation | str = "logistic",
) -> FunahashiNetwork:
    """Return the network of sum_k Re[a_k e^(2 pi i k . x/period)] on a box.

    Nothing is sampled: the error is that of H alone, and its bound is proven for the built-in activations.

    Parameters
    ----------
    coefficients : mapping from k to a_k
        k is a tuple of integers, one for each dimension, or in one dimension an integer.
    bounds : sequence of (lo, hi)
        The box, one pair for each dimension.
    tol : float
        Largest error on the box.
    period : float or sequence of float, optional
        Per axis; hi - lo by default.
    activation : {"logistic", "tanh", "erf", "arctan"} or Activation
        Of the hidden units.

    Returns
    -------
    FunahashiNetwork
        With merged units, one frequency for k and -k, and the thresholds each needs.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or a k does not fit the bounds; if rounding keeps `tol` from being reached.

    Notes
    -----
    Section 4 of Kakizaki and Akiba, "Possible Application of Funahashi's Theorem to Neural Networks".

    Examples
    --------
    XOR on [0, 1]^2, (1 - cos(pi x) cos(pi y))/2:

    >>> import numpy as np
    >>> from kousei.funahashi import fourier_series
    >>> net = fourier_series({(0, 0): 0.5, (1, 1): -0.25, (1, -1): -0.25}, [(0, 1), (0, 1)], 1e-9, period=2)
    >>> np.round(net(np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])), 6) + 0.0
    array([0., 1., 1., 0.])
    >>> net.error_bound().kind
    'proven'
    """
    lo, hi = check_bounds(bounds)
    require_positive(tol=tol)
    phi = bounded(activation)
    periods = hi - lo if period is None else arrays.real_numbers("period", period)
    if periods.shape not in ((), lo.shape) or not (np.isfinite(periods).all() and (periods > 0).all()):
        raise ValueError(f"period was {period!r}; a positive number, or one for each dimension, is accepted")
    check_type("coefficients", coefficients, Mapping, "a mapping from k to a_k")
    numbers = []
    for k in coefficients:
        row = k if isinstance(k, tuple) else (k,)
        if len(row) != len(lo) or not all(isinstance(n, int | np.integer) for n in row):
            raise ValueError(f"coefficients has the key {k!r}; a tuple of {len(lo)} integers is accepted")
        numbers.append(row)
    if not numbers:
        raise ValueError("coefficients is empty; at least one is accepted")
    a = arrays.finite_numbers("coefficients", list(coefficients.values()), kinds="iufc")
    w = 2 * math.pi * np.array(numbers, dtype=np.float64) / periods
    center = (lo + hi) / 2
    series = construction.Series(w, a * np.exp(1j * (w @ center)), center, Residual(lo, hi, 0.0, True, 0))
    return construction.of_series(FunahashiNetwork, series, float(tol), phi)


def parity(dim: int, scale: float = 4.0) -> MLP:
    """Return a network of `dim` logistic units that is the parity of the number of ones at the corners of [0, 1]^dim.

    Parameters
    ----------
    dim : int
        Inputs, 1 to 64.
    scale : float
        Steepness of the units; positive.

    Returns
    -------
    MLP
        sum_k c_k logistic(scale (x_1 + ... + x_dim - k + 1/2)) + bias, k = 1 ... dim, exact to rounding for a `scale`
        of a few units.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.funahashi import parity
    >>> net = parity(3)
    >>> net
    MLP(3 -> 3 logistic -> 1, float64, 16 parameters)
    >>> round(float(net(np.array([1.0, 1.0, 1.0]))), 12)
    1.0
    """
    dim = check_integer("dim", dim, 1, 64)
    require_positive(scale=scale)
    ones, k = np.arange(dim + 1.0), np.arange(1, dim + 1)
    hidden = logistic(scale * (ones[:, None] - k + 0.5))
    solution = np.linalg.solve(np.column_stack([hidden, np.ones(dim + 1)]), ones % 2)
    weight = np.full((dim, dim), float(scale))
    return MLP([weight, solution[None, :-1]], [-scale * (k - 0.5), solution[-1:]], [logistic])
