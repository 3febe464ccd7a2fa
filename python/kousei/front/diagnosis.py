"""What stands in the way of a network of few units, looked for along lines through the box."""

from __future__ import annotations

import numpy as np

from kousei._lib.boxes import fill_cube
from kousei.front.pieces import resolve
from kousei.front.problem import Array, Problem, RefusedError

#: Lines along each axis, and evaluations of f for each.
_LINES, _SAMPLES = 3, 1 << 15


def obstacles(problem: Problem) -> list[str]:
    """Return sentences, without capitals and full stops, on jumps, kinks, noise and dimensions; empty for none."""
    found = []
    for j in range(problem.dim):
        for start in problem.place(2 * fill_cube(problem.dim, _LINES) - 1):
            said = _along(problem, start, j)
            if said:
                found.append(
                    f"along x_{j + 1}" + (f" from {start.tolist()}" if problem.dim > 1 else "") + f", {said}"
                )
                break
    if problem.dim > 3 and not found:
        found.append(
            f"f has {problem.dim} variables: unless it is a sum or a product of functions of few, the units it takes "
            "grow exponentially in their number"
        )
    return found


def _along(problem: Problem, start: Array, axis: int) -> str:
    f = problem.limited(_SAMPLES)

    def g(t: Array) -> Array:
        x = np.repeat(start[None], len(t), axis=0)
        x[:, axis] = t
        return f(x)[:, None] / problem.tol

    try:
        kinks = resolve(g, float(problem.lo[axis]), float(problem.hi[axis])).kinks
    except RefusedError as refusal:
        return str(refusal)
    if len(kinks) == 0:
        return ""
    places = ", ".join(f"{kink:.6g}" for kink in kinks[:3]) + (" and more" if len(kinks) > 3 else "")
    return f"it has a kink at {places}"
