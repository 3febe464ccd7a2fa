"""The kernels of restricted Boltzmann machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from problem import Array, Kernel, Problem

from kousei import RBM, pack_signs
from kousei._lib import backends
from kousei.rbm.sampling import Draws


def answers(toward: str, precision: str) -> Kernel:
    """Return the kernel for the means of hidden units given visible ones, a quarter as many, or the reverse.

    A step of contrastive divergence with 1024 rows is one draw of each and one more of hidden means, and an update.
    """

    def problem(units: int, points: int) -> Problem:
        rng = np.random.default_rng(0)
        weights = rng.normal(0, 0.05, (units, units // 4))
        machine = RBM.from_weights(weights, precision=precision)
        factors = machine.weights.astype("float32").astype("float64")
        inputs = units if toward == "hidden" else units // 4

        def prepare(x: Array) -> Callable[[], Array]:
            sides, words = machine._sides(pack_signs(x))
            side, draws = getattr(sides, toward), Draws(1)
            return lambda: side(words, draws, "means drawn").means

        return Problem(
            x=rng.choice(np.array([-1, 1], np.int8), (points, inputs)),
            prepare=prepare,
            exact=lambda x: np.tanh(x @ (factors if toward == "hidden" else factors.T)),
            scale=1.0,
            evaluations=points * weights.size,
        )

    return Kernel("rbm_respond", f"{toward} {precision}", *_of_machine(precision, problem))


def update_of_machine(precision: str) -> Kernel:
    """Return the kernel of an update by its gradient alone; the states of the model are the opposites of the data."""

    def problem(units: int, points: int) -> Problem:
        rng = np.random.default_rng(0)
        hidden = units // 4
        means = rng.uniform(-1, 1, (2, points, hidden)).astype("float32")

        def prepare(x: Array) -> Callable[[], Array]:
            backend, x = backends.enter("x", x, precision)
            data, model = pack_signs(x.T.copy()).words, pack_signs(-x.T).words
            shapes = 2 * [(units, hidden), (units,), (hidden,)]
            own = [backend.keep(np.zeros(shape, np.float32)) for shape in shapes]
            data_means, model_means = map(backend.keep, means)
            arguments = [backend.view("own", array) for array in own]
            samples = [backend.view("sample", a) for a in (data, data_means, model, model_means)]

            def run() -> Array:
                rates = 1.0, 0.0, 0.0, None, None, 0.0
                backend.kernels.rbm_update(*arguments, True, *samples, *rates, backend.launch())
                return own[3].copy()

            return run

        return Problem(
            x=rng.choice(np.array([-1, 1], np.int8), (units, points)),
            prepare=prepare,
            exact=lambda x: x @ means.sum(axis=0, dtype="float64") / points,
            scale=1.0,
            evaluations=2 * points * units * hidden,
        )

    return Kernel("rbm_update", precision, *_of_machine(precision, problem))


def rows_of_epoch() -> Kernel:
    """Return the kernels around a step: the rows that come next, in an order that is not theirs, and the clock."""

    def problem(units: int, points: int) -> Problem:
        order = np.random.default_rng(0).permutation(points)

        def prepare(x: Array) -> Callable[[], Array]:
            backend, x = backends.enter("x", x)
            data, clock, start = x.copy(), backend.keep(np.zeros(3, np.int64)), backend.keep(np.zeros(3, np.int64))
            order_there, batch = backend.keep(order), x.copy()
            data[order_there] = x
            words, to = (backend.view("words", array.view("uint32")) for array in (data, batch))
            at = backend.view("clock", clock)

            def run() -> Array:
                clock[...] = start
                views = words, backend.view("order", order_there), at, to
                backend.kernels.rbm_next_rows(*views, backend.launch())
                backend.kernels.rbm_advance(at, 1, words, to, backend.launch())
                return batch

            return run

        return Problem(
            x=np.random.default_rng(1).uniform(-1, 1, (points, 4 * (units // 128))).astype("float32"),
            prepare=prepare,
            exact=lambda x: x,
            scale=1.0,
            evaluations=points * 4 * (units // 128),
        )

    # Rows are read and written, and read once more.
    return Kernel(
        "rbm_next_rows", "and the clock", 0.0, problem, (1600, 1 << 20), lambda rates: rates["copied bytes"] / 16
    )


def _of_machine(precision: str, problem: Callable[[int, int], Problem]) -> tuple[Any, ...]:
    rate = "product float16" if precision == "fast" else "multiply-add float32"
    return {"full": 1e-5, "fast": 2e-3}[precision], problem, (1600, 1024), lambda rates: rates[rate]


def machines() -> Iterator[Kernel]:
    yield rows_of_epoch()
    for precision in ("full", "fast"):
        yield answers("hidden", precision)
        yield answers("visible", precision)
        yield update_of_machine(precision)
