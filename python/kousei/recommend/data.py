"""The three tables of a recommender: ratings, shops and clicks, checked where they come in."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from kousei._lib.errors import check_type, said, warn

if TYPE_CHECKING:
    import pandas as pd

#: A table, or the .csv or .parquet file of one. In words: pandas takes long to load.
Source: TypeAlias = "pd.DataFrame | str | PathLike[str]"
Array: TypeAlias = np.ndarray[Any, Any]
Factorised: TypeAlias = "tuple[Array, pd.Index[Any]]"

#: What a user says of a shop, from the least to the most.
GRADES = ("Average", "Good", "Excellent")

#: Columns that a table of ratings has.
RATED = ("user", "shop", "rating")

_SHOP_NUMBERS = ("price_band", "latitude", "longitude")
_COUNTS = ("impressions", "clicks")


def ratings_table(ratings: Source) -> pd.DataFrame:
    """Return a table of ratings, one for each user and shop.

    Parameters
    ----------
    ratings : DataFrame, or path of a .csv or .parquet file
        Columns ``user`` and ``shop``, whole numbers or texts (texts in a CSV file), and ``rating``, each "Excellent",
        "Good" or "Average". A column ``time`` may be there: all numbers, all dates or all texts, which are in the
        order of their characters, as ISO 8601 has it. Others are kept.

    Returns
    -------
    DataFrame
        A new one, whose ``rating`` is an ordered categorical over `GRADES`. Of several ratings of one shop by one
        user the latest stands: by ``time``, or by the order of the rows without it and where times are equal.

    Raises
    ------
    TypeError
        If `ratings` is neither a table nor a path, or users or shops are neither whole numbers nor texts, or times
        are of several kinds.
    ValueError
        If the table is empty, lacks a column or has it twice, or has a rating outside the three grades, or a user,
        shop or time that is missing; or if a file is no table.
    ImportError
        If pandas, or for Parquet pyarrow, is not installed.

    Warns
    -----
    UserWarning
        If ratings of one shop by one user contradict one another.

    Examples
    --------
    >>> import pandas as pd
    >>> from kousei.recommend import ratings_table
    >>> rows = {"user": ["ann", "bob"], "shop": ["noodles", "noodles"], "rating": ["Good", "Excellent"]}
    >>> ratings_table(pd.DataFrame(rows)).rating.max()
    'Excellent'
    """
    table, _, _ = rated(ratings)
    return table


def rated(source: Source, name: str = "ratings") -> tuple[pd.DataFrame, Factorised, Factorised]:
    """Return a table of ratings, and its users and shops: for each row the place in the index beside them."""
    frame = _table(name, source, RATED, numbers=())
    check_ratings(name, frame)
    frame, users, shops, differ = latest(frame)
    warn_of_contradictions(name, differ)
    return frame, users, shops


def check_ratings(name: str, frame: pd.DataFrame) -> None:
    """Raise an error unless users, shops, ratings and times are right; ratings become an ordered categorical."""
    import pandas as pd

    _check_ids(name, frame, "user")
    _check_ids(name, frame, "shop")
    grades = pd.CategoricalDtype(list(GRADES), ordered=True)
    wrong = frame["rating"].isna() if frame["rating"].dtype == grades else ~frame["rating"].isin(GRADES)
    if wrong.any():
        _refuse(name, frame, "rating", wrong, "'Excellent', 'Good' and 'Average' are accepted")
    frame["rating"] = frame["rating"].astype(grades)
    if "time" in frame.columns:
        _check_times(name, frame)


def latest(frame: pd.DataFrame) -> tuple[pd.DataFrame, Factorised, Factorised, int]:
    """Return the ratings that stand, users and shops as `rated` does, and how many pairs have ratings that differ."""
    import pandas as pd

    (user, users), (shop, shops) = (pd.factorize(frame[column]) for column in ("user", "shop"))
    pair = user * len(shops) + shop
    ordered, differ = np.sort(pair), 0
    if (ordered[1:] == ordered[:-1]).any():
        standing, differ = _latest(frame, pair)
        frame, user, shop = frame.iloc[standing].reset_index(drop=True), user[standing], shop[standing]
    return frame, (user, _plain(users)), (shop, _plain(shops)), differ


def warn_of_contradictions(name: str, pairs: int) -> None:
    """Warn where there are pairs of user and shop whose ratings differ."""
    if pairs:
        warn(f"{name} has {pairs} pairs of user and shop whose ratings differ; the latest stands")


def _plain(ids: Any) -> pd.Index[Any]:
    """Return ids as an index; those of a categorical as what its categories are, whose order is that of ids."""
    import pandas as pd

    return pd.Index(ids.astype(ids.categories.dtype) if isinstance(ids.dtype, pd.CategoricalDtype) else ids)


def _check_times(name: str, frame: pd.DataFrame) -> None:
    import pandas as pd

    times = frame["time"]
    if times.isna().any():
        _refuse(name, frame, "time", times.isna(), "a time for each rating is accepted")
    kind = pd.api.types.infer_dtype(times)
    if kind.startswith(("mixed", "complex")):
        raise TypeError(f"{name} has times of {kind} kind; all numbers, all texts or all dates are accepted")


def _latest(frame: pd.DataFrame, pair: Array) -> tuple[Array, int]:
    """Return the rows of ratings that stand, of each pair one, and how many pairs have several grades."""
    import pandas as pd

    by_time = frame["time"].argsort(kind="stable") if "time" in frame.columns else np.arange(len(frame))
    order = np.asarray(by_time)
    repeated = pd.Series(pair[order]).duplicated(keep="last").to_numpy()
    grades = frame["rating"].cat.codes.groupby(pair)
    return np.sort(order[~repeated]), int((grades.max() != grades.min()).sum())


def shop_table(shops: Source) -> pd.DataFrame:
    """Return a table of shops, by their ids.

    Parameters
    ----------
    shops : DataFrame, or path of a .csv or .parquet file
        Columns ``shop``, whole numbers or texts (texts in a CSV file), each once; ``categories`` and ``scenes``, each
        texts that ";" separates, or a list of texts; ``price_band``, a number; ``latitude`` and ``longitude``, in
        degrees. All but ``shop`` may be missing in a row. A column ``name`` of texts may be there; others are kept.

    Returns
    -------
    DataFrame
        A new one, whose index is ``shop``. Categories and scenes are sorted tuples of texts, numbers are float64, NaN
        where they are missing, and the name of a shop without one is its id.

    Raises
    ------
    TypeError
        If `shops` is neither a table nor a path, shops are neither whole numbers nor texts, or a column of numbers
        or of texts has others.
    ValueError
        If the table is empty, lacks a column, has a shop twice or none in a row, numbers that are infinite, a
        latitude beyond 90 or a longitude beyond 180 degrees, or one without the other.
    ImportError
        If pandas, or for Parquet pyarrow, is not installed.

    Examples
    --------
    >>> import pandas as pd
    >>> from kousei.recommend import shop_table
    >>> rows = {"shop": ["noodles"], "categories": ["ramen; noodles"], "scenes": [None], "price_band": [1]}
    >>> shops = shop_table(pd.DataFrame(rows | {"latitude": [35.69], "longitude": [139.70]}))
    >>> shops.loc["noodles", "categories"]
    ('noodles', 'ramen')
    """
    columns = ("shop", "categories", "scenes", *_SHOP_NUMBERS)
    frame = _table("shops", shops, columns, numbers=_SHOP_NUMBERS)
    _check_ids("shops", frame, "shop")
    twice = frame["shop"].duplicated()
    if twice.any():
        _refuse("shops", frame, "shop", twice, "each shop once is accepted")
    for column in ("categories", "scenes"):
        there = frame[column].astype(object).where(frame[column].notna(), "")
        frame[column] = [_labels(column, value) for value in there]
    for column in _SHOP_NUMBERS:
        frame[column] = _numbers("shops", frame, column)
    for column, limit in (("latitude", 90), ("longitude", 180)):
        wrong = frame[column].abs() > limit
        if wrong.any():
            _refuse("shops", frame, column, wrong, f"-{limit} to {limit} degrees are accepted")
    half = frame["latitude"].isna() != frame["longitude"].isna()
    if half.any():
        _refuse("shops", frame, "latitude", half, "a longitude with each latitude, or neither, is accepted")
    names = frame["shop"].astype(str)
    if "name" in frame.columns:
        given = frame["name"].astype(object).where(frame["name"].notna(), "")
        wrong = ~given.map(lambda value: isinstance(value, str))
        if wrong.any():
            _refuse("shops", frame, "name", wrong, "a text is accepted", TypeError)
        names = given.where(given != "", names)
    frame["name"] = names
    return frame.set_index("shop")


def click_table(clicks: Source) -> pd.DataFrame:
    """Return a click log: how often an algorithm's recommendations were shown at a shop, and clicked.

    Parameters
    ----------
    clicks : DataFrame, or path of a .csv or .parquet file
        Columns ``shop``, whole numbers or texts (texts in a CSV file), ``algorithm``, texts, and the counts
        ``impressions`` and ``clicks``. Others are kept, and a shop and an algorithm may come in several rows, of
        several days.

    Returns
    -------
    DataFrame
        A new one, whose counts are int64.

    Raises
    ------
    TypeError
        If `clicks` is neither a table nor a path, or shops, algorithms or counts are of another kind.
    ValueError
        If the table is empty, lacks a column or a value, or has counts that are negative or no whole numbers, or more
        clicks than impressions.
    ImportError
        If pandas, or for Parquet pyarrow, is not installed.

    Examples
    --------
    >>> import pandas as pd
    >>> from kousei.recommend import click_table
    >>> rows = {"shop": ["noodles"], "algorithm": ["popular"], "impressions": [100], "clicks": [4]}
    >>> int(click_table(pd.DataFrame(rows)).clicks.sum())
    4
    """
    frame = _table("clicks", clicks, ("shop", "algorithm", *_COUNTS), numbers=_COUNTS)
    _check_ids("clicks", frame, "shop")
    _check_ids("clicks", frame, "algorithm")
    for column in _COUNTS:
        counts = _numbers("clicks", frame, column)
        wrong = ~((counts >= 0) & (counts == np.floor(counts)) & (counts < 2**53))
        if wrong.any():
            _refuse("clicks", frame, column, wrong, "whole numbers of at least 0 are accepted")
        frame[column] = counts.astype(np.int64)
    wrong = np.asarray(frame["clicks"] > frame["impressions"])
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"clicks has {frame['clicks'].iloc[row]} clicks of {frame['impressions'].iloc[row]} impressions in row "
            f"{row}; at most as many clicks as impressions are accepted"
        )
    return frame


def _table(name: str, source: Any, columns: tuple[str, ...], numbers: tuple[str, ...]) -> pd.DataFrame:
    """Return the rows of a table or a file as a new table, once it has rows and columns."""
    import pandas as pd

    check_type(name, source, pd.DataFrame | str | PathLike, "a pandas DataFrame or the path of a table")
    frame = source.copy(deep=False) if isinstance(source, pd.DataFrame) else _read(Path(source), numbers)
    require_columns(name, list(frame.columns), columns)
    if frame.empty:
        raise ValueError(f"{name} is empty; one row or more is accepted")
    require_utf_8(name, frame)
    return frame.reset_index(drop=True)


def is_malformed(error: BaseException) -> bool:
    """Tell whether a reader's error is of what a file has in it, for which Arrow and pandas raise many kinds."""
    return not isinstance(error, ImportError | MemoryError) and getattr(error, "errno", None) is None


