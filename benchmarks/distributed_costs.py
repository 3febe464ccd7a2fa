"""What a Dask cluster costs on this machine, and what it is worth: `python benchmarks/distributed_costs.py`.

Two workers of one thread beside one; tasks and bytes; and many points within little memory. Some five minutes on two
cores that do nothing else. benchmarks/distributed_scaling.py reads the record, and plans past this machine.
"""

from __future__ import annotations

import math
import os
import pickle
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, stdev
from typing import Any

import numpy as np

from records import Record, write

NAME = "distributed-costs"
#: Two workers, against one.
LEAST = 1.6
#: Sizes, and how many tasks are timed.
POINTS = {
    "MLP, points": 800_000,
    "Funahashi, points": 3_100_000,
    "MLP, units": 5000,
    "Funahashi, frequencies": 300_000,
}
TASKS, BLOCKS, BUSY, MIB = 400, 400, 60, 1 << 20
#: What is streamed, and the memory of a worker.
STREAMED, CHUNK, LIMIT = 10**8, 1_000_000, "2GiB"
SIDE, SWEEPS, CHAINS = 256, 400, 32


def main() -> int:
    import ratios

    record = ratios.begin(NAME, "distributed_costs.py", __doc__.splitlines()[0], usual=5, least=3)
    if record is None:
        return 2
    from importlib.metadata import version

    record["versions"] |= {name: version(name) for name in ("dask", "distributed", "cloudpickle")}
    record |= {"clock": "wall_seconds"} | measured(record["repetitions"])
    write(record)
    print(f"{speedups(record)}\n\n{costs(record)}\n\n{streamed(record)}")
    return int(not record["met"])


def measured(repetitions: int) -> Record:
    from distributed import Client

    with cluster(1) as alone, Client(alone) as one, cluster(2) as both, Client(both) as two:
        one.wait_for_workers(1)
        two.wait_for_workers(2)
        rows = [compared(case, one, two, repetitions) for case in cases()]
        found = {"speedups": rows, "tasks": of_tasks(two), "blocks": of_blocks(two), "transfer": transfer(one)}
        found |= {"busy": busy(two), "check": seconds(lambda: checked(two)), "ising": ising()}
    found["streamed"] = stream()
    fits = max(found["streamed"]["peak"]) <= found["streamed"]["limit"]
    return found | {"met": fits and all(row["met"] for row in rows)}


