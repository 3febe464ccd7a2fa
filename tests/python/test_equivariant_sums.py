"""Sums of features that are constant on orbits, by the compiled kernels."""

from typing import Any

import numpy as np
import pytest

import kousei
from kousei._lib import _core
from kousei.equivariant import FiniteGroup, GSet, JointEquivariantFeature, orbit_sum, pair_orbits
from support import Library, same_for_threads

RNG = np.random.default_rng(5)
LABELS = RNG.integers(0, 7, (70, 90), dtype=np.int32)


def numbers(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    values = RNG.normal(size=shape)
    return (values + 1j * RNG.normal(size=shape) if dtype.startswith("complex") else values).astype(dtype)


@pytest.mark.parametrize("batch", [(), (0,), (3,), (2, 3)], ids=str)
@pytest.mark.parametrize("pair", [("float64",) * 2, ("float32",) * 2, ("float64", "complex128"), ("complex64",) * 2])
def test_sums_of_every_library(library: Library, batch: tuple[int, ...], pair: tuple[str, str]) -> None:
    v, labels = numbers((7,), pair[1]), library.asarray(LABELS)
    dense, result = v[LABELS], np.result_type(*pair)
    tolerance = 100 * np.finfo(result).eps
    for transpose, matrix in ((False, dense), (True, dense.T)):
        f = numbers((*batch, len(matrix)), pair[0])
        there = library.asarray(f)
        found = orbit_sum(there, labels, library.asarray(v), transpose=transpose)
        assert type(found) is type(there)
        assert library.numpy(found).dtype == result
        np.testing.assert_allclose(library.numpy(found), f @ matrix, rtol=0, atol=70 * tolerance)


def test_the_frame_operator_of_a_feature_is_one_of_orbits() -> None:
    X = GSet.tuples(GSet.natural(FiniteGroup.symmetric(4)), 2)
    phi = JointEquivariantFeature.average(RNG.normal(size=(12, 12)), X, X)
    T, labels = phi.frame_operator(), pair_orbits(X, X).astype(np.int32)
    _, first = np.unique(labels, return_index=True)
    f = RNG.normal(size=(3, 12))
    np.testing.assert_allclose(orbit_sum(f, labels, T.ravel()[first]), f @ T, rtol=0, atol=1e-12)


@pytest.mark.parametrize("transpose", [False, True])
def test_any_number_of_threads(dtype: str, transpose: bool) -> None:
    labels = RNG.integers(0, 7, (600, 500), dtype=np.int32)
    f, v = numbers((2, 500 if transpose else 600), dtype), numbers((7,), dtype)
    same_for_threads(lambda: orbit_sum(f, labels, v, transpose=transpose))


F, V = np.ones(70), np.ones(7)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"f": F.astype(int)},
            TypeError,
            "f has dtype int64; float32, float64, complex64 and complex128 are accepted",
        ),
        ({"f": F.tolist()}, TypeError, "f was list"),
        ({"f": F[1:]}, ValueError, r"f has shape \(69,\); \(..., 70\) is accepted"),
        ({"f": F * np.nan}, ValueError, "f has NaN or infinite values"),
        ({"transpose": True}, ValueError, r"f has shape \(70,\); \(..., 90\) is accepted"),
        ({"transpose": 1}, TypeError, "transpose was 1; True and False are accepted"),
        ({"values": V.astype("float32")}, TypeError, "values has dtype float32 and f has float64; they must agree"),
        ({"values": V[:, None]}, ValueError, r"values has shape \(7, 1\); \(orbits,\) is accepted"),
        ({"values": V * np.inf}, ValueError, "values has NaN or infinite values"),
        ({"labels": LABELS.astype("int64")}, TypeError, "labels has dtype int64; int32 is accepted"),
        ({"labels": LABELS[0]}, ValueError, r"labels has shape \(90,\); \(X, Xi\) is accepted"),
        (
            {"labels": np.where(LABELS > 5, 7, LABELS)},
            ValueError,
            "labels has 7 at .*; 0 to 6 are accepted",
        ),
        ({"labels": np.where(LABELS >= 0, -1, LABELS)}, ValueError, r"labels has -1 at \(0, 0\); 0 to 6"),
        ({"values": V[:0]}, ValueError, r"values has shape \(0,\); \(orbits,\) is accepted"),
    ],
)
def test_bad_arguments(change: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message), np.errstate(invalid="ignore"):
        orbit_sum(**{"f": F, "labels": LABELS, "values": V} | change)


@pytest.mark.parametrize(
    ("p", "dim", "count", "error", "message"),
    [
        (0, 1, 1, ValueError, "p was 0; 1 to 65535 is accepted"),
        (65537, 1, 1, ValueError, "p was 65537; 1 to 65535 is accepted"),
        (5, 0, 5, ValueError, "dim was 0; 1 to 62 is accepted"),
        (5, 63, 5, ValueError, "dim was 63; 1 to 62 is accepted"),
        (3, 20, 3, kousei.SizeError, r"3\*\*20 points are more than 2\*\*31 - 1"),
        (5, 40, 5, kousei.SizeError, "is not representable in 64 bits"),
        (5, 1, 4, ValueError, r"values has shape \(4,\); \(5,\) is accepted"),
        (5, 2, 5, ValueError, r"f has shape \(1, 5\); \(1, 25\) is accepted"),
        (5, 1, 5, ValueError, r"out has shape \(1, 5\); \(1, 25\) is accepted"),
    ],
)
def test_bad_sizes_of_ridges(p: int, dim: int, count: int, error: type[Exception], message: str) -> None:
    f, out = np.zeros((1, 5)), np.zeros((1, 5))
    with pytest.raises(error, match=message):
        _core.cpu.equivariant_sum_over_points(p, dim, 0, 25, np.zeros(count), f, out, _core.cpu.Cpu())


@pytest.mark.parametrize(
    ("first", "units", "message"),
    [
        (-5, 5, "first was -5; a multiple of 5 up to 125 is accepted"),
        (3, 5, "first was 3; a multiple of 5 up to 125 is accepted"),
        (130, 5, "first was 130; a multiple of 5 up to 125 is accepted"),
        (100, 26, "units was 26; 0 to 25 is accepted"),
        (0, -1, "units was -1; 0 to 125 is accepted"),
    ],
)
def test_bad_units_of_ridges(first: int, units: int, message: str) -> None:
    f, out = np.zeros((1, 25)), np.zeros((1, 5))
    with pytest.raises(ValueError, match=message):
        _core.cpu.equivariant_sum_over_points(5, 2, first, units, np.zeros(5), f, out, _core.cpu.Cpu())
