"""Training of machines: gradients, likelihoods, and runs that are interrupted and go on."""

import gc
import os
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kousei
from kousei import RBM
from kousei._lib.backends import Device, enter
from kousei.rbm.checkpoint import seal
from kousei.rbm.training import Trainer, swaps
from support import Library, libraries
from test_rbm import all_states, joint, small

ALGORITHMS = ["cd", "pcd", "tempering"]
DEVICES = [name for name in libraries() if Library(name).on_gpu]


def data_of(units: str, rows: int = 200, width: int = 6) -> np.ndarray:
    """States that a machine can learn: halves that agree, and a unit that is up more often."""
    rng = np.random.default_rng(5)
    up = np.repeat(rng.random((rows, 2)) < 0.5, width // 2, axis=1) ^ (rng.random((rows, width)) < 0.1)
    up[:, -1] |= rng.random(rows) < 0.5
    return np.where(up, 1, -1 if units == "spin" else 0).astype(np.int8)


def trained(units: str = "spin", **parameters: Any) -> RBM:
    rate = 0.02 if units == "spin" else 0.3
    return RBM(6, 4, units, **{"learning_rate": rate, "batch_size": 30, "chains": 20, "rng": 3} | parameters)


def log_likelihood(machine: RBM, X: np.ndarray) -> float:
    log_partition = np.log(joint(machine).sum())
    return float(machine.score_samples(X).mean() - log_partition)


def state_of(machine: RBM) -> dict[str, Any]:
    progress = machine._progress
    arrays = {name: getattr(machine, name) for name in ("weights", "visible_bias", "hidden_bias")} | progress.arrays
    drawn = progress.draws.key, progress.draws.count, progress.epoch
    return {name: array.tobytes() for name, array in arrays.items()} | {"drawn": drawn, "history": machine.history}


@pytest.mark.parametrize("units", ["spin", "binary"])
@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_likelihood_rises(algorithm: str, centered: bool, units: str) -> None:
    X = data_of(units)
    machine = trained(units, algorithm=algorithm, centered=centered, momentum=0.5, temperatures=4)
    values = [log_likelihood(machine.fit(X, epochs=epochs), X) for epochs in (0, 20, 60)]
    # Six fair coins have -4.16, and the states of the data themselves -3.03.
    assert values[0] == pytest.approx(-6 * np.log(2), abs=0.01)
    assert values[1] > values[0] + 0.2
    assert values[2] > -3.5


@pytest.mark.parametrize("units", ["spin", "binary"])
@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("algorithm", ["cd", "pcd", "tempering"])
def test_gradient_in_expectation(algorithm: str, centered: bool, units: str) -> None:
    """Many Gibbs steps for an update of rate 1: the weights change by the exact gradient."""
    machine, X, chains = small(units, 6, 3), data_of(units), 20000
    parameters = {"batch_size": chains, "chains": chains, "temperatures": 3, "k": 30, "learning_rate": 1.0}
    machine.set_params(algorithm=algorithm, centered=centered, **parameters)
    v, h = all_states(units, 6), all_states(units, 3)
    p = joint(machine) / joint(machine).sum()
    means = machine.transform(X).astype(float)
    center = X.mean(axis=0) if centered else np.zeros(6), np.full(3, 0.5 * (units == "binary")) if centered else 0
    of_data = (X - center[0]).T @ (means - center[1]) / len(X)
    exact = of_data - (v - center[0]).T @ p @ (h - center[1])
    bias = X.mean(axis=0) - p.sum(axis=1) @ v, means.mean(axis=0) - p.sum(axis=0) @ h
    before = {name: getattr(machine, name).copy() for name in ("weights", "visible_bias", "hidden_bias")}

    machine.partial_fit(np.tile(X, (chains // len(X), 1)))
    change = {name: getattr(machine, name) - before[name] for name in before}
    error = 5 / np.sqrt(chains)
    assert np.abs(change["weights"] - exact).max() < error
    assert np.abs(change["visible_bias"] - (bias[0] - change["weights"] @ (center[1] + np.zeros(3)))).max() < error
    assert np.abs(change["hidden_bias"] - (bias[1] - change["weights"].T @ center[0])).max() < error


def test_momentum_and_l1_by_hand() -> None:
    """One state of data, which the model has too: the gradient is 0 and what is left is momentum and l1."""
    machine = RBM.from_weights([[0.5, -0.25, 0.0]], [50.0], learning_rate=0.1, momentum=0.5, l1=0.2, batch_size=1)
    machine.partial_fit(np.ones((1, 1)))
    assert machine.weights.ravel() == pytest.approx([0.48, -0.23, 0.0], abs=1e-6)
    machine.partial_fit(np.ones((1, 1)))
    assert machine.weights.ravel() == pytest.approx([0.45, -0.20, 0.0], abs=1e-6)


def test_trades_are_fair() -> None:
    """Two replicas of a system of two energies: after a trade each has its own distribution again."""
    beta, energies, count = np.array([1.0, 0.2]), np.array([0.0, 2.0]), 200000
    rng = np.random.default_rng(2)
    p = np.exp(-beta[:, None] * energies) / np.exp(-beta[:, None] * energies).sum(axis=1, keepdims=True)
    state = np.stack([rng.choice(2, count, p=row) for row in p])
    for seed in range(4):
        place, share = swaps(energies[state], beta, np.random.default_rng(seed))
        traded = np.take_along_axis(state, place, axis=0)
        assert np.abs((traded == 1).mean(axis=1) - p[:, 1]).max() < 5 * np.sqrt(0.25 / count)
        assert np.array_equal(np.sort(place, axis=0), np.repeat([[0], [1]], count, axis=1))
        assert share == pytest.approx((place[0] == 1).mean()) or share == 0


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_resumed_run_is_an_uninterrupted_one(algorithm: str, centered: bool, tmp_path: Path) -> None:
    X, parameters = (
        data_of("spin"),
        {"algorithm": algorithm, "centered": centered, "momentum": 0.5, "temperatures": 3},
    )
    whole = trained(**parameters).fit(X, epochs=5)
    path = tmp_path / "machine.h5"
    trained(**parameters).fit(X, epochs=2, checkpoint=path)
    resumed = RBM.load(path)
    assert resumed.get_params() | {"rng": 3} == whole.get_params()
    assert resumed.epoch == 2
    resumed.partial_fit(X, epochs=3, checkpoint=path)
    assert state_of(resumed) == state_of(whole) == state_of(RBM.load(path))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_interrupted_fit(algorithm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    X, path = data_of("spin"), tmp_path / "machine.h5"
    machine, whole = trained(algorithm=algorithm, temperatures=3), trained(algorithm=algorithm, temperatures=3)
    after, update = [0], Trainer._update

    def interrupted(self: Trainer, *arguments: Any) -> None:
        update(self, *arguments)
        after[0] += 1
        if after[0] == 17:  # 7 updates an epoch: in the third
            raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "_update", interrupted)
    with pytest.raises(KeyboardInterrupt):
        machine.fit(X, epochs=4, checkpoint=path)
    monkeypatch.undo()
    assert state_of(machine) == state_of(RBM.load(path)) == state_of(whole.fit(X, epochs=2))
    machine.partial_fit(X, epochs=2)
    assert state_of(machine) == state_of(whole.partial_fit(X, epochs=2))


def test_a_checkpoint_is_whole_while_the_next_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, machine = tmp_path / "machine.h5", trained().fit(data_of("spin"), epochs=1)
    machine.save(path)
    before = state_of(RBM.load(path))

    def broken(descriptor: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="no space left"):
        machine.partial_fit(data_of("spin"), checkpoint=path)
    assert state_of(RBM.load(path)) == before
    assert os.listdir(tmp_path) == ["machine.h5"]


def test_every_damaged_byte_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "machine.h5"
    machine = trained(algorithm="pcd").fit(data_of("spin"), epochs=1)
    machine.save(path)
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    at = content.index(machine.weights.tobytes())
    for place in [*range(0, 600, 7), at + 5, len(content) - 1, *rng.integers(0, len(content), 60)]:
        damaged = bytearray(content)
        damaged[place] ^= 0x10
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="machine.h5 is no whole file of a kousei.RBM: it"):
            RBM.load(path)
    for length in (0, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match="machine.h5"):
            RBM.load(path)


def _change(path: Path, change: Any) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "r+") as file:
        change(file)
    seal(path)


def _replace(name: str, values: np.ndarray) -> Any:
    def change(file: Any) -> None:
        del file[name]
        file[name] = values

    return change


def _declare(name: str, shape: tuple[int, ...], dtype: str) -> Any:
    def change(file: Any) -> None:
        del file[name]
        file.create_dataset(name, shape, dtype, chunks=True)

    return change


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda file: file.attrs.pop("format"), "the format was None; 'kousei.RBM'"),
        (lambda file: file.attrs.update(format="other"), "the format was 'other'"),
        (lambda file: file.attrs.update(version=2), "the version was 2; 1 is accepted"),
        (lambda file: file.attrs.update(units="tanh"), "units was 'tanh'"),
        (lambda file: file.attrs.update(visible=7), r"weights has shape \(6, 4\); \(7, 4\)"),
        (lambda file: file.attrs.pop("momentum"), "'momentum'"),
        (lambda file: file.attrs.update(epoch=-1), "epoch was -1"),
        (lambda file: file.attrs.update(count="many"), "count was 'many'; an integer"),
        (lambda file: file.pop("hidden_bias"), "hidden_bias"),
        (lambda file: file.pop("training"), "training"),
        (_replace("weights", np.full((6, 4), np.nan, np.float32)), "weights has NaN"),
        (_replace("weights", np.zeros((6, 4), np.int32)), "weights has dtype int32"),
        (_replace("weights", np.zeros((6, 4), ">f4")), "weights has dtype >f4"),
        (_declare("history/free_energy_data", (10**10,), "f8"), "80000000000 bytes; the file has not as many"),
        (_declare("training/chains", (10**10, 4), "u4"), "160000000000 bytes; the file has not as many"),
        (lambda file: file["history"].create_group("more"), "more was .*; an array is accepted"),
        (_replace("training/chains", np.zeros((20, 3), np.uint32)), r"chains has shape \(20, 3\)"),
        (_replace("training/chains", np.full((20, 4), 64, np.uint32)), "bit past column 5"),
        (lambda file: file["training"].create_dataset("more", data=[1.0]), "'more' that is not known"),
    ],
)
def test_foreign_checkpoints(change: Any, text: str, tmp_path: Path) -> None:
    path = tmp_path / "machine.h5"
    trained(algorithm="pcd").fit(data_of("spin"), epochs=1, checkpoint=path)
    _change(path, change)
    with pytest.raises(ValueError, match=text) as error:
        RBM.load(path)
    assert str(path) in str(error.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="none.h5"):
        RBM.load(tmp_path / "none.h5")
    text = tmp_path / "text.h5"
    text.write_text("weights")
    with pytest.raises(ValueError, match="text.h5"):
        RBM.load(text)
    with pytest.raises(OSError):
        trained().save(tmp_path / "no folder" / "machine.h5")


