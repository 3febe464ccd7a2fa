"""Estimates of the score, the gradient of the logarithm of a density, from samples of it; it imports scikit-learn.

By implicit score matching: A. Hyvärinen, "Estimation of non-normalized statistical models by score matching", Journal
of Machine Learning Research 6 (2005); with networks of units max(z, 0)^p after arXiv:2305.00608.
"""

from kousei.score.estimator import ScoreEstimator

__all__ = ["ScoreEstimator"]
