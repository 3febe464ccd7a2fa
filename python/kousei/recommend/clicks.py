"""Clicks as counts, and days of them that are simulated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._lib.arrays import finite_numbers, require_shape
from kousei._lib.errors import check_type
from kousei._lib.random import Rng, generator
from kousei.recommend.data import click_table

if TYPE_CHECKING:
    import pandas as pd

    from kousei.recommend.data import Source

Array = np.ndarray[Any, Any]


def whole_numbers(name: str, values: Any, least: int = 0, most: int = 2**53) -> Array:
    """Return whole numbers as float64; TypeError or ValueError unless all are, from `least` to `most`."""
    array = finite_numbers(name, values)
    wrong = array[(array < least) | (array > most) | (array != np.floor(array))]
    if wrong.size:
        raise ValueError(f"{name} has {wrong[0]:g}; whole numbers from {least} to {most} are accepted")
    return array


def require_counts(impressions: Any, clicks: Any) -> tuple[Array, Array]:
    """Return counts as float64, of one shape; TypeError or ValueError unless clicks are some of the impressions."""
    n, c = whole_numbers("impressions", impressions), whole_numbers("clicks", clicks)
    require_shape("clicks", c, n.shape)
    more = np.argwhere(c > n)
    if len(more):
        at = tuple(map(int, more[0]))
        raise ValueError(
            f"clicks has {c[at]:.0f} at {at}, of {n[at]:.0f} impressions; at most as many clicks as impressions are "
            "accepted"
        )
    return n, c


def click_counts(clicks: Source, shops: pd.Index[Any], algorithms: Sequence[str]) -> tuple[Array, Array]:
    """Return the impressions and the clicks of a log, (shops, algorithms) each; rows of both alike are added up."""
    import pandas as pd

    log = click_table(clicks)
    rows, columns = (
        _places(log[name], name, pd.Index(known)) for name, known in (("shop", shops), ("algorithm", algorithms))
    )
    tables = np.zeros((2, len(shops), len(algorithms)))
    for table, name in zip(tables, ("impressions", "clicks"), strict=True):
        np.add.at(table, (rows, columns), log[name])
    return tables[0], tables[1]


def _places(values: pd.Series[Any], name: str, known: pd.Index[Any]) -> Array:
    import pandas as pd

    places = known.get_indexer(pd.Index(values))
    if (places < 0).any():
        unknown = values.tolist()[int(np.argmax(places < 0))]
        raise ValueError(f"clicks has the {name} {unknown!r}; one of the {len(known)} that are known is accepted")
    return places


def simulate_clicks(ctr: pd.DataFrame, shares: pd.DataFrame, visits: Any, *, rng: Rng = None) -> pd.DataFrame:
    """Return the click log of a day in a world whose click-through rates are known.

    Each visit of a page is shown one algorithm, drawn by the shares of the shop, and clicks with the rate of both.

    Parameters
    ----------
    ctr : pandas.DataFrame (shops, algorithms)
        Rates, between 0 and 1.
    shares : pandas.DataFrame (shops, algorithms)
        What `DeliveryOptimizer.shares` returns; the rows sum to 1.
    visits : array_like (shops,) of int
        Of the page of each shop.
    rng : numpy.random.Generator, int or None

    Returns
    -------
    pandas.DataFrame
        With the columns shop, algorithm, share (the probability with which it was shown), impressions and clicks: a
        row for each shop and algorithm, in the order of `ctr`.

    Raises
    ------
    TypeError, ValueError
        If the tables do not agree in their shops and algorithms, or numbers are out of range.

    Examples
    --------
    >>> import pandas as pd
    >>> from kousei.recommend import simulate_clicks
    >>> ctr = pd.DataFrame({"similar": [0.1, 0.2], "popular": [0.3, 0.1]}, index=["Ramen Ichi", "Soba Ni"])
    >>> shares = pd.DataFrame({"similar": [0.5, 1.0], "popular": [0.5, 0.0]}, index=ctr.index)
    >>> simulate_clicks(ctr, shares, [100, 100], rng=0)[["impressions", "clicks"]].sum().tolist()
    [200, 46]
    """
    import pandas as pd

    for name, table in (("ctr", ctr), ("shares", shares)):
        check_type(name, table, pd.DataFrame, "a pandas DataFrame")
    if not (ctr.index.equals(shares.index) and ctr.columns.equals(shares.columns)):
        raise ValueError("shares has other shops or algorithms than ctr, or another order; the same are accepted")
    rates, parts = finite_numbers("ctr", ctr), finite_numbers("shares", shares)
    for name, each in (("ctr", rates), ("shares", parts)):
        if ((each < 0) | (each > 1)).any():
            raise ValueError(f"{name} has values outside of [0, 1]; probabilities are accepted")
    if np.abs(parts.sum(axis=1) - 1).max(initial=0) > 1e-6:
        raise ValueError("shares has rows that do not sum to 1; probabilities are accepted")
    counts = whole_numbers("visits", visits)
    require_shape("visits", counts, (len(ctr),))
    rng = generator(rng)
    shown = rng.multinomial(counts.astype(np.int64), parts / parts.sum(axis=1, keepdims=True))
    return pd.DataFrame(
        {
            "shop": np.repeat(ctr.index, len(ctr.columns)),
            "algorithm": np.tile(ctr.columns, len(ctr)),
            "share": parts.ravel(),
            "impressions": shown.ravel(),
            "clicks": rng.binomial(shown, rates).ravel(),
        }
    )
