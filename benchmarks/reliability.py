"""The figures of docs/reliability.md that commands print: `python benchmarks/reliability.py [NAME ...]`.

Without names all commands run, one after the other. What they print goes to build/reliability/NAME.log; one that
fails is recorded as such, and the others go on.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from math import inf, isfinite
from pathlib import Path
from typing import Any, NamedTuple

from ratios import describe
from records import found, write

NAME = "reliability"
ROOT = Path(__file__).resolve().parents[1]
LOGS = ROOT / "build" / NAME

#: Found of any command: how long it ran, and the most that one of its processes took.
SECONDS, MEMORY = "seconds", "memory"


class Figure(NamedTuple):
    """What a number means, where it is found in what a command prints, and what is asked of it.

    All numbers that the expression finds are added up; with a group before that of the number each is a figure of its
    own, of that name, which stands for `{}`. Without a group it is counted.
    """

    what: str
    found_by: str
    unit: str = ""
    least: float = -inf
    most: float = inf

    @property
    def asked(self) -> str:
        if isfinite(self.least):
            return f"≥ {self.least:,.9g} {self.unit}".rstrip()
        if isfinite(self.most):
            return f"≤ {self.most:,.9g} {self.unit}".rstrip() if self.most else "0"
        return ""

    def values(self, text: str, of_any: dict[str, float]) -> Iterator[tuple[str, float]]:
        """Yield each number with its name, which is empty where there is one number."""
        if self.found_by in of_any:
            yield "", of_any[self.found_by]
            return
        matches = re.findall(self.found_by, text, re.MULTILINE)
        groups = re.compile(self.found_by).groups
        if groups == 2:
            yield from ((name, float(number)) for name, number in matches)
        elif matches:
            yield "", float(sum(map(float, matches)) if groups else len(matches))

    def row(self, name: str, value: float | str) -> dict[str, Any]:
        """Return the figure with its number, or with why there is none."""
        met = not isinstance(value, str) and self.least <= value <= self.most
        what = self.what.format(name)
        return {"what": what, "value": value, "unit": self.unit, "asked": self.asked, "met": met}


class Command(NamedTuple):
    """A line for the shell, in the root of the repository, and the figures in what it prints."""

    line: str
    figures: tuple[Figure, ...]


ONE = "one at a time: MemoryError, nothing leaked, the next call right"
PASSED = r"^(\d+) passed"
#: Harnesses of fuzzing, and how many inputs each is to have.
HARNESSES = {"fuzz_network": 1e7, "fuzz_safetensors": 1e7, "fuzz_saved": 1e7, "bindings": 1e5, "loaders": 1e5}

COMMANDS = {
    "contract": Command(
        "python -m pytest -q -n 2 tests/python/test_contract.py",
        (
            Figure(
                "functions of arrays × libraries, dtypes, shapes, layouts and what is refused: tests passed", PASSED
            ),
        ),
    ),
    "refusals": Command(
        "python -m pytest -q -n 2 -rP tests/python/test_contract_refusals.py",
        (
            Figure("public functions and methods with arguments", r"^\S+: \d+ arguments, \d+ calls$"),
            Figure("their arguments", r"^\S+: (\d+) arguments, \d+ calls$"),
            Figure(
                "calls with nonsense in place of one argument, each answered, or refused by its name",
                r"^\S+: \d+ arguments, (\d+) calls$",
            ),
        ),
    ),
    "suite": Command(
        "python -m pytest -q -n 2",
        (
            Figure("tests of the suite, passed", PASSED),
            Figure("the suite, on two cores", SECONDS, "s", most=300),
            Figure("peak memory of its largest process", MEMORY, "MiB"),
        ),
    ),
    "cpp": Command(
        "cmake --preset release && cmake --build --preset release -j 2 --target kousei_tests && "
        "build/release/tests/cpp/kousei_tests",
        (
            Figure("cases of the C++ tests, passed", r"test cases: +\d+ \| +(\d+) passed"),
            Figure("their assertions", r"assertions: +\d+ \| +(\d+) passed"),
        ),
    ),
    "threads": Command(
        'python -m pytest -q -n 2 -k "threads and (depend or matter or number or neighbours or change or agree)"',
        (Figure("tests that 1, 2, 4 or more threads give the same bits, passed", PASSED),),
    ),
    "import": Command("python -c 'import kousei'", (Figure("peak memory of `import kousei`", MEMORY, "MiB"),)),
    "import numpy": Command(
        "python -c 'import numpy'", (Figure("peak memory of `import numpy`, for comparison", MEMORY, "MiB"),)
    ),
    "demo": Command(
        "python -m kousei demo --picture build/reliability/demo.png",
        (
            Figure("the demonstration", SECONDS, "s"),
            Figure("peak memory of the demonstration", MEMORY, "MiB"),
        ),
    ),
    "coverage": Command(
        "tests/coverage.sh",
        (
            Figure("branches of python/kousei that tests run", r"Python branches: ([\d.]+)", "%", least=95),
            Figure("lines of python/kousei that tests run", r"Python lines: ([\d.]+)", "%"),
            Figure("lines of cpp and python/bindings that tests run", r"C\+\+ lines: ([\d.]+)", "%", least=95),
            Figure("lines of cuda that tests run in the emulator", r"CUDA lines \(emulated\): ([\d.]+)", "%"),
        ),
    ),
    "address": Command(
        "tests/sanitizers.sh address",
        (
            Figure(
                "AddressSanitizer and UndefinedBehaviorSanitizer: reports", r"^ASan and UBSan: (\d+) reports", most=0
            ),
            Figure("tests that they watched", r"^ASan and UBSan: \d+ reports in (\d+) tests"),
        ),
    ),
    "thread": Command(
        "tests/sanitizers.sh thread",
        (
            Figure("ThreadSanitizer: reports", r"^TSan: (\d+) reports", most=0),
            Figure("tests that it watched", r"^TSan: \d+ reports in (\d+) tests"),
        ),
    ),
    "allocations": Command(
        "python benchmarks/soundness.py allocations",
        (
            Figure("calls of compiled kernels", r"^\d+ \d+ .+$"),
            Figure(f"allocations by `operator new` in them that failed, {ONE}", r"^(\d+) \d+ .+$"),
            Figure(f"allocations by Python in them that failed, {ONE}", r"^\d+ (\d+) .+$"),
        ),
    ),
    "interrupts": Command(
        "python benchmarks/soundness.py interrupts",
        (Figure("`{}`", r"^(\S+): ([\d.]+) s after Ctrl-C$", "s", most=0.5),),
    ),
    **{
        name: Command(
            f"tests/fuzz/run.sh {name}",
            (
                Figure(f"`{name}`: inputs", r"^fuzz \w+: (\d+) runs", least=least),
                Figure(f"`{name}`: findings", r"^fuzz \w+: \d+ runs, (\d+) findings$", most=0),
            ),
        )
        for name, least in HARNESSES.items()
    },
    "bounds": Command(
        "PYTHONPATH=tests/python python -c 'import accuracy; print(len(accuracy.BOUNDS), \"bounds\")'",
        (Figure("functions and methods with a bound on their error", r"(\d+) bounds"),),
    ),
    "references": Command(
        "python -m pytest -q -n 2 tests/python/test_reference.py tests/python/test_reference_sums.py",
        (Figure("tests of them against mpmath or exact fractions, passed", PASSED),),
    ),
    "review": Command(
        "nox -s review",
        (
            Figure("checks of sp-repo-review that pass", r"sp-repo-review: (\d+) of \d+ checks pass", least=68),
            Figure("checks that it has", r"sp-repo-review: \d+ of (\d+) checks pass"),
        ),
    ),
    "ci": Command(
        "rm -rf build/ci && git clone -q . build/ci && env -u PYTHONPATH build/ci/.ci/run",
        (Figure("all checks of a change, in a fresh clone on two cores", r"=== done \((\d+) s", "s", most=1200),),
    ),
}


def main() -> int:
    names = sys.argv[1:] or list(COMMANDS)
    if unknown := set(names) - set(COMMANDS):
        raise SystemExit(f"no {', '.join(sorted(unknown))}; there are {', '.join(COMMANDS)}")
    missed = False
    for name in names:
        print(f"{name}: {COMMANDS[name].line}", flush=True)
        figures = measured(name)
        every = recorded() | {name: figures}
        ordered = {one: every[one] for one in COMMANDS if one in every}
        write({"case": NAME, "command": "python benchmarks/reliability.py", "measured": ordered})
        print(told(figures), flush=True)
        missed = missed or not all(row["met"] for row in figures["figures"])
    return int(missed)


def recorded() -> dict[str, Any]:
    """Return what was measured, by the name of the command."""
    return {name: figures for record in found(NAME) for name, figures in record["measured"].items()}


def measured(name: str) -> dict[str, Any]:
    """Run a command and return its figures, with where and when."""
    where = described(name)
    log = LOGS / f"{name}.log"
    exit_code, of_any = run(COMMANDS[name].line, log)
    text = log.read_text(errors="replace")
    figures = COMMANDS[name].figures
    values = [(figure, list(figure.values(text, of_any))) for figure in figures]
    rows = [figure.row(*value) for figure, some in values for value in some]
    absent = [figure.what for figure, some in values if not some]
    # Some commands fail where a figure is missed, which then says so itself.
    if absent or (exit_code and all(row["met"] for row in rows)):
        failed = f"exit code {exit_code}" if exit_code else f"nothing printed of {', '.join(absent)}"
        rows = [figure.row("…", failed) for figure in figures]
    return where | {"seconds": of_any[SECONDS], "figures": rows}


def described(name: str) -> dict[str, Any]:
    """Return where and of what a command is run."""
    # In a process of its own: a child's peak of memory is never below what its parent had when it started it.
    with ProcessPoolExecutor(1) as pool:
        return pool.submit(describe, name, COMMANDS[name].line).result()


def run(line: str, log: Path) -> tuple[int, dict[str, float]]:
    """Run a line of the shell; return its exit code, seconds and MiB."""
    log.parent.mkdir(parents=True, exist_ok=True)
    python = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    start = time.perf_counter()
    with log.open("w") as out:
        child = subprocess.Popen(
            line, shell=True, cwd=ROOT, env=os.environ | {"PATH": python}, stdout=out, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, {SECONDS: time.perf_counter() - start, MEMORY: usage.ru_maxrss / 1024}


def told(figures: dict[str, Any]) -> str:
    """Return what was measured as text, and the end of what a command that failed has printed."""
    lines = [
        f"  {row['what']}: {shown(row)}  {row['asked']}{'' if row['met'] else ': MISSED'}"
        for row in figures["figures"]
    ]
    if any(isinstance(row["value"], str) for row in figures["figures"]):
        lines.append((LOGS / f"{figures['case']}.log").read_text(errors="replace")[-2000:])
    return "\n".join([*map(str.rstrip, lines), f"  ({figures['seconds']:.0f} s)"])


def shown(row: dict[str, Any]) -> str:
    """Return a number with its unit, or why there is none."""
    value = row["value"]
    if isinstance(value, str):
        return value
    number = f"{value:,.0f}" if value == round(value) or value >= 100 else f"{value:.3g}"
    return f"{number} {row['unit']}".strip()


if __name__ == "__main__":
    sys.exit(main())
