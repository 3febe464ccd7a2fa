"""Chains of Metropolis' algorithm and of tempering against exact values, and what they promise."""

import math
import os
import pickle
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

import kousei
from kousei._lib import _core, arrays
from kousei._lib.backends import Host
from kousei.ising import Lattice, Spins, exact
from kousei.ising.runs import Plan
from kousei.ising.tempering import ladder
from support import Library, seconds_to_interrupt
from test_ising_exact import configurations


def frequencies(spins: Spins) -> np.ndarray:
    """How often each configuration came, numbered by its bits with the first site as the most significant."""
    bits = spins.unpack("int64") > 0
    return np.bincount(bits @ (1 << np.arange(bits.shape[1])[::-1]), minlength=1 << bits.shape[1])


def chances(lattice: Lattice) -> np.ndarray:
    energy, magnetization = configurations(lattice.shape)
    weight = np.exp(-lattice.coupling * energy + lattice.field * magnetization)
    return weight / weight.sum()


def energies(spins: Spins) -> np.ndarray:
    """Of each configuration, per spin, (samples, chains)."""
    s = spins.configurations()
    axes = tuple(range(2, s.ndim))
    return -sum((s * np.roll(s, 1, axis)).sum(axes, dtype=np.int64) for axis in axes) / spins.lattice.sites


def error_of(spins: Spins, value: float) -> float:
    """How many standard errors the mean energy is off; chains are independent."""
    means = energies(spins).mean(axis=0)
    return float((means.mean() - value) / (means.std(ddof=1) / math.sqrt(len(means))))


@pytest.mark.parametrize(
    ("shape", "coupling", "field"),
    [
        ((8,), 0.6, 0.0),
        ((2,), 0.4, 0.2),
        ((6,), 0.4, -0.3),
        ((2, 4), 0.3, 0.0),
        ((4, 2), -0.25, 0.0),
        ((2, 4), 0.0, 0.0),
        ((2, 4), 0.0, 0.5),
        ((2, 4), 0.2, 0.15),
        ((4, 2), -0.3, -0.7),
        ((2, 2, 2), 0.1, 0.0),
        ((2, 2, 2), -0.15, 0.1),
    ],
)
@pytest.mark.parametrize("method", ["metropolis", "tempering"])
def test_configurations_come_as_often_as_they_are_likely(
    method: str, shape: tuple[int, ...], coupling: float, field: float
) -> None:
    lattice = Lattice(shape, coupling, field)
    spins = lattice.sample(method, chains=1 << 14, sweeps=1, burn_in=100, rng=1)
    expected = (1 << 14) * chances(lattice)
    found = frequencies(spins)
    rare = expected < 5
    expected, found = (np.append(n[~rare], n[rare].sum()) for n in (expected, found))
    expected, found = expected[expected > 0], found[expected > 0]
    statistic = ((found - expected) ** 2 / expected).sum()
    assert chi2.sf(statistic, len(expected) - 1) > 1e-4


def test_stripes_are_left() -> None:
    # All their sites have two neighbours of each sign: they would only turn into each other.
    stripes = np.add.outer(np.arange(4), np.arange(4)) % 4 < 2
    words = np.zeros((1, 16, 1), np.uint32)
    colour, index = np.add.outer(np.arange(4), np.arange(4)) % 2, np.arange(16).reshape(4, 4) // 2
    words[0, (8 * colour + index)[stripes], 0] = 0xFFFFFFFF
    _core.cpu.ising_metropolis([4, 4], [(0.4, 0.0)], words, 1, 0, 200, 0, 1, _core.cpu.Cpu())
    rows = np.empty((32, 4), np.uint32)
    _core.cpu.ising_pack([4, 4], words, 32, rows, _core.cpu.Cpu())
    found = Spins(rows, Lattice((4, 4), 0.4), 32)
    assert abs(energies(found).mean() - exact((4, 4), 0.4).energy) < 0.5


