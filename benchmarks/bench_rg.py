from __future__ import annotations

import numpy as np

from kousei import RBM, rg


class LogPartition:
    """ln Z of a machine of 400 and 16 units by all states, and of one of 32 and 32 by annealing."""

    def setup(self) -> None:
        rng = np.random.default_rng(0)
        self.few = RBM.from_weights(rng.normal(0, 0.2, (400, 16)))
        self.many = RBM.from_weights(rng.normal(0, 0.1, (32, 32)))

    def time_exact(self) -> float:
        return self.few.log_partition().value

    def time_annealed(self) -> float:
        return self.many.log_partition("ais", tol=0.1, rng=0).value


class Ring:
    """Independent states of a ring of 1024 spins, from its decimations."""

    def setup(self) -> None:
        self.stack = rg.decimation_stack(1024, 1.0, 10)
        self.spins = self.stack.sample(200, rng=0)

    def time_sample(self) -> np.ndarray:
        return self.stack.sample(200, rng=0)

    def time_log_probability(self) -> np.ndarray:
        return self.stack.log_probability(self.spins)
