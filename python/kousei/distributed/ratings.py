"""Ratings on the workers of a cluster: checked where they are read, and brought together by user or by shop."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from kousei._lib.errors import check_type, said
from kousei.distributed.cluster import in_order
from kousei.recommend.data import RATED, check_ratings, is_malformed, require_columns, require_utf_8

if TYPE_CHECKING:
    import dask.dataframe as dd
    import pandas as pd
    from distributed import Client, Future

#: A table of Dask, or its Parquet files: one, a folder or a pattern.
Source: TypeAlias = "dd.DataFrame | str | PathLike[str]"

#: Ratings that lie together on a worker, on average.
BLOCK = 1 << 20
#: Of Parquet, for a task that reads.
_READ = "32MiB"

_NO_FILES = "{} is neither a Parquet file nor a folder or a pattern of some"


@dataclass(frozen=True)
class Ratings:
    """Ratings that are known to be right, in `parts` on workers; `empty` has their columns, `shops` is sorted."""

    client: Client
    parts: list[Future[Any]]
    empty: pd.DataFrame
    shops: pd.Index[Any]
    count: int

    def brought_together(self, by: str, blocks: int, build: Any, *shared: Any) -> list[Future[Any]]:
        """Return what a function makes, on workers, of the ratings of some users, or shops.

        They come in blocks by a hash of the column `by`, in the order in which they were read.
        """
        import dask
        import dask.dataframe as dd

        table = dd.from_delayed(self.parts, meta=self.empty, verify_meta=False)
        made = dask.delayed(build, pure=False)
        # Tasks alone, which can be done again one by one; "p2p" has the whole shuffle done again.
        parts = table.shuffle(by, npartitions=blocks, shuffle_method="tasks").to_delayed()
        return self.client.compute([made(part, *shared) for part in parts])


def open_ratings(source: Source, name: str = "ratings", others: str = "") -> dd.DataFrame:
    """Return ratings as a Dask DataFrame, once it has the columns of ratings; nothing is read yet."""
    import dask.dataframe as dd

    accepted = f"{others}a Dask DataFrame or the path of Parquet files"
    check_type(name, source, dd.DataFrame | str | PathLike, accepted)
    table = source if isinstance(source, dd.DataFrame) else _parquet(str(source))
    columns = list(table.columns)
    require_columns("ratings", columns, (*RATED, "time") if "time" in columns else RATED)
    return table[[*RATED, *(["time"] if "time" in columns else [])]]


def _parquet(path: str) -> dd.DataFrame:
    import dask.dataframe as dd

    try:
        table = dd.read_parquet(path, blocksize=_READ)
    except Exception as error:
        cause = error.__cause__ or error  # Dask says of all errors where they occurred
        if isinstance(cause, FileNotFoundError):
            raise FileNotFoundError(_NO_FILES.format(path)) from None
        if not is_malformed(cause):
            raise cause from None
        raise ValueError(f"{path} is no table: {said(cause)}") from None
    if not len(table.columns):  # of a pattern without files
        raise FileNotFoundError(_NO_FILES.format(path))
    return table


def read_ratings(table: dd.DataFrame, client: Client) -> Ratings:
    """Return the ratings of a table as they lie on workers, once all are known to be right."""
    import dask

    checked = dask.delayed(check_partition, pure=False)
    parts = client.compute([checked(part, number) for number, part in enumerate(table.to_delayed())])
    try:
        found = list(in_order(client, describe_partition, ((part,) for part in parts)))
    except KeyError as error:  # pandas finds no such column in a file
        message = "ratings has a partition or a file without a column that others have"
        raise ValueError(f"{message}: {said(error)}") from error
    except OSError as error:
        if type(error) is not OSError or error.errno is not None:  # of a worker that is lost, or of a system call
            raise
        raise ValueError(f"ratings has a file that is no whole table: {said(error)}") from error
    there = [number for number, its in enumerate(found) if its.count]
    if not there:
        raise ValueError("ratings is empty; one row or more is accepted")
    for column in found[there[0]].kinds:
        _require_one_kind(column, {number: found[number].kinds[column] for number in there})
    shops = found[there[0]].shops
    for number in there[1:]:
        shops = shops.union(found[number].shops)
    count = sum(its.count for its in found)
    return Ratings(client, [parts[number] for number in there], found[there[0]].empty, shops, count)


def _require_one_kind(column: str, kinds: dict[int, str]) -> None:
    (first, kind), *others = kinds.items()
    for number, its in others:
        if its != kind:
            raise TypeError(
                f"ratings has {column}s of {kind} kind in partition {first} and of {its} kind in partition {number}; "
                "one kind is accepted"
            )


def check_partition(frame: pd.DataFrame, number: int) -> pd.DataFrame:
    """Return the ratings of a partition with ids of one dtype for all, and the place of each rating among all."""
    if frame.empty:
        return frame
    name, frame = f"partition {number} of ratings", frame.reset_index(drop=True)
    require_utf_8(name, frame)
    check_ratings(name, frame)
    for column in ("user", "shop"):
        frame[column] = _ids(name, frame, column)
    frame["place"] = (number << 32) + np.arange(len(frame))
    return frame


def _ids(name: str, frame: pd.DataFrame, column: str) -> pd.Series[Any]:
    """Return ids whose hashes, too, are the same in all partitions."""
    import pandas as pd

    ids = frame[column]
    if isinstance(ids.dtype, pd.CategoricalDtype):
        ids = ids.astype(ids.cat.categories.dtype)
    if pd.api.types.infer_dtype(ids) == "string":
        return ids.astype("string[pyarrow]")
    if not ids.between(-(2**63), 2**63 - 1).all():
        raise ValueError(f"{name} has {column}s beyond int64; smaller numbers, or texts, are accepted")
    return ids.astype(np.int64)


@dataclass(frozen=True)
class _Description:
    empty: pd.DataFrame
    kinds: dict[str, str]
    shops: pd.Index[Any]
    count: int


def describe_partition(frame: pd.DataFrame) -> _Description:
    """Return what a client has to know of a partition: the kinds of its columns, and its shops."""
    import pandas as pd

    kinds = {
        column: pd.api.types.infer_dtype(frame[column]) for column in {*frame.columns} & {"user", "shop", "time"}
    }
    if kinds.get("time") in ("integer", "floating"):  # which are in one order
        kinds["time"] = "numeric"
    return _Description(frame.iloc[:0], kinds, pd.Index(frame["shop"].unique()).sort_values(), len(frame))
