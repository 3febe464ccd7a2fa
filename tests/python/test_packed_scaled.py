"""Products of few points, and of matrices of signs with scales, against NumPy."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import kousei
from kousei._lib import _core, arrays
from kousei.packed import ScaledSigns
from support import Library

FEW = _core.packed_few_points


def random_signs(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    return rng.choice(np.array([-1, 1], np.int8), (rows, columns))


def random_scales(rng: np.random.Generator, S: np.ndarray, group: int, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Return scales as they are given, for rows where the group is 0, and one of every entry."""
    rows, columns = S.shape
    if not group:
        scales = rng.normal(size=rows).astype(dtype)
        return scales, np.repeat(scales[:, None], columns, axis=1)
    scales = rng.normal(size=(rows, -(-columns // group))).astype(dtype)
    return scales, np.repeat(scales, group, axis=1)[:, :columns]


def test_products_of_few_points_are_those_of_numpy(dtype: str, rng: np.random.Generator) -> None:
    for rows in (31, 32, 65, 200):
        for columns in (1, 31, 33, 128, 600):
            S = random_signs(rng, rows, columns)
            P = kousei.pack_signs(S)
            for points in (1, 3, 4, FEW, FEW + 1):
                x = rng.normal(size=(points, columns)).astype(dtype)
                scale = np.abs(x).sum(axis=-1, keepdims=True)
                error = np.abs(P.matmul(x) - x.astype(np.float64) @ S.T)
                assert (error <= 16 * np.finfo(dtype).eps * scale).all()


def test_prepacking_changes_nothing(dtype: str, rng: np.random.Generator) -> None:
    S, x = random_signs(rng, 100, 300), rng.normal(size=(2, 300)).astype(dtype)
    P, Q = kousei.pack_signs(S), kousei.pack_signs(S)
    Q.prepack()
    Q.prepack()
    assert np.array_equal(P.matmul(x), Q.matmul(x))
    assert P == Q
    for other in (copy.copy(Q), copy.deepcopy(Q), pickle.loads(pickle.dumps(Q))):
        assert np.array_equal(other.matmul(x), Q.matmul(x))
    assert len(pickle.dumps(Q)) == len(pickle.dumps(kousei.pack_signs(S)))


@pytest.mark.parametrize("group", [0, 32, 128])
def test_scaled_products_are_those_of_numpy(
    group: int, library: Library, dtype: str, rng: np.random.Generator
) -> None:
    for rows, columns in [(1, 1), (3, 40), (64, 127), (70, 128), (129, 129), (40, 5000)]:
        S = random_signs(rng, rows, columns)
        scales, of_entries = random_scales(rng, S, group, dtype)
        W = ScaledSigns(kousei.pack_signs(library.asarray(S)), library.asarray(scales))
        dense = S * of_entries
        assert W.shape == S.shape
        assert np.array_equal(arrays.to_host(W.scales), scales)
        assert str(W.unpack().dtype).endswith(dtype)
        assert np.array_equal(arrays.to_host(W.unpack()), dense)
        for points in (1, 5, 20):
            x = rng.normal(size=(points, columns)).astype(dtype)
            expected = x.astype(np.float64) @ dense.T
            size = np.abs(x) @ np.abs(dense).T
            product = library.numpy(W.matmul(library.asarray(x)))
            assert product.dtype == dtype
            assert (np.abs(product - expected) <= 16 * np.finfo(dtype).eps * size).all()
            right = library.numpy(W @ library.asarray(np.ascontiguousarray(x.T)))
            assert np.array_equal(right, product.T)


def test_fast_is_accepted(dtype: str, rng: np.random.Generator) -> None:
    P, x = kousei.pack_signs(random_signs(rng, 40, 50)), rng.normal(size=(3, 50)).astype(dtype)
    assert np.array_equal(P.matmul(x, precision="fast"), P.matmul(x))
    with pytest.raises(ValueError, match="precision was 'half'; 'full' and 'fast' are accepted"):
        P.matmul(x, precision="half")


def test_infinities_are_answered_to_few_points(dtype: str, rng: np.random.Generator) -> None:
    S = random_signs(rng, 40, 70)
    P = kousei.pack_signs(S)
    for j in range(70):
        x = rng.normal(size=70).astype(dtype)
        x[j] = np.inf
        assert np.array_equal(P.matmul(x), S[:, j] * np.inf)
        x[j - 1] = -np.inf
        with np.errstate(invalid="ignore"):
            assert np.array_equal(P.matmul(x), S[:, j] * np.inf - S[:, j - 1] * np.inf, equal_nan=True)


def test_scaled_signs_are_compared_copied_and_pickled() -> None:
    P = kousei.pack_signs(np.ones((2, 40)))
    W = ScaledSigns(P, np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert W.signs is P
    assert repr(W) == "ScaledSigns(2 x 40, a scale for 32 columns)"
    assert repr(ScaledSigns(P, np.ones(2))) == "ScaledSigns(2 x 40, 1 scale a row)"
    for other in (W, copy.deepcopy(W), pickle.loads(pickle.dumps(W))):
        assert other == W
        assert not other.scales.flags.writeable
    assert ScaledSigns(P, W.scales.astype(np.float32)) != W
    assert ScaledSigns(P, W.scales + 1) != W
    assert ScaledSigns(P, np.ones((2, 1))) != ScaledSigns(P, np.ones(2))
    assert P != W
    with pytest.raises(TypeError, match="unhashable"):
        hash(W)


@pytest.mark.parametrize("shape", [(0, 5), (3, 0), (0, 0), (40, 0)])
def test_empty_scaled_matrices(shape: tuple[int, int]) -> None:
    W = ScaledSigns(kousei.pack_signs(np.ones(shape)), np.ones(shape[0]))
    assert W.unpack().shape == shape
    assert np.array_equal(W.matmul(np.ones((2, shape[1]))), np.zeros((2, shape[0])))


P = kousei.pack_signs(np.ones((2, 40)))


@pytest.mark.parametrize(
    ("signs", "scales", "error", "message"),
    [
        (np.ones((2, 40)), np.ones(2), TypeError, "signs was ndarray; a kousei.PackedSigns is accepted"),
        (P, [1.0, 2.0], TypeError, "scales was list"),
        (P, np.ones(2, int), TypeError, "scales has dtype int64; float32 and float64 are accepted"),
        (P, np.ones(3), ValueError, r"scales has shape \(3,\); \(2,\), \(2, 2\), \(2, 1\) are accepted"),
        (P, np.ones((2, 3)), ValueError, r"scales has shape \(2, 3\)"),
        (P, np.ones((1, 2)), ValueError, r"scales has shape \(1, 2\)"),
        (P, np.array(1.0), ValueError, r"scales has shape \(\)"),
    ],
)
def test_scales_that_do_not_fit_are_refused(signs: Any, scales: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        ScaledSigns(signs, scales)


def test_the_dtypes_of_points_and_scales_agree() -> None:
    with pytest.raises(TypeError, match="x has dtype float32 and the scales float64; they must agree"):
        ScaledSigns(P, np.ones(2)).matmul(np.ones(40, np.float32))


def test_low_level_route_checks_scales_and_copies() -> None:
    on, words = _core.cpu.Cpu(threads=1), kousei.pack_signs(np.ones((64, 40))).words
    x, out, scales = np.ones((1, 40)), np.zeros((1, 64)), np.ones((64, 2))
    _core.cpu.packed_matmul(words, 40, x, out, on, scales=scales, group=32)
    for bad, group, message in [
        (scales, 0, "group was 0; a multiple of 32, or at least the columns, is accepted"),
        (scales, 33, "group was 33"),
        (scales, -32, "group was -32"),
        (scales, 64, r"scales has shape \(64, 2\); \(64, 1\) is accepted"),
        (scales[:5], 32, r"scales has shape \(5, 2\); \(64, 2\) is accepted"),
    ]:
        with pytest.raises(ValueError, match=message):
            _core.cpu.packed_matmul(words, 40, x, out, on, scales=bad, group=group)
    # A matrix that has no copy is read by rows, beside an empty one too.
    for rows, columns in [(4, 40), (64, 0)]:
        sums = np.full((1, rows), np.nan)
        all_ones, none = kousei.pack_signs(np.ones((rows, columns))).words, np.empty(0, np.uint32)
        _core.cpu.packed_matmul(all_ones, columns, np.ones((1, columns)), sums, on, interleaved=none)
        assert (sums == columns).all()
    size = _core.cpu.packed_interleaved_words(words, 40)
    with pytest.raises(ValueError, match="interleaved has shape"):
        _core.cpu.packed_matmul(words, 40, x, out, on, interleaved=np.zeros(size + 1, np.uint32))
    with pytest.raises(ValueError, match="interleaved has shape"):
        _core.cpu.packed_interleave(words, 40, np.zeros(size + 1, np.uint32), on)
