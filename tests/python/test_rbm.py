"""Machines as distributions: means, draws, energies and the two kinds of units."""

import itertools
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from scipy import stats

import kousei
from kousei import RBM
from kousei._lib import _core
from support import Library


def all_states(units: str, width: int) -> np.ndarray:
    low = -1 if units == "spin" else 0
    return np.array(list(itertools.product([low, 1], repeat=width)), np.int8)


def small(units: str, visible: int = 5, hidden: int = 4) -> RBM:
    rng = np.random.default_rng(7)
    size = 0.5 if units == "spin" else 1.5
    shapes = (visible, hidden), visible, hidden
    return RBM.from_weights(*(size * rng.normal(size=shape) for shape in shapes), units)


def joint(machine: RBM) -> np.ndarray:
    """exp(-E(v, h)) of all states, from the definition."""
    v, h = all_states(machine.units, machine.visible), all_states(machine.units, machine.hidden)
    minus_energy = v @ machine.weights @ h.T + (v @ machine.visible_bias)[:, None] + h @ machine.hidden_bias
    return np.exp(minus_energy)


def philox(key: int, counter: np.ndarray) -> np.ndarray:
    """Philox4x32-10 of counters (..., 4): as its authors write it."""
    c = [counter[..., i].astype(np.uint64) for i in range(4)]
    low, high, mask = key & 0xFFFFFFFF, key >> 32, np.uint64(0xFFFFFFFF)
    for _ in range(10):
        p, q = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [q >> 32 ^ c[1] ^ np.uint64(low), q & mask, p >> 32 ^ c[3] ^ np.uint64(high), p & mask]
        low, high = (low + 0x9E3779B9) & 0xFFFFFFFF, (high + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(c, axis=-1)


def respond(weights: np.ndarray, bias: np.ndarray, signs: np.ndarray, *, spin: bool, transposed: bool, **draw: int):
    """The fields, means and drawn words that the kernel gives."""
    core = _core.cpu
    rows, outputs = len(signs), len(bias)
    fields, means = np.empty((2, rows, outputs), np.float32)
    drawn = np.full((rows, _core.packed_stride(outputs)), 0xFFFFFFFF, np.uint32)
    words = kousei.pack_signs(signs).words
    beta = draw.pop("beta", None)
    of = draw["key"], draw["count"], draw.get("first_row", 0), draw.get("clock")
    core.rbm_respond(weights, bias, transposed, spin, words, beta, *of, fields, means, drawn, core.Cpu())
    return fields, means, kousei.PackedSigns(drawn, (rows, outputs)).unpack()


def test_philox_is_that_of_its_authors() -> None:
    counter = np.array([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344])
    expected = [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]
    assert philox(0x299F31D0A4093822, counter).tolist() == expected


@pytest.mark.parametrize("outputs", [1, 15, 16, 63, 65, 130, 200])
def test_bits_are_those_of_the_counters(outputs: int, rng: np.random.Generator) -> None:
    rows, inputs, key, count = 3, 37, 0x0123456789ABCDEF, 5 + (9 << 32)
    weights, bias = rng.normal(0, 0.3, (inputs, outputs)).astype("f4"), rng.normal(size=outputs).astype("f4")
    signs = rng.choice([-1, 1], (rows, inputs)).astype("i1")
    _, p, up = respond(weights, bias, signs, spin=False, transposed=False, key=key, count=count, first_row=8)

    unit, row = np.meshgrid(np.arange(outputs), np.arange(8, 8 + rows))
    counter = np.stack([16 * (unit // 64) + unit % 16, row, np.full_like(unit, 5), np.full_like(unit, 9)], axis=-1)
    word = np.take_along_axis(philox(key, counter), (unit // 16 % 4)[..., None], axis=-1)[..., 0]
    assert np.array_equal(up == 1, (word >> 8).astype(np.float32) * np.float32(2**-24) < p)


@pytest.mark.parametrize("spin", [False, True])
@pytest.mark.parametrize(("rows", "inputs", "outputs"), [(1, 1, 1), (5, 33, 17), (300, 64, 70), (2, 129, 257)])
def test_fields_and_means(spin: bool, rows: int, inputs: int, outputs: int, rng: np.random.Generator) -> None:
    weights, bias = rng.normal(0, 0.3, (inputs, outputs)).astype("f4"), rng.normal(size=outputs).astype("f4")
    signs, beta = rng.choice([-1, 1], (rows, inputs)).astype("i1"), rng.uniform(0, 2, rows).astype("f4")
    by_rows = respond(weights, bias, signs, spin=spin, transposed=False, beta=beta, key=1, count=2)
    by_columns = respond(weights.T.copy(), bias, signs, spin=spin, transposed=True, beta=beta, key=1, count=2)
    assert all(map(np.array_equal, by_rows, by_columns))

    values = signs if spin else (signs + 1) // 2
    fields = values @ weights.astype(float) + bias
    at_beta = beta[:, None] * fields
    means = np.tanh(at_beta) if spin else 1 / (1 + np.exp(-at_beta))
    assert np.abs(by_rows[0] - fields).max() < 1e-5
    assert np.abs(by_rows[1] - means).max() < 2e-6


@pytest.mark.parametrize("field", [-200.0, -88.5, 0.0, 88.5, 200.0, np.inf, -np.inf, np.nan])
def test_probabilities_of_large_fields(field: float) -> None:
    weights, bias = np.zeros((1, 1), np.float32), np.array([field], np.float32)
    _, means, up = respond(weights, bias, np.ones((1, 1)), spin=False, transposed=False, key=3, count=0)
    with np.errstate(over="ignore"):
        expected = 1 / (1 + np.exp(-np.float64(field)))
    np.testing.assert_allclose(means, expected, atol=1e-30 if field < 0 else 1e-7)
    assert up[0, 0] == (1 if field > 0 else -1) or field == 0 or np.isnan(field)


def test_frequencies_of_draws() -> None:
    machine = RBM.from_weights(np.zeros((1, 70)), hidden_bias=np.linspace(-2, 2, 70))
    p, rows, values = (1 + np.tanh(machine.hidden_bias)) / 2, 4096, []
    for seed in range(20):
        up = (machine.sample_hidden(np.ones((rows, 1)), rng=seed) == 1).sum(axis=0)
        chi_squared = ((up - rows * p) ** 2 / (rows * p * (1 - p))).sum()
        values.append(stats.chi2.sf(chi_squared, 70))
    assert min(values) > 1e-4
    assert max(values) < 1 - 1e-4
    assert stats.kstest(values, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("units", ["spin", "binary"])
def test_free_energy_is_that_of_the_joint_distribution(units: str) -> None:
    machine = small(units)
    v = all_states(units, machine.visible)
    expected = -np.log(joint(machine).sum(axis=1))
    np.testing.assert_allclose(machine.free_energy(v), expected, rtol=1e-13)
    np.testing.assert_array_equal(machine.score_samples(v), -machine.free_energy(v))


@pytest.mark.parametrize("units", ["spin", "binary"])
@pytest.mark.parametrize("beta", [1.0, 0.5])
def test_gibbs_steps_leave_the_distribution(units: str, beta: float) -> None:
    machine = small(units)
    p = (joint(machine) ** beta).sum(axis=1)
    p /= p.sum()
    start = np.ones((20000, machine.visible), np.int8)
    v = machine.gibbs(start, 60, beta=beta, rng=11)
    counts = np.bincount((v == 1) @ (1 << np.arange(machine.visible)[::-1]), minlength=p.size)
    assert 1e-4 < stats.chisquare(counts, len(v) * p).pvalue < 1 - 1e-4


@pytest.mark.parametrize("units", ["spin", "binary"])
def test_conversion(units: str) -> None:
    machine = small(units)
    other = "binary" if units == "spin" else "spin"
    converted, offset = machine.convert(other)
    assert np.log(joint(machine).sum()) == pytest.approx(np.log(joint(converted).sum()) + offset, abs=1e-12)
    np.testing.assert_allclose(
        joint(machine) / joint(machine).sum(), joint(converted) / joint(converted).sum(), rtol=1e-12
    )
    back, undone = converted.convert(units)
    np.testing.assert_allclose(back.weights, machine.weights, rtol=1e-12)
    np.testing.assert_allclose(back.hidden_bias, machine.hidden_bias, rtol=1e-12)
    assert offset + undone == pytest.approx(0, abs=1e-12)
    same, nothing = machine.convert(units)
    assert np.array_equal(same.weights, machine.weights)
    assert nothing == 0


def test_conversion_of_one_unit_by_hand() -> None:
    converted, offset = RBM.from_weights([[1.0]], [2.0], [4.0]).convert("binary")
    found = converted.weights[0, 0], converted.visible_bias[0], converted.hidden_bias[0], offset
    assert found == (4.0, 2.0, 6.0, -5.0)


@pytest.mark.parametrize("units", ["spin", "binary"])
def test_states_come_back_as_they_came(units: str, library: Library) -> None:
    machine, v = small(units), all_states(units, 5)
    expected = machine.gibbs(v, 3, rng=5)
    for dtype in ("int8", "int64", "float32", "float64"):
        given = library.asarray(v.astype(dtype))
        found = machine.gibbs(given, 3, rng=5)
        assert type(found) is type(given)
        assert found.dtype == given.dtype
        assert np.array_equal(library.numpy(found), expected)
    assert np.array_equal(library.numpy(machine.transform(library.asarray(v))), machine.transform(v))
    np.testing.assert_allclose(library.numpy(machine.free_energy(library.asarray(v))), machine.free_energy(v))


def test_packed_states() -> None:
    machine = small("spin")
    v = all_states("spin", 5)
    found = machine.gibbs(kousei.pack_signs(v), 3, rng=5)
    assert isinstance(found, kousei.PackedSigns)
    assert np.array_equal(found.unpack(), machine.gibbs(v, 3, rng=5))
    of_bools = small("binary").sample_hidden(all_states("binary", 5) == 1, rng=1)
    assert of_bools.dtype == bool


def test_no_rows_and_no_steps() -> None:
    machine, none = small("spin"), np.ones((0, 5))
    assert machine.transform(none).shape == (0, 4)
    assert machine.free_energy(none).shape == (0,)
    assert machine.gibbs(none, 2).shape == (0, 5)
    v = all_states("spin", 5)
    assert np.array_equal(machine.gibbs(v, 0), v)


_HASH = """
import hashlib
import sys
import numpy as np
import kousei

rng, found = np.random.default_rng(0), hashlib.sha256()
for threads in (1, 2, 4):
    kousei.set_num_threads(threads)
    for units in ("spin", "binary"):
        X = kousei.pack_signs(rng.choice([-1, 1], (300, 150)))
        machine = kousei.RBM(150, 130, units, centered=True, l1=1e-3, momentum=0.7, batch_size=150, rng=1)
        machine.fit(X, epochs=2)
        machine.gibbs(X, 2, rng=3)
        found.update(machine.weights.tobytes() + machine.hidden_bias.tobytes() + machine.visible_bias.tobytes())
        found.update(machine.gibbs(X, 2, rng=3).words.tobytes() + machine.transform(X).tobytes())
    rng = np.random.default_rng(0)
    print(found.hexdigest())
    found = hashlib.sha256()
"""


def test_instruction_sets_and_threads_agree_to_the_bit() -> None:
    hashes = set()
    for name in ("baseline", "avx2", "avx512"):
        environment = os.environ | {"KOUSEI_SIMD": name, "PYTHONPATH": os.pathsep.join(sys.path)}
        run = subprocess.run(
            [sys.executable, "-c", _HASH], env=environment, capture_output=True, text=True, check=True
        )
        hashes |= set(run.stdout.split())
    assert len(hashes) == 1


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ((0, 3), ValueError, "visible was 0; 1 to"),
        ((3, 2.0), TypeError, "hidden was 2.0; an integer"),
        ((3, 2, "tanh"), ValueError, "units was 'tanh'; 'spin' and 'binary'"),
        ((2**22, 2**22), MemoryError, "4194304 x 4194304 weights"),
    ],
)
def test_refused_sizes(arguments: tuple, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        RBM(*arguments)


def test_chains_that_do_not_fit() -> None:
    with pytest.raises(MemoryError, match="2147483647 persistent chains"):
        RBM(4, 2, algorithm="pcd", chains=2**31 - 1)
    with pytest.raises(MemoryError, match="1099511627776 persistent chains"):
        RBM(4, 2, algorithm="tempering", chains=2**20, temperatures=2**20)
    assert RBM(4, 2, chains=2**31 - 1).chains == 2**31 - 1  # "cd" has none


@pytest.mark.parametrize(
    ("parameters", "error", "text"),
    [
        ({"algorithm": "sgd"}, ValueError, "algorithm was 'sgd'; 'cd', 'pcd' and 'tempering'"),
        ({"precision": "half"}, ValueError, "precision was 'half'; 'full' and 'fast'"),
        ({"k": 0}, ValueError, "k was 0"),
        ({"learning_rate": 0.0}, ValueError, "learning_rate was 0.0"),
        ({"learning_rate": np.nan}, ValueError, "learning_rate was nan"),
        ({"momentum": 1.0}, ValueError, "momentum was 1.0; a number from 0 to below 1"),
        ({"l1": -1e-9}, ValueError, "l1 was -1e-09"),
        ({"l1": 1e39}, ValueError, "l1 was 1e\\+39; a number from 0 to below 3.4028235e\\+38"),
        ({"learning_rate": 10**5000}, ValueError, "learning_rate was of type int; a positive finite number"),
        ({"l1": "2"}, TypeError, "l1 was '2'; a real number"),
        ({"centered": 1}, TypeError, "centered was 1"),
        ({"batch_size": 0}, ValueError, "batch_size was 0"),
        ({"chains": 0}, ValueError, "chains was 0"),
        ({"temperatures": 1}, ValueError, "temperatures was 1; at least 2|temperatures was 1; 2 to"),
        ({"rng": -1}, ValueError, "rng was -1"),
    ],
)
def test_refused_parameters(parameters: dict, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        RBM(3, 2, **parameters)


@pytest.mark.parametrize("method", ["fit", "transform", "free_energy", "gibbs", "sample_hidden"])
def test_refused_states(method: str) -> None:
    call = getattr(small("spin"), method)
    with pytest.raises(ValueError, match=r"\[2, 3\] was 0; -1 and 1 are accepted for spin units"):
        call(np.where(np.arange(20).reshape(4, 5) == 13, 0, 1))
    with pytest.raises(ValueError, match=r"has shape \(4, 6\); \(n, 5\)"):
        call(np.ones((4, 6)))
    with pytest.raises(ValueError, match=r"has shape \(4, 6\); \(n, 5\)"):
        call(kousei.pack_signs(np.ones((4, 6))))
    with pytest.raises(ValueError, match=r"has shape \(5,\); \(n, 5\)"):
        call(np.ones(5))
    with pytest.raises(TypeError, match="has dtype complex128"):
        call(np.ones((4, 5), complex))
    with pytest.raises(TypeError, match="was list"):
        call([[1, 1, 1, 1, 1]])
    with pytest.raises(ValueError, match=r"\[0, 1\] was nan"):
        call(np.array([[1, np.nan, 1, 1, 1]]))


def test_refused_binary_states() -> None:
    with pytest.raises(ValueError, match=r"v\[0, 0\] was -1; 0 and 1 are accepted for binary units"):
        small("binary").free_energy(-np.ones((1, 5), np.int8))
    with pytest.raises(ValueError, match=r"v\[0, 1\] was False; -1 and 1"):
        small("spin").free_energy(np.array([[True, False, True, True, True]]))


def test_refused_weights() -> None:
    with pytest.raises(ValueError, match=r"weights has shape \(3,\)"):
        RBM.from_weights(np.ones(3))
    with pytest.raises(ValueError, match="weights has NaN"):
        RBM.from_weights([[np.nan]])
    with pytest.raises(ValueError, match=r"hidden_bias has shape \(2,\); \(1,\)"):
        RBM.from_weights([[1.0]], hidden_bias=[1, 2])
    machine = small("spin")
    for wrong in (np.inf, 1e39):
        with pytest.raises(ValueError, match="beta was .*; a finite number of float32"):
            machine.gibbs(np.ones((1, 5)), beta=wrong)
    with pytest.raises(ValueError, match="visible_bias has numbers beyond those of float32"):
        RBM.from_weights([[1.0]], [-1e39])
    with pytest.raises(ValueError, match="steps was -1"):
        machine.gibbs(np.ones((1, 5)), -1)
    with pytest.raises(ValueError, match="units was 'other'"):
        machine.convert("other")


@pytest.mark.parametrize("name", ["bias", "states", "beta", "clock", "fields", "means", "drawn"])
def test_the_kernel_checks_every_extent(name: str) -> None:
    core = _core.cpu
    shapes = {"weight": (5, 3), "bias": (3,), "states": (2, 4), "beta": (2,), "fields": (2, 3), "means": (2, 3)}
    shapes |= {"drawn": (2, 4), "clock": (3,)}
    dtypes = {"states": np.uint32, "drawn": np.uint32, "clock": np.int64}
    arrays = {
        key: np.zeros((*shape[:-1], shape[-1] - (key == name)), dtypes.get(key, np.float32))
        for key, shape in shapes.items()
    }
    with pytest.raises(ValueError, match=f"{name} has shape"):
        core.rbm_respond(**arrays, transposed=False, spin=True, key=1, count=2, first_row=0, on=core.Cpu())


@pytest.mark.parametrize(
    "name",
    [
        *("visible_bias", "hidden_bias", "weight_velocity", "visible_velocity", "hidden_velocity"),
        *("data", "data_means", "model", "model_means", "visible_center", "hidden_center"),
    ],
)
def test_the_update_checks_every_extent(name: str) -> None:
    core = _core.cpu
    shapes = {"weight": (5, 3), "visible_bias": (5,), "hidden_bias": (3,), "weight_velocity": (5, 3)}
    shapes |= {"visible_velocity": (5,), "hidden_velocity": (3,), "data": (2, 4), "data_means": (2, 3)}
    shapes |= {"model": (7, 4), "model_means": (7, 3), "visible_center": (5,), "hidden_center": (3,)}
    arrays = {
        key: np.zeros((*shape[:-1], shape[-1] - (key == name)), np.uint32 if key in ("data", "model") else np.float32)
        for key, shape in shapes.items()
    }
    rates = {"spin": True, "learning_rate": 0.1, "momentum": 0.0, "l1": 0.0, "slide": 0.0, "on": core.Cpu()}
    with pytest.raises(ValueError, match="has shape"):
        core.rbm_update(**arrays, **rates)


@pytest.mark.parametrize("name", ["data", "data_means", "model", "model_means", "hidden_means", "visible_values"])
def test_the_sums_of_a_block_check_every_extent(name: str) -> None:
    core = _core.cpu
    shapes = {"data": (2, 4), "data_means": (2, 3), "model": (7, 4), "model_means": (7, 3), "products": (5, 3)}
    shapes |= {"hidden_means": (2, 3), "visible_values": (2, 5)}
    dtypes = {"data": np.uint32, "model": np.uint32, "visible_values": np.int64}

    def arrays(wrong: str = "") -> dict[str, np.ndarray]:
        return {
            key: np.zeros((*shape[:-1], shape[-1] - (key == wrong)), dtypes.get(key, np.float32))
            for key, shape in shapes.items()
        }

    more = {"spin": True, "data_rows": 2, "model_rows": 7, "on": core.Cpu()}
    with pytest.raises(ValueError, match="has shape"):
        core.rbm_sum_block(**arrays(name), **more)
    none = {key: arrays()[key][:0] for key in ("data", "data_means", "model", "model_means")}
    with pytest.raises(ValueError, match="data and model have no rows; at least 1 of one is accepted"):
        core.rbm_sum_block(**arrays() | none, **more)
    many = {"data": np.zeros((2049, 4), np.uint32), "data_means": np.zeros((2049, 3), np.float32)}
    with pytest.raises(ValueError, match="data has 2049 rows; up to 2048 are accepted"):
        core.rbm_sum_block(**arrays() | many, **more)


@pytest.mark.parametrize("name", ["products", "hidden_means", "visible_values", "visible_center", "hidden_velocity"])
def test_the_update_by_sums_checks_every_extent(name: str) -> None:
    core = _core.cpu
    shapes = {"weight": (5, 3), "visible_bias": (5,), "hidden_bias": (3,), "weight_velocity": (5, 3)}
    shapes |= {"visible_velocity": (5,), "hidden_velocity": (3,), "products": (5, 3), "hidden_means": (2, 3)}
    shapes |= {"visible_values": (2, 5), "visible_center": (5,), "hidden_center": (3,)}
    arrays = {
        key: np.zeros((*shape[:-1], shape[-1] - (key == name)), np.int64 if key == "visible_values" else np.float32)
        for key, shape in shapes.items()
    }
    rates = {"spin": True, "learning_rate": 0.1, "momentum": 0.0, "l1": 0.0, "slide": 0.0, "on": core.Cpu()}
    with pytest.raises(ValueError, match="has shape"):
        core.rbm_update_by(**arrays, **rates, data_rows=2, model_rows=7)


def test_draws_after_a_clock_are_those_of_the_sum() -> None:
    machine, signs = small("spin"), all_states("spin", 5)
    parameters = machine.weights.astype(np.float32), machine.hidden_bias.astype(np.float32), signs
    how = {"spin": True, "transposed": False, "key": 5}
    whole = respond(*parameters, **how, count=(3 << 32) + 9)
    after = respond(*parameters, **how, count=9, clock=np.array([3 << 32, 1, 1]))
    assert all(map(np.array_equal, whole, after))


def test_rows_of_an_epoch_come_in_its_order() -> None:
    core = _core.cpu
    data = np.arange(20, dtype=np.uint32).reshape(5, 4)
    order, clock, batch = np.array([3, 0, 4, 1, 7]), np.array([9, 0, 0]), np.empty((2, 4), np.uint32)
    found = []
    for _ in range(3):
        core.rbm_next_rows(data, order, clock, batch, core.Cpu())
        found.append(batch.copy())
        core.rbm_advance(clock, 2, batch, batch ^ np.uint32(5), core.Cpu())
    # Of rows that are not there nothing is read.
    assert np.array_equal(np.concatenate(found), [*data[[3, 0, 4, 1]], [0] * 4, [0] * 4])
    assert clock.tolist() == [9 + 3 * 2, 3 * 2, 3 * 8 * 2]
    core.rbm_advance(clock, 1, batch, None, core.Cpu())
    assert clock.tolist() == [16, 8, 48]


@pytest.mark.parametrize("name", ["order", "clock", "batch", "model"])
def test_the_steps_of_an_epoch_check_every_extent(name: str) -> None:
    core = _core.cpu
    shapes = {"data": (5, 4), "order": (5,), "clock": (3,), "batch": (2, 4), "model": (2, 4)}
    kinds = {"order": np.int64, "clock": np.int64}
    found = {key: np.zeros((*s[:-1], s[-1] - (key == name)), kinds.get(key, np.uint32)) for key, s in shapes.items()}
    data, order, clock, batch, model = found.values()

    def step() -> None:
        core.rbm_next_rows(data, order, clock, batch, core.Cpu())
        core.rbm_advance(clock, 1, batch, model, core.Cpu())

    with pytest.raises(ValueError, match=f"{name} has shape"):
        step()


@pytest.mark.parametrize(
    ("name", "value", "error", "text"),
    [
        ("weights", np.zeros((3, 2)), ValueError, r"weights has shape \(3, 2\); \(2, 3\) is accepted"),
        ("visible_bias", np.zeros(3), ValueError, r"visible_bias has shape \(3,\); \(2,\) is accepted"),
        ("hidden_bias", np.zeros((3, 1), np.float32), ValueError, r"hidden_bias has shape \(3, 1\)"),
        ("hidden_bias", np.full(3, np.nan), ValueError, "hidden_bias has NaN"),
        ("weights", np.full((2, 3), 1e39), ValueError, "weights has numbers beyond those of float32"),
        ("weights", np.zeros((2, 3), int), TypeError, "weights has dtype int64; float32 and float64"),
        ("weights", [["a"] * 3] * 2, TypeError, "weights has dtype"),
    ],
)
def test_assigned_parameters_are_checked(name: str, value: Any, error: type[Exception], text: str) -> None:
    machine = RBM(2, 3, rng=0)
    before = getattr(machine, name)
    with pytest.raises(error, match=text):
        setattr(machine, name, value)
    assert getattr(machine, name) is before
    right = np.ones_like(before, np.float64)
    setattr(machine, name, right)
    assert getattr(machine, name) is right
