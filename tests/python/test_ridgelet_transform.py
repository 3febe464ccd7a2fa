"""The ridgelet transform over grids, its adjoint and its dual."""

import re
import warnings
from typing import Any

import numpy as np
import pytest
from scipy.sparse.linalg import aslinearoperator, lsqr
from scipy.special import gammainc

import kousei
from kousei.ridgelet import AdmissiblePair, RidgeletTransform, Spectrum, ball_directions, gaussian_kernel
from kousei.ridgelet.samples import Grid
from support import Library
from test_ridgelet_operator import GOOD

#: c, mu and tau of Gaussians c e^(-|x - mu|^2 / 2 tau^2).
MIXTURE = ((1.0, (-0.6, 0.2), 0.35), (-0.7, (0.5, -0.4), 0.3), (0.5, (0.3, 0.9), 0.5))
SQUARE = (np.linspace(-4.0, 4.5, 171), np.linspace(-4.0, 4.5, 168))


def mixture(axes: tuple[np.ndarray, ...]) -> np.ndarray:
    grid = np.meshgrid(*axes, indexing="ij")
    return sum(
        c * np.exp(-sum((x - m) ** 2 for x, m in zip(grid, mu, strict=False)) / (2 * tau**2))
        for c, mu, tau in MIXTURE
    )


def closed_form(a: np.ndarray, b: np.ndarray, pair: AdmissiblePair) -> np.ndarray:
    """R of the mixture: the Gaussians' projections are Gaussians, of which Lambda^s G is a scaled one."""
    dim, total = a.shape[1], np.zeros((len(a), len(b)))
    for c, mu, tau in MIXTURE:
        s = np.sqrt(1 + tau**2 * (a**2).sum(axis=1))[:, None]
        t = (b - (a @ np.array(mu)[:dim])[:, None]) / s
        values = gaussian_kernel(t, pair.kernel_power, pair.kernel_is_derivative)
        sign = -1 if pair.kernel_is_derivative else 1
        power = pair.kernel_power + 1 + pair.kernel_is_derivative
        total += sign * c * (2 * np.pi * tau**2) ** (dim / 2) * values * s**-power
    return total


@pytest.mark.parametrize(
    ("activation", "dim", "direction", "value"),
    [
        ("relu", 1, [0.7], 1.5905319155859),
        ("tanh", 1, [0.7], 0.51914035318708),
        ("relu", 2, [0.7, -0.4], 4.6780346461648),
    ],
)
@pytest.mark.parametrize(
    ("method", "dtype", "tol"),
    [("slice", "float64", 1e-9), ("direct", "float64", 1e-12), ("direct", "float32", 2e-6)],
)
def test_golden_numbers(
    activation: str, dim: int, direction: list[float], value: float, method: Any, dtype: str, tol: float
) -> None:
    axes = (np.linspace(-8, 8, 81),) * dim
    f = np.exp(-sum(x**2 for x in np.meshgrid(*axes, indexing="ij")) / 2).astype(dtype)
    pair = AdmissiblePair(activation, dim)
    found = kousei.ridgelet_transform(f, axes, [direction], [0.3], pair, method).values
    assert found.dtype == dtype
    np.testing.assert_allclose(found, [[value]], rtol=tol)


# The kernels of odd order decay as a power of t only.
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("activation", ["relu", "tanh", "gaussian"])
def test_slices_and_sums_are_the_closed_form(activation: str, order: int) -> None:
    pair = AdmissiblePair(activation, 2, order)
    disc, b = ball_directions(2, 6.0, radii=3, angles=7), np.linspace(-5, 4, 31)
    f, expected = mixture(SQUARE), closed_form(disc.vectors, b, pair)
    size = np.abs(expected).max()

    for method, dtype, tol in (("slice", "float64", 1e-9), ("slice", "float32", 1e-5), ("direct", "float64", 1e-12)):
        found = kousei.ridgelet_transform(f.astype(dtype), SQUARE, disc, b, pair, method).values
        assert found.dtype == dtype
        np.testing.assert_allclose(found, expected, rtol=0, atol=tol * size)


