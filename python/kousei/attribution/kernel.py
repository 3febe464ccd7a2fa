"""Owen values by least squares over coalitions that are drawn as Shapley's kernel weighs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kousei._lib.errors import check_bool, check_integer
from kousei._lib.progress import bar
from kousei._lib.random import Rng, generator
from kousei.attribution.coalitions import Codes, order_weights, shapley, without
from kousei.attribution.exact import quotient
from kousei.attribution.game import Game, Reals
from kousei.attribution.least_squares import constrained_least_squares
from kousei.attribution.masks import Flags
from kousei.attribution.result import Attribution
from kousei.attribution.sampling import Draws, draw, jackknife_error


def owen_kernel(
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
    """Estimate the Owen values of a set by least squares on two levels.

    First the items: exactly where all sets of items are at most half of the budget, else by KernelSHAP. Then, for
    each item, its features, in the company of items that are drawn as they come before it in random orders: the least
    squares of KernelSHAP with the item for a total. Estimates satisfy the identities of the Owen value.

    Parameters
    ----------
    f, items, baseline, absent, groups
        As those of `owen_values`.
    budget : int
        Values of f that may be taken; the error names the least one. Where it is enough for all of them, the result
        is exact.
    rng : numpy.random.Generator, int or None
        Source of the coalitions (SPEC 7).
    progress : bool
        Whether a bar is shown.

    Returns
    -------
    Attribution
        With standard errors, by the jackknife over ten groups of draws. Estimates by least squares have a bias that
        falls as the reciprocal of the budget.

    Raises
    ------
    TypeError, ValueError
        As `owen_values`, or if the budget is below the least one.

    Notes
    -----
    S. Lundberg and S.-I. Lee, "A unified approach to interpreting model predictions", arXiv:1705.07874, Theorem 2,
    for one level.

    Examples
    --------
    >>> from kousei.attribution import completeness_gap, owen_kernel
    >>> estimate = owen_kernel(lambda x, mask: x.prod(axis=(1, 2)), [[1, 2], [3, 1]], 40, rng=0)
    >>> completeness_gap(estimate) < 1e-14
    True
    """
    check_bool("progress", progress)
    rng = generator(rng)
    game = Game(f, items, baseline, absent, groups)
    n, d = game.n, game.features
    # Of each fit one pair more than there are unknowns; a pair is two values, and four of sets of items.
    fewest = (d + 1) * (d > 1)
    in_table, without_table = max(2 * 2**n, 2**n + 2 * n * fewest), max(4 * n + 6, 12 * n * fewest + 2)
    budget = check_integer("budget", budget, min(in_table, without_table))
    game.tabulate(budget)
    with bar(progress, "coalitions", budget) as advance:
        if budget >= in_table:
            table = quotient(game, advance)
            base, value = float(table[0]), float(table[-1])
            of_items: Reals = shapley(table, n)
            item_errors: Reals = np.zeros(n)
            pairs = _shared((budget - 2**n) // 2, fewest, table, n, d)
        else:
            table = None
            base, value = game.ends()
            sets = draw(n, 0, (budget - 2) // (4 if d > 1 else 2), rng)
            values = game(_whole(sets.players, d), advance) - base
            of_items, item_errors = _fit(sets, values, value - base, rng)
            pairs = np.full(n, (budget - game.evaluations) // (6 * n))
        features, errors = of_items[:, None].copy(), item_errors[:, None].copy()
        if d > 1:
            features, errors = np.empty((n, d)), np.empty((n, d))
            for i in range(n):
                draws = draw(d, n - 1, int(pairs[i]), rng)
                responses = _responses(game, i, draws, table, of_items[i], advance)
                features[i], errors[i] = _fit(draws, responses, of_items[i], rng)
            # Where an item is off, its features are, alike.
            errors = np.hypot(errors, item_errors[:, None] / d)
    return Attribution(features, of_items, errors, item_errors, value, base, game.evaluations)


def _shared(pairs: int, fewest: int, table: Reals, n: int, d: int) -> Codes:
    """Return how many pairs each item has: half of them alike, half in proportion to the root mean square it adds.

    Features of an item that adds little add little, and are as well known by few draws.
    """
    everything = 2 ** (n - 1) * (2 ** (d - 1) - 1)
    if pairs >= n * everything:
        return np.full(n, everything)
    before = [without(i, n) for i in range(n)]
    weights = order_weights(n - 1)[np.bitwise_count(before[0])]  # as many are in the sets of all
    sizes = np.sqrt([weights @ (table[sets | 1 << i] - table[sets]) ** 2 for i, sets in enumerate(before)])
    shares = (1 / n + sizes / sizes.sum()) / 2 if sizes.any() else np.full(n, 1 / n)
    return fewest + ((pairs - n * fewest) * shares).astype(int)


def _whole(sets: Flags, features: int) -> Flags:
    """Return sets of items (rows, n) as coalitions of their features."""
    return sets[..., None].repeat(features, axis=-1)


def _responses(
    game: Game, i: int, draws: Draws, table: Reals | None, of_item: float, advance: Callable[[int], Any]
) -> Reals:
    """Return what features T of item i add to the items R before it.

    Less |T|/features of by how much the item adds more to R than it does in the mean: that is 0 in the mean, and most
    of what differs from R to R.
    """
    before = np.insert(draws.others, i, False, axis=1)
    after = before.copy()
    after[:, i] = True
    sets = _whole(before, game.features)
    sets[:, i] = draws.players
    if table is None:
        ends = game(_whole(before, game.features), advance), game(_whole(after, game.features), advance)
    else:
        ends = table[before @ (1 << np.arange(game.n))], table[after @ (1 << np.arange(game.n))]
    excess = ends[1] - ends[0] - of_item
    return game(sets, advance) - ends[0] - draws.players.mean(axis=1) * excess


def _fit(draws: Draws, responses: Reals, total: float, rng: np.random.Generator) -> tuple[Reals, Reals]:
    """Return the coefficients (players,) of least squares, and their errors by the jackknife."""
    weights = np.stack([draws.weights, *draws.without(rng)])
    x = np.broadcast_to(draws.players.astype(np.float64), (len(weights), *draws.players.shape))
    fits = constrained_least_squares(
        x, np.broadcast_to(responses, weights.shape), weights, np.full(len(weights), total)
    )
    return fits[0], jackknife_error(fits[1:])
