"""What estimators take of scikit-learn, which has no types; this module imports scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

try:
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import _check_sample_weight as check_sample_weight
    from sklearn.utils.validation import check_array, check_is_fitted, validate_data
except ImportError:
    raise ImportError("scikit-learn is not installed: pip install 'kousei[sklearn]'") from None

if TYPE_CHECKING:

    class BaseEstimator:
        n_features_in_: int

        def get_params(self, deep: bool = True) -> dict[str, Any]: ...
        def set_params(self, **params: Any) -> Self: ...

    class RegressorMixin:
        def score(self, X: Any, y: Any, sample_weight: Any = None) -> float: ...

    class ClassifierMixin:
        def score(self, X: Any, y: Any, sample_weight: Any = None) -> float: ...

    class MultiOutputMixin: ...

else:
    from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin

__all__ = [
    "BaseEstimator",
    "ClassifierMixin",
    "MultiOutputMixin",
    "RegressorMixin",
    "check_array",
    "check_classification_targets",
    "check_is_fitted",
    "check_sample_weight",
    "validate_data",
]
