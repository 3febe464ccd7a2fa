"""Monotone regression: splines that cannot fall, and networks that are kept from it; it imports scikit-learn.

The penalised networks are after Z. Shen, Y. Jiao, Y. Lin and J. Huang, "Differentiable neural networks with RePU
activation: with applications to score estimation and isotonic regression", arXiv:2305.00608.
"""

from kousei.isotonic.regressor import MonotoneRegressor

__all__ = ["MonotoneRegressor"]
