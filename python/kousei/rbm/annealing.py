"""Chains on the way from a distribution that is known to a machine of spins."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from kousei.rbm.states import log_sums

Array = np.ndarray[Any, Any]

#: No unit of a base is more certain than this mean.
_LARGEST_MEAN = 0.98


class Machine(NamedTuple):
    """The parameters of a machine of spins, all of one dtype."""

    weights: Array
    visible_bias: Array
    hidden_bias: Array

    @property
    def symmetric(self) -> bool:
        """Whether all spins can be turned over."""
        return not (self.visible_bias.any() or self.hidden_bias.any())


class Base(NamedTuple):
    """Two products of independent spins, visible ones and hidden ones, each with weight one half.

    Its density is the sum over both of exp(fields . x + log_norms).
    """

    fields: Array
    log_norms: Array

    @classmethod
    def of_means(cls, means: Array) -> Base:
        """Return the products with these means (2, visible + hidden)."""
        fields = np.arctanh(np.clip(means, -_LARGEST_MEAN, _LARGEST_MEAN))
        return cls(fields, -log_sums(fields.astype(np.float64), "spin") - np.log(2))


class Chains:
    r"""Chains of the distributions between a base and a machine, visible and hidden spins drawn in turns.

    At beta a state x has the weight
    :math:`\sum_i e^{(1-\beta)(\theta_i\cdot x+c_i)}\;e^{-\beta E(x)}`: the base for 0, twice the machine for 1. Given
    which product i it is, the spins of a side are independent; given the spins, i is drawn.
    """

    machine: Machine
    base: Base
    rng: np.random.Generator
    v: Array
    h: Array

    def __init__(self, machine: Machine, base: Base, count: int, rng: np.random.Generator) -> None:
        self.machine, self.base, self.rng = machine, base, rng
        states = _draw(base.fields[rng.integers(2, size=count)], rng)
        self._visible = slice(0, len(machine.visible_bias))
        self._hidden = slice(len(machine.visible_bias), None)
        self.v, self.h = states[:, self._visible], states[:, self._hidden]
        self._draw_hidden_next = True
        self._measure()

    def _measure(self) -> None:
        W, b, c = self.machine
        if self._draw_hidden_next:
            self._fields = self.v @ W + c
            inner = (self._fields * self.h).sum(axis=1, dtype=np.float64) + self.v @ b
        else:
            self._fields = self.h @ W.T + b
            inner = (self._fields * self.v).sum(axis=1, dtype=np.float64) + self.h @ c
        self._minus_energy = inner
        theta = self.base.fields
        products = theta[:, self._visible] @ self.v.T + theta[:, self._hidden] @ self.h.T
        self._products = products + self.base.log_norms[:, None]

    @property
    def minus_energy(self) -> Array:
        """Minus the energy of the machine, (count,)."""
        return self._minus_energy

    def log_weight(self, beta: Any) -> Array:
        """Return the logarithm of the weight of the states, (count,), at one beta or one for each."""
        return np.logaddexp(*((1 - beta) * self._products)) + beta * self._minus_energy

    def half_sweep(self, beta: Any) -> None:
        """Draw one side given the other, at one beta or one for each."""
        difference = (1 - beta) * (self._products[1] - self._products[0])
        product = (np.tanh(difference / 2) > 2 * self.rng.random(len(difference)) - 1).astype(int)
        side = self._hidden if self._draw_hidden_next else self._visible
        beta = np.broadcast_to(np.asarray(beta, self._fields.dtype), len(product))[:, None]
        drawn = _draw(beta * self._fields + (1 - beta) * self.base.fields[product, side], self.rng)
        if self._draw_hidden_next:
            self.h = drawn
        else:
            self.v = drawn
        self._draw_hidden_next = not self._draw_hidden_next
        self._measure()


def uniform(machine: Machine) -> Base:
    """Return the base of all states alike."""
    return Base.of_means(np.zeros((2, sum(machine.weights.shape)), machine.weights.dtype))


def fitted(pilot: Chains, sweeps: int) -> Base:
    """Run chains of a machine, and return the base with the means of their two halves.

    They are those on either side of the plane through their mean, across the direction they spread along most: where
    spins order, the two phases. A machine that turns over with all spins gets a base that does.
    """
    total = np.zeros((2, sum(pilot.machine.weights.shape)))
    axis = None
    for sweep in range(sweeps):
        pilot.half_sweep(1.0)
        pilot.half_sweep(1.0)
        if 2 * sweep < sweeps:
            continue
        states = np.hstack([pilot.v, pilot.h])
        if pilot.machine.symmetric:
            states = np.vstack([states, -states])
        centred = states - states.mean(axis=0)
        if axis is None:
            axis = np.linalg.svd(centred, full_matrices=False)[2][0]
        order = np.argsort(centred @ axis, kind="stable")
        halves = np.array_split(order, 2)
        total += [states[half].mean(axis=0) for half in halves]
    return Base.of_means((total / (sweeps - (sweeps + 1) // 2)).astype(pilot.machine.weights.dtype))


def _draw(fields: Array, rng: np.random.Generator) -> Array:
    """Draw independent spins in these fields."""
    # np.sign would be 0 in a tie.
    return np.copysign(fields.dtype.type(1), np.tanh(fields) - (2 * rng.random(fields.shape, fields.dtype) - 1))
