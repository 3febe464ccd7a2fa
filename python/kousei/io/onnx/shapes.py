"""Operators of ONNX that join values, or give them another shape or type; called as those of `operators.py`."""

from __future__ import annotations

import math

import numpy as np

from kousei.io.onnx import operands
from kousei.io.onnx.builder import Builder, Computed, Value
from kousei.io.onnx.graph import Node
from kousei.io.onnx.tensors import dtype_of, name_of


def concat(builder: Builder, node: Node, *values: Value, axis: int = 0) -> Value:
    """Join the values of points, or constants."""
    computed = [value for value in values if isinstance(value, Computed)]
    if computed:
        if len(computed) < len(values) or axis not in (1, -1):
            raise ValueError(f"{node} joins constants to points, or along axis {axis}; values of points are accepted")
        builder.spend(sum(value.size for value in computed), node)
        return builder.concat(computed)
    constants = [operands.constant(node, "an input", value) for value in values]
    if not all(-array.ndim <= axis < array.ndim for array in constants):
        raise ValueError(f"{node} has axis {axis}, which its inputs have not")
    builder.spend(sum(array.size for array in constants), node)
    return np.concatenate(constants, axis=axis)


def cast(
    builder: Builder, node: Node, x: Value, *, to: int = 0, saturate: int = 1, round_mode: bytes = b"up"
) -> Value:
    """Return points as they are, in the dtype of the network, or a constant in another one."""
    wanted = dtype_of(to)
    if isinstance(x, Computed):
        if wanted != builder.graph.dtype:
            raise ValueError(f"{node} makes {builder.graph.dtype} values {name_of(to)}; a network has one dtype")
        return x
    if wanted is None:
        raise ValueError(f"{node} makes a constant {name_of(to)}; real numbers and integers are accepted")
    builder.spend(x.size, node)
    return x.astype(wanted)


def flatten(builder: Builder, node: Node, x: Value, *, axis: int = 1) -> Value:
    """Return the values of each point in one row, or a constant as a matrix."""
    shape = (1, *x.shape) if isinstance(x, Computed) else x.shape
    if not -len(shape) <= axis <= len(shape):
        raise ValueError(f"{node} has axis {axis} and an input of {len(shape)} axes")
    axis = axis + len(shape) if axis < 0 else axis
    if isinstance(x, Computed):
        if axis != 1:
            raise ValueError(f"{node} has axis {axis}; 1 is accepted: what follows the points")
        return Computed(x.wire, (x.size,))
    return x.reshape(math.prod(shape[:axis]), math.prod(shape[axis:]))


def reshape(builder: Builder, node: Node, x: Value, shape: Value, *, allowzero: int = 0) -> Value:
    """Return the values of each point in one row, or a constant in any shape."""
    wanted = operands.integers(node, "a shape", shape)
    if isinstance(x, np.ndarray):
        filled = [x.shape[i] if n == 0 and not allowzero and i < x.ndim else n for i, n in enumerate(wanted)]
        return x.reshape(filled)
    points = {-1, *([0] if not allowzero else []), *([builder.graph.batch] if builder.graph.batch else [])}
    rest = {x.size, *([-1] if wanted[:1] != [-1] else []), *([0] if not allowzero and len(x.shape) == 1 else [])}
    if len(wanted) != 2 or wanted[0] not in points or wanted[1] not in rest:
        raise ValueError(f"{node} has the shape {wanted}; one row of {x.size} values for each point is accepted")
    return Computed(x.wire, (x.size,))


def transpose(builder: Builder, node: Node, x: Value, *, perm: list[int] = []) -> Value:  # noqa: B006
    """Permute the axes of a constant."""
    array = operands.constant(node, "an input", x)
    if perm and sorted(perm) != list(range(array.ndim)):
        raise ValueError(f"{node} has perm {perm} and an input of {array.ndim} axes")
    return array.transpose([int(axis) for axis in perm] or None)


def _axes(node: Node, axes: Value | None, rank: int) -> tuple[int, ...]:
    numbers = operands.integers(node, "axes", axes)
    positive = [axis + rank if axis < 0 else axis for axis in numbers]
    if len(set(positive)) < len(positive) or not all(0 <= axis < rank for axis in positive):
        raise ValueError(f"{node} has axes {numbers}; different ones of {rank} are accepted")
    return tuple(positive)


def squeeze(builder: Builder, node: Node, x: Value, axes: Value | None = None) -> Value:
    """Remove axes of 1 from a constant."""
    array = operands.constant(node, "an input", x)
    return array.squeeze(None if axes is None else _axes(node, axes, array.ndim))


def unsqueeze(builder: Builder, node: Node, x: Value, axes: Value) -> Value:
    """Add axes of 1 to a constant."""
    array = operands.constant(node, "an input", x)
    return np.expand_dims(array, _axes(node, axes, array.ndim + len(operands.integers(node, "axes", axes))))
