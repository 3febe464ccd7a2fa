"""Finite groups, as permutations of points."""

from __future__ import annotations

import itertools
import math
import reprlib
from functools import cached_property
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_integer, check_type
from kousei.equivariant.orbits import (
    Integers,
    Level,
    broadcast,
    compact,
    integers,
    inverted,
    levels,
    members,
    orbit_labels,
    permutations,
    read_only,
    require_below,
)
from kousei.equivariant.primes import primitive_root, require_prime

#: Elements that permutations may generate.
LARGEST_ORDER = 1_000_000


class FiniteGroup:
    """A finite group: all permutations that some generate, in the order in which words of generators reach them.

    Elements are the integers 0 to order - 1, and 0 is the identity. Sets and representations are of one group where
    that is the same object. The product of g and h is first h, then g:
    ``permutations[multiply(g, h)]`` is ``permutations[g][permutations[h]]``.

    Parameters
    ----------
    generators : array_like of int, shape (generators, degree)
        Row s has the image of each of the points 0 to degree - 1 under generator s.

    Attributes
    ----------
    order : int
        Number of elements.
    degree : int
        Number of points that `permutations` are of.
    generators : numpy.ndarray of int, shape (generators,)
        Which elements they are.
    permutations : numpy.ndarray of unsigned int, shape (order, degree)
        The elements. Those of a multiplication table are its rows.

    Raises
    ------
    TypeError
        If `generators` are not integers.
    ValueError
        If a row is no permutation.
    MemoryError
        If they generate more than 1,000,000 elements, or more than this machine's memory holds.

    See Also
    --------
    FiniteGroup.from_table, FiniteGroup.cyclic, FiniteGroup.dihedral, FiniteGroup.symmetric, FiniteGroup.affine,
    FiniteGroup.product

    Examples
    --------
    >>> from kousei.equivariant import FiniteGroup
    >>> G = FiniteGroup([[1, 2, 0, 3], [1, 0, 3, 2]])  # even permutations of four points
    >>> G
    FiniteGroup(order 12, 2 generators on 4 points)
    >>> g, h = G.generators
    >>> G.permutations[G.multiply(g, h)]
    array([2, 1, 3, 0], dtype=uint8)
    >>> [len(members) for members in G.conjugacy_classes]
    [1, 4, 3, 4]
    """

    order: int
    degree: int
    permutations: Integers
    generators: Integers

    def __init__(self, generators: Any) -> None:
        generators = permutations("generators", generators)
        self._set(_generated(generators))
        self.generators = read_only(np.atleast_1d(self.find(generators)))

    @classmethod
    def _of(cls, elements: Integers, generators: Integers) -> FiniteGroup:
        """Return the group of all these permutations, which are known to be one, and its generators among them."""
        group = cls.__new__(cls)
        group._set(elements)
        group.generators = read_only(np.asarray(generators, np.intp))
        return group

    def _set(self, elements: Integers) -> None:
        self.permutations = read_only(compact(elements, elements.shape[1]))
        self.order, self.degree = elements.shape

    @classmethod
    def from_table(cls, table: Any) -> FiniteGroup:
        """Group of a multiplication table.

        Parameters
        ----------
        table : array_like of int, shape (order, order)
            ``table[g, h]`` is the product of g and h; element 0 is the identity.

        Returns
        -------
        FiniteGroup
            Of the same elements, which permute themselves: ``permutations`` is the table. Its generators are
            found.

        Raises
        ------
        TypeError
            If `table` is not integers.
        ValueError
            If it is not square or breaks an axiom: closure, identity, inverses or associativity. The elements that do
            are named. Associativity is checked for all triples, by Light's test: those whose middle element is a
            generator, which is enough.

        Examples
        --------
        >>> from kousei.equivariant import FiniteGroup
        >>> FiniteGroup.from_table([[0, 1, 2], [1, 2, 0], [2, 0, 1]])
        FiniteGroup(order 3, 1 generators on 3 points)
        >>> FiniteGroup.from_table([[0, 1, 2], [1, 0, 2], [2, 2, 0]])
        Traceback (most recent call last):
            ...
        ValueError: table is not associative: (1 * 2) * 2 is 0 and 1 * (2 * 2) is 1
        """
        table = integers("table", table)
        if table.ndim != 2 or table.shape[0] != table.shape[1] or not table.size:
            raise ValueError(f"table has shape {table.shape}; (order, order) is accepted")
        return cls._of(table, _generators_of(_checked(table)))

    @classmethod
    def cyclic(cls, n: int) -> FiniteGroup:
        """Rotations of n points on a circle: one generator, x to x + 1 modulo n; element k is its power k."""
        n = check_integer("n", n, 1)
        itemsize = np.min_scalar_type(min(n - 1, LARGEST_ORDER)).itemsize
        arrays.require_memory(n * n, 2 * itemsize, f"a table of {n} x {n} elements")
        points = compact(np.arange(n), n)
        twice = np.concatenate([points, points[:-1]])
        return cls._of(np.lib.stride_tricks.sliding_window_view(twice, n), np.array([min(1, n - 1)]))

    @classmethod
    def dihedral(cls, n: int) -> FiniteGroup:
        """Symmetries of n >= 3 points on a circle, 2 n of them: generators x to x + 1 and x to -x modulo n."""
        n = check_integer("n", n, 3)
        arrays.require_memory(2 * n * n, 4, f"{2 * n} permutations of {n} points")
        points = np.arange(n)
        return cls([(points + 1) % n, -points % n])

    @classmethod
    def symmetric(cls, n: int) -> FiniteGroup:
        """All n! permutations of n points: generators x to x + 1 modulo n and the exchange of 0 and 1."""
        _require_order(math.factorial(min(check_integer("n", n, 1), 30)), f"all permutations of {n} points")
        cycle = np.roll(np.arange(n), -1)
        exchange = np.arange(n)
        exchange[:2] = exchange[:2][::-1]
        return cls([cycle, exchange] if n > 2 else [exchange])

    @classmethod
    def affine(cls, p: int, dim: int = 1) -> FiniteGroup:
        """All maps x to A x + b of F_p^dim onto itself, p prime: p^dim |GL(dim, p)| of them.

        Parameters
        ----------
        p : int
            A prime number.
        dim : int
            Dimension. x is the point whose coordinates are the digits of its number to the base p, the first one
            the most significant: ``numpy.unravel_index(x, (p,) * dim)``.

        Returns
        -------
        FiniteGroup
            Generated by a translation by 1 of the first coordinate, the product of that coordinate with a primitive
            root of p, and in more dimensions the addition of the second coordinate to the first and a rotation of the
            coordinates.

        Raises
        ------
        ValueError
            If `p` is not prime.
        MemoryError
            If there are more than 1,000,000 elements.

        Examples
        --------
        >>> from kousei.equivariant import FiniteGroup
        >>> FiniteGroup.affine(5).order, FiniteGroup.affine(3, 2).order
        (20, 432)
        """
        p, dim = check_integer("p", p, 2), check_integer("dim", dim, 1)
        largest = min(dim, 30)
        order = p**largest * math.prod(p**largest - p**row for row in range(largest))
        _require_order(order, f"the affine maps of F_{p}^{dim}")
        require_prime("p", p)
        x = np.stack(np.unravel_index(np.arange(p**dim), (p,) * dim))
        translated, multiplied, sheared = x.copy(), x.copy(), x.copy()
        translated[0] = (x[0] + 1) % p
        multiplied[0] = x[0] * primitive_root(p) % p
        maps = [translated, multiplied]
        if dim > 1:
            sheared[0] = (x[0] + x[1]) % p
            maps += [sheared, np.roll(x, 1, axis=0)]
        return cls([np.ravel_multi_index(tuple(each), (p,) * dim) for each in maps])

    @classmethod
    def product(cls, *groups: FiniteGroup) -> FiniteGroup:
        """Direct product of groups, on the points of one after those of the other.

        Elements count through those of the last group first: element (g, h) of two groups is
        ``g * second.order + h``. Generators are those of the groups, in order.

        Examples
        --------
        >>> from kousei.equivariant import FiniteGroup
        >>> G = FiniteGroup.product(FiniteGroup.cyclic(2), FiniteGroup.cyclic(3))
        >>> G.generators, G.permutations[4]
        (array([3, 1]), array([1, 0, 3, 4, 2], dtype=uint8))
        """
        for number, group in enumerate(groups):
            check_type(f"groups[{number}]", group, FiniteGroup, "a FiniteGroup")
        if not groups:
            raise ValueError("groups was empty; at least one group is accepted")
        orders = [group.order for group in groups]
        order, degree = math.prod(orders), sum(group.degree for group in groups)
        _require_order(order, f"a product of groups of the orders {orders}")
        arrays.require_memory(order * degree, 8, f"{order} permutations of {degree} points")
        elements, start = np.empty((order, degree), np.min_scalar_type(degree - 1)), 0
        for group, part in zip(groups, np.unravel_index(np.arange(order), orders), strict=True):
            columns = elements[:, start : start + group.degree]
            columns[...] = group.permutations[part]
            columns += columns.dtype.type(start)
            start += group.degree
        strides = [math.prod(orders[number + 1 :]) for number in range(len(groups))]
        generators = [group.generators * stride for group, stride in zip(groups, strides, strict=True)]
        return cls._of(elements, np.concatenate(generators))

    def __repr__(self) -> str:
        return f"FiniteGroup(order {self.order}, {len(self.generators)} generators on {self.degree} points)"

    def find(self, permutation: Any) -> Any:
        """Element that a permutation is.

        Parameters
        ----------
        permutation : array_like of int, shape (..., degree)
            Images of all points.

        Returns
        -------
        numpy.ndarray of int, shape (...), or int

        Raises
        ------
        TypeError
            If it is not integers.
        ValueError
            If it has another number of points, or is not in the group.
        """
        images = integers("permutation", permutation)
        if images.ndim == 0 or images.shape[-1] != self.degree:
            raise ValueError(f"permutation has shape {images.shape}; (..., {self.degree}) is accepted")
        require_below("permutation", images, self.degree)
        found = self._found(images[..., self._base])
        foreign = (self.permutations[found] != images).any(axis=-1)
        if foreign.any():
            raise ValueError(
                f"permutation has {reprlib.repr(images[foreign][0].tolist())}, which is not in the group"
            )
        return _plain(found)

    def multiply(self, g: Any, h: Any) -> Any:
        """Product of elements: first h, then g.

        Parameters
        ----------
        g, h : int or array_like of int
            Elements, of shapes that broadcast.

        Returns
        -------
        int or numpy.ndarray of int
            Of the broadcast shape.

        Raises
        ------
        TypeError
            If they are not integers.
        ValueError
            If they are no elements.
        """
        g, h = broadcast(g=self._elements("g", g), h=self._elements("h", h))
        images = self.permutations[h[..., None], self._base]
        return _plain(self._found(self.permutations[g[..., None], images]))

    def inverse(self, g: Any) -> Any:
        """Inverse of elements, an int or an array of them; errors are those of `multiply`."""
        return _plain(self._inverses[self._elements("g", g)])

    def power(self, g: Any, n: int) -> Any:
        """Power n of elements, n any integer; errors are those of `multiply`."""
        g = self._elements("g", g)
        exponent = check_integer("n", n, -(2**63), 2**63 - 1)
        square = self._inverses[g] if exponent < 0 else g
        product: Any = np.zeros_like(g)
        for bit in bin(abs(exponent))[:1:-1]:
            product = self.multiply(product, square) if bit == "1" else product
            square = self.multiply(square, square)
        return _plain(np.asarray(product))

    @cached_property
    def is_abelian(self) -> bool:
        """Whether all elements commute."""
        g = self.generators
        return bool(np.array_equal(self.multiply(g[:, None], g), self.multiply(g, g[:, None])))

    @cached_property
    def conjugacy_classes(self) -> tuple[Integers, ...]:
        """Elements of each conjugacy class, numpy.ndarray of int each, the identity first."""
        return members(self.class_labels)

    @cached_property
    def class_labels(self) -> Integers:
        """Number of the conjugacy class that each element lies in, numpy.ndarray of int, shape (order,)."""
        g = self.generators[:, None]
        return orbit_labels(self.multiply(self.left, self.inverse(g)))

    @cached_property
    def class_representatives(self) -> Integers:
        """The least element of each conjugacy class, numpy.ndarray of int, shape (classes,)."""
        return np.array([members[0] for members in self.conjugacy_classes])

    @cached_property
    def signs(self) -> Integers:
        """Sign of each permutation, numpy.ndarray of int, shape (order,): 1 for even ones and -1 for odd ones."""
        later = np.triu(np.ones((self.degree, self.degree), bool), 1)
        moved = self.permutations[self.generators]
        inversions = [np.count_nonzero((images[:, None] > images) & later) for images in moved]
        signs = np.ones(self.order, np.int64)
        for level in self.words:
            signs[level.points] = signs[level.origins] * (-1) ** np.array(inversions)[level.generators]
        return read_only(signs)

    @cached_property
    def left(self) -> Integers:
        """Products of generators with elements: ``left[s, h]`` is generator s times h, shape (generators, order)."""
        return read_only(self.multiply(self.generators[:, None], np.arange(self.order)))

    @cached_property
    def words(self) -> tuple[Level, ...]:
        """How words of generators reach the elements: in each level, generator times an element of a level before."""
        return tuple(levels(self.left, np.zeros(1, np.intp)))

    @cached_property
    def transversals(self) -> tuple[Integers, ...]:
        """Sets of elements of which every element of the group is a product, in this order, in one way.

        Those of the stabilisers of one point, of two, and so on: each is a union of cosets of the next. A sum over
        the group is one over the last set within one over the set before, and takes as many steps as all of them have
        elements.
        """
        return self._chain[1]

    @cached_property
    def _chain(self) -> tuple[Integers, tuple[Integers, ...]]:
        """Return points that only the identity keeps, and for each what takes it to its orbit, those before kept."""
        base, transversals, stabiliser = [], [], np.arange(self.order)
        while len(stabiliser) > 1:
            images = self.permutations[stabiliser]
            point = int(np.argmax((images != images[0]).any(axis=0)))
            _, first = np.unique(images[:, point], return_index=True)
            base.append(point)
            transversals.append(stabiliser[first])
            stabiliser = stabiliser[images[:, point] == point]
        return np.array(base, np.intp), tuple(transversals)

    @property
    def _base(self) -> Integers:
        return self._chain[0]

    @cached_property
    def _keys(self) -> tuple[Integers, Integers, Integers]:
        """Return multipliers for which sums of images of the base differ between elements, and these in order."""
        images = self.permutations[:, self._base].astype(np.uint64)
        for seed in itertools.count():
            multipliers = np.random.default_rng(seed).integers(2**64, size=len(self._base), dtype=np.uint64)
            keys = images @ multipliers
            order = np.argsort(keys)
            if (keys[order][1:] != keys[order][:-1]).all():
                return multipliers, keys[order], order
        raise AssertionError

    def _found(self, images: Integers) -> Integers:
        """Return the elements with these images of the base; any one where there is none."""
        multipliers, keys, order = self._keys
        places = np.searchsorted(keys, images.astype(np.uint64) @ multipliers)
        return np.asarray(order[np.minimum(places, self.order - 1)])

    @cached_property
    def _inverses(self) -> Integers:
        return self._found(inverted(self.permutations)[:, self._base])

    def _elements(self, name: str, value: Any) -> Integers:
        elements = integers(name, value)
        require_below(name, elements, self.order)
        return elements


