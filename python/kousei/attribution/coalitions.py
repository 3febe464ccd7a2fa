"""Coalitions in bits, and the weights of Shapley."""

from __future__ import annotations

import math

import numpy as np

from kousei.attribution.game import Reals
from kousei.attribution.masks import Flags

Codes = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


def members(codes: Codes, players: int) -> Flags:
    """Return coalitions (..., players) of which bit k of a code tells whether player k is in."""
    return (codes[..., None] >> np.arange(players) & 1).astype(bool)


def without(player: int, others: Codes) -> Codes:
    """Return coalitions that a player is not in, of those of the others, who are counted without the player."""
    low = others & (1 << player) - 1
    return (others ^ low) << 1 | low


def order_weights(others: int) -> Reals:
    """Return, by its size, the probability that a coalition of `others` is who comes before a player.

    All orders of the players are alike, so that a size has 1/(others + 1), and coalitions of a size share it alike.
    """
    return np.array([1 / ((others + 1) * math.comb(others, size)) for size in range(others + 1)])


def kernel_law(players: int) -> Reals:
    """Return the law 1 / (t (p - t)) of the sizes t = 1, ..., p - 1 that Shapley's kernel gives coalitions."""
    t = np.arange(1, players)
    law = 1 / (t * (players - t))
    return law / law.sum()


def shapley(table: Reals, players: int) -> Reals:
    """Return the Shapley values (..., players) of games of which all values are given, (..., 2^players)."""
    weights = order_weights(players - 1)[np.bitwise_count(np.arange(2 ** (players - 1)))]
    values = np.empty((*table.shape[:-1], players))
    for k in range(players):
        without, joined = np.moveaxis(table.reshape(*table.shape[:-1], -1, 2, 2**k), -2, 0)
        values[..., k] = (joined - without).reshape(*table.shape[:-1], -1) @ weights
    return values
