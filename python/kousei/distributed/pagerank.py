"""Popularity by what users prefer, of ratings on the workers of a cluster."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._lib import backends
from kousei._lib.errors import check_bool
from kousei.distributed.cluster import check_client, in_order, sent
from kousei.distributed.ratings import BLOCK, Source, open_ratings, read_ratings
from kousei.recommend.coding import NONE_RATED, chosen, code
from kousei.recommend.data import latest, warn_of_contradictions
from kousei.recommend.preference import PreferenceGraph, check_damping, stationary, steps_from

if TYPE_CHECKING:
    import pandas as pd
    from distributed import Client

Array = np.ndarray[Any, Any]


def preference_pagerank(
    ratings: Source, client: Client, damping: float = 0.85, user_norm: bool = False, *, shops: Any = None
) -> pd.Series[float]:
    """Return the popularity of shops by what users prefer, of ratings that lie on the workers of a Dask cluster.

    Parameters
    ----------
    ratings : dask.dataframe.DataFrame, or path of Parquet files
        Columns as `kousei.recommend.ratings_table` takes them; others are not read. A path is that of a file, of a
        folder of files, or a pattern of several, which client and workers can open. Rows are in the order of the
        partitions.
    client : distributed.Client
        Connected to workers that have the same versions of kousei and Dask.
    damping : float
        The probability of following an edge, from 0 to below 1.
    user_norm : bool
        Give each user the weight 1 in all, in place of 1 for each pair of shops rated unalike.
    shops : sequence of ids, optional
        The shops to rank, of a region say, by the ratings of these alone; by default all that have ratings.

    Returns
    -------
    Series of float64
        "popularity" by shop, in the order of `shops`, or of their ids; it sums to 1.

    Raises
    ------
    TypeError
        If an argument is of another kind; if users or shops are neither whole numbers nor texts, or they or times are
        of several kinds.
    ValueError
        If `ratings` is empty, lacks a column or has it twice, or has a rating outside the three grades, or a user,
        shop or time that is missing, with the partition; if `damping` is out of range; if `shops` is empty, has one
        twice or none that is rated; if the client is not connected, has no workers, or is of another version than
        they are, or some have no kousei or another one, which are named.
    ConnectionError
        If the scheduler is lost meanwhile.

    Warns
    -----
    UserWarning
        If ratings of one shop by one user contradict one another; the latest stands, wherever it lies.

    Notes
    -----
    Ratings are brought together by user once (a shuffle of Dask), in as many blocks as there are 2**20 ratings. Of
    each block a worker makes the lists of ratings that `kousei.recommend.PreferenceGraph` has, and keeps them. A step
    of the iteration is one product for each block, and their sum in the order of the blocks. Blocks depend on the
    ratings alone: results do not depend on the number of workers, and are those of one machine to rounding, some
    1e-15 in all.

    A task that reads holds one partition, of Parquet files 32 MiB of it or one row group of more; one that makes
    lists holds a block, which takes some 150 MiB while it is made and 12 MiB afterwards, and some vectors of shops.
    All workers together hold the table once until the blocks are made, and Dask spills to disk what exceeds their
    memory. The client holds the shops and some vectors of them, and never a rating.

    Examples
    --------
    >>> import dask.dataframe as dd
    >>> import pandas as pd
    >>> import kousei
    >>> from distributed import Client
    >>> rows = {"user": [1, 1, 2], "shop": ["inn", "bar", "bar"], "rating": ["Excellent", "Good", "Good"]}
    >>> ratings = dd.from_pandas(pd.DataFrame(rows), npartitions=2)
    >>> with Client(processes=False, n_workers=1, dashboard_address=":0") as client:
    ...     kousei.distributed.preference_pagerank(ratings, client).idxmax()
    'inn'
    """
    table = open_ratings(ratings)
    damping, user_norm = check_damping(damping), check_bool("user_norm", user_norm)
    wanted = None if shops is None else chosen(shops)
    check_client(client)
    read = read_ratings(table, client)
    if wanted is None:
        wanted = read.shops
    held = sent(client, "shops", wanted)
    blocks = read.brought_together("user", math.ceil(read.count / BLOCK), make_graph, held, user_norm)
    del read  # its partitions are blocks now
    outdegree, rated, differ = np.zeros(len(wanted)), 0, 0
    for its, count, pairs in in_order(client, describe_graph, ((block,) for block in blocks)):
        outdegree += its
        rated += count
        differ += pairs
    if not rated:
        raise ValueError(NONE_RATED)
    warn_of_contradictions("ratings", differ)

    def product(z: Array) -> Array:
        to, vector = np.zeros(len(z)), sent(client, "z", z)
        for part in in_order(client, pass_on, ((block, vector) for block in blocks)):
            to += part
        return to

    start = np.full(len(wanted), 1 / len(wanted))
    ranks: np.ndarray[Any, np.dtype[np.float64]] = stationary(start, damping, *steps_from(outdegree), product)
    import pandas as pd

    return pd.Series(ranks, index=wanted.rename("shop"), name="popularity")


def make_graph(frame: pd.DataFrame, shops: pd.Index[Any], user_norm: bool) -> tuple[PreferenceGraph, int, int]:
    """Return the graph of some users, how many of their ratings it has, and how many pairs had several grades."""
    table, users, rated_shops, differ = latest(frame.sort_values("place"))
    rated = code(table, users, rated_shops, shops)
    return PreferenceGraph._of(rated, user_norm), len(rated.shop), differ


def describe_graph(made: tuple[PreferenceGraph, int, int]) -> tuple[Array, int, int]:
    """Return the weights of the edges that leave the shops, and what else `make_graph` says."""
    graph, ratings, differ = made
    return graph.outdegree, ratings, differ


def pass_on(made: tuple[PreferenceGraph, int, int], z: Array) -> Array:
    """Return P^T z of the graph of some users."""
    backend, vector = backends.enter("z", z)
    return made[0]._product(backend, vector)
