"""Block spins, the couplings of samples, and their flow."""

import math
from itertools import product

import numpy as np
import pytest
from scipy.stats import chi2

from kousei.ising import Lattice, exact
from kousei.rg import block_spin, estimate_coupling, flow

METHODS = ["pseudo-likelihood", "likelihood"]


def samples(shape, coupling, rng, chains=64, sweeps=60):
    return Lattice(shape, coupling).sample("swendsen-wang", chains=chains, sweeps=sweeps, burn_in=50, rng=rng)


@pytest.mark.parametrize(("shape", "block"), [((12,), 3), ((6, 4), 2), ((6, 9), 3), ((2, 4, 6), 2)])
def test_blocks_one_after_the_other(shape, block, rng):
    s = rng.choice(np.array([-1, 1], np.int8), (3, 2, *shape))
    majority, first = block_spin(s, block, rng=1), block_spin(s, block, "decimation")
    assert majority.dtype == first.dtype == np.int8
    assert majority.shape == first.shape == (3, 2, *(n // block for n in shape))
    ties = 0
    for index in np.ndindex(majority.shape):
        corner = tuple(block * i for i in index[2:])
        spins = s[(*index[:2], *(slice(i, i + block) for i in corner))]
        assert first[index] == s[(*index[:2], *corner)]
        ties += spins.sum() == 0
        assert spins.sum() == 0 or majority[index] == np.sign(spins.sum())
    assert (ties > 0) == (block ** len(shape) % 2 == 0)
    assert abs(majority).min() == 1


def test_ties_are_fair_and_of_the_seed():
    s = np.array([1, -1])[None, None].repeat(1000, 0)
    assert 420 < (block_spin(s, rng=0) == 1).sum() < 580
    np.testing.assert_array_equal(block_spin(s, rng=7), block_spin(s, rng=7))


def test_arrays_of_every_library(library, rng):
    s = rng.choice(np.array([-1, 1], np.int8), (20, 10, 4, 6))
    for dtype in ("int8", "float32"):
        given = library.asarray(s.astype(dtype))
        for rule in ("majority", "decimation"):
            blocks = block_spin(given, 2, rule, rng=3)
            assert type(blocks) is type(given)
            np.testing.assert_array_equal(library.numpy(blocks), block_spin(s, 2, rule, rng=3).astype(dtype))
        for method in METHODS:
            assert estimate_coupling(given, method) == estimate_coupling(s, method)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("shape", "coupling"), [((32,), 0.7), ((8, 8), 0.35), ((6, 4), -0.3), ((2, 2, 4), 0.15)])
def test_couplings_of_samples(method, shape, coupling):
    z = []
    for seed in range(12):
        K = estimate_coupling(samples(shape, coupling, seed), method)
        z.append((K.value - coupling) / K.error)
    assert 1e-4 < chi2.sf(np.sum(np.square(z)), len(z)) < 1 - 1e-4


def test_likelihood_of_all_configurations():
    """Frequencies that are the probabilities of 2 x 2 give their coupling, by either method."""
    spins = np.array(list(product((-1, 1), repeat=4))).reshape(-1, 2, 2)
    bonds = 2 * (spins[:, 0] * spins[:, 1]).sum(-1) + 2 * (spins[:, :, 0] * spins[:, :, 1]).sum(-1)
    # Weights e^{4 K}, 1, e^{-4 K} with e^{4 K} = 3: whole numbers of copies.
    copies = np.choose(bonds // 8 + 1, [1, 9, 81])
    s = spins.repeat(copies, axis=0)[:, None]
    for method in METHODS:
        assert estimate_coupling(s[:, [0] * 8], method).value == pytest.approx(math.log(9) / 8, rel=1e-12)


def test_flow_of_decimation_is_exact():
    """tanh K' = tanh^2 K."""
    wanted = [1.0, 0.662501373678932, 0.350061138945252, 0.113672067460211]
    for K, value in zip(flow(samples((64,), 1.0, 2, 256, 200), 3, rule="decimation"), wanted, strict=True):
        assert abs(K.value - value) < 3 * K.error
        assert K.error < 0.01


def test_flow_away_from_the_critical_coupling():
    for coupling, sign in ((0.40, -1), (0.48, 1)):
        couplings = [K.value for K in flow(samples((32, 32), coupling, 5, 32, 100), 2, rng=0)]
        assert (sign * np.diff(couplings) > 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_couplings_without_end(method):
    up = np.ones((5, 8, 4, 4), np.int8)
    assert estimate_coupling(up, method).value == math.inf
    assert estimate_coupling(up * np.where(np.indices((4, 4)).sum(0) % 2, 1, -1), method).value == -math.inf
    # Pairs: every spin has two neighbours of each sign.
    flat = estimate_coupling(up * np.array([1, 1, -1, -1])[np.add.outer(range(4), range(4)) % 4], method)
    assert math.isnan(flat.value) if method == "pseudo-likelihood" else flat.value == 0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda s: block_spin(s, 3), ValueError, "block was 3; a divisor of all sides of (4, 6)"),
        (lambda s: block_spin(s, 1), ValueError, "block was 1; at least 2 is accepted"),
        (
            lambda s: block_spin(s, rule="mean"),
            ValueError,
            "rule was 'mean'; 'majority' and 'decimation'",
        ),
        (
            lambda s: block_spin(s[0, 0]),
            ValueError,
            "spins has shape (4, 6); (samples, chains, *shape)",
        ),
        (lambda s: block_spin(s * 0), ValueError, "spins has entries other than -1 and 1"),
        (lambda s: block_spin(s > 0), TypeError, "spins has dtype bool"),
        (lambda s: block_spin([1]), TypeError, "spins was list"),
        (lambda s: block_spin(s, rng=-1), ValueError, "rng was -1"),
        (
            lambda s: estimate_coupling(s, "energy"),
            ValueError,
            "method was 'energy'; 'pseudo-likelihood'",
        ),
        (lambda s: estimate_coupling(s[:1, :1]), ValueError, "at least two configurations are accepted"),
        (lambda s: flow(s, -1), ValueError, "steps was -1; at least 0 is accepted"),
        (lambda s: flow(s, 2), ValueError, "block was 2; a divisor of all sides of (2, 3) is accepted"),
    ],
)
def test_bad_input(call, error, message):
    s = np.where(np.arange(480).reshape(2, 10, 4, 6) % 5, 1, -1)
    with pytest.raises(error) as raised:
        call(s)
    assert message in str(raised.value)


def test_a_lattice_whose_energy_is_not_known(rng):
    with pytest.raises(ValueError, match="64 sites|2\\^64"):
        estimate_coupling(rng.choice([-1, 1], size=(10, 10, 4, 4, 4)), "likelihood")
    assert exact((2, 2, 4), 0.1).energy < 0


def test_parts_are_as_the_whole(library, rng, monkeypatch):
    s = rng.choice(np.array([-1, 1], np.int8), (67, 6, 4, 4))
    given = library.asarray(s)
    blocks, coupling = block_spin(given, rng=5), estimate_coupling(given)
    monkeypatch.setattr("kousei.rg.block._SPINS_AT_ONCE", 5 * 16)
    np.testing.assert_array_equal(library.numpy(block_spin(given, rng=5)), library.numpy(blocks))
    assert estimate_coupling(given) == coupling
    s[-1, -1, 0, 0] = 3
    with pytest.raises(ValueError, match="entries other than -1 and 1"):
        estimate_coupling(library.asarray(s))
