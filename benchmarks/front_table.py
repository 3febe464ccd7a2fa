"""What is constructed beside what is trained, on the functions of `kousei.front`: `python benchmarks/front_table.py`.

Some fifteen minutes on two cores that do nothing else, one thread for each of two functions at a time: seconds are
wall-clock. `--quick` takes budgets that are too small to judge training by, and three minutes.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np

NAME = "front-table"
SEEDS = 3
#: Seconds for each method: of functions of up to 3 variables, of more, and where training is given its time.
BUDGET, BUDGET_OF_MANY, BUDGET_OF_LONG = 6.0, 2.0, 120.0
LONG = ("XOR", "Franke")
QUICK = 1.0
TRAINED = ("Adam", "L-BFGS", "MLPRegressor")
LINEAR = ("RBFSampler", "Nystroem")
#: How many times as long as ours Adam should take to the same error, in the median of functions of up to 3 variables.
LEAST = 50.0

Row = dict[str, Any]


def main() -> int:
    from ratios import RESULTS, fix_environment  # asv, which finds no such module, reads this file too

    fix_environment()
    from kousei.front import benchmark_functions

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="with too little time for training, to try the script")
    quick = parser.parse_args().quick
    # The longest first, so that both processes end at about the same time.
    names = sorted(benchmark_functions(), key=lambda name: -budget_of(name, quick))
    with ProcessPoolExecutor(2, initializer=warm_up) as pool:
        rows = list(pool.map(measured, names, [budget_of(name, quick) for name in names]))
    order = list(benchmark_functions())
    rows.sort(key=lambda row: order.index(row["function"]))
    record = {
        "case": NAME,
        "command": "python benchmarks/front_table.py" + " --quick" * quick,
        "seeds": SEEDS,
        "rows": rows,
        "met": met(rows),
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{NAME}.json").write_text(json.dumps(record, indent=1) + "\n")
    print(table(record))
    return int(not record["met"])


def budget_of(name: str, quick: bool) -> float:
    if quick:
        return QUICK
    return BUDGET_OF_LONG if name in LONG else BUDGET if dim_of(name) <= 3 else BUDGET_OF_MANY


def dim_of(name: str) -> int:
    return int(name.split()[-1].removesuffix("-D")) if name.endswith("-D") else 1 + (name != "quartic")


def warm_up() -> None:
    """Load what is loaded by the first use, which is none of the seconds of a function."""
    import torch

    import kousei

    torch.set_num_threads(1)
    kousei.set_num_threads(1)
    kousei.compare(lambda x: np.sin(3 * x[:, 0]), [(-1, 1)], 1e-3, budget=0.05, seeds=1, rng=0)


def measured(name: str, budget: float) -> Row:
    """Return what each method reaches on a function."""
    import kousei
    from kousei.front import benchmark_functions

    function = benchmark_functions()[name]
    found = kousei.compare(function.f, function.bounds, function.tol, budget=budget, seeds=SEEDS, rng=0)
    ours = [run for run in found.runs if run.method == "construct"]
    row = {
        "function": name,
        "dim": len(function.bounds),
        "asked": function.tol,
        "most": function.most,
        "budget": budget,
        "constant": short(constant(function)),
        "tol": found.tol,
        "ours": [point(run) | {"tol": tol_of(run)} for run in ours],
        "others": {
            method: point(found.best(method)) | {"setting": found.best(method).setting, "to tol": reached}
            for method in found.methods
            if method != "construct"
            for reached in [finite(found.seconds_to(found.tol, method))]
        },
        "slower": {method: slower(found, ours, method) for method in TRAINED},
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
    from kousei.front.comparison import nearer

    runs = [run for run in found.runs if run.method == method]
    if method not in TRAINED:
        return [list(point(run).values()) for run in sorted(runs, key=lambda run: run.units)]
    kept: list[list[float]] = []
    for seconds, error in nearer(runs):
        if not kept or error < 0.9 * kept[-1][2]:
            kept.append([runs[0].units, short(seconds), short(error)])
    return kept


def slower(found: Any, ours: list[Any], method: str) -> Row | None:
    """Return how many times as long a method takes to the least of the tolerances of ours that it reaches at all."""
    for run in ours:
        seconds = found.seconds_to(tol_of(run), method)
        if seconds < math.inf:
            return {"to": tol_of(run), "times": short(seconds / run.seconds)}
    return None


def tol_of(run: Any) -> float:
    return float(run.setting.removeprefix("tol "))


def short(number: float) -> float:
    return float(f"{number:.3g}")


def finite(seconds: float) -> float | None:
    return short(seconds) if seconds < math.inf else None


def median_slower(rows: list[Row], method: str) -> tuple[float, int]:
    """Return the median of how many times as long a training takes, over functions of up to 3 variables."""
    found = [row["slower"][method]["times"] for row in rows if row["dim"] <= 3 and row["slower"][method]]
    return (float(np.median(found)) if found else math.inf), len(found)


def met(rows: list[Row]) -> bool:
    few = all(
        any(run["error"] <= row["asked"] and run["units"] <= row["most"] for run in row["ours"])
        for row in rows
        if row["most"]
    )
    return few and median_slower(rows, "Adam")[0] >= LEAST


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
    sentences = [
        f"**A training has the smaller error**, in its time, on {', '.join(better)}."
        if better
        else "On none of these has a training the smaller error, in its time."
    ]
    few = sum(row["dim"] <= 3 for row in rows)
    for method in TRAINED[:2]:
        median, count = median_slower(rows, method)
        reaching = sum(row["others"].get(method, {"to tol": None})["to tol"] is not None for row in rows)
        sentences.append(
            f"To the smallest of our tolerances that it reaches at all {method} takes {median:,.0f}× as long as "
            f"ours, in the median over those {count} of {few} functions of up to 3 variables where it reaches one; "
            f"to that of the table it gets on {reaching} of all {len(rows)}."
            if count
            else f"{method} reaches none of our tolerances on a function of up to 3 variables."
        )
    budgets = sorted({row["budget"] for row in rows})
    long = [row["function"] for row in rows if row["budget"] == budgets[-1]]
    of_budgets = ", ".join(f"{budget:g}" for budget in budgets) + " s"
    sentences.append(
        f"`{record['command']}`: {record['seeds']} seeds, {of_budgets} for each method"
        + (f", the longest on {' and '.join(long)}." if len(budgets) > 1 else ".")
    )
    return sentences


def trained_better(row: Row, method: str) -> bool:
    """Tell whether a training came nearer than what was constructed, and halves the error of a constant at least."""
    least = min((run["error"] for run in row["ours"]), default=row["constant"] / 2)
    return method in row["others"] and row["others"][method]["error"] < least


def reached(run: Row) -> str:
    return f"{power(run['error'])}, {lasting(run['seconds'])}"


def power(number: float) -> str:
    return f"{number:.0e}".replace("e-0", "e-").replace("e+00", "").replace("e+0", "e")


def lasting(seconds: float) -> str:
    from ratios import as_time  # asv, which finds no such module, reads this file too

    return as_time(seconds)


if __name__ == "__main__":
    sys.exit(main())
