"""Numbers that tell shops apart, for the Elastic Net."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kousei.recommend.data import shop_table

if TYPE_CHECKING:
    import pandas as pd

    from kousei.recommend.data import Source

_NUMBERS = ("price_band", "latitude", "longitude")


def shop_features(shops: Source) -> pd.DataFrame:
    """Return the features of shops, as a model of click-through rates takes them.

    Parameters
    ----------
    shops : pandas.DataFrame, or path of a .csv or .parquet file
        As `shop_table` takes it.

    Returns
    -------
    pandas.DataFrame (shops, features) of float64
        A column of 0 and 1 for each category and each scene that is not the same at all shops, and the price band,
        the latitude and the longitude: the mean where one is missing, with a column of 0 and 1 that says so.

    Raises
    ------
    TypeError, ValueError
        If it is no table of shops.

    Examples
    --------
    >>> import pandas as pd
    >>> from kousei.recommend import shop_features
    >>> rows = {"shop": ["a", "b"], "categories": ["ramen", "cafe"], "scenes": ["solo", "solo"]}
    >>> rows |= {"price_band": [1, None], "latitude": [35.6, 35.7], "longitude": [139.7, 139.8]}
    >>> features = shop_features(pd.DataFrame(rows))
    >>> features.columns.tolist()[:4]
    ['categories: cafe', 'categories: ramen', 'price_band', 'price_band missing']
    >>> features["price_band"].tolist()
    [1.0, 1.0]
    """
    import pandas as pd

    table = shop_table(shops)
    columns: dict[str, Any] = {}
    for name in ("categories", "scenes"):
        for label in sorted(set().union(*table[name])):
            has = np.array([float(label in labels) for labels in table[name]])
            if not has.all():
                columns[f"{name}: {label}"] = has
    for name in _NUMBERS:
        values = table[name].to_numpy()
        missing = np.isnan(values)
        columns[name] = np.where(missing, values[~missing].mean() if not missing.all() else 0.0, values)
        if missing.any() and not missing.all():
            columns[f"{name} missing"] = missing.astype(np.float64)
    return pd.DataFrame(columns, table.index)
