"""The kernels of recommenders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from problem import Array, Kernel, Problem

from kousei._lib import arrays, backends
from kousei.recommend import PreferenceGraph, cosine_topk
from kousei.recommend.coding import Coded


def popular(rng: np.random.Generator, shops: int, count: int) -> Array:
    """Draw shops, of which few are popular."""
    chance = np.cumsum(np.arange(1, shops + 1) ** -0.7)
    return np.searchsorted(chance, rng.random(count) * chance[-1]).clip(max=shops - 1)


def product_of_preferences() -> Kernel:
    """Return the kernel of one step of PageRank, beside products with the three sparse matrices of the grades."""

    def problem(users: int, shops: int) -> Problem:
        rng = np.random.default_rng(0)
        pairs = np.unique(rng.integers(users, size=30 * users) * shops + popular(rng, shops, 30 * users))
        user, shop = (each.astype(np.int32) for each in np.divmod(pairs, shops))
        grade = rng.integers(3, size=len(pairs)).astype(np.int32)
        # In place of the indices, of which the lengths alone are asked for; the machine may have no pandas.
        ratings = Coded(range(users), range(shops), user, shop, grade)  # type: ignore[arg-type]
        graph = PreferenceGraph._of(ratings, user_norm=False)

        def run(numbers: Array) -> Array:
            backend, numbers = backends.enter("numbers", numbers)
            return backend.finish(graph._product(backend, 1 / (1 + numbers)))

        def sparse(numbers: Array) -> Callable[[], Array]:
            from cupyx.scipy.sparse import csr_matrix

            of = []
            for g in range(3):
                entries = (each[grade == g] for each in (np.ones(len(grade)), user, shop))
                values, *places = (arrays.like(each, numbers) for each in entries)
                of.append(csr_matrix((values, tuple(places)), shape=(users, shops)))
            lower, above, good = of[0] + of[1], of[2].T.tocsr(), of[1].T.tocsr()
            z = 1 / (1 + numbers)
            return lambda: above @ (lower @ z) + good @ (of[0] @ z)

        return Problem(
            x=np.arange(float(shops)),
            prepare=lambda x: lambda: run(x),
            exact=lambda numbers: run(np.arange(float(shops)))[numbers.astype(int)],
            scale=float(run(np.arange(float(shops))).max()),
            evaluations=2 * len(pairs),
            others={"cupyx": sparse},
        )

    # For each rating an index and a number, twice.
    size = 1 << 18, 1 << 16
    return Kernel("recommend_prefer", "float64", 1e-13, problem, size, lambda rates: rates["copied bytes"] / 12)


def largest_cosines(dtype: str) -> Kernel:
    """Return the kernels of the 20 nearest of each row; norms and the transpose are part of the time."""

    def problem(columns: int, rows: int) -> Problem:
        from scipy.sparse import csr_matrix

        rng = np.random.default_rng(0)
        count = 20 * columns
        matrix = csr_matrix(
            (np.ones(count, dtype), (rng.integers(rows, size=count), rng.integers(columns, size=count))),
            shape=(rows, columns),
        )
        matrix.data[:] = 1 + matrix.indices % 3
        exact = cosine_topk(matrix.astype("float64"), 20)[1]

        def there(x: Array) -> Any:
            from cupyx.scipy.sparse import csr_matrix as of_device

            return of_device(matrix) if not arrays.on_host(x) else matrix

        def prepare(x: Array) -> Callable[[], Array]:
            sparse = there(x)
            return lambda: cosine_topk(sparse, 20)[1]

        def by_blocks(x: Array) -> Callable[[], Array]:
            import cupy
            from cupyx.scipy.sparse import diags

            sparse = there(x)
            unit = diags(1 / cupy.sqrt(sparse.multiply(sparse).sum(axis=1)).ravel()) @ sparse
            transpose = unit.T.tocsr()

            def run() -> Array:
                blocks = []
                for start in range(0, rows, 2048):
                    products = (unit[start : start + 2048] @ transpose).toarray()
                    products[cupy.arange(len(products)), start + cupy.arange(len(products))] = 0
                    best = cupy.argpartition(products, -20, axis=1)[:, -20:]
                    blocks.append(cupy.take_along_axis(products, best, axis=1))
                return cupy.concatenate(blocks)

            return run

        return Problem(
            x=np.arange(float(rows)),
            prepare=prepare,
            exact=lambda numbers: exact[numbers.astype(int)],
            scale=1.0,
            evaluations=int((np.bincount(matrix.indices, minlength=columns) ** 2).sum()),
            others={"cupyx": by_blocks},
        )

    # For each product an index and two numbers, one of them read and written.
    item = 4 + 3 * np.dtype(dtype).itemsize
    tolerance = {"float32": 1e-6, "float64": 1e-14}[dtype]
    size = 40_000, 10_000
    return Kernel(
        "recommend_top_products", dtype, tolerance, problem, size, lambda rates: rates["copied bytes"] / item
    )


def recommenders() -> Iterator[Kernel]:
    yield product_of_preferences()
    for dtype in ("float32", "float64"):
        yield largest_cosines(dtype)
