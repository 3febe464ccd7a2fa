"""Recommendations of shops, from ratings and clicks: similar, popular and liked by the same users."""

from kousei.recommend.data import GRADES, click_table, ratings_table, shop_table

__all__ = ["GRADES", "click_table", "ratings_table", "shop_table"]
