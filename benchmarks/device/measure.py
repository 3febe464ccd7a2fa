"""Measures every kernel and writes one record for each: measure.py COMMIT DEVICE DRIVER [FUNCTION ...].

The functions are those on which compute-sanitizer found nothing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Collection
from itertools import chain
from pathlib import Path
from typing import Any

import ceilings
import cupy
import numpy as np
import training
from kernels import KERNELS, SMALL
from problem import Kernel, Problem

RESULTS = Path(__file__).parent / "results"


def main(commit: str, device: str, driver: str, clean: Collection[str]) -> bool:
    rates = ceilings.measure()
    print("Ceilings, per second:")
    for name, rate in rates.items():
        print(f"  {name:<24} {rate:.3g}")
    common = {"device": device, "driver": driver, "commit": commit}
    print(f"\n{device}, driver {driver}, commit {commit}")
    print(f"{'kernel':<56} {'passed':<6} {'error':>8} {'ms':>8} {'G/s':>8} {'ceiling':>8} {'share':>6}")
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{re.sub('[^a-z0-9]+', '-', device.lower())}.json"
    records = []
    clean_steps = all(kernel.function in clean for kernel in KERNELS if kernel.function.startswith("rbm_"))
    rows = chain(
        (record(kernel, rates, kernel.function in clean) for kernel in KERNELS),
        ({"sanitizer_clean": clean_steps} | row for row in training.records(rates)),
    )
    for row in rows:
        records.append(row | common)
        passed = "yes" if row["passed"] else "NO"
        print(f"{row['name']:<56} {passed:<6} {row['error']:>8.1e} {row['time'] * 1e3:>8.2f} ", end="")
        if row["rate"]:
            print(f"{row['rate'] / 1e9:>8.1f} {row['ceiling'] / 1e9:>8.1f} {row['share']:>6.0%}", end="")
        print("".join(f"  {other / row['time']:.1f} x {name}" for name, other in row["others"].items()), flush=True)
        # After each, so that a run that is stopped leaves what it has measured.
        path.write_text(json.dumps(records, indent=2) + "\n")
        if "OUT" in os.environ:
            shutil.copy(path, os.environ["OUT"])
    return all(row["passed"] for row in records)


def record(kernel: Kernel, rates: dict[str, float], clean: bool) -> dict[str, Any]:
    """Return what was measured of a kernel."""
    errors = []
    for sizes in (*SMALL, kernel.size):
        problem = kernel.problem(*sizes)
        run = problem.prepare(cupy.asarray(problem.x))
        # The memory of the next output, so that a value the kernel leaves out is NaN.
        run().fill(np.nan)
        errors.append(largest_error(problem, cupy.asnumpy(run())))
    error = max(errors)
    time = ceilings.seconds(run)
    if time < 1e-3:
        time = ceilings.replayed_seconds(lambda: problem.prepare(cupy.asarray(problem.x)))
    rate, ceiling = problem.evaluations / time, kernel.ceiling(rates)
    others = {name: other_time(prepare, problem) for name, prepare in problem.others.items()}
    return {
        "name": kernel.name,
        "passed": all(e <= kernel.tolerance for e in errors) and clean,
        "error": error,
        "tolerance": kernel.tolerance,
        "sanitizer_clean": clean,
        "time": time,
        "rate": rate,
        "ceiling": ceiling,
        "share": rate / ceiling,
        "others": {name: other for name, other in others.items() if other is not None},
    }


def other_time(prepare: Callable[[Any], Callable[[], Any]], problem: Problem) -> float | None:
    """Return the time of what else computes a problem, or None without its library."""
    try:
        return ceilings.seconds(prepare(cupy.asarray(problem.x)))
    except ImportError:
        return None


def largest_error(problem: Problem, values: np.ndarray[Any, Any]) -> float:
    """Return the error relative to the scale, at as many points as the CPU does in a moment."""
    points = len(problem.x)
    count = min(points, max(16, (1 << 23) * points // problem.evaluations))
    chosen = np.linspace(0, points - 1, count, dtype=np.int64)
    exact = problem.exact(problem.x[chosen].astype(np.float64))
    return float(np.abs(values[chosen] - exact).max()) / problem.scale


if __name__ == "__main__":
    commit, device, driver, *clean = sys.argv[1:]
    sys.exit(0 if main(commit, device, driver, clean) else 1)
