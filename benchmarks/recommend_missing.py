"""Rankings and lists where few tell that a visit was average: `python benchmarks/recommend_missing.py`.

The town of `recommend_phases.py`, in which the grades of all visits are known, those that nobody told among them.
Nothing is timed: any machine will do. A minute.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from kousei.recommend import CosineRecommender, NMFRecommender, preference_pagerank
from recommend_phases import Town, ratings, town
from records import write

NAME = "recommend-missing"
SEEDS, TOLD = range(10), (1.0, 0.5, 0.2, 0.05, 0.0)
LIST = 10

Array = np.ndarray[Any, Any]


def measured(at: Town, told: float, seed: int) -> dict[str, float]:
    """Return how rankings agree with the true mean grades, and how well users like what is recommended to them."""
    rng = np.random.default_rng(1000 + seed)
    table = ratings(at, rng, (told, 1.0, 1.0))
    shops = np.arange(len(at.shops))
    stars = table["rating"].map({"Average": 0, "Good": 1, "Excellent": 2}).astype(float)
    by_shop = stars.groupby(table["shop"]).agg(["mean", "count"]).reindex(shops, fill_value=0)
    liked = at.liking.mean(axis=0)
    rankings = {
        "mean grade": by_shop["mean"],
        "number of ratings": by_shop["count"],
        "PageRank": preference_pagerank(table, shops=shops),
        "PageRank, users alike": preference_pagerank(table, user_norm=True, shops=shops),
    }
    found = {"ratings": float(len(table))}
    found |= {name: float(spearmanr(ranking, liked).statistic) for name, ranking in rankings.items()}
    users = rng.choice(np.unique(table["user"]), 100, replace=False)
    for name, recommender in (
        ("lists by cosine", CosineRecommender(table)),
        ("lists by NMF", NMFRecommender(table, rng=seed)),
    ):
        # How far above the mean of all shops, in standard deviations of this user's likings.
        gains = []
        for user in users:
            own = at.liking[user]
            listed = recommender.recommend(LIST, user=user).index.to_numpy()
            gains.append((own[listed].mean() - own.mean()) / own.std())
        found[name] = float(np.mean(gains))
    return found


def main() -> int:
    from ratios import fix_environment

    fix_environment()

    rows = []
    for told in TOLD:
        of_seeds = pd.DataFrame([measured(town(seed), told, seed) for seed in SEEDS])
        rows.append({"told": told, "mean": of_seeds.mean().to_dict(), "error": (of_seeds.sem()).to_dict()})
        print(json.dumps(rows[-1]), flush=True)
    record = {"case": NAME, "command": "python benchmarks/recommend_missing.py", "seeds": len(SEEDS), "rows": rows}
    write(record)
    print(table(record))
    return 0


def table(record: dict[str, Any]) -> str:
    """Return the table of docs/theory/recommend_delivery.md."""
    names = list(record["rows"][0]["mean"])
    lines = [f"| Average is told by | {' | '.join(names)} |", "|---" * (1 + len(names)) + "|"]
    for row in record["rows"]:
        cells = [f"{row['mean'][name]:.2f} ± {row['error'][name]:.2f}" for name in names[1:]]
        lines.append(f"| {row['told']:.0%} | {row['mean']['ratings']:.0f} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
