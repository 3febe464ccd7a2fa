"""The ridgelet transform of scattered points by spreading."""

from itertools import product
from typing import Any

import numpy as np
import pytest

import kousei
from kousei.ridgelet import AdmissiblePair, RidgeletTransform, Spectrum, ball_directions, gaussian_mixture_ridgelet
from kousei.ridgelet.samples import Scattered
from kousei.ridgelet.spread import LineSums, PlaneSums, spread_kind
from support import Library, same_for_threads


def gauss(dim: int, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Points and weights of Gauss's rule on [-3.2, 3.2]^dim: scattered ones, of an integral that is known."""
    x, w = np.polynomial.legendre.leggauss(nodes)
    points = np.array(list(product(3.2 * x, repeat=dim)))
    return points, np.array(list(product(3.2 * w, repeat=dim))).prod(axis=1)


# The kernels of odd order decay as a power of t only; spread over the plane, and in three dimensions along lines.
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize(("dim", "nodes", "order"), [(1, 80, 0), (1, 80, 1), (2, 80, 0), (2, 80, 1), (3, 44, 1)])
def test_spreading_is_the_closed_form(activation: str, dim: int, nodes: int, order: int) -> None:
    rng = np.random.default_rng(11)
    pair = AdmissiblePair(activation, dim, order)
    points, weights = gauss(dim, nodes)
    means, widths, coefs = rng.uniform(-0.3, 0.3, (3, dim)), np.array([0.35, 0.4, 0.45]), np.array([1.0, -0.7, 0.5])
    squares = ((points[:, None] - means) ** 2).sum(axis=-1)
    f = np.exp(-squares / (2 * widths**2)) @ coefs
    directions = rng.normal(size=(7 if dim == 3 else 40, dim))
    directions *= (1 if dim == 3 else 2) / np.linalg.norm(directions, axis=1, keepdims=True)
    b = np.linspace(-5, 4, 31)
    expected = gaussian_mixture_ridgelet(coefs, means, widths, directions, b, pair)

    for dtype, tol in (("float64", 1e-9), ("float32", 1e-5)):
        given = f.astype(dtype)
        found = kousei.ridgelet_transform(given, points, directions, b, pair, "spread", weights=weights).values
        assert found.dtype == dtype
        np.testing.assert_allclose(found, expected, rtol=0, atol=tol * np.abs(expected).max())


def scattered(dim: int, count: int, scale: float = 4.0) -> dict[str, Any]:
    rng = np.random.default_rng(dim)
    directions = rng.normal(size=(9, dim)) * scale
    ends = 3 * scale * np.sqrt(dim)
    return {
        "axes": rng.uniform(-1, 1, (count, dim)),
        "directions": directions,
        "biases": np.linspace(-ends, ends, 90),
    }


@pytest.mark.parametrize("dim", [1, 2, 5])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_adjoint_is_exact(activation: str, dim: int) -> None:
    rng = np.random.default_rng(3)
    R = RidgeletTransform(**scattered(dim, 9000, 1.0), pair=AdmissiblePair(activation, dim, 1), method="spread")
    f, gamma = rng.normal(size=R.shape[1]), rng.normal(size=R.shape[0])
    image = R @ f
    assert abs(image @ gamma - f @ (R.H @ gamma)) <= 1e-14 * np.linalg.norm(image) * np.linalg.norm(gamma)


@pytest.mark.parametrize("dim", [2, 5])
def test_any_number_of_threads_gives_the_same(dim: int) -> None:
    R = RidgeletTransform(**scattered(dim, 20000), pair=AdmissiblePair("tanh", dim), method="spread")
    f = np.random.default_rng(1).normal(size=20000)

    def there_and_back() -> tuple[Any, Any]:
        spectrum = R.transform(f)
        return spectrum, R.adjoint(spectrum)

    same_for_threads(there_and_back, (1, 2, 3, 1))


@pytest.mark.parametrize("dim", [2, 3])
@pytest.mark.parametrize("activation", ["relu", "tanh", "silu", "gaussian"])
def test_dual_is_that_of_direct_sums(activation: str, dim: int) -> None:
    points = np.random.default_rng(2).uniform(-1, 1, (400, dim))
    ball, b, pair = ball_directions(dim, 3.0, 2, 5), np.linspace(-6, 7, 60), AdmissiblePair(activation, dim)
    spectrum = Spectrum(np.random.default_rng(4).normal(size=(2, len(ball.vectors), 60)), ball, b, pair)
    methods: tuple[Any, ...] = ("spread", "direct")
    found, expected = (kousei.dual_ridgelet_transform(spectrum, points, method) for method in methods)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8 * np.abs(expected).max())


