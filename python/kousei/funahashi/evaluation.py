"""Ways to evaluate a network: which are for it, what each costs, and the calls of the kernels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kousei._lib import _core, arrays, backends
from kousei._lib.fourier import cufinufft
from kousei.funahashi import nufft, rewriting, table
from kousei.funahashi.bump import reach_of_bump
from kousei.network.evaluation import check_points

if TYPE_CHECKING:
    from kousei.funahashi.network import FunahashiNetwork

METHODS = ("dense", "shared", "window", "table", "nufft", "separable")
GRADIENT_METHODS = ("dense", "table", "nufft", "separable")
#: Those that read the points: on a device that would make the host wait, which it does when asked for them.
_READING = ("nufft", "separable")
#: Nanoseconds for one point and one unit, or for one point and one frequency and then for each of its units, on one
#: thread of a processor with AVX-512. Only their ratios count.
_DENSE = {"float64": 0.52, "float32": 0.25}
_SLOWER = {"logistic": 1.0, "tanh": 1.65, "erf": 3.8, "arctan": 2.0}
#: In the gradient, for each axis.
_AXIS = 0.35
_FRACTIONS = {
    "shared": {"float64": (3.0, 0.11), "float32": (3.0, 0.11)},
    "window": {"float64": (5.0, 0.19), "float32": (4.0, 0.12)},
}
_TABLE = 3.5
#: For a cell of the bump, and of a table made of it; and for one call of the kernel of tables.
_BUMP_CELL, _TABLE_CELL, _CALL = 500.0, 150.0, 1e4
#: For writing down one unit, which serves this many points.
_WRITING, _CHUNK = {"dense": 8.0, "shared": 17.0, "window": 1.5}, 512
#: Points that are looked up at a time: sums of more would take memory, and Ctrl-C wait for NumPy to add them up.
_BLOCK = 1 << 20
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


def plan(net: FunahashiNetwork, points: int, *, gradient: bool = False) -> Plan:
    """See `FunahashiNetwork.plan`; for the gradient the same."""
    methods: tuple[str, ...] = GRADIENT_METHODS if gradient else METHODS
    if not arrays.on_host(net.frequencies):
        methods = tuple(method for method in methods if method not in _READING)
    possible = [method for method in methods if why_not(net, method) is None]
    costs = {method: _cost(net, method, points, gradient) for method in possible}
    return Plan(min(costs, key=lambda method: costs[method]), costs)


def _cost(net: FunahashiNetwork, method: str, points: int, gradient: bool) -> float:
    dtype, frequencies = net.dtype.name, arrays.shape_of(net.frequencies)[0]
    size, chunks, outputs = points * frequencies, math.ceil(points / _CHUNK), net.dim if gradient else 1
    if method == "dense":
        each = _DENSE[dtype] * _SLOWER.get(net.activations[0].name, 10.0) * (1 + _AXIS * net.dim * gradient)
        return net.units * (points * each + chunks * _WRITING[method])
    if method == "table":
        # Also where there is a table already: the choice depends on the call alone.
        building = _building(net, *(last - first for _, first, last in net._groups))
        return outputs * (size * _TABLE + len(net._groups) * _CALL) + building
    if method == "nufft":
        assert net._fourier is not None
        one = _TRANSFORM + points * _NUFFT[net.dim - 1] + net._fourier.grid.size * _NUFFT_CELL[net.dim - 1]
        return outputs * len(net._fourier.waves) * one + _edges(net, points, outputs, net._missing_on_box)
    fixed, each = _FRACTIONS[method][dtype]
    work = _work(net, method)
    return size * (fixed + each * work) + chunks * frequencies * work * _WRITING[method]


def _edges(net: FunahashiNetwork, points: int, outputs: int, missing: nufft.Missing) -> float:
    """Return what it costs to subtract missing bumps."""
    if missing.ends == 0:
        return 0.0
    return outputs * (points * missing.ends * _TABLE + _CALL) + _building(net, int(missing.most))


def _building(net: FunahashiNetwork, *bumps: int) -> float:
    """Return what the polynomials of a bump cost, and tables of H with so many."""
    cut = table.cut(net)
    return cut.of_table(0) * _BUMP_CELL + sum(map(cut.of_table, bumps)) * _TABLE_CELL


def why_not(net: FunahashiNetwork, method: str) -> str | None:
    """Return why a method is not for this network; None where it is."""
    phi = net.activations[0]
    if method == "dense":
        return None
    if method == "separable" and arrays.on_host(net.frequencies):
        return "'separable' is for CUDA arrays"
    if method in _FRACTIONS:
        if phi.name not in ("logistic", "tanh"):
            return f"{method!r} is for logistic and tanh units, and these are {phi.name}"
        if _work(net, method) == 0:
            other = "window" if method == "shared" else "dense"
            return f"exponentials of the thresholds overflow in {net.dtype}; {other!r} is accepted"
        return None
    if reach_of_bump(net.delta, net.alpha, phi) is None:
        return f"{method!r} is for logistic, tanh and erf units, and these are {phi.name}"
    if method in _READING and net.dim > 3:
        return f"{method!r} is for up to 3 dimensions, and these are {net.dim}"
    if method in _READING and net._fourier is None:
        return f"{method!r} is for frequencies on a grid"
    if method in _READING and net._fourier and len(net._fourier.waves) > nufft.MOST_WAVES:
        return f"the thresholds are too far apart for {method!r}: it takes more than {nufft.MOST_WAVES} waves"
    if method == "nufft" and not arrays.on_host(net.frequencies) and cufinufft() is None:
        return "'nufft' needs cufinufft for CUDA arrays, which the extra 'cuda' has; 'separable' is accepted"
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


def call(net: FunahashiNetwork, x: Any, out: Any, precision: str, method: str, *, gradient: bool = False) -> Any:
    """Return the values, or the gradients, at points `x`, of its library; see `FunahashiNetwork.__call__`."""
    backend, x = backends.enter("x", x, precision)
    batch = check_points(net, x, net.frequencies)
    if method == "auto":
        method = _choose(net, backend, x, math.prod(batch), gradient)
    else:
        reason = _why_not_at(net, backend, method, x)
        if reason:
            raise ValueError(f"method was {method!r}: {reason}")
    shape = (*batch, net.dim) if gradient else batch
    result, out_view = backends.output(backend, out, shape, net.dtype, x, *net._arrays.values())
    if method in ("dense", *_FRACTIONS):
        _by_units(net, backend, method, backend.view("x", x), out_view, gradient)
        return result
    points = _rows(net, backend, x)
    count, outputs = arrays.shape_of(points)[0], net.dim if gradient else 1
    written = out_view if isinstance(backend, backends.Host) else result
    written = arrays.namespace(written).reshape(written, (count, outputs))
    block = _BLOCK if method == "table" else max(count, 1)
    for start in range(0, count, block):
        some = points[start : start + block]
        if method == "table":
            sums = table.evaluate(net, backend, some, gradient)
        else:
            sums = nufft.evaluate(net, backend, some, gradient, method)
        written[start : start + block] = sums.T  # it has a row for each output
    return result


def _rows(net: FunahashiNetwork, backend: backends.Backend, x: Any) -> Any:
    """Return points as an array (n, dim) to compute with."""
    points = backend.array("x", x)
    shape = math.prod(arrays.shape_of(points)[:-1]), net.dim
    return arrays.namespace(points).reshape(points, shape)


def _choose(net: FunahashiNetwork, backend: backends.Backend, x: Any, points: int, gradient: bool) -> str:
    """Return the method of ``method="auto"`` for points `x`."""
    method, costs = plan(net, points, gradient=gradient)
    if method != "nufft":
        return method
    if _why_not_at(net, backend, method, x):
        del costs["nufft"]
    elif net._residual is None:
        missing = nufft.missing_at(net, _rows(net, backend, x))
        costs["nufft"] += _edges(net, points, net.dim if gradient else 1, missing)
    return min(costs, key=lambda name: costs[name])


def _why_not_at(net: FunahashiNetwork, backend: backends.Backend, method: str, x: Any) -> str | None:
    """Return why a method is not for this network and these points; None where it is."""
    reason = why_not(net, method)
    if reason is None and method in _READING:
        reason = nufft.why_not_at(net, method, _rows(net, backend, x))
    return reason


def _by_units(
    net: FunahashiNetwork, backend: backends.Backend, method: str, x: Any, out: Any, gradient: bool
) -> None:
    """Write the sum over units, or over those of each frequency that count."""
    views = {name: backend.view(name, array) for name, array in (net._arrays | net._ranges).items()}
    arguments = {
        "spacing": net._spacing,
        "delta": net.delta,
        "alpha": net.alpha,
        "activation": net.activations[0].code,
        "x": x,
        "out": out,
        "on": backend.launch(),
        "merged": net._merged if method == "dense" else _merged(net),
        "units": net.units,
    }
    if gradient:
        backend.kernels.funahashi_gradient(**views, **arguments)
    else:
        way = _core.FunahashiMethod[method]
        backend.kernels.funahashi_evaluate(**views, **arguments, offset=net.offset, method=way)