def cluster(workers: int, **named: Any) -> Any:
    """Return a cluster of worker processes with one thread each, which import kousei from where this process does."""
    import distributed

    import kousei

    home = str(Path(kousei.__file__).parents[1])
    path = os.pathsep.join([home, os.environ.get("PYTHONPATH", "")])
    environment = {"PYTHONPATH": path, "KOUSEI_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    at = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    return distributed.LocalCluster(n_workers=workers, threads_per_worker=1, env=environment, **at, **named)


def seconds(function: Callable[[], Any]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def smooth(x: Any) -> Any:
    return np.exp(np.sin(3 * x[..., 0]) * np.cos(x.sum(-1)))


def plane() -> Any:
    """Return the network that is streamed: 131,072 units."""
    import kousei

    return kousei.FunahashiNetwork.from_function(smooth, [(-1, 1)] * 2, 16, n_thresholds=256)


def cases() -> list[tuple[str, Any, Any, str]]:
    """Return what two workers are to do faster: name, network, points, and what is split."""
    import kousei

    in_space = kousei.FunahashiNetwork.from_function(smooth, [(-1, 1)] * 4, 8, n_thresholds=128)
    nets = {
        "MLP, points": kousei.MLP.random([2, 4096, 1], "tanh", rng=0),
        "Funahashi, points": plane(),
        "MLP, units": kousei.MLP.random([2, 1_000_000, 1], "tanh", rng=0),
        "Funahashi, frequencies": in_space,
    }
    rng = np.random.default_rng(0)
    return [
        (name, net, rng.uniform(-1, 1, (POINTS[name], net.dim)), "points" if "points" in name else "units")
        for name, net in nets.items()
    ]


def compared(case: tuple[str, Any, Any, str], one: Any, two: Any, repetitions: int) -> Record:
    """Return the times of a case here, and by one and two workers, in turns after a warm-up."""
    from kousei.distributed import evaluate

    name, net, x, split = case
    sides: dict[str, Callable[[], Any]] = {
        "local": lambda: net(x),
        "one": lambda: evaluate(net, x, one, split=split),
        "two": lambda: evaluate(net, x, two, split=split),
    }
    for side in sides.values():
        side()
    times: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(repetitions):
        for side, function in sides.items():
            times[side].append(seconds(function))
    pairs = zip(times["one"], times["two"], strict=True)
    ratio = median(alone / both for alone, both in pairs)
    row = {"case": name, "network": str(net), "points": len(x), "units": net.units, "target": LEAST}
    row |= {side: median(some) for side, some in times.items()} | tasks(net, len(x), split)
    row["bytes of network"] = len(pickle.dumps(net))
    print(f"{name}: {times}", flush=True)
    return row | {"times": times, "ratio": ratio, "met": ratio >= LEAST}


def tasks(net: Any, points: int, split: str) -> Record:
    """Return how many tasks an evaluation has, and what goes to and comes from each; "chunks" is a Dask array."""
    from kousei.distributed import evaluation, units

    parts = units.number_of_parts(net) if split == "units" else 1
    part = next(units.parts(net)) if split == "units" else net
    most = evaluation._CHUNK_BYTES if split == "chunks" else evaluation._TASK_BYTES
    blocks = len(units.cuts(points, evaluation._points_of_task(part, points, parts, most)))
    each, size = points / blocks, net.dtype.itemsize
    return {"tasks": blocks * parts, "parts": parts, "bytes in": each * net.dim * size, "bytes out": each * size}


def empty(index: int) -> None:
    return None


def same(x: Any) -> Any:
    return x


def of_tasks(client: Any) -> list[Record]:
    """Return what a task of `in_order` costs, by the bytes that go there and come back."""
    from kousei.distributed.cluster import in_order

    found = []
    for size in (0, MIB, 4 * MIB):
        x, count = np.zeros(size // 8), TASKS if size == 0 else TASKS // 4
        calls = [(i,) for i in range(count)] if size == 0 else [(x,)] * count
        function = empty if size == 0 else same

        def run(function: Any = function, calls: Any = calls) -> None:
            for _ in in_order(client, function, iter(calls)):
                pass

        found.append({"bytes": size} | spent(client, run, count))
    return found


def of_blocks(client: Any) -> Record:
    """Return what a block of a Dask array costs: points that are made there, a network of one unit, and the mean."""
    import dask.array

    import kousei
    from kousei.distributed import evaluate

    net = kousei.MLP.random([2, 1, 1], rng=0)
    graph = []

    def run() -> None:
        points = dask.array.random.default_rng(0).uniform(size=(16 * BLOCKS, 2), chunks=(16, 2))
        values = evaluate(net, points, client)
        start = time.perf_counter()
        future = client.compute(values.mean())
        graph.append((time.perf_counter() - start) / BLOCKS)
        future.result()

    costs = spent(client, run, BLOCKS)
    return costs | {"graph": graph[-1]}


def spent(client: Any, run: Callable[[], None], count: int) -> Record:
    """Return seconds of a task: on the clock, of this process, which has client and scheduler, and of the workers."""
    run()
    there, here = sum(client.run(time.process_time).values()), time.process_time()
    clock = seconds(run)
    here, there = time.process_time() - here, sum(client.run(time.process_time).values()) - there
    return {"clock": clock / count, "serial": here / count, "worker": there / count}


def transfer(client: Any) -> Record:
    """Return the seconds of one task alone, and the bytes a second of 16 MiB that go there and that come back."""
    import dask

    size = 16 * MIB
    x = np.zeros(size // 8)

    def alone(function: Any, value: Any) -> float:
        return median(seconds(lambda: client.submit(function, value, pure=False).result()) for _ in range(9))

    with dask.config.set({"distributed.admin.large-graph-warning-threshold": 2 * size}):
        latency, there = alone(empty, 0), alone(len, x)
        back = alone(np.zeros, size // 8)
    return {"latency": latency, "in": size / (there - latency), "out": size / (back - latency)}


def timed(net: Any, x: Any) -> float:
    start = time.perf_counter()
    net(x)
    return time.perf_counter() - start


def busy(client: Any) -> Record:
    """Return mean seconds of tasks of the same work, the deviation of their logarithm, and the largest of them."""
    from kousei.distributed.cluster import in_order, sent

    _, net, x, _ = cases()[0]
    net = sent(client, "net", net)
    times = list(in_order(client, timed, [(net, x[:20_000])] * BUSY))[4:]
    mean = sum(times) / len(times)
    return {"seconds": mean, "deviation": stdev(map(math.log, times)), "largest": max(times) / mean}


def checked(client: Any) -> None:
    from kousei.distributed.cluster import check_client

    check_client(client)


def ising() -> Record:
    """Return what a word of chains costs, and the bytes of its states."""
    from kousei.ising import Lattice

    lattice = Lattice((SIDE, SIDE), 0.4)

    def run() -> None:
        lattice.sample(chains=CHAINS, sweeps=SWEEPS, thin=SWEEPS, burn_in=0, rng=0)

    run()
    return {"seconds": seconds(run), "bytes": CHAINS * SIDE**2 / 8, "side": SIDE, "sweeps": SWEEPS, "chains": CHAINS}


def memory() -> tuple[int, int]:
    """Return the process, and the largest memory that it ever had."""
    text = Path("/proc/self/status").read_text()
    return os.getpid(), int(text.partition("VmHWM:")[2].split()[0]) * 1024


def stream() -> Record:
    """Return what many points through a wide network take: seconds, and memory of each of two workers."""
    import dask
    from distributed import Client

    from kousei.distributed import evaluate

    net = plane()
    with cluster(2, memory_limit=LIMIT) as both, Client(both) as client:
        client.wait_for_workers(2)
        before = client.run(memory)
        points = dask.array.random.default_rng(0).uniform(-1, 1, (STREAMED, 2), chunks=(CHUNK, 2))
        values = evaluate(net, points, client)
        found: list[Any] = []
        took = seconds(lambda: found.extend(dask.compute(values.mean(), abs(values).max())))
        after = client.run(memory)
        limit = client.run(lambda dask_worker: dask_worker.memory_manager.memory_limit)
    if {process for process, _ in before.values()} != {process for process, _ in after.values()}:
        raise RuntimeError("a worker was lost, perhaps for its memory")
    return {
        "points": STREAMED,
        "units": net.units,
        "method": net.plan(values.chunksize[0]).method,
        "blocks": math.prod(values.numblocks),
        "seconds": took,
        "peak": sorted(peak for _, peak in after.values()),
        "before": sorted(peak for _, peak in before.values()),
        "limit": min(limit.values()),
        "mean": float(found[0]),
        "largest": float(found[1]),
    }


def markdown(heads: list[str], rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in (heads, *rows)]
    return "\n".join([lines[0], "|---" * len(heads) + "|", *lines[1:]])


def speedups(record: Record) -> str:
    """Return two workers against one as a table in Markdown."""
    from ratios import as_time

    rows = []
    for row in record["speedups"]:
        ratio = f"{row['ratio']:.2f}× (≥ {row['target']:g})"
        cells = [row["case"], f"{row['points']:,}", f"{row['units']:,}", str(row["tasks"])]
        cells += [as_time(row[side]) for side in ("local", "one", "two")]
        rows.append([*cells, ratio if row["met"] else f"**{ratio}: missed**"])
    heads = ["network, split by", "points", "units", "tasks", "without Dask", "one worker", "two", "two against one"]
    return markdown(heads, rows)


def costs(record: Record) -> str:
    """Return what tasks and bytes cost as a table in Markdown."""
    from ratios import as_time

    named = {0: "a task of `in_order`, empty"}
    rows = [
        [named.get(row["bytes"], f"with {row['bytes'] // MIB} MiB there and back"), row] for row in record["tasks"]
    ]
    rows.append(["a block of a Dask array, through `evaluate`, and its mean", record["blocks"]])
    lines = [[name, *(as_time(row[side]) for side in ("clock", "serial", "worker"))] for name, row in rows]
    moved, busy = record["transfer"], record["busy"]
    return "\n".join(
        [
            markdown(["", "on the clock", "client and scheduler", "workers"], lines),
            "",
            f"One task alone takes {as_time(moved['latency'])}. 16 MiB go there at {moved['in'] / 1e9:.2g} GB/s, and "
            f"come back at {moved['out'] / 1e9:.2g} GB/s. Tasks of the same work, {as_time(busy['seconds'])} each, "
            f"differ by {busy['deviation']:.1%}; the longest took {busy['largest']:.2f} of the mean. The check of a "
            f"client takes {as_time(record['check'])}.",
        ]
    )


def streamed(record: Record) -> str:
    """Return what was streamed, in a sentence."""
    from ratios import as_time

    row = record["streamed"]
    peaks = " and ".join(f"{peak / MIB:,.0f} MiB" for peak in row["peak"])
    return (
        f"{row['points']:,} points × {row['units']:,} hidden units in {as_time(row['seconds'])} by two workers, "
        f'{row["blocks"]} blocks, evaluated by "{row["method"]}"; the memory of the workers rose to {peaks}, of '
        f"{row['limit'] / MIB:,.0f} MiB that they were allowed. Mean {row['mean']:.6f}, largest {row['largest']:.6f}."
    )


def table(record: Record) -> str:
    return f"{speedups(record)}\n\n{costs(record)}\n\n{streamed(record)}\n\n`{record['command']}`"


if __name__ == "__main__":
    sys.exit(main())
