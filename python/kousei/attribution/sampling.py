"""Coalitions drawn as Shapley's kernel weighs them, in company that is drawn as random orders have it."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from math import comb
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from kousei._lib.arrays import require_memory
from kousei.attribution.coalitions import kernel_law
from kousei.attribution.game import Reals
from kousei.attribution.masks import Flags

#: Groups of draws that the jackknife leaves out, one after the other.
_GROUPS = 10
#: Pairs of coalitions that are not counted further.
_MOST = 2**62

#: Numbers of others and of players, how many pairs of coalitions have them, and their probability.
Cell: TypeAlias = tuple[int, int, int, float]


class Draws(NamedTuple):
    """Coalitions of players in the company of others; in the second half of the rows the complements of the first.

    Attributes
    ----------
    players : numpy.ndarray (rows, players) of bool
    others : numpy.ndarray (rows, others) of bool
    weights : numpy.ndarray (rows,) of float64
    drawn : numpy.ndarray (rows,) of bool
        Which rows are there by chance.
    """

    players: Flags
    others: Flags
    weights: Reals
    drawn: Flags

    def without(self, rng: np.random.Generator) -> list[Reals]:
        """Return the weights with each tenth of the pairs that were drawn left out, and the others in its place."""
        pairs = int(self.drawn.sum()) // 2
        group = np.full(len(self.drawn), -1)
        group[self.drawn] = np.tile(rng.permutation(np.arange(pairs) % _GROUPS), 2)
        more = np.where(self.drawn, _GROUPS / (_GROUPS - 1), 1)
        return [self.weights * more * (group != k) for k in range(_GROUPS)]

    def join(self, other: Draws) -> Draws:
        """Return the rows of both; each part weighs as many rows as it has."""
        rows = len(self.weights), len(other.weights)
        parts = [
            part._replace(weights=part.weights * count / sum(rows))
            for part, count in zip((self, other), rows, strict=True)
        ]
        return Draws(*map(join, *parts))


def join(first: Any, second: Any) -> Any:
    """Return the rows of two arrays of draws, so that complements are in the second half."""
    halves = zip(np.split(first, 2), np.split(second, 2), strict=True)
    return np.concatenate([part for half in halves for part in half])


def jackknife_error(without: Reals) -> Reals:
    """Return the standard errors of estimates, which are given with each group left out, (groups, ...)."""
    return np.sqrt((len(without) - 1) * (without - without[0]).var(axis=0))  # 0 where all are alike


def draw(players: int, others: int, pairs: int, rng: np.random.Generator) -> Draws:
    """Draw pairs of coalitions (T, R) and their complements.

    The number of others is uniform on 0, ..., others, that of players t has the law of the kernel, 1/(t (players -
    t)), and coalitions of the same numbers are alike. Numbers of which as many draws as there are coalitions are
    expected have each of them once, with its probability for a weight: what is left is drawn from the rest.
    """
    full: list[Cell] = []
    rest, left, mass = _cells(players, others), pairs, 1.0
    most = min(pairs, sum(cell[2] for cell in rest))
    require_memory(most, 16 * (players + others), f"a table of {most} pairs of coalitions")
    while crowded := [cell for cell in rest if left * cell[3] >= mass * cell[2]]:
        rest = [cell for cell in rest if left * cell[3] < mass * cell[2]]
        full += crowded
        left -= sum(cell[2] for cell in crowded)
        mass = sum(cell[3] for cell in rest)
    parts = [_all(players, others, *cell) for cell in full]
    if rest:
        parts.append(_some(players, others, left, rest, mass, rng))
    T, R, weights, drawn = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Draws(np.concatenate([T, ~T]), np.concatenate([R, ~R]), np.tile(weights, 2), np.tile(drawn, 2))


@cache
def _cells(players: int, others: int) -> list[Cell]:
    """Return the cells, one of each and its complement."""
    law = kernel_law(players) / (others + 1)
    of_others, of_players = _counts(others), _counts(players)
    cells = []
    for r in range(others + 1):
        for t in range(1, players):
            mirrored = others - r, players - t
            if (r, t) <= mirrored:
                double = 2 - ((r, t) == mirrored)
                count = of_others[r] * of_players[t] * double // 2
                cells.append((r, t, min(count, _MOST), float(law[t - 1]) * double))
    return cells


def _counts(players: int) -> list[int]:
    """Return how many coalitions have 0, 1, ... of the players; those of middle sizes are not counted to the end."""
    counts, count = [1], 1
    for size in range(1, players // 2 + 1):
        if count < _MOST:
            count = count * (players - size + 1) // size
        counts.append(count)
    return counts + counts[: (players + 1) // 2][::-1]


def _all(players: int, others: int, r: int, t: int, count: int, probability: float) -> Draws:
    """Return all pairs of a cell; of a cell that is its own complement those T that have player 0."""
    T, R = _subsets(players, t), _subsets(others, r)
    if 2 * t == players and 2 * r == others:
        T = T[T[:, 0]]
    T, R = np.repeat(T, len(R), axis=0), np.tile(R, (len(T), 1))
    return Draws(T, R, np.full(len(T), probability / count), np.zeros(len(T), bool))


def _some(players: int, others: int, count: int, cells: list[Cell], mass: float, rng: np.random.Generator) -> Draws:
    """Return pairs of cells; of each as many as are expected of it, rounded up or down at random."""
    r, t, _, probability = np.array(cells).T
    ends = np.floor(np.append(0, np.cumsum(probability) / mass * count).round(9) + rng.random()).astype(int)
    repeats = np.diff(ends)
    T = _random_subsets(players, np.repeat(t, repeats), rng)
    R = _random_subsets(others, np.repeat(r, repeats), rng)
    return Draws(T, R, np.full(len(T), mass / count), np.ones(len(T), bool))


def _subsets(players: int, size: int) -> Flags:
    flags = np.zeros((comb(players, size), players), bool)
    for row, chosen in zip(flags, combinations(range(players), size), strict=True):
        row[list(chosen)] = True
    return flags


def _random_subsets(players: int, sizes: Reals, rng: np.random.Generator) -> Flags:
    ranks = rng.permuted(np.tile(np.arange(players), (len(sizes), 1)), axis=1)
    return ranks < sizes[:, None]
