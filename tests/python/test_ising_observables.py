"""Observables of configurations, and their error bars."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import kousei
from kousei.ising import Lattice, Observables, Spins, exact, observables
from kousei.ising.estimate import autocorrelation, estimate
from test_ising_exact import configurations

NAMES = tuple(Observables.__dataclass_fields__)


def independent(shape: tuple[int, ...], coupling: float, rng: np.random.Generator, chains: int, samples: int) -> Any:
    """Configurations of a small lattice, drawn from all of them."""
    energy, _ = configurations(shape)
    p = np.exp(-coupling * energy)
    index = rng.choice(len(p), p=p / p.sum(), size=(samples, chains))
    bits = index[..., None] >> np.arange(math.prod(shape))[::-1] & 1
    return (2 * bits - 1).astype(np.int8).reshape(samples, chains, *shape)


def by_hand(spins: np.ndarray, coupling: float) -> dict[str, float]:
    """The observables by their definitions."""
    s = spins.reshape(-1, *spins.shape[2:]).astype(float)
    axes = tuple(range(1, s.ndim))
    n = s[0].size
    energy = -sum((s * np.roll(s, 1, axis)).sum(axes) for axis in axes)
    m = s.sum(axes) / n
    squares = []
    for axis in axes:
        side = s.shape[axis]
        f = np.fft.fft(s.sum(tuple(a for a in axes if a != axis)), axis=1)[:, 1]
        ratio = (n * n * m**2).mean() / (np.abs(f) ** 2).mean()
        squares.append((ratio - 1) / (4 * math.sin(math.pi / side) ** 2))
    return {
        "energy": energy.mean() / n,
        "magnetization": np.abs(m).mean(),
        "susceptibility": n * np.abs(m).var(),
        "binder": 1 - (m**4).mean() / (3 * (m**2).mean() ** 2),
        "correlation_length": math.sqrt(max(np.mean(squares), 0)),
        "specific_heat": coupling**2 * energy.var() / n,
    }


@pytest.mark.parametrize(
    "shape", [(2,), (12,), (130,), (2, 2), (4, 6), (6, 32), (40, 40), (33, 3), (2, 4, 6), (4, 2, 2)]
)
def test_values_are_those_of_the_definitions(shape, rng):
    side = rng.choice([-1, 1], p=[0.2, 0.8], size=(3, 10, *shape))
    found = observables(side, 0.7)
    for name, value in by_hand(side, 0.7).items():
        assert getattr(found, name).value == pytest.approx(value, rel=1e-12, abs=1e-12), name
    assert observables(side).specific_heat is None


def test_spins_are_their_configurations(rng):
    side = rng.choice([-1, 1], size=(5, 8, 4, 6))
    spins = Spins(kousei.pack_signs(side.reshape(40, 24)).words, Lattice((4, 6), 0.3), 8)
    assert observables(spins) == observables(side, 0.3)
    assert observables(spins, 0.4) == observables(side, 0.4)


def test_arrays_of_every_library(library, rng):
    side = rng.choice([-1, 1], size=(3, 8, 4, 6))
    for dtype in ("int8", "int64", "float32", "float64"):
        found, wanted = observables(library.asarray(side.astype(dtype)), 0.3), observables(side, 0.3)
        # A device sums waves in another order.
        length = wanted.correlation_length
        assert found.correlation_length.value == pytest.approx(length.value, rel=1e-12)
        assert found.correlation_length.error == pytest.approx(length.error, rel=1e-12)
        assert replace(found, correlation_length=length) == wanted


def test_golden():
    """4 x 4 at 0.4, over all configurations."""
    energy, magnetization = configurations((4, 4))
    p = np.exp(-0.4 * energy)
    m = magnetization / 16
    mean = lambda x: float(p @ x / p.sum())  # noqa: E731
    assert mean(abs(m)) == pytest.approx(0.7647123932217, abs=5e-14)
    assert 1 - mean(m**4) / (3 * mean(m**2) ** 2) == pytest.approx(0.5815276591205, abs=5e-14)


def test_errors_of_independent_configurations(rng):
    """All errors at once: 2 x 4, whose averages are sums over 256 configurations."""
    coupling = 0.3
    energy, magnetization = configurations((2, 4))
    p = np.exp(-coupling * energy)
    p /= p.sum()
    m = magnetization / 8
    wanted = {
        "energy": p @ energy / 8,
        "magnetization": p @ abs(m),
        "susceptibility": 8 * (p @ m**2 - (p @ abs(m)) ** 2),
        "binder": 1 - p @ m**4 / (3 * (p @ m**2) ** 2),
        "specific_heat": exact((2, 4), coupling).specific_heat,
    }
    for chains, samples in ((1, 1000), (100, 10), (1000, 1)):
        z = []
        for _ in range(100):
            found = observables(independent((2, 4), coupling, rng, chains, samples), coupling)
            z.append(
                [(getattr(found, name).value - value) / getattr(found, name).error for name, value in wanted.items()]
            )
        within = (np.abs(z) < 1).mean(axis=0)  # 0.683 +- 0.047
        assert ((within > 0.53) & (within < 0.84)).all(), (chains, within)


@pytest.mark.parametrize(
    ("samples", "chains", "memory"),
    [(4000, 1, 0.9), (1000, 1, 0.0), (1000, 8, 0.9), (10, 64, 0.9), (10, 64, 0.0), (4, 30, 0.5), (1, 50, 0.0)],
)
def test_errors_cover_autoregressive_chains(samples, chains, memory, rng):
    runs, noise = 200, math.sqrt(1 - memory**2)
    x = rng.standard_normal((runs, chains))
    series = np.empty((samples, runs, chains))
    for t in range(samples):
        x = memory * x + noise * rng.standard_normal((runs, chains))
        series[t] = x
    found = [estimate(series[:, i].mean(), series[None, :, i], np.ones(1), []) for i in range(runs)]
    within = np.mean([abs(e.value) < e.error for e in found])
    assert 0.57 < within < 0.79  # 0.683 +- 0.033
    if samples >= 1000:
        time = 0.5 * (1 + memory) / (1 - memory)
        assert np.mean([e.autocorrelation_time for e in found]) == pytest.approx(time, rel=0.05)


def test_an_anticorrelated_chain_is_taken_as_independent():
    series = np.where(np.arange(1000) % 2, 1.0, -1.0)[:, None]
    assert autocorrelation(series)[0] == 0.5
    assert estimate(0.0, series[None], np.ones(1), []).error == pytest.approx(1 / math.sqrt(1000))


def test_few_samples_of_few_chains_are_warned_of():
    text = "spins has 30 samples of 2 chains, few for an autocorrelation time of .* 8 chains are enough, or [0-9]+"
    spins = np.ones((30, 2, 8 * 8), np.int8)
    for sample in range(30):  # of one chain spins turn over from the first on, of the other from the last
        spins[sample:, 0, sample] = spins[sample:, 1, -1 - 2 * sample] = -1
    spins = spins.reshape(30, 2, 8, 8)
    for estimated in (kousei.ising.observables, kousei.rg.estimate_coupling):
        with pytest.warns(UserWarning, match=text) as warned:
            estimated(spins)
        assert len(warned) == 1


def test_spins_that_do_not_move():
    up = np.ones((20, 10, 4, 4), np.int8)
    found = observables(up, 1.0)
    assert [getattr(found, name).value for name in NAMES] == pytest.approx([-2, 1, 0, 2 / 3, math.inf, 0])
    assert (found.energy.error, found.energy.autocorrelation_time, found.binder.error) == (0, 0.5, 0)
    # Every other spin down: no magnetisation, whose cumulant is none.
    found = observables(up * np.where(np.indices((4, 4)).sum(0) % 2, 1, -1), 1.0)
    assert (found.energy.value, found.magnetization.value) == (2, 0)
    assert math.isnan(found.binder.value)
    assert math.isnan(found.correlation_length.value)


@pytest.mark.parametrize(
    ("spins", "error", "message"),
    [
        (np.ones((4, 4), np.int8), ValueError, "spins has shape (4, 4); (samples, chains, *shape), 1 to 3 sides"),
        (
            np.ones((1, 1, 4), np.int8),
            ValueError,
            "spins has 1 configurations of 4 sites; at least 2 of 1 are accepted",
        ),
        (np.ones((5, 0, 4), np.int8), ValueError, "spins has 0 configurations"),
        (np.ones((5, 2, 0), np.int8), ValueError, "of 0 sites"),
        (np.zeros((2, 2, 4)), ValueError, "spins.reshape(4, 4)[0, 0] was 0.0; -1 and 1 are accepted"),
        (np.ones((2, 2, 4), bool), TypeError, "spins has dtype bool; int8, int16, int32, int64, float32, float64"),
        ([[1, -1]], TypeError, "spins was list"),
        (kousei.pack_signs(np.ones((2, 4))), TypeError, "spins was PackedSigns; kousei.ising.Spins, which know"),
    ],
)
def test_bad_input(spins, error, message):
    with pytest.raises(error) as raised:
        observables(spins)
    assert message in str(raised.value)


def test_bad_coupling():
    with pytest.raises(TypeError, match="coupling was '1'; a real number is accepted"):
        observables(np.ones((2, 2, 4)), "1")
    with pytest.raises(ValueError, match="coupling was nan; a finite number is accepted"):
        observables(np.ones((2, 2, 4)), float("nan"))
