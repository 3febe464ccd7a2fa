"""The ridgelet transform over Z_p^d, whose dual inverts it exactly."""

from __future__ import annotations

import copy
import math
from typing import Any, Literal

import numpy as np
from scipy.sparse.linalg import LinearOperator

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei._lib.backends import Backend, Kept
from kousei._lib.errors import check_choice, check_integer
from kousei._lib.operator import BatchedOperator
from kousei._lib.random import Rng, generator
from kousei.equivariant.drawing import draw
from kousei.equivariant.finite_network import FiniteNetwork
from kousei.equivariant.finite_sums import DirectSums, FourierSums, Numbers, SomeFourierSums, is_mean_zero
from kousei.equivariant.orbits import numbers, read_only
from kousei.equivariant.primes import require_prime


class FiniteRidgelet(BatchedOperator):
    r"""The ridgelet transform over Z_p^d for a prime p, its adjoint and its dual, which inverts it.

    .. math:: R[f](a,b) = p^{-d/2}\sum_x f(x)\,\overline{r((a\cdot x-b)\bmod p)},\qquad
        S[\gamma](x) = p^{-d/2}\sum_{a,b}\gamma(a,b)\,g((a\cdot x-b)\bmod p),

    with x and a in Z_p^d, b in Z_p; S R = C for C the sum of :math:`g(s)\,\overline{r(s)}`, where r has mean zero.
    So S, a network of one hidden layer whose p^(d+1) units have the spectrum as output weights, represents any
    function. For fixed a the transform of R[f] over b is that of f at the points v a: both ways are FFTs and a
    permutation for each v, p^(d+1) log p in all.

    It is a `scipy.sparse.linalg.LinearOperator`, of NumPy and CuPy: from flattened functions to flattened spectra,
    `R @ f.ravel()`, as the solvers there take it, and with `@` from functions to spectra as they are, `R @ f`.

    Parameters
    ----------
    p : int
        Prime.
    dim : int
        d, at least 1.
    feature : array_like of shape (p,)
        The activation g(0), ..., g(p - 1).
    ridgelet_function : array_like of shape (p,)
        r(0), ..., r(p - 1), of mean zero.
    method : {"fft", "direct"}
        "direct" sums over all x, a and b, p^(2d+1) terms, without an FFT.
    dtype : {"float64", "float32", "complex128", "complex64"}, optional
        Of functions and spectra; float64, or complex128 where g or r is complex, unless given.

    Attributes
    ----------
    constant : float or complex
        C.
    shape : tuple of int
        (p^(d+1), p^d).
    dtype : numpy.dtype
        Of functions and spectra.
    feature, ridgelet_function : numpy.ndarray
        g and r, read-only, of float64 or complex128; r without what rounding left of its mean.
    H, T : scipy.sparse.linalg.LinearOperator
        The adjoint and the transposed operator.

    Raises
    ------
    TypeError
        If p or dim is no integer, g or r no numbers, or they are complex and dtype is not.
    ValueError
        If p is not prime, which names a factor; shapes do not fit; numbers are not finite; the mean of r is not
        zero; or C is zero. With another mean, S R is C' I + c J for the matrix J of ones, of rank 1: c is named.
    SizeError, MemoryError
        If the size of a spectrum is not representable in 64 bits, or a function does not fit into memory.

    See Also
    --------
    kousei.RidgeletTransform : over R^d.

    Notes
    -----
    After S. Sonoda, Y. Hashimoto, I. Ishikawa and M. Ikeda, "Deep ridgelet transform and unified universality theorem
    for deep and shallow joint-group-equivariant machines", arXiv:2405.13682, and H. Yamasaki, S. Subramanian,
    S. Hayakawa and S. Sonoda, "Quantum ridgelet transform: winning lottery ticket of neural networks with quantum
    computation", arXiv:2301.11936, which has the transform over Z_p^d.

    In host memory results are the same for any number of threads. Functions and spectra of CuPy and torch may lie in
    CUDA memory, and are transformed there on the current stream; NaN and infinities are not looked for there.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.equivariant import FiniteRidgelet
    >>> g = np.maximum(np.arange(5) - 2.0, 0.0)
    >>> R = FiniteRidgelet(5, 2, g, g - g.mean())
    >>> i, j = np.ogrid[:5, :5]
    >>> f = (i**2 + 3 * j + i * j) % 5.0
    >>> spectrum = R @ f
    >>> spectrum[0, 1].round(12)
    array([ 1.8, -0.2, -1.2, -1.2,  0.8])
    >>> R.constant
    3.2
    >>> np.allclose(R.reconstruct(spectrum), f, rtol=0, atol=1e-13)
    True
    """

    p: int
    dim: int
    feature: Numbers

    def __init__(
        self,
        p: int,
        dim: int,
        feature: Any,
        ridgelet_function: Any,
        method: Literal["fft", "direct"] = "fft",
        *,
        dtype: Any = None,
    ) -> None:
        self.p, self.dim = check_integer("p", p, 2), check_integer("dim", dim, 1, 62)
        check_choice("method", method, "fft", "direct")
        self.method = method
        points, units = self.p**self.dim, self.p ** (self.dim + 1)
        if units * 16 >= 2**63:
            arrays.require_memory(units, 16, f"a spectrum of {self.p}**{self.dim + 1} numbers")
        arrays.require_memory(points, 16, f"a function of {self.p}**{self.dim} numbers")
        require_prime("p", self.p)
        self.feature, r = (
            _function_of_residues(name, value, self.p)
            for name, value in (("feature", feature), ("ridgelet_function", ridgelet_function))
        )
        given = arrays.array_like("ridgelet_function", ridgelet_function).dtype
        eps = float(np.finfo(given if given.kind in "fc" else np.float64).eps)
        _require_mean_zero(r, self.feature, eps)
        self.ridgelet_function: Array = read_only(r - r.mean())
        self.constant: Any = _constant(self.feature, self.ridgelet_function, eps)
        super().__init__(_dtype(dtype, self.feature, self.ridgelet_function), (units, points))
        self._grid, self._spectrum_grid = (self.p,) * self.dim, (self.p,) * (self.dim + 1)
        self._sums = (FourierSums if method == "fft" else DirectSums)(self.p, self.dim, self.dtype)
        self._transform_weights = self._sums.weights_over_points(np.conj(self.ridgelet_function))
        self._adjoint_weights = self._sums.weights_over_units(self.ridgelet_function)
        self._dual_weights = self._sums.weights_over_units(self.feature)

    def __repr__(self) -> str:
        sizes = f"{self.p}**{self.dim} points -> {self.p}**{self.dim + 1} units"
        return f"FiniteRidgelet({sizes}, {self.dtype}, {self.method})"

    def transform(self, f: Array) -> Array:
        """Return R[f], the spectrum of a function.

        Parameters
        ----------
        f : array of shape ``(..., p, ..., p)``
            Values on Z_p^d, of the operator's dtype, in d axes.

        Returns
        -------
        array of shape ``(..., p, ..., p, p)``
            Indexed by a_1, ..., a_d and b; of the library of f.

        Raises
        ------
        TypeError
            If f is not such an array.
        ValueError
            If its shape does not fit, or it has NaN or infinite values in host memory.
        MemoryError
            If the spectrum cannot be held.
        """

        def summed(backend: Backend, functions: Array) -> Array:
            return self._sums.over_points(backend, functions.reshape(len(functions), -1), self._transform_weights)

        return self._apply("f", f, self._grid, self._spectrum_grid, summed)

    def adjoint(self, spectrum: Array | None = None) -> Any:  # type: ignore[misc] # an argument more than SciPy's
        """Return the adjoint of `transform` on a spectrum, ``(..., p, ..., p)``: `dual` with r for g.

        Parameters, errors and results are those of `transform`, with the shapes exchanged. Of no spectrum it is the
        operator `H`, as that of any operator of SciPy.
        """
        if spectrum is None:
            return self._adjoint()
        return self._over_units(spectrum, self._adjoint_weights)

    def dual(self, spectrum: Array) -> Array:
        """Return S[gamma], the network with a spectrum as output weights, ``(..., p, ..., p)``.

        Parameters, errors and results are those of `transform`, with the shapes exchanged.
        """
        return self._over_units(spectrum, self._dual_weights)

    def reconstruct(self, spectrum: Array) -> Array:
        """Return S[gamma]/C, ``(..., p, ..., p)``: the function of a spectrum.

        Parameters, errors and results are those of `transform`, with the shapes exchanged.
        """
        return self.dual(spectrum) / self.constant

    def sample(self, f: Any, units: int, *, rng: Rng = None) -> FiniteNetwork:
        r"""Draw a network for a function, each unit (a, b) with a probability as |R[f](a, b)|^2.

        The spectrum is not stored. With v drawn by :math:`|\hat r(v)|^2` and k by :math:`|\hat f(k)|^2`, the vector
        a = k/v mod p has the law of a, and b given a takes one FFT of length p. With the weights
        :math:`\lVert R[f]\rVert^2/(n\,C\,p^{d/2}\,\overline{R[f](a,b)})` of n units, the mean of the networks is f.
        They differ from it at each point by up to
        :math:`\lVert f\rVert\,\lVert g\rVert\,\lVert r\rVert/(|C|\sqrt n)` in the root of the mean square, the norms
        being roots of sums of squares: above f itself unless n is well above p^d.

        Parameters
        ----------
        f : array_like of shape ``(p, ..., p)``
            Values on Z_p^d in host memory, complex where the operator is.
        units : int
            Draws; a unit that is drawn again is one unit, with the sum of the weights.
        rng : numpy.random.Generator, int or None
            Source of the draws (SPEC 7).

        Returns
        -------
        FiniteNetwork
            Of float64 or complex128, and at most so many units.

        Raises
        ------
        TypeError, ValueError
            If f is not such an array or 0 everywhere, or `units` no positive integer.

        Examples
        --------
        >>> import numpy as np
        >>> from kousei.equivariant import FiniteRidgelet
        >>> s = np.arange(5)
        >>> R = FiniteRidgelet(5, 1, np.cos(2 * np.pi * s / 5), np.cos(2 * np.pi * s / 5))
        >>> net = R.sample([0.0, 1.0, 2.0, 1.0, 0.0], 20000, rng=0)
        >>> net(s[:, None]).round(1) + 0.0
        array([0., 1., 2., 1., 0.])
        """
        units = check_integer("units", units, 1)
        arrays.require_memory(units, 16 * (self.dim + 4), f"a draw of {units} units in {self.dim} dimensions")
        values = arrays.finite_numbers("f", f, "iufc" if self.dtype.kind == "c" else "iuf")
        arrays.require_shape("f", values, self._grid)
        if not values.any():
            raise ValueError("f is 0 everywhere, and no unit is drawn for it; another function is accepted")
        return draw(values, self.feature, self.ridgelet_function, self.constant, units, generator(rng))

    def dot(self, x: Any) -> Any:
        """Return the spectrum of a function, as `transform` does, or any product of `scipy.sparse.linalg`.

        Parameters
        ----------
        x : array of shape ``(p, ..., p)``, or what operators of SciPy take
            A function as it is gives its spectrum as it is; flattened functions, (p^d,) for d > 1 or columns of
            (p^d, n), give flattened ones.

        Returns
        -------
        array of shape ``(p, ..., p, p)``, (p^(d+1),) or (p^(d+1), n), or operator

        Raises
        ------
        ValueError
            If the shape is another; `transform` takes batches.
        """
        shape, points = tuple(getattr(x, "shape", ())), self.shape[1]
        if shape == self._grid and not isinstance(x, LinearOperator):
            return self.transform(x)
        if shape and (len(shape) > 2 or shape[0] != points):
            raise ValueError(f"x has shape {shape}; {self._grid}, ({points},) and ({points}, columns) are accepted")
        return super().dot(x)

    def _some(self, rows: slice) -> FiniteRidgelet:
        """Return the operator of the units of some rows, whose spectra and sums over units are parts of those of all.

        A row has the units of one first number of a.
        """
        some = copy.copy(self)
        sums = SomeFourierSums if self.method == "fft" else DirectSums
        some._sums = sums(self.p, self.dim, self.dtype, rows)
        some._spectrum_grid = (len(range(self.p)[rows]), *self._spectrum_grid[1:])
        BatchedOperator.__init__(some, self.dtype, (math.prod(some._spectrum_grid), self.shape[1]))
        return some

    def _over_units(self, spectrum: Array, weights: Kept) -> Array:
        def summed(backend: Backend, spectra: Array) -> Array:
            return self._sums.over_units(backend, spectra.reshape(len(spectra), -1), weights)

        return self._apply("spectrum", spectrum, self._spectrum_grid, self._grid, summed)

    def _transpose(self) -> Any:
        return self._adjoint() if self.dtype.kind == "f" else super()._transpose()  # type: ignore[misc]

    def _matmat(self, X: Array) -> Array:
        return self.transform(X.T.reshape(X.shape[1], *self._grid)).reshape(X.shape[1], self.shape[0]).T

    def _rmatmat(self, X: Array) -> Array:
        return self.adjoint(X.T.reshape(X.shape[1], *self._spectrum_grid)).reshape(X.shape[1], self.shape[1]).T


