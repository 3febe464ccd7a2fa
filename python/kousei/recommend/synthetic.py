"""Ratings of users and shops that do not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kousei._lib.errors import check_integer
from kousei._lib.random import Rng, generator
from kousei.recommend.data import GRADES

if TYPE_CHECKING:
    import pandas as pd

#: Tastes, of which every user and every shop has one.
_TASTES = 8


def synthetic_ratings(users: int, shops: int, ratings: int, rng: Rng = None) -> pd.DataFrame:
    """Return ratings drawn by a simple rule: few shops are popular, and users rate those of their taste more.

    Parameters
    ----------
    users, shops, ratings : int
        1 to 2**31 - 1. Of a user and a shop that are drawn twice one rating is left, so that there are fewer.
    rng : numpy.random.Generator or int, optional

    Returns
    -------
    DataFrame
        As `kousei.recommend.ratings_table` returns it, with a column ``time``, of whole numbers.

    Raises
    ------
    TypeError
        If a number is no integer.
    ValueError
        If one is out of range.

    Notes
    -----
    Shop s = 1, 2, ... is drawn with a chance that falls as s^-0.7. Of 8 tastes each user and each shop has one, and
    of the shops 1 to 8, 9 to 16, ... each has another; of half of all draws the one of the user's taste among the
    same eight is taken, or past the last shop among the eight before, where there are some. Grades are Excellent,
    Good and Average with the chances .5, .35 and .15 where the tastes agree, and .3, .4 and .3 elsewhere.

    Examples
    --------
    >>> from kousei.recommend import synthetic_ratings
    >>> len(synthetic_ratings(10, 5, 20, rng=0)) <= 20
    True
    """
    import pandas as pd

    for name, value in (("users", users), ("shops", shops), ("ratings", ratings)):
        check_integer(name, value, 1, 2**31 - 1)
    random = generator(rng)
    user = random.integers(users, size=ratings)
    chance = np.cumsum(np.arange(1, shops + 1) ** -0.7)
    shop = np.searchsorted(chance, random.random(ratings) * chance[-1]).clip(max=shops - 1)
    # Shops that are next to one another in popularity have all tastes, but for the last ones.
    near = shop - shop % _TASTES + user % _TASTES
    near = np.where(near < shops, near, near - _TASTES)
    tasteful = random.random(ratings) < 0.5
    shop = np.where(tasteful & (near >= 0), near, shop)
    first = np.unique(user * shops + shop, return_index=True)[1]
    time = np.sort(first)
    user, shop = user[time], shop[time]
    same = user % _TASTES == shop % _TASTES
    drawn = random.random(len(time))
    grade = np.where(drawn < np.where(same, 0.5, 0.3), 2, np.where(drawn < np.where(same, 0.85, 0.7), 1, 0))
    rating = pd.Categorical.from_codes(grade.astype(np.int8), categories=pd.Index(GRADES), ordered=True)
    return pd.DataFrame({"user": user, "shop": shop, "rating": rating, "time": time})
