"""``python -m kousei info``, ``demo``, ``convert``, ``binarize``, ``fashion`` and ``recommend``."""

from __future__ import annotations

import argparse
import platform
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import kousei
from kousei._commands import chain, fashion, recommend
from kousei._commands.pictures import check_folder, picture_path
from kousei._lib import _core
from kousei._lib.backends import why_no_cuda
from kousei._lib.errors import said

Array = np.ndarray[Any, Any]

#: Points at which networks are compared where none are given.
_RANDOM_POINTS = 1000
#: Distributions whose versions a report of an error needs.
_LIBRARIES = (
    *("numpy", "scipy", "array-api-compat", "finufft", "cupy-cuda13x", "cufinufft", "torch", "onnx", "onnxruntime"),
    *("scikit-learn", "pandas", "dask"),
)
_XOR = "XOR (1 - cos(pi x) cos(pi y))/2"


def info() -> None:
    """Print what a report of an error needs: versions, instruction set, threads, and CUDA devices or why not."""
    rows = {
        "kousei": kousei.__version__,
        "Python": platform.python_version(),
        "system": platform.platform(),
        "libraries": ", ".join(f"{name} {found}" for name in _LIBRARIES if (found := _version(name))),
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


def _version(library: str) -> str | None:
    """Return the version of a distribution that is installed."""
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def convert(source: str, target: str) -> None:
    """Read a network from one file and write it into another, each of the format its suffix says."""
    read, write = _reader(source), _writer(target)
    net = read(source)
    write(target, net)
    print(f"{net!r} in {target}")


def binarize(
    source: str,
    target: str,
    method: str | None,
    bits: int | None,
    bias: str,
    calibrate: str | None,
    points: str | None,
    labels: str | None,
    progress: bool,
) -> None:
    """Write a network as one of signs, and print its sizes and, at points, how its outputs differ."""
    read, write = _reader(source), _writer(target)
    net = read(source)
    if not isinstance(net, kousei.MLP):
        raise TypeError(f"{source} holds a {type(net).__name__}; an MLP is accepted")
    fitted = None if calibrate is None else _points(calibrate, net)
    x, where = fitted if points is None else _points(points, net), "points"
    classes = None
    if labels is not None:
        if x is None:
            raise ValueError("--labels are those of the points of --points or --calibrate, which are missing")
        classes = _labels(labels, x.shape[:1], max(net.outputs, 2))
    if x is None:
        x = np.random.default_rng(0).uniform(-1, 1, (_RANDOM_POINTS, net.dim)).astype(net.dtype)
        where = "random points, every input between -1 and 1"
    method = method or ("chain" if bits is None else "bits")
    binary = kousei.binarize(net, method, bits=bits, bias=bias, calibrate=fitted, progress=progress)
    compared = _compared(net(x), binary(x), classes)
    write(target, binary)
    print(f"{binary!r} in {target}", binary.summary(), f"at {len(x)} {where}:", *compared, sep="\n")


def _points(path: str, net: kousei.MLP) -> Array:
    """Return the points (points, inputs) of a .npy file in the dtype of a network."""
    points = _array(path)
    if points.dtype not in (np.float32, np.float64) or points.ndim != 2 or points.shape[1] != net.dim:
        raise ValueError(
            f"{path} has dtype {points.dtype} and shape {points.shape}; float32 or float64 and (points, {net.dim}) "
            "are accepted"
        )
    with np.errstate(over="ignore"):
        taken = points.astype(net.dtype)
    if len(taken) == 0 or not np.isfinite(taken).all():
        raise ValueError(
            f"{path} has no points, or numbers that are not finite in {net.dtype}; one or more, finite, are accepted"
        )
    if points.dtype != net.dtype:
        print(f"{path}: {points.dtype.name} is taken as {net.dtype.name}, of which the network is")
    return taken


def _compared(before: Array, after: Array, labels: Array | None) -> list[str]:
    """Return what two networks have in common, by their values (points,) or (points, outputs)."""
    # Of one output the second class is where it is positive, as in decision values.
    first, second = (values > 0 if values.ndim == 1 else values.argmax(axis=-1) for values in (before, after))
    known, known_after = (np.isfinite(values).reshape(len(values), -1).all(axis=1) for values in (before, after))
    both = known & known_after
    lines = []
    if both.any():
        lines.append(f"relative error of the outputs {_relative_error(before[both], after[both]):.1e}")
    if not both.all():
        lines.append(f"not finite at {np.sum(~both)} points, left out of the error and not the same predictions")
    if before.ndim > 1 or labels is not None:
        lines.append(f"same predictions {np.mean((first == second) & both):.2%}")
    if labels is not None:
        right, right_after = (first == labels) & known, (second == labels) & known_after
        lines.append(f"accuracy {np.mean(right):.2%} before, {np.mean(right_after):.2%} after")
    return lines


def _relative_error(before: Array, after: Array) -> float:
    if not before.any():
        return np.inf if after.any() else 0.0
    # By a power of two, so that squares stay within float64.
    _, exponent = np.frexp(np.abs(before).max())
    before, after = (np.ldexp(values.astype(np.float64), -exponent) for values in (before, after))
    return float(np.linalg.norm(after - before) / np.linalg.norm(before))


def _labels(path: str, shape: tuple[int, ...], classes: int) -> Array:
    labels = _array(path)
    if labels.dtype.kind not in "iu" or labels.shape != shape or not ((labels >= 0) & (labels < classes)).all():
        raise ValueError(
            f"{path} has dtype {labels.dtype} and shape {labels.shape}; integers from 0 to {classes - 1} of shape "
            f"{shape} are accepted"
        )
    return labels


def _array(path: str) -> Array:
    """Return the array of a .npy file; ValueError if there is none in it."""
    try:
        # Mapped, it is held against the length of the file before anything is allocated, and holds no pickles.
        return np.array(np.lib.format.open_memmap(path, mode="r"))
    except ValueError as error:
        raise ValueError(f"{path} is no .npy file of numbers: {said(error)}") from None


def _reader(path: str) -> Callable[..., Any]:
    return _of_suffix(path, {".safetensors": kousei.load, ".onnx": kousei.io.from_onnx})


def _writer(path: str) -> Callable[..., Any]:
    return _of_suffix(path, {".safetensors": kousei.save, ".onnx": lambda path, net: kousei.io.to_onnx(net, path)})


def _of_suffix(path: str, known: dict[str, Callable[..., Any]]) -> Callable[..., Any]:
    suffix = Path(path).suffix
    if suffix not in known:
        raise ValueError(f"{path} has the suffix {suffix!r}; {' and '.join(known)} are accepted")
    if suffix == ".onnx" and find_spec("onnx") is None:
        raise ValueError("onnx is not installed: pip install 'kousei[onnx]'")
    return known[suffix]


def demo(picture: str) -> None:
    """Print and draw how two functions become networks of growing size, and print what a network becomes."""
    check_folder("--picture", picture)
    if find_spec("matplotlib") is not None:
        picture = picture_path(picture)
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
    xor, bounds, _ = _demo_functions()[_XOR]
    print("XOR again: a tolerance in, a network out, and what it becomes (largest differences)")
    chain.show(xor, _slopes_of_xor, bounds)
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
        _XOR: (
            lambda x: (1 - np.cos(np.pi * x[..., 0]) * np.cos(np.pi * x[..., 1])) / 2,
            [(0.0, 1.0), (0.0, 1.0)],
            8,
        ),
    }


