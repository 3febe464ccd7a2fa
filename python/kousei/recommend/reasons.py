"""Why a shop is recommended beside another one: the terms of their similarity, in words and numbers."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from kousei._lib.errors import check_type
from kousei.recommend.similarity import TERMS, ItemSimilarity

_LABELS = {"category": ("categories", "category", "categories"), "scene": ("scenes", "scene", "scenes")}


class Reason(NamedTuple):
    """One term of a similarity.

    Attributes
    ----------
    term : str
        "category", "scene", "price" or "distance".
    text : str
        In words.
    contribution : float
        What it adds to the similarity.
    """

    term: str
    text: str
    contribution: float


def reasons(similarity: ItemSimilarity, shop: Any, recommended: Sequence[Any]) -> list[list[Reason]]:
    """Return what shops that are recommended have in common with the one on whose page they are.

    Parameters
    ----------
    similarity : ItemSimilarity
    shop : id of a shop
        On whose page they are recommended.
    recommended : sequence of ids of shops
        By whatever algorithm.

    Returns
    -------
    list of list of Reason
        For each that is recommended the terms that add something, from the largest on: the first is what to show
        first. Their contributions are those of `ItemSimilarity.contributions`, whose sum is the similarity.

    Raises
    ------
    TypeError
        If `similarity` is no `ItemSimilarity`.
    KeyError
        If there is no such shop.

    Examples
    --------
    >>> import pandas as pd
    >>> from kousei.recommend import ItemSimilarity, reasons
    >>> rows = {"shop": ["a", "b"], "categories": ["ramen", "ramen;bar"], "scenes": ["solo", None]}
    >>> rows |= {"price_band": [1, 1], "latitude": [35.69, 35.6931], "longitude": [139.70, 139.70]}
    >>> similarity = ItemSimilarity(pd.DataFrame(rows))
    >>> for reason in reasons(similarity, "a", ["b"])[0]:
    ...     print(f"{reason.contribution:.3f} {reason.text}")
    0.250 same price band
    0.177 340 m away
    0.125 same category: ramen (1 of 2)
    """
    check_type("similarity", similarity, ItemSimilarity, "an ItemSimilarity")
    check_type("recommended", recommended, Iterable, "a sequence of shops")
    others = list(recommended)
    unknown = [each for each in others if not (isinstance(each, Hashable) and each in similarity.shops.index)]
    if unknown:
        raise KeyError(f"recommended has {unknown[0]!r}, which the table of shops has not")
    terms = similarity.contributions(shop).loc[others].to_numpy()
    away = similarity.distances(shop).loc[others].tolist()
    here, *there = similarity.shops.loc[[shop, *others]].to_dict("records")
    found = []
    for row, kilometres, other in zip(terms, away, there, strict=True):
        each = [
            Reason(term, _text(term, here, other, kilometres), float(contribution))
            for term, contribution in zip(TERMS, row, strict=True)
            if contribution > 0
        ]
        found.append(sorted(each, key=lambda reason: -reason.contribution))
    return found


def _text(term: str, here: Mapping[Any, Any], there: Mapping[Any, Any], kilometres: float) -> str:
    if term == "price":
        bands = f"{there['price_band']:g}", f"{here['price_band']:g}"
        return "same price band" if bands[0] == bands[1] else f"price band {bands[0]}, here {bands[1]}"
    if term == "distance":
        metres = round(100 * kilometres) * 10
        return f"{metres} m away" if metres < 1000 else f"{kilometres:.1f} km away"
    column, one, several = _LABELS[term]
    every = {*here[column], *there[column]}
    both = sorted({*here[column]} & {*there[column]})
    part = "" if len(both) == len(every) else f" ({len(both)} of {len(every)})"
    return f"same {one if len(both) == 1 else several}: {', '.join(both)}{part}"


def facts(shop: Mapping[Any, Any]) -> list[str]:
    """Return what the row of a shop says of it, in words."""
    price = [] if np.isnan(shop["price_band"]) else [f"price band {shop['price_band']:g}"]
    return [*shop["categories"], *shop["scenes"], *price]
