"""The recommendations of all algorithms on the pages of all shops, as one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._lib.errors import check_type, warn
from kousei._lib.random import Rng
from kousei.recommend.data import Source, ratings_table
from kousei.recommend.recommenders import CosineRecommender, PopularRecommender, RandomRecommender, Recommender
from kousei.recommend.similarity import ItemSimilarity

if TYPE_CHECKING:
    import pandas as pd

#: The algorithms that are compared.
ALGORITHMS = ("similar", "popular", "collaborative", "random")


def recommendation_table(
    similarity: ItemSimilarity, ratings: Source, k: int = 10, *, rng: Rng = None
) -> pd.DataFrame:
    """Return what each algorithm recommends on the page of each shop.

    Parameters
    ----------
    similarity : ItemSimilarity
        Of the shops.
    ratings : DataFrame, or path of a .csv or .parquet file
        As `kousei.recommend.ratings_table` takes it. Those of shops that the similarity does not know are left out.
    k : int
        Recommendations of each algorithm, at most.
    rng : numpy.random.Generator, int or None
        Of the random ones.

    Returns
    -------
    DataFrame
        Columns ``shop``, ``algorithm`` ("similar", "popular", "collaborative" or "random"), ``recommended``,
        ``score`` and ``by``, what gave the score: a shop without ratings has another answer than that of its
        algorithm. In the order in which they are to be shown.

    Raises
    ------
    TypeError, ValueError
        As `kousei.recommend.ratings_table` and the recommenders; ValueError if no rating is of a shop that is known.

    Warns
    -----
    UserWarning
        If ratings were left out.

    Examples
    --------
    >>> import pandas as pd
    >>> from kousei.recommend import ItemSimilarity, recommendation_table
    >>> rows = {"shop": ["a", "b", "c"], "categories": ["ramen", "ramen;bar", "cafe"], "scenes": None}
    >>> similarity = ItemSimilarity(pd.DataFrame(rows | {"price_band": 1, "latitude": 35.69, "longitude": 139.70}))
    >>> ratings = pd.DataFrame({"user": [1, 1], "shop": ["a", "c"], "rating": ["Good", "Excellent"]})
    >>> table = recommendation_table(similarity, ratings, 1, rng=0)
    >>> table[table["shop"] == "a"][["algorithm", "recommended", "by"]].values.tolist()[:3]
    [['similar', 'b', 'similarity'], ['popular', 'c', 'popularity'], ['collaborative', 'c', 'cosine']]
    """
    import pandas as pd

    check_type("similarity", similarity, ItemSimilarity, "an ItemSimilarity")
    table = ratings_table(ratings)
    known = np.asarray(table["shop"].isin(similarity.shops.index))
    if not known.any():
        raise ValueError("ratings has none of a shop that the similarity knows; one or more are accepted")
    if not known.all():
        warn(f"ratings has {int((~known).sum())} of shops that the similarity does not know; they are left out")
    table = table[known]
    recommenders: tuple[Recommender, ...] = (
        similarity,
        PopularRecommender(table, similarity),
        CosineRecommender(table, similarity),
        RandomRecommender(table, similarity, rng=rng),
    )
    rows: list[tuple[Any, ...]] = []
    for shop in similarity.shops.index:
        for algorithm, recommender in zip(ALGORITHMS, recommenders, strict=True):
            found = recommender.recommend(k, shop=shop)
            rows.extend((shop, algorithm, other, score, found.name) for other, score in found.items())
    return pd.DataFrame(rows, columns=["shop", "algorithm", "recommended", "score", "by"])
