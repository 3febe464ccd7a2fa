"""Sums of a function over points and biases, sum_j g_j k(a.x_j - b) and its transpose: direct, and by prefix sums.

`SliceSums` has the same two methods. Batches stand in the first axis, and points are flat. The compiled kernels never
hold the values of the function, and on the host sum up alike for any number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei._lib.backends import Backend, Kept
from kousei.activation import Activation
from kousei.ridgelet.kernel import GaussianKernel
from kousei.ridgelet.samples import Reals

#: What is summed directly.
Function: TypeAlias = GaussianKernel | Activation


@dataclass(frozen=True, eq=False)
class DirectSums:
    """Every value of the function is computed, once for a batch."""

    points: Reals
    directions: Reals
    biases: Reals
    function: Function

    def forward(self, backend: Backend, g: Array) -> Array:
        """Return the sums over points (batch, n) for each direction and bias."""
        function = self._function(backend, g)
        shape = (len(g), len(self.directions), len(self.biases))
        return _summed("ridgelet_sum_over_points", backend, function, self._arguments.on(backend), g, shape)

    def transpose(self, backend: Backend, spectrum: Array) -> Array:
        """Return the sums over directions and biases (batch, directions, biases) for each point."""
        function, shape = self._function(backend, spectrum), (len(spectrum), len(self.points))
        return _summed("ridgelet_sum_over_units", backend, function, self._arguments.on(backend), spectrum, shape)

    @cached_property
    def _arguments(self) -> Kept:
        return Kept(self.points, self.directions, self.biases)

    def _function(self, backend: Backend, values: Array) -> tuple[Any, ...]:
        """Return what tells the kernels the function."""
        if isinstance(self.function, Activation):
            return (self.function.code,)
        return self.function.parameters(backend, arrays.real_dtype(values=values))


@dataclass(frozen=True, eq=False)
class PrefixSums:
    """Sums of max(t, 0)^power, or of the step for the power 0, by prefix sums and one look-up for a point.

    From one bias to the next, the sum of c_b max(t - b, 0)^power over all biases is a polynomial in t.
    """

    points: Reals
    directions: Reals
    biases: Reals
    power: int

    def forward(self, backend: Backend, g: Array) -> Array:
        """As `DirectSums.forward`, where a point t and a bias b change places: t - b = -b - (-t)."""
        points, directions, biases = self._arguments.on(backend)
        xp = arrays.namespace(points)
        total = backend.empty((len(g), len(directions), len(biases)), arrays.real_dtype(g=g))
        one = xp.ones_like(biases[:1])[:, None]
        for row in range(len(directions)):
            # As `projection` of the kernels rounds it: where a.x is a bias, the transpose has it on the same side.
            mirrored = -sum(points[:, d] * directions[row, d] for d in range(points.shape[1]))
            order = xp.argsort(mirrored)
            arguments = (-biases[:, None], one, mirrored[order])
            total[:, row] = self._transposed(backend, arguments, g[:, None, order])
        return total

    def transpose(self, backend: Backend, spectrum: Array) -> Array:
        """As `DirectSums.transpose`."""
        return self._transposed(backend, self._arguments.on(backend), spectrum)

    def _transposed(self, backend: Backend, arguments: tuple[Array, ...], values: Array) -> Array:
        shape = (len(values), len(arguments[0]))
        return _summed("ridgelet_sum_over_units", backend, (self.power,), arguments, values, shape)

    @cached_property
    def _arguments(self) -> Kept:
        return Kept(self.points, self.directions, self.biases)


def _summed(
    kernel: str,
    backend: Backend,
    function: tuple[Any, ...],
    arguments: tuple[Array, ...],
    values: Array,
    shape: tuple[int, ...],
) -> Array:
    total = backend.empty(shape, arrays.real_dtype(values=values))
    named = zip(("points", "directions", "biases", "values"), (*arguments, values), strict=True)
    views = [backend.view(name, array) for name, array in named]
    getattr(backend.kernels, kernel)(*function, *views, backend.view("out", total), backend.launch())
    return total
