"""The operators of SciPy and CuPy that a transform is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from array_api_compat import is_cupy_array, is_torch_array

from kousei._lib import arrays
from kousei._lib.arrays import Array

#: The product of an operator with a matrix.
Product: TypeAlias = Callable[[Array], Array]


class Operable(ABC):
    """What operators of SciPy can do, for a class that becomes one, of the library of the argument."""

    #: Arrays of NumPy leave ``f @ R`` to the operator.
    __array_ufunc__ = None

    def matvec(self, x: Array) -> Array:
        """Return `transform` of a flattened function as a flattened spectrum, as solvers of SciPy and CuPy ask it.

        Parameters
        ----------
        x : array of shape (points,) or (points, 1)
            Of NumPy or CuPy, and of the operator's dtype.

        Returns
        -------
        array of shape (directions * biases,) or (directions * biases, 1)
        """
        return self._operator(x).matvec(x)

    def rmatvec(self, x: Array) -> Array:
        """Return `adjoint` of a flattened spectrum as a flattened function, as `matvec` does."""
        return self._operator(x).rmatvec(x)

    def matmat(self, X: Array) -> Array:
        """Return `matvec` of every column of (points, n), as columns."""
        return self._operator(X).matmat(X)

    def rmatmat(self, X: Array) -> Array:
        """Return `rmatvec` of every column of (directions * biases, n), as columns."""
        return self._operator(X).rmatmat(X)

    def dot(self, x: Any) -> Any:
        """Return the product with a vector, a matrix, a number, or another operator."""
        return self._operator(x).dot(x)

    __mul__ = dot

    def __matmul__(self, x: Any) -> Any:
        return self._operator(x) @ x

    def __rmul__(self, x: Any) -> Any:
        return x * self._operator(x)

    def __rmatmul__(self, x: Any) -> Any:
        return x @ self._operator(x)

    def __truediv__(self, x: Any) -> Any:
        return self._operator(None) / x

    def __add__(self, x: Any) -> Any:
        return self._operator(None) + x

    def __radd__(self, x: Any) -> Any:
        return x + self._operator(None)

    def __sub__(self, x: Any) -> Any:
        return self._operator(None) + -x

    def __neg__(self) -> Any:
        return -self._operator(None)

    @property
    def H(self) -> Any:  # noqa: N802 - as SciPy calls it
        """The adjoint operator."""
        return self._operator(None).H

    @property
    def T(self) -> Any:  # noqa: N802 - as SciPy calls it
        """The transposed operator: the adjoint, since all is real."""
        return self.H

    @abstractmethod
    def _operator(self, x: Any) -> Any:
        """Return the operator of the library of x."""


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
    _require_host(x)
    return _composing()(shape, dtype, forward, backward)


def _require_host(x: Any) -> None:
    # SciPy would make an array of NumPy of a tensor.
    if is_torch_array(x) or not arrays.on_host(x):
        raise TypeError(f"x was {type(x).__name__} in {arrays.place(x)}; an array of NumPy or CuPy is accepted")


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

        # SciPy knows none but its own operators.
        def dot(self, x: Any) -> Any:
            _require_host(x)
            return super().dot(aslinearoperator(x) if hasattr(x, "rmatvec") else x)

        def __add__(self, x: Any) -> Any:
            return super().__add__(aslinearoperator(x) if hasattr(x, "rmatvec") else x)

    return Operator
