"""Exact maps between decimation, Ising models and machines, counted out state by state."""

import math
from typing import Any

import numpy as np
import pytest
import scipy.sparse

import kousei
from kousei import ising, rg


def states(sites: int) -> Any:
    return 2.0 * (np.arange(1 << sites)[:, None] >> np.arange(sites) & 1) - 1


def ring(v: Any, step: int = 1) -> Any:
    return (v * np.roll(v, -step, axis=1)).sum(axis=1)


def test_decimation_golden() -> None:
    made = rg.decimation_rbm(0.6, 2.0, tol=0.1)
    found = made.a, made.cross_coupling, made.hidden_coupling, made.limit_coupling
    golden = [0.6559635185127, 0.0475522646950, 0.3443967504920, 0.2968444857970]
    np.testing.assert_allclose(found, golden, rtol=0, atol=1e-13)


@pytest.mark.parametrize(("K", "b"), [(0.6, 2.0), (0.3, 5.0), (-0.5, 1.5)])
def test_both_marginals_of_a_finite_b(K: float, b: float) -> None:
    made = rg.decimation_rbm(K, b, tol=1.0)
    machine, v, h = made.rbm(8), states(8), states(4)
    odd = v[:, 1::2]
    differences = -machine.free_energy(v) - K * ring(v) - made.cross_coupling * ring(odd)
    assert np.ptp(differences) < 1e-13
    fields = h @ machine.weights.T
    marginal = np.logaddexp(fields, -fields).sum(axis=1)
    assert np.ptp(marginal - made.hidden_coupling * ring(h)) < 1e-13


def test_the_coupling_that_is_too_many_vanishes_as_told() -> None:
    for b in (8.0, 12.0, 16.0):
        made = rg.decimation_rbm(0.6, b, tol=1.0)
        assert made.cross_coupling == pytest.approx(math.sinh(1.2) ** 2 * math.exp(-2 * b), rel=1e-5)
        assert made.hidden_coupling - made.limit_coupling == pytest.approx(made.cross_coupling, rel=1e-2, abs=1e-15)
        assert made.a - 0.6 == pytest.approx(math.sinh(2.4) / 2 * math.exp(-2 * b), rel=1e-5)
    assert 0 < rg.decimation_rbm(1.0, 20.0).cross_coupling < 1e-16
    exact = rg.decimation_rbm(0.6)
    assert (exact.a, exact.b, exact.cross_coupling) == (0.6, math.inf, 0.0)
    assert exact.hidden_coupling == exact.limit_coupling == pytest.approx(math.atanh(math.tanh(0.6) ** 2), abs=1e-15)


def test_decimation_of_any_finite_coupling() -> None:
    assert rg.decimation_rbm(300.0, 1000.0).hidden_coupling == pytest.approx(300 - math.log(2) / 2)
    assert rg.decimation_rbm(1e-9).limit_coupling == pytest.approx(1e-18)
    assert rg.decimation_rbm(0.0, 1.0).a == 0.0


def test_decimation_warns_and_refuses() -> None:
    with pytest.warns(UserWarning, match=r"b was 3\.0: the machine has a coupling 0\.00574 .* tol = 1e-12; b = inf"):
        rg.decimation_rbm(0.6, 3.0)
    for b in (1.2, 1.0, -2.0):
        with pytest.raises(ValueError, match=rf"b was {b}; above 2 \|coupling\| = 1\.2 is accepted"):
            rg.decimation_rbm(0.6, b)
    with pytest.raises(ValueError, match="b was nan; a finite number"):
        rg.decimation_rbm(0.6, math.nan)
    with pytest.raises(ValueError, match="coupling was inf; a finite number is accepted"):
        rg.decimation_rbm(math.inf)
    with pytest.raises(TypeError, match="coupling was '1'; a real number"):
        rg.decimation_rbm("1")
    with pytest.raises(ValueError, match="sites was 7; an even number"):
        rg.decimation_rbm(0.6, 20.0).rbm(7)
    with pytest.raises(ValueError, match="b was inf; decimation_stack is for it"):
        rg.decimation_rbm(0.6).rbm(8)


