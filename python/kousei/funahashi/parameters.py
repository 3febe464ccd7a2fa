"""Choice of the bump and its thresholds, and the bound on what H leaves of e^(is)."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from kousei._lib import arrays
from kousei.activation import Activation
from kousei.funahashi.bump import bump_transform, require_positive, spacing_of

_TOLERANCES = np.logspace(-1, -15, 57)


class BumpParameters(NamedTuple):
    """Parameters of H for |s| <= s_max; the thresholds are t_k = k pi/p for |k| <= k."""

    delta: float
    alpha: float
    p: int
    k0: int
    k: int
    bound: float

    @property
    def thresholds(self) -> np.ndarray[Any, Any]:
        """The t_k."""
        return math.pi / self.p * np.arange(-self.k, self.k + 1)


def choose_parameters(s_max: float, tol: float) -> BumpParameters:
    """Parameters for which H, made of logistic units, is within `tol` of e^(is) for |s| <= s_max.

    Parameters
    ----------
    s_max : float
        Largest |w . (x - center)|; positive.
    tol : float
        Tolerance, at least 1e-15 and below 1.

    Returns
    -------
    BumpParameters
        `delta`, `alpha` with alpha delta = pi/2; `p`, thresholds per half period; `k0`, the starting point for `k`;
        `bound` <= tol, see `quadrature_bound`.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> import math
    >>> from kousei.funahashi import choose_parameters
    >>> rule = choose_parameters(math.pi, 1e-6)
    >>> rule.p, rule.k, len(rule.thresholds)
    (4, 22, 45)
    """
    require_positive(s_max=s_max)
    if not 1e-15 <= tol < 1:
        raise ValueError(f"tol was {tol}; at least 1e-15 and below 1 is accepted")
    delta, margin = _bump_for(s_max, tol)
    alpha = math.pi / (2 * delta)
    p = math.ceil(1 + math.log(1 / tol) / (2 * math.pi * delta))
    while _alias_bound(delta, alpha, math.pi / p) > tol:
        p += 1
    k0 = k = math.ceil((s_max + margin) * p / math.pi)
    while True:
        candidate = BumpParameters(delta, alpha, p, k0, k, math.inf)
        bound = sum(quadrature_bound(s_max, delta, alpha, candidate.thresholds))
        if bound <= tol:
            return candidate._replace(bound=bound)
        k += 1


def quadrature_bound(s_max: float, delta: float, alpha: float, thresholds: Any) -> tuple[float, float]:
    """Proven bound on |H(s) - e^(is)| for |s| <= s_max and logistic units, in two parts.

    Parameters
    ----------
    s_max, delta, alpha : float
        Range of s and parameters of the bump.
    thresholds : array_like (n,)
        Equally spaced, reaching beyond s_max on both sides.

    Returns
    -------
    quadrature, edge : float
        What the spacing of the thresholds costs, the sum over m != 0 of |Psi(1 - 2 pi m/h)|/|Psi(1)|, and what the
        missing thresholds beyond the ends cost.

    Raises
    ------
    ValueError
        If `s_max`, `delta` or `alpha` is not positive, or the thresholds are not increasing and equally spaced.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.funahashi import quadrature_bound
    >>> quadrature, edge = quadrature_bound(np.pi, 1.0, np.pi / 2, np.pi / 4 * np.arange(-32, 33))
    >>> quadrature < 2e-8 and edge < 1e-8
    True
    """
    require_positive(s_max=s_max, delta=delta, alpha=alpha)
    times = arrays.real_numbers("thresholds", thresholds)
    h = spacing_of(times)
    beyond = np.array([times[-1] + h - s_max, h - times[0] - s_max]) / delta
    with np.errstate(all="ignore"):
        # sinh(alpha) e^(-beyond), where either alone could overflow.
        tails = ((np.exp(alpha - beyond) - np.exp(-alpha - beyond)) / 2).sum()
        edge = 2 * h * tails / abs(np.float64(bump_transform(1.0, delta, alpha))) / -math.expm1(-h / delta)
    return _alias_bound(delta, alpha, h), float(edge)


def fill_parameters(
    s_max: float,
    count: int,
    delta: float | None,
    alpha: float | None,
    cutoff: float | None,
    activation: Activation,
) -> tuple[float, float, float]:
    """Return delta, alpha and cutoff for `count` thresholds, those that are None by the rule.

    Of the bumps that `choose_parameters` would take for tolerances from 1e-1 to 1e-15, the one whose bound for this
    number of thresholds is smallest.
    """
    given = {"delta": delta, "alpha": alpha, "cutoff": cutoff}
    require_positive(**{name: value for name, value in given.items() if value is not None})
    if delta is None and alpha is not None:
        delta = math.pi / (2 * alpha)
    if delta is not None and cutoff is not None:
        return delta, math.pi / (2 * delta) if alpha is None else alpha, cutoff
    # tanh(u) = 2 logistic(2 u) - 1: the same bump at half the width.
    slopes = {"logistic": 1.0, "tanh": 2.0}
    if activation.name not in slopes:
        raise ValueError(
            f"delta and cutoff must be given for activation {activation.name!r}; "
            "the rule is for 'logistic' and 'tanh'"
        )
    slope = slopes[activation.name]
    candidates = []
    for tol in _TOLERANCES:
        width, margin = _bump_for(s_max, float(tol))
        if delta is not None:
            width = delta / slope
        half = math.pi / (2 * width) if alpha is None else alpha * slope
        reach = s_max + margin if cutoff is None else cutoff
        times = -reach + 2 * reach / count * np.arange(count)
        candidates.append((sum(quadrature_bound(s_max, width, half, times)), width, half, reach))
    _, width, half, reach = min(candidates, key=lambda candidate: np.nan_to_num(candidate[0], nan=math.inf))
    return width * slope, half / slope, reach


def _bump_for(s_max: float, tol: float) -> tuple[float, float]:
    """Width of the bump, and how far beyond s_max the thresholds have to reach."""
    # The second term limits the cancellation, Psi(0)/Psi(1) = sinh(pi delta)/(2 delta).
    widest = max(0.25, (math.log(tol / 2.2e-16) - math.log(4)) / math.pi)
    delta = min(math.sqrt((s_max + math.pi / 2) / (2 * math.pi)), widest)
    alpha = math.pi / (2 * delta)
    peak = bump_transform(1.0, delta, alpha)
    margin = delta * math.log(2 * delta * math.sinh(alpha) / (math.sqrt(1 + delta**2) * peak * tol))
    return delta, margin


def _alias_bound(delta: float, alpha: float, h: float) -> float:
    # Psi falls by e^(-2 pi^2 delta/h) from one alias to the next.
    reach = 2 + 40 * h / (2 * math.pi**2 * delta)
    if h >= math.pi or reach > 1e6:
        return math.inf
    m = np.arange(1, math.ceil(reach) + 1)
    aliases = 1 - 2 * math.pi / h * np.concatenate([m, -m])
    peak = abs(bump_transform(1.0, delta, alpha))
    return float(np.abs(bump_transform(aliases, delta, alpha)).sum() / peak) if peak else math.inf
