"""The machine: its parameters, energies and conversions."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei._lib.errors import check_choice, check_integer
from kousei._lib.random import Rng, generator
from kousei.packed import PackedSigns, pack_signs
from kousei.rbm import states

#: Rows of data whose fields are formed at a time.
_ROWS = 4096


class RBM:
    """Skeleton."""

    def __init__(self, visible: int, hidden: int, units: str = "spin", *, rng: Rng = None) -> None:
        self.visible = check_integer("visible", visible, 1)
        self.hidden = check_integer("hidden", hidden, 1)
        check_choice("units", units, "spin", "binary")
        self.units = units
        self.weights = generator(rng).normal(0, 0.01, (visible, hidden)).astype(np.float32)
        self.visible_bias = np.zeros(visible, np.float32)
        self.hidden_bias = np.zeros(hidden, np.float32)

    @classmethod
    def from_weights(
        cls, weights: Any, visible_bias: Any = None, hidden_bias: Any = None, units: str = "spin", **parameters: Any
    ) -> RBM:
        """Return the machine with these parameters; float64 stays, and free energies are formed in it."""
        weights = arrays.finite_numbers("weights", weights)
        machine = cls(*weights.shape, units, rng=0, **parameters)
        machine.weights = weights
        machine.visible_bias = np.zeros(machine.visible) if visible_bias is None else np.asarray(visible_bias)
        machine.hidden_bias = np.zeros(machine.hidden) if hidden_bias is None else np.asarray(hidden_bias)
        return machine

    def free_energy(self, v: Any) -> Array:
        """Return -log sum_h exp(-E(v, h)) of states v (n, visible), float64."""
        bits = states.packed("v", v, self.visible, self.units)
        weights, b, c = (np.asarray(a, np.float64) for a in (self.weights, self.visible_bias, self.hidden_bias))
        at = states.unpacked(bits, self.units, "float64")
        fields = at @ weights + c
        marginal = np.logaddexp(fields, -fields if self.units == "spin" else 0)
        return -(at @ b) - marginal.sum(axis=1)

    def sample_hidden(self, v: Any, *, beta: float = 1.0, rng: Rng = None) -> Any:
        """Draw hidden states given visible ones."""
        bits = states.packed("v", v, self.visible, self.units)
        return self._like(v, self._draw(bits, self.weights, self.hidden_bias, beta, rng))

    def sample_visible(self, h: Any, *, beta: float = 1.0, rng: Rng = None) -> Any:
        """Draw visible states given hidden ones."""
        bits = states.packed("h", h, self.hidden, self.units)
        return self._like(h, self._draw(bits, self.weights.T, self.visible_bias, beta, rng))

    def gibbs(self, v: Any, steps: int = 1, *, beta: float = 1.0, rng: Rng = None) -> Any:
        """Run the chains of `v` (n, visible) for some steps, hidden units and visible ones in turns."""
        rng = generator(rng)
        at = states.packed("v", v, self.visible, self.units)
        for _ in range(steps):
            at = self.sample_visible(self.sample_hidden(at, beta=beta, rng=rng), beta=beta, rng=rng)
        return self._like(v, at)

    def _draw(self, bits: PackedSigns, weights: Any, bias: Any, beta: float, rng: Rng) -> PackedSigns:
        fields = states.unpacked(bits, self.units, "float64") @ np.asarray(weights, np.float64) + bias
        up = generator(rng).random(fields.shape) < 1 / (
            1 + np.exp(-(2 if self.units == "spin" else 1) * beta * fields)
        )
        return pack_signs(2 * up.astype(np.int8) - 1)

    def _like(self, given: Any, at: PackedSigns) -> Any:
        if isinstance(given, PackedSigns):
            return at
        return states.unpacked(at, self.units, "int8").astype(given.dtype)

    def convert(self, units: str) -> Conversion:
        """Return the machine of the other convention that has the same distribution."""
        check_choice("units", units, "spin", "binary")
        w, b, c = (np.asarray(a, np.float64) for a in (self.weights, self.visible_bias, self.hidden_bias))
        if units == self.units:
            return Conversion(self.from_weights(w, b, c, units), 0.0)
        if units == "binary":
            changed = 4 * w, 2 * (b - w.sum(axis=1)), 2 * (c - w.sum(axis=0))
            return Conversion(self.from_weights(*changed, units), float(w.sum() - b.sum() - c.sum()))
        changed = w / 4, b / 2 + w.sum(axis=1) / 4, c / 2 + w.sum(axis=0) / 4
        return Conversion(self.from_weights(*changed, units), float(b.sum() / 2 + c.sum() / 2 + w.sum() / 4))


class Conversion(NamedTuple):
    """A machine of another convention, and what is added to its log partition function."""

    machine: RBM
    offset: float
