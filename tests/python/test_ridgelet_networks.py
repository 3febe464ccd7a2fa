"""Networks of one scale, and closed forms of mixtures of Gaussians."""

import math
import warnings
from collections.abc import Callable

import numpy as np
import pytest

import kousei
from kousei.ridgelet import (
    AdmissiblePair,
    ball_directions,
    gaussian_mixture_ridgelet,
    single_scale,
    single_scale_weights,
)
from kousei.ridgelet.radon import centred, half_sphere, profiles
from support import same_for_threads

COEFS, MEANS, WIDTHS = [1.0, -0.7, 0.5], [[-0.6, 0.2], [0.5, -0.4], [0.3, 0.9]], [0.35, 0.3, 0.5]
SQUARE = [(-1, 1), (-1, 1)]


def mixture(x: np.ndarray) -> np.ndarray:
    distances = ((x[:, None] - np.array(MEANS)) ** 2).sum(-1)
    return np.exp(-distances / (2 * np.square(WIDTHS))) @ COEFS


def gaussian(x: np.ndarray) -> np.ndarray:
    return np.exp(-(x**2).sum(-1) / 2)


def error(net: Callable, f: Callable, bounds: list, n: int = 3000) -> float:
    lo, hi = np.array(bounds, float).T
    x = np.random.default_rng(5).uniform(lo, hi, (n, len(lo)))
    return np.linalg.norm(net(x) - f(x)) / np.linalg.norm(f(x))


def test_mixture_of_three_gaussians_without_training() -> None:
    tanh, relu = single_scale(mixture, SQUARE, 1000), single_scale(mixture, SQUARE, 4096, activation="relu")
    assert tanh.units <= 1000
    assert error(tanh, mixture, SQUARE) <= 2e-5
    assert relu.units <= 4096
    assert error(relu, mixture, SQUARE) <= 7e-4


@pytest.mark.parametrize(
    ("dim", "units", "tanh", "relu"), [(1, 40, 2e-5, 2e-3), (2, 600, 6e-4, 4e-3), (3, 4000, 4e-3, 2e-2)]
)
def test_gaussian_in_every_dimension(dim: int, units: int, tanh: float, relu: float) -> None:
    def f(x: np.ndarray) -> np.ndarray:
        return gaussian((x - 0.3) / 0.5)

    bounds = [(-1.0, 1.0)] * dim
    assert error(single_scale(f, bounds, units), f, bounds) <= tanh
    assert error(single_scale(f, bounds, units, activation="relu"), f, bounds) <= relu


@pytest.mark.parametrize(("dim", "cutoff", "tol"), [(1, 75.0, 1e-6), (2, 75.0, 1e-6), (3, 40.0, 2e-3)])
@pytest.mark.parametrize("count", [40, 41])
def test_profiles_are_those_of_the_closed_form(dim: int, cutoff: float, tol: float, count: int) -> None:
    mean, width, spacing = [-0.2] * dim, 0.2, 0.05
    found = profiles(lambda x: gaussian((x - mean) / width), dim, 6, cutoff, 1.0)
    expected = single_scale_weights([1.0], [mean], [width], found.directions, centred(count, spacing))
    actual = found.at(count, spacing, -(found.frequencies**2))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tol * np.abs(expected).max())


