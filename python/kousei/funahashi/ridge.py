"""Networks of ridge functions: hidden units along given directions."""

from __future__ import annotations

from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.boxes import Bounds, check_bounds, fill_cube
from kousei._lib.errors import check_callable, check_choice, check_integer
from kousei.activation import Activation
from kousei.activation.named import resolve
from kousei.funahashi.construction import Function, check_values
from kousei.network.fitting import Refit, check_rcond, fit_output_weights

#: 1/slope in spacings of the thresholds.
_WIDTHS = {"logistic": 1.5, "tanh": 3.0, "erf": 2.0, "arctan": 4.0}
#: How far the thresholds reach, in half ranges of direction . x on the box.
_REACH = 1.5
#: Points of the fit for each output weight, and at least.
_POINTS, _LEAST_POINTS = 4, 2000


def ridge_directions(
    f: Function,
    bounds: Bounds,
    directions: Any,
    units: int,
    *,
    activation: Activation | str = "tanh",
    rcond: float = 1e-13,
) -> Refit:
    """Fit a network of ridge functions, whose hidden units lie along given directions, to a function on a box.

    Parameters
    ----------
    f : callable
        Takes points (n, dim) and returns real values (n,). It is evaluated inside `bounds`.
    bounds : sequence of (lo, hi)
        The box, one pair for each dimension.
    directions : array_like (m, dim)
        None of them 0; their lengths do not matter.
    units : int
        Hidden units, at least m; they are shared out over the directions, the first ones taking what is left over.
    activation : {"logistic", "tanh", "erf", "arctan"} or Activation
        Of the hidden units.
    rcond : float
        As in `FunahashiNetwork.refit`.

    Returns
    -------
    Refit
        As of `FunahashiNetwork.refit`; `residual` is the largest difference at the points of the fit. A `rank` below
        units + 1 says that the output weights are not determined: fewer units do as well.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, or the values of f are not real and finite; if the weights overflow.
    MemoryError
        If the values of the units at the points do not fit into memory.

    Notes
    -----
    The units of a direction d are phi((d . (x - center) - t_k)/(v h)), with thresholds t_k equally spaced by h over
    1.5 times the range of d . (x - center) on the box. The width v is 3 for tanh and 1.5 for logistic, which are the
    same units, 2 for erf, 4 for arctan: narrower units leave more of the function, wider ones cancel more. The points
    are those of a Kronecker sequence, denser towards the sides of the box.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.funahashi import ridge_directions
    >>> fit = ridge_directions(
    ...     lambda x: np.sin(x[:, 0] + 2 * x[:, 1]) + np.exp(x[:, 0] - x[:, 1]),
    ...     [(-1, 1), (-1, 1)], [[1, 2], [1, -1]], units=64)
    >>> fit.network
    MLP(2 -> 64 tanh -> 1, float64, 257 parameters)
    >>> fit.residual < 1e-9
    True
    """
    check_callable("f", f)
    lo, hi = check_bounds(bounds)
    along = arrays.real_numbers("directions", directions)
    if along.ndim != 2 or along.shape[0] == 0 or along.shape[1] != len(lo):
        raise ValueError(f"directions has shape {along.shape}; (m, {len(lo)}), m >= 1, is accepted")
    if not np.isfinite(along).all() or not along.any(axis=1).all():
        raise ValueError("directions has a row of zeros, NaN or infinite values; finite directions are accepted")
    along = along / np.abs(along).max(axis=1, keepdims=True)
    units = check_integer("units", units, len(along))
    phi = resolve(activation)
    check_choice("activation", phi.name, *_WIDTHS)
    check_rcond(rcond)
    count = max(_LEAST_POINTS, _POINTS * (units + 1))
    arrays.require_memory(count * (units + 1), 16, f"a fit of {units} units at {count} points")

    middle, half = (lo + hi) / 2, (hi - lo) / 2
    points = np.clip(middle + half * np.cos(np.pi * fill_cube(len(lo), count)), lo, hi)
    values = check_values(f(points), 1, count)
    share = units // len(along) + (np.arange(len(along)) < units % len(along))
    spacing = np.repeat(2 * _REACH * (np.abs(along) @ half) / share, share)
    number = np.arange(units) - np.repeat(np.cumsum(share) - share, share)
    threshold = spacing * (number - (np.repeat(share, share) - 1) / 2)
    width = _WIDTHS[phi.name] * spacing
    weight = np.repeat(along, share, axis=0) / width[:, None]
    return fit_output_weights([(weight, -threshold / width - weight @ middle)], phi, points, values, rcond)
