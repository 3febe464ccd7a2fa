from __future__ import annotations

from kousei import MLP

from .evaluation import BACKENDS, DTYPES, Evaluation


class Network(Evaluation):
    """Sizes are hidden units, layer by layer."""

    params = (BACKENDS, [[2**12], [2**16], [256, 256]], DTYPES)

    def network(self, size: list[int]) -> MLP:
        return MLP.random([2, *size, 1], "tanh", rng=0)
