"""The ridgelet transform over Z_p^d, by FFTs and directly, held against its definition."""

import pickle
import re
import subprocess
import sys
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator, lsqr

from kousei import SizeError
from kousei.equivariant import FiniteRidgelet
from support import Library, same_for_threads

METHODS = ["fft", "direct"]


def functions(p: int, is_complex: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """A ReLU, and what is not its own shape without the mean."""
    s, rng = np.arange(p), np.random.default_rng(p)
    g, r = np.maximum(s - (p - 1) / 2, 0.0), np.cos(2 * np.pi * s / p) + 0.3 * rng.normal(size=p)
    if is_complex:
        g, r = g + 0.2j * s, r + 1j * rng.normal(size=p)
    return g, r - r.mean()


def values(shape: tuple[int, ...], dtype: Any = "float64", seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=shape)
    return (numbers + 1j * rng.normal(size=shape) if np.dtype(dtype).kind == "c" else numbers).astype(dtype)


def residues(p: int, dim: int) -> np.ndarray:
    """(a.x - b) mod p for all x, a and b."""
    vectors = np.array(list(product(range(p), repeat=dim)))
    return ((vectors @ vectors.T)[:, :, None] - np.arange(p)) % p


@pytest.mark.parametrize("method", METHODS)
def test_golden_numbers(method: Any) -> None:
    i, j = np.ogrid[:5, :5]
    f, g = (i**2 + 3 * j + i * j) % 5.0, np.maximum(np.arange(5) - 2.0, 0.0)
    R = FiniteRidgelet(5, 2, g, g - 0.6, method)
    spectrum = R @ f
    assert R.constant == pytest.approx(3.2, rel=1e-15)
    assert spectrum[1, 2, 0] == pytest.approx(-1.2, rel=1e-14)
    np.testing.assert_allclose(spectrum[0, 1], [1.8, -0.2, -1.2, -1.2, 0.8], rtol=0, atol=1e-14)
    np.testing.assert_allclose(R.reconstruct(spectrum), f, rtol=0, atol=1e-14)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize(
    ("p", "dim"), [(2, 1), (2, 3), (3, 1), (3, 4), (5, 1), (5, 2), (7, 2), (11, 2), (5, 3), (13, 1)]
)
def test_transform_adjoint_and_dual_are_the_sums(p: int, dim: int, dtype: str, method: Any) -> None:
    g, r = functions(p, dtype == "complex128")
    R = FiniteRidgelet(p, dim, g, r, method)
    assert R.dtype == dtype
    f, gamma = values((2, *(p,) * dim), dtype), values((2, *(p,) * (dim + 1)), dtype, 2)
    s, scale = residues(p, dim), p ** (-dim / 2)
    spectrum = np.einsum("kx,xab->kab", f.reshape(2, -1), np.conj(r)[s]) * scale
    back = {name: np.einsum("kab,xab->kx", gamma.reshape(2, -1, p), h[s]) * scale for name, h in (("r", r), ("g", g))}
    for found, expected in ((R.transform(f), spectrum), (R.adjoint(gamma), back["r"]), (R.dual(gamma), back["g"])):
        np.testing.assert_allclose(found.reshape(expected.shape), expected, rtol=0, atol=1e-13)
    np.testing.assert_allclose(R.constant, np.sum(g * np.conj(r)), rtol=1e-13)
    np.testing.assert_allclose(R.reconstruct(R.transform(f)), f, rtol=0, atol=1e-13)


# Products of matrices and FFTs, in either kind of numbers; d = 3.
@pytest.mark.parametrize(
    ("p", "dim", "dtype"),
    [
        *[(31, 2, "float64"), (61, 2, "float64"), (31, 3, "float64"), (31, 2, "complex128"), (251, 1, "float64")],
        *[(257, 1, "float64"), (127, 1, "complex128"), (131, 1, "complex128"), (4099, 1, "float64")],
    ],
)
def test_the_dual_inverts_and_the_adjoint_is_exact(p: int, dim: int, dtype: str) -> None:
    g, r = functions(p, dtype == "complex128")
    R = FiniteRidgelet(p, dim, g, r)
    f, gamma = values((p,) * dim, dtype), values((p,) * (dim + 1), dtype, 2)
    spectrum = R @ f
    np.testing.assert_allclose(R.reconstruct(spectrum), f, rtol=0, atol=1e-13)
    difference = np.vdot(gamma, spectrum) - np.vdot(R.adjoint(gamma), f)
    assert abs(difference) <= 1e-14 * np.linalg.norm(gamma) * np.linalg.norm(spectrum)
    # R is ||r|| times an isometry.
    np.testing.assert_allclose(np.linalg.norm(spectrum), np.linalg.norm(r) * np.linalg.norm(f), rtol=1e-13)
    if p > 61:  # some rows of the definition
        for a in (0, 1, p - 2):
            s = (a * np.arange(p) - np.arange(p)[:, None]) % p
            np.testing.assert_allclose(spectrum[a], np.conj(r)[s] @ f * p**-0.5, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "complex64"])
