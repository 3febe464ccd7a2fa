"""Choice of the bump and its thresholds, and the bound on what H leaves of e^(is)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import require_positive, require_real_number
from kousei.activation import Activation
from kousei.funahashi.bump import bounded, bump_transform, spacing_of

_TOLERANCES = np.logspace(-1, -15, 57)
_WIDTHS = np.geomspace(0.2, 12, 60)
#: Beyond it a network has no practical use.
_MOST_THRESHOLDS = 10**6
#: tanh(u) = 2 logistic(2 u) - 1: the same bump at half the width.
_SLOPES = {"logistic": 1.0, "tanh": 2.0}
#: phi'^(w) falls at least as e^(-rate w).
_DECAY_RATES = {"logistic": math.pi, "tanh": math.pi / 2, "erf": 1.0, "arctan": 1.0}


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


def choose_parameters(s_max: float, tol: float, activation: Activation | str = "logistic") -> BumpParameters:
    """Parameters for which H is within `tol` of e^(is) for |s| <= s_max.

    Parameters
    ----------
    s_max : float
        Largest |w . (x - center)|; positive.
    tol : float
        Tolerance, at least 1e-15 and below 1.
    activation : {"logistic", "tanh", "erf", "arctan"} or Activation
        Of the hidden units.

    Returns
    -------
    BumpParameters
        `delta`, `alpha` with alpha delta = pi/2; `p`, thresholds per half period; `k0`, the starting point for `k`;
        `bound` <= tol, see `quadrature_bound`. For logistic and tanh by a formula; for others the fewest units, with
        equal ones merged, over a range of widths.

    Raises
    ------
    ValueError
        If an argument is out of range, or `tol` cannot be reached: rounding drowns it, or more than 10^6 thresholds
        would be needed.

    Examples
    --------
    >>> import math
    >>> from kousei.funahashi import choose_parameters
    >>> rule = choose_parameters(math.pi, 1e-6)
    >>> rule.p, rule.k, len(rule.thresholds)
    (4, 22, 45)
    >>> len(choose_parameters(math.pi, 1e-6, "erf").thresholds)
    19
    """
    require_positive(s_max=s_max)
    phi = bounded(activation)
    require_real_number("tol", tol)
    if not 1e-15 <= tol < 1:
        raise ValueError(f"tol was {tol}; at least 1e-15 and below 1 is accepted")
    if phi.name in _SLOPES:
        found = _by_rule(s_max, tol, phi)
    else:
        found = min(_by_width(s_max, tol, phi), key=lambda of: 2 * of.k + of.p, default=None)
    return _required(found, s_max, tol, phi)


def smallest_parameters(reach: np.ndarray[Any, Any], tol: float, phi: Activation) -> BumpParameters:
    """Return parameters of H for frequencies with |s| up to these, for which they take the fewest units in all."""
    s_max = float(reach.max())

    def about(of: BumpParameters) -> float:
        # As far beyond its own |s| as the largest needs.
        return float((2 * (of.k - np.floor((s_max - reach) * of.p / math.pi)) + of.p).sum())

    def units(of: BumpParameters) -> int:
        return int((np.diff(bumps_for(reach, tol, of, phi)) + of.p).sum())

    candidates = list(_by_width(s_max, tol, phi))
    rule = _by_rule(s_max, tol, phi) if phi.name in _SLOPES else None
    best = sorted([*candidates, rule] if rule else candidates, key=about)[:8]
    return _required(min(best, key=units, default=None), s_max, tol, phi)


def bumps_for(reach: np.ndarray[Any, Any], tol: float, rule: BumpParameters, phi: Activation) -> np.ndarray[Any, Any]:
    """Return the bumps each frequency needs, (n, 2), for which H is within `tol` of e^(is) up to its reach."""
    h = math.pi / rule.p
    room = tol - alias_bound(rule.delta, rule.alpha, h, phi)
    # The least distance of the first missing threshold for which the ends cost no more than the room.
    near, far = 0.0, h * (rule.k + 1)
    for _ in range(50):
        middle = (near + far) / 2
        costs = 2 * float(edge_bounds(np.array(middle), rule.delta, rule.alpha, h, phi))
        near, far = (near, middle) if costs <= room else (middle, far)
    k = np.clip(np.ceil((reach + far) / h - 1 + 1e-9).astype(np.int64), (rule.p + 1) // 2, rule.k)
    return np.stack([rule.k - k, rule.k + k + 1], axis=-1)


def _required(found: BumpParameters | None, s_max: float, tol: float, phi: Activation) -> BumpParameters:
    if found is None:
        raise ValueError(
            f"tol was {tol} for s_max = {s_max:.6g}: with {phi.name!r} it takes more than {_MOST_THRESHOLDS} "
            "thresholds or drowns in rounding; a larger one is accepted"
        )
    return found


def _by_rule(s_max: float, tol: float, phi: Activation) -> BumpParameters | None:
    """Return the parameters of the rule for logistic and tanh units."""
    slope = _SLOPES[phi.name]
    delta, margin = _bump_for(s_max, tol)
    alpha = math.pi / (2 * delta)
    p = math.ceil(1 + math.log(1 / tol) / (2 * math.pi * delta))
    while alias_bound(delta * slope, alpha / slope, math.pi / p, phi) > tol:
        p += 1
    k0 = math.ceil((s_max + margin) * p / math.pi)
    return _with_fewest_thresholds(s_max, tol, delta * slope, alpha / slope, p, k0, phi)


def _by_width(s_max: float, tol: float, phi: Activation) -> Iterator[BumpParameters]:
    """Yield parameters with the fewest thresholds for bumps of a range of widths."""
    for width in _WIDTHS:
        candidate = _candidate(s_max, tol, float(width), phi)
        if candidate:
            yield candidate


def quadrature_bound(
    s_max: float, delta: float, alpha: float, thresholds: Any, activation: Activation | str = "logistic"
) -> tuple[float, float]:
    """Bound on |H(s) - e^(is)| for |s| <= s_max, in two parts.

    Proven for the built-in activations. For one's own the limits of phi are taken from its values far out.

    Parameters
    ----------
    s_max, delta, alpha : float
        Range of s and parameters of the bump.
    thresholds : array_like (n,)
        Equally spaced, reaching beyond s_max on both sides.
    activation : {"logistic", "tanh", "erf", "arctan"} or Activation
        Of the hidden units.

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
    phi = bounded(activation)
    times = arrays.real_numbers("thresholds", thresholds)
    h = spacing_of(times)
    beyond = np.array([times[-1] + h - s_max, h - times[0] - s_max])
    return alias_bound(delta, alpha, h, phi), sum(edge_bounds(beyond, delta, alpha, h, phi).tolist())


