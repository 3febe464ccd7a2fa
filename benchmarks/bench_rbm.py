from __future__ import annotations

from typing import Any

import numpy as np

import kousei

from .evaluation import BACKENDS, on_gpu

VISIBLE, HIDDEN, ROWS = 1600, 400, 2048


class Machines:
    """A machine of 1600 and 400 units, on one CPU thread or a GPU."""

    params = (BACKENDS, [128, 1024])
    param_names = ("backend", "batch")

    def setup(self, backend: str, batch: int) -> None:
        kousei.set_num_threads(1)
        signs = 2 * np.random.default_rng(0).integers(0, 2, (ROWS, VISIBLE), np.int8) - 1
        self.data = kousei.pack_signs(signs if backend == "numpy" else on_gpu(signs))
        self.machine = kousei.RBM(VISIBLE, HIDDEN, momentum=0.5, l1=1e-4, batch_size=batch, rng=0)
        self.machine.partial_fit(self.data)

    def time_epoch(self, backend: str, batch: int) -> None:
        self.machine.partial_fit(self.data)

    def peakmem_epoch(self, backend: str, batch: int) -> None:
        self.machine.partial_fit(self.data)

    def time_gibbs(self, backend: str, batch: int) -> Any:
        return self.machine.gibbs(self.data, 2, rng=1).unpack()[0, 0].item()
