"""From a function to a network, its derivative, bounds, signs and files, and the same values from all of them."""

from pathlib import Path

import numpy as np
import pytest

import kousei


def f(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(-(x[:, 0] ** 2)) * np.sin(3 * x[:, 1]))


BOX = [(-1.0, 1.0), (-1.0, 1.0)]
X = np.random.default_rng(0).uniform(-1, 1, (1000, 2))
SLOPES = np.exp(-(X[:, :1] ** 2)) * np.stack([-2 * X[:, 0] * np.sin(3 * X[:, 1]), 3 * np.cos(3 * X[:, 1])], axis=-1)


def test_from_a_function_to_signs_in_a_file(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    net = kousei.construct(f, BOX, 1e-2, activation="relu", rng=0)
    assert {activation.name for activation in net.activations} == {"relu"}
    assert np.abs(net(X) - f(X)).max() <= net.error_bound().total <= 1e-2

    ranges = net.bounds(BOX, "linear")
    assert ranges.lower[0] <= net(X).min() < net(X).max() <= ranges.upper[0]

    binary = kousei.binarize(net)
    assert all(isinstance(layer, kousei.PackedSigns) for layer in binary.layers)
    assert np.abs(binary(X) - net(X)).max() < 1e-12

    kousei.save(tmp_path / "f.safetensors", binary)
    assert (kousei.load(tmp_path / "f.safetensors")(X) == binary(X)).all()

    kousei.io.to_onnx(binary, tmp_path / "f.onnx")
    (values,) = onnxruntime.InferenceSession(tmp_path / "f.onnx").run(None, {"x": X})
    assert np.abs(values[:, 0] - binary(X)).max() < 1e-12


def test_the_network_of_derivatives(tmp_path: Path) -> None:
    net = kousei.construct(f, BOX, 1e-6, activation="repu2", rng=0)
    slopes = kousei.repu.derivative_network(net)
    assert np.abs(net(X) - f(X)).max() <= 1e-6
    assert np.abs(slopes(X) - SLOPES).max() < 1e-4

    kousei.save(tmp_path / "f.safetensors", net)
    again = kousei.load(tmp_path / "f.safetensors")
    assert (again(X) == net(X)).all()
    assert again.error_bound() == net.error_bound()


def test_derivatives_of_whatever_is_constructed(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    net = kousei.construct(f, BOX, 1e-6, rng=0)
    jet = net.jet(X, laplacian=False)
    assert np.abs(jet.value[:, 0] - f(X)).max() <= 1e-6
    assert np.abs(jet.jacobian[:, 0] - SLOPES).max() < 1e-4

    kousei.io.to_onnx(net, tmp_path / "f.onnx")
    (values,) = onnxruntime.InferenceSession(tmp_path / "f.onnx").run(None, {"x": X})
    assert np.abs(values[:, 0] - net(X)).max() <= 2 * net.error_bound().rounding < 1e-9