def edge_bounds(
    beyond: np.ndarray[Any, Any], delta: float, alpha: float, h: float, activation: Activation
) -> np.ndarray[Any, Any]:
    """Bound on the bumps that are missing at one end of the thresholds, the first of them this far beyond |s|."""
    peak = np.float64(_peak(delta, alpha, activation))
    with np.errstate(all="ignore"):
        if activation.name in _SLOPES:
            slope = _SLOPES[activation.name]
            width, half, away = delta / slope, alpha * slope, beyond * slope / delta
            # sinh(alpha) e^(-beyond), where either alone could overflow; the bump of tanh is twice as high.
            tails = slope * (np.exp(half - away) - np.exp(-half - away)) / 2
            bound = 2 * h * tails / peak / -math.expm1(-h / width)
        else:
            # Every point lies in at most this many of the intervals on which phi rises by a missing bump.
            layers = math.ceil(2 * alpha * delta / h - 1e-9)
            bound = h * layers * _tail(activation, beyond / delta - alpha) / peak
    result: np.ndarray[Any, Any] = np.nan_to_num(bound, nan=math.inf)
    return result


def fill_parameters(
    s_max: float,
    count: int,
    delta: float | None,
    alpha: float | None,
    cutoff: float | None,
    activation: Activation,
) -> tuple[float, float, float]:
    """Return delta, alpha and cutoff for `count` thresholds, those that are None by the rule.

    Of the bumps that `choose_parameters` would take for tolerances from 1e-1 to 1e-15, or for other activations of a
    range of widths and spacings, the one whose bound for this number of thresholds is smallest.
    """
    given = {"delta": delta, "alpha": alpha, "cutoff": cutoff}
    require_positive(**{name: value for name, value in given.items() if value is not None})
    if delta is None and alpha is not None:
        delta = math.pi / (2 * alpha)
    if delta is not None and cutoff is not None:
        return delta, math.pi / (2 * delta) if alpha is None else alpha, cutoff
    shapes: list[tuple[float, float]] = []
    if activation.name in _SLOPES:
        for tol in _TOLERANCES:
            width, margin = _bump_for(s_max, float(tol))
            shapes.append((width * _SLOPES[activation.name], s_max + margin))
    else:
        spacings = np.linspace(math.pi / 12, 0.95 * math.pi, 40)
        shapes = [(float(width), float(h * count / 2)) for width in _WIDTHS for h in spacings]
    best = math.inf, delta or shapes[0][0], cutoff or shapes[0][1]
    for width, reach in shapes:
        width, reach = width if delta is None else delta, reach if cutoff is None else cutoff
        half = math.pi / (2 * width) if alpha is None else alpha
        h = 2 * reach / count
        beyond = np.array([reach - s_max, h + reach - s_max])
        bound = alias_bound(width, half, h, activation)
        if bound < best[0]:
            bound += float(edge_bounds(beyond, width, half, h, activation).sum())
            # The rounding of what cancels.
            bound += 1e-16 * _cancellation(width, half, activation)
        if bound < best[0]:
            best = bound, width, reach
    _, width, reach = best
    return width, math.pi / (2 * width) if alpha is None else alpha, reach


