"""Permutations of points by generators: checked, walked level by level, and their orbits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from kousei._lib import arrays

Integers: TypeAlias = np.ndarray[Any, Any]


class Level(NamedTuple):
    """Points that a walk reaches first in one more step: each is a generator's image of one reached before."""

    points: Integers
    generators: Integers
    origins: Integers


def integers(name: str, value: Any) -> Integers:
    """Return array_like integers as a NumPy array; TypeError for other numbers."""
    array = arrays.array_like(name, value)
    if array.dtype.kind not in "iu" and array.size > 0:
        raise TypeError(f"{name} has dtype {array.dtype}; integers are accepted")
    return array if array.size else array.astype(np.intp)


def broadcast(**named: Integers) -> tuple[Integers, ...]:
    """Return named arrays in the shape that they broadcast to; ValueError where there is none."""
    try:
        return tuple(np.broadcast_arrays(*named.values()))
    except ValueError:
        shapes = " and ".join(f"{name} has shape {array.shape}" for name, array in named.items())
        raise ValueError(f"{shapes}; shapes that broadcast are accepted") from None


def numbers(name: str, value: Any) -> np.ndarray[Any, Any]:
    """Return array_like numbers as finite ones of float64, or of complex128 where they are complex."""
    kinds = "iufc" if arrays.array_like(name, value).dtype.kind == "c" else "iuf"
    return arrays.finite_numbers(name, value, kinds)


def require_below(name: str, array: Integers, stop: int) -> None:
    """Raise ValueError unless all integers of an array are 0 to `stop` - 1."""
    outside = array[(array < 0) | (array >= stop)]
    if outside.size:
        raise ValueError(f"{name} has {outside[0]}; 0 to {stop - 1} are accepted")


def permutations(name: str, value: Any) -> Integers:
    """Return array_like of shape (k, n) as k permutations of n points, read-only, in the least dtype that holds them.

    Raises
    ------
    TypeError
        If they are not integers.
    ValueError
        If the shape is another, or a row is no permutation.
    """
    array = integers(name, value)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"{name} has shape {array.shape}; (generators, points), none of them 0, is accepted")
    require_below(name, array, array.shape[1])
    for row, images in enumerate(array):
        times = np.bincount(images)
        if times.max() > 1:
            raise ValueError(f"{name}[{row}] has {np.argmax(times)} more than once; a permutation is accepted")
    return read_only(compact(array, array.shape[1]))


def compact(array: Integers, stop: int) -> Integers:
    """Return integers below `stop` as a new array of the least unsigned dtype that holds them."""
    return array.astype(np.min_scalar_type(max(stop - 1, 0)))


def read_only(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return an array after it was made read-only."""
    array.flags.writeable = False
    return array


def inverted(permutations: Integers) -> Integers:
    """Return the inverse of each permutation, along the last axis."""
    inverses = np.empty_like(permutations)
    points = np.arange(permutations.shape[-1], dtype=permutations.dtype)
    np.put_along_axis(inverses, permutations.astype(np.intp), np.broadcast_to(points, permutations.shape), -1)
    return inverses


def orbit_labels(images: Integers) -> Integers:
    """Return which orbit of the permutations (k, n) each point lies in; orbits are numbered by their first points."""
    size = images.shape[1]
    arrays.require_memory(images.size, 40, f"a graph of {images.size} images of points")
    ends = np.tile(np.arange(size), len(images)), images.reshape(-1).astype(np.intp)
    graph = coo_array((np.ones(images.size, np.int8), ends), shape=(size, size))
    _, first, labels = np.unique(
        connected_components(graph, directed=False)[1], return_index=True, return_inverse=True
    )
    return np.argsort(np.argsort(first))[labels]


def members(labels: Integers) -> tuple[Integers, ...]:
    """Return the points of each label, in order."""
    return tuple(np.split(np.argsort(labels, kind="stable"), np.cumsum(np.bincount(labels))[:-1]))


def levels(images: Integers, roots: Integers) -> Iterator[Level]:
    """Walk from roots, by the permutations (k, n), to all of their orbits, and yield what each step reaches."""
    reached = np.zeros(images.shape[1], bool)
    reached[roots] = True
    frontier = roots
    while frontier.size:
        found, first = np.unique(images[:, frontier], return_index=True)
        new = ~reached[found]
        found, (generators, origins) = found[new].astype(np.intp), divmod(first[new], frontier.size)
        reached[found] = True
        if found.size:
            yield Level(found, generators, frontier[origins])
        frontier = found


def rows_of(rows: np.ndarray[Any, Any], wanted: np.ndarray[Any, Any]) -> Integers:
    """Return where each wanted row stands among rows, which are different, and -1 for one that does not."""
    _, names = np.unique(np.concatenate([rows, wanted]), axis=0, return_inverse=True)
    names = names.reshape(-1)
    places = np.full(len(names), -1)
    places[names[: len(rows)]] = np.arange(len(rows))
    return places[names[len(rows) :]]
