"""Owen values by least squares over coalitions that are drawn as Shapley's kernel weighs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kousei._lib.errors import check_bool, check_integer
from kousei._lib.progress import bar
from kousei._lib.random import Rng, generator
from kousei.attribution.coalitions import shapley
from kousei.attribution.exact import quotient
from kousei.attribution.game import Flags, Game, Reals
from kousei.attribution.least_squares import constrained_least_squares
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
    whole, for_items, for_features = _plan(n, d, check_integer("budget", budget, _least(n, d)))
    with bar(progress, "coalitions", int(budget)) as advance:
        table = quotient(game, advance) if whole else None
        if table is not None:
            base, value, of_items, item_errors = table[0], table[-1], shapley(table, n), np.zeros(n)
        else:
            base, value = game.ends()
            sets = draw(n, 0, for_items, rng)
            values = game(_whole(sets.players, d), advance) - base
            (of_items,), (item_errors,) = _fit([sets], values[None], np.array([value - base]), rng)
        features, errors = of_items[:, None], item_errors[:, None]
        if d > 1:
            draws = [draw(d, n - 1, for_features, rng) for _ in range(n)]
            responses = [_responses(game, i, draws[i], table, of_items[i], advance) for i in range(n)]
            features, errors = _fit(draws, np.stack(responses), of_items, rng)
            # An item is shared alike among its features where it is off.
            errors = np.hypot(errors, item_errors[:, None] / d)
    return Attribution(features, of_items, errors, item_errors, float(value), float(base), game.evaluations)


def _least(n: int, d: int) -> int:
    """Return the least budget: one pair more than there are unknowns in each fit."""
    fits = (d + 1) * (d > 1)
    return min(max(2**n * 2, 2**n + 2 * n * fits), max(4 * n + 6, 12 * n * fits + 2))


def _plan(n: int, d: int, budget: int) -> tuple[bool, int, int]:
    """Return whether all sets of items are taken, or how many pairs of them; and how many pairs for each item.

    A pair is two values, and four more of sets of items where these are not in a table.
    """
    if budget >= max(2**n * 2, 2**n + 2 * n * (d + 1) * (d > 1)):
        return True, 0, (budget - 2**n) // (2 * n)
    for_items = (budget - 2) // (4 if d > 1 else 2)
    return False, for_items, (budget - 2 - 2 * for_items) // (6 * n)


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


def _fit(draws: list[Draws], responses: Reals, totals: Reals, rng: np.random.Generator) -> tuple[Reals, Reals]:
    """Return the coefficients (problems, players) of least squares, and their errors by the jackknife."""
    x = np.stack([each.players for each in draws]).astype(np.float64)
    weights = np.stack([each.weights for each in draws])
    without = zip(*(each.without(rng) for each in draws), strict=True)
    fitted, *others = (constrained_least_squares(x, responses, w, totals) for w in (weights, *map(np.stack, without)))
    return fitted, jackknife_error(np.array(others))
