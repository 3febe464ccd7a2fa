"""Recommendations of shops, from ratings and clicks: similar, popular and liked by the same users."""

from kousei.recommend.clicks import simulate_clicks
from kousei.recommend.ctr import CTRModel
from kousei.recommend.data import GRADES, click_table, ratings_table, shop_table
from kousei.recommend.delivery import DeliveryOptimizer
from kousei.recommend.off_policy import OffPolicyEstimate, off_policy

__all__ = [
    "GRADES",
    "CTRModel",
    "DeliveryOptimizer",
    "OffPolicyEstimate",
    "click_table",
    "off_policy",
    "ratings_table",
    "shop_table",
    "simulate_clicks",
]
