"""Feature maps that are equivariant under a group acting on points and parameters at once, and their networks."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np
from array_api_compat import is_torch_array

from kousei._lib import arrays, backends
from kousei._lib.arrays import Array
from kousei._lib.backends import Backend, Kept
from kousei._lib.errors import check_choice, check_type
from kousei._lib.pickling import without_cached
from kousei.equivariant.averaging import averaged
from kousei.equivariant.certificate import Certificate
from kousei.equivariant.frame import FrameOperator
from kousei.equivariant.gset import GSet, pair_orbits
from kousei.equivariant.isotypic import Scalars, isotypic
from kousei.equivariant.orbits import numbers, read_only
from kousei.equivariant.representation import Representation, require_spaces

#: Points times outputs above which T is an operator, not a matrix.
LARGEST_MATRIX = 4096

_DTYPES = "float32", "float64", "complex64", "complex128"


class JointEquivariantFeature:
    r"""A function :math:`\phi: X\times\Xi\to H` with :math:`\phi(gx, g\xi) = g\,\phi(x,\xi)`.

    It has a network and a ridgelet transform:

    .. math:: NN[\gamma](x) = \sum_\xi \gamma(\xi)\,\phi(x,\xi),\qquad
        R[f](\xi) = \sum_x \langle f(x), \phi(x,\xi)\rangle,

    each the adjoint of the other; the bracket is conjugate linear in its second argument. With a second feature psi
    in place of phi in R, T = NN R commutes with the group, :math:`(gf)(x) = g\,f(g^{-1}x)`: it is a matrix on each
    isotypic component of :math:`L^2(X;H)`, of the size of the multiplicity, and a number where that is 1.

    Parameters
    ----------
    phi : array_like of shape (X.size, Xi.size) or (X.size, Xi.size, H.dim), or callable
        Values; a callable is called with arrays of points (X.size, 1) and parameters (1, Xi.size), and returns them.
    X, Xi : GSet
        Points and parameters, of one group.
    H : Representation, optional
        Space of the values; numbers that the group keeps, without an axis of their own, unless given.

    Attributes
    ----------
    values : numpy.ndarray of float64 or complex128
        Those of phi, read-only.
    X, Xi, H
        As given.

    Raises
    ------
    TypeError
        If the arguments are of other types.
    ValueError
        If groups or shapes do not agree, values are not finite or so large or small that their squares are not
        representable, or phi is not equivariant; see `check`.
    MemoryError
        If the values do not fit into memory.

    See Also
    --------
    JointEquivariantFeature.from_orbits, JointEquivariantFeature.average

    Notes
    -----
    After S. Sonoda, Y. Hashimoto, I. Ishikawa and M. Ikeda, "Deep ridgelet transform and unified universality theorem
    for deep and shallow joint-group-equivariant machines", arXiv:2405.13682. Sums over points and parameters take the
    place of integrals.

    Examples
    --------
    A layer of ReLU on F_5 with all a and b, where affine maps act on the functions a x - b:

    >>> import numpy as np
    >>> from kousei.equivariant import FiniteGroup, GSet, JointEquivariantFeature
    >>> a, b, x = np.ogrid[:5, :5, :5]
    >>> X = GSet.natural(FiniteGroup.affine(5))
    >>> Xi = GSet.functions(X, ((a * x - b) % 5).reshape(25, 5))
    >>> phi = JointEquivariantFeature(np.maximum(Xi.points.T - 2, 0), X, Xi)
    >>> phi.frame_operator()[0]
    array([25.,  9.,  9.,  9.,  9.])
    >>> f = np.array([1.0, 0.0, 2.0, -1.0, 3.0])
    >>> np.allclose(phi.network(phi.dual(f)), f)
    True
    """

    X: GSet
    Xi: GSet
    H: Representation | None

    def __init__(self, phi: Any, X: GSet, Xi: GSet, H: Representation | None = None) -> None:
        require_spaces(H, X=X, Xi=Xi)
        self.X, self.Xi, self.H = X, Xi, H
        shape = (X.size, Xi.size) if H is None else (X.size, Xi.size, H.dim)
        arrays.require_memory(math.prod(shape), 16, f"a feature of the shape {shape}")
        if callable(phi):
            phi = phi(np.arange(X.size)[:, None], np.arange(Xi.size)[None])
        self._is_exact = arrays.array_like("phi", phi).dtype.kind in "iu" and (H is None or H.is_exact)
        values = numbers("phi", phi)
        arrays.require_shape("phi", values, shape)
        _require_squares("phi", values)
        self.values: Array = read_only(values)
        self._dual: tuple[JointEquivariantFeature | None, Any] = None, None  # of the last psi
        self.check()

    @classmethod
    def from_orbits(cls, values: Any, X: GSet, Xi: GSet) -> JointEquivariantFeature:
        """Feature with a number on each orbit of the pairs (x, xi): these are all features with numbers as values.

        Parameters
        ----------
        values : array_like of shape (orbits,)
            In the order of `pair_orbits`.
        X, Xi : GSet
            Points and parameters, of one group.

        Returns
        -------
        JointEquivariantFeature

        Raises
        ------
        TypeError, ValueError, MemoryError
            As of the class.

        Examples
        --------
        >>> from kousei.equivariant import FiniteGroup, GSet, JointEquivariantFeature
        >>> X = GSet.natural(FiniteGroup.dihedral(5))
        >>> JointEquivariantFeature.from_orbits([1.0, 0.5, 0.0], X, X).values[0]
        array([1. , 0.5, 0. , 0. , 0.5])
        """
        labels, values = pair_orbits(X, Xi), numbers("values", values)
        arrays.require_shape("values", values, (int(labels.max()) + 1,))
        return cls(values[labels], X, Xi)

    @classmethod
    def average(cls, seed: Any, X: GSet, Xi: GSet, H: Representation | None = None) -> JointEquivariantFeature:
        r"""Feature :math:`\lvert G\rvert^{-1}\sum_g g\,s(g^{-1}x, g^{-1}\xi)` of any function s.

        Parameters
        ----------
        seed : array_like of shape (X.size, Xi.size) or (X.size, Xi.size, H.dim)
            Values of s.
        X, Xi, H
            As of the class.

        Returns
        -------
        JointEquivariantFeature

        Raises
        ------
        TypeError, ValueError, MemoryError
            As of the class.

        Examples
        --------
        Fields of vectors on the corners of a square:

        >>> import numpy as np
        >>> from kousei.equivariant import FiniteGroup, GSet, JointEquivariantFeature, Representation
        >>> D4 = FiniteGroup.dihedral(4)
        >>> X, Xi, H = GSet.natural(D4), GSet.regular(D4), Representation.dihedral(D4)
        >>> seed = np.random.default_rng(0).standard_normal((4, 8, 2))
        >>> phi = JointEquivariantFeature.average(seed, X, Xi, H)
        >>> f = np.arange(8.0).reshape(4, 2)
        >>> np.allclose(phi.reconstruct(f), f)
        True
        """
        require_spaces(H, X=X, Xi=Xi)
        values = numbers("seed", seed)
        arrays.require_shape("seed", values, (X.size, Xi.size) if H is None else (X.size, Xi.size, H.dim))
        _require_squares("seed", values)
        return cls(averaged(values, X, Xi, None if H is None else H.matrix), X, Xi, H)

    def __repr__(self) -> str:
        outputs = "" if self.H is None else f" -> {self.H.dim} outputs"
        return (
            f"JointEquivariantFeature({self.X.size} points x {self.Xi.size} parameters{outputs}, {self.values.dtype})"
        )

    def check(self) -> float:
        """Largest defect of phi(g x, g xi) = g phi(x, xi) for the generators g, over all x and xi.

        Returns
        -------
        float
            0 for a feature constructed from orbits; rounding of `values` shows here.

        Raises
        ------
        ValueError
            If it is above 64 eps times the largest value, times the dimension of H; or above 0 where `phi` was of
            integers and so are the matrices of H. A generator, x and xi for which it is largest are named. The
            constructor calls this.
        """
        worst = 0.0
        tolerance = 0.0
        if not self._is_exact:
            dim = 1 if self.H is None else self.H.dim
            tolerance = 64 * np.finfo(np.float64).eps * dim * float(np.abs(self.values).max())
        for generator, (x, xi) in enumerate(zip(self.X.images, self.Xi.images, strict=True)):
            wanted = self.values if self.H is None else self.values @ self.H.matrices[generator].T
            defects = np.abs(self.values[np.ix_(x, xi)] - wanted).reshape(*self.values.shape[:2], -1).max(axis=-1)
            place = np.unravel_index(np.argmax(defects), defects.shape)
            if defects[place] > tolerance:
                raise ValueError(
                    f"phi is not equivariant: for g = {self.X.group.generators[generator]}, generator {generator}, "
                    f"x = {place[0]} and xi = {place[1]}, phi(g x, g xi) and g phi(x, xi) differ by "
                    f"{defects[place]:.3g}; {tolerance:.3g} is accepted"
                )
            worst = max(worst, float(defects[place]))
        return worst

    def network(self, gamma: Array) -> Array:
        """Return NN[gamma](x), the sum of gamma(xi) phi(x, xi) over xi.

        Parameters
        ----------
        gamma : array of shape (..., Xi.size)
            Coefficients, of float32, float64, complex64 or complex128.

        Returns
        -------
        array of shape (..., X.size) or (..., X.size, H.dim)
            Of the library and precision of gamma, complex if phi or gamma is.

        Raises
        ------
        TypeError
            If gamma is not such an array.
        ValueError
            If its shape does not fit, or it has NaN or infinite values in host memory.
        """
        return _applied("gamma", gamma, (self.Xi.size,), self._forward, self._shape)

    def ridgelet(self, f: Array) -> Array:
        """Return R[f](xi), the sum of the products of f(x) with phi(x, xi) over x, phi conjugated.

        Parameters
        ----------
        f : array of shape (..., X.size) or (..., X.size, H.dim)
            Functions, of float32, float64, complex64 or complex128.

        Returns
        -------
        array of shape (..., Xi.size)
            Of the library and precision of f, complex if phi or f is.

        Raises
        ------
        TypeError
            If f is not such an array.
        ValueError
            If its shape does not fit, or it has NaN or infinite values in host memory.
        """
        return _applied("f", f, self._shape, self._backward, (self.Xi.size,))

    def frame_operator(self, psi: JointEquivariantFeature | None = None) -> Any:
        """Return T = NN R, where psi stands for phi in R.

        Parameters
        ----------
        psi : JointEquivariantFeature, optional
            Of the same X, Xi and H; phi itself unless given.

        Returns
        -------
        numpy.ndarray of float64 or complex128, shape (n, n), or scipy.sparse.linalg.LinearOperator
            The operator, which takes arrays of CuPy as well, for n above 4096. n is X.size, or X.size H.dim, with the
            index of H the faster one.

        Raises
        ------
        TypeError, ValueError
            If psi is another thing.
        """
        psi = self._dual_feature(psi)
        size = math.prod(self._shape)
        return self._matrix(psi) if size <= LARGEST_MATRIX else FrameOperator(self, psi)

    def dual(self, f: Array, psi: JointEquivariantFeature | None = None) -> Array:
        """Return coefficients R T^+ f, whose network is f where T has full rank, and else as near to f as T goes.

        Parameters
        ----------
        f : array of shape (..., X.size) or (..., X.size, H.dim)
            Functions, of float32, float64, complex64 or complex128.
        psi : JointEquivariantFeature, optional
            That of R; phi itself unless given.

        Returns
        -------
        array of shape (..., Xi.size)
            Of the library and precision of f, complex if f or a feature is.

        Raises
        ------
        TypeError
            If f is not such an array, or psi no feature.
        ValueError
            If shapes do not fit, or f has NaN or infinite values in host memory.
        MemoryError
            If T does not fit into memory.

        Notes
        -----
        T^+ is the pseudoinverse. Singular values that rounding alone may leave, up to 4 eps Xi.size^(1/2) times the
        Frobenius norms of both features, are taken for 0.
        """
        psi = self._dual_feature(psi)
        if self._dual[0] is not psi:
            T = self._matrix(psi)
            left, singular, right = np.linalg.svd(T, hermitian=False)
            kept = singular > rank_tolerance(self, psi)
            inverse = (right[kept].conj().T / singular[kept]) @ left[:, kept].conj().T
            self._dual = psi, _Matrix(inverse.T @ psi._flat.conj())
        return _applied("f", f, self._shape, self._dual[1], (self.Xi.size,))

    def reconstruct(self, f: Array, psi: JointEquivariantFeature | None = None) -> Array:
        """Return the network of `dual`: f where T has full rank, and else the nearest to f in the range of T.

        Parameters, errors and what is returned are those of `dual`; the shape is that of f.
        """
        return _applied("the dual of f", self.dual(f, psi), (self.Xi.size,), self._forward, self._shape)

    def certify(self, psi: JointEquivariantFeature | None = None, scalars: Scalars | None = None) -> Certificate:
        """Certificate of what networks represent: the block of T on each isotypic component.

        Parameters
        ----------
        psi : JointEquivariantFeature, optional
            That of R; phi itself unless given.
        scalars : {"complex", "real"}, optional
            As of `isotypic`; "real" where phi, psi and H are, unless given.

        Returns
        -------
        Certificate
            Singular values up to the bound of `dual` count as lost.

        Raises
        ------
        TypeError, ValueError
            If the arguments are others, or scalars real and a feature is not.
        MemoryError
            If T does not fit into memory.

        Examples
        --------
        >>> import numpy as np
        >>> from kousei.equivariant import FiniteGroup, GSet, JointEquivariantFeature
        >>> X = GSet.natural(FiniteGroup.symmetric(4))
        >>> phi = JointEquivariantFeature.from_orbits([1.0, 0.0], GSet.subsets(X, 2), X)
        >>> print(phi.certify())  # four units cannot have all functions on six subsets
        trivial, multiplicity 1: scalar 6
        2-dimensional (2, 0, 0, 2, -1), multiplicity 1: lost
        3-dimensional (3, -1, 1, -1, 0), multiplicity 1: scalar 2
        not universal; lost: 2-dimensional (2, 0, 0, 2, -1)
        """
        psi = self._dual_feature(psi)
        T = self._matrix(psi)
        if scalars is None:
            is_complex = np.iscomplexobj(T) or (self.H is not None and np.iscomplexobj(self.H.matrices))
            scalars = "complex" if is_complex else "real"
        check_choice("scalars", scalars, "complex", "real")
        if scalars == "real" and np.iscomplexobj(T):
            raise ValueError("scalars was 'real' and a feature is complex; 'complex' is accepted for it")
        return Certificate.of(T, isotypic(self.X, self.H, scalars), rank_tolerance(self, psi))

    @property
    def _shape(self) -> tuple[int, ...]:
        return (self.X.size,) if self.H is None else (self.X.size, self.H.dim)

    __getstate__ = without_cached

    @cached_property
    def _flat(self) -> np.ndarray[Any, Any]:
        """Return the matrix of NN."""
        return self.values if self.H is None else self.values.transpose(0, 2, 1).reshape(-1, self.Xi.size)

    @cached_property
    def _forward(self) -> _Matrix:
        return _Matrix(self._flat.T)

    @cached_property
    def _backward(self) -> _Matrix:
        return _Matrix(self._flat.conj())

    def _dual_feature(self, psi: JointEquivariantFeature | None) -> JointEquivariantFeature:
        if psi is None:
            return self
        check_type("psi", psi, JointEquivariantFeature, "a kousei.equivariant.JointEquivariantFeature")
        for name in ("X", "Xi", "H"):
            mine, its = getattr(self, name), getattr(psi, name)
            if mine is not its and (mine is None or its is None or not mine.is_same(its)):
                raise ValueError(f"psi has another {name} than phi; the same one is accepted")
        return psi

    def _matrix(self, psi: JointEquivariantFeature) -> np.ndarray[Any, Any]:
        """Return T; where H is trivial from its rows at one point of each orbit, constant on the orbits of pairs."""
        size = math.prod(self._shape)
        arrays.require_memory(size * size, 16, f"a matrix of {size} x {size}")
        if self.H is not None:
            return np.asarray(self._flat @ psi._flat.conj().T)
        labels = pair_orbits(self.X, self.X)
        _, first = np.unique(labels, return_index=True)
        x, y = np.unravel_index(first, labels.shape)
        rows, row = np.unique(x, return_inverse=True)
        return np.asarray((self.values[rows] @ psi.values.conj().T)[row, y][labels])


def _require_squares(name: str, values: np.ndarray[Any, Any]) -> None:
    largest = float(np.abs(values).max())
    if largest and not 1e-140 < largest < 1e140:
        raise ValueError(
            f"{name} has values up to {largest:.3g}, which T has squares of; 1e-140 to 1e140 is accepted"
        )


def rank_tolerance(phi: JointEquivariantFeature, psi: JointEquivariantFeature) -> float:
    """Return the largest singular value that rounding may leave of a 0 of T."""
    norms = float(np.linalg.norm(phi.values) * np.linalg.norm(psi.values))
    return 4 * np.finfo(np.float64).eps * math.sqrt(phi.Xi.size) * norms


class _Matrix:
    """A matrix that arrays of any library and precision are multiplied by, from the left."""

    def __init__(self, matrix: np.ndarray[Any, Any]) -> None:
        self._matrix = matrix
        self._kept: dict[str, Kept] = {}

    def for_dtype(self, name: str) -> Kept:
        """Return it in the precision of a dtype, complex where it is."""
        if name not in self._kept:
            kind = "complex" if np.iscomplexobj(self._matrix) else "float"
            single = name in ("float32", "complex64")
            dtype = {"float": ("float64", "float32"), "complex": ("complex128", "complex64")}[kind][single]
            self._kept[name] = Kept(self._matrix.astype(dtype, copy=False))
        return self._kept[name]


def _applied(name: str, values: Array, points: tuple[int, ...], matrix: _Matrix, shape: tuple[int, ...]) -> Array:
    """Return (..., *points) times a matrix, as (..., *shape)."""
    backend, flat, batch = enter(name, values, points)
    dtype = arrays.dtype_name(flat)
    (factor,) = matrix.for_dtype(dtype).on(backend)
    if arrays.dtype_name(factor).startswith("complex") and dtype.startswith("float"):
        xp = arrays.namespace(flat)
        flat = xp.astype(flat, factor.dtype)
    elif is_torch_array(flat) and dtype.startswith("complex"):
        factor = factor.to(flat.dtype)
    return backend.finish((flat.reshape(-1, math.prod(points)) @ factor).reshape(batch + shape))


def enter(name: str, values: Array, points: tuple[int, ...]) -> tuple[Backend, Array, tuple[int, ...]]:
    """Return the backend of real or complex numbers (..., *points), the array to compute with, and (...)."""
    backend, values = backends.enter(name, values)
    dtype = arrays.dtype_name(values)
    if dtype not in _DTYPES:
        raise TypeError(f"{name} has dtype {dtype}; {', '.join(_DTYPES[:-1])} and {_DTYPES[-1]} are accepted")
    batch = arrays.batch_axes(name, values, points)
    flat = backend.array(name, values)
    if arrays.on_host(flat):
        arrays.require_finite(name, flat)
    return backend, flat, batch