@pytest.mark.parametrize("dim", [2, 3])
def test_array_in_same_array_out(library: Library, dim: int, dtype: str) -> None:
    """Of CUDA arrays the sums are direct, and the same."""
    points = np.random.default_rng(2).uniform(-1, 1, (600, dim))
    ball, b, pair = ball_directions(dim, 2.0, 2, 5), np.linspace(-9, 9, 90), AdmissiblePair("tanh", dim)
    R = RidgeletTransform(points, ball, b, pair, "spread", dtype=dtype)
    f = np.random.default_rng(1).normal(size=(2, 600)).astype(dtype)
    given = library.asarray(f)
    spectrum = R.transform(given)
    expected = R.transform(f)
    for result, on_host in (
        (spectrum, expected),
        (R.adjoint(spectrum), R.adjoint(expected)),
        (R.dual(spectrum), R.dual(expected)),
    ):
        assert type(result) is type(given)
        assert str(result.dtype).endswith(dtype)
        tol = (1e-8 if dtype == "float64" else 1e-4) if library.on_gpu else 0
        np.testing.assert_allclose(library.numpy(result), on_host, rtol=0, atol=tol * np.abs(on_host).max())


def test_axes_are_points_too() -> None:
    axes = (np.linspace(-1, 1, 20), np.linspace(-2, 1, 17))
    f = np.random.default_rng(6).normal(size=(2, 20, 17))
    directions, b, pair = [[3.0, -1.0], [0.0, 0.0], [0.3, 5.0]], np.linspace(-9, 9, 50), AdmissiblePair("relu", 2, 1)
    methods: tuple[Any, ...] = ("spread", "direct")
    spread, direct = (kousei.ridgelet_transform(f, axes, directions, b, pair, m).values for m in methods)
    np.testing.assert_allclose(spread, direct, rtol=0, atol=1e-9 * np.abs(direct).max())


def test_scattered_points_are_reconstructed() -> None:
    points, weights = gauss(2, 60)
    f = np.exp(-2 * ((points - 0.2) ** 2).sum(axis=1))
    disc = ball_directions(2, 4.0, radii=16, angles=52)
    b = np.arange(-33, 33, 0.2)
    R = RidgeletTransform(points, disc, b, AdmissiblePair("tanh", 2, 2), weights=weights)
    assert R.method == "spread"
    assert np.abs(R.reconstruct(f, cure=True) - f).max() < 2e-3
    with pytest.warns(
        UserWarning, match="by 0.11, .*; look at points and their weights, the scale and the number of"
    ):
        assert np.abs(R.reconstruct(f) - f).max() > 0.05


@pytest.mark.parametrize(
    ("dim", "count", "scale", "kind"),
    [(1, 2000, 1.0, PlaneSums), (2, 9000, 1.0, PlaneSums), (2, 300, 90.0, LineSums), (3, 9000, 1.0, LineSums)],
)
def test_the_plane_is_taken_where_it_is_smaller(dim: int, count: int, scale: float, kind: type) -> None:
    given = scattered(dim, count, scale)
    assert spread_kind(Scattered.of(given["axes"], None), given["directions"]) is kind


# Fewer points, few biases, which are enough in the plane, far ones, uneven ones, one.
@pytest.mark.parametrize(
    ("dim", "count", "biases", "method"),
    [
        (3, 3000, np.linspace(-9, 9, 100), "spread"),
        (3, 30, np.linspace(-9, 9, 100), "direct"),
        (3, 3000, np.linspace(-9, 9, 20), "direct"),
        (2, 3000, np.linspace(-9, 9, 20), "spread"),
        (3, 3000, np.linspace(9000, 9001, 100), "direct"),
        (3, 3000, np.linspace(-3, 3, 100) ** 3, "direct"),
        (3, 3000, [0.3], "direct"),
    ],
)
def test_auto_spreads_where_that_is_cheaper(dim: int, count: int, biases: Any, method: str) -> None:
    points = np.random.default_rng(0).uniform(-1, 1, (count, dim))
    assert RidgeletTransform(points, np.eye(dim), biases, AdmissiblePair("relu", dim)).method == method


def test_what_cannot_be_held_is_named() -> None:
    given = scattered(2, 50) | {"pair": AdmissiblePair("relu", 2), "biases": [3e10], "method": "spread"}
    with pytest.raises(MemoryError, match=r"slices of 9 directions x biases up to 3e\+10 .* takes 1.1e\+05 GB"):
        RidgeletTransform(**given).transform(np.zeros(50))
