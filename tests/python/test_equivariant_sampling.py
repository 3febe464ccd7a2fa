"""Networks of a few units drawn from coefficients, and networks over a group that leaves parameters alone."""

from typing import Any

import numpy as np
import pytest

from kousei.equivariant import FiniteGroup, GSet, JointEquivariantFeature, lift, polynomials, sample
from support import Library


def feature(p: int = 7) -> JointEquivariantFeature:
    X = GSet.natural(FiniteGroup.affine(p))
    Xi = polynomials(X, 1)
    return JointEquivariantFeature(np.maximum(Xi.points[..., 0].T - p // 2, 0), X, Xi)


def fields() -> JointEquivariantFeature:
    """Words of five letters under cyclic shifts, to functions on the group."""
    X = GSet.words(GSet.natural(FiniteGroup.cyclic(5)), 2)
    return lift(np.tanh(X.points @ np.random.default_rng(0).standard_normal((5, 60)) + 0.1), X)


CASES = {"affine": feature, "words": fields}


@pytest.mark.parametrize("name", CASES)
def test_mean_and_spread(name: str, rng: np.random.Generator) -> None:
    """The mean of all draws is f, and their mean square error is that of the closed form, over n."""
    phi = CASES[name]()
    gamma = phi.dual(phi.network(rng.standard_normal(phi.Xi.size)))
    f, L = phi.network(gamma), np.abs(gamma).sum()
    each = L * np.tensordot(np.abs(phi.values) ** 2, np.abs(gamma), (1, 0)) - np.abs(f) ** 2
    repeats = 2000
    for units in (1, 10, 100):
        values = np.array([phi.network(sample(gamma, units, rng=rng)) for _ in range(repeats)])
        spread = np.sqrt(each / units)
        assert np.abs(values.mean(axis=0) - f).max() < 5 * spread.max() / np.sqrt(repeats)
        np.testing.assert_allclose(((values - f) ** 2).mean(axis=0).sum(), each.sum() / units, rtol=0.1)


def test_error_falls_as_the_square_root(rng: np.random.Generator) -> None:
    phi = feature()
    f = np.cos(np.arange(7.0))
    gamma = phi.dual(f)
    sizes = np.array([10, 100, 1000, 10_000])
    errors = [
        np.sqrt(np.mean([(phi.network(sample(gamma, n, rng=rng)) - f) ** 2 for _ in range(300)])) for n in sizes
    ]
    slope = np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    assert abs(slope + 0.5) < 0.03


def test_units_are_at_most_those_drawn(rng: np.random.Generator) -> None:
    gamma = rng.standard_normal((3, 50))
    for units in (1, 7):
        drawn = sample(gamma, units, rng=rng)
        assert drawn.shape == gamma.shape
        assert 1 <= np.count_nonzero(drawn) <= units
        assert np.array_equal(np.sign(drawn[drawn != 0]), np.sign(gamma[drawn != 0]))
        np.testing.assert_allclose(np.abs(drawn).sum(), np.abs(gamma).sum())


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_array_in_same_array_out(library: Library, dtype: str) -> None:
    rng = np.random.default_rng(0)
    gamma = (rng.standard_normal(40) * (1j ** rng.integers(4, size=40) if "complex" in dtype else 1)).astype(dtype)
    given = library.asarray(gamma)
    drawn = sample(given, 1000, rng=1)
    assert type(drawn) is type(given)
    assert str(drawn.dtype).endswith(dtype)
    assert np.array_equal(library.numpy(drawn), sample(gamma, 1000, rng=np.random.default_rng(1)))
    phases = library.numpy(drawn)[np.abs(gamma) > 0.5] / gamma[np.abs(gamma) > 0.5]
    assert np.abs(phases.imag).max() < 1e-6
    assert phases.real.min() > 0


def test_zeros_stay_zeros() -> None:
    assert not sample(np.zeros(4), 3).any()
    drawn = sample(np.array([0.0, 2.0, 0.0]), 5, rng=0)
    assert drawn.tolist() == [0, 2, 0]


def test_drawn_networks_are_equivariant_maps(rng: np.random.Generator) -> None:
    """Of parameters that are left alone every network is an equivariant map, drawn ones as well."""
    phi = fields()
    f = phi.network(sample(phi.dual(phi.network(rng.standard_normal(60))), 8, rng=rng))
    shifted = f[phi.X.act(1, np.arange(phi.X.size))]
    assert np.abs(f).max() > 0.1
    np.testing.assert_allclose(shifted, np.roll(f, 1, axis=1), atol=1e-12)


def test_words_under_permutation(rng: np.random.Generator) -> None:
    """What depends on the letters of a word alone, not on their places, is what these networks represent."""
    places = GSet.natural(FiniteGroup.symmetric(4))
    X = GSet.words(places, 3)
    a, b = rng.standard_normal((40, 3)), rng.standard_normal(40)
    counts = (X.points[..., None] == np.arange(3)).sum(axis=1)
    phi = JointEquivariantFeature(np.tanh(counts @ a.T + b), X, GSet.trivial(X.group, 40))
    assert len(X.orbits()) == 15  # as many as there are counts
    of_counts = rng.standard_normal(15)[X.orbit_labels]
    np.testing.assert_allclose(phi.reconstruct(of_counts), of_counts, atol=1e-6)
    of_places = rng.standard_normal(X.size)
    mean = np.array([of_places[orbit].mean() for orbit in X.orbits()])[X.orbit_labels]
    np.testing.assert_allclose(phi.reconstruct(of_places), mean, atol=1e-6)


def test_any_scale_and_shape() -> None:
    gamma = np.array([3.0, 0.0, -1.0])
    drawn = sample(gamma, 100, rng=0)
    for scale in (2.0**1020, 2.0**-1060):
        np.testing.assert_allclose(sample(scale * gamma, 100, rng=0), scale * drawn, rtol=1e-2)
    assert sample(np.array(-2.0), 5, rng=0) == -2


def test_bad_input() -> None:
    gamma = np.ones(3)
    calls: list[tuple[type[Exception], str, Any, Any]] = [
        (TypeError, "gamma was list", [1.0], 1),
        (TypeError, "gamma has dtype int64; float32", np.ones(3, int), 1),
        (TypeError, "units was 1.0; an integer", gamma, 1.0),
        (ValueError, "units was 0; 1 to", gamma, 0),
        (ValueError, "gamma has NaN or infinite values", np.array([1, np.inf]), 1),
        (ValueError, r"gamma has shape \(0,\); coefficients are accepted", np.ones(0), 1),
        (ValueError, "gamma has a sum of absolute values above the largest float64", np.full(99, 1e308), 1),
    ]
    for error, message, values, units in calls:
        with pytest.raises(error, match=message):
            sample(values, units)
    with pytest.raises(TypeError):
        sample(gamma, 1, 0)  # type: ignore[misc]
