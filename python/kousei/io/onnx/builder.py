"""The network of a graph under construction: its values, and what they may take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from kousei._lib import arrays
from kousei.activation import Activation
from kousei.io.onnx.graph import Graph, Node
from kousei.network.wiring import Piece, Wire, Wiring, level_of, size_of

Array = np.ndarray[Any, Any]

#: A network may hold this many numbers, or this many times those of its file, whichever is more: in a few bytes a
#: file can repeat what is large.
_NUMBERS, _TIMES = 1 << 24, 100


@dataclass(frozen=True, eq=False)
class Computed:
    """Values that depend on the input, at every point."""

    wire: Wire
    shape: tuple[int, ...]  # of one point: (values,), or the axes of an input that is not flattened yet

    @property
    def size(self) -> int:
        """How many values."""
        return size_of(self.wire)


Value: TypeAlias = Array | Computed


class Builder:
    """Makes the values of a graph, one node after the other."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.made_by: dict[str, Node] = {node.outputs[0]: node for node in graph.nodes}
        attributes = [value for node in graph.nodes for value in node.attributes.values()]
        given = [*graph.constants.values(), *(value for value in attributes if isinstance(value, np.ndarray))]
        self._left = max(_NUMBERS, _TIMES * sum(array.size for array in given))
        self.spend(math.prod(graph.shape), f"input {graph.input!r}")
        self.wiring: Wiring = Wiring(math.prod(graph.shape))
        self.input: Computed = Computed(self.wiring.input, graph.shape)
        self.values: dict[str, Value] = {graph.input: self.input, **graph.constants}

    def spend(self, numbers: int, place: Node | str) -> None:
        """Count numbers that the network is going to hold; ValueError if they are too many for its file."""
        self._left -= numbers
        if self._left < 0:
            raise ValueError(
                f"{place} makes the network too large: over {_NUMBERS} numbers and {_TIMES} times those of its file"
            )

    def affine(self, node: Node, inputs: Sequence[Computed], weight: Any, bias: Array) -> Computed:
        """Return weight @ inputs + bias."""
        arrays.require_finite(str(node), weight, bias)
        wire = self._level([value.wire for value in inputs], node)
        rows = weight.shape[0]
        for piece in wire:
            if arrays.is_sparse(weight):  # of a few entries a column
                self.spend(_held(piece) * math.ceil(weight.nnz / weight.shape[1]), node)
            else:
                self.spend(rows * sum(block.units for block in piece.terms), node)
        return Computed(self.wiring.affine(wire, weight, np.asarray(bias, np.float64)), (rows,))

    def activate(self, node: Node, value: Computed, activation: Activation) -> Computed:
        """Return activation(value)."""
        wire = self._level([value.wire], node)
        self.spend(sum(map(_held, wire)), node)
        return Computed(self.wiring.activate(wire, activation), value.shape)

    def concat(self, values: Sequence[Computed]) -> Computed:
        """Return the values side by side."""
        wire = self.wiring.concat([value.wire for value in values])
        return Computed(wire, (size_of(wire),))

    def _level(self, wires: Sequence[Wire], node: Node) -> Wire:
        """Return the wires as one, all of it a function of one layer."""
        wire = self.wiring.concat(wires)
        level = level_of(wire)
        self.spend(sum((level - piece.level) * (2 * piece.size + _held(piece)) for piece in wire), node)
        return self.wiring.lift(wire)


def _held(piece: Piece) -> int:
    """Return how many numbers the matrices of a piece have, at least one for each of its own."""
    matrices = [matrix for matrix in piece.terms.values() if matrix is not None]
    return piece.size + sum(matrix.nnz if arrays.is_sparse(matrix) else matrix.size for matrix in matrices)
