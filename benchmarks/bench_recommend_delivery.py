from __future__ import annotations

import numpy as np
import pandas as pd

from kousei.recommend import CTRModel, DeliveryOptimizer, off_policy


class Delivery:
    """A day of shops with four algorithms, on one CPU thread."""

    params = ([300, 3000],)
    param_names = ("shops",)

    def setup(self, shops: int) -> None:
        rng = np.random.default_rng(0)
        features = pd.DataFrame(rng.normal(size=(shops, 8)))
        self.rates = 1 / (1 + np.exp(3.3 - features.to_numpy() @ rng.normal(size=(8, 4)) * 0.2))
        n = rng.integers(0, 2000, self.rates.shape)
        self.features, self.n, self.c = features, n, rng.binomial(n, self.rates)
        self.optimizer = DeliveryOptimizer(features, list("abcd"), rng=0)
        self.optimizer.update(
            pd.DataFrame(
                {
                    "shop": np.repeat(features.index, 4),
                    "algorithm": list("abcd") * shops,
                    "impressions": n.ravel(),
                    "clicks": self.c.ravel(),
                }
            )
        )

    def time_fit(self, shops: int) -> None:
        CTRModel().fit(self.features, self.n, self.c)

    def time_shares(self, shops: int) -> None:
        self.optimizer.shares()

    def track_error_of_logits(self, shops: int) -> float:
        """Return the mean error of the logits of predicted rates."""
        predicted = CTRModel().fit(self.features, self.n, self.c).predict(self.features)
        logits = (np.log(p / (1 - p)) for p in (predicted, self.rates))
        return float(np.abs(np.subtract(*logits)).mean())


class OffPolicy:
    """A log of 100 000 rounds of 20 actions."""

    def setup(self) -> None:
        rng = np.random.default_rng(0)
        self.log = {
            "rewards": rng.random(100_000),
            "actions": rng.integers(0, 20, 100_000),
            "propensities": np.full(100_000, 0.05),
            "target": rng.dirichlet(np.ones(20), 100_000),
            "predicted": rng.random((100_000, 20)),
        }

    def time_doubly_robust(self) -> None:
        off_policy(**self.log)
