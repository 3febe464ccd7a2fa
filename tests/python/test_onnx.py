"""ONNX models: the same values as onnxruntime, both ways; what is refused, by name."""

import contextlib
import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kousei
from kousei.activation import Mixed, PiecewiseLinear, hardsigmoid, hardtanh, leaky_relu, prelu, softshrink

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from onnx import helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

DOUBLE = onnx.TensorProto.DOUBLE


def run(model: Any, x: np.ndarray) -> np.ndarray:
    """Values of a model by onnxruntime."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def values(net: kousei.MLP, x: np.ndarray) -> np.ndarray:
    return net(x).reshape(len(x), net.outputs)


def model_of(
    nodes: list[Any],
    constants: dict[str, Any],
    dim: int = 3,
    opset: int = 20,
    shape: Any = None,
    dtype: str = "float64",
) -> Any:
    """A model from x (n, dim) to y, with constants of float64 unless they are arrays of integers."""
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    arrays = {name: np.asarray(value) for name, value in constants.items()}
    tensors = [
        numpy_helper.from_array(array.astype(dtype) if array.dtype.kind == "f" else array, name)
        for name, array in arrays.items()
    ]
    x = helper.make_tensor_value_info("x", kind, ["n", dim] if shape is None else shape)
    graph = helper.make_graph(nodes, "g", [x], [helper.make_tensor_value_info("y", kind, None)], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def node(operator: str, inputs: str, output: str = "y", **attributes: Any) -> Any:
    names = [name if name != "_" else "" for name in inputs.split()]
    return helper.make_node(operator, names, [output], name=f"the {operator}", **attributes)


A = np.array([[1.0, -2.0, 0.5], [0.25, 1.5, -1.0], [-0.75, 0.5, 2.0]])
OPERATORS = {
    "gemm": ([node("Gemm", "x a c", alpha=0.5, beta=2.0)], {"a": A, "c": [1.0, 2.0, 3.0]}),
    "gemm transposed": ([node("Gemm", "x a c", transB=1)], {"a": A[:2], "c": [[1.0, 2.0]]}),
    "gemm without addend": ([node("Gemm", "x a")], {"a": A}),
    "gemm of one addend": ([node("Gemm", "x a c")], {"a": A, "c": 0.5}),
    "gemm of a computed addend": ([node("Gemm", "x a x", beta=0.5)], {"a": A}),
    "matmul, add": ([node("MatMul", "x a", "h"), node("Add", "c h")], {"a": A, "c": [1.0, 2.0, 3.0]}),
    "add of two": ([node("Relu", "x", "h"), node("Add", "h x")], {}),
    "add of a column": ([node("MatMul", "x a", "h"), node("Add", "h x")], {"a": A[:, :1]}),
    "add of constants": ([node("Add", "c c", "d"), node("Add", "d x")], {"c": [1.0, 2.0, 3.0]}),
    "one value and many": ([node("MatMul", "x a", "h"), node("Add", "h c")], {"a": A[:, :1], "c": [1.0, 2.0]}),
    "one value times many": ([node("MatMul", "x a", "h"), node("Mul", "h c")], {"a": A[:, :1], "c": [1.0, 2.0]}),
    "sub": ([node("Sub", "c x", "h"), node("Sub", "h x")], {"c": [[1.0, 2.0, 3.0]]}),
    "mul": ([node("Mul", "c x", "h"), node("Mul", "h d")], {"c": [1.0, 2.0, 0.0], "d": -2.0}),
    "mul and div of constants": (
        [node("Mul", "c d", "e"), node("Div", "e d", "f"), node("Add", "f x")],
        {"c": 3.0, "d": 7.0},
    ),
    "div": ([node("Div", "x c")], {"c": [1.0, 2.0, -4.0]}),
    "neg": ([node("Neg", "x")], {}),
    "sum": ([node("Sum", "x c x x")], {"c": [1.0, 2.0, 3.0]}),
    "sum of one": ([node("Sum", "x")], {}),
    "relu": ([node("Relu", "x")], {}),
    "relu of a constant": ([node("Relu", "c", "d"), node("Add", "x d")], {"c": [1.0, -2.0, 3.0]}),
    "powers of relu": ([node("Relu", "x", "h"), node("Pow", "h p")], {"p": [1.0, 3.0, 2.0]}),
    "int64 powers": ([node("Relu", "x", "h"), node("Pow", "h p")], {"p": np.array([[1, 3, 2]])}),
    "int32 power": ([node("Relu", "x", "h"), node("Pow", "h p")], {"p": np.array(2, np.int32)}),
    "powers of constants": (
        [node("Pow", "c d", "e"), node("Pow", "e p", "f"), node("Add", "f x")],
        {"c": [1.0, 2.0, 3.0], "d": 0.5, "p": np.array([3, -1, 2])},
    ),
    "square of relu": ([node("MatMul", "x a", "z"), node("Relu", "z", "h"), node("Mul", "h h")], {"a": A}),
    "leaky": ([node("LeakyRelu", "x", alpha=0.25)], {}),
    "leaky by default": ([node("LeakyRelu", "x")], {}),
    "prelu": ([node("PRelu", "x s")], {"s": [0.5, -1.0, 2.0]}),
    "prelu of one": ([node("PRelu", "x s")], {"s": [[0.5]]}),
    "clip": ([node("Clip", "x a b")], {"a": -0.5, "b": 0.75}),
    "clip below": ([node("Clip", "x a")], {"a": -0.5}),
    "clip above": ([node("Clip", "x _ b")], {"b": 0.75}),
    "clip at infinity": ([node("Clip", "x a b")], {"a": -np.inf, "b": np.finfo("float64").max}),
    "no clip": ([node("Clip", "x")], {}),
    "abs": ([node("Abs", "x")], {}),
    "hardsigmoid": ([node("HardSigmoid", "x", alpha=0.5, beta=0.25)], {}),
    "hardsigmoid by default": ([node("HardSigmoid", "x")], {}),
    "shrink": ([node("Shrink", "x", lambd=0.5, bias=0.5)], {}),
    "max": ([node("Neg", "x", "h"), node("Max", "x h")], {}),
    "max of many": ([node("MatMul", "x a", "h"), node("Relu", "h", "r"), node("Max", "x r c h")], {"a": A, "c": 0.5}),
    "min": ([node("MatMul", "x a", "h"), node("Min", "h x")], {"a": A}),
    "min of constants": ([node("Min", "c d x")], {"c": [1.0, -1.0, 0.0], "d": 0.5}),
    "min of one": ([node("Min", "x")], {}),
    "max of constants": ([node("Max", "c d", "e"), node("Max", "x e")], {"c": [1.0, -1.0, 0.0], "d": -0.5}),
    "max with large ones": ([node("Max", "x c", "h"), node("Min", "h d")], {"c": -1e17, "d": [1e17, np.inf, 0.5]}),
    "max with no limit": ([node("Max", "x c")], {"c": [-np.inf]}),
    "max of one with many": ([node("MatMul", "x a", "h"), node("Max", "h c")], {"a": A[:, :1], "c": [0.5, -0.5]}),
    "concat": ([node("Relu", "x", "h"), node("Concat", "h x h", axis=-1)], {}),
    "concat of constants": (
        [node("Concat", "c d", "e", axis=0), node("Add", "x e")],
        {"c": [2.0], "d": [1.0, -1.0]},
    ),
    "batch normalization": (
        [node("BatchNormalization", "x s b m v", epsilon=1e-3)],
        {"s": [1.0, 2.0, 3.0], "b": [0.0, 1.0, 2.0], "m": [0.5, 0.0, -0.5], "v": [1.0, 4.0, 0.25]},
    ),
    "dropout": ([node("Dropout", "x _ t", "h"), node("Relu", "h")], {"t": False}),
    "identity, flatten, cast": (
        [node("Identity", "x", "a"), node("Flatten", "a", "b"), node("Cast", "b", to=DOUBLE)],
        {},
    ),
    "reshape": (
        [node("Reshape", "x s", "h"), node("Reshape", "h t")],
        {"s": np.array([0, -1]), "t": np.array([-1, 3])},
    ),
    "constants of all shapes": (
        [
            node("Constant", "", "a", value=numpy_helper.from_array(A[None])),
            node("Squeeze", "a z", "b"),
            node("Transpose", "b", "c", perm=[1, 0]),
            node("Unsqueeze", "c z", "d"),
            node("Reshape", "d s", "e"),
            node("Constant", "", "f", value_float=0.5),
            node("Cast", "f", "g", to=DOUBLE),
            node("MatMul", "x e", "h"),
            node("Add", "h g"),
        ],
        {"z": [0], "s": [3, 3]},
    ),
    "a node for nothing": ([node("Relu", "x"), node("Exp", "x", "z")], {}),
    "logistic": ([node("Sigmoid", "x")], {}),
    "tanh": ([node("Tanh", "x")], {}),
    "arctan": ([node("Atan", "x")], {}),
}


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("opset", [13, 20, 28])
def test_operators(name: str, opset: int, rng: np.random.Generator) -> None:
    model = model_of(*OPERATORS[name], opset=opset)
    x = np.vstack([rng.normal(size=(40, 3)), np.zeros((1, 3)), [[0.5, -0.5, 1.0]]])
    # onnxruntime lacks some of them in float64, and the reference trains where BatchNormalization does not say.
    by_reference = name != "batch normalization"
    expected = ReferenceEvaluator(model).run(None, {"x": x})[0] if by_reference else run(model, x)
    net = kousei.io.from_onnx(model)
    assert net.dtype == np.float64
    np.testing.assert_allclose(values(net, x), expected, rtol=1e-14, atol=1e-14)


def test_limits_in_relu_units() -> None:
    model = model_of(
        [node("Max", "x c", "h"), node("Min", "h d")], {"c": [-np.inf, 0.5, 0.5], "d": [np.inf, 1.0, np.inf]}
    )
    x = np.array([[0.25, -3.0, 7.0], [-0.25, 3.0, -7.0]])
    net = kousei.io.from_onnx(model)
    expected = [[0.25, 0.5, 7.0], [-0.25, 1.0, 0.5]]
    np.testing.assert_array_equal(net(x), expected)
    np.testing.assert_array_equal(net.to_relu()(x), expected)


def test_hidden_units_are_no_more_than_needed() -> None:
    """What is used twice is computed once, and what skips a layer passes it by the cheapest identity."""
    nodes = [node("Relu", "x", "h"), node("MatMul", "h a", "i"), node("Relu", "i", "j"), node("Add", "j h")]
    assert kousei.io.from_onnx(model_of(nodes, {"a": A})).sizes == (3, 3, 6, 3)
    nodes = [node("Relu", "x", "h"), node("Concat", "h h", "i", axis=1), node("MatMul", "i a")]
    assert kousei.io.from_onnx(model_of(nodes, {"a": np.vstack([A, A])})).sizes == (3, 3, 3)
    nodes = [node("MatMul", "x a", "h"), node("MatMul", "h a", "i"), node("Relu", "i", "j"), node("Max", "j c")]
    assert kousei.io.from_onnx(model_of(nodes, {"a": A, "c": 0.5})).sizes == (3, 3, 3, 3)


def export(module: Any, dim: int, dynamo: bool, dtype: Any) -> Any:
    """The model of a torch module by one of torch's two exporters."""
    torch = pytest.importorskip("torch")
    x = torch.zeros(3, dim, dtype=dtype)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        if dynamo:
            pytest.importorskip("onnxscript")
            shapes = ({0: torch.export.Dim("points")},)
            return torch.onnx.export(module, (x,), dynamo=True, verbose=False, dynamic_shapes=shapes).model_proto
        file = io.BytesIO()
        torch.onnx.export(
            module, (x,), file, dynamo=False, input_names=["x"], dynamic_axes={"x": {0: "points"}}, opset_version=17
        )
        return onnx.load_model_from_string(file.getvalue())


