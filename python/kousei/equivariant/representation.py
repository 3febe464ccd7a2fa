"""Unitary representations of a finite group."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_integer, check_type
from kousei.equivariant.group import FiniteGroup, check_group
from kousei.equivariant.gset import GSet, check_set, require_one_group
from kousei.equivariant.orbits import integers, numbers, read_only, require_below


class Representation:
    """Unitary matrices of the elements of a group, products for products.

    Parameters
    ----------
    group : FiniteGroup
        The group.
    matrices : array_like of real or complex numbers, shape (generators, dim, dim)
        Those of its generators.

    Attributes
    ----------
    group : FiniteGroup
        As given.
    dim : int
        Dimension of the space.
    matrices : numpy.ndarray of float64 or complex128, shape (generators, dim, dim)
        As given.
    is_exact : bool
        Whether all entries are integers, so that products with them do not round.

    Raises
    ------
    TypeError
        If `group` is not a FiniteGroup or `matrices` are not numbers.
    ValueError
        If the shape is another, numbers are not finite, a matrix is not unitary, or a product of two does not belong
        to the product of the elements. Which, and by how much, is named. What rounding may do is accepted:
        16 eps dim, times the length of the words of generators.
    MemoryError
        If the matrices of all elements do not fit into memory.

    See Also
    --------
    Representation.trivial, Representation.of_set, Representation.dihedral

    Examples
    --------
    >>> from kousei.equivariant import FiniteGroup, Representation
    >>> D4 = FiniteGroup.dihedral(4)
    >>> H = Representation(D4, [[[0, -1], [1, 0]], [[1, 0], [0, -1]]])
    >>> H.dim, H.character
    (2, array([ 2.,  0.,  0., -2.,  0.]))
    >>> Representation(D4, [[[0, -1], [1, 0]], [[1, 0], [0, 1]]])
    Traceback (most recent call last):
        ...
    ValueError: matrices are no representation: of elements 1 and 5 and their product 2 they differ by 2
    """

    dim: int
    matrices: np.ndarray[Any, Any]

    def __init__(self, group: FiniteGroup, matrices: Any) -> None:
        self.group: FiniteGroup = check_group("group", group)
        matrices = numbers("matrices", matrices)
        count, dim = len(group.generators), matrices.shape[-1] if matrices.ndim == 3 else 0
        if not dim or matrices.shape != (count, dim, dim):
            raise ValueError(f"matrices has shape {matrices.shape}; ({count}, dim, dim) is accepted")
        self.dim, self.matrices = dim, read_only(matrices)
        self.is_exact: bool = bool((matrices == np.rint(matrices.real) + 1j * np.rint(matrices.imag)).all())
        tolerance = 16 * np.finfo(np.float64).eps * dim
        for row, matrix in enumerate(matrices):
            defect = np.abs(matrix @ matrix.conj().T - np.eye(dim)).max()
            if defect > tolerance:
                raise ValueError(f"matrices[{row}] is not unitary: M M^H is not the identity, by {defect:.3g}")
        tolerance *= 1 + len(group.words)
        for generator, matrix in enumerate(matrices):
            defects = np.abs(self._table[group.left[generator]] - matrix @ self._table).max(axis=(1, 2))
            h = int(np.argmax(defects))
            if defects[h] > tolerance:
                raise ValueError(
                    f"matrices are no representation: of elements {group.generators[generator]} and {h} and their "
                    f"product {group.left[generator, h]} they differ by {defects[h]:.3g}"
                )

    @classmethod
    def trivial(cls, group: FiniteGroup, dim: int = 1) -> Representation:
        """Return the one in which all elements are the identity."""
        dim, generators = check_integer("dim", dim, 1), len(check_group("group", group).generators)
        arrays.require_memory(generators * dim**2, 16, f"{generators} matrices of {dim} x {dim}")
        return cls(group, np.tile(np.eye(dim), (generators, 1, 1)))

    @classmethod
    def of_set(cls, X: GSet) -> Representation:
        """Return that on functions on a set, of dimension ``X.size``: g takes f to the function x -> f(g^-1 x)."""
        arrays.require_memory(len(check_set("X", X).images) * X.size**2, 8, f"matrices of {X.size} x {X.size}")
        return cls(X.group, np.eye(X.size)[:, X.images].transpose(1, 0, 2))

    @classmethod
    def dihedral(cls, group: FiniteGroup) -> Representation:
        """Return that of `FiniteGroup.dihedral` by rotations and reflections of the plane, point 0 at (1, 0)."""
        n = check_group("group", group).degree
        points = np.arange(n)
        if not np.array_equal(group.permutations[group.generators], [(points + 1) % n, -points % n]):
            raise ValueError(f"group was {group}; one of FiniteGroup.dihedral is accepted")
        turn = np.exp(2j * np.pi / n)
        turn = complex(*(0.0 if abs(part) < 1e-15 else part for part in (turn.real, turn.imag)))
        return cls(group, [[[turn.real, -turn.imag], [turn.imag, turn.real]], [[1.0, 0.0], [0.0, -1.0]]])

    def __repr__(self) -> str:
        return f"Representation(dim {self.dim}, {self.matrices.dtype}, of a group of order {self.group.order})"

    def is_same(self, other: Representation) -> bool:
        """Tell whether another one is of the same group and has the same matrices."""
        check_type("other", other, Representation, "a kousei.equivariant.Representation")
        return self.group is other.group and np.array_equal(self.matrices, other.matrices)

    def matrix(self, g: Any) -> np.ndarray[Any, Any]:
        """Matrices of elements.

        Parameters
        ----------
        g : int or array_like of int
            Elements.

        Returns
        -------
        numpy.ndarray of float64 or complex128, shape (..., dim, dim)

        Raises
        ------
        TypeError, ValueError
            If `g` are no elements.
        """
        g = integers("g", g)
        require_below("g", g, self.group.order)
        return np.asarray(self._table[g])

    @cached_property
    def _table(self) -> np.ndarray[Any, Any]:
        shape = self.group.order, self.dim, self.dim
        arrays.require_memory(
            self.group.order * self.dim**2, self.matrices.itemsize, f"{shape[0]} matrices of {self.dim} x {self.dim}"
        )
        table = np.empty(shape, self.matrices.dtype)
        table[0] = np.eye(self.dim)
        for level in self.group.words:
            table[level.points] = self.matrices[level.generators] @ table[level.origins]
        return read_only(table)

    @cached_property
    def character(self) -> np.ndarray[Any, Any]:
        """Trace of the matrices of each conjugacy class, numpy.ndarray of float64 or complex128."""
        return np.asarray(np.trace(self._table[self.group.class_representatives], axis1=1, axis2=2))


def require_spaces(H: Any, **sets: Any) -> None:
    """Raise TypeError unless named sets are such and H, if any, a representation; ValueError unless of one group."""
    for name, X in sets.items():
        check_set(name, X)
    check_type("H", H, Representation | None, "a kousei.equivariant.Representation")
    require_one_group(**sets, **({} if H is None else {"H": H}))
