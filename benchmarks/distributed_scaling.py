"""Up to 1,000 workers, simulated from what was measured on two: `python benchmarks/distributed_scaling.py`.

Reads the record of benchmarks/distributed_costs.py; nothing is timed. A minute. docs/guide/scaling.md says what is
assumed.
"""

from __future__ import annotations

import math
import pickle
import sys
from heapq import heappop, heappush
from typing import Any, NamedTuple

import numpy as np

from records import Record, recorded, write

NAME = "distributed-scaling"
WORKERS = 1, 2, 4, 8, 16, 32, 64, 125, 250, 500, 1000
#: Bytes a second of the link of client and scheduler.
RATES = {"1 Gbit/s": 1.25e8, "10 Gbit/s": 1.25e9, "100 Gbit/s": 1.25e10}
#: Seconds of one message on a network.
LATENCY = 2e-4
#: Stragglers: one task of a hundred takes three times as long. Workers start within so many seconds, evenly.
SHARE, SLOWER, STARTING = 0.01, 3.0, 2.0
#: Seconds of work of one thread: in all, and for each worker.
STRONG, WEAK = 7200.0, 60.0
#: Seconds of a word of chains.
WORD = 7.2
#: What counts as stopped.
STOPPED = 0.5
SEED = 0


class Costs(NamedTuple):
    """Seconds of a task beyond its work, and of each of its bytes: of client and scheduler, and of the worker."""

    serial: float
    serial_byte: float
    worker: float
    worker_byte: float


class Work(NamedTuple):
    """Tasks of some seconds, bytes that go to each and come back and that workers hand on, and the seconds before.

    ordered: the client takes the results in order, with four tasks for each worker, and two more, at a time;
    otherwise the scheduler has all tasks, and workers two each.
    """

    tasks: int
    seconds: float
    there: float = 0.0
    back: float = 0.0
    once: float = 0.0
    before: float = 0.0
    ordered: bool = True


class Outcome(NamedTuple):
    """Seconds until the last result, and how much of them each is busy; the workers in the mean."""

    seconds: float
    scheduler: float
    link: float
    efficiency: float


