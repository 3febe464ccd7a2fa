"""The ridgelet transform and its dual over grids, as linear operators."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei._lib.backends import Backend, Kept
from kousei._lib.errors import check_bool, check_choice, check_type, require_real_number, warn
from kousei._lib.operator import BatchedOperator
from kousei.activation.base import power_of
from kousei.activation.named import resolve
from kousei.ridgelet.directions import Directions, quadrature, some_of, units_of, vectors_of, weighted
from kousei.ridgelet.kernel import GaussianKernel
from kousei.ridgelet.pair import AdmissiblePair
from kousei.ridgelet.samples import Grid, Reals, Scattered, step_of
from kousei.ridgelet.slices import Sampling, SliceSums
from kousei.ridgelet.spread import cells_of_plane, spread_kind
from kousei.ridgelet.sums import DirectSums, Function, PrefixSums
from kousei.ridgelet.truncation import Truncation, differences

Method = Literal["auto", "slice", "spread", "direct"]


class RidgeletTransform(BatchedOperator):
    """R[f](a, b) = integral of f(x) psi(a.x - b) dx for directions a and biases b, its adjoint and its dual.

    The integral is a sum over the grid, by the trapezoidal rule: to all digits for a smooth function that is 0 at
    the ends of the axes, as long as the step resolves psi(a.x - b) f(x). It is a `scipy.sparse.linalg.LinearOperator`
    from flattened functions to flattened spectra, as the solvers there take it: `R @ f.ravel()`,
    `R.H @ spectrum.ravel()`, `lsqr(R, spectrum.ravel())`, `R.H @ R`; of CuPy as well.

    Parameters
    ----------
    axes : sequence of array_like, or array_like of shape (n, dim)
        A tuple or list of 1 to 3 uniform axes of at least 2 numbers each; or scattered points in any dimension.
    directions : array_like of shape (directions, dim), or Directions
        The vectors a, scale included. `dual` and `reconstruct` integrate over them and need `Directions`, such as
        `ball_directions` returns.
    biases : array_like of shape (biases,)
        Increasing; uniform for "slice", "spread" and `dual`.
    pair : AdmissiblePair
        Of the dimension of the axes.
    method : {"auto", "slice", "spread", "direct"}
        "slice" takes the Fourier transform of f along every direction, an FFT and no value of psi for each point;
        it needs axes and uniform biases. "spread" takes it of the projections a.x on every direction, which may be of
        scattered points, in any dimension; of CUDA arrays the sums are direct, which is faster there. "direct" sums
        over all points. "auto" compares what each direction takes: of "direct" the n * biases values of psi, and of
        the others the samples along b, whose step is that of the biases or less and whose period is more than twice
        the largest |a.x - b|. On axes it is "slice" unless there are more samples than values. Scattered points are
        spread where there are more values than 32 for each sample and each point, or in the plane each cell of its
        FFT if these are fewer. Biases that are not uniform take "direct".
    tol : float, optional
        Accuracy of "slice" and "spread", relative to the largest value that |f| could have in the spectrum; 1e-9 in
        float64 and 1e-5 in float32 unless given; at least 1e-14 and 1e-6. Where it is less than 6e-8 times the points
        of the longest axis, slices of float32 are transformed in complex128.
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
    H, T : scipy.sparse.linalg.LinearOperator
        The adjoint, of arrays of NumPy and CuPy as well.
    method : str
        The one that is taken, "slice", "spread" or "direct".

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If axes or biases are empty, not finite or not uniform where they must be, or shapes do not agree.
    SizeError, MemoryError
        If the size of a spectrum is not representable in 64 bits, or directions and biases do not fit into memory.

    Notes
    -----
    After S. Sonoda, I. Ishikawa and M. Ikeda, "A unified Fourier slice method to derive ridgelet transform for a
    variety of depth-2 neural networks", arXiv:2402.15984.

    Slices are the same from run to run; the number of threads may change their rounding. It changes nothing of
    "spread" and "direct".

    Functions and spectra of CuPy and torch may lie in CUDA memory, and are transformed there, on the current stream
    of their library: slices by cufinufft and the FFT of the library. The parameters stay in host memory, with a copy
    for each device. NaN and infinities are not looked for there: they come out again. The host waits for the first
    call on a device, and in `truncation_loss` and `reconstruct`, which read the loss. The adjoint of slices adds up
    with atomics there, and may differ in its last digits from run to run; direct sums do not.

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

    directions: Directions | Reals
    biases: Reals

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
        check_type("pair", pair, AdmissiblePair, "an AdmissiblePair")
        dtype = arrays.check_dtype(dtype, "float32", "float64")
        self.pair = pair
        self.samples: Grid | Scattered = _samples(axes, weights)
        # Counted before they are copied. Spectra may be larger than memory: those of some directions are asked for.
        given, dim = (vectors_of(directions), biases), self.samples.dim
        rows = [len(v) if isinstance(v, list | tuple) else math.prod(np.shape(v)[:1]) for v in given]
        size, item_bytes = math.prod(rows), dtype.itemsize
        if size * item_bytes >= 2**63:
            arrays.require_memory(size, item_bytes, "a spectrum of {} directions x {} biases".format(*rows))
        arrays.require_memory(sum(rows), 8 * dim, "{} directions and {} biases".format(*rows))
        if pair.dim != dim:
            raise ValueError(f"pair has dim {pair.dim} and the points {dim}; they must agree")
        self.directions, self.biases = units_of(directions, biases, dim)
        self._vectors = vectors_of(self.directions)
        self.spectrum_shape: tuple[int, int] = (len(self._vectors), len(self.biases))
        self.method: str = self._chosen(method)
        usual, least = (1e-5, 1e-6) if dtype == np.float32 else (1e-9, 1e-14)
        self.tol: float = usual if tol is None else tol
        require_real_number("tol", self.tol)
        if not least <= self.tol < 1:
            raise ValueError(f"tol was {tol}; {least} <= tol < 1 is accepted for {np.dtype(dtype)}")
        super().__init__(np.dtype(dtype), (size, len(self.samples.weights)))

    def __getstate__(self) -> dict[str, Any]:
        # Plans of transforms cannot be copied. The sampling is not left out: it may be that of more directions.
        return super().__getstate__() | {"_sampling": self._sampling, "_kind": self._kind}

    def __repr__(self) -> str:
        points = " x ".join(map(str, self.samples.shape))
        spectrum = "{} directions x {} biases".format(*self.spectrum_shape)
        return (
            f"RidgeletTransform({points} points -> {spectrum}, {self.dtype}, {self.pair.activation}, {self.method})"
        )

    def transform(self, f: Array) -> Array:
        """Return R[f], the spectrum of a function.

        It is what is asked for, at these biases: whether they cover all of the spectrum is for `reconstruct`.

        Parameters
        ----------
        f : array of shape ``(..., *points)``
            Values on the axes, or at the points, of the operator's dtype.

        Returns
        -------
        array of shape (..., directions, biases)
            Of the library of f.

        Raises
        ------
        TypeError
            If f is not such an array.
        ValueError
            If its shape does not fit, or it has NaN or infinite values in host memory.
        MemoryError
            If the spectrum cannot be held.
        """
        return self._apply("f", f, self.samples.shape, self.spectrum_shape, self._forward)

    def adjoint(self, spectrum: Array | None = None) -> Any:  # type: ignore[misc] # an argument more than SciPy's
        """Return the adjoint of `transform` on a spectrum, ``(..., *points)``: of the sums, points weighted.

        Parameters, errors and results are those of `transform`, with the shapes exchanged. Of no spectrum it is the
        operator `H`, as that of any operator of SciPy.
        """
        if spectrum is None:
            return self._adjoint()
        return self._apply("spectrum", spectrum, self.spectrum_shape, self.samples.shape, self._sum_back)

    def dual(self, spectrum: Array) -> Array:
        """Return S[gamma](x) = integral of gamma(a, b) sigma(a.x - b) da db at the points.

        The sum over biases is uniform, and that over directions has their weights. This is the network of one hidden
        layer, with the spectrum as output weights, that the operator's activation makes.

        Parameters
        ----------
        spectrum : array of shape (..., directions, biases)
            Of the operator's dtype.

        Returns
        -------
        array of shape ``(..., *points)``

        Warns
        -----
        UserWarning
            If projections a.x of the points lie beyond the biases, where the network is left with the tails of its
            units: constants, straight lines or nothing.

        Raises
        ------
        TypeError
            If the spectrum is not such an array.
        ValueError
            If its shape does not fit, it has NaN or infinite values in host memory, the directions came without
            weights, or the biases are not uniform.
        """
        result = self._network_of(spectrum)
        self._warn_of_points()
        return result

    def dual_adjoint(self, f: Array) -> Array:
        """Return the adjoint of `dual` on a function, ``(..., directions, biases)``: a gradient by output weights.

        Parameters, errors and results are those of `dual`, with the shapes exchanged.
        """
        return self._apply("f", f, self.samples.shape, self.spectrum_shape, self._dual_adjoint)

    def reconstruct(self, f: Array, cure: bool = False, tol: float = 1e-2) -> Array:
        """Return S[R[f]]/K, which is f but for what the sums miss.

        Directions of |a| <= scale alone multiply the Fourier transform of f by m(k), `AdmissiblePair.multiplier`;
        `truncation_loss` predicts that. Nothing predicts what the steps of points, directions and biases cost, and
        an axis that does not resolve psi(a.x - b) f(x) costs everything. So the difference from f is measured.

        Parameters
        ----------
        f : array of shape ``(..., *points)``
            As for `transform`.
        cure : bool
            Divide by m(k) first, by at least 1/1000; not with method "direct".
        tol : float
            Largest error that is not warned of, relative in L2.

        Returns
        -------
        array of shape ``(..., *points)``

        Warns
        -----
        UserWarning
            If `truncation_loss` or else the norm of the difference from f, of points with their weights, exceeds
            `tol`; or if the biases leave out some where the spectrum of a function on these points can be larger.

        Raises
        ------
        TypeError, ValueError
            As `transform` and `dual` do; or where the cure is asked of another method, or `tol` is not in (0, 1).
        """
        check_bool("cure", cure)
        if cure and self.method == "direct":
            raise ValueError("cure was True with method 'direct'; with 'slice' and 'spread' it is accepted")
        require_real_number("tol", tol)
        if not 0 < tol < 1:
            raise ValueError(f"tol was {tol}; 0 < tol < 1 is accepted")

        def reconstructed(backend: Backend, g: Array) -> Array:
            result = self._dual(backend, self._forward(backend, g, cure)) / self.pair.constant
            self._warn_of_biases("the spectrum of a function on these points reaches", self._reach(tol))
            self._warn_of_errors(backend, result, g, cure, tol)
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
        check_bool("cure", cure)
        if not isinstance(self.samples, Grid):
            raise ValueError("points are scattered; truncation_loss needs axes")
        backend, g, batch = self._entered("f", f, self.samples.shape)
        return self._truncation.losses(backend, g, cure).reshape(batch)

    def _some(self, rows: slice) -> RidgeletTransform:
        """Return the operator of some directions, whose spectra and sums over units are parts of those of all.

        They are sampled alike: the frequencies of slices are those of all directions.
        """
        some = copy.copy(self)
        some.directions = some_of(self.directions, rows)
        some._vectors = vectors_of(some.directions)
        some.spectrum_shape = (len(some._vectors), len(self.biases))
        BatchedOperator.__init__(some, self.dtype, (math.prod(some.spectrum_shape), self.shape[1]))
        return some

    def _network_of(self, spectrum: Array) -> Array:
        """Return what `dual` does, without its warning."""
        return self._apply("spectrum", spectrum, self.spectrum_shape, self.samples.shape, self._dual)

    def _chosen(self, method: str) -> str:
        check_choice("method", method, "auto", "slice", "spread", "direct")
        uniform, on_axes = len(self.biases) == 1 or step_of(self.biases) is not None, isinstance(self.samples, Grid)
        if method == "slice" and not on_axes:
            raise ValueError("method was 'slice'; it needs axes, not scattered points")
        if method in ("slice", "spread") and not uniform:
            raise ValueError(f"method was {method!r}; it needs uniform biases")
        if method != "auto":
            return method
        if not uniform:
            return "direct"
        # What each direction takes: values of psi of direct sums, or samples.
        points, samples = len(self.samples.weights), self._sampling.length
        values = points * len(self.biases)
        if on_axes:
            return "slice" if samples <= values else "direct"
        spread = min(points, cells_of_plane(self.samples, self._vectors) / len(self._vectors))
        return "spread" if values > 32 * (samples + spread) else "direct"

    @cached_property
    def _sampling(self) -> Sampling:
        return Sampling.of(self.samples, self._vectors, self.biases)

    @cached_property
    def _kind(self) -> type[SliceSums]:
        return spread_kind(self.samples, self._vectors) if self.method == "spread" else SliceSums

    def _forward(self, backend: Backend, f: Array, cure: bool = False) -> Array:
        sums = self._cured if cure else self._sums
        (weights,) = self._weights.on(backend)
        return sums.forward(backend, f.reshape(len(f), self.shape[1]) * weights)

    def _sum_back(self, backend: Backend, spectrum: Array) -> Array:
        (weights,) = self._weights.on(backend)
        return self._sums.transpose(backend, spectrum) * weights

    def _dual(self, backend: Backend, spectrum: Array) -> Array:
        (weights,) = self._direction_weights.on(backend)
        return self._network.transpose(backend, spectrum * weights)

    def _dual_adjoint(self, backend: Backend, f: Array) -> Array:
        (weights,) = self._direction_weights.on(backend)
        return self._network.forward(backend, f.reshape(len(f), self.shape[1])) * weights

    @cached_property
    def _weights(self) -> Kept:
        """Of the points, (points,)."""
        return Kept(self.samples.weights.astype(self.dtype))

    @cached_property
    def _direction_weights(self) -> Kept:
        """Of directions and biases in `dual`, (directions, 1)."""
        return Kept(quadrature(self.directions, self.biases).astype(self.dtype)[:, None])

    def _matmat(self, x: Array) -> Array:
        return self.transform(x.T.reshape(x.shape[1], *self.samples.shape)).reshape(x.shape[1], self.shape[0]).T

    def _rmatmat(self, x: Array) -> Array:
        return self.adjoint(x.T.reshape(x.shape[1], *self.spectrum_shape)).reshape(x.shape[1], self.shape[1]).T

    def _transpose(self) -> Any:
        # All is real.
        return self.H

    @cached_property
    def _truncation(self) -> Truncation:
        return Truncation(self.pair, weighted(self.directions).scale, self.samples)

    @property
    def _kernel(self) -> GaussianKernel:
        return GaussianKernel(float(self.pair.kernel_power), self.pair.kernel_is_derivative)

    @cached_property
    def _sums(self) -> SliceSums | DirectSums:
        return self._sums_of(self._kernel)

    @cached_property
    def _cured(self) -> SliceSums:
        return self._slices_of(self._kernel, gain=lambda k: 1 / self._truncation.divisor(k))

    @cached_property
    def _network(self) -> SliceSums | DirectSums | PrefixSums:
        """The sums of the activation; those of one with a corner are not for slices."""
        name = self.pair.activation
        power = 1 if name == "relu" else power_of(name)
        if power == 0 and name != "step":
            return self._sums_of(GaussianKernel(0.0) if name == "gaussian" else resolve(name))
        return PrefixSums(self.samples.coordinates, self._vectors, self.biases, power)

    def _sums_of(self, function: Function) -> SliceSums | DirectSums:
        if self.method == "direct":
            return DirectSums(self.samples.coordinates, self._vectors, self.biases, function)
        return self._slices_of(function)

    def _slices_of(self, function: Function, gain: Callable[[Reals], Reals] | None = None) -> SliceSums:
        return self._kind(
            self.samples, self._vectors, self.biases, self._sampling, function, self.tol, self.dtype, gain
        )

    def _reach(self, tol: float) -> float:
        """Return the |t| up to which psi exceeds `tol`, relative to its maximum."""
        t = np.linspace(0, 1000, 20001)
        size = np.maximum(np.abs(self.pair.kernel(t)), np.abs(self.pair.kernel(-t)))
        least = tol * size.max()
        # What is larger at the last t falls as a power from there.
        power = self.pair.kernel_power + 1 + self.pair.kernel_is_derivative
        return float(t[np.flatnonzero(size > least)[-1]] * max(1.0, size[-1] / least) ** (1 / power))

    def _warn_of_points(self) -> None:
        # Each bias stands for what is half a step around it.
        half = self._sampling.step * self._sampling.stride / 2
        self._warn_of_biases("projections of these points reach", -half)

    def _warn_of_biases(self, what: str, reach: float) -> None:
        """Warn where biases do not cover the projections of the points and `reach` beyond."""
        first, last = self._sampling.low - reach, self._sampling.high + reach
        if self.biases[0] > first or self.biases[-1] < last:
            warn(f"biases are {self.biases[0]:g} to {self.biases[-1]:g}; {what} from {first:g} to {last:g}")

    def _warn_of_errors(self, backend: Backend, result: Array, f: Array, cure: bool, tol: float) -> None:
        """Warn where the law of truncation, or else what is measured, exceeds `tol`."""
        (weights,) = self._weights.on(backend)
        measured = float(differences(result, f.reshape(result.shape), weights).max(initial=0.0))
        loss, known, suspects = 0.0, "", "points and their weights, the scale and the number of directions"
        if isinstance(self.samples, Grid):
            loss = float(self._truncation.losses(backend, f, cure).max(initial=0.0))
            lost = f"directions of |a| <= {self._truncation.scale:g} lose"
            known, suspects = f", and than the {loss:.2g} that {lost}", "the step of points, the number of directions"
        if loss > tol:
            warn(f"{lost} {loss:.2g} of f, relative; more than tol = {tol:g}, and {measured:.2g} is measured")
        elif measured > tol:
            differs = f"the result differs from f by {measured:.2g}, relative; more than tol = {tol:g}{known}"
            warn(f"{differs}; look at {suspects} and the step of biases")


def _samples(axes: Sequence[Any] | Array, weights: Any) -> Grid | Scattered:
    if not isinstance(axes, tuple | list):
        return Scattered.of(axes, weights)
    if weights is not None:
        raise ValueError("weights were given with axes, which have weights of their own; None is accepted")
    return Grid.of(axes)