@pytest.mark.parametrize("method", METHODS)
def test_single_precision(dtype: str, method: Any) -> None:
    g, r = functions(31)
    R, exact = (FiniteRidgelet(31, 2, g, r, dtype=d) for d in (dtype, "complex128"))
    f, gamma = values((31, 31), dtype), values((31, 31, 31), dtype)
    for verb, given in (("transform", f), ("adjoint", gamma), ("dual", gamma), ("reconstruct", gamma)):
        found, expected = getattr(R, verb)(given), getattr(exact, verb)(given.astype("complex128"))
        assert found.dtype == dtype
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    np.testing.assert_allclose(R.reconstruct(R @ f), f, rtol=0, atol=1e-5)


def test_values_given_in_single_precision_have_a_mean_that_is_rounding() -> None:
    g = np.maximum(np.arange(31) - 15, 0).astype("float32")
    R = FiniteRidgelet(31, 2, g, g - g.mean())
    f = np.full((31, 31), 1e3)
    np.testing.assert_allclose(R.reconstruct(R @ f), f, rtol=1e-13)


def test_what_subtracting_a_large_mean_leaves_is_rounding() -> None:
    r = 10.0 + np.array([0.3, 0.1])
    assert (r - r.mean()).sum() != 0
    f = np.array([1.0, -2.0])
    R = FiniteRidgelet(2, 1, [0.0, 1.0], r - r.mean())
    np.testing.assert_allclose(R.reconstruct(R @ f), f, rtol=0, atol=1e-13)


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("dim", [1, 2])
def test_it_is_an_operator_of_scipy(dim: int, dtype: str) -> None:
    p = 5
    R = FiniteRidgelet(p, dim, *functions(p, dtype == "complex128"))
    f, gamma = values((p,) * dim, dtype), values((p,) * (dim + 1), dtype)
    flat, n = f.ravel(), p**dim
    assert isinstance(R, LinearOperator)
    assert R.shape == (n * p, n)
    dense = R @ np.eye(n, dtype=dtype)
    assert dense.shape == R.shape
    # As functions are, with @ and no other product; where d = 1 they are flat.
    np.testing.assert_array_equal(R @ f, R.transform(f))
    for found, expected in (
        (R.matvec(flat), dense @ flat),
        (R.rmatvec(gamma.ravel()), dense.conj().T @ gamma.ravel()),
        (R.H @ gamma.ravel(), R.adjoint(gamma).ravel()),
        (R.T @ gamma.ravel(), dense.T @ gamma.ravel()),
        ((R.H @ R) @ flat, dense.conj().T @ dense @ flat),
        ((2 * R).matvec(flat), 2 * dense @ flat),
        (R.adjoint().H.matvec(flat), dense @ flat),
    ):
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    if dim > 1:
        np.testing.assert_array_equal(R @ flat, R.transform(f).ravel())
    np.testing.assert_allclose(lsqr(R, R.matvec(flat), atol=1e-14, btol=1e-14)[0], flat, rtol=0, atol=1e-10)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(R)) @ f, R @ f)


def test_what_it_shows() -> None:
    R = FiniteRidgelet(5, 2, *functions(5), dtype="float32")
    assert repr(R) == "FiniteRidgelet(5**2 points -> 5**3 units, float32, fft)"
    assert not R.feature.flags.writeable


@pytest.mark.parametrize("batch", [(), (0,), (3,), (2, 0, 3), (2, 3)], ids=str)
@pytest.mark.parametrize("method", METHODS)
def test_every_library_and_batch(library: Library, dtype: str, batch: tuple[int, ...], method: Any) -> None:
    R = FiniteRidgelet(5, 2, *functions(5), method, dtype=dtype)
    given = {"f": values((*batch, 5, 5), dtype), "spectrum": values((*batch, 5, 5, 5), dtype)}
    for verb, name in (
        ("transform", "f"),
        ("adjoint", "spectrum"),
        ("dual", "spectrum"),
        ("reconstruct", "spectrum"),
    ):
        there = library.asarray(given[name])
        found = getattr(R, verb)(there)
        assert type(found) is type(there)
        result = library.numpy(found)
        assert result.dtype == dtype
        assert result.shape == (*batch, *((5, 5, 5) if name == "f" else (5, 5)))
        # Rows of matrix products are rounded by how many there are.
        eps = np.finfo(dtype).eps
        np.testing.assert_allclose(result, getattr(R, verb)(given[name]), rtol=0, atol=100 * eps)
        rows = given[name].reshape(-1, *given[name].shape[len(batch) :])
        for one, expected in zip(rows, result.reshape(len(rows), *result.shape[len(batch) :]), strict=True):
            np.testing.assert_allclose(getattr(R, verb)(one), expected, rtol=0, atol=100 * eps)


