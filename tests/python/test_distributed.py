"""Networks on a Dask cluster of two worker processes."""

import gc
import os
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import kousei
from clusters import in_this_process
from kousei.distributed import evaluate, evaluation, units
from kousei.distributed.cluster import _version_there, in_order

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")


def _points(count: int, dim: int, dtype: str = "float64") -> Any:
    return np.random.default_rng(3).uniform(-1, 1, (count, dim)).astype(dtype)


def _wide(dim: int = 2, outputs: int = 1, units: int = 150_000) -> kousei.MLP:
    return kousei.MLP.random([dim, units, outputs], "tanh", rng=0)


def _funahashi(tol: float | None = None) -> kousei.FunahashiNetwork:
    made = {"tol": tol} if tol else {"order": 16, "n_thresholds": 256}
    return kousei.FunahashiNetwork.from_function(lambda x: np.cos(x[..., 0] + x[..., 1]) + 2, [(-1, 1)] * 2, **made)


@pytest.mark.parametrize("sizes", [[3, 2000, 1], [3, 50, 40, 2]])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_split_by_points_an_mlp_has_the_same_bits(client: Any, sizes: list[int], dtype: str) -> None:
    net = kousei.MLP.random(sizes, rng=0).astype(dtype)
    x = _points(300_002, 3, dtype)
    values = evaluate(net, x, client, split="points")
    assert values.dtype == dtype
    np.testing.assert_array_equal(values, net(x))


@pytest.mark.parametrize("split", ["auto", "points"])
def test_other_networks(client: Any, split: str) -> None:
    x = _points(30_000, 2)
    binary = kousei.binarize(kousei.MLP.random([2, 5, 4, 3], rng=0))
    np.testing.assert_array_equal(evaluate(binary, x, client, split=split), binary(x))
    net = _funahashi(1e-4)
    np.testing.assert_allclose(evaluate(net, x, client, split=split), net(x), rtol=0, atol=1e-11)


@pytest.mark.parametrize("shape", [(2,), (0, 2), (3, 0, 2), (4, 5, 2)])
@pytest.mark.parametrize("split", ["points", "units"])
def test_shapes(client: Any, shape: tuple[int, ...], split: str) -> None:
    x = np.random.default_rng(0).normal(size=shape)
    for outputs in (1, 3):
        net = kousei.MLP.random([2, 200, outputs], rng=0)
        values = evaluate(net, x, client, split=split)
        np.testing.assert_array_equal(values, net(x))


def test_parts_add_up_to_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "_UNITS", 100)
    x = _points(50, 2)
    for net in (_wide(units=1000), _wide(outputs=3, units=1000), _funahashi(1e-3)):
        parts = list(units.parts(net))
        assert len(parts) == units.number_of_parts(net) > 3
        assert sum(part.units for part in parts) == net.units
        total = sum(part(x) for part in parts)
        np.testing.assert_allclose(total, net(x), rtol=0, atol=1e-10)
    assert abs(_funahashi(1e-3).offset) > 1  # which is counted once


def test_a_network_without_units_is_split_by_points(client: Any) -> None:
    t, x = np.pi / 4 * np.arange(-32, 33), _points(50, 2)
    net = kousei.FunahashiNetwork([[0.0, 0.0]], [2.5], t, 1.0, np.pi / 2).halve()
    assert net.units == 0
    np.testing.assert_array_equal(evaluate(net, x, client), net(x))
    with pytest.raises(ValueError, match="split was 'units'; a network with hidden units is accepted"):
        evaluate(net, x, client, split="units")


def test_sums_of_units_are_those_of_the_network_to_rounding(client: Any) -> None:
    x = _points(700, 2)
    for net in (_wide(), _wide(outputs=3), _funahashi(), _funahashi(1e-3)):
        local = net(x)
        values = evaluate(net, x, client, split="units")
        size = np.abs(local).max() * np.sqrt(net.units)
        np.testing.assert_allclose(values, local, rtol=0, atol=1e-14 * size)
    assert len(list(units.parts(_wide()))) == 3
    assert len(list(units.parts(_funahashi()))) == 2
    np.testing.assert_array_equal(evaluate(_wide(), x, client), evaluate(_wide(), x, client, split="units"))
    single = _wide().astype("float32")
    values = evaluate(single, x.astype("float32"), client)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, _wide()(x), rtol=0, atol=1e-2)


