"""Popularity by what users prefer: PageRank on the pairs of shops that one user rated unalike."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._lib import arrays, backends
from kousei._lib.errors import check_bool, require_real_number
from kousei.recommend.coding import Coded, coded, lists_of
from kousei.recommend.data import Source

if TYPE_CHECKING:
    import pandas as pd

Array = Any

#: The sum of all changes at which iterations end.
_TOLERANCE = 1e-13


class PreferenceGraph:
    """The graph of what users prefer: edges from each shop to those that a user rated higher.

    An edge has the weight of all users who make it. The graph is never formed: a user of n ratings has up to n^2 / 3
    pairs, which sums over his or her ratings stand for.

    Parameters
    ----------
    ratings : DataFrame, or path of a .csv or .parquet file
        As `kousei.recommend.ratings_table` takes it.
    user_norm : bool
        Give each user the weight 1 in all, spread over his or her pairs, in place of 1 for each pair.
    shops : sequence of ids, optional
        The shops of the graph, of a region say; ratings of others are left out, and one that nobody rated has no
        edges, but one or more are rated. All shops that have ratings, in the order of their ids, by default.

    Attributes
    ----------
    shops : Index
        The shops, in the order of all arrays.
    outdegree : array (shops,) of float64
        The weight of the edges that leave a shop.

    Raises
    ------
    TypeError, ValueError
        As `kousei.recommend.ratings_table`; TypeError if `shops` is a text or no sequence, ValueError if it is empty,
        has one twice or none that is rated.

    Examples
    --------
    >>> import pandas as pd
    >>> from kousei.recommend import PreferenceGraph
    >>> rows = {"user": [1, 1], "shop": ["inn", "bar"], "rating": ["Excellent", "Good"]}
    >>> graph = PreferenceGraph(pd.DataFrame(rows))
    >>> print(list(graph.shops), graph.outdegree)
    ['bar', 'inn'] [1. 0.]
    """

    def __init__(self, ratings: Source, user_norm: bool = False, *, shops: Any = None) -> None:
        user_norm = check_bool("user_norm", user_norm)
        self._build(coded(ratings, shops), user_norm)

    @classmethod
    def _of(cls, rated: Coded, user_norm: bool) -> PreferenceGraph:
        """Return the graph of ratings that are known to be some."""
        graph = cls.__new__(cls)
        graph._build(rated, user_norm)
        return graph

    def _build(self, rated: Coded, user_norm: bool) -> None:
        users, count = len(rated.users), len(rated.shops)
        place = 3 * rated.user + rated.grade
        average, good, excellent = np.bincount(place, minlength=3 * users).reshape(users, 3).T
        weight = np.ones(users)
        if user_norm:
            pairs = (good + average) * excellent + average * good
            weight = np.where(pairs > 0, 1 / np.maximum(pairs, 1), 0.0)
        # How many shops a user rated higher than Average, Good and Excellent.
        higher = np.stack([good + excellent, excellent, np.zeros(users)], axis=-1) * weight[:, None]
        edges = higher.ravel()[place]
        self.shops: Any = rated.shops
        self.outdegree: Array = np.bincount(rated.shop, weights=edges, minlength=count)
        lower, upper = np.flatnonzero(rated.grade < 2), np.flatnonzero(rated.grade > 0)
        lists = 2 * rated.user + rated.grade
        rated_begin, rated_shops = lists_of(lists[lower], rated.shop[lower], 2 * users)
        preferred_begin, preferred = lists_of(rated.shop[upper], lists[upper] - np.int32(1), count)
        self._kept = backends.Kept(
            rated_begin,
            rated_shops,
            preferred_begin,
            preferred,
            weight,
            *steps_from(self.outdegree),
        )

    def __repr__(self) -> str:
        return f"PreferenceGraph({len(self.shops)} shops)"

    def pagerank(self, damping: float = 0.85, start: Array = None) -> Array:
        """Return the PageRank of each shop.

        Parameters
        ----------
        damping : float
            The probability of following an edge, from 0 to below 1; else the walk goes on at any shop, and so it does
            from one that no edge leaves.
        start : array (shops,) of float64, optional
            Where to begin, of a sum above 0, in the memory that is to compute. By default all shops alike, in host
            memory.

        Returns
        -------
        array (shops,) of float64
            Of the library of `start`. They sum to 1, and the sum of their errors is at most
            1e-13 damping / (1 - damping).

        Raises
        ------
        TypeError
            If `damping` is no real number, or `start` no array of float64.
        ValueError
            If `damping` is out of range, or `start` of another shape, not finite, negative or 0.
        CudaError
            If `start` lies in CUDA memory and there is no device or no CUDA build.

        Notes
        -----
        With the ratings of users in E, G and A for Excellent, Good and Average and their weights in W, edges are
        P = (G + A)^T W E + A^T W G, and a step is y = E^T (W ((G + A) z)) + G^T (W (A z)), z = x / outdegree.

        Examples
        --------
        >>> import pandas as pd
        >>> from kousei.recommend import PreferenceGraph
        >>> rows = {"user": [1, 1], "shop": ["inn", "bar"], "rating": ["Excellent", "Good"]}
        >>> PreferenceGraph(pd.DataFrame(rows)).pagerank().round(3)
        array([0.351, 0.649])
        """
        damping, count = check_damping(damping), len(self.shops)
        if start is None:
            start = np.full(count, 1 / count)
        backend, x = backends.enter("start", start)
        if arrays.dtype_name(x) != "float64":
            raise TypeError(f"start has dtype {arrays.dtype_name(x)}; float64 is accepted")
        arrays.require_shape("start", x, (count,))
        x = backend.array("start", x)
        total = float(x.sum())
        if not (0 < total < math.inf and bool((x >= 0).all())):
            raise ValueError(
                f"start has numbers whose sum is {total}; none below 0, and a finite sum above, are accepted"
            )
        *_, inverse, dangling = self._kept.on(backend)
        x = stationary(x / total, damping, inverse, dangling, lambda z: self._product(backend, z))
        return backend.finish(x)

    def _popularity(self, damping: float = 0.85) -> pd.Series[float]:
        import pandas as pd

        ranks: np.ndarray[Any, np.dtype[np.float64]] = self.pagerank(damping)
        return pd.Series(ranks, index=self.shops.rename("shop"), name="popularity")

    def _product(self, backend: backends.Backend, z: Array) -> Array:
        """Return P^T z."""
        *lists, _, _ = self._kept.on(backend)
        product = backend.empty((len(self.shops),), np.dtype(np.float64))
        views = (backend.view("product", each) for each in (*lists, z, product))
        backend.kernels.recommend_prefer(*views, backend.launch())
        return product


def check_damping(damping: Any) -> float:
    """Return a damping as float; TypeError unless it is a real number, ValueError unless it is 0 to below 1."""
    require_real_number("damping", damping)
    if not 0 <= damping < 1:
        raise ValueError(f"damping was {damping}; 0 to below 1 is accepted")
    return float(damping)


def steps_from(outdegree: Array) -> tuple[Array, Array]:
    """Return 1 / outdegree, 0 for shops that no edge leaves, and 1 for these alone."""
    leaves = outdegree > 0
    return np.where(leaves, 1 / np.where(leaves, outdegree, 1), 0.0), np.where(leaves, 0.0, 1.0)


def stationary(x: Array, damping: float, inverse: Array, dangling: Array, product: Callable[[Array], Array]) -> Array:
    """Return the PageRank that steps from x lead to, with what `steps_from` returns and the product with P^T."""
    count = len(x)
    # Each step leaves at most the share `damping` of the sum of errors, which is 2 at first.
    steps = 1 + math.ceil(math.log(_TOLERANCE / 2) / math.log(damping)) if damping > 0 else 1
    for _ in range(steps):
        following = (product(x * inverse) + (x * dangling).sum() / count) * damping + (1 - damping) / count
        change = float(abs(following - x).sum())
        x = following
        if change <= _TOLERANCE:
            break
    return x


def preference_pagerank(
    ratings: Source, damping: float = 0.85, user_norm: bool = False, *, shops: Any = None
) -> pd.Series[float]:
    """Return the popularity of shops by what users prefer.

    Parameters
    ----------
    ratings : DataFrame, or path of a .csv or .parquet file
        As `kousei.recommend.ratings_table` takes it.
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
    TypeError, ValueError
        As `PreferenceGraph` and `PreferenceGraph.pagerank`.

    Examples
    --------
    >>> import pandas as pd
    >>> from kousei.recommend import preference_pagerank
    >>> rows = {"user": [1, 1, 2], "shop": ["inn", "bar", "bar"], "rating": ["Excellent", "Good", "Good"]}
    >>> preference_pagerank(pd.DataFrame(rows)).idxmax()
    'inn'
    """
    return PreferenceGraph(ratings, user_norm, shops=shops)._popularity(damping)
