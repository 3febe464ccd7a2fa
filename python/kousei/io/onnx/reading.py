"""Networks from ONNX models."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from kousei.io.chain import write
from kousei.io.onnx.builder import Builder, Computed
from kousei.io.onnx.graph import parse, read_graph
from kousei.io.onnx.operators import OPERATORS, run
from kousei.network import MLP

if TYPE_CHECKING:
    import onnx


def from_onnx(source: str | os.PathLike[str] | bytes | onnx.ModelProto) -> MLP:
    """Return the network that an ONNX model computes.

    Parameters
    ----------
    source : path, bytes or onnx.ModelProto
        A model of one input (points, values), float32 or float64, and one output, of opset 13 to 28. Its graph may
        branch and meet again. Operators: Gemm, MatMul, Add, Sub, Mul, Div, Neg, Sum, Max, Min, Concat,
        BatchNormalization; Relu, LeakyRelu, PRelu, Clip, Abs, HardSigmoid, Shrink, Pow behind Relu; Sigmoid, Tanh,
        Erf, Atan, Gelu, Softplus, Swish; Constant, Identity, Cast, Dropout, Flatten, Reshape, Transpose, Squeeze,
        Unsqueeze. Weights are constants. Data in files of their own is read from the folder of the model alone.

    Returns
    -------
    MLP
        With NumPy arrays of the dtype of the input. Affine maps that follow one another are one; what skips a layer
        is carried over it by units that represent the identity, R(z) - R(-z), or R(z - m) + m where z >= m is known
        for an m between -2 and 0, which rounds as |m|.

    Raises
    ------
    TypeError
        If `source` is none of these.
    ValueError
        For a file that is malformed, truncated or larger than 2 GiB; operators that are not accepted, all of them
        named with their nodes; data outside the folder of the model; a product of two values that depend on the
        input, other than z Sigmoid(z) and Relu(z) Relu(z); and a network of over 2^24 numbers and 100 times those of
        its file.
    OSError
        If a file cannot be read.

    Notes
    -----
    An input of more axes, as images have it, has to be flattened first; the network takes its values in C order.
    Max(a, b) is b + R(a - b), which rounds as the larger of |a| and |b|; with a constant it is an activation, exact.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> net = kousei.MLP.random([2, 8, 1], rng=0)
    >>> same = kousei.io.from_onnx(kousei.io.to_onnx(net))
    >>> same
    MLP(2 -> 8 relu -> 1, float64, 33 parameters)
    >>> x = np.ones((1, 2))
    >>> bool(same(x) == net(x))
    True
    """
    model, folder = parse(source)
    try:
        return _network_of(model, folder)
    except ValueError as error:
        if not isinstance(source, str | os.PathLike):
            raise
        raise ValueError(f"{os.fspath(source)!r}: {error}") from None


def _network_of(model: Any, folder: str | None) -> MLP:
    graph = read_graph(model, folder, set(OPERATORS))
    builder = Builder(graph)
    values = builder.values
    with np.errstate(all="ignore"):  # what is not finite is refused where it becomes a weight
        for node in graph.nodes:
            missing = [name for name in node.inputs if name and name not in values]
            if missing:
                raise ValueError(f"{node} takes {missing[0]!r}, a second output; the first of a node is accepted")
            inputs = [values[name] if name else None for name in node.inputs]
            try:
                values[node.outputs[0]] = run(builder, node, inputs)
            except ValueError as error:
                raise error if str(node) in str(error) else ValueError(f"{node}: {error}") from None
    output = values.get(graph.output)
    if not isinstance(output, Computed) or len(output.shape) > 1:
        raise ValueError(f"output {graph.output!r} is not a row of values for each point that depends on it")
    return write("the model", builder.wiring, output.wire, graph.dtype)
