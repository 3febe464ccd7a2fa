"""Directions a with quadrature weights, for integrals over a ball of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_integer, require_positive
from kousei.ridgelet.samples import Reals, evened, step_of


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
        If a count is not an integer, or the scale not a real number.
    ValueError
        If an argument is out of range, or `angles` is given for one dimension or missing for more.
    SizeError, MemoryError
        If they do not fit, or the nodes of Gauss's rule, which are the eigenvalues of a matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.ridgelet import ball_directions
    >>> disc = ball_directions(2, 3.0, radii=5, angles=8)
    >>> disc.vectors.shape, bool(np.isclose(disc.weights.sum(), 9 * np.pi))
    ((40, 2), True)
    """
    dim, radii = check_integer("dim", dim, 1, 3), check_integer("radii", radii, 1)
    require_positive(scale=scale)
    if (angles is None) != (dim == 1):
        raise ValueError(f"angles was {angles} with dim {dim}; None for dim 1, else an integer >= 2 is accepted")
    around = 2 if angles is None else check_integer("angles", angles, 2)
    heights = (around + 1) // 2 if dim == 3 else 1
    what = f"a ball of {radii} radii x {heights * around} directions each"
    arrays.require_memory(radii * heights * around, 8 * (2 * dim + 2), what)
    units, unit_weights = _sphere(dim, around, heights)
    nodes, weights = _gauss(radii)
    r = scale * (nodes + 1) / 2
    volume = weights * scale / 2 * r ** (dim - 1)
    vectors = r[:, None, None] * units
    return Directions(vectors.reshape(-1, dim), (volume[:, None] * unit_weights).ravel(), float(scale))


def units_of(directions: Any, biases: Any, dim: int) -> tuple[Directions | Reals, Reals]:
    """Return checked directions and biases, vectors alone as an array of float64."""
    given = isinstance(directions, Directions)
    vectors = arrays.finite_numbers("directions", directions.vectors if given else directions)
    if vectors.ndim != 2 or vectors.shape[1] != dim or len(vectors) == 0:
        raise ValueError(f"directions has shape {vectors.shape}; (directions, {dim}) with at least one is accepted")
    biases = evened("biases", biases)
    if biases.ndim != 1 or len(biases) == 0:
        raise ValueError(f"biases has shape {biases.shape}; (n,) increasing numbers, n >= 1, are accepted")
    falls = np.flatnonzero(np.diff(biases) <= 0)
    if falls.size:
        first, second = biases[falls[0] : falls[0] + 2]
        raise ValueError(f"biases has {second:g} after {first:g}; increasing numbers are accepted")
    return directions._replace(vectors=vectors) if given else vectors, biases


def vectors_of(directions: Directions | Reals) -> Reals:
    """Return the vectors of what `units_of` returns."""
    return directions.vectors if isinstance(directions, Directions) else directions


def some_of(directions: Directions | Reals, rows: slice) -> Directions | Reals:
    """Return some of the directions."""
    if not isinstance(directions, Directions):
        return directions[rows]
    return directions._replace(vectors=directions.vectors[rows], weights=directions.weights[rows])


def weighted(directions: Directions | Reals) -> Directions:
    """Return directions that an integral over them can be summed with."""
    if not isinstance(directions, Directions):
        raise ValueError("directions has no weights; Directions, such as ball_directions returns, are accepted")
    return directions


def quadrature(directions: Directions | Reals, biases: Reals) -> Reals:
    """Return da db of the sum that stands for the integral over directions and biases, (directions,)."""
    weights = arrays.finite_numbers("directions.weights", weighted(directions).weights)
    arrays.require_shape("directions.weights", weights, (len(vectors_of(directions)),))
    step = step_of(biases)
    if step is None:
        raise ValueError(f"biases has {len(biases)} numbers, not uniform; 2 or more uniform are accepted")
    return weights * step


def _sphere(dim: int, around: int, heights: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return points on the unit sphere and their weights."""
    if dim == 1:
        return np.array([[1.0], [-1.0]]), np.ones(2)
    phi = 2 * np.pi / around * (np.arange(around) + 0.5)
    circle = np.stack([np.cos(phi), np.sin(phi)], axis=-1)
    if dim == 2:
        return circle, np.full(around, 2 * np.pi / around)
    height, weights = _gauss(heights)
    points = np.empty((heights, around, 3))
    points[..., :2] = np.sqrt(1 - height**2)[:, None, None] * circle
    points[..., 2] = height[:, None]
    return points.reshape(-1, 3), np.repeat(weights * 2 * np.pi / around, around)


def _gauss(count: int) -> tuple[Reals, Reals]:
    """Return the nodes and weights of Gauss's rule on [-1, 1]: NumPy finds them by a matrix and a copy of it."""
    arrays.require_memory(count**2, 16, f"Gauss's rule of {count} nodes, a matrix of their square,")
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return nodes, weights
