"""What is constructed beside what is trained, on the functions of `kousei.front`: `python benchmarks/front_table.py`.

Some fourteen minutes on two cores that do nothing else, one thread for each of two functions at a time: seconds are
wall-clock. `--quick` takes budgets that are too small to judge training by, and three minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np

from records import write

NAME = "front-table"
SEEDS = 3
#: Seconds for each method: so many times those of ours, of functions of up to 3 variables, in these bounds; of more
#: variables; where training is given its time; and to try the script.
TIMES, LEAST_BUDGET, MOST_BUDGET = 60.0, 5.0, 35.0
BUDGET_OF_MANY, BUDGET_OF_LONG, QUICK = 2.0, 120.0, 1.0
LONG = "XOR"
TRAINED = ("Adam", "L-BFGS", "MLPRegressor")
LINEAR = ("RBFSampler", "Nystroem")
#: How many times as long as ours Adam should take to our tolerance, in the median of functions of up to 3 variables.
LEAST = 50.0

Row = dict[str, Any]


def main() -> int:
    from ratios import fix_environment

    fix_environment()
    from kousei.front import benchmark_functions

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="with too little time for training, to try the script")
    quick = parser.parse_args().quick
    order = list(benchmark_functions())
    names = sorted(order, key=lambda name: name != LONG)  # so that it is not the last to end
    with ProcessPoolExecutor(2, initializer=warm_up) as pool:
        rows = sorted(pool.map(measured, names, [quick] * len(names)), key=lambda row: order.index(row["function"]))
    record = {
        "case": NAME,
        "command": "python benchmarks/front_table.py" + " --quick" * quick,
        "seeds": SEEDS,
        "rows": rows,
        "met": met(rows),
    }
    write(record)
    print(table(record))
    return int(not record["met"])


def budget_of(name: str, function: Any, quick: bool) -> float:
    import kousei

    if quick:
        return QUICK
    if name == LONG:
        return BUDGET_OF_LONG
    if len(function.bounds) > 3:
        return BUDGET_OF_MANY
    start = time.perf_counter()
    with contextlib.suppress(kousei.front.NotReachedError):
        kousei.construct(function.f, function.bounds, function.tol, rng=0)
        return min(max(TIMES * (time.perf_counter() - start), LEAST_BUDGET), MOST_BUDGET)
    return LEAST_BUDGET


def warm_up() -> None:
    """Load what is loaded by the first use, which is none of the seconds of a function."""
    import torch

    import kousei

    torch.set_num_threads(1)
    kousei.set_num_threads(1)
    kousei.compare(lambda x: np.sin(3 * x[:, 0]), [(-1, 1)], 1e-3, budget=0.05, seeds=1, rng=0)


def measured(name: str, quick: bool) -> Row:
    """Return what each method reaches on a function."""
    import kousei
    from kousei.front import benchmark_functions

    function = benchmark_functions()[name]
    budget = budget_of(name, function, quick)
    found = kousei.compare(function.f, function.bounds, function.tol, budget=budget, seeds=SEEDS, rng=0)
    ours = [run for run in found.runs if run.method == "construct"]
    others = [method for method in found.methods if method != "construct"]
    row = {
        "function": name,
        "dim": len(function.bounds),
        "asked": function.tol,
        "most": function.most,
        "budget": short(budget),
        "constant": short(constant(function)),
        "tol": found.tol,
        "ours": [
            point(run) | {"tol": tol, "sooner": [m for m in others if found.seconds_to(tol, m) < run.seconds]}
            for run in ours
            for tol in [float(run.setting.removeprefix("tol "))]
        ],
        "others": {
            method: point(found.best(method)) | {"setting": found.best(method).setting, "to tol": finite(reached)}
            for method in others
            for reached in [found.seconds_to(found.tol, method)]
        },
        "points": {method: points(found, method) for method in found.methods},
        "left out": found.left_out,
    }
    print(f"{name}: {'; '.join(f'{m} {found.best(m).error:.1e}' for m in found.methods)}", flush=True)
    return row


def constant(function: Any) -> float:
    """Return the error of the best constant."""
    lo, hi = np.transpose(function.bounds)
    return float(np.ptp(function.f(np.random.default_rng(0).uniform(lo, hi, (10_000, len(lo)))))) / 2


def point(run: Any) -> Row:
    return {"units": run.units, "seconds": short(run.seconds), "error": short(run.error)}


def points(found: Any, method: str) -> list[list[float]]:
    """Return (units, seconds, error): of a training whenever it is nearer by a tenth, of others for each run."""
    from kousei.front.comparing.comparison import nearer

    runs = [run for run in found.runs if run.method == method]
    if method not in TRAINED:
        return [list(point(run).values()) for run in sorted(runs, key=lambda run: run.units)]
    kept: list[list[float]] = []
    for units, seconds, error in nearer(runs):
        if not kept or error < 0.9 * kept[-1][2]:
            kept.append([units, short(seconds), short(error)])
    return kept


def short(number: float) -> float:
    return float(f"{number:.3g}")


def finite(seconds: float) -> float | None:
    return short(seconds) if seconds < math.inf else None


def slower(rows: list[Row], method: str) -> list[float]:
    """Return how many times as long as ours a training takes to our tolerance, or has without reaching it.

    Of the functions of up to 3 variables that ours does not refuse.
    """
    return [
        (row["others"][method]["to tol"] or row["budget"]) / row["ours"][0]["seconds"]
        for row in rows
        if row["dim"] <= 3 and row["ours"] and method in row["others"]
    ]


def met(rows: list[Row]) -> bool:
    few = all(
        any(run["error"] <= row["asked"] and run["units"] <= row["most"] for run in row["ours"])
        for row in rows
        if row["most"]
    )
    return few and bool(np.median(slower(rows, "Adam")) >= LEAST)


def table(record: Row) -> str:
    """Return a record as a table in Markdown, and what it comes to."""
    heads = [
        "function",
        "asked",
        "units",
        "error",
        "takes",
        "Adam",
        "L-BFGS",
        "MLPRegressor",
        "features",
        "Chebyshev",
    ]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in record["rows"]:
        ours, others = row["ours"], row["others"]  # the least tolerance first
        linear = [others[method] | {"name": method} for method in LINEAR if method in others]
        cells = [row["function"], power(row["asked"])]
        if ours:
            coarser = f", to {power(ours[0]['tol'])}" * (ours[0]["tol"] > row["asked"])
            cells += [f"{ours[0]['units']}{coarser}", power(ours[0]["error"]), lasting(ours[0]["seconds"])]
        else:
            cells += ["refused", "", ""]
        for method in TRAINED:
            text = reached(others[method]) if method in others else ""
            cells.append(f"**{text}**" if trained_better(row, method) else text)
        cells.append(reached(min(linear, key=lambda run: run["error"])) if linear else "")
        cells.append(reached(others["Chebyshev"]) if "Chebyshev" in others else "")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", *summary(record)])


def summary(record: Row) -> list[str]:
    rows = record["rows"]
    better = [row["function"] for row in rows if any(trained_better(row, method) for method in TRAINED)]
    met = [run for row in rows for run in row["ours"]]
    counts = [
        f"{method} at {sum(method in run['sooner'] for run in met)}" for method in (*TRAINED, *LINEAR, "Chebyshev")
    ]
    sentences = [
        f"**A training wins** on {', '.join(better)}." if better else "On none of these does a training win.",
        f"Of the {len(met)} tolerances that ours meets, larger ones than those in the table included, "
        f"{', '.join(counts[:-1])} and {counts[-1]} are met sooner.",
    ]
    for method in TRAINED[:2]:
        times = slower(rows, method)
        reaching = [row for row in rows if row["dim"] <= 3 and row["ours"] and row["others"][method]["to tol"]]
        sentences.append(
            f"On {len(times)} functions of up to 3 variables that are not refused, {method} reaches our tolerance on "
            f"{len(reaching)}; it takes {float(f'{np.median(times):.3g}'):,g}× as long as ours in the median, where "
            "the time that it had stands for one that it did not reach it in."
        )
    budgets = [f"{budget:g}" for budget in sorted({row["budget"] for row in rows})]
    had = " to ".join(dict.fromkeys((budgets[0], budgets[-1])))
    sentences.append(f"`{record['command']}`: {record['seeds']} seeds, {had} s for each method.")
    return sentences


def trained_better(row: Row, method: str) -> bool:
    """Tell whether a training meets our tolerance sooner, or halves the error of a constant where ours refuses."""
    if method not in row["others"]:
        return False
    if row["ours"]:
        return method in row["ours"][0]["sooner"]
    return row["others"][method]["error"] < row["constant"] / 2


def reached(run: Row) -> str:
    return f"{power(run['error'])}, {lasting(run['seconds'])}"


def power(number: float) -> str:
    return f"{number:.0e}".replace("e-0", "e-").replace("e+00", "").replace("e+0", "e")


def lasting(seconds: float) -> str:
    from ratios import as_time

    return as_time(seconds)


if __name__ == "__main__":
    sys.exit(main())
