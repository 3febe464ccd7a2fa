"""Prints what docs/reliability.md says of memory and of Ctrl-C.

    python benchmarks/soundness.py allocations   each allocation of each call of a kernel fails once; needs g++
    python benchmarks/soundness.py interrupts    seconds that each long call goes on after Ctrl-C, by the clock or by
                                                 the time of the process, whichever is less

`python benchmarks/reliability.py allocations interrupts` records them.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests" / "python"
INTERRUPTS = """
import long_calls, support
for name, (make, large) in long_calls.CALLS.items():
    print(f"{name}: {support.seconds_to_interrupt(make(large)):.3f} s after Ctrl-C", flush=True)
"""


def run(code: str, **environment: str) -> None:
    """Run Python code with the tests to be imported."""
    places = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-W", "ignore", "-c", code]
    subprocess.run(command, env=os.environ | {"PYTHONPATH": places} | environment, check=True)


def allocations() -> None:
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "libfailing_new.so"
        source = ROOT / "tests" / "cpp" / "failing_new.cpp"
        subprocess.run(["g++", "-shared", "-fPIC", "-std=c++20", "-o", library, source], check=True)
        run("import test_out_of_memory as t; t.exhaust_all()", LD_PRELOAD=str(library))


def interrupts() -> None:
    run(INTERRUPTS)


if __name__ == "__main__":
    parts = {part.__name__: part for part in (allocations, interrupts)}
    if len(sys.argv) != 2 or sys.argv[1] not in parts:
        raise SystemExit(__doc__)
    parts[sys.argv[1]]()
