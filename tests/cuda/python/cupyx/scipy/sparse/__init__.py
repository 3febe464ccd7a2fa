"""Sparse matrices of SciPy, with arrays of the stand-in."""

from typing import Any

import cupy
import scipy.sparse


class csr_matrix:  # noqa: N801
    """A matrix."""

    def __init__(self, host: Any) -> None:
        self._host = scipy.sparse.csr_matrix(host)
        self.shape, self.dtype, self.nnz = self._host.shape, self._host.dtype, self._host.nnz
        self.data = cupy.asarray(self._host.data)

    @property
    def device(self) -> None:
        raise NotImplementedError  # as in CuPy

    def tocsr(self) -> "csr_matrix":
        return self

    def astype(self, dtype: Any) -> "csr_matrix":
        return csr_matrix(self._host.astype(dtype))

    def __matmul__(self, dense: Any) -> Any:
        assert isinstance(dense, cupy.ndarray)
        return cupy.asarray(self._host @ dense.get())
