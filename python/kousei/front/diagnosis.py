"""What stands in the way of a network of few units, looked for along lines through the box."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kousei._lib.boxes import fill_cube
from kousei.front.lines.pieces import resolve
from kousei.front.problem import Array, JumpError, Problem, RefusedError

#: Lines along each axis, evaluations of f for each, fewer than which tell nothing, and which share of those that are
#: left all lines may take.
_LINES, _SAMPLES, _LEAST, _SHARE = 3, 1 << 13, 1 << 11, 1 / 4
#: Axes of which something is said.
_SAID = 3


def jumps(problem: Problem) -> list[str]:
    """Return sentences on jumps of f, by more than twice the tolerance; without capitals and full stops."""
    return [said for said, hopeless in _along_lines(problem) if hopeless]


def obstacles(problem: Problem) -> list[str]:
    """Return sentences on kinks, noise and dimensions that may stand in the way."""
    found = [said for said, _ in _along_lines(problem)]
    if len(found) > _SAID:
        found[_SAID:] = [f"and likewise along {len(found) - _SAID} more axes"]
    if problem.dim > 3 and not found:
        found.append(
            f"f has {problem.dim} variables: unless it is a sum or a product of functions of few, the units it takes "
            "grow exponentially in their number"
        )
    return found


def _along_lines(problem: Problem) -> Iterator[tuple[str, bool]]:
    """Give for each axis the first line on which f is not smooth: what it is there, and whether that is a jump."""
    starts = problem.place(2 * fill_cube(problem.dim, _LINES) - 1)
    for j in range(problem.dim):
        for start in starts[: 1 if problem.dim == 1 else _LINES]:
            said, hopeless = _along(problem, start, j)
            if said:
                point = "" if problem.dim == 1 else f" from ({', '.join(format(x, '.3g') for x in start)})"
                yield f"along x_{j + 1}{point} {said}", hopeless
                break


def _along(problem: Problem, start: Array, axis: int) -> tuple[str, bool]:
    allowed = min(_SAMPLES, _SHARE * problem.left / (problem.dim * _LINES))
    if allowed < _LEAST:
        return "", False
    f = problem.limited(int(allowed))

    def g(t: Array) -> Array:
        x = np.repeat(start[None], len(t), axis=0)
        x[:, axis] = t
        return f(x)[:, None] / problem.tol

    try:
        kinks = resolve(g, float(problem.lo[axis]), float(problem.hi[axis])).kinks
    except JumpError as jump:
        return str(jump), jump.size > 2
    except RefusedError as refusal:
        return str(refusal), False
    if len(kinks) == 0:
        return "", False
    places = ", ".join(f"{kink:.6g}" for kink in kinks[:3]) + (" and more" if len(kinks) > 3 else "")
    return f"it has a kink at {places}", False
