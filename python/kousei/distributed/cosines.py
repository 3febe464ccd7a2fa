"""Rows that point the same way, of a sparse matrix or of ratings on the workers of a cluster: block by block."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_integer
from kousei.distributed.cluster import check_client, in_order, sent
from kousei.distributed.ratings import BLOCK, Ratings, Source, open_ratings, read_ratings
from kousei.recommend.coding import STARS, code
from kousei.recommend.data import latest, warn_of_contradictions
from kousei.recommend.neighbours import checked_rows, top_cosines

if TYPE_CHECKING:
    import pandas as pd
    from distributed import Client, Future

Array = np.ndarray[Any, Any]


def cosine_topk(matrix: Any | Source, client: Client, k: int) -> tuple[Array, Array] | pd.DataFrame:
    """Return for each row of a sparse matrix, or for each shop of ratings, the k others of the largest cosine.

    Parameters
    ----------
    matrix : sparse matrix or array (rows, columns) of SciPy, dask.dataframe.DataFrame, or path of Parquet files
        Of float32 or float64, or ratings as `kousei.distributed.preference_pagerank` takes them: rows are shops, in
        the order of their ids, and columns users, with 5 for "Excellent", 4 for "Good" and 3 for "Average".
    client : distributed.Client
        Connected to workers that have the same versions of kousei and Dask.
    k : int
        At least 1.

    Returns
    -------
    (indices, cosines) of arrays (rows, k), or DataFrame
        For a matrix what `kousei.recommend.cosine_topk` returns, to the last bit. For ratings a table of pairs with
        columns "shop", "other" and "cosine": by shop, in the order of the ids, and from the largest cosine on, of
        equal ones the smaller id first. A shop has fewer than k where fewer cosines are positive.

    Raises
    ------
    TypeError
        If `matrix` is neither sparse nor ratings, or of another dtype, or `k` is no integer; for ratings as
        `kousei.distributed.preference_pagerank`.
    ValueError
        If `matrix` has other than two axes, entries that are out of range or numbers that are not finite, or `k` is
        below 1; for ratings, and for the client, as `kousei.distributed.preference_pagerank`.
    SizeError
        If there are 2**31 rows or columns or more.
    ConnectionError
        If the scheduler is lost meanwhile.

    Warns
    -----
    UserWarning
        If ratings of one shop by one user contradict one another; the latest stands, wherever it lies.

    Notes
    -----
    Rows are split into blocks of some 2**20 entries and neighbours in all; one task takes two blocks and finds for
    each row of both the best of the other block. Lists are merged in the process of the client, which holds
    the result and those of four tasks for each thread of the workers, and two more. Products are added up in the
    order of the columns, as on one machine, and users of ratings are in the order of their ids: results are the same
    bits for any number of workers.

    A task of float64 holds two blocks, their transpose and the neighbours, some 150 MiB if no row is longer than a
    block. Blocks of a matrix lie with the scheduler once; those of ratings are made on the workers by a shuffle of
    Dask, and take as much as for `kousei.distributed.preference_pagerank`. No process but the workers has a rating.

    Examples
    --------
    >>> import scipy.sparse
    >>> import kousei
    >>> from distributed import Client
    >>> matrix = scipy.sparse.csr_array([[1.0, 0, 1], [1, 0, 1], [0, 2, 0]])
    >>> with Client(processes=False, n_workers=1, dashboard_address=":0") as client:
    ...     indices, cosines = kousei.distributed.cosine_topk(matrix, client, 1)
    >>> print(indices.ravel(), cosines.ravel())
    [ 1  0 -1] [1. 1. 0.]
    """
    if not arrays.is_sparse(matrix):
        table, k = open_ratings(matrix, "matrix", "a sparse matrix of SciPy, "), check_integer("k", k, 1)
        check_client(client)
        return _of_ratings(read_ratings(table, client), client, k)
    rows, k = checked_rows(matrix, k)
    if not isinstance(rows.data, np.ndarray):
        raise TypeError("matrix lies in CUDA memory; one of SciPy is accepted")
    check_client(client)
    places = list(_cuts(rows, k))
    blocks = [sent(client, "matrix", _Rows(place, None, rows[place[0] : place[-1] + 1])) for place in places]
    return _top(blocks, places, client, k, rows.dtype)


def _cuts(rows: Any, k: int) -> Iterator[Array]:
    """Yield the rows of each block."""
    sizes = (rows.indptr + k * np.arange(rows.shape[0] + 1, dtype=np.int64)) / BLOCK
    last = np.searchsorted(sizes, np.arange(1, sizes[-1]))
    return (each for each in np.split(np.arange(rows.shape[0], dtype=np.int32), last) if len(each))


def _of_ratings(ratings: Ratings, client: Client, k: int) -> pd.DataFrame:
    import pandas as pd

    index = ratings.shops
    arrays.require_memory(len(index) * k, 12, "the neighbours of all shops")
    count = math.ceil((ratings.count + k * len(index)) / BLOCK)
    made = ratings.brought_together("shop", count, make_rows, sent(client, "shops", index))
    del ratings  # its partitions are blocks now
    blocks, places, differ = [], [], 0
    for block, (place, pairs) in zip(
        made, in_order(client, describe_rows, ((block,) for block in made)), strict=True
    ):
        differ += pairs
        if len(place):
            blocks.append(block)
            places.append(place)
    warn_of_contradictions("ratings", differ)
    indices, cosines = _top(blocks, places, client, k, np.dtype(np.float64))
    there = indices >= 0
    shop, other = index[np.nonzero(there)[0]], index[indices[there]]
    return pd.DataFrame({"shop": shop, "other": other, "cosine": cosines[there]})


@dataclass(frozen=True)
class _Rows:
    """Some rows of a matrix by their places in it, in CSR, and their columns by id where blocks have others."""

    places: Array
    columns: pd.Index[Any] | None
    matrix: Any
    differ: int = 0


def make_rows(frame: pd.DataFrame, shops: pd.Index[Any]) -> _Rows:
    """Return the ratings of some of the shops as rows, with users in the order of their ids."""
    from scipy.sparse import csr_array

    table, users, rated_shops, differ = latest(frame.sort_values("place"))
    rated = code(table, users, rated_shops, shops)
    columns = rated.users.sort_values()
    places, row = np.unique(rated.shop, return_inverse=True)
    column = columns.get_indexer(rated.users)[rated.user]
    matrix = csr_array((STARS[rated.grade], (row, column)), shape=(len(places), len(columns)))
    matrix.sort_indices()
    return _Rows(places, columns, matrix, differ)


def describe_rows(rows: _Rows) -> tuple[Array, int]:
    """Return the places of rows, and how many pairs of user and shop had several grades."""
    return rows.places, rows.differ


def compare_rows(one: _Rows, other: _Rows | None, k: int) -> list[tuple[Array, Array]]:
    """Return the k largest cosines of the rows of a block with one another, or with the rows of another, and its."""
    from scipy.sparse import vstack

    if other is None:
        indices, cosines = top_cosines(one.matrix, k)
        return [(_placed(indices, one.places), cosines)]
    both, first = vstack(_of_same_columns(one, other), format="csr"), len(one.places)
    both.has_canonical_format = True
    indices, cosines = top_cosines(both, k, first)
    return [
        (_placed(indices[:first] - np.int32(first), other.places), cosines[:first]),
        (_placed(indices[first:], one.places), cosines[first:]),
    ]


def _of_same_columns(one: _Rows, other: _Rows) -> list[Any]:
    """Return the rows of two blocks as matrices of one width, whose columns are in the order of their ids."""
    from scipy.sparse import csr_array

    if one.columns is None or other.columns is None:
        return [one.matrix, other.matrix]
    columns, same = one.columns.union(other.columns), []
    for matrix, its in ((one.matrix, one.columns), (other.matrix, other.columns)):
        place = columns.get_indexer(its).astype(matrix.indices.dtype)
        shape = matrix.shape[0], len(columns)
        same.append(csr_array((matrix.data, place[matrix.indices], matrix.indptr), shape=shape))
    return same


def _placed(indices: Array, places: Array) -> Array:
    """Return the places of rows of a block, and -1 for what is below 0."""
    return np.where(indices >= 0, places[np.maximum(indices, 0)], np.int32(-1))


def _top(
    blocks: Sequence[Future[Any]], places: Sequence[Array], client: Client, k: int, dtype: np.dtype[Any]
) -> tuple[Array, Array]:
    """Return the k largest cosines of all rows from those of all pairs of blocks."""
    count = sum(map(len, places))
    indices, cosines = np.full((count, k), -1, np.int32), np.zeros((count, k), dtype)
    pairs = [(i, j) for j in range(len(blocks)) for i in range(j + 1)]
    calls = ((blocks[i], None if i == j else blocks[j], k) for i, j in pairs)
    for (i, j), found in zip(pairs, in_order(client, compare_rows, calls), strict=True):
        for place, (its_indices, its_cosines) in zip((places[i], places[j]), found, strict=False):
            _merge(indices, cosines, place, its_indices, its_cosines)
    return indices, cosines


def _merge(indices: Array, cosines: Array, places: Array, its_indices: Array, its_cosines: Array) -> None:
    """Put lists of neighbours into those of some rows."""
    better = (its_indices[:, 0] >= 0) & (its_cosines[:, 0] >= cosines[places, -1])
    rows = places[better]
    both = np.hstack([indices[rows], its_indices[better]]), np.hstack([cosines[rows], its_cosines[better]])
    order = np.lexsort((both[0], -both[1]))[:, : indices.shape[1]]
    indices[rows], cosines[rows] = (np.take_along_axis(each, order, axis=1) for each in both)
