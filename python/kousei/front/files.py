"""How files hold a constructed network, with what else was tried."""

from __future__ import annotations

import numpy as np

from kousei._lib.errors import check_integer
from kousei.front.network import ConstructedNetwork
from kousei.front.problem import HELD_OUT, held_out_points
from kousei.front.report import Attempt, Report
from kousei.io import mlp
from kousei.io.state import Arrays, Config, check_names, checked_row, entry
from kousei.network.on_box import Origin

_OWN = ("lo", "hi", "approximation", "rounding", "errors")
#: JSON's types of the entries of an attempt.
_TYPES: tuple[tuple[type, ...], ...] = (
    (str,),
    (int, type(None)),
    (int, float, type(None)),
    (int, float),
    (int,),
    (bool,),
    (str,),
)


def to_state(net: ConstructedNetwork) -> tuple[Config, Arrays]:
    """Return the layers of a network, where it comes from, and its report, as JSON and arrays."""
    config, tensors = mlp.to_state(net)
    tensors |= {name: np.asarray(getattr(net._origin, name), np.float64) for name in _OWN[:-1]}
    tensors["errors"] = np.zeros(0) if net.report.errors is None else net.report.errors
    return {"network": config, "points": net._origin.points, "report": [list(row) for row in net.report]}, tensors


def from_state(config: Config, tensors: Arrays) -> ConstructedNetwork:
    """Return the network of `to_state`; ValueError or TypeError if they make none."""
    check_names("config", config, ("network", "points", "report"))
    check_names("tensors", {name for name in _OWN if name in tensors}, _OWN)
    layers = mlp.from_state(entry(config, "network", dict), {k: v for k, v in tensors.items() if k not in _OWN})
    lo, hi, *sizes, errors = (tensors[name] for name in _OWN)
    if any(tensors[name].dtype != np.float64 for name in _OWN):
        raise ValueError(f"{', '.join(_OWN)} have a dtype other than float64; float64 is accepted")
    if lo.shape != (layers.dim,) or hi.shape != (layers.dim,) or any(size.shape for size in sizes):
        raise ValueError(f"lo, hi have shapes {lo.shape}, {hi.shape}; ({layers.dim},) is accepted, and () of sizes")
    if not (np.isfinite(lo) & np.isfinite(hi) & (lo < hi)).all() or not all(0 <= size < np.inf for size in sizes):
        raise ValueError("there is no box of finite lo < hi, or an error is below 0")
    if errors.ndim != 1 or len(errors) > HELD_OUT or not (errors >= 0).all():
        raise ValueError(f"errors are not up to {HELD_OUT} numbers of at least 0")
    points = check_integer("points", config["points"], 0)
    rows = [Attempt(*checked_row(row, Attempt._fields, _TYPES)) for row in entry(config, "report", list)]
    report = Report(rows, held_out_points(lo, hi, len(errors)), errors) if len(errors) else Report(rows)
    return ConstructedNetwork(layers, Origin(lo, hi, float(sizes[0]), float(sizes[1]), points), report)
