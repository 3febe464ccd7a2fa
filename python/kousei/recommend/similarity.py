"""Shops that are alike: in what they serve, what for, how much it costs and where they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._lib.errors import check_choice, check_integer, check_type, finite_number, require_positive
from kousei.recommend.data import Source, shop_table
from kousei.recommend.ranking import first, the_one_of

if TYPE_CHECKING:
    import pandas as pd

Array = np.ndarray[Any, Any]

#: What shops are compared by, in the order in which the terms are added up.
TERMS = ("category", "scene", "price", "distance")

_EARTH_RADIUS = 6371.0088  # km, the mean of the ellipsoid's


class ItemSimilarity:
    """Similarity of shops, the sum of four terms, none negative.

    Parameters
    ----------
    shops : DataFrame, or path of a .csv or .parquet file
        As `kousei.recommend.shop_table` takes it.
    weights : mapping, optional
        The weight of each of the terms "category", "scene", "price" and "distance", at least 0; 1/4 each by default,
        of which similarities are from 0 to 1. One that is left out is 0.
    price_scale : float
        The difference of price bands at which their term has fallen to 1/e.
    distance_scale : float
        The same for the distance, in kilometres.

    Attributes
    ----------
    shops : DataFrame
        The checked table.
    weights : dict
        Of all four terms.

    Raises
    ------
    TypeError
        If a weight or a scale is no real number; and as `kousei.recommend.shop_table`.
    ValueError
        If a weight is negative, infinite or of no term, all are 0, or a scale is not positive; and as
        `kousei.recommend.shop_table`.

    Notes
    -----
    The terms, each times its weight, are the Jaccard indices of categories and of scenes, exp(-|difference of price
    bands| / price_scale) and exp(-great-circle distance / distance_scale). A term is 0 where a shop has nothing to
    compare: no categories, no price, no coordinates.

    Examples
    --------
    >>> import pandas as pd
    >>> from kousei.recommend import ItemSimilarity
    >>> rows = {"shop": ["a", "b"], "categories": ["ramen", "ramen;bar"], "scenes": ["lunch", "lunch"]}
    >>> rows |= {"price_band": [1, 1], "latitude": [35.69, 35.69], "longitude": [139.70, 139.70]}
    >>> similarity = ItemSimilarity(pd.DataFrame(rows))
    >>> similarity.contributions("a").loc["b"].to_dict()
    {'category': 0.125, 'scene': 0.25, 'price': 0.25, 'distance': 0.25}
    >>> similarity.recommend(shop="a").to_dict()
    {'b': 0.875}
    """

    def __init__(
        self,
        shops: Source,
        weights: Mapping[str, float] | None = None,
        *,
        price_scale: float = 1.0,
        distance_scale: float = 1.0,
    ) -> None:
        require_positive(price_scale=price_scale, distance_scale=distance_scale)
        self.weights: dict[str, float] = _checked_weights(weights)
        self.shops: Any = shop_table(shops)
        self._price_scale, self._distance_scale = float(price_scale), float(distance_scale)
        self._labels = {"category": _indicators(self.shops["categories"]), "scene": _indicators(self.shops["scenes"])}
        self._price = self.shops["price_band"].to_numpy()
        self._latitude, self._longitude = (np.radians(self.shops[each]) for each in ("latitude", "longitude"))

    def __repr__(self) -> str:
        return f"ItemSimilarity({len(self.shops)} shops)"

    def contributions(self, shop: Any) -> pd.DataFrame:
        """Return what each term adds to the similarity of a shop with every one.

        Parameters
        ----------
        shop : id of a shop

        Returns
        -------
        DataFrame (shops, 4) of float64
            By shop, itself included, and term: weights times kernels. Added up from left to right they are the
            similarity, to the last digit.

        Raises
        ------
        KeyError
            If there is no such shop.
        """
        import pandas as pd

        at = self._place(shop)
        price = np.exp(-np.abs(self._price - self._price[at]) / self._price_scale)
        near = np.exp(-self._distances(at) / self._distance_scale)
        kernels = {
            **{term: _jaccard(labels, at) for term, labels in self._labels.items()},
            "price": np.nan_to_num(price),
            "distance": np.nan_to_num(near),
        }
        return pd.DataFrame({term: self.weights[term] * kernels[term] for term in TERMS}, index=self.shops.index)

    def similarity(self, shop: Any) -> pd.Series[float]:
        """Return the similarity of a shop with every one, itself included.

        Parameters
        ----------
        shop : id of a shop

        Returns
        -------
        Series of float64
            "similarity" by shop.

        Raises
        ------
        KeyError
            If there is no such shop.
        """
        import pandas as pd

        terms = self.contributions(shop)
        total = terms[TERMS[0]].to_numpy()
        for term in TERMS[1:]:
            total = total + terms[term].to_numpy()
        return pd.Series(total, index=self.shops.index, name="similarity")

    def distances(self, shop: Any) -> pd.Series[float]:
        """Return how far a shop is from every one.

        Parameters
        ----------
        shop : id of a shop

        Returns
        -------
        Series of float64
            Kilometres by shop; NaN where coordinates are missing.

        Raises
        ------
        KeyError
            If there is no such shop.
        """
        import pandas as pd

        return pd.Series(self._distances(self._place(shop)), index=self.shops.index, name="distance")

    def recommend(self, k: int = 10, *, shop: Any = None, user: Any = None) -> pd.Series[float]:
        """Return the shops most similar to one.

        Parameters
        ----------
        k : int
            At most so many.
        shop : id of a shop
        user : None
            Of users this knows nothing.

        Returns
        -------
        Series of float64
            "similarity" by shop, from the largest on, of equal ones in the order of the table; none of 0.

        Raises
        ------
        KeyError
            If there is no such shop.
        ValueError
            If a user is given, or no shop, or `k` is below 1.
        """
        check_integer("k", k, 1)
        the_one_of(shop, user)
        if user is not None:
            raise ValueError(f"user was {user!r}; a shop is accepted, as similarities know no users")
        found = self.similarity(shop)
        scores = found.to_numpy().copy()
        scores[self._place(shop)] = 0
        return first(scores, found.index, k, "similarity")

    def _place(self, shop: Any) -> int:
        if shop not in self.shops.index:
            raise KeyError(f"shop was {shop!r}, which the table of shops has not")
        place = self.shops.index.get_loc(shop)
        assert isinstance(place, int)
        return place

    def _distances(self, at: int) -> Array:
        latitude, longitude = self._latitude.to_numpy(), self._longitude.to_numpy()
        # The haversine formula, exact near 0; rounding may take it beyond 1 for opposite points.
        half = np.sin((latitude - latitude[at]) / 2) ** 2
        half += np.cos(latitude) * np.cos(latitude[at]) * np.sin((longitude - longitude[at]) / 2) ** 2
        distances: Array = 2 * _EARTH_RADIUS * np.arcsin(np.sqrt(np.minimum(half, 1)))
        return distances


def _checked_weights(weights: Mapping[str, float] | None) -> dict[str, float]:
    if weights is None:
        return dict.fromkeys(TERMS, 1 / len(TERMS))
    check_type("weights", weights, Mapping, "a mapping of weights by term")
    for term, weight in weights.items():
        check_choice("a term of weights", term, *TERMS)
        if finite_number(f"the weight of {term!r}", weight) < 0:
            raise ValueError(f"the weight of {term!r} was {weight}; at least 0 is accepted")
    if not any(weights.values()):
        raise ValueError("weights are all 0; one above 0 is accepted")
    return {term: float(weights.get(term, 0)) for term in TERMS}


def _indicators(labels: Any) -> Any:
    """Return which of all labels each shop has, as a CSR array (shops, labels) of float64."""
    import pandas as pd
    from scipy.sparse import csr_array

    counts = [len(each) for each in labels]
    codes, distinct = pd.factorize(np.array([label for each in labels for label in each], dtype=object))
    begin = np.concatenate([[0], np.cumsum(counts)])
    return csr_array((np.ones(len(codes)), codes, begin), shape=(len(counts), len(distinct)))


def _jaccard(indicators: Any, at: int) -> Array:
    """Return the Jaccard index of one shop's labels with those of every one; 0 where neither has any."""
    sizes = np.diff(indicators.indptr)
    row = np.zeros(indicators.shape[1])
    row[indicators.indices[indicators.indptr[at] : indicators.indptr[at + 1]]] = 1
    common = indicators @ row
    return np.asarray(common / np.maximum(sizes + sizes[at] - common, 1))