def check_group(name: str, value: Any) -> FiniteGroup:
    """Return a group; TypeError unless it is one."""
    check_type(name, value, FiniteGroup, "a kousei.equivariant.FiniteGroup")
    return value


def _plain(elements: Integers) -> Any:
    return elements if elements.ndim else int(elements)


def _require_order(order: int, what: str) -> None:
    if order > LARGEST_ORDER:
        raise MemoryError(f"{what} are more than {LARGEST_ORDER:,}; a group of up to as many elements is accepted")


def _generated(generators: Integers) -> Integers:
    """Return all products of permutations (k, degree), level by level of their words, the identity first."""
    degree = generators.shape[1]
    bytes_of_one = np.dtype((np.void, degree * generators.itemsize))
    frontier = np.arange(degree, dtype=generators.dtype)[None]
    known = set(frontier.view(bytes_of_one)[:, 0].tolist())
    found = [frontier]
    while len(frontier):
        products = np.ascontiguousarray(generators[:, frontier]).reshape(-1, degree)
        new = []
        for row, product in enumerate(products.view(bytes_of_one)[:, 0].tolist()):
            if product not in known:
                known.add(product)
                new.append(row)
        frontier = products[new]
        found.append(frontier)
        _require_order(len(known), "what generators generate")
        arrays.require_memory(len(known) * degree, 4 * generators.itemsize, f"{len(known)} permutations")
    return np.concatenate(found)


