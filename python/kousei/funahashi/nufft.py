"""Evaluation by nonuniform fast Fourier transforms.

With thresholds that do not end, H is a sum of waves e^(is(1 - 2 pi m/h)) by Poisson's formula, and the network one
Fourier sum over its grid of frequencies for each m. The thresholds that a network lacks are subtracted again.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kousei._lib import arrays
from kousei._lib.threads import num_threads
from kousei.funahashi.bump import bump_transform, reach_of_bump
from kousei.funahashi.extension import phase_range

if TYPE_CHECKING:
    from kousei.funahashi.network import FunahashiNetwork

#: Relative accuracy asked of a transform.
_ACCURACY = {"float64": 1e-14, "float32": 1e-6}


class FourierSum(NamedTuple):
    """A network as Fourier sums on a grid of frequencies."""

    #: Step of the grid along each axis, and the amplitudes on it, 0 in the middle.
    steps: np.ndarray[Any, Any]
    grid: np.ndarray[Any, Any]
    #: 1 - 2 pi m/h and the factor of that wave in H, for every m that counts.
    waves: list[tuple[float, complex]]


def fourier_sum(net: FunahashiNetwork) -> FourierSum | None:
    """Return a network as Fourier sums; None where its frequencies lie on no grid, or too few of it."""
    w = arrays.to_host(net.frequencies).astype(np.float64)
    if not len(w):
        return None
    tolerance = 1e-9 if net.dtype == np.float64 else 1e-4
    size = np.abs(w).max(axis=0)
    steps = np.ones(w.shape[1])
    for axis in np.flatnonzero(size):
        gaps = np.diff(np.unique(np.concatenate([[0.0], np.abs(w[:, axis])])))
        gap = gaps[gaps > tolerance * size[axis]].min()
        # The largest frequency gives the step to more digits.
        steps[axis] = size[axis] / round(size[axis] / gap)
    numbers = np.round(w / steps)
    shape = tuple(2 * int(most) + 2 for most in np.abs(numbers).max(axis=0))
    if np.abs(w - numbers * steps).max() > tolerance * size.max() or math.prod(shape) > max(1 << 16, 64 * len(w)):
        return None
    grid = np.zeros(shape, np.result_type(net.dtype, np.complex64))
    np.add.at(grid, tuple(numbers.astype(np.int64).T + np.array(shape)[:, None] // 2), arrays.to_host(net.amplitudes))
    return FourierSum(steps, grid, _waves(net))


def _waves(net: FunahashiNetwork) -> list[tuple[float, complex]]:
    h, t0, phi = net._spacing, float(arrays.to_host(net.thresholds)[0]), net.activations[0]
    peak = bump_transform(1.0, net.delta, net.alpha, phi)
    found = []
    for m in range(-50, 51):
        speed = 1 - 2 * math.pi * m / h
        ratio = bump_transform(speed, net.delta, net.alpha, phi) / peak
        if abs(ratio) > 0.1 * _ACCURACY[net.dtype.name]:
            found.append((speed, complex(ratio * np.exp(2j * np.pi * m * t0 / h))))
    return found


def why_not_at(net: FunahashiNetwork, x: np.ndarray[Any, Any]) -> str | None:
    """Return why points are not for this method; None where they are."""
    if not np.isfinite(x).all():
        return "x has NaN or infinite values; with 'nufft' finite ones are accepted"
    if max(_missing(net, _farthest(net, x)).values()) > 4 * arrays.shape_of(net.thresholds)[0] + 200:
        return "x is far beyond the thresholds, where 'nufft' takes more units than the network has"
    return None


def missing_on_box(net: FunahashiNetwork) -> list[tuple[int, int]]:
    """Return for each end how many frequencies come near missing thresholds on the network's box, and how many.

    Nothing for a network that was constructed on none.
    """
    if net._residual is None:
        return []
    w, center = (arrays.to_host(array).astype(np.float64) for array in (net.frequencies, net.center))
    farthest = np.abs(phase_range(w, center, net._residual.lo, net._residual.hi)).max(axis=0)
    missing = _missing(net, farthest)
    return [(int(_near(net, farthest, side).sum()), count) for side, count in missing.items() if count]


def evaluate(net: FunahashiNetwork, parts: FourierSum, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the values at points (n, dim) of the dtype of the network."""
    import finufft

    accuracy = _ACCURACY[net.dtype.name]
    w, a = arrays.to_host(net.frequencies), arrays.to_host(net.amplitudes)
    centered = x - arrays.to_host(net.center)
    total = np.full(len(x), net.offset, net.dtype)
    transform = (finufft.nufft1d2, finufft.nufft2d2, finufft.nufft3d2)[net.dim - 1]
    for speed, factor in parts.waves if len(x) else []:
        lines = [np.ascontiguousarray(speed * step * centered[:, d], net.dtype) for d, step in enumerate(parts.steps)]
        # A wave with a small factor may be less accurate.
        eps = min(max(accuracy, accuracy / abs(factor)), 0.1)
        total += np.real(factor * transform(*lines, parts.grid, eps=eps, isign=1, nthreads=num_threads()))
    farthest = _farthest(net, x)
    for side, count in _missing(net, farthest).items():
        if count == 0:
            continue
        # At least two, as a spacing needs; and the frequencies whose arguments come near them.
        beyond = _end(net, side) + net._spacing * np.arange(1, max(count, 2) + 1)
        near = _near(net, farthest, side)
        missing = type(net)._of_parts(
            w[near].astype(np.float64),
            a[near].astype(np.complex128),
            np.sort(side * beyond),
            net.delta,
            net.alpha,
            np.zeros(net.dim),
            net.activations[0],
            0.0,
        )
        total -= missing.astype(net.dtype)(centered, method="table")
    return total


def _farthest(net: FunahashiNetwork, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a bound on |w . (x - center)| at all points, for each w."""
    extent = np.abs(x - arrays.to_host(net.center)).max(axis=0, initial=0)
    return np.asarray(np.abs(arrays.to_host(net.frequencies)) @ extent)


def _missing(net: FunahashiNetwork, farthest: np.ndarray[Any, Any]) -> dict[int, int]:
    """Return how many thresholds are missing above (1) and below (-1) the others whose bumps reach some point."""
    most = float(farthest.max(initial=0)) + _reach(net)
    return {side: math.ceil(max(0.0, (most - _end(net, side)) / net._spacing)) for side in (1, -1)}


def _near(net: FunahashiNetwork, farthest: np.ndarray[Any, Any], side: int) -> np.ndarray[Any, Any]:
    """Tell which frequencies come near the thresholds that are missing on one side."""
    return np.asarray(farthest > _end(net, side) + net._spacing - _reach(net))


def _end(net: FunahashiNetwork, side: int) -> float:
    """Return the last threshold above (1), or below (-1) with its sign changed."""
    return side * float(arrays.to_host(net.thresholds)[-1 if side > 0 else 0])


def _reach(net: FunahashiNetwork) -> float:
    reach = reach_of_bump(net.delta, net.alpha, net.activations[0])
    assert reach is not None
    return reach
