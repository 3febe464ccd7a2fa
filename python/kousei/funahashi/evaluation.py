"""Ways to evaluate a network: which are for it, what each costs, and the calls of the kernels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kousei._lib import _core, arrays, backends
from kousei.funahashi import nufft, rewriting
from kousei.funahashi.bump import wave

if TYPE_CHECKING:
    from kousei.funahashi.network import FunahashiNetwork

METHODS = ("dense", "shared", "window", "table", "nufft")
#: Nanoseconds for one point and, times units or alone, one frequency, in float64 and float32 on one thread of a
#: processor with AVX-512. Only their ratios count.
_DENSE = {"float64": 0.52, "float32": 0.25}
_SLOWER = {"logistic": 1.0, "tanh": 1.65, "erf": 3.8, "arctan": 2.0}
_SHARED = {"float64": (3.0, 0.11), "float32": (3.0, 0.11)}
_WINDOW = {"float64": (5.0, 0.19), "float32": (4.0, 0.12)}
_TABLE = {"float64": 3.5, "float32": 3.5}
#: Of one transform: for one point, in 1, 2 and 3 dimensions, and for one cell of the grid.
_NUFFT, _NUFFT_CELL = (60.0, 250.0, 4000.0), (10.0, 40.0, 160.0)
_TABLE_DEGREE = 8
#: Arguments at which 1 - phi is below rounding, and the width of a cell where the bump has the width 1.
_SATURATED = {"logistic": 38.0, "tanh": 19.0, "erf": 6.2}
_CELL = {"logistic": 0.25, "tanh": 0.125, "erf": 0.125}


class Plan(NamedTuple):
    """How a network is evaluated, see `FunahashiNetwork.plan`.

    Parameters
    ----------
    method : str
        The cheapest one.
    nanoseconds : dict of str to float
        Estimates for each method that is for this network, for all points on one thread.
    """

    method: str
    nanoseconds: dict[str, float]

    def __str__(self) -> str:
        costs = ", ".join(f"{name} {cost / 1e6:.3g} ms" for name, cost in self.nanoseconds.items())
        return f"{self.method}, the cheapest by estimate: {costs}"


class Table(NamedTuple):
    """H by a polynomial on each cell, as the kernel takes it."""

    values: np.ndarray[Any, Any]
    first: float
    cells_per_unit: float


def plan(net: FunahashiNetwork, points: int) -> Plan:
    """See `FunahashiNetwork.plan`."""
    dtype, size = net.dtype.name, points * max(1, arrays.shape_of(net.frequencies)[0])
    costs = {"dense": points * net.units * _DENSE[dtype] * _SLOWER.get(net.activations[0].name, 10.0)}
    if arrays.on_host(net.frequencies):
        row = net.units / max(1, arrays.shape_of(net.frequencies)[0])
        merged = net._merged or _coincident(net)
        rows = 1 if merged else 2
        units = row if net._merged or not merged else row / 2 + merged
        fixed, each = _SHARED[dtype]
        if why_not(net, "shared") is None:
            costs["shared"] = size * (rows * fixed + units * each)
        fixed, each = _WINDOW[dtype]
        if why_not(net, "window") is None:
            length = 2 * _saturated(net) * net.delta / net._spacing + 8
            costs["window"] = size * rows * (fixed + length * each)
        if why_not(net, "table") is None:
            # Also where there is a table already: the choice depends on the call alone.
            cells, _, _ = _cells(net)
            building = 9 * 2 * cells * 2 * arrays.shape_of(net.thresholds)[0] * _DENSE["float64"]
            costs["table"] = size * _TABLE[dtype] + building
        if why_not(net, "nufft") is None and net._fourier is not None:
            axis = net.dim - 1
            one = points * _NUFFT[axis] + net._fourier.grid.size * _NUFFT_CELL[axis]
            costs["nufft"] = len(net._fourier.waves) * one
    return Plan(min(costs, key=lambda name: costs[name]), costs)


def why_not(net: FunahashiNetwork, method: str) -> str | None:
    """Return why a method is not for this network; None where it is."""
    phi = net.activations[0]
    if method == "dense":
        return None
    if not arrays.on_host(net.frequencies):
        return "on CUDA only 'dense' is accepted"
    if method == "table":
        if phi.name not in _CELL:
            return f"'table' is for logistic, tanh and erf units, and these are {phi.name}"
        if net._bumps is not None:
            return "'table' is for frequencies that take all thresholds, and these take what each needs"
        return None
    if method == "nufft":
        if phi.name not in _CELL or net.dim > 3 or net._bumps is not None:
            return (
                "'nufft' is for logistic, tanh and erf units, up to 3 dimensions, and frequencies that take all "
                "thresholds"
            )
        if net._fourier is None:
            net._fourier = nufft.fourier_sum(net)
        return None if net._fourier else "'nufft' is for frequencies on a grid"
    if phi.name not in ("logistic", "tanh"):
        return f"{method!r} is for logistic and tanh units, and these are {phi.name}"
    if method == "shared" and not _shares(net):
        return f"exponentials of the thresholds overflow in {net.dtype}; 'window' is accepted"
    return None


def choose(net: FunahashiNetwork, x: Any, batch: tuple[int, ...]) -> str:
    """Return the method of ``method="auto"`` for points `x`."""
    costs = plan(net, math.prod(batch)).nanoseconds
    if min(costs, key=lambda name: costs[name]) == "nufft" and nufft.why_not_at(net, _rows(net, x)):
        del costs["nufft"]
    return min(costs, key=lambda name: costs[name])


def why_not_at(net: FunahashiNetwork, method: str, x: Any) -> str | None:
    """Return why a method is not for this network and these points; None where it is."""
    return why_not(net, method) or (nufft.why_not_at(net, _rows(net, x)) if method == "nufft" else None)


def _rows(net: FunahashiNetwork, x: Any) -> np.ndarray[Any, Any]:
    return arrays.host_view("x", x).reshape(-1, net.dim)


def evaluate(
    net: FunahashiNetwork, backend: backends.Backend, method: str, x: Any, batch: tuple[int, ...], out: Any
) -> None:
    """Write the values at points `x` (*batch, dim) to the view `out`."""
    views = {name: backend.view(name, array) for name, array in (net._arrays | net._ranges).items()}
    points = backend.view("x", x)
    if method == "nufft":
        assert net._fourier is not None
        out[...] = nufft.evaluate(net, net._fourier, points.reshape(-1, net.dim)).reshape(batch)
        return
    if method == "table":
        if net._table is None:
            net._table = build_table(net)
        parts = {name: views[name] for name in ("frequencies", "amplitudes", "center")}
        backend.kernels.funahashi_evaluate_table(
            **parts, offset=net.offset, **net._table._asdict(), x=points, out=out, on=backend.launch()
        )
        return
    merged = net._merged if method == "dense" else net._merged or _coincident(net)
    backend.kernels.funahashi_evaluate(
        **views,
        delta=net.delta,
        alpha=net.alpha,
        activation=net.activations[0].code,
        x=points,
        out=out,
        on=backend.launch(lambda: backend.kernels.workspace_bytes(net.units, net.dim, 1, math.prod(batch))),
        offset=net.offset,
        merged=merged,
        units=net.units,
        method=_core.FunahashiMethod[method],
    )


def build_table(net: FunahashiNetwork) -> Table:
    """Return H by the polynomials that agree with it at Chebyshev points of each cell."""
    cells, first, width = _cells(net)
    nodes = np.cos(np.pi * (np.arange(_TABLE_DEGREE + 1) + 0.5) / (_TABLE_DEGREE + 1)) / 2
    middles = first + width * (np.arange(cells) + 0.5)
    # Without the rounding of float32, equally spaced.
    t = float(arrays.to_host(net.thresholds)[0]) + net._spacing * np.arange(arrays.shape_of(net.thresholds)[0])
    values = wave(middles[:, None] + width * nodes, net.delta, net.alpha, t, net.activations[0])
    # Coefficients of powers of the distance from the middle, in cells; the highest first.
    coefficients = np.linalg.solve(np.vander(nodes, _TABLE_DEGREE + 1), values.T).T
    table = np.stack([coefficients.real, coefficients.imag], axis=-1)
    table[[0, -1]] = 0  # what lies beyond
    return Table(np.ascontiguousarray(table.astype(net.dtype)), first, 1 / width)


def _cells(net: FunahashiNetwork) -> tuple[int, float, float]:
    """Return the number of cells of a table, where they begin, and their width."""
    name = net.activations[0].name
    t = arrays.to_host(net.thresholds)
    reach = (net.alpha + _SATURATED[name]) * net.delta
    width = _CELL[name] * min(1.0, net.delta)
    first, last = float(t[0]) - reach - width, float(t[-1]) + reach + width
    return math.ceil((last - first) / width), first, width


def _coincident(net: FunahashiNetwork) -> int:
    """Return how many bumps on a unit opens a bump that it closes; 0 where none does."""
    try:
        return 0 if net._bumps is not None else rewriting.coincident_bumps(net)
    except ValueError:
        return 0


def _saturated(net: FunahashiNetwork) -> float:
    slope = 2 if net.activations[0].name == "tanh" else 1
    return (37 if net.dtype == np.float64 else 17) / slope


def _shares(net: FunahashiNetwork) -> bool:
    """Whether the exponentials of a row of units fit the exponent of a number; as the kernel decides."""
    slope = 2 if net.activations[0].name == "tanh" else 1
    merged = net._merged or _coincident(net)
    units = arrays.shape_of(net.thresholds)[0] + merged + 6
    highest = 1020 if net.dtype == np.float64 else 124
    half = slope / net.delta * math.log2(math.e) * net._spacing * units / 2
    return highest - half >= half + _saturated(net) * slope * math.log2(math.e)
