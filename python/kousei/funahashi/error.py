"""The error of a network, in parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kousei._lib import arrays
from kousei._lib.boxes import Bounds, check_bounds
from kousei.funahashi.extension import phase_range
from kousei.funahashi.parameters import alias_bound, edge_bounds

if TYPE_CHECKING:
    from kousei.funahashi.network import FunahashiNetwork
    from kousei.funahashi.parts import Parts

#: Numbers held at a time.
_BLOCK = 1 << 20


class Residual(NamedTuple):
    """How far the Fourier sum of a network is from the function, on the box it was constructed on."""

    lo: np.ndarray[Any, Any]
    hi: np.ndarray[Any, Any]
    size: float
    proven: bool
    #: At which `size` was found, where it is an estimate.
    points: int


class ErrorBound(NamedTuple):
    """Bound on the error of a network on a box, see `FunahashiNetwork.error_bound`.

    Parameters
    ----------
    fourier : float
        The Fourier sum against the function. 0 for a network that was given by its frequencies: it stands for that
        sum. Of one that `halve` made, what the units of w = 0 were off by comes to it. An estimate is 1.5 times the
        largest difference at `points` points of the box that took no part in the fit; for a network from samples 3
        times that at the samples, or where it agrees with them, of the sum of its outer coefficients.
    quadrature : float
        The spacing of the thresholds: sum |a_w| times the first part of `quadrature_bound`.
    edge : float
        Their ends: sum |a_w| times the second part for the thresholds and the range of w.
    rounding : float
        The precision times the sum of |output weights|.
    kind : {"proven", "estimated"}
        Of the Fourier part and, for an activation of one's own, its limits. Rounding errors are taken to be no larger
        than one rounding of each output weight.
    points : int
        See `fourier`.
    """

    fourier: float
    quadrature: float
    edge: float
    rounding: float
    kind: str
    points: int

    @property
    def total(self) -> float:
        """Sum of the parts."""
        return self.fourier + self.quadrature + self.edge + self.rounding


def bound_error(net: FunahashiNetwork, box: Bounds | None) -> ErrorBound:
    """Return what `FunahashiNetwork.error_bound` does."""
    residual = net._residual
    if box is not None:
        lo, hi = check_bounds(box, "box", net.dim)
        if residual and not ((residual.lo <= lo).all() and (hi <= residual.hi).all()):
            bounds = np.stack([residual.lo, residual.hi], axis=-1).tolist()
            raise ValueError(f"box was {box}; one inside the bounds of the construction, {bounds}, is accepted")
    elif residual:
        lo, hi = residual.lo, residual.hi
    else:
        raise ValueError("box was None; a network that was given by its frequencies needs one")

    w, pairs, t, _, center = (arrays.to_host(array).astype(np.float64) for array in net._arrays.values())
    size = np.hypot(pairs[:, 0], pairs[:, 1])
    h = net._spacing
    phi = net.activations[0]
    least, most = phase_range(w, center, lo, hi)
    first, last = bumps_of(net).T
    beyond = np.stack([t[last - 1] + h - most, least - t[first] + h])
    edges = edge_bounds(beyond, net.delta, net.alpha, h, phi).sum(axis=0)
    return ErrorBound(
        fourier=(residual.size if residual else 0.0) + net._gap,
        quadrature=float(size.sum()) * alias_bound(net.delta, net.alpha, h, phi) if len(size) else 0.0,
        edge=float(size @ edges),
        rounding=_rounding(net),
        kind="proven" if phi.compiled and (residual is None or residual.proven) else "estimated",
        points=residual.points if residual else 0,
    )


def residual_in(net: Parts, dtype: np.dtype[Any]) -> Residual | None:
    """Return the residual of a network once it has another dtype: what was rounded stays so in a wider one."""
    residual = net._residual
    if residual is None or dtype.itemsize <= net.dtype.itemsize:
        return residual
    return residual._replace(size=residual.size + _rounding(net))


def _rounding(net: Parts) -> float:
    return float(np.finfo(net.dtype).eps) * (sum_of_output_weights(net) + abs(net.offset))


def bumps_of(net: Parts) -> np.ndarray[Any, Any]:
    """Return the first bump, and one past the last, of each frequency, (n, 2)."""
    if net._bumps is not None:
        return net._bumps
    n, m = (arrays.shape_of(array)[0] for array in (net.frequencies, net.thresholds))
    return np.broadcast_to(np.array([0, m]), (n, 2))


def sum_of_output_weights(net: Parts) -> float:
    """Return the sum of |output weight| over all units."""
    a, phases = (arrays.to_host(net._arrays[name]).astype(np.float64) for name in ("amplitudes", "phases"))
    bumps, total, number = bumps_of(net), 0.0, np.arange(len(phases))
    block = max(1, _BLOCK // len(phases))
    for start in range(0, len(a), block):
        rows = slice(start, start + block)
        first, last = bumps[rows, :1], bumps[rows, 1:]
        coef = a[rows, :1] * phases[:, 0] - a[rows, 1:] * phases[:, 1]
        coef = np.where((first <= number) & (number < last), coef, 0)
        if net._merged:
            room = np.zeros((len(coef), net._merged))
            total += float(np.abs(np.hstack([coef, room]) - np.hstack([room, coef])).sum())
        else:
            total += 2 * float(np.abs(coef).sum())
    return total