def _slopes_of_xor(x: Array) -> Array:
    waves = np.pi * x
    return np.pi / 2 * np.sin(waves) * np.cos(waves[:, ::-1])


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kousei", description=kousei.__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def command_named(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text)

    command_named("info", "versions, instruction set, threads, CUDA")
    drawing = command_named("demo", "two functions as networks, what they become, and a picture")
    drawing.add_argument("--picture", default="kousei-demo.png", help="where to draw (default: %(default)s)")
    converting = command_named("convert", "a network from one file into another: .safetensors, .onnx")
    converting.add_argument("source", help="the file to read")
    converting.add_argument("target", help="the file to write")
    signs = command_named(
        "binarize", "a network from one file as a network of signs, -1 and +1, into another: .safetensors, .onnx"
    )
    signs.add_argument("source", help="the file to read")
    signs.add_argument("target", help="the file to write")
    signs.add_argument(
        "--method",
        choices=("chain", "dyadic", "auto", "bits"),
        help="exactly by chains, by powers of two, or by the shorter for each column; or by --bits "
        "(default: bits with --bits, else chain)",
    )
    signs.add_argument(
        "--bits", type=int, help="units for each column of the weights, 1 to 24; without them it is exact"
    )
    signs.add_argument("--bias", choices=("affine", "strict"), default="affine", help="(default: %(default)s)")
    signs.add_argument("--calibrate", metavar="X.npy", help="points (points, inputs) for which few bits are chosen")
    signs.add_argument(
        "--points",
        metavar="X.npy",
        help="points at which outputs are compared (default: those of --calibrate, else random ones in [-1, 1]^n)",
    )
    signs.add_argument("--labels", metavar="y.npy", help="classes of these points, from 0 on, for the accuracy")
    signs.add_argument("--progress", action="store_true", help="show a bar")
    fashion.add_arguments(
        command_named("fashion", "images of a folder and their tags, learned, searched and explained")
    )
    recommend.add_arguments(command_named("recommend", "shops recommended beside a shop, why, and which are clicked"))
    return parser


def main() -> None:
    """Run the command line."""
    parser = _parser()
    run: dict[str, Callable[..., None]] = {
        "info": info,
        "demo": demo,
        "convert": convert,
        "binarize": binarize,
        "fashion": fashion.run,
        "recommend": recommend.run,
    }
    arguments = vars(parser.parse_args())
    command = run[arguments.pop("command")]
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _say
            command(**arguments)
    except (ImportError, MemoryError, OSError, TypeError, ValueError) as error:
        parser.exit(1, f"kousei: {' '.join(str(error).split())}\n")


def _say(message: Warning | str, *_: Any, **__: Any) -> None:
    """Show a warning as an error is shown, without the line of this program that led to it."""
    print(f"kousei: {message}", file=sys.stderr)


if __name__ == "__main__":
    main()