@pytest.mark.parametrize("sites", [2, 4])
def test_rings_too_short_for_two_neighbours(sites: int) -> None:
    made = rg.decimation_rbm(0.6, 2.0, tol=1.0)
    v = states(sites)
    odd = v[:, 1::2]
    differences = -made.rbm(sites).free_energy(v) - 0.6 * ring(v) - made.cross_coupling * ring(odd)
    assert np.ptp(differences) < 1e-13


def test_flow_golden() -> None:
    flow = rg.decimation_stack(8, 1.0, 3).couplings
    golden = [1.0, 0.662501373678932, 0.350061138945252, 0.113672067460211]
    np.testing.assert_allclose(flow, golden, rtol=0, atol=1e-15)


@pytest.mark.parametrize("K", [1.0, 0.3, -0.7])
def test_a_stack_is_its_ring(K: float) -> None:
    v = states(16)
    log_weights = K * ring(v)
    log_partition = np.logaddexp.reduce(log_weights)
    for depth in range(5):  # the last ring has two spins, or one
        stack = rg.decimation_stack(16, K, depth)
        assert abs(stack.log_partition - log_partition) < 1e-12
        assert np.abs(stack.log_probability(v) - log_weights + log_partition).max() < 1e-12


@pytest.mark.parametrize("depth", [0, 3, 10])
def test_samples_of_a_stack(depth: int) -> None:
    sites, n = (1024, 4000) if depth == 10 else (16, 100000)
    spins = rg.decimation_stack(sites, 1.0, depth).sample(n, rng=1)
    assert spins.dtype == np.int8
    t = math.tanh(1.0)
    for distance in (1, 2, 3):
        rows = (spins * np.roll(spins, distance, axis=1)).mean(axis=1)
        exact = (t**distance + t ** (sites - distance)) / (1 + t**sites)
        assert abs(rows.mean() - exact) < 4 * rows.std() / math.sqrt(n)
    if depth == 10:
        assert round(t, 6) == 0.761594


def test_samples_of_an_antiferromagnetic_stack() -> None:
    spins = rg.decimation_stack(16, -0.7, 2).sample(20000, rng=1)
    t = math.tanh(-0.7)
    assert abs((spins * np.roll(spins, 1, axis=1)).mean() - (t + t**15) / (1 + t**16)) < 0.01


def test_stacks_refuse() -> None:
    with pytest.raises(ValueError, match=r"sites was 12; a multiple of 2\*\*depth, depth 3"):
        rg.decimation_stack(12, 1.0, 3)
    with pytest.raises(ValueError, match="depth was -1"):
        rg.decimation_stack(12, 1.0, -1)
    stack = rg.decimation_stack(8, 1.0, 3)
    with pytest.raises(ValueError, match=r"spins has shape \(2, 4\); \(n, 8\)"):
        stack.log_probability(np.ones((2, 4)))
    with pytest.raises(ValueError, match="spins has values other than -1 and 1"):
        stack.log_probability(np.zeros((2, 8)))
    with pytest.raises(ValueError, match="n was -1"):
        stack.sample(-1)


def test_an_ising_model_as_a_machine() -> None:
    lattice = ising.Lattice((4, 4), 0.4, field=0.1)
    made = rg.rbm_from_ising(lattice)
    v = states(16)
    log_weights = -made.machine.free_energy(v) + made.offset
    cubes = v.reshape(-1, 4, 4)
    bonds = (cubes * np.roll(cubes, -1, 1) + cubes * np.roll(cubes, -1, 2)).sum(axis=(1, 2))
    assert np.abs(log_weights - 0.4 * bonds - 0.1 * v.sum(axis=1)).max() < 1e-12
    assert made.machine.log_partition().value + made.offset == pytest.approx(
        ising.exact((4, 4), 0.4, 0.1).log_partition, abs=1e-12
    )
    assert made.offset == pytest.approx(-32 * (math.log(2) + 0.4), abs=1e-13)


