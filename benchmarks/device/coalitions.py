"""The kernel of the Owen values of sets behind a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from problem import Array, Kernel, Problem

from kousei import MLP
from kousei._lib import backends
from kousei.attribution import AttentionPooling


def owen_values(dtype: str) -> Kernel:
    """Return the kernel by which a set of n items of n features is attributed, by n 2^(2n - 1) coalitions."""

    def problem(units: int, points: int) -> Problem:
        n = max(n for n in range(1, 12) if n == 1 or n << (2 * n - 1) <= points)
        sizes = [n, units], [n, 1], [units, units, 1]
        networks = [MLP.random(each, "tanh", rng=i).astype(dtype) for i, each in enumerate(sizes)]
        items = np.random.default_rng(3).normal(size=(n, n)).astype(dtype)

        def prepare(x: Array) -> Callable[[], Array]:
            backend, x = backends.enter("x", x)
            there = AttentionPooling(*(net.like(x) for net in networks))
            tables = there.tabulate(backend.keep(items), backend.keep(items[0] * 0), "remove", np.arange(n))
            assert tables is not None
            views, values = tables._views(backend), backend.empty((1, n, n), np.dtype(np.float64))

            def run() -> Array:
                backend.kernels.attribution_owen_values(*views, 0, backend.view("values", values), backend.launch())
                return values[0]

            return run

        def exact(rows: Array) -> Array:
            there = AttentionPooling(*(net.astype("float64") for net in networks))
            tables = there.tabulate(items.astype("float64"), np.zeros(n), "remove", np.arange(n))
            assert tables is not None
            return tables.owen_values(0, n)[rows.astype(int)]

        x = np.arange(n).astype(dtype)  # the rows of the result
        return Problem(x=x, prepare=prepare, exact=exact, scale=1.0, evaluations=n << (2 * n - 1))

    # Hidden values are written and read.
    itemsize, units = np.dtype(dtype).itemsize, 32
    return Kernel(
        "attribution_owen_values",
        f"{dtype} n items of n features",
        2e-6 if dtype == "float32" else 1e-14,
        problem,
        (units, 10 << 19),
        lambda rates: rates["copied bytes"] / (2 * itemsize * units),
    )


def coalitions() -> Iterator[Kernel]:
    yield owen_values("float32")
    yield owen_values("float64")
