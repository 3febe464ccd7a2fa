"""Finite sets that a finite group acts on."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cached_property
from itertools import chain, combinations
from itertools import permutations as arrangements
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_integer, check_type
from kousei.equivariant.group import FiniteGroup, check_group
from kousei.equivariant.orbits import (
    Integers,
    broadcast,
    compact,
    integers,
    inverted,
    members,
    orbit_labels,
    permutations,
    read_only,
    require_below,
    rows_of,
)


class GSet:
    """A set of points 0 to size - 1 that a group acts on from the left.

    ``act(multiply(g, h), x)`` is ``act(g, act(h, x))``.

    Parameters
    ----------
    group : FiniteGroup
        The group.
    images : array_like of int, shape (generators, size)
        Row s has the image of each point under generator s of the group.

    Attributes
    ----------
    group : FiniteGroup
        As given.
    size : int
        Number of points.
    images : numpy.ndarray of unsigned int, shape (generators, size)
        As given.
    points : numpy.ndarray, shape (size, ...)
        What each point stands for, such as the members of a subset; its own number where nothing else was said.

    Raises
    ------
    TypeError
        If `group` is not a FiniteGroup or `images` are not integers.
    ValueError
        If a row is no permutation, or they are no action: the relation between elements that breaks is named.
    MemoryError
        If the images of all points under all elements do not fit into memory.

    See Also
    --------
    GSet.natural, GSet.regular, GSet.trivial, GSet.cosets, GSet.subsets, GSet.tuples, GSet.functions, GSet.words,
    GSet.product

    Examples
    --------
    >>> from kousei.equivariant import FiniteGroup, GSet
    >>> S4 = FiniteGroup.symmetric(4)
    >>> X = GSet.subsets(GSet.natural(S4), 2)
    >>> X
    GSet(6 points, 1 orbits, of a group of order 24)
    >>> X.points[X.act(S4.generators[0], 0)]  # the rotation takes {0, 1} to {1, 2}
    array([1, 2])
    >>> GSet(FiniteGroup.cyclic(3), [[1, 0]])
    Traceback (most recent call last):
        ...
    ValueError: images are no action: element 1 after element 2 takes point 0 to 1, and their product 0 to 0
    """

    size: int
    images: Integers
    points: np.ndarray[Any, Any]

    def __init__(self, group: FiniteGroup, images: Any) -> None:
        self.group: FiniteGroup = check_group("group", group)
        images = permutations("images", images)
        if len(images) != len(group.generators):
            raise ValueError(
                f"images has shape {images.shape}; ({len(group.generators)}, points), a row for each generator, is "
                "accepted"
            )
        self._set(images, np.arange(images.shape[1]))
        for generator, moved in enumerate(images):
            product, steps = self._table[group.left[generator]], moved[self._table]
            if not np.array_equal(product, steps):
                h, x = np.argwhere(product != steps)[0]
                raise ValueError(
                    f"images are no action: element {group.generators[generator]} after element {h} takes point {x} "
                    f"to {steps[h, x]}, and their product {group.left[generator, h]} to {product[h, x]}"
                )

    @classmethod
    def _of(cls, group: FiniteGroup, images: Integers, points: np.ndarray[Any, Any]) -> GSet:
        """Return the set with these images under generators, which are known to be an action."""
        made = cls.__new__(cls)
        made.group = group
        made._set(read_only(compact(images, images.shape[1])), points)
        return made

    def _set(self, images: Integers, points: np.ndarray[Any, Any]) -> None:
        self.images, self.size, self.points = images, images.shape[1], read_only(points)

    @classmethod
    def natural(cls, group: FiniteGroup) -> GSet:
        """Return the points that the group's permutations are of."""
        group = check_group("group", group)
        return cls._of(group, group.permutations[group.generators], np.arange(group.degree))

    @classmethod
    def regular(cls, group: FiniteGroup) -> GSet:
        """Return the group itself: g takes h to the product of g and h."""
        group = check_group("group", group)
        return cls._of(group, group.left, np.arange(group.order))

    @classmethod
    def trivial(cls, group: FiniteGroup, size: int) -> GSet:
        """Return points that all elements keep."""
        size, generators = check_integer("size", size, 1), len(check_group("group", group).generators)
        arrays.require_memory(size, 16 * generators, f"{size} points")
        points = np.arange(size)
        return cls._of(group, np.tile(points, (generators, 1)), points)

    @classmethod
    def cosets(cls, group: FiniteGroup, subgroup: Any) -> GSet:
        """Cosets gH of the subgroup H that some elements generate.

        Parameters
        ----------
        group : FiniteGroup
            The group.
        subgroup : array_like of int, shape (elements,)
            Elements that generate H.

        Returns
        -------
        GSet
            Its `points` are the least elements of the cosets.

        Examples
        --------
        >>> from kousei.equivariant import FiniteGroup, GSet
        >>> S4 = FiniteGroup.symmetric(4)
        >>> GSet.cosets(S4, [S4.find([1, 0, 2, 3])]).size
        12
        """
        group, subgroup = check_group("group", group), integers("subgroup", subgroup)
        if subgroup.ndim != 1:
            raise ValueError(f"subgroup has shape {subgroup.shape}; (elements,) is accepted")
        require_below("subgroup", subgroup, group.order)
        labels = orbit_labels(group.multiply(np.arange(group.order), np.append(subgroup, 0)[:, None]))
        _, least = np.unique(labels, return_index=True)
        return cls._of(group, labels[group.left[:, least]], least)

    @classmethod
    def subsets(cls, X: GSet, k: int) -> GSet:
        """Subsets of k points of a set, by their members in order.

        Parameters
        ----------
        X : GSet
            The set.
        k : int
            Number of members, 1 to ``X.size``.

        Returns
        -------
        GSet
            Its `points` (subsets, k) are the members.

        Raises
        ------
        TypeError, ValueError
            If the arguments are others.
        MemoryError
            If there are too many subsets.
        """
        k = check_integer("k", k, 1, check_set("X", X).size)
        arrays.require_memory(math.comb(X.size, k) * k, 16, f"subsets of {k} of {X.size} points")
        subsets = _rows(combinations(range(X.size), k), math.comb(X.size, k), k)
        images = [rows_of(subsets, np.sort(moved[subsets], axis=1)) for moved in X.images]
        return cls._of(X.group, np.array(images), subsets)

    @classmethod
    def tuples(cls, X: GSet, k: int) -> GSet:
        """Ordered tuples of k different points of a set; for the rest as `subsets`."""
        k = check_integer("k", k, 1, check_set("X", X).size)
        arrays.require_memory(math.perm(X.size, k) * k, 16, f"tuples of {k} of {X.size} points")
        tuples = _rows(arrangements(range(X.size), k), math.perm(X.size, k), k)
        return cls._of(X.group, np.array([rows_of(tuples, moved[tuples]) for moved in X.images]), tuples)

    @classmethod
    def functions(cls, X: GSet, rows: Any) -> GSet:
        """Functions on a set: g takes h to the function x -> h(g^-1 x).

        Parameters
        ----------
        X : GSet
            The set.
        rows : array_like of int, shape (functions, X.size)
            Values of different functions, which the group takes to one another.

        Returns
        -------
        GSet
            Its `points` are `rows`. Whatever is computed from the value of function xi at x alone is a feature:
            ``phi = g[rows.T]``.

        Raises
        ------
        TypeError
            If `rows` are not integers.
        ValueError
            If their shape is another, two are alike, or a generator takes one to none of them.

        Examples
        --------
        The functions a x - b on F_5, which affine maps take to one another:

        >>> import numpy as np
        >>> from kousei.equivariant import FiniteGroup, GSet
        >>> a, b, x = np.ogrid[:5, :5, :5]
        >>> Xi = GSet.functions(GSet.natural(FiniteGroup.affine(5)), ((a * x - b) % 5).reshape(25, 5))
        >>> [len(orbit) for orbit in Xi.orbits()]  # constants, and all others
        [1, 1, 1, 1, 1, 20]
        """
        rows = integers("rows", rows)
        if rows.ndim != 2 or rows.shape[1] != check_set("X", X).size or not rows.size:
            raise ValueError(f"rows has shape {rows.shape}; (functions, {X.size}) is accepted")
        kept = rows_of(rows, rows)
        if not np.array_equal(kept, np.arange(len(rows))):
            row = np.argmax(kept != np.arange(len(rows)))
            raise ValueError(f"rows has function {row} twice, as {kept[row]} too; different ones are accepted")
        images = np.array([rows_of(rows, rows[:, back]) for back in inverted(X.images)])
        if images.min() < 0:
            generator, row = np.argwhere(images < 0)[0]
            raise ValueError(f"rows is not closed: generator {generator} takes function {row} to none of them")
        return cls._of(X.group, images, rows)

    @classmethod
    def words(cls, X: GSet, letters: int) -> GSet:
        """All words with a letter at each point of a set: g moves the letter at x to g x.

        Parameters
        ----------
        X : GSet
            The set of places.
        letters : int
            Number of letters, at least 1.

        Returns
        -------
        GSet
            Its `points` (letters^X.size, X.size) are the letters, 0 to letters - 1; the first is the most
            significant digit of a word's number.

        Raises
        ------
        TypeError, ValueError
            If the arguments are others.
        MemoryError
            If there are too many words.
        """
        letters, places = check_integer("letters", letters, 1), check_set("X", X).size
        arrays.require_memory(letters**places * places, 16, f"words of {places} of {letters} letters")
        numbers, digits = np.arange(letters**places), letters ** np.arange(places)[::-1]
        words = numbers[:, None] // digits % letters
        return cls._of(X.group, np.array([words[:, back] @ digits for back in inverted(X.images)]), words)

    @classmethod
    def product(cls, X: GSet, Y: GSet) -> GSet:
        """Pairs of points of two sets of one group: (x, y) is the point ``x * Y.size + y``, and goes to (g x, g y).

        The product with a trivial set has several copies of the first, such as the channels of a network.
        """
        require_one_group(X=check_set("X", X), Y=check_set("Y", Y))
        arrays.require_memory(X.size * Y.size, 16 * len(X.images) + 16, f"pairs of {X.size} and {Y.size} points")
        images = X.images[:, :, None].astype(np.intp) * Y.size + Y.images[:, None, :]
        pairs = np.stack(np.unravel_index(np.arange(X.size * Y.size), (X.size, Y.size)), axis=1)
        return cls._of(X.group, images.reshape(len(images), -1), pairs)

    def __repr__(self) -> str:
        orbits = self.orbit_labels.max() + 1
        return f"GSet({self.size} points, {orbits} orbits, of a group of order {self.group.order})"

    def is_same(self, other: GSet) -> bool:
        """Tell whether another set has as many points, on which one group acts in the same way."""
        return self.group is check_set("other", other).group and np.array_equal(self.images, other.images)

    def act(self, g: Any, x: Any) -> Any:
        """Images of points under elements.

        Parameters
        ----------
        g, x : int or array_like of int
            Elements and points, of shapes that broadcast.

        Returns
        -------
        int or numpy.ndarray of int
            Of the broadcast shape.

        Raises
        ------
        TypeError
            If they are not integers.
        ValueError
            If they are no elements or points.
        MemoryError
            If the images of all points under all elements, which the first call makes, do not fit into memory.
        """
        g, x = integers("g", g), integers("x", x)
        require_below("g", g, self.group.order)
        require_below("x", x, self.size)
        moved = self._table[broadcast(g=g, x=x)].astype(np.intp)
        return moved if moved.ndim else int(moved)

    @cached_property
    def _table(self) -> Integers:
        order = self.group.order
        arrays.require_memory(order * self.size, self.images.itemsize, f"{order} x {self.size} images of points")
        table = np.empty((order, self.size), self.images.dtype)
        table[0] = np.arange(self.size)
        for level in self.group.words:
            table[level.points] = self.images[level.generators[:, None], table[level.origins]]
        return read_only(table)

    def orbits(self) -> tuple[Integers, ...]:
        """Return the points of each orbit, numpy.ndarray of int each, by their least points."""
        return members(self.orbit_labels)

    @cached_property
    def orbit_labels(self) -> Integers:
        """Number of the orbit that each point lies in, numpy.ndarray of int, shape (size,)."""
        return read_only(orbit_labels(self.images))

    @cached_property
    def character(self) -> np.ndarray[Any, Any]:
        """Number of points that elements of each conjugacy class keep, numpy.ndarray of float64."""
        kept = self._table[self.group.class_representatives] == np.arange(self.size)
        return kept.sum(axis=1).astype(np.float64)


