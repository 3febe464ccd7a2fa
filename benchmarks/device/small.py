"""Runs the kernels of one function on small sizes: what compute-sanitizer watches."""

from __future__ import annotations

import sys

import cupy
from kernels import KERNELS, SMALL


def main(function: str) -> None:
    # Every array an allocation of its own, so that a step past its end is seen.
    cupy.cuda.set_allocator(None)
    for kernel in KERNELS:
        if kernel.function == function:
            for units, points in SMALL:
                problem = kernel.problem(units, points)
                problem.prepare(cupy.asarray(problem.x))()
    cupy.cuda.runtime.deviceSynchronize()


if __name__ == "__main__":
    main(sys.argv[1])