def residual(torch: Any) -> Any:
    class Residual(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.norm = torch.nn.Linear(4, 4), torch.nn.BatchNorm1d(4)
            self.outer, self.dropout = torch.nn.Linear(8, 2), torch.nn.Dropout()

        def forward(self, x: Any) -> Any:
            y = self.norm(self.dropout(torch.relu(self.inner(x)) + x))
            y = torch.cat([torch.maximum(y, 2 * x), torch.abs(x) - 1], 1)
            return self.outer(torch.flatten(torch.clamp(y, -1, 2), 1)) / 3

    return Residual()


@pytest.mark.parametrize("dynamo", [False, True], ids=["torchscript", "dynamo"])
def test_exports_of_torch(dynamo: bool) -> None:
    torch = pytest.importorskip("torch")
    nn = torch.nn
    torch.manual_seed(0)
    hidden = [nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.1), nn.PReLU(6), nn.PReLU(), nn.Hardtanh(-2, 3), nn.Hardsigmoid()]
    hidden += [nn.Sigmoid(), nn.Tanh()]
    layers = [part for unit in hidden for part in (nn.Linear(6, 6), nn.BatchNorm1d(6), unit)]
    deep = nn.Sequential(nn.Flatten(), nn.Linear(4, 6), *layers, nn.Dropout(), nn.Linear(6, 3, bias=False))
    x = torch.randn(200, 4)
    nets = []
    for module in (deep, residual(torch)):
        module.train()(x)  # which gives the norms a mean and a variance
        model = export(module.eval(), 4, dynamo, torch.float32)
        nets.append(kousei.io.from_onnx(model))
        expected = run(model, x.numpy())
        assert np.abs(values(nets[-1], x.numpy()) - expected).max() <= 1e-6 * np.abs(expected).max()
    names = [[part.name for part in net.activations] for net in (nets[0], kousei.io.from_torch(deep))]
    assert names[0] == names[1]