def test_graphs_in_every_form() -> None:
    bonds = [(0, 1, 0.3), (1, 2, 0.0), (0, 4, 2.0), (2, 1, 1e-12)]
    made = rg.rbm_from_ising(bonds)
    assert made.machine.weights.shape == (5, 4)
    v = states(5)
    expected = sum(K * v[:, i] * v[:, j] for i, j, K in bonds)
    assert np.abs(-made.machine.free_energy(v) + made.offset - expected).max() < 1e-12
    assert made.machine.weights[2, 3] == pytest.approx(1e-6, rel=1e-9)  # arcosh near 1
    assert rg.rbm_from_ising([(0, 1, 400.0)]).machine.weights[0, 0] == pytest.approx(400 + math.log(2) / 2, rel=1e-15)
    matrix = scipy.sparse.coo_array(([0.3, 0.3, 2.0, 2.0], ([0, 1, 0, 4], [1, 0, 4, 0])), (6, 6))
    machine = rg.rbm_from_ising(matrix).machine
    assert machine.weights.shape == (6, 2)
    assert np.array_equal(machine.weights[:5], made.machine.weights[:, [0, 2]])


@pytest.mark.parametrize(
    ("graph", "error", "message"),
    [
        ([(0, 1, 0.5), (3, 2, -0.5)], ValueError, r"graph has the coupling -0\.5 between sites 3 and 2; .* arcosh"),
        (ising.Lattice((4,), -1.0), ValueError, r"graph has the coupling -1\.0 between sites 0 and 1"),
        ([(0, 1, math.inf)], ValueError, "graph has NaN or infinite values"),
        ([(0, 0, 1.0)], ValueError, "graph joins site 0 to itself"),
        ([(0, 0.5, 1.0)], ValueError, "graph has sites that are no integers of at least 0"),
        ([(-1, 0, 1.0)], ValueError, "graph has sites that are no integers of at least 0"),
        ([(0, 1e30, 1.0)], ValueError, "graph has sites that are no integers of at least 0"),
        ([(0, 1)], ValueError, r"graph has shape \(1, 2\); \(bonds, 3\)"),
        ([], ValueError, "graph has no bond"),
        (scipy.sparse.coo_array(([1.0], ([0], [1])), (2, 2)), ValueError, "graph was not symmetric"),
        (scipy.sparse.coo_array(([1.0], ([0], [1])), (2, 3)), ValueError, "graph was not symmetric"),
        (3, TypeError, "graph was int; a kousei.ising.Lattice, a SciPy sparse array and a sequence"),
        ([("a", "b", "c")], TypeError, "graph has dtype <U1; real numbers"),
    ],
)
def test_graphs_refused(graph: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        rg.rbm_from_ising(graph)


@pytest.mark.parametrize(("shape", "K"), [((8,), 0.7), ((4, 6), 0.4), ((2, 4), 0.3), ((2, 2, 4), -0.2)])
def test_a_sublattice_machine_is_the_lattice(shape: tuple[int, ...], K: float) -> None:
    machine = rg.sublattice_rbm(shape, K)
    assert machine.weights.sum() == pytest.approx(K * math.prod(shape) * len(shape))
    assert machine.log_partition().value == pytest.approx(ising.exact(shape, K).log_partition, abs=1e-11)


def test_sublattices_in_order() -> None:
    machine, even = rg.sublattice_rbm((4, 6), 0.4), np.indices((4, 6)).sum(axis=0) % 2 == 0
    rng = np.random.default_rng(0)
    spins = rng.choice([-1.0, 1.0], (5, 4, 6))
    bonds = (spins * np.roll(spins, 1, 1) + spins * np.roll(spins, 1, 2)).sum(axis=(1, 2))
    v, h = spins[:, even], spins[:, ~even]
    np.testing.assert_allclose(((v @ machine.weights) * h).sum(axis=1), 0.4 * bonds, atol=1e-12)


def test_gibbs_on_sublattices_is_the_heat_bath() -> None:
    machine = rg.sublattice_rbm((8, 8), 0.4)
    v = machine.gibbs(np.ones((4000, 32), np.int8), 100, rng=0)
    h = machine.sample_hidden(v, rng=1)
    energies = -((v @ machine.weights) * h).sum(axis=1) / 0.4 / 64
    error = energies.std() / math.sqrt(4000)
    assert abs(energies.mean() - ising.exact((8, 8), 0.4).energy) < 4 * error < 0.03


def test_sublattices_refused() -> None:
    with pytest.raises(ValueError, match=r"shape\[1\] was 5; an even length"):
        rg.sublattice_rbm((4, 5), 0.4)
    with pytest.raises(ValueError, match="coupling was nan"):
        rg.sublattice_rbm((4, 4), math.nan)


def test_divergence_counts_all_states() -> None:
    p, q = ising.Lattice((10,), 0.6, field=0.2), ising.Lattice((10,), 0.3)
    v = states(10)
    logs = [lattice.coupling * ring(v) + lattice.field * v.sum(axis=1) for lattice in (p, q)]
    log_p, log_q = (log - np.logaddexp.reduce(log) for log in logs)
    expected = np.exp(log_p) @ (log_p - log_q)
    found = rg.kl_divergence(p, q)
    assert found.error == 0
    assert found.value == pytest.approx(expected, abs=1e-13)
    assert rg.kl_divergence(q, p).value != pytest.approx(expected, abs=0.01)
    machine = rg.rbm_from_ising(p).machine
    for same in (machine, machine.convert("binary").machine):
        assert abs(rg.kl_divergence(same, p).value) < 1e-12
        assert rg.kl_divergence(same, q).value == pytest.approx(expected, abs=1e-12)


def test_divergence_of_long_rings_by_samples() -> None:
    p, q = rg.decimation_stack(32, 0.6, 5), ising.Lattice((32,), 0.5)
    t, u = math.tanh(0.6), math.tanh(0.5)
    bond = (t + t**31) / (1 + t**32)
    log_z = [32 * math.log(2 * math.cosh(K)) + math.log1p(math.tanh(K) ** 32) for K in (0.6, 0.5)]
    exact = 32 * 0.1 * bond - log_z[0] + log_z[1]
    found = rg.kl_divergence(p, q, rng=0)
    assert 0 < found.error < 0.02
    assert abs(found.value - exact) < 4 * found.error
    again = rg.kl_divergence(ising.Lattice((32,), 0.6), q, p.sample(20000, rng=1))
    assert abs(again.value - exact) < 4 * again.error
    assert u < t


def test_a_trained_machine_comes_near_its_ring_and_not_as_near_as_decimation() -> None:
    ring_of_eight = ising.Lattice((8,), 0.6)
    data = rg.decimation_stack(8, 0.6, 3).sample(10000, rng=0)
    machine = kousei.RBM(8, 4, algorithm="pcd", learning_rate=0.01, rng=0)
    before = rg.kl_divergence(ring_of_eight, machine).value
    after = rg.kl_divergence(ring_of_eight, machine.fit(data, epochs=40)).value
    decimated = rg.kl_divergence(ring_of_eight, rg.decimation_rbm(0.6, 3.0, tol=1.0).rbm(8)).value
    assert before > 0.5
    assert 0.1 > after > decimated > 0


def test_divergence_refuses() -> None:
    lattice = ising.Lattice((32,), 0.5)
    with pytest.raises(TypeError, match="q was float"):
        rg.kl_divergence(lattice, 1.0)
    with pytest.raises(ValueError, match="q has 16 spins and p has 32"):
        rg.kl_divergence(lattice, ising.Lattice((16,), 0.5))
    with pytest.raises(ValueError, match="samples was None; states of p are accepted, which has 32 spins"):
        rg.kl_divergence(lattice, lattice)
    with pytest.raises(ValueError, match=r"samples has shape \(1, 32\); at least 2"):
        rg.kl_divergence(lattice, lattice, np.ones((1, 32)))
    with pytest.raises(ValueError, match=r"samples has shape \(4, 31\); \(n, 32\)"):
        rg.kl_divergence(lattice, lattice, np.ones((4, 31)))


def test_localization_by_hand() -> None:
    i, j = np.indices((12, 20))
    box = (np.minimum(i, 12 - i) <= 1) & (np.abs(j - 10) <= 1)  # round the edge
    fields = np.stack([box, np.ones_like(box), np.zeros_like(box), (i == 3) & (j == 4)], axis=-1).astype(float)
    found = rg.localization(fields.reshape(-1, 4), (12, 20), box=3)
    np.testing.assert_allclose(found.share, [1, 9 / 240, 0, 1])
    assert found.radius[0] == 1  # five of nine sites
    assert found.radius[3] == 0
    assert found.radius[1] == pytest.approx(math.sqrt(12 * 20 / 2 / math.pi), abs=0.6)
    assert math.isnan(found.radius[2])
    for wrong, message in (((12, 20, 1), "two lengths"), ((12, 10), r"\(120, units\) is accepted")):
        with pytest.raises(ValueError, match=message):
            rg.localization(fields.reshape(-1, 4), wrong, box=3)
    with pytest.raises(TypeError, match="shape was int; a tuple of two integers"):
        rg.localization(fields.reshape(-1, 4), 16)
    for side, message in ((4, "box was 4; an odd number"), (13, "box was 13; 1 to 12")):
        with pytest.raises(ValueError, match=message):
            rg.localization(fields.reshape(-1, 4), (12, 20), box=side)


def _two_layers() -> rg.DBN:
    upper = kousei.RBM.from_weights([[9.0, 0.0], [0.0, -9.0]])
    return rg.DBN([kousei.RBM.from_weights(9.0 * np.repeat(np.eye(2), 3, axis=0)), upper])


def test_layers_up_and_down() -> None:
    net = _two_layers()
    assert repr(net) == "DBN(6, 2, 2, 'spin')"
    X = np.repeat(np.array([[1, -1], [-1, -1]], np.int8), 3, axis=1)
    assert np.array_equal(net.ascend(X, 1, rng=0), [[1, -1], [-1, -1]])
    assert np.array_equal(net.ascend(X, 2, rng=0), [[1, 1], [-1, 1]])
    assert np.array_equal(net.descend(net.ascend(X, 2, rng=0), 2, rng=0), X)
    packed = kousei.pack_signs(X)
    assert net.reconstruct(packed, 2, rng=0) == packed
    assert net.ascend(X, 0) is X
    np.testing.assert_array_equal(net.receptive_fields()[1], 81.0 * np.repeat([[1, 0], [0, -1]], 3, axis=0))
    samples = net.sample(1000, 5, rng=0)
    blocks = samples.reshape(-1, 2, 3)
    assert (blocks == blocks[..., :1]).all()
    assert np.abs(blocks[..., 0].mean(axis=0)).max() < 0.15


def test_layers_are_trained_on_states_of_those_below() -> None:
    spins = rg.decimation_stack(16, 0.8, 4).sample(2000, rng=0)
    made: dict[str, Any] = {"learning_rate": 0.05, "batch_size": 50}
    net = rg.DBN([kousei.RBM(16, 8, rng=1, **made), kousei.RBM(8, 4, rng=2, **made)]).fit(spins, epochs=10, rng=3)
    first = kousei.RBM(16, 8, rng=1, **made).fit(spins, epochs=10)
    assert np.array_equal(first.weights, net.machines[0].weights)
    overlap = [(spins * net.reconstruct(spins, layers, rng=0)).mean() for layers in (0, 1, 2)]
    assert overlap[0] == 1 > overlap[1] > overlap[2] > 0.1


def test_nets_refused() -> None:
    with pytest.raises(ValueError, match="machines was empty"):
        rg.DBN([])
    with pytest.raises(TypeError, match=r"machines\[0\] was int"):
        rg.DBN([3])
    with pytest.raises(TypeError, match="machines was RBM; a sequence of kousei.RBM"):
        rg.DBN(kousei.RBM(4, 2))
    with pytest.raises(ValueError, match=r"machines\[1\] has 3 visible units; 2 are accepted"):
        rg.DBN([kousei.RBM(4, 2), kousei.RBM(3, 2)])
    with pytest.raises(ValueError, match=r"machines\[1\] has binary units; spin ones are accepted"):
        rg.DBN([kousei.RBM(4, 2), kousei.RBM(2, 2, "binary")])
    with pytest.raises(ValueError, match="layers was 3; 0 to 2"):
        _two_layers().ascend(np.ones((1, 6)), 3)
