"""Powers and products as exact sums of a few units max(z, 0)^p."""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from kousei.activation import repu
from kousei.network.wiring import Matrix, Wire, Wiring, size_of

Array = np.ndarray[Any, Any]


class Monomial(NamedTuple):
    """x^m = sum_k coef_k (x + nodes_k)^p + constant, on all of R."""

    nodes: Array
    coef: Array
    constant: float


@cache
def monomial(m: int, p: int) -> Monomial:
    """Return x^m, 1 <= m <= p, as a sum of p-th powers.

    The (p - m)-th derivative of (x + b)^p by b, at b = 0, is p!/m! x^m. By central differences it is a sum over
    symmetric nodes b_k: exact in each power of b below b^p, and what it makes of b^p itself is the constant.
    """
    order = p - m
    half = (p - 1) // 2 if order % 2 == 0 else p // 2
    nodes = np.array([b for b in range(-half, half + 1) if b or order % 2 == 0], np.float64)
    coef = np.empty(len(nodes))
    for k, b in enumerate(nodes):
        # By Lagrange's polynomials: integers up to the one division.
        others = np.delete(nodes, k)
        coef[k] = np.atleast_1d(np.poly(others))[len(others) - order] / (np.prod(b - others) * math.comb(p, m))
    used = coef != 0
    nodes, coef = nodes[used], coef[used]
    return Monomial(nodes, coef, 0.0 - float(coef @ nodes**p))


def units_of(m: int, p: int) -> int:
    """Return the units that x^m takes."""
    return 2 * len(monomial(m, p).nodes)


def power(wiring: Wiring, wire: Wire, m: int, p: int) -> Wire:
    """Return the m-th powers of numbers, by t^p = max(t, 0)^p + (-1)^p max(-t, 0)^p."""
    nodes, coef, constant = monomial(m, p)
    each, one = np.ones(size_of(wire)), eye(size_of(wire))
    signs = np.tile([1.0, -1.0], len(nodes))
    units = wiring.affine(wire, kron(signs[:, None], one), np.kron(signs * np.repeat(nodes, 2), each))
    summed = kron((np.repeat(coef, 2) * signs**p)[None], one)
    return wiring.affine(wiring.activate(units, repu(p)), summed, constant * each)


def product(wiring: Wiring, a: Wire, b: Wire, p: int) -> Wire:
    """Return a b = ((a + b)^2 - (a - b)^2)/4, number by number."""
    one = eye(size_of(a))
    both = wiring.affine(wiring.concat([a, b]), kron([[1.0, 1.0], [1.0, -1.0]], one), np.zeros(2 * size_of(a)))
    return wiring.affine(power(wiring, both, 2, p), kron([[0.25, -0.25]], one), np.zeros(size_of(a)))


def rows_of(wiring: Wiring, wire: Wire, rows: Any, factors: Any = None) -> Wire:
    """Return some of the numbers of a wire, each multiplied by a factor."""
    factors = np.ones(len(rows)) if factors is None else factors
    weight = sparse(factors, np.arange(len(rows)), rows, (len(rows), size_of(wire)))
    return wiring.affine(wire, weight, np.zeros(len(rows)))


def power_of_two(bound: Array) -> Array:
    """Return the least powers of two above numbers; 1 for 0."""
    return np.ldexp(1.0, np.frexp(bound)[1])


# SciPy is imported where it is used: it takes longer than all of this package.


def eye(size: int) -> Matrix:
    """Return the identity matrix."""
    from scipy.sparse import eye_array

    return eye_array(size, format="csr")


def sparse(values: Any, rows: Any, columns: Any, shape: tuple[int, int]) -> Matrix:
    """Return the matrix of these entries."""
    from scipy.sparse import csr_array

    return csr_array((values, (rows, columns)), shape=shape)


def kron(a: Any, b: Matrix) -> Matrix:
    """Return the matrix of blocks a_ij b."""
    from scipy.sparse import csr_array
    from scipy.sparse import kron as blocks

    return blocks(csr_array(a), csr_array(b), format="csr")
