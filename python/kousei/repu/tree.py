"""Polynomials in products of Chebyshev polynomials, as trees of units max(z, 0)^p."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei.network import MLP
from kousei.network.summary import Formula
from kousei.network.wiring import Wire, Wiring, size_of
from kousei.repu.gadgets import power, power_of_two, product, rows_of, sparse, units_of

Array = np.ndarray[Any, Any]

#: Bytes that a unit takes while it is wired, with the weights that lead to it and away.
_UNIT_BYTES = 400


def write(leaves: Array, lo: Array, hi: Array, p: int) -> MLP:
    """Return the network of the polynomial of such leaves, where t runs over [-1, 1]^d as x does over the box."""
    formula = _formula(leaves.shape, p)
    # A leaf that is not 0 is carried through the layers, and multiplied there.
    most = min(
        formula.units, int(np.count_nonzero(leaves)) * sum(leaves.shape) * (units_of(1, p) + 2 * units_of(2, p))
    )
    arrays.require_memory(most, _UNIT_BYTES, f"a network of up to {most} hidden units")
    wiring = Wiring(len(lo))
    scaled = wiring.affine(wiring.input, np.diag(2 / (hi - lo)), -(hi + lo) / (hi - lo))
    rest = [rows_of(wiring, scaled, [j]) for j in range(len(lo))]
    numbers = _Numbers(leaves, np.zeros(leaves.shape, bool), np.abs(leaves), None)
    for length in leaves.shape:
        t, *rest = rest
        numbers = numbers.by_rows(length)
        while len(numbers.constant) > 1:
            last = len(numbers.constant) == 2
            numbers = _join(wiring, numbers, t, p)
            rest = [power(wiring, other, 1, p) for other in rest]
            if not last:
                t = wiring.affine(power(wiring, t, 2, p), np.array([[2.0]]), -np.ones(1))
    net = wiring.network(_value(wiring, numbers))
    net._formula = formula
    return net


@dataclass
class _Numbers:
    """A table of numbers inside the network, (length, ...): constants, and those that depend on the inputs.

    Units see the latter divided by a bound, so that none cancels more digits than it must, nor overflows.
    """

    constant: Array  # 0 for those that depend
    live: Array  # whether they depend
    bound: Array  # of their moduli on the box: powers of two for those that depend
    wire: Wire | None  # those that depend, divided by their bounds, row by row

    def by_rows(self, length: int) -> _Numbers:
        """Return the same numbers as a table of so many rows."""
        constant, live, bound = (part.reshape(length, -1) for part in (self.constant, self.live, self.bound))
        return _Numbers(constant, live, bound, self.wire)


def _join(wiring: Wiring, numbers: _Numbers, t: Wire, p: int) -> _Numbers:
    """Return a + t b for each pair a, b of neighbours along the first axis: one more layer.

    What is constant takes no units, but for a t of which constants are multiples.
    """
    (a, b), (a_live, b_live), (a_bound, b_bound) = (
        (part[0::2], part[1::2]) for part in (numbers.constant, numbers.live, numbers.bound)
    )
    live = a_live | b_live | (b != 0)
    bound = np.where(live, power_of_two(a_bound + b_bound), np.abs(a))
    place, before = np.cumsum(live).reshape(live.shape) - 1, np.cumsum(numbers.live).reshape(numbers.live.shape) - 1
    parts: list[Wire] = []
    entries: list[tuple[Array, Array, Array]] = []  # of a matrix: rows, columns, values

    def add(wire: Wire, where: Array, factor: Array) -> None:
        first = sum(map(size_of, parts))
        columns = first + np.arange(size_of(wire)) * np.ones(where.sum(), int)
        parts.append(wire)
        entries.append((place[where], columns, factor[where] / bound[where]))

    if numbers.wire is not None and a_live.any():
        add(power(wiring, rows_of(wiring, numbers.wire, before[0::2][a_live]), 1, p), a_live, a_bound)
    if numbers.wire is not None and b_live.any():
        copies = rows_of(wiring, t, np.zeros(b_live.sum(), int))
        add(product(wiring, copies, rows_of(wiring, numbers.wire, before[1::2][b_live]), p), b_live, b_bound)
    if b.any():
        add(power(wiring, t, 1, p), b != 0, b)
    wire = None
    if parts:
        rows, columns, values = map(np.concatenate, zip(*entries, strict=True))
        weight = sparse(values, rows, columns, (int(live.sum()), sum(map(size_of, parts))))
        wire = wiring.affine(wiring.concat(parts), weight, a[live] / bound[live])
    return _Numbers(np.where(live, 0.0, a), live, bound, wire)


def _value(wiring: Wiring, numbers: _Numbers) -> Wire:
    """Return the one number that is left."""
    ((constant,),), ((bound,),) = numbers.constant.reshape(1, 1), numbers.bound.reshape(1, 1)
    if numbers.wire is None:
        return wiring.affine(wiring.input, np.zeros((1, size_of(wiring.input))), np.array([constant]))
    return wiring.affine(numbers.wire, np.array([[bound]]), np.zeros(1))


def leaves_of(coefficients: Array) -> Array:
    """Return the coefficients of a Chebyshev series by products of T_1, T_2, T_4, ... along each axis.

    Each axis is filled with zeros to a power of two.
    """
    for axis in range(coefficients.ndim):
        series = np.moveaxis(coefficients, axis, 0)
        filled = np.zeros((1 << (len(series) - 1).bit_length(), *series.shape[1:]))
        filled[: len(series)] = series
        coefficients = np.moveaxis(_split(filled), 0, axis)
    return coefficients


def _split(c: Array) -> Array:
    """Return the leaves of sum_k c_k T_k = A + T_M B, k < 2M, by T_(M+j) = 2 T_M T_j - T_(M-j)."""
    if len(c) == 1:
        return c
    middle = len(c) // 2
    a, b = c[:middle].copy(), 2 * c[middle:]
    a[:0:-1] -= c[middle + 1 :]
    b[0] = c[middle]
    return np.concatenate([_split(a), _split(b)])


def _formula(shape: tuple[int, ...], p: int) -> Formula:
    """Return the units of a tree of 2^k_1, ..., 2^k_d coefficients."""
    levels = [length.bit_length() - 1 for length in shape]
    one, two = units_of(1, p), units_of(2, p)
    # The first layer makes all sums of two constants from t alone; each later one carries a and multiplies t by b.
    pairs, numbers, first = 0, math.prod(shape), True
    for depth in levels:
        for _ in range(depth):
            numbers //= 2
            pairs, first = pairs + (0 if first else numbers), False
    squares = sum(max(depth - 1, 0) for depth in levels)
    carried = (0 if first else 1) + sum(depth * (len(shape) - 1 - axis) for axis, depth in enumerate(levels))
    text = f"{one + 2 * two} x {pairs} + {two} x {squares} + {one} x {carried}"
    return Formula(
        f"tree of {' x '.join(map(str, shape))} coefficients",
        text,
        (one + 2 * two) * pairs + two * squares + one * carried,
    )
