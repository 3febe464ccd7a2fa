"""The kernels of sums over orbits and over the ridges of a finite plane."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from problem import DTYPES, Array, Kernel, Problem, Rates

from kousei.equivariant import FiniteRidgelet, orbit_sum


def sum_over_orbits(transpose: bool, dtype: str, batch: int) -> Kernel:
    """Return the sum over points, or of the transpose over units, of a feature that is constant on orbits."""

    def problem(units: int, points: int) -> Problem:
        rng = np.random.default_rng(0)
        labels, v = rng.integers(0, 64, (points, units), dtype=np.int32), rng.normal(size=64).astype(dtype)
        f = rng.normal(size=(batch, units if transpose else points)).astype(dtype)

        def prepare(f: Array) -> Callable[[], Array]:
            import cupy

            there = cupy.asarray(labels), cupy.asarray(v)
            return lambda: orbit_sum(f, *there, transpose=transpose)

        return Problem(
            x=f,
            prepare=prepare,
            exact=lambda f: orbit_sum(f.astype("float64"), labels, v.astype("float64"), transpose=transpose),
            scale=float(np.abs(f).sum(axis=1).max() * np.abs(v).max()),
            evaluations=batch * units * points,
        )

    name = f"equivariant_sum_over_{'units' if transpose else 'points'}"
    variant = f"{dtype} orbits of pairs, {batch} functions"

    def look_ups(rates: Rates) -> float:
        # A step to the next label and its value, which serve some functions.
        return rates[f"multiply-add {dtype}"] / (4 if batch == 1 else 2)

    return Kernel(name, variant, {"float64": 1e-14, "float32": 1e-6}[dtype], problem, (1 << 13, 1 << 13), look_ups)


def sum_over_ridges(dtype: str) -> Kernel:
    """Return the direct transform over Z_p^2, for the prime p with about as many points."""

    def problem(units: int, points: int) -> Problem:
        p = next(q for q in range(math.isqrt(points), 1, -1) if all(q % k for k in range(2, math.isqrt(q) + 1)))
        g = np.maximum(np.arange(p) - (p - 1) / 2, 0.0)
        direct, exact = (FiniteRidgelet(p, 2, g, g - g.mean(), "direct", dtype=d) for d in (dtype, "float64"))
        f = np.random.default_rng(0).normal(size=(1, p, p)).astype(dtype)
        return Problem(
            x=f,
            prepare=lambda f: lambda: direct.transform(f),
            exact=lambda f: exact.transform(f.astype("float64")),
            scale=float(np.abs(f).sum() * np.abs(direct.ridgelet_function).max() / p),
            evaluations=p**5,
        )

    return Kernel(
        "equivariant_sum_over_points",
        f"{dtype} (a.x - b) mod p",
        {"float64": 1e-14, "float32": 1e-6}[dtype],
        problem,
        (1 << 12, 1 << 13),
        lambda rates: rates[f"multiply-add {dtype}"] / 4,
    )


def equivariant() -> Iterator[Kernel]:
    for dtype in DTYPES:
        for transpose in (False, True):
            for batch in (1, 16):
                yield sum_over_orbits(transpose, dtype, batch)
        yield sum_over_ridges(dtype)
