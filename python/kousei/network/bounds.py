"""Bounds on what a network computes on a box: by intervals, or by straight lines around its activations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kousei._lib import arrays
from kousei._lib.boxes import check_bounds
from kousei._lib.errors import check_choice
from kousei.network import relaxation
from kousei.network.layers import Layers, layers_of

if TYPE_CHECKING:
    from kousei.network.mlp import MLP

Array = np.ndarray[Any, Any]
Interval = tuple[Array, Array]

#: Numbers of a matrix of slopes that are held at a time.
_BLOCK = 1 << 22


@dataclass(frozen=True, eq=False)
class Bounds:
    """What a network can compute on a box, see `MLP.bounds`.

    Parameters
    ----------
    lower, upper : numpy.ndarray (outputs,)
        Of the outputs.
    layers : tuple of (lower, upper)
        Of the pre-activations, W h + b, of each layer, (units,) each. The last layer's are those of the outputs.
    overflow : dict
        For "float32" and "float64" the first layer, counted from 0, in which a network of that dtype can overflow on
        the box, or None: a parameter, a coordinate, a sum |W| |h| + |b| or a value of an activation is beyond the
        largest finite number. Bounds on the layers from there on are for values that are finite.
    """

    lower: Array
    upper: Array
    layers: tuple[Interval, ...]
    overflow: dict[str, int | None]


class _Layer(NamedTuple):
    lower: Array
    upper: Array
    #: |W| |h| + |b|.
    reach: Array
    #: Largest number met in the layer.
    largest: float


def bounds(net: MLP, box: Sequence[tuple[float, float]], method: str = "interval") -> Bounds:
    """Bound what the network and each of its layers can compute on a box.

    Parameters
    ----------
    box : sequence of (lo, hi)
        One pair for each input.
    method : {"interval", "linear"}
        "interval" goes from layer to layer by intervals. "linear", which is CROWN, bounds each layer by linear
        functions of the input besides, and is never wider; it takes a product of matrices for each layer and each
        layer below it.

    Returns
    -------
    Bounds
        `lower` and `upper` of the outputs, `layers`, those of the pre-activations of each layer, as NumPy arrays
        of float64, and `overflow`, the first layer that can overflow in float32 and in float64.

    Raises
    ------
    TypeError
        If an activation is a function in Python, whose range is not known.
    ValueError
        If lo > hi, a bound is not finite, or they are not one for each input.

    Notes
    -----
    They hold for what the network computes in its dtype, layer by layer, underflow and precision="fast" aside.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> net = kousei.MLP([np.array([[1.0], [-1.0]]), np.ones((1, 2))], [np.zeros(2), np.zeros(1)], ["relu"])
    >>> net.bounds([(-1, 2)]).upper.round(6)
    array([3.])
    >>> net.bounds([(-1, 2)], "linear").upper.round(6)
    array([2.])
    >>> net.bounds([(-1, 1e38)]).overflow
    {'float32': None, 'float64': None}
    """
    return bounds_of(layers_of(net), check_bounds(box, "box", net.dim, flat=True), net.dtype, method)


def bounds_of(layers: Layers, box: Interval, dtype: np.dtype[Any], method: str) -> Bounds:
    """Bound what layers compute on a box, as `MLP.bounds` does."""
    check_choice("method", method, "interval", "linear")
    for i, activation in enumerate(layers.activations):
        relaxation.check_known(f"activations[{i}]", activation)
    intervals = {name: propagate(layers, box, float(np.finfo(name).eps)) for name in ("float32", "float64")}
    overflow = {name: _first_overflow(found, float(np.finfo(name).max)) for name, found in intervals.items()}
    ends = [(layer.lower, layer.upper) for layer in intervals[dtype.name]]
    if method == "linear":
        found = propagate(layers, box, float(np.finfo(dtype).eps), linear=True)
        # Of tighter intervals below, an interval is no wider up to rounding.
        ends = [
            (np.maximum(lower, layer.lower), np.minimum(upper, layer.upper))
            for (lower, upper), layer in zip(ends, found, strict=True)
        ]
    return Bounds(*ends[-1], tuple(ends), overflow)


def _first_overflow(found: list[_Layer], largest: float) -> int | None:
    return next((i for i, layer in enumerate(found) if not layer.largest <= largest), None)


def propagate(layers: Layers, box: Interval, eps: float, *, linear: bool = False) -> list[_Layer]:
    """Return bounds on the pre-activations of each layer, as computed with rounding to `eps`, in whatever order.

    A sum of n products and a bias is off by at most (n + 1) eps/2 of |W| |h| + |b|; (n + 4) eps of it is allowed for,
    which covers the rounding of the bounds too.
    """
    found: list[_Layer] = []
    lines: list[relaxation.Lines] = []
    lower, upper = box
    with np.errstate(over="ignore", invalid="ignore"):
        for i, (weight, bias) in enumerate(zip(layers.weights, layers.biases, strict=True)):
            rising, falling = _signs(weight)
            size = np.maximum(np.abs(lower), np.abs(upper))
            reach = rising @ size - falling @ size + np.abs(bias)
            margin = (weight.shape[1] + 4) * eps * reach
            least = rising @ lower + falling @ upper + bias - margin
            most = rising @ upper + falling @ lower + bias + margin
            if linear and i > 0:
                below, above = _by_lines(layers, box, found, lines, margin, eps)
                least, most = np.fmax(least, below), np.fmin(most, above)
            finite = np.isfinite(reach)
            least, most = np.where(finite, least, -np.inf), np.where(finite, most, np.inf)
            largest = [size.max(), rising.max(), -falling.min(), (reach + margin).max()]
            if i < len(layers.activations):
                activation = layers.activations[i]
                lower, upper = relaxation.image(activation, least, most, eps)
                largest += [-lower.min(), upper.max()]
                if linear:
                    lines.append(relaxation.lines(activation, least, most, eps))
            found.append(_Layer(least, most, reach, float(np.max(largest))))
    return found


def _by_lines(
    layers: Layers, box: Interval, below: list[_Layer], lines: list[relaxation.Lines], margin: Array, eps: float
) -> Interval:
    """Return bounds on the pre-activations of the next layer, as linear functions of the input: CROWN.

    H. Zhang et al., "Efficient neural network robustness certification with general activation functions" (2018).
    From W h + b downwards each h gives way to the line above it where its slope is positive, and to the one below it
    where it is negative.
    """
    i = len(below)
    weight, (lo, hi) = layers.weights[i], box
    size = np.maximum(np.abs(lo), np.abs(hi))
    ends: list[Array] = []
    block = max(1, _BLOCK // (2 * max(array.shape[1] for array in layers.weights[: i + 1])))
    for start in range(0, len(margin), block):
        rows = slice(start, start + block)
        slopes = arrays.dense(weight[rows])
        # The largest values of W h + b, and of its negative.
        slopes = np.concatenate([slopes, -slopes])
        offset = np.concatenate([layers.biases[i][rows], -layers.biases[i][rows]]) + np.tile(margin[rows], 2)
        for j in range(i - 1, -1, -1):
            rising, falling = _signs(slopes)
            offset = offset + rising @ lines[j].above_offset + falling @ lines[j].below_offset
            slopes = rising * lines[j].above + falling * lines[j].below
            rounding = (sum(layers.weights[j].shape) + 8) * eps * below[j].reach
            offset = offset + slopes @ layers.biases[j] + np.abs(slopes) @ rounding
            slopes = slopes @ layers.weights[j]
        rising, falling = _signs(slopes)
        offset = offset + (len(lo) + 4) * eps * (np.abs(slopes) @ size)
        ends.append((rising @ hi + falling @ lo + offset).reshape(2, -1))
    most, negative = np.concatenate(ends, axis=1)
    return -negative, most


def _signs(matrix: Any) -> tuple[Any, Any]:
    """Return the positive and the negative part of a matrix, dense or sparse."""
    if arrays.is_sparse(matrix):
        return matrix.maximum(0), matrix.minimum(0)
    return np.maximum(matrix, 0), np.minimum(matrix, 0)
