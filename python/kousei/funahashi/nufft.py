"""Evaluation by nonuniform Fourier transforms: fast ones, or sums axis by axis.

With thresholds that do not end, H is a sum of waves e^(is(1 - 2 pi m/h)) by Poisson's formula, and the network one
Fourier sum over its grid of frequencies for each m. The thresholds that a network lacks are subtracted again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kousei._lib import arrays, backends
from kousei._lib.arrays import Array
from kousei._lib.fourier import cufinufft
from kousei._lib.threads import num_threads
from kousei.funahashi import table
from kousei.funahashi.bump import bump_transform, reach_of_bump
from kousei.funahashi.error import bumps_of
from kousei.funahashi.extension import phase_range
from kousei.funahashi.parts import real_pairs

if TYPE_CHECKING:
    from kousei.funahashi.network import FunahashiNetwork

#: Beyond it another method is always faster.
MOST_WAVES = 100
#: Relative accuracy asked of a transform.
_ACCURACY = {"float64": 1e-14, "float32": 1e-6}


class FourierSum(NamedTuple):
    """A network as Fourier sums on a grid of frequencies."""

    #: Step of the grid along each axis, and the amplitudes on it, 0 in the middle.
    steps: np.ndarray[Any, Any]
    grid: Array
    #: 1 - 2 pi m/h and the factor of that wave in H, for every m that counts.
    waves: list[tuple[float, complex]]


def fourier_sum(net: FunahashiNetwork) -> FourierSum | None:
    """Return a network as Fourier sums; None where its frequencies lie on no grid, or too few of it."""
    w = net._host["frequencies"].astype(np.float64)
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
    np.add.at(
        grid, tuple(numbers.astype(np.int64).T + np.array(shape)[:, None] // 2), net._host["amplitudes"] @ [1, 1j]
    )
    return FourierSum(steps, arrays.beside(grid, net.frequencies), _waves(net))


def _waves(net: FunahashiNetwork) -> list[tuple[float, complex]]:
    """Return the waves that count; more than MOST_WAVES where there are more."""
    h, t0, phi = net._spacing, float(net._host["thresholds"][0]), net.activations[0]
    peak = bump_transform(1.0, net.delta, net.alpha, phi)
    found: list[tuple[float, complex]] = []
    m = last = 0
    # One of the factors may be 0, and the next not.
    while m <= last + 3 and len(found) <= MOST_WAVES:
        for signed in {m, -m}:
            speed = 1 - 2 * math.pi * signed / h
            ratio = bump_transform(speed, net.delta, net.alpha, phi) / peak
            # Also in the gradient, which multiplies it by its frequency.
            if abs(ratio) * max(1.0, abs(speed)) > 0.1 * _ACCURACY[net.dtype.name]:
                found.append((speed, complex(ratio * np.exp(2j * np.pi * signed * t0 / h))))
                last = m
        m += 1
    return found


def why_not_at(net: FunahashiNetwork, method: str, x: Array) -> str | None:
    """Return why points (n, dim) are not for this method; None where they are."""
    xp = arrays.namespace(x)
    if not bool(xp.all(xp.isfinite(x))):
        return f"x has NaN or infinite values; with {method!r} finite ones are accepted"
    if missing_at(net, x).most > 4 * arrays.shape_of(net.thresholds)[0] + 200:
        return f"x is far beyond the thresholds, where {method!r} takes more units than the network has"
    return None


class Missing(NamedTuple):
    """Bumps that a network lacks, near some point: the ends of frequencies they are at, and the most at one end."""

    ends: int
    most: float

    @classmethod
    def of(cls, counts: np.ndarray[Any, Any]) -> Missing:
        """Return what follows from their number at each end."""
        return cls(int((counts > 0).sum()), float(counts.max(initial=0)))


def missing_at(net: FunahashiNetwork, x: Array) -> Missing:
    """Return what is missing at points (n, dim)."""
    return Missing.of(_missing(net, _farthest(net, x - arrays.beside(net._host["center"], net.frequencies))))


def missing_on_box(net: FunahashiNetwork) -> Missing:
    """Return what is missing on the network's box; nothing for a network that was constructed on none."""
    if net._residual is None:
        return Missing(0, 0.0)
    w, center = (net._host[name].astype(np.float64) for name in ("frequencies", "center"))
    farthest = np.abs(phase_range(w, center, net._residual.lo, net._residual.hi)).max(axis=0)
    return Missing.of(_missing(net, farthest))


def evaluate(net: FunahashiNetwork, backend: backends.Backend, x: Array, gradient: bool, method: str) -> Array:
    """Return the values at points (n, dim), or the derivatives along each axis: (outputs, n)."""
    total = backend.empty((net.dim if gradient else 1, x.shape[0]), np.dtype(np.float64))
    total[...] = 0.0 if gradient else net.offset
    if x.shape[0]:
        centered = x - backend.array("center", net.center)
        for waves in _waves_at(net, backend, centered, gradient, method):
            total += waves
        total -= _missing_bumps_at(net, backend, centered, gradient)
    return total


