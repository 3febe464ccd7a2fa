"""ONNX models that are refused: by name, before anything large is allocated, and never read outside their folder."""

import os
import re
import tracemalloc
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kousei

onnx = pytest.importorskip("onnx")

from onnx import helper, numpy_helper  # noqa: E402

FLOAT, DOUBLE = onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE
EYE = np.eye(3)


def node(operator: str, inputs: str = "x", output: str = "y", **attributes: Any) -> Any:
    names = [name if name != "_" else "" for name in inputs.split()]
    return helper.make_node(operator, names, output.split(), name=f"the {operator}", **attributes)


def info(name: str, kind: int = DOUBLE, shape: Any = ("n", 3)) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def model_of(
    *nodes: Any, x: Any = None, y: Any = None, opsets: Any = (("", 20),), functions: Any = (), **constants: Any
) -> Any:
    tensors = [
        array if isinstance(array, onnx.TensorProto) else numpy_helper.from_array(np.asarray(array), name)
        for name, array in constants.items()
    ]
    graph = helper.make_graph(list(nodes), "g", x or [info("x")], y or [info("y", shape=None)], tensors)
    imports = [helper.make_opsetid(*opset) for opset in opsets]
    return helper.make_model(graph, opset_imports=imports, functions=list(functions), ir_version=9)


def tensor(kind: int = DOUBLE, dims: Any = (3, 3), **fields: Any) -> Any:
    return onnx.TensorProto(data_type=kind, dims=dims, name="a", **fields)


def branch() -> Any:
    inside = helper.make_graph([node("Relu")], "inside", [], [info("y", shape=None)])
    return node("If", "c", then_branch=inside, else_branch=inside)


def function() -> Any:
    return helper.make_function("own", "F", ["x"], ["y"], [node("Relu")], [helper.make_opsetid("", 20)])