@pytest.mark.parametrize("dynamo", [False, True], ids=["torchscript", "dynamo"])
@pytest.mark.parametrize("power", ["square", 2, 3])
def test_powers_exported_by_torch(dynamo: bool, power: Any) -> None:
    torch = pytest.importorskip("torch")
    from kousei.interop.torch import RePU

    class Powers(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.outer = torch.nn.Linear(4, 8), torch.nn.Linear(8, 2)

        def forward(self, x: Any) -> Any:
            over = self.inner(x)
            return self.outer(torch.square(torch.relu(over)) if power == "square" else RePU(power)(over))

    torch.manual_seed(0)
    model = export(Powers().eval(), 4, dynamo, torch.float32)
    net = kousei.io.from_onnx(model)
    assert net.activations[0].name == f"repu{2 if power == 'square' else power}"
    x = torch.randn(200, 4).numpy()
    np.testing.assert_allclose(net(x), run(model, x), rtol=0, atol=1e-5)


@pytest.mark.parametrize("dynamo", [False, True], ids=["torchscript", "dynamo"])
def test_three_layers_of_512(dynamo: bool, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    nn = torch.nn
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Linear(64, 512),
        nn.ReLU(),
        nn.Linear(512, 512),
        nn.ReLU(),
        nn.Linear(512, 512),
        nn.ReLU(),
        nn.Linear(512, 10),
    )
    model = export(module, 64, dynamo, torch.float32)
    onnx.save_model(model, tmp_path / "in.onnx")
    net = kousei.io.from_onnx(tmp_path / "in.onnx")
    assert net.sizes == (64, 512, 512, 512, 10)
    x = torch.randn(256, 64).numpy()
    expected = run(model, x)
    assert np.abs(net(x) - expected).max() <= 1e-6 * np.abs(expected).max()


def own(z: Any) -> Any:
    return z * z


#: What float32 and float64 networks of it have become when they are read back; None: the same.
BACK = {
    "relu": (kousei.activation.relu, None, None),
    "abs": (kousei.activation.abs, None, None),
    "relu6": (kousei.activation.relu6, None, None),
    "hardtanh": (hardtanh(-0.3, 2.1), None, None),
    "clipped below": (PiecewiseLinear([0.3], [0, 1], 0.3), None, None),
    "clipped above": (PiecewiseLinear([0.3], [1, 0], 0.3), None, None),
    "leaky": (leaky_relu(0.1), None, "relu"),
    "prelu": (prelu(np.linspace(-0.9, 1.5, 7)), None, "relu"),
    "hardsigmoid": (hardsigmoid(), None, "relu"),
    "softshrink": (softshrink(0.3), None, "relu"),
    "hat": (kousei.activation.hat, "relu", "relu"),
    "general": (PiecewiseLinear([-1, 0.25, 2], [0.5, -1, 2, -0.25], 0.75), "relu", "relu"),
    "constant": (PiecewiseLinear([1], [0, 0], 0.75), "relu", "relu"),
    "homogeneous": (PiecewiseLinear([0], [0.5, 2]), "relu", "relu"),
    "logistic": (kousei.activation.logistic, None, None),
    "tanh": (kousei.activation.tanh, None, None),
    "erf": (kousei.activation.erf, None, None),
    "arctan": (kousei.activation.arctan, None, None),
    "mixed": (Mixed([("hardtanh", 2), ("tanh", 3), ("relu", 2)]), None, None),
}
#: onnxruntime has no float64 for these.
FLOAT32_ALONE = ("erf", "arctan")


@pytest.mark.parametrize("name", BACK)
def test_round_trip(name: str, dtype: str, rng: np.random.Generator) -> None:
    activation, *become = BACK[name]
    net = kousei.MLP.random([3, 7, 7, 2], activation, rng=rng).astype(dtype)
    x = np.vstack([2 * rng.normal(size=(200, 3)), np.zeros((1, 3))]).astype(dtype)
    expected, eps = net(x), np.finfo(dtype).eps
    model = kousei.io.to_onnx(net)
    onnx.checker.check_model(model, full_check=True)
    if dtype == "float32" or name not in FLOAT32_ALONE:
        np.testing.assert_allclose(run(model, x), expected, rtol=0, atol=100 * eps)
    back = kousei.io.from_onnx(model)
    np.testing.assert_allclose(back(x), expected, rtol=0, atol=100 * eps)
    became = become[dtype == "float64"]
    if became is None:
        assert back.sizes == net.sizes
        assert [a.name for a in back.activations] != ["relu"] * 2 or name == "relu"
        for before, after in zip((*net.weights, *net.biases), (*back.weights, *back.biases), strict=True):
            np.testing.assert_array_equal(before, after)
        np.testing.assert_array_equal(back(x), expected)
    else:
        assert {a.name for a in back.activations} == {became}


@pytest.mark.parametrize("name", ["gelu", "silu", "softplus"])
def test_round_trip_of_smooth_ones(name: str, rng: np.random.Generator) -> None:
    net = kousei.MLP.random([3, 7, 7, 2], name, rng=rng).astype("float32")
    x = rng.normal(size=(200, 3)).astype("float32")
    model = kousei.io.to_onnx(net)
    np.testing.assert_allclose(run(model, x), net(x), rtol=0, atol=1e-5)
    back = kousei.io.from_onnx(model)
    assert back.activations == net.activations
    np.testing.assert_array_equal(back(x), net(x))


@pytest.mark.parametrize(
    "activation", ["repu2", "repu5", Mixed([("repu3", 2), ("abs", 1), ("relu", 2), ("repu2", 2)])]
)
@pytest.mark.parametrize("signs", [False, True])
def test_powers_of_relu(activation: Any, signs: bool, dtype: str, rng: np.random.Generator) -> None:
    net: Any = kousei.MLP.random([3, 7, 7, 2], activation, rng=rng).astype(dtype)
    net = kousei.binarize(net) if signs else net
    x = rng.normal(size=(200, 3)).astype(dtype)
    model = kousei.io.to_onnx(net)
    onnx.checker.check_model(model, full_check=True)
    tolerance = 200 * np.finfo(dtype).eps * np.abs(net(x)).max()
    np.testing.assert_allclose(run(model, x), net(x), rtol=0, atol=tolerance)
    back = kousei.io.from_onnx(model)
    np.testing.assert_allclose(back(x), net(x), rtol=0, atol=tolerance)
    if not signs:
        assert list(map(str, back.activations)) == list(map(str, net.activations))


@pytest.mark.parametrize("opset", [13, 17, 22])
def test_round_trip_of_a_trained_network(opset: int, tmp_path: Path) -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    neural_network = pytest.importorskip("sklearn.neural_network")
    x, y = datasets.load_digits(return_X_y=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that so few steps do not converge
        trained = neural_network.MLPClassifier((40, 20), max_iter=15, random_state=0).fit(x / 16, y)
    net = kousei.io.from_sklearn(trained)
    kousei.io.to_onnx(net, tmp_path / "digits.onnx", opset=opset)
    model = onnx.load_model(tmp_path / "digits.onnx")
    expected = net(x / 16)
    scale = np.abs(expected).max()
    assert np.abs(run(model, x / 16) - expected).max() <= 1e-13 * scale
    kousei.io.to_onnx(net, tmp_path / "digits.json", opset=opset)  # of whatever name
    assert (tmp_path / "digits.json").read_bytes() == (tmp_path / "digits.onnx").read_bytes()
    back = kousei.io.from_onnx(str(tmp_path / "digits.onnx"))
    np.testing.assert_array_equal(back(x / 16), expected)
    assert (back(x / 16).argmax(axis=-1) == trained.predict(x / 16)).all()


def test_sparse_and_constructed_networks_are_written_out() -> None:
    f = kousei.MLP.random([3, 50, 50, 2], "hardtanh", rng=0)
    net = kousei.stack(*[f] * 9, kousei.identity(3))
    assert any(hasattr(weight, "tocsr") for weight in net.weights)
    x = np.random.default_rng(1).normal(size=(50, 3))
    np.testing.assert_allclose(run(kousei.io.to_onnx(net), x), net(x), rtol=0, atol=1e-13)
    series = kousei.funahashi.fourier_series({(1, 0): 1.0}, [(-1, 1)] * 2, 1e-2)
    back = kousei.io.from_onnx(kousei.io.to_onnx(series))
    assert back.sizes == series.to_mlp().sizes
    np.testing.assert_allclose(back(x[:, :2]), series(x[:, :2]), rtol=0, atol=1e-12)


def test_points_of_more_axes_are_flattened(rng: np.random.Generator) -> None:
    nodes = [node("Identity", "x", "h"), node("Flatten", "h", "i"), node("MatMul", "i a")]
    model = model_of(nodes, {"a": rng.normal(size=(8, 2))}, shape=("n", 2, 4))
    x = rng.normal(size=(5, 2, 4))
    np.testing.assert_allclose(kousei.io.from_onnx(model)(x.reshape(5, 8)), run(model, x), rtol=1e-14, atol=1e-14)


SIGNED = {
    "chain": ("relu", {}),
    "strict": ("relu", {"bias": "strict"}),
    "auto": ("abs", {"method": "auto"}),
    "bits": ("relu", {"method": "bits", "bits": 3}),
    "leaky_relu": (leaky_relu(0.1), {}),
    "prelu": (prelu([0.1, 0.2, 0.2, -0.5]), {}),
    "mixed": (Mixed([("relu", 1), ("abs", 2), (leaky_relu(0.3), 1)]), {"method": "dyadic"}),
}


@pytest.mark.parametrize("name", SIGNED)
def test_networks_of_signs(name: str, dtype: str, rng: np.random.Generator) -> None:
    activation, options = SIGNED[name]
    net = kousei.MLP.random([3, 4, 4, 2], activation, rng=rng)
    if name == "mixed":
        net = kousei.MLP([np.round(4 * weight) / 4 for weight in net.weights], net.biases, net.activations)
    binary = kousei.binarize(net.astype(dtype), **options)
    model = kousei.io.to_onnx(binary)
    signs = [tensor for tensor in model.graph.initializer if tensor.data_type == onnx.TensorProto.INT8]
    assert [numpy_helper.to_array(tensor).tolist() for tensor in signs] == [
        layer.unpack().tolist() for layer in binary.layers
    ]
    x = rng.normal(size=(20, 3)).astype(dtype)
    tolerance = {"rtol": 0, "atol": np.finfo(dtype).eps * 32 * np.abs(binary(x)).max()}
    np.testing.assert_allclose(run(model, x), binary(x), **tolerance)
    back = kousei.io.from_onnx(model)
    assert back.dtype == dtype
    np.testing.assert_allclose(back(x), binary(x), **tolerance)


def test_networks_of_signs_without_units() -> None:
    net = kousei.MLP([np.ones((3, 2)), np.zeros((2, 3))], [np.ones(3), np.array([1.0, 2])], ["relu"])
    affine = kousei.MLP([np.array([[1.0, 2]])], [np.ones(1)], [])
    x = np.array([[1.0, -1], [2, 3]])
    assert np.array_equal(run(kousei.io.to_onnx(kousei.binarize(net)), x), [[1, 2], [1, 2]])
    assert np.array_equal(run(kousei.io.to_onnx(kousei.binarize(affine)), x), [[0], [9]])


def bad_writes() -> list[tuple[Any, dict[str, Any], type[Exception], str]]:
    mlp = kousei.MLP.random([2, 3, 3, 1], kousei.Activation("own", own), rng=0)
    mixed = kousei.MLP.random([2, 3, 1], Mixed([("hat", 2), (kousei.Activation("other", own), 1)]), rng=0)
    return [
        (mlp, {}, ValueError, "no word for: own in hidden layer 0, own in hidden layer 1$"),
        (mixed, {}, ValueError, "ONNX of opset 20 has no word for: other in hidden layer 0"),
        (kousei.identity(2), {"opset": 12}, ValueError, "opset was 12; 13 to 28 is accepted"),
        (kousei.identity(2), {"opset": 29}, ValueError, "opset was 29"),
        (kousei.identity(2), {"opset": 20.0}, TypeError, "opset was 20.0; an integer"),
        (kousei.identity(2), {"path": 2**31 - 1}, TypeError, "path was int"),
        ([1.0], {}, TypeError, "net was list; a kousei.MLP or kousei.BinaryNetwork is"),
    ]


def test_layers_of_other_classes_are_homogeneous(monkeypatch: pytest.MonkeyPatch) -> None:
    net = kousei.binarize(kousei.MLP.random([2, 3, 1], rng=0))
    layers = [(np.ones((3, 2)), np.zeros(3), kousei.Activation("tanh")), (np.ones((1, 3)), np.zeros(1), None)]
    monkeypatch.setattr("kousei.io.onnx.writing.layers_of_kind", lambda net: layers)
    with pytest.raises(ValueError, match="not positively homogeneous: tanh in hidden layer 0$"):
        kousei.io.to_onnx(net)


@pytest.mark.parametrize(("net", "options", "error", "message"), bad_writes())
def test_what_cannot_be_written(net: Any, options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        kousei.io.to_onnx(net, **options)
