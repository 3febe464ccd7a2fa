"""The CUDA kernels that are measured. A new system adds a generator and names it in KERNELS."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kousei import MLP, Activation, FunahashiNetwork
from kousei.activation import arctan, erf, logistic, relu, tanh
from kousei.funahashi import bump_transform

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


@dataclass(frozen=True)
class Kernel:
    """A kernel for one dtype, dimension, precision and activation."""

    #: The binding it is reached by.
    function: str
    variant: str
    #: Largest error relative to the scale of the problem.
    tolerance: float
    #: Takes the number of hidden units and of points; elementwise kernels mind the points alone.
    problem: Callable[[int, int], Problem]
    #: The two that are measured: they fill the device.
    size: tuple[int, int]
    #: Unit evaluations per second that the device allows.
    ceiling: Callable[[Rates], float]

    @property
    def name(self) -> str:
        return f"{self.function} {self.variant}"


def sum_of_units(
    function: str,
    network: Callable[[int], MLP],
    dtype: str,
    precision: str,
    activation: Activation,
    dim: int,
    outputs: int = 1,
) -> Kernel:
    """Return the kernel that evaluates the networks that `network` makes of a number of units."""
    fast = precision == "fast" and activation in (logistic, tanh)
    bare = f"{activation.name} {dtype} {'fast' if fast else 'full'}"

    def problem(units: int, points: int) -> Problem:
        net = network(units).astype(dtype)
        # The same rounded parameters, so that the error is the kernel's alone.
        exact = net.astype("float64")

        def prepare(x: Array) -> Callable[[], Array]:
            there = net.like(x)
            return lambda: there(x, precision=precision)

        return Problem(
            x=np.random.default_rng(1).uniform(-1, 1, (points, dim)).astype(dtype),
            prepare=prepare,
            exact=exact,
            scale=float(np.abs(exact.weights[1]).sum(axis=1).max()),
            evaluations=net.units * points,
        )

    def ceiling(rates: Rates) -> float:
        # The bare formula holds one multiply-add for the argument and one for the sum.
        more = dim + outputs - 2
        if dtype == "float64":
            # All of it goes through the same pipe.
            return 1 / (1 / rates[bare] + more / rates["multiply-add float64"])
        return min(rates[bare], rates["multiply-add float32"] / (dim + outputs))

    variant = f"{dtype} dim {dim} {f'outputs {outputs} ' if outputs > 1 else ''}{activation.name} {precision}"
    tolerance = {"float64": 1e-14, "float32": 1e-6}[dtype]
    if fast:
        tolerance = {"logistic": 2.5e-4, "tanh": 5e-4}[activation.name]
    return Kernel(function, variant, tolerance, problem, (1 << 17, 1 << 17), ceiling)


def elementwise(function: str, variant: str, dtype: str, call: Callable[[Array], Array], tolerance: float) -> Kernel:
    """Return the kernel of a function of one argument; the tolerance is in units of eps."""

    def problem(_: int, points: int) -> Problem:
        return Problem(
            x=np.random.default_rng(1).uniform(-8, 8, points).astype(dtype),
            prepare=lambda x: lambda: call(x),
            exact=call,
            scale=1,
            evaluations=points,
        )

    itemsize, eps = np.dtype(dtype).itemsize, float(np.finfo(dtype).eps)
    return Kernel(
        function,
        f"{dtype} {variant}",
        tolerance * eps,
        problem,
        (1, 1 << 26),
        lambda rates: rates["copied bytes"] / (2 * itemsize),
    )


def funahashi_networks(dim: int) -> Callable[[int], FunahashiNetwork]:
    thresholds = math.pi / 4 * np.arange(-16, 16)

    def network(units: int) -> FunahashiNetwork:
        rng = np.random.default_rng(0)
        n = units // (2 * len(thresholds))
        amplitudes = rng.normal(size=n) + 1j * rng.normal(size=n)
        return FunahashiNetwork(3 * rng.normal(size=(n, dim)), amplitudes, thresholds, 1.0, math.pi / 2)

    return network


def funahashi() -> Iterator[Kernel]:
    for dtype in DTYPES:
        for dim in (1, 2, 3, 5):
            for precision in PRECISIONS[dtype]:
                yield sum_of_units("funahashi_evaluate", funahashi_networks(dim), dtype, precision, logistic, dim)
        # Relative to Psi(0) = 3.
        yield elementwise(
            "funahashi_bump_transform",
            "logistic",
            dtype,
            lambda omega: bump_transform(omega, 1.0, 1.5),
            3 * 16,
        )


def network() -> Iterator[Kernel]:
    def random(dim: int, activation: Activation, outputs: int = 1) -> Callable[[int], MLP]:
        return lambda units: MLP.random([dim, units, outputs], activation, rng=0)

    for dtype in DTYPES:
        for precision in PRECISIONS[dtype]:
            variants = [(dim, tanh, 1) for dim in (1, 2, 3, 5)] + [(2, logistic, 1), (2, tanh, 3)]
            if precision == "full":
                variants += [(2, activation, 1) for activation in (erf, arctan, relu)]
            for dim, activation, outputs in variants:
                networks = random(dim, activation, outputs)
                yield sum_of_units("network_evaluate", networks, dtype, precision, activation, dim, outputs)


def activations() -> Iterator[Kernel]:
    for dtype in DTYPES:
        for activation in (logistic, tanh, erf, arctan, relu):
            yield elementwise("activation_apply", activation.name, dtype, activation, 4)


KERNELS = [*funahashi(), *network(), *activations()]
FUNCTIONS = sorted({kernel.function for kernel in KERNELS})
#: Units and points: one tile of units, and several with the last one partly filled.
SMALL = ((128, 700), (640, 700))
