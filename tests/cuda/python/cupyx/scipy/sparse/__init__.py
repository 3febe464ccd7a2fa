"""Sparse matrices of SciPy, with arrays of the stand-in."""

from typing import Any

import cupy
import scipy.sparse


class csr_matrix:  # noqa: N801
    """A matrix."""

    def __init__(self, host: Any, shape: Any = None) -> None:
        if isinstance(host, tuple):
            host = tuple(part.get() for part in host)
        self._host = scipy.sparse.csr_matrix(host, shape=shape)
        self.shape, self.dtype, self.nnz = self._host.shape, self._host.dtype, self._host.nnz
        self.data = cupy.asarray(self._host.data)
        self.indices, self.indptr = cupy.asarray(self._host.indices), cupy.asarray(self._host.indptr)
        self.has_canonical_format = self._host.has_canonical_format

    @property
    def device(self) -> None:
        raise NotImplementedError  # as in CuPy

    def tocsr(self) -> "csr_matrix":
        return self

    def tocsc(self) -> "csr_matrix":
        return csr_matrix(self._host.T)

    def copy(self) -> "csr_matrix":
        return csr_matrix(self._host.copy())

    def sum_duplicates(self) -> None:
        self._host.sum_duplicates()
        self.__init__(self._host)  # type: ignore[misc]

    def astype(self, dtype: Any) -> "csr_matrix":
        return csr_matrix(self._host.astype(dtype))

    def __matmul__(self, dense: Any) -> Any:
        assert isinstance(dense, cupy.ndarray)
        return cupy.asarray(self._host @ dense.get())
