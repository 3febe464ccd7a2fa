"""Matrices of -1 and +1 in bits, against NumPy."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import kousei
from kousei._lib import _core, arrays
from support import Library, same_for_threads

SIZES = [1, 2, 3, 4, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 300]


def random_signs(rng: np.random.Generator, rows: int, columns: int, dtype: str = "int8") -> np.ndarray:
    return rng.choice(np.array([-1, 1], dtype), (rows, columns))


def packed_by_numpy(S: np.ndarray) -> np.ndarray:
    packed = np.packbits(S > 0, axis=1, bitorder="little")
    return np.pad(packed, [(0, 0), (0, -packed.shape[1] % 16)]).view("<u4")


def test_golden_words() -> None:
    S = np.ones((1, 40))
    S[0, [0, 3, 33]] = -1
    assert kousei.pack_signs(S).words.tolist() == [[0xFFFFFFF6, 0x000000FD, 0, 0]]


def test_golden_product(dtype: str) -> None:
    P = kousei.pack_signs(np.array([[1, -1, 1, 1], [-1, -1, 1, -1]]))
    assert P.words[:, 0].tolist() == [0xD, 0x4]
    product = P @ np.array([1, 2, 4, 8], dtype)
    assert product.dtype == dtype
    assert product.tolist() == [11, -7]


@pytest.mark.parametrize("kind", ["int8", "int16", "int32", "int64", "float32", "float64"])
def test_words_are_those_of_numpy(library: Library, kind: str, rng: np.random.Generator) -> None:
    for columns in SIZES:
        S = random_signs(rng, 5, columns, kind)
        given = library.asarray(S)
        P = kousei.pack_signs(given)
        assert type(P.words) is (type(given) if library.on_gpu else np.ndarray)
        assert str(P.words.dtype).endswith("uint32")
        assert np.array_equal(arrays.to_host(P.words), packed_by_numpy(S))
        assert P.shape == S.shape
        unpacked = P.unpack(kind)
        assert str(unpacked.dtype).endswith(kind)
        assert np.array_equal(arrays.to_host(unpacked), S)


@pytest.mark.parametrize("layout", [np.asfortranarray, lambda S: np.repeat(S, 2, axis=1)[:, ::2], np.flipud])
def test_any_layout_is_packed(layout: Any, rng: np.random.Generator) -> None:
    S = layout(random_signs(rng, 40, 70))
    assert np.array_equal(kousei.pack_signs(S).unpack(), S)


def test_products_are_those_of_numpy(dtype: str, rng: np.random.Generator) -> None:
    eps = np.finfo(dtype).eps
    for size in SIZES:
        for rows, columns in [(size, 300), (7, size)]:
            S = random_signs(rng, rows, columns)
            P = kousei.pack_signs(S)
            for batch in [(), (1,), (6,), (2, 3)]:
                x = rng.normal(size=(*batch, columns)).astype(dtype)
                expected = x.astype(np.float64) @ S.T
                scale = np.abs(x).sum(axis=-1, keepdims=True)
                product = P.matmul(x)
                assert product.dtype == dtype
                assert product.shape == (*batch, rows)
                assert (np.abs(product - expected) <= 16 * eps * scale).all()


def test_whole_numbers_are_exact(dtype: str, rng: np.random.Generator) -> None:
    S = random_signs(rng, 300, 10_000)
    x = rng.integers(-8, 9, (9, 10_000)).astype(dtype)
    assert np.array_equal(kousei.pack_signs(S).matmul(x), (x @ S.T.astype(dtype)))


def test_matmul_operator_is_that_of_numpy(library: Library, dtype: str, rng: np.random.Generator) -> None:
    S = random_signs(rng, 6, 40)
    P = kousei.pack_signs(library.asarray(S))
    for shape in [(40,), (40, 1), (40, 7), (40, 0), (3, 40, 2), (2, 0, 40, 5)]:
        X = rng.integers(-9, 10, shape).astype(dtype)
        product = P @ library.asarray(X)
        assert type(product) is type(library.asarray(X))
        assert np.array_equal(library.numpy(product), S.astype(dtype) @ X)


def test_infinities_are_answered(dtype: str) -> None:
    P = kousei.pack_signs(np.array([[1, -1, 1], [-1, 1, 1]]))
    assert P.matmul(np.array([np.inf, 1, 2], dtype)).tolist() == [np.inf, -np.inf]
    assert np.isnan(P.matmul(np.array([np.inf, np.inf, 2], dtype))).all()


def test_threads_and_other_points_change_nothing(dtype: str, rng: np.random.Generator) -> None:
    P = kousei.pack_signs(random_signs(rng, 500, 5000))
    x = rng.normal(size=(67, 5000)).astype(dtype)
    products = same_for_threads(lambda: P.matmul(x), (1, 2, 5))
    few = P.matmul(x[: _core.packed_few_points])
    assert all(np.array_equal(P.matmul(point), result) for point, result in zip(x, few, strict=False))
    assert np.array_equal(P.matmul(x[::-1])[::-1], products)


@pytest.mark.parametrize("shape", [(0, 5), (3, 0), (0, 0)])
def test_empty_matrices(shape: tuple[int, int]) -> None:
    P = kousei.pack_signs(np.ones(shape))
    assert P.unpack().shape == shape
    assert np.array_equal(P.matmul(np.ones((2, shape[1]))), np.zeros((2, shape[0])))
    assert kousei.PackedSigns(P.words, shape) == P


def test_equality_copies_and_text(rng: np.random.Generator) -> None:
    S = random_signs(rng, 3, 130)
    P = kousei.pack_signs(S)
    assert kousei.PackedSigns(P.words, (3, 130)) == P
    for other in (copy.copy(P), copy.deepcopy(P), pickle.loads(pickle.dumps(P))):
        assert other == P
        assert not other.words.flags.writeable
    S[1, 129] *= -1
    assert kousei.pack_signs(S) != P
    assert kousei.pack_signs(-np.ones((1, 2))) != kousei.pack_signs(-np.ones((1, 3)))
    assert S.tolist() != P
    assert repr(P) == "PackedSigns(3 x 130, 96 bytes)"
    with pytest.raises(TypeError, match="unhashable"):
        hash(P)


def test_words_are_borrowed_and_read_only() -> None:
    words = np.zeros((1, 4), np.uint32)
    P = kousei.PackedSigns(words, (1, 3))
    assert np.shares_memory(P.words, words)
    with pytest.raises(ValueError, match="read-only"):
        P.words[0, 0] = 1
    assert words.flags.writeable


@pytest.mark.parametrize("wrong", [0, 2, -2, np.nan, np.inf, 1.5])
def test_the_first_wrong_entry_is_named(library: Library, wrong: float) -> None:
    S = np.ones((50, 40))
    S[31, 5] = S[31, 7] = S[40, 0] = wrong
    with pytest.raises(ValueError, match=rf"S\[31, 5\] was {wrong}.*; -1 and 1 are accepted"):
        kousei.pack_signs(library.asarray(S))


def test_integers_do_not_wrap() -> None:
    with pytest.raises(ValueError, match=r"S\[0, 1\] was 257; -1 and 1 are accepted"):
        kousei.pack_signs(np.array([[1, 257]]))


@pytest.mark.parametrize(
    ("S", "error", "message"),
    [
        ([[1, -1]], TypeError, "S was list"),
        (np.ones((2, 2), bool), TypeError, "S has dtype bool; int8, .* are accepted"),
        (np.ones((2, 2), np.uint8), TypeError, "S has dtype uint8"),
        (np.ones((2, 2), complex), TypeError, "S has dtype complex128"),
        (np.ones((2, 2), ">f8"), TypeError, "S has dtype >f8"),
        (np.ones(3), ValueError, r"S has shape \(3,\); \(rows, columns\) is accepted"),
        (np.ma.masked_array([[1.0]], [[True]]), TypeError, "S is masked"),
    ],
)
def test_what_is_no_matrix_of_signs_is_refused(S: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        kousei.pack_signs(S)


WORDS = np.zeros((2, 4), np.uint32)


@pytest.mark.parametrize(
    ("words", "shape", "error", "message"),
    [
        ([[0, 0, 0, 0]], (1, 3), TypeError, "words was list"),
        (WORDS.astype(np.int32), (2, 3), TypeError, "words has dtype int32; uint32 is accepted"),
        (WORDS.astype(">u4"), (2, 3), TypeError, "words has dtype >u4"),
        (WORDS, (2, 129), ValueError, r"words has shape \(2, 4\); \(2, 8\) is accepted for the shape \(2, 129\)"),
        (WORDS[0], (1, 3), ValueError, r"words has shape \(4,\); \(1, 4\) is accepted"),
        (WORDS, (3, 3), ValueError, r"\(3, 4\) is accepted"),
        (WORDS, (2, 2**63 - 1), ValueError, "words has shape"),
        (WORDS, (2, 2**63), ValueError, r"shape\[1\] was 9223372036854775808"),
        (WORDS, (2, -1), ValueError, r"shape\[1\] was -1"),
        (WORDS, (2.0, 3), TypeError, r"shape\[0\] was 2.0; an integer is accepted"),
        (WORDS, 2, TypeError, "shape was 2; a pair of integers is accepted"),
        (WORDS, (2, 3, 4), TypeError, "shape was .* a pair of integers"),
        (np.zeros((4, 2), np.uint32).T, (2, 3), ValueError, "words is not C-contiguous"),
    ],
)
def test_words_that_do_not_fit_are_refused(words: Any, shape: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        kousei.PackedSigns(words, shape)


def test_bits_past_the_last_column_are_refused() -> None:
    for columns in SIZES:
        full = kousei.pack_signs(np.ones((2, columns))).words
        assert np.array_equal(kousei.PackedSigns(full, (2, columns)).unpack(), np.ones((2, columns)))
        for bit in range(columns, 32 * full.shape[1], 7):
            words = full.copy()
            words[1, bit // 32] |= np.uint32(1 << bit % 32)
            with pytest.raises(ValueError, match=rf"words\[1\] has a bit past column {columns - 1}"):
                kousei.PackedSigns(words, (2, columns))


def test_products_that_do_not_fit_are_refused() -> None:
    P = kousei.pack_signs(np.ones((2, 3)))
    for shape in [(), (2,), (4, 2), (3, 3, 0, 2), (1, 2, 3)]:
        with pytest.raises(ValueError, match=r"the right factor has shape .*; \(3,\) and \(\.\.\., 3, batch\) are"):
            P @ np.ones(shape)
    with pytest.raises(TypeError, match="the right factor was list"):
        P @ [1.0, 2.0, 3.0]
    with pytest.raises(TypeError, match="unsupported operand"):
        np.ones((4, 2)) @ P
    buffer = np.zeros(5)
    with pytest.raises(ValueError, match="out overlaps"):
        P.matmul(buffer[:3], out=buffer[2:4])


def test_signs_and_points_lie_in_one_memory(library: Library) -> None:
    if not library.on_gpu:
        pytest.skip("its arrays lie in host memory")
    ones = library.asarray(np.ones((3, 3)))
    P = kousei.pack_signs(np.ones((2, 3)))
    there = P.like(ones)
    for name, call, x in [
        ("x", P.matmul, ones),
        ("the right factor", P.__matmul__, ones),
        ("x", there.matmul, np.ones((3, 3))),
        ("the right factor", there.__matmul__, np.ones((3, 3))),
    ]:
        with pytest.raises(TypeError, match=rf"{name} lies in .* and the signs in .*; like\(x\) brings them to x"):
            call(x)
    assert there.like(ones) is there
    assert there.like(np.ones(1)) == there == P
    assert type(there.like(np.ones(1)).words) is np.ndarray
    there.prepack()
    with pytest.raises(TypeError, match="other lies in host memory and the signs in the memory of CUDA device 0"):
        there.dot(P)
    assert arrays.to_host(there.dot(there)).tolist() == [[3, 3], [3, 3]]


def test_words_on_a_device_are_checked(library: Library) -> None:
    if not library.on_gpu:
        pytest.skip("its arrays lie in host memory")
    words = library.asarray(np.zeros((4, 4), np.uint32))
    assert kousei.PackedSigns(words, (4, 3)).words is words
    for bad, error, message in [
        (library.asarray(np.zeros((4, 4), np.int32)), TypeError, "words has dtype int32; uint32 is accepted"),
        (words[:, :3], ValueError, r"words has shape \(4, 3\); \(4, 4\) is accepted"),
        (words[:4:2], ValueError, r"words has shape \(2, 4\)"),
        (library.asarray(np.zeros((4, 8), np.uint32))[:, ::2], ValueError, "words is not C-contiguous"),
        (library.asarray(np.full((4, 4), 8, np.uint32)), ValueError, r"words\[0\] has a bit past column 2"),
    ]:
        with pytest.raises(error, match=message):
            kousei.PackedSigns(bad, (4, 3))


def test_large_products_on_a_device(library: Library, rng: np.random.Generator) -> None:
    if not library.on_gpu:
        pytest.skip("its arrays lie in host memory")
    S = random_signs(rng, 512, 513)
    P = kousei.pack_signs(library.asarray(S))
    for points in (1, 9):
        x = rng.normal(size=(points, 513)).astype("float32")
        expected, size = x.astype("float64") @ S.T, np.linalg.norm(x, axis=1, keepdims=True)
        given = library.asarray(x)
        for precision, tolerance in [("full", 1e-5), ("fast", 1e-3 if points > 8 else 1e-5)]:
            error = np.abs(library.numpy(P.matmul(given, precision=precision)) - expected) / size
            assert error.max() < tolerance


def test_other_dtypes_are_not_unpacked() -> None:
    P = kousei.pack_signs(np.ones((2, 3)))
    for bad in ("uint8", "bool", ">f4", "float16"):
        with pytest.raises(TypeError, match=f"dtype was {bad}; int8, .* are accepted"):
            P.unpack(bad)


def test_low_level_route_checks_every_extent() -> None:
    on, x, out = _core.cpu.Cpu(threads=1), np.zeros((5, 3)), np.zeros((5, 2))
    _core.cpu.packed_matmul(WORDS, 3, x, out, on)
    for words, columns, points, result, message in [
        (WORDS[0], 3, x, out, r"words has shape \(4,\); 2 axes"),
        (WORDS[:, :3].copy(), 3, x, out, r"words has shape \(2, 3\); \(2, 4\)"),
        (WORDS, 129, np.zeros((5, 129)), out, r"words has shape \(2, 4\); \(2, 8\)"),
        (WORDS, 4, x, out, r"x has shape \(5, 3\); \(..., 4\)"),
        (WORDS, -1, x, out, "size -1"),
        (WORDS, 3, x, out[:4], r"out has shape \(4, 2\); \(5, 2\)"),
    ]:
        with pytest.raises(ValueError, match=message):
            _core.cpu.packed_matmul(words, columns, points, result, on)
    with pytest.raises(ValueError, match=r"words has shape \(2, 4\); \(3, 4\)"):
        _core.cpu.packed_pack(np.ones((3, 3)), WORDS.copy(), np.zeros(1, np.int64), on)
    with pytest.raises(ValueError, match=r"signs has shape \(3, 3\); \(2, 3\)"):
        _core.cpu.packed_unpack(WORDS, np.ones((3, 3)), on)
