"""Networks drawn from spectra over Z_p^d, and their laws by enumeration."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from kousei.equivariant import FiniteRidgelet

S = np.arange(5)
F = (S[:, None] ** 2 + 3 * S + S[:, None] * S) % 5.0


def ridgelet(is_complex: bool = False) -> FiniteRidgelet:
    g = np.maximum(S - 2.0, 0)
    r = g + 0.2 * np.cos(S) + (0.5j * np.sin(S) if is_complex else 0)
    return FiniteRidgelet(5, 2, g, r - r.mean())


def points() -> np.ndarray:
    return np.array(list(product(range(5), repeat=2)))


@pytest.mark.parametrize("is_complex", [False, True])
def test_the_weights_make_every_draw_unbiased(is_complex: bool) -> None:
    """Every unit, with the probability it should have and the weight that it gets, adds up to f."""
    R = ridgelet(is_complex)
    f = F * (1 + 0.3j * S) if is_complex else F
    spectrum, n = R @ f, 200_000
    chances = np.abs(spectrum) ** 2 / np.linalg.norm(spectrum) ** 2
    net = R.sample(f, n, rng=0)
    assert len(net.weights) == np.count_nonzero(chances > 1e-20)
    units = (*net.directions.T, net.biases)
    per_draw = np.zeros_like(spectrum)
    expected = 1 / (R.constant * 5 * n * spectrum[units].conj()) * np.linalg.norm(spectrum) ** 2
    times = np.round((net.weights / expected).real)
    np.testing.assert_allclose(net.weights, expected * times, rtol=1e-10)
    assert times.sum() == n
    # The draws have the law: chi^2 of as many degrees of freedom, within 6 deviations.
    degrees = len(times) - 1
    chi = ((times - n * chances[units]) ** 2 / (n * chances[units])).sum()
    assert abs(chi - degrees) < 6 * np.sqrt(2 * degrees)
    per_draw[units] = n * expected
    i, j, b = np.indices((5, 5, 5))
    mean = [(chances * per_draw * R.feature[(i * x[0] + j * x[1] - b) % 5]).sum() for x in points()]
    np.testing.assert_allclose(np.reshape(mean, (5, 5)), f, rtol=0, atol=1e-12)


def test_the_error_falls_as_one_over_the_root_of_the_units() -> None:
    R, x = ridgelet(), points()
    norms = [np.linalg.norm(h) ** 2 for h in (R.feature, R.ridgelet_function)]
    square = np.linalg.norm(F) ** 2
    for n in (400, 6400):
        errors = [np.mean((R.sample(F, n, rng=seed)(x) - F.ravel()) ** 2) for seed in range(200)]
        predicted = (square * norms[0] * norms[1] / R.constant**2 - square / F.size) / n
        assert np.mean(errors) == pytest.approx(predicted, rel=0.1)


def test_the_same_seed_draws_the_same_network() -> None:
    R = ridgelet()
    one, other = R.sample(F, 50, rng=3), R.sample(F.tolist(), 50, rng=np.random.default_rng(3))
    for name in ("directions", "biases", "weights"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert not np.array_equal(one.biases, R.sample(F, 50, rng=4).biases)
    assert one.directions.shape == (len(one.weights), 2)


@pytest.mark.parametrize("p", [2, 3])
def test_small_primes_and_functions_of_few_frequencies(p: int) -> None:
    g = np.arange(p) - (p - 1) / 2
    R = FiniteRidgelet(p, 1, g, g)
    f = np.ones(p)  # whose spectrum is that of a = 0
    net = R.sample(f, 3000, rng=0)
    assert not net.directions.any()
    np.testing.assert_allclose(net(np.arange(p)[:, None]), f, rtol=0, atol=0.2)


def test_no_spectrum_is_stored() -> None:
    """Of 1e9 numbers, for a function of two frequencies."""
    p = 181
    s = np.arange(p)
    wave = np.cos(2 * np.pi * s / p)
    R = FiniteRidgelet(p, 3, wave, wave)
    f = np.broadcast_to(wave, (p, p, p))
    net = R.sample(f, 100, rng=0)
    # The wave of x_3 alone, and its units are the only ones there are.
    assert set(map(tuple, net.directions)) == {(0, 0, 1), (0, 0, p - 1)}


def test_values() -> None:
    net = ridgelet().sample(F, 30, rng=1)
    x = np.array([[[1, 2], [-4, 7]], [[0, 0], [5, 10]]])
    found = net(x)
    assert found.shape == (2, 2)
    np.testing.assert_allclose(found[:, 0], found[:, 1], rtol=1e-13)
    expected = sum(
        c * net.feature[(a @ (1, 2) - b) % 5] for a, b, c in zip(net.directions, net.biases, net.weights, strict=True)
    )
    assert net([1, 2]) == pytest.approx(expected, rel=1e-13)
    assert net(np.empty((0, 2), int)).shape == (0,)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda R: R.sample(F, 0), ValueError, "units was 0; at least 1 is accepted"),
        (lambda R: R.sample(F, 2.0), TypeError, "units was 2.0; an integer"),
        (lambda R: R.sample(F[1:], 2), ValueError, r"f has shape \(4, 5\); \(5, 5\) is accepted"),
        (lambda R: R.sample(F + 1j, 2), TypeError, "f has dtype complex128; real numbers are accepted"),
        (lambda R: R.sample(F * np.nan, 2), ValueError, "f has NaN"),
        (lambda R: R.sample(0 * F, 2), ValueError, "f is 0 everywhere, and no unit is drawn for it"),
        (lambda R: R.sample(F, 2)(np.ones(2)), TypeError, "x has dtype float64; integers are accepted"),
        (lambda R: R.sample(F, 2)([1, 2, 3]), ValueError, r"x has shape \(3,\); \(..., 2\) is accepted"),
    ],
)
def test_bad_arguments(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(ridgelet())
