"""Training of restricted Boltzmann machines: a step as a CUDA graph and by launches, and an experiment."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from itertools import pairwise
from typing import Any
from unittest import mock

import ceilings
import cupy
import numpy as np

from kousei import RBM, pack_signs
from kousei._lib.backends import Device
from kousei.ising import Lattice
from kousei.rbm.training import Trainer
from kousei.rg import DBN

Record = dict[str, Any]
VISIBLE, HIDDEN, BATCH, BATCHES = 1600, 400, 1024, 16
SETTINGS: dict[str, Any] = {"learning_rate": 0.1, "momentum": 0.5, "l1": 2e-4, "rng": 0}
RATES = {"full": "multiply-add float32", "fast": "product float16"}
#: Fields and gradients of an update: two of hidden units, one of visible ones, and of the data and of the model.
PRODUCTS = 5


def records(rates: Mapping[str, float]) -> Iterator[Record]:
    """Measure them, and return what `measure.record` does, without what compute-sanitizer has to say."""
    # Beside whole batches one that is not, so that there are two graphs.
    X = np.random.default_rng(0).choice(np.array([-1, 1], np.int8), (BATCH * BATCHES + 100, VISIBLE))
    for precision, rate in RATES.items():
        same = weights_of(pack_signs(X), 2) if precision == "full" else None
        for graphs in (True, False):
            seconds, found = step(X, precision, graphs)
            same = found if same is None else same
            yield record(f"rbm step {precision} {'graph' if graphs else 'launches'}", seconds, found == same) | {
                "rate": PRODUCTS * BATCH * VISIBLE * HIDDEN / seconds,
                "ceiling": rates[rate],
                "share": PRODUCTS * BATCH * VISIBLE * HIDDEN / seconds / rates[rate],
            }
    yield from experiment()


def record(name: str, seconds: float, same: bool) -> Record:
    """Return a record of a run that is right where it is the same as another, bit for bit."""
    right = {"passed": same, "error": float(not same), "tolerance": 0.0}
    return {"name": name, "time": seconds, "rate": None, "ceiling": None, "share": None, "others": {}} | right


def machine(**parameters: Any) -> RBM:
    return RBM(VISIBLE, HIDDEN, batch_size=BATCH, **SETTINGS | parameters)


def weights_of(data: Any, epochs: int, **parameters: Any) -> bytes:
    return bytes(machine(**parameters).fit(data, epochs=epochs).weights.tobytes())


def step(X: np.ndarray[Any, Any], precision: str, graphs: bool) -> tuple[float, bytes]:
    """Return the seconds of an update, launches included, and the weights after two epochs."""
    data = pack_signs(cupy.asarray(X))
    launches = mock.patch.object(Device, "repeated", return_value=lambda work: work())
    with nullcontext() if graphs else launches:
        weights = weights_of(data, 2, precision=precision)
        trainer = Trainer(machine(precision=precision), data)
        trainer.epoch(lambda _: None)
        start = cupy.zeros(3, cupy.int64)

        def epoch() -> None:
            trainer._clock[...] = start
            for _ in range(BATCHES):
                trainer._step(BATCH)

        return ceilings.seconds(epoch) / BATCHES, weights


def experiment() -> Iterator[Record]:
    """Train 1600, 400, 100 and 25 units on 20,480 samples of the lattice of 40 x 40 spins, 200 epochs each."""
    lattice = Lattice((40, 40), 0.408)
    drawn = lattice.sample(chains=2048, sweeps=2000, thin=200, burn_in=3000, rng=0, like=cupy.empty(0))
    samples = (drawn.configurations().reshape(20480, 1600) + 1) // 2
    settings = {"learning_rate": 0.1, "momentum": 0.5, "l1": 2e-3, "batch_size": 100, "precision": "fast"}
    sizes = 1600, 400, 100, 25

    def train(epochs: int) -> bytes:
        machines = [
            RBM(*pair, "binary", rng=i, centered=i == 0, **settings) for i, pair in enumerate(pairwise(sizes))
        ]
        return bytes(DBN(machines).fit(samples, epochs=epochs, rng=0).machines[-1].weights.tobytes())

    again = train(1) == train(1)
    begin = time.perf_counter()
    train(200)
    yield record("rbm 1600-400-100-25, 200 epochs, fast", time.perf_counter() - begin, again)
