"""The bump psi, its Fourier transform Psi, and the universal function H that stands for e^(is)."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from kousei._lib import arrays, backends
from kousei._lib.arrays import Array
from kousei._lib.errors import is_real_number, require_positive, warn
from kousei.activation import Activation
from kousei.activation.base import BOUNDED
from kousei.activation.named import resolve
from kousei.network import MLP

#: Arguments from which phi is its limit to rounding.
_SATURATED = {"logistic": 40.0, "tanh": 20.0, "erf": 7.0}


def bump_transform(
    omega: Array | float, delta: float, alpha: float, activation: Activation | str = "logistic"
) -> Array:
    r"""Fourier transform of the bump, Psi(omega).

    The bump is psi(u) = phi(u/delta + alpha) - phi(u/delta - alpha) for an activation phi, and Psi(omega) is the
    integral of psi(u) e^(-i omega u), which equals (2 sin(alpha delta omega)/omega) phi'^(delta omega).

    Parameters
    ----------
    omega : array of float32 or float64, any shape, or a real number
        Angular frequencies.
    delta, alpha : float
        Width and half distance of the two units; positive.
    activation : {"logistic", "tanh", "erf", "arctan"} or Activation
        The bounded increasing function phi. One's own needs its `derivative_transform`; it runs on the host.

    Returns
    -------
    array or float
        Of the library, dtype and shape of `omega`.

    Raises
    ------
    TypeError
        If `omega` is neither.
    ValueError
        If `delta` or `alpha` is not positive and finite, or the activation not bounded.

    Examples
    --------
    >>> import math
    >>> from kousei.funahashi import bump_transform
    >>> round(bump_transform(1.0, delta=1.0, alpha=math.pi / 2), 12)
    0.544058109964
    """
    phi = bounded(activation)
    require_positive(delta=delta, alpha=alpha)
    if is_real_number(omega):
        return float(bump_transform(np.asarray(omega, dtype=np.float64), delta, alpha, activation))
    backend, omega = backends.enter("omega", omega)
    dtype = arrays.real_dtype(omega=omega)
    if not phi.compiled:
        values = np.asarray(_own_transform(phi, delta, alpha, arrays.to_host(omega)), dtype=dtype)
        return arrays.like(values, omega)
    result, out = backends.output(backend, None, arrays.shape_of(omega), dtype, omega)
    backend.kernels.funahashi_bump_transform(
        phi.code, delta, alpha, backend.view("omega", omega), out, backend.launch()
    )
    return result


def universal_function(
    s: Array | float,
    delta: float,
    alpha: float,
    thresholds: Any,
    activation: Activation | str = "logistic",
) -> Array:
    """Approximation of e^(is) by bumps, H(s) = (h/Psi(1)) sum_k e^(i t_k) psi(s - t_k).

    Every Funahashi network is a sum of Re[a_w H(w . x)] over frequencies w, with this one function H.

    Parameters
    ----------
    s : array of float32 or float64, any shape, or a real number
        Arguments.
    delta, alpha : float
        Parameters of the bump, see `bump_transform`; alpha delta must not be a multiple of pi.
    thresholds : array_like (n,)
        The t_k, n >= 2, increasing and equally spaced by h < pi.
    activation : {"logistic", "tanh", "erf", "arctan"} or Activation
        The function the bump is made of.

    Returns
    -------
    complex array or complex
        Of the library and shape of `s`, in its precision.

    Raises
    ------
    TypeError
        If `s` is neither an array nor a number.
    ValueError
        If a parameter is out of range.

    Warns
    -----
    UserWarning
        If h >= pi/2: the alias 1 - 2 pi/h is then within 3 of the frequency 1 that is wanted.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.funahashi import universal_function
    >>> h = universal_function(1.0, 1.0, np.pi / 2, np.pi / 4 * np.arange(-32, 33))
    >>> abs(h - np.exp(1j)) < 1e-8
    True
    """
    if is_real_number(s):
        scalar = np.asarray(s, dtype=np.float64)
        return complex(universal_function(scalar, delta, alpha, thresholds, activation))
    times = arrays.real_numbers("thresholds", thresholds)
    result = wave(s, delta, alpha, times, bounded(activation))
    warn_of_aliases(times)
    return result


def wave(s: Array, delta: float, alpha: float, times: np.ndarray[Any, Any], phi: Activation) -> Array:
    """As `universal_function`, without the warning."""
    phases = bump_phases(delta, alpha, times, phi)
    backend, s = backends.enter("s", s)
    dtype = arrays.real_dtype(s=s)
    # One hidden layer with the real and the imaginary part as its two outputs.
    bias = (alpha * np.array([1.0, -1.0]) - times[:, None] / delta).ravel()
    coef = np.repeat(np.stack([phases.real, phases.imag]), 2, axis=1) * np.tile([1.0, -1.0], len(times))
    layers = {"weight": np.full((len(bias), 1), 1 / delta), "bias": bias, "coef": coef, "offset": np.zeros(2)}
    layers = {name: arrays.like(array.astype(dtype), s) for name, array in layers.items()}
    shape = arrays.shape_of(s)
    if not phi.compiled:
        net = MLP([layers["weight"], layers["coef"]], [layers["bias"], layers["offset"]], [phi])
        pairs = net(arrays.namespace(s).reshape(s, (*shape, 1)))
        return pairs[..., 0] + 1j * pairs[..., 1]
    views = {name: backend.view(name, array) for name, array in layers.items()}
    result = backend.empty(shape, np.result_type(dtype, np.complex64))
    points = arrays.namespace(s).reshape(s, (*shape, 1))
    backend.kernels.network_evaluate(
        **views,
        activation=phi.code,
        x=backend.view("s", points),
        out=backend.real_pairs(backend.view("out", result)),
        on=backend.launch(),
    )
    return backend.finish(result)


def _own_transform(phi: Activation, delta: float, alpha: float, omega: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    assert phi.derivative_transform is not None
    omega = omega.astype(np.float64)
    # 2 sin(alpha delta omega)/omega, with its limit at 0.
    rise = 2 * alpha * delta * np.sinc(alpha * delta * omega / np.pi)
    with np.errstate(all="ignore"):
        transform = np.asarray(phi.derivative_transform(delta * omega), dtype=np.float64)
    if transform.shape != omega.shape:
        raise ValueError(
            f"the derivative_transform of {phi.name!r} returned shape {transform.shape}; {omega.shape}, "
            "that of its argument, is accepted"
        )
    result: np.ndarray[Any, Any] = rise * transform
    return result


def bump_phases(
    delta: float, alpha: float, thresholds: np.ndarray[Any, Any], activation: Activation
) -> np.ndarray[Any, Any]:
    """Return (h/Psi(1)) e^(i t_k) once the parameters of H are known to be in range."""
    require_positive(delta=delta, alpha=alpha)
    spacing = spacing_of(thresholds)
    cycles = alpha * delta / math.pi
    if cycles == math.inf or abs(cycles - round(cycles)) < 1e-9:
        raise ValueError(f"alpha * delta is {cycles:.12g} pi; anything but a multiple of pi is accepted (Psi(1) = 0)")
    if math.pi / spacing * (1 - 1e-12) < 1:
        raise ValueError(
            f"n_thresholds was {len(thresholds)} (where it is not given, it is order), which is too few: the "
            f"thresholds are {_spacing_advice(thresholds)}, and h < pi is accepted"
        )
    peak = bump_transform(1.0, delta, alpha, activation)
    if peak == 0 or not math.isfinite(spacing / peak):
        raise ValueError(
            f"Psi(1) is {peak:.3g} for delta = {delta:.6g}; a delta for which it is not negligible is accepted"
        )
    phases: np.ndarray[Any, Any] = spacing / peak * np.exp(1j * thresholds)
    return phases


def warn_of_aliases(thresholds: np.ndarray[Any, Any]) -> None:
    """Warn where thresholds lie h >= pi/2 apart."""
    if math.pi / spacing_of(thresholds) * (1 - 1e-12) < 2:
        warn(f"the thresholds are {_spacing_advice(thresholds)}, where H comes close to e^(is)")


def _spacing_advice(thresholds: np.ndarray[Any, Any]) -> str:
    spacing = spacing_of(thresholds)
    enough = math.floor(2 * len(thresholds) * spacing / math.pi / (1 - 1e-12)) + 1
    return (
        f"h = {spacing:.4g} apart; {enough:.6g} instead of {len(thresholds)} of them (n_thresholds) over the same "
        "range lie below pi/2"
    )


def reach_of_bump(delta: float, alpha: float, phi: Activation) -> float | None:
    """Return how far from its threshold a bump is nothing to rounding; None where it falls too slowly for that."""
    saturated = _SATURATED.get(phi.name)
    return None if saturated is None else (alpha + saturated) * delta


def bounded(activation: Activation | str) -> Activation:
    """Return the activation; ValueError unless it is bounded, increasing and has a `derivative_transform`.

    One's own is checked on a grid.
    """
    resolved = resolve(activation)
    if resolved.function is not None:
        _check_own(resolved)
    elif not resolved.compiled or resolved.name not in BOUNDED:
        raise ValueError(
            f"activation was {resolved.name!r}; {', '.join(map(repr, BOUNDED))} are accepted, "
            "or a kousei.Activation with a function that is bounded and increasing, and its derivative_transform"
        )
    return resolved


@cache
def _check_own(phi: Activation) -> None:
    if phi.derivative_transform is None:
        raise ValueError(f"activation {phi.name!r} has no derivative_transform, which the construction needs")
    side = np.concatenate([np.linspace(0, 20, 201)[:-1], np.geomspace(20, 1e8, 60)])
    grid = np.concatenate([-side[:0:-1], side])
    with np.errstate(all="ignore"):
        values = phi(grid)
    if not np.isfinite(values).all() or (np.diff(values) < 0).any() or not values[0] < values[-1]:
        raise ValueError(f"activation {phi.name!r} is not increasing and finite on [-1e8, 1e8]")
    rise = values[-1] - values[0]
    if (values[-1] - values[-10] + values[9] - values[0]) > 1e-3 * rise:
        raise ValueError(f"activation {phi.name!r} still rises at 1e8; one that is bounded is accepted")
    total = float(np.asarray(phi.derivative_transform(np.zeros(1)))[0])
    if not abs(total - rise) <= 1e-3 * rise:
        raise ValueError(
            f"the derivative_transform of {phi.name!r} is {total:.6g} at 0, and the function rises by {rise:.6g}; "
            "they are the same for the transform of its derivative"
        )


def spacing_of(thresholds: np.ndarray[Any, Any]) -> float:
    """Return h of equally spaced thresholds; ValueError unless they are."""
    if thresholds.ndim != 1 or len(thresholds) < 2:
        raise ValueError(f"thresholds has shape {thresholds.shape}; (n,), n >= 2, is accepted")
    with np.errstate(invalid="ignore", over="ignore"):
        spacing = (thresholds[-1] - thresholds[0]) / (len(thresholds) - 1)
        steps = np.diff(thresholds)
    size = max(abs(thresholds[0]), abs(thresholds[-1]))
    if not (spacing > 0 and np.all(np.abs(steps - spacing) <= 1e-6 * spacing + 1e-12 * size)):
        raise ValueError("thresholds are not finite, increasing and equally spaced")
    return float(spacing)
