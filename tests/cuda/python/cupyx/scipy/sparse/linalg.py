"""The operator of CuPy, for arrays of the stand-in."""

from collections.abc import Callable
from typing import Any

import cupy

_Product = Callable[[cupy.ndarray], cupy.ndarray]


class LinearOperator:
    """An operator."""

    def __init__(
        self,
        shape: tuple[int, int],
        matvec: _Product,
        rmatvec: _Product,
        matmat: _Product,
        dtype: Any,
        rmatmat: _Product,
    ) -> None:
        self.shape, self.dtype = shape, dtype
        self._matvec, self._rmatvec, self._matmat, self._rmatmat = matvec, rmatvec, matmat, rmatmat

    def matvec(self, x: cupy.ndarray) -> cupy.ndarray:
        return self._vector(self._matvec, x, *self.shape)

    def rmatvec(self, x: cupy.ndarray) -> cupy.ndarray:
        return self._vector(self._rmatvec, x, *self.shape[::-1])

    def matmat(self, x: cupy.ndarray) -> cupy.ndarray:
        return self._matmat(x)

    def rmatmat(self, x: cupy.ndarray) -> cupy.ndarray:
        return self._rmatmat(x)

    def dot(self, x: cupy.ndarray) -> cupy.ndarray:
        return self.matvec(x) if x.ndim == 1 else self._matmat(x)

    __matmul__ = dot

    @staticmethod
    def _vector(product: _Product, x: cupy.ndarray, rows: int, columns: int) -> cupy.ndarray:
        assert isinstance(x, cupy.ndarray)
        if x.shape not in ((columns,), (columns, 1)):
            raise ValueError("dimension mismatch")
        return product(x).reshape(rows, *x.shape[1:])
