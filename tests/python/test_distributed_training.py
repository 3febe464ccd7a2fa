"""Machines trained by a Dask cluster of two worker processes."""

import gc
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kousei
from kousei import RBM
from kousei._lib import _core
from kousei.distributed import partial_fit, training
from test_rbm_training import data_of, state_of, trained

da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

#: Batches of these rows are three blocks, and the last one of an epoch is one; the chains are two.
ROWS, BATCH, CHAINS = 12_000, 5000, 3000


def data(units: str = "spin") -> np.ndarray:
    return data_of(units, ROWS)


def machine(units: str = "spin", **parameters: Any) -> RBM:
    return trained(units, **{"batch_size": BATCH, "chains": CHAINS, "momentum": 0.5} | parameters)


@pytest.mark.parametrize(
    ("algorithm", "k", "centered", "units"),
    [("cd", 1, False, "spin"), ("cd", 2, True, "binary"), ("pcd", 1, False, "binary"), ("pcd", 2, True, "spin")],
)
def test_training_is_that_of_one_machine(client: Any, algorithm: str, k: int, centered: bool, units: str) -> None:
    assert _core.rbm_rows_of_sum == 2048
    parameters = {"algorithm": algorithm, "k": k, "centered": centered, "l1": 1e-3}
    local = machine(units, **parameters).fit(data(units), epochs=2)
    there = machine(units, **parameters)
    assert partial_fit(there, data(units), client, epochs=2) is there
    assert state_of(there) == state_of(local)
    assert there.history["free_energy_model"][1] != there.history["free_energy_model"][0]


def test_the_number_of_workers_changes_nothing() -> None:
    at = {"host": "127.0.0.1", "protocol": "tcp", "dashboard_address": "127.0.0.1:0"}
    local = machine().fit(data(), epochs=2)
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, **at) as cluster,
        distributed.Client(cluster) as alone,
    ):
        assert state_of(partial_fit(machine(), data(), alone, epochs=2)) == state_of(local)


def test_here_and_there_in_turn(client: Any, tmp_path: Path) -> None:
    path = tmp_path / "machine.h5"
    whole = machine(algorithm="pcd").fit(data(), epochs=3)
    part = machine(algorithm="pcd").fit(data(), epochs=1)
    partial_fit(part, kousei.pack_signs(data()), client, checkpoint=path)
    assert state_of(part) == state_of(RBM.load(path))
    assert state_of(part.partial_fit(data())) == state_of(whole)
    # Chains that an algorithm has left behind are not those of the next.
    for each in (part, whole):
        each.set_params(algorithm="cd")
    assert state_of(partial_fit(part, data(), client)) == state_of(whole.partial_fit(data()))


def test_small_and_wide_machines(client: Any) -> None:
    X = np.random.default_rng(0).integers(0, 2, (2500, 129))
    local, there = (RBM(129, 67, "binary", batch_size=2500, rng=0) for _ in range(2))
    assert state_of(partial_fit(there, X, client, epochs=2)) == state_of(local.fit(X, epochs=2))
    local, there = (RBM(129, 1, "binary", batch_size=1, rng=0) for _ in range(2))
    assert state_of(partial_fit(there, X[:3], client)) == state_of(local.fit(X[:3], epochs=1))


def test_dask_arrays_are_packed_on_workers(client: Any) -> None:
    X = da.from_array(data().astype("float32"), chunks=(2500, 6))
    assert state_of(partial_fit(machine(), X, client)) == state_of(machine().fit(data(), epochs=1))
    wrong = data()
    wrong[5003, 4] = 7
    with pytest.raises(ValueError, match=r"X\[5000:\]\[3, 4\] was 7; -1 and 1 are accepted for spin units"):
        partial_fit(machine(), da.from_array(wrong, chunks=(2500, 6)), client)
    gc.collect()
    deadline = time.monotonic() + 10
    while left := client.run_on_scheduler(_chunks_there):
        assert time.monotonic() < deadline, left
        time.sleep(0.02)


