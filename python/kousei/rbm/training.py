"""Training: contrastive divergence, persistent chains and tempered ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from kousei._lib import arrays, backends
from kousei._lib.arrays import Array
from kousei.packed import PackedSigns, pack_signs
from kousei.rbm import states
from kousei.rbm.distribution import PARAMETERS
from kousei.rbm.sampling import Draws, Gibbs, Samples, Sides

if TYPE_CHECKING:
    from kousei.rbm.machine import RBM

#: Packed states of the data and of the model.
States: TypeAlias = tuple[Array, Array]
#: How far the centre of a hidden unit slides to the mean of a batch.
_SLIDE = 0.01
#: What random numbers of NumPy are for.
_ORDER, _CHAINS, _SWAPS = range(3)
#: Rows of data that are unpacked at a time.
_ROWS = 4096


@dataclass
class Progress:
    """How far training has come: with it and the parameters, what follows is fixed."""

    draws: Draws
    epoch: int = 0
    #: Velocities, centres and the states of chains; made when training needs them.
    arrays: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    history: dict[str, list[float]] = field(default_factory=dict)


class Trainer:
    """A machine in training on packed data, in the memory where they lie.

    An update is the same calls with the same arguments each time, so that on a device it is recorded as a CUDA graph.
    What goes on from one to the next is in a clock in that memory: draws, rows of the epoch, and bits that the model
    has changed (`rbm::Clock`).
    """

    def __init__(self, machine: RBM, data: PackedSigns) -> None:
        self._machine, self._spin = machine, machine.units == "spin"
        self._backend, words = backends.enter("X", data.words, machine.precision)
        self._data = self._backend.array("X", words)
        self._order, self._clock = (self._backend.empty((n,), np.dtype(np.int64)) for n in (self.rows, 3))
        past = machine._progress
        self._draws, self._epoch = Draws(past.draws.key, past.draws.count), past.epoch
        host = {name: np.asarray(getattr(machine, name), np.float32) for name in PARAMETERS} | past.arrays
        self._begin(host)
        # Copies, since they are written to while the machine stays as it was after its last epoch.
        self._arrays = {name: arrays.like(array.copy(), self._data) for name, array in host.items()}
        self._sides = Sides(self._backend, [self._arrays[name] for name in PARAMETERS], machine.units)
        self._gibbs = Gibbs(self._sides, machine.k)
        self._monitors: dict[str, list[float]] = {}
        #: What repeats the updates by so many rows.
        self._repeated: dict[int, Callable[[Callable[[], States]], States]] = {}

    @property
    def rows(self) -> int:
        """How many rows of data there are."""
        return int(self._data.shape[0])

    def epoch(self, seen: Callable[[int], Any]) -> None:
        """Train on all data once, and tell the machine; `seen` is called with the rows of each batch."""
        rows, size = self.rows, self._machine.batch_size
        order = self._generator(_ORDER, self._epoch).permutation(rows)
        for array, start in ((self._order, order), (self._clock, np.array([self._draws.count, 0, 0]))):
            array[...] = arrays.like(start, self._data)
        for first in range(0, rows, size):
            batch = min(size, rows - first)
            data, model = self._step(batch)
            seen(batch)
        self._require_finite()
        self._draws.count, _, changed = arrays.to_host(self._clock).tolist()
        if self._machine.algorithm == "cd":
            self._monitors["reconstruction_error"] = [changed / (rows * self._machine.visible)]
        for name, visible in (("data", data), ("model", model)):
            self._monitors[f"free_energy_{name}"] = [float(self._free_energies(visible).mean())]
        self._epoch += 1
        self._tell()

    def _step(self, rows: int) -> States:
        """Update by the next rows, and return their states and those of the model."""
        if self._machine.algorithm == "tempering":  # the host has a hand in the trades between temperatures
            return self._work(rows)
        if rows not in self._repeated:
            self._repeated[rows] = self._backend.repeated()
        return self._repeated[rows](partial(self._work, rows))

    def _work(self, rows: int) -> States:
        backend, draws = self._backend, Draws(self._draws.key, clock=self._clock)
        clock = backend.view("clock", self._clock, copy=False)
        data = backend.empty((rows, self._data.shape[1]), np.dtype(np.uint32))
        views = backend.view("data", self._data), backend.view("order", self._order)
        backend.kernels.rbm_next_rows(*views, clock, backend.view("batch", data, copy=False), backend.launch())
        model = self._learn(data, draws)
        paired = backend.view("model", model) if self._machine.algorithm == "cd" else None
        backend.kernels.rbm_advance(clock, draws.count, backend.view("data", data), paired, backend.launch())
        return data, model

    def _learn(self, data: Array, draws: Draws) -> Array:
        """Update by a batch, and return states of the model for it."""
        if self._machine.algorithm == "cd":
            samples = self._gibbs.contrastive(data, draws)
        elif self._machine.algorithm == "pcd":
            samples = self._gibbs.persistent(data, self._arrays["chains"], draws)
        else:
            samples = self._tempered(data, draws)
        self._update(data, samples)
        return samples.model

    def _begin(self, host: dict[str, np.ndarray[Any, Any]]) -> None:
        """Add what training needs and does not have yet."""
        machine = self._machine
        for name in PARAMETERS:
            host.setdefault(f"{name}_velocity", np.zeros_like(host[name]))
        if machine.centered and "visible_center" not in host:
            host["visible_center"] = self._mean_of_data()
            host["hidden_center"] = np.full(machine.hidden, 0.0 if self._spin else 0.5, np.float32)
        if machine.algorithm != "cd":
            shape = machine._replicas, machine.visible
            if "chains" not in host or len(host["chains"]) != machine._replicas:
                coins = self._generator(_CHAINS, 0).integers(0, 2, shape, np.int8)
                host["chains"] = pack_signs(2 * coins - 1).words

    def _mean_of_data(self) -> np.ndarray[Any, Any]:
        total = np.zeros(self._machine.visible)
        for first in range(0, self.rows, _ROWS):
            total += arrays.to_host(self._values(self._data[first : first + _ROWS], self._machine.visible)).sum(
                axis=0
            )
        return (total / self.rows).astype(np.float32)

    def _generator(self, purpose: int, count: int) -> np.random.Generator:
        return np.random.Generator(np.random.Philox(key=self._draws.key, counter=[0, count, purpose, 0]))

    def _values(self, words: Array, width: int) -> Array:
        packed = PackedSigns(words, (words.shape[0], width))
        return states.unpacked(packed, self._machine.units, np.float32)

    def _tempered(self, data: Array, draws: Draws) -> Samples:
        """Return those of the chains at 1 of some inverse temperatures, which trade states with their neighbours."""
        machine, chains = self._machine, self._machine.chains
        levels = np.linspace(1, 0, machine.temperatures, dtype=np.float32)
        beta = arrays.like(np.repeat(levels, chains), self._data)
        hidden = self._sides.hidden(self._arrays["chains"], draws, "drawn", beta).drawn
        for _ in range(machine.k - 1):
            visible = self._sides.visible(hidden, draws, "drawn", beta).drawn
            hidden = self._sides.hidden(visible, draws, "drawn", beta).drawn
        visible = self._sides.visible(hidden, draws, "drawn", beta).drawn
        before = int(arrays.to_host(self._clock)[0])
        energy = self._energies(visible, hidden).reshape(machine.temperatures, chains)
        place, share = swaps(energy, levels, self._generator(_SWAPS, before + draws.next()))
        self._monitors.setdefault("swaps", []).append(share)
        self._arrays["chains"] = _rows(visible, (place * chains + np.arange(chains)).ravel())
        model = self._arrays["chains"][:chains]
        return Samples(self._gibbs.means(data), model, self._gibbs.means(model))

    def _energies(self, visible: Array, hidden: Array) -> np.ndarray[Any, Any]:
        """Return E(v, h) of pairs of states, float64."""
        machine, xp = self._machine, arrays.namespace(visible)
        fields = self._sides.hidden(visible, None, "fields").fields
        of_hidden = xp.sum(fields * self._values(hidden, machine.hidden), axis=1, dtype=xp.float64)
        of_visible = self._arrays["visible_bias"] * self._values(visible, machine.visible)
        return -arrays.to_host(of_hidden + xp.sum(of_visible, axis=1, dtype=xp.float64))

    def _free_energies(self, visible: Array) -> np.ndarray[Any, Any]:
        return self._sides.free_energies(visible)

    def _update(self, data: Array, samples: Samples) -> None:
        backend = self._backend
        names, given = ("data", *Samples._fields), (data, *samples)
        views = (backend.view(name, array) for name, array in zip(names, given, strict=True))
        self._step_by(backend.kernels.rbm_update, *views)

    def _step_by(self, kernel: Callable[..., None], *sums: Any) -> None:
        """Update the parameters by a kernel that is given what the gradient is made of."""
        machine, backend, own = self._machine, self._backend, self._arrays
        centers = ("visible_center", "hidden_center")
        names = (*PARAMETERS, *(f"{name}_velocity" for name in PARAMETERS))
        kernel(
            *(backend.view(name, own[name], copy=False) for name in names),
            self._spin,
            *sums,
            machine.learning_rate,
            machine.momentum,
            machine.l1,
            *(backend.view(name, own[name], copy=False) if machine.centered else None for name in centers),
            _SLIDE,
            backend.launch(),
        )

    def _require_finite(self) -> None:
        if not all(np.isfinite(arrays.to_host(self._arrays[name])).all() for name in PARAMETERS):
            raise ValueError(
                f"learning_rate was {self._machine.learning_rate}; weights overflow in epoch {self._epoch}, a "
                "smaller one is accepted"
            )

    def _tell(self) -> None:
        """Give the machine what it is after an epoch."""
        machine = self._machine
        host = {name: arrays.to_host(array).copy() for name, array in self._arrays.items()}
        parameters = {name: host.pop(name) for name in PARAMETERS}
        history = {name: list(values) for name, values in machine._progress.history.items()}
        for name, values in self._monitors.items():
            history.setdefault(name, []).append(float(np.mean(values)))
        self._monitors.clear()
        draws = Draws(self._draws.key, self._draws.count)
        # All at once: an interrupt comes before or after it.
        vars(machine).update(parameters, _progress=Progress(draws, self._epoch, host, history))


def _rows(words: Array, chosen: np.ndarray[Any, Any]) -> Array:
    """Return rows of packed states."""
    xp = arrays.namespace(words)
    # Torch chooses no rows of unsigned numbers.
    return words.view(xp.int32)[arrays.like(chosen, words)].view(xp.uint32)


def swaps(
    energy: np.ndarray[Any, Any], beta: np.ndarray[Any, Any], rng: np.random.Generator
) -> tuple[np.ndarray[Any, Any], float]:
    """Return which replica each one takes its state from, (replicas, chains), and the share of trades that were made.

    Neighbours trade with the probability min(1, exp((beta_i - beta_j)(E_i - E_j))), pairs from the first replica or
    from the second on, by a coin.
    """
    place = np.repeat(np.arange(len(beta))[:, None], energy.shape[1], axis=1)
    upper = np.arange(int(rng.integers(0, 2)), len(beta) - 1, 2)
    gain = (beta[upper] - beta[upper + 1])[:, None] * (energy[upper] - energy[upper + 1])
    traded = np.log1p(-rng.random(gain.shape)) < gain
    place[upper] += traded
    place[upper + 1] -= traded
    return place, float(traded.mean()) if traded.size else 0.0