@pytest.mark.parametrize(
    ("length", "coupling", "chains", "burn_in"),
    [
        (4, 0.4, 512, 60),
        (8, 0.4406868, 512, 200),
        (16, 0.5, 256, 200),
        pytest.param(40, 0.408, 256, 500, marks=pytest.mark.slow),
    ],
)
def test_energies_of_squares(length: int, coupling: float, chains: int, burn_in: int) -> None:
    lattice = Lattice((length, length), coupling)
    value = exact(lattice.shape, coupling).energy
    deviations = [
        error_of(lattice.sample(chains=chains, sweeps=50, thin=5, burn_in=burn_in, rng=seed), value)
        for seed in range(20)
    ]
    assert max(map(abs, deviations[:3])) < 3
    assert 1e-4 < chi2.sf(sum(d * d for d in deviations), len(deviations)) < 1 - 1e-4


@pytest.mark.parametrize("rng", [0, 1, 2])
def test_energies_of_rings_and_in_a_field(rng: int) -> None:
    ring = Lattice((64,), 0.8).sample(chains=512, sweeps=200, thin=20, burn_in=500, rng=rng)
    assert abs(error_of(ring, exact((64,), 0.8).energy)) < 3.5
    antiferromagnet = Lattice((8, 8), -0.4).sample(chains=512, sweeps=40, thin=4, rng=rng)
    assert abs(error_of(antiferromagnet, -exact((8, 8), 0.4).energy)) < 3.5
    free = Lattice((6, 4, 4), 0.0, 0.3).sample(chains=512, sweeps=20, thin=2, rng=rng).configurations()
    assert abs(free.mean() - math.tanh(0.3)) < 4 / math.sqrt(512 * 96 * 5)


def test_tempering_turns_over() -> None:
    # Metropolis' chains keep the sign they begin with, of which half are up.
    lattice = Lattice((8, 8), 0.6)
    spins = lattice.sample("tempering", chains=64, sweeps=400, thin=4, burn_in=200, rng=1)
    assert abs(error_of(spins, exact(lattice.shape, 0.6).energy)) < 3.5
    up = spins.configurations().mean(axis=(2, 3)) > 0
    kept = lattice.sample(chains=64, sweeps=400, thin=4, burn_in=200, rng=1).configurations().mean(axis=(2, 3)) > 0
    turns = (up[1:] != up[:-1]).any(axis=0).mean()
    assert turns > 0.9
    assert (kept[1:] != kept[:-1]).any(axis=0).mean() < turns / 3


def test_ladder() -> None:
    for lattice in Lattice((40, 40), 0.44), Lattice((8,), 2.0, 1.0), Lattice((4, 4), -0.6), Lattice((2,), 0.0, 0.7):
        factors = ladder(lattice)
        assert factors[0] == 1
        assert factors == sorted(factors, reverse=True)
        assert len(factors) > 1
    assert ladder(Lattice((8, 8), 0.1)) == [1.0]
    assert ladder(Lattice((8, 8), 0.0)) == [1.0]


@pytest.mark.parametrize("field", [0.0, 1e-3])
def test_the_magnetization_is_right_from_the_start(field: float) -> None:
    # At this coupling a chain does not turn over.
    spins = Lattice((8, 8), 1.0, field).sample(chains=4096, sweeps=1, burn_in=20, rng=0).configurations()
    assert abs(spins.mean() - math.tanh(64 * field)) < 0.05


@pytest.mark.parametrize("method", ["metropolis", "tempering"])
def test_samples_are_of_one_run(method: str) -> None:
    lattice = Lattice((4, 6), 0.3, 0.1)

    def rows(**options: Any) -> np.ndarray:
        return lattice.sample(method, rng=5, **options).words

    several = rows(chains=40, sweeps=30, thin=10, burn_in=10)
    assert several.shape == (120, 4)
    for burn_in, sweeps, first in (10, 10, 0), (0, 20, 0), (20, 10, 40), (20, 20, 80):
        last = rows(chains=40, sweeps=sweeps, thin=sweeps, burn_in=burn_in)
        assert np.array_equal(last, several[first : first + 40]), (burn_in, sweeps)
    assert not np.array_equal(several[:40], several[40:80])
    if method == "metropolis":
        more = rows(chains=70, sweeps=10, burn_in=10, thin=10)
        assert np.array_equal(more[:40], several[:40])


