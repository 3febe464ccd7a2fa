"""Sums of waves: finite Fourier series, and networks of Funahashi's theorem."""

from __future__ import annotations

import itertools
import math

import numpy as np

from kousei._lib.boxes import fill_cube
from kousei.activation.base import BOUNDED
from kousei.front.constructors.ridge import network_of_lines
from kousei.front.lines.univariate import Layer, fit_line
from kousei.front.problem import Array, Problem, RefusedError
from kousei.funahashi import FunahashiNetwork
from kousei.network import MLP

#: Largest numbers of waves over the box, and over the box twice as long, that are looked for along an axis.
_OVER_BOX, _OVER_TWICE = {1: 12, 2: 4, 3: 2, 4: 1}, {1: 6, 2: 3, 3: 2, 4: 1}
#: Samples for each amplitude.
_RATIO = 3
#: Amplitudes below this share of the largest are left out.
_LEFT = 1e-7
#: Units of Funahashi's formula to the power of the dimension, below which it is not tried, and its samples.
_LEAST, _SAMPLES = 12, {1: 1 << 14, 2: 1 << 19, 3: 1 << 19}
#: Tolerances of the networks whose output weights are fitted anew, in largest values, and the most units of them.
_COARSE, _REFITTED_MOST = (0.3, 0.1, 0.03, 0.01), 600


def series(problem: Problem, most: int) -> MLP:
    """Return the network of a finite Fourier series whose period is the box or twice the box, along every axis.

    The waves of one direction are a function of one variable there, and have a layer of units as such.
    """
    if problem.dim not in _OVER_BOX:
        raise RefusedError(f"a series of {problem.dim} variables has too many frequencies")
    best = math.inf
    for largest, step in ((_OVER_BOX[problem.dim], 2), (_OVER_TWICE[problem.dim], 1)):
        waves, amplitudes, constant, off = _finite_series(problem, step * _frequencies(problem.dim, largest))
        best = min(best, off)
        if off <= problem.tol / 8:
            return _ridges(problem, waves, amplitudes, constant, most)
    raise RefusedError(f"series of the box and of twice the box are off by {best:.1e}")


def _frequencies(dim: int, largest: int) -> Array:
    """Return integer vectors (n, dim), one of k and -k, without 0."""
    ranges = itertools.product(range(-largest, largest + 1), repeat=dim)
    return np.array([k for k in ranges if k > (0,) * dim])


def _finite_series(problem: Problem, waves: Array) -> tuple[Array, Array, float, float]:
    """Return the waves that count, their amplitudes, the constant, and how far the series is off.

    Waves k are e^(i pi k . u), u from 0 to 1 over the box.
    """
    u = (1 + np.sin(np.pi / 2 * (2 * fill_cube(problem.dim, _RATIO * (2 * len(waves) + 1)) - 1))) / 2
    held = fill_cube(problem.dim, 256, 1 << 16)
    values, exact = problem(problem.place(2 * u - 1)), problem(problem.place(2 * held - 1))
    coef = np.linalg.lstsq(_columns(u, waves), values, rcond=1e-13)[0]
    size = np.hypot(coef[1 : len(waves) + 1], coef[len(waves) + 1 :])
    waves = waves[size > _LEFT * max(float(size.max()), problem.tol)]
    coef = np.linalg.lstsq(_columns(u, waves), values, rcond=1e-13)[0]
    off = float(np.abs(_columns(held, waves) @ coef - exact).max())
    return waves, coef[1 : len(waves) + 1] - 1j * coef[len(waves) + 1 :], float(coef[0]), off


def _columns(u: Array, waves: Array) -> Array:
    phases = np.pi * u @ waves.T
    return np.column_stack([np.ones(len(u)), np.cos(phases), np.sin(phases)])


def _ridges(problem: Problem, waves: Array, amplitudes: Array, constant: float, most: int) -> MLP:
    numbers = np.gcd.reduce(waves, axis=1)
    directions, which = np.unique(waves // numbers[:, None], axis=0, return_inverse=True)
    lines: list[tuple[Array, Layer]] = []
    for i, direction in enumerate(directions):
        its = np.flatnonzero(which.ravel() == i)

        def g(t: Array, its: Array = its, middle: float = direction.sum() / 2) -> Array:
            phases = np.pi * np.outer(t / 2 + middle, numbers[its])
            return np.asarray((np.exp(1j * phases) @ amplitudes[its]).real[:, None])

        reach, tol = float(np.abs(direction).sum()), np.array([problem.tol / 4 / len(directions)])
        used = sum(len(layer.bias) for _, layer in lines)
        try:
            lines.append((direction, fit_line(g, -reach, reach, tol, problem.activation, most - used)))
        except RefusedError as error:
            raise RefusedError(f"a series of {len(waves)} waves: {error}") from None
    return network_of_lines(problem, lines, constant)


def formula(problem: Problem, most: int) -> FunahashiNetwork:
    """Return the network of Funahashi's theorem, written by formula and merged."""
    name = _bounded(problem)
    if problem.dim not in _SAMPLES:
        raise RefusedError(f"it takes too many units in {problem.dim} dimensions")
    least = _LEAST * 8**problem.dim
    if most < least:
        raise RefusedError(f"it takes some {least} units or more, and {most} are of use")
    f = problem.limited(_SAMPLES[problem.dim])
    try:
        net = FunahashiNetwork.from_function(f, problem.bounds, tol=problem.tol / 2, activation=name)
    except ValueError as error:
        raise RefusedError(str(error)) from None
    if not 0 < net.units <= most:
        raise RefusedError(
            f"it takes {net.units} units" if net.units else "it is constant at the samples of its series"
        )
    return net


def refitted(problem: Problem, most: int) -> MLP:
    """Return a coarse network of Funahashi's theorem whose output weights are fitted by least squares."""
    name = _bounded(problem)
    if problem.dim > 1:
        raise RefusedError("in two dimensions and more, random directions take fewer units")
    checked = problem.place(2 * fill_cube(1, 1000, 1 << 16) - 1)
    values = problem(checked)
    best, limit = math.inf, min(most, _REFITTED_MOST)
    for share in _COARSE:
        tol = share * float(np.abs(values).max())
        try:
            f = problem.limited(_SAMPLES[1])
            net = FunahashiNetwork.from_function(f, problem.bounds, tol=tol, activation=name)
        except ValueError as error:
            raise RefusedError(str(error)) from None
        if not 0 < net.units <= limit:
            break
        x = problem.place(np.sin(np.pi / 2 * (2 * fill_cube(1, 2 * net.units + 64) - 1)))
        fit = net.refit(x, problem(x))
        best = min(best, float(np.abs(fit.network(checked) - values).max()))
        if best <= problem.tol / 2:
            return fit.network
    raise RefusedError(f"{limit} units " + (f"reach {best:.1e}" if best < math.inf else "are too few"))


def _bounded(problem: Problem) -> str:
    """Return the name of the activation; refuse where it is not of the theorem."""
    name = problem.activation.name if problem.activation else "tanh"
    if name not in BOUNDED:
        raise RefusedError(f"its units are bounded, and all were to be {name}")
    return name
