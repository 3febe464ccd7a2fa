"""The simulation of benchmarks/distributed_scaling.py against what can be said without it."""

import importlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
if not (BENCHMARKS / "results").is_dir():
    pytest.skip("benchmarks are not part of the source distribution", allow_module_level=True)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    model = importlib.import_module("distributed_scaling")
    monkeypatch.setattr(model, "LATENCY", 0.0)
    return model


def run(
    model: Any, work: Any, workers: int, costs: tuple[float, ...] = (0, 0, 0, 0), rate: float = math.inf, **named: Any
) -> Any:
    given = {"takes": np.full(work.tasks, work.seconds), "starts": np.zeros(workers)} | named
    return model.simulate(work, workers, model.Costs(*costs), rate, **given)


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("workers", [1, 3, 1000])
def test_without_costs_only_the_work_counts(model: Any, ordered: bool, workers: int) -> None:
    found = run(model, model.Work(100, 2.0, ordered=ordered), workers)
    assert found.seconds == pytest.approx(2 * math.ceil(100 / workers))
    assert found.efficiency == pytest.approx(200 / workers / found.seconds)
    assert found.scheduler == found.link == 0


def test_one_worker_adds_its_costs_to_each_task(model: Any) -> None:
    found = run(model, model.Work(50, 1.0, there=10.0, back=20.0), 1, (0, 0, 0.5, 0.01))
    assert found.seconds == pytest.approx(50 * (1 + 0.5 + 30 * 0.01))


@pytest.mark.parametrize("ordered", [True, False])
def test_many_workers_wait_for_the_scheduler(model: Any, ordered: bool) -> None:
    work = model.Work(5000, 0.01, there=100.0, back=50.0, before=3.0, ordered=ordered)
    found = run(model, work, 1000, (1e-3, 1e-5, 0, 0))
    assert found.seconds == pytest.approx(3 + 5000 * (1e-3 + 150 * 1e-5), rel=1e-2)
    assert found.scheduler > 0.99


@pytest.mark.parametrize(("there", "back"), [(1000.0, 10.0), (10.0, 1000.0)])
def test_many_workers_wait_for_the_link(model: Any, there: float, back: float) -> None:
    found = run(model, model.Work(5000, 0.01, there, back), 1000, rate=1e6)
    assert found.seconds == pytest.approx(5000 * 1e-3, rel=1e-2)
    assert found.link > 0.99


def test_a_message_takes_its_time_twice(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "LATENCY", 0.25)
    assert run(model, model.Work(1, 2.0), 1).seconds == pytest.approx(2.5)
    assert run(model, model.Work(40, 2.0), 1).seconds == pytest.approx(80.5)  # behind one another they hide it


def test_workers_start_when_they_do_and_hand_on_what_all_need(model: Any) -> None:
    assert run(model, model.Work(4, 1.0), 4, starts=np.array([0.0, 1.0, 5.0, 2.0])).seconds == pytest.approx(6)
    handed = run(model, model.Work(7, 1.0, once=100.0), 7, (0, 0.001, 0, 0), rate=50.0)
    assert handed.seconds == pytest.approx(0.1 + math.log2(8) * 2 + 1)


def test_what_is_taken_in_order_waits_for_a_slow_task(model: Any) -> None:
    takes = np.ones(40)
    takes[0] = 100.0
    ordered, free = (run(model, model.Work(40, 1.0, ordered=o), 2, takes=takes).seconds for o in (True, False))
    # Ten at a time: until the slow one is done the other worker does five. The rest, 34, by two.
    assert ordered == pytest.approx(100 + 17, abs=1)
    assert free == pytest.approx(101)


