"""Rows of a sparse matrix that point the same way."""

from __future__ import annotations

from typing import Any

import numpy as np

from kousei._lib import arrays, backends
from kousei._lib.errors import SizeError, check_integer

Array = Any


def cosine_topk(matrix: Any, k: int) -> tuple[Array, Array]:
    """Return for each row of a sparse matrix the k others of the largest cosine.

    Parameters
    ----------
    matrix : sparse matrix or array (rows, columns) of SciPy or CuPy, float32 or float64
        Any format; shops by users, say. Entries that stand twice add up.
    k : int
        At least 1.

    Returns
    -------
    indices : array (rows, k) of int32
        From the largest cosine on; of equal ones the smaller index first. -1 where a row has fewer others with which
        its cosine is positive.
    cosines : array (rows, k)
        Of the dtype of `matrix`; 0 where there is none. Both are NumPy's or CuPy's, as `matrix` is.

    Raises
    ------
    TypeError
        If `matrix` is not sparse or of another dtype, or `k` is no integer.
    ValueError
        If `matrix` has other than two axes, entries that are out of range or numbers that are not finite, or `k` is
        below 1.
    SizeError
        If `matrix` has 2**31 rows or columns or more.
    CudaError
        If `matrix` lies in CUDA memory and there is no device or no CUDA build.

    Notes
    -----
    The products of a row with all before it are added up along its columns (Gustavson's algorithm), in the order of
    the columns, and offered to the lists of both rows; the matrix of all products is never formed. Results do not
    depend on the number of threads, nor on the instruction set. Besides the results, which are (rows, k), the work
    takes a copy of the matrix, its transpose, and some 3 numbers a row for each thread.

    References
    ----------
    .. [1] F. G. Gustavson, ACM Transactions on Mathematical Software 4 (1978) 250-269.

    Examples
    --------
    >>> import scipy.sparse
    >>> from kousei.recommend import cosine_topk
    >>> indices, cosines = cosine_topk(scipy.sparse.csr_array([[1.0, 0, 1], [1, 0, 1], [0, 2, 0]]), 1)
    >>> print(indices.ravel(), cosines.ravel())
    [ 1  0 -1] [1. 1. 0.]
    """
    rows, k = checked_rows(matrix, k)
    return top_cosines(rows, k)


def checked_rows(matrix: Any, k: Any) -> tuple[Any, int]:
    """Return a sparse matrix as CSR whose columns rise in a row, and `k`, once both are known to be right."""
    if not arrays.is_sparse(matrix):
        raise TypeError(f"matrix was {type(matrix).__name__}; a sparse matrix of SciPy or CuPy is accepted")
    k = check_integer("k", k, 1)
    dtype = arrays.real_dtype(matrix=matrix)
    if len(matrix.shape) != 2:
        raise ValueError(f"matrix has shape {matrix.shape}; (rows, columns) is accepted")
    if max(matrix.shape) >= 2**31:
        raise SizeError(f"matrix has shape {matrix.shape}; fewer than 2**31 rows and columns are accepted")
    rows = matrix.tocsr()
    xp = arrays.namespace(rows.data)
    # SciPy's and CuPy's own kernels, which come first, write where entries say.
    begin, columns = rows.indptr, rows.indices
    rises = begin[0] == 0 and begin[-1] == len(columns) and (begin[:-1] <= begin[1:]).all()
    if not rises or not ((columns >= 0) & (columns < rows.shape[1])).all():
        raise ValueError(f"matrix has entries out of range; those of rows of {rows.shape[1]} columns are accepted")
    backends.enter("matrix", rows.data)
    arrays.require_memory(rows.shape[0] * k, dtype.itemsize + 4, "the neighbours of all rows")
    if not rows.has_canonical_format:
        rows = rows.copy()
        rows.sum_duplicates()  # which sorts, too
    if not xp.isfinite(rows.data).all():
        raise ValueError("matrix has NaN or infinite values; finite numbers are accepted")
    return rows, k


def top_cosines(rows: Any, k: int, first: int | None = None) -> tuple[Array, Array]:
    """Return what `cosine_topk` does for `checked_rows`.

    With `first`, in host memory, for each row of two blocks that meet there, with the rows of the other one alone.
    """
    backend, values = backends.enter("matrix", rows.data)
    xp, dtype = arrays.namespace(values), values.dtype
    begin, columns = (xp.asarray(each, dtype=of) for each, of in ((rows.indptr, xp.int64), (rows.indices, xp.int32)))
    views = [backend.view(name, each) for name, each in (("begin", begin), ("columns", columns))]
    units = backend.empty((rows.nnz,), dtype)
    backend.kernels.recommend_unit_rows(
        views[0], backend.view("matrix", rows.data), backend.view("units", units), backend.launch()
    )
    transpose = _transposed(rows, views, units, backend)
    shape = rows.shape[0], k
    indices, cosines = backend.empty(shape, np.dtype(np.int32)), backend.empty(shape, dtype)
    others = (backend.view("matrix", each) for each in (units, *transpose, indices, cosines))
    if first is None:
        backend.kernels.recommend_top_products(*views, *others, backend.launch())
    else:
        backend.kernels.recommend_top_products_between(first, *views, *others, backend.launch())
    return backend.finish(indices), backend.finish(cosines)


def _transposed(rows: Any, views: list[Any], units: Array, backend: Any) -> list[Array]:
    """Return where columns begin, their rows and the `units` in them, which are the numbers of the CSR `rows`."""
    if not isinstance(backend, backends.Host):
        columns = type(rows)((units, rows.indices, rows.indptr), shape=rows.shape).tocsc()
        xp = arrays.namespace(units)
        return [xp.asarray(columns.indptr, dtype=xp.int64), xp.asarray(columns.indices, dtype=xp.int32), columns.data]
    transpose = [
        backend.empty((rows.shape[1] + 1,), np.dtype(np.int64)),
        backend.empty((rows.nnz,), np.dtype(np.int32)),
        backend.empty((rows.nnz,), units.dtype),
    ]
    backend.kernels.recommend_transpose(*views, units, *transpose, backend.launch())
    return transpose
