"""What the operators of a graph accept as an operand: a constant of some kind, or values that depend on the input."""

from __future__ import annotations

import numpy as np

from kousei.io.onnx.builder import Array, Computed, Value
from kousei.io.onnx.graph import Node


def constant(node: Node, what: str, value: Value | None) -> Array:
    """Return a constant of any kind."""
    if not isinstance(value, np.ndarray):
        raise ValueError(f"{node} has {what} that is not constant; a constant is accepted")
    return value


def real(node: Node, what: str, value: Value | None) -> Array:
    """Return a constant of real numbers."""
    array = constant(node, what, value)
    if array.dtype.kind != "f":
        raise ValueError(f"{node} has {what} of type {array.dtype}; real numbers are accepted")
    return array


def integers(node: Node, what: str, value: Value | None) -> list[int]:
    """Return the numbers of a constant, few and whole ones."""
    array = constant(node, what, value)
    if array.dtype.kind != "i" or array.ndim > 1 or array.size > 64:
        raise ValueError(f"{node} has {what} of type {array.dtype} and shape {array.shape}; integers are accepted")
    numbers: list[int] = array.reshape(-1).tolist()
    return numbers


def number(node: Node, what: str, value: Value | None) -> float:
    """Return a constant of one real number."""
    array = real(node, what, value)
    if array.size != 1:
        raise ValueError(f"{node} has {what} of shape {array.shape}; one number is accepted")
    return float(array.reshape(())[()])


def vector(node: Node, what: str, value: Value | None, size: int | None = None) -> Array:
    """Return a constant that is the same at every point, as one number or one for each value."""
    array = real(node, what, value)
    vector = array.reshape(-1)
    if array.ndim > 2 or (array.ndim == 2 and len(array) != 1) or (size is not None and len(vector) not in (1, size)):
        accepted = "(values,)" if size is None else f"({size},) or (1,)"
        raise ValueError(f"{node} has {what} of shape {array.shape}; {accepted} is accepted")
    if not len(vector):
        raise ValueError(f"{node} has {what} without numbers; one or more are accepted")
    return vector


def computed(node: Node, what: str, value: Value | None) -> Computed:
    """Return what depends on the input."""
    if not isinstance(value, Computed):
        raise ValueError(f"{node} has {what} that is constant; one that depends on the input is accepted")
    return value
