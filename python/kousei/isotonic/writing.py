"""Splines written out as networks of units max(z, 0)^2."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kousei.activation import repu
from kousei.isotonic.spline import Spline, Sum
from kousei.network.on_box import Origin
from kousei.network.summary import Formula
from kousei.network.wiring import Wire, Wiring
from kousei.repu.gadgets import eye, kron, power, power_of_two, product, rows_of, units_of
from kousei.repu.network import PolynomialNetwork

Array = np.ndarray[Any, Any]


def network_of(spline: Spline | Sum) -> PolynomialNetwork:
    """Return the network that is a spline, on all of R^dim.

    The first layer has the B-splines of the first variable, with which the coefficients are summed over its axis.
    Each layer after it multiplies by those of one variable more, which was carried until then. A sum takes one layer.
    """
    parts = spline.parts if isinstance(spline, Sum) else (spline,)
    lo, width = (np.concatenate(ends) for ends in zip(*((part.lo, part.width) for part in parts), strict=True))
    wiring = Wiring(len(lo))
    scaled = wiring.affine(wiring.input, np.diag(1 / width), -lo / width)
    variables = [rows_of(wiring, scaled, [j]) for j in range(len(lo))]
    if isinstance(spline, Sum):
        wires = [_product(wiring, part, [variable]) for part, variable in zip(parts, variables, strict=True)]
        wire = wiring.affine(wiring.concat(wires), np.ones((1, len(wires))), np.zeros(1))
    else:
        wire = _product(wiring, spline, variables)
    net = wiring.network(wire)
    net._formula = _formula([part.coef.shape for part in parts])
    cells = parts[0].cells
    return PolynomialNetwork(net, _origin(lo, width, cells, sum(float(np.abs(part.coef).max()) for part in parts)))


def _product(wiring: Wiring, spline: Spline, variables: list[Wire]) -> Wire:
    """Return a spline of variables that are given in cells."""
    cells, dim = spline.cells, len(variables)
    size = cells + 2
    largest = power_of_two(np.abs(spline.coef).max())  # products keep digits best of numbers of the size of 1
    table = (spline.coef / largest).reshape(size, -1)
    wire = wiring.affine(_basis(wiring, variables[0], cells), table.T, np.zeros(table.shape[1]))
    for axis, variable in enumerate(variables[1:], 1):
        for _ in range(1, axis):
            variable = power(wiring, variable, 1, 2)
        later = size ** (dim - 1 - axis)
        basis = rows_of(wiring, _basis(wiring, variable, cells), np.repeat(np.arange(size), later))
        terms = product(wiring, wire, basis, 2)
        wire = wiring.affine(terms, kron(np.ones((1, size)), eye(later)), np.zeros(later))
    return wiring.affine(wire, np.full((1, 1), largest), np.zeros(1))


def _basis(wiring: Wiring, u: Wire, cells: int) -> Wire:
    """Return the B-splines of a variable in cells, the first and the last with all that are beyond them.

    The sum T_k of those from k on is (s(u - k + 2) - 2 s(u - k + 1) + s(u - k))/2 with s(z) = max(z, 0)^2, and
    B_k = T_k - T_(k + 1), where T_0 is 1.
    """
    knots = np.arange(-1.0, cells + 2)
    units = wiring.activate(wiring.affine(u, np.ones((len(knots), 1)), -knots), repu(2))
    sums = np.diff(np.eye(len(knots)), 2, axis=0) / 2
    weight = -np.diff(sums, axis=0, prepend=0, append=0)
    return wiring.affine(units, weight, np.eye(1, len(weight))[0])


def _origin(lo: Array, width: Array, cells: int, largest: float) -> Origin:
    """Return the box with the cells around it, beyond which the spline is constant, and how the network rounds."""
    lo, hi = lo - width, lo + (cells + 1) * width
    reach = float((np.maximum(np.abs(lo), np.abs(hi)) / width).max())
    # u = x/width - lo/width is off by up to 2 reach eps, and a spline rises by up to 2 largest in a cell.
    return Origin(lo, hi, 0.0, 4 * len(lo) * ((cells + 2) ** 2 + reach) * largest, 0)


def _formula(shapes: list[tuple[int, ...]]) -> Formula:
    """Return the units: of B-splines of each variable, of products, and of variables that are carried."""
    shape = shapes[0]
    variables = sum(map(len, shapes))
    products = sum(math.prod(shape[axis:]) for axis in range(1, len(shape)))
    carried = sum(range(len(shape) - 1))
    one, pair, knots = units_of(1, 2), 2 * units_of(2, 2), shape[0] + 1
    text = f"{knots} x {variables} + {pair} x {products} + {one} x {carried}"
    units = knots * variables + pair * products + one * carried
    name = f"quadratic spline of {' x '.join(str(size - 2) for size in shape)} cells"
    return Formula(name if len(shapes) == 1 else f"sum of {len(shapes)} {name}", text, units)
