"""What is measured of a kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Array = Any
#: Measured rates, see ceilings.py.
Rates = Mapping[str, float]

DTYPES = ("float32", "float64")
PRECISIONS = {"float32": ("full", "fast"), "float64": ("full",)}


@dataclass(frozen=True)
class Problem:
    """A kernel at one size."""

    #: Its input, a NumPy array.
    x: Array
    #: Takes x where it shall run and returns what enqueues the kernel and returns its output.
    prepare: Callable[[Array], Callable[[], Array]]
    #: The same output on the CPU for x in float64.
    exact: Callable[[Array], Array]
    #: What errors are relative to.
    scale: float
    evaluations: int
    #: What else computes the same, by name; prepared as the kernel is.
    others: Mapping[str, Callable[[Array], Callable[[], Array]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Kernel:
    """A kernel for one dtype, dimension, precision and activation."""

    #: The binding it is reached by.
    function: str
    variant: str
    #: Largest error relative to the scale of the problem.
    tolerance: float
    #: Takes the number of hidden units and of points. Elementwise kernels mind the points alone, products of signs
    #: the units, which are rows and columns.
    problem: Callable[[int, int], Problem]
    #: The two that are measured: they fill the device.
    size: tuple[int, int]
    #: Unit evaluations per second that the device allows.
    ceiling: Callable[[Rates], float]

    @property
    def name(self) -> str:
        return f"{self.function} {self.variant}"
