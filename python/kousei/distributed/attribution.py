"""Owen values by the workers of a cluster: blocks of coalitions, or items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_bool
from kousei._lib.progress import bar
from kousei.attribution import Attribution
from kousei.attribution.exact import Block, attribution_by, require_tables, values_of
from kousei.attribution.game import Game, Reals
from kousei.distributed.cluster import check_client, in_order, sent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from distributed import Client


def owen_values(
    f: Any,
    items: Any,
    client: Client,
    baseline: Any = None,
    absent: str = "baseline",
    *,
    groups: Any = None,
    progress: bool = False,
) -> Attribution:
    """Attribute the value of a set to its items and to their features by the workers of a Dask cluster.

    Parameters
    ----------
    f, items, baseline, absent, groups
        As those of `kousei.attribution.owen_values`, in host memory.
    client : distributed.Client
        Connected to workers that have the same versions of kousei and Dask, and what `f` needs.
    progress : bool
        Whether a bar is shown, here; the tasks are on Dask's dashboard in any case.

    Returns
    -------
    Attribution
        That of `kousei.attribution.owen_values`, to the last digit.

    Raises
    ------
    TypeError
        If an argument is of another kind, or lies in CUDA memory; if f returns no array; or if f cannot be pickled,
        which names its variable or its activation that cannot.
    ValueError
        As `kousei.attribution.owen_values`; or if the client is not connected, has no workers, is of another version
        than they are, or some have no kousei or another one, which are named.
    MemoryError
        As `kousei.attribution.owen_values`.
    ConnectionError
        If the scheduler is lost meanwhile.

    Notes
    -----
    Tasks are the calls of f that `kousei.attribution.owen_values` makes, of 2^14 coalitions at most: first of whole
    items, then of the features of each item. Their values are added in the same order. Of a `DeepSet` and an
    `AttentionPooling` the table of terms is made once and sent to the workers that ask for it, and each item is a
    task. Nothing depends on the number of workers, nor on which of them are lost.

    A task holds its coalitions, a byte for each feature of each item, sets of at most 16 MiB at a time and what f
    takes for them; or the table, of at most 1 GiB. The scheduler has four tasks for each thread of the workers, and
    two more, at a time.

    Examples
    --------
    >>> import kousei
    >>> from distributed import Client
    >>> with Client(processes=False, n_workers=1, dashboard_address=":0") as client:
    ...     kousei.distributed.owen_values(lambda x, mask: x.sum(axis=(1, 2)) ** 2, [[1, 2], [3, 1]], client).features
    array([[ 7., 14.],
           [21.,  7.]])
    """
    check_bool("progress", progress)
    game = Game(f, items, baseline, absent, groups)
    arrays.require_one_place("items", game.items, "what is sent", np.empty(0), "host memory is accepted")
    require_tables(game)
    check_client(client)
    held = sent(client, "f", f)
    there = client.submit(owen_game, held, game.items, game.baseline, absent, game.groups, pure=False)

    with bar(progress, "coalitions", game.coalitions) as advance:

        def values(blocks: Iterable[Block]) -> Iterator[Reals]:
            for found in in_order(client, owen_coalitions, ((there, *block) for block in blocks)):
                advance(len(found))
                yield found

        def by_tables() -> Reals | None:
            rows = list(in_order(client, owen_item, ((there, item) for item in range(game.n))))
            return None if rows[0] is None else np.concatenate(rows)

        return attribution_by(game, values, by_tables)


def owen_game(f: Any, items: Any, baseline: Any, absent: str, groups: Any) -> Game:
    """Return what a set plays, with a table of its terms where f has one."""
    game = Game(f, items, baseline, absent, groups)
    game.tabulate(game.coalitions)
    return game


def owen_coalitions(game: Game, item: int | None, start: int, stop: int) -> Reals:
    """Return the values of a block of coalitions."""
    return values_of(game, Block(item, start, stop))


def owen_item(game: Game, item: int) -> Reals | None:
    """Return the Owen values (1, features) of an item by a table; None where there is none."""
    return game.tables.owen_values(item, 1) if game.tables else None
