"""How the units of one side answer those of the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np

from kousei._lib import _core, arrays
from kousei._lib.arrays import Array
from kousei._lib.backends import Backend
from kousei.packed import PackedSigns
from kousei.rbm import states


@dataclass
class Draws:
    """The random numbers of a run: a key, and how many times there were some for all units of a side."""

    key: int
    count: int = 0
    #: None, or where kernels find how many there were before, see `kousei.rbm.training.Trainer`.
    clock: Array | None = None
    #: Which row of those that are drawn for is the first one here.
    first_row: int = 0

    def next(self) -> int:
        """Return the number of these draws, which none has again."""
        self.count += 1
        return self.count - 1


class Answer(NamedTuple):
    """What was asked of the units of a side; None what was not."""

    fields: Array
    means: Array
    drawn: Array


class Sides:
    """Both sides of a machine, in the memory of a backend."""

    def __init__(self, backend: Backend, parameters: Sequence[Array], units: str) -> None:
        self._backend, self._spin = backend, units == "spin"
        self._weights, self._visible_bias, self._hidden_bias = parameters

    def hidden(
        self, visible: Array, draws: Draws | None, ask: str, beta: Array | None = None, into: Array | None = None
    ) -> Answer:
        """Return what is asked of hidden units, words of "fields", "means" and "drawn", given packed visible ones.

        With `into`, those that are drawn are written there.
        """
        return self._ask(self._hidden_bias, False, visible, draws, ask, beta, into)

    def visible(
        self, hidden: Array, draws: Draws | None, ask: str, beta: Array | None = None, into: Array | None = None
    ) -> Answer:
        """Return the same of visible units."""
        return self._ask(self._visible_bias, True, hidden, draws, ask, beta, into)

    def _ask(
        self,
        bias: Array,
        transposed: bool,
        given: Array,
        draws: Draws | None,
        ask: str,
        beta: Array | None,
        drawn: Array | None = None,
    ) -> Answer:
        backend, rows, units = self._backend, given.shape[0], bias.shape[0]
        wanted = ask.split()
        fields, means = (
            backend.empty((rows, units), np.dtype(np.float32)) if name in wanted else None
            for name in ("fields", "means")
        )
        if drawn is None and "drawn" in wanted:
            drawn = backend.empty((rows, _core.packed_stride(units)), np.dtype(np.uint32))

        def view(name: str, array: Array | None) -> Any:
            return None if array is None else backend.view(name, array)

        backend.kernels.rbm_respond(
            backend.view("weights", self._weights),
            backend.view("bias", bias),
            transposed,
            self._spin,
            backend.view("states", given),
            view("beta", beta),
            draws.key if draws else 0,
            draws.next() if draws else 0,
            draws.first_row if draws else 0,
            view("clock", draws.clock if draws else None),
            view("fields", fields),
            view("means", means),
            view("drawn", drawn),
            backend.launch(),
        )
        return Answer(fields, means, drawn)

    def free_energies(self, visible: Array) -> np.ndarray[Any, Any]:
        """Return the free energies of packed states, float64 on the host, from fields of float32."""
        units = "spin" if self._spin else "binary"
        fields = arrays.to_host(self.hidden(visible, None, "fields").fields).astype(np.float64)
        packed = PackedSigns(visible, (visible.shape[0], self._visible_bias.shape[0]))
        values = arrays.to_host(states.unpacked(packed, units, np.float32))
        of_visible = (values * arrays.to_host(self._visible_bias)).sum(axis=1)
        return cast(np.ndarray[Any, Any], -(of_visible + states.log_sums(fields, units)))


class Samples(NamedTuple):
    """What a gradient is made of: packed states, of the model alone, and hidden means of both."""

    data_means: Array
    model: Array
    model_means: Array


class Gibbs:
    """States of the model for packed data, by k Gibbs steps."""

    def __init__(self, sides: Sides, k: int) -> None:
        self._sides, self._k = sides, k

    def contrastive(self, data: Array, draws: Draws) -> Samples:
        """Return the states after the steps from the data."""
        _, data_means, hidden = self._sides.hidden(data, draws, "means drawn")
        model = self._walk(hidden, draws)
        return Samples(data_means, model, self.means(model))

    def persistent(self, data: Array, chains: Array, draws: Draws) -> Samples:
        """Return those of chains after the steps, which it overwrites."""
        self._walk(self._sides.hidden(chains, draws, "drawn").drawn, draws, into=chains)
        return Samples(self.means(data), chains, self.means(chains))

    def means(self, visible: Array) -> Array:
        """Return the means of hidden units."""
        return self._sides.hidden(visible, None, "means").means

    def _walk(self, hidden: Array, draws: Draws, into: Array | None = None) -> Array:
        """Return the visible states after k - 1 Gibbs steps and half of one from hidden ones, which it overwrites."""
        visible = self._sides.visible(hidden, draws, "drawn", into=into).drawn
        for _ in range(self._k - 1):
            self._sides.hidden(visible, draws, "drawn", into=hidden)
            self._sides.visible(hidden, draws, "drawn", into=visible)
        return visible
