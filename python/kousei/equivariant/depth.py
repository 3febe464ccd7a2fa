"""Layers after a feature, whose parameters become pairs, and polynomials over a finite field as parameters."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_integer
from kousei.equivariant.feature import JointEquivariantFeature
from kousei.equivariant.gset import GSet, check_set, require_one_group
from kousei.equivariant.primes import least_factor
from kousei.equivariant.representation import Representation, require_spaces


class Layer:
    r"""A map of vectors with :math:`\lambda(gh, g\eta) = g\,\lambda(h,\eta)`, to come after a feature.

    ``phi >> layer`` is the feature :math:`(x, (\xi,\eta)) \mapsto \lambda(\phi(x,\xi), \eta)`, whose parameters are
    pairs that the group moves together; and so on with more layers.

    Parameters
    ----------
    function : callable
        Called with values h, of shape (n, 1, dim) or (n, 1) where the feature before has no H, and parameters
        (1, Xi.size), the numbers 0 to Xi.size - 1. It returns an array of shape (n, Xi.size, H.dim), or (n, Xi.size)
        without H.
    Xi : GSet
        Parameters. Of a trivial set of them the function may make any weights at all, where the values before are
        ones that the group keeps.
    H : Representation, optional
        Space of what is returned, as in `JointEquivariantFeature`.

    Raises
    ------
    TypeError
        If the arguments are of other types.
    ValueError
        If Xi and H are of different groups. On ``phi >> layer``, if the groups are different, or the feature is not
        equivariant: for which x and pair is named.
    MemoryError
        On ``phi >> layer``, if the values do not fit into memory.

    Notes
    -----
    Composition is what makes networks deep in S. Sonoda, Y. Hashimoto, I. Ishikawa and M. Ikeda, arXiv:2405.13682:
    the ridgelet transform of the whole is that of a feature, whatever the layers.

    Examples
    --------
    Three layers over F_5: the first of two units for all a and b, and fifty draws of arbitrary real weights after it.
    All affine maps of F_5 leave the last two layers alone, so T has two eigenvalues, as for one layer:

    >>> import numpy as np
    >>> from kousei.equivariant import (
    ...     FiniteGroup, GSet, JointEquivariantFeature, Layer, Representation, polynomials
    ... )
    >>> X = GSet.natural(FiniteGroup.affine(5))
    >>> Xi = polynomials(X, 1, units=2)
    >>> hidden = JointEquivariantFeature(
    ...     np.tanh(Xi.points.swapaxes(0, 1) - 2.0), X, Xi, Representation.trivial(X.group, 2)
    ... )
    >>> rng = np.random.default_rng(0)
    >>> W, c = rng.standard_normal((50, 2, 2)), rng.standard_normal((50, 2))
    >>> def later(h, draw):
    ...     return np.maximum((W[draw] @ h[..., None])[..., 0], 0) @ [1, -1] + (c[draw] * h).sum(axis=-1)
    >>> phi = hidden >> Layer(later, GSet.trivial(X.group, 50))
    >>> phi
    JointEquivariantFeature(5 points x 31250 parameters, float64)
    >>> f = np.array([1.0, 0.0, 2.0, -1.0, 3.0])
    >>> np.allclose(phi.reconstruct(f), f)
    True
    """

    function: Callable[[Any, Any], Any]
    Xi: GSet
    H: Representation | None

    def __init__(self, function: Callable[[Any, Any], Any], Xi: GSet, H: Representation | None = None) -> None:
        if not callable(function):
            raise TypeError(f"function was {type(function).__name__}; a callable is accepted")
        require_spaces(H, Xi=Xi)
        self.function, self.Xi, self.H = function, Xi, H

    def __rrshift__(self, phi: JointEquivariantFeature) -> JointEquivariantFeature:
        if not isinstance(phi, JointEquivariantFeature):
            return NotImplemented
        require_one_group(phi=phi.X, layer=self.Xi)
        outputs = () if self.H is None else (self.H.dim,)
        points, pairs = phi.X.size, (phi.Xi.size, self.Xi.size)
        arrays.require_memory(points * math.prod((*pairs, *outputs)), 16, f"a feature of {pairs} parameters")
        h = phi.values.reshape(-1, 1, *phi.values.shape[2:])
        values = arrays.array_like(
            "what the function of a layer returned", self.function(h, np.arange(pairs[1])[None])
        )
        arrays.require_shape("what the function of a layer returned", values, (len(h), pairs[1], *outputs))
        values = values.reshape(points, math.prod(pairs), *outputs)
        return JointEquivariantFeature(values, phi.X, GSet.product(phi.Xi, self.Xi), self.H)


def polynomials(X: GSet, degree: int, units: int = 1) -> GSet:
    r"""All tuples of polynomials over a finite field, as parameters of a first layer of a few units.

    Parameters
    ----------
    X : GSet
        The points of F_p^dim, ``GSet.natural(FiniteGroup.affine(p, dim))``, or these points under another group of
        affine maps.
    degree : int
        Total degree of the polynomials, 0 to p - 1: 1 for all :math:`a\cdot x - b`, 2 for quadratic ones.
    units : int
        Number of polynomials in a tuple.

    Returns
    -------
    GSet
        g takes h to the polynomial x -> h(g^-1 x). Its `points` (size, X.size, units) are the values, 0 to p - 1.
        Those of degree 1 are numbered as ``(a_1, ..., a_dim, b)`` are in an array of (p,) * (dim + 1), and tuples of
        them by their last one first.

    Raises
    ------
    TypeError
        If the arguments are of other types.
    ValueError
        If X has no number of points that is a power of a prime, degree is out of range, units is below 1, or the
        group takes polynomials to something else.
    MemoryError
        If there are too many.

    Examples
    --------
    Quadratic features on F_3^2:

    >>> import numpy as np
    >>> from kousei.equivariant import FiniteGroup, GSet, JointEquivariantFeature, polynomials
    >>> X = GSet.natural(FiniteGroup.affine(3, 2))
    >>> Xi = polynomials(X, 2)
    >>> Xi
    GSet(729 points, 18 orbits, of a group of order 432)
    >>> phi = JointEquivariantFeature(np.tanh(Xi.points[..., 0].T - 1.0), X, Xi)
    >>> f = np.arange(9.0)
    >>> np.allclose(phi.reconstruct(f), f)
    True
    """
    p, dim = _prime_power(check_set("X", X).size)
    degree, units = check_integer("degree", degree, 0, p - 1), check_integer("units", units, 1)
    count = math.comb(dim + degree, dim)
    arrays.require_memory(p ** min(count * units, 64) * X.size * units, 16, f"tuples of {units} polynomials")
    x = np.stack([*np.unravel_index(np.arange(X.size), (p,) * dim), np.ones(X.size, int)])
    factors = combinations_with_replacement(range(dim + 1), degree)
    monomials = np.stack([x[list(chosen)].prod(axis=0) for chosen in factors])
    monomials[-1] = -1  # so that degree 1 has a.x - b
    single = np.stack(np.unravel_index(np.arange(p**count), (p,) * count), axis=1) @ monomials % p
    tuples = np.stack(np.unravel_index(np.arange(len(single) ** units), (len(single),) * units), axis=1)
    values = single[tuples].swapaxes(1, 2)
    return GSet._of(X.group, GSet.functions(X, values @ p ** np.arange(units)).images, values)


def _prime_power(size: int) -> tuple[int, int]:
    """Return the prime p and the dim of which a size is p^dim."""
    p = least_factor(size)
    dim = next(dim for dim in range(1, 64) if p**dim >= size)
    if p < 2 or p**dim != size:
        raise ValueError(f"X has {size} points; a power of a prime number is accepted")
    return p, dim