@pytest.mark.parametrize("method", METHODS)
def test_complex_arrays_of_every_library(library: Library, method: Any) -> None:
    R = FiniteRidgelet(5, 2, *functions(5, True), method)
    f = values((2, 5, 5), "complex128")
    spectrum = R.transform(library.asarray(f))
    np.testing.assert_allclose(library.numpy(spectrum), R.transform(f), rtol=0, atol=1e-14)
    np.testing.assert_allclose(library.numpy(R.reconstruct(spectrum)), f, rtol=0, atol=1e-13)


@pytest.mark.parametrize("layout", [lambda f: f.T, lambda f: f[::-1, ::-1], lambda f: np.repeat(f, 2, 0)[::2]])
def test_layouts(layout: Any) -> None:
    R, f = FiniteRidgelet(7, 2, *functions(7)), layout(values((7, 7)))
    before = f.copy()
    np.testing.assert_array_equal(R @ f, R @ np.ascontiguousarray(f))
    np.testing.assert_array_equal(f, before)


@pytest.mark.parametrize(("p", "method"), [(31, "fft"), (257, "fft"), (31, "direct")])
def test_any_number_of_threads(p: int, method: Any) -> None:
    R = FiniteRidgelet(p, 2 if p < 99 else 1, *functions(p), method)
    f = values((p,) * R.dim)

    def found() -> list[Any]:
        spectrum = R @ f
        return [spectrum, R.reconstruct(spectrum), R.adjoint(spectrum)]

    same_for_threads(found)


