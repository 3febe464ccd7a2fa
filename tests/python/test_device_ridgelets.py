"""Ridgelet transforms of arrays in CUDA memory, held against those in host memory."""

import warnings
from typing import Any

import numpy as np
import pytest

from kousei.ridgelet import AdmissiblePair, Directions, RidgeletTransform, ball_directions
from support import Library

AXES = (np.linspace(-2.0, 2.5, 21), np.linspace(-2.0, 2.0, 18))
DISC = ball_directions(2, 3.0, radii=3, angles=5)
BIASES = np.linspace(-14, 14, 71)


@pytest.fixture(autouse=True)
def on_device(library: Library) -> None:
    if not library.on_gpu:
        pytest.skip("is for arrays in CUDA memory")


def functions(dtype: str, *batch: int) -> np.ndarray:
    return np.random.default_rng(4).normal(size=(*batch, 21, 18)).astype(dtype)


@pytest.mark.parametrize("method", ["slice", "direct"])
@pytest.mark.parametrize("activation", ["relu", "repu2", "step", "tanh", "gaussian"])
def test_the_device_computes_what_the_host_does(library: Library, dtype: str, activation: str, method: Any) -> None:
    R = RidgeletTransform(AXES, DISC, BIASES, AdmissiblePair(activation, 2), method, dtype=dtype)
    f = functions(dtype, 2)
    for verb in ("transform", "adjoint", "dual"):
        given = f if verb == "transform" else R.transform(f)
        expected, found = getattr(R, verb)(given), getattr(R, verb)(library.asarray(given))
        assert type(found) is type(library.asarray(given))
        assert library.numpy(found).dtype == dtype
        # Slices are those of two libraries, each to its tol.
        exact = 2 * R.tol if method == "slice" else 1e-12
        tolerance = (exact if dtype == "float64" else 2e-5) * np.abs(expected).max()
        np.testing.assert_allclose(library.numpy(found), expected, rtol=0, atol=tolerance)


def test_scattered_points(library: Library, dtype: str) -> None:
    rng = np.random.default_rng(5)
    points, f = rng.normal(size=(30, 4)), rng.normal(size=(3, 30)).astype(dtype)
    pair = AdmissiblePair("tanh", 4)
    R = RidgeletTransform(points, rng.normal(size=(5, 4)), [-1.0, 0.2, 0.9], pair, dtype=dtype)
    tolerance = (1e-13 if dtype == "float64" else 1e-5) * np.abs(R.transform(f)).max()
    found = library.numpy(R.transform(library.asarray(f)))
    np.testing.assert_allclose(found, R.transform(f), rtol=0, atol=tolerance)


@pytest.mark.parametrize("cure", [False, True])
def test_reconstruction(library: Library, dtype: str, cure: bool) -> None:
    R = RidgeletTransform(AXES, DISC, BIASES, AdmissiblePair("tanh", 2), dtype=dtype)
    f = functions(dtype, 2)
    there = library.asarray(f)
    losses = R.truncation_loss(there, cure)
    assert isinstance(losses, np.ndarray)
    np.testing.assert_allclose(losses, R.truncation_loss(f, cure), rtol=1e-12)
    with pytest.warns(UserWarning, match=r"directions of \|a\| <= 3 lose"):
        found = library.numpy(R.reconstruct(there, cure))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = R.reconstruct(f, cure)
    tolerance = (5 * R.tol if dtype == "float64" else 1e-3) * np.abs(expected).max()
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


def test_the_error_is_measured(library: Library) -> None:
    x = np.linspace(-4, 4, 17)
    R = RidgeletTransform((x,), ball_directions(1, 8.0, 40), np.arange(-40, 40, 0.2), AdmissiblePair("relu", 1, 2))
    with pytest.warns(UserWarning, match="the result differs from f by 1, relative; more than tol = 0.01"):
        R.reconstruct(library.asarray(np.exp(-(x**2) / 2)))


