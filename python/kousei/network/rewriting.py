"""Theorem 3: the hidden units of one piecewise-linear activation as units of another.

In the place of a unit come a few others, and a constant for the layer above.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from kousei.activation import Activation, PiecewiseLinear, relu
from kousei.activation.mixed import mix, parts_of
from kousei.activation.named import resolve
from kousei.network.layers import Layers
from kousei.network.summary import Formula

Array = np.ndarray[Any, Any]

#: Kinks of an activation that makes ReLU everywhere. Of 6 it takes 161 copies, or twice as many; of 7 it would take
#: 385, and the larger the number the more they cancel.
MOST_KINKS = 6

_ACCEPTED = "a piecewise-linear activation, kousei.PiecewiseLinear, is accepted"


class Copies(NamedTuple):
    """Functions of z as constant + sum_k coef[k] h(scale[k] z + shift[k]): arrays (k, ...) and a constant (...)."""

    coef: Array
    scale: Array
    shift: Array
    constant: Array

    @classmethod
    def of(cls, *terms: tuple[Any, Any, Any], constant: Any) -> Copies:
        """Return the functions of these (coef, scale, shift)."""
        *flat, constant = np.broadcast_arrays(*(value for term in terms for value in term), constant)
        coef, scale, shift = (np.stack(flat[part::3]) for part in range(3))
        return cls(coef, scale, shift, constant)


#: A unit as it is.
_SAME = Copies.of((1.0, 1.0, [0.0]), constant=[0.0])


def to_relu(layers: Layers, kept: Callable[[Activation], bool] = lambda activation: False) -> Layers:
    """Return the layers with ReLU units, the same function on all of R; units of activations that are kept stay."""

    def copies(layer: int, activation: Any, units: slice) -> tuple[Activation, Copies]:
        return (activation, _SAME) if kept(activation) else (relu, in_relu(activation))

    return _replaced(layers, copies)


def formula_of_relu(layers: Layers) -> Formula:
    """Return the units that take the place of piecewise-linear ones: n + 1 for n kinks, one for ReLU itself."""
    terms = [
        (units, 1 if part == relu else len(part.kinks) + 1)
        for activation, bias in zip(layers.activations, layers.biases, strict=False)
        for part, units in parts_of(activation, len(bias))
        if isinstance(part, PiecewiseLinear)
    ]
    text = " + ".join(f"{units} x {each}" for units, each in terms) or "0"
    return Formula("to_relu", text, sum(units * each for units, each in terms))


def to_activation(layers: Layers, g: PiecewiseLinear, ranges: Sequence[tuple[Array, Array]]) -> Layers:
    """Return the layers with units of g, the same function where the pre-activations of each lie in its range."""
    for i, ends in enumerate(ranges):
        if not np.isfinite(ends).all():
            raise ValueError(
                f"layer {i} overflows on the bounds; bounds on which its pre-activations are finite are accepted"
            )

    def relu_units(layer: int, units: slice, outer: Copies) -> Copies:
        ends = np.stack([outer.scale * end[units] + outer.shift for end in ranges[layer]])
        return in_activation(g, ends.min(axis=0), ends.max(axis=0))

    return _by_way_of_relu(layers, g, relu_units)


def to_activation_everywhere(layers: Layers, g: PiecewiseLinear) -> Layers:
    """Return the layers with units of g, the same function on all of R."""
    found = in_activation_everywhere(g)
    return _by_way_of_relu(layers, g, lambda layer, units, outer: found)


def _by_way_of_relu(layers: Layers, g: PiecewiseLinear, relu_units: Callable[[int, slice, Copies], Copies]) -> Layers:
    def copies(layer: int, activation: PiecewiseLinear, units: slice) -> tuple[Activation, Copies]:
        if activation == g:
            return g, _SAME
        outer = in_relu(activation)
        inner = relu_units(layer, units, outer)  # (..., k, units), of ReLU k
        parts = outer.coef * inner.coef, outer.scale * inner.scale, inner.scale * outer.shift + inner.shift
        coef, scale, shift = (part.reshape(-1, part.shape[-1]) for part in parts)
        return g, Copies(coef, scale, shift, outer.constant + (outer.coef * inner.constant).sum(axis=0))

    return _replaced(layers, copies)


def check_piecewise_linear(layers: Layers) -> None:
    """Raise ValueError unless every hidden unit is piecewise linear."""
    for i, activation in enumerate(layers.activations):
        if not all(isinstance(part, PiecewiseLinear) for part, _ in parts_of(activation, len(layers.biases[i]))):
            raise ValueError(f"activations[{i}] was {activation.name!r}; {_ACCEPTED}")


def check_target(g: Activation | str) -> PiecewiseLinear:
    """Return the activation to rewrite with; ValueError unless it is piecewise linear and not affine."""
    target = resolve(g, "g")
    if not isinstance(target, PiecewiseLinear):
        raise ValueError(f"g was {target.name!r}; {_ACCEPTED}")
    if len(set(target.slopes)) == 1:
        raise ValueError(
            f"g was {target.name!r}, of slope {target.slopes[0]:.6g} everywhere; one whose slope changes is "
            "accepted, as sums of affine units are affine"
        )
    return target


def _replaced(layers: Layers, copies_of: Callable[[int, Any, slice], tuple[Activation, Copies]]) -> Layers:
    """Return the layers with others in the place of all units: `copies_of` layer, activation, units."""
    from scipy.sparse import csr_array

    weights, biases, activations = list(layers.weights), list(layers.biases), []
    for i, activation in enumerate(layers.activations):
        units, first = len(biases[i]), 0
        found, constant, functions = [], np.zeros(units), []
        for part, count in parts_of(activation, units):
            span = slice(first, first + count)
            function, (*parts, constant[span]) = copies_of(i, part, span)
            coef, scale, shift = (np.broadcast_to(array, (len(array), count)).T for array in parts)
            source, copy = np.nonzero(coef)
            functions.append((function, len(source)))
            found.append((source + first, coef[source, copy], scale[source, copy], shift[source, copy]))
            first += count
        source, coef, scale, shift = map(np.concatenate, zip(*found, strict=True))
        if not len(source):  # all units were constant, and a layer has one
            source, coef, scale, shift = np.zeros(1, np.int64), np.zeros(1), np.zeros(1), np.zeros(1)
            functions = [(function, 1)]
        activations.append(mix(part for part in functions if part[1]))
        number = np.arange(len(source))
        biases[i + 1] = biases[i + 1] + weights[i + 1] @ constant
        weights[i + 1] = weights[i + 1] @ csr_array((coef, (source, number)), shape=(units, len(source)))
        biases[i] = scale * biases[i][source] + shift
        weights[i] = csr_array((scale, (number, source)), shape=(len(source), units)) @ weights[i]
    return Layers(weights, biases, activations)


def in_relu(g: PiecewiseLinear) -> Copies:
    """Return g as one function, (k, 1), of ReLU, with the fewest copies.

    At an anchor t the slopes on its two sides are R(t - z) and R(z - t), and every other kink is its jump of slope
    times R, of z on the right of the anchor and of -z on its left.
    """
    jumps = np.diff(g.slopes)
    anchors = range(len(g.kinks))
    copies = [np.count_nonzero(g.slopes[i : i + 2]) + np.count_nonzero(np.delete(jumps, i)) for i in anchors]
    # Of equal ones the nearest to 0: the sum rounds in proportion to it.
    anchor = min(anchors, key=lambda i: (copies[i], abs(g.kinks[i])))
    t = g.kinks[anchor]
    terms = [(-g.slopes[anchor], -1.0, [t]), (g.slopes[anchor + 1], 1.0, [-t])]
    for i in anchors:
        if i != anchor:
            sign = 1.0 if i > anchor else -1.0
            terms.append((jumps[i], sign, [-sign * g.kinks[i]]))
    return Copies.of(*terms, constant=[g.values[anchor]])


def in_activation(g: PiecewiseLinear, lower: Array, upper: Array) -> Copies:
    """Return ReLU on each [lower, upper] in copies of g: the fewest, and of those what rounds least.

    Where it is 0 or z on all of it that is enough.
    """
    reach, nothing = np.maximum(-lower, upper), np.zeros(lower.shape)
    tried = [(_identity(g, lower, upper), lower >= 0)]
    tried += [(Copies.of((nothing, nothing, nothing), constant=nothing), upper <= 0)]
    tried += [(_at_kink(g, i, lower, upper), lower <= upper) for i in np.flatnonzero(np.diff(g.slopes)).tolist()]
    counts = [np.where(fits, np.count_nonzero(copies.coef, axis=0), np.inf) for copies, fits in tried]
    options = [copies for copies, _ in tried]
    return _least(options, counts, [rounding(g, copies, reach) for copies in options])


def rounding(g: PiecewiseLinear, copies: Copies, reach: Array) -> Array:
    """Return a bound on the rounding of copies of g at |z| <= reach, in float64.

    Each has an argument, a value on a piece, a product and a part of the constant to round.
    """
    steep, kinks = np.abs(g.slopes).max(), np.abs(g.kinks).max()
    largest = steep * (np.abs(copies.scale) * reach + np.abs(copies.shift) + kinks) + np.abs(g(copies.shift))
    return 4 * np.finfo(np.float64).eps * (np.abs(copies.coef) * largest).sum(axis=0)


def _least(options: list[Copies], *costs: list[Array]) -> Copies:
    """Return of each function the option of the least cost; the later costs decide among equals."""
    best = np.lexsort([np.stack(cost) for cost in reversed(costs)], axis=0)[:1]
    rows = max(len(copies.coef) for copies in options)

    def chosen(values: Iterable[Array]) -> Array:
        filled = [np.concatenate([array, np.zeros((rows - len(array), *array.shape[1:]))]) for array in values]
        return np.take_along_axis(np.stack(filled), best[:, None], axis=0)[0]

    coefs, scales, shifts, constants = zip(*options, strict=True)
    constant = np.take_along_axis(np.stack(constants), best, axis=0)[0]
    return Copies(chosen(coefs), chosen(scales), chosen(shifts), constant)


def _at_kink(g: PiecewiseLinear, i: int, lower: Array, upper: Array) -> Copies:
    """Return ReLU on [lower, upper] by the pieces on the two sides of a kink."""
    t, value = g.kinks[i], g.values[i]
    left, right = g.slopes[i : i + 2]
    before = t - g.kinks[i - 1] if i > 0 else math.inf
    beyond = g.kinks[i + 1] - t if i + 1 < len(g.kinks) else math.inf
    if left == 0:
        scale = _scale(lower, upper, before, beyond)
        return Copies.of((1 / (scale * right), scale, t), constant=-value / (scale * right))
    if right == 0:
        scale = _scale(-upper, -lower, before, beyond)
        return Copies.of((-1 / (scale * left), -scale, t), constant=value / (scale * left))
    if left * right > 0:
        reach = np.maximum(-lower, upper)
        scale = _scale(-reach, reach, before, beyond)
        cross = scale * (right - left) * (right + left)
        constant = -value / (scale * (right - left))
        return Copies.of((right / cross, scale, t), (left / cross, -scale, t), constant=constant)
    # Around a kink as that of |z| both signs of z say the same, and z itself comes from another piece.
    scale = _scale(lower, upper, before, beyond)
    jump, line = right - left, _identity(g, lower, upper)
    constant = -value / (scale * jump) - left / jump * line.constant
    (coef,), (of_line,), (shift,) = line[:3]
    return Copies.of((1 / (scale * jump), scale, t), (-left / jump * coef, of_line, shift), constant=constant)


def _identity(g: PiecewiseLinear, lower: Array, upper: Array) -> Copies:
    """Return z on [lower, upper] by one piece of g, the one that rounds least."""
    ends = (-math.inf, *g.kinks, math.inf)
    reach, tried = np.maximum(-lower, upper), []
    for slope, start, stop in zip(g.slopes, ends, ends[1:], strict=False):
        if slope == 0:
            continue
        scale = _scale(-reach, reach, (stop - start) / 2, (stop - start) / 2)
        if math.isfinite(stop - start):
            shift = np.full(lower.shape, (start + stop) / 2)
        else:
            shift = start + np.maximum(-lower, 0) if math.isfinite(start) else stop - np.maximum(upper, 0)
        tried.append(Copies.of((1 / (scale * slope), scale, shift), constant=-g(shift) / (scale * slope)))
    return _least(tried, [rounding(g, copies, reach) for copies in tried])


def _scale(lower: Array, upper: Array, before: float, beyond: float) -> Array:
    """Return the largest powers of two that bring [lower, upper] into [-before, beyond]; 1 where all do."""
    with np.errstate(divide="ignore"):
        fits = np.minimum(before / np.maximum(-lower, 0), beyond / np.maximum(upper, 0))
    _, exponent = np.frexp(fits)
    return np.where(np.isinf(fits), 1.0, np.ldexp(1.0, exponent - 1))


def in_activation_everywhere(g: PiecewiseLinear) -> Copies:
    """Return ReLU on all of R as one function, (k, 1, 1), of g; ValueError where that cannot be.

    Copies of g, E(c, s) = s g(t_1 + (z - c)/s), whose kinks lie at c + s (t_i - t_1) if s > 0, add up to a function f
    of one kink, at 0, and the slopes a_0/S and a_n/S, S = a_n - a_0. Of f(z) and f(-z) ReLU is a sum.
    """
    jumps = np.diff(g.slopes)
    t, jumps = np.asarray(g.kinks)[jumps != 0], jumps[jumps != 0]
    first, last = g.slopes[0], g.slopes[-1]
    if abs(first) == abs(last):
        raise ValueError(
            f"g was {g.name!r}, of slopes {first:.6g} and {last:.6g}, of one modulus, on the far left and right: "
            "so are those of every sum of its units, and the 0 and 1 of ReLU would take a skip connection; different "
            "moduli are accepted, or bounds in the place of everywhere=True"
        )
    if len(t) > MOST_KINKS:
        raise ValueError(f"g was {g.name!r}, of {len(t)} kinks; at most {MOST_KINKS} are accepted on all of R")
    weight, c, s = _one_kink(t - t[0], jumps)
    coef, scale, shift = (part[:, None, None] for part in (weight * s, 1 / s, t[0] - c / s))
    f_at_zero = math.fsum((coef * g(shift)).ravel())
    sides = np.concatenate([share / (first + last) * coef for share in (last, first)])
    scales, shifts = np.concatenate([scale, -scale]), np.concatenate([shift, shift])
    return Copies(sides, scales, shifts, np.full((1, 1), -f_at_zero))


def _one_kink(t: Array, jumps: Array) -> tuple[Array, Array, Array]:
    """Return (weight, c, s) of the E(c, s) that add up to a function of one kink, at 0, where its slope rises by 1.

    With kinks t_1 = 0 < t_2 < ... < t_n and jumps D_i of sum S these are, for m = 1, ..., n - 1, the
    -(-1)^m C(n-1, m)/S E(0, m), and for i = 2, ..., n and every subset U of 2, ..., n the
    (-1)^|U| D_i/(D_1 S) E(|U| t_i, s_0 - sum over k in U of t_i/t_k). Kink k is at the same place in the copies of U
    with and without k and vanishes, so that of the latter kink 1 is left, at |U| t_i, where the former have theirs.
    s_0 is larger than every such sum: a copy of negative s would have its kinks the other way round.
    """
    n, whole = len(t), jumps.sum()
    s_0 = 1 + float((t[-1] / t[1:]).sum())
    weights: dict[tuple[float, float], float] = {(0.0, 1.0): 1 / whole} if n == 1 else {}
    for m in range(1, n):
        weights[0.0, float(m)] = -((-1) ** m) * math.comb(n - 1, m) / whole
    for i in range(1, n):
        for size in range(n):
            for chosen in combinations(range(1, n), size):
                copy = size * t[i], s_0 - sum(t[i] / t[k] for k in chosen)
                weights[copy] = weights.get(copy, 0.0) + (-1) ** size * jumps[i] / (jumps[0] * whole)
    c, s = np.array(list(weights)).T
    return np.array(list(weights.values())), c, s
