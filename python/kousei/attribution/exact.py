"""Owen values, exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kousei._lib.arrays import require_memory
from kousei._lib.errors import check_bool
from kousei._lib.progress import bar
from kousei.attribution.coalitions import members, order_weights, shapley, without
from kousei.attribution.game import AT_ONCE, Game, Reals
from kousei.attribution.result import Attribution


def owen_values(
    f: Any,
    items: Any,
    baseline: Any = None,
    absent: str = "baseline",
    *,
    groups: Any = None,
    progress: bool = False,
) -> Attribution:
    """Attribute the value of a set to its items and to their features by the Owen value, exactly.

    An item is a union of its features: the value of a feature is its Shapley value in the game that its item plays
    in the mean over orders of the items. Features of an item add up to the Shapley value of the item, and items to
    f(set) - f(baseline).

    Parameters
    ----------
    f : callable, kousei.MLP or SetFunction
        Of x (batch, n, columns) and mask (batch, n), see `SetFunction`.
    items : array (n, columns), or sequence of arrays (columns,)
        The set, of float32 or float64. Lists of numbers are taken as float64 of NumPy.
    baseline : array (columns,), optional
        What stands in the place of what is absent, like `items`; zeros unless given.
    absent : {"baseline", "remove"}
        What becomes of an item of which all features are absent: it is the baseline, or leaves the set, which mask
        tells; f has a value without items then, too.
    groups : sequence of int (columns,), optional
        The feature that each column belongs to, 0, 1, ...; each column is a feature unless given.
    progress : bool
        Whether a bar is shown.

    Returns
    -------
    Attribution
        In host memory, of float64.

    Raises
    ------
    TypeError
        If an argument is not of these kinds, or f returns no array.
    ValueError
        If there is no item or no column, items have different widths, `baseline` or what f returns has another
        shape, or a value of f is not finite: the coalition is named.
    MemoryError
        If a table of 2^n or of n 2^features numbers does not fit.

    Notes
    -----
    G. Owen, "Values of games with a priori unions" (1977). It takes 2^n + n 2^(n-1) (2^features - 2) values of f.

    Examples
    --------
    >>> from kousei.attribution import owen_values
    >>> owen_values(lambda x, mask: x.sum(axis=(1, 2)) ** 2, [[1, 2], [3, 1]]).features
    array([[ 7., 14.],
           [21.,  7.]])
    """
    check_bool("progress", progress)
    game = Game(f, items, baseline, absent, groups)
    n, d = game.n, game.features
    require_memory(2**n, 8, f"a table of the 2^{n} sets of items")
    require_memory(n * 2**d, 8, f"{n} tables of the 2^{d} sets of features")
    count = game.coalitions
    game.tabulate(count)
    with bar(progress, "coalitions", count) as advance:
        table = quotient(game, advance)
        features = game.tables.owen_values() if game.tables else None
        # Values that are not finite are found, and named, where they are looked at one by one.
        if features is None or not np.isfinite(features).all():
            features = shapley(_averages(game, table, advance), d)
    zeros = np.zeros_like(features)
    return Attribution(
        features, shapley(table, n), zeros, zeros[:, 0].copy(), float(table[-1]), float(table[0]), count
    )


def shapley_values(
    f: Any,
    items: Any,
    baseline: Any = None,
    absent: str = "baseline",
    *,
    progress: bool = False,
) -> Attribution:
    """Attribute the value of a set to its items by the Shapley value, exactly.

    As `owen_values` of items with one feature, to which all columns belong: 2^n values of f.

    Parameters
    ----------
    f, items, baseline, absent, progress
        As those of `owen_values`.

    Returns
    -------
    Attribution
        With one feature for each item.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `owen_values`.

    Notes
    -----
    L. S. Shapley, "A value for n-person games" (1953).

    Examples
    --------
    >>> from kousei.attribution import shapley_values
    >>> shapley_values(lambda x, mask: x.sum(axis=(1, 2)) ** 2, [[1, 2], [3, 1]]).items
    array([21., 28.])
    """
    columns = Game(f, items, baseline, absent, None).features
    return owen_values(f, items, baseline, absent, groups=np.zeros(columns, np.int64), progress=progress)


def quotient(game: Game, advance: Callable[[int], Any]) -> Reals:
    """Return the values (2^n,) of all sets of whole items; bit i of an index is item i."""
    values = np.empty(2**game.n)
    for start in range(0, len(values), AT_ONCE):
        codes = np.arange(start, min(start + AT_ONCE, len(values)))
        coalitions = members(codes, game.n)[..., None].repeat(game.features, axis=-1)
        values[codes] = game(coalitions, advance)
    return values


def _averages(game: Game, table: Reals, advance: Callable[[int], Any]) -> Reals:
    """Return the games (n, 2^features) that the items play in the mean over orders of the items.

    Game i has for features T of item i the mean, over the items R that come before i, of the value of R and T.
    """
    n, d = game.n, game.features
    averages = np.zeros((n, 2**d))
    between = 2**d - 2  # T neither empty nor whole
    for i in range(n):
        codes = without(i, n)
        weights = order_weights(n - 1)[np.bitwise_count(codes)]
        averages[i, [0, -1]] = weights @ table[codes], weights @ table[codes | 1 << i]
        for start in range(0, len(codes) * between, AT_ONCE):
            r, t = np.divmod(np.arange(start, min(start + AT_ONCE, len(codes) * between)), between)
            coalitions = members(codes[r], n)[..., None].repeat(d, axis=-1)
            coalitions[:, i] = members(t + 1, d)
            values = weights[r] * game(coalitions, advance)
            averages[i] += np.bincount(t + 1, values, 2**d)
    return averages