@pytest.mark.parametrize("method", ["metropolis", "tempering", "swendsen-wang", "wolff"])
@pytest.mark.parametrize(("shape", "field"), [((20,), 0.1), ((4, 6), 0.0), ((2, 4, 6), -0.1)])
def test_chains_of_a_run_that_are_drawn_apart(method: str, shape: tuple[int, ...], field: float) -> None:
    lattice = Lattice(shape, 0.6, field)
    plan = Plan(lattice, method, 100, 6, 2, 5, 3)
    run = plan.start(Host(np.empty(0)))
    whole = lattice.sample(method, chains=100, sweeps=6, thin=2, burn_in=5, rng=3).words.reshape(3, 100, -1)
    for first, count in (0, 32), (32, 64), (96, 4):
        part = run.part(first, count)
        part.go(3, lambda _: None)
        part = pickle.loads(pickle.dumps(part))
        part.go(2, lambda _: None)
        rows = part.draw(3, 2, lambda _: None).reshape(3, count, -1)
        assert np.array_equal(rows, whole[:, first : first + count]), first


def test_golden_chain() -> None:
    # Version 1 of what the counters are: see math/philox.hpp.
    spins = Lattice((4, 4), 0.4).sample(chains=3, sweeps=2, burn_in=3, rng=0)
    assert spins.words[:, 0].tolist() == [65535, 65399, 64511, 65531, 65526, 62454]
    assert spins.words[:, 1:].max() == 0
    three = Lattice((4, 6), 0.3, 0.05)
    assert len(ladder(three)) == 3
    spins = three.sample("tempering", chains=2, sweeps=3, burn_in=4, rng=5)
    assert spins.words[:, 0].tolist() == [16775031, 15699519, 12582895, 14925817, 99858, 4225404]


_SCRIPT = """
import kousei, zlib
from kousei._lib import _core
from kousei.ising import Lattice
spins = [Lattice((6, 4, 2), K, h).sample(m, chains=600, sweeps=6, burn_in=9, thin=3, rng=3).words
         for K, h in ((0.2, 0), (-0.2, 0.1)) for m in ("metropolis", "tempering")]
print(_core.instruction_set_name(), kousei.num_threads(), *(zlib.crc32(words) for words in spins))
"""


def test_any_instruction_set_and_number_of_threads() -> None:
    found = {}
    for name, threads in ("avx512", 1), ("avx2", 2), ("baseline", 4):
        environment = os.environ | {
            "KOUSEI_SIMD": name,
            "KOUSEI_NUM_THREADS": str(threads),
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }
        run = subprocess.run(
            [sys.executable, "-c", _SCRIPT], env=environment, capture_output=True, text=True, check=True
        )
        chosen, _, *sums = run.stdout.split()
        found[chosen] = sums
    assert len(set(map(tuple, found.values()))) == 1


@pytest.mark.parametrize("method", ["metropolis", "tempering"])
@pytest.mark.parametrize("field", [0.0, -0.2])
def test_the_same_chains_in_any_memory(library: Library, method: str, field: float) -> None:
    for shape in ((6,), (4, 6), (2, 4, 4)):
        lattice, options = Lattice(shape, 0.3, field), {"chains": 40, "sweeps": 4, "thin": 2, "burn_in": 3, "rng": 7}
        like = library.asarray(np.zeros(3, np.float32))
        spins = lattice.sample(method, like=like, **options)
        assert type(spins.words) is (type(like) if library.on_gpu else np.ndarray)
        assert np.array_equal(arrays.to_host(spins.words), lattice.sample(method, **options).words)
        assert type(spins.configurations()) is type(spins.words)
        if library.on_gpu:
            with pytest.raises(ValueError, match="like lies in CUDA memory and method was 'wolff'; host memory is"):
                lattice.sample("wolff", like=like, **options)


@pytest.mark.parametrize("method", ["metropolis", "tempering", "swendsen-wang", "wolff"])
@pytest.mark.parametrize(("shape", "chains"), [((64, 64), 64), ((2048, 2048), 64), ((8192, 4096), 1)])
def test_interrupt(method: str, shape: tuple[int, ...], chains: int) -> None:
    lattice = Lattice(shape, 0.2)
    assert seconds_to_interrupt(lambda: lattice.sample(method, chains=chains, sweeps=1, burn_in=1 << 20)) < 5


