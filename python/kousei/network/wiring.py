"""Networks wired together: shared parts stand once, and what skips a layer passes it by ReLU identities."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei.activation import Activation, relu
from kousei.activation.mixed import mix, parts_of
from kousei.network.layers import nonzero, on_host
from kousei.network.mlp import MLP

#: A NumPy array or a SciPy sparse array.
Matrix = Any
Vector = np.ndarray[Any, Any]

#: A weight is stored sparse if it has at least this many entries, and at most this share of them is not zero: then a
#: layer is about twice as fast as a dense one at many points, and hardly slower at one.
_SPARSE_SIZE, _SPARSE_DENSITY = 4096, 0.125
#: R(z - m) + m rounds to eps |m|, whatever z: with a bound m below this one the digits of a small z would be lost.
_LEAST_BOUND = -2.0


@dataclass(eq=False)
class _Block:
    """Units of one hidden layer that came together, or the inputs."""

    level: int
    source: Wire | None  # their pre-activations; None: the inputs
    activation: Activation
    lower: Vector  # of each unit; -inf where none is known

    @property
    def units(self) -> int:
        return len(self.lower)

    def __post_init__(self) -> None:
        self.values = Piece(self.level, {self: None}, np.zeros(self.units), self.lower)


@dataclass(eq=False)
class Piece:
    """Numbers that are an affine function of the units of one layer."""

    level: int
    terms: dict[_Block, Matrix | None]  # None: the identity
    bias: Vector
    lower: Vector  # of each number; -inf where none is known
    lifted: Piece | None = field(default=None, repr=False)  # the same numbers one layer on

    @property
    def size(self) -> int:
        """How many numbers."""
        return len(self.bias)

    @property
    def carriers(self) -> int:
        """ReLU units that carry these numbers over a layer: R(z - lower), or R(z) and R(-z)."""
        return int(np.where(np.isfinite(self.lower), 1, 2).sum())


#: Numbers inside a network, in pieces that need not be functions of the same layer.
Wire = tuple[Piece, ...]


def size_of(wire: Wire) -> int:
    """Return how many numbers a wire carries."""
    return sum(piece.size for piece in wire)


class Wiring:
    """A network under construction, from inputs to what is to become its outputs.

    Each method takes wires and returns a new one; `network` writes the network of a wire down. A wire that is used
    twice is computed once.

    Parameters
    ----------
    dim : int
        Inputs of the network.
    lower : float
        A lower bound of the inputs, where there is one.
    """

    def __init__(self, dim: int, lower: float | Vector = -math.inf) -> None:
        inputs = _Block(0, None, relu, np.broadcast_to(np.asarray(lower, np.float64), (dim,)))
        self.input: Wire = (inputs.values,)
        self._blocks = [inputs]

    def affine(self, wire: Wire, weight: Matrix, bias: Vector) -> Wire:
        """Return weight @ wire + bias."""
        wire = self.lift(wire)
        terms: dict[_Block, Matrix] = {}
        total = np.asarray(bias, np.float64)
        lower = total
        first = 0
        for piece in wire:
            part = weight[:, first : first + piece.size]
            first += piece.size
            total = total + part @ piece.bias
            lower = lower + _lower_of(part, piece.lower)
            for block, matrix in piece.terms.items():
                product = part if matrix is None else part @ matrix
                terms[block] = terms[block] + product if block in terms else product
        return (Piece(wire[0].level, terms, total, _useful(lower)),)

    def concat(self, wires: Sequence[Wire]) -> Wire:
        """Return the numbers of all the wires, one after the other."""
        return tuple(piece for wire in wires for piece in wire)

    def activate(self, wire: Wire, activation: Activation) -> Wire:
        """Return activation(wire), the units of a new hidden layer."""
        wire = self.lift(wire)
        parts = parts_of(activation, size_of(wire))
        lower = np.concatenate([np.full(units, _useful(part.lower)) for part, units in parts])
        return (self._block(wire, activation, lower).values,)

    def apply(self, net: MLP, wire: Wire, level: int | None = None) -> Wire:
        """Return net(wire); where `level` is beyond, it is reached by identities at the cheapest place."""
        layers = [(on_host(w), on_host(b)) for w, b in zip(net.weights, net.biases, strict=True)]
        here = level_of(wire)
        extra = 0 if level is None else level - here - len(net.activations)
        spot = cheapest_spot(net, self.cost_of_lift(wire)) if extra > 0 else len(layers)
        for layer, (weight, bias) in enumerate(layers):
            if layer == spot:
                wire = self.lift(wire, level_of(wire) + extra)
            wire = self.affine(wire, weight, bias)
            if layer < len(net.activations):
                wire = self.activate(wire, net.activations[layer])
        return wire if level is None else self.lift(wire, level)

    def maximum(self, a: Wire, b: Wire) -> Wire:
        """Return max(a, b) = b + R(a - b), or with a and b exchanged where that is cheaper to carry."""
        a, b = self.align([a, b])
        if self.cost_of_lift(a) < self.cost_of_lift(b):
            a, b = b, a
        one = np.eye(size_of(a))
        two = np.hstack([one, -one]), np.hstack([one, one])
        over = self.activate(self.affine(self.concat([a, b]), two[0], np.zeros(len(one))), relu)
        return self.affine(self.concat([over, b]), two[1], np.zeros(len(one)))

    def align(self, wires: Sequence[Wire]) -> list[Wire]:
        """Return the wires, all as functions of the same layer."""
        level = max(level_of(wire) for wire in wires)
        return [self.lift(wire, level) for wire in wires]

    def lift(self, wire: Wire, level: int | None = None) -> Wire:
        """Return the wire as a function of the layer `level`, or of its own last one."""
        level = level_of(wire) if level is None else level
        return tuple(self._lift_to(piece, level) for piece in wire)

    def cost_of_lift(self, wire: Wire) -> int:
        """Return the units that it takes to lift a wire by a layer."""
        level = level_of(wire)
        return sum(min(piece.carriers, self._cost_of_passing(piece)) for piece in wire if piece.level == level)

    def network(self, wire: Wire, dtype: Any = np.float64) -> MLP:
        """Return the network whose outputs are those of the wire."""
        wire = self.lift(wire)
        used = {*_reachable(wire), self._blocks[0]}
        levels: list[list[_Block]] = [[] for _ in range(level_of(wire) + 1)]
        for block in self._blocks:
            if block in used:
                levels[block.level].append(block)
        weights, biases, activations = [], [], []
        for below, here in zip(levels, [*levels[1:], None], strict=True):
            sources = [wire] if here is None else [block.source for block in here if block.source is not None]
            rows = [piece for source in sources for piece in source]
            weights.append(_assemble(rows, below, dtype))
            biases.append(np.concatenate([piece.bias for piece in rows]).astype(dtype))
            if here is not None:
                activations.append(mix(part for b in here for part in parts_of(b.activation, b.units)))
        return MLP(weights, biases, activations)

    def _block(self, source: Wire, activation: Activation, lower: Vector) -> _Block:
        block = _Block(level_of(source) + 1, source, activation, lower)
        self._blocks.append(block)
        return block

    def _cost_of_passing(self, piece: Piece) -> int:
        return sum(block.values.carriers for block in piece.terms if block.values.lifted is None)

    def _lift_to(self, piece: Piece, level: int) -> Piece:
        while piece.level < level:
            if piece.lifted is None:
                # The numbers themselves pass the layer, or the units that they are functions of.
                alone = piece.carriers < self._cost_of_passing(piece)
                piece.lifted = self._carry(piece) if alone else self._pass(piece)
            piece = piece.lifted
        return piece

    def _pass(self, piece: Piece) -> Piece:
        units = [block.values for block in piece.terms]
        for values in units:
            values.lifted = values.lifted or self._carry(values)
        passed: Wire = tuple(values.lifted for values in units if values.lifted is not None)
        matrices = [_eye(piece.size) if matrix is None else matrix for matrix in piece.terms.values()]
        (lifted,) = self.affine(passed, _hstack(matrices), piece.bias)
        lifted.lower = piece.lower
        return lifted

    def _carry(self, piece: Piece) -> Piece:
        known = np.isfinite(piece.lower)
        shift = np.where(known, np.minimum(piece.lower, 0), 0)
        forward = _eye(piece.size)
        backward = forward[np.flatnonzero(~known)]
        both = _vstack([forward, -backward])
        source = self.affine((piece,), both, -(both @ shift)) if backward.shape[0] or shift.any() else (piece,)
        block = self._block(source, relu, np.zeros(both.shape[0]))
        matrix = both.T if backward.shape[0] else None
        return Piece(block.level, {block: matrix}, shift, piece.lower)


def level_of(wire: Wire) -> int:
    """Return the last layer whose units a wire is a function of; 0 for the inputs."""
    return max(piece.level for piece in wire)


def cheapest_spot(net: MLP, input_cost: int) -> int:
    """Return before which layer of a network, or behind all of them, an identity takes the fewest units."""
    costs = spot_costs(net, input_cost)
    return min(range(len(costs)), key=lambda spot: (costs[spot], -spot))


def spot_costs(net: MLP, input_cost: int) -> list[int]:
    """Return the units of an identity before each layer of a network, and behind the last."""
    hidden = [
        sum(units * (1 if np.isfinite(_useful(part.lower)) else 2) for part, units in parts_of(activation, size))
        for activation, size in zip(net.activations, net.sizes[1:], strict=False)
    ]
    return [input_cost, *hidden, 2 * net.outputs]


def _useful(lower: Any) -> Any:
    """Return lower bounds, -inf in the place of those that are not to be subtracted."""
    return np.where(np.asarray(lower) >= _LEAST_BOUND, lower, -math.inf)


def _reachable(wire: Wire) -> Iterator[_Block]:
    todo, seen = list(wire), set()
    while todo:
        for block in todo.pop().terms:
            if block not in seen:
                seen.add(block)
                yield block
                todo.extend(block.source or ())


def _lower_of(weight: Matrix, lower: Vector) -> Vector:
    """Return the lower bounds of weight @ z for z >= lower."""
    known = np.isfinite(lower)
    falling = (weight < 0).astype(np.float64) @ np.ones(len(lower))
    unbounded = (weight > 0).astype(np.float64) @ (~known).astype(np.float64)
    return np.where(falling + unbounded > 0, -math.inf, weight @ np.where(known, lower, 0.0))


def _assemble(rows: Sequence[Piece], columns: Sequence[_Block], dtype: Any) -> Matrix:
    """Return the weight of pieces that are functions of the units of `columns`; sparse where that pays."""
    cells = [
        [
            _eye(piece.size) if block in piece.terms and piece.terms[block] is None else piece.terms.get(block)
            for block in columns
        ]
        for piece in rows
    ]
    shape = sum(piece.size for piece in rows), sum(block.units for block in columns)
    stored = sum(nonzero(cell) for row in cells for cell in row if cell is not None)
    if math.prod(shape) >= _SPARSE_SIZE and stored <= _SPARSE_DENSITY * math.prod(shape):
        return _block_array(cells, rows, columns).astype(dtype)
    weight = np.zeros(shape, dtype)
    first_row = 0
    for piece, row in zip(rows, cells, strict=True):
        first = 0
        for block, cell in zip(columns, row, strict=True):
            if cell is not None:
                at = slice(first_row, first_row + piece.size), slice(first, first + block.units)
                weight[at] = arrays.dense(cell)
            first += block.units
        first_row += piece.size
    return weight


# SciPy is imported where it is used: it takes longer than all of this package.


def _block_array(cells: list[list[Matrix | None]], rows: Sequence[Piece], columns: Sequence[_Block]) -> Matrix:
    from scipy.sparse import block_array, csr_array

    filled = [
        [
            csr_array((piece.size, block.units)) if cell is None else csr_array(cell)
            for cell, block in zip(row, columns, strict=True)
        ]
        for row, piece in zip(cells, rows, strict=True)
    ]
    weight = block_array(filled, format="csr")
    weight.eliminate_zeros()
    weight.sum_duplicates()  # canonical: the kernels read it where it stands
    return weight


def _eye(size: int) -> Matrix:
    from scipy.sparse import eye_array

    return eye_array(size, format="csr")


def _hstack(matrices: Sequence[Matrix]) -> Matrix:
    from scipy.sparse import hstack

    return np.hstack(matrices) if not any(map(arrays.is_sparse, matrices)) else hstack(matrices, format="csr")


def _vstack(matrices: Sequence[Matrix]) -> Matrix:
    from scipy.sparse import vstack

    return vstack(matrices, format="csr")
