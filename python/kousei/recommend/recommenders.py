"""Recommenders that learn from ratings: popular shops, cosines, matrix factors, and chance."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from kousei._lib.errors import check_integer, check_type
from kousei._lib.random import Rng, generator
from kousei.recommend.coding import STARS, coded
from kousei.recommend.data import Source
from kousei.recommend.neighbours import cosine_topk
from kousei.recommend.preference import PreferenceGraph
from kousei.recommend.ranking import first, the_one_of
from kousei.recommend.similarity import ItemSimilarity

if TYPE_CHECKING:
    import pandas as pd

Array = np.ndarray[Any, Any]


class Recommender(Protocol):
    """What all recommenders have in common: shops for one at a shop, or for a user."""

    def recommend(self, k: int = 10, *, shop: Any = None, user: Any = None) -> pd.Series[float]:
        """Return at most k scores by shop, best first, under the name of what gave them."""


class RatingRecommender(ABC):
    """What recommenders that learn from ratings have in common; see `recommend`.

    Parameters
    ----------
    ratings : DataFrame, or path of a .csv or .parquet file
        As `kousei.recommend.ratings_table` takes it.
    similarity : ItemSimilarity, optional
        What answers for shops without ratings.

    Attributes
    ----------
    popularity : Series of float64
        Of each shop that has ratings, by `kousei.recommend.preference_pagerank` with `user_norm`.
    """

    _name: str

    def __init__(self, ratings: Source, similarity: ItemSimilarity | None = None) -> None:
        check_type("similarity", similarity, ItemSimilarity | None, "an ItemSimilarity or None")
        self._coded = coded(ratings)
        self._similarity = similarity
        self._matrix = self._coded.matrix(STARS[self._coded.grade])
        self.popularity: Any = PreferenceGraph._of(self._coded, user_norm=True)._popularity()

    def __repr__(self) -> str:
        users, shops = self._matrix.shape
        return f"{type(self).__name__}({users} users, {shops} shops, {self._matrix.nnz} ratings)"

    def recommend(self, k: int = 10, *, shop: Any = None, user: Any = None) -> pd.Series[float]:
        """Return shops for a user, or for one who looks at a shop.

        Parameters
        ----------
        k : int
            At most so many.
        shop, user : id
            One of the two. The shop itself, and shops that the user rated, are left out.

        Returns
        -------
        Series of float64
            Positive scores by shop, from the largest on, of equal ones in the order of the ids. Its name says what
            gave them: "cosine", "nmf", "random" or "popularity"; for shops and users that have no ratings, or no
            score, "similarity" where the `ItemSimilarity` knows the shop, else "popularity".

        Raises
        ------
        TypeError
            If `k` is no integer, or the id neither a whole number nor a text.
        ValueError
            If `k` is below 1, or neither or both of `shop` and `user` are given.
        """
        import pandas as pd

        check_integer("k", k, 1)
        the_one_of(shop, user)
        index, one = (self._coded.shops, shop) if user is None else (self._coded.users, user)
        place = index.get_indexer(pd.Index([one]))[0]
        if place < 0:
            known = np.array([], dtype=np.int64)
        elif user is None:
            known = np.array([place])
        else:
            known = self._matrix.indices[self._matrix.indptr[place] : self._matrix.indptr[place + 1]]
        if place >= 0:
            scores = self._of_shop(place) if user is None else self._of_user(place)
            scores[known] = 0
            found = first(scores, self._coded.shops, k, self._name)
            if len(found):
                return found
        if shop is not None and self._similarity is not None and shop in self._similarity.shops.index:
            found = self._similarity.recommend(k, shop=shop)
            if len(found):
                return found
        scores = self.popularity.to_numpy().copy()
        scores[known] = 0
        return first(scores, self._coded.shops, k, "popularity")

    @abstractmethod
    def _of_user(self, user: int) -> Array:
        """Return new scores of all shops for a user."""

    @abstractmethod
    def _of_shop(self, shop: int) -> Array:
        """Return new scores of all shops for one at a shop."""


class PopularRecommender(RatingRecommender):
    """The shops that users prefer, the same for all: `kousei.recommend.preference_pagerank` with `user_norm`.

    Parameters
    ----------
    ratings : DataFrame, or path of a .csv or .parquet file
        As `kousei.recommend.ratings_table` takes it.
    similarity : ItemSimilarity, optional
        What answers for shops without ratings.

    Raises
    ------
    TypeError, ValueError
        As `kousei.recommend.ratings_table`; TypeError if `similarity` is no `ItemSimilarity`.

    Examples
    --------
    >>> import pandas as pd
    >>> from kousei.recommend import PopularRecommender
    >>> rows = {"user": [1, 1, 2], "shop": ["inn", "bar", "bar"], "rating": ["Excellent", "Good", "Good"]}
    >>> list(PopularRecommender(pd.DataFrame(rows)).recommend(user=2).index)
    ['inn']
    """

    _name = "popularity"

    def _of_user(self, user: int) -> Array:
        return self.popularity.to_numpy().copy()

    def _of_shop(self, shop: int) -> Array:
        return self.popularity.to_numpy().copy()


class RandomRecommender(RatingRecommender):
    """Any shops that have ratings, anew at each call: what others are held against.

    Parameters
    ----------
    ratings : DataFrame, or path of a .csv or .parquet file
        As `kousei.recommend.ratings_table` takes it.
    similarity : ItemSimilarity, optional
        What answers for shops without ratings.
    rng : numpy.random.Generator or int, optional

    Raises
    ------
    TypeError, ValueError
        As `kousei.recommend.ratings_table`; TypeError if `similarity` is no `ItemSimilarity`.

    Examples
    --------
    >>> import pandas as pd
    >>> from kousei.recommend import RandomRecommender
    >>> rows = {"user": [1, 1, 2], "shop": ["inn", "bar", "bar"], "rating": ["Excellent", "Good", "Good"]}
    >>> list(RandomRecommender(pd.DataFrame(rows), rng=0).recommend(shop="inn").index)
    ['bar']
    """

    _name = "random"

    def __init__(self, ratings: Source, similarity: ItemSimilarity | None = None, *, rng: Rng = None) -> None:
        super().__init__(ratings, similarity)
        self._rng = generator(rng)

    def _of_user(self, user: int) -> Array:
        return self._of_shop(0)

    def _of_shop(self, shop: int) -> Array:
        return 1 - self._rng.random(len(self._coded.shops))


class CosineRecommender(RatingRecommender):
    """Shops that the same users rate alike: the cosine of their ratings as 3, 4 and 5 stars.

    Parameters
    ----------
    ratings : DataFrame, or path of a .csv or .parquet file
        As `kousei.recommend.ratings_table` takes it.
    similarity : ItemSimilarity, optional
        What answers for shops without ratings.
    neighbours : int
        How many others a shop is compared with, those of the largest cosine. At a shop no more are recommended. The
        score of a shop for a user is the sum of his or her ratings of its neighbours, each times the cosine.

    Raises
    ------
    TypeError, ValueError
        As `kousei.recommend.ratings_table`; TypeError if `similarity` is no `ItemSimilarity` or `neighbours` no
        integer, ValueError if that is below 1.

    References
    ----------
    .. [1] M. Deshpande and G. Karypis, ACM Transactions on Information Systems 22 (2004) 143-177.

    Examples
    --------
    >>> import pandas as pd
    >>> from kousei.recommend import CosineRecommender
    >>> rows = {"user": [1, 1, 2], "shop": ["inn", "bar", "bar"], "rating": ["Excellent", "Good", "Good"]}
    >>> CosineRecommender(pd.DataFrame(rows)).recommend(shop="inn").round(3).to_dict()
    {'bar': 0.707}
    """

    _name = "cosine"

    def __init__(self, ratings: Source, similarity: ItemSimilarity | None = None, *, neighbours: int = 20) -> None:
        from scipy.sparse import csr_array

        check_integer("neighbours", neighbours, 1)
        super().__init__(ratings, similarity)
        shops = len(self._coded.shops)
        indices, cosines = cosine_topk(self._matrix.T, min(neighbours, shops))
        there = indices >= 0
        begin = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
        self._cosines = csr_array((cosines[there], indices[there], begin), shape=(shops, shops))

    def _of_user(self, user: int) -> Array:
        return np.asarray(self._cosines @ self._matrix[[user]].toarray().ravel())

    def _of_shop(self, shop: int) -> Array:
        return np.asarray(self._cosines[[shop]].toarray().ravel())


class NMFRecommender(RatingRecommender):
    """Ratings as products of factors that are not negative: scikit-learn's NMF of 3, 4 and 5 stars, 0 for none.

    Parameters
    ----------
    ratings : DataFrame, or path of a .csv or .parquet file
        As `kousei.recommend.ratings_table` takes it.
    similarity : ItemSimilarity, optional
        What answers for shops without ratings.
    components : int
        Factors; at most as many as there are users, or shops, are used. For a user the score of a shop is the product
        of both, and at a shop the cosine.
    rng : numpy.random.Generator or int, optional
        For the singular vectors that the factors begin with.

    Raises
    ------
    TypeError, ValueError
        As `kousei.recommend.ratings_table`; TypeError if `similarity` is no `ItemSimilarity` or `components` no
        integer, ValueError if that is below 1.
    ImportError
        If scikit-learn is not installed.

    Notes
    -----
    At most 200 rounds of coordinate descent: lists of the first ten no longer change by more than chance.

    Examples
    --------
    >>> import pandas as pd
    >>> from kousei.recommend import NMFRecommender
    >>> rows = {"user": [1, 1, 2], "shop": ["inn", "bar", "bar"], "rating": ["Excellent", "Good", "Good"]}
    >>> list(NMFRecommender(pd.DataFrame(rows), components=1, rng=0).recommend(user=2).index)
    ['inn']
    """

    _name = "nmf"

    def __init__(
        self,
        ratings: Source,
        similarity: ItemSimilarity | None = None,
        *,
        components: int = 30,
        rng: Rng = None,
    ) -> None:
        from sklearn.decomposition import NMF
        from sklearn.exceptions import ConvergenceWarning

        check_integer("components", components, 1)
        seed = int(generator(rng).integers(2**32))
        super().__init__(ratings, similarity)
        model = NMF(min(components, *self._matrix.shape), init="nndsvda", max_iter=200, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._users = model.fit_transform(self._matrix)
        self._shops = model.components_
        norms = np.linalg.norm(self._shops, axis=0)
        self._directions = self._shops / np.where(norms > 0, norms, 1)

    def _of_user(self, user: int) -> Array:
        return np.asarray(self._users[user] @ self._shops)

    def _of_shop(self, shop: int) -> Array:
        return np.asarray(self._directions[:, shop] @ self._directions)
