"""What an ONNX model says: one input, one output and the nodes between, in order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from kousei._lib.errors import said
from kousei.io.onnx.tensors import TensorReader, dtype_of, name_of

#: Versions of ONNX's operators that are read and written: in these, those that are known mean the same.
OPSETS = range(13, 29)

LARGEST = 2**31 - 1  # bytes of a model, by protobuf
_NOT_UTF_8 = "the model has names that are not UTF-8"
_ACCEPTED_OPSETS = f"{OPSETS[0]} to {OPSETS[-1]} are accepted"


@dataclass(frozen=True)
class Node:
    """One operation."""

    operator: str  # after its domain, where that is not ONNX's own
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]  # numbers, bytes, lists and arrays; None for what is none of these

    def __str__(self) -> str:
        return f"{self.operator} ({self.name!r})"


@dataclass(frozen=True)
class Graph:
    """The part of a model that its output depends on."""

    input: str
    shape: tuple[int, ...]  # of one point
    batch: int | None  # extent of the first axis, where it is fixed
    dtype: np.dtype[Any]
    constants: dict[str, np.ndarray[Any, Any]]
    nodes: tuple[Node, ...]
    output: str


def parse(source: Any) -> tuple[Any, str | None]:
    """Return the ModelProto of a path, bytes or a ModelProto, and the folder it lies in."""
    import onnx
    from google.protobuf.message import DecodeError

    if isinstance(source, onnx.ModelProto):
        return source, None
    if isinstance(source, bytes | bytearray | memoryview):
        data, folder, what = bytes(source), None, "source"
        if not data:
            raise ValueError("source was empty, a model of opset none; an ONNX model is accepted")
    elif isinstance(source, str | os.PathLike):
        path = os.fspath(source)
        if os.path.getsize(path) > LARGEST:
            raise ValueError(f"{path!r} has {os.path.getsize(path)} bytes; at most {LARGEST} are accepted")
        with open(path, "rb") as file:
            data = file.read()
        folder, what = os.path.dirname(os.path.abspath(path)), repr(path)
    else:
        raise TypeError(f"source was {type(source).__name__}; a path, bytes or an onnx.ModelProto is accepted")
    try:
        return onnx.ModelProto.FromString(data), folder
    except UnicodeDecodeError:
        raise ValueError(_NOT_UTF_8) from None
    except DecodeError as error:
        raise ValueError(f"{what} is no ONNX model, or not all of one: {said(error)}") from None


def read_graph(model: Any, folder: str | None, known: set[str]) -> Graph:
    """Return the graph of a model whose operators are all known; ValueError for one that is not accepted."""
    if not all(isinstance(text, str) for text in _texts(model)):
        raise ValueError(_NOT_UTF_8)
    versions = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    if len(versions) != 1 or versions[0] not in OPSETS:
        said = ", ".join(map(str, versions)) or "none"
        raise ValueError(f"the model has opset {said}; {_ACCEPTED_OPSETS}, one of them")
    if model.functions:
        names = ", ".join(sorted(function.name for function in model.functions))
        raise ValueError(f"the model has functions: {names}; onnx.inliner.inline_local_functions writes them out")
    graph = model.graph
    if graph.sparse_initializer:
        raise ValueError("the model has sparse initializers; dense ones are accepted")
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in tensors]
    for what, values in (("inputs", inputs), ("outputs", list(graph.output))):
        if len(values) != 1:
            names = ", ".join(repr(value.name) for value in values)
            raise ValueError(f"the model has {len(values)} {what}{': ' * bool(names)}{names}; one is accepted")
    shape, batch, dtype = _points(inputs[0])
    reader = TensorReader(folder)
    needed = _needed(graph, inputs[0].name, tensors)
    _check_operators(needed, known)
    nodes = tuple(_node(node, name, reader) for node, name in needed)
    used = {name for node in nodes for name in node.inputs}
    constants = {name: reader.read(tensor, name) for name, tensor in tensors.items() if name in used}
    return Graph(inputs[0].name, shape, batch, dtype, constants, nodes, graph.output[0].name)


def _texts(model: Any) -> Iterator[Any]:
    """Yield the names a model has, which are bytes where they are damaged."""
    graph = model.graph
    yield from (entry.domain for entry in model.opset_import)
    yield from (named.name for named in (*model.functions, *graph.initializer, *graph.input, *graph.output))
    for node in graph.node:
        yield from (node.op_type, node.domain, node.name, *node.input, *node.output)
        yield from (attribute.name for attribute in node.attribute)


def _points(value: Any) -> tuple[tuple[int, ...], int | None, np.dtype[Any]]:
    """Return the shape of a point, the number of points if it is fixed, and the dtype, of the input of a model."""
    tensor = value.type.tensor_type
    dtype = dtype_of(tensor.elem_type)
    if dtype not in (np.float32, np.float64):
        kind = name_of(tensor.elem_type)
        raise ValueError(f"input {value.name!r} has type {kind}; tensors of FLOAT and DOUBLE are accepted")
    extents = [axis.dim_value if axis.HasField("dim_value") else None for axis in tensor.shape.dim]
    shape = tuple(extent for extent in extents[1:] if extent is not None and extent > 0)
    if len(extents) < 2 or len(shape) != len(extents) - 1 or (extents[0] is not None and extents[0] < 0):
        said = ["?" if extent is None else extent for extent in extents]
        raise ValueError(
            f"input {value.name!r} has shape {said}; (points, values) is accepted, with a fixed number of values"
        )
    return shape, extents[0], dtype


def _needed(graph: Any, given: str, tensors: dict[str, Any]) -> list[tuple[Any, str]]:
    """Return the nodes that the output depends on, in order, with a name each."""
    known = {given, *tensors}
    maker: dict[str, int] = {}
    for number, node in enumerate(graph.node):
        for name in node.input:
            if name and name not in known:
                raise ValueError(
                    f"{_label(node, number)} takes {name!r}, which is no input, no initializer "
                    "and no output of a node before it"
                )
        for name in node.output:
            if name and name in known:
                raise ValueError(f"{_label(node, number)} gives {name!r}, which is there already")
            if name:
                known.add(name)
                maker[name] = number
    output = graph.output[0].name
    if output not in maker and output != given:
        raise ValueError(f"output {output!r} does not depend on the input")
    todo, found = [output], set()
    while todo:
        number = maker.get(todo.pop(), -1)
        if number >= 0 and number not in found:
            found.add(number)
            todo.extend(graph.node[number].input)
    return [(graph.node[number], _name(graph.node[number], number)) for number in sorted(found)]


def _check_operators(nodes: list[tuple[Any, str]], known: set[str]) -> None:
    """Raise ValueError with all the operators that are not known, each with the nodes that have it."""
    unknown: dict[str, list[str]] = {}
    for node, name in nodes:
        if _operator(node) not in known:
            unknown.setdefault(_operator(node), []).append(repr(name))
    if unknown:
        lines = [
            f"{operator} ({', '.join(names[:3])}{f' and {len(names) - 3} more' if len(names) > 3 else ''})"
            for operator, names in sorted(unknown.items())
        ]
        raise ValueError(f"the model has operators that are not accepted: {'; '.join(lines)}")


def _operator(node: Any) -> str:
    return node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}"


def _name(node: Any, number: int) -> str:
    return node.name or next((name for name in node.output if name), f"node {number}")


def _label(node: Any, number: int) -> str:
    return f"{_operator(node)} ({_name(node, number)!r})"


def _node(node: Any, name: str, reader: TensorReader) -> Node:
    attributes = dict(_attribute(item, name, reader) for item in node.attribute)
    return Node(_operator(node), name, tuple(node.input), tuple(node.output), attributes)


def _attribute(item: Any, name: str, reader: TensorReader) -> tuple[str, Any]:
    kind = item.AttributeType.Name(item.type) if item.type in item.AttributeType.values() else ""
    field = {"FLOAT": "f", "INT": "i", "STRING": "s", "FLOATS": "floats", "INTS": "ints"}.get(kind)
    if item.ref_attr_name or (field is None and kind != "TENSOR"):
        return item.name, None
    if field is None:
        return item.name, reader.read(item.t, f"{name}.{item.name}")
    value = getattr(item, field)
    return item.name, list(value) if kind in ("FLOATS", "INTS") else value
