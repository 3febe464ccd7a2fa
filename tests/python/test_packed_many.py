"""Matrices of signs times many points, and times one another, against NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kousei
from kousei._lib import _core
from kousei.packed import ScaledSigns
from support import same_for_threads

SIZES = st.integers(1, 140)


def random_signs(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    return rng.choice(np.array([-1, 1], "int8"), (rows, columns))


@given(
    SIZES,
    SIZES,
    st.integers(_core.packed_few_points + 1, 70),
    st.sampled_from(["float32", "float64"]),
    st.integers(0),
)
def test_products_are_those_of_numpy(rows: int, columns: int, points: int, dtype: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    S = random_signs(rng, rows, columns)
    x = rng.normal(size=(points, columns)).astype(dtype)
    error = np.abs(kousei.pack_signs(S).matmul(x) - x.astype(np.float64) @ S.T)
    assert (error <= 16 * np.finfo(dtype).eps * np.abs(x).sum(axis=1, keepdims=True)).all()


def test_the_error_is_small_beside_the_norm(rng: np.random.Generator) -> None:
    S = random_signs(rng, 256, 4096)
    x = rng.normal(size=(40, 4096)).astype("float32")
    error = np.abs(kousei.pack_signs(S).matmul(x) - x.astype(np.float64) @ S.T)
    assert (error <= 1e-5 * np.linalg.norm(x, axis=1, keepdims=True)).all()


def test_whole_numbers_are_exact(dtype: str, rng: np.random.Generator) -> None:
    S = random_signs(rng, 300, 10_000)
    x = rng.integers(-8, 9, (2, 15, 10_000)).astype(dtype)
    assert np.array_equal(kousei.pack_signs(S).matmul(x), x @ S.T.astype(dtype))


@pytest.mark.parametrize("columns", [100, 129, 5000])
def test_scales_of_rows_and_of_groups(columns: int, dtype: str, rng: np.random.Generator) -> None:
    S = random_signs(rng, 70, columns)
    x = rng.integers(-8, 9, (33, columns)).astype(dtype)
    for shape in [(70,), (70, -(-columns // 32)), (70, -(-columns // 128))]:
        scales = rng.integers(-3, 4, shape).astype(dtype)
        scaled = ScaledSigns(kousei.pack_signs(S), scales)
        assert np.array_equal(scaled.matmul(x), x @ scaled.unpack().T)


def test_threads_and_neighbours_change_nothing(dtype: str, rng: np.random.Generator) -> None:
    P = kousei.pack_signs(random_signs(rng, 600, 5000))
    x = rng.normal(size=(67, 5000)).astype(dtype)
    products = same_for_threads(lambda: P.matmul(x))
    assert np.array_equal(P.matmul(x[13:40]), products[13:40])


def test_infinities_are_answered(dtype: str) -> None:
    P = kousei.pack_signs(np.array([[1, -1, 1], [-1, 1, 1]]))
    x = np.zeros((20, 3), dtype)
    x[4] = np.inf, 1, 2
    x[5] = np.inf, np.inf, 2
    product = P.matmul(x)
    assert product[4].tolist() == [np.inf, -np.inf]
    assert np.isnan(product[5]).all()
    assert not product[[*range(4), *range(6, 20)]].any()


@given(st.integers(0, 70), st.integers(0, 70), st.integers(0, 700), st.integers(0))
def test_signs_times_signs_are_exact(rows: int, others: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    S, T = random_signs(rng, rows, columns), random_signs(rng, others, columns)
    sums = kousei.pack_signs(S).dot(kousei.pack_signs(T))
    assert sums.dtype == np.int32
    assert np.array_equal(sums, S.astype(np.int64) @ T.T.astype(np.int64))


def test_large_matrices_of_signs_on_any_number_of_threads(rng: np.random.Generator) -> None:
    S, T = random_signs(rng, 300, 30_000), random_signs(rng, 500, 30_000)
    sums = same_for_threads(lambda: kousei.pack_signs(S).dot(kousei.pack_signs(T)))
    assert np.array_equal(sums, S.astype(np.float32) @ T.T.astype(np.float32))


def test_signs_that_do_not_fit_are_refused() -> None:
    P = kousei.pack_signs(np.ones((2, 3)))
    with pytest.raises(TypeError, match="other was ndarray; a kousei.PackedSigns is accepted"):
        P.dot(np.ones((2, 3)))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"other has shape \(4, 5\); \(rows, 3\) is accepted for \(2, 3\)"):
        P.dot(kousei.pack_signs(np.ones((4, 5))))
    wide = kousei.PackedSigns(np.zeros((0, _core.packed_stride(2**31)), np.uint32), (0, 2**31))
    with pytest.raises(kousei.SizeError, match="columns are 2147483648; sums of up to 2147483647 are accepted"):
        wide.dot(wide)


def test_low_level_route_checks_every_extent() -> None:
    words, on = np.zeros((2, 4), np.uint32), _core.cpu.Cpu(threads=1)
    for other, columns, out, message in [
        (words[0], 3, (2, 2), r"other has shape \(4,\); 2 axes"),
        (words, 129, (2, 2), r"words has shape \(2, 4\); \(2, 8\)"),
        (words, 3, (2, 3), r"out has shape \(2, 3\); \(2, 2\)"),
    ]:
        with pytest.raises(ValueError, match=message):
            _core.cpu.packed_dot(words, other, columns, np.zeros(out, np.int32), on)
