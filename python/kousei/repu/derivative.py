"""The partial derivatives of networks of units max(z, 0)^p, as networks of units of the powers 1, 2, p - 1 and p."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.boxes import fill_cube
from kousei._lib.errors import check_integer, check_type
from kousei.activation import Activation, relu, repu
from kousei.activation.base import LARGEST_POWER, power_of
from kousei.activation.mixed import mix, parts_of
from kousei.network import MLP
from kousei.network.layers import Layers, check_finite, layers_of
from kousei.network.summary import Formula
from kousei.network.wiring import Wire, Wiring, size_of
from kousei.repu.gadgets import eye, kron, power_of_two, product, rows_of
from kousei.repu.network import PolynomialNetwork

Array = np.ndarray[Any, Any]

#: Points at which the sizes of factors are compared.
_POINTS = 64
#: Of those sizes, which float32 can hold.
_LEAST_RATIO = 1e-18
#: What v is made where max(z, 0)^(p - 1) is 0 at all points.
_SMALL = 1e-3


def derivative_network(net: MLP, wrt: int | None = None) -> MLP:
    r"""Return the network of the partial derivatives of a network of units max(z, 0)^p.

    With z the pre-activations of a layer and v = W u its derivatives, u those of the layer below, it hands
    u' = p max(z, 0)^(p - 1) v on, a product of two numbers by squares. What does not depend on a variable takes no
    units for the partial derivative by it.

    Parameters
    ----------
    net : MLP
        Of any depth, with activations "repu2" to "repu32", which may differ from layer to layer and unit to unit.
    wrt : int, optional
        The variable, from 0; without it all of them.

    Returns
    -------
    MLP
        With outputs x dim outputs, those of one output of `net` side by side, or with `wrt` as many as `net`. Of the
        dtype, in the library and memory of `net`; computed on the host. From D hidden layers it has 2D - 1. Of D >= 2
        layers of w units of one p, and k derivatives, it has w (2D - 1 + 6k (D - 1)) units for p = 2, and
        3w (D - 1) (1 + 2k) for larger p, at most.

    Raises
    ------
    TypeError
        If `net` is no MLP, or `wrt` not an integer.
    ValueError
        If an activation is another: the derivative of "relu" jumps, and that of a smooth one is of no such units. If
        `wrt` is no variable, or a weight overflows.

    Notes
    -----
    That derivatives of RePU networks are mixed RePU networks is after arXiv:2305.00608, by which one partial
    derivative of a network of D hidden layers, W units in the widest and U in all takes 3D + 3 hidden layers, of 6W
    units at most, and 13U units in all.

    The product r v = ((r + v)^2 - (r - v)^2)/4 loses the digits of the smaller factor. By a power of two for each
    unit v is made like r where the inputs are in [-1, 1], or in the box of a `PolynomialNetwork`; not so elsewhere.

    Second derivatives of the result are no networks again: it has units max(z, 0).

    Examples
    --------
    The derivatives of max(x + 2y, 0)^3:

    >>> import numpy as np
    >>> import kousei
    >>> net = kousei.MLP([np.array([[1.0, 2.0]]), np.ones((1, 1))], [np.zeros(1), np.zeros(1)], ["repu3"])
    >>> kousei.repu.derivative_network(net)
    MLP(2 -> 1 repu2 -> 2, float64, 7 parameters)
    >>> kousei.repu.derivative_network(net)(np.array([1.0, 1.0]))
    array([27., 54.])
    >>> kousei.repu.derivative_network(net, 1)(np.array([[1.0, 1.0]]))
    array([54.])
    """
    check_type("net", net, MLP, "kousei.MLP")
    variables = list(range(net.dim)) if wrt is None else [check_integer("wrt", wrt, 0, net.dim - 1)]
    powers = [
        _powers(f"activations[{i}]", f, n)
        for i, (f, n) in enumerate(zip(net.activations, net.sizes[1:-1], strict=True))
    ]
    layers, wiring = layers_of(net), Wiring(net.dim)
    with np.errstate(all="ignore"):  # what overflows is refused
        balance = _balance(net, layers, powers, variables)
        wire = _derivatives(wiring, layers, powers, balance, variables)
        made = wiring.network(wire, net.dtype)
    check_finite("the derivative", made.weights, made.biases, made.dtype)
    made = made.like(net.biases[0])
    made._formula = _formula(net.sizes[1:-1], powers, len(variables))
    return made


def _derivatives(
    wiring: Wiring, layers: Layers, powers: list[Array], balance: list[Array], variables: list[int]
) -> Wire:
    """Return the derivatives of the outputs by the variables, output by output."""
    if not powers:
        return _constant(wiring, arrays.dense(layers.weights[0])[:, variables].ravel())
    h, u, live = wiring.input, wiring.input, np.zeros((len(variables), 0), bool)
    for i, (weight, bias, p) in enumerate(zip(layers.weights, layers.biases, powers, strict=False)):
        last = i == len(powers) - 1
        z = wiring.affine(h, weight, bias)
        r = wiring.activate(z, _units(p - 1))
        if i == 0:
            slopes = arrays.dense(weight)[:, variables].T
            live = slopes != 0
            unit = np.nonzero(live)[1]
            u = rows_of(wiring, r, unit, p[unit] * slopes[live])
            h = z if last else wiring.activate(z, _units(p))
            continue
        below, live = live, live @ (weight != 0).T
        if not live.any():
            break
        # u is of the derivatives that are not 0 everywhere, variable by variable, and so is v.
        unit, scale = np.nonzero(live)[1], balance[i][live]
        v = wiring.affine(u, _for_each(weight, below, live), np.zeros(len(unit)))
        v = _through_relu(wiring, rows_of(wiring, v, np.arange(len(unit)), 1 / scale))
        q = r if (p == 2).all() else wiring.activate(z, relu)
        h = h if last else wiring.activate(q, _units(p))
        rv = product(wiring, rows_of(wiring, r, unit), v, 2)
        u = rows_of(wiring, rv, np.arange(len(unit)), p[unit] * scale)
    outputs = layers.weights[-1].shape[0]
    if not live.any():
        return _constant(wiring, np.zeros(outputs * len(variables)))
    every = np.ones((len(variables), outputs), bool)
    by_output = np.arange(every.size).reshape(every.shape).T.ravel()
    return rows_of(
        wiring, wiring.affine(u, _for_each(layers.weights[-1], live, every), np.zeros(every.size)), by_output
    )


def _for_each(weight: Any, columns: Array, rows: Array) -> Any:
    """Return the weight for each variable, without the columns and rows of derivatives that are 0."""
    return kron(eye(len(rows)), weight)[np.flatnonzero(rows)][:, np.flatnonzero(columns)]


def _through_relu(wiring: Wiring, wire: Wire) -> Wire:
    """Return numbers one layer on, as R(v) - R(-v)."""
    one, zeros = eye(size_of(wire)), np.zeros(2 * size_of(wire))
    signed = wiring.affine(wire, kron([[1.0], [-1.0]], one), zeros)
    return wiring.affine(wiring.activate(signed, relu), kron([[1.0, -1.0]], one), zeros[: size_of(wire)])


def _constant(wiring: Wiring, values: Array) -> Wire:
    return wiring.affine(wiring.input, np.zeros((len(values), size_of(wiring.input))), values)


def _balance(net: MLP, layers: Layers, powers: list[Array], variables: list[int]) -> list[Array]:
    """Return powers of two, about |v|/max(z, 0)^(p - 1) at points of a box, of each layer as (variables, units)."""
    lo, hi = (np.full(net.dim, end) for end in (-1.0, 1.0))
    if isinstance(net, PolynomialNetwork):
        lo, hi = net._origin[:2]
    h = lo + (hi - lo) * fill_cube(net.dim, _POINTS)
    u = np.repeat(np.eye(net.dim)[variables], len(h), axis=0)  # variable by variable, the points of each
    scales = []
    for weight, bias, p in zip(layers.weights, layers.biases, powers, strict=False):
        z, v = h @ weight.T + bias, u @ weight.T
        r = np.maximum(z, 0) ** (p - 1)
        over, under = np.abs(v).reshape(len(variables), len(h), -1).max(axis=1), r.max(axis=0)
        # Of a unit that is 0 at the points the squares of v cancel but for their rounding: v is made small.
        ratio = over / np.where(under > 0, under, _SMALL)
        known = np.isfinite(ratio) & (ratio > 0)
        scales.append(power_of_two(np.where(known, np.clip(ratio, _LEAST_RATIO, 1 / _LEAST_RATIO), 0)))
        h, u = np.maximum(z, 0) ** p, p * np.tile(r, (len(variables), 1)) * v
    return scales


def _powers(name: str, activation: Activation, units: int) -> Array:
    """Return the power of each unit of a layer; ValueError unless all have one, from 2 on."""
    powers = [(power_of(part.name) if part.function is None else 0, n) for part, n in parts_of(activation, units)]
    if not all(power >= 2 for power, _ in powers):
        raise ValueError(
            f"{name} was {activation.name!r}; 'repu2' to 'repu{LARGEST_POWER}' are accepted: the derivative "
            "of another is no sum of units max(z, 0)^p, that of 'relu' jumps"
        )
    return np.concatenate([np.full(n, power) for power, n in powers])


def _units(powers: Array) -> Activation:
    """Return the activation of a layer of units of these powers."""
    return mix((repu(p), len(list(run))) for p, run in groupby(powers.tolist()))


def _formula(widths: tuple[int, ...], powers: list[Array], count: int) -> Formula:
    """Return the units that the derivatives take where none is 0."""
    text, total = ["0"], 0
    for i, (width, p) in enumerate(zip(widths, powers, strict=True)):
        last, separate = i == len(widths) - 1, bool((p > 2).any())
        # r; z and h where another layer follows; v as two units, and four for its product with r.
        each = 1 + (0 if last else 1) if i == 0 else 1 + 6 * count + (0 if last else 1 + separate)
        text, total = [*text, f"{each} x {width}"], total + each * width
    theorem = f"derivatives by {count} of its variables (theorem: 13 x {sum(widths)} units for each)"
    return Formula(theorem, " + ".join(text[1:] or text), total)
