"""Valid calls of recommendations."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

from kousei import (
    recommend,
)
from valid_calls.common import Call


@cache
def ratings() -> Any:
    import pandas as pd

    rows = {"user": [1, 1, 2, 2], "shop": ["inn", "bar", "bar", "inn"], "time": [1, 2, 3, 4]}
    return pd.DataFrame(rows | {"rating": ["Excellent", "Good", "Good", "Excellent"]})


@cache
def shops() -> Any:
    import pandas as pd

    rows = {"shop": ["inn", "bar"], "categories": ["ramen", "ramen;bar"], "scenes": ["solo", None]}
    return pd.DataFrame(rows | {"price_band": [1, 1], "latitude": [35.69, 35.6931], "longitude": [139.70, 139.70]})


@cache
def similarity() -> recommend.ItemSimilarity:
    return recommend.ItemSimilarity(shops())


@cache
def rates() -> Any:
    import pandas as pd

    return pd.DataFrame({"similar": [0.1, 0.2], "popular": [0.3, 0.1]}, index=["inn", "bar"])


@cache
def clicks() -> Any:
    return recommend.simulate_clicks(rates(), 0 * rates() + 0.5, [100, 100], rng=0)


def optimizer() -> recommend.DeliveryOptimizer:
    import pandas as pd

    features = pd.DataFrame({"price": [1.0, 2.0]}, index=["inn", "bar"])
    return recommend.DeliveryOptimizer(features, ["similar", "popular"], rng=0)


def optimizer_file() -> str:
    optimizer().save("valid.safetensors")
    return "valid.safetensors"


def sparse() -> Any:
    import scipy.sparse

    return scipy.sparse.csr_array([[1.0, 0, 1], [1, 0, 1], [0, 2, 0]])


FEATURES = np.array([[0.0], [1.0], [2.0]])
LOGGED: dict[str, Any] = {
    "rewards": [1.0, 0.0],
    "actions": [0, 1],
    "propensities": [0.5, 0.5],
    "target": [[0.1, 0.9], [0.1, 0.9]],
}
CALLS: dict[str, Callable[[], Call]] = {
    "kousei.recommend.CTRModel.fit": lambda: (
        recommend.CTRModel().fit,
        {"features": FEATURES, "impressions": np.full((3, 2), 100), "clicks": np.full((3, 2), 5)},
    ),
    "kousei.recommend.CTRModel.predict": lambda: (
        recommend.CTRModel().fit(FEATURES, np.full((3, 2), 100), np.full((3, 2), 5)).predict,
        {"features": FEATURES},
    ),
    "kousei.recommend.DeliveryOptimizer.load": lambda: (
        recommend.DeliveryOptimizer.load,
        {"path": optimizer_file()},
    ),
    "kousei.recommend.DeliveryOptimizer.save": lambda: (optimizer().save, {"path": "valid.safetensors"}),
    "kousei.recommend.DeliveryOptimizer.update": lambda: (optimizer().update, {"clicks": clicks()}),
    "kousei.recommend.ItemSimilarity.contributions": lambda: (similarity().contributions, {"shop": "inn"}),
    "kousei.recommend.ItemSimilarity.distances": lambda: (similarity().distances, {"shop": "inn"}),
    "kousei.recommend.ItemSimilarity.recommend": lambda: (similarity().recommend, {"shop": "inn"}),
    "kousei.recommend.ItemSimilarity.similarity": lambda: (similarity().similarity, {"shop": "inn"}),
    "kousei.recommend.CosineRecommender.recommend": lambda: (
        recommend.CosineRecommender(ratings()).recommend,
        {"shop": "inn"},
    ),
    "kousei.recommend.NMFRecommender.recommend": lambda: (
        recommend.NMFRecommender(ratings(), components=1, rng=0).recommend,
        {"user": 1},
    ),
    "kousei.recommend.PopularRecommender.recommend": lambda: (
        recommend.PopularRecommender(ratings()).recommend,
        {"user": 1},
    ),
    "kousei.recommend.RandomRecommender.recommend": lambda: (
        recommend.RandomRecommender(ratings(), rng=0).recommend,
        {"user": 1},
    ),
    "kousei.recommend.Recommender.recommend": lambda: (
        partial(recommend.Recommender.recommend, recommend.PopularRecommender(ratings())),
        {"user": 1},
    ),
    "kousei.recommend.PreferenceGraph.pagerank": lambda: (recommend.PreferenceGraph(ratings()).pagerank, {}),
    "kousei.recommend.click_table": lambda: (recommend.click_table, {"clicks": clicks()}),
    "kousei.recommend.cosine_topk": lambda: (recommend.cosine_topk, {"matrix": sparse(), "k": 1}),
    "kousei.recommend.evaluate": lambda: (
        recommend.evaluate,
        dict(zip(("training", "held_out"), recommend.leave_last_out(ratings()), strict=True))
        | {"recommender": recommend.PopularRecommender(ratings())},
    ),
    "kousei.recommend.leave_last_out": lambda: (recommend.leave_last_out, {"ratings": ratings()}),
    "kousei.recommend.off_policy": lambda: (recommend.off_policy, LOGGED | {"method": "ips"}),
    "kousei.recommend.preference_pagerank": lambda: (recommend.preference_pagerank, {"ratings": ratings()}),
    "kousei.recommend.ratings_table": lambda: (recommend.ratings_table, {"ratings": ratings()}),
    "kousei.recommend.reasons": lambda: (
        recommend.reasons,
        {"similarity": similarity(), "shop": "inn", "recommended": ["bar"]},
    ),
    "kousei.recommend.recommendation_table": lambda: (
        recommend.recommendation_table,
        {"similarity": similarity(), "ratings": ratings(), "k": 1},
    ),
    "kousei.recommend.shop_features": lambda: (recommend.shop_features, {"shops": shops()}),
    "kousei.recommend.shop_table": lambda: (recommend.shop_table, {"shops": shops()}),
    "kousei.recommend.simulate_clicks": lambda: (
        recommend.simulate_clicks,
        {"ctr": rates(), "shares": 0 * rates() + 0.5, "visits": [100, 100]},
    ),
    "kousei.recommend.synthetic_ratings": lambda: (
        recommend.synthetic_ratings,
        {"users": 3, "shops": 3, "ratings": 5},
    ),
    "kousei.recommend.write_pages": lambda: (
        recommend.write_pages,
        {"folder": "pages", "recommendations": pages(), "similarity": similarity()},
    ),
}


@cache
def pages() -> Any:
    return recommend.recommendation_table(similarity(), ratings(), 1, rng=0)
