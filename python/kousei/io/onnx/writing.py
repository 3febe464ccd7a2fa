"""Networks as ONNX models."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kousei import activation as act
from kousei._lib import arrays
from kousei._lib.errors import check_integer, check_type
from kousei.activation import Activation, PiecewiseLinear
from kousei.activation.base import power_of
from kousei.activation.mixed import parts_of
from kousei.io.files import SignedLayer, layers_of_kind
from kousei.io.onnx.graph import LARGEST, OPSETS
from kousei.io.wording import leak, leaks, limits, reworded, threshold
from kousei.network import MLP
from kousei.packed import PackedSigns

if TYPE_CHECKING:
    import onnx

#: Smooth activations, and the operators of the same values; silu is z times Sigmoid(z).
_SMOOTH = {
    "logistic": "Sigmoid",
    "tanh": "Tanh",
    "erf": "Erf",
    "arctan": "Atan",
    "gelu": "Gelu",
    "silu": "Sigmoid",
    "softplus": "Softplus",
}
_GELU = 20  # the opset since which there is Gelu


def to_onnx(net: Any, path: str | os.PathLike[str] | None = None, *, opset: int = 20) -> onnx.ModelProto:
    """Return a network as an ONNX model, and write it into a file.

    Parameters
    ----------
    net : MLP or BinaryNetwork
        With activations that are piecewise linear, powers of ReLU, or logistic, tanh, erf, arctan, gelu, silu or
        softplus.
    path : path, optional
        Where to write the model.
    opset : int
        Version of ONNX's operators, 13 to 28; gelu needs 20.

    Returns
    -------
    onnx.ModelProto
        With the input "x" (points, dim) and the output "y" (points, outputs), also for one output, of the dtype of
        the network.

    Raises
    ------
    TypeError
        If `net` is not a network, `path` not a path, or `opset` not an integer.
    ValueError
        For activations that ONNX has no operators for, all of them named; another opset; or weights and biases of
        over 2 GiB.
    OSError
        If the file cannot be written.

    Notes
    -----
    Parameters are written as they are, and sparse weights dense. A layer of several activations becomes one Gemm for
    each, and their values side by side. Piecewise-linear activations that ONNX has no operator for become ReLU units,
    as by `MLP.to_relu`; so do leaky_relu, hardsigmoid and softshrink in float64, as ONNX has their parameters in
    float32. Powers of ReLU are ONNX's Pow behind Relu. The signs of a binary network are int8, and cast to the dtype
    of the network; its first layer is written out.

    Examples
    --------
    >>> import kousei
    >>> model = kousei.io.to_onnx(kousei.MLP.random([2, 8, 1], "hardtanh", rng=0))
    >>> [node.op_type for node in model.graph.node]
    ['Gemm', 'Clip', 'Gemm']
    """
    import onnx

    signed = layers_of_kind(net)
    if signed is None and not isinstance(net, MLP):
        raise TypeError(f"net was {type(net).__name__}; a kousei.MLP or kousei.BinaryNetwork is accepted")
    # Not a number, of a file that is open.
    check_type("path", path, str | bytes | os.PathLike | None, "a str, bytes or os.PathLike")
    target = None if path is None else os.fspath(path)
    check_integer("opset", opset, OPSETS[0], OPSETS[-1])
    graph = _Graph(net.dtype, opset)
    if signed is None:
        _write_layers(graph, net)
    else:
        _write_signed(graph, signed)
    graph.nodes[-1].output[0] = "y"
    opsets = [onnx.helper.make_opsetid("", opset)]
    model = onnx.helper.make_model(
        graph.proto(net.dim, net.outputs),
        producer_name="kousei",
        opset_imports=opsets,
        ir_version=onnx.helper.find_min_ir_version_for(opsets),
    )
    if target is not None:
        onnx.save_model(model, target, format="protobuf")  # whatever its suffix
    return model


def _write_layers(graph: _Graph, net: MLP) -> None:
    dtype, opset = graph.dtype, graph.opset
    net = reworded(net, lambda activation, units: _said(activation, units, dtype, opset), f"ONNX of opset {opset}")
    _check_size(dtype.itemsize * sum(rows * (columns + 1) for columns, rows in pairwise(net.sizes)))
    values = "x"
    for layer, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
        activation = net.activations[layer] if layer < len(net.activations) else None
        values = graph.layer(
            f"layer{layer}", values, arrays.to_host(arrays.dense(weight)), arrays.to_host(bias), activation
        )


def _write_signed(graph: _Graph, layers: Sequence[SignedLayer]) -> None:
    _check_size(
        sum(
            bias.nbytes + (math.prod(weight.shape) if isinstance(weight, PackedSigns) else weight.nbytes)
            for weight, bias, _ in layers
        )
    )
    unsaid = [
        f"{part.name} in hidden layer {i}"
        for i, (_, bias, activation) in enumerate(layers)
        for part, _ in ([] if activation is None else parts_of(activation, len(bias)))
        if not isinstance(part, PiecewiseLinear) and not _power(part)
    ]
    if unsaid:
        raise ValueError(f"net has activations that are not positively homogeneous: {', '.join(unsaid)}")
    values = "x"
    for i, (weight, bias, activation) in enumerate(layers):
        values = graph.gemm(f"layer{i}", values, weight, bias)
        if activation is not None:
            values = graph.homogeneous(f"layer{i}", values, activation, len(bias))


def _check_size(size: int) -> None:
    if size > LARGEST:
        raise ValueError(f"net has {size} bytes of weights and biases; at most {LARGEST} are accepted")


class _Graph:
    """Nodes and constants, as they come."""

    def __init__(self, dtype: np.dtype[Any], opset: int) -> None:
        self.dtype, self.opset = dtype, opset
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def proto(self, dim: int, outputs: int) -> Any:
        """Return the graph from x to y."""
        import onnx

        kind = onnx.helper.np_dtype_to_tensor_dtype(self.dtype)
        x, y = (
            onnx.helper.make_tensor_value_info(name, kind, ["points", values])
            for name, values in (("x", dim), ("y", outputs))
        )
        return onnx.helper.make_graph(self.nodes, "kousei", [x], [y], self.constants)

    def layer(self, name: str, x: str, weight: Any, bias: Any, activation: Activation | None) -> str:
        """Add a layer, one Gemm for each of its activations; return what its values are called."""
        if activation is None:
            return self.gemm(name, x, weight, bias)
        slopes = leaks(activation, len(bias)) if self.dtype == np.float32 else None
        if slopes is not None:
            values = self.gemm(name, x, weight, bias)
            return self._node(name, "PRelu", values, self._constant(f"{name}.slopes", slopes))
        parts, joined, first = parts_of(activation, len(bias)), [], 0
        for number, (part, units) in enumerate(parts):
            own = name if len(parts) == 1 else f"{name}.{number}"
            rows = slice(first, first + units)
            joined.append(self._activate(own, self.gemm(own, x, weight[rows], bias[rows]), part))
            first += units
        return joined[0] if len(parts) == 1 else self._node(name, "Concat", *joined, axis=1)

    def _activate(self, name: str, z: str, activation: Activation) -> str:
        word = _word(activation, self.dtype, self.opset)
        assert word is not None
        if word.operator == "Pow":
            z = self._node(name, "Relu", z)
        given = [
            "" if number is None else self._constant(f"{name}.{word.operator}.{i}", number)
            for i, number in enumerate(word.constants)
        ]
        values = self._node(name, word.operator, z, *given, **word.attributes)
        return self._node(name, "Mul", z, values) if activation.name == "silu" else values

    def homogeneous(self, name: str, z: str, activation: Activation, units: int) -> str:
        """Apply functions that are linear but for a kink at 0, or powers of ReLU, each of its unit."""
        parts = parts_of(activation, units)
        if len(parts) == 1 and _word(parts[0][0], self.dtype, self.opset) is not None:
            return self._activate(name, z, parts[0][0])
        slopes = [part.slopes if isinstance(part, PiecewiseLinear) else (0, 1) for part, n in parts for _ in range(n)]
        powers = [_power(part) or 1 for part, n in parts for _ in range(n)]
        below, above = np.array(slopes).T
        over = self._node(f"{name}.above", "Relu", z)
        if max(powers) > 1:
            over = self._node(f"{name}.above", "Pow", over, self._constant(f"{name}.powers", powers))
        under = self._node(f"{name}.below", "Relu", self._node(name, "Neg", z))
        terms = [
            self._node(side, "Mul", values, self._constant(f"{side}.slopes", each))
            for side, values, each in ((f"{name}.above", over, above), (f"{name}.below", under, below))
        ]
        return self._node(name, "Sub", *terms)

    def gemm(self, name: str, x: str, weight: Any, bias: Any) -> str:
        """Add weight @ x + bias; signs are held in bytes."""
        if isinstance(weight, PackedSigns):
            import onnx

            signs = self._constant(f"{name}.signs", arrays.to_host(weight.unpack(np.int8)), np.int8)
            kind = onnx.helper.np_dtype_to_tensor_dtype(self.dtype)
            factor = self._node(name, "Cast", signs, to=kind)
        else:
            factor = self._constant(f"{name}.weight", weight)
        return self._node(name, "Gemm", x, factor, self._constant(f"{name}.bias", bias), transB=1)

    def _node(self, name: str, operator: str, *inputs: str, **attributes: Any) -> str:
        import onnx

        output = f"{name}.{operator}"
        self.nodes.append(onnx.helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def _constant(self, name: str, value: Any, dtype: Any = None) -> str:
        import onnx

        array = np.ascontiguousarray(value, dtype or self.dtype)
        self.constants.append(onnx.numpy_helper.from_array(array, name))
        return name


class _Word(NamedTuple):
    """An operator, its constants behind the values (None: not given), and its attributes."""

    operator: str
    constants: tuple[float | None, ...] = ()
    attributes: Mapping[str, float] = MappingProxyType({})


def _said(activation: Activation, units: int, dtype: np.dtype[Any], opset: int) -> list[bool]:
    """Return, of each part of a layer, whether ONNX has an operator for it."""
    return [_word(part, dtype, opset) is not None for part, _ in parts_of(activation, units)]


def _power(activation: Activation) -> int:
    """Return p of max(z, 0)^p, 0 of other functions."""
    return power_of(activation.name) if activation.function is None else 0


def _word(activation: Activation, dtype: np.dtype[Any], opset: int) -> _Word | None:
    """Return the operator of an activation; None if there is none."""
    if not isinstance(activation, PiecewiseLinear):
        known = type(activation) is Activation and activation.function is None
        if not known or (activation.name == "gelu" and opset < _GELU):
            return None
        if power := _power(activation):
            return _Word("Pow", (power,))
        return _Word(_SMOOTH[activation.name]) if activation.name in _SMOOTH else None
    if activation in (act.relu, act.abs):
        return _Word("Relu" if activation == act.relu else "Abs")
    kink = activation.kinks[0]
    if (cut := limits(activation)) is not None:
        return _Word("Clip", cut)
    if activation.value == kink and activation.slopes in ((0, 1), (1, 0)):
        return _Word("Clip", (kink,) if activation.slopes[0] == 0 else (None, kink))
    # What follows has its parameters in float32.
    if dtype != np.float32:
        return None
    if (slope := leak(activation)) is not None:
        return _Word("LeakyRelu", attributes={"alpha": slope})
    if (shift := threshold(activation)) is not None:
        return _Word("Shrink", attributes={"lambd": shift, "bias": shift})
    slope, offset = activation.slopes[1], activation.intercepts[1]
    if activation.slopes == (0, slope, 0) and slope > 0 and activation == act.hardsigmoid(slope, offset):
        return _Word("HardSigmoid", attributes={"alpha": slope, "beta": offset})
    return None
