"""The figures of docs/reliability.md that are of the whole package: `python benchmarks/reliability.py [COMMAND ...]`.

Each is what a command prints, which stands beside it. Without names all commands run, half an hour on two cores.
"""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any, NamedTuple

from records import found, write

NAME = "reliability"


class Figure(NamedTuple):
    """What a number means, the expression that finds it in what a command prints, and what is wanted of it."""

    what: str
    found_by: str
    least: float | None = None
    most: float | None = None
    unit: str = ""


#: Of any command.
SECONDS, MEMORY = "seconds", "memory"

COMMANDS: dict[str, tuple[str, tuple[Figure, ...]]] = {
    "contract": (
        "python -m pytest -q -n 2 tests/python/test_contract.py",
        (Figure("cases of the contract that every public function is under, passed", r"(\d+) passed"),),
    ),
    "suite": (
        "python -m pytest -q -n 2",
        (
            Figure("tests of the suite, passed", r"(\d+) passed"),
            Figure("the suite on two cores", SECONDS, most=300, unit="s"),
            Figure("peak memory of one of its processes", MEMORY, unit="MiB"),
        ),
    ),
    "coverage": (
        "tests/coverage.sh",
        (
            Figure("branches of python/kousei that tests run", r"Python branches: ([\d.]+)", least=95, unit="%"),
            Figure("lines of cpp and python/bindings that tests run", r"C\+\+ lines: ([\d.]+)", least=95, unit="%"),
        ),
    ),
    "ci": (
        "git clone -q . build/ci && build/ci/.ci/run",
        (Figure("all checks in a fresh clone", r"=== done \((\d+) s", most=1200, unit="s"),),
    ),
}


def main() -> int:
    names = sys.argv[1:] or list(COMMANDS)
    figures = found(NAME)[0]["figures"] if found(NAME) else {}
    for name in names:
        figures[name] = measured(*COMMANDS[name])
        write({"case": NAME, "command": "python benchmarks/reliability.py", "figures": figures})
        for row in figures[name]:
            print(f"{row['what']}: {row['value']:g} {row['unit']}", flush=True)
    return int(not all(row["met"] for name in names for row in figures[name]))


def measured(command: str, figures: tuple[Figure, ...]) -> list[dict[str, Any]]:
    """Run a command and return its figures."""
    start = time.perf_counter()
    run = subprocess.run(command, shell=True, stdout=subprocess.PIPE, text=True, check=False)
    seconds = time.perf_counter() - start
    if run.returncode:
        raise SystemExit(f"{command}: exit code {run.returncode}\n{run.stdout[-4000:]}")
    of_any = {SECONDS: seconds, MEMORY: resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024}
    rows = []
    for figure in figures:
        value = of_any.get(figure.found_by)
        if value is None:
            (text,) = re.findall(figure.found_by, run.stdout)
            value = float(text)
        met = (figure.least is None or value >= figure.least) and (figure.most is None or value <= figure.most)
        asked = f"≥ {figure.least:g}" if figure.least else f"≤ {figure.most:g}" if figure.most else ""
        row = {"what": figure.what, "value": value, "unit": figure.unit, "asked": asked, "met": met}
        rows.append(row | {"command": command, "date": datetime.now(UTC).isoformat(timespec="seconds")})
    return rows


if __name__ == "__main__":
    sys.exit(main())