def test_the_number_of_workers_changes_nothing(client: Any) -> None:
    x, nets = _points(2000, 2), (_wide(), _funahashi())
    both = [evaluate(net, x, client, split=split) for net in nets for split in ("points", "units")]
    with in_this_process() as cluster, distributed.Client(cluster) as other:
        alone = [evaluate(net, x, other, split=split) for net in nets for split in ("points", "units")]
    for values, its in zip(both, alone, strict=True):
        np.testing.assert_array_equal(values, its)


def _slow() -> kousei.MLP:
    """Return a network of a function that takes its time: 0.1 s for each task."""

    def function(z: Any) -> Any:  # within a function, so that its text goes to the workers
        time.sleep(0.1)
        return np.cos(z)

    return kousei.MLP.random([2, 30, 1], kousei.Activation("slow", function), rng=0)


@pytest.fixture
def small_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kousei.distributed.evaluation._points_of_task", lambda *_: 16)


@pytest.mark.usefixtures("small_tasks")
def test_a_killed_worker_costs_nothing_but_time(client: Any) -> None:
    net, x = _slow(), _points(480, 2)
    before = set(client.run(os.getpid).values())

    def kill() -> None:
        while not any(client.processing().values()):
            time.sleep(0.02)
        time.sleep(0.3)
        os.kill(min(before), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    values = evaluate(net, x, client, split="points")
    killer.join()
    np.testing.assert_allclose(values, net(x), rtol=1e-12)  # NumPy's products of blocks may round otherwise
    client.wait_for_workers(2)
    assert len(before - set(client.run(os.getpid).values())) == 1


@pytest.mark.usefixtures("small_tasks")
def test_a_lost_scheduler_is_named() -> None:
    # With the time that a client looks for its scheduler before it closes.
    at_once = dask.config.set({"distributed.comm.timeouts.connect": "1s"})
    with at_once, in_this_process() as cluster, distributed.Client(cluster, timeout=1) as other:
        threading.Timer(0.5, lambda: cluster.sync(cluster.scheduler.close)).start()
        start = time.monotonic()
        with pytest.raises(ConnectionError, match=r"the scheduler at .*127\.0\.0\.1:.* was lost before all values"):
            evaluate(_slow(), _points(480, 2), other)
        assert time.monotonic() - start < 10
        with pytest.raises(ValueError, match="client was .*; a synchronous one that is connected"):
            evaluate(_slow(), _points(480, 2), other)


def test_errors_of_a_function_come_back(client: Any) -> None:
    def function(z: Any) -> Any:
        raise ZeroDivisionError("of the user's own")

    net = kousei.MLP.random([2, 30, 1], kousei.Activation("broken", function), rng=0)
    with pytest.raises(ZeroDivisionError, match="of the user's own"):
        evaluate(net, _points(20, 2), client)


def test_the_first_error_is_raised_after_the_results_before_it(client: Any) -> None:
    def function(index: int) -> int:
        if index == 0:
            time.sleep(0.3)  # so that all others are there when it is
        if index > 2:
            raise ZeroDivisionError(f"number {index}")
        return index

    found: list[int] = []
    with pytest.raises(ZeroDivisionError, match="number 3"):
        found.extend(in_order(client, function, ((index,) for index in range(10))))
    assert found == [0, 1, 2]


def _asleep(seconds: float) -> None:
    time.sleep(seconds)


def _require_nothing_left(client: Any) -> None:
    """Wait until neither a client nor its scheduler has anything of a call."""
    gc.collect()  # what Dask raises holds the frames that it came through

    def tasks(dask_scheduler: Any) -> list[str]:
        return list(dask_scheduler.tasks)

    last = time.monotonic() + 5
    while left := list(client.futures) + client.run_on_scheduler(tasks):
        assert time.monotonic() < last, left
        time.sleep(0.02)


def test_an_interrupted_call_takes_its_tasks_back(client: Any) -> None:
    def calls() -> Any:
        yield from [(0.2,)] * 8
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as kept:
        list(in_order(client, _asleep, calls()))
    _require_nothing_left(client)
    del kept
    np.testing.assert_array_equal(evaluate(_NET, np.ones((2, 2)), client), _NET(np.ones((2, 2))))
    _require_nothing_left(client)


def _cancel_all(client: Any) -> None:
    client.cancel([distributed.Future(key, client) for key in list(client.futures)])


@pytest.mark.parametrize("lose", [_cancel_all, distributed.Client.close])
def test_tasks_that_are_cancelled_and_clients_that_are_closed(client: Any, lose: Any) -> None:
    with distributed.Client(client.scheduler.address) as other:
        threading.Timer(0.5, lose, (other,)).start()
        with pytest.raises(ConnectionError, match="or a task that it had, was lost before all values were there"):
            list(in_order(other, _asleep, [(0.2,)] * 20))
    _require_nothing_left(client)


def test_a_client_closed_before_the_last_task_is_sent(client: Any) -> None:
    with distributed.Client(client.scheduler.address) as other:

        def calls() -> Iterator[tuple[float]]:
            yield (0.01,)
            other.close()
            yield (0.01,)

        with pytest.raises(ConnectionError, match="was lost before all values were there"):
            list(in_order(other, _asleep, calls()))
    _require_nothing_left(client)


def test_large_arguments_are_not_warned_of(client: Any) -> None:
    points = np.zeros(11_000_000, np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert list(in_order(client, np.size, [(points,)])) == [len(points)]


def test_dask_arrays_stay_dask_arrays(client: Any) -> None:
    x = _points(40_000, 2).reshape(20, 2000, 2)
    for net in (kousei.MLP.random([2, 20_000, 1], rng=0), kousei.MLP.random([2, 300, 3], rng=0)):
        values = evaluate(net, da.from_array(x, chunks=(10, 2000, 2)), client)
        assert (values.shape, values.dtype) == (x.shape[:2] + (() if net.outputs == 1 else (3,)), x.dtype)
        assert values.nbytes == values.compute().nbytes
        np.testing.assert_array_equal(values.compute(), net(x))
    few = evaluate(kousei.MLP.random([2, 1_000_000, 1], rng=0), da.from_array(x, chunks=(20, 2000, 2)), client)
    assert max(np.prod(few.chunksize), 1) <= 625


def test_chunks_are_split_and_never_merged() -> None:
    chunks = (7, 0, 1300), (300, 400), (2,)
    assert evaluation._chunks(chunks, 10**6) == chunks
    assert evaluation._chunks(chunks, 400 * 651) == ((7, 0, 650, 650), (300, 400), (2,))
    assert evaluation._chunks(chunks, 399) == ((*(1,) * 7, 0, *(1,) * 1300), (300, 200, 200), (2,))


def test_a_network_is_made_once_for_all_chunks(client: Any) -> None:
    net, x = kousei.MLP.random([2, 300, 1], rng=0), da.zeros((400, 2), chunks=(10, 2))
    tasks = evaluate(net, x, client).__dask_graph__().to_dict()
    assert sum(str(key).startswith("net-") for key in tasks) == 1
    assert sum("evaluate_block" in str(key) for key in tasks) == 40


def test_networks_are_mapped_over_blocks() -> None:
    x = da.from_array(_points(1000, 3), chunks=(300, 3))
    net, many = kousei.MLP.random([3, 50, 1], rng=0), kousei.MLP.random([3, 50, 2], rng=0)
    values = x.map_blocks(net, drop_axis=1, dtype=net.dtype)
    assert (values.shape, values.dtype, values.chunks) == ((1000,), np.float64, ((300, 300, 300, 100),))
    np.testing.assert_array_equal(values.compute(scheduler="synchronous"), net(x.compute()))
    values = x.map_blocks(many, chunks=(x.chunks[0], (2,)), dtype=net.dtype)
    assert values.shape == (1000, 2)
    np.testing.assert_array_equal(values.compute(scheduler="synchronous"), many(x.compute()))


def _locked() -> kousei.MLP:
    lock = threading.Lock()

    def function(z: Any) -> Any:
        with lock:
            return np.cos(z)

    return kousei.MLP.random([2, 3, 1], kousei.Activation("locked", function), rng=0)


_NET = kousei.MLP.random([2, 3, 1], rng=0)
_DEEP = kousei.MLP.random([2, 3, 3, 1], rng=0)


@pytest.mark.parametrize(
    ("net", "x", "named", "error", "message"),
    [
        (3, np.ones((2, 2)), {}, TypeError, "net was int; an MLP or a BinaryNetwork is accepted"),
        (_NET, [[1.0, 2.0]], {}, TypeError, "x was list; a NumPy or a Dask array is accepted"),
        (_NET, np.ones((2, 3)), {}, ValueError, r"x has shape \(2, 3\); \(..., 2\) is accepted"),
        (_NET, np.ones((2, 2), "float32"), {}, TypeError, "x has dtype float32 and the network float64"),
        (_NET, np.ma.ones((2, 2)), {}, TypeError, "x is masked"),
        (_NET, np.ones((2, 2)), {"split": "rows"}, ValueError, "split was 'rows'; 'auto', 'points' and 'units'"),
        (_DEEP, np.ones((2, 2)), {"split": "units"}, ValueError, "split was 'units'; an MLP with one hidden layer"),
        (_locked(), np.ones((2, 2)), {}, TypeError, "for the function of its activation 'locked': .*lock"),
        (_locked(), da.ones((2, 2)), {}, TypeError, "for the function of its activation 'locked': .*lock"),
        (_NET, da.ones((4, 3)), {}, ValueError, r"x has shape \(4, 3\); \(..., 2\) is accepted"),
        (_NET, da.ones((4, 2), dtype="float32"), {}, TypeError, "x has dtype float32 and the network float64"),
        (_NET, da.ones((4, 2), chunks=(4, 1)), {}, ValueError, r"x has chunks \(1, 1\) along axis 1; one is"),
        (_NET, da.ones((4, 2)), {"split": "units"}, ValueError, "split was 'units' and x a Dask array"),
        (_NET, da.ones((4, 2))[da.ones(4) > 0], {}, ValueError, "x has chunks of unknown lengths; x.compute_ch"),
    ],
)
def test_bad_arguments(
    client: Any, net: Any, x: Any, named: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        evaluate(net, x, client, **named)


@pytest.mark.parametrize("other", [None, "tcp://127.0.0.1:8786"])
def test_other_clients_are_refused(other: Any) -> None:
    with pytest.raises(TypeError, match=f"client was {type(other).__name__}; a distributed.Client is accepted"):
        evaluate(_NET, np.ones((2, 2)), other)


@pytest.mark.parametrize(("version", "said"), [(None, "none"), ("0.0.1", "0.0.1")])
def test_workers_with_another_kousei_are_named(client: Any, version: Any, said: str) -> None:
    worker = max(client.nthreads())

    def pretend(version: str | None) -> None:
        import sys

        from kousei._lib import _core

        _core.__version__, _core.real = version, _core.__version__
        if version is None:
            sys.modules["kousei._lib"], _core.room = None, sys.modules["kousei._lib"]

    def undo() -> None:
        import sys

        core = sys.modules["kousei._lib._core"]
        core.__version__ = core.real
        sys.modules["kousei._lib"] = sys.modules["kousei"]._lib

    client.run(pretend, version, workers=[worker])
    try:
        with pytest.raises(ValueError, match=f"another kousei than .*, which is here: {said} on {worker}$"):
            evaluate(_NET, np.ones((2, 2)), client)
    finally:
        client.run(undo, workers=[worker])
    np.testing.assert_array_equal(evaluate(_NET, np.ones((2, 2)), client), _NET(np.ones((2, 2))))


def test_a_kousei_that_cannot_be_imported_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise OSError("libcudart.so.12: cannot open shared object file")

    version = _version_there()
    with monkeypatch.context() as without:
        without.setattr("builtins.__import__", broken)
        found = version()
    assert found is None
    assert version() == kousei._lib._core.__version__


def test_a_client_of_another_version_is_refused(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = client.get_versions()
    versions["client"]["packages"]["distributed"] = "1.0"
    monkeypatch.setattr(client, "get_versions", lambda: versions)
    with pytest.raises(ValueError, match=r"client is of other versions than its scheduler or its wo(.|\n)*1\.0"):
        evaluate(_NET, np.ones((2, 2)), client)
