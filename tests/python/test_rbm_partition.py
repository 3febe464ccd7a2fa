"""The logarithm of a machine's partition function, summed and measured."""

import math
import warnings

import numpy as np
import pytest

import kousei
from kousei import ising, rg
from kousei.rbm import RBM


def machine(visible: int, hidden: int, scale: float = 0.3, seed: int = 0) -> RBM:
    rng = np.random.default_rng(seed)
    return RBM.from_weights(
        rng.normal(0, scale, (visible, hidden)), rng.normal(0, 0.2, visible), rng.normal(0, 0.2, hidden)
    )


@pytest.mark.parametrize(("visible", "hidden"), [(10, 3), (3, 10), (1, 1), (12, 12)])
def test_exact_is_the_sum_over_all_states(visible: int, hidden: int) -> None:
    net = machine(visible, hidden, 1.0)
    v = 2.0 * (np.arange(1 << visible)[:, None] >> np.arange(visible) & 1) - 1
    expected = np.logaddexp.reduce(-net.free_energy(v))
    found = net.log_partition()
    assert found.value == pytest.approx(expected, rel=1e-13)
    assert (found.error, found.ess) == (0.0, math.inf)
    binary = net.convert("binary").machine
    assert binary.log_partition().value == pytest.approx(
        np.logaddexp.reduce(-binary.free_energy((v + 1) / 2)), rel=1e-13
    )


def test_exact_in_blocks_and_with_large_weights() -> None:
    weights = np.zeros((3000, 14))
    weights[0] = 1000.0
    weights[1:, 0] = 5.0
    net = RBM.from_weights(weights)
    # The first unit sees 14000 or -14000 where all agree; the others 5 or -5.
    expected = math.log(2) + 14000 + 2999 * math.log(2 * math.cosh(5))
    assert net.log_partition().value == pytest.approx(expected, abs=1e-9)


def test_exact_names_what_it_costs() -> None:
    with pytest.raises(
        ValueError, match=r"2\^26 of them for \(40, 26\) units take 11 seconds; up to 25 units, 'ais'"
    ):
        RBM(40, 26).log_partition()
    with pytest.raises(ValueError, match=r"2\^60 of them for \(60, 80\) units take 1\.2e\+4 years"):
        RBM(60, 80).log_partition()
    with pytest.raises(ValueError, match=r"2\^1100 of them for \(1100, 1100\) units take 1\.9e\+318 years"):
        RBM(1100, 1100).log_partition()


@pytest.mark.parametrize("method", ["ais", "tempering"])
@pytest.mark.parametrize("units", ["spin", "binary"])
def test_measured_within_its_error(method: str, units: str) -> None:
    net = machine(20, 10).convert(units).machine
    exact, found = net.log_partition().value, net.log_partition(method, rng=1)
    assert 0 < found.error <= 0.05
    assert abs(found.value - exact) < 4 * found.error
    assert found.ess > (32 if method == "ais" else 16)
    assert net.log_partition(method, rng=1) == found


@pytest.mark.parametrize("method", ["ais", "tempering"])
def test_an_ordered_lattice(method: str) -> None:
    # Two phases between which no chain changes.
    found = rg.sublattice_rbm((8, 8), 0.7).log_partition(method, tol=0.1, rng=2)
    assert abs(found.value - ising.exact((8, 8), 0.7).log_partition) < 4 * found.error < 0.4


@pytest.mark.slow
def test_the_lattice_of_the_paper() -> None:
    net = rg.sublattice_rbm((40, 40), 0.5)
    net.weights = net.weights.astype(np.float32)
    found = net.log_partition("ais", rng=0)
    assert abs(found.value - 1641.9616475009554) < 0.1
    assert found.ess >= 30


def test_a_tolerance_out_of_reach_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kousei.rbm.partition._MOST_ANNEALED", 256)
    with pytest.warns(UserWarning, match=r"tol was 1e-09; the standard error of ln Z is 0\.\d+ still"):
        machine(8, 4).log_partition("ais", tol=1e-9, rng=0)


def test_no_weights_at_all() -> None:
    net = RBM.from_weights(np.zeros((5, 3)), np.full(5, 0.3), np.zeros(3))
    expected = 5 * math.log(2 * math.cosh(0.3)) + 3 * math.log(2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for method in ("exact", "ais", "tempering"):
            assert net.log_partition(method, rng=0).value == pytest.approx(expected, abs=0.1)


def test_refused() -> None:
    net = kousei.RBM(4, 3)
    with pytest.raises(ValueError, match="method was 'sum'; 'exact', 'ais' and 'tempering'"):
        net.log_partition("sum")
    with pytest.raises(ValueError, match="tol was 0"):
        net.log_partition("ais", tol=0)
    with pytest.raises(ValueError, match="chains was 1; at least 2"):
        net.log_partition("ais", chains=1)
    with pytest.raises(MemoryError, match="1000000000000 chains"):
        net.log_partition("tempering", chains=10**12)
    with pytest.raises(kousei.SizeError, match="chains at .* temperatures"):
        machine(8, 6, 1e25).log_partition("tempering", rng=0)
