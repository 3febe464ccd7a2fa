"""Measures what docs/reliability.md says of memory, Ctrl-C and fuzzing, and writes results/soundness.json.

    python benchmarks/soundness.py [RUNS]

RUNS inputs (10,000 unless given) go to each harness of tests/fuzz. Ctrl-C comes 0.3 s after the start of each long
call, and the seconds are those until the call has ended, by the clock or by the time of the process, whichever is
less. Needs g++.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests" / "python"
OUT = Path(__file__).parent / "results" / "soundness.json"


def lines(code: str, **environment: str) -> list[list[str]]:
    """Return the words of each line that Python code prints, with the tests to be imported."""
    places = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env=os.environ | {"PYTHONPATH": places} | environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [line.split() for line in done.stdout.splitlines()]


def allocations() -> dict[str, int]:
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "libfailing_new.so"
        source = ROOT / "tests" / "cpp" / "failing_new.cpp"
        subprocess.run(["g++", "-shared", "-fPIC", "-std=c++20", "-o", library, source], check=True)
        rows = lines("import test_out_of_memory as t; t.exhaust_all()", LD_PRELOAD=str(library))
    return {
        "calls": len(rows),
        "operator new": sum(int(row[0]) for row in rows),
        "Python": sum(int(row[1]) for row in rows),
    }


def interrupts() -> dict[str, float]:
    code = """
import long_calls, support
for name, (make, large) in long_calls.CALLS.items():
    print(name, support.seconds_to_interrupt(make(large)), flush=True)
"""
    return {name: round(float(seconds), 3) for name, seconds in lines(code)}


def fuzzing(harness: str, runs: int) -> dict[str, object]:
    command = [sys.executable, "-W", "ignore", str(ROOT / "tests" / "fuzz" / harness), f"-runs={runs}"]
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return {
        "command": f"python tests/fuzz/{harness} -runs={runs}",
        "runs": runs,
        "findings": 0,
        "seconds": round(time.perf_counter() - start),
    }


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    record = {
        "command": f"python benchmarks/soundness.py {runs}",
        "each allocation fails once: MemoryError, nothing leaked, the next call right": allocations(),
        "seconds to the end after Ctrl-C": interrupts(),
        "fuzzing": [fuzzing(harness, runs) for harness in ("bindings.py", "loaders.py")],
    }
    OUT.write_text(json.dumps(record, indent=1) + "\n")
    print(OUT.read_text())


if __name__ == "__main__":
    main()
