"""Networks of signs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from kousei._lib.boxes import Bounds, check_bounds
from kousei.network import MLP
from kousei.network.bounds import bounds_of
from kousei.network.evaluation import check_points
from kousei.network.layers import Layers

Array = np.ndarray[Any, Any]

#: Numbers of hidden values, and of weights, that are held at a time by an evaluation.
_BLOCK = 1 << 22


class ErrorBound(NamedTuple):
    """Bound on the error of a binary network on a box, see `BinaryNetwork.error_bound`.

    Parameters
    ----------
    layers : tuple of float
        What rounding the weights of each layer but the first to signs contributes.
    kind : {"proven"}
        Of real arithmetic: the rounding of the parameters to the dtype, and that of the evaluation, are not in it.
    """

    layers: tuple[float, ...]
    kind: str

    @property
    def total(self) -> float:
        """Sum of the parts."""
        return math.fsum(self.layers)


@dataclass(frozen=True)
class BinarySummary:
    """Sizes of a binary network.

    Attributes
    ----------
    sizes : tuple of int
        Units of each layer, from the inputs to the outputs.
    real : int
        Real parameters: of the first layer, and of biases that are not all 0.
    generic : tuple of int
        `sizes` by Theorem 4 for weights without zeros or ties, decomposed in chains.
    """

    sizes: tuple[int, ...]
    real: int
    generic: tuple[int, ...]

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of each hidden layer."""
        return self.sizes[1:-1]

    @property
    def binary(self) -> int:
        """Parameters that are signs."""
        return _signs(self.sizes)

    @property
    def generic_binary(self) -> int:
        """Signs of the widths by Theorem 4: k^2 l + k^2 l^2 m for hidden layers of m and l units and k outputs."""
        return _signs(self.generic)

    @property
    def ratio(self) -> float:
        """Signs, as a part of those by Theorem 4; nan without hidden layers."""
        return self.binary / self.generic_binary if self.generic_binary else math.nan

    def __str__(self) -> str:
        lines = [f"{'layer':>5} {'inputs':>8} {'outputs':>8} {'generic':>8}  weights"]
        for number, (inputs, outputs, generic) in enumerate(
            zip(self.sizes, self.sizes[1:], self.generic[1:], strict=False)
        ):
            lines.append(f"{number:>5} {inputs:>8} {outputs:>8} {generic:>8}  {'signs' if number else 'real'}")
        lines.append(f"real parameters {self.real}, signs {self.binary}")
        if self.generic_binary:
            lines.append(f"Theorem 4: generically {self.generic_binary} signs; these are {self.ratio:.3g} of them")
        return "\n".join(lines)


def _signs(sizes: tuple[int, ...]) -> int:
    return sum(outputs * inputs for inputs, outputs in pairwise(sizes[1:]))


