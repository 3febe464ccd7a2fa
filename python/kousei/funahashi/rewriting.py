"""Rewrites of a network into another one of the same function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from kousei._lib import arrays
from kousei.funahashi.error import bumps_of
from kousei.network import MLP
from kousei.network.fitting import Refit, check_data, check_rcond, fit_output_weights

if TYPE_CHECKING:
    from kousei.funahashi.network import FunahashiNetwork

    Net = TypeVar("Net", bound=FunahashiNetwork)


def coincidence(net: FunahashiNetwork) -> tuple[int, float]:
    """Return how many bumps on a unit opens a bump that it closes, p = 2 alpha delta/h, and that ratio.

    0 where the ratio is no integer, or more than the fewest thresholds of a frequency.
    """
    ratio = 2 * net.alpha * net.delta / net._spacing
    p = round(ratio)
    return (p if 1 <= p <= _fewest_thresholds(net) and abs(ratio - p) <= 1e-9 * p else 0), ratio


def merged(net: Net) -> Net:
    """See `FunahashiNetwork.merge`."""
    p, ratio = coincidence(net)
    if p == 0:
        raise ValueError(
            f"2 alpha delta/h is {ratio:.12g}; an integer is accepted, at most the fewest thresholds of a frequency, "
            f"{_fewest_thresholds(net)}: no units coincide (those of from_function with tol do, and are merged)"
        )
    return net._derive(_merged=p)


def _fewest_thresholds(net: FunahashiNetwork) -> int:
    return int(np.diff(bumps_of(net)).min(initial=arrays.shape_of(net.thresholds)[0]))


def halved(net: Net) -> Net:
    """See `FunahashiNetwork.halve`."""
    w, pairs, t, phases, _ = (arrays.to_host(array).astype(np.float64) for array in net._arrays.values())
    bumps = bumps_of(net)
    if np.abs(t + t[::-1]).max() > 1e-12 * np.abs(t).max():
        raise ValueError(
            f"the thresholds reach from {t[0]:.6g} to {t[-1]:.6g}; symmetric ones are accepted, "
            "as from_function has them with tol, and halves"
        )
    if (bumps.sum(axis=1) != len(t)).any():
        raise ValueError("some frequencies take thresholds that are not symmetric; symmetric ones are accepted")
    kept, a = add_partners(w, pairs[:, 0] + 1j * pairs[:, 1], bumps)
    constant = ~w[kept].any(axis=1)
    offset = net.offset + sum(float(np.real(a[i] * _at_zero(net, t, phases, bumps[i]))) for i in kept[constant])
    return _of_frequencies(net, kept[~constant], a, offset)


def add_partners(
    w: np.ndarray[Any, Any], a: np.ndarray[Any, Any], alike: np.ndarray[Any, Any] | None = None
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return which frequencies are kept when each -w is left to its w, and the amplitudes with those of the others.

    Re[a_(-w) e^(-is)] = Re[conj(a_(-w)) e^(is)]. Only frequencies with equal rows of `alike` are partners.
    """
    kept, a = [], a.copy()
    waiting: dict[bytes, int] = {}
    for i, row in enumerate(w + 0.0):  # without negative zeros
        partner = waiting.pop((0.0 - row).tobytes(), None)
        if partner is None or (alike is not None and not np.array_equal(alike[i], alike[partner])):
            waiting[row.tobytes()] = i
            kept.append(i)
        else:
            a[partner] += np.conj(a[i])
    return np.array(kept, dtype=np.int64), a


def pruned(net: Net, tol: float) -> Net:
    """See `FunahashiNetwork.prune`."""
    pairs = arrays.to_host(net._arrays["amplitudes"]).astype(np.float64)
    a = pairs[:, 0] + 1j * pairs[:, 1]
    return _of_frequencies(net, significant(a, tol), a, net.offset)


def significant(a: np.ndarray[Any, Any], tol: float) -> np.ndarray[Any, Any]:
    """Return which amplitudes are left without the smallest ones, whose moduli add up to at most `tol`."""
    ascending = np.argsort(np.abs(a), kind="stable")
    dropped = int(np.searchsorted(np.cumsum(np.abs(a)[ascending]), tol, side="right"))
    return np.sort(ascending[dropped:])


