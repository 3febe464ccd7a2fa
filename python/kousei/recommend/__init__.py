"""Recommendations of shops, from ratings and clicks: similar, popular and liked by the same users."""

from kousei.recommend.clicks import simulate_clicks
from kousei.recommend.ctr import CTRModel
from kousei.recommend.data import GRADES, click_table, ratings_table, shop_table
from kousei.recommend.delivery import DeliveryOptimizer
from kousei.recommend.designs import recommendation_table
from kousei.recommend.evaluation import Evaluation, evaluate, leave_last_out
from kousei.recommend.features import shop_features
from kousei.recommend.neighbours import cosine_topk
from kousei.recommend.off_policy import OffPolicyEstimate, off_policy
from kousei.recommend.pages import write_pages
from kousei.recommend.preference import PreferenceGraph, preference_pagerank
from kousei.recommend.reasons import Reason, reasons
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
    "CTRModel",
    "CosineRecommender",
    "DeliveryOptimizer",
    "Evaluation",
    "ItemSimilarity",
    "NMFRecommender",
    "OffPolicyEstimate",
    "PopularRecommender",
    "PreferenceGraph",
    "RandomRecommender",
    "Reason",
    "Recommender",
    "click_table",
    "cosine_topk",
    "evaluate",
    "leave_last_out",
    "off_policy",
    "preference_pagerank",
    "ratings_table",
    "reasons",
    "recommendation_table",
    "shop_features",
    "shop_table",
    "simulate_clicks",
    "synthetic_ratings",
    "write_pages",
]