def _waves_at(
    net: FunahashiNetwork, backend: backends.Backend, centered: Array, gradient: bool, method: str
) -> Iterator[Array]:
    """Yield the waves of the network with thresholds that do not end, (outputs, n) each."""
    parts = net._fourier
    assert parts is not None
    xp = arrays.namespace(centered)
    grids = parts.grid[None]
    if gradient:
        shape = arrays.shape_of(parts.grid)
        numbers = np.indices(shape) - np.array(shape).reshape(-1, *[1] * net.dim) // 2
        w = (numbers * parts.steps.reshape(-1, *[1] * net.dim)).astype(net.dtype)
        grids = grids * arrays.beside(w, net.frequencies)
    accuracy = _ACCURACY[net.dtype.name]
    for speed, factor in parts.waves:
        lines = [centered[:, axis] * float(speed * step) for axis, step in enumerate(parts.steps)]
        if method == "separable":
            waves = _separable(backend, grids, xp.stack(lines, axis=-1))
        else:
            # A wave with a small factor may be less accurate.
            eps = min(max(accuracy, accuracy / abs(factor)), 0.1)
            waves = _transform(backend, grids, lines, eps)
        yield xp.real((factor * 1j * speed if gradient else factor) * waves)


def _transform(backend: backends.Backend, grids: Array, lines: list[Array], eps: float) -> Array:
    """Return the Fourier sums of grids (outputs, ...) at angles, one array for each axis: (outputs, n)."""
    if isinstance(backend, backends.Host):
        import finufft as library

        options = {"nthreads": num_threads(), "showwarn": 0}  # of more threads than OMP_NUM_THREADS
    else:
        library = cufinufft()
        options = {"gpu_stream": backend.stream, "gpu_device_id": arrays.device_index(grids)}
    transform = (library.nufft1d2, library.nufft2d2, library.nufft3d2)[len(lines) - 1]
    return transform(*lines, grids, eps=eps, isign=1, **options)


def _separable(backend: backends.Backend, grids: Array, angles: Array) -> Array:
    """Return the same by the kernel, at angles (n, dim)."""
    waves = backend.empty((grids.shape[0], angles.shape[0]), np.dtype(arrays.dtype_name(grids)))
    for row in range(grids.shape[0]):
        backend.kernels.funahashi_fourier_sum(
            values=backend.real_pairs(backend.view("values", grids[row])),
            angles=backend.view("angles", angles),
            out=backend.real_pairs(backend.view("out", waves[row])),
            on=backend.launch(),
        )
    return waves


def _missing_bumps_at(
    net: FunahashiNetwork, backend: backends.Backend, centered: Array, gradient: bool
) -> Array | float:
    """Return the bumps that the network lacks.

    E(v) = (h/Psi(1)) sum_j e^(ijh) psi(v - jh), j >= 0, are those beyond one end. Beyond the upper one of w, from
    the threshold t on, they are Re[a e^(it) E(w . x - t)]; below the lower one, as psi is even, they are
    Re[conj(a) e^(-it) E(t - w . x)].
    """
    missing = _missing(net, _farthest(net, centered))
    near = missing > 0
    if not near.any():
        return 0.0
    w = net._host["frequencies"].astype(np.float64)
    pairs = net._host["amplitudes"].astype(np.float64)
    a = pairs[:, 0] + 1j * pairs[:, 1]
    upper, lower = _next_thresholds(net)
    turned = np.stack([a * np.exp(1j * upper), np.conj(a * np.exp(1j * lower))])[near]
    edge = (net._bump_slopes if gradient else net._bump_values).table(net, 0.0, int(missing.max()))
    # One coordinate more, of 1, takes -t.
    directions = np.stack([w, -w])[near]
    shifted = np.column_stack([directions, np.stack([-upper, lower])[near]]).astype(net.dtype)
    amplitudes = table.factors(directions, real_pairs(turned), gradient).astype(net.dtype)
    xp = arrays.namespace(centered)
    points = xp.concat([centered, xp.ones_like(centered[:, :1])], axis=1)
    origin = np.zeros(net.dim + 1, net.dtype)
    w, factors, center = (arrays.beside(array, net.frequencies) for array in (shifted, amplitudes, origin))
    return table.look_up(backend, edge, w, factors, center, points)


def _farthest(net: FunahashiNetwork, centered: Array) -> np.ndarray[Any, Any]:
    """Return a bound on |w . (x - center)| at all points, for each w."""
    w = np.abs(net._host["frequencies"])
    if centered.shape[0] == 0:
        return np.zeros(len(w))
    xp = arrays.namespace(centered)
    return np.asarray(w @ arrays.to_host(xp.max(xp.abs(centered), axis=0)))


def _missing(net: FunahashiNetwork, farthest: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return how many bumps beyond the upper and the lower end of each frequency reach some point, (2, n)."""
    upper, lower = _next_thresholds(net)
    reach = reach_of_bump(net.delta, net.alpha, net.activations[0])
    assert reach is not None
    return np.maximum(np.floor((farthest + reach - np.stack([upper, -lower])) / net._spacing) + 1, 0)


def _next_thresholds(net: FunahashiNetwork) -> np.ndarray[Any, Any]:
    """Return the first thresholds beyond the upper and the lower end of each frequency, (2, n)."""
    first, last = bumps_of(net).T
    return float(net._host["thresholds"][0]) + net._spacing * np.stack([last, first - 1])
