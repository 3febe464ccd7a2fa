"""Clicks of the three phases of a recommender, in a simulated town: `python benchmarks/recommend_phases.py`.

Everything is simulated, what reasons do to clicks among it. Nothing is timed: any machine will do. Some five minutes.
"""

from __future__ import annotations

import json
import sys
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit, softmax

from kousei.recommend import DeliveryOptimizer, ItemSimilarity, recommendation_table, shop_features, simulate_clicks
from records import write

NAME = "recommend-phases"
SEEDS, DAYS, VISITS, LIST = range(10), 30, 20_000, 5
#: What a similarity of 1 that is told in reasons adds to the logit of a click: an assumption.
REASONS = 0.4
#: Chances that a visit is rated, by its grade, from Average to Excellent.
RATED = (1.0, 1.0, 1.0)

Array = np.ndarray[Any, Any]


class Town(NamedTuple):
    """Shops, and how much each user likes each of them."""

    shops: pd.DataFrame
    liking: Array  # (users, shops)
    visits: Array  # (users, shops) of bool
    grades: Array  # (users, shops): 0, 1 and 2 for Average, Good and Excellent, of every shop, visited or not


def town(seed: int, users: int = 600, shops: int = 150) -> Town:
    """Return a town of eight categories, which users like more or less, as they do qualities that no table tells."""
    rng = np.random.default_rng(seed)
    category, scene = rng.integers(0, 8, shops), rng.integers(0, 4, shops)
    price = rng.integers(1, 5, shops).astype(float)
    tastes = rng.normal(size=(users, 8))[:, category] + 0.5 * rng.normal(size=(users, 4))[:, scene]
    hidden = rng.normal(size=(users, 3)) @ rng.normal(size=(3, shops)) / np.sqrt(3)
    paying = -0.5 * np.abs(price - rng.uniform(1, 4, (users, 1)))
    liking = 0.7 * tastes + 0.7 * hidden + paying + 0.6 * rng.normal(size=shops)
    fame = rng.normal(size=shops)
    visits = rng.random(liking.shape) < expit(liking + fame - 4)
    experience = liking + rng.logistic(size=liking.shape)
    grades = np.digitize(experience, np.quantile(experience[visits], [0.2, 0.65]))
    table = pd.DataFrame(
        {
            "shop": np.arange(shops),
            "categories": [f"category {i}" for i in category],
            "scenes": [f"scene {i}" for i in scene],
            "price_band": price,
            "latitude": 35.69 + 0.02 * rng.normal(size=shops),
            "longitude": 139.70 + 0.02 * rng.normal(size=shops),
        }
    )
    return Town(table, liking, visits, grades)


def ratings(at: Town, rng: np.random.Generator, rated: tuple[float, ...] = RATED) -> pd.DataFrame:
    """Return the ratings of those visits that are rated, which may depend on the grade."""
    seen = at.visits & (rng.random(at.visits.shape) < np.array(rated)[at.grades])
    user, shop = np.nonzero(seen)
    grades = np.array(["Average", "Good", "Excellent"])[at.grades[seen]]
    return pd.DataFrame({"user": user, "shop": shop, "rating": grades})


def click_rates(at: Town, table: pd.DataFrame, similarity: ItemSimilarity, reasons: float) -> pd.DataFrame:
    """Return the rates (shops, algorithms) at which one or more of a list is clicked.

    Who is on the page of a shop likes it; a click on a shop of the list depends on how it is liked, on the way from
    here, and on what is said of it.
    """
    looking = softmax(at.liking, axis=0)  # of each shop, its visitors
    rates = {}
    for (shop, algorithm), listed in table.groupby(["shop", "algorithm"], sort=False)["recommended"]:
        others = listed.to_numpy()
        far = similarity.distances(shop).to_numpy()[others]
        told = reasons * similarity.similarity(shop).to_numpy()[others]
        each = expit(at.liking[:, others] - 0.2 * far + told - 5)
        rates[shop, algorithm] = looking[:, shop] @ (1 - (1 - each).prod(axis=1))
    return pd.Series(rates).unstack()[table["algorithm"].unique()]


def arms(seed: int) -> dict[str, Array]:
    """Return impressions and clicks of each arm of the test; every arm has as many visits."""
    at = town(seed)
    rng = np.random.default_rng(1000 + seed)
    similarity = ItemSimilarity(at.shops)
    table = recommendation_table(similarity, ratings(at, rng), LIST, rng=seed)
    traffic = rng.dirichlet(np.full(len(at.shops), 0.5))
    alone, told = (click_rates(at, table, similarity, reasons) for reasons in (0.0, REASONS))
    found = {}
    for phase, ctr in (("1", alone), ("2", told)):
        for algorithm in ctr.columns:
            shares = ctr * 0
            shares[algorithm] = 1.0
            log = simulate_clicks(ctr, shares, rng.multinomial(VISITS * DAYS, traffic), rng=rng)
            found[f"{phase} {algorithm}"] = counts(log)
    optimizer = DeliveryOptimizer(shop_features(at.shops), list(told.columns), rng=seed)
    for _ in range(DAYS):
        log = simulate_clicks(told, optimizer.shares(), rng.multinomial(VISITS, traffic), rng=rng)
        optimizer.update(log)
    found["3 delivered"] = np.array([optimizer.impressions.to_numpy().sum(), optimizer.clicks.to_numpy().sum()])
    found["3 last day"] = counts(log)
    visits = VISITS * DAYS
    found["3 best of each page"] = np.array([visits, visits * (traffic @ told.max(axis=1))])
    return found


def counts(log: pd.DataFrame) -> Array:
    return log[["impressions", "clicks"]].sum().to_numpy()


def main() -> int:
    from ratios import fix_environment

    fix_environment()

    of_seeds = [arms(seed) for seed in SEEDS]
    rows = []
    for name in of_seeds[0]:
        rate = np.array([each[name][1] / each[name][0] for each in of_seeds])
        chance = np.array([each["1 random"][1] / each["1 random"][0] for each in of_seeds])
        lift = rate / chance
        rows.append(
            {
                "arm": name,
                "ctr": float(rate.mean()),
                "lift": float(lift.mean()),
                "error": float(lift.std(ddof=1) / np.sqrt(len(lift))),
            }
        )
        print(json.dumps(rows[-1]), flush=True)
    record = {
        "case": NAME,
        "command": "python benchmarks/recommend_phases.py",
        "seeds": len(SEEDS),
        "days": DAYS,
        "visits a day": VISITS,
        "reasons": REASONS,
        "rows": rows,
    }
    write(record)
    print(table(record))
    return 0


def table(record: dict[str, Any]) -> str:
    """Return the table of docs/theory/recommend_delivery.md."""
    heads = ("phase", "on the page", "clicks per visit", "of that by chance")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in record["rows"]:
        phase, _, name = row["arm"].partition(" ")
        lines.append(f"| {phase} | {name} | {row['ctr']:.4f} | {row['lift']:.3f} ± {row['error']:.3f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
