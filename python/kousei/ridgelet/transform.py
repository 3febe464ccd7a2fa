"""The ridgelet transform and its dual over grids, as linear operators."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei._lib.errors import warn
from kousei.activation.base import power_of
from kousei.activation.named import resolve
from kousei.ridgelet.directions import quadrature, units_of, vectors_of, weighted
from kousei.ridgelet.pair import AdmissiblePair
from kousei.ridgelet.samples import Grid, Reals, Scattered, step_of
from kousei.ridgelet.slices import SliceSums
from kousei.ridgelet.sums import DirectSums, PrefixSums

Method = Literal["auto", "slice", "direct"]

#: Largest factor of the cure of truncation; beyond it rounding and noise are all there is.
_LARGEST_GAIN = 1e3


class RidgeletTransform:
    """R[f](a, b) = integral of f(x) psi(a.x - b) dx for directions a and biases b, its adjoint and its dual.

    The integral is a sum over the grid, by the trapezoidal rule: to all digits for a smooth function that is 0 at
    the ends of the axes, as long as the step resolves psi(a.x - b) f(x). The solvers of `scipy.sparse.linalg`
    take it as an operator from flattened functions to flattened spectra: `R @ f.ravel()`, `R.H @ spectrum.ravel()`,
    `lsqr(R, spectrum.ravel())`; `aslinearoperator(R)` makes one of theirs.

    Parameters
    ----------
    axes : sequence of array_like, or array_like of shape (n, dim)
        A tuple or list of 1 to 3 uniform axes of at least 2 numbers each; or scattered points in any dimension.
    directions : array_like of shape (directions, dim), or Directions
        The vectors a, scale included. `dual` and `reconstruct` integrate over them and need `Directions`, such as
        `ball_directions` returns.
    biases : array_like of shape (biases,)
        Increasing; uniform for slices and for `dual`.
    pair : AdmissiblePair
        Of the dimension of the axes.
    method : {"auto", "slice", "direct"}
        "slice" takes the Fourier transform of f along every direction, an FFT and no value of psi for each point;
        it needs axes and uniform biases. "direct" sums over all points. "auto" slices where it can.
    tol : float, optional
        Accuracy of slices, relative to the largest value that |f| could have in the spectrum; 1e-9 in float64 and
        1e-6 in float32 unless given.
    weights : array_like of shape (n,), optional
        Of scattered points; 1 unless given. Axes have weights of their own.
    dtype : {"float64", "float32"}
        Of functions and spectra. Parameters are kept in float64.

    Attributes
    ----------
    shape : tuple of int
        (directions * biases, number of points).
    dtype : numpy.dtype
        Of functions and spectra.
    H : scipy.sparse.linalg.LinearOperator
        The adjoint.
    method : str
        The one that is taken, "slice" or "direct".

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If axes or biases are empty, not finite or not uniform where they must be, or shapes do not agree.
    SizeError, MemoryError
        If a spectrum cannot be held.

    Notes
    -----
    After S. Sonoda, I. Ishikawa and M. Ikeda, "A unified Fourier slice method to derive ridgelet transform for a
    variety of depth-2 neural networks", arXiv:2402.15984.

    Slices are the same from run to run; the number of threads may change their rounding.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.ridgelet import AdmissiblePair, RidgeletTransform
    >>> x = np.linspace(-8, 8, 129)
    >>> R = RidgeletTransform((x,), [[0.7]], [0.3], AdmissiblePair("relu", 1))
    >>> f = np.exp(-(x**2) / 2)
    >>> R.transform(f).round(9)
    array([[1.590531916]])
    >>> np.allclose(R.H @ (R @ f), R.adjoint(R.transform(f)))
    True
    """

    def __init__(
        self,
        axes: Sequence[Any] | Array,
        directions: Any,
        biases: Any,
        pair: AdmissiblePair,
        method: Method = "auto",
        tol: float | None = None,
        *,
        weights: Any = None,
        dtype: Any = "float64",
    ) -> None:
        if not isinstance(pair, AdmissiblePair):
            raise TypeError(f"pair was {type(pair).__name__}; an AdmissiblePair is accepted")
        if np.dtype(dtype).name not in ("float32", "float64"):
            raise TypeError(f"dtype was {np.dtype(dtype)}; float32 and float64 are accepted")
        self.pair = pair
        self.samples = _samples(axes, weights)
        dim = self.samples.dim
        if pair.dim != dim:
            raise ValueError(f"pair has dim {pair.dim} and the points {dim}; they must agree")
        self.directions, self.biases = units_of(directions, biases, dim)
        self._vectors = vectors_of(self.directions)
        self.spectrum_shape = (len(self._vectors), len(self.biases))
        what = "a spectrum of {} directions x {} biases".format(*self.spectrum_shape)
        size = self.spectrum_shape[0] * self.spectrum_shape[1]
        arrays.require_memory(size, np.dtype(dtype).itemsize, what)
        self.method = self._chosen(method)
        least = 1e-6 if np.dtype(dtype) == np.float32 else 1e-14
        self.tol = (least if least == 1e-6 else 1e-9) if tol is None else tol
        if not least <= self.tol < 1:
            raise ValueError(f"tol was {tol}; {least} <= tol < 1 is accepted for {np.dtype(dtype)}")
        self.dtype = np.dtype(dtype)
        self.shape = (size, len(self.samples.weights))

    def __getstate__(self) -> dict[str, Any]:
        # Plans of FFTs cannot be copied; they are made anew.
        return {name: value for name, value in self.__dict__.items() if name not in _PLANS}

    def matvec(self, x: Reals) -> Reals:
        """Return `transform` of a flattened function as a flattened spectrum, as SciPy's solvers ask for it.

        Parameters
        ----------
        x : ndarray of shape (points,) or (points, 1)
            Of the operator's dtype.

        Returns
        -------
        ndarray of shape (directions * biases,) or (directions * biases, 1)
        """
        return np.asarray(self._operator.matvec(x))

    def rmatvec(self, x: Reals) -> Reals:
        """Return `adjoint` of a flattened spectrum as a flattened function, as `matvec` does."""
        return np.asarray(self._operator.rmatvec(x))

    def __matmul__(self, x: Any) -> Any:
        """Return the product with a vector, a matrix, or another operator of SciPy."""
        return self._operator @ x

    @property
    def H(self) -> Any:  # noqa: N802 - as SciPy calls it
        """The adjoint operator."""
        return self._operator.H

    def transform(self, f: Array) -> Array:
        """Return R[f], the spectrum of a function.

        Parameters
        ----------
        f : array of shape ``(..., *points)``
            Values on the axes, or at the points, of the operator's dtype and in host memory.

        Returns
        -------
        array of shape (..., directions, biases)
            Of the library of f.

        Raises
        ------
        TypeError
            If f is not such an array.
        ValueError
            If its shape does not fit, or it has NaN or infinite values.
        """
        return self._apply("f", f, self.samples.shape, self.spectrum_shape, self._forward)

    def adjoint(self, spectrum: Array) -> Array:
        """Return the adjoint of `transform` on a spectrum, ``(..., *points)``: of the sums, points weighted.

        Parameters, errors and results are those of `transform`, with the shapes exchanged.
        """
        return self._apply("spectrum", spectrum, self.spectrum_shape, self.samples.shape, self._sum_back)

    def dual(self, spectrum: Array) -> Array:
        """Return S[gamma](x) = integral of gamma(a, b) sigma(a.x - b) da db at the points.

        The sum over biases is uniform, and that over directions has their weights. This is the network of one hidden
        layer, with the spectrum as output weights, that the operator's activation makes.

        Parameters
        ----------
        spectrum : array of shape (..., directions, biases)
            Of the operator's dtype and in host memory.

        Returns
        -------
        array of shape ``(..., *points)``

        Raises
        ------
        TypeError
            If the spectrum is not such an array.
        ValueError
            If its shape does not fit, it has NaN or infinite values, the directions came without weights, or the
            biases are not uniform.
        """
        return self._apply("spectrum", spectrum, self.spectrum_shape, self.samples.shape, self._dual)

    def dual_adjoint(self, f: Array) -> Array:
        """Return the adjoint of `dual` on a function, ``(..., directions, biases)``: a gradient by output weights.

        Parameters, errors and results are those of `dual`, with the shapes exchanged.
        """
        return self._apply("f", f, self.samples.shape, self.spectrum_shape, self._dual_adjoint)

    def reconstruct(self, f: Array, cure: bool = False, tol: float = 1e-2) -> Array:
        """Return S[R[f]]/K, which is f but for the directions and biases that are missing.

        Directions of |a| <= scale alone multiply the Fourier transform of f by m(k), `AdmissiblePair.multiplier`.

        Parameters
        ----------
        f : array of shape ``(..., *points)``
            As for `transform`.
        cure : bool
            Divide by m(k) first, by at least 1/1000; with method "slice" alone.
        tol : float
            Largest relative error that is not warned of.

        Returns
        -------
        array of shape ``(..., *points)``

        Warns
        -----
        UserWarning
            If `truncation_loss` exceeds `tol`, or the biases leave out some where the spectrum of a function on
            these points can be larger than that.

        Raises
        ------
        TypeError, ValueError
            As `transform` and `dual` do; or where the cure is asked of another method, or `tol` is not in (0, 1).
        """
        if cure and self.method != "slice":
            raise ValueError(f"cure was True with method {self.method!r}; with 'slice' it is accepted")
        if not 0 < tol < 1:
            raise ValueError(f"tol was {tol}; 0 < tol < 1 is accepted")

        def reconstructed(g: Reals) -> Reals:
            result = self._dual(self._forward(g, cure)) / self.pair.constant
            self._warn_of_biases(tol)
            if isinstance(self.samples, Grid):
                self._warn_of_loss(float(self._losses(g, cure).max(initial=0.0)), tol)
            return result

        return self._apply("f", f, self.samples.shape, self.samples.shape, reconstructed)

    def truncation_loss(self, f: Array, cure: bool = False) -> np.ndarray[Any, Any]:
        """Return what `reconstruct` loses by |a| <= scale, relative in L2, as the law of truncation predicts it.

        Parameters
        ----------
        f : array of shape ``(..., *points)``
            As for `transform`, on axes.
        cure : bool
            As for `reconstruct`.

        Returns
        -------
        ndarray of shape (...)
            0 for a function that is 0.

        Raises
        ------
        TypeError, ValueError
            As `transform` does; or if the points are scattered, or the directions came without a scale.
        """
        g, batch = self._entered("f", f, self.samples.shape)
        return self._losses(g, cure).reshape(batch)

    def _chosen(self, method: str) -> str:
        if method not in ("auto", "slice", "direct"):
            raise ValueError(f"method was {method!r}; 'auto', 'slice' and 'direct' are accepted")
        uniform = len(self.biases) == 1 or step_of(self.biases) is not None
        if method == "slice" and not (uniform and isinstance(self.samples, Grid)):
            missing = "uniform biases" if isinstance(self.samples, Grid) else "axes, not scattered points"
            raise ValueError(f"method was 'slice'; it needs {missing}")
        if method == "auto":
            return "slice" if uniform and isinstance(self.samples, Grid) else "direct"
        return method

    def _entered(self, name: str, array: Array, shape: tuple[int, ...]) -> tuple[Reals, tuple[int, ...]]:
        """Return a checked argument as a NumPy array (batch, *shape), and the batch axes it has."""
        array = arrays.known(name, array)
        if not arrays.on_host(array):
            raise TypeError(f"{name} lies in {arrays.place(array)}; host memory is accepted")
        if arrays.dtype_name(array) != self.dtype.name:
            found = arrays.dtype_name(array)
            raise TypeError(f"{name} has dtype {found} and the transform {self.dtype}; they must agree")
        given = arrays.shape_of(array)
        batch = given[: max(0, len(given) - len(shape))]
        if given != batch + shape:
            wanted = ", ".join(map(str, ("...", *shape)))
            raise ValueError(f"{name} has shape {given}; ({wanted}) is accepted")
        values = arrays.host_view(name, array)
        if not np.isfinite(values).all():
            raise ValueError(f"{name} has NaN or infinite values; finite ones are accepted")
        return values.reshape(math.prod(batch), *shape), batch

    def _apply(
        self,
        name: str,
        array: Array,
        given: tuple[int, ...],
        returned: tuple[int, ...],
        function: Callable[[Reals], Reals],
    ) -> Array:
        """Return a function of (batch, *given) in the batch axes and the library of the argument."""
        values, batch = self._entered(name, array, given)
        result = function(values).astype(self.dtype, copy=False)
        return arrays.from_host(result.reshape(*batch, *returned), array)

    def _forward(self, f: Reals, cure: bool = False) -> Reals:
        sums = self._cured if cure else self._sums
        return sums.forward((f.reshape(len(f), self.shape[1]) * self.samples.weights).astype(self.dtype, copy=False))

    def _sum_back(self, spectrum: Reals) -> Reals:
        return self._sums.transpose(spectrum) * self.samples.weights

    def _dual(self, spectrum: Reals) -> Reals:
        return self._network.transpose((spectrum * self._quadrature[:, None]).astype(self.dtype, copy=False))

    def _dual_adjoint(self, f: Reals) -> Reals:
        return self._network.forward(f.reshape(len(f), self.shape[1])) * self._quadrature[:, None]

    def _matmat(self, x: Reals) -> Reals:
        columns = np.ascontiguousarray(x.T).reshape(-1, *self.samples.shape)
        return np.asarray(self.transform(columns)).reshape(len(columns), -1).T

    def _rmatmat(self, x: Reals) -> Reals:
        columns = np.ascontiguousarray(x.T).reshape(-1, *self.spectrum_shape)
        return np.asarray(self.adjoint(columns)).reshape(len(columns), -1).T

    @cached_property
    def _operator(self) -> Any:
        from scipy.sparse.linalg import LinearOperator

        return LinearOperator(
            self.shape,
            matvec=lambda x: self._matmat(x.reshape(-1, 1)).reshape(-1),
            rmatvec=lambda x: self._rmatmat(x.reshape(-1, 1)).reshape(-1),
            matmat=self._matmat,
            rmatmat=self._rmatmat,
            dtype=self.dtype,
        )

    @cached_property
    def _sums(self) -> SliceSums | DirectSums:
        return self._sums_of(self.pair.kernel)

    @cached_property
    def _cured(self) -> SliceSums:
        assert isinstance(self.samples, Grid)
        return SliceSums(
            self.samples,
            self._vectors,
            self.biases,
            self.pair.kernel,
            self.tol,
            self.dtype,
            gain=lambda k: 1 / self._divisor(k),
        )

    @cached_property
    def _network(self) -> SliceSums | DirectSums | PrefixSums:
        """The sums of the activation; those of one with a corner are not for slices."""
        name = self.pair.activation
        power = 1 if name == "relu" else power_of(name)
        if power == 0 and name != "step":
            return self._sums_of(_ACTIVATIONS.get(name) or resolve(name))
        return PrefixSums(self.samples.coordinates, self._vectors, self.biases, power)

    def _sums_of(self, kernel: Callable[[Reals], Reals]) -> SliceSums | DirectSums:
        if self.method == "slice":
            assert isinstance(self.samples, Grid)
            return SliceSums(self.samples, self._vectors, self.biases, kernel, self.tol, self.dtype)
        return DirectSums(self.samples.coordinates, self._vectors, self.biases, kernel)

    @cached_property
    def _quadrature(self) -> Reals:
        return quadrature(self.directions, self.biases)

    def _divisor(self, k: Reals) -> Reals:
        """Return what the cure divides by at |k|."""
        return np.maximum(self.pair.multiplier(k, weighted(self.directions).scale), 1 / _LARGEST_GAIN)

    def _losses(self, f: Reals, cure: bool) -> Reals:
        """Return the relative L2 norm of (1 - m) f^, for each function of a batch."""
        if not isinstance(self.samples, Grid):
            raise ValueError("points are scattered; the loss of functions on axes is known")
        from scipy import fft

        # Zeros beyond the axes: the transform is that of f on the whole space.
        sizes = [fft.next_fast_len(2 * n, real=True) for n in self.samples.shape]
        axes = tuple(range(1, f.ndim))
        spectrum = np.abs(fft.fftn(f.astype(np.float64, copy=False), sizes, axes)) ** 2
        w = [2 * np.pi * fft.fftfreq(n, step) for n, step in zip(sizes, self.samples.steps, strict=True)]
        k = np.sqrt(sum(part**2 for part in np.meshgrid(*w, indexing="ij", sparse=True)))
        m = self.pair.multiplier(k, weighted(self.directions).scale)
        lost = (1 - m / self._divisor(k) if cure else 1 - m) ** 2
        total = spectrum.sum(axis=axes)
        return np.sqrt((spectrum * lost).sum(axis=axes) / np.where(total > 0, total, 1.0))

    def _warn_of_loss(self, loss: float, tol: float) -> None:
        if loss > tol:
            scale = weighted(self.directions).scale
            warn(f"directions of |a| <= {scale:g} lose {loss:.2g} of f, relative; more than tol = {tol:g}")

    def _warn_of_biases(self, tol: float) -> None:
        """Warn where biases leave out some at which the spectrum can be larger than `tol`, relative to psi."""
        t = np.linspace(0, 1000, 20001)
        size = np.maximum(np.abs(self.pair.kernel(t)), np.abs(self.pair.kernel(-t)))
        reach = t[np.flatnonzero(size > tol * size.max())[-1]]
        low, high = self.samples.ranges(self._vectors)
        first, last = low.min() - reach, high.max() + reach
        if self.biases[0] > first or self.biases[-1] < last:
            warn(
                f"biases are {self.biases[0]:g} to {self.biases[-1]:g}; the spectrum of a function on these points "
                f"reaches from {first:g} to {last:g}"
            )


#: What is made on first use.
_PLANS = ("_operator", "_sums", "_cured", "_network")
#: Activations that a pair can have and kousei.Activation has not.
_ACTIVATIONS: dict[str, Callable[[Reals], Reals]] = {"gaussian": lambda t: np.exp(-t * t / 2)}


def _samples(axes: Sequence[Any] | Array, weights: Any) -> Grid | Scattered:
    if not isinstance(axes, tuple | list):
        return Scattered.of(axes, weights)
    if weights is not None:
        raise ValueError("weights were given with axes, which have weights of their own; None is accepted")
    return Grid.of(axes)
