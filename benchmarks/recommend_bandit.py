"""How much is lost until it is known which algorithm is clicked where: `python benchmarks/recommend_bandit.py`.

Nothing is timed: any machine will do. Some ten minutes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd
from scipy.special import expit

from kousei.recommend import CTRModel, DeliveryOptimizer, simulate_clicks
from records import write

NAME = "recommend-bandit"
SEEDS, VISITS = range(10), 30_000
ALGORITHMS = ("similar", "popular", "collaborative", "random")
#: Worlds and the days in them.
DAYS = {"linear": 60, "misspecified": 40, "no features": 40}

Array = np.ndarray[Any, Any]


class World(NamedTuple):
    """Shops with features, click-through rates of each algorithm on their pages, and shares of the visits."""

    features: pd.DataFrame
    ctr: pd.DataFrame
    traffic: Array

    @property
    def oracle(self) -> float:
        """Mean rate of a visit where each shop has the algorithm that is best there."""
        return float(self.traffic @ self.ctr.max(axis=1))


class Policy(Protocol):
    def shares(self) -> pd.DataFrame: ...
    def update(self, clicks: pd.DataFrame) -> None: ...


def world(kind: str, seed: int, shops: int = 300, features: int = 8) -> World:
    """Return a world whose logits are linear in the first four features, or not, or have nothing to do with them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(shops, features))
    slopes = rng.normal(size=(len(ALGORITHMS), features)) * np.where(np.arange(features) < 4, 0.35, 0)
    linear = x @ slopes.T
    logits = (
        np.array([-3.2, -3.4, -3.3, -4.2])
        + {
            "linear": linear,
            "misspecified": linear / 2 + np.sin(2 * linear) / 2 + 0.6 * rng.normal(size=linear.shape),
            "no features": 0.7 * rng.normal(size=linear.shape),
        }[kind]
    )
    return World(pd.DataFrame(x), pd.DataFrame(expit(logits), columns=ALGORITHMS), rng.dirichlet(np.full(shops, 0.5)))


class Counting:
    """What policies that only look at counts have in common."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.rng = world, np.random.default_rng(seed)
        self.n = np.zeros(world.ctr.shape)
        self.c = np.zeros(world.ctr.shape)

    def update(self, clicks: pd.DataFrame) -> None:
        self.n += clicks["impressions"].to_numpy().reshape(self.n.shape)
        self.c += clicks["clicks"].to_numpy().reshape(self.n.shape)

    def table(self, shares: Array) -> pd.DataFrame:
        return pd.DataFrame(shares, self.world.ctr.index, self.world.ctr.columns)


class Uniform(Counting):
    def shares(self) -> pd.DataFrame:
        return self.table(np.full(self.n.shape, 1 / len(ALGORITHMS)))


class Thompson(Counting):
    """Each shop by itself, as often as the algorithm is the best of 100 draws."""

    prior = (1.0, 1.0)

    def shares(self) -> pd.DataFrame:
        drawn = self.rng.beta(self.prior[0] + self.c, self.prior[1] + self.n - self.c, (100, *self.n.shape))
        return self.table(np.eye(len(ALGORITHMS))[drawn.argmax(axis=-1)].mean(axis=0))


class LowThompson(Thompson):
    """With a prior that knows that rates are a few percent."""

    prior = (1.0, 20.0)


class Greedy(Counting):
    """What the Elastic Net predicts to be best, alone."""

    def shares(self) -> pd.DataFrame:
        if not self.n.any():
            return self.table(np.full(self.n.shape, 1 / len(ALGORITHMS)))
        predicted = CTRModel().fit(self.world.features, self.n, self.c).predict(self.world.features)
        return self.table(np.eye(len(ALGORITHMS))[predicted.argmax(axis=1)])


POLICIES: dict[str, Callable[[World, int], Policy]] = {
    "uniform": Uniform,
    "Thompson, Beta(1, 1)": Thompson,
    "Thompson, Beta(1, 20)": LowThompson,
    "Elastic Net, greedy": Greedy,
    "DeliveryOptimizer": lambda world, seed: DeliveryOptimizer(world.features, ALGORITHMS, rng=seed),
}


def regret(world: World, policy: Policy, days: int, seed: int, visits: int = VISITS) -> Array:
    """Return the share of the oracle's expected clicks that was lost up to the end of each day."""
    rng = np.random.default_rng(1000 + seed)
    lost, best = np.zeros(days), np.zeros(days)
    for day in range(days):
        come = rng.multinomial(visits, world.traffic)
        log = simulate_clicks(world.ctr, policy.shares(), come, rng=rng)
        policy.update(log)
        best[day] = come @ world.ctr.max(axis=1)
        lost[day] = best[day] - log["impressions"] @ world.ctr.to_numpy().ravel()
    return lost.cumsum() / best.cumsum()


def main() -> int:
    from ratios import fix_environment

    fix_environment()  # which scikit-learn reads when it is first asked for

    rows = []
    for kind, days in DAYS.items():
        for name, policy in POLICIES.items():
            curves = []
            for seed in SEEDS:
                at = world(kind, seed)
                curves.append(regret(at, policy(at, seed), days, seed))
            ends = np.array(curves)[:, -1]
            rows.append(
                {
                    "world": kind,
                    "days": days,
                    "policy": name,
                    "regret": float(ends.mean()),
                    "error": float(ends.std(ddof=1) / np.sqrt(len(ends))),
                    "of seeds": ends.round(4).tolist(),
                }
            )
            print(json.dumps(rows[-1]), flush=True)
    found = {(row["world"], row["policy"]): row["regret"] for row in rows}
    ours = {kind: found[kind, "DeliveryOptimizer"] for kind in DAYS}
    thompson = min(found["misspecified", name] for name in POLICIES if name.startswith("Thompson"))
    record = {
        "case": NAME,
        "command": "python benchmarks/recommend_bandit.py",
        "seeds": len(SEEDS),
        "visits a day": VISITS,
        "rows": rows,
        "met": ours["linear"] <= 0.04 and ours["misspecified"] <= 1.1 * thompson,
    }
    write(record)
    print(table(record))
    return int(not record["met"])


def table(record: dict[str, Any]) -> str:
    """Return the table of docs/theory/recommend_delivery.md."""
    found = {(row["policy"], row["world"]): row for row in record["rows"]}
    lines = [
        "| share of the clicks lost | " + " | ".join(f"{kind}, {days} days" for kind, days in DAYS.items()) + " |",
        "|---" * (1 + len(DAYS)) + "|",
    ]
    for name in POLICIES:
        cells = [f"{found[name, kind]['regret']:.3f} ± {found[name, kind]['error']:.3f}" for kind in DAYS]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