def written_out(net: FunahashiNetwork) -> MLP:
    """See `FunahashiNetwork.to_mlp`."""
    if net.units == 0:
        raise ValueError(
            f"the network has no hidden units, its value is {net.offset:.6g}; at least 1 unit is accepted"
        )
    w, a, t, phases, center = net._arrays.values()
    xp = arrays.namespace(w)
    frequency, opened, closed = unit_indices(net)

    def take(array: Any, index: np.ndarray[Any, Any]) -> Any:
        return xp.take(array, arrays.like(np.ascontiguousarray(index), array), axis=0)

    def real_array(values: np.ndarray[Any, Any]) -> Any:
        return arrays.like(np.ascontiguousarray(values).astype(net.dtype), w)

    # Re(a phase), where there is a bump.
    turned = take(a, frequency) * real_array(np.array([1.0, -1.0]))
    coef = xp.sum(turned * (take(phases, np.maximum(opened, 0)) * real_array(opened >= 0)[:, None]), axis=-1)
    coef = coef - xp.sum(turned * (take(phases, np.maximum(closed, 0)) * real_array(closed >= 0)[:, None]), axis=-1)
    sign = np.where(opened >= 0, net.alpha, -net.alpha)
    shift = take(w @ center, frequency) + take(t, np.where(opened >= 0, opened, closed))
    weight = take(w / net.delta, frequency)
    bias = real_array(sign) - shift / net.delta
    offset = real_array(np.array([net.offset]))
    return MLP([weight, xp.reshape(coef, (1, -1))], [bias, offset], net.activations)


def refitted(net: FunahashiNetwork, x: Any, y: Any, rcond: float) -> Refit:
    """See `FunahashiNetwork.refit`."""
    points, values = check_data(x, y, net.dim)
    check_rcond(rcond)
    if len(points) < net.units + 1:
        raise ValueError(
            f"x has {len(points)} points and the network {net.units} output weights and an offset; "
            "at least as many points are accepted"
        )
    arrays.require_memory(len(points) * (net.units + 1), 16, f"a fit of {net.units} units at {len(points)} points")
    mlp = net.astype("float64").to_mlp()
    weight, bias = arrays.to_host(mlp.weights[0]), arrays.to_host(mlp.biases[0])
    return fit_output_weights([(weight, bias)], net.activations[0], points, values, rcond)


def unit_indices(net: FunahashiNetwork) -> tuple[np.ndarray[Any, Any], ...]:
    """Return of each unit its frequency, the bump it opens and the one it closes, or -1."""
    bumps = bumps_of(net)
    units = net._units_of(np.diff(bumps).ravel())
    frequency = np.repeat(np.arange(len(units)), units)
    index = np.arange(len(frequency)) - np.repeat(np.cumsum(units) - units, units)
    first, last = bumps[frequency].T
    if net._merged:
        opened = np.where(first + index < last, first + index, -1)
        closed = np.where(index >= net._merged, first + index - net._merged, -1)
    else:
        opened = np.where(index % 2 == 0, first + index // 2, -1)
        closed = np.where(index % 2 == 1, first + index // 2, -1)
    return frequency, opened, closed


def _at_zero(
    net: FunahashiNetwork, t: np.ndarray[Any, Any], phases: np.ndarray[Any, Any], bumps: np.ndarray[Any, Any]
) -> complex:
    """H(0) with the bumps of one frequency."""
    phi = net.activations[0]
    used = slice(*bumps)
    bump = phi(net.alpha - t[used] / net.delta) - phi(-net.alpha - t[used] / net.delta)
    real, imaginary = bump @ phases[used]
    return complex(real, imaginary)


def _of_frequencies(net: Net, kept: np.ndarray[Any, Any], a: np.ndarray[Any, Any], offset: float) -> Net:
    """Return the network of some of the frequencies, with these amplitudes."""
    model = net.frequencies
    w = arrays.to_host(model)[kept]
    pairs = np.stack([a.real, a.imag], axis=-1)[kept].astype(net.dtype)
    parts = {"frequencies": arrays.like(w, model), "amplitudes": arrays.like(pairs, model)}
    bumps = None if net._bumps is None else net._bumps[kept]
    return net._derive(_arrays=net._arrays | parts, _bumps=bumps, _offset=offset)