REFUSED = {
    "opset": (model_of(node("Relu"), opsets=[("", 12)]), "opset 12; 13 to 28 are accepted"),
    "opset of tomorrow": (model_of(node("Relu"), opsets=[("", 29)]), "opset 29"),
    "no opset": (model_of(node("Relu"), opsets=[("own", 20)]), "opset none"),
    "unknown operators": (
        model_of(
            *(node("Conv", "x a", "h"), node("Exp", "h", "i"), node("Exp", "i", "j"), node("Own", "j", domain="d")),
            a=EYE,
        ),
        re.escape("not accepted: Conv ('the Conv'); Exp ('the Exp', 'the Exp'); d.Own ('the Own')"),
    ),
    "control flow": (model_of(branch(), c=True), r"If \('the If'\)"),
    "functions": (model_of(node("F", domain="own"), functions=[function()]), "functions: F; onnx.inliner"),
    "two inputs": (model_of(node("Add", "x z"), x=[info("x"), info("z")]), "2 inputs: 'x', 'z'; one"),
    "no inputs": (model_of(node("Neg", "a"), x=[info("a")], a=EYE), "0 inputs; one"),
    "two outputs": (model_of(node("Relu"), y=[info("y"), info("x")]), "2 outputs: 'y', 'x'"),
    "integers": (model_of(node("Relu"), x=[info("x", onnx.TensorProto.INT64)]), "'x' has type INT64"),
    "half": (model_of(node("Relu"), x=[info("x", onnx.TensorProto.FLOAT16)]), "'x' has type FLOAT16"),
    "no such type": (model_of(node("Relu"), x=[info("x", 77)]), "'x' has type 77"),
    "a sequence": (model_of(node("Relu"), x=[helper.make_tensor_sequence_value_info("x", DOUBLE, [3])]), "UNDEFINED"),
    "one axis": (model_of(node("Relu"), x=[info("x", shape=[3])]), r"'x' has shape \[3\]; \(points, values\)"),
    "no axes": (model_of(node("Relu"), x=[info("x", shape=None)]), "'x' has shape"),
    "values without a number": (model_of(node("Relu"), x=[info("x", shape=["n", "m"])]), r"\['\?', '\?'\]"),
    "no values": (model_of(node("Relu"), x=[info("x", shape=["n", 0])]), r"\['\?', 0\]"),
    "negative extent": (model_of(node("Relu"), x=[info("x", shape=[-1, 3])]), r"\[-1, 3\]"),
    "not flattened": (model_of(node("Relu"), x=[info("x", shape=["n", 2, 4])]), r"shape \(2, 4\); flattened ones"),
    "output not flattened": (model_of(node("Identity"), x=[info("x", shape=["n", 2, 4])]), "not a row of values"),
    "cycle": (
        model_of(node("Add", "x y", "h"), node("Relu", "h")),
        r"Add \('the Add'\) takes 'y', which is no input",
    ),
    "undeclared": (model_of(node("Add", "x z")), "takes 'z', which is no input"),
    "name twice": (model_of(node("Relu"), node("Abs")), r"Abs \('the Abs'\) gives 'y', which is there already"),
    "constant output": (model_of(node("Neg", "a"), a=EYE), "'y' is not a row of values"),
    "output from nowhere": (model_of(node("Relu", "x", "h")), "output 'y' does not depend"),
    "initializer as output": (model_of(node("Relu", "x", "h"), y=[info("a")], a=EYE), "output 'a' does not depend"),
    "second output": (
        model_of(node("Dropout", "x", "h m"), node("Cast", "m", to=DOUBLE)),
        "Cast.*takes 'm', a second output",
    ),
    "attribute": (model_of(node("Relu", own=1)), r"Relu \('the Relu'\) has an attribute 'own' that is not accepted"),
    "attribute of another type": (model_of(node("LeakyRelu", alpha=1)), "attribute 'alpha' that is not"),
    "attribute of a graph": (model_of(node("Flatten", axis=helper.make_graph([], "g", [], []))), "attribute 'axis'"),
    "nothing to activate": (model_of(node("Relu", "_")), "has the inputs '', which"),
    "too many inputs": (model_of(node("Relu", "x x")), "has the inputs 'x', 'x', which"),
    "too few inputs": (model_of(node("Add", "x")), "has the inputs 'x', which"),
    "no terms": (model_of(node("Sum", "")), "has the inputs"),
    "product of two": (
        model_of(node("Mul", "x x")),
        r"Mul \('the Mul'\) multiplies two values that depend on the input",
    ),
    "weights that depend": (model_of(node("MatMul", "x x")), "a second factor that is not constant"),
    "points from the left": (model_of(node("MatMul", "a x"), a=EYE), "a first factor that is constant"),
    "points transposed": (model_of(node("Gemm", "x a", transA=1), a=EYE), "points not transposed"),
    "no matrix": (model_of(node("MatMul", "x a"), a=EYE[0]), r"a matrix of shape \(3,\); \(3, outputs\) is accepted"),
    "no outputs": (model_of(node("MatMul", "x a"), a=EYE[:, :0]), r"a matrix of shape \(3, 0\)"),
    "other width": (model_of(node("MatMul", "x a"), a=np.eye(4)), r"a matrix of shape \(4, 4\); \(3, outputs\)"),
    "other addend": (
        model_of(node("Gemm", "x a c"), a=EYE, c=np.ones(2)),
        r"an addend of shape \(2,\); \(3,\) or \(1,\)",
    ),
    "terms that differ": (model_of(node("Add", "x c"), c=np.ones(2)), r"terms of \[2, 3\] values"),
    "points added": (model_of(node("Add", "x c"), c=np.ones((5, 3))), r"a term of shape \(5, 3\)"),
    "more axes": (model_of(node("Add", "x c"), c=np.ones((1, 1, 3))), r"a term of shape \(1, 1, 3\)"),
    "half as precise": (model_of(node("Add", "x c"), c=np.ones(3, "float32")), "a constant of type float32; that of"),
    "nothing added": (model_of(node("Add", "x c"), c=np.ones(0)), "without numbers"),
    "integers added": (model_of(node("Add", "x c"), c=np.ones(3, int)), "a term of type int64"),
    "constants that differ": (
        model_of(node("Add", "c d", "h"), node("Add", "x h"), c=np.ones(2), d=np.ones(3)),
        "the Add",
    ),
    "inverse": (model_of(node("Div", "c x"), c=1.0), "a divisor that is not constant"),
    "division by zero": (model_of(node("Div", "x c"), c=0.0), r"Div \('the Div'\) has NaN or infinite"),
    "NaN": (model_of(node("MatMul", "x a"), a=EYE * np.nan), r"MatMul \('the MatMul'\) has NaN or infinite"),
    "overflow": (
        model_of(node("MatMul", "x a", "h"), node("MatMul", "h a"), a=EYE * 1e300),
        "of the model is not finite in float64",
    ),
    "no sign": (model_of(node("HardSigmoid", alpha=0.0)), "alpha 0.0; a positive one"),
    "infinite slope": (model_of(node("LeakyRelu", alpha=np.inf)), r"LeakyRelu \('the LeakyRelu'\): slope"),
    "slopes": (model_of(node("PRelu", "x s"), s=np.ones(2)), r"slopes of shape \(2,\); \(3,\) or \(1,\)"),
    "clip to nothing": (model_of(node("Clip", "x a b"), a=1.0, b=1.0), "minimum 1.0 and the maximum 1.0"),
    "clip by many": (model_of(node("Clip", "x a"), a=np.ones(3)), r"a minimum of shape \(3,\); one number"),
    "power of the input": (model_of(node("Pow", "x p"), p=2.0), "takes the power of 'x'; that of a Relu"),
    "broken power": (model_of(node("Relu", "x", "h"), node("Pow", "h p"), p=1.5), "integers from 1 to 32"),
    "no power": (model_of(node("Relu", "x", "h"), node("Pow", "h p"), p=np.nan), "integers from 1 to 32"),
    "powers": (model_of(node("Relu", "x", "h"), node("Pow", "h p"), p=np.ones(2)), r"powers of shape \(2,\)"),
    "power that depends": (model_of(node("Relu", "x", "h"), node("Pow", "h x")), "powers that is not constant"),
    "no integer power": (model_of(node("Relu", "x", "h"), node("Pow", "h p"), p=33), "integers from 1 to 32"),
    "power of a constant": (model_of(node("Pow", "p p"), p=2.0), "'y' is not a row of values"),
    "power of integers": (model_of(node("Pow", "p p"), p=2), "an input of type int64; real numbers"),
    "power by truth": (model_of(node("Relu", "x", "h"), node("Pow", "h p"), p=True), "powers of type bool"),
    "product of two of a kind": (
        model_of(node("Relu", "x", "h"), node("Relu", "x", "i"), node("Mul", "h i")),
        "Relu.z. by itself, are accepted",
    ),
    "shrink that jumps": (model_of(node("Shrink", lambd=0.5)), "bias 0.0 and lambd 0.5, and jumps"),
    "approximate gelu": (model_of(node("Gelu", approximate="tanh")), "approximate 'tanh'; 'none'"),
    "swish": (model_of(node("Swish", alpha=2.0)), "alpha 2.0; 1 is accepted"),
    "concat of points": (model_of(node("Concat", "x x", axis=0)), "along axis 0"),
    "concat of constants": (
        model_of(node("Concat", "c c", "k", axis=2), node("Add", "x k"), c=EYE),
        "has axis 2, which",
    ),
    "concat with constants": (model_of(node("Concat", "x c", axis=1), c=EYE), "joins constants to points"),
    "training": (
        model_of(node("BatchNormalization", "x s s s s", training_mode=1), s=np.ones(3)),
        "is in training mode",
    ),
    "training by outputs": (
        model_of(node("BatchNormalization", "x s s s s", "y m v"), s=np.ones(3)),
        "is in training mode",
    ),
    "negative variance": (
        model_of(node("BatchNormalization", "x s s s v"), s=np.ones(3), v=-np.ones(3)),
        "has NaN or infinite",
    ),
    "dropout": (model_of(node("Dropout", "x _ t"), t=True), "is in training mode"),
    "cast": (model_of(node("Cast", to=FLOAT)), "makes float64 values FLOAT; a network has one dtype"),
    "cast of a constant": (model_of(node("Cast", "c", "h", to=8), node("Add", "x h"), c=1.0), "a constant STRING"),
    "flatten": (model_of(node("Flatten", axis=0)), "axis 0; 1 is accepted"),
    "flatten far": (model_of(node("Flatten", axis=9)), "axis 9 and an input of 2 axes"),
    "reshape": (model_of(node("Reshape", "x s"), s=[3, -1]), r"the shape \[3, -1\]; one row of 3 values"),
    "reshape by numbers": (model_of(node("Reshape", "x s"), s=[-1.0, 3.0]), "a shape of type float64"),
    "transpose": (model_of(node("Transpose", "x", perm=[1, 0])), "an input that is not constant"),
    "perm": (model_of(node("Transpose", "a", "b", perm=[1, 1]), node("MatMul", "x b"), a=EYE), r"perm \[1, 1\]"),
    "axes": (model_of(node("Squeeze", "a z", "b"), node("MatMul", "x b"), a=EYE[None], z=[0, 0]), r"axes \[0, 0\]"),
    "two values": (model_of(node("Constant", "", "c", value_float=1.0, value_int=1), node("Add", "x c")), "2 values"),
    "strings": (
        model_of(node("Constant", "", "c", value_string="a"), node("Add", "x c")),
        "attribute 'value_string'",
    ),
    "short data": (model_of(node("MatMul", "x a"), a=tensor(raw_data=b"12345678")), r"8 bytes; 72 are accepted"),
    "long data": (model_of(node("MatMul", "x a"), a=tensor(raw_data=bytes(80))), "80 bytes; 72"),
    "few numbers": (model_of(node("MatMul", "x a"), a=tensor(double_data=[1.0])), "'a' has shape .*and 1 numbers"),
    "numbers in another field": (model_of(node("MatMul", "x a"), a=tensor(float_data=[1.0] * 9)), "and 0 numbers"),
    "negative shape": (model_of(node("MatMul", "x a"), a=tensor(dims=[-3, 3])), r"shape \[-3, 3\]; extents"),
    "huge shape": (model_of(node("MatMul", "x a"), a=tensor(dims=[2**62, 2**62])), "and 0 numbers"),
    "half tensor": (
        model_of(node("MatMul", "x a"), a=tensor(onnx.TensorProto.BFLOAT16)),
        "'a' has type BFLOAT16; FLOAT",
    ),
    "no such tensor": (model_of(node("MatMul", "x a"), a=tensor(99)), "'a' has type 99"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    model, message = REFUSED[name]
    for source in (model, model.SerializeToString()):
        with pytest.raises(ValueError, match=message):
            kousei.io.from_onnx(source)


def test_parameters_beyond_float32() -> None:
    """The kinks of HardSigmoid are quotients of its attributes."""
    model = model_of(node("HardSigmoid", alpha=1e-44), x=[info("x", FLOAT)], y=[info("y", FLOAT, None)])
    with pytest.raises(ValueError, match="which float32 cannot hold"):
        kousei.io.from_onnx(model)


def test_sparse_initializers_are_refused() -> None:
    model = model_of(node("MatMul", "x a"))
    values = numpy_helper.from_array(np.ones(1), "a")
    model.graph.sparse_initializer.append(
        helper.make_sparse_tensor(values, numpy_helper.from_array(np.zeros(1, np.int64), "i"), [3, 3])
    )
    with pytest.raises(ValueError, match="sparse initializers"):
        kousei.io.from_onnx(model)


def test_what_is_no_model(tmp_path: Path) -> None:
    data = model_of(node("MatMul", "x a"), a=EYE).SerializeToString()
    path = tmp_path / "a.onnx"
    path.write_bytes(data[:-7])
    for source in (path, str(path), data[:-7], bytearray(data[:-7]), b"\xff" * 10):
        with pytest.raises(ValueError, match="is no ONNX model, or not all of one"):
            kousei.io.from_onnx(source)
    for empty in (b"", onnx.ModelProto()):
        with pytest.raises(ValueError, match="opset none"):
            kousei.io.from_onnx(empty)
    for source in (None, 3, [data], onnx.GraphProto()):
        with pytest.raises(TypeError, match="source was .*; a path, bytes or an onnx.ModelProto is accepted"):
            kousei.io.from_onnx(source)
    with pytest.raises(FileNotFoundError):
        kousei.io.from_onnx(tmp_path / "none.onnx")
    with open(path, "wb") as file:
        file.truncate(2**31)
    with pytest.raises(ValueError, match="has 2147483648 bytes; at most 2147483647"):
        kousei.io.from_onnx(path)


def test_names_that_are_not_utf_8() -> None:
    data = model_of(node("Relu")).SerializeToString()
    for name in (b"Relu", b"the Relu", b"x"):
        with pytest.raises(ValueError, match="names that are not UTF-8"):
            kousei.io.from_onnx(data.replace(name, b"\xff" * len(name), 1))


def beside(location: str, **numbers: Any) -> Any:
    entries = {"location": location, **{key: str(value) for key, value in numbers.items()}}
    made = tensor(data_location=onnx.TensorProto.EXTERNAL)
    for key, value in entries.items():
        made.external_data.add(key=key, value=value)
    return model_of(node("MatMul", "x a"), a=made)


def test_external_data(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    weight = np.arange(9.0).reshape(3, 3)
    (folder / "sub" / "w.bin").write_bytes(b"12345678" + weight.tobytes())
    (folder / "link.bin").symlink_to(folder / "sub" / "w.bin")
    for location in ("sub/w.bin", "./sub/w.bin", "link.bin"):
        for numbers in ({"offset": 8}, {"offset": 8, "length": 72, "checksum": "0"}):
            onnx.save_model(beside(location, **numbers), folder / "a.onnx")
            net = kousei.io.from_onnx(folder / "a.onnx")
            np.testing.assert_array_equal(net.weights[0], weight.T)
    with pytest.raises(ValueError, match="tensor 'a' lies in a file of its own; give the path of the model"):
        kousei.io.from_onnx(beside("sub/w.bin", offset=8))


@pytest.mark.parametrize(
    ("location", "numbers", "message"),
    [
        ("../secret.bin", {}, "lies in '../secret.bin'; a file in the folder of the model"),
        ("sub/../../secret.bin", {}, "a file in the folder of the model"),
        ("sub/../w.bin", {}, "a file in the folder of the model"),
        ("..\\secret.bin", {}, "a file in the folder of the model"),
        ("{}/secret.bin", {}, "a file in the folder of the model"),
        ("{}/model/w.bin", {}, "a file in the folder of the model"),
        ("link.bin", {}, "lies in 'link.bin'; a file in the folder of the model"),
        ("folder/secret.bin", {}, "a file in the folder of the model"),
        ("loop", {}, "a file in the folder of the model|no such file"),
        ("", {}, "a file in the folder of the model"),
        ("a\0b", {}, "a file in the folder of the model"),
        (".", {}, "no such file"),
        ("none.bin", {}, "no such file"),
        ("pipe", {}, "no such file"),
        ("w.bin", {"offset": 1}, "takes 72 bytes; 'w.bin' has 72"),
        ("w.bin", {"offset": 10**18}, "takes 72 bytes"),
        ("w.bin", {"length": 71}, "the model says 71 from 0 on"),
        ("w.bin", {"offset": -1}, "numbers of bytes are accepted"),
        ("w.bin", {"offset": "1e3"}, "numbers of bytes are accepted"),
        ("w.bin", {"length": "9" * 5000}, "numbers of bytes are accepted"),
        ("short.bin", {}, "takes 72 bytes; 'short.bin' has 10"),
    ],
)
def test_external_data_elsewhere_is_refused(
    location: str, numbers: dict[str, Any], message: str, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    secret = tmp_path / "secret.bin"
    for file in (secret, folder / "w.bin"):
        file.write_bytes(bytes(72))
    (folder / "short.bin").write_bytes(bytes(10))
    (folder / "link.bin").symlink_to(secret)
    (folder / "folder").symlink_to(tmp_path)
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "pipe")
    (folder / "a.onnx").write_bytes(beside(location.format(tmp_path), **numbers).SerializeToString())
    with pytest.raises(ValueError, match=message):
        kousei.io.from_onnx(folder / "a.onnx")


def test_external_data_is_not_taken_twice(tmp_path: Path) -> None:
    """A thousand tensors of one file would fill a memory that the file does not."""
    (tmp_path / "w.bin").write_bytes(bytes(72))
    model = beside("w.bin")
    twin = model.graph.initializer.add()
    twin.CopyFrom(model.graph.initializer[0])
    twin.name = "b"
    model.graph.node.extend([node("MatMul", "y b", "z")])
    model.graph.output[0].name = "z"
    (tmp_path / "a.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ValueError, match="take more bytes than 'w.bin' has"):
        kousei.io.from_onnx(tmp_path / "a.onnx")


def doubled(times: int, operator: str = "Concat", **attributes: Any) -> list[Any]:
    names = ["x", *(f"h{i}" for i in range(1, times)), "y"]
    return [node(operator, f"{a} {a}", b, **attributes) for a, b in pairwise(names)]


row = np.ones((1, 30_000))
BOMBS = {
    "width": model_of(node("Relu"), x=[info("x", shape=["n", 2**40])]),
    "flattened width": model_of(node("Flatten"), x=[info("x", shape=["n", 2**31, 2**31])]),
    "concat": model_of(*doubled(60, axis=1)),
    "concat of constants": model_of(
        *(node("Concat", f"c{i} c{i}", f"c{i + 1}", axis=0) for i in range(60)), node("Add", "x c60"), c0=np.ones(2)
    ),
    "outer product": model_of(
        node("Add", "a b", "c"), node("MatMul", "x c"), a=row[:, :5000], b=np.ascontiguousarray(row[:, :5000].T)
    ),
    "matrices of rank one": model_of(
        node("MatMul", "x a", "h"), node("MatMul", "h b"), a=row.T.copy(), b=row, x=[info("x", shape=["n", 30_000])]
    ),
    "one weight many times": model_of(
        *(
            made
            for i in range(300)
            for made in (node("MatMul", f"h{i} a" if i else "x a", f"g{i}"), node("Relu", f"g{i}", f"h{i + 1}"))
        ),
        node("Identity", "h300"),
        a=np.eye(400),
        x=[info("x", shape=["n", 400])],
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_small_files_make_no_large_networks(name: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="makes the network too large: over 16777216 numbers and 100 times"):
            kousei.io.from_onnx(BOMBS[name])
        assert tracemalloc.get_traced_memory()[1] < 2**29
    finally:
        tracemalloc.stop()
