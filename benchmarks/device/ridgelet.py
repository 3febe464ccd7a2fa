"""The kernels of ridgelet transforms."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from problem import DTYPES, Array, Kernel, Problem, Rates

from kousei._lib.fourier import cufinufft
from kousei.ridgelet import AdmissiblePair, Directions, RidgeletTransform, ball_directions


def ridgelets(units: int, points: int) -> tuple[Directions, Array, Array]:
    """Return directions and biases, so many units together, and points."""
    biases = min(512, units // 2)
    vectors = 4 * np.random.default_rng(0).normal(size=(units // biases, 2))
    directions = Directions(vectors, np.ones(len(vectors)), 8.0)
    return directions, np.linspace(-24, 24, biases), np.random.default_rng(1).uniform(-1, 1, (points, 2))


def ridgelet_sum(
    function: str, verb: str, dtype: str, size: tuple[int, int], ceiling: Callable[[Rates], float]
) -> Kernel:
    """Return the kernel under a verb of a transform: of points to each direction, or of units to each point."""

    def problem(units: int, points: int) -> Problem:
        directions, biases, x = ridgelets(units, points)
        pair = AdmissiblePair("relu", 2)
        of_points = verb == "transform"
        shape = (points,) if of_points else (len(directions.vectors), len(biases))
        values = np.random.default_rng(2).normal(size=shape).astype(dtype)
        R = RidgeletTransform(x, directions, biases, pair, "direct", dtype=dtype)

        def prepare(_: Array) -> Callable[[], Array]:
            import cupy

            there = cupy.asarray(values)
            return lambda: getattr(R, verb)(there)

        def exact(rows: Array) -> Array:
            some = (x, rows, biases) if of_points else (rows, directions, biases)
            return getattr(RidgeletTransform(*some, pair, "direct"), verb)(values.astype("float64"))

        # He_4(0), and a unit at the farthest from its bias with the weight of that.
        peak = 48 * (biases[1] - biases[0]) if verb == "dual" else 3.0
        return Problem(
            x=directions.vectors if of_points else x,
            prepare=prepare,
            exact=exact,
            scale=peak * float(np.abs(values).sum()),
            evaluations=points * len(directions.vectors) * (1 if verb == "dual" else len(biases)),
        )

    tolerance = {"float64": 1e-14, "float32": 1e-6}[dtype]
    return Kernel(function, f"{dtype} dim 2 relu {verb}", tolerance, problem, size, ceiling)


def slices(dtype: str) -> Kernel:
    """Return the transform by slices, measured at 512^2 points, 256^2 directions and 512 biases.

    Its rate counts what direct sums would evaluate, and so does the ceiling.
    """

    def problem(units: int, points: int) -> Problem:
        angles = max(2, round(units**0.5) // 16)
        axis, biases = np.linspace(-1, 1, round(points**0.5)), np.linspace(-32, 32, 2 * angles)
        directions = ball_directions(2, 16.0, radii=angles, angles=angles)
        f = np.exp(-8 * (axis[:, None] ** 2 + (axis - 0.2) ** 2)).astype(dtype)
        pair = AdmissiblePair("relu", 2)

        def prepare(_: Array) -> Callable[[], Array]:
            import cupy

            R, there = RidgeletTransform((axis, axis), directions, biases, pair, dtype=dtype), cupy.asarray(f)
            return lambda: R.transform(there)

        def exact(rows: Array) -> Array:
            return RidgeletTransform((axis, axis), rows, biases, pair, "direct").transform(f.astype("float64"))

        return Problem(
            x=directions.vectors,
            prepare=prepare,
            exact=exact,
            scale=3 * float(np.abs(f).sum()) * (axis[1] - axis[0]) ** 2,
            evaluations=f.size * len(directions.vectors) * len(biases),
        )

    tolerance = {"float64": 1e-9, "float32": 1e-5}[dtype]
    size = ((16 * 256) ** 2, 512**2)
    return Kernel(
        "cufinufft", f"{dtype} dim 2 relu slices", tolerance, problem, size, lambda r: r[f"hermite {dtype} full"]
    )


def ridgelet() -> Iterator[Kernel]:
    for dtype in DTYPES:

        def direct(rates: Rates, dtype: str = dtype) -> float:
            return rates[f"hermite {dtype} full"]

        def look_ups(rates: Rates) -> float:
            # The projection, the place among the biases and the polynomial.
            return rates["multiply-add float64"] / 4

        # As float64 takes a dozen times as long.
        size = (1 << 19, 1 << (17 if dtype == "float32" else 14))
        yield ridgelet_sum("ridgelet_sum_over_points", "transform", dtype, size, direct)
        yield ridgelet_sum("ridgelet_sum_over_units", "adjoint", dtype, size, direct)
        yield ridgelet_sum("ridgelet_sum_over_units", "dual", dtype, (1 << 21, 1 << 18), look_ups)
        if cufinufft() is not None:
            yield slices(dtype)
