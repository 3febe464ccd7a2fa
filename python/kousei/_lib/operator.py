"""Linear operators of SciPy that take the arrays of CuPy as well.

SciPy takes longer to load than all else, so that the rooms with operators are loaded when they are first used.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from array_api_compat import is_cupy_array, is_torch_array
from scipy.sparse.linalg import LinearOperator

from kousei._lib import arrays, backends
from kousei._lib.arrays import Array
from kousei._lib.backends import Backend
from kousei._lib.pickling import without_cached


class Operator(LinearOperator, ABC):
    """An operator by its products with matrices of NumPy and CuPy."""

    def __init__(self, dtype: np.dtype[Any], shape: tuple[int, int]) -> None:
        super().__init__(dtype, shape)  # type: ignore[call-arg]

    @abstractmethod
    def _matmat(self, X: Array) -> Array: ...

    @abstractmethod
    def _rmatmat(self, X: Array) -> Array: ...

    def matvec(self, x: Array) -> Array:
        """Return the product with a vector (columns,) or (columns, 1), of NumPy or CuPy."""
        return _cupy(self).matvec(x) if is_cupy_array(x) else self._matvec(x)

    def rmatvec(self, x: Array) -> Array:
        """Return the product of the adjoint with a vector (rows,) or (rows, 1), as `matvec` does."""
        return _cupy(self).rmatvec(x) if is_cupy_array(x) else self._rmatvec(x)

    def matmat(self, X: Array) -> Array:
        """Return the product with every column of (columns, n)."""
        return _cupy(self).matmat(X) if is_cupy_array(X) else super().matmat(_matrix(X))

    def rmatmat(self, X: Array) -> Array:
        """Return the product of the adjoint with every column of (rows, n)."""
        return _cupy(self).rmatmat(X) if is_cupy_array(X) else super().rmatmat(_matrix(X))

    def dot(self, x: Any) -> Any:
        """Return the product with a vector, a matrix, a number, or another operator."""
        return _cupy(self).dot(x) if is_cupy_array(x) else super().dot(_on_host(x))

    def __rmul__(self, x: Any) -> Any:
        return x @ _cupy(self) if is_cupy_array(x) else super().__rmul__(_on_host(x))

    def _adjoint(self) -> LinearOperator:
        return _Adjoint(self)

    def __getstate__(self) -> dict[str, Any]:
        return {name: its for name, its in without_cached(self).items() if name != "_xp"}  # SciPy's, a module

    def __setstate__(self, state: dict[str, Any]) -> None:
        LinearOperator.__init__(self, state["dtype"], state["shape"])  # type: ignore[call-arg]
        vars(self).update(state)

    # SciPy's own differ from release to release: in what they call, and in the shapes that they take.
    def _matvec(self, x: Any) -> Array:
        return _product(self._matmat, x, self.shape[1])

    def _rmatvec(self, x: Any) -> Array:
        return _product(self._rmatmat, x, self.shape[0])


class BatchedOperator(Operator):
    """An operator that is also applied to batches of functions or spectra, (..., *shape), of any library."""

    def _apply(
        self,
        name: str,
        array: Array,
        given: tuple[int, ...],
        returned: tuple[int, ...],
        function: Callable[[Backend, Array], Array],
    ) -> Array:
        """Return a function of (batch, *given) in the batch axes and the library of the argument."""
        backend, values, batch = self._entered(name, array, given)
        if len(values) == 0:
            return backend.finish(backend.empty((*batch, *returned), self.dtype))
        return backend.finish(function(backend, values).reshape(*batch, *returned))

    def _entered(self, name: str, array: Array, given: tuple[int, ...]) -> tuple[Backend, Array, tuple[int, ...]]:
        """Return where to compute, a checked argument there as (batch, *given), and the batch axes it has."""
        backend, array = backends.enter(name, array)
        batch = self._batch_of(name, array, given)
        count, (rows, columns) = math.prod(batch), self.shape
        what = f"a batch of {count} spectra of {rows} and functions of {columns} numbers"
        arrays.require_memory(count * max(rows, columns), self.dtype.itemsize, what)
        values = backend.array(name, array)
        # Of a device they are not asked for, which would make the host wait.
        if isinstance(values, np.ndarray):
            arrays.require_finite(name, values)
        return backend, values.reshape(count, *given), batch

    def _batch_of(self, name: str, array: Array, given: tuple[int, ...]) -> tuple[int, ...]:
        """Return the batch axes of an argument, of the operator's dtype and of a shape that ends as said."""
        if arrays.dtype_name(array) != self.dtype.name:
            found = arrays.dtype_name(array)
            raise TypeError(f"{name} has dtype {found} and the transform {self.dtype}; they must agree")
        return arrays.batch_axes(name, array, given)


class _Adjoint(Operator):
    def __init__(self, operator: Operator) -> None:
        super().__init__(operator.dtype, operator.shape[::-1])
        self._operator = operator

    def _matmat(self, X: Array) -> Array:
        return self._operator._rmatmat(X)

    def _rmatmat(self, X: Array) -> Array:
        return self._operator._matmat(X)

    def _adjoint(self) -> LinearOperator:
        return self._operator


def _cupy(operator: Operator) -> Any:
    """Return an operator of CuPy."""
    from cupyx.scipy.sparse.linalg import LinearOperator

    return LinearOperator(
        operator.shape,
        matvec=lambda x: operator._matmat(x.reshape(-1, 1)).reshape(-1),
        rmatvec=lambda x: operator._rmatmat(x.reshape(-1, 1)).reshape(-1),
        matmat=operator._matmat,
        rmatmat=operator._rmatmat,
        dtype=operator.dtype,
    )


def _product(matmat: Callable[[Array], Array], x: Any, extent: int) -> Array:
    x = np.asarray(_on_host(x))
    if x.shape not in ((extent,), (extent, 1)):
        raise ValueError(f"x had shape {x.shape}; ({extent},) or ({extent}, 1) is accepted")
    return matmat(x.reshape(extent, 1)).reshape(-1, *x.shape[1:])


def _matrix(X: Any) -> Any:
    if np.ndim(_on_host(X)) != 2:
        raise ValueError(f"X had {np.ndim(X)} axes; a matrix is accepted")
    return X


def _on_host(x: Any) -> Any:
    """Return what SciPy may take; it would make an array of NumPy of a tensor."""
    if is_torch_array(x) or not arrays.on_host(x):
        raise TypeError(f"x was {type(x).__name__} in {arrays.place(x)}; an array of NumPy or CuPy is accepted")
    return x
