"""H by polynomials, from those of one bump: every bump of a network is the same function at another threshold."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kousei._lib import _core, arrays
from kousei.funahashi.bump import reach_of_bump

if TYPE_CHECKING:
    from kousei.funahashi.network import FunahashiNetwork

_TERMS = _core.funahashi_table_degree + 1


class Table(NamedTuple):
    """H by a polynomial on each cell, as the kernel takes it."""

    values: np.ndarray[Any, Any]
    first: float
    cells_per_unit: float


class Group(NamedTuple):
    """Frequencies that take the same thresholds, and the H of them."""

    members: Any
    table: Table


class Shape(NamedTuple):
    """How the polynomials of a bump are cut, or of its derivative: cells of h/`cells`, over `spacings` h in all."""

    spacings: int
    cells: int


def shape_of_bump(net: FunahashiNetwork) -> Shape:
    """Return cells on which a polynomial is the bump to rounding, out to where it is 0 to rounding."""
    phi = net.activations[0]
    reach = reach_of_bump(net.delta, net.alpha, phi)
    assert reach is not None
    width = (0.25 if phi.name == "logistic" else 0.125) * min(1.0, net.delta)
    return Shape(2 * math.ceil(reach / net._spacing), math.ceil(net._spacing / width))


def bump_polynomials(net: FunahashiNetwork, *, derivative: bool) -> np.ndarray[Any, Any]:
    """Return the coefficients of a bump about 0, or of its derivative: (spacings, cells, terms).

    Of powers of the distance from the middle of a cell, in cells; the highest first.
    """
    spacings, cells = shape_of_bump(net)
    width = net._spacing / cells
    # The polynomials that agree with it at Chebyshev points.
    nodes = np.cos(np.pi * (np.arange(_TERMS) + 0.5) / _TERMS) / 2
    middles = np.arange(spacings * cells) - (spacings * cells - 1) / 2
    u = width * (middles[:, None] + nodes)
    values = np.empty(u.size)
    one = np.array([1.0, 0.0])
    kernel = _core.cpu.funahashi_gradient if derivative else _core.cpu.funahashi_evaluate
    kernel(
        frequencies=np.ones((1, 1)),
        amplitudes=one[None],
        thresholds=np.zeros(1),
        phases=one[None],
        center=np.zeros(1),
        delta=net.delta,
        alpha=net.alpha,
        activation=net.activations[0].code,
        x=u.reshape(-1, 1),
        out=values[:, None] if derivative else values,
        on=_core.cpu.Cpu(),
    )
    coefficients = np.linalg.solve(np.vander(nodes, _TERMS), values.reshape(u.shape).T).T
    return np.ascontiguousarray(coefficients.reshape(spacings, cells, _TERMS))


def sum_of_bumps(
    net: FunahashiNetwork, polynomials: np.ndarray[Any, Any], phases: np.ndarray[Any, Any], first: float
) -> Table:
    """Return the sum of bumps with these complex phases, at thresholds h apart from `first` on."""
    spacings, cells, _ = polynomials.shape
    length = len(phases) + spacings - 1
    # A convolution over thresholds.
    spectrum = np.fft.fft(phases, length)[:, None, None] * np.fft.fft(polynomials, length, axis=0)
    values = np.fft.ifft(spectrum, axis=0).reshape(length * cells, _TERMS)
    table = np.zeros((length * cells + 2, _TERMS, 2), net.dtype)  # with what lies beyond
    table[1:-1, :, 0], table[1:-1, :, 1] = values.real, values.imag
    per_unit = cells / net._spacing
    return Table(table, first - spacings / 2 * net._spacing - 1 / per_unit, per_unit)


def ranges(net: FunahashiNetwork) -> list[tuple[Any, int, int]]:
    """Return the frequencies that take the same bumps, the first of these, and one past the last."""
    if net._bumps is None:
        return [(slice(None), 0, arrays.shape_of(net.thresholds)[0])]
    found, group = np.unique(net._bumps, axis=0, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    members = np.split(order, np.searchsorted(group.ravel()[order], np.arange(1, len(found))))
    return [(of, int(first), int(last)) for of, (first, last) in zip(members, found, strict=True)]


def groups(net: FunahashiNetwork, polynomials: np.ndarray[Any, Any]) -> list[Group]:
    """Return the tables of a network's frequencies, made of the polynomials of its bump."""
    t0 = float(arrays.to_host(net.thresholds)[0])
    pairs = arrays.to_host(net._arrays["phases"]).astype(np.float64)
    phases = pairs[:, 0] + 1j * pairs[:, 1]
    return [
        Group(members, sum_of_bumps(net, polynomials, phases[first:last], t0 + net._spacing * first))
        for members, first, last in net._groups
    ]


def factors(w: np.ndarray[Any, Any], amplitudes: np.ndarray[Any, Any], gradient: bool) -> np.ndarray[Any, Any]:
    """Return of real pairs a the factors of H in the value; or of its derivative along each axis, (outputs, n, 2)."""
    return np.ascontiguousarray(w.T[..., None] * amplitudes) if gradient else amplitudes[None]


def look_up(
    table: Table,
    w: np.ndarray[Any, Any],
    amplitudes: np.ndarray[Any, Any],
    center: np.ndarray[Any, Any],
    x: np.ndarray[Any, Any],
) -> np.ndarray[Any, Any]:
    """Return the sums of Re[a H(w . (x - center))] at points (n, dim) for each row of amplitudes: (outputs, n)."""
    sums = np.empty((len(amplitudes), len(x)), x.dtype)
    for pairs, out in zip(amplitudes, sums, strict=True):
        _core.cpu.funahashi_evaluate_table(
            frequencies=w,
            amplitudes=pairs,
            center=center,
            offset=0.0,
            **table._asdict(),
            x=x,
            out=out,
            on=_core.cpu.Cpu(),
        )
    return sums
