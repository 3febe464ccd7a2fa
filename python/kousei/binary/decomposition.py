"""Columns of real numbers as sums of sign vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from kousei._lib import arrays

Array = np.ndarray[Any, Any]

#: Digits of a float64.
_DIGITS = 53


class Units(NamedTuple):
    """Sign vectors, each a multiple of which goes into one column of a matrix."""

    coefs: Array
    #: The column of each, ascending.
    sources: Array
    #: Tells of rows of the matrix where the sign vectors are +1, as (rows, units).
    positive: Callable[[Array], Array]
    #: Whether each column is the sum of `chain`.
    chains: bool = False

    def signs(self, rows: Array) -> Array:
        """Return the sign vectors, as (rows, units) of int8, at rows of the matrix that was decomposed."""
        return np.where(self.positive(rows), 1, -1).astype(np.int8)


class Rounding(NamedTuple):
    """How far the columns of a matrix are from those of the signs that take its place.

    Parameters
    ----------
    step : numpy.ndarray (columns,) of float64
        A column of signs adds up to odd multiples of it, up to 2^bits - 1; 0 where there are none.
    error : numpy.ndarray (columns,) of float64
        The largest difference of an entry.
    center : numpy.ndarray (columns,) of float64
        The value of the unit at the column for which the bias makes up for the differences; 0 without calibration.
    """

    step: Array
    error: Array
    center: Array


def chain_decomposition(t: Any) -> tuple[Array, Array]:
    """Return numbers as a sum of sign vectors, at most as many as there are numbers.

    With the distinct values v_1 > ... > v_s of t these are, in this order, all ones, times the sign of v_1 + v_s,
    with the coefficient |v_1 + v_s| / 2, unless that is 0, and for i = 1, ..., s - 1 the vector that is +1 where
    t >= v_i and -1 elsewhere, with the coefficient (v_i - v_{i+1}) / 2.

    Parameters
    ----------
    t : array_like (r,)
        Finite real numbers.

    Returns
    -------
    coefs : numpy.ndarray (q,) of float64
        Positive; q <= r. None for zeros.
    signs : numpy.ndarray (r, q) of int8
        -1 and +1; t = signs @ coefs, up to rounding.

    Raises
    ------
    TypeError
        If `t` is not of real numbers.
    ValueError
        If `t` is not one-dimensional, or not finite.

    Notes
    -----
    From the proof of Theorem 4 of the ReLU representation theory (JSIAM 2024, G3-4-1; after Nagase 2022).

    Examples
    --------
    >>> import kousei
    >>> coefs, signs = kousei.chain_decomposition([3.0, 1.0, -2.0])
    >>> coefs
    array([0.5, 1. , 1.5])
    >>> signs
    array([[ 1,  1,  1],
           [ 1, -1,  1],
           [ 1, -1, -1]], dtype=int8)
    >>> signs @ coefs
    array([ 3.,  1., -2.])
    """
    numbers = arrays.finite_numbers("t", t)
    if numbers.ndim != 1:
        raise ValueError(f"t has shape {numbers.shape}; (r,) is accepted")
    matrix = numbers[:, None]
    units = chain(matrix)
    return units.coefs, units.signs(matrix)


def chain(matrix: Array) -> Units:
    """Return each column by `chain_decomposition`."""
    values = -np.sort(-matrix, axis=0)
    half = values / 2  # whose sums do not overflow
    coefs = np.concatenate([half[:1] + half[-1:], half[:-1] - half[1:]])
    sources, ranks = np.nonzero(coefs.T)
    found = coefs[ranks, sources]
    thresholds = np.where(ranks > 0, values[ranks - 1, sources], np.copysign(np.inf, -found))
    return Units(np.abs(found), sources, lambda rows: rows[:, sources] >= thresholds, chains=True)


class _Powers(NamedTuple):
    """Of each column, the powers of two that add up to it: 2^lowest, ..., 2^highest, and `extra` times 2^lowest."""

    lowest: Array
    highest: Array
    extra: Array

    @property
    def counts(self) -> Array:
        """Units of each column."""
        return self.highest - self.lowest + 1 + self.extra


def _powers(matrix: Array) -> _Powers:
    """Sum up columns of multiples of 2^-f of modulus at most 2^g: by 2^(-f-1), ..., 2^(g-1) and a second 2^(-f-1).

    Odd multiples of 2^-f are sums of 2^-f, ..., 2^(g-1).
    """
    whole, place = _integers(matrix)
    _, last = np.frexp((whole & -whole).astype(np.float64))
    nonzero = matrix != 0
    last = np.where(nonzero, place + last - 1, np.iinfo(last.dtype).max)
    unit = last.min(axis=0, initial=np.iinfo(last.dtype).max)
    odd = (last == unit).all(axis=0)
    mantissa, above = np.frexp(np.abs(matrix).max(axis=0, initial=0))
    above = above - (~odd & (mantissa == 0.5))
    lowest = np.where(odd, unit, unit - 1)
    empty = ~nonzero.any(axis=0)
    return _Powers(np.where(empty, 0, lowest), np.where(empty, -1, above - 1), np.where(empty, 0, ~odd))


def _integers(matrix: Array) -> tuple[Array, Array]:
    """Return integers w and p such that |matrix| = w 2^p."""
    mantissa, exponent = np.frexp(np.abs(matrix))
    return np.ldexp(mantissa, _DIGITS).astype(np.int64), exponent - _DIGITS


def dyadic(matrix: Array) -> Units:
    """Return each column by powers of two: ascending, first the one that stands twice.

    Of a number the sign of the largest power is its own, and that of 2^k its own where the digit of 2^(k+1) is 1. The
    power that stands twice takes away what the digits leave over, but where the modulus is the sum of all.
    """
    powers = _powers(matrix)
    counts = powers.counts
    sources = np.repeat(np.arange(len(counts)), counts)
    number = np.arange(len(sources)) - np.repeat(np.cumsum(counts) - counts, counts)
    extra = powers.extra[sources]
    second = (extra == 1) & (number == 0)
    power = powers.lowest[sources] + np.maximum(number - extra, 0)
    highest = powers.highest[sources]
    first = (power == highest) & ~second

    def positive(rows: Array) -> Array:
        whole, place = _integers(rows)

        def digit(exponent: Array) -> Array:
            shift = exponent - place[:, sources]
            inside = (shift >= 0) & (shift < _DIGITS)
            return inside & ((whole[:, sources] >> np.where(inside, shift, 0)) & 1 == 1)

        own = first | digit(highest + 1) | (digit(power + 1) & ~second)
        return own == (rows >= 0)[:, sources]

    return Units(np.ldexp(1.0, power), sources, positive)


def shortest(matrix: Array) -> Units:
    """Return each column by `chain` or `dyadic`, whichever has fewer units."""
    counts = np.bincount(chain(matrix).sources, minlength=matrix.shape[1])
    by_powers = _powers(matrix).counts < counts
    parts = [(np.flatnonzero(~by_powers), chain), (np.flatnonzero(by_powers), dyadic)]
    units = joined([(columns, decompose(matrix[:, columns])) for columns, decompose in parts])
    return units._replace(chains=not by_powers.any())


def joined(parts: Sequence[tuple[Array, Units]]) -> Units:
    """Return the units of a matrix from those of its parts, of some columns each."""
    sources = np.concatenate([columns[units.sources] for columns, units in parts])
    order: Any = np.argsort(sources, kind="stable") if (np.diff(sources) < 0).any() else slice(None)

    def positive(rows: Array) -> Array:
        return np.concatenate([units.positive(rows[:, columns]) for columns, units in parts], axis=1)[:, order]

    coefs = np.concatenate([units.coefs for _, units in parts])
    return Units(coefs[order], sources[order], positive, chains=all(units.chains for _, units in parts))


def on_grid(step: Array, bits: int) -> Units:
    """Return the units of a matrix of odd multiples, up to 2^bits - 1, of the step of its column; or next to them."""
    columns = np.flatnonzero(step)
    sources, power = np.repeat(columns, bits), np.tile(np.arange(bits), len(columns))

    def positive(rows: Array) -> Array:
        return (np.repeat(levels(rows[:, columns], step[columns], bits), bits, axis=1) >> power) & 1 == 1

    return Units(np.ldexp(step[sources], power), sources, positive)


def levels(numbers: Array, step: Array | float, bits: int) -> Array:
    """Return the k, 0 to 2^bits - 1, for which step (2k - 2^bits + 1) is nearest to numbers."""
    steps = 2**bits - 1
    return np.clip(np.rint((numbers / step + steps) / 2), 0, steps).astype(np.int64)
