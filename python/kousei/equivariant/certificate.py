"""What a network can represent: the blocks of NN R on isotypic components."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kousei.equivariant.isotypic import IsotypicComponent, written


@dataclass(frozen=True, eq=False)
class CertifiedComponent:
    """The block of T on an isotypic component.

    Attributes
    ----------
    component : IsotypicComponent
        The irreducible representation and its copies.
    block : numpy.ndarray of float64 or complex128, shape (copies, copies)
        T takes copy j to the sum of ``block[i, j]`` times copy i, in the basis `component.split`. Other copies change
        it by a unitary matrix. Where there is one copy it is the scalar.
    singular_values : numpy.ndarray of float64, shape (copies,)
        Those of the block, and of T on the component, from the largest.
    lost : int
        How many of them are 0 to rounding: copies that no network has.
    """

    component: IsotypicComponent
    block: np.ndarray[Any, Any]
    singular_values: np.ndarray[Any, Any]
    lost: int

    @property
    def smallest(self) -> float:
        """The smallest singular value."""
        return float(self.singular_values[-1])

    def __str__(self) -> str:
        copies = f"{self.component.name}, multiplicity {self.component.multiplicity}"
        if self.lost == len(self.block):
            return f"{copies}: lost"
        if self.lost:
            return f"{copies}: {self.lost} of {len(self.block)} lost"
        if len(self.block) == 1:
            return f"{copies}: scalar {written(self.block[0, 0], 6, self.smallest)}"
        return f"{copies}: singular values {self.singular_values[0]:.6g} to {self.smallest:.6g}"


@dataclass(frozen=True, eq=False)
class Certificate:
    """What the networks of a feature represent, irreducible representation by irreducible representation.

    `str` has a line for each.

    Attributes
    ----------
    components : tuple of CertifiedComponent
        Blocks of T.
    tolerance : float
        Singular values up to it are taken for 0: what rounding may leave of one.
    """

    components: tuple[CertifiedComponent, ...]
    tolerance: float

    @classmethod
    def of(cls, T: np.ndarray[Any, Any], components: tuple[IsotypicComponent, ...], tolerance: float) -> Certificate:
        """Certificate of a matrix that commutes with the group.

        Parameters
        ----------
        T : numpy.ndarray of shape (n, n)
            The matrix.
        components : tuple of IsotypicComponent
            Of the functions that it takes to functions.
        tolerance : float
            As above.

        Returns
        -------
        Certificate
        """
        found = []
        bases = [component.split for component in components]
        images = T @ np.concatenate([basis.reshape(len(T), -1) for basis in bases], axis=1)
        ends = np.cumsum([basis[0].size for basis in bases])
        for component, basis, image in zip(components, bases, np.split(images, ends[:-1], axis=1), strict=True):
            block = np.einsum("nid,njd->ij", basis.conj(), image.reshape(basis.shape), optimize=True) / basis.shape[2]
            singular = np.linalg.svd(block, compute_uv=False)
            found.append(CertifiedComponent(component, block, singular, int((singular <= tolerance).sum())))
        return cls(tuple(found), tolerance)

    @property
    def is_universal(self) -> bool:
        """Whether networks represent all functions: no singular value is 0."""
        return not self.lost

    @property
    def lost(self) -> tuple[CertifiedComponent, ...]:
        """The components of which copies are lost."""
        return tuple(each for each in self.components if each.lost)

    @property
    def smallest(self) -> float:
        """The smallest singular value of T."""
        return min(each.smallest for each in self.components)

    def __str__(self) -> str:
        if self.is_universal:
            verdict = f"universal; smallest singular value {self.smallest:.6g}"
        else:
            verdict = "not universal; lost: " + "; ".join(each.component.name for each in self.lost)
        return "\n".join([*map(str, self.components), verdict])
