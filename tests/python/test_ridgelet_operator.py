"""The ridgelet transform as an operator of SciPy, and what it refuses and warns of before it computes."""

import os
import pickle
import warnings
from typing import Any

import finufft
import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator, cg, eigsh, lsqr

import kousei
from kousei import SizeError
from kousei.ridgelet import AdmissiblePair, RidgeletTransform, Spectrum, ball_directions


@pytest.fixture(params=["slice", "spread", "direct"])
def R(request: pytest.FixtureRequest) -> RidgeletTransform:  # noqa: N802 - the name of the transform
    a = np.array([[1.0], [-2.0], [3.0], [-5.0]])
    axes, b = (np.linspace(-1, 1, 9),), np.linspace(-6, 6, 25)
    return RidgeletTransform(axes, a, b, AdmissiblePair("relu", 1), request.param)


def test_products_with_the_adjoint_compose(R: RidgeletTransform) -> None:
    rng = np.random.default_rng(2)
    f, gamma = rng.normal(size=9), rng.normal(size=100)
    gram, other = R.H @ R, R @ R.H
    assert (gram.shape, other.shape) == ((9, 9), (100, 100))
    np.testing.assert_array_equal(gram @ f, R.adjoint(R.transform(f)))
    np.testing.assert_array_equal(other @ gamma, R.transform(R.adjoint(gamma.reshape(4, 25))).ravel())
    dense = R @ np.eye(9)
    for composed, matrix in (
        (gram, dense.T @ dense),
        (other, dense @ dense.T),
        (gram @ R.H, dense.T @ dense @ dense.T),
    ):
        found = composed @ np.eye(composed.shape[1])
        np.testing.assert_allclose(found, matrix, rtol=0, atol=1e-8 * np.abs(matrix).max())
        adjoint = composed.H @ np.eye(composed.shape[0])
        np.testing.assert_allclose(adjoint, matrix.T, rtol=0, atol=1e-8 * np.abs(matrix).max())
    np.testing.assert_array_equal(R.H.H @ f, R @ f)
    np.testing.assert_array_equal((2 * R.H) @ R @ f, 2 * (gram @ f))


def test_it_is_an_operator_of_scipy(R: RidgeletTransform) -> None:
    assert isinstance(R, LinearOperator)
    assert isinstance(R.H, LinearOperator)
    assert R.H.H is R
    assert R.adjoint().shape == R.H.shape == (9, 100)
    assert pickle.loads(pickle.dumps(R)).shape == R.shape


def test_sums_and_multiples(R: RidgeletTransform) -> None:
    dense, gamma = R @ np.eye(9), np.random.default_rng(3).normal(size=100)
    for found, matrix in (
        (2 * R, 2 * dense),
        (np.float64(2) * R, 2 * dense),
        (R * 2, 2 * dense),
        (R / 2, dense / 2),
        (-R, -dense),
        (R + R, 2 * dense),
        (R + 2 * R, 3 * dense),
        (2 * R + R, 3 * dense),
        (R - 2 * R, -dense),
        (2 * R - R, dense),
        (R.T, dense.T),
        (R.T @ R, dense.T @ dense),
    ):
        rounding = 1e-8 * np.abs(dense).max() ** 2
        np.testing.assert_allclose(found @ np.eye(9 if found.shape[1] == 9 else 100), matrix, rtol=0, atol=rounding)
        np.testing.assert_allclose(found.H @ np.eye(len(matrix)), matrix.T, rtol=0, atol=rounding)
    for found, expected in (
        (R.dot(np.ones(9)), R @ np.ones(9)),
        (R * np.ones(9), R @ np.ones(9)),
        (R.matmat(np.eye(9)), dense),
        (R.rmatmat(gamma[:, None]), R.rmatvec(gamma)[:, None]),
        (gamma @ R, R.H @ gamma),
    ):
        np.testing.assert_array_equal(found, expected)


