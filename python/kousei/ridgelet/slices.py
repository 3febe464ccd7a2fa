"""The same sums on a grid by Fourier slices.

The transform over b of sum_j g_j k(a.x_j - b) at w is conj k^(w) times that of g at the point w a: a nonuniform
transform of g, a product, and an inverse FFT along b.

A kernel like Lambda^s G with odd s decays as |t|^-(s+1) only, and would need a long period in b. Only its values at
|t| <= T, the largest |a.x - b|, enter the sums. So it is cut off smoothly beyond T, and the Fourier coefficients are
those of the kernel that was cut: the sums are those of the kernel itself, to `tol`, for any decay.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from kousei._lib import arrays, backends
from kousei._lib.arrays import Array
from kousei._lib.backends import Backend
from kousei._lib.fourier import cufinufft, fft_of
from kousei._lib.threads import num_threads
from kousei.ridgelet.samples import Grid, Reals, Scattered, step_of
from kousei.ridgelet.sums import Function

Kernel: TypeAlias = Callable[[Reals], Reals]

#: The largest frequency of a kernel that is sampled: e^(-w^2/2) and w/sinh(pi w/2) are below 1e-10 there.
BAND = 16.0
#: Width in which a kernel is cut off.
_CUT = 16.0


class Sampling(NamedTuple):
    """How slices sample a kernel."""

    #: The least and the largest a.x.
    low: float
    high: float
    #: The largest |a.x - b|.
    reach: float
    step: float
    #: Steps from a bias to the next.
    stride: int
    #: The largest number of samples in a period; infinity where it is no number.
    length: float

    @classmethod
    def of(cls, samples: Grid | Scattered, directions: Reals, biases: Reals) -> Sampling:
        """Return that of sums over points, which all are projected for it."""
        low, high = samples.ends(directions)
        reach = float(max(high - biases[0], biases[-1] - low, 1.0))
        # One bias is a grid of any step.
        step = step_of(biases) or math.pi / BAND
        stride = math.ceil(step * BAND / math.pi)
        return cls(low, high, reach, step / stride, stride, (2 * reach + _CUT) / step * stride)


class SliceSums:
    """Sums over the points of a grid; `gain` is what slices are multiplied by at |k|.

    The sums over scattered points of `spread` differ in `_sliced` and its adjoint `_summed`.
    """

    def __init__(
        self,
        samples: Grid | Scattered,
        directions: Reals,
        biases: Reals,
        sampling: Sampling,
        function: Function,
        tol: float,
        dtype: np.dtype[Any],
        gain: Kernel | None = None,
    ) -> None:
        self._samples = samples
        self._directions = directions
        self._biases = biases
        self._function, self._gain = function, gain
        self._tol = tol
        # In float32 the angles are rounded, which the ends of long axes multiply by their numbers.
        long = max(samples.shape) * np.finfo(dtype).eps / 2 > tol
        self._real, self._planned = dtype, np.dtype(np.float64) if long else dtype
        self._complex = np.result_type(self._planned, np.complex64)
        self._stride = sampling.stride
        reach, step = sampling.reach, sampling.step
        what = f"slices of {len(directions)} directions x biases up to {reach:.3g} from the projections"
        # What is held at once while slices are transformed, and while the kernel is cut off on three periods.
        arrays.require_memory(max(len(directions), 3) * sampling.length, 40, what)
        coefs, self._period, self._length = _cut(function, reach, step, self._used * step, tol)
        self._w = 2 * math.pi / self._period * np.arange(len(coefs))
        # The transform of g counts from the middle of the points, and the inverse FFT from the first bias.
        shift = biases[0] - directions @ samples.middle
        factor = np.conj(coefs) * np.exp(1j * np.multiply.outer(shift, self._w))
        if gain is not None:
            factor *= gain(np.multiply.outer(np.linalg.norm(directions, axis=1), self._w))
        self._shape = factor.shape
        self._factor = backends.Kept(factor.astype(self._complex))
        self._plans: dict[tuple[Any, ...], Any] = {}

    def forward(self, backend: Backend, g: Array) -> Array:
        """As `DirectSums.forward`."""
        (factor,) = self._factor.on(backend)
        fft = fft_of(g)
        total = backend.empty((len(g), len(self._directions), len(self._biases)), self._real)
        for row in range(len(g)):
            slices = self._sliced(backend, g[row])
            slices *= factor
            sums = fft.irfft(slices, n=self._length, norm="forward")
            total[row] = sums[:, : self._used : self._stride]
        return total

    def transpose(self, backend: Backend, spectrum: Array) -> Array:
        """As `DirectSums.transpose`: the same steps transposed, in reverse."""
        (factor,) = self._factor.on(backend)
        fft = fft_of(spectrum)
        total = backend.empty((len(spectrum), math.prod(self._samples.shape)), self._real)
        padded = backend.empty((len(self._directions), self._length), self._real)
        padded[...] = 0
        for row in range(len(spectrum)):
            padded[:, : self._used : self._stride] = spectrum[row]
            slices = fft.rfft(padded)[:, : self._shape[1]] * factor.conj()
            # Frequencies below 0 are the conjugates of those above.
            slices[:, 1:] *= 2
            total[row] = self._summed(backend, slices)
        return total

    def _sliced(self, backend: Backend, values: Array) -> Array:
        """Return the transform of one function at all w a, (directions, frequencies)."""
        given = backend.empty(self._samples.shape, self._complex)
        given[...] = values.reshape(self._samples.shape)
        slices = backend.empty((math.prod(self._shape),), self._complex)
        self._plan(backend, 2).execute(given, out=slices)
        return slices.reshape(self._shape)

    def _summed(self, backend: Backend, slices: Array) -> Array:
        """Return the real part of the adjoint of `_sliced`, (points,)."""
        values = backend.empty(self._samples.shape, self._complex)
        self._plan(backend, 1).execute(slices.reshape(-1), out=values)
        return values.real.reshape(-1)

    @property
    def _used(self) -> int:
        return len(self._biases) * self._stride

    def _plan(self, backend: Backend, kind: int) -> Any:
        """Return the transform of the grid at all w a (2), or its adjoint (1): with one spreading they are that.

        On the host the adjoint adds up in one thread: several add in an order that is not the same from run to run.
        """
        on_host = isinstance(backend, backends.Host)
        threads = num_threads() if on_host and kind == 2 else 1
        key = (kind, *backend.library, backend.stream, threads)
        if key not in self._plans:
            if on_host:
                import finufft as library

                # Unasked it warns, on stderr, of more threads than OpenMP is told to take.
                options = {"nthreads": threads, "showwarn": 0}
            else:
                library = cufinufft()
                if library is None:
                    needed = "method 'slice' needs cufinufft for CUDA arrays, which the extra 'cuda' has"
                    raise ValueError(f"{needed}; 'direct' is accepted")
                options = {"gpu_stream": backend.stream, "gpu_device_id": backend.library[1]}
            sign = {1: 1, 2: -1}[kind]
            shape, name = self._samples.shape, self._complex.name
            plan = library.Plan(kind, shape, eps=self._tol, isign=sign, dtype=name, upsampfac=2.0, **options)
            plan.setpts(*self._angles.on(backend))
            self._plans[key] = plan
        return self._plans[key]

    @cached_property
    def _angles(self) -> backends.Kept:
        """Where the transform of the grid is asked for, along each axis."""
        assert isinstance(self._samples, Grid)
        angles = []
        for a, step in zip(self._directions.T, self._samples.steps, strict=True):
            turns = np.multiply.outer(a * step / (2 * math.pi), self._w).ravel()
            angles.append((2 * math.pi * (turns - np.round(turns))).astype(self._planned))
        return backends.Kept(*angles)


def _cut(kernel: Kernel, reach: float, step: float, least: float, tol: float) -> tuple[Reals, float, int]:
    """Return Fourier coefficients of a periodic function that is the kernel at |t| <= reach, its period, its samples.

    The period is at least `least`; coefficients of 0, 1, ... turns, those of negative ones are the conjugates.
    """
    from scipy import fft, special

    t = step * np.arange(math.ceil(reach / step) + 1)
    size = np.maximum(np.abs(kernel(t)), np.abs(kernel(-t)))
    # Where the kernel is 0 to the accuracy asked for it need not be kept.
    keep = float(t[np.flatnonzero(size > 0.01 * tol * size.max())[-1]])
    length = fft.next_fast_len(math.ceil(max(reach + keep + _CUT, least) / step), real=True)
    t = step * np.arange(-length, 2 * length)
    steep = 2 * special.erfcinv(0.01 * tol) / _CUT
    window = special.erfc(steep * (np.abs(t) - keep - _CUT / 2)) / 2
    values = np.zeros_like(t)
    inside = window > 0
    values[inside] = kernel(t[inside]) * window[inside]
    coefs = fft.rfft(values.reshape(3, length).sum(axis=0)) / length
    counts = np.abs(coefs) > 0.01 * tol * np.abs(coefs).max()
    return coefs[: np.flatnonzero(counts)[-1] + 1], step * length, length
