"""Damaged ONNX models: a network or a ValueError, whatever the damage."""

from typing import Any

import numpy as np
import pytest

import kousei
from kousei.activation import Mixed

onnx = pytest.importorskip("onnx")

from onnx import helper, numpy_helper  # noqa: E402


def written() -> list[bytes]:
    """Models of many operators, a few hundred bytes each."""
    rng = np.random.default_rng(0)
    mixed = Mixed([("relu", 1), ("hardtanh", 1), ("leaky_relu", 1), ("hardsigmoid", 1), ("tanh", 1)])
    nets = [
        kousei.MLP.random([2, 5, 1], mixed, rng=rng).astype("float32"),
        kousei.MLP.random([2, 3, 2], "abs", rng=rng),
    ]
    return [kousei.io.to_onnx(net).SerializeToString() for net in nets] + [branched(rng)]


def branched(rng: np.random.Generator) -> bytes:
    arrays = {
        "w": rng.normal(size=(3, 4)),
        "b": rng.normal(size=4),
        "v": np.ones(4),
        "s": np.array([-1, 4]),
        "z": np.array([0]),
        "c": rng.normal(size=(1, 4, 2)),
    }
    nodes = [
        helper.make_node("Flatten", ["x"], ["f"], axis=1),
        helper.make_node("Gemm", ["f", "w", "b"], ["g"], alpha=0.5, beta=2.0),
        helper.make_node("BatchNormalization", ["g", "v", "b", "b", "v"], ["n"]),
        helper.make_node("PRelu", ["n", "b"], ["p"]),
        helper.make_node("Max", ["p", "g", "b"], ["m"]),
        helper.make_node("Min", ["m", "g"], ["i"]),
        helper.make_node("Concat", ["i", "g"], ["j"], axis=1),
        helper.make_node("Squeeze", ["c", "z"], ["d"]),
        helper.make_node("Concat", ["d", "d"], ["e"], axis=0),
        helper.make_node("MatMul", ["j", "e"], ["k"]),
        helper.make_node("Constant", [], ["q"], value=numpy_helper.from_array(np.array([0.5, -0.5]))),
        helper.make_node("Sub", ["k", "q"], ["l"]),
        helper.make_node("Clip", ["l"], ["o"]),
        helper.make_node("Transpose", ["d"], ["r"], perm=[1, 0]),
        helper.make_node("MatMul", ["o", "r"], ["t"]),
        helper.make_node("Reshape", ["t", "s"], ["u"]),
        helper.make_node("Div", ["u", "v"], ["y"]),
    ]
    kind = onnx.TensorProto.DOUBLE
    ends = [helper.make_tensor_value_info(name, kind, ["n", size]) for name, size in (("x", 3), ("y", 4))]
    tensors = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    return model.SerializeToString()


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """Bytes with a few changed, cut out, repeated, or put elsewhere."""
    result = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        first, last = sorted(rng.integers(0, len(result) + 1, 2))
        last = min(last, first + int(rng.integers(1, 30)))
        match rng.integers(6):
            case 0:
                result[first : first + 1] = bytes([rng.integers(256)])
            case 1:
                result[first:last] = b""
            case 2:
                result[first:first] = result[first:last]
            case 3:
                result[first:last] = rng.bytes(last - first)
            case 4:
                result[first : first + 1] = (
                    bytes([result[first] ^ (1 << rng.integers(8))]) if first < len(result) else b""
                )
            case 5 if rng.integers(20) == 0:
                del result[first:]
    return bytes(result)


def edited(data: bytes, rng: np.random.Generator) -> Any:
    """A model with a few fields set to others, of the same kind: it parses always."""
    model = onnx.load_model_from_string(data)
    graph = model.graph
    names = [*(t.name for t in graph.initializer), *(o for n in graph.node for o in n.output), "x", "", "none"]
    numbers = [-(2**63), -1, 0, 1, 2, 3, 5, 100, 2**31, 2**40, 2**63 - 1]
    operators = [*{n.op_type for n in graph.node}, "Add", "Mul", "Sum", "If", "Neg", "Cast", "Unsqueeze", "Dropout"]

    def number() -> int:
        return int(rng.choice(numbers))

    for _ in range(rng.integers(1, 4)):
        node = graph.node[rng.integers(len(graph.node))]
        tensor = graph.initializer[rng.integers(len(graph.initializer))]
        match rng.integers(12):
            case 0 if node.input:
                node.input[rng.integers(len(node.input))] = str(rng.choice(names))
            case 1:
                node.output[0] = str(rng.choice(names))
            case 2:
                node.op_type = str(rng.choice(operators))
            case 3 if node.attribute:
                attribute = node.attribute[rng.integers(len(node.attribute))]
                attribute.i, attribute.f = number(), float(rng.choice([0, -1, np.inf, np.nan, 1e30, 1e-45]))
            case 4 if node.attribute:
                node.attribute[0].type = int(rng.integers(15))
            case 5 if len(tensor.dims):
                tensor.dims[rng.integers(len(tensor.dims))] = number()
            case 6:
                tensor.data_type = int(rng.integers(26))
            case 7:
                tensor.raw_data = rng.bytes(len(tensor.raw_data))
            case 8:
                graph.input[0].type.tensor_type.shape.dim[rng.integers(2)].dim_value = number()
            case 9:
                node.input.append(str(rng.choice(names)))
            case 10 if node.input:
                del node.input[-1]
            case 11:
                graph.node.add().CopyFrom(node)
    return model


def check(rounds: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    models = written()
    networks = 0
    for _ in range(rounds):
        data = models[rng.integers(len(models))]
        source = damaged(data, rng) if rng.integers(2) else edited(data, rng)
        try:
            net = kousei.io.from_onnx(source)
        except ValueError:
            continue
        assert all(np.isfinite(array).all() for array in (*net.weights, *net.biases))
        with np.errstate(all="ignore"):
            net(np.zeros((2, net.dim), net.dtype))
        networks += 1
    assert rounds / 20 < networks < rounds / 2


def test_damaged_models() -> None:
    check(1500, 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 11))
def test_many_damaged_models(seed: int) -> None:
    check(10_000, seed)
