"""How many times faster than other libraries we are: `python benchmarks/ratios.py [CASE ...]`.

Imports beyond the standard library wait until `main` has fixed the environment that they read.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from records import write

if TYPE_CHECKING:
    from cases import Case

ROOT = Path(__file__).resolve().parents[1]
LIBRARIES = (
    *("numpy", "finufft", "torch", "pykeops", "llama_cpp_python", "jax", "folx", "mcising"),
    *("scikit-learn", "rbms", "igraph", "implicit", "shap"),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help="default: all")
    parser.add_argument("--list", action="store_true", help="print the names of the cases")
    parser.add_argument("--pairs", type=int, default=7, help="runs of each side, at least 5 (default: 7)")
    arguments = parser.parse_args()
    if arguments.pairs < 5:
        parser.error("--pairs must be at least 5")

    fix_environment()
    import cases
    import kousei

    kousei.set_num_threads(1)
    registry = cases.load()
    if arguments.list:
        print(*registry, sep="\n")
        return 0
    unknown = set(arguments.cases) - set(registry)
    if unknown:
        parser.error(f"no case {', '.join(sorted(unknown))}; --list names them")

    missed = 0
    names = arguments.cases or list(registry)
    for i, name in enumerate(names):
        code = run(name, arguments.pairs)
        if code > 1:
            print("left:", *names[i:], file=sys.stderr)
            return code
        missed |= code
    return missed


def run(name: str, pairs: int) -> int:
    """Measure a case, print and record it. Return 1 if it missed a target, and 2 if the machine is busy."""
    import cases
    from kousei._lib import _core

    asked, wanted = os.environ.get("KOUSEI_SIMD"), cases.instruction_sets.get(name)
    if wanted and asked != wanted:
        # A process chooses its instruction set once.
        child = [sys.executable, __file__, name, "--pairs", str(pairs)]
        return subprocess.run(child, env=os.environ | {"KOUSEI_SIMD": wanted}, check=False).returncode
    load = other_load()
    if load:
        print(f"{name}: not measured, since {load}. Run it on an idle machine.", file=sys.stderr)
        return 2
    try:
        if wanted not in (None, _core.instruction_set_name()):
            raise cases.UnavailableError(f"this machine has no {wanted}")
        case = cases.registry[name]()
    except (ImportError, cases.UnavailableError) as error:
        print(f"{name}: n/a, {error}\n")
        return 0
    command = f"python benchmarks/ratios.py {name} --pairs {pairs}"
    record = describe(name, f"KOUSEI_SIMD={asked} {command}" if asked else command) | measure(case, pairs)
    write(record)
    print(table(record), flush=True)
    return 0 if record["met"] else 1


def begin(name: str, script: str, purpose: str, *, usual: int, least: int) -> dict[str, Any] | None:
    """Return a record with the repetitions asked for; None, and say so, on a machine that is busy."""
    parser = argparse.ArgumentParser(description=purpose)
    told = f"of each, at least {least} (default: {usual})"
    parser.add_argument("--repetitions", type=int, default=usual, help=told)
    repetitions = parser.parse_args().repetitions
    if repetitions < least:
        parser.error(f"--repetitions must be at least {least}")

    fix_environment()
    import kousei

    kousei.set_num_threads(1)
    load = other_load()
    if load:
        print(f"not measured, since {load}. Run it on an idle machine.", file=sys.stderr)
        return None
    record = describe(name, f"python benchmarks/{script} --repetitions {repetitions}")
    return record | {"clock": "cpu_seconds", "repetitions": repetitions}


def fix_environment() -> None:
    """Give every library one thread, and NumPy the OpenBLAS kernels made for this processor."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(name, None)


def other_load() -> str:
    """Return what else uses the machine during a second of spinning; empty if nothing does."""
    busy, cpu, start = _busy_seconds(), time.process_time(), time.perf_counter()
    while time.perf_counter() - start < 1:
        pass
    wall = time.perf_counter() - start
    own = (time.process_time() - cpu) / wall
    others = (_busy_seconds() - busy) / wall - own
    if own < 0.98:
        return f"this process got only {own:.0%} of a core"
    # Below a few ticks of 1/100 s it is the kernel's own work.
    if others > 0.05:
        return f"other processes use {others:.0%} of a core"
    return ""


