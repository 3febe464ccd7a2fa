"""What ratios.py compares: one file for each system, whose functions register themselves by `case`."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


class UnavailableError(Exception):
    """Says why this machine cannot run something."""


@dataclass(frozen=True)
class Check:
    """A number reported beside the times, and the largest value that passes."""

    measure: Callable[[], float]
    unit: str
    ceiling: float | None = None


def cpu_seconds(f: Callable[[], Any]) -> float:
    """Return the CPU time of this process, all its threads together, that f takes."""
    start = time.process_time()
    f()
    return time.process_time() - start


def warm_seconds(f: Callable[[], Any]) -> float:
    """Return the CPU time of the second of two calls, for sides so unlike that one finds its memory paged out."""
    f()
    return cpu_seconds(f)


def wall_seconds(f: Callable[[], Any]) -> float:
    """Return the time on the wall that f takes."""
    start = time.perf_counter()
    f()
    return time.perf_counter() - start


@dataclass(frozen=True)
class Case:
    """A measurement of ours against the same work done by others."""

    #: Units of work one run does; times are reported for each of them.
    work: int
    sizes: Mapping[str, int]
    ours: Callable[[], Any]
    #: Each prepares another side and returns what is timed. ImportError and UnavailableError make it n/a.
    others: Mapping[str, Callable[[], Callable[[], Any]]]
    dtype: str | None = None
    chunks: str | None = None
    #: Smallest time(other) / time(ours) that passes.
    floors: Mapping[str, float] = field(default_factory=dict)
    checks: Mapping[str, Check] = field(default_factory=dict)
    clock: Callable[[Callable[[], Any]], float] = cpu_seconds


#: What builds each case.
registry: dict[str, functools.partial[Case]] = {}
#: The instruction set of a case that is not measured with the one this machine chooses.
instruction_sets: dict[str, str] = {}


def case(
    name: str, *args: Any, instruction_set: str | None = None
) -> Callable[[Callable[..., Case]], Callable[..., Case]]:
    """Register the decorated function, called with `args`, as what builds the case `name`."""

    def register(build: Callable[..., Case]) -> Callable[..., Case]:
        registry[name] = functools.partial(build, *args)
        if instruction_set is not None:
            instruction_sets[name] = instruction_set
        return build

    return register


def load() -> dict[str, functools.partial[Case]]:
    """Return the registry with the cases of every file here."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(registry.items()))
