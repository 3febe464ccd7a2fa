"""Owen values, exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeAlias

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
    require_tables(game)
    game.tabulate(game.coalitions)
    tables = game.tables
    with bar(progress, "coalitions", game.coalitions) as advance:
        return attribution_by(game, here(game, advance), lambda: tables.owen_values(0, game.n) if tables else None)


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


class Block(NamedTuple):
    """Coalitions start, ..., stop - 1: of all sets of whole items, or of those with a part of one item."""

    item: int | None
    start: int
    stop: int


#: What returns the values of blocks of coalitions, in their order.
Values: TypeAlias = Callable[[Iterable[Block]], Iterable[Reals]]


def values_of(game: Game, block: Block, advance: Callable[[int], Any] = lambda steps: None) -> Reals:
    """Return the values of the coalitions of a block, and advance a bar by their number."""
    n, d = game.n, game.features
    codes = np.arange(block.start, block.stop)
    if block.item is None:
        return game(members(codes, n)[..., None].repeat(d, axis=-1), advance)
    others, part = np.divmod(codes, 2**d - 2)
    coalitions = members(without(block.item, others), n)[..., None].repeat(d, axis=-1)
    coalitions[:, block.item] = members(part + 1, d)
    return game(coalitions, advance)


def here(game: Game, advance: Callable[[int], Any]) -> Values:
    """Return what takes the values of blocks one after the other."""
    return lambda blocks: (values_of(game, block, advance) for block in blocks)


def require_tables(game: Game) -> None:
    """Raise MemoryError unless the values of all coalitions of a set fit."""
    n, d = game.n, game.features
    require_memory(2**n, 8, f"a table of the 2^{n} sets of items")
    require_memory(n * 2**d, 8, f"{n} tables of the 2^{d} sets of features")


def attribution_by(game: Game, values: Values, by_tables: Callable[[], Reals | None]) -> Attribution:
    """Return the Owen values of a set: those of features by tables where they are finite, else by all values."""
    n = game.n
    table = quotient(n, values)
    features = by_tables()
    # Values that are not finite are found, and named, where they are looked at one by one.
    if features is None or not np.isfinite(features).all():
        features = shapley(_averages(n, game.features, table, values), game.features)
    zeros = np.zeros_like(features)
    items, ends = shapley(table, n), (float(table[-1]), float(table[0]))
    return Attribution(features, items, zeros, zeros[:, 0].copy(), *ends, game.coalitions)


def quotient(n: int, values: Values) -> Reals:
    """Return the values (2^n,) of all sets of whole items; bit i of an index is item i."""
    table, blocks = np.empty(2**n), _blocks(None, 2**n)
    for block, found in zip(blocks, values(blocks), strict=True):
        table[block.start : block.stop] = found
    return table


def _blocks(item: int | None, count: int) -> list[Block]:
    return [Block(item, start, min(start + AT_ONCE, count)) for start in range(0, count, AT_ONCE)]


def _averages(n: int, d: int, table: Reals, values: Values) -> Reals:
    """Return the games (n, 2^features) that the items play in the mean over orders of the items.

    Game i has for features T of item i the mean, over the items R that come before i, of the value of R and T.
    """
    averages = np.zeros((n, 2**d))
    others = np.arange(2 ** (n - 1))
    weights = order_weights(n - 1)[np.bitwise_count(others)]
    for i in range(n):
        codes = without(i, others)
        averages[i, [0, -1]] = weights @ table[codes], weights @ table[codes | 1 << i]
    between = 2**d - 2  # T neither empty nor whole
    blocks = [block for i in range(n) for block in _blocks(i, len(others) * between)]
    for block, found in zip(blocks, values(blocks), strict=True):
        r, t = np.divmod(np.arange(block.start, block.stop), between)
        averages[block.item] += np.bincount(t + 1, weights[r] * found, 2**d)
    return averages
