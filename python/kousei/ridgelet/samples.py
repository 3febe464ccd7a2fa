"""Where a function is sampled: on a uniform grid, or at scattered points."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from kousei._lib import arrays
from kousei._lib.pickling import without_cached

Reals: TypeAlias = np.ndarray[Any, Any]

#: Projections of points that are held at once.
_BLOCK = 1 << 20


@dataclass(frozen=True, eq=False)
class Grid:
    """The points of axes that are uniform, weighted by the trapezoidal rule."""

    axes: tuple[Reals, ...]

    @classmethod
    def of(cls, axes: tuple[Any, ...] | list[Any]) -> Grid:
        """Return the grid of 1 to 3 axes; ValueError where one is not uniform."""
        if not 1 <= len(axes) <= 3:
            raise ValueError(f"axes has {len(axes)} axes; 1 to 3 are accepted")
        grid = cls(tuple(uniform(f"axes[{i}]", axis, 2) for i, axis in enumerate(axes)))
        arrays.require_memory(math.prod(grid.shape), 8, f"a grid of axes of {grid.shape} points")
        return grid

    @property
    def dim(self) -> int:
        """Dimension of the points."""
        return len(self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a function's values."""
        return tuple(map(len, self.axes))

    @property
    def steps(self) -> Reals:
        """Step along each axis."""
        return np.array([(axis[-1] - axis[0]) / (len(axis) - 1) for axis in self.axes])

    @property
    def middle(self) -> Reals:
        """The point, (dim,), from which transforms of a function count."""
        return np.array([axis[len(axis) // 2] for axis in self.axes])

    __getstate__ = without_cached

    @cached_property
    def coordinates(self) -> Reals:
        """The points, (n, dim)."""
        return np.stack(np.meshgrid(*self.axes, indexing="ij"), axis=-1).reshape(-1, self.dim)

    @cached_property
    def weights(self) -> Reals:
        """Of every point, (n,): the step along each axis, half of it at the ends."""
        total = np.ones(())
        for axis, step in zip(self.axes, self.steps, strict=True):
            along = np.full(len(axis), step)
            along[[0, -1]] /= 2
            total = total[..., None] * along
        return total.ravel()

    def ends(self, directions: Reals) -> tuple[float, float]:
        """Return the least and the largest a.x."""
        ends = np.array([[axis[0], axis[-1]] for axis in self.axes])
        products = directions[:, :, None] * ends
        low, high = products.min(axis=-1).sum(axis=-1), products.max(axis=-1).sum(axis=-1)
        return float(low.min()), float(high.max())


@dataclass(frozen=True, eq=False)
class Scattered:
    """Points (n, dim), and their weights (n,)."""

    coordinates: Reals
    weights: Reals

    @classmethod
    def of(cls, points: Any, weights: Any) -> Scattered:
        """Return checked points; without weights each counts 1."""
        points = arrays.finite_numbers("axes", points)
        if points.ndim != 2 or 0 in points.shape:
            axis = "; for one axis (x,) is accepted" * (points.ndim == 1)
            raise ValueError(f"axes has shape {points.shape}; (n, dim) with n and dim at least 1 is accepted{axis}")
        weights = np.ones(len(points)) if weights is None else arrays.finite_numbers("weights", weights)
        if weights.shape != (len(points),):
            raise ValueError(f"weights has shape {weights.shape}; ({len(points)},), one for each point, is accepted")
        return cls(points, weights)

    @property
    def dim(self) -> int:
        """Dimension of the points."""
        return int(self.coordinates.shape[1])

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a function's values."""
        return (len(self.coordinates),)

    @property
    def middle(self) -> Reals:
        """As `Grid.middle`: of the box of the points."""
        return np.asarray(self.coordinates.min(axis=0) + self.coordinates.max(axis=0)) / 2

    def ends(self, directions: Reals) -> tuple[float, float]:
        """As `Grid.ends`."""
        low, high = math.inf, -math.inf
        size = max(1, _BLOCK // len(self.coordinates))
        for start in range(0, len(directions), size):
            products = directions[start : start + size] @ self.coordinates.T
            low, high = min(low, float(products.min())), max(high, float(products.max()))
        return low, high


def evened(name: str, value: Any) -> Reals:
    """Return finite numbers as float64, exactly equally spaced where they are that to the rounding of their dtype."""
    array = arrays.finite_numbers(name, value)
    given = np.asarray(value).dtype
    eps = np.finfo(given if given.kind == "f" else np.float64).eps
    if array.ndim == 1 and len(array) > 1 and _distance(array) <= 4 * eps * np.abs(array).max():
        return np.linspace(array[0], array[-1], len(array))
    return array


def step_of(values: Reals) -> float | None:
    """Return the step of `evened` numbers; None where they are not increasing and equally spaced."""
    if len(values) < 2 or values[-1] <= values[0] or _distance(values) > 0:
        return None
    return float(values[-1] - values[0]) / (len(values) - 1)


def uniform(name: str, value: Any, least: int) -> Reals:
    """Return equally spaced increasing numbers as float64."""
    array = evened(name, value)
    if array.ndim != 1 or len(array) < least:
        raise ValueError(f"{name} has shape {array.shape}; (n,) with n at least {least} is accepted")
    if step_of(array) is None:
        raise ValueError(
            f"{name} is not uniform; equally spaced increasing numbers are accepted, and others as scattered points "
            "(n, dim) with weights"
        )
    return array


def _distance(values: Reals) -> float:
    """Return how far numbers are from equally spaced ones at most."""
    return float(np.abs(values - np.linspace(values[0], values[-1], len(values))).max())
