"""Owen values by walks in which item after item comes, feature by feature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kousei._lib.arrays import require_memory
from kousei._lib.errors import check_bool, check_integer
from kousei._lib.progress import bar
from kousei._lib.random import Rng, generator
from kousei.attribution.game import AT_ONCE, Game, Reals
from kousei.attribution.result import Attribution


def owen_permutation(
    f: Any,
    items: Any,
    budget: int,
    baseline: Any = None,
    absent: str = "baseline",
    *,
    groups: Any = None,
    rng: Rng = None,
    progress: bool = False,
) -> Attribution:
    """Estimate the Owen values of a set by random walks from nothing to the set.

    Items come in random order, and of each item all features, in random order, before the next item comes; a feature
    is attributed what the value changes by when it comes. Each walk is walked backwards, too. The Owen value is the
    mean over all walks, and each walk satisfies its identities: so do estimates, which are unbiased.

    Parameters
    ----------
    f, items, baseline, absent, groups
        As those of `owen_values`.
    budget : int
        Values of f that may be taken, at least 4 p - 2 for the p = n x features features of the set: two walks and
        their reverses; whole ones are taken, 2 p - 2 values each.
    rng : numpy.random.Generator, int or None
        Source of the orders (SPEC 7).
    progress : bool
        Whether a bar is shown.

    Returns
    -------
    Attribution
        With standard errors, from how walks with their reverses differ; those of a few walks are rough.

    Raises
    ------
    TypeError, ValueError
        As `owen_values`, or if the budget is below the least one.
    MemoryError
        If a table of coalitions does not fit.

    Examples
    --------
    >>> from kousei.attribution import owen_permutation
    >>> estimate = owen_permutation(lambda x, mask: x.prod(axis=(1, 2)), [[1, 2], [3, 1]], 500, rng=0)
    >>> abs(estimate.features - 1.5).max() < 4 * estimate.errors.max()
    np.True_
    """
    check_bool("progress", progress)
    rng = generator(rng)
    game = Game(f, items, baseline, absent, groups)
    players = game.n * game.features
    each = 2 * (players - 1)  # nothing and the set itself are the ends of all walks
    budget = check_integer("budget", budget, 2 + 2 * each)
    pairs = (budget - 2) // each if each else 2
    game.tabulate(budget)
    base, value = game.ends()
    at_once = max(1, AT_ONCE // max(each, 1))
    require_memory(players**2, 4, f"a table of {players}^2 features on a walk")
    with bar(progress, "coalitions", pairs * each) as advance:
        blocks = [
            _walks(game, min(at_once, pairs - start), base, value, rng, advance) for start in range(0, pairs, at_once)
        ]
    walks = np.concatenate(blocks)
    features, items_of_walks = walks.mean(axis=0), walks.sum(axis=2)
    return Attribution(
        features,
        features.sum(axis=1),
        walks.std(axis=0, ddof=1) / np.sqrt(pairs),
        items_of_walks.std(axis=0, ddof=1) / np.sqrt(pairs),
        value,
        base,
        game.evaluations,
    )


def _walks(
    game: Game, pairs: int, base: float, value: float, rng: np.random.Generator, advance: Callable[[int], Any]
) -> Reals:
    """Return what walks attribute to features, in the mean of each and its reverse: (pairs, n, features)."""
    n, d = game.n, game.features
    items = rng.permuted(np.tile(np.arange(n), (pairs, 1)), axis=1)
    within = rng.permuted(np.tile(np.arange(d), (pairs, n, 1)), axis=2)
    rank = items[..., None] * d + within
    # After step t features of rank below t are there; backwards, after as many steps as are left, all others.
    forward = rank[:, None] < np.arange(1, n * d)[:, None, None]
    sets = np.stack([forward, ~forward]).reshape(-1, n, d)
    values = np.empty((2, pairs, n * d + 1))
    values[..., 1:-1] = game(sets, advance).reshape(2, pairs, -1)
    values[..., 0] = [[base], [value]]
    values[..., -1] = [[value], [base]]
    there, back = np.diff(values, axis=2)
    changes = (there - back) / 2
    return np.take_along_axis(changes, rank.reshape(pairs, -1), axis=1).reshape(pairs, n, d)