def _candidate(s_max: float, tol: float, delta: float, activation: Activation) -> BumpParameters | None:
    """Return the fewest thresholds for a width; None where rounding drowns the tolerance."""
    alpha = math.pi / (2 * delta)
    if _cancellation(delta, alpha, activation) * 4 * 2.2e-16 > tol:
        return None
    found = None
    for p in range(2, 40):
        if alias_bound(delta, alpha, math.pi / p, activation) > tol * 0.9:
            continue
        candidate = _with_fewest_thresholds(s_max, tol, delta, alpha, p, math.ceil(s_max * p / math.pi), activation)
        if found and (candidate is None or 2 * candidate.k + p >= 2 * found.k + found.p):
            break
        found = candidate
    return found


def _with_fewest_thresholds(
    s_max: float, tol: float, delta: float, alpha: float, p: int, k0: int, activation: Activation
) -> BumpParameters | None:
    """Return the parameters with the first k >= k0 for which the bound is at most `tol`."""
    h = math.pi / p
    alias = alias_bound(delta, alpha, h, activation)

    def bound(k: int) -> float:
        return alias + 2 * float(edge_bounds(np.array(h * (k + 1) - s_max), delta, alpha, h, activation))

    low, high, step = k0 - 1, k0, 1
    while bound(high) > tol:
        low, high, step = high, high + step, 2 * step
        if high > _MOST_THRESHOLDS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if bound(middle) <= tol else (middle, high)
    return BumpParameters(delta, alpha, p, k0, high, bound(high))


def _bump_for(s_max: float, tol: float) -> tuple[float, float]:
    """Width of the bump of logistic units, and how far beyond s_max the thresholds have to reach."""
    # The second term limits the cancellation, Psi(0)/Psi(1) = sinh(pi delta)/(2 delta).
    widest = max(0.25, (math.log(tol / 2.2e-16) - math.log(4)) / math.pi)
    delta = min(math.sqrt((s_max + math.pi / 2) / (2 * math.pi)), widest)
    alpha = math.pi / (2 * delta)
    peak = bump_transform(1.0, delta, alpha)
    margin = delta * math.log(2 * delta * math.sinh(alpha) / (math.sqrt(1 + delta**2) * peak * tol))
    return delta, margin


@lru_cache(maxsize=256)
def _peak(delta: float, alpha: float, activation: Activation) -> float:
    """Return |Psi(1)|, for which every number of thresholds asks again."""
    return abs(float(bump_transform(1.0, delta, alpha, activation)))


def _cancellation(delta: float, alpha: float, activation: Activation) -> float:
    peak = _peak(delta, alpha, activation)
    return abs(bump_transform(0.0, delta, alpha, activation)) / peak if peak else math.inf


def alias_bound(delta: float, alpha: float, h: float, activation: Activation) -> float:
    """Sum over m != 0 of |Psi(1 - 2 pi m/h)|/|Psi(1)|."""
    rate = _DECAY_RATES.get(activation.name, 0.5)
    reach = 2 + 40 * h / (2 * math.pi * rate * delta)
    if h >= math.pi or reach > 1e6:
        return math.inf
    m = np.arange(1, math.ceil(reach) + 1)
    aliases = 1 - 2 * math.pi / h * np.concatenate([m, -m])
    peak = _peak(delta, alpha, activation)
    return float(np.abs(bump_transform(aliases, delta, alpha, activation)).sum() / peak) if peak else math.inf


def _tail(activation: Activation, v: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return what phi still rises from v to infinity, or falls from -v to -infinity, whichever is more."""
    if activation.name == "erf":
        import scipy.special

        result: np.ndarray[Any, Any] = scipy.special.erfc(v)
    elif activation.name == "arctan":
        result = np.arctan2(1.0, v)
    else:
        with np.errstate(all="ignore"):
            low, high = activation(np.array([-1e8, 1e8]))
        ends = np.maximum(high - activation(np.asarray(v)), activation(np.asarray(-v)) - low)
        result = ends + 2.2e-16 * (high - low)
    return result