def test_tensors_are_no_operands(R: RidgeletTransform) -> None:
    torch = pytest.importorskip("torch")
    f = torch.ones(9, dtype=torch.float64)
    for product in (R.matvec, R.dot, lambda f: R @ f, lambda f: R * f, lambda f: f @ R, lambda f: R.T @ f):
        with pytest.raises(TypeError, match="x was Tensor in host memory; an array of NumPy or CuPy is accepted"):
            product(f)


def test_what_it_shows() -> None:
    R = RidgeletTransform(**GOOD)
    assert repr(R) == "RidgeletTransform(5 x 4 points -> 2 directions x 3 biases, float64, relu, direct)"
    R = RidgeletTransform(**GOOD | {"axes": np.ones((7, 2))}, method="spread", dtype="float32")
    assert repr(R) == "RidgeletTransform(7 points -> 2 directions x 3 biases, float32, relu, spread)"


def test_least_squares(R: RidgeletTransform) -> None:
    f = np.random.default_rng(2).normal(size=9)
    found = lsqr(R, R @ f, atol=1e-13, btol=1e-13, iter_lim=300)[0]
    np.testing.assert_allclose(R @ found, R @ f, rtol=0, atol=1e-10)


def test_conjugate_gradients_and_eigenvalues(R: RidgeletTransform) -> None:
    f = np.random.default_rng(2).normal(size=9)
    normal, right = R.H @ R, R.H @ (R @ f)
    found, failed = cg(normal, right, rtol=1e-12, maxiter=500)
    assert failed == 0
    np.testing.assert_allclose(normal @ found, right, rtol=0, atol=1e-10 * np.abs(right).max())
    largest = np.linalg.norm(R @ np.eye(9), 2) ** 2
    np.testing.assert_allclose(eigsh(normal, 1, return_eigenvectors=False), [largest], rtol=1e-9)


