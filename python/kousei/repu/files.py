"""How files hold a polynomial network."""

from __future__ import annotations

import numpy as np

from kousei._lib.errors import check_integer
from kousei.io import mlp
from kousei.io.state import Arrays, Config, check_names, entry
from kousei.network.on_box import Origin
from kousei.repu.network import PolynomialNetwork

_ENDS, _SIZES = ("lo", "hi"), ("approximation", "rounding")


def to_state(net: PolynomialNetwork) -> tuple[Config, Arrays]:
    """Return the layers of a network, and where it comes from, as JSON and arrays."""
    config, tensors = mlp.to_state(net)
    tensors |= {name: np.asarray(getattr(net._origin, name), np.float64) for name in (*_ENDS, *_SIZES)}
    return {"network": config, "points": net._origin.points}, tensors


def from_state(config: Config, tensors: Arrays) -> PolynomialNetwork:
    """Return the network of `to_state`; ValueError or TypeError if they make none."""
    check_names("config", config, ("network", "points"))
    names = (*_ENDS, *_SIZES)
    check_names("tensors", {name for name in names if name in tensors}, names)
    layers = mlp.from_state(entry(config, "network", dict), {k: v for k, v in tensors.items() if k not in names})
    lo, hi, *sizes = (tensors[name] for name in names)
    if any(tensors[name].dtype != np.float64 for name in names):
        raise ValueError(f"{', '.join(names)} have a dtype other than float64; float64 is accepted")
    if lo.shape != (layers.dim,) or hi.shape != (layers.dim,) or any(size.shape for size in sizes):
        raise ValueError(f"lo, hi have shapes {lo.shape}, {hi.shape}; ({layers.dim},) is accepted, and () of sizes")
    if not (np.isfinite(lo) & np.isfinite(hi) & (lo < hi)).all() or not all(size >= 0 for size in sizes):
        raise ValueError("there is no box of finite lo < hi, or an error is below 0")
    points = check_integer("points", config["points"], 0)
    return PolynomialNetwork(layers, Origin(lo, hi, float(sizes[0]), float(sizes[1]), points))