def require_utf_8(name: str, frame: pd.DataFrame) -> None:
    """Raise ValueError unless texts are UTF-8, which Arrow, as it reads them, leaves to those who use them."""
    import pandas as pd

    for column, values in frame.items():
        if isinstance(values.array, pd.arrays.ArrowExtensionArray):
            try:
                values.array.__arrow_array__().validate(full=True)
            except ValueError as error:
                raise ValueError(f"{name} has {column} that is damaged: {said(error)}") from None


def require_columns(name: str, there: list[Any], columns: tuple[str, ...]) -> None:
    """Raise ValueError unless a table has the columns, each once."""
    for column in columns:
        count = there.count(column)
        if count != 1:
            found, accepted = f"{count} columns" if count else "no column", ", ".join(columns)
            raise ValueError(f"{name} has {found} {column!r}; {accepted}, each once, are accepted")


def _read(path: Path, numbers: tuple[str, ...]) -> pd.DataFrame:
    """Read a table. Nothing is guessed in a CSV file: "007" is a text, and so is "NA"."""
    import pandas as pd

    if path.suffix not in (".csv", ".parquet"):
        raise ValueError(f"{path} has the suffix {path.suffix!r}; .csv and .parquet are accepted")
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    except Exception as error:
        if not is_malformed(error):
            raise
        raise ValueError(f"{path} is no table: {said(error)}") from None
    if not isinstance(frame.index, pd.RangeIndex):  # else columns would stand under the names of others
        raise ValueError(f"{path} has rows with more fields than its header; as many are accepted")
    for column in {*numbers, "time"} & {*frame.columns}:
        parsed = pd.to_numeric(frame[column].where(frame[column] != ""), errors="coerce")
        wrong = parsed.isna() & (frame[column] != "")
        if not wrong.any():
            frame[column] = parsed
        elif column != "time" or parsed.notna().any():  # times may be in words: all of them
            _refuse(str(path), frame, column, wrong, "a number is accepted")
    return frame