def test_refused_training() -> None:
    machine = trained()
    with pytest.raises(ValueError, match=r"X has shape \(0, 6\); \(n, 6\) with n of at least 1"):
        machine.fit(np.ones((0, 6)))
    with pytest.raises(ValueError, match="epochs was -1"):
        machine.fit(data_of("spin"), epochs=-1)
    with pytest.raises(TypeError, match="progress was 1"):
        machine.fit(data_of("spin"), progress=1)
    with pytest.raises(ValueError, match="parameters were \\['size'\\]"):
        machine.set_params(size=3)
    with pytest.raises(ValueError, match="k was 0"):
        machine.set_params(momentum=0.9, k=0)
    assert machine.momentum == 0


def test_weights_that_overflow_leave_the_machine_as_it_was() -> None:
    machine = trained(learning_rate=1e38, momentum=0.9).fit(data_of("spin"), epochs=0)
    with pytest.raises(ValueError, match=r"learning_rate was 1e\+38; weights overflow in epoch"):
        machine.partial_fit(data_of("spin"), epochs=20)
    assert np.isfinite(machine.weights).all()
    assert np.isfinite(machine.hidden_bias).all()


def test_history() -> None:
    X = data_of("spin")
    of_cd, of_pcd = trained().fit(X, epochs=30).history, trained(algorithm="tempering").fit(X, epochs=2).history
    assert set(of_cd) == {"free_energy_data", "free_energy_model", "reconstruction_error"}
    assert all(len(values) == 30 for values in of_cd.values())
    assert of_cd["reconstruction_error"][-1] < of_cd["reconstruction_error"][0] - 0.1
    assert set(of_pcd) == {"free_energy_data", "free_energy_model", "swaps"}
    assert 0 < of_pcd["swaps"][0] <= 1


