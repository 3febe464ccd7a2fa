"""The value of what coalitions leave of one set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei._lib.errors import check_choice
from kousei.attribution.function import SetFunction, as_set_function
from kousei.attribution.masks import Flags, Groups, masked_sets
from kousei.attribution.tables import Tables

Reals: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

#: Coalitions that are written down at a time.
AT_ONCE = 2**14
#: Numbers of the sets that one call of the function is given, in bytes.
_BYTES_AT_ONCE = 2**24


class Game:
    """The value of what a coalition of features leaves of a set: the game whose players are the features.

    Attributes
    ----------
    f : SetFunction
    items : array (n, columns)
    baseline : array (columns,)
    groups : numpy.ndarray (columns,)
        The feature that each column belongs to.
    absent : {"baseline", "remove"}
    n, features : int
        Items, and features of each.
    evaluations : int
        Values that were asked for.
    tables : Tables or None
        What values are taken from, once `tabulate` has found that there is a table.
    """

    n: int

    def __init__(self, f: Any, items: Any, baseline: Any, absent: str, groups: Any) -> None:
        self.f: SetFunction = as_set_function(f)
        self.items: Array = _items(items)
        self.n, columns = arrays.shape_of(self.items)
        self.baseline: Array = _baseline(baseline, self.items, columns)
        check_choice("absent", absent, "baseline", "remove")
        self.absent = absent
        self.groups: Groups = _groups(groups, columns)
        self.features: int = int(self.groups.max()) + 1
        self.evaluations: int = 0
        self.tables: Tables | None = None

    @property
    def coalitions(self) -> int:
        """How many coalitions Owen values are of: all sets of whole items, and those with part of one item."""
        return 2**self.n + self.n * 2 ** (self.n - 1) * (2**self.features - 2)

    def tabulate(self, values: int) -> None:
        """Take values from a table of what features leave of each item, where it takes less than so many sets."""
        if 2**self.features <= values:
            self.tables = self.f.tabulate(self.items, self.baseline, self.absent, self.groups)

    def __call__(self, coalitions: Flags, advance: Callable[[int], Any] = lambda steps: None) -> Reals:
        """Return the values of coalitions (batch, n, features), and advance a bar by their number."""
        self.evaluations += len(coalitions)
        values = np.empty(len(coalitions))
        at_once = max(1, _BYTES_AT_ONCE // (8 * self.n * len(self.groups)))
        for start in range(0, len(coalitions), at_once):
            some = slice(start, start + at_once)
            values[some] = self._values(coalitions[some])
            advance(len(values[some]))
        return values

    def masked(self, coalitions: Flags) -> tuple[Array, Array]:
        """Return what coalitions leave, x (batch, n, columns) and mask (batch, n)."""
        return masked_sets(self.items, self.baseline, coalitions, self.absent, self.groups)

    def ends(self) -> tuple[float, float]:
        """Return the values without items and of all of them."""
        base, value = self(
            np.stack([np.zeros((self.n, self.features), bool), np.ones((self.n, self.features), bool)])
        )
        return float(base), float(value)

    def _values(self, coalitions: Flags) -> Reals:
        found = self.f(*self.masked(coalitions)) if self.tables is None else self.tables(coalitions)
        if arrays.dtype_name(found) == "bfloat16":
            raise TypeError("f(x, mask) has dtype bfloat16, which NumPy has not; float32 and float64 are accepted")
        values = arrays.real_numbers("f(x, mask)", arrays.to_host(found))
        wrong = np.flatnonzero(~np.isfinite(values))
        if wrong.size:
            shown = _described(coalitions[wrong[0]])
            raise ValueError(f"f returned {values[wrong[0]]} for {shown}; finite numbers are accepted")
        return values


def _items(items: Any) -> Array:
    """Return the items as one array (n, columns)."""
    if isinstance(items, Sequence) and len(items) and all(hasattr(item, "shape") for item in items):
        shapes = sorted({arrays.shape_of(item) for item in items})
        if len(shapes) > 1:
            raise ValueError(
                f"items have shapes {', '.join(map(str, shapes))}; items of one width are accepted, as an array "
                "(items, columns)"
            )
        _require_alike(items)
        items = arrays.namespace(items[0]).stack(list(items))
    elif isinstance(items, Sequence):
        items = arrays.real_numbers("items", items)
    items = arrays.known("items", items)
    arrays.real_dtype(items=items)
    shape = arrays.shape_of(items)
    if len(shape) != 2 or not all(shape):
        raise ValueError(f"items has shape {shape}; (items, columns), at least one of each, is accepted")
    arrays.require_finite("items", arrays.to_host(items))
    return items


def _require_alike(items: Sequence[Array]) -> None:
    """Raise TypeError unless items are arrays of one library, dtype and place."""
    named = {f"items[{i}]": item for i, item in enumerate(items)}
    arrays.real_dtype(**{name: arrays.known(name, item) for name, item in named.items()})
    for name, item in named.items():
        arrays.require_one_place(name, item, "items[0]", items[0])
        if type(item) is not type(items[0]):
            raise TypeError(
                f"{name} was {type(item).__name__}; an array like items[0], {type(items[0]).__name__}, is accepted"
            )


def _baseline(baseline: Any, items: Array, columns: int) -> Array:
    xp = arrays.namespace(items)
    if baseline is None:
        return xp.zeros_like(items[0, ...])
    baseline = arrays.known("baseline", baseline)
    arrays.real_dtype(baseline=baseline, items=items)
    arrays.require_shape("baseline", baseline, (columns,))
    arrays.require_one_place("baseline", baseline, "items", items)
    if type(baseline) is not type(items):
        raise TypeError(
            f"baseline was {type(baseline).__name__}; an array like items, {type(items).__name__}, is accepted"
        )
    arrays.require_finite("baseline", arrays.to_host(baseline))
    return baseline


def _groups(groups: Any, columns: int) -> Groups:
    """Return the feature of each column."""
    if groups is None:
        return np.arange(columns)
    labels = arrays.array_like("groups", groups)
    if labels.shape != (columns,) or labels.dtype.kind not in "iu":
        raise ValueError(
            f"groups has shape {labels.shape} and dtype {labels.dtype}; ({columns},) integers, the feature of each "
            "column, are accepted"
        )
    found = np.unique(labels)
    if not np.array_equal(found, np.arange(len(found))):
        raise ValueError(f"groups has the labels {found.tolist()}; all of 0, 1, ... are accepted")
    return labels.astype(np.int64)


def _described(coalition: Flags) -> str:
    """Return a coalition (n, features) in words."""
    if coalition.all():
        return "all items"
    if not coalition.any():
        return "no item"
    parts = [
        f"item {i}" if present.all() else f"item {i} with features {np.flatnonzero(present).tolist()} alone"
        for i, present in enumerate(coalition)
        if present.any()
    ]
    return "the coalition of " + ", ".join(parts)
