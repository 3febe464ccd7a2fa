"""Products of matrices of numbers inside a network, by squares of bounded numbers."""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from kousei.activation import Mixed, relu, repu
from kousei.network.wiring import Wire, Wiring

Array = np.ndarray[Any, Any]


class Numbers(NamedTuple):
    """A matrix of numbers inside a network.

    Parameters
    ----------
    wire : Wire
        The numbers, row by row.
    bound : array (rows, columns)
        Of their moduli; positive.
    """

    wire: Wire
    bound: Array


def multiply(wiring: Wiring, a: Numbers, b: Numbers, bound: Array) -> Numbers:
    """Return a @ b, one layer on, and its bound, which is given, or smaller.

    With |s| + |t| <= c, s t = ((c + s + t)^2 - (c + s - t)^2)/4 - c t takes two units max(z, 0)^2, and one max(z, 0)
    for the sum over a row, or a column, of c t.
    """
    (rows, inner), columns = a.bound.shape, b.bound.shape[1]
    # Pairs of one size are the best conditioned.
    scale = np.sqrt(b.bound.max(axis=1) / a.bound.max(axis=0))
    p, q = a.bound * scale, b.bound / scale[:, None]
    one = np.eye(rows), np.eye(inner), np.eye(columns)
    # Of row i, inner k, column j: s = a_ik and t = b_kj, and what belongs to (i, j).
    s = np.einsum("iI,kK,j->ikjIK", one[0], one[1] * scale, np.ones(columns)).reshape(rows * inner * columns, -1)
    t = np.einsum("i,kK,jJ->ikjKJ", np.ones(rows), one[1] / scale, one[2]).reshape(rows * inner * columns, -1)
    summed = np.einsum("iI,k,jJ->ijIkJ", one[0], np.ones(inner), one[2]).reshape(rows * columns, -1)
    if columns <= rows:
        sign, shift = 1.0, np.broadcast_to(p.max(axis=0)[:, None] + q, (rows, inner, columns))
        carried = np.einsum("kj,kK,jJ->jKJ", shift[0], one[1] / scale, one[2]).reshape(columns, -1)
        carried = np.hstack([np.zeros((columns, rows * inner)), carried])
        lower, back = (shift[0] * q).sum(axis=0), np.kron(np.ones((rows, 1)), one[2])
    else:
        sign, shift = -1.0, np.broadcast_to((p + q.max(axis=1))[:, :, None], (rows, inner, columns))
        carried = np.einsum("ik,iI,kK->iIK", shift[:, :, 0], one[0], one[1] * scale).reshape(rows, -1)
        carried = np.hstack([carried, np.zeros((rows, inner * columns))])
        lower, back = (shift[:, :, 0] * p).sum(axis=1), np.kron(one[0], np.ones((columns, 1)))
    weight = np.vstack([np.hstack([s, t]), sign * np.hstack([s, -t]), carried])
    bias = np.concatenate([shift.ravel(), shift.ravel(), lower])
    units = Mixed([(repu(2), 2 * shift.size), (relu, len(lower))])
    hidden = wiring.activate(wiring.affine(wiring.concat([a.wire, b.wire]), weight, bias), units)
    product = wiring.affine(hidden, np.hstack([summed / 4, -summed / 4, -back]), back @ lower)
    return Numbers(product, np.minimum(bound, a.bound @ b.bound))


def carry(wiring: Wiring, a: Numbers) -> Numbers:
    """Return the same numbers one layer on: z = max(z + bound, 0) - bound."""
    one, bound = np.eye(a.bound.size), a.bound.ravel()
    return Numbers(wiring.affine(wiring.activate(wiring.affine(a.wire, one, bound), relu), one, -bound), a.bound)


class Plan(NamedTuple):
    """How the product of the matrices first, ..., last - 1 is made, as a function of one hidden layer.

    Parameters
    ----------
    units : float
        That multiply and carry; inf where there is no way.
    parts : tuple of Plan
        What is multiplied, or carried over the last layer; nothing for one matrix alone, whose variable is carried.
    first, last : int
    layer : int
        Of the result, from 1 on: one matrix is made by the layer that it is of.
    """

    units: float
    parts: tuple[Plan, ...]
    first: int
    last: int
    layer: int


def plan(ranks: tuple[int, ...]) -> Plan:
    """Return how to multiply matrices (ranks[i], ranks[i + 1]) by the fewest units, those that carry counted."""

    @cache
    def best(first: int, last: int, layer: int) -> Plan:
        if last == first + 1:
            return Plan(layer - 1, (), first, last, layer)
        if 1 << (layer - 1) < last - first:
            return Plan(math.inf, (), first, last, layer)
        rows, columns = ranks[first], ranks[last]
        carried = best(first, last, layer - 1)
        ways = [Plan(carried.units + rows * columns, (carried,), first, last, layer)]
        for middle in range(first + 1, last):
            parts = best(first, middle, layer - 1), best(middle, last, layer - 1)
            own = 2 * rows * ranks[middle] * columns + min(rows, columns)
            ways.append(Plan(own + parts[0].units + parts[1].units, parts, first, last, layer))
        return min(ways, key=lambda way: way.units)

    count = len(ranks) - 1
    return min((best(0, count, layer) for layer in range(1, count + 1)), key=lambda way: way.units)
