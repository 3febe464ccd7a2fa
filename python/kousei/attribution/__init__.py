"""Set functions explained: what items, and features of items, add to a value, so that the two levels agree.

Owen values of items as unions of their features, after G. Owen, "Values of games with a priori unions" (1977), and
attributions of two levels by one regression, after the abstract of C2FA, arXiv:2405.14522.
"""

from kousei.attribution.deletion import deletion_curve
from kousei.attribution.exact import owen_values, shapley_values
from kousei.attribution.function import SetFunction
from kousei.attribution.gradients import integrated_gradients
from kousei.attribution.kernel import owen_kernel
from kousei.attribution.permutation import owen_permutation
from kousei.attribution.result import Attribution, completeness_gap, consistency_gap
from kousei.attribution.structured import AttentionPooling, DeepSet
from kousei.attribution.two_level import consistent_two_level

__all__ = [
    "AttentionPooling",
    "Attribution",
    "DeepSet",
    "SetFunction",
    "completeness_gap",
    "consistency_gap",
    "consistent_two_level",
    "deletion_curve",
    "integrated_gradients",
    "owen_kernel",
    "owen_permutation",
    "owen_values",
    "shapley_values",
]
