"""Ratings as whole numbers: users and shops by their places in an index, grades from 0 on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._lib.errors import SizeError, shown
from kousei.recommend.data import GRADES, Factorised, Source, rated

if TYPE_CHECKING:
    import pandas as pd

Array = np.ndarray[Any, Any]

#: The numbers that stand for the grades where ratings are a matrix, whose 0 is no rating: as stars.
STARS = np.array([3.0, 4.0, 5.0])

NONE_RATED = "shops has none that ratings have; one or more of these, as the same kind, are accepted"


@dataclass(frozen=True)
class Coded:
    """Ratings of `users` and `shops`, each an index; rating i is `grade[i]` of `user[i]` for `shop[i]`.

    The arrays are of int32, and grades those of `kousei.recommend.GRADES`, from 0 for "Average" to 2.
    """

    users: pd.Index[Any]
    shops: pd.Index[Any]
    user: Array
    shop: Array
    grade: Array

    def matrix(self, values: Array) -> Any:
        """Return a SciPy CSR array (users, shops) of one value for each rating."""
        from scipy.sparse import csr_array

        shape = len(self.users), len(self.shops)
        by_user = csr_array((values, (self.user, self.shop)), shape=shape)
        by_user.sort_indices()
        return by_user


def coded(ratings: Source, shops: Any = None) -> Coded:
    """Return ratings, checked; with `shops`, an iterable of ids, those of these shops alone, in that order."""
    table, users, its_shops = rated(ratings)
    found = code(table, users, its_shops, its_shops[1].sort_values() if shops is None else chosen(shops))
    if not len(found.shop):
        raise ValueError(NONE_RATED)
    return found


def code(table: pd.DataFrame, users: Factorised, shops: Factorised, wanted: pd.Index[Any]) -> Coded:
    """Return the ratings of some shops, of users and shops as `latest` returns them."""
    import pandas as pd

    (user, ids), (place, index) = users, shops
    shop, grade = wanted.get_indexer(index)[place], table["rating"].cat.codes.to_numpy()
    there = shop >= 0
    if not there.all():
        user, of_ids = pd.factorize(user[there])
        ids, shop, grade = ids[of_ids], shop[there], grade[there]
    # Users times grades are numbers of int32.
    if max(len(GRADES) * len(ids), len(wanted)) >= 2**31:
        raise SizeError(f"ratings has {len(ids)} users and {len(wanted)} shops; fewer than 2**31 / 3 are accepted")
    return Coded(ids, wanted, user.astype(np.int32), shop.astype(np.int32), grade.astype(np.int32))


def chosen(shops: Any) -> pd.Index[Any]:
    """Return ids that are to be those of some shops as an index."""
    import pandas as pd

    if isinstance(shops, str) or not isinstance(shops, Iterable):
        raise TypeError(f"shops was {shown(shops)}; a sequence of ids is accepted")
    index = pd.Index(list(shops))
    if index.empty or index.has_duplicates:
        raise ValueError(f"shops has {len(index)} entries; one or more, each once, are accepted")
    return index


def lists_of(keys: Array, entries: Array, count: int) -> tuple[Array, Array]:
    """Return for each key 0, ..., count - 1 the entries that have it, in their order, as begins and one array."""
    from scipy.sparse import csr_array

    # The transpose of a matrix with one entry in each row: SciPy counts, and sorts nothing.
    index = np.int32 if len(keys) < 2**31 - 1 else np.int64
    rows = csr_array((entries, keys, np.arange(len(keys) + 1, dtype=index)), shape=(len(keys), count))
    columns = rows.tocsc()
    return columns.indptr.astype(np.int64), columns.data