def test_progress(capsys: pytest.CaptureFixture[str]) -> None:
    options = {"chains": 2, "sweeps": 6, "thin": 2, "burn_in": 3, "rng": 0}
    for method in "metropolis", "tempering", "wolff", "swendsen-wang":
        quiet = Lattice((4, 4), 0.4).sample(method, **options)
        assert capsys.readouterr().err == ""
        shown = Lattice((4, 4), 0.4).sample(method, progress=True, **options)
        assert f"sweeps of {method}: 100%" in capsys.readouterr().err
        assert shown == quiet


def test_spins() -> None:
    lattice = Lattice((4, 6), 0.4)
    spins = lattice.sample(chains=5, sweeps=6, thin=2, rng=0)
    assert (spins.samples, spins.chains, spins.lattice) == (3, 5, lattice)
    assert isinstance(spins, kousei.PackedSigns)
    assert spins.shape == (15, 24)
    s = spins.configurations("float32")
    assert s.shape == (3, 5, 4, 6)
    assert s.dtype == "float32"
    assert np.array_equal(s.reshape(15, 24), spins.unpack("float32"))
    assert repr(spins) == "Spins(3 samples of 5 chains, lattice (4, 6), 240 bytes)"
    assert spins.like(np.zeros(1)) is spins


def test_lattices() -> None:
    assert Lattice([4, 6], 1) == Lattice((4, 6), 1.0, 0)
    assert len({Lattice((4, 6), 1), Lattice((4, 6), 1.0), Lattice((6, 4), 1), Lattice((4, 6), 1, 0.5)}) == 3
    assert repr(Lattice((4,), 0.5, 0.25)) == "Lattice((4,), coupling=0.5, field=0.25)"
    assert Lattice((4,), 0.5) != (4,)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((8, 0.4), TypeError, "shape was 8; a tuple of one to three integers is accepted"),
        (((), 0.4), ValueError, "shape was \\(\\); one to three lengths are accepted"),
        (((2, 2, 2, 2), 0.4), ValueError, "shape was \\(2, 2, 2, 2\\); one to three lengths are accepted"),
        (((4, 5), 0.4), ValueError, "shape\\[1\\] was 5; an even length is accepted"),
        (((0, 4), 0.4), ValueError, "shape\\[0\\] was 0; at least 2 is accepted"),
        (((4.0, 4), 0.4), TypeError, "shape\\[0\\] was 4.0; an integer is accepted"),
        (((1 << 16, 1 << 16), 0.4), ValueError, "4294967296 sites; fewer than 2\\*\\*32 are accepted"),
        (((4, 4), math.nan), ValueError, "coupling was nan; a finite number is accepted"),
        (((4, 4), 10**400), ValueError, "coupling was of type int; a finite number is accepted"),
        (((4, 4), 0.4, -(10**5000)), ValueError, "field was of type int; a finite number is accepted"),
        (((4, 4), "0.4"), TypeError, "coupling was '0.4'; a real number is accepted"),
        (((4, 4), 0.4, math.inf), ValueError, "field was inf; a finite number is accepted"),
        (((4, 4), 0.4, 1j), TypeError, "field was 1j; a real number is accepted"),
    ],
)
def test_lattices_that_are_refused(arguments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Lattice(*arguments)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"method": "glauber"}, ValueError, "method was 'glauber'; 'metropolis'"),
        ({"chains": 0}, ValueError, "chains was 0; at least 1 is accepted"),
        ({"chains": 1.5}, TypeError, "chains was 1.5; an integer is accepted"),
        ({"sweeps": 0}, ValueError, "sweeps was 0; at least 1 is accepted"),
        ({"thin": 0}, ValueError, "thin was 0; at least 1 is accepted"),
        ({"thin": 3}, ValueError, "sweeps was 10; a multiple of thin, 3, is accepted"),
        ({"burn_in": -1}, ValueError, "burn_in was -1; at least 0 is accepted"),
        ({"burn_in": 1 << 32}, ValueError, "burn_in and sweeps were 4294967296 and 10; 2\\*\\*32 together"),
        ({"rng": "seed"}, TypeError, "rng was 'seed'"),
        ({"progress": 1}, TypeError, "progress was 1; True and False are accepted"),
        ({"like": 3}, TypeError, "like was int"),
        ({"chains": 1 << 40}, MemoryError, "10 samples of 1099511627776 chains of 16 spins takes"),
        ({"chains": 1 << 62}, kousei.SizeError, "is not representable in 64 bits"),
    ],
)
def test_samples_that_are_refused(changed: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Lattice((4, 4), 0.4).sample(**({"chains": 2, "sweeps": 10} | changed))


def test_temperatures_that_do_not_fit() -> None:
    lattice = Lattice((1 << 14, 1 << 14), 0.44)  # 32 MB each of 512 chains, and some 19,000 temperatures
    with pytest.raises(MemoryError, match="chains of 268435456 spins takes"):
        lattice.sample("tempering", chains=512, sweeps=1, burn_in=0)


@pytest.mark.parametrize("coupling", [1e3, -1e8, 1e200])
def test_too_many_temperatures(coupling: float) -> None:
    text = f"coupling was {re.escape(str(coupling))} and field 0.0, for which tempering takes .* temperatures on 256"
    with pytest.raises(ValueError, match=text):
        Lattice((16, 16), coupling).sample("tempering", chains=1, sweeps=1)


@pytest.mark.parametrize(
    ("words", "lattice", "chains", "error", "message"),
    [
        (np.zeros((4, 4), np.uint32), 3, 1, TypeError, "lattice was int; a kousei.ising.Lattice is accepted"),
        (np.zeros((4, 4), np.uint32), Lattice((4, 4), 1), 3, ValueError, "a multiple of 3 rows is accepted"),
        (np.zeros((4, 4), np.uint32), Lattice((4, 4), 1), 0, ValueError, "chains was 0; at least 1"),
        (np.zeros((4, 8), np.uint32), Lattice((4, 4), 1), 2, ValueError, "words has shape \\(4, 8\\)"),
        (np.zeros((4, 4)), Lattice((4, 4), 1), 2, TypeError, "words has dtype float64"),
        ([[0, 0, 0, 0]], Lattice((4, 4), 1), 1, TypeError, "words was list"),
    ],
)
def test_spins_that_are_refused(words: Any, lattice: Any, chains: int, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Spins(words, lattice, chains)


def test_kernels_check_extents() -> None:
    on, words, rows = _core.cpu.Cpu(), np.zeros((1, 16, 1), np.uint32), np.zeros((32, 4), np.uint32)
    weights = [(0.4, 0.0)]
    for shape in ([4, 5], [4], [], [2] * 4):
        with pytest.raises(ValueError):
            _core.cpu.ising_metropolis(shape, weights, words, 0, 0, 1, 0, 1, on)
    with pytest.raises(ValueError, match="words has shape"):
        _core.cpu.ising_metropolis([4, 4], weights * 2, words, 0, 0, 1, 0, 1, on)
    with pytest.raises(ValueError, match="sweeps"):
        _core.cpu.ising_metropolis([4, 4], weights, words, 0, 2**32 - 1, 2, 0, 1, on)
    with pytest.raises(ValueError, match="there are 1 groups from 1 on; those of a run of 1 are accepted"):
        _core.cpu.ising_metropolis([4, 4], weights, words, 0, 0, 1, 1, 1, on)
    with pytest.raises(ValueError, match="there are 1 groups from 0 on; those of a run of -9223372036854775808 are"):
        _core.cpu.ising_metropolis([4, 4], weights, words, 0, 0, 1, 0, -(2**63), on)
    for count, given in (33, rows), (0, rows), (5, rows), (32, rows[:, :3].copy()):
        with pytest.raises(ValueError):
            _core.cpu.ising_sample([4, 4], weights[0], words, 0, 0, 1, 0, 1, count, given, on)
    with pytest.raises(ValueError, match="rows has shape"):
        _core.cpu.ising_pack([4, 4], words, 16, rows, on)
    with pytest.raises(ValueError, match="chosen has shape"):
        _core.cpu.ising_exchange([4, 4], words, 0, np.zeros((1, 1), np.uint32), on)
    with pytest.raises(ValueError, match="first was -1"):
        _core.cpu.ising_exchange([4, 4], words, -1, np.zeros((0, 1), np.uint32), on)
