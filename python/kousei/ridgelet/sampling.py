"""Networks of a few units drawn from a spectrum."""

from __future__ import annotations

from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_integer
from kousei._lib.random import Rng, generator
from kousei.activation import Activation
from kousei.network import MLP

#: Singular values of a refit, relative to the largest, that are kept.
_RCOND = 1e-10


def sample(
    spectrum: Any,
    directions: Any,
    biases: Any,
    units: int,
    activation: Activation | str,
    *,
    refit: tuple[Any, Any] | None = None,
    rng: Rng = None,
) -> MLP:
    """Draw a network from a spectrum, each unit with a probability as its weight is large.

    The whole network, sum_(a, b) spectrum[a, b] sigma(a . x - b), is the mean of the networks drawn: every draw has
    the weight sign(spectrum) sum |spectrum|/units, and draws of the same unit are one unit. Their spread falls as
    1/sqrt(units).

    Parameters
    ----------
    spectrum : array_like (A, B)
        Output weights of the whole network: a ridgelet spectrum R(a, b) times da db/K of its quadrature.
    directions : array_like (A, dim)
        The vectors a.
    biases : array_like (B,)
        The numbers b.
    units : int
        Draws, and hidden units at most.
    activation : str or Activation
        The function sigma.
    refit : (x, y), optional
        Points (n, dim) and values (n,): the output weights and the constant are those of least squares instead. It
        helps much where n is well above the units; units drawn uniformly do nearly as well then.
    rng : numpy.random.Generator, int or None
        Source of the draws (SPEC 7).

    Returns
    -------
    MLP
        dim -> at most `units` -> 1, of float64.

    Raises
    ------
    TypeError, ValueError
        If an argument is no array of finite numbers of these shapes, or the spectrum is zero.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.ridgelet import sample
    >>> net = sample([[1.0, -3.0]], [[1.0]], [0.0, 1.0], 400, "relu", rng=0)
    >>> net
    MLP(1 -> 2 relu -> 1, float64, 7 parameters)
    >>> abs(net(np.array([2.0])) - (2.0 - 3.0)) < 0.5
    True
    """
    weights, a, b = (
        _finite(name, value)
        for name, value in (("spectrum", spectrum), ("directions", directions), ("biases", biases))
    )
    if a.ndim != 2 or a.shape[1] == 0 or b.ndim != 1:
        raise ValueError(f"directions has shape {a.shape} and biases {b.shape}; (A, dim) and (B,) are accepted")
    if weights.shape != (len(a), len(b)):
        raise ValueError(f"spectrum has shape {weights.shape}; {(len(a), len(b))} is accepted, (directions, biases)")
    units = check_integer("units", units, 1)
    total = np.abs(weights).sum()
    if not 0 < total < np.inf:
        raise ValueError(f"spectrum has the sum {total} of its absolute values; a positive finite one is accepted")
    draws = generator(rng).multinomial(units, np.abs(weights).ravel() / total)
    kept = np.flatnonzero(draws)
    row, column = np.unravel_index(kept, weights.shape)
    coef = np.sign(weights[row, column]) * draws[kept] * (total / units)
    net = MLP([a[row], coef[None]], [-b[column], np.zeros(1)], [activation])
    return net if refit is None else _refitted(net, *refit)


def _refitted(net: MLP, x: Any, y: Any) -> MLP:
    x, y = _finite("refit[0]", x), _finite("refit[1]", y)
    if x.ndim != 2 or x.shape[1] != net.dim or y.shape != x.shape[:1]:
        raise ValueError(f"refit has shapes {x.shape} and {y.shape}; (n, {net.dim}) and (n,) are accepted")
    arrays.require_memory(len(x) * (net.units + 1), 16, f"the fit of {net.units} units to {len(x)} points")
    hidden = net.activations[0](x @ net.weights[0].T + net.biases[0])
    solution = np.linalg.lstsq(np.column_stack([hidden, np.ones(len(x))]), y, rcond=_RCOND)[0]
    return MLP([net.weights[0], solution[None, :-1]], [net.biases[0], solution[-1:]], net.activations)


def _finite(name: str, value: Any) -> np.ndarray[Any, Any]:
    array = arrays.real_numbers(name, value)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has NaN or infinities; finite numbers are accepted")
    return array
