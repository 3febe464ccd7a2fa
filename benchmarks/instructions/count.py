"""Holds the instructions that kernels take against those of the record: `count.py FOLDER [--record]`.

FOLDER is where `counted_kernels` was built. They are counted by Valgrind's callgrind, which no load on the machine
changes, with the AVX2 kernels, as Valgrind knows no AVX-512; and they are those of one compiler. --record writes what
is counted as the record to come.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from records import found, write

NAME = "instructions"
COMMAND = "python benchmarks/instructions/count.py build/release/benchmarks/instructions --record"
#: By how much more of its instructions a kernel fails.
MOST = 0.03


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--record", action="store_true")
    given = parser.parse_args()
    program = given.folder / "counted_kernels"
    names = subprocess.run([program], capture_output=True, text=True, check=True).stdout.split()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = dict(zip(names, pool.map(lambda name: instructions(program, name), names), strict=True))
    compiler = compiled_by(program)
    if given.record:
        write({"case": NAME, "command": COMMAND, "compiler": compiler, "instructions": counts})
        return 0
    (record,) = found(NAME)
    if record["compiler"] != compiler:
        print(f"not compared: counts are of {record['compiler']}, and this is {compiler}")
        return 0
    before = record["instructions"]
    missed = before.keys() ^ counts.keys()
    for name in sorted(before.keys() & counts.keys()):
        more = counts[name] / before[name] - 1
        print(f"{name:26}{counts[name]:14,}{more:+8.2%}")
        if more > MOST:
            missed |= {name}
    if missed:
        print(f"more than {MOST:.0%} above the record, or not in both:", *sorted(missed))
    return int(bool(missed))


def instructions(program: Path, name: str) -> int:
    """Return what a kernel takes, without what comes before it and behind it."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    command += ["--collect-atstart=no", "--toggle-collect=*counted*", str(program), name]
    run = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"KOUSEI_SIMD": "avx2"}, check=False
    )
    collected = re.search(r"Collected\s*:\s*(\d+)", run.stderr)
    if run.returncode or not collected:
        raise SystemExit(f"{' '.join(command)}: {run.stderr}")
    return int(collected[1])


def compiled_by(program: Path) -> str:
    """Return what the compiler wrote into a program."""
    section = subprocess.run(["readelf", "-p", ".comment", program], capture_output=True, text=True, check=True)
    return ", ".join(re.findall(r"\]\s+(.*)", section.stdout))


if __name__ == "__main__":
    sys.exit(main())