def test_bar(capsys: pytest.CaptureFixture[str]) -> None:
    trained().fit(data_of("spin"), epochs=2, progress=True)
    assert "400/400" in capsys.readouterr().err


def test_packed_data_are_the_same_data() -> None:
    X = data_of("spin")
    assert state_of(trained().fit(X, epochs=2)) == state_of(trained().fit(kousei.pack_signs(X), epochs=2))


def test_in_pipelines_of_scikit_learn() -> None:
    base = pytest.importorskip("sklearn.base")
    pipeline = pytest.importorskip("sklearn.pipeline")
    linear = pytest.importorskip("sklearn.linear_model")
    X = data_of("binary")
    y = X[:, 0]
    copied = base.clone(trained("binary", momentum=0.25))
    assert copied.get_params() == trained("binary", momentum=0.25).get_params()
    steps = pipeline.make_pipeline(trained("binary"), linear.LogisticRegression())
    assert steps.fit(X, y, rbm__epochs=200).score(X, y) > 0.85


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_run_on_a_device_is_that_of_the_host(algorithm: str, centered: bool, device: str) -> None:
    X = data_of("spin", rows=100)
    parameters = {"algorithm": algorithm, "centered": centered, "momentum": 0.5, "l1": 1e-3, "temperatures": 3}
    of_host = trained(**parameters).fit(X, epochs=2)
    of_device = trained(**parameters).fit(Library(device).asarray(X), epochs=2)
    assert state_of(of_device) == state_of(of_host)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("algorithm", "k"), [("cd", 1), ("cd", 3), ("pcd", 2), ("tempering", 2)])
