"""Recommenders on MovieLens 100k, leave-last-out: `python benchmarks/recommend_ml100k.py`.

The ratings are those that the package recbole 1.2.1 ships (`pip install --no-deps recbole==1.2.1`). 5, 4 and 3 stars
are taken as Excellent, Good and Average, and 1 and 2 as the least of the three, too: who has seen a film need not be
told of it. The last rating of each user that is Good or better is held out. Nothing is timed: any machine will
do. The second part is a set of 5.9 million ratings that is drawn, run in a process of its own, whose peak memory is
recorded.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from records import write

NAME = "recommend-ml100k"
#: Least hit rates at 10.
FLOORS = {"cosine": 0.165, "nmf": 0.20}
#: Users, shops and ratings drawn, of which 5.9 million are left; and the most memory it may take, in GiB.
LARGE, MEMORY = (400_000, 60_000, 5_940_000), 4.0


def movie_lens() -> Any:
    """Return the ratings of MovieLens 100k in three grades, or None where recbole is not installed."""
    spec = find_spec("recbole")
    if spec is None or spec.origin is None:
        return None
    import pandas as pd

    from kousei.recommend import GRADES

    path = Path(spec.origin).parent / "dataset_example" / "ml-100k" / "ml-100k.inter"
    user, film, stars, time = np.loadtxt(path, skiprows=1).astype(np.int64).T
    grades = pd.Categorical.from_codes(np.maximum(stars, 3) - 3, categories=list(GRADES), ordered=True)
    return pd.DataFrame({"user": user, "shop": film, "rating": grades, "time": time})


def main() -> int:
    from ratios import fix_environment

    fix_environment()
    from kousei import recommend

    ratings = movie_lens()
    if ratings is None:
        print("recbole is not installed: pip install --no-deps recbole==1.2.1", file=sys.stderr)
        return 2
    training, held_out = recommend.leave_last_out(ratings)
    found = {}
    for name, model in recommenders(training).items():
        found[name] = asdict(recommend.evaluate(model, training, held_out))
        print(name, json.dumps(found[name]), flush=True)
    large = json.loads(subprocess.run([sys.executable, __file__, "--large"], check=True, capture_output=True).stdout)
    print(large)
    met = all(found[name]["hit_rate"] >= floor for name, floor in FLOORS.items())
    record = {
        "case": NAME,
        "command": "python benchmarks/recommend_ml100k.py",
        "ratings": len(ratings),
        "held out": len(held_out),
        "k": 10,
        "recommenders": found,
        "floors of hit rates": FLOORS,
        "large": large,
        "ceiling of memory in GiB": MEMORY,
        "met": met and large["peak memory in GiB"] <= MEMORY,
    }
    write(record)
    print(table(record))
    return int(not record["met"])


def recommenders(training: Any) -> dict[str, Any]:
    from kousei import recommend

    return {
        "random": recommend.RandomRecommender(training, rng=0),
        "popularity": recommend.PopularRecommender(training),
        "cosine": recommend.CosineRecommender(training),
        "nmf": recommend.NMFRecommender(training, rng=0),
    }


def large() -> dict[str, Any]:
    """Return the peak memory of PageRank, cosines and recommendations of a large set."""
    from kousei import recommend

    ratings = recommend.synthetic_ratings(*LARGE, rng=0)
    model = recommend.CosineRecommender(ratings)
    for user in range(100):
        model.recommend(user=user)
    return {
        "users": int(ratings["user"].nunique()),
        "shops": int(ratings["shop"].nunique()),
        "ratings": len(ratings),
        "peak memory in GiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def table(record: dict[str, Any]) -> str:
    """Return a record as a table in Markdown."""
    lines = ["| | hit rate at 10 | NDCG | coverage | novelty, bits | serendipity |", "|---" * 6 + "|"]
    for name, found in record["recommenders"].items():
        rates = [f"{found[each]:.3f}" for each in ("hit_rate", "ndcg", "coverage")]
        lines.append(f"| {name} | {' | '.join(rates)} | {found['novelty']:.2f} | {found['serendipity']:.3f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    if sys.argv[1:] == ["--large"]:
        print(json.dumps(large()))
    else:
        sys.exit(main())
