"""What directions of |a| <= scale keep of a function: the law of truncation, and its cure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei._lib.backends import Backend, Kept
from kousei._lib.fourier import fft_of
from kousei.ridgelet.pair import AdmissiblePair
from kousei.ridgelet.samples import Grid, Reals, Scattered

#: Largest factor of the cure; beyond it rounding and noise are all there is.
_LARGEST_GAIN = 1e3


@dataclass(frozen=True, eq=False)
class Truncation:
    """The Fourier transform of a function comes back times m(k), `AdmissiblePair.multiplier`."""

    pair: AdmissiblePair
    scale: float
    samples: Grid | Scattered

    def divisor(self, k: Reals) -> Reals:
        """Return what the cure divides by at |k|."""
        return np.maximum(self.pair.multiplier(k, self.scale), 1 / _LARGEST_GAIN)

    def losses(self, backend: Backend, f: Array, cure: bool) -> Reals:
        """Return the relative L2 norm of (1 - m) f^, for each function of a batch (batch, *points)."""
        xp, axes = arrays.namespace(f), tuple(range(1, f.ndim))
        (lost,) = (self._lost_cured if cure else self._lost).on(backend)
        if len(f) == 0:
            return np.zeros(0)  # which cuFFT refuses to transform
        # Zeros beyond the axes: the transform is that of f on the whole space.
        transform = fft_of(f).fftn(xp.astype(f / _size(f), xp.float64, copy=False), s=lost.shape, axes=axes)
        spectrum = xp.abs(transform) ** 2
        total, of_them = (arrays.to_host(xp.sum(values, axis=axes)) for values in (spectrum, spectrum * lost))
        return np.sqrt(of_them / np.where(total > 0, total, 1.0))

    @cached_property
    def _lost(self) -> Kept:
        """What part of |f^|^2 is lost at each frequency."""
        return Kept((1 - self.pair.multiplier(self._frequencies, self.scale)) ** 2)

    @cached_property
    def _lost_cured(self) -> Kept:
        """The same with the cure."""
        k = self._frequencies
        return Kept((1 - self.pair.multiplier(k, self.scale) / self.divisor(k)) ** 2)

    @property
    def _frequencies(self) -> Reals:
        """|k| of the FFT of a function on axes twice as long."""
        assert isinstance(self.samples, Grid)
        from scipy import fft

        sizes = [fft.next_fast_len(2 * n, real=True) for n in self.samples.shape]
        w = [2 * np.pi * fft.fftfreq(n, step) for n, step in zip(sizes, self.samples.steps, strict=True)]
        return np.sqrt(sum(part**2 for part in np.meshgrid(*w, indexing="ij", sparse=True)))


def differences(result: Array, f: Array, weights: Array) -> Reals:
    """Return the L2 norm of result - f relative to that of f, for each function of a batch (batch, points)."""
    xp, size = arrays.namespace(f), _size(f)
    weights = xp.abs(weights)
    error, norm = (arrays.to_host(xp.sum(weights * (g / size) ** 2, axis=1)) for g in (result - f, f))
    return np.sqrt(error / np.where(norm > 0, norm, 1.0))


def _size(f: Array) -> Array:
    """Return the largest |f| of each function, 1 where that is 0: squares of large values overflow."""
    xp = arrays.namespace(f)
    size = xp.max(xp.abs(f), axis=tuple(range(1, f.ndim)), keepdims=True)
    return xp.where(size > 0, size, xp.ones_like(size))