def test_steps_on_a_device_are_graphs(algorithm: str, k: int, device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Updates by 30 rows and by the last 10 are launched once, recorded once, and replayed; trades are not."""
    X, parameters = data_of("spin", rows=100), {"algorithm": algorithm, "k": k, "temperatures": 3, "momentum": 0.5}
    of_host = trained(**parameters).fit(X, epochs=3)
    updates, recorded, update, record = [0], [0], Trainer._update, Device._record

    def counted_update(self: Trainer, *arguments: Any) -> None:
        updates[0] += 1
        update(self, *arguments)

    def counted_record(self: Device, work: Any) -> Any:
        recorded[0] += 1
        return record(self, work)

    monkeypatch.setattr(Trainer, "_update", counted_update)
    monkeypatch.setattr(Device, "_record", counted_record)
    of_device = trained(**parameters).fit(Library(device).asarray(X), epochs=3)
    assert (updates[0], recorded[0]) == ((12, 0) if algorithm == "tempering" else (4, 2))
    assert state_of(of_device) == state_of(of_host)

    monkeypatch.setattr(Device, "repeated", lambda _: lambda work: work())
    assert state_of(trained(**parameters).fit(Library(device).asarray(X), epochs=3)) == state_of(of_host)


@pytest.mark.skipif("cupy" not in libraries(), reason="no CUDA device")
def test_a_run_on_another_stream_of_cupy() -> None:
    cupy = pytest.importorskip("cupy")
    if not hasattr(cupy.cuda, "Stream"):
        pytest.skip("the stand-in has one stream")
    X = data_of("spin", rows=100)
    with cupy.cuda.Stream(non_blocking=True):
        assert state_of(trained().fit(cupy.asarray(X), epochs=3)) == state_of(trained().fit(X, epochs=3))


@pytest.mark.skipif("cupy" not in libraries(), reason="no CUDA device")
def test_an_interrupted_fit_on_cupy(monkeypatch: pytest.MonkeyPatch) -> None:
    X = Library("cupy").asarray(data_of("spin", rows=100))
    machine, whole = trained(), trained().fit(X, epochs=3)
    seen = [0]

    def interrupted(self: Trainer, rows: int) -> Any:
        seen[0] += 1
        if seen[0] == 7:  # of 4 an epoch: in the second, between replays
            raise KeyboardInterrupt
        return step(self, rows)

    step = Trainer._step
    monkeypatch.setattr(Trainer, "_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        machine.fit(X, epochs=3)
    monkeypatch.undo()
    assert machine.epoch == 1
    assert state_of(machine.partial_fit(X, epochs=2)) == state_of(whole)


@pytest.mark.skipif("cupy" not in libraries(), reason="no CUDA device")
def test_a_recording_that_fails_is_over_on_cupy() -> None:
    backend, _ = enter("x", Library("cupy").asarray(np.ones(3)))
    stream, tries = backend.stream, [0]

    def work() -> int:
        tries[0] += 1
        if tries[0] == 2:
            raise RuntimeError("no")
        backend.launch()
        return tries[0]

    run = backend.repeated()
    assert run(work) == 1
    with pytest.raises(RuntimeError, match="no"):
        run(work)
    assert backend.stream == stream
    assert backend._recording is None
    assert [run(work), run(work)] == [3, 3]  # recorded, and replayed


@pytest.mark.skipif("cupy" not in libraries(), reason="no CUDA device")
@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_the_memory_of_a_graph_on_cupy(algorithm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays as long as the graph, and no longer; k Gibbs steps share it."""
    X, empty = Library("cupy").asarray(data_of("spin", rows=60)), Device.empty
    counts, alive = [], []

    def followed(self: Device, *arguments: Any) -> Any:
        array = empty(self, *arguments)
        if self._recording:
            held.append(weakref.ref(array))
        return array

    monkeypatch.setattr(Device, "empty", followed)
    for k in (2, 4):
        held: list[Any] = []
        machine = trained(algorithm=algorithm, k=k, precision="fast")
        trainer = Trainer(machine, kousei.pack_signs(X))
        trainer.epoch(lambda _: None)
        trainer.epoch(lambda _: None)
        alive.append(all(array() is not None for array in held))
        counts.append(len(held))
        del trainer
        alive.append(any(array() is not None for array in held))
    assert alive == [True, False] * 2
    assert counts[0] == counts[1] > 0


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_training_leaves_no_memory_behind(algorithm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it had is free when it ends, not when garbage is collected: on a device that may be late."""
    trainers, begin = [], Trainer.__init__

    def followed(self: Trainer, *arguments: Any) -> None:
        trainers.append(weakref.ref(self))
        begin(self, *arguments)

    monkeypatch.setattr(Trainer, "__init__", followed)
    gc.disable()
    try:
        trained(algorithm=algorithm).fit(data_of("spin"), epochs=2)
        assert [trainer() for trainer in trainers] == [None]
    finally:
        gc.enable()


@pytest.mark.skipif("cupy" not in libraries(), reason="no CUDA device")
def test_a_fast_run_on_cupy() -> None:
    X = data_of("spin", rows=100)
    exact = trained(momentum=0.5).fit(X, epochs=20)
    fast = trained(momentum=0.5, precision="fast").fit(Library("cupy").asarray(X), epochs=20)
    assert state_of(fast)["weights"] != state_of(exact)["weights"]
    assert log_likelihood(fast, X) == pytest.approx(log_likelihood(exact, X), abs=0.2)
    assert np.abs(fast.transform(Library("cupy").asarray(X)).get() - fast.transform(X)).max() < 2e-3