GOOD: dict[str, Any] = {
    "axes": (np.linspace(-1, 1, 5), np.linspace(-1, 1, 4)),
    "directions": [[1.0, 0.0], [0.5, 2.0]],
    "biases": [0.0, 0.5, 1.0],
    "pair": AdmissiblePair("relu", 2),
}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"directions": np.broadcast_to(1.0, (2**33, 2)), "biases": np.broadcast_to(1.0, 2**32)},
            SizeError,
            "a spectrum of 8589934592 directions x 4294967296 biases, 8 bytes each, is not representable in 64 bits",
        ),
        (
            {"directions": np.broadcast_to(1.0, (2**33, 2))},
            MemoryError,
            "8589934592 directions and 3 biases takes 137 GB; this machine has",
        ),
        (
            {"axes": (np.arange(2.0**20),) * 3},
            SizeError,
            r"a grid of axes of \(1048576, 1048576, 1048576\) points, 8 bytes each, is not representable",
        ),
        (
            {"axes": (np.arange(2.0**20),) * 2},
            MemoryError,
            r"a grid of axes of \(1048576, 1048576\) points takes 8.8e\+03 GB; this machine has",
        ),
        ({"biases": [0.0, np.nan, 1.0]}, ValueError, "biases has NaN or infinite values"),
        ({"biases": [[0.0, 1.0]]}, ValueError, r"biases has shape \(1, 2\); \(n,\)"),
        ({"biases": 1.0}, ValueError, r"biases has shape \(\); \(n,\)"),
        ({"directions": [[1.0, 0.0], [1.0]]}, ValueError, "directions was .* rows of the same length are accepted"),
        ({"directions": 1.0}, ValueError, r"directions has shape \(\); \(directions, 2\)"),
        ({"directions": [["a", "b"]]}, TypeError, "directions has dtype"),
        ({"axes": np.array([[0.0, np.inf]])}, ValueError, "axes has NaN or infinite values"),
        ({"axes": np.zeros((3, 0))}, ValueError, r"axes has shape \(3, 0\)"),
        ({"axes": np.zeros((2, 2)), "weights": [1.0, np.nan]}, ValueError, "weights has NaN"),
        ({"axes": ([0.0], [0.0, 1.0])}, ValueError, r"axes\[0\] has shape \(1,\); \(n,\) with n at least 2"),
        ({"axes": ([0.0, 1.0],) * 4}, ValueError, "axes has 4 axes; 1 to 3 are accepted"),
        ({"tol": np.nan}, ValueError, "tol was nan"),
        ({"tol": "a"}, TypeError, "tol was 'a'; a real number is accepted"),
        ({"tol": True}, TypeError, "tol was True; a real number is accepted"),
        ({"biases": [0.0, 2.0, 1.0]}, ValueError, "biases has 1 after 2; increasing numbers are accepted"),
        ({"biases": [1.0, 1.0]}, ValueError, "biases has 1 after 1; increasing"),
        ({"axes": np.zeros(3)}, ValueError, r"axes has shape \(3,\); .*; for one axis \(x,\) is accepted"),
        (
            {"axes": ([0.0, 1.0, 3.0], [0.0, 1.0]), "method": "direct"},
            ValueError,
            r"axes\[0\] is not uniform; .*, and others as scattered points \(n, dim\) with weights",
        ),
    ],
)
def test_bad_parameters(change: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        RidgeletTransform(**GOOD | change)


@pytest.mark.parametrize("tol", ["a", None, True, 1j])
def test_reconstructions_to_no_number(tol: Any) -> None:
    R = RidgeletTransform(**GOOD | {"directions": ball_directions(2, 1.0, 1, 2)})
    with pytest.raises(TypeError, match="tol was .*; a real number is accepted"):
        R.reconstruct(np.zeros((5, 4)), tol=tol)


@pytest.mark.parametrize("method", ["slice", "spread", "direct"])
def test_a_batch_that_cannot_be_held(method: Any) -> None:
    R = RidgeletTransform(**GOOD, method=method)
    f, spectra = np.broadcast_to(0.0, (2**40, 5, 4)), np.broadcast_to(0.0, (2**40, 2, 3))
    what = "a batch of 1099511627776 spectra of 6 and functions of 20 numbers"
    for call in (lambda: R.transform(f), lambda: R.reconstruct(f), lambda: R.adjoint(spectra)):
        with pytest.raises(MemoryError, match=what + r" takes 1.76e\+05 GB; this machine has"):
            call()
    with pytest.raises(SizeError, match="a batch of .* 8 bytes each, is not representable in 64 bits"):
        R.adjoint(np.broadcast_to(0.0, (2**57, 2, 3)))


@pytest.mark.parametrize("points", [161, 4097])
@pytest.mark.parametrize("tol", [1e-5, 1e-6])
def test_float32_on_long_axes_is_as_accurate_as_it_says(points: int, tol: float) -> None:
    """A function at the end of the axis alone, where the angles of the slices are largest."""
    x, f = np.linspace(-8, 8, points), np.zeros(points)
    f[-2] = 1.0
    directions, b, pair = np.linspace(0.1, 3, 20)[:, None], np.linspace(-20, 20, 201), AdmissiblePair("tanh", 1)
    exact = RidgeletTransform((x,), directions, b, pair, "direct").transform(f)
    R = RidgeletTransform((x,), directions, b, pair, "slice", tol, dtype="float32")
    found = R.transform(f.astype("float32"))
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, exact, rtol=0, atol=tol * np.abs(exact).max())
    # The adjoint, of one number of the spectrum.
    one = np.zeros(R.spectrum_shape, "float32")
    one[13, 120] = 1.0
    exact = RidgeletTransform((x,), directions, b, pair, "direct").adjoint(one.astype("float64"))
    np.testing.assert_allclose(R.adjoint(one), exact, rtol=0, atol=tol * np.abs(exact).max())


