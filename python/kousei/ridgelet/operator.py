"""The operators of SciPy and CuPy that a transform is."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from array_api_compat import is_cupy_array

from kousei._lib import arrays
from kousei._lib.arrays import Array

#: The product of an operator with a matrix.
Product: TypeAlias = Callable[[Array], Array]


def linear_operator(x: Any, shape: tuple[int, int], dtype: np.dtype[Any], forward: Product, backward: Product) -> Any:
    """Return the operator of the library of x, CuPy's for its arrays and for all else SciPy's, and its adjoint's."""
    if is_cupy_array(x):
        from cupyx.scipy.sparse.linalg import LinearOperator

        return LinearOperator(
            shape,
            matvec=lambda x: forward(x.reshape(-1, 1)).reshape(-1),
            rmatvec=lambda x: backward(x.reshape(-1, 1)).reshape(-1),
            matmat=forward,
            rmatmat=backward,
            dtype=dtype,
        )
    if not arrays.on_host(x):
        raise TypeError(f"x was {type(x).__name__} in {arrays.place(x)}; an array of NumPy or CuPy is accepted")
    return _composing()(shape, dtype, forward, backward)


@cache
def _composing() -> type:
    """Return the class of operators of SciPy that compose with a transform on their right."""
    from scipy.sparse.linalg import LinearOperator, aslinearoperator

    class Operator(LinearOperator):
        def __init__(self, shape: tuple[int, int], dtype: np.dtype[Any], forward: Product, backward: Product) -> None:
            super().__init__(dtype, shape)  # type: ignore[call-arg]
            self._products = forward, backward

        def _matmat(self, X: Array) -> Array:
            return self._products[0](X)

        def _adjoint(self) -> Any:
            return Operator(self.shape[::-1], self.dtype, *self._products[::-1])

        def dot(self, x: Any) -> Any:
            # SciPy makes an array of what is none of its own operators.
            return super().dot(aslinearoperator(x) if hasattr(x, "rmatvec") else x)

    return Operator