def _chunks_there(dask_scheduler: Any) -> list[str]:
    return [str(key) for key in dask_scheduler.tasks if "pack_states" in str(key)]


def _after(monkeypatch: pytest.MonkeyPatch, blocks: int, act: Any) -> None:
    """Do something once so many blocks of gradients are there."""
    in_order, seen = training.in_order, [0]

    def watched(client: Any, function: Any, calls: Any) -> Iterator[Any]:
        for found in in_order(client, function, calls):
            if function is training.gradient_of_block:
                seen[0] += 1
                if seen[0] == blocks:
                    act()
            yield found

    monkeypatch.setattr(training, "in_order", watched)


def test_a_killed_worker_costs_nothing_but_time(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(client.run(os.getpid).values())
    _after(monkeypatch, 5, lambda: os.kill(min(before), signal.SIGKILL))
    there = partial_fit(machine(algorithm="pcd"), data(), client, epochs=2)
    assert state_of(there) == state_of(machine(algorithm="pcd").fit(data(), epochs=2))
    client.wait_for_workers(2)
    assert len(before - set(client.run(os.getpid).values())) == 1


@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_an_interrupted_run(client: Any, algorithm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    there, local = machine(algorithm=algorithm), machine(algorithm=algorithm).fit(data(), epochs=1)
    _after(monkeypatch, 10, interrupt)  # 7 or 8 blocks an epoch: in the second
    with pytest.raises(KeyboardInterrupt):
        partial_fit(there, data(), client, epochs=3)
    monkeypatch.undo()
    assert state_of(there) == state_of(local)
    assert state_of(partial_fit(there, data(), client)) == state_of(local.partial_fit(data()))


def test_bar(client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    partial_fit(machine(), data(), client, progress=True)
    assert "12000/12000" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("parameters", "X", "named", "error", "message"),
    [
        ({}, data() * 3, {}, ValueError, r"X\[0, 0\] was -?3; -1 and 1 are accepted for spin units"),
        ({}, data()[:, :5], {}, ValueError, r"X has shape \(12000, 5\); \(n, 6\) is accepted"),
        ({}, data()[:0], {}, ValueError, r"X has shape \(0, 6\); \(n, 6\) with n of at least 1 is accepted"),
        ({}, [[1] * 6], {}, TypeError, "X was list"),
        ({}, data(), {"epochs": -1}, ValueError, "epochs was -1"),
        ({}, data(), {"progress": 1}, TypeError, "progress was 1"),
        ({"algorithm": "tempering"}, data(), {}, ValueError, "algorithm 'tempering'; 'cd' and 'pcd' are accepted"),
        ({}, da.ones((4, 5)), {}, ValueError, r"X has shape \(4, 5\); \(n, 6\) is accepted"),
        ({}, da.ones(6), {}, ValueError, r"X has shape \(6,\); \(n, 6\) is accepted"),
        ({}, da.ones((0, 6)), {}, ValueError, r"X has shape \(0, 6\); \(n, 6\) with n of at least 1 is accepted"),
        ({}, da.ones((4, 6), chunks=(4, 3)), {}, ValueError, r"X has chunks \(3, 3\) along axis 1; one is"),
        ({}, da.ones((4, 6))[da.ones(4) > 0], {}, ValueError, "X has chunks of unknown lengths; X.compute_chunk"),
        ({}, da.ones((4, 6), dtype=complex), {}, TypeError, r"X\[0:\] has dtype complex128"),
    ],
)
def test_bad_arguments(
    client: Any, parameters: dict[str, Any], X: Any, named: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        partial_fit(machine(**parameters), X, client, **named)


def test_what_is_no_machine_or_client_is_refused() -> None:
    with pytest.raises(TypeError, match=r"machine was MLP; a kousei\.RBM is accepted"):
        partial_fit(kousei.MLP.random([6, 3, 1], rng=0), data(), None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"client was NoneType; a distributed\.Client is accepted"):
        partial_fit(machine(), data(), None)  # type: ignore[arg-type]
