"""The first of many scores, and whom they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._lib.errors import check_type

if TYPE_CHECKING:
    import pandas as pd


def first(scores: np.ndarray[Any, Any], shops: pd.Index[Any], k: int, name: str) -> pd.Series[float]:
    """Return the k largest of the positive scores, from the largest on and of equal ones in the order of shops."""
    import pandas as pd

    count = min(k, len(scores))
    # All that are as large as the k-th largest: among equal ones a partition alone would choose by chance.
    least = np.partition(scores, len(scores) - count)[len(scores) - count]
    candidates = np.flatnonzero((scores >= least) & (scores > 0))
    order = candidates[np.argsort(-scores[candidates], kind="stable")[:k]]
    return pd.Series(scores[order], index=shops[order].rename("shop"), name=name)


def the_one_of(shop: Any, user: Any) -> None:
    """Raise ValueError unless there is either a shop or a user, TypeError unless it can be an id."""
    if (shop is None) == (user is None):
        raise ValueError(f"shop was {shop!r} and user {user!r}; one of the two is accepted")
    name, value = ("shop", shop) if user is None else ("user", user)
    check_type(name, value, int | np.integer | str, "a whole number or a text")