def durations(work: Work, deviation: float, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Return the seconds of each task: log-normal about the mean, and stragglers."""
    some = work.seconds * rng.lognormal(-(deviation**2) / 2, deviation, work.tasks)
    return np.where(rng.random(work.tasks) < SHARE, SLOWER * some, some)


def at_a_time(work: Work, workers: int) -> int:
    """Return how many tasks have been sent, and their results not taken."""
    return 4 * workers + 2 if work.ordered else 2 * workers


def simulate(
    work: Work, workers: int, costs: Costs, rate: float, takes: np.ndarray[Any, Any], starts: np.ndarray[Any, Any]
) -> Outcome:
    """Return when the last result is there.

    Client and scheduler are one server, which sends tasks, each to the worker that has the fewest, and takes results;
    its link is one server in each direction; each worker has one thread. All are first come, first served.

    Raises
    ------
    ValueError
        If there are no tasks or no workers, `takes` or `starts` are not one for each, or `rate` is not positive.
    """
    if work.tasks < 1 or workers < 1 or not rate > 0:
        raise ValueError(f"tasks, workers and rate were {work.tasks}, {workers}, {rate}; positive ones are accepted")
    if len(takes) != work.tasks or len(starts) != workers:
        lengths = f"{len(takes)} and {len(starts)}"
        raise ValueError(f"takes and starts had {lengths} numbers; {work.tasks} and {workers} are accepted")
    sending = costs.serial / 2 + work.there * costs.serial_byte
    taking = costs.serial / 2 + work.back * costs.serial_byte
    beside = costs.worker + (work.there + work.back) * costs.worker_byte
    window = at_a_time(work, workers)
    server = busy = work.before + work.once * costs.serial_byte
    out = into = 0.0
    free = np.maximum(starts, server) + math.ceil(math.log2(workers + 1)) * work.once / rate
    outstanding = np.zeros(workers, np.int64)
    at = np.zeros(work.tasks, np.int64)
    done = np.zeros(work.tasks + 1, bool)
    results: list[tuple[float, int]] = []  # when they are sent back
    sent = taken = first = 0
    while taken < work.tasks:
        left = first if work.ordered else taken
        if sent < min(work.tasks, left + window) and not (results and results[0][0] < server):
            server += sending
            busy += sending
            out = max(out, server) + work.there / rate
            worker = at[sent] = outstanding.argmin()
            free[worker] = max(free[worker], out + LATENCY) + beside + takes[sent]
            outstanding[worker] += 1
            heappush(results, (free[worker] + LATENCY, sent))
            sent += 1
        else:
            now, task = heappop(results)
            into = max(into, now) + work.back / rate
            server = max(server, into) + taking
            busy += taking
            outstanding[at[task]] -= 1
            done[task] = True
            taken += 1
            while done[first]:
                first += 1
    moved = max(work.there, work.back) * work.tasks / rate
    return Outcome(server, busy / server, moved / server, float(takes.sum()) / server / workers)


def costs_of(record: Record) -> dict[bool, Costs]:
    """Return the costs of tasks whose results are taken in order, and of blocks of Dask arrays."""
    empty, full = record["tasks"][0], record["tasks"][-1]
    serial, worker = ((full[side] - empty[side]) / (2 * full["bytes"]) for side in ("serial", "worker"))
    blocks = record["blocks"]
    return {
        True: Costs(empty["serial"], serial, empty["worker"], worker),
        False: Costs(blocks["serial"] - blocks["graph"], serial, blocks["worker"], worker),
    }


def works(record: Record, total: float) -> dict[str, Work]:
    """Return tasks that take so many seconds of one thread, cut as `evaluate` cuts them."""
    import kousei
    from distributed_costs import plane, tasks

    rows = {row["case"]: row for row in record["speedups"]}
    unit, point = (rows[name]["local"] / rows[name]["points"] for name in ("MLP, points", "Funahashi, points"))
    unit /= rows["MLP, points"]["units"]
    wide, wider = (kousei.MLP.random([2, units, 1], "tanh", rng=0) for units in (10**5, 10**6))

    def cut(net: Any, each: float, split: str) -> Work:
        its = tasks(net, math.ceil(total / each), split)
        count, once = its["tasks"], len(pickle.dumps(net))
        work = Work(count, total / count, its["bytes in"], its["bytes out"], once)
        if split != "chunks":
            return work
        return work._replace(there=0.0, back=0.0, before=count * record["blocks"]["graph"], ordered=False)

    words = math.ceil(total / WORD)
    return {
        "points of the client, wide network": cut(wide, unit * wide.units, "points"),
        "points of the client, fast network": cut(plane(), point, "points"),
        "points made by workers, wide network": cut(wide, unit * wide.units, "chunks"),
        "points made by workers, fast network": cut(plane(), point, "chunks"),
        "units of a wide network": cut(wider, unit * wider.units, "units"),
        "words of Ising chains": Work(words, total / words, back=record["ising"]["bytes"]),
    }


def outcome(work: Work, workers: int, record: Record, rate: float) -> Outcome:
    """Return the outcome with tasks and starts drawn for it."""
    rng = np.random.default_rng(SEED)
    takes = durations(work, record["busy"]["deviation"], rng)
    return simulate(work, workers, costs_of(record)[work.ordered], rate, takes, rng.uniform(0, STARTING, workers))


def swept(record: Record) -> list[Record]:
    """Return the outcomes for all numbers of workers."""
    rows = []
    for scaling in ("strong", "weak"):
        for workers in WORKERS:
            some = works(record, STRONG if scaling == "strong" else WEAK * workers)
            for network, rate in RATES.items():
                for name, work in some.items():
                    its = outcome(work, workers, record, rate)
                    row = {"scaling": scaling, "network": network, "work": name, "workers": workers}
                    row |= {"tasks": work.tasks, "task": work.seconds} | its._asdict()
                    row["held"] = at_a_time(work, workers) * work.there
                    rows.append({key: short(value) for key, value in row.items()})
    return rows


def short(value: Any) -> Any:
    return float(f"{value:.4g}") if isinstance(value, float) else value


def predicted(record: Record) -> list[Record]:
    """Return what the model says of the runs that were measured, on their two cores that client and scheduler share.

    Bytes cost what they cost there: the network is within `serial_byte`.
    """
    found = []
    costs = costs_of(record)[True]
    for row in record["speedups"]:
        each, once = row["local"] / row["tasks"], row["bytes of network"]
        work = Work(row["tasks"], each, row["bytes in"], row["bytes out"], once, record["check"])
        takes = np.full(work.tasks, work.seconds)
        for workers, side in ((1, "one"), (2, "two")):
            its = simulate(work, workers, costs, math.inf, takes, np.zeros(workers))
            beside = costs.worker + (work.there + work.back) * costs.worker_byte
            busy = its.scheduler * its.seconds + work.tasks * (work.seconds + beside)
            seconds = max(its.seconds, busy / 2)
            found.append(
                {"case": row["case"], "workers": workers, "predicted": short(seconds), "measured": row[side]}
            )
    return found


def stop(rows: list[Record]) -> str:
    """Return from how many workers on they are busy for less than `STOPPED` of the time, and what they wait for."""
    idle = [row for row in rows if row["efficiency"] < STOPPED]
    return f"{idle[0]['workers']:,}: {waited_for(idle[0])}" if idle else f"none; then {waited_for(rows[-1])}"


def waited_for(row: Record) -> str:
    """Return what the workers wait for mostly."""
    if max(row["scheduler"], row["link"]) < 0.8:
        return "the last tasks"
    return "client and scheduler" if row["scheduler"] >= row["link"] else "the link"


def main() -> int:
    costs = recorded("distributed-costs")
    record = {
        "case": NAME,
        "command": "python benchmarks/distributed_scaling.py",
        "costs": {
            "of": costs["date"],
            "tasks": costs_of(costs)[True]._asdict(),
            "blocks": costs_of(costs)[False]._asdict(),
        },
        "predicted": predicted(costs),
        "rows": swept(costs),
    }
    write(record)
    print(table(record))
    return 0


def table(record: Record) -> str:
    """Return a record as tables in Markdown."""
    from distributed_costs import markdown
    from ratios import as_time

    checked = [
        [row["case"], str(row["workers"]), as_time(row["predicted"]), as_time(row["measured"])]
        for row in record["predicted"]
    ]
    lines = []
    for scaling in ("strong", "weak"):
        for name in dict.fromkeys(row["work"] for row in record["rows"]):
            some = [row for row in record["rows"] if (row["scaling"], row["work"]) == (scaling, name)]
            of_rate = [[row for row in some if row["network"] == network] for network in RATES]
            last = of_rate[0][-1]
            cells = [f"{scaling}, {name}", f"{last['tasks']:,} of {as_time(last['task'])}", in_memory(last["held"])]
            busy = " / ".join(f"{rows[-1]['efficiency']:.0%}" for rows in of_rate)
            stops: dict[str, list[str]] = {}
            for network, rows in zip(RATES, of_rate, strict=True):
                stops.setdefault(stop(rows), []).append(network.split()[0])
            told = [f"{text} ({', '.join(rates)})" if len(stops) > 1 else text for text, rates in stops.items()]
            lines.append([*cells, busy, "; ".join(told)])
    most, rates = f"{WORKERS[-1]:,}", " / ".join(network.split()[0] for network in RATES)
    heads = ["", f"tasks for {most} workers", "the scheduler holds", f"{most} workers are busy, {rates} Gbit/s"]
    heads.append("half of the time is lost from")
    return "\n\n".join(
        [
            markdown(["network, split by", "workers", "predicted", "measured"], checked),
            markdown(heads, lines),
            f"`{record['command']}`",
        ]
    )


def in_memory(size: float) -> str:
    return f"{size / 2**30:.2g} GiB" if size > 2**29 else f"{size / 2**20:.0f} MiB"


if __name__ == "__main__":
    sys.exit(main())
