"""The same sums over scattered points, whose slices are transforms of the projections.

F(w a) = sum_j g_j e^(-iw a.x_j) at w = 0, 1, 2, ... turns of the period is, for one direction, a nonuniform transform in
one dimension, of the points a.x_j: g is spread over a grid along b, and an FFT does the rest, in any dimension. What
`SliceSums` does to slices stays as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import numpy as np

from kousei._lib.threads import num_threads
from kousei.ridgelet.samples import Grid, Scattered
from kousei.ridgelet.slices import Kernel, SliceSums

Reals: TypeAlias = np.ndarray[Any, Any]

#: Directions, and points of the transpose, of one piece of work: an interrupt waits for one.
_ROWS, _POINTS = 16, 1 << 13


class SpreadSums(SliceSums):
    """Sums over any points, in float64: positions within a long period have too few digits in float32.

    A plan runs in one thread, so that sums are the same for any number of them.
    """

    def __init__(
        self,
        samples: Grid | Scattered,
        directions: Reals,
        biases: Reals,
        kernel: Kernel,
        tol: float,
        gain: Kernel | None = None,
    ) -> None:
        super().__init__(samples, directions, biases, kernel, tol, np.dtype(np.float64), gain)
        self._points = samples.coordinates - samples.middle

    def _sliced(self, values: Reals) -> Reals:
        strengths = values.astype(self._complex)
        slices = np.empty(self._factor.shape, self._complex)

        def fill(rows: range) -> None:
            plan = self._line()
            for row in rows:
                plan.setpts(self._angles(row))
                slices[row] = plan.execute(strengths)[: slices.shape[1]]

        _in_pieces(fill, len(slices), _ROWS)
        return slices

    def _summed(self, slices: Reals) -> Reals:
        total = np.zeros(len(self._points))
        count = slices.shape[1]

        def add(some: range) -> None:
            plan, piece = self._line(), slice(some.start, some.stop)
            modes = np.zeros(2 * count - 1, self._complex)
            for row, values in enumerate(slices):
                modes[:count] = values
                plan.setpts(self._angles(row, piece))
                total[piece] += plan.execute_adjoint(modes).real

        _in_pieces(add, len(total), _POINTS)
        return total

    def _line(self) -> Any:
        """Return the transform of points in a period to w = 0, 1, ..., -2, -1 turns of it."""
        import finufft

        # In one dimension the grid lies in the cache, and sorting the points costs more than it saves.
        return finufft.Plan(
            1,
            (2 * self._factor.shape[1] - 1,),
            eps=self._tol,
            isign=-1,
            dtype=self._complex.name,
            upsampfac=2.0,
            nthreads=1,
            spread_sort=0,
            modeord=1,
        )

    def _angles(self, row: int, some: slice = slice(None)) -> Reals:
        turns = self._points[some] @ (self._directions[row] / self._period)
        return np.asarray(2 * math.pi * (turns - np.round(turns)))


def _in_pieces(function: Callable[[range], None], count: int, size: int) -> None:
    """Call a function for ranges that make up 0 to count, in threads."""
    pieces = [range(start, min(start + size, count)) for start in range(0, count, size)]
    with ThreadPoolExecutor(num_threads()) as pool:
        for _ in pool.map(function, pieces):
            pass
