"""The CUDA kernels that are measured. A new system adds a generator and names it in KERNELS."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import numpy as np
from coalitions import coalitions
from machines import machines
from problem import Array, Kernel, Problem, Rates
from recommend import recommenders

from kousei import MLP, Activation, FunahashiNetwork, PackedSigns
from kousei.activation import arctan, erf, logistic, relu, tanh
from kousei.equivariant import FiniteRidgelet, orbit_sum
from kousei.funahashi import bump_transform
from kousei.ising import Lattice
from kousei.packed import ScaledSigns
from kousei.ridgelet import AdmissiblePair, Directions, RidgeletTransform, ball_directions

DTYPES = ("float32", "float64")
PRECISIONS = {"float32": ("full", "fast"), "float64": ("full",)}


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


def funahashi_networks(dim: int) -> Callable[[int], FunahashiNetwork]:
    thresholds = math.pi / 4 * np.arange(-16, 16)

    def network(units: int) -> FunahashiNetwork:
        rng = np.random.default_rng(0)
        n = units // (2 * len(thresholds))
        amplitudes = rng.normal(size=n) + 1j * rng.normal(size=n)
        return FunahashiNetwork(3 * rng.normal(size=(n, dim)), amplitudes, thresholds, 1.0, math.pi / 2)

    return network


def by_method(function: str, method: str, dtype: str, dim: int, cost: Callable[[FunahashiNetwork], Any]) -> Kernel:
    """Return the kernel of a method, or of the gradient; `cost` tells multiply-adds and quotients for each unit."""
    gradient = function == "funahashi_gradient"

    def network(units: int) -> FunahashiNetwork:
        # On a grid, which "separable" asks for; with thresholds beyond the points.
        thresholds = math.pi / 3 * (np.arange(48) - 23.5)
        order = max(2, round((units / (2 * len(thresholds))) ** (1 / dim)))
        axes = [np.linspace(-8, 8, order)] * dim
        w = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, dim)
        a = np.random.default_rng(0).normal(size=(len(w), 2))
        return FunahashiNetwork(w, a[:, 0] + 1j * a[:, 1], thresholds, 0.9, math.pi / 1.8).merge().astype(dtype)

    def problem(units: int, points: int) -> Problem:
        net = network(units)
        exact = net.astype("float64")

        def prepare(x: Array) -> Callable[[], Array]:
            there = net.like(x)
            return (lambda: there.gradient(x, method=method)) if gradient else (lambda: there(x, method=method))

        steep = float(np.abs(net.frequencies).max()) / net.delta if gradient else 1.0
        return Problem(
            x=np.random.default_rng(1).uniform(-1, 1, (points, dim)).astype(dtype),
            prepare=prepare,
            exact=(lambda x: exact.gradient(x, method="dense")) if gradient else (lambda x: exact(x, method="dense")),
            scale=float(np.abs(exact.to_mlp().weights[1]).sum()) * steep,
            evaluations=net.units * points,
        )

    def ceiling(rates: Rates) -> float:
        adds, quotients = cost(network(1 << 17))
        return 1 / (adds / rates[f"multiply-add {dtype}"] + quotients / rates[f"quotient {dtype} full"])

    tolerance = {"float64": 1e-14, "float32": 1e-5}[dtype]
    return Kernel(function, f"{dtype} dim {dim} {method}", tolerance, problem, (1 << 17, 1 << 16), ceiling)


def funahashi_methods() -> Iterator[Kernel]:
    def of_frequency(net: FunahashiNetwork) -> float:
        return len(net.frequencies) / net.units

    for dtype in DTYPES:
        for dim in (1, 2, 3):
            # Four units are one rational function of degree 3 over 4.
            yield by_method("funahashi_evaluate", "shared", dtype, dim, lambda _: (2, 0.25))
            yield by_method(
                "funahashi_evaluate_table", "table", dtype, dim, lambda net: ((20 + net.dim) * of_frequency(net), 0)
            )
            # Three waves of four multiply-adds.
            yield by_method("funahashi_fourier_sum", "separable", dtype, dim, lambda net: (12 * of_frequency(net), 0))
            yield by_method("funahashi_gradient", "dense", dtype, dim, lambda net: (15 + 2 * net.dim, 1))
        # Here the window is all of the units.
        yield by_method("funahashi_evaluate", "window", dtype, 2, lambda _: (7, 0.25))


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


#: Bytes that no cache holds: so many of a matrix are multiplied in turns.
UNCACHED = 1 << 28


def random_signs(rng: np.random.Generator, rows: int, columns: int) -> PackedSigns:
    words = rng.integers(0, 1 << 32, (rows, -(-columns // 128) * 4), np.uint32)
    return PackedSigns(words, (rows, columns))


def product_of_signs(size: int, points: int, dtype: str, precision: str, *, scaled: bool = False) -> Kernel:
    """Return the kernel that multiplies so many points by a square matrix; beside it, the products of cuBLAS."""

    def problem(size: int, _: int) -> Problem:
        rng = np.random.default_rng(0)
        signs = random_signs(rng, size, size)
        scales = rng.uniform(0.5, 2, (size, -(-size // 128))).astype(dtype)
        matrix = ScaledSigns(signs, scales) if scaled else signs
        exact = ScaledSigns(signs, scales.astype("float64")) if scaled else signs
        x = rng.normal(size=(points, size)).astype(dtype)

        def prepare(x: Array) -> Callable[[], Array]:
            count = min(32, max(1, UNCACHED // signs.words.nbytes))  # small ones are not measured
            copies = cycle([matrix.like(x) for _ in range(count)])
            return lambda: next(copies).matmul(x, precision=precision)

        def dense(kind: str) -> Callable[[Array], Callable[[], Array]]:
            def prepare(x: Array) -> Callable[[], Array]:
                import torch

                weight = torch.from_dlpack(matrix.like(x).unpack()).to(getattr(torch, kind))
                there = torch.from_dlpack(x).to(weight.dtype)
                return lambda: there @ weight.mT

            return prepare

        return Problem(
            x=x,
            prepare=prepare,
            exact=exact.matmul,
            scale=float(np.linalg.norm(x.astype("float64"), axis=1).max()) * (2 if scaled else 1),
            evaluations=size * size * points,
            others={f"torch {kind}": dense(kind) for kind in dict.fromkeys([dtype, "float16"])},
        )

    def ceiling(rates: Rates) -> float:
        itemsize = np.dtype(dtype).itemsize
        read = size * size / 8 + 2 * size * points * itemsize
        by_bytes = rates["copied bytes"] * size * size * points / read
        if dtype == "float64":
            return min(by_bytes, rates["multiply-add float64"])
        # Two float16 for a float32, or one.
        return min(by_bytes, rates["product float16"] / (2 if precision == "full" else 1))

    few = points <= 8
    tolerance = {"float64": 1e-14, "float32": 1e-5 if precision == "full" or few else 1e-3}[dtype]
    variant = f"{dtype} {size} x {size} points {points} {'scales of 128 ' if scaled else ''}{precision}"
    return Kernel("packed_matmul", variant, tolerance, problem, (size, points), ceiling)


def products_of_signs() -> Iterator[Kernel]:
    for size, points in [(8192, 1), (8192, 8), (16384, 1), (8192, 16), (8192, 64), (8192, 256), (8192, 4096)]:
        yield product_of_signs(size, points, "float32", "full")
    for points in (64, 256, 4096):
        yield product_of_signs(8192, points, "float32", "fast")
    for points in (1, 64):
        yield product_of_signs(8192, points, "float32", "full", scaled=True)
        yield product_of_signs(8192, points, "float64", "full")


def ridgelets(units: int, points: int) -> tuple[Directions, Array, Array]:
    """Return directions and biases, so many units together, and points."""
    biases = min(512, units // 2)
    vectors = 4 * np.random.default_rng(0).normal(size=(units // biases, 2))
    directions = Directions(vectors, np.ones(len(vectors)), 8.0)
    return directions, np.linspace(-24, 24, biases), np.random.default_rng(1).uniform(-1, 1, (points, 2))


def ridgelet_sum(
    function: str, verb: str, dtype: str, size: tuple[int, int], ceiling: Callable[[Rates], float]
) -> Kernel:
    """Return the kernel under a verb of a transform: of points to each direction, or of units to each point."""

    def problem(units: int, points: int) -> Problem:
        directions, biases, x = ridgelets(units, points)
        pair = AdmissiblePair("relu", 2)
        of_points = verb == "transform"
        shape = (points,) if of_points else (len(directions.vectors), len(biases))
        values = np.random.default_rng(2).normal(size=shape).astype(dtype)
        R = RidgeletTransform(x, directions, biases, pair, "direct", dtype=dtype)

        def prepare(_: Array) -> Callable[[], Array]:
            import cupy

            there = cupy.asarray(values)
            return lambda: getattr(R, verb)(there)

        def exact(rows: Array) -> Array:
            some = (x, rows, biases) if of_points else (rows, directions, biases)
            return getattr(RidgeletTransform(*some, pair, "direct"), verb)(values.astype("float64"))

        # He_4(0), and a unit at the farthest from its bias with the weight of that.
        peak = 48 * (biases[1] - biases[0]) if verb == "dual" else 3.0
        return Problem(
            x=directions.vectors if of_points else x,
            prepare=prepare,
            exact=exact,
            scale=peak * float(np.abs(values).sum()),
            evaluations=points * len(directions.vectors) * (1 if verb == "dual" else len(biases)),
        )

    tolerance = {"float64": 1e-14, "float32": 1e-6}[dtype]
    return Kernel(function, f"{dtype} dim 2 relu {verb}", tolerance, problem, size, ceiling)


def slices(dtype: str) -> Kernel:
    """Return the transform by slices, measured at 512^2 points, 256^2 directions and 512 biases.

    Its rate counts what direct sums would evaluate, and so does the ceiling.
    """

    def problem(units: int, points: int) -> Problem:
        angles = max(2, round(units**0.5) // 16)
        axis, biases = np.linspace(-1, 1, round(points**0.5)), np.linspace(-32, 32, 2 * angles)
        directions = ball_directions(2, 16.0, radii=angles, angles=angles)
        f = np.exp(-8 * (axis[:, None] ** 2 + (axis - 0.2) ** 2)).astype(dtype)
        pair = AdmissiblePair("relu", 2)

        def prepare(_: Array) -> Callable[[], Array]:
            import cupy

            R, there = RidgeletTransform((axis, axis), directions, biases, pair, dtype=dtype), cupy.asarray(f)
            return lambda: R.transform(there)

        def exact(rows: Array) -> Array:
            return RidgeletTransform((axis, axis), rows, biases, pair, "direct").transform(f.astype("float64"))

        return Problem(
            x=directions.vectors,
            prepare=prepare,
            exact=exact,
            scale=3 * float(np.abs(f).sum()) * (axis[1] - axis[0]) ** 2,
            evaluations=f.size * len(directions.vectors) * len(biases),
        )

    tolerance = {"float64": 1e-9, "float32": 1e-5}[dtype]
    size = ((16 * 256) ** 2, 512**2)
    return Kernel(
        "cufinufft", f"{dtype} dim 2 relu slices", tolerance, problem, size, lambda r: r[f"hermite {dtype} full"]
    )


def ridgelet() -> Iterator[Kernel]:
    for dtype in DTYPES:

        def direct(rates: Rates, dtype: str = dtype) -> float:
            return rates[f"hermite {dtype} full"]

        def look_ups(rates: Rates) -> float:
            # The projection, the place among the biases and the polynomial.
            return rates["multiply-add float64"] / 4

        # As float64 takes a dozen times as long.
        size = (1 << 19, 1 << (17 if dtype == "float32" else 14))
        yield ridgelet_sum("ridgelet_sum_over_points", "transform", dtype, size, direct)
        yield ridgelet_sum("ridgelet_sum_over_units", "adjoint", dtype, size, direct)
        yield ridgelet_sum("ridgelet_sum_over_units", "dual", dtype, (1 << 21, 1 << 18), look_ups)
        if importlib.util.find_spec("cufinufft"):
            yield slices(dtype)


def sum_over_orbits(transpose: bool, dtype: str, batch: int) -> Kernel:
    """Return the sum over points, or of the transpose over units, of a feature that is constant on orbits."""

    def problem(units: int, points: int) -> Problem:
        rng = np.random.default_rng(0)
        labels, v = rng.integers(0, 64, (points, units), dtype=np.int32), rng.normal(size=64).astype(dtype)
        f = rng.normal(size=(batch, units if transpose else points)).astype(dtype)

        def prepare(f: Array) -> Callable[[], Array]:
            import cupy

            there = cupy.asarray(labels), cupy.asarray(v)
            return lambda: orbit_sum(f, *there, transpose=transpose)

        return Problem(
            x=f,
            prepare=prepare,
            exact=lambda f: orbit_sum(f.astype("float64"), labels, v.astype("float64"), transpose=transpose),
            scale=float(np.abs(f).sum(axis=1).max() * np.abs(v).max()),
            evaluations=batch * units * points,
        )

    name = f"equivariant_sum_over_{'units' if transpose else 'points'}"
    variant = f"{dtype} orbits of pairs, {batch} functions"

    def look_ups(rates: Rates) -> float:
        # A step to the next label and its value, which serve some functions.
        return rates[f"multiply-add {dtype}"] / (4 if batch == 1 else 2)

    return Kernel(name, variant, {"float64": 1e-14, "float32": 1e-6}[dtype], problem, (1 << 13, 1 << 13), look_ups)


def sum_over_ridges(dtype: str) -> Kernel:
    """Return the direct transform over Z_p^2, for the prime p with about as many points."""

    def problem(units: int, points: int) -> Problem:
        p = next(q for q in range(math.isqrt(points), 1, -1) if all(q % k for k in range(2, math.isqrt(q) + 1)))
        g = np.maximum(np.arange(p) - (p - 1) / 2, 0.0)
        direct, exact = (FiniteRidgelet(p, 2, g, g - g.mean(), "direct", dtype=d) for d in (dtype, "float64"))
        f = np.random.default_rng(0).normal(size=(1, p, p)).astype(dtype)
        return Problem(
            x=f,
            prepare=lambda f: lambda: direct.transform(f),
            exact=lambda f: exact.transform(f.astype("float64")),
            scale=float(np.abs(f).sum() * np.abs(direct.ridgelet_function).max() / p),
            evaluations=p**5,
        )

    return Kernel(
        "equivariant_sum_over_points",
        f"{dtype} (a.x - b) mod p",
        {"float64": 1e-14, "float32": 1e-6}[dtype],
        problem,
        (1 << 12, 1 << 13),
        lambda rates: rates[f"multiply-add {dtype}"] / 4,
    )


def equivariant() -> Iterator[Kernel]:
    for dtype in DTYPES:
        for transpose in (False, True):
            for batch in (1, 16):
                yield sum_over_orbits(transpose, dtype, batch)
        yield sum_over_ridges(dtype)


def chains(field: float) -> Kernel:
    """Return sweeps of Metropolis' algorithm over chains of a square lattice; the CPU has the same, bit for bit."""

    def problem(sites: int, count: int) -> Problem:
        rows = 1 << (sites.bit_length() - 1) // 2
        lattice, sweeps = Lattice((rows, sites // rows), 0.44, field), 100

        def run(x: Array) -> Array:
            spins = lattice.sample(chains=count, sweeps=sweeps, thin=sweeps, burn_in=0, rng=0, like=x)
            return spins.unpack("float32")

        return Problem(
            x=np.arange(float(count)),
            prepare=lambda x: lambda: run(x),
            exact=lambda numbers: run(numbers)[numbers.astype(int)],
            scale=1,
            evaluations=count * sites * sweeps,
        )

    def ceiling(rates: Rates) -> float:
        # For 32 spins some 3 blocks of 50 operations on integers, half as fast as multiply-adds, and what is around
        # them; in a field there are ten classes of sites in place of three.
        return rates["multiply-add float32"] / 2 / ((360 if field else 190) / 32)

    name = f"uint32 2 axes{' in a field' if field else ''}"
    return Kernel("ising_sample", name, 0.0, problem, (1 << 20, 64), ceiling)


def ising() -> Iterator[Kernel]:
    yield chains(0.0)
    yield chains(0.1)


KERNELS = [
    *funahashi(),
    *funahashi_methods(),
    *network(),
    *jets(),
    *activations(),
    *products_of_signs(),
    *ridgelet(),
    *equivariant(),
    *ising(),
    *machines(),
    *recommenders(),
    *coalitions(),
]
FUNCTIONS = sorted({kernel.function for kernel in KERNELS})
#: Units and points: one tile of units, and several with the last one partly filled.
SMALL = ((128, 700), (640, 700))