@pytest.mark.parametrize("dim", [1, 3])
def test_line_and_space(dim: int) -> None:
    axes = tuple(np.linspace(-2.8 - 0.1 * i, 3.2, 46 + i) for i in range(dim))
    if dim == 3:
        f = np.exp(-sum((x - 0.2) ** 2 for x in np.meshgrid(*axes, indexing="ij")) / (2 * 0.4**2))
    else:
        axes = (np.linspace(-4, 4.5, 171),)
        f = mixture(axes)
    pair = AdmissiblePair("relu", dim)
    ball, b = ball_directions(dim, 1.5, 2, None if dim == 1 else 5), np.linspace(-3, 3, 7)
    slices, direct = (
        kousei.ridgelet_transform(f, axes, ball, b, pair, method).values for method in ("slice", "direct")
    )
    np.testing.assert_allclose(slices, direct, rtol=0, atol=1e-9 * np.abs(direct).max())
    if dim == 1:
        np.testing.assert_allclose(
            slices, closed_form(ball.vectors, b, pair), rtol=0, atol=1e-9 * np.abs(direct).max()
        )


@pytest.mark.parametrize("count", [1, 2, 300])
@pytest.mark.parametrize("lo", [-40.0, 3.0])
def test_biases_may_lie_anywhere(lo: float, count: int) -> None:
    pair, axes = AdmissiblePair("relu", 1, 1), (np.linspace(-2, 1, 50),)
    f, a, b = np.sin(3 * axes[0]), [[0.3], [-4.0]], lo + 0.37 * np.arange(count)
    slices, direct = (kousei.ridgelet_transform(f, axes, a, b, pair, method).values for method in ("slice", "direct"))
    np.testing.assert_allclose(slices, direct, rtol=0, atol=1e-9)


