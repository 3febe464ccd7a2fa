"""How the units of one side answer those of the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from kousei._lib import _core
from kousei._lib.arrays import Array
from kousei._lib.backends import Backend


@dataclass
class Draws:
    """The random numbers of a run: a key, and how many times there were some for all units of a side."""

    key: int
    count: int = 0
    #: None, or where kernels find how many there were before, see `kousei.rbm.training.Trainer`.
    clock: Array | None = None

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
        states: Array,
        draws: Draws | None,
        ask: str,
        beta: Array | None,
        drawn: Array | None = None,
    ) -> Answer:
        backend, rows, units = self._backend, states.shape[0], bias.shape[0]
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
            backend.view("states", states),
            view("beta", beta),
            draws.key if draws else 0,
            draws.next() if draws else 0,
            view("clock", draws.clock if draws else None),
            view("fields", fields),
            view("means", means),
            view("drawn", drawn),
            backend.launch(),
        )
        return Answer(fields, means, drawn)
