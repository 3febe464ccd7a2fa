"""Smooth functions of one variable in smooth units: few shapes of a grid, and least squares."""

from __future__ import annotations

from typing import Any

import numpy as np

from kousei.activation import Activation
from kousei.front.pieces import Pieces
from kousei.front.problem import RefusedError

Array = np.ndarray[Any, Any]

#: Error that the units aim at where 1 is allowed.
_AIM = 0.75
#: Units that least squares are solved for at most.
_MOST = 400
#: How far the centres go beyond the interval, of half its width, and slopes, of the density of the centres.
_BEYOND, _SLOPES = 0.3, (0.05, 0.1, 0.2, 0.3, 0.45, 0.7, 1.1)


def fit_smooth(pieces: Pieces, activation: Activation, most: int) -> tuple[Array, Array, Array, Array]:
    """Return weight, bias, coef and offset of units whose centres are as dense as the function asks for."""
    fit = _Fit(pieces, activation)
    most = min(most, _MOST)
    if fit.constant:
        return fit.solve(np.zeros(0), np.zeros(0))[0]
    n, found, failed = 1, None, 0
    while found is None:
        if n > most:
            raise RefusedError(f"{most} units of {activation.name} reach {fit.least:.2g} times the tolerance")
        found = fit.best(n)
        if found is None:
            failed, n = n, min(most, n + 1 + n // 2) if n < most else most + 1
    while n - failed > 1:
        middle = (n + failed) // 2
        better = fit.best(middle)
        if better is None:
            failed = middle
        else:
            found, n = better, middle
    return found


class _Fit:
    """Least squares of pieces in units of one activation."""

    def __init__(self, pieces: Pieces, activation: Activation) -> None:
        self.activation = activation
        self.lo, self.hi = pieces.breaks[0], pieces.breaks[-1]
        self.t, self.check = pieces.points(2, 24), np.linspace(self.lo, self.hi, 4 * len(pieces.points(2, 24)))
        self.y, self.exact = pieces(self.t), pieces(self.check)
        self.constant = bool(np.ptp(self.exact, axis=0).max() <= 2 * _AIM)
        self.least = np.inf
        self.centers = self._centers()

    def _centers(self) -> list[tuple[Array, Array, Array]]:
        """Return the densities of centres: points and the share of the centres up to each."""
        u = np.linspace(-1 - _BEYOND, 1 + _BEYOND, 1025)
        inside = np.clip(u, -1, 1)
        densities = [np.ones_like(u), 1 / np.sqrt(1.05 - inside**2)]
        half = (self.hi - self.lo) / 2
        out = []
        for density in densities:
            share = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2)])
            out.append(
                (self.lo + half * (u + 1), share / share[-1], density / share[-1] * 512 / (1 + _BEYOND) / half)
            )
        return out

    def best(self, n: int) -> tuple[Array, Array, Array, Array] | None:
        for t, share, density in self.centers:
            center = np.interp((np.arange(n) + 0.5) / n, share, t)
            for slope in _SLOPES:
                weight = slope * n * np.interp(center, t, density)
                layer, error = self.solve(weight, -weight * center)
                self.least = min(error, self.least)
                if error <= _AIM:
                    return layer
        return None

    def solve(self, weight: Array, bias: Array) -> tuple[tuple[Array, Array, Array, Array], float]:
        """Return the layer of these units, and its error."""
        hidden = np.ones((len(self.t), len(weight) + 1))
        hidden[:, :-1] = self.activation(np.multiply.outer(self.t, weight) + bias)
        x = np.linalg.lstsq(hidden, self.y, rcond=1e-15)[0]
        values = self.activation(np.multiply.outer(self.check, weight) + bias) @ x[:-1] + x[-1]
        return (weight, bias, x[:-1].T, x[-1]), float(np.abs(values - self.exact).max())
