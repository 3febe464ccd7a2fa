"""Chains by clusters against exact values, and that they depend on their counters alone."""

import math

import numpy as np
import pytest
from scipy.stats import chi2

from kousei.ising import CRITICAL_COUPLING, Lattice, exact, observables
from support import same_for_threads
from test_ising_exact import configurations

METHODS = ["swendsen-wang", "wolff"]
seeds = range(20)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("shape", "coupling", "field", "chains", "samples"),
    [
        ((4, 4), 0.4, 0.0, 64, 50),
        ((8, 8), CRITICAL_COUPLING, 0.0, 64, 50),
        ((6, 12), 0.5, 0.0, 32, 50),
        ((64,), 0.9, 0.0, 32, 50),
        ((2, 2, 4), 0.2, 0.0, 64, 50),
        ((4, 4), -0.4, 0.0, 64, 50),
        ((4, 4), 0.3, 0.15, 64, 50),
        ((2, 2, 4), -0.15, -0.3, 64, 50),
        ((16,), 0.5, -0.2, 64, 50),
        ((16, 16), 0.408, 0.0, 16, 60),
    ],
)
def test_energies_of_twenty_seeds(method, shape, coupling, field, chains, samples):
    lattice = Lattice(shape, coupling, field)
    value = exact(shape, coupling, field).energy
    z = []
    for seed in seeds:
        found = observables(lattice.sample(method, chains=chains, sweeps=samples, burn_in=40, rng=seed)).energy
        z.append((found.value - value) / found.error)
    assert 1e-4 < chi2.sf(np.sum(np.square(z)), len(z)) < 1 - 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("coupling", [0.408, CRITICAL_COUPLING, 0.5])
def test_energies_of_the_paper(method, coupling):
    lattice = Lattice((40, 40), coupling)
    found = observables(lattice.sample(method, chains=64, sweeps=200, rng=3))
    wanted = exact((40, 40), coupling)
    assert abs(found.energy.value - wanted.energy) < 3 * found.energy.error
    assert abs(found.specific_heat.value - wanted.specific_heat) < 3 * found.specific_heat.error


@pytest.mark.parametrize("method", METHODS)
def test_magnetization_and_cumulant(method):
    """Golden, 4 x 4 at 0.4 by enumeration."""
    found = observables(Lattice((4, 4), 0.4).sample(method, chains=256, sweeps=100, burn_in=30, rng=2))
    assert abs(found.magnetization.value - 0.7647123932217) < 3 * found.magnetization.error
    assert abs(found.binder.value - 0.5815276591205) < 3 * found.binder.error
    assert found.binder.error < 0.003


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("coupling", "field"), [(0.2, 0.15), (0.2, -0.3), (-0.3, 0.4), (-0.2, -0.6)])
def test_magnetization_in_a_field(method, coupling, field):
    spins = Lattice((2, 4), coupling, field).sample(method, chains=4000, sweeps=2, thin=2, burn_in=40, rng=5)
    m = spins.configurations().mean(axis=(2, 3)).ravel()
    energy, magnetization = configurations((2, 4))
    p = np.exp(-coupling * energy + field * magnetization)
    wanted = p @ magnetization / p.sum() / 8
    assert abs(m.mean() - wanted) < 4 * m.std() / math.sqrt(len(m))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("coupling", "field", "wanted"), [(1.0, 0.0, 0.0), (3.0, 0.0, 0.0), (1.0, 0.005, 0.3095)])
def test_both_signs_come_at_a_strong_coupling(method, coupling, field, wanted):
    """A cluster has nearly all sites, so that two in a sweep turn nothing over; nearly all states are the two ground
    states, with the mean tanh(64 h)."""
    spins = Lattice((8, 8), coupling, field).sample(method, chains=4000, sweeps=1, rng=1)
    m = spins.configurations().mean(axis=(2, 3)).ravel()
    assert abs(m.mean() - wanted) < 4 / math.sqrt(len(m))


def test_clusters_forget_sooner_than_metropolis():
    lattice = Lattice((32, 32), CRITICAL_COUPLING)
    times = [
        observables(lattice.sample(method, chains=16, sweeps=300, rng=1)).magnetization.autocorrelation_time
        for method in METHODS
    ]
    assert max(times) < 15  # some L^2 of single spins


@pytest.mark.parametrize("method", METHODS)
def test_threads(method):
    lattice = Lattice((6, 10), 0.4, 0.05)
    same_for_threads(lambda: lattice.sample(method, chains=7, sweeps=20, rng=4).unpack(), (1, 2, 3))


@pytest.mark.parametrize("method", METHODS)
def test_a_sweep_of_wolff_has_as_many_sites_as_the_lattice(method):
    """Chains of a seed are one run, whatever is kept of them; a call of few sweeps is as good as one of many."""
    lattice = Lattice((8, 8), 0.42)
    every = lattice.sample(method, chains=3, sweeps=12, burn_in=20, rng=9).words.reshape(12, 3, -1)
    some = lattice.sample(method, chains=3, sweeps=12, thin=4, burn_in=20, rng=9).words.reshape(3, 3, -1)
    np.testing.assert_array_equal(every[3::4], some)


@pytest.mark.parametrize("method", METHODS)
def test_the_chains_of_a_word_do_not_know_of_others(method):
    lattice = Lattice((6, 8), 0.4, -0.1)
    many, few = (lattice.sample(method, chains=n, sweeps=4, thin=2, rng=3).words for n in (70, 32))
    np.testing.assert_array_equal(many.reshape(2, 70, -1)[:, :32], few.reshape(2, 32, -1))


GOLDEN = {
    "swendsen-wang": [651026, 4123631, 10481422, 10281935, 16513023, 12384719],
    "wolff": [14675447, 16770111, 14675319, 14025779, 10382695, 16777215],
}


@pytest.mark.parametrize("method", METHODS)
def test_golden_chain(method):
    """What the counters are is a contract: a seed gives this chain."""
    words = Lattice((4, 6), 0.3, 0.05).sample(method, chains=2, sweeps=3, burn_in=4, rng=5).words
    assert words[:, 0].tolist() == GOLDEN[method]
    assert not words[:, 1:].any()


def test_a_large_lattice_orders():
    found = observables(Lattice((64, 64), 0.5).sample("wolff", chains=8, sweeps=40, burn_in=40, rng=0))
    onsager = (1 - math.sinh(1) ** -4) ** 0.125
    assert found.magnetization.value == pytest.approx(onsager, abs=0.01)
