"""How a function takes its points, found out by asking it for a few, and what no network stands for, refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.boxes import fill_cube
from kousei._lib.errors import check_callable, warn
from kousei.front.problem import Array, Function

#: More than any box has dimensions, so that no shape is right by chance.
_POINTS = 23
#: How far values may differ from call to call, as a share of the largest one.
_ROUNDING = 64 * float(np.finfo(np.float64).eps)


def _each_point(f: Callable[..., Any]) -> Function:
    return lambda x: np.array([f(point) for point in x])


def _each_coordinates(f: Callable[..., Any]) -> Function:
    return lambda x: np.array([f(*point.tolist()) for point in x])


#: Ways to call f, the best one first, and what is said of the others.
_WAYS: tuple[tuple[Callable[[Callable[..., Any]], Function], str], ...] = (
    (lambda f: f, ""),
    (lambda f: lambda x: f(*x.T), "takes one array for each coordinate, not points (n, dim): it is called so"),
    (_each_point, "takes one point at a time, not points (n, dim): it is called for each, which is slow"),
    (
        _each_coordinates,
        "takes the coordinates of one point at a time, not points (n, dim): it is called for each, which is slow",
    ),
)


def vectorised(f: Any, lo: Array, hi: Array, tol: float) -> Function:
    """Return f as a function of points (n, dim), with a warning where it is none by itself.

    Raises
    ------
    TypeError
        If f is not callable, or its values are complex or no numbers.
    ValueError
        If it cannot be called in any way, a value is not finite, two calls differ, or `tol` is below rounding.
    """
    check_callable("f", f)
    x = lo + (hi - lo) * fill_cube(len(lo), _POINTS)
    way, values, said = _first_way(f, x)
    if values.dtype.kind not in "biuf":
        raise TypeError(f"f(x) has dtype {values.dtype}; real values are accepted")
    values = values.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise ValueError(f"f was {values[bad[0]]} at {x[bad[0]].tolist()}; finite values are accepted")
    size = float(np.abs(values).max())
    if tol < _ROUNDING * size:
        raise ValueError(
            f"tol was {tol}, below the rounding of values of up to {size:.3g}; at least {_ROUNDING * size:.2g} "
            "is accepted"
        )
    # In other batches, so that a value that depends on the points beside it differs as well.
    again = np.empty_like(values)
    for part in (slice(None, None, -2), slice(-2, None, -2)):
        again[part] = way(x[part].copy())
    apart = np.abs(again - values)
    if not apart.max() <= max(tol / 8, _ROUNDING * size):
        i = int(apart.argmax())
        raise ValueError(
            f"f was {values[i]:.6g} and {again[i]:.6g} at {x[i].tolist()}, in two calls; a function of the point "
            "alone is accepted, and kousei.fit takes noisy samples"
        )
    if said:
        warn(f"f {said}")
    return way


def _first_way(f: Callable[..., Any], x: Array) -> tuple[Function, Array, str]:
    """Return the first way in which f has one value for each point, these values, and what is said of it."""
    first: Exception | None = None
    for wrap, said in _WAYS:
        way = wrap(f)
        try:
            with np.errstate(all="ignore"):
                values = arrays.array_like("f(x)", way(x.copy()))
            arrays.require_shape("f(x)", values, (len(x),))
            return way, values, said
        except Exception as error:  # of a function that anybody may have written
            first = first or error
    raise ValueError(
        f"f takes no points (n, {x.shape[1]}), nor coordinates, nor one point at a time; one that does is accepted. "
        f"Of {len(x)} points: {type(first).__name__}: {first}"
    ) from first
