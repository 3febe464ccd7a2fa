"""The same sums over scattered points.

What `SliceSums` does to slices stays as it is; F(w a) = sum_j g_j e^(-iw a.x_j) is a nonuniform transform of another
kind. For one direction it is one in one dimension, of the projections a.x_j, at w = 0, 1, 2, ... turns of the period:
g is spread along b, and an FFT does the rest, whatever the dimension of the points. In one and two dimensions g can
also be spread over the plane, once for all directions.

Positions within a long period have too few digits in float32: the transforms are those of float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import numpy as np

from kousei._lib.arrays import Array
from kousei._lib.backends import Backend, Host
from kousei._lib.threads import num_threads
from kousei.ridgelet.samples import Grid, Reals, Scattered
from kousei.ridgelet.slices import BAND, SliceSums
from kousei.ridgelet.sums import DirectSums

#: Directions, and points of the transpose, of one piece of work: an interrupt waits for one.
_ROWS, _POINTS = 16, 1 << 13
#: Cells of the FFT of a plane at most, 16 bytes each.
_CELLS = 1 << 27


def spread_kind(samples: Grid | Scattered, directions: Reals) -> type[SpreadSums]:
    """Return what sums over any points: by the plane, unless its FFT has more cells than there are projections."""
    most = min(len(samples.coordinates) * len(directions), _CELLS)
    return PlaneSums if cells_of_plane(samples, directions) <= most else LineSums


def cells_of_plane(samples: Grid | Scattered, directions: Reals) -> float:
    """Return about how many cells the FFT of the plane has; infinity in more than two dimensions."""
    if samples.dim > 2:
        return math.inf
    widths = np.ptp(samples.coordinates, axis=0) * np.abs(directions).max(axis=0)
    return float(math.prod(2 * BAND / math.pi * widths + 16))


class SpreadSums(SliceSums):
    """Sums over points that are spread on the host; on a device values of a kernel cost less than that."""

    def forward(self, backend: Backend, g: Array) -> Array:
        """As `DirectSums.forward`."""
        return super().forward(backend, g) if isinstance(backend, Host) else self._on_device().forward(backend, g)

    def transpose(self, backend: Backend, spectrum: Array) -> Array:
        """As `DirectSums.transpose`."""
        if isinstance(backend, Host):
            return super().transpose(backend, spectrum)
        return self._on_device().transpose(backend, spectrum)

    def _on_device(self) -> DirectSums:
        if self._gain is not None:
            raise TypeError("f lies in CUDA memory; for the cure with method 'spread' host memory is accepted")
        return self._direct

    @cached_property
    def _direct(self) -> DirectSums:
        return DirectSums(self._samples.coordinates, self._directions, self._biases, self._function)


class PlaneSums(SpreadSums):
    """Sums over points by one transform from the points to all w a."""

    def _sliced(self, backend: Backend, values: Reals) -> Reals:
        return np.asarray(self._plane.execute(values.astype(np.complex128))).reshape(self._shape)

    def _summed(self, backend: Backend, slices: Reals) -> Reals:
        return np.asarray(self._plane.execute_adjoint(slices.astype(np.complex128).ravel())).real

    @cached_property
    def _plane(self) -> Any:
        """Return the transform; several threads would add in an order that is not the same from run to run."""
        import finufft

        # Its error comes nearer to what is asked for than that of the other types; below 1e-14 rounding is larger.
        eps = max(self._tol / 10, 1e-14)
        plan = finufft.Plan(3, self._samples.dim, eps=eps, isign=-1, dtype="complex128", nthreads=1)
        points = (self._samples.coordinates - self._samples.middle).T.copy()
        frequencies = np.multiply.outer(self._directions.T, self._w).reshape(len(points), -1)
        plan.setpts(*points, **dict(zip("st", frequencies, strict=False)))
        return plan


class LineSums(SpreadSums):
    """Sums over points by a transform of the projections for each direction.

    A plan runs in one thread, so that sums are the same for any number of them.
    """

    def _sliced(self, backend: Backend, values: Reals) -> Reals:
        strengths = values.astype(np.complex128)
        slices = np.empty(self._shape, np.complex128)

        def fill(rows: range) -> None:
            plan = self._line()
            for row in rows:
                plan.setpts(self._angles_of(row))
                slices[row] = plan.execute(strengths)[: self._shape[1]]

        _in_pieces(fill, len(slices), _ROWS)
        return slices

    def _summed(self, backend: Backend, slices: Reals) -> Reals:
        total = np.zeros(len(self._points))

        def add(some: range) -> None:
            plan, piece = self._line(), slice(some.start, some.stop)
            modes = np.zeros(2 * self._shape[1] - 1, np.complex128)
            for row, values in enumerate(slices):
                modes[: self._shape[1]] = values
                plan.setpts(self._angles_of(row, piece))
                total[piece] += plan.execute_adjoint(modes).real

        _in_pieces(add, len(total), _POINTS)
        return total

    @cached_property
    def _points(self) -> Reals:
        return self._samples.coordinates - self._samples.middle

    def _line(self) -> Any:
        """Return the transform of points in a period to w = 0, 1, ..., -2, -1 turns of it."""
        import finufft

        # In one dimension the grid lies in the cache, and sorting the points costs more than it saves.
        return finufft.Plan(
            1,
            (2 * self._shape[1] - 1,),
            eps=self._tol,
            isign=-1,
            dtype="complex128",
            upsampfac=2.0,
            nthreads=1,
            spread_sort=0,
            modeord=1,
        )

    def _angles_of(self, row: int, some: slice = slice(None)) -> Reals:
        turns = self._points[some] @ (self._directions[row] / self._period)
        return np.asarray(2 * math.pi * (turns - np.round(turns)))


def _in_pieces(function: Callable[[range], None], count: int, size: int) -> None:
    """Call a function for ranges that make up 0 to count, in threads."""
    pieces = [range(start, min(start + size, count)) for start in range(0, count, size)]
    with ThreadPoolExecutor(num_threads()) as pool:
        for _ in pool.map(function, pieces):
            pass
