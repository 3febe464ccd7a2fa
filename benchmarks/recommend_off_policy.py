"""How far off-policy estimates are from a value that is known: `python benchmarks/recommend_off_policy.py`.

Nothing is timed: any machine will do. Some five minutes.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, softmax

from kousei.recommend import CTRModel, OffPolicyEstimate, off_policy, simulate_clicks
from recommend_bandit import ALGORITHMS, Array
from records import write

NAME = "recommend-off-policy"
METHODS = ("ips", "snips", "dm", "dr")
#: Logits of a page of mean features.
LEVELS = (0.7, -1.0, -3.2)
SEEDS, LOGS, SHOPS, VISITS = range(10), 40, 300, 5000


def world(level: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, Array]:
    """Return features, rates, the shares of the logging policy and of the one in question, and shares of the visits.

    A third of the variance of the logits is of no feature: the model of the rewards is wrong.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(SHOPS, 8))
    logits = level + x @ rng.normal(size=(4, 8)).T * 0.25 + 0.5 * rng.normal(size=(SHOPS, 4))
    preferred = x @ rng.normal(size=(4, 8)).T * 0.25
    tables = [x, expit(logits), softmax(preferred, axis=1), softmax(2 * (logits - level), axis=1)]
    frames = [pd.DataFrame(tables[0])] + [pd.DataFrame(each, columns=ALGORITHMS) for each in tables[1:]]
    return *frames, rng.dirichlet(np.full(SHOPS, 0.5))


def value(ctr: pd.DataFrame, shares: pd.DataFrame, traffic: Array) -> float:
    """Return the mean reward of a visit under a policy."""
    return float(traffic @ (shares * ctr).sum(axis=1))


def estimates(
    log: pd.DataFrame, features: pd.DataFrame, target: pd.DataFrame, rng: np.random.Generator
) -> dict[str, OffPolicyEstimate]:
    """Return what each method makes of a log; rewards of half of the shops are predicted by the other half."""
    n, c = (log[name].to_numpy().reshape(target.shape) for name in ("impressions", "clicks"))
    half = rng.permutation(len(target)) % 2
    predicted = np.empty(target.shape)
    for which in (0, 1):
        model = CTRModel().fit(features[half != which], n[half != which], c[half != which])
        predicted[half == which] = model.predict(features[half == which])
    # Of each shop and algorithm the clicks, and the impressions without one.
    rows = {
        "rewards": np.repeat([1, 0], n.size),
        "actions": np.tile(np.arange(target.shape[1]), 2 * len(target)),
        "propensities": np.tile(log["share"], 2),
        "target": np.tile(np.repeat(target.to_numpy(), target.shape[1], axis=0), (2, 1)),
        "counts": np.concatenate([c.ravel(), (n - c).ravel()]),
    }
    rewards = np.tile(np.repeat(predicted, target.shape[1], axis=0), (2, 1))
    return {
        method: off_policy(**rows, method=method, predicted=rewards if method in ("dm", "dr") else None)
        for method in METHODS
    }


def errors(level: float, seed: int, logs: int = LOGS) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the estimates of some logs less the true value, and whether their intervals hold it."""
    features, ctr, logged, target, traffic = world(level, seed)
    true = value(ctr, target, traffic)
    rng = np.random.default_rng(1000 + seed)
    off: dict[str, list[float]] = {method: [] for method in METHODS}
    held: dict[str, list[bool]] = {method: [] for method in METHODS}
    for _ in range(logs):
        log = simulate_clicks(ctr, logged, rng.multinomial(VISITS, traffic), rng=rng)
        for method, found in estimates(log, features, target, rng).items():
            off[method].append(found.value - true)
            held[method].append(found.interval[0] <= true <= found.interval[1])
    return tuple({method: np.array(of_logs) for method, of_logs in each.items()} for each in (off, held))


def main() -> int:
    from ratios import fix_environment

    fix_environment()

    rows = []
    for level in LEVELS:
        worlds = [world(level, seed) for seed in SEEDS]
        logged, true = (
            float(np.mean([value(each[1], each[policy], each[4]) for each in worlds])) for policy in (2, 3)
        )
        found = [errors(level, seed) for seed in SEEDS]
        for method in METHODS:
            off, held = (np.concatenate([each[i][method] for each in found]) for i in (0, 1))
            rows.append(
                {
                    "logged": logged,
                    "value": true,
                    "method": method,
                    "bias": float(off.mean()),
                    "error of the bias": float(off.std(ddof=1) / np.sqrt(len(off))),
                    "rmse": float(np.sqrt(np.mean(off**2))),
                    "coverage": float(held.mean()),
                }
            )
            print(json.dumps(rows[-1]), flush=True)
    ips, _, _, dr = rows[: len(METHODS)]
    record = {
        "case": NAME,
        "command": "python benchmarks/recommend_off_policy.py",
        "seeds": len(SEEDS),
        "logs": LOGS,
        "visits": VISITS,
        "rows": rows,
        "met": abs(dr["bias"]) <= 0.003 and dr["rmse"] <= 0.7 * ips["rmse"],
    }
    write(record)
    print(table(record))
    return int(not record["met"])


def table(record: dict[str, Any]) -> str:
    """Return the table of docs/theory/recommend_delivery.md."""
    ips = {row["value"]: row["rmse"] for row in record["rows"] if row["method"] == "ips"}
    heads = ("of the log", "value", "method", "bias", "RMSE", "of that of IPS", "95% intervals that hold the value")
    rows = (
        f"| {row['logged']:.2f} | {row['value']:.2f} | {row['method'].upper()} "
        f"| {row['bias']:+.4f} ± {row['error of the bias']:.4f} | {row['rmse']:.4f} "
        f"| {row['rmse'] / ips[row['value']]:.2f} | {row['coverage']:.0%} |"
        for row in record["rows"]
    )
    return "\n".join([f"| {' | '.join(heads)} |", "|---" * len(heads) + "|", *rows])


if __name__ == "__main__":
    sys.exit(main())
