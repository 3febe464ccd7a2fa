"""Directions a with quadrature weights, for integrals over a ball of them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from kousei._lib.errors import check_integer


class Directions(NamedTuple):
    """Vectors a and what an integral over |a| <= scale sums with."""

    #: (directions, dim) float64.
    vectors: np.ndarray[Any, Any]
    #: (directions,) float64.
    weights: np.ndarray[Any, Any]
    scale: float


def ball_directions(dim: int, scale: float, radii: int, angles: int | None = None) -> Directions:
    """Return directions and weights for integrals over the ball |a| <= scale.

    Along the radius the nodes are Gauss's with the volume element r^(dim - 1) dr; around the circle they are equally
    spaced; along the axis of the sphere Gauss's again.

    Parameters
    ----------
    dim : int
        1, 2 or 3.
    scale : float
        Radius of the ball, > 0; `AdmissiblePair.multiplier` tells what of a function it keeps.
    radii : int
        Nodes along the radius, at least 1.
    angles : int, optional
        Nodes around the circle, at least 2, needed for `dim` 2 and 3; half as many along the axis of the sphere. In
        one dimension the directions are both signs, and it is left out.

    Returns
    -------
    Directions

    Raises
    ------
    TypeError
        If a count is not an integer.
    ValueError
        If an argument is out of range, or `angles` is given for one dimension or missing for more.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.ridgelet import ball_directions
    >>> disc = ball_directions(2, 3.0, radii=5, angles=8)
    >>> disc.vectors.shape, bool(np.isclose(disc.weights.sum(), 9 * np.pi))
    ((40, 2), True)
    """
    check_integer("dim", dim, 1, 3)
    check_integer("radii", radii, 1)
    if not (math.isfinite(scale) and scale > 0):
        raise ValueError(f"scale was {scale}; a finite number > 0 is accepted")
    if (angles is None) != (dim == 1):
        raise ValueError(f"angles was {angles} with dim {dim}; None for dim 1, else an integer >= 2 is accepted")
    units, unit_weights = _sphere(dim, angles)
    nodes, weights = np.polynomial.legendre.leggauss(radii)
    r = scale * (nodes + 1) / 2
    volume = weights * scale / 2 * r ** (dim - 1)
    vectors = r[:, None, None] * units
    return Directions(vectors.reshape(-1, dim), (volume[:, None] * unit_weights).ravel(), float(scale))


def _sphere(dim: int, angles: int | None) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return points on the unit sphere and their weights."""
    if angles is None:
        return np.array([[1.0], [-1.0]]), np.ones(2)
    check_integer("angles", angles, 2)
    phi = 2 * np.pi / angles * (np.arange(angles) + 0.5)
    circle = np.stack([np.cos(phi), np.sin(phi)], axis=-1)
    if dim == 2:
        return circle, np.full(angles, 2 * np.pi / angles)
    height, weights = np.polynomial.legendre.leggauss((angles + 1) // 2)
    points = np.empty((len(height), angles, 3))
    points[..., :2] = np.sqrt(1 - height**2)[:, None, None] * circle
    points[..., 2] = height[:, None]
    return points.reshape(-1, 3), np.repeat(weights * 2 * np.pi / angles, angles)
