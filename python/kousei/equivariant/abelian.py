"""Functions on sets of an abelian group, by its characters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np

from kousei.equivariant.gset import GSet
from kousei.equivariant.orbits import Integers

Matrix: TypeAlias = np.ndarray[Any, Any]


def characters_on(X: GSet) -> Iterator[tuple[Matrix, Matrix]]:
    """Yield each character of an abelian group that functions on a set have, and these (size, multiplicity, 1).

    A character is generator s to e^(2 pi i t_s / order), and is known by the integers t.
    """
    order = X.group.order
    parts: dict[tuple[int, ...], list[Matrix]] = {}
    for orbit in X.orbits():
        exponents, coordinates = _transitive(X, orbit[0])
        points = _points(X, orbit[0], coordinates)
        # g f = chi(g) f for f(g x) = conj(chi(g)) f(x)
        functions = np.zeros((len(exponents), X.size), np.complex128)
        phases = exponents @ coordinates.T % order
        functions[:, points] = np.exp(-2j * np.pi / order * phases) / np.sqrt(len(orbit))
        for exponent, function in zip(exponents.tolist(), functions, strict=True):
            parts.setdefault(tuple(exponent), []).append(function)
    words = np.zeros((order, len(X.images)), np.int64)
    for level in X.group.words:
        words[level.points] = words[level.origins]
        words[level.points, level.generators] += 1
    for exponent, found in parts.items():
        character = np.exp(2j * np.pi / order * (words @ np.array(exponent) % order))
        yield character, np.stack(found, axis=1)[:, :, None]


def _transitive(X: GSet, point: int) -> tuple[Integers, Integers]:
    """Return exponents (n, generators) of the characters on the orbit of a point, and coordinates of its n points.

    With generators s, ..., z, each point of it is s^i ... z^k times the one given, i less than a number of its own.
    """
    order = X.group.order
    exponents, coordinates = np.zeros((1, 0), np.int64), np.zeros((1, 0), np.int64)
    reached = {int(point): 0}
    for moved in X.images:
        length, end = 1, int(moved[point])
        while end not in reached:
            length, end = length + 1, int(moved[end])
        # s^length times the point is what earlier generators make of it: so are their characters.
        power = exponents @ coordinates[reached[end]]
        steps = np.arange(length)
        own = (power[:, None] + order * steps) // length
        exponents = np.column_stack([np.repeat(exponents, length, axis=0), own.reshape(-1) % order])
        coordinates = np.column_stack([np.repeat(coordinates, length, axis=0), np.tile(steps, len(coordinates))])
        reached = {int(place): row for row, place in enumerate(_points(X, point, coordinates))}
    return exponents, coordinates


def _points(X: GSet, point: int, coordinates: Integers) -> Integers:
    """Return the points with these coordinates from one."""
    places = np.full(len(coordinates), point)
    for moved, steps in zip(X.images, coordinates.T, strict=False):
        for step in range(int(steps.max())):
            places = np.where(steps > step, moved[places], places)
    return places
