"""What each operator of ONNX is in a network.

A function takes the builder, the node, its inputs, and its attributes by keyword, with the defaults of ONNX: its
signature is what a node is checked against.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence

import numpy as np

from kousei import activation as act
from kousei.activation import Activation, PiecewiseLinear
from kousei.activation.base import LARGEST_POWER
from kousei.activation.mixed import mix
from kousei.activation.named import resolve
from kousei.io.chain import diagonal
from kousei.io.onnx import operands, shapes
from kousei.io.onnx.builder import Array, Builder, Computed, Value
from kousei.io.onnx.graph import Node

Operator = Callable[..., Value]

_NOTHING: Array = np.zeros(0)


def run(builder: Builder, node: Node, inputs: Sequence[Value | None]) -> Value:
    """Return the first output of a node; ValueError if it is not what its operator accepts."""
    operator = OPERATORS[node.operator]
    _, _, *parameters = inspect.signature(operator).parameters.values()
    types = {p.name: type(p.default) for p in parameters if p.kind is p.KEYWORD_ONLY}
    for name, value in node.attributes.items():
        if not isinstance(value, types.get(name, ())):
            raise ValueError(f"{node} has an attribute {name!r} that is not accepted, or not of this type")
    places = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    least, most = sum(p.default is p.empty for p in places), len(places)
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        least, most = max(1, len(inputs)), len(inputs)
    if not least <= len(inputs) <= most or any(value is None for value in inputs[:least]):
        raise ValueError(f"{node} has the inputs {', '.join(map(repr, node.inputs))}, which are too few or too many")
    if node.operator not in _ANY_SHAPE:
        for value in inputs:
            if isinstance(value, Computed) and len(value.shape) > 1:
                raise ValueError(f"{node} takes points of shape {value.shape}; flattened ones are accepted")
    if any(isinstance(value, Computed) for value in inputs):
        for value in inputs:
            if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.dtype != builder.graph.dtype:
                raise ValueError(f"{node} has a constant of type {value.dtype}; that of the input is accepted")
    value = operator(builder, node, *inputs, **node.attributes)
    return value if isinstance(value, Computed) else np.asarray(value)


def _combine(builder: Builder, node: Node, *terms: tuple[int, Value]) -> Value:
    """Return the sum of values times their signs."""
    from scipy.sparse import csr_array, hstack

    constants = [
        np.asarray(sign * operands.real(node, "a term", value))
        for sign, value in terms
        if not isinstance(value, Computed)
    ]
    computed = [(sign, value) for sign, value in terms if isinstance(value, Computed)]
    if not computed:
        shape = np.broadcast_shapes(*(array.shape for array in constants))
        builder.spend(math.prod(shape), node)
        return sum(constants[1:], constants[0])
    vectors = [operands.vector(node, "a term", array) for array in constants]
    sizes = {*(value.size for _, value in computed), *map(len, vectors)} - {1} or {1}
    if len(sizes) > 1:
        raise ValueError(f"{node} has terms of {sorted(sizes)} values; as many, or one, are accepted")
    (size,) = sizes
    builder.spend(size * len(terms), node)
    blocks = [
        sign * (diagonal(np.ones(size)) if value.size == size else csr_array(np.ones((size, 1))))
        for sign, value in computed
    ]
    bias = sum((np.broadcast_to(vector, size) for vector in vectors), np.zeros(size))
    return builder.affine(node, [value for _, value in computed], hstack(blocks, format="csr"), bias)


def _scale(builder: Builder, node: Node, value: Computed, factors: Array) -> Computed:
    """Return a value times constants."""
    if value.size == 1 and len(factors) > 1:
        return builder.affine(node, [value], factors[:, None], np.zeros(len(factors)))
    builder.spend(value.size, node)
    weight = diagonal(np.broadcast_to(factors, value.size))
    return builder.affine(node, [value], weight, np.zeros(value.size))


def _activate(builder: Builder, node: Node, value: Value, activation: Activation) -> Value:
    if isinstance(value, Computed):
        return builder.activate(node, value, activation)
    array = operands.real(node, "an input", value)
    builder.spend(array.size, node)
    return activation(array)


def _unary(activation: Activation | str) -> Operator:
    def operator(builder: Builder, node: Node, x: Value) -> Value:
        return _activate(builder, node, x, resolve(activation))

    return operator


def _identity(builder: Builder, node: Node, x: Value) -> Value:
    return x


def _value(
    builder: Builder,
    node: Node,
    *,
    value: Array = _NOTHING,
    value_float: float = 0.0,
    value_floats: list[float] = [],  # noqa: B006
    value_int: int = 0,
    value_ints: list[int] = [],  # noqa: B006
) -> Value:
    if len(node.attributes) != 1:
        raise ValueError(f"{node} has {len(node.attributes)} values; one is accepted")
    ((name, given),) = node.attributes.items()
    return given if name == "value" else np.array(given, np.float32 if "float" in name else np.int64)


def _add(builder: Builder, node: Node, a: Value, b: Value) -> Value:
    return _combine(builder, node, (1, a), (1, b))


def _sub(builder: Builder, node: Node, a: Value, b: Value) -> Value:
    return _combine(builder, node, (1, a), (-1, b))


def _neg(builder: Builder, node: Node, x: Value) -> Value:
    return _combine(builder, node, (-1, x))


def _sum(builder: Builder, node: Node, *terms: Value) -> Value:
    return _combine(builder, node, *((1, term) for term in terms))


def _mul(builder: Builder, node: Node, a: Value, b: Value) -> Value:
    if isinstance(a, Computed) and isinstance(b, Computed):
        return _gate(builder, node, a, b)
    if isinstance(b, Computed):
        a, b = b, a
    if isinstance(a, Computed):
        return _scale(builder, node, a, operands.vector(node, "a factor", b, None if a.size == 1 else a.size))
    return _folded(builder, node, np.multiply, a, b)


def _gate(builder: Builder, node: Node, a: Computed, b: Computed) -> Value:
    """Return z times Sigmoid(z), which is how silu is written, or the square of Relu(z); no others are known."""
    for this, that, value in ((0, 1, a), (1, 0, b)):
        other = builder.made_by.get(node.inputs[that])
        if other is not None and other.operator == "Sigmoid" and other.inputs == (node.inputs[this],):
            return builder.activate(node, value, resolve("silu"))
    rectified = _rectified(builder, node.inputs[0])
    if rectified is not None and node.inputs[0] == node.inputs[1]:
        return builder.activate(node, rectified, act.repu(2))
    accepted = "z and Sigmoid(z), or Relu(z) by itself, are accepted"
    raise ValueError(f"{node} multiplies two values that depend on the input; {accepted}")


def _pow(builder: Builder, node: Node, x: Value, power: Value) -> Value:
    """Return the powers of Relu(z), which are functions of z; no others are known."""
    powers = operands.constant(node, "powers", power)
    if powers.dtype.kind == "i":
        powers = powers.astype(x.dtype if isinstance(x, np.ndarray) else builder.graph.dtype)
    if isinstance(x, np.ndarray):
        return _folded(builder, node, np.power, x, powers)
    value = _rectified(builder, node.inputs[0])
    if value is None:
        raise ValueError(f"{node} takes the power of {node.inputs[0]!r}; that of a Relu is accepted")
    powers = operands.vector(node, "powers", powers, value.size)
    if not np.isin(powers, range(1, LARGEST_POWER + 1)).all():
        raise ValueError(f"{node} has powers {powers}; integers from 1 to {LARGEST_POWER} are accepted")
    parts = mix((act.repu(int(p)), 1) for p in np.broadcast_to(powers, value.size))
    return builder.activate(node, value, parts)


def _rectified(builder: Builder, name: str) -> Computed | None:
    """Return z where a value is Relu(z)."""
    node = builder.made_by.get(name)
    value = builder.values[node.inputs[0]] if node is not None and node.operator == "Relu" else None
    return value if isinstance(value, Computed) else None


def _div(builder: Builder, node: Node, a: Value, b: Value) -> Value:
    divisor = operands.real(node, "a divisor", b)
    if isinstance(a, Computed):
        divisors = operands.vector(node, "a divisor", b, None if a.size == 1 else a.size)
        return _scale(builder, node, a, 1 / divisors.astype(np.float64))
    return _folded(builder, node, np.divide, a, divisor)


def _folded(builder: Builder, node: Node, function: Callable[..., Array], a: Value, b: Value) -> Value:
    one, two = operands.real(node, "an input", a), operands.real(node, "an input", b)
    builder.spend(math.prod(np.broadcast_shapes(one.shape, two.shape)), node)
    return function(one, two)


def _matmul(builder: Builder, node: Node, a: Value, b: Value) -> Value:
    return _gemm(builder, node, a, b)


def _gemm(
    builder: Builder,
    node: Node,
    a: Value,
    b: Value,
    c: Value | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
) -> Value:
    points = operands.computed(node, "a first factor", a)
    weight = operands.real(node, "a second factor", b)
    weight = weight.T if transB else weight
    if transA or weight.ndim != 2 or len(weight) != points.size or not weight.size:
        flag = ", transposed" if transA else ""
        raise ValueError(
            f"{node} multiplies points of {points.size} values{flag} by a matrix of shape {weight.shape}; "
            f"({points.size}, outputs) is accepted, the points not transposed"
        )
    size = weight.shape[1]
    bias = np.zeros(size)
    if isinstance(c, np.ndarray):
        bias = beta * np.broadcast_to(operands.vector(node, "an addend", c, size), size).astype(np.float64)
    product = builder.affine(node, [points], alpha * weight.T.astype(np.float64), bias)
    if isinstance(c, Computed):
        return _combine(builder, node, (1, product), (1, _scale(builder, node, c, np.array([beta]))))
    return product


def _leaky_relu(builder: Builder, node: Node, x: Value, *, alpha: float = float(np.float32(0.01))) -> Value:
    return _activate(builder, node, x, act.leaky_relu(alpha))


def _prelu(builder: Builder, node: Node, x: Value, slope: Value) -> Value:
    value = operands.computed(node, "an input", x)
    slopes = operands.vector(node, "slopes", slope, value.size)
    return builder.activate(node, value, act.prelu(slopes) if len(slopes) > 1 else act.leaky_relu(float(slopes[0])))


def _clip(builder: Builder, node: Node, x: Value, low: Value | None = None, high: Value | None = None) -> Value:
    least = -math.inf if low is None else operands.number(node, "a minimum", low)
    most = math.inf if high is None else operands.number(node, "a maximum", high)
    if not least < most:
        raise ValueError(f"{node} has the minimum {least} and the maximum {most}; a smaller minimum is accepted")
    largest = float(np.finfo(builder.graph.dtype).max)  # which stands for no limit
    if least <= -largest and most >= largest:
        return x
    if most >= largest:
        return _activate(builder, node, x, PiecewiseLinear([least], [0, 1], least, name="clip"))
    if least <= -largest:
        return _activate(builder, node, x, PiecewiseLinear([most], [1, 0], most, name="clip"))
    return _activate(builder, node, x, act.relu6 if (least, most) == (0, 6) else act.hardtanh(least, most))


def _hard_sigmoid(
    builder: Builder, node: Node, x: Value, *, alpha: float = float(np.float32(0.2)), beta: float = 0.5
) -> Value:
    if not alpha > 0:
        raise ValueError(f"{node} has alpha {alpha}; a positive one is accepted")
    return _activate(builder, node, x, act.hardsigmoid(alpha, beta))


def _shrink(builder: Builder, node: Node, x: Value, *, bias: float = 0.0, lambd: float = 0.5) -> Value:
    if bias != lambd:
        raise ValueError(f"{node} has bias {bias} and lambd {lambd}, and jumps; equal ones are accepted")
    return _activate(builder, node, x, act.softshrink(lambd))


def _gelu(builder: Builder, node: Node, x: Value, *, approximate: bytes = b"none") -> Value:
    if approximate != b"none":
        raise ValueError(f"{node} has approximate {approximate.decode(errors='replace')!r}; 'none' is accepted")
    return _activate(builder, node, x, resolve("gelu"))


def _swish(builder: Builder, node: Node, x: Value, *, alpha: float = 1.0) -> Value:
    if alpha != 1:
        raise ValueError(f"{node} has alpha {alpha}; 1 is accepted")
    return _activate(builder, node, x, resolve("silu"))


def _extreme(sign: int) -> Operator:
    def operator(builder: Builder, node: Node, *values: Value) -> Value:
        """Return max(a, b) = b + R(a - b), or min(a, b) = b - R(b - a); with a constant, that of each value."""
        wiring = builder.wiring
        result, *others = values
        for a in others:
            b = result
            if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
                result = _folded(builder, node, np.maximum if sign > 0 else np.minimum, a, b)
                continue
            if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
                value, limits = (b, a) if isinstance(b, Computed) else (a, b)
                result = _limit(builder, node, operands.computed(node, "an input", value), limits, sign)
                continue
            # b is to pass the layer of the difference.
            passing = [wiring.cost_of_lift(v.wire) for v in (a, b)]
            a, b = (a, b) if passing[1] <= passing[0] else (b, a)
            over = _activate(builder, node, _combine(builder, node, (sign, a), (-sign, b)), act.relu)
            result = _combine(builder, node, (sign, over), (1, b))
        return result

    return operator


def _limit(builder: Builder, node: Node, value: Computed, given: Value, sign: int) -> Value:
    """Return the larger (sign 1) or the smaller (-1) of a value and constants, without a difference that rounds."""
    limits = operands.vector(node, "a limit", given, None if value.size == 1 else value.size).astype(np.float64)
    if value.size == 1 and len(limits) > 1:
        value = _scale(builder, node, value, np.ones(len(limits)))
    largest = float(np.finfo(builder.graph.dtype).max)  # which stands for no limit
    limits = np.maximum(limits, -largest) if sign > 0 else np.minimum(limits, largest)
    if (sign * limits == -largest).all():
        return value
    builder.spend(value.size, node)
    slopes = [0, 1] if sign > 0 else [1, 0]
    each = [
        # z itself, which a kink at the largest number is not in ReLU units
        act.leaky_relu(1) if sign * limit == -largest else PiecewiseLinear([limit], slopes, limit, name="clip")
        for limit in limits.tolist()
    ]
    return builder.activate(node, value, each[0] if len(each) == 1 else mix((part, 1) for part in each))


def _batch_normalization(
    builder: Builder,
    node: Node,
    x: Value,
    scale: Value,
    shift: Value,
    mean: Value,
    variance: Value,
    *,
    epsilon: float = float(np.float32(1e-5)),
    momentum: float = 0.9,
    training_mode: int = 0,
) -> Value:
    if training_mode or len([name for name in node.outputs if name]) > 1:
        raise ValueError(f"{node} is in training mode; inference is accepted")
    value = operands.computed(node, "an input", x)
    named = {"scale": scale, "B": shift, "mean": mean, "variance": variance}
    each = {name: operands.vector(node, name, array, value.size).astype(np.float64) for name, array in named.items()}
    factor = np.broadcast_to(each["scale"] / np.sqrt(each["variance"] + epsilon), value.size)
    return builder.affine(node, [value], diagonal(factor), each["B"] - factor * each["mean"])


def _dropout(
    builder: Builder, node: Node, x: Value, ratio: Value | None = None, mode: Value | None = None, *, seed: int = 0
) -> Value:
    if mode is not None and operands.constant(node, "training_mode", mode).any():
        raise ValueError(f"{node} is in training mode; inference is accepted")
    return x


OPERATORS: dict[str, Operator] = {
    "Abs": _unary(act.abs),
    "Add": _add,
    "Atan": _unary(act.arctan),
    "BatchNormalization": _batch_normalization,
    "Cast": shapes.cast,
    "Clip": _clip,
    "Concat": shapes.concat,
    "Constant": _value,
    "Div": _div,
    "Dropout": _dropout,
    "Erf": _unary(act.erf),
    "Flatten": shapes.flatten,
    "Gelu": _gelu,
    "Gemm": _gemm,
    "HardSigmoid": _hard_sigmoid,
    "Identity": _identity,
    "LeakyRelu": _leaky_relu,
    "MatMul": _matmul,
    "Max": _extreme(1),
    "Min": _extreme(-1),
    "Mul": _mul,
    "Neg": _neg,
    "PRelu": _prelu,
    "Pow": _pow,
    "Relu": _unary(act.relu),
    "Reshape": shapes.reshape,
    "Shrink": _shrink,
    "Sigmoid": _unary(act.logistic),
    "Softplus": _unary("softplus"),
    "Squeeze": shapes.squeeze,
    "Sub": _sub,
    "Sum": _sum,
    "Swish": _swish,
    "Tanh": _unary(act.tanh),
    "Transpose": shapes.transpose,
    "Unsqueeze": shapes.unsqueeze,
}
#: Operators that take points which are not flattened.
_ANY_SHAPE = {"Cast", "Dropout", "Flatten", "Identity", "Reshape"}
