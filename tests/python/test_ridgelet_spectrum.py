"""Spectra, their pictures, the networks that they are, and networks drawn from them."""

import math
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import kousei
from kousei.ridgelet import (
    AdmissiblePair,
    Directions,
    Spectrum,
    ball_directions,
    from_spectrum,
    gaussian_mixture_ridgelet,
    sample,
)
from support import Library

COEFS, MEANS, WIDTHS = [1.0, -0.7, 0.5], [[-0.6, 0.2], [0.5, -0.4], [0.3, 0.9]], [0.35, 0.3, 0.5]
DISC_OF_THREE = ball_directions(2, 2.0, 1, 3).vectors
FAR = Directions(DISC_OF_THREE, np.full(3, 1e9), 1.0)


def mixture(x: np.ndarray) -> np.ndarray:
    distances = ((x[..., None, :] - np.array(MEANS)) ** 2).sum(-1)
    return np.exp(-distances / (2 * np.square(WIDTHS))) @ COEFS


def whole(activation: str = "tanh", scale: int = 6) -> Spectrum:
    pair, reach = AdmissiblePair(activation, 2, order=2), 2.5 * scale + 2
    disc, b = ball_directions(2, scale, radii=10 * scale // 6, angles=40 * scale // 6), np.arange(-reach, reach, 0.25)
    return Spectrum(gaussian_mixture_ridgelet(COEFS, MEANS, WIDTHS, disc.vectors, b, pair), disc, b, pair)


def small(activation: str = "tanh", dtype: str = "float64") -> Spectrum:
    values = np.random.default_rng(3).normal(size=(3, 4)).astype(dtype)
    return Spectrum(values, ball_directions(2, 2.0, 1, 3), [-1.0, -0.5, 0.0, 0.5], AdmissiblePair(activation, 2))


def points(count: int = 200) -> np.ndarray:
    return np.random.default_rng(2).uniform(-1, 1, (count, 2))


def error(net: kousei.MLP) -> float:
    x = points(2000)
    return np.linalg.norm(net(x) - mixture(x)) / np.linalg.norm(mixture(x))


# Some points are beyond the biases.
@pytest.mark.filterwarnings("ignore:biases are")
@pytest.mark.parametrize("activation", ["tanh", "relu", "repu2", "repu3", "erf", "gelu"])
def test_the_network_is_the_dual(activation: str) -> None:
    spectrum = whole(activation)
    x = 3 * points()
    expected = kousei.dual_ridgelet_transform(spectrum, x, "direct") / spectrum.pair.constant
    np.testing.assert_allclose(from_spectrum(spectrum)(x), expected, rtol=0, atol=1e-13 * unit_sum(spectrum, x))


def unit_sum(spectrum: Spectrum, x: np.ndarray) -> float:
    """Largest sum of moduli of what a network adds up: that rounding is relative to."""
    net = from_spectrum(spectrum)
    values = net.activations[0](x @ net.weights[0].T + net.biases[0])
    return float((np.abs(values) @ np.abs(net.weights[1][0])).max())


def test_the_network_is_the_function() -> None:
    net = from_spectrum(whole())
    assert net.units <= 400 * 136
    assert error(net) < 0.1
    # As the law of truncation has it, more of the function comes back from a larger ball.
    assert error(from_spectrum(whole(scale=12))) < 0.02


# Some points are beyond the biases.
@pytest.mark.filterwarnings("ignore:biases are")
def test_any_dimension() -> None:
    rng = np.random.default_rng(5)
    directions = Directions(rng.normal(size=(6, 4)), rng.uniform(size=6), 3.0)
    spectrum = Spectrum(rng.normal(size=(6, 5)), directions, np.arange(5.0), AdmissiblePair("relu", 4))
    x = rng.normal(size=(7, 4))
    expected = kousei.dual_ridgelet_transform(spectrum, x) / spectrum.pair.constant
    np.testing.assert_allclose(from_spectrum(spectrum)(x), expected, rtol=0, atol=1e-13)


def test_units_of_no_weight_are_left_out() -> None:
    spectrum = small("relu")
    values = np.where([[True, False, True, False]], spectrum.values, 0.0)
    net = from_spectrum(replace(spectrum, values=values))
    np.testing.assert_array_equal(net.biases[0], [1.0, 0.0] * 3)
    area = 4 * math.pi / 3 * 0.5
    np.testing.assert_allclose(net.weights[1][0], values[values != 0] * area / spectrum.pair.constant, rtol=1e-14)


# Some points are beyond the biases.
@pytest.mark.filterwarnings("ignore:biases are")
def test_networks_are_of_the_library_of_the_values(library: Library, dtype: str) -> None:
    spectrum = small("relu", dtype)
    values = library.asarray(spectrum.values)
    given = replace(spectrum, values=values)
    if library.on_gpu:
        with pytest.raises(TypeError, match="spectrum has values in .*; host memory is accepted"):
            from_spectrum(given)
        return
    refit = points(), mixture(points())
    for net in (from_spectrum(given), sample(given, 20, rng=1), sample(given, 20, refit=refit, rng=1)):
        assert net.dtype == dtype
        assert all(type(array) is type(values) for array in (*net.weights, *net.biases))
    x = points().astype(dtype)
    expected = kousei.dual_ridgelet_transform(spectrum, x) / spectrum.pair.constant
    tol = 1e-6 if dtype == "float32" else 1e-14
    np.testing.assert_allclose(library.numpy(from_spectrum(given)(library.asarray(x))), expected, rtol=0, atol=tol)


def test_drawn_networks_are_right_in_the_mean() -> None:
    spectrum = whole("relu")
    x = points(40)
    exact = from_spectrum(spectrum)(x)
    rng = np.random.default_rng(3)
    spreads = []
    for units in (100, 1600):
        drawn = [sample(spectrum, units, rng=rng) for _ in range(60)]
        assert all(net.units <= units for net in drawn)
        values = np.array([net(x) for net in drawn])
        spreads.append(np.sqrt(values.var(axis=0).mean()))
        assert (np.abs(values.mean(axis=0) - exact) < 5 * values.std(axis=0) / math.sqrt(60)).all()
    # 1/sqrt(units)
    assert 3 < spreads[0] / spreads[1] < 5.3


def test_drawn_networks_keep_the_sum_and_the_seed() -> None:
    spectrum = whole("tanh")
    net = sample(spectrum, 200, rng=7)
    assert net.activations[0].name == "tanh"
    moduli = np.abs(from_spectrum(spectrum).weights[1])
    np.testing.assert_allclose(np.abs(net.weights[1]).sum(), moduli.sum(), rtol=1e-13)
    assert np.array_equal(net.weights[0], sample(spectrum, 200, rng=7).weights[0])
    # Units that the spectrum gives no weight are never drawn.
    values = np.zeros((3, 4))
    values[1, 2] = -2.0
    only = sample(replace(small("relu"), values=values), 50, rng=1)
    np.testing.assert_array_equal(only.weights[0], DISC_OF_THREE[1:2])
    np.testing.assert_array_equal(only.biases[0], [-0.0])
    np.testing.assert_allclose(
        only.weights[1], from_spectrum(replace(small("relu"), values=values)).weights[1], rtol=1e-14
    )


def test_refit_is_better() -> None:
    spectrum, x = whole(), points(2000)
    plain = sample(spectrum, 150, rng=1)
    refit = sample(spectrum, 150, rng=1, refit=(x, mixture(x)))
    assert np.array_equal(plain.weights[0], refit.weights[0])
    assert error(refit) < 0.1 < 0.5 < error(plain)


def test_pictures() -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("Agg")
    b = np.array([0.0, 1.0])
    line = [[2.0], [-1.0], [0.5]]
    circle = [[0.0, 2.0], [2.0, 0.0], [-math.sqrt(2), -math.sqrt(2)]]
    disc = [[0.0, 1.0], [2.0, 0.0], [0.0, 3.0]]
    for directions, label, along, order in (
        (line, "a", [-1.0, 0.5, 2.0], [1, 2, 0]),
        (circle, "angle of a, in degrees", [-135.0, 0.0, 90.0], [2, 1, 0]),
        (disc, "number of a", [0.0, 1.0, 2.0], [0, 1, 2]),
    ):
        spectrum = Spectrum(np.arange(6.0).reshape(3, 2), directions, b, AdmissiblePair("tanh", len(directions[0])))
        ax = spectrum.plot()
        (mesh,) = ax.collections
        assert (ax.get_xlabel(), ax.get_ylabel()) == (label, "b")
        np.testing.assert_array_equal(np.ravel(mesh.get_array()), spectrum.values[order].T.ravel())
        assert mesh.get_clim() == (-5.0, 5.0)
        # Cells lie around their centres.
        assert ax.get_xlim()[0] < along[0] < along[-1] < ax.get_xlim()[1]
        assert spectrum.plot(ax) is ax
        plt.close(ax.figure)
    plt.close(replace(spectrum, values=np.zeros((3, 2))).plot().figure)
    with pytest.raises(ValueError, match=r"values of shape \(2, 3, 2\)"):
        replace(spectrum, values=np.zeros((2, 3, 2))).plot()
    with pytest.raises(ValueError, match="length was 2.0; None is accepted for directions that are no circles"):
        spectrum.plot(length=2.0)
    with pytest.raises(TypeError, match="length was '2'; a real number is accepted"):
        spectrum.plot(length="2")


@pytest.mark.parametrize("size", [1.0, 1e300])
def test_pictures_of_a_disc(size: float) -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("Agg")
    disc, b = ball_directions(2, 3.0, radii=3, angles=4), np.array([0.0, 1.0])
    # The smallest circle has the largest values, the second the largest part of the integral.
    values = np.repeat([3.0, 1.0, 0.3], 8).reshape(12, 2) * (1 + np.arange(24.0).reshape(12, 2) / 24) * size
    shuffled = np.random.default_rng(4).permutation(12)
    spectrum = Spectrum(values[shuffled], disc.vectors[shuffled], b, AdmissiblePair("tanh", 2))
    for length, ring, name in ((None, 1, "1.5"), (0, 0, "0.338"), (1.6, 1, "1.5"), (3.0, 2, "2.66")):
        ax = spectrum.plot(length=length)
        (mesh,) = ax.collections
        # The angles of a disc are 45, 135, 225 and 315 degrees.
        shown = values[4 * ring : 4 * ring + 4][[2, 3, 0, 1]]
        np.testing.assert_array_equal(np.ravel(mesh.get_array()), shown.T.ravel())
        assert mesh.get_clim() == (-shown.max(), shown.max())
        assert (ax.get_title(), ax.get_xlabel()) == (f"|a| = {name}", "angle of a, in degrees")
        plt.close(ax.figure)


def test_pictures_need_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"matplotlib is not installed: pip install 'kousei\[plot\]'"):
        small().plot()


