"""The dense sum over one hidden layer of logistic units: ours, that of other libraries, and a reference."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from kousei import MLP, FunahashiNetwork

from . import Case, Check

Array = np.ndarray[Any, Any]

POINTS = 256
CHUNK_POINTS, CHUNK_UNITS = 64, 4096
#: The reference in long double is slow: it is summed at this many of the points.
REFERENCE_POINTS = 16


def points(dim: int, dtype: str = "float64", count: int = POINTS) -> Array:
    """Return points of [-1, 1]^dim."""
    return np.random.default_rng(0).uniform(-1, 1, (count, dim)).astype(dtype)


def compare(network: Callable[[], MLP], dtype: str, numpy_floor: float, error_ceiling: float | None) -> Case:
    """Return the case of a float64 network with one output, evaluated in `dtype`."""
    net = network()
    x = points(net.dim, dtype)
    ours = net.astype(dtype)
    single = MLP(net.weights, net.biases, net.activations).astype(dtype)
    return Case(
        work=net.units * len(x),
        sizes={"dim": net.dim, "units": net.units, "points": len(x)},
        dtype=dtype,
        chunks=f"others: {CHUNK_POINTS} points x {CHUNK_UNITS} units; ours and KeOps: fused",
        ours=lambda: every_unit(ours, x),
        others={
            "numpy float64": lambda: numpy_chunks(net, x.astype(np.float64)),
            f"torch {dtype}": lambda: torch_chunks(single, x),
            f"keops {dtype}": lambda: keops_reduction(single, x),
        },
        floors={"numpy float64": numpy_floor},
        checks={
            "error": Check(
                lambda: error(net, x, every_unit(ours, x)),
                f"max |ours - reference| / sum |c|; reference in long double at {REFERENCE_POINTS} points",
                error_ceiling,
            ),
            # The ceiling is one copy of the network written out; points times units would be far above it.
            "memory": Check(
                lambda: in_fresh_process(peak_bytes, network, dtype) / net.units,
                "peak bytes beyond network, points and values, per hidden unit",
                (net.dim + 2) * ours.dtype.itemsize,
            ),
        },
    )


def every_unit(net: MLP, x: Array) -> Array:
    """Return the values of a network by the sum over all its units, where it knows faster ways too."""
    values: Array = net(x, method="dense") if isinstance(net, FunahashiNetwork) else net(x)
    return values


def chunks(units: int, count: int) -> list[tuple[slice, slice]]:
    """Return the points and the units of each chunk."""
    return [
        (slice(p, p + CHUNK_POINTS), slice(u, u + CHUNK_UNITS))
        for p in range(0, count, CHUNK_POINTS)
        for u in range(0, units, CHUNK_UNITS)
    ]


def numpy_chunks(net: MLP, x: Array) -> Callable[[], Array]:
    """Return NumPy's sum: one product and five passes in place over each chunk."""
    (weight, coef), (bias, offset) = net.weights, net.biases
    held = np.empty((CHUNK_POINTS, CHUNK_UNITS), x.dtype)

    def run() -> Array:
        out = np.full(len(x), offset[0])
        for at, units in chunks(len(bias), len(x)):
            z = held[: len(x[at]), : len(bias[units])]
            np.matmul(x[at], weight[units].T, out=z)
            np.add(z, bias[units], out=z)
            np.negative(z, out=z)
            np.exp(z, out=z)
            np.add(z, 1, out=z)
            np.divide(1, z, out=z)
            out[at] += z @ coef[0, units]
        return out

    return run


def torch_chunks(net: MLP, x: Array) -> Callable[[], Any]:
    """Return torch's sum: affine map, sigmoid in place and product over each chunk."""
    import torch

    torch.set_num_threads(1)
    weight, coef, bias, offset, at_points = map(torch.from_numpy, (*net.weights, *net.biases, x))
    held = torch.empty(CHUNK_POINTS, CHUNK_UNITS, dtype=bias.dtype)

    @torch.inference_mode()
    def run() -> Any:
        out = offset.repeat(len(x))
        for at, units in chunks(len(bias), len(x)):
            z = held[: len(x[at]), : len(bias[units])]
            torch.addmm(bias[units], at_points[at], weight[units].T, out=z)
            out[at] += z.sigmoid_() @ coef[0, units]
        return out

    return run


def keops_reduction(net: MLP, x: Array) -> Callable[[], Array]:
    """Return KeOps' sum, a kernel compiled for this formula."""
    import pykeops
    from pykeops.numpy import Genred

    pykeops.set_verbose(False)
    (weight, coef), (bias, offset) = net.weights, net.biases
    variables = [f"x = Vi({net.dim})", f"w = Vj({net.dim})", "b = Vj(1)", "c = Vj(1)"]
    formula = "c * Inv(IntCst(1) + Exp(-((w | x) + b)))"
    kernel = Genred(formula, variables, reduction_op="Sum", axis=1)
    columns = np.ascontiguousarray(bias[:, None]), np.ascontiguousarray(coef.T)
    return lambda: kernel(x, weight, *columns, backend="CPU")[:, 0] + offset


def error(net: MLP, x: Array, values: Array) -> float:
    """Return the largest error of `values` as a share of the sum of |output weights|."""
    chosen = slice(None, None, len(x) // REFERENCE_POINTS)
    (weight, coef), (bias, offset) = net.weights, net.biases
    exact = np.full(REFERENCE_POINTS, offset[0], np.longdouble)
    at_points = x[chosen].astype(np.longdouble)
    for u in range(0, len(bias), CHUNK_UNITS):
        units = slice(u, u + CHUNK_UNITS)
        exact += (1 / (1 + np.exp(-(at_points @ weight[units].T + bias[units])))) @ coef[0, units]
    return float(np.abs(values[chosen] - exact).max() / np.abs(coef).sum())


def peak_bytes(network: Callable[[], MLP], dtype: str) -> int:
    """Return how far one evaluation raises this process' resident memory at its peak, less the values."""
    net = network().astype(dtype)
    x = points(net.dim, dtype)
    # Brings the code into memory.
    every_unit(net, x[:1])
    # What earlier work freed must not count as resident.
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # sets the peak to what is resident now
    before = _status_bytes("VmRSS")
    values = every_unit(net, x)
    return max(0, _status_bytes("VmHWM") - before - values.nbytes)


def in_fresh_process(f: Callable[..., Any], *args: Any) -> Any:
    """Return f(*args) from a new process, where nothing has allocated yet."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(f, *args).result()


def _status_bytes(name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024
