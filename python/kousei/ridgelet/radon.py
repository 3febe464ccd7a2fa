"""Profiles of a function along directions: f(x) is the integral of g_u(u . x) over the unit sphere."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from kousei._lib import arrays
from kousei.ridgelet.samples import Reals

Function = Callable[[Reals], Any]

#: The function is continued to [-_WIDE, _WIDE]^dim, where the box is [-1, 1]^dim, and fades out between the two.
_WIDE = 3.0
#: It is evaluated on [-REACH, REACH]^dim alone.
REACH = 1.5
#: What falls from 1 to 0 is within erfc(_FADE)/2 = 8e-7 of both where it does not.
_FADE = 3.4
#: Samples along each axis, at least.
_LEAST_SAMPLES = 64
#: Nodes of a panel of Gauss's rule, and the largest phase across one: good to 1e-10.
_NODES, _PHASE = 32, 60.0
#: Tolerance of the nonuniform transforms, each in one thread: by their number the last digits would change.
_EPS = 1e-12


class Profiles(NamedTuple):
    """Transforms of the profiles, g_u^(w) = c_d |w|^(d-1) f^(wu), with the rules for w > 0 and the half sphere."""

    directions: Reals  # (A, dim)
    areas: Reals  # (A,), of the pieces of the whole sphere
    frequencies: Reals  # (L,), in (0, cutoff)
    transform: Reals  # (A, L), times the weights of the rule and 1/pi

    def at(self, biases: int, spacing: float, multiplier: Reals) -> Reals:
        """Return the inverse transforms of g_u^ times a multiplier, (A, biases), at `centred(biases, spacing)`."""
        import finufft

        w = self.frequencies
        # Modes of an even number have none in the middle.
        shift = 0.0 if biases % 2 else spacing / 2
        strengths = self.transform * (multiplier * np.exp(1j * shift * w))
        values = finufft.nufft1d1(spacing * w, np.ascontiguousarray(strengths), biases, eps=_EPS, isign=1, nthreads=1)
        return np.atleast_2d(values).real


def centred(biases: int, spacing: float) -> Reals:
    """Return equally spaced numbers with 0 in their middle."""
    return (np.arange(biases) - (biases - 1) / 2) * spacing


def profiles(f: Function, dim: int, directions: int, cutoff: float, reach: float) -> Profiles:
    """Return the profiles of f up to a frequency, to be asked for at biases up to `reach`.

    The constant is c_d = 1/(2 (2 pi)^(d-1)), and the profile of -u is that of u mirrored: half a sphere is enough.
    They are those of f(bend(x)) window(x), which is f on the box. Frequencies above half the cutoff are attenuated,
    so that a jump does not ring across the whole box.
    """
    import finufft

    samples = 2 * max(_LEAST_SAMPLES // 2, math.ceil(2 * _WIDE * cutoff / math.pi))
    # The points, the values and what the transform makes of them.
    arrays.require_memory(samples**dim, (dim + 5) * 8, f"a grid of {samples}^{dim} samples")
    spacing = 2 * _WIDE / samples
    axis = (np.arange(samples) - samples // 2) * spacing
    grid = np.stack(np.meshgrid(*[_bend(axis)] * dim, indexing="ij"), axis=-1)
    values = f(grid.reshape(-1, dim)).reshape((samples,) * dim)
    fade = _window(axis)
    for d in range(dim):
        values = values * fade.reshape([-1 if d == other else 1 for other in range(dim)])
    u, areas = half_sphere(dim, directions)
    w, weights = _panels(cutoff, reach + _WIDE * math.sqrt(dim))
    at = (spacing * w[None, :, None] * u[:, None, :]).reshape(-1, dim)
    transform = getattr(finufft, f"nufft{dim}d2")
    slices = transform(
        *np.ascontiguousarray(at.T), values.astype(np.complex128), eps=_EPS, isign=-1, nthreads=1
    ).reshape(len(u), len(w))
    constant = spacing**dim / (2 * (2 * math.pi) ** (dim - 1))
    attenuation = np.cos(math.pi / 2 * np.clip(2 * w / cutoff - 1, 0, 1)) ** 2
    return Profiles(u, areas, w, slices * (constant / math.pi * w ** (dim - 1) * attenuation * weights))


def half_sphere(dim: int, directions: int) -> tuple[Reals, Reals]:
    """Return at most so many unit vectors, no two opposite, and the areas they stand for, the whole sphere in all.

    One vector; the midpoint rule of angles; Gauss's rule along an axis times the midpoint rule around it.
    """
    if dim == 1:
        return np.ones((1, 1)), np.array([2.0])
    if dim == 2:
        angles = math.pi * (np.arange(directions) + 0.5) / directions
        return np.stack([np.cos(angles), np.sin(angles)], axis=-1), np.full(directions, 2 * math.pi / directions)
    rings = max(1, round(math.sqrt(directions) / 2))
    around = directions // rings
    z, weights = (part[rings:] for part in np.polynomial.legendre.leggauss(2 * rings))
    angles = 2 * math.pi * (np.arange(around) + 0.5) / around
    radius, height = np.repeat(np.sqrt(1 - z * z), around), np.repeat(z, around)
    turn = np.tile(angles, rings)
    u = np.stack([radius * np.cos(turn), radius * np.sin(turn), height], axis=-1)
    return u, np.repeat(weights * 4 * math.pi / around, around)


def _window(x: Reals) -> Reals:
    """Return 1 on the box, falling to 0 where the samples end."""
    from scipy.special import erfc

    return erfc(_FADE * (2 * (np.abs(x) - 1) / (_WIDE - 1) - 1)) / 2


def _bend(x: Reals) -> Reals:
    """Return x on the box; outside its slope falls to 0 as the window does, and it ends at -REACH and REACH."""
    from scipy.special import erfc

    width = 2 * (REACH - 1)
    u = _FADE * (2 * (np.abs(x) - 1) / width - 1)
    return np.sign(x) * (REACH + width / (4 * _FADE) * (u * erfc(u) - np.exp(-u * u) / math.sqrt(math.pi)))


def _panels(cutoff: float, extent: float) -> tuple[Reals, Reals]:
    """Gauss's rule on pieces of (0, cutoff), for e^(iws) with |s| <= extent; one begins where attenuation does."""
    panels = 2 * math.ceil(cutoff * extent / (2 * _PHASE))
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    width = cutoff / panels
    starts = width * np.arange(panels)
    return (starts[:, None] + width * (nodes + 1) / 2).ravel(), np.tile(weights * width / 2, panels)
