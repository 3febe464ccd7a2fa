"""Convolution over a finite group: by FFT where it is abelian."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei._lib.backends import Kept
from kousei._lib.errors import warn
from kousei._lib.fourier import fft_of, threads_of
from kousei._lib.pickling import without_cached
from kousei.equivariant.feature import JointEquivariantFeature, enter
from kousei.equivariant.group import FiniteGroup, check_group
from kousei.equivariant.gset import GSet
from kousei.equivariant.orbits import Integers, numbers, read_only
from kousei.equivariant.representation import Representation, require_spaces

#: Frequencies that a warning names.
_NAMED = 8


def lift(phi: Any, X: GSet, H: Representation | None = None) -> JointEquivariantFeature:
    r"""Feature :math:`\phi^\tau(x,\xi)(g) = g\,\phi(g^{-1}x, \xi)` of any function, of functions on the group.

    With :math:`\phi(x,\xi) = \sigma(\langle a, x\rangle - b)` it is a layer of a network that convolves over the
    group. Parameters are left alone by the group, so every :math:`\phi^\tau(\cdot,\xi)`, and every network, is an
    equivariant map.

    Parameters
    ----------
    phi : array_like of shape (X.size, parameters) or (X.size, parameters, H.dim)
        Values of the function.
    X : GSet
        The points.
    H : Representation, optional
        Space of the values of phi; numbers that the group keeps unless given.

    Returns
    -------
    JointEquivariantFeature
        Of the outputs ``group.order`` times ``H.dim``: that of g and i is ``g * H.dim + i``. The group moves them as
        functions on itself, (g F)(h) = g F(g^-1 h).

    Raises
    ------
    TypeError
        If the arguments are of other types.
    ValueError
        If shapes or groups do not agree, or values are not finite.
    MemoryError
        If the values, or the matrices of all elements on functions on the group, do not fit into memory.

    Notes
    -----
    See S. Sonoda, Y. Hashimoto, I. Ishikawa and M. Ikeda, arXiv:2405.13682, on group convolution.

    Examples
    --------
    Words of four letters 0 and 1 under cyclic shifts, and three units of random weights:

    >>> import numpy as np
    >>> from kousei.equivariant import FiniteGroup, GSet, lift
    >>> X = GSet.words(GSet.natural(FiniteGroup.cyclic(4)), 2)
    >>> a = np.random.default_rng(0).standard_normal((3, 4))
    >>> phi = lift(np.tanh(X.points @ a.T), X)
    >>> phi
    JointEquivariantFeature(16 points x 3 parameters -> 4 outputs, float64)
    >>> f = phi.network(np.array([1.0, -0.5, 2.0]))
    >>> np.allclose(f[X.act(1, np.arange(16))], np.roll(f, 1, axis=1))
    True
    """
    require_spaces(H, X=X)
    values, group = numbers("phi", phi), X.group
    outputs = () if H is None else (H.dim,)
    if values.shape != (X.size, *(values.shape[1:2] or (0,)), *outputs) or not values.size:
        wanted = ", ".join(map(str, (X.size, "parameters", *outputs)))
        raise ValueError(f"phi has shape {values.shape}; ({wanted}) is accepted")
    arrays.require_memory(values.size * group.order, 16, f"a feature with functions on {group} as values")
    elements = np.arange(group.order)
    moved = values[X.act(group.inverse(elements), np.arange(X.size)[:, None])].swapaxes(1, 2)
    functions = Representation.of_set(GSet.regular(group))
    if H is not None:
        moved = np.einsum("gij,xkgj->xkgi", H.matrix(elements), moved)
        both = map(np.kron, functions.matrices, H.matrices)
        functions = Representation(group, np.stack(list(both)))
    flat = moved.reshape(*values.shape[:2], -1)
    return JointEquivariantFeature(flat, X, GSet.trivial(group, values.shape[1]), functions)


class Convolution:
    r"""Convolution with a few filters over a finite group, by FFT where it is abelian.

    It is the network and the ridgelet transform of the feature :math:`\phi(x,(k,t)) = a_k(t^{-1}x)` on the group
    itself,

    .. math:: NN[\gamma](x) = \sum_k\sum_t \gamma_k(t)\,a_k(t^{-1}x),\qquad
        R[f]_k(t) = \sum_x f(x)\,\overline{a_k(t^{-1}x)} = \sum_y f(ty)\,\overline{a_k(y)}.

    Parameters
    ----------
    group : FiniteGroup
        The group.
    filters : array_like of real or complex numbers, shape (filters, group.order)
        Values :math:`a_k(g)`.

    Attributes
    ----------
    group : FiniteGroup
        As given.
    filters : numpy.ndarray of float64 or complex128, shape (filters, group.order)
        As given, read-only.

    Raises
    ------
    TypeError
        If `group` is no FiniteGroup or `filters` are not numbers.
    ValueError
        If filters are of another shape or not finite.

    Notes
    -----
    Elements of an abelian group are products of powers of a few, `axes`, of the orders `shape`, each in one way. In
    these coordinates the FFT of `shape` makes products of the sums. In other groups they are sums over `feature`.

    Examples
    --------
    Filters on a grid of 6 x 6 points, and those that give back a function from what they make of it:

    >>> import numpy as np
    >>> from kousei.equivariant import Convolution, FiniteGroup
    >>> line = FiniteGroup.cyclic(6)
    >>> rng = np.random.default_rng(0)
    >>> conv = Convolution(FiniteGroup.product(line, line), rng.standard_normal((2, 36)))
    >>> conv.shape
    (6, 6)
    >>> np.allclose(conv.symbol, np.fft.fft2(conv.filters.reshape(2, 6, 6)))
    True
    >>> f = rng.standard_normal(36)
    >>> np.allclose(conv.dual().network(conv.ridgelet(f)), f)
    True
    """

    def __init__(self, group: FiniteGroup, filters: Any) -> None:
        self.group: FiniteGroup = check_group("group", group)
        values = numbers("filters", filters)
        if values.ndim != 2 or values.shape[1] != group.order or not values.size:
            raise ValueError(f"filters has shape {values.shape}; (filters, {group.order}) is accepted")
        self.filters: Array = read_only(values)

    def __repr__(self) -> str:
        return f"Convolution({len(self.filters)} filters, {self.filters.dtype}, on {self.group})"

    def network(self, gamma: Array) -> Array:
        """Return the sum of the convolutions of gamma with the filters.

        Parameters
        ----------
        gamma : array of shape (..., filters, group.order)
            Coefficients, of float32, float64, complex64 or complex128.

        Returns
        -------
        array of shape (..., group.order)
            Of the library and precision of gamma, complex if gamma or the filters are.

        Raises
        ------
        TypeError
            If gamma is not such an array.
        ValueError
            If its shape does not fit, or it has NaN or infinite values in host memory.
        """
        if not self.group.is_abelian:
            backend, gamma, batch = enter("gamma", gamma, self.filters.shape)
            return backend.finish(self.feature.network(gamma.reshape(*batch, self.filters.size)))
        return self._transformed("gamma", gamma, self.filters.shape, lambda g, a: (g * a).sum(-1 - len(self.shape)))

    def ridgelet(self, f: Array) -> Array:
        """Return the correlation of a function with each filter, the adjoint of `network`.

        Parameters
        ----------
        f : array of shape (..., group.order)
            Functions, of float32, float64, complex64 or complex128.

        Returns
        -------
        array of shape (..., filters, group.order)
            Of the library and precision of f, complex if f or the filters are.

        Raises
        ------
        TypeError
            If f is not such an array.
        ValueError
            If its shape does not fit, or it has NaN or infinite values in host memory.
        """
        if not self.group.is_abelian:
            backend, f, batch = enter("f", f, (self.group.order,))
            return backend.finish(self.feature.ridgelet(f).reshape(*batch, *self.filters.shape))
        one = (None,) + (slice(None),) * len(self.shape)
        return self._transformed("f", f, (self.group.order,), lambda f, a: f[(..., *one)] * a.conj())

    @property
    def axes(self) -> Integers:
        """Elements of an abelian group whose powers make each element once, numpy.ndarray of int.

        The generators of the group where they do, as those of products of cyclic groups. ValueError if the group is
        not abelian.
        """
        return self._coordinates[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """Orders of `axes`; errors are those of `axes`."""
        return self._coordinates[1].shape

    @cached_property
    def symbol(self) -> np.ndarray[Any, Any]:
        r"""Fourier transform of each filter, numpy.ndarray of complex128, shape ``(filters, *shape)``.

        At k it is the sum of :math:`a(g)\,e^{-2\pi i(k_1e_1/n_1 + \dots)}` over the products g of powers
        :math:`e_j` of `axes`, whose orders are :math:`n_j`. ValueError if the group is not abelian: `feature` has its
        blocks.
        """
        ordered = self.filters[:, self._coordinates[1]]
        return read_only(np.fft.fftn(ordered, axes=range(1, ordered.ndim)))

    @cached_property
    def singular_values(self) -> np.ndarray[Any, Any]:
        """Singular values of NN, numpy.ndarray of float64: of shape `shape`, one for each frequency; else in order.

        Those of a group that is not abelian have shape (order,), the largest first.
        """
        if self.group.is_abelian:
            return read_only(np.hypot.reduce(np.abs(self.symbol)))
        return read_only(self._decomposed[0])

    @property
    def lost(self) -> Integers:
        """Frequencies that no network has, numpy.ndarray of int, shape (lost, len(shape)).

        Those whose singular value is what rounding may leave of 0: up to 4 eps order^(1/2) times the largest.
        ValueError if the group is not abelian: `feature` has its irreducible representations.
        """
        _ = self.axes
        return np.argwhere(~self._is_kept)

    @cached_property
    def feature(self) -> JointEquivariantFeature:
        """The same as a feature, with k group.order + t for its parameter (k, t).

        MemoryError if its values, group.order times as many as those of the filters, do not fit into memory.
        """
        X = GSet.regular(self.group)
        count, order = self.filters.shape
        arrays.require_memory(self.filters.size * order, 16, f"a feature of {count} filters on {self.group}")
        elements = np.arange(order)
        values = self.filters[:, self.group.multiply(self.group.inverse(elements), elements[:, None])]
        return JointEquivariantFeature(
            values.swapaxes(0, 1).reshape(order, -1), X, GSet.product(GSet.trivial(self.group, count), X)
        )

    def dual(self) -> Convolution:
        """Return the dual filters: with them R inverts NN, or NN inverts R, as far as the filters here allow.

        ``network(dual().ridgelet(f))`` and ``dual().network(ridgelet(f))`` are f where no frequency is lost, and else
        f without those that are; a warning names them. A single filter has its inverse.

        Returns
        -------
        Convolution

        Warns
        -----
        UserWarning
            If frequencies are lost, or dimensions where the group is not abelian.
        """
        kept = self._is_kept
        if not kept.all():
            warn(self._what_is_lost(int(np.count_nonzero(~kept))))
        if self.group.is_abelian:
            gain = np.divide(1, self.singular_values, out=np.zeros(self.shape), where=kept)
            dual = np.fft.ifftn(self.symbol * gain * gain, axes=self._of_shape)
            dual = dual.reshape(self.filters.shape)[:, self._places]
            return Convolution(self.group, dual if np.iscomplexobj(self.filters) else dual.real)
        singular, functions = self._decomposed
        inverse = (functions[:, kept] / singular[kept]) @ functions[:, kept].conj().T
        return Convolution(self.group, self.filters @ inverse.T @ inverse.T)

    def _what_is_lost(self, count: int) -> str:
        if not self.group.is_abelian:
            return f"{count} dimensions of {self.group.order} are lost, where singular values are 0"
        named = ", ".join(str(tuple(map(int, k))) for k in self.lost[:_NAMED])
        return f"{count} frequencies of {self.group.order} are lost: {named}{', ...' if count > _NAMED else ''}"

    __getstate__ = without_cached

    @cached_property
    def _decomposed(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Return singular values of NN, from the largest, and the functions (order, order) that they belong to."""
        # M M^H = R^H R for M^H = Q R, of fewer rows than M has columns.
        _, singular, functions = np.linalg.svd(np.linalg.qr(self.feature.values.conj().T, mode="r"))
        return singular, functions.conj().T

    @property
    def _is_kept(self) -> np.ndarray[Any, Any]:
        largest = self.singular_values.max()
        return np.asarray(self.singular_values > 4 * np.finfo(np.float64).eps * math.sqrt(self.group.order) * largest)

    @cached_property
    def _coordinates(self) -> tuple[Integers, Integers]:
        """Return `axes`, and the elements in an array with an axis for the powers of each."""
        if not self.group.is_abelian:
            raise ValueError(f"group was {self.group}, which is not abelian; an abelian group has frequencies")
        axes = self.group.generators
        orders = _orders(self.group, axes, np.zeros(1, np.intp))
        if math.prod(orders.tolist()) != self.group.order:
            axes, orders = _basis(self.group)
        elements = np.zeros((), np.intp)
        for g, order in zip(axes, orders, strict=True):
            elements = self.group.multiply(elements[..., None], _powers(self.group, g, order))
        return read_only(axes), read_only(elements)

    @property
    def _of_shape(self) -> tuple[int, ...]:
        """Return the last axes of an array, as many as `shape` has."""
        return tuple(range(-len(self.shape), 0))

    @cached_property
    def _places(self) -> Integers:
        """Return where each element stands in the coordinates."""
        return np.argsort(self._coordinates[1].reshape(-1))

    @cached_property
    def _is_in_order(self) -> bool:
        return bool((self._places == np.arange(self.group.order)).all())

    @cached_property
    def _factors(self) -> dict[tuple[bool, str], Kept]:
        return {}

    def _transformed(self, name: str, values: Array, points: tuple[int, ...], product: Any) -> Array:
        """Return the inverse transform of a product of the transform of (..., *points) with the symbol."""
        backend, values, batch = enter(name, values, points)
        xp, fft, dtype = arrays.namespace(values), fft_of(values), arrays.dtype_name(values)
        precision = "complex64" if dtype in ("float32", "complex64") else "complex128"
        real = dtype.startswith("float") and not np.iscomplexobj(self.filters)
        if (real, precision) not in self._factors:
            symbol = self.symbol[..., : self.shape[-1] // 2 + 1] if real else self.symbol
            order = self._coordinates[1].reshape(-1)
            self._factors[real, precision] = Kept(symbol.astype(precision), order, self._places)
        symbol, order, places = self._factors[real, precision].on(backend)
        forward, backward = (fft.rfftn, fft.irfftn) if real else (fft.fftn, fft.ifftn)
        threads = threads_of(values)
        if not real and dtype.startswith("float"):
            values = xp.astype(values, symbol.dtype)
        if not self._is_in_order:
            values = xp.take(values, order, axis=-1)
        values = values.reshape(*batch, *points[:-1], *self.shape)
        if 0 in batch:  # CuPy transforms no empty arrays
            nothing = product(values[(..., *(slice(n) for n in symbol.shape[1:]))], symbol)
            values = xp.zeros((*nothing.shape[: -len(self.shape)], self.group.order), dtype=values.dtype)
            return backend.finish(values)
        values = product(forward(values, axes=self._of_shape, **threads), symbol)
        values = backward(values, s=self.shape, axes=self._of_shape, **threads)
        values = values.reshape(*values.shape[: -len(self.shape)], self.group.order)
        return backend.finish(values if self._is_in_order else xp.take(values, places, axis=-1))


def _orders(group: FiniteGroup, elements: Integers, subgroup: Integers) -> Integers:
    """Return the least power of each element that lies in a subgroup."""
    inside = np.zeros(group.order, bool)
    inside[subgroup] = True
    orders = np.zeros(len(elements), np.intp)
    for power in (k for k in range(1, group.order + 1) if group.order % k == 0):
        orders[(orders == 0) & inside[group.power(elements, power)]] = power
    return orders


def _powers(group: FiniteGroup, g: int, order: int) -> Integers:
    """Return the powers 0 to order - 1 of an element."""
    powers = np.zeros(1, np.intp)
    while len(powers) < order:
        powers = np.append(powers, group.multiply(powers, group.power(g, len(powers))))
    return powers[:order]


def _basis(group: FiniteGroup) -> tuple[Integers, Integers]:
    """Return elements of an abelian group whose powers make each element once, and their orders, in descending order.

    Modulo those that are chosen, one of the largest order is a direct factor, and some element of its coset has that
    order itself.
    """
    elements = np.arange(group.order)
    orders = _orders(group, elements, np.zeros(1, np.intp))
    axes: list[int] = []
    span = np.zeros(1, np.intp)
    while len(span) < group.order:
        within = _orders(group, elements, span)
        axes.append(int(np.argmax(np.where(within == orders, within, 0))))
        span = group.multiply(span[:, None], _powers(group, axes[-1], orders[axes[-1]])).reshape(-1)
    return np.array(axes), orders[axes]