GOOD: dict[str, Any] = {
    "p": 5,
    "dim": 2,
    "feature": np.maximum(np.arange(5) - 2.0, 0),
    "ridgelet_function": np.maximum(np.arange(5) - 2.0, 0) - 0.6,
}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"p": 15}, ValueError, r"p was 15 = 3 \* 5; a prime number is accepted"),
        ({"p": 1681}, ValueError, r"p was 1681 = 41 \* 41; a prime number"),
        ({"p": 1}, ValueError, "p was 1; at least 2 is accepted"),
        ({"p": 5.0}, TypeError, "p was 5.0; an integer is accepted"),
        ({"dim": 0}, ValueError, "dim was 0; 1 to 62 is accepted"),
        ({"dim": True}, TypeError, "dim was True; an integer"),
        ({"dim": 27}, SizeError, r"a spectrum of 5\*\*28 numbers, 16 bytes each, is not representable in 64 bits"),
        ({"p": 2**31 - 1}, SizeError, r"a spectrum of 2147483647\*\*3 numbers, 16 bytes each, is not representable"),
        ({"dim": 23}, MemoryError, r"a function of 5\*\*23 numbers takes 1.91e\+08 GB; this machine has"),
        ({"feature": np.ones(4)}, ValueError, r"feature has shape \(4,\); \(5,\) is accepted"),
        ({"ridgelet_function": np.eye(5)}, ValueError, r"ridgelet_function has shape \(5, 5\); \(5,\)"),
        ({"feature": [0, 1, np.nan, 2, 3]}, ValueError, "feature has NaN or infinite values"),
        ({"feature": list("abcde")}, TypeError, "feature has dtype <U1; real numbers are accepted"),
        (
            {"ridgelet_function": GOOD["feature"]},
            ValueError,
            r"ridgelet_function has mean 0.6, so that S R = C I \+ c J with c = 1.8 for the matrix J of ones, of",
        ),
        ({"feature": np.ones(5)}, ValueError, r"the constant C, the sum of .*, is 0, so that S R = 0;"),
        ({"feature": [0, 1, 0, 0, 0], "ridgelet_function": [0, 0, 1, -1, 0]}, ValueError, "the constant C"),
        ({"ridgelet_function": np.zeros(5)}, ValueError, "the constant C"),
        (
            {"dtype": "int64"},
            TypeError,
            "dtype was int64; float64, float32, complex128 and complex64 are accepted",
        ),
        (
            {"feature": 1j * GOOD["feature"], "dtype": "float64"},
            TypeError,
            "dtype was float64; for a complex feature or ridgelet_function complex128 and complex64 are accepted",
        ),
        ({"dtype": "double precision"}, TypeError, "dtype was double precision; float64, float32, complex128 and"),
        ({"dtype": ">f8"}, TypeError, "dtype was >f8; float64"),
        (
            {"feature": 1e200 * GOOD["feature"], "ridgelet_function": 1e200 * GOOD["ridgelet_function"]},
            ValueError,
            "feature times ridgelet_function is above the largest float64; smaller numbers are accepted",
        ),
        ({"method": "slow"}, ValueError, "method was 'slow'; 'fft' and 'direct' are accepted"),
    ],
)
def test_bad_parameters(change: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        FiniteRidgelet(**GOOD | change)


def test_the_defect_of_rank_one_is_what_is_said() -> None:
    """With a mean of r the network of the spectrum is C' f + c sum(f)."""
    p, dim, g = 5, 2, GOOD["feature"]
    s, f = residues(p, dim), values((25,))
    with pytest.raises(ValueError, match="c = ") as caught:
        FiniteRidgelet(p, dim, g, g)
    defect = float(re.findall(r"c = ([\d.]+)", str(caught.value))[0])
    network = np.einsum("xab,yab,y->x", g[s], g[s], f) / p**dim
    constant = g @ (g - g.mean())
    np.testing.assert_allclose(network, constant * f + defect * f.sum(), rtol=0, atol=1e-12)


def test_bad_arrays() -> None:
    R = FiniteRidgelet(**GOOD)
    f, spectrum = np.zeros((5, 5)), np.zeros((5, 5, 5))
    for call, error, message in (
        (lambda: R.transform(f.astype("float32")), TypeError, "f has dtype float32 and the transform float64"),
        (lambda: R.transform(f.astype(int)), TypeError, "f has dtype int64 and the transform float64"),
        (lambda: R.transform(f[1:]), ValueError, r"f has shape \(4, 5\); \(..., 5, 5\) is accepted"),
        (lambda: R.transform(f.tolist()), TypeError, "f was list"),
        (lambda: R.transform(f + np.nan), ValueError, "f has NaN or infinite values"),
        (lambda: R.dual(f), ValueError, r"spectrum has shape \(5, 5\); \(..., 5, 5, 5\) is accepted"),
        (lambda: R.reconstruct(spectrum * np.inf), ValueError, "spectrum has NaN"),
        (lambda: R.adjoint(spectrum[0, 0, 0]), TypeError, "spectrum was float64"),
        (lambda: R @ f[1:], ValueError, r"x has shape \(4, 5\); \(5, 5\), \(25,\) and \(25, columns\) are accepted"),
        (lambda: R @ f[None], ValueError, r"x has shape \(1, 5, 5\); \(5, 5\)"),
    ):
        with pytest.raises(error, match=message), np.errstate(invalid="ignore"):
            call()


def test_draws_that_cannot_be_held_and_functions_of_any_scale() -> None:
    R, f = FiniteRidgelet(**GOOD), values((5, 5))
    with pytest.raises(MemoryError, match="a draw of 1000000000000 units in 2 dimensions takes"):
        R.sample(f, 10**12)
    with pytest.raises(SizeError, match="a draw of 1" + 30 * "0" + " units"):
        R.sample(f, 10**30)
    drawn = R.sample(f, 50, rng=0)
    for scale in (2.0**700, 2.0**-700):
        np.testing.assert_allclose(R.sample(scale * f, 50, rng=0).weights, scale * drawn.weights, rtol=1e-13)


def test_spectra_that_cannot_be_held() -> None:
    R, p = FiniteRidgelet(1009, 2, *functions(1009)), 1009
    many = np.broadcast_to(0.0, (10**4, p, p))
    what = "a batch of 10000 spectra of 1027243729 and functions of 1018081 numbers"
    with pytest.raises(MemoryError, match=what + r" takes 8.22e\+04 GB"):
        R.transform(many)


@pytest.mark.slow
def test_the_memory_of_a_spectrum_of_253_megabytes() -> None:
    """Over Z_251^2 in complex128, with all that Python takes."""
    script = """
import resource
import numpy as np
from kousei.equivariant import FiniteRidgelet
g = np.maximum(np.arange(251) - 125.0, 0)
R = FiniteRidgelet(251, 2, g, g - g.mean(), dtype="complex128")
f = np.random.default_rng(0).normal(size=(251, 251)) + 0j
assert np.abs(R.reconstruct(R @ f) - f).max() < 1e-13
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(found.stdout) < 2**20
