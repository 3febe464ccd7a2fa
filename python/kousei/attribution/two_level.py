"""Items and features by one regression, so that they agree."""

from __future__ import annotations

from typing import Any

import numpy as np

from kousei._lib.errors import check_bool, check_choice, check_integer, require_positive
from kousei._lib.progress import bar
from kousei._lib.random import Rng, generator
from kousei.attribution.coalitions import members
from kousei.attribution.game import Game, Reals
from kousei.attribution.result import Attribution
from kousei.attribution.sampling import Draws, draw, jackknife_error

#: Width of LIME's kernel of the distance 1 - cos between a coalition and the set.
_WIDTH = 0.25


def consistent_two_level(
    f: Any,
    items: Any,
    budget: int,
    baseline: Any = None,
    absent: str = "baseline",
    *,
    kernel: str = "shapley",
    ridge: float = 1e-4,
    nonnegative: bool = False,
    groups: Any = None,
    rng: Rng = None,
    progress: bool = False,
) -> Attribution:
    """Attribute the value of a set to items and features by two regressions that are solved as one.

    Values, less that without items, are regressed on which items, and on which features, are present, without an
    intercept and under the condition that the features of an item add up to it. Items do not quite add up to the
    value of the set, and where features act together neither level tends to the Owen value.

    Parameters
    ----------
    f, items, baseline, absent, groups
        As those of `owen_values`.
    budget : int
        Values of f that may be taken, at least 18: a quarter of them of sets of items, or all of these, and the rest
        of coalitions of features.
    kernel : {"shapley", "lime"}
        How coalitions are weighed: as Shapley's kernel does, or by exp(-(1 - sqrt(share present))^2 / 0.25^2) of
        coalitions that have each player by the toss of a coin.
    ridge : float
        Penalty on the squares of the coefficients, beside the weighed mean of squares of the residuals.
    nonnegative : bool
        Whether features are at least 0.
    rng : numpy.random.Generator, int or None
        Source of the coalitions (SPEC 7).
    progress : bool
        Whether a bar is shown.

    Returns
    -------
    Attribution
        With standard errors, by the jackknife over ten groups of draws: those around what a large budget gives.

    Raises
    ------
    TypeError, ValueError
        As `owen_values`, or if the budget is below 18, the kernel is none of these or `ridge` not positive, or so
        small that the regression is singular.
    MemoryError
        If a table of coalitions does not fit.

    Notes
    -----
    Reconstructed from the abstract of C2FA (Y. Yoshikawa, M. Kimura, R. Shimizu, Y. Saito, arXiv:2405.14522), which
    solves the two regressions by the alternating direction method of multipliers; here their normal equations are
    solved at once. Kernels and penalty are our choice.

    Examples
    --------
    >>> from kousei.attribution import consistency_gap, consistent_two_level
    >>> fitted = consistent_two_level(lambda x, mask: x.sum(axis=(1, 2)), [[1, 2], [3, 1]], 100, ridge=1e-9, rng=0)
    >>> fitted.features.round(6)
    array([[1., 2.],
           [3., 1.]])
    >>> consistency_gap(fitted)
    0.0
    """
    check_bool("progress", progress)
    check_bool("nonnegative", nonnegative)
    check_choice("kernel", kernel, "shapley", "lime")
    require_positive(ridge=ridge)
    rng = generator(rng)
    game = Game(f, items, baseline, absent, groups)
    n, d = game.n, game.features
    left = check_integer("budget", budget, 18) - 2
    game.tabulate(left)
    upper = _draw(n, left // 4, kernel, rng)
    lower = _draw(n * d, left - len(upper.players), kernel, rng)
    with bar(progress, "coalitions", len(upper.players) + len(lower.players)) as advance:
        base, value = game.ends()
        of_upper = game(upper.players[..., None].repeat(d, axis=-1), advance)
        of_lower = game(lower.players.reshape(-1, n, d), advance)
    # One regression in the features: an item is in the upper rows what its features add up to.
    x = np.concatenate([upper.players.repeat(d, axis=1), lower.players]).astype(np.float64)
    y = np.concatenate([of_upper, of_lower]) - base
    penalty = ridge * (np.eye(n * d) + np.kron(np.eye(n), np.ones((d, d))))

    def fit(*weights: Reals) -> Reals:
        weighted = x * np.concatenate([w / w.sum() for w in weights])[:, None]
        solve = _at_least_0 if nonnegative else np.linalg.solve
        try:
            return solve(weighted.T @ x + penalty, weighted.T @ y).reshape(n, d)
        except np.linalg.LinAlgError:
            raise ValueError(
                f"ridge was {ridge}, by which {len(x)} coalitions do not tell {n * d} features apart; a larger one, "
                "or a larger budget, is accepted"
            ) from None

    features = fit(upper.weights, lower.weights)
    without = np.array([fit(*each) for each in zip(upper.without(rng), lower.without(rng), strict=True)])
    return Attribution(
        features,
        features.sum(axis=1),
        jackknife_error(without),
        jackknife_error(without.sum(axis=2)),
        value,
        base,
        game.evaluations,
    )


def _draw(players: int, count: int, kernel: str, rng: np.random.Generator) -> Draws:
    """Return at most so many coalitions, all of them if these are no more."""
    if players == 1:  # which has one coalition, and for Shapley's kernel no weight
        return Draws(np.ones((1, 1), bool), np.zeros((1, 0), bool), np.ones(1), np.zeros(1, bool))
    if kernel == "shapley":
        return draw(players, 0, count // 2, rng)
    if 2**players <= count:
        sets = members(np.arange(2**players), players)
    else:
        sets = rng.random((count // 2, players)) < 0.5
        sets = np.concatenate([sets, ~sets])
    weights = np.exp(-(((1 - np.sqrt(sets.mean(axis=1))) / _WIDTH) ** 2))
    return Draws(sets, np.zeros((len(sets), 0), bool), weights, np.full(len(sets), 2**players > count))


def _at_least_0(form: Reals, right: Reals) -> Reals:
    """Return the b >= 0 that minimises b . form b / 2 - right . b."""
    from scipy.linalg import solve_triangular
    from scipy.optimize import nnls

    root = np.linalg.cholesky(form)
    return nnls(root.T, solve_triangular(root, right, lower=True))[0]