@dataclass(frozen=True, eq=False, repr=False)
class BinaryNetwork:
    """A ReLU network whose weights are -1 or +1 on every layer but the first, which is real; made by `binarize`.

    Parameters
    ----------
    first : tuple of arrays (units, dim) and (units,)
        The real affine map at the inputs: its weight and bias.
    signs : tuple of arrays (outputs of the layer, inputs of the layer) of int8
        -1 and +1, of each layer after it. A hidden layer of which nothing is left has no units.
    biases : tuple of arrays (outputs of the layer,)
        One for each of these; zeros for bias="strict".
    source : Layers
        The ReLU network it stands for, with a unit for the constant where bias="strict".
    errors : tuple of arrays (inputs of the layer of `source`,)
        For each layer of signs, by how much it can differ from the weights of a column.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> net = kousei.MLP([np.array([[1.0], [-1.0]]), np.array([[3.0, 2.0]])], [np.zeros(2), np.ones(1)], ["relu"])
    >>> binary = kousei.binarize(net)
    >>> binary.first
    (array([[ 3.],
           [-2.]]), array([0., 0.]))
    >>> binary.signs
    (array([[1, 1]], dtype=int8),)
    >>> binary(np.array([[-1.0], [2.0]]))
    array([3., 7.])
    """

    first: tuple[Array, Array]
    signs: tuple[Array, ...]
    biases: tuple[Array, ...]
    source: Layers
    errors: tuple[Array, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units of each layer, from the inputs to the outputs."""
        weight, _ = self.first
        return (weight.shape[1], len(weight), *map(len, self.signs))

    @property
    def dim(self) -> int:
        """Inputs of the network."""
        return self.sizes[0]

    @property
    def outputs(self) -> int:
        """Outputs of the network."""
        return self.sizes[-1]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of the real parameters and of the points the network accepts."""
        return self.first[0].dtype

    def __repr__(self) -> str:
        chain, sizes = " -> ".join(map(str, self.sizes)), self.summary()
        return f"BinaryNetwork({chain}, {self.dtype.name}, {sizes.real} real numbers, {sizes.binary} signs)"

    def __call__(self, x: Array, /) -> Array:
        """Evaluate the network.

        Parameters
        ----------
        x : numpy.ndarray (..., dim)
            Points, of the dtype of the network.

        Returns
        -------
        numpy.ndarray (...) or (..., outputs)
            Of the dtype of `x`; without the last axis for a network with one output.

        Raises
        ------
        TypeError
            If `x` is not a NumPy array of the network's dtype.
        ValueError
            If its last axis is not `dim`.
        """
        if not isinstance(x, np.ndarray) or isinstance(x, np.ma.MaskedArray):
            raise TypeError(f"x was {type(x).__name__}; a NumPy array, without a mask, is accepted")
        weight, bias = self.first
        batch = check_points(self, x, weight)
        points = x.reshape(math.prod(batch), self.dim)
        values = np.empty((len(points), self.outputs), self.dtype)
        block = max(1, _BLOCK // max(self.sizes))
        for start in range(0, len(points), block):
            hidden = points[start : start + block] @ weight.T + bias
            for signs, offset in zip(self.signs, self.biases, strict=True):
                hidden = _applied(signs, np.maximum(hidden, 0)) + offset
            values[start : start + block] = hidden
        return values.reshape(batch if self.outputs == 1 else (*batch, self.outputs))

    def to_mlp(self) -> MLP:
        """Return the network as an MLP, its signs as numbers.

        A hidden layer without units becomes one with a unit that is 0.

        Returns
        -------
        MLP
            Of NumPy arrays.

        Examples
        --------
        >>> import kousei
        >>> kousei.binarize(kousei.MLP.random([2, 4, 3, 2], "relu", rng=0)).to_mlp()
        MLP(2 -> 24 relu -> 6 relu -> 2, float64, 236 parameters)
        """
        weights = [self.first[0], *(signs.astype(self.dtype) for signs in self.signs)]
        biases = [self.first[1], *self.biases]
        for i, bias in enumerate(biases):
            if len(bias) == 0:
                # Below it there is no unit either: all that is 0 up to the layer above.
                fill = 1 if i else 0
                weights[i] = np.full((1, weights[i].shape[1]), fill, self.dtype)
                weights[i + 1] = np.ones((len(weights[i + 1]), 1), self.dtype)
                biases[i] = np.zeros(1, self.dtype)
        return MLP(weights, biases, ["relu"] * len(self.signs))

    def error_bound(self, box: Bounds) -> ErrorBound:
        """Bound the difference of the outputs from those of the network this one was made from.

        Parameters
        ----------
        box : sequence of (lo, hi)
            One pair for each input.

        Returns
        -------
        ErrorBound
            Of the largest difference of an output on the box, in real arithmetic; 0 for an exact method.

        Raises
        ------
        ValueError
            If lo > hi, a bound is not finite, or they are not one for each input.

        Notes
        -----
        With alpha_p / N the error of column p of layer l, h_p the largest value on the box of the unit of the given
        network that it takes, by `MLP.bounds` with the method "linear", and W_t the inputs of the signs of layer t,
        layer l contributes (prod over t > l of W_t) sum_p (alpha_p / N) h_p.

        Examples
        --------
        >>> import kousei
        >>> net = kousei.MLP.random([2, 4, 3, 2], "relu", rng=0)
        >>> kousei.binarize(net).error_bound([(-1, 1), (-1, 1)]).total
        0.0
        >>> bound = kousei.binarize(net, "bits", bits=16).error_bound([(-1, 1), (-1, 1)])
        >>> 0 < bound.total < 0.1
        True
        """
        ends = check_bounds(box, "box", self.dim, flat=True)
        if not any(error.any() for error in self.errors):
            return ErrorBound((0.0,) * len(self.signs), "proven")
        reached = bounds_of(self.source, ends, np.dtype(np.float64), "linear").layers
        parts, amplification = [], 1.0
        for signs, error, (_, upper) in reversed(list(zip(self.signs, self.errors, reached, strict=False))):
            parts.append(amplification * float(error @ np.maximum(upper, 0)))
            amplification *= signs.shape[1]
        return ErrorBound(tuple(reversed(parts)), "proven")

    def summary(self) -> BinarySummary:
        """Sizes, beside those of Theorem 4 for weights without zeros or ties.

        Returns
        -------
        BinarySummary
            Printed, it is a table.

        Examples
        --------
        >>> import kousei
        >>> print(kousei.binarize(kousei.MLP.random([2, 4, 3, 2], "relu", rng=0), "bits", bits=4).summary())
        layer   inputs  outputs  generic  weights
            0        2       16       24  real
            1       16       12        6  signs
            2       12        2        2  signs
        real parameters 62, signs 216
        Theorem 4: generically 156 signs; these are 1.38 of them
        """
        biases = [self.first[1], *self.biases]
        real = self.first[0].size + sum(bias.size for bias in biases if bias.any())
        generic = [self.outputs]
        for weight in reversed(self.source.weights[1:]):
            generic.insert(0, generic[0] * weight.shape[1])
        return BinarySummary(self.sizes, real, (self.dim, *generic))


def _applied(signs: Array, hidden: Array) -> Array:
    """Return hidden @ signs.T, with few of the signs held as numbers at a time."""
    values = np.empty((len(hidden), len(signs)), hidden.dtype)
    block = max(1, _BLOCK // max(1, signs.shape[1]))
    for start in range(0, len(signs), block):
        rows = slice(start, start + block)
        values[:, rows] = hidden @ signs[rows].T.astype(hidden.dtype)
    return values
