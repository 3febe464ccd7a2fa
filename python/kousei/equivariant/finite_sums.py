"""Sums of a function of (a.x - b) mod p over the points x of Z_p^d, or over all (a, b): by FFTs, or directly.

Batches stand in the first axis, and points and units are flat and row-major. Units may be those of some rows, which
are the first numbers of a.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei._lib.backends import Backend, Kept
from kousei._lib.fourier import complex_view, fft_of, real_view, threads_of
from kousei._lib.pickling import without_cached
from kousei.equivariant.primes import inverses
from kousei.equivariant.sums import label_sum

Numbers: TypeAlias = np.ndarray[Any, Any]

#: Numbers of a block of slices: on the host they stay in the cache with their places, and fill a device.
_HOST_BLOCK, _DEVICE_BLOCK = 1 << 13, 1 << 22


class FourierSums:
    """The transform over b of sum_x f(x) h(a.x - b) at v is that of h at -v, times that of f at the point v a.

    For v other than 0, v a runs over all of Z_p^d with a, so that the transpose reads as well, at a = k/v, and adds
    up in a fixed order. Of real sums the slices v and -v are conjugates, and those of v <= p/2 are all there is.
    Up to some p a product of matrices is faster than FFTs of a prime length, which p^d of the transforms have.
    """

    def __init__(self, p: int, dim: int, dtype: np.dtype[Any], rows: slice = slice(None)) -> None:
        self._p, self._dim, self._dtype = p, dim, dtype
        self._rows = range(p)[rows]
        self._is_real = dtype.kind == "f"
        self._complex = np.result_type(dtype, np.complex64)
        self._slices = p // 2 + 1 if self._is_real else p
        self._by_matrix = p < (256 if self._is_real else 128)

    def weights_over_points(self, h: Numbers) -> Kept:
        """Return what `over_points` transforms slices back with, for p^(-d/2) h."""
        mirrored = np.conj(transform_of_residues(np.conj(h)))[: self._slices]
        weights = self._p ** (-self._dim / 2) * mirrored
        if not self._by_matrix:
            return Kept(weights.astype(self._complex))
        # Row by row what a slice of 1 gives, and for real sums one of i.
        rows = np.diag(weights)
        if not self._is_real:
            return Kept(np.fft.ifft(rows).astype(self._dtype))
        rows = np.stack([rows, 1j * rows], axis=1).reshape(-1, self._slices)
        return Kept(np.fft.irfft(rows, n=self._p).astype(self._dtype))

    def weights_over_units(self, h: Numbers) -> Kept:
        """Return what `over_units` adds up slices with, for p^(-d/2) h."""
        weights = self._p ** (self._dim / 2 - 1) * transform_of_residues(h)[: self._slices]
        if self._is_real:
            # The slices that are left out are conjugates of those from 1 on but p/2, which p = 2 has.
            weights[1 : (self._p + 1) // 2] *= 2
        return Kept(weights.astype(self._complex))

    def over_points(self, backend: Backend, f: Array, weights: Kept) -> Array:
        """Return the sums of (batch, points) over points, (batch, units)."""
        (factor,), (leading, rest) = weights.on(backend), self._multiples.on(backend)
        transformed = fft_of(f).fftn(self._on_grid(f), axes=self._axes, **threads_of(f)).reshape(len(f), -1)
        total = backend.empty((len(f), len(leading), len(rest), self._p), self._dtype)
        for block in self._blocks(f):
            slices = _taken(transformed, leading[block, None] + rest)
            total[:, block] = self._from_slices(slices, factor).reshape(len(f), -1, len(rest), self._p)
        return total.reshape(len(f), -1)

    def over_units(self, backend: Backend, spectrum: Array, weights: Kept) -> Array:
        """Return the sums of (batch, units) over units, (batch, points)."""
        (factor,), (leading, rest) = weights.on(backend), self._quotients.on(backend)
        slices = self._to_slices(backend, spectrum.reshape(-1, self._p)).reshape(len(spectrum), -1)
        transformed = backend.empty((len(spectrum), self._p, len(rest)), self._complex)
        for block in self._blocks(spectrum):
            found = _taken(slices, leading[block, None] + rest)
            transformed[:, block] = (found @ factor[1:]).reshape(len(spectrum), -1, len(rest))
        # At v = 0 all units stand at k = 0.
        transformed[:, 0, 0] += factor[0] * slices[:, :: self._slices].sum(1)
        return self._transformed_back(transformed)

    def _transformed_back(self, transformed: Array) -> Array:
        """Return the functions, (batch, points), of the transforms of their sums."""
        fft, threads = fft_of(transformed), threads_of(transformed)
        total = fft.ifftn(self._on_grid(transformed), axes=self._axes, **threads)
        return (total.real if self._is_real else total).reshape(len(transformed), -1)

    def _from_slices(self, slices: Array, weights: Array) -> Array:
        """Return the rows (n, p) whose transforms are slices (n, slices) times weights."""
        if self._by_matrix:
            return (real_view(slices) if self._is_real else slices) @ weights
        slices *= weights
        fft, threads = fft_of(slices), threads_of(slices)
        return fft.irfft(slices, n=self._p, **threads) if self._is_real else fft.ifft(slices, **threads)

    def _to_slices(self, backend: Backend, rows: Array) -> Array:
        """Return the transforms of rows (n, p), (n, slices)."""
        if self._by_matrix:
            (matrix,) = self._matrix.on(backend)
            return complex_view(rows @ matrix) if self._is_real else rows @ matrix
        fft, threads = fft_of(rows), threads_of(rows)
        return fft.rfft(rows, **threads) if self._is_real else fft.fft(rows, **threads)

    __getstate__ = without_cached

    @cached_property
    def _matrix(self) -> Kept:
        unit = np.eye(self._p)
        if self._is_real:
            return Kept(real_view(np.fft.rfft(unit)).astype(self._dtype))
        return Kept(np.fft.fft(unit).astype(self._dtype))

    @property
    def _axes(self) -> tuple[int, ...]:
        return tuple(range(1, self._dim + 1))

    def _on_grid(self, f: Array) -> Array:
        return f.reshape(len(f), *(self._p,) * self._dim)

    def _blocks(self, given: Array) -> Iterator[slice]:
        """Return numbers of the first axis of Z_p^d that are taken at a time."""
        block = _HOST_BLOCK if isinstance(given, np.ndarray) else _DEVICE_BLOCK
        rows = max(1, block // (len(given) * self._p ** (self._dim - 1) * self._slices))
        return (slice(start, start + rows) for start in range(0, len(self._rows), rows))

    @cached_property
    def _multiples(self) -> Kept:
        """Return where v a stands, (a, slices), as the sum of what the first axis of a gives and the others."""
        return Kept(*self._places(np.array(self._rows), np.arange(self._slices)))

    @cached_property
    def _quotients(self) -> Kept:
        """Return where slice v of a = k/v stands, (k, slices from 1 on), as `_multiples` does."""
        v = np.arange(1, self._slices)
        leading, rest = self._places(np.arange(self._p), inverses(self._p)[v])
        return Kept(leading * self._slices + v, rest * self._slices)

    def _places(self, rows: Numbers, factors: Numbers) -> tuple[Numbers, Numbers]:
        """Return where vectors times each factor stand: of some first numbers, and of all others."""
        leading = np.multiply.outer(rows, factors) % self._p * self._p ** (self._dim - 1)
        rest = np.zeros((1, len(factors)), np.int64)
        for _ in range(self._dim - 1):
            numbers = np.multiply.outer(np.arange(self._p), factors) % self._p
            rest = (rest[:, None] * self._p + numbers).reshape(-1, len(factors))
        return leading, rest


def _taken(values: Array, places: Array) -> Array:
    """Return the values (batch, n) at places (..., slices), (batch times places, slices)."""
    taken = arrays.namespace(values).take(values, places.reshape(-1), axis=1)
    return taken.reshape(-1, places.shape[-1])


class SomeFourierSums(FourierSums):
    """The same for units of some rows a: slices are added at k = v a, since most of a = k/v are not there."""

    def over_units(self, backend: Backend, spectrum: Array, weights: Kept) -> Array:
        """As `FourierSums.over_units`."""
        (factor,), (leading, rest) = weights.on(backend), self._multiples.on(backend)
        rows = spectrum.reshape(len(spectrum), len(leading), -1, self._p)
        transformed = backend.empty((len(spectrum), self._p * len(rest)), self._complex)
        transformed[...] = 0
        for row, first in enumerate(self._rows):
            slices = self._to_slices(backend, rows[:, row].reshape(-1, self._p))
            slices = (slices * factor).reshape(len(spectrum), len(rest), -1)
            transformed[:, 0] += slices[:, :, 0].sum(1)
            # What is added to at once are different places: each v has its own first number of v a, unless that is 0.
            several = [slice(1, None)] if first else [slice(v, v + 1) for v in range(1, self._slices)]
            for some in several:
                transformed[:, leading[row, some] + rest[:, some]] += slices[:, :, some]
        return self._transformed_back(transformed)


class DirectSums:
    """The same without an FFT, every term by itself, in the compiled kernels."""

    def __init__(self, p: int, dim: int, dtype: np.dtype[Any], rows: slice = slice(None)) -> None:
        self._p, self._dim, self._dtype = p, dim, dtype
        self._rows = range(p)[rows]

    def weights_over_points(self, h: Numbers) -> Kept:
        """Return p^(-d/2) h."""
        dtype = self._dtype if np.iscomplexobj(h) else np.finfo(self._dtype).dtype
        return Kept((self._p ** (-self._dim / 2) * h).astype(dtype))

    weights_over_units = weights_over_points

    def over_points(self, backend: Backend, f: Array, weights: Kept) -> Array:
        """As `FourierSums.over_points`."""
        (h,) = weights.on(backend)
        return label_sum(backend, self._labels, h, f, self._labels[-1], "points")

    def over_units(self, backend: Backend, spectrum: Array, weights: Kept) -> Array:
        """As `FourierSums.over_units`."""
        (h,) = weights.on(backend)
        return label_sum(backend, self._labels, h, spectrum, self._p**self._dim, "units")

    @property
    def _labels(self) -> tuple[int, ...]:
        """Return p, the dimension, the number of the first unit, and how many units there are."""
        points = self._p**self._dim
        return self._p, self._dim, self._rows.start * points, len(self._rows) * points


def transform_of_residues(h: Numbers) -> Numbers:
    """Return the discrete Fourier transform; a mean that is rounding is 0."""
    hat = np.fft.fft(h)
    if is_mean_zero(h):
        hat[0] = 0
    return hat


def is_mean_zero(h: Numbers, eps: float = np.finfo(np.float64).eps) -> bool:
    """Tell whether the mean is what rounding to eps leaves of 0, also after up to 64 times as much was subtracted."""
    return bool(np.abs(h.sum()) <= 64 * len(h) * eps * np.abs(h).sum())
