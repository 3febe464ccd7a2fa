"""The ridgelet transform over a grid: slices against direct sums, and these against NumPy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from kousei.ridgelet import AdmissiblePair, RidgeletTransform, ball_directions

from . import Case, Check, case

Array = np.ndarray[Any, Any]

SIDE, RADII, ANGLES, BIASES, SCALE, HALF_WIDTH = 128, 12, 32, 256, 8.0, 1.5
#: Directions of what NumPy does, which takes time in proportion.
PART = 16
UNIT = "max |ours - direct in float64| / max |direct|"

AXIS = np.linspace(-HALF_WIDTH, HALF_WIDTH, SIDE)
FUNCTION = np.exp(-4 * ((AXIS[:, None] - 0.2) ** 2 + AXIS**2))


def transform(method: str, directions: Array, tol: float | None = None, dtype: str = "float64") -> RidgeletTransform:
    """Return the transform for ReLU in two dimensions: psi = Lambda^4 G."""
    reach = SCALE * HALF_WIDTH * np.sqrt(2) + 5
    biases = np.linspace(-reach, reach, BIASES)
    return RidgeletTransform((AXIS, AXIS), directions, biases, AdmissiblePair("relu", 2), method, tol, dtype=dtype)


def vectors() -> Array:
    return ball_directions(2, SCALE, RADII, ANGLES).vectors


def run(transform: RidgeletTransform) -> Callable[[], Array]:
    """Return a call of the transform, which has its plan."""
    f = FUNCTION.astype(transform.dtype)
    transform.transform(f)
    return lambda: transform.transform(f)


def sizes(directions: int) -> dict[str, int]:
    return {"points": SIDE**2, "directions": directions, "biases": BIASES}


@case("ridgelet-direct")
def direct_sums() -> Case:
    """The same values of psi, for some of the directions; NumPy takes them of as many points at a time as is said."""
    directions = vectors()[:: RADII * ANGLES // PART]
    ours = run(transform("direct", directions))
    expected = numpy_sums(directions, 2048)
    return Case(
        work=SIDE**2 * len(directions) * BIASES,
        sizes=sizes(len(directions)),
        dtype="float64",
        ours=ours,
        others={f"numpy, {some} points": partial(partial, numpy_sums, directions, some) for some in (2048, 128)},
        floors={"numpy, 2048 points": 10.0},
        checks={"difference": Check(lambda: difference(ours(), expected), "max |ours - numpy| / max |numpy|", 1e-13)},
    )


def slices(tol: float, dtype: str) -> Case:
    """All directions; the plan, which serves any function, is made before."""
    directions = vectors()
    ours = run(transform("slice", directions, tol, dtype))
    exact = transform("direct", directions).transform(FUNCTION)
    others = {
        f"direct {other}": partial(run, transform("direct", directions, dtype=other))
        for other in sorted({dtype, "float64"})
    }
    return Case(
        work=SIDE**2 * len(directions) * BIASES,
        sizes=sizes(len(directions)),
        dtype=dtype,
        ours=ours,
        others=others,
        floors={"direct float64": 100.0},
        checks={"error": Check(lambda: difference(ours(), exact), UNIT, tol)},
    )


for _tol, _dtype in ((1e-9, "float64"), (1e-5, "float32")):
    case(f"ridgelet-slice-{_dtype}", _tol, _dtype)(slices)


def numpy_sums(directions: Array, together: int) -> Array:
    """Return the direct sums of FUNCTION by NumPy, with psi(t) = (t^4 - 6 t^2 + 3) e^(-t^2/2)."""
    weights = np.full(SIDE, AXIS[1] - AXIS[0])
    weights[[0, -1]] /= 2
    g = (FUNCTION * np.outer(weights, weights)).ravel()
    points = np.stack(np.meshgrid(AXIS, AXIS, indexing="ij"), axis=-1).reshape(-1, 2)
    biases = transform("direct", directions).biases
    total = np.zeros((len(directions), len(biases)))
    for row, direction in enumerate(directions):
        projections = points @ direction
        for start in range(0, len(points), together):
            some = slice(start, start + together)
            t = projections[some, None] - biases
            square = t * t
            total[row] += g[some] @ (((square - 6) * square + 3) * np.exp(-square / 2))
    return total


def difference(found: Array, exact: Array) -> float:
    return float(np.abs(found - exact).max() / np.abs(exact).max())
