"""``python -m kousei info``, ``demo`` and ``convert``."""

from __future__ import annotations

import argparse
import platform
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import kousei
from kousei._lib import _core
from kousei._lib.backends import why_no_cuda


def info() -> None:
    """Print versions, the instruction set in use, threads, and CUDA devices or why there are none."""
    rows = {
        "kousei": kousei.__version__,
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "instruction set": _core.instruction_set_name(),
        "threads": str(kousei.num_threads()),
    }
    reason = why_no_cuda()
    if hasattr(_core, "cuda"):
        cuda = _core.cuda
        rows["CUDA runtime"] = _dotted(cuda.runtime_version())
        rows["CUDA driver"] = _dotted(cuda.driver_version()) if cuda.driver_version() else "none"
        if not reason:
            for device in range(cuda.device_count()):
                rows[f"CUDA device {device}"] = cuda.device_name(device)
    if reason:
        rows["CUDA"] = f"not available: {reason}"
    for name, value in rows.items():
        print(f"{name:>15}: {value}")


def convert(source: str, target: str) -> None:
    """Read a network from one file and write it into another, each of the format its suffix says."""
    read = _of_suffix(source, {".safetensors": kousei.load, ".onnx": kousei.io.from_onnx})
    write = _of_suffix(target, {".safetensors": kousei.save, ".onnx": lambda path, net: kousei.io.to_onnx(net, path)})
    if ".onnx" in (Path(source).suffix, Path(target).suffix) and find_spec("onnx") is None:
        raise ValueError("onnx is not installed: pip install 'kousei[onnx]'")
    net = read(source)
    write(target, net)
    print(f"{net!r} in {target}")


def _of_suffix(path: str, known: dict[str, Callable[..., Any]]) -> Callable[..., Any]:
    suffix = Path(path).suffix
    if suffix not in known:
        raise ValueError(f"{path} has the suffix {suffix!r}; {' and '.join(known)} are accepted")
    return known[suffix]


def demo(picture: str) -> None:
    """Print and draw how two functions become networks of growing size."""
    backends = _demo_backends()
    results: dict[str, list[tuple[kousei.FunahashiNetwork, float]]] = {}
    for name, (f, bounds, thresholds) in _demo_functions().items():
        print(f"{name} on {' x '.join(map(str, bounds))}")
        print(f"{'N':>5} {'units':>9} {'largest error':>14} " + " ".join(f"{b + ' ns/unit':>16}" for b in backends))
        axes = [np.linspace(lo, hi, 501 if len(bounds) == 1 else 51) for lo, hi in bounds]
        points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
        for order in (8, 16, 32):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                net = kousei.FunahashiNetwork.from_function(f, bounds, order, n_thresholds=thresholds * order)
            error = float(np.abs(net(points) - f(points)).max())
            results.setdefault(name, []).append((net, error))
            times = [
                _time(net, points, prepare) / points[..., 0].size / net.units * 1e9 for prepare in backends.values()
            ]
            print(f"{order:>5} {net.units:>9} {error:>14.1e} " + " ".join(f"{t:>16.3f}" for t in times))
        print()
    if find_spec("matplotlib") is None:
        print("No picture: matplotlib is not installed (pip install 'kousei[plot]').")
        return
    _draw(results, picture)
    print(f"Picture: {picture}")


def _demo_functions() -> dict[str, tuple[Callable[[Any], Any], list[tuple[float, float]], int]]:
    """Return the two functions of the paper, with the thresholds per frequency that suit them."""
    return {
        "quartic (x-1)(x-2)(x-3)(x-4)": (
            lambda x: np.prod([x[..., 0] - k for k in (1, 2, 3, 4)], axis=0),
            [(0.0, 5.0)],
            8,
        ),
        "XOR (1 - cos(pi x) cos(pi y))/2": (
            lambda x: (1 - np.cos(np.pi * x[..., 0]) * np.cos(np.pi * x[..., 1])) / 2,
            [(0.0, 1.0), (0.0, 1.0)],
            8,
        ),
    }


def _demo_backends() -> dict[str, Callable[[np.ndarray[Any, Any]], Any]]:
    backends: dict[str, Callable[[np.ndarray[Any, Any]], Any]] = {
        "cpu float64": lambda x: x,
        "cpu float32": lambda x: x.astype(np.float32),
    }
    if not why_no_cuda() and find_spec("cupy"):
        import cupy

        backends["cuda float32"] = lambda x: cupy.asarray(x, dtype=cupy.float32)
    return backends


def _time(net: kousei.FunahashiNetwork, points: np.ndarray[Any, Any], prepare: Callable[[Any], Any]) -> float:
    x = prepare(points)
    ready = net.like(x)

    def run() -> float:
        start = time.perf_counter()
        values = ready(x)
        # Reading one value waits for the device.
        float(values.ravel()[0])
        return time.perf_counter() - start

    run()
    return float(np.median([run() for _ in range(3)]))


def _draw(results: dict[str, list[tuple[kousei.FunahashiNetwork, float]]], picture: str) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, (curve, surface, convergence) = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
    quartic, xor = results
    f = _demo_functions()[quartic][0]
    x = np.linspace(0, 5, 501)[:, None]
    curve.plot(x[:, 0], f(x), color="black", linewidth=3, alpha=0.3, label="function")
    for net, _ in results[quartic]:
        count = net.frequencies.shape[0]
        curve.plot(x[:, 0], net(x), label=f"N = {count}, {net.units} units")
    curve.set(title=quartic, xlabel="x")
    curve.legend()

    net, _ = results[xor][-1]
    axis = np.linspace(0, 1, 101)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    drawn = surface.imshow(net(grid).T, origin="lower", extent=(0, 1, 0, 1), cmap="viridis")
    surface.set(title=f"XOR by {net.units} units", xlabel="x", ylabel="y")
    figure.colorbar(drawn, ax=surface)

    for name, rows in results.items():
        convergence.loglog([net.units for net, _ in rows], [error for _, error in rows], "o-", label=name)
    convergence.set(title="largest error on a grid", xlabel="hidden units")
    convergence.legend()
    figure.savefig(picture, dpi=120)
    plt.close(figure)


def _dotted(version: int) -> str:
    return f"{version // 1000}.{version % 1000 // 10}"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="kousei", description=kousei.__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("info", help="versions, instruction set, threads, CUDA")
    drawing = commands.add_parser("demo", help="two functions as networks of growing size, with a picture")
    drawing.add_argument("--picture", default="kousei-demo.png", help="where to draw (default: %(default)s)")
    converting = commands.add_parser("convert", help="a network from one file into another: .safetensors, .onnx")
    converting.add_argument("source", help="the file to read")
    converting.add_argument("target", help="the file to write")
    arguments = parser.parse_args()
    if arguments.command == "info":
        info()
    elif arguments.command == "demo":
        demo(arguments.picture)
    else:
        try:
            convert(arguments.source, arguments.target)
        except (OSError, TypeError, ValueError) as error:
            parser.exit(1, f"kousei: {' '.join(str(error).split())}\n")


if __name__ == "__main__":
    main()
