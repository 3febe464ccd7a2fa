"""The kernels of products with matrices of signs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle

import numpy as np
from problem import Array, Kernel, Problem, Rates

from kousei import PackedSigns
from kousei.packed import ScaledSigns

#: Bytes that no cache holds: so many of a matrix are multiplied in turns.
UNCACHED = 1 << 28


def random_signs(rng: np.random.Generator, rows: int, columns: int) -> PackedSigns:
    words = rng.integers(0, 1 << 32, (rows, -(-columns // 128) * 4), np.uint32)
    return PackedSigns(words, (rows, columns))


def product_of_signs(size: int, points: int, dtype: str, precision: str, *, scaled: bool = False) -> Kernel:
    """Return the kernel that multiplies so many points by a square matrix; beside it, the products of cuBLAS."""

    def problem(size: int, _: int) -> Problem:
        rng = np.random.default_rng(0)
        signs = random_signs(rng, size, size)
        scales = rng.uniform(0.5, 2, (size, -(-size // 128))).astype(dtype)
        matrix = ScaledSigns(signs, scales) if scaled else signs
        exact = ScaledSigns(signs, scales.astype("float64")) if scaled else signs
        x = rng.normal(size=(points, size)).astype(dtype)

        def prepare(x: Array) -> Callable[[], Array]:
            count = min(32, max(1, UNCACHED // signs.words.nbytes))  # small ones are not measured
            copies = cycle([matrix.like(x) for _ in range(count)])
            return lambda: next(copies).matmul(x, precision=precision)

        def dense(kind: str) -> Callable[[Array], Callable[[], Array]]:
            def prepare(x: Array) -> Callable[[], Array]:
                import torch

                weight = torch.from_dlpack(matrix.like(x).unpack()).to(getattr(torch, kind))
                there = torch.from_dlpack(x).to(weight.dtype)
                return lambda: there @ weight.mT

            return prepare

        return Problem(
            x=x,
            prepare=prepare,
            exact=exact.matmul,
            scale=float(np.linalg.norm(x.astype("float64"), axis=1).max()) * (2 if scaled else 1),
            evaluations=size * size * points,
            others={f"torch {kind}": dense(kind) for kind in dict.fromkeys([dtype, "float16"])},
        )

    def ceiling(rates: Rates) -> float:
        itemsize = np.dtype(dtype).itemsize
        read = size * size / 8 + 2 * size * points * itemsize
        by_bytes = rates["copied bytes"] * size * size * points / read
        if dtype == "float64":
            return min(by_bytes, rates["multiply-add float64"])
        # Two float16 for a float32, or one.
        return min(by_bytes, rates["product float16"] / (2 if precision == "full" else 1))

    few = points <= 8
    tolerance = {"float64": 1e-14, "float32": 1e-5 if precision == "full" or few else 1e-3}[dtype]
    variant = f"{dtype} {size} x {size} points {points} {'scales of 128 ' if scaled else ''}{precision}"
    return Kernel("packed_matmul", variant, tolerance, problem, (size, points), ceiling)


def products_of_signs() -> Iterator[Kernel]:
    for size, points in [(8192, 1), (8192, 8), (16384, 1), (8192, 16), (8192, 64), (8192, 256), (8192, 4096)]:
        yield product_of_signs(size, points, "float32", "full")
    for points in (64, 256, 4096):
        yield product_of_signs(8192, points, "float32", "fast")
    for points in (1, 64):
        yield product_of_signs(8192, points, "float32", "full", scaled=True)
        yield product_of_signs(8192, points, "float64", "full")
