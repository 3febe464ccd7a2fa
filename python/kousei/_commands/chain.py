"""From a function to a network, its derivatives, ranges, signs and files, as the demonstration shows it."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import kousei
from kousei._lib.backends import why_no_cuda

Array = np.ndarray[Any, Any]


def show(f: Callable[[Array], Array], slopes: Callable[[Array], Array], bounds: list[tuple[float, float]]) -> None:
    """Print what one function becomes, and how far each form is from the one before at 10,000 random points."""
    lo, hi = np.transpose(bounds)
    x = np.random.default_rng(0).uniform(lo, hi, (10_000, len(bounds)))

    def row(what: str, net: Any, error: float) -> None:
        print(f"{what:<12} {error:8.1e}  {net}")

    net = kousei.construct(f, bounds, 1e-6, rng=0)
    row("construct", net, np.abs(net(x) - f(x)).max())
    smooth = kousei.construct(f, bounds, 1e-6, activation="repu2", rng=0)
    derivatives = kousei.repu.derivative_network(smooth)
    row("derivatives", derivatives, np.abs(derivatives(x) - slopes(x)).max())
    relu = kousei.construct(f, bounds, 1e-2, activation="relu", rng=0)
    row("in ReLU", relu, np.abs(relu(x) - f(x)).max())
    ranges = relu.bounds(bounds, "linear")
    print(f"{'its values':<12} {'':>8}  from {ranges.lower[0]:.3f} to {ranges.upper[0]:.3f}, on all of the box")
    binary = kousei.binarize(relu)
    row("in signs", binary, np.abs(binary(x) - relu(x)).max())
    if not why_no_cuda() and find_spec("cupy"):
        import cupy

        values = binary.like(cupy.asarray(x))(cupy.asarray(x))
        row("on a GPU", binary, np.abs(cupy.asnumpy(values) - binary(x)).max())
    with TemporaryDirectory() as folder:
        kousei.save(Path(folder) / "f.safetensors", binary)
        again = kousei.load(Path(folder) / "f.safetensors")
        row("from a file", again, np.abs(again(x) - binary(x)).max())
        if find_spec("onnx") and find_spec("onnxruntime"):
            import onnxruntime

            kousei.io.to_onnx(binary, Path(folder) / "f.onnx")
            (values,) = onnxruntime.InferenceSession(Path(folder) / "f.onnx").run(None, {"x": x})
            row("onnxruntime", "the same graph", np.abs(values[:, 0] - binary(x)).max())
