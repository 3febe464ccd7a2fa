"""How files hold a network: by its formula."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_integer
from kousei.funahashi.error import Residual
from kousei.funahashi.network import FunahashiNetwork
from kousei.funahashi.rewriting import coincidence
from kousei.io.state import Arrays, Config, activation_from_config, activation_to_config, check_names, entry, number

_CONFIG = ("activation", "delta", "alpha", "offset", "spacing", "merged", "residual")
_RESIDUAL = ("residual.lo", "residual.hi", "residual.size")


def to_state(net: FunahashiNetwork) -> tuple[Config, Arrays]:
    """Return the parameters of a network as JSON, and its arrays."""
    tensors = dict(net._host)
    if net._bumps is not None:
        tensors["bumps"] = net._bumps
    residual = None
    if net._residual is not None:
        lo, hi, size, proven, points = net._residual
        residual = {"proven": proven, "points": points}
        tensors |= zip(_RESIDUAL, (lo, hi, np.array(size)), strict=True)
    config = {
        "activation": activation_to_config(net.activations[0]),
        "delta": net.delta,
        "alpha": net.alpha,
        "offset": net.offset,
        "spacing": net._spacing,
        "merged": net._merged,
        "residual": residual,
    }
    if net._gap:
        config["gap"] = net._gap
    return config, tensors


def from_state(config: Config, tensors: Arrays) -> FunahashiNetwork:
    """Return the network of `to_state`; ValueError or TypeError if they make none."""
    check_names("config", config, (*_CONFIG, "gap") if "gap" in config else _CONFIG)
    residual = entry(config, "residual", dict, type(None))
    names = ["frequencies", "amplitudes", "thresholds", "phases", "center"]
    optional = [name for name in ("bumps",) if name in tensors] + (list(_RESIDUAL) if residual is not None else [])
    check_names("tensors", tensors, [*names, *optional])
    parts = {name: tensors[name] for name in names}
    dtype = arrays.real_dtype(**parts)
    w, pairs, t, phases, center = parts.values()
    if pairs.ndim != 2 or pairs.shape[1] != 2:
        raise ValueError(f"amplitudes has shape {pairs.shape}; (n, 2), real and imaginary parts, is accepted")
    if phases.shape != (*t.shape, 2) or not np.isfinite(phases).all():
        raise ValueError(f"phases has shape {phases.shape}; {(*t.shape, 2)}, finite, is accepted")
    delta, alpha, offset, spacing = (number(config, name) for name in ("delta", "alpha", "offset", "spacing"))
    amplitudes = pairs[:, 0] + 1j * pairs[:, 1]
    phi = activation_from_config(entry(config, "activation", str))
    net = FunahashiNetwork._of_parts(w, amplitudes, _even(t), delta, alpha, center, phi, offset)
    size = float(np.abs(t).max())
    if not abs(net._spacing - spacing) <= 1e-12 * spacing + 4 * float(np.finfo(dtype).eps) * size / (len(t) - 1):
        raise ValueError(f"spacing was {spacing}; {net._spacing}, that of the thresholds, is accepted")
    net = net._derive(
        _arrays=parts,
        _dtype=dtype,
        _spacing=spacing,
        _bumps=_bumps(tensors["bumps"], len(w), len(t)) if "bumps" in tensors else None,
        _residual=None if residual is None else _residual(residual, net.dim, *(tensors[name] for name in _RESIDUAL)),
    )
    if "gap" in config:
        net = net._derive(_gap=number(config, "gap"))
        if net._gap < 0:
            raise ValueError(f"gap was {net._gap}; at least 0 is accepted")
    merged = check_integer("merged", config["merged"], 0)
    if merged and coincidence(net)[0] != merged:
        raise ValueError(f"merged was {merged}; 0 or {coincidence(net)[0]} is accepted")
    return net._derive(_merged=merged)


def _even(t: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return thresholds as the constructor accepts them: those of float32 are equally spaced to rounding alone."""
    if t.dtype == np.float64 or t.ndim != 1 or len(t) < 2:
        return t
    even = np.linspace(float(t[0]), float(t[-1]), len(t))
    rounding = 4 * float(np.finfo(t.dtype).eps) * np.abs(even).max() + 1e-6 * np.abs(even[-1] - even[0])
    if not (np.abs(t - even) <= rounding).all():
        raise ValueError("thresholds are not finite, increasing and equally spaced")
    return even


def _bumps(bumps: np.ndarray[Any, Any], frequencies: int, thresholds: int) -> np.ndarray[Any, Any]:
    if bumps.dtype != np.int64 or bumps.shape != (frequencies, 2):
        raise ValueError(f"bumps has dtype {bumps.dtype} and shape {bumps.shape}; int64 and ({frequencies}, 2) are")
    first, last = bumps.T
    if not ((first >= 0) & (first < last) & (last <= thresholds)).all():
        raise ValueError(f"bumps are not ranges inside the {thresholds} thresholds")
    return bumps


def _residual(
    config: Config, dim: int, lo: np.ndarray[Any, Any], hi: np.ndarray[Any, Any], size: np.ndarray[Any, Any]
) -> Residual:
    check_names("residual", config, ("proven", "points"))
    if any(array.dtype != np.float64 for array in (lo, hi, size)):
        raise ValueError("residual has a dtype other than float64; float64 is accepted")
    if lo.shape != (dim,) or hi.shape != (dim,) or size.shape != ():
        raise ValueError(f"residual has shapes {lo.shape}, {hi.shape} and {size.shape}; ({dim},) twice and () are")
    if not (np.isfinite(lo) & np.isfinite(hi) & (lo < hi)).all() or not 0 <= size <= math.inf:
        raise ValueError("residual has no box of finite lo < hi, or a size below 0")
    points = check_integer("points", config["points"], 0)
    return Residual(lo, hi, float(size), entry(config, "proven", bool), points)
