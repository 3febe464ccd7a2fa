"""Functions of one variable with kinks: units that have kinks beside smooth ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kousei.activation import Activation, repu, tanh
from kousei.activation.mixed import Mixed
from kousei.front.lines.pieces import Pieces, Units, resolve
from kousei.front.lines.smooth import fit_smooth

Array = np.ndarray[Any, Any]

#: Derivatives whose jumps are taken out, and the share of the tolerance that one may stay for.
_ORDERS, _FLAT = 4, 1 / 64


def fit_kinked(pieces: Pieces, most: int) -> tuple[Activation, Units]:
    """Return an activation, and weight, bias, coef and offset: units for the kinks, and tanh for what is left.

    Where the q-th derivative jumps by J, so does that of J max(t - kink, 0)^q/q!, and the difference is smoother: the
    truncated powers of splines (de Boor, A Practical Guide to Splines, chapter VIII).
    """
    lo, hi = pieces.breaks[0], pieces.breaks[-1]
    parts: list[tuple[Activation, int]] = []
    kinks: list[float] = []
    jumps: list[Array] = []
    for order in range(1, _ORDERS + 1):
        before = len(kinks)
        for kink in pieces.kinks:
            right = int(np.searchsorted(pieces.breaks, kink))
            jump = pieces.derivative(right, order, -1) - pieces.derivative(right - 1, order, 1)
            if np.abs(jump).max() * (hi - lo) ** order > _FLAT * math.factorial(order):
                kinks.append(kink)
                jumps.append(jump / math.factorial(order))
        if len(kinks) > before:
            parts.append((repu(order), len(kinks) - before))
    if not parts:
        return tanh, fit_smooth(pieces, tanh, most)
    activation, bias, coef = Mixed(parts), -np.array(kinks), np.array(jumps).T

    def rest(t: Array) -> Array:
        return pieces(t) - activation(np.add.outer(t, bias)) @ coef.T

    weight, its_bias, its_coef, offset = fit_smooth(resolve(rest, lo, hi), tanh, most - len(kinks))
    if len(weight):
        activation = Mixed([*parts, (tanh, len(weight))])
    weight, bias = np.concatenate([np.ones(len(kinks)), weight]), np.concatenate([bias, its_bias])
    return activation, (weight, bias, np.concatenate([coef, its_coef], axis=1), offset)