@pytest.mark.parametrize("method", ["slice", "direct"])
def test_adjoint_is_exact(library: Library, method: Any) -> None:
    R = RidgeletTransform(AXES, DISC.vectors, BIASES, AdmissiblePair("relu", 2, 1), method)
    f, gamma = functions("float64"), np.random.default_rng(6).normal(size=(15, 71))
    image = library.numpy(R.transform(library.asarray(f)))
    back = library.numpy(R.adjoint(library.asarray(gamma)))
    assert abs((image * gamma).sum() - (f * back).sum()) <= 1e-14 * np.linalg.norm(image) * np.linalg.norm(gamma)


def test_ties_of_the_step_are_on_the_side_that_they_have_on_the_host(library: Library) -> None:
    axis = np.linspace(-1, 1, 21)
    directions = Directions(np.array([[0.3, 0.7], [0.1, 0.2], [0.6, 0.8]]), np.ones(3), 1.0)
    R = RidgeletTransform((axis, axis), directions, np.linspace(-3, 3, 61), AdmissiblePair("step", 2))
    # Whole numbers, so that every tie shows.
    whole = np.random.default_rng(7).integers(-9, 9, size=(3, 61)).astype("float64")
    f = np.random.default_rng(8).integers(-9, 9, size=(21, 21)).astype("float64")
    values, spectrum = (
        library.numpy(R.dual(library.asarray(whole))),
        library.numpy(R.dual_adjoint(library.asarray(f))),
    )
    np.testing.assert_allclose(values, R.dual(whole), rtol=0, atol=1e-10)
    np.testing.assert_allclose(spectrum, R.dual_adjoint(f), rtol=0, atol=1e-10)
    np.testing.assert_allclose((values * f).sum(), (whole * spectrum).sum(), rtol=1e-12)


def test_operator(library: Library) -> None:
    R = RidgeletTransform(AXES, DISC, BIASES, AdmissiblePair("relu", 2))
    several = functions("float64", 3).reshape(3, -1).T.copy()
    there = library.asarray(several)
    if library.name != "cupy":
        for call in (R.matvec, R.rmatvec, lambda x: R @ x):
            with pytest.raises(TypeError, match="x was Tensor in the memory of CUDA device 0; an array of NumPy or"):
                call(there)
        return
    image = R.matvec(there[:, 0])
    for found, expected in (
        (R @ there, R @ several),
        (R @ there[:, 0], R @ several[:, 0]),
        (R.dot(there), R.matmat(several)),
        (R.matmat(there), R @ several),
        (R.rmatmat(R @ there), R.H @ (R @ several)),
        (R.rmatvec(image), R.rmatvec(image.get())),
    ):
        np.testing.assert_allclose(found.get(), expected, rtol=0, atol=5 * R.tol * np.abs(expected).max())


def test_what_is_not_finite_comes_out_again(library: Library) -> None:
    R = RidgeletTransform(AXES, DISC, BIASES, AdmissiblePair("relu", 2), "direct")
    f = functions("float64")
    f[3, 4] = np.nan
    assert np.isnan(library.numpy(R.transform(library.asarray(f)))).all()


def test_slices_need_cufinufft(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kousei.ridgelet.slices.cufinufft", lambda: None)
    R = RidgeletTransform(AXES, DISC, BIASES, AdmissiblePair("relu", 2))
    with pytest.raises(ValueError, match="needs cufinufft for CUDA arrays, which the extra 'cuda' has; 'direct' is"):
        R.transform(library.asarray(functions("float64")))


def test_bad_arrays(library: Library) -> None:
    R = RidgeletTransform(AXES, DISC, BIASES, AdmissiblePair("relu", 2))
    with pytest.raises(TypeError, match="f has dtype float32 and the transform float64"):
        R.transform(library.asarray(functions("float32")))
    with pytest.raises(ValueError, match=r"spectrum has shape \(21, 18\); \(\.\.\., 15, 71\) is accepted"):
        R.dual(library.asarray(functions("float64")))
    with pytest.raises(TypeError, match="directions lies in CUDA memory; host memory is accepted"):
        RidgeletTransform(AXES, library.asarray(DISC.vectors), BIASES, R.pair)
