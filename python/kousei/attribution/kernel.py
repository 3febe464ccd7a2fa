"""Owen values by least squares over coalitions that are drawn as Shapley's kernel weighs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kousei._lib.errors import check_bool, check_integer
from kousei._lib.progress import bar
from kousei._lib.random import Rng, generator
from kousei.attribution.coalitions import shapley
from kousei.attribution.exact import here, quotient
from kousei.attribution.game import Game, Reals
from kousei.attribution.least_squares import constrained_least_squares
from kousei.attribution.masks import Flags
from kousei.attribution.result import Attribution
from kousei.attribution.sampling import Draws, draw, jackknife_error, join

#: Draws of which this part is shared alike among the items, before the rest goes where it is needed.
_FIRST = 1 / 3


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
    squares of KernelSHAP with the item for a total. Most draws go to the items whose features are least certain.
    Estimates satisfy the identities of the Owen value.

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
    MemoryError
        If a table of coalitions does not fit.

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
    with bar(progress, "coalitions", min(budget, game.coalitions)) as advance:
        if budget >= in_table:
            table = quotient(n, here(game, advance))
            base, value = float(table[0]), float(table[-1])
            of_items: Reals = shapley(table, n)
            item_errors: Reals = np.zeros(n)
        else:
            table = None
            base, value = game.ends()
            sets = draw(n, 0, (budget - 2) // (4 if d > 1 else 2), rng)
            values = game(_whole(sets.players, d), advance) - base
            of_items, item_errors = _fit(sets, values, value - base, rng)
        features, errors = of_items[:, None].copy(), item_errors[:, None].copy()
        if d > 1:
            pairs = (budget - game.evaluations) // (2 if table is not None else 6)
            features, errors = _features(game, table, of_items, pairs, fewest, rng, advance)
            # Where an item is off, its features are, alike.
            errors = np.hypot(errors, item_errors[:, None] / d)
    return Attribution(features, of_items, errors, item_errors, value, base, game.evaluations)


def _features(
    game: Game,
    table: Reals | None,
    totals: Reals,
    pairs: int,
    fewest: int,
    rng: np.random.Generator,
    advance: Callable[[int], Any],
) -> tuple[Reals, Reals]:
    """Return the values of the features of all items, and their errors, by so many pairs of draws.

    Some are shared alike among the items, and the rest so that an item has as many as its responses spread, by which
    the sum of the squares of the errors is least (J. Neyman, 1934).
    """
    n = game.n
    everything = 2 ** (n - 1) * (2 ** (game.features - 1) - 1)
    first = everything if pairs >= n * everything else max(fewest, int(_FIRST * pairs / n))
    items = [_Item(game, i, table, totals[i], first, rng, advance) for i in range(n)]
    left, spreads = pairs - n * first, np.array([item.spread() for item in items])
    if first < everything and left and spreads.any():
        wanted = np.maximum(pairs * spreads / spreads.sum() - first, 0)
        for item, more in zip(items, (left * wanted / wanted.sum()).astype(int), strict=True):
            if more:
                item.draw(int(more))
    features, errors = zip(*(item.fit() for item in items), strict=True)
    return np.stack(features), np.stack(errors)


def _whole(sets: Flags, features: int) -> Flags:
    """Return sets of items (rows, n) as coalitions of their features."""
    return sets[..., None].repeat(features, axis=-1)


class _Item:
    """The game that the features of one item play in the mean over orders of the items, and draws of it."""

    def __init__(
        self,
        game: Game,
        i: int,
        table: Reals | None,
        total: float,
        pairs: int,
        rng: np.random.Generator,
        advance: Callable[[int], Any],
    ) -> None:
        self._game, self._i, self._table, self._total = game, i, table, total
        self._rng, self._advance = rng, advance
        self._draws = draw(game.features, game.n - 1, pairs, rng)
        self._responses = self._respond(self._draws)

    def draw(self, pairs: int) -> None:
        """Draw so many pairs more."""
        more = draw(self._game.features, self._game.n - 1, pairs, self._rng)
        responses = self._respond(more)
        if more.drawn.any():
            self._draws, self._responses = self._draws.join(more), join(self._responses, responses)
        else:  # All coalitions are there; what was drawn before is some of them.
            self._draws, self._responses = more, responses

    def fit(self) -> tuple[Reals, Reals]:
        """Return the values of the features, and their errors."""
        return _fit(self._draws, self._responses, self._total, self._rng)

    def spread(self) -> float:
        """Return how far responses are from the sums of the features' values, root mean square."""
        (values,) = _solved(self._draws, self._responses, self._total, [self._draws.weights])
        residuals = self._responses - self._draws.players @ values
        return float(np.sqrt(self._draws.weights @ residuals**2))

    def _respond(self, draws: Draws) -> Reals:
        """Return what features T add to the items R before theirs.

        Less |T|/features of by how much the item adds more to R than it does in the mean: that is 0 in the mean, and
        most of what differs from R to R.
        """
        game, i = self._game, self._i
        before = np.insert(draws.others, i, False, axis=1)
        after = before.copy()
        after[:, i] = True
        sets = _whole(before, game.features)
        sets[:, i] = draws.players
        if self._table is None:
            ends = [game(_whole(whole, game.features), self._advance) for whole in (before, after)]
        else:
            ends = [self._table[whole @ (1 << np.arange(game.n))] for whole in (before, after)]
        excess = ends[1] - ends[0] - self._total
        return game(sets, self._advance) - ends[0] - draws.players.mean(axis=1) * excess


def _fit(draws: Draws, responses: Reals, total: float, rng: np.random.Generator) -> tuple[Reals, Reals]:
    """Return the coefficients (players,) of least squares, and their errors by the jackknife."""
    values, *without = _solved(draws, responses, total, [draws.weights, *draws.without(rng)])
    return values, jackknife_error(np.stack(without))


def _solved(draws: Draws, responses: Reals, total: float, weights: list[Reals]) -> Reals:
    """Return the coefficients (len(weights), players) of least squares, with each of the weights of the rows."""
    count = len(weights)
    x = np.broadcast_to(draws.players.astype(np.float64), (count, *draws.players.shape))
    y = np.broadcast_to(responses, (count, len(responses)))
    solved: Reals = constrained_least_squares(x, y, np.stack(weights), np.full(count, total))
    return solved