def _function_of_residues(name: str, value: Any, p: int) -> Numbers:
    function = numbers(name, value)
    arrays.require_shape(name, function, (p,))
    return read_only(function)


def _dtype(dtype: Any, *functions: Numbers) -> np.dtype[Any]:
    """Return the dtype of functions and spectra."""
    are_complex = any(map(np.iscomplexobj, functions))
    if dtype is None:
        return np.dtype(np.complex128 if are_complex else np.float64)
    wanted = arrays.check_dtype(dtype, "float64", "float32", "complex128", "complex64")
    if are_complex and wanted.kind == "f":
        raise TypeError(
            f"dtype was {wanted}; for a complex feature or ridgelet_function complex128 and complex64 are accepted"
        )
    return wanted


def _require_mean_zero(r: Numbers, g: Numbers, eps: float) -> None:
    if not is_mean_zero(r, eps):
        defect = g.sum() * np.conj(r.sum()) / len(r)
        raise ValueError(
            f"ridgelet_function has mean {r.mean():.6g}, so that S R = C I + c J with c = {defect:.6g} for the "
            "matrix J of ones, of rank 1; a function of mean zero, such as r - r.mean(), is accepted"
        )


def _constant(g: Numbers, r: Numbers, eps: float) -> Any:
    """Return C; ValueError where it is what rounding to eps leaves of 0."""
    with np.errstate(over="ignore"):
        constant, bound = np.vdot(r, g), len(r) * eps * np.linalg.norm(g) * np.linalg.norm(r)
    if not np.isfinite(bound):
        raise ValueError("feature times ridgelet_function is above the largest float64; smaller numbers are accepted")
    if abs(constant) <= bound:
        raise ValueError(
            "the constant C, the sum of feature * conj(ridgelet_function), is 0, so that S R = 0; "
            "functions with another sum are accepted"
        )
    return constant.item()