def _checked(table: Integers) -> Integers:
    """Return a table with entries in range, an identity 0 and inverses; ValueError if it has none."""
    order = len(table)
    outside = np.argwhere((table < 0) | (table >= order))
    if outside.size:
        g, h = outside[0]
        raise ValueError(f"table is not closed: {g} * {h} is {table[g, h]}; 0 to {order - 1} are accepted")
    for products, wording in ((table[0], "0 * {0}"), (table[:, 0], "{0} * 0")):
        moved = np.flatnonzero(products != np.arange(order))
        if moved.size:
            product = wording.format(moved[0])
            raise ValueError(f"table has no identity 0: {product} is {products[moved[0]]}; element 0 must be it")
    lacking = np.flatnonzero((table != 0).all(axis=1))
    if lacking.size:
        raise ValueError(f"table has no inverse of {lacking[0]}: {lacking[0]} * h is 0 for no h")
    return table


def _generators_of(table: Integers) -> Integers:
    """Return generators of a table, and raise ValueError unless it is associative.

    Light's test: all b with (a b) c = a (b c) for all a and c are closed under products. So it is enough that the
    generators are such; each is tested before it is used, and as long as they pass, each new one at least doubles
    what is generated.
    """
    generators: list[int] = []
    reached = np.zeros(len(table), bool)
    reached[0] = True
    while not reached.all():
        b = int(np.argmin(reached))
        left, right = table[table[:, b]], table[:, table[b]]
        if not np.array_equal(left, right):
            a, c = np.argwhere(left != right)[0]
            raise ValueError(
                f"table is not associative: ({a} * {b}) * {c} is {left[a, c]} and {a} * ({b} * {c}) is {right[a, c]}"
            )
        generators.append(b)
        for level in levels(table[generators], np.flatnonzero(reached)):
            reached[level.points] = True
    return np.array(generators or [0])