def test_what_a_spectrum_shows() -> None:
    assert repr(small("relu", "float32")) == "Spectrum(3 directions x 4 biases, float32, relu)"
    several = replace(small(), values=np.zeros((5, 2, 3, 4)))
    assert repr(several) == "Spectrum(5 x 2 of 3 directions x 4 biases, float64, tanh)"
    np.testing.assert_array_equal(small().vectors, DISC_OF_THREE)
    np.testing.assert_array_equal(replace(small(), directions=[[1, 0]] * 3).vectors, [[1.0, 0.0]] * 3)


@pytest.mark.parametrize(
    ("change", "exception", "message"),
    [
        ({"values": np.zeros((4, 3))}, ValueError, r"values has shape \(4, 3\); \(\.\.\., 3, 4\) is accepted"),
        ({"values": np.zeros(())}, ValueError, r"values has shape \(\)"),
        ({"values": np.zeros((3, 4), complex)}, TypeError, "values has dtype complex128"),
        ({"values": [[0.0] * 4] * 3}, TypeError, "values was list"),
        ({"directions": [[1.0]] * 3}, ValueError, r"directions has shape \(3, 1\); \(directions, 2\)"),
        ({"biases": [0.0, 2.0, 1.0, 3.0]}, ValueError, "biases has 1 after 2; increasing"),
        ({"biases": [0.0, 1.0, 2.0, np.inf]}, ValueError, "biases has NaN or infinite"),
        ({"pair": "tanh"}, TypeError, "pair was str; an AdmissiblePair is accepted"),
    ],
)
def test_bad_spectra(change: dict[str, Any], exception: type[Exception], message: str) -> None:
    with pytest.raises(exception, match=message):
        replace(small(), **change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"values": np.zeros((2, 3, 4))},
            r"spectrum has values of shape \(2, 3, 4\); \(3, 4\) is accepted, dataclasses",
        ),
        ({"values": np.full((3, 4), np.nan)}, "spectrum has NaN"),
        ({"values": np.zeros((3, 4))}, "spectrum has output weights whose moduli sum up to 0; a finite sum > 0"),
        (
            {"values": np.full((3, 4), 1e308), "directions": FAR},
            "spectrum has output weights whose moduli sum up to inf",
        ),
        ({"directions": DISC_OF_THREE}, "directions has no weights; Directions, such as ball_directions"),
        ({"directions": Directions(DISC_OF_THREE, np.ones(2), 1.0)}, r"directions.weights has shape \(2,\); \(3,\)"),
        ({"biases": [0.0, 1.0, 2.0, 4.0]}, "biases has 4 numbers, not uniform"),
        ({"pair": AdmissiblePair("gaussian", 2)}, "spectrum is of 'gaussian'; what kousei.Activation has"),
        ({"pair": AdmissiblePair("step", 2)}, "spectrum is of 'step'"),
    ],
)
def test_networks_of_bad_spectra(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_spectrum(replace(small(), **change))
    with pytest.raises(ValueError, match=message):
        sample(replace(small(), **change), 10)


def test_what_is_no_spectrum() -> None:
    for function in (
        from_spectrum,
        lambda it: sample(it, 3),
        lambda it: kousei.dual_ridgelet_transform(it, points()),
    ):
        with pytest.raises(TypeError, match=r"spectrum was ndarray; a kousei\.ridgelet\.Spectrum is accepted"):
            function(np.zeros((3, 4)))
    with pytest.raises(ValueError, match="units was 0"):
        sample(small(), 0)
    with pytest.raises(ValueError, match=r"refit has shapes \(1, 2\) and \(2,\); \(n, 2\) and \(n,\), n >= 1, are"):
        sample(small(), 3, refit=([[1.0, 1.0]], [1.0, 2.0]))
    with pytest.raises(ValueError, match=r"refit has shapes \(0, 2\) and \(0,\); .* n >= 1, are accepted"):
        sample(small(), 3, refit=(np.zeros((0, 2)), []))
    for refit, found in (([[1.0, 1.0]], "list"), (3, "int"), ({}, "dict")):
        with pytest.raises(TypeError, match=rf"refit was {found}; a pair \(x, y\) is accepted"):
            sample(small(), 3, refit=refit)
    with pytest.raises(ValueError, match="units was 1180591620717411303424; 1 to 9223372036854775807 is accepted"):
        sample(small(), 2**70)
    with pytest.raises(ValueError, match=r"refit\[0\] has NaN"):
        sample(small(), 3, refit=([[np.inf, 1.0]], [1.0]))


def test_networks_that_do_not_fit() -> None:
    count = 1_000_000
    directions = Directions(np.ones((count, 2)), np.ones(count), 1.0)
    values = np.broadcast_to(1.0, (count, count))
    spectrum = Spectrum(values, directions, np.arange(float(count)), AdmissiblePair("tanh", 2))
    with pytest.raises(MemoryError, match=r"a spectrum of 1000000 directions x 1000000 biases takes 1.6e\+04 GB"):
        from_spectrum(spectrum)
