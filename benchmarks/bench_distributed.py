from __future__ import annotations

import pickle

import numpy as np

import kousei


class Overhead:
    """Calls on a cluster of one worker in this process whose own work is little: what a cluster costs."""

    def setup(self) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise NotImplementedError from None
        kousei.set_num_threads(1)
        self.client = Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=":0")
        self.net = kousei.MLP.random([2, 100, 1], "tanh", rng=0)
        self.x = np.random.default_rng(0).uniform(-1, 1, (1000, 2))
        self.lattice = kousei.ising.Lattice((16, 16), 0.4)

    def teardown(self) -> None:
        self.client.close()

    def time_evaluate(self) -> None:
        kousei.distributed.evaluate(self.net, self.x, self.client)

    def time_sample(self) -> None:
        kousei.distributed.sample(self.lattice, self.client, chains=64, sweeps=10, burn_in=0, rng=0)

    def time_owen_values(self) -> None:
        kousei.distributed.owen_values(self.net, self.x[:2, :1], self.client)


class Pickles:
    """What goes to a worker: a network of 10^5 units, and back."""

    def setup(self) -> None:
        self.net = kousei.MLP.random([2, 100_000, 1], "tanh", rng=0)
        self.sent = pickle.dumps(self.net)

    def time_dumps(self) -> None:
        pickle.dumps(self.net)

    def time_loads(self) -> None:
        pickle.loads(self.sent)

    def track_bytes(self) -> int:
        return len(self.sent)
