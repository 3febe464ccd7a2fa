"""An operator of SciPy that composes with a transform on its right."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import numpy as np

Reals: TypeAlias = np.ndarray[Any, Any]
Product: TypeAlias = Callable[[Reals], Reals]


def linear_operator(shape: tuple[int, int], dtype: np.dtype[Any], forward: Product, backward: Product) -> Any:
    """Return a LinearOperator of the products with a matrix from the left, and those of its adjoint."""
    return _class()(shape, dtype, forward, backward)


@cache
def _class() -> type:
    from scipy.sparse.linalg import LinearOperator, aslinearoperator

    class Operator(LinearOperator):
        def __init__(self, shape: tuple[int, int], dtype: np.dtype[Any], forward: Product, backward: Product) -> None:
            super().__init__(dtype, shape)  # type: ignore[call-arg]
            self._products = forward, backward

        def _matmat(self, X: Reals) -> Reals:
            return self._products[0](X)

        def _adjoint(self) -> Any:
            return Operator(self.shape[::-1], self.dtype, *self._products[::-1])

        def dot(self, x: Any) -> Any:
            # SciPy makes an array of what is none of its own operators.
            return super().dot(aslinearoperator(x) if hasattr(x, "rmatvec") else x)

    return Operator