def _check_ids(name: str, frame: pd.DataFrame, column: str) -> None:
    import pandas as pd

    values = frame[column]
    missing = values.isna()
    # Of a categorical, the few values that there are.
    distinct = values.cat.categories if isinstance(values.dtype, pd.CategoricalDtype) else values
    kind = pd.api.types.infer_dtype(distinct, skipna=True)
    if kind == "string":
        missing |= values == ""
    if missing.any():
        _refuse(name, frame, column, missing, "a value in each row is accepted")
    if kind not in ("integer", "string"):
        raise TypeError(f"{name} has {column}s of {kind} kind; whole numbers or texts are accepted")


def _numbers(name: str, frame: pd.DataFrame, column: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return a column as float64, NaN where a number is missing."""
    import pandas as pd

    values = frame[column]
    if not values.isna().all() and (
        not pd.api.types.is_any_real_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype)
    ):
        raise TypeError(f"{name} has {column} of dtype {values.dtype}; real numbers are accepted")
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isinf(numbers).any():
        _refuse(name, frame, column, np.isinf(numbers), "finite numbers are accepted")
    return numbers


def _labels(column: str, value: Any) -> tuple[str, ...]:
    """Return the texts of one shop's categories or scenes, each once."""
    if isinstance(value, str):
        value = value.split(";")
    if not isinstance(value, list | tuple | set | frozenset | np.ndarray) or not all(
        isinstance(each, str) for each in value
    ):
        raise TypeError(f"shops has {column} {value!r}; texts that ';' separates, or a list of texts, are accepted")
    return tuple(sorted({each.strip() for each in value} - {""}))


def _refuse(name: str, frame: pd.DataFrame, column: str, wrong: Any, accepted: str, error: type = ValueError) -> None:
    """Raise an error that names the first row that is wrong."""
    row = int(np.flatnonzero(np.asarray(wrong))[0])
    (value,) = frame[column].iloc[[row]].tolist()
    raise error(f"{name} has {column} {value!r} in row {row}; {accepted}")
