"""Recommendations of shops, from ratings and clicks: similar, popular and liked by the same users."""

from kousei.recommend.data import GRADES, click_table, ratings_table, shop_table
from kousei.recommend.evaluation import Evaluation, evaluate, leave_last_out
from kousei.recommend.neighbours import cosine_topk
from kousei.recommend.preference import PreferenceGraph, preference_pagerank
from kousei.recommend.recommenders import (
    CosineRecommender,
    NMFRecommender,
    PopularRecommender,
    RandomRecommender,
    Recommender,
)
from kousei.recommend.similarity import TERMS, ItemSimilarity
from kousei.recommend.synthetic import synthetic_ratings

__all__ = [
    "GRADES",
    "TERMS",
    "CosineRecommender",
    "Evaluation",
    "ItemSimilarity",
    "NMFRecommender",
    "PopularRecommender",
    "PreferenceGraph",
    "RandomRecommender",
    "Recommender",
    "click_table",
    "cosine_topk",
    "evaluate",
    "leave_last_out",
    "preference_pagerank",
    "ratings_table",
    "shop_table",
    "synthetic_ratings",
]