def test_tasks_are_drawn_about_their_mean(model: Any) -> None:
    work = model.Work(200_000, 0.5)
    takes = model.durations(work, 0.1, np.random.default_rng(0))
    assert takes.mean() == pytest.approx(0.5 * (1 + model.SHARE * (model.SLOWER - 1)), rel=1e-2)
    assert (takes > 1.0).mean() == pytest.approx(model.SHARE, rel=0.1)
    np.testing.assert_array_equal(takes, model.durations(work, 0.1, np.random.default_rng(0)))


def record() -> dict[str, Any]:
    tasks = [{"bytes": size, "serial": 1e-3 + 2e-9 * size, "worker": 2e-3 + 4e-9 * size} for size in (0, 2**22)]
    rows = [
        {"case": case, "local": 2.0, "one": 2.2, "two": 1.1, "points": points, "units": units}
        | {"tasks": 20, "bytes in": 1e5, "bytes out": 5e4, "bytes of network": 1e5}
        for case, points, units in [("MLP, points", 10**6, 4000), ("Funahashi, points", 4 * 10**6, 131_072)]
    ]
    return {
        "tasks": tasks,
        "blocks": {"serial": 3e-3, "worker": 4e-3, "graph": 1e-4},
        "busy": {"deviation": 0.02},
        "ising": {"bytes": 2.0**18},
        "check": 0.01,
        "speedups": rows,
    }


def test_costs_are_those_that_were_measured(model: Any) -> None:
    costs = model.costs_of(record())
    np.testing.assert_allclose(costs[True], (1e-3, 1e-9, 2e-3, 2e-9))
    np.testing.assert_allclose(costs[False], (2.9e-3, 1e-9, 4e-3, 2e-9))
    one, two = model.predicted(record())[:2]
    serial, beside = 20 * (1e-3 + 1.5e5 * 1e-9), 20 * (2e-3 + 1.5e5 * 2e-9)
    assert one["predicted"] == pytest.approx(2 + beside + 0.01, rel=1e-2)
    assert two["predicted"] == pytest.approx((2 + beside + serial + 0.01) / 2, rel=2e-2)


def test_tasks_are_those_of_evaluate(model: Any) -> None:
    some, more = (model.works(record(), total) for total in (60.0, 60_000.0))
    for name, work in some.items():
        assert work.tasks * work.seconds == pytest.approx(60)
        # A thousand times the work is a hundred times the tasks at most, where memory does not bound them.
        bounded = name in ("points of the client, fast network", "words of Ising chains")
        assert (more[name].tasks < 200 * work.tasks) == (not bounded), name
    assert some["points made by workers, wide network"].there == 0


def test_what_stops_first_is_named(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"WORKERS": (1, 1000), "WEAK": 5.0, "STRONG": 1000.0}.items():
        monkeypatch.setattr(model, name, value)
    rows = model.swept(record())
    assert all(0 < row["efficiency"] <= 1 for row in rows)
    table = model.table({"rows": rows, "predicted": model.predicted(record()), "command": "it"})
    lines = {line.split(" | ")[0].strip("| "): line for line in table.splitlines()}
    assert (
        "1,000: the link (1); 1,000: client and scheduler (10, 100)"
        in lines["weak, points of the client, fast network"]
    )
    assert "the last tasks" in lines["strong, words of Ising chains"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"work": 0}, "tasks, workers and rate were 0, 2, inf; positive ones"),
        ({"workers": 0}, "tasks, workers and rate were 4, 0, inf"),
        ({"rate": 0.0}, "tasks, workers and rate were 4, 2, 0.0"),
        ({"rate": math.nan}, "tasks, workers and rate were 4, 2, nan"),
        ({"takes": np.ones(3)}, "takes and starts had 3 and 2 numbers; 4 and 2 are accepted"),
        ({"starts": np.ones(1)}, "takes and starts had 4 and 1 numbers"),
    ],
)
def test_bad_arguments(model: Any, changed: dict[str, Any], message: str) -> None:
    given = {"workers": 2} | changed
    work = model.Work(given.pop("work", 4), 1.0)
    with pytest.raises(ValueError, match=message):
        run(model, work, **given)