def _busy_seconds() -> float:
    user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def measure(case: Case, pairs: int) -> dict[str, Any]:
    """Return what the record of a case says of its times and checks, and whether all targets are met."""
    from cases import UnavailableError

    ratios: dict[str, dict[str, Any]] = {}
    for name, prepare in case.others.items():
        try:
            ratios[name] = compare(case, prepare(), pairs)
        except (ImportError, UnavailableError) as error:
            ratios[name] = {"unavailable": str(error)}
            continue
        floor = case.floors.get(name)
        ratios[name] |= {"target": floor, "met": None if floor is None else ratios[name]["median"] >= floor}
    checks: dict[str, dict[str, Any]] = {}
    for name, check in case.checks.items():
        value = float(check.measure())
        met = None if check.ceiling is None else value <= check.ceiling
        checks[name] = {"value": value, "unit": check.unit, "target": check.ceiling, "met": met}
    return {
        "sizes": dict(case.sizes),
        "dtype": case.dtype,
        "chunks": case.chunks,
        "clock": case.clock.__name__,
        "work": case.work,
        "ratios": ratios,
        **checks,
        "met": all(entry.get("met") is not False for entry in (*ratios.values(), *checks.values())),
    }


def compare(case: Case, other: Callable[[], Any], pairs: int) -> dict[str, Any]:
    """Return the times of ours and another side, measured in turns after a warm-up."""
    case.ours()
    other()
    times = [(case.clock(case.ours), case.clock(other)) for _ in range(pairs)]
    ratios = [theirs / ours for ours, theirs in times]
    return {
        "ours_seconds": median(ours for ours, _ in times),
        "other_seconds": median(theirs for _, theirs in times),
        "median": median(ratios),
        "min": min(ratios),
        "max": max(ratios),
    }


def describe(name: str, command: str) -> dict[str, Any]:
    """Return what the record of a case says of where and how it was measured."""
    import kousei
    from kousei._lib import _core

    return {
        "case": name,
        "command": command,
        "machine": {
            "cpu": _cpu_model(),
            "instruction_set": _core.instruction_set_name(),
            "threads": kousei.num_threads(),
        },
        "versions": {
            "kousei": kousei.__version__,
            "python": platform.python_version(),
            **{
                library: _version(library)
                for library in ("numpy", "finufft", "torch", "pykeops", "llama_cpp_python", "scikit-learn")
            },
        },
        "commit": commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def commit() -> str:
    """Return the commit measured, with "-dirty" where the library differs from it."""
    git = ["git", "-C", str(ROOT)]
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", "cpp", "cuda", "python"], check=False)
    return head.stdout.strip() + ("-dirty" if changed.returncode else "")


def table(record: dict[str, Any]) -> str:
    """Return a record as text."""
    sizes = ", ".join(f"{name} {size}" for name, size in record["sizes"].items())
    lines = [
        "; ".join(filter(None, (record["case"], record["dtype"], sizes, record["chunks"]))),
        f"  {'against':<18} {'ours':>10} {'other':>10} {'ratio':>7} {'min':>7} {'max':>7}  target",
    ]
    for name, row in record["ratios"].items():
        if "unavailable" in row:
            lines.append(f"  {name:<18} n/a: {row['unavailable']}")
            continue
        sides = row["ours_seconds"], row["other_seconds"]
        times = " ".join(f"{as_time(seconds / record['work']):>10}" for seconds in sides)
        spread = " ".join(f"{row[key]:>7.2f}" for key in ("median", "min", "max"))
        lines.append(f"  {name:<18} {times} {spread}  {_target(row, '>=')}")
    for name, row in record.items():
        if isinstance(row, dict) and "unit" in row:
            lines.append(f"  {name:<18} {row['value']:.2g} {row['unit']}  {_target(row, '<=')}")
    return "\n".join([*map(str.rstrip, lines), ""])


def as_time(seconds: float) -> str:
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def _target(row: dict[str, Any], relation: str) -> str:
    if row["target"] is None:
        return ""
    return f"{relation} {row['target']:g}: {'met' if row['met'] else 'MISSED'}"


if __name__ == "__main__":
    sys.exit(main())