@pytest.mark.parametrize(("dim", "area"), [(1, 2), (2, 2 * math.pi), (3, 4 * math.pi)])
def test_half_sphere(dim: int, area: float) -> None:
    u, areas = half_sphere(dim, 30)
    assert len(u) <= 30
    np.testing.assert_allclose(np.linalg.norm(u, axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(areas.sum(), area, rtol=1e-14)
    # The means of x^2 and, where there are two coordinates, of x^2 y^2 over the sphere.
    np.testing.assert_allclose(areas @ u**2 / area, np.full(dim, 1 / dim), rtol=1e-13)
    if dim > 1:
        np.testing.assert_allclose(areas @ np.prod(u[:, :2] ** 2, axis=1) / area, 1 / (dim * (dim + 2)), rtol=1e-13)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_functions_that_do_not_vanish_at_the_boundary(activation: str) -> None:
    def wave(x: np.ndarray) -> np.ndarray:
        return np.sin(3 * x[:, 0] - 2 * x[:, 1]) + 0.5

    assert error(single_scale(wave, SQUARE, 2000, activation=activation), wave, SQUARE) < 2e-3
    assert (
        error(
            single_scale(lambda x: np.ones(len(x)), SQUARE, 2000, activation=activation),
            lambda x: x[:, 0] ** 0,
            SQUARE,
        )
        < 1e-3
    )


def test_the_function_is_asked_near_the_box_alone() -> None:
    seen = []

    def f(x: np.ndarray) -> np.ndarray:
        seen.append((x.min(axis=0), x.max(axis=0)))
        return x[:, 0]

    single_scale(f, [(0, 2), (4, 8)], 200)
    lo, hi = np.min([low for low, _ in seen], axis=0), np.max([high for _, high in seen], axis=0)
    np.testing.assert_allclose([lo, hi], [[-0.5, 3], [2.5, 9]], atol=1e-5)
    assert (lo >= [-0.5, 3]).all()
    assert (hi <= [2.5, 9]).all()


def test_a_poor_network_is_warned_of() -> None:
    with pytest.warns(UserWarning, match=r"100 units|99 units|9\d units differs from f by \d+ % of it"):
        single_scale(lambda x: np.sin(40 * x[:, 0]), SQUARE, 100)


def test_kinks_and_jumps_converge_slowly() -> None:
    def cone(x: np.ndarray) -> np.ndarray:
        return np.abs(x).max(axis=-1)

    errors = [error(single_scale(cone, SQUARE, units), cone, SQUARE) for units in (500, 4000)]
    assert errors[1] < errors[0] / 3 < 1e-2


def test_a_box_and_the_cube_are_the_same() -> None:
    box = [(10.0, 14.0), (-0.3, -0.1)]
    lo, hi = np.array(box).T

    def stretched(x: np.ndarray) -> np.ndarray:
        return mixture(2 * (x - lo) / (hi - lo) - 1)

    on_cube, on_box = single_scale(mixture, SQUARE, 500), single_scale(stretched, box, 500)
    y = np.random.default_rng(1).uniform(-1, 1, (50, 2))
    np.testing.assert_allclose(on_box(lo + (hi - lo) * (y + 1) / 2), on_cube(y), atol=1e-10)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_threads_change_nothing(activation: str) -> None:
    def parameters() -> tuple[np.ndarray, ...]:
        net = single_scale(gaussian, [(-1, 1)] * 3, 500, activation=activation)
        return net.weights + net.biases

    same_for_threads(parameters, (1, 3))


def test_linear_in_the_function() -> None:
    a, b = single_scale(mixture, SQUARE, 300), single_scale(gaussian, SQUARE, 300)
    both = single_scale(lambda x: 2 * mixture(x) - gaussian(x), SQUARE, 300)
    np.testing.assert_allclose(both.weights[1], 2 * a.weights[1] - b.weights[1], atol=1e-9)
    np.testing.assert_array_equal(both.weights[0], a.weights[0])


@pytest.mark.parametrize("activation", ["tanh", "relu", kousei.Activation("tanh")])
def test_tolerance_chooses_the_units(activation: str) -> None:
    loose = single_scale(mixture, SQUARE, tol=2e-2, activation=activation)
    tight = single_scale(mixture, SQUARE, tol=3e-3, activation=activation)
    assert loose.units < tight.units
    assert error(loose, mixture, SQUARE) < 3e-2
    assert error(tight, mixture, SQUARE) < 4e-3
    zero = single_scale(lambda x: np.zeros(len(x)), SQUARE, tol=1e-6, activation=activation)
    assert zero.units < 60
    assert (zero(np.ones((3, 2))) == 0).all()


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_large_values(activation: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net = single_scale(lambda x: 1e300 * mixture(x), SQUARE, tol=0.02, activation=activation)
    assert error(lambda x: net(x) / 1e300, mixture, SQUARE) < 0.03
    with pytest.warns(UserWarning, match="differs from f by .* %"):
        single_scale(lambda x: 1e300 * np.exp(3 * x.sum(-1)), SQUARE, 250, activation=activation)


def test_tolerance_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kousei.ridgelet.construction._MOST", 1000)
    with pytest.raises(ValueError, match=r"tol was 1e-14; 1000 units reach .*, and that or more is accepted"):
        single_scale(lambda x: np.abs(x[:, 0]), [(-1, 1)], tol=1e-14)
    # A function that is 0 on the box, and not beside it.
    with pytest.raises(ValueError, match="1000 units reach inf"):
        single_scale(lambda x: np.maximum(x[:, 0] - 1, 0), [(-1, 1)], tol=1e-14)


@pytest.mark.parametrize(
    ("change", "exception", "message"),
    [
        ({"bounds": [(-1, 1)] * 4}, ValueError, "bounds has 4 dimensions; 1, 2 or 3 are accepted"),
        ({"bounds": [(1, -1)]}, ValueError, "finite lo < hi"),
        ({"bounds": [(0, np.inf)]}, ValueError, "finite lo < hi"),
        ({"bounds": 1}, ValueError, "bounds"),
        ({"bounds": [(-1e308, 1e308)]}, ValueError, "half as wide again"),
        ({"f": lambda x: np.full(len(x), 1e308)}, ValueError, "weights overflow"),
        ({"f": 3}, TypeError, "f was int"),
        ({"f": lambda x: x}, ValueError, r"f\(x\) has shape \(\d+, 2\); \(\d+,\) is accepted"),
        ({"f": lambda x: np.full(len(x), 1j)}, TypeError, r"f\(x\) has dtype complex128"),
        ({"f": lambda x: np.ma.masked_less(x[:, 0], 0)}, TypeError, "masked"),
        ({"f": lambda x: np.where(x[:, 0] > 1.2, np.nan, 1.0)}, ValueError, "f was nan at .*half as wide again"),
        ({"f": lambda x: np.where(np.abs(x).max(-1) < 0.5, np.inf, 1.0)}, ValueError, r"f was inf at \[.*\]; finite"),
        ({"activation": "gelu"}, ValueError, "activation was 'gelu'; 'tanh' and 'relu' are accepted"),
        ({"activation": "no"}, ValueError, "activation was 'no'"),
        ({"activation": 3}, TypeError, "activation was int"),
        ({"units": 55}, ValueError, "units was 55; 56 to 2147483648 is accepted"),
        ({"units": 32, "activation": "relu"}, ValueError, "units was 32; 33 to 2147483648 is accepted"),
        ({"units": 1e3}, TypeError, "units was 1000.0"),
        ({"units": None}, ValueError, "units was None and tol None; exactly one"),
        ({"tol": 1e-3}, ValueError, "units was 100 and tol 0.001; exactly one"),
        ({"units": None, "tol": 0.0}, ValueError, "tol was 0.0"),
        ({"units": None, "tol": np.nan}, ValueError, "tol was nan"),
        ({"units": None, "tol": "1"}, TypeError, "tol was '1'"),
    ],
)  # fmt: skip
def test_single_scale_refuses(change: dict, exception: type[Exception], message: str) -> None:
    arguments = {"f": gaussian, "bounds": SQUARE, "units": 100} | change
    with pytest.raises(exception, match=message):
        single_scale(**arguments)


@pytest.mark.parametrize(("dim", "units"), [(1, 14), (2, 56), (3, 112)])
def test_fewest_units(dim: int, units: int) -> None:
    bounds = [(-1.0, 1.0)] * dim
    assert single_scale(gaussian, bounds, units).units <= units
    with pytest.raises(ValueError, match=f"{units} to"):
        single_scale(gaussian, bounds, units - 1)


def test_spectrum_of_gaussians() -> None:
    one = gaussian_mixture_ridgelet([1], [[0, 0]], [1], [[0.7, -0.4]], [0.3], AdmissiblePair("relu", 2))
    np.testing.assert_allclose(one, [[4.6780346461648]], rtol=1e-12)
    relu, tanh = (
        gaussian_mixture_ridgelet([1], [[0]], [1], [[0.7]], [0.3], AdmissiblePair(name, 1))
        for name in ("relu", "tanh")
    )
    np.testing.assert_allclose(relu, [[1.5905319155859]], rtol=1e-12)
    np.testing.assert_allclose(tanh, [[0.51914035318708]], rtol=1e-12)
    three = gaussian_mixture_ridgelet(COEFS, MEANS, WIDTHS, [[1.5, -2]], [0.25], AdmissiblePair("relu", 2))
    np.testing.assert_allclose(three, [[-0.227033547815501]], rtol=1e-12)


def test_spectrum_of_gaussians_for_directions_with_weights() -> None:
    disc, pair = ball_directions(2, 2.0, 3, 4), AdmissiblePair("relu", 2)
    found = gaussian_mixture_ridgelet(COEFS, MEANS, WIDTHS, disc, [0.3], pair)
    np.testing.assert_array_equal(found, gaussian_mixture_ridgelet(COEFS, MEANS, WIDTHS, disc.vectors, [0.3], pair))


def test_what_is_refused_is_not_shown_at_length() -> None:
    ragged = [[0.5] * 2] * 1000 + [[0.5]]
    for directions in (ragged, tuple(ragged), ball_directions(2, 2.0, 30, 40)._replace(vectors=ragged)):
        with pytest.raises(ValueError, match="directions was .*; rows of the same length are accepted") as caught:
            gaussian_mixture_ridgelet([1], [[0, 0]], [1], directions, [0.3], AdmissiblePair("relu", 2))
        assert len(str(caught.value)) < 200


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_spectrum_of_gaussians_against_quadrature(activation: str) -> None:
    pair = AdmissiblePair(activation, 2, 1)
    directions, biases = np.array([[1.5, -2.0], [0.3, 0.0], [0.0, 0.0]]), np.array([-1.0, 0.25, 2.0])
    found = gaussian_mixture_ridgelet(COEFS, MEANS, WIDTHS, directions, biases, pair)
    axis = np.arange(-5, 5, 0.05)
    x = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    kernel = pair.kernel((x @ directions.T)[:, :, None] - biases)
    expected = np.tensordot(mixture(x), kernel, 1) * 0.05**2
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_weights_of_one_scale() -> None:
    for dim, expected in ((1, -1 / 2), (2, -1 / math.pi), (3, -0.238732414637843)):
        found = single_scale_weights([1], np.zeros((1, dim)), [1], np.eye(dim)[:1], [0])
        np.testing.assert_allclose(found, [[expected]], rtol=1e-13)
    np.testing.assert_allclose(
        single_scale_weights([1], [[0]], [1], [[1]], [1.25]), [[0.128765632998267]], rtol=1e-12
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"means": [0.0]}, r"means has shape \(1,\)"),
        ({"coefs": [1.0, 2.0]}, r"coefs has shape \(2,\); \(1,\)"),
        ({"widths": [0.0]}, "widths has 0.0; positive"),
        ({"widths": [np.nan]}, "widths has NaN"),
        ({"directions": [[1.0]]}, r"directions has shape \(1, 1\); \(A, 2\)"),
        ({"biases": 0.0}, r"biases has shape \(\)"),
    ],
)
def test_mixtures_are_checked(change: dict, message: str) -> None:
    given = {"coefs": [1.0], "means": [[0.0, 0.0]], "widths": [1.0], "directions": [[1.0, 0.0]], "biases": [0.0]}
    with pytest.raises(ValueError, match=message):
        single_scale_weights(**(given | change))
    with pytest.raises(ValueError, match=message):
        gaussian_mixture_ridgelet(**(given | change), pair=AdmissiblePair("relu", 2))
    with pytest.raises(ValueError, match="pair is of dim 1"):
        gaussian_mixture_ridgelet(**given, pair=AdmissiblePair("relu", 1))
    with pytest.raises(TypeError, match="pair was str"):
        gaussian_mixture_ridgelet(**given, pair="relu")
    with pytest.raises(ValueError, match="directions has vectors of length 2 to 2; 1 is accepted"):
        single_scale_weights(**(given | {"directions": [[2.0, 0.0]]}))
