"""ln Z of a machine by all states of its smaller side, against NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import logsumexp

from kousei import RBM

from . import Case, Check, case

VISIBLE, HIDDEN = 400, 16


@case("rg-log-partition")
def log_partition() -> Case:
    machine = RBM.from_weights(np.random.default_rng(0).normal(0, 0.2, (VISIBLE, HIDDEN)))
    return Case(
        work=VISIBLE * 2**HIDDEN,
        sizes={"visible": VISIBLE, "hidden": HIDDEN},
        ours=machine.log_partition,
        others={"numpy": lambda: in_numpy(machine)},
        floors={"numpy": 4.0},
        checks={
            "error": Check(lambda: abs(machine.log_partition().value / in_numpy(machine)() - 1), "of ln Z", 1e-12)
        },
    )


def in_numpy(machine: RBM) -> Callable[[], Any]:
    """Prepare the sum as one writes it, in blocks of 4096 states."""
    states = 2.0 * (np.arange(2**HIDDEN)[:, None] >> np.arange(HIDDEN) & 1) - 1

    def total() -> Any:
        fields = (block @ machine.weights.T for block in np.split(states, 2**HIDDEN // 4096))
        return logsumexp(np.concatenate([np.logaddexp(field, -field).sum(axis=1) for field in fields]))

    return total
