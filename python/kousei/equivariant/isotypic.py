"""The functions on a set, with values in a representation, as a sum of irreducible representations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_choice
from kousei.equivariant.abelian import characters_on
from kousei.equivariant.averaging import averaged
from kousei.equivariant.group import FiniteGroup
from kousei.equivariant.gset import GSet
from kousei.equivariant.representation import Representation, require_spaces

Matrix: TypeAlias = np.ndarray[Any, Any]
Scalars: TypeAlias = Literal["complex", "real"]

#: Gaps between eigenvalues of one irreducible part and the next, relative to the largest; rounding leaves 1e-13.
_GAP = 1e-9
#: Draws of an element of the commutant; one is enough but for coincidences among its eigenvalues.
_DRAWS = 8
#: Classes whose character a name has.
_SHOWN = 8


@dataclass(frozen=True, eq=False)
class IsotypicComponent:
    """All copies of one irreducible representation among functions on a set.

    Attributes
    ----------
    group : FiniteGroup
        The group.
    character : numpy.ndarray of float64 or complex128, shape (classes,)
        That of the irreducible representation, in the order of `FiniteGroup.conjugacy_classes`.
    basis : numpy.ndarray of float64 or complex128, shape (n, multiplicity, dimension)
        Orthonormal functions; an element of the group acts on the last axis, by the same matrix in each copy.
    split : numpy.ndarray of float64 or complex128, shape (n, copies, dimension of one)
        The same as `basis` where the representation stays irreducible over the complex numbers, as all but real ones
        do; else copies of one of the two conjugate, or equal, parts that it has over them.
    """

    group: FiniteGroup
    character: Matrix
    basis: Matrix
    split: Matrix

    @property
    def multiplicity(self) -> int:
        """Number of copies."""
        return int(self.basis.shape[1])

    @property
    def dimension(self) -> int:
        """Dimension of one copy."""
        return int(self.basis.shape[2])

    @cached_property
    def name(self) -> str:
        """The words "trivial" and "sign", or the dimension with the character of up to eight conjugacy classes."""
        if np.allclose(self.character, 1):
            return "trivial"
        if self.dimension == 1 and np.allclose(self.character, self.group.signs[self.group.class_representatives]):
            return "sign"
        shown = ", ".join(written(value, 3, self.dimension) for value in self.character[:_SHOWN])
        shown += ", ..." * (len(self.character) > _SHOWN)
        return f"{self.dimension}-dimensional ({shown})"

    def __repr__(self) -> str:
        return f"IsotypicComponent({self.name}, multiplicity {self.multiplicity})"


def isotypic(X: GSet, H: Representation | None = None, scalars: Scalars = "complex") -> tuple[IsotypicComponent, ...]:
    r"""Decompose the functions from a set to a representation, where :math:`(gf)(x) = g\,f(g^{-1}x)`.

    Parameters
    ----------
    X : GSet
        The set.
    H : Representation, optional
        Space of the values; numbers unless given.
    scalars : {"complex", "real"}
        Over which numbers. Over the real ones irreducible representations may have two conjugate parts over the
        complex ones, such as the rotations of the plane.

    Returns
    -------
    tuple of IsotypicComponent
        By dimension, the trivial one first among those of dimension 1.

    Raises
    ------
    TypeError
        If the arguments are of other types.
    ValueError
        If X and H are not of one group, `scalars` is another word, or H is complex and they are real.
    MemoryError
        If matrices of the functions' dimension do not fit into memory.

    Notes
    -----
    The eigenspaces of a random Hermitian matrix that commutes with the group are irreducible, almost surely. That
    they are, and that equal ones are together, is checked by characters: theirs have norm 1, and the squares of the
    multiplicities add up to the norm of that of all functions. Complex functions on a set of an abelian group are
    decomposed by its characters, of which the exponents are integers.

    Examples
    --------
    >>> from kousei.equivariant import FiniteGroup, GSet, isotypic
    >>> X = GSet.natural(FiniteGroup.symmetric(4))
    >>> for component in isotypic(GSet.tuples(X, 2)):
    ...     print(component)
    IsotypicComponent(trivial, multiplicity 1)
    IsotypicComponent(2-dimensional (2, 0, 0, 2, -1), multiplicity 1)
    IsotypicComponent(3-dimensional (3, -1, 1, -1, 0), multiplicity 2)
    IsotypicComponent(3-dimensional (3, 1, -1, -1, 0), multiplicity 1)
    """
    require_spaces(H, X=X)
    check_choice("scalars", scalars, "complex", "real")
    if scalars == "real" and H is not None and np.iscomplexobj(H.matrices):
        raise ValueError("scalars was 'real' and H has complex matrices; 'complex' is accepted for it")
    size = X.size * (1 if H is None else H.dim)
    arrays.require_memory(size * size, 64, f"matrices of {size} x {size}")
    if H is None and scalars == "complex" and X.group.is_abelian:
        found = [IsotypicComponent(X.group, chi, basis, basis) for chi, basis in characters_on(X)]
    else:
        found = _Functions(X, H).decomposed(scalars)
    return tuple(sorted(found, key=lambda part: (part.dimension, part.name != "trivial", part.name)))


@dataclass(frozen=True)
class _Functions:
    """The functions from a set to a representation."""

    X: GSet
    H: Representation | None

    def decomposed(self, scalars: Scalars) -> list[IsotypicComponent]:
        total = self.X.character * (1 if self.H is None else self.H.character)
        wanted = round(self._product(total, total))
        for seed in range(_DRAWS):
            rng = np.random.default_rng(seed)
            draws = [self._commuting(rng, scalars == "complex") for _ in range(2)]
            found = list(self._parts(np.eye(len(draws[0])), *draws))
            # Irreducible parts have the endomorphisms of norms 1, 2 and 4: real, complex and quaternionic numbers.
            norms = [self._product(character, character) for character, _ in found]
            if scalars == "complex" and not np.allclose(norms, 1):
                continue
            endomorphisms = [round(norm) * basis.shape[1] ** 2 for norm, (_, basis) in zip(norms, found, strict=True)]
            if sum(endomorphisms) != wanted:
                continue
            return [
                IsotypicComponent(self.X.group, character, basis, basis if norm < 1.5 else self._split(rng, basis))
                for norm, (character, basis) in zip(norms, found, strict=True)
            ]
        raise ArithmeticError(f"eigenvalues of {_DRAWS} matrices that commute with the group coincide")

    def _split(self, rng: np.random.Generator, basis: Matrix) -> Matrix:
        """Return the copies of a part that real functions have over the complex numbers."""
        draws = [self._commuting(rng, True) for _ in range(2)]
        return next(self._parts(basis.reshape(len(basis), -1), *draws))[1]

    def _parts(self, space: Matrix, A: Matrix, B: Matrix) -> Iterator[tuple[Matrix, Matrix]]:
        """Yield the character of each irreducible part of a space, and the functions (n, multiplicity, dimension).

        A and B commute with the group.
        """
        values, vectors = np.linalg.eigh(space.conj().T @ (A + A.conj().T) @ space)
        starts = np.flatnonzero(np.diff(values, prepend=-np.inf) > _GAP * np.abs(values).max())
        vectors = space @ vectors
        characters = np.add.reduceat(self._traces(vectors), starts, axis=1)
        rest = dict(enumerate(np.split(vectors, starts[1:], axis=1)))
        while rest:
            number, one = next(iter(rest.items()))
            chi = characters[:, number]
            norm = self._product(chi, chi)
            same = [other for other in rest if abs(self._product(chi, characters[:, other])) > norm / 2]
            # By Schur's lemma, a multiple of a unitary map from one copy to another.
            copies = [(copy := rest.pop(other)) @ _unitary(one.conj().T @ B @ copy).conj().T for other in same]
            yield chi, np.stack(copies, axis=1)

    def _traces(self, vectors: Matrix) -> Matrix:
        """Return the products of v and g v for each function, one in each column, and g of each conjugacy class."""
        dim = 1 if self.H is None else self.H.dim
        fields = vectors.reshape(self.X.size, dim, -1)
        traces = []
        for g in self.X.group.class_representatives:
            moved = fields if self.H is None else self.H.matrix(g) @ fields
            image = fields[self.X.act(g, np.arange(self.X.size))]
            traces.append((image.conj() * moved).sum(axis=(0, 1)))
        return np.array(traces)

    def _product(self, chi: Matrix, other: Matrix) -> float:
        """Return the product of two characters."""
        sizes = np.array([len(members) for members in self.X.group.conjugacy_classes])
        return float((sizes * chi * other.conj()).sum().real) / self.X.group.order

    def _commuting(self, rng: np.random.Generator, is_complex: bool) -> Matrix:
        """Return a random matrix that commutes with the group."""
        dim = 1 if self.H is None else self.H.dim
        shape = self.X.size, self.X.size, dim * dim
        seed = rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if is_complex else 0)
        if self.H is None:
            return averaged(seed[..., 0], self.X, self.X, None)
        matrix = self.H.matrix

        def tensor(g: Any) -> Matrix:
            return np.einsum("gab,gcd->gacbd", matrix(g), matrix(g).conj()).reshape(-1, dim * dim, dim * dim)

        blocks = averaged(seed, self.X, self.X, tensor).reshape(self.X.size, self.X.size, dim, dim)
        return blocks.transpose(0, 2, 1, 3).reshape(self.X.size * dim, -1)


def _unitary(matrix: Matrix) -> Matrix:
    left, _, right = np.linalg.svd(matrix)
    return np.asarray(left @ right)


def written(value: complex, digits: int, scale: float) -> str:
    """Return a number to some digits, less a real or imaginary part that is 0 to these digits of a scale."""
    parts = complex(value).real, complex(value).imag
    real, imaginary = (part if abs(part) > 0.5 * 10.0**-digits * scale else 0.0 for part in parts)
    if not imaginary:
        return f"{real:.{digits}g}"
    return f"{real:.{digits}g}{imaginary:+.{digits}g}i" if real else f"{imaginary:.{digits}g}i"
