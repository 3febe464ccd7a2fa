from __future__ import annotations

import numpy as np

import kousei
from kousei import recommend


class Preferences:
    """PageRank of what users prefer, from a table of ratings on, on one CPU thread."""

    params = ([10_000, 100_000, 1_000_000],)
    param_names = ("ratings",)

    def setup(self, ratings: int) -> None:
        kousei.set_num_threads(1)
        self.ratings = recommend.synthetic_ratings(ratings // 20, ratings // 100, ratings, rng=0)
        self.graph = recommend.PreferenceGraph(self.ratings)

    def time_graph(self, ratings: int) -> None:
        recommend.PreferenceGraph(self.ratings)

    def time_pagerank(self, ratings: int) -> None:
        self.graph.pagerank()


class Cosines:
    """The 20 nearest of each row of a sparse matrix, on one CPU thread."""

    params = (["float32", "float64"], [1000, 10_000])
    param_names = ("dtype", "rows")

    def setup(self, dtype: str, rows: int) -> None:
        from scipy.sparse import random_array

        kousei.set_num_threads(1)
        self.matrix = random_array((rows, 4 * rows), density=20 / rows, format="csr", rng=np.random.default_rng(0))
        self.matrix = self.matrix.astype(dtype)

    def time_topk(self, dtype: str, rows: int) -> None:
        recommend.cosine_topk(self.matrix, 20)


class Lists:
    """Recommendations for one user or at one shop."""

    def setup(self) -> None:
        rng = np.random.default_rng(0)
        self.model = recommend.CosineRecommender(recommend.synthetic_ratings(5000, 2000, 100_000, rng=0))
        self.user, self.shop = int(rng.integers(5000)), 0

    def time_for_a_user(self) -> None:
        self.model.recommend(user=self.user)

    def time_at_a_shop(self) -> None:
        self.model.recommend(shop=self.shop)
