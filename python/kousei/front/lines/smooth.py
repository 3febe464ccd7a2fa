"""Smooth functions of one variable in few smooth units: a graded start, variable projection, units left out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from kousei.activation import Activation
from kousei.front.lines.pieces import Pieces, Units
from kousei.front.problem import RefusedError

Array = np.ndarray[Any, Any]

#: Error that the units aim at on the samples, and that they may have between them, where 1 is allowed.
_AIM, _MOST_ERROR = 0.7, 0.76
#: Units to start with, each time twice as many, at most so many; slopes, in units of the density of the centres.
_FEWEST, _MOST, _SLOPES = 3, 400, (0.05, 0.1, 0.2, 0.4, 0.8)
#: Weight of the coefficients beside the residual, which keeps them below 1e10 times the tolerance.
_RIDGE = 1e-10
#: Steps of variable projection for a start and after a unit has been left out, and multiplications for all of them.
_STEPS, _STEPS_AFTER, _WORK = 20, 12, 1e9
#: Units from which on twice as many have to be 4 times nearer.
_MANY = 48
#: Error of a start from which steps are taken, by the number of units.
_NEAR = 1e5


class _State(NamedTuple):
    """Units, the least squares of their output weights, and what of them the next step takes."""

    slope: Array
    center: Array
    coef: Array  # (n + 1, m), the last row the offset
    residual: Array  # (k, m)
    basis: Array  # (k, n + 1), orthonormal
    triangle: Array  # (n + 1, n + 1): what turns coefficients into those of the basis

    @property
    def objective(self) -> float:
        return float(np.vdot(self.residual, self.residual) + _RIDGE**2 * np.vdot(self.coef, self.coef))

    @property
    def error(self) -> float:
        return float(np.abs(self.residual).max())


def fit_smooth(pieces: Pieces, activation: Activation, most: int) -> Units:
    """Return weight, bias, coef and offset of few units for pieces to a tolerance of 1, or refuse.

    Slopes and centres are fitted by variable projection, which leaves the output weights to least squares: Golub and
    Pereyra, Separable nonlinear least squares, Inverse Problems 19 (2003), with the Jacobian of Kaufman, BIT 15
    (1975). The start has centres as dense as |f''|^(1/2).
    """
    fit = _Fit(pieces, activation)
    if np.ptp(fit.exact, axis=0).max() <= 2 * _AIM:
        middle = (fit.exact.max(axis=0) + fit.exact.min(axis=0)) / 2
        return np.zeros(0), np.zeros(0), np.zeros((len(middle), 0)), middle
    if most < 1:
        raise RefusedError("no units are left for it")
    n, before, near = min(_FEWEST, most), np.inf, 0.05 * float(np.ptp(fit.exact, axis=0).max())
    while True:
        fit.sample(n)
        state = fit.start(n)
        # Many units are moved only where they are near: steps cost as their square.
        if state.error * n**2 < _NEAR * _FEWEST**2:
            state = fit.improved(state, _STEPS)
        if fit.reached(state):
            break
        slow = n >= _MANY and before < near and state.error > max(before / 4, 10)
        if n >= min(most, _MOST) or fit.work > _WORK or slow:
            raise RefusedError(f"{n} units of {activation.name} reach {fit.between(state):.2g} times the tolerance")
        n, before = min(2 * n, most, _MOST), state.error
    state = fit.thinned(state)
    return state.slope, -state.slope * state.center, state.coef[:-1].T, state.coef[-1]


class _Fit:
    """Units of one activation for pieces."""

    def __init__(self, pieces: Pieces, activation: Activation) -> None:
        self.activation = activation
        self.pieces = pieces
        self.check = pieces.points(10, 100)
        self.exact = pieces(self.check)
        self.half = (pieces.breaks[-1] - pieces.breaks[0]) / 2
        self.densities = _densities(pieces)
        self.work = 0.0

    def sample(self, n: int) -> None:
        """Take points and values for so many units."""
        self.t = self.pieces.points(3, max(32, 4 * n // len(self.pieces.series)))
        self.y = self.pieces(self.t)

    def solve(self, slope: Array, center: Array) -> _State:
        """Return the state of units whose output weights are the least squares ones."""
        count, n = len(self.t), len(slope)
        hidden = np.zeros((count + n + 1, n + 1))
        hidden[:count, :-1] = self.activation(slope * np.subtract.outer(self.t, center))
        hidden[:count, -1] = 1
        hidden[range(count, len(hidden)), range(n + 1)] = _RIDGE
        q, triangle = np.linalg.qr(hidden)
        basis = q[:count]
        coef = np.linalg.solve(triangle, basis.T @ self.y)
        self.work += count * n * (n + self.y.shape[1])
        return _State(slope, center, coef, self.y - hidden[:count] @ coef, basis, triangle)

    def start(self, n: int) -> _State:
        """Return the best of few grids of units."""
        states = []
        for t, share in self.densities:
            center = np.interp((np.arange(n) + 0.5) / n, share, t)
            density = n * np.interp(center, (t[1:] + t[:-1]) / 2, np.diff(share) / np.diff(t))
            states += [self.solve(slope * density, center) for slope in _SLOPES]
        return min(states, key=lambda state: state.objective)

    def between(self, state: _State) -> float:
        """Return the largest error at points between the samples."""
        values = self.activation(state.slope * np.subtract.outer(self.check, state.center)) @ state.coef[:-1]
        return float(np.abs(values + state.coef[-1] - self.exact).max())

    def reached(self, state: _State) -> bool:
        """Tell whether the error is small enough on the samples and between them."""
        return state.error <= _AIM and self.between(state) <= _MOST_ERROR

    def improved(self, state: _State, steps: int) -> _State:
        """Return a state with better slopes and centres, by Levenberg's and Marquardt's steps."""
        damping, slow = 1e-2, 0
        for _ in range(steps):
            if self.reached(state) or self.work > _WORK or slow == 5:
                break
            jacobian = self._jacobian(state)
            gradient, normal = jacobian.T @ state.residual.ravel(), jacobian.T @ jacobian
            scale = np.maximum(np.diag(normal), 1e-10 * np.diag(normal).max() + 1e-300)
            for _ in range(8):
                step = np.clip(-np.linalg.solve(normal + damping * np.diag(scale), gradient), -1, 1)
                log_factor, shift = np.split(step, 2)
                # Slopes by factors, so that they stay positive, and centres in widths of the unit.
                slope = np.clip(state.slope * np.exp(log_factor), 1e-4 / self.half, 1e6 / self.half)
                trial = self.solve(slope, state.center + shift / state.slope)
                if trial.objective < state.objective:
                    break
                damping *= 8
            else:
                break
            damping = max(damping / 8, 1e-12)
            slow = slow + 1 if trial.objective > 0.9 * state.objective else 0
            state = trial
        return state

    def _jacobian(self, state: _State) -> Array:
        """Return the derivative of the residual (k m) by the logarithms of slopes and by centres (2 n)."""
        z, h = state.slope * np.subtract.outer(self.t, state.center), 1e-5
        by_z = (self.activation(z + h) - self.activation(z - h)) / (2 * h)
        hidden = np.concatenate([by_z * z, -by_z], axis=1)
        out = hidden[:, None] * -np.concatenate([state.coef[:-1]] * 2).T
        count, outputs, n = out.shape
        out = out.reshape(count, -1)
        out -= state.basis @ (state.basis.T @ out)
        self.work += count * outputs * n * (n + len(state.slope))
        return out.reshape(count * outputs, n)

    def thinned(self, state: _State) -> _State:
        """Return a state with as few units as reach the tolerance when those that matter least are left out."""
        leave = max(1, len(state.slope) // 10)
        while len(state.slope) > 1 and self.work < _WORK:
            # By how much the sum of squares grows without a unit.
            inverse = np.linalg.inv(state.triangle)[:-1]
            growth = (state.coef[:-1] ** 2).sum(axis=1) / (inverse**2).sum(axis=1)
            kept = np.sort(np.argsort(growth)[leave:])
            trial = self.improved(self.solve(state.slope[kept], state.center[kept]), _STEPS_AFTER)
            if self.reached(trial):
                state, leave = trial, min(leave, max(1, len(trial.slope) // 10))
            elif leave > 1:
                leave //= 2
            else:
                break
        return state


def _densities(pieces: Pieces) -> list[tuple[Array, Array]]:
    """Return points, from beyond the interval to beyond it, and the share of the centres up to each."""
    lo, hi = pieces.breaks[0], pieces.breaks[-1]
    t = np.union1d(np.linspace(lo, hi, 2001), pieces.points(4))
    middle = (t[1:] + t[:-1]) / 2
    # Second differences, of the values at both ends and in the middle of each interval.
    values, between = pieces(t), pieces(middle)
    bend = np.abs(values[1:] + values[:-1] - 2 * between).max(axis=1) / np.diff(t) ** 2
    root = np.sqrt(bend)
    mean = float(root @ np.diff(t)) / (hi - lo)
    graded = root / mean + 0.3 if mean > 0 else np.ones_like(root)
    beyond = (hi - lo) / 20
    t = np.concatenate([[lo - beyond], t, [hi + beyond]])
    shares = []
    for density in (graded, np.ones_like(root)):
        share = np.cumsum([0, density[0] * beyond, *(density * np.diff(t[1:-1])), density[-1] * beyond])
        shares.append((t, share / share[-1]))
    return shares
