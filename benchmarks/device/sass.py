#!/usr/bin/env python3
"""Counts, without a GPU, what the inner loop of every compiled kernel takes of each unit of a multiprocessor.

Usage: sass.py [--name REGEX] FILE ..., of objects and libraries for one architecture, as build/cuda/libkousei_cuda.a

It needs cuobjdump, of the CUDA toolkit, and c++filt. It shows one loop of each kernel, without the loops in it: that
with the most arithmetic, see `weight`. What is within a branch counts as if it were run.
"""

from __future__ import annotations

import argparse
import re
import subprocess
from collections import Counter
from typing import NamedTuple

#: Clocks of a multiprocessor of compute capability 9.0 for an instruction of a warp: 32 over what the table
#: "Throughput of Native Arithmetic Instructions" of the CUDA C++ Programming Guide has, conversions as those of 64
#: bits. A product of `mma.cuh` is 2048 of float16 or 4096 of int8, as many as the four tensor cores do in a clock.
#: Memory: words that are in different banks, or that all lanes read.
CLOCKS = {
    "tensor": 1,
    "special": 2,
    "fp64": 0.5,
    "fp32": 0.25,
    "multiply": 0.5,
    "integer": 0.5,
    "convert": 2,
    "memory": 1,
    "issue": 0.25,
}
#: An instruction is of the first unit whose expression its name begins with; others are issued, and no more.
UNITS = {
    "tensor": "HMMA|IMMA",
    "special": "MUFU|POPC",
    "fp64": "D(ADD|MUL|FMA|SETP)",
    "fp32": "F(ADD|MUL|FMA)|HFMA2",
    "multiply": "IMAD",
    "integer": "I(ADD|ABS|MNMX|SETP)|VI|LOP|SHF|LEA|SEL|PRMT|MOV|F(SETP|SEL|MNMX|CHK)|SGXT|PLOP|P2R|R2P|CS2R",
    "convert": "F2F|F2I|I2F|FRND",
    "memory": "LD|ST|ATOM|RED|SHFL",
}
ARITHMETIC = ("tensor", "special", "fp64", "fp32")


class Instruction(NamedTuple):
    address: int
    name: str
    #: Where a branch goes to.
    target: int | None


class Loop(NamedTuple):
    depth: int
    #: Instructions, all of them as "issue", and of each unit.
    counts: Counter[str]

    @property
    def clocks(self) -> dict[str, float]:
        """Clocks for which a warp keeps each pipe; that of float32 also multiplies integers."""
        clocks = {unit: each * self.counts[unit] for unit, each in CLOCKS.items()}
        clocks["fp32"] += clocks.pop("multiply")
        return clocks

    @property
    def arithmetic(self) -> float:
        return max(CLOCKS[unit] * self.counts[unit] for unit in ARITHMETIC)

    @property
    def weight(self) -> float:
        """Clocks of arithmetic times their share, four times as much for each loop around."""
        return self.arithmetic**2 / max(self.clocks.values()) * 4**self.depth


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="", help="of the kernels: a regular expression")
    parser.add_argument("files", nargs="+", metavar="FILE")
    options = parser.parse_args()
    print("regs stack shared ", *(f"{unit:>8}" for unit in ("issue", *UNITS)), "  clocks, limit, share of arithmetic")
    for path in options.files:
        kernels = instructions(cuobjdump("-sass", path))
        for name, (registers, stack, shared) in sorted(resources(cuobjdump("-res-usage", path)).items()):
            if re.search(options.name, name):
                print(f"{registers:>4} {stack:>5} {shared:>6}  {described(loops(kernels[name]))}  {name}")


def cuobjdump(option: str, path: str) -> str:
    """Return what cuobjdump says of a file, with demangled names."""
    said = subprocess.run(["cuobjdump", option, path], capture_output=True, text=True, check=True).stdout
    return subprocess.run(["c++filt"], input=said, capture_output=True, text=True, check=True).stdout


def short(name: str) -> str:
    """Return the name of a kernel without its arguments, and without what all have in common."""
    name = re.sub(r"^void |kousei::|\(anonymous namespace\)::|baseline::", "", name)
    depth = 0
    for i, letter in enumerate(name):
        depth += (letter == "<") - (letter == ">")
        if letter == "(" and depth == 0:
            return name[:i]
    return name


def resources(text: str) -> dict[str, tuple[str, ...]]:
    """Return registers, and bytes of stack, spilled registers included, and of shared memory."""
    found = re.findall(r"Function (.*):\n +REG:(\d+) STACK:(\d+) SHARED:(\d+)", text)
    return {short(name): tuple(numbers) for name, *numbers in found}


def instructions(text: str) -> dict[str, list[Instruction]]:
    kernels = {}
    for part in text.split("Function : ")[1:]:
        name, _, code = part.partition("\n")
        # Address, perhaps a predicate, name and operands.
        lines = re.findall(r"/\*([0-9a-f]{4,})\*/ +(?:@\S+ +)?([A-Z][\w.]*) ?([^;]*);", code)
        kernels[short(name)] = [
            Instruction(int(address, 16), operation, branch(operands) if operation.startswith("BRA") else None)
            for address, operation, operands in lines
        ]
    return kernels


def branch(operands: str) -> int | None:
    target = re.search(r"0x([0-9a-f]+)\s*$", operands)
    return int(target[1], 16) if target else None


def loops(kernel: list[Instruction]) -> list[Loop]:
    spans = {(i.target, i.address) for i in kernel if i.target is not None and i.target < i.address}
    counts: dict[tuple[int, int], Counter[str]] = {span: Counter() for span in spans}
    for instruction in kernel:
        around = [span for span in spans if span[0] <= instruction.address <= span[1]]
        if around:
            unit = next((unit for unit, names in UNITS.items() if re.match(names, instruction.name)), None)
            counts[min(around, key=lambda span: span[1] - span[0])].update(filter(None, ["issue", unit]))
    return [Loop(sum(a <= first and last <= b for a, b in spans), counts[first, last]) for first, last in spans]


def described(found: list[Loop]) -> str:
    if not found:
        return "no loop"
    loop = max(found, key=lambda loop: (loop.weight, loop.counts["issue"]))
    clocks = loop.clocks
    limit = max(clocks, key=clocks.__getitem__)
    counts = " ".join(f"{loop.counts[unit]:>8}" for unit in ("issue", *UNITS))
    return f"{counts}  {clocks[limit]:>6g} {limit:<7} {loop.arithmetic / clocks[limit]:>4.0%}"


if __name__ == "__main__":
    main()