def _rows(tuples: Iterable[tuple[int, ...]], count: int, k: int) -> Integers:
    """Return that many tuples of k integers as rows, without a list of them."""
    return np.fromiter(chain.from_iterable(tuples), np.intp, count * k).reshape(count, k)


def check_set(name: str, value: Any) -> GSet:
    """Return a set; TypeError unless it is one."""
    check_type(name, value, GSet, "a kousei.equivariant.GSet")
    return value


def require_one_group(**named: Any) -> None:
    """Raise ValueError unless named sets and representations are of one group, the same object."""
    (first, one), *others = named.items()
    for name, other in others:
        if other.group is not one.group:
            raise ValueError(f"{name} is of {other.group} and {first} of {one.group}; one group is accepted")


def pair_orbits(X: GSet, Xi: GSet) -> Integers:
    """Orbits of the pairs of points of two sets of one group.

    Parameters
    ----------
    X, Xi : GSet
        The sets.

    Returns
    -------
    numpy.ndarray of int, shape (X.size, Xi.size)
        Number of the orbit that (x, xi) lies in; orbits are numbered by their first pairs.

    Raises
    ------
    TypeError, ValueError
        If they are no sets of one group.
    MemoryError
        If there are too many pairs.

    Examples
    --------
    >>> from kousei.equivariant import FiniteGroup, GSet, pair_orbits
    >>> X = GSet.natural(FiniteGroup.dihedral(5))
    >>> pair_orbits(X, X)  # by distance
    array([[0, 1, 2, 2, 1],
           [1, 0, 1, 2, 2],
           [2, 1, 0, 1, 2],
           [2, 2, 1, 0, 1],
           [1, 2, 2, 1, 0]])
    """
    require_one_group(X=check_set("X", X), Xi=check_set("Xi", Xi))
    pairs = GSet.product(X, Xi)
    return pairs.orbit_labels.reshape(X.size, Xi.size)
