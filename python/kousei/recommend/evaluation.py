"""How well recommenders foretell ratings that were kept from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kousei._lib.errors import check_integer, check_type
from kousei.recommend.data import Source, rated, ratings_table
from kousei.recommend.recommenders import Recommender

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` found.

    Attributes
    ----------
    hit_rate : float
        The share of held-out ratings whose shop is in the list of k for their user.
    ndcg : float
        The mean of 1 / log2(1 + place in the list), 0 for those that are not in it.
    coverage : float
        The share of the shops with ratings that are in any list.
    novelty : float
        The mean over all that is in lists of -log2 of the share of users who rated a shop, or of one user where
        nobody did: the bits of its news. 0 where all lists are empty.
    serendipity : float
        The share of held-out ratings whose shop is in the list and not among the k with the most ratings; of equals
        those come first whose ids do.
    """

    hit_rate: float
    ndcg: float
    coverage: float
    novelty: float
    serendipity: float


def leave_last_out(ratings: Source) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split ratings: for each user the last that is Good or Excellent is held out.

    Parameters
    ----------
    ratings : DataFrame, or path of a .csv or .parquet file
        As `kousei.recommend.ratings_table` takes it, with a column ``time``. At equal times the order of rows
        decides.

    Returns
    -------
    training, held_out : DataFrame
        Of users with a single rating, or none that is Good, nothing is held out.

    Raises
    ------
    TypeError, ValueError
        As `kousei.recommend.ratings_table`; ValueError if there is no column ``time``.

    Examples
    --------
    >>> import pandas as pd
    >>> from kousei.recommend import leave_last_out
    >>> rows = {"user": [1, 1], "shop": ["inn", "bar"], "rating": ["Good", "Excellent"], "time": [2, 1]}
    >>> training, held_out = leave_last_out(pd.DataFrame(rows))
    >>> print(list(training.shop), list(held_out.shop))
    ['bar'] ['inn']
    """
    table = ratings_table(ratings)
    if "time" not in table.columns:
        raise ValueError("ratings has no column 'time'; one is accepted, as the last ratings are held out")
    several = table["user"].duplicated(keep=False)
    liked = table[several & (table["rating"] >= "Good")].sort_values("time", kind="stable")
    last = liked.drop_duplicates("user", keep="last").index
    held_out = table.index.isin(last)
    return table[~held_out].reset_index(drop=True), table[held_out].reset_index(drop=True)


def evaluate(recommender: Recommender, training: Source, held_out: Source, k: int = 10) -> Evaluation:
    """Return how well a recommender foretells ratings that it has not seen.

    Parameters
    ----------
    recommender : Recommender
        That knows the ratings of `training`.
    training, held_out : DataFrame, or path of a .csv or .parquet file
        As `leave_last_out` returns them.
    k : int
        The length of the lists.

    Returns
    -------
    Evaluation

    Raises
    ------
    TypeError, ValueError
        As `kousei.recommend.ratings_table`; TypeError if `k` is no integer, ValueError if it is below 1.

    Examples
    --------
    >>> import pandas as pd
    >>> from kousei.recommend import PopularRecommender, evaluate, leave_last_out
    >>> rows = {"user": [1, 1, 2, 2], "shop": ["inn", "bar", "bar", "inn"], "time": [1, 2, 3, 4]}
    >>> training, held_out = leave_last_out(pd.DataFrame(rows | {"rating": "Good"}))
    >>> evaluate(PopularRecommender(training), training, held_out).hit_rate
    1.0
    """
    import pandas as pd

    check_type("recommender", recommender, Recommender, "a Recommender")
    check_integer("k", k, 1)
    known, hidden = rated(training, "training")[0], rated(held_out, "held_out")[0]
    raters = known["shop"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    users = known["user"].nunique()
    most_rated = set(raters.index[:k])
    places, hits_of_note, lists = [], 0, []
    for user, shop in zip(hidden["user"], hidden["shop"], strict=True):
        found = recommender.recommend(k, user=user).index
        lists.append(found)
        place = found.get_indexer(pd.Index([shop]))[0]
        places.append(place)
        hits_of_note += bool(place >= 0 and shop not in most_rated)
    at = np.array(places)
    shown = np.concatenate([each.to_numpy() for each in lists])
    news = np.log2(users / raters.reindex(shown).fillna(1).to_numpy())
    return Evaluation(
        hit_rate=float((at >= 0).mean()),
        ndcg=float(np.where(at >= 0, 1 / np.log2(2 + np.maximum(at, 0)), 0).mean()),
        coverage=len(set(shown) & set(raters.index)) / len(raters),
        novelty=float(news.mean()) if len(news) else 0.0,
        serendipity=hits_of_note / len(at),
    )
