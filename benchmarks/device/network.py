"""The kernels of networks of layers, of their derivatives and of activations."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from problem import DTYPES, PRECISIONS, Array, Kernel, Problem, Rates

from kousei import MLP, Activation, FunahashiNetwork
from kousei.activation import arctan, erf, logistic, relu, tanh


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
        options = {"method": "dense"} if isinstance(net, FunahashiNetwork) else {}

        def prepare(x: Array) -> Callable[[], Array]:
            there = net.like(x)
            return lambda: there(x, precision=precision, **options)

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


def jets() -> Iterator[Kernel]:
    """Laplacians of three hidden layers, whose products are the array library's; beside what multiply-adds allow."""

    def jet(dtype: str, activation: str, dim: int) -> Kernel:
        def problem(width: int, points: int) -> Problem:
            net = MLP.random([dim, width, width, width, 1], activation, rng=0).astype(dtype)
            x, exact = np.random.default_rng(1).uniform(-1, 1, (points, dim)).astype(dtype), net.astype("float64")

            def prepare(x: Array) -> Callable[[], Array]:
                there = net.like(x)
                return lambda: there.jet(x).laplacian

            return Problem(
                x=x,
                prepare=prepare,
                exact=lambda x: exact.jet(x).laplacian,
                scale=float(np.abs(exact.jet(x[:16].astype("float64")).laplacian).max()),
                evaluations=net.parameters * (dim + 2) * points,
            )

        tolerance = {"float64": 1e-12, "float32": 1e-3}[dtype]
        variant = f"{dtype} dim {dim} {activation} laplacian"
        return Kernel(
            "network_derive",
            variant,
            tolerance,
            problem,
            (256, 1 << 15),
            lambda rates: rates[f"multiply-add {dtype}"],
        )

    for dtype in DTYPES:
        for activation in ("tanh", "repu2"):
            for dim in (2, 16):
                yield jet(dtype, activation, dim)


def activations() -> Iterator[Kernel]:
    for dtype in DTYPES:
        for activation in (logistic, tanh, erf, arctan, relu):
            yield elementwise("activation_apply", activation.name, dtype, activation, 4)
