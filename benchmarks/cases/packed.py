"""Matrices of signs: packed, by kousei, against the same numbers in float32 and bfloat16."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

import kousei
from kousei._lib import _core

from . import Case, Check, case, ggml
from .network import repeat, repeated

Array = np.ndarray[Any, Any]

#: Smallest ratios to NumPy in float32, by instruction set: of one point, and of several by their number; to ggml.
_ONE_POINT = {"avx512": 15.0, "avx2": 9.0}
_POINTS = {"avx512": {4: 20.0, 16: 8.0, 64: 4.0, 256: 2.8}}
_GGML = {"avx512": 2.5}
#: Multiply-adds in one run of a side: some tenths of a second for NumPy.
_WORK = 5 * 10**9


@case("packed-gemv-8192")
@case("packed-gemv-8192-avx2", instruction_set="avx2")
def one_point() -> Case:
    S, x = random_signs(8192, 8192), random_points((8192,))
    name = "ggml Q1_0"
    found = product(S, x, _ONE_POINT.get(_core.instruction_set_name()))
    others = {name: lambda: repeated(ggml.product(S.astype(np.float32), x), found.sizes["calls"])}
    floor = _GGML.get(_core.instruction_set_name())
    floors = {} if floor is None else {name: floor}
    return replace(found, others={**found.others, **others}, floors={**found.floors, **floors})


def several_points(points: int) -> Case:
    S, x = random_signs(4096, 4096), random_points((points, 4096))
    return product(S, x, _POINTS.get(_core.instruction_set_name(), {}).get(points))


for _points in (4, 16, 64, 256):
    case(f"packed-gemm-4096-{_points}", _points)(several_points)


@case("packed-dot")
def dot() -> Case:
    S, T = random_signs(512, 4096), random_signs(64, 4096, seed=1)
    P, Q = kousei.pack_signs(S), kousei.pack_signs(T)
    single, other = S.astype(np.float32), T.astype(np.float32)
    return Case(
        work=1,
        sizes={"rows": len(S), "columns": S.shape[1], "other rows": len(T)},
        ours=lambda: P.dot(Q),
        others={
            "numpy int32": lambda: lambda: np.matmul(S, T.T, dtype=np.int32),
            "numpy float32": lambda: lambda: single @ other.T,
        },
        checks={"error": Check(lambda: float((P.dot(Q) != single @ other.T).sum()), "entries that are wrong", 0)},
    )


def product(S: Array, x: Array, floor: float | None) -> Case:
    """Return the case of the products of signs (rows, columns) with points (..., columns) of float32."""
    P, single = kousei.pack_signs(S), S.astype(np.float32)
    points = x.size // S.shape[1]
    calls = max(1, _WORK // (S.size * points))
    return Case(
        work=calls * points,
        sizes={"rows": len(S), "columns": S.shape[1], "points": points, "calls": calls},
        dtype="float32",
        ours=lambda: repeat(lambda: P.matmul(x), calls),
        others={
            "numpy float32": lambda: repeated(lambda: x @ single.T, calls),
            "torch float32": lambda: repeated(in_torch(single, x, "float32"), calls),
            "torch bfloat16": lambda: repeated(in_torch(single, x, "bfloat16"), calls),
        },
        floors={} if floor is None else {"numpy float32": floor},
        checks={"error": Check(lambda: error(S, x, P.matmul(x)), "max |ours - reference| / ||x||", 1e-5)},
    )


def random_signs(rows: int, columns: int, seed: int = 0) -> Array:
    """Return a matrix of int8."""
    return np.random.default_rng(seed).integers(0, 2, (rows, columns), np.int8) * np.int8(2) - np.int8(1)


def random_points(shape: tuple[int, ...]) -> Array:
    return np.random.default_rng(2).normal(size=shape).astype(np.float32)


def in_torch(weight: Array, x: Array, dtype: str) -> Callable[[], Any]:
    """Return the product in a dtype of torch."""
    import torch

    torch.set_num_threads(1)
    tensors = [torch.from_numpy(array).to(getattr(torch, dtype)) for array in (x, weight)]

    @torch.inference_mode()
    def run() -> Any:
        return torch.nn.functional.linear(*tensors)

    return run


def error(S: Array, x: Array, values: Array) -> float:
    """Return the largest error as a share of the Euclidean norm of its point, against sums in float64."""
    exact = x.astype(np.float64)
    norms = np.linalg.norm(exact, axis=-1, keepdims=True)
    return max(
        float((np.abs(values[..., rows] - exact @ S[rows].T.astype(np.float64)) / norms).max())
        for rows in (slice(start, start + 512) for start in range(0, len(S), 512))
    )
