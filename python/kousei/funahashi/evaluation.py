"""Ways to evaluate a network: which are for it, what each costs, and the calls of the kernels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kousei._lib import _core, arrays, backends
from kousei.funahashi import nufft, rewriting
from kousei.funahashi.bump import reach_of_bump, wave

if TYPE_CHECKING:
    from kousei.funahashi.network import FunahashiNetwork

METHODS = ("dense", "shared", "window", "table", "nufft")
#: Nanoseconds for one point and one unit, or for one point and one frequency and then for each of its units, on one
#: thread of a processor with AVX-512. Only their ratios count.
_DENSE = {"float64": 0.52, "float32": 0.25}
_SLOWER = {"logistic": 1.0, "tanh": 1.65, "erf": 3.8, "arctan": 2.0}
_FRACTIONS = {
    "shared": {"float64": (3.0, 0.11), "float32": (3.0, 0.11)},
    "window": {"float64": (5.0, 0.19), "float32": (4.0, 0.12)},
}
_TABLE = 3.5
#: For writing down one unit, which serves this many points.
_WRITING, _CHUNK = {"dense": 8.0, "shared": 17.0, "window": 1.5}, 512
#: Of one transform: alone, for one point in 1, 2 and 3 dimensions, and for one cell of the grid.
_TRANSFORM, _NUFFT, _NUFFT_CELL = 4e5, (60.0, 250.0, 4000.0), (10.0, 40.0, 160.0)


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
    possible = [method for method in METHODS if why_not(net, method) is None]
    costs = {method: _cost(net, method, points) for method in possible}
    return Plan(min(costs, key=lambda method: costs[method]), costs)


def _cost(net: FunahashiNetwork, method: str, points: int) -> float:
    dtype, frequencies = net.dtype.name, arrays.shape_of(net.frequencies)[0]
    size, chunks = points * frequencies, math.ceil(points / _CHUNK)
    if method == "dense":
        each = _DENSE[dtype] * _SLOWER.get(net.activations[0].name, 10.0)
        return net.units * (points * each + chunks * _WRITING[method])
    if method == "table":
        # Also where there is a table already: the choice depends on the call alone.
        return size * _TABLE + _building(net, float(np.ptp(arrays.to_host(net.thresholds))))
    if method == "nufft":
        assert net._fourier is not None
        one = _TRANSFORM + points * _NUFFT[net.dim - 1] + net._fourier.grid.size * _NUFFT_CELL[net.dim - 1]
        missing = nufft.missing_on_box(net)
        edges = [points * near * _TABLE + _building(net, count * net._spacing) for near, count in missing]
        return len(net._fourier.waves) * one + sum(edges)
    fixed, each = _FRACTIONS[method][dtype]
    work = _work(net, method)
    return size * (fixed + each * work) + chunks * frequencies * work * _WRITING[method]


def _building(net: FunahashiNetwork, span: float) -> float:
    """Return what a table of H costs with thresholds over this range: pairs of units, complex, at each node."""
    reach, width = reach_of_bump(net.delta, net.alpha, net.activations[0]), _cell_width(net)
    assert reach is not None
    nodes = (span + 2 * reach) / width * (_core.funahashi_table_degree + 1)
    return nodes * 4 * (span / net._spacing + 1) * _DENSE["float64"]


def why_not(net: FunahashiNetwork, method: str) -> str | None:
    """Return why a method is not for this network; None where it is."""
    phi = net.activations[0]
    if method == "dense":
        return None
    if not arrays.on_host(net.frequencies):
        return "on CUDA only 'dense' is accepted"
    if method in _FRACTIONS:
        if phi.name not in ("logistic", "tanh"):
            return f"{method!r} is for logistic and tanh units, and these are {phi.name}"
        if _work(net, method) == 0:
            return f"exponentials of the thresholds overflow in {net.dtype}; 'window' is accepted"
        return None
    if reach_of_bump(net.delta, net.alpha, phi) is None:
        return f"{method!r} is for logistic, tanh and erf units, and these are {phi.name}"
    if net._bumps is not None:
        return f"{method!r} is for frequencies that take all thresholds, and these take what each needs"
    if method == "nufft" and net.dim > 3:
        return f"'nufft' is for up to 3 dimensions, and these are {net.dim}"
    if method == "nufft" and net._fourier is None:
        return "'nufft' is for frequencies on a grid"
    return None


def _work(net: FunahashiNetwork, method: str) -> int:
    """Return the units that a method evaluates for each frequency and point; 0 where it is not for the network."""
    return int(
        _core.funahashi_work(
            arrays.shape_of(net.thresholds)[0],
            net._spacing,
            net.delta,
            net.alpha,
            net.activations[0].code,
            _merged(net),
            _core.FunahashiMethod[method],
            net.dtype == np.float32,
        )
    )


def _merged(net: FunahashiNetwork) -> int:
    """Return how many bumps on a unit opens a bump that it closes, for methods that merge them anyway."""
    return net._merged if net._merged or net._bumps is not None else rewriting.coincidence(net)[0]


def choose(net: FunahashiNetwork, x: Any, batch: tuple[int, ...]) -> str:
    """Return the method of ``method="auto"`` for points `x`."""
    method, costs = plan(net, math.prod(batch))
    if method == "nufft" and why_not_at(net, method, x):
        del costs["nufft"]
        return min(costs, key=lambda name: costs[name])
    return method


def why_not_at(net: FunahashiNetwork, method: str, x: Any) -> str | None:
    """Return why a method is not for this network and these points; None where it is."""
    reason = why_not(net, method)
    if reason is None and method == "nufft":
        reason = nufft.why_not_at(net, arrays.host_view("x", x).reshape(-1, net.dim))
    return reason


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
        parts = {name: views[name] for name in ("frequencies", "amplitudes", "center")}
        backend.kernels.funahashi_evaluate_table(
            **parts, offset=net.offset, **net._table._asdict(), x=points, out=out, on=backend.launch()
        )
        return
    backend.kernels.funahashi_evaluate(
        **views,
        spacing=net._spacing,
        delta=net.delta,
        alpha=net.alpha,
        activation=net.activations[0].code,
        x=points,
        out=out,
        on=backend.launch(),
        offset=net.offset,
        merged=net._merged if method == "dense" else _merged(net),
        units=net.units,
        method=_core.FunahashiMethod[method],
    )


def build_table(net: FunahashiNetwork) -> Table:
    """Return H by the polynomials that agree with it at Chebyshev points of each cell."""
    cells, first, width = _cells(net)
    terms = _core.funahashi_table_degree + 1
    nodes = np.cos(np.pi * (np.arange(terms) + 0.5) / terms) / 2
    middles = first + width * (np.arange(cells) + 0.5)
    # Without the rounding of float32, equally spaced.
    t = float(arrays.to_host(net.thresholds)[0]) + net._spacing * np.arange(arrays.shape_of(net.thresholds)[0])
    values = wave(middles[:, None] + width * nodes, net.delta, net.alpha, t, net.activations[0])
    # Coefficients of powers of the distance from the middle, in cells; the highest first.
    coefficients = np.linalg.solve(np.vander(nodes, terms), values.T).T
    table = np.stack([coefficients.real, coefficients.imag], axis=-1)
    table[[0, -1]] = 0  # what lies beyond
    return Table(np.ascontiguousarray(table.astype(net.dtype)), first, 1 / width)


def _cells(net: FunahashiNetwork) -> tuple[int, float, float]:
    """Return the number of cells of a table, where they begin, and their width."""
    phi, t = net.activations[0], arrays.to_host(net.thresholds)
    reach = reach_of_bump(net.delta, net.alpha, phi)
    assert reach is not None
    width = _cell_width(net)
    first, last = float(t[0]) - reach - width, float(t[-1]) + reach + width
    return math.ceil((last - first) / width), first, width


def _cell_width(net: FunahashiNetwork) -> float:
    """Return the width of cells on which a polynomial is H to rounding."""
    return (0.25 if net.activations[0].name == "logistic" else 0.125) * min(1.0, net.delta)