@pytest.mark.parametrize("method", ["slice", "direct"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_adjoint_is_exact(activation: str, method: Any) -> None:
    rng = np.random.default_rng(3)
    axes = (np.linspace(-1, 1, 20), np.linspace(-1, 2, 31))
    directions, b = rng.normal(size=(9, 2)) * 4, np.linspace(-3, 5, 17)
    R = RidgeletTransform(axes, directions, b, AdmissiblePair(activation, 2, 1), method)
    f, gamma = rng.normal(size=R.shape[1]), rng.normal(size=R.shape[0])
    image = R @ f
    assert abs(image @ gamma - f @ (R.H @ gamma)) <= 1e-14 * np.linalg.norm(image) * np.linalg.norm(gamma)
    np.testing.assert_array_equal(image, R.transform(f.reshape(20, 31)).ravel())
    several = rng.normal(size=(R.shape[1], 3))
    np.testing.assert_allclose(R @ several, np.stack([R @ f for f in several.T], axis=1), rtol=0, atol=1e-13)
    np.testing.assert_array_equal(aslinearoperator(R).T @ gamma, R.rmatvec(gamma))
    np.testing.assert_array_equal(R.matvec(f), image)


@pytest.mark.parametrize("method", ["slice", "direct"])
def test_solvers_of_scipy_take_it(method: Any) -> None:
    f = np.random.default_rng(2).normal(size=9)
    pair = AdmissiblePair("relu", 1)
    R = RidgeletTransform((np.linspace(-1, 1, 9),), [[1.0], [-4.0]], np.linspace(-3, 3, 13), pair, method)
    solved = lsqr(R, R @ f, atol=1e-13, btol=1e-13, iter_lim=300)
    np.testing.assert_allclose(R @ solved[0], R @ f, rtol=0, atol=1e-10)
    np.testing.assert_array_equal((R @ R.H) @ (R @ f), R @ (R.H @ (R @ f)))


def test_rounding_of_float32_is_no_unevenness() -> None:
    x, b = (np.linspace(-1, 1, 50, dtype="float32"), np.linspace(-3, 700, 999, dtype="float32"))
    pair, f = AdmissiblePair("tanh", 1), np.ones(50)
    assert RidgeletTransform((x,), [[1.0]], b, pair).method == "slice"
    assert RidgeletTransform((x,), [[1.0]], b.astype("float64"), pair).method == "direct"
    with pytest.raises(ValueError, match=r"axes\[0\] is not uniform"):
        RidgeletTransform((x.astype("float64"),), [[1.0]], b, pair).transform(f)


def test_scattered_points() -> None:
    rng = np.random.default_rng(5)
    points, weights, f = rng.normal(size=(30, 4)), rng.uniform(size=30), rng.normal(size=(2, 30))
    directions, b = rng.normal(size=(5, 4)), [-1.0, 0.2, 0.9]
    pair = AdmissiblePair("tanh", 4)
    kernel = pair.kernel((directions @ points.T)[:, None] - np.array(b)[:, None])
    found = kousei.ridgelet_transform(f, points, directions, b, pair, weights=weights).values
    np.testing.assert_allclose(found, np.einsum("kn,n,abn->kab", f, weights, kernel), rtol=0, atol=1e-12)
    unweighted = kousei.ridgelet_transform(f, points, directions, b, pair).values
    np.testing.assert_allclose(unweighted, np.einsum("kn,abn->kab", f, kernel), rtol=0, atol=1e-12)


@pytest.mark.parametrize("activation", ["relu", "step", "tanh"])
@pytest.mark.parametrize("method", ["slice", "direct"])
def test_adjoint_of_the_dual_is_exact(activation: str, method: Any) -> None:
    rng = np.random.default_rng(11)
    axes, disc, b = (
        (np.linspace(-1, 1, 9), np.linspace(0, 1, 8)),
        ball_directions(2, 3.0, 2, 5),
        np.linspace(-4, 5, 32),
    )
    R = RidgeletTransform(axes, disc, b, AdmissiblePair(activation, 2), method)
    f, gamma = rng.normal(size=(2, 9, 8)), rng.normal(size=(2, *R.spectrum_shape))
    values = R.dual(gamma)
    off = abs((values * f).sum() - (gamma * R.dual_adjoint(f)).sum())
    assert off <= 1e-14 * np.linalg.norm(values) * np.linalg.norm(f)


@pytest.mark.parametrize("activation", ["relu", "step", "tanh", "softplus", "silu", "gaussian"])
def test_dual_is_the_network(activation: str) -> None:
    rng = np.random.default_rng(9)
    axes, disc, b = (
        (np.linspace(-1, 1, 9), np.linspace(0, 1, 8)),
        ball_directions(2, 3.0, 2, 5),
        np.linspace(-4, 5, 32),
    )
    spectrum = Spectrum(rng.normal(size=(2, 10, 32)), disc, b, AdmissiblePair(activation, 2))
    sigma = {"step": lambda t: t > 0, "gaussian": lambda t: np.exp(-(t**2) / 2)}.get(activation)
    t = (Grid.of(axes).coordinates @ disc.vectors.T)[..., None] - b
    units = sigma(t) if sigma else kousei.Activation(activation)(t) if activation != "relu" else np.maximum(t, 0)
    expected = np.einsum("kab,a,nab->kn", spectrum.values, disc.weights, units) * 9 / 31
    for method in ("slice", "direct"):
        found = kousei.dual_ridgelet_transform(spectrum, axes, method)
        np.testing.assert_allclose(found.reshape(2, -1), expected, rtol=0, atol=1e-8 * np.abs(expected).max())


@pytest.mark.parametrize("order", [0, 2])
@pytest.mark.parametrize(("scale", "count"), [(4.0, 81), (8.0, 105), pytest.param(16.0, 165, marks=pytest.mark.slow)])
def test_truncation_law(scale: float, order: int, count: int) -> None:
    x = np.linspace(-3.2, 3.4, count)
    f = mixture((x, x))
    disc = ball_directions(2, scale, radii=int(8 + 2 * scale), angles=int(24 + 7 * scale))
    ends = scale * 3.4 * np.sqrt(2) + 9
    R = RidgeletTransform((x, x), disc, np.arange(-ends, ends, 0.2), AdmissiblePair("relu", 2, order), tol=1e-6)
    law = lost_by_the_law(scale, order)
    with pytest.warns(UserWarning, match=r"directions of \|a\| <= .* lose"):
        found = R.reconstruct(f, tol=1e-3)
    np.testing.assert_allclose(R.truncation_loss(f), law, rtol=1e-6)
    inner = np.ix_(np.abs(x) <= 1.5, np.abs(x) <= 1.5)
    measured = np.linalg.norm((found - f)[inner]) / np.linalg.norm(f[inner])
    np.testing.assert_allclose(measured, law, rtol=0.05)


def lost_by_the_law(scale: float, order: int) -> float:
    """Relative L2 norm of (1 - m) f^ for ReLU, from the transform of the mixture in polar coordinates."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    r, phi = 15 * (nodes + 1), 2 * np.pi / 200 * np.arange(200)[:, None]
    k = np.stack([r * np.cos(phi), r * np.sin(phi)], axis=-1)
    hat = sum(c * tau**2 * np.exp(-(r**2) * tau**2 / 2 - 1j * (k @ np.array(mu))) for c, mu, tau in MIXTURE)
    density = (np.abs(hat) ** 2).sum(axis=0) * r * weights
    return float(np.sqrt(density @ gammainc((order + 1) / 2, r**2 / (2 * scale**2)) ** 2 / density.sum()))


def test_cure_of_truncation() -> None:
    x = np.linspace(-3.2, 3.4, 81)
    f = mixture((x, x))
    disc = ball_directions(2, 4.0, radii=16, angles=52)
    R = RidgeletTransform((x, x), disc, np.arange(-29, 29, 0.2), AdmissiblePair("tanh", 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cured = R.reconstruct(f, cure=True)
    assert np.abs(cured - f).max() < 5e-3 < 0.5 < R.truncation_loss(f)
    assert R.truncation_loss(f, cure=True) < 2e-3


@pytest.mark.parametrize("batch", [(), (0,), (2, 3)])
def test_array_in_same_array_out(library: Library, batch: tuple[int, ...], dtype: str) -> None:
    axes, disc, b = (
        (np.linspace(-1, 1, 6), np.linspace(-1, 1, 5)),
        ball_directions(2, 2.0, 2, 3),
        np.linspace(-9, 9, 37),
    )
    R = RidgeletTransform(axes, disc, b, AdmissiblePair("tanh", 2), dtype=dtype)
    f = np.random.default_rng(1).normal(size=(*batch, 6, 5)).astype(dtype)
    given = library.asarray(f)
    spectrum = R.transform(given)
    for function, result, inner in (
        (R.transform, spectrum, (6, 37)),
        (R.adjoint, R.adjoint(spectrum), (6, 5)),
        (R.dual, R.dual(spectrum), (6, 5)),
        (lambda f: R.reconstruct(f, tol=0.999), R.reconstruct(given, tol=0.999), (6, 5)),
    ):
        assert type(result) is type(given)
        assert tuple(result.shape) == (*batch, *inner)
        assert str(result.dtype).endswith(dtype)
        argument = f if function not in (R.adjoint, R.dual) else library.numpy(spectrum)
        expected = function(argument)
        # Slices of a device round otherwise, and are right to `tol`.
        tol = (1e-8 if dtype == "float64" else 1e-5) if library.on_gpu else 0
        close = tol * np.abs(expected).max(initial=0)
        np.testing.assert_allclose(library.numpy(result), expected, rtol=0, atol=close)
    assert R.truncation_loss(given).shape == batch


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"axes": ([0.0, 1.0, 2.5], [0.0, 1.0])}, ValueError, r"axes\[0\] is not uniform"),
        ({"axes": ([0.0, 1.0], [1.0, 0.0])}, ValueError, r"axes\[1\] is not uniform"),
        ({"axes": ([0.0, 1.0], [])}, ValueError, r"axes\[1\] has shape \(0,\); \(n,\) with n at least 2"),
        ({"axes": ([0.0, np.nan], [0.0, 1.0])}, ValueError, r"axes\[0\] has NaN"),
        ({"axes": ()}, ValueError, "axes has 0 axes; 1 to 3 are accepted"),
        ({"axes": np.zeros((0, 2))}, ValueError, r"axes has shape \(0, 2\)"),
        ({"weights": [1.0]}, ValueError, "weights were given with axes"),
        ({"axes": np.zeros((3, 2)), "weights": [1.0]}, ValueError, r"weights has shape \(1,\); \(3,\)"),
        ({"axes": np.zeros((3, 2)), "method": "slice"}, ValueError, "it needs axes"),
        ({"directions": [[1.0]]}, ValueError, r"directions has shape \(1, 1\); \(directions, 2\)"),
        ({"directions": np.zeros((0, 2))}, ValueError, r"directions has shape \(0, 2\)"),
        ({"directions": [[1.0, np.inf]]}, ValueError, "directions has NaN"),
        ({"biases": []}, ValueError, r"biases has shape \(0,\)"),
        ({"biases": [1.0, 0.0]}, ValueError, "increasing numbers"),
        ({"biases": [0.0, 1.0, 3.0], "method": "slice"}, ValueError, "it needs uniform biases"),
        ({"pair": "relu"}, TypeError, "pair was str"),
        ({"pair": AdmissiblePair("relu", 3)}, ValueError, "pair has dim 3 and the points 2"),
        ({"biases": [0.0, 1.0, 3.0], "method": "spread"}, ValueError, "'spread'; it needs uniform biases"),
        ({"method": "fast"}, ValueError, "method was 'fast'; 'auto', 'slice', 'spread' and 'direct' are"),
        ({"tol": 0.0}, ValueError, "tol was 0.0"),
        ({"tol": 1e-9, "dtype": "float32"}, ValueError, "tol was 1e-09"),
        ({"dtype": "float16"}, TypeError, "dtype was float16"),
        ({"dtype": "single precision"}, TypeError, "dtype was single precision; float32 and float64 are accepted"),
        ({"dtype": ">f8"}, TypeError, "dtype was >f8"),
    ],
)
def test_bad_parameters(change: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        RidgeletTransform(**GOOD | change)


def test_a_spectrum_that_does_not_fit_is_not_computed() -> None:
    R = RidgeletTransform(**GOOD | {"directions": np.zeros((2_000_000, 2)), "biases": np.arange(1_000_000.0)})
    with pytest.raises(MemoryError, match=r"1 spectra of 2000000000000 and functions of 20 numbers takes"):
        R.transform(np.zeros((5, 4)))


def test_bad_functions() -> None:
    R = RidgeletTransform(**GOOD)
    with pytest.raises(ValueError, match=r"f has shape \(4, 5\); \(\.\.\., 5, 4\) is accepted"):
        R.transform(np.zeros((4, 5)))
    with pytest.raises(ValueError, match=r"spectrum has shape \(3,\); \(\.\.\., 2, 3\) is accepted"):
        R.adjoint(np.zeros(3))
    with pytest.raises(ValueError, match="f has NaN"):
        R.transform(np.full((5, 4), np.nan))
    with pytest.raises(TypeError, match="f has dtype float32 and the transform float64"):
        R.transform(np.zeros((5, 4), "float32"))
    with pytest.raises(TypeError, match="f has dtype complex128"):
        kousei.ridgelet_transform(np.zeros((5, 4), complex), **GOOD)
    with pytest.raises(TypeError, match="f was list"):
        R.transform([[0.0]])
    with pytest.raises(ValueError, match="directions has no weights"):
        R.dual(np.zeros((2, 3)))


def test_bad_reconstructions() -> None:
    disc = ball_directions(2, 1.0, 2, 3)
    f = np.zeros((5, 4))
    with pytest.raises(ValueError, match="biases has 3 numbers, not uniform"):
        RidgeletTransform(**GOOD | {"directions": disc, "biases": [0.0, 1.0, 3.0]}).reconstruct(f)
    with pytest.raises(ValueError, match="cure was True with method 'direct'"):
        RidgeletTransform(**GOOD | {"directions": disc, "method": "direct"}).reconstruct(f, cure=True)
    with pytest.raises(ValueError, match="tol was 0"):
        RidgeletTransform(**GOOD | {"directions": disc}).reconstruct(f, tol=0)
    with pytest.raises(ValueError, match="points are scattered; truncation_loss needs axes"):
        RidgeletTransform(**GOOD | {"directions": disc, "axes": np.zeros((3, 2))}).truncation_loss(np.zeros(3))


LINE, RELU = np.linspace(-4, 4, 129), AdmissiblePair("relu", 1, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"axes": (LINE[::8],)},
            "by 1, .* than the 0.0007 that directions .* <= 8 lose; look at the step of points",
        ),
        ({"radii": 8}, "by 0.16, relative; more than tol = 0.01, .*, the number of directions and"),
        ({"step": 2.0}, "by 1.6, .* and the step of biases"),
        ({"axes": LINE[:, None]}, "by 15, relative; more than tol = 0.01; look at points and their weights"),
        ({"axes": LINE[:, None], "weights": np.full(129, 1 / 16)}, None),
        ({"scale": 2.0}, "<= 2 lose 0.036 of f, relative; more than tol = 0.01, and 0.035 is measured"),
        ({}, None),
    ],
)
@pytest.mark.parametrize("size", [1.0, 1e-200, 1e200])
def test_the_error_is_measured(change: dict[str, Any], message: str | None, size: float) -> None:
    given = {"axes": (LINE,), "scale": 8.0, "radii": 40, "step": 0.2, "weights": None} | change
    axes, scale = given["axes"], given["scale"]
    biases = np.arange(-4 * scale - 8, 4 * scale + 8, given["step"])
    R = RidgeletTransform(axes, ball_directions(1, scale, given["radii"]), biases, RELU, weights=given["weights"])
    f = size * np.exp(-(np.ravel(axes) ** 2) / 2)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        R.reconstruct(np.stack([0 * f, f]))
    assert len(found) == (message is not None)
    assert message is None or re.search(message, str(found[0].message))


@pytest.mark.parametrize(("activation", "tol"), [("gaussian", 1e-2), ("gaussian", 1e-8), ("relu", 1e-12)])
def test_the_reach_of_a_spectrum(activation: str, tol: float) -> None:
    pair = AdmissiblePair(activation, 1)
    R = RidgeletTransform((LINE,), ball_directions(1, 2.0, 3), np.linspace(-3, 3, 7), pair)
    with pytest.warns(UserWarning, match="the spectrum of a function") as found:
        R.reconstruct(np.zeros(129), tol=tol)
    # Beyond the projections, which reach to a little less than 8.
    t = float(str(found[0].message).split()[-1]) - 4 * R.directions.vectors.max()
    inside, outside = (np.abs(pair.kernel(np.array([-t, t]) * by)).max() for by in (0.98, 1.02))
    assert outside < tol * np.abs(pair.kernel(np.linspace(-4, 4, 999))).max() < inside


def test_biases_that_do_not_cover_are_named() -> None:
    pair, line = AdmissiblePair("relu", 1), ball_directions(1, 2.0, 3)
    R = RidgeletTransform((np.linspace(-1, 1, 9),), line, np.linspace(-3, 3, 7), pair)
    with pytest.warns(UserWarning, match=r"biases are -3 to 3; the spectrum .* reaches from -\d+\.?\d* to \d+"):
        R.reconstruct(np.zeros(9))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((4, 1.0, 2, 3), "dim was 4"),
        ((2, 0.0, 2, 3), "scale was 0"),
        ((2, 1.0, 2), "angles was None with dim 2"),
        ((1, 1.0, 2, 3), "angles was 3 with dim 1"),
        ((2, 1.0, 0, 3), "radii was 0"),
        ((2, 1.0, 2, 1), "angles was 1"),
    ],
)
def test_bad_balls(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ball_directions(*arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((2, 2.0, 10**9, 10**9), "a ball of 1000000000 radii x 1000000000 directions each, 48 bytes each, is not"),
        ((3, 2.0, 1, 10**7), "a ball of 1 radii x 50000000000000 directions each takes 3.2e\\+06 GB"),
        ((1, 2.0, 10**8), "Gauss's rule of 100000000 nodes, a matrix of their square, takes 1.6e\\+08 GB"),
        ((2, 2.0, np.int64(10**8), 2), "Gauss's rule of 100000000 nodes"),
    ],
)
def test_balls_that_cannot_be_held(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises((MemoryError, kousei.SizeError), match=message):
        ball_directions(*arguments)


@pytest.mark.parametrize("scale", ["2", True, None, 1j])
def test_scales_that_are_no_numbers(scale: Any) -> None:
    with pytest.raises(TypeError, match="scale was .*; a positive finite number is accepted"):
        ball_directions(2, scale, 2, 3)


@pytest.mark.parametrize(("dim", "volume"), [(1, 4.0), (2, 4 * np.pi), (3, 32 / 3 * np.pi)])
def test_weights_of_a_ball(dim: int, volume: float) -> None:
    ball = ball_directions(dim, 2.0, 3, None if dim == 1 else 6)
    np.testing.assert_allclose(ball.weights.sum(), volume, rtol=1e-14)
    # The integral of a_i^2 is 2^2 volume / (dim + 2) for each coordinate.
    np.testing.assert_allclose(ball.weights @ ball.vectors**2, np.full(dim, 4 * volume / (dim + 2)), rtol=1e-13)
