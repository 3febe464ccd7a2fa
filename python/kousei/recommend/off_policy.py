"""What a policy would have earned, from what another one logged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kousei._lib.arrays import finite_numbers, require_shape
from kousei._lib.errors import check_choice, finite_number
from kousei.recommend.clicks import Array, whole_numbers


@dataclass(frozen=True)
class OffPolicyEstimate:
    """The value of a policy, estimated from the log of another one.

    Attributes
    ----------
    value : float
        Mean reward of a round.
    error : float
        Its standard error.
    interval : (float, float)
        Of the confidence that was asked for, by the normal distribution.
    effective_sample_size : float
        (sum w)^2 / sum w^2 of the weights w = target / propensity: as many rounds of the policy itself tell as much.
    largest_weight : float
    """

    value: float
    error: float
    interval: tuple[float, float]
    effective_sample_size: float
    largest_weight: float


def off_policy(
    rewards: Any,
    actions: Any,
    propensities: Any,
    target: Any,
    *,
    method: str = "dr",
    predicted: Any = None,
    counts: Any = None,
    confidence: float = 0.95,
) -> OffPolicyEstimate:
    """Estimate the mean reward of a policy from rounds in which another one chose the actions.

    Parameters
    ----------
    rewards : array_like (n,)
    actions : array_like (n,) of int
        What was chosen, from 0 on.
    propensities : array_like (n,)
        Probabilities with which the logging policy chose these actions; above 0, up to 1.
    target : array_like (n, actions)
        Probabilities with which the policy in question chooses each action; the rows sum to 1.
    method : {"ips", "snips", "dm", "dr"}
        Inverse propensity scores; the same, divided by the mean of the weights; the direct method, the mean of the
        predicted rewards; and the doubly robust one, which adds what the predictions missed, weighted.
    predicted : array_like (n, actions), optional
        Rewards that a model predicts, for "dm" and "dr" alone. Of a round that the model was fitted to they are too
        good; predict each half by a model of the other.
    counts : array_like (n,) of int, optional
        How many rounds each row stands for, 0 of what was not shown; without it one. All rounds of a row have its
        reward: clicks are one row, and impressions without a click another.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    OffPolicyEstimate

    Raises
    ------
    TypeError, ValueError
        If arrays are not finite numbers of shapes that fit, there are fewer than two rounds, an action is out of
        range, probabilities are none, a propensity is 0 (of what was never shown a log says nothing), or numbers are
        so large that variances overflow.

    Notes
    -----
    With the weights w = target/propensity, the predicted reward q of the action and v = sum_a target_a q_a,

    - "ips" is mean w r, which has no bias, and the larger variance the larger the weights;
    - "snips" is mean w r / mean w, with a bias of order 1/n;
    - "dm" is mean v, with all the bias of the model, of which its interval knows nothing;
    - "dr" is mean v + w (r - q), without bias, whatever the model (M. Dudik, J. Langford and L. Li, "Doubly robust
      policy evaluation and learning", arXiv:1103.4601).

    None of them is unbiased where the policy chooses what the logging policy never does: its actions have no rows.
    Errors are those of means of independent rounds; of "snips" to the first order. With few clicks under large
    weights intervals are too short: look at the effective sample size.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.recommend import off_policy
    >>> rng = np.random.default_rng(0)
    >>> actions = rng.integers(0, 2, 10_000)
    >>> rewards = rng.random(10_000) < np.array([0.2, 0.6])[actions]
    >>> estimate = off_policy(rewards, actions, np.full(10_000, 0.5), np.full((10_000, 2), [0.1, 0.9]), method="ips")
    >>> round(estimate.value, 2), round(estimate.effective_sample_size)
    (0.56, 6096)
    """
    from scipy.special import ndtri

    check_choice("method", method, "ips", "snips", "dm", "dr")
    level = finite_number("confidence", confidence)
    if not 0 < level < 1:
        raise ValueError(f"confidence was {confidence}; a number between 0 and 1 is accepted")
    r = finite_numbers("rewards", rewards, "biuf")
    n = len(r) if r.ndim == 1 else 0
    if n == 0:
        raise ValueError(f"rewards has shape {r.shape}; (n,), with one round or more, is accepted")
    pi = _probabilities("target", target)
    if pi.ndim != 2 or len(pi) != n or pi.shape[1] == 0:
        raise ValueError(f"target has shape {pi.shape}; ({n}, actions) is accepted")
    if np.abs(pi.sum(axis=1) - 1).max() > 1e-6:
        raise ValueError("target has rows that do not sum to 1; probabilities are accepted")
    chosen = whole_numbers("actions", actions, 0, pi.shape[1] - 1).astype(np.int64)
    p = _probabilities("propensities", propensities)
    times = np.ones(n) if counts is None else whole_numbers("counts", counts)
    for name, each in (("actions", chosen), ("propensities", p), ("counts", times)):
        require_shape(name, each, (n,))
    impossible = np.flatnonzero((p == 0) & (times > 0))
    if impossible.size:
        raise ValueError(
            f"propensities has 0 in row {impossible[0]}; numbers above 0, up to 1, are accepted: what was shown had "
            "a chance"
        )
    rounds = times.sum()
    if rounds < 2:
        raise ValueError(f"there are {rounds:.0f} rounds; two or more are accepted")
    if (predicted is None) != (method in ("ips", "snips")):
        raise ValueError(
            f"predicted was {'missing' if predicted is None else 'given'} with method={method!r}; "
            "it is accepted with 'dm' and 'dr', and needed there"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        w = np.where(times > 0, pi[np.arange(n), chosen], 0) / np.where(times > 0, p, 1)
        largest = float(w.max())
        share = w / (largest or 1.0)  # whose squares neither overflow nor vanish
        size = (times @ share) ** 2 / (times @ share**2) if largest else 0.0
        overflows = not np.isfinite(times @ w**2)
    if overflows:
        raise ValueError("propensities are so small that weights overflow; larger ones are accepted")

    if method == "snips" and not times @ w:
        raise ValueError("target gives all logged actions the probability 0; 'snips' divides by it")
    with np.errstate(over="ignore", invalid="ignore"):
        if predicted is None:
            terms = w * r
        else:
            q = finite_numbers("predicted", predicted)
            require_shape("predicted", q, pi.shape)
            terms = (pi * q).sum(axis=1)
            if method == "dr":
                terms += w * (r - q[np.arange(n), chosen])
        value = times @ terms / rounds
        if method == "snips":
            scale = times @ w / rounds
            value /= scale
            terms = value + w * (r - value) / scale
        error = float(np.sqrt(times @ (terms - value) ** 2 / (rounds - 1) / rounds))
    if not np.isfinite(error):
        raise ValueError("rewards or predicted are so large that their variance overflows; smaller ones are accepted")
    half = float(ndtri((1 + level) / 2)) * error
    return OffPolicyEstimate(float(value), error, (float(value - half), float(value + half)), float(size), largest)


def _probabilities(name: str, values: Any) -> Array:
    array = finite_numbers(name, values)
    if ((array < 0) | (array > 1)).any():
        raise ValueError(f"{name} has values outside of [0, 1]; probabilities are accepted")
    return array