@pytest.mark.usefixtures("threads_restored")
def test_slices_go_by_the_threads_that_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    plan, taken = finufft.Plan, []

    def planned(*arguments: Any, **options: Any) -> Any:
        taken.append(options["nthreads"])
        return plan(*arguments, **options)

    monkeypatch.setattr(finufft, "Plan", planned)
    R = RidgeletTransform(**GOOD, method="slice")
    for threads in (1, 2, 1, 2):
        kousei.set_num_threads(threads)
        R.transform(np.ones((5, 4)))
    assert taken == [1, 2]


@pytest.mark.usefixtures("threads_restored")
def test_nothing_is_printed_where_openmp_has_fewer_threads(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    kousei.set_num_threads((os.cpu_count() or 1) + 1)
    RidgeletTransform(**GOOD, method="slice").transform(np.ones((5, 4)))
    assert capfd.readouterr() == ("", "")


# Biases among the points, far from them, close to one another, uneven; and few points.
@pytest.mark.parametrize(
    ("points", "biases", "method"),
    [
        (65, np.linspace(-9, 9, 11), "slice"),
        (65, np.linspace(1e7, 1e7 + 1, 11), "direct"),
        (65, np.linspace(0, 1e-6, 11), "direct"),
        (65, np.linspace(0, 1e-310, 11), "direct"),
        (65, np.linspace(-3, 3, 11) ** 3, "direct"),
        (2, np.linspace(-9, 9, 11), "direct"),
    ],
)
def test_auto_slices_unless_direct_sums_have_less_to_do(points: int, biases: Any, method: str) -> None:
    R = RidgeletTransform((np.linspace(-1, 1, points),), [[0.7]], biases, AdmissiblePair("relu", 1))
    assert R.method == method


# One that is far away, and many that are close to one another: periods are long, or have many samples.
@pytest.mark.parametrize(
    ("biases", "reach", "error"),
    [
        ([1e12], r"1e\+12", MemoryError),
        (np.linspace(0, 1e-6, 101), "[12]", MemoryError),
        (np.linspace(0, 1e-310, 3), "[12]", SizeError),
    ],
)
@pytest.mark.parametrize("method", ["slice", "spread"])
def test_long_slices_that_cannot_be_held(method: Any, biases: Any, reach: str, error: type[Exception]) -> None:
    R = RidgeletTransform(**GOOD | {"biases": biases}, method=method)
    with pytest.raises(error, match=f"slices of 2 directions x biases up to {reach}"):
        R.transform(np.zeros((5, 4)))


def test_nan_in_a_spectrum() -> None:
    R = RidgeletTransform(**GOOD | {"directions": ball_directions(2, 1.0, 1, 2)})
    for function in (R.adjoint, R.dual):
        with pytest.raises(ValueError, match="spectrum has NaN or infinite values"):
            function(np.full((2, 3), np.inf))


def test_dual_warns_of_biases_that_do_not_cover() -> None:
    x, line, pair = np.linspace(-1, 1, 9), ball_directions(1, 2.0, 1), AdmissiblePair("tanh", 1)
    # One radius: a is 1 and -1, and the projections are -1 to 1. Each bias stands for half a step around it.
    for b in (np.linspace(-1, 1, 5), np.linspace(-0.8, 0.8, 5), np.linspace(-7, 9, 99)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            kousei.dual_ridgelet_transform(Spectrum(np.ones((2, len(b))), line, b, pair), (x,))
    message = r"biases are -0.5 to 1; projections of these points reach from -0.8125 to 0.8125"
    for axes in ((x,), x[:, None]):
        with pytest.warns(UserWarning, match=message):
            kousei.dual_ridgelet_transform(Spectrum(np.ones((2, 5)), line, np.linspace(-0.5, 1, 5), pair), axes)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # The adjoint, and a spectrum at some biases, leave nothing out.
        R = RidgeletTransform((x,), line, [-0.5, 0.25, 1.0], pair)
        R.adjoint(R.transform(np.ones(9)))
