"""Sums against mpmath and exact fractions: networks, their derivatives, transforms, signs, machines, attributions."""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations, product
from typing import Any

import mpmath
import numpy as np
import pytest

import kousei
from accuracy import require_accurate
from exact import FORMULAS, Jets, bump, kernel, mpf, numbers
from kousei.equivariant import FiniteRidgelet, orbit_sum
from kousei.isotonic.spline import Spline
from kousei.ridgelet import AdmissiblePair, RidgeletTransform, ball_directions
from kousei.score.moments import unit_moments
from test_funahashi_methods import DELTA, METHODS


def normal(*shape: int, seed: int = 0, dtype: str = "float32") -> np.ndarray:
    """Numbers that this dtype has, as float64."""
    return np.random.default_rng(seed).normal(size=shape).astype(dtype).astype(np.float64)


@pytest.mark.parametrize("name", ["logistic", "tanh", "erf", "arctan", "gelu", "silu", "softplus", "repu2", "relu"])
@pytest.mark.parametrize("sizes", [(2, 40, 2), (2, 8, 6, 2), (2, 5, 4, 5, 3)], ids=str)
def test_networks_and_their_jets(name: str, sizes: tuple[int, ...], dtype: str) -> None:
    net = kousei.MLP.random(sizes, name, rng=1).astype(dtype)
    x = 1.5 * normal(8, 2)
    exact, at = Jets(net, x), x.astype(dtype)
    kind = "MLP" if len(sizes) == 3 else "MLP deep"
    require_accurate(kind, net(at), exact.value, exact.sizes[0])
    jet = net.jet(at, laplacian=name != "relu")
    require_accurate(kind, jet.value, exact.value, exact.sizes[0])
    require_accurate("jacobian", jet.jacobian, exact.jacobian, exact.sizes[1])
    if jet.laplacian is not None:
        require_accurate("laplacian", jet.laplacian, exact.laplacian, exact.sizes[2])
    if net.outputs == 2:
        traces = [np.trace(each, axis1=1, axis2=2) for each in (exact.jacobian, exact.sizes[1])]
        require_accurate("divergence", net.divergence(at), *traces)


@cache
def funahashi(name: str) -> tuple[kousei.FunahashiNetwork, np.ndarray, list[np.ndarray]]:
    """A network and points, the values there, what all terms add up to, and both for gradients."""
    w = 1.25 * np.array(list(product((-1.0, 0.0, 1.0), repeat=2)))
    a, t, delta = normal(9) + 1j * normal(9, seed=1), np.pi / 3 * (np.arange(16) - 7.5), DELTA[name]
    center, alpha, x = normal(2, seed=2), np.pi / 2 / delta, 2 * normal(7, 2, seed=3)
    net = kousei.FunahashiNetwork(w, a, t, delta, alpha, center, name, offset=0.75)
    totals = [numbers(np.full(len(x), 0.75)), numbers(np.full(len(x), 0.75)), numbers(0 * x), numbers(0 * x)]
    with mpmath.workdps(40):
        step = (mpf(t[-1]) - mpf(t[0])) / (len(t) - 1) / bump(name, delta, alpha, mpf(1))
        waves = [mpmath.expj(mpf(k)) for k in t]
        for frequency, amplitude in zip(numbers(w), a, strict=True):
            coefs = [step * mpmath.re(mpmath.mpc(amplitude) * wave) for wave in waves]
            for i, point in enumerate(numbers(x)):
                inner, around = sum(frequency * (point - center)), sum(abs(frequency) * (abs(point) + abs(center)))
                for (k, coef), sign in product(zip(map(mpf, t), coefs, strict=True), (1, -1)):
                    value, first, second, _ = FORMULAS[name]((inner - k) / delta + sign * mpf(alpha))
                    size = (around + abs(k)) / delta + mpf(alpha)
                    totals[0][i] += sign * coef * value
                    totals[1][i] += abs(coef) * (abs(value) + size * first)
                    totals[2][i] += sign * coef * first / delta * frequency
                    totals[3][i] += abs(coef) / delta * (first + size * abs(second)) * abs(frequency)
    return net, x, totals


@pytest.mark.parametrize(("name", "method"), [(name, way) for name, ways in METHODS.items() for way in ways])
def test_funahashi_networks(name: str, method: str, dtype: str) -> None:
    net, x, (value, size, slope, size_of_slope) = funahashi(name)
    net, at = net.astype(dtype), x.astype(dtype)
    kind, unit = "Funahashi", None
    if method == "nufft":
        kind, unit = "nufft", {"float64": 1e-13, "float32": 1e-5}[dtype]
        waves = np.abs(net.amplitudes).astype(np.float64)
        size, size_of_slope = 0 * size + waves.sum(), 0 * size_of_slope + waves @ abs(net.frequencies)
    require_accurate(kind, net(at, method=method), value, size, unit)
    if method in ("dense", "table", "nufft"):
        require_accurate(f"{kind} gradient", net.gradient(at, method=method), slope, size_of_slope, unit)


POINTS, DIRECTIONS, BIASES = normal(18, 2, seed=4), normal(4, 2, seed=5), np.linspace(-3, 3, 7)
AXES = (np.linspace(-1, 1, 5), np.linspace(-1.5, 1, 6))


@pytest.mark.parametrize("method", ["direct", "slice", "spread"])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("order", [0, 1])
def test_ridgelet_transforms(activation: str, order: int, method: Any, dtype: str) -> None:
    pair = AdmissiblePair(activation, 2, order)
    axes: Any = AXES if method == "slice" else POINTS
    R = RidgeletTransform(axes, DIRECTIONS, BIASES, pair, method, dtype=dtype)
    points, f = (R.samples.coordinates if method == "slice" else POINTS), normal(R.shape[1], seed=6)
    weights = numbers(R.samples.weights)
    with mpmath.workdps(30):
        arguments = numbers(points) @ numbers(DIRECTIONS).T
        s, derivative = pair.kernel_power, pair.kernel_is_derivative
        psi = np.array([[[kernel(t - mpf(b), s, derivative) for b in BIASES] for t in row] for row in arguments])
        terms = numbers(f) * weights
        exact = np.einsum("n,nab->ab", terms, psi)
        around = (abs(points) @ abs(DIRECTIONS).T).max(axis=0)[:, None] + abs(BIASES)
        largest = float(np.abs(pair.kernel(np.linspace(-5, 5, 501))).max())
        size = float(sum(abs(terms))) * largest * (1 + around)
    found = R.transform(f.reshape(R.samples.shape).astype(dtype))
    if method == "direct":
        require_accurate("ridgelet_transform", found, exact, size)
    else:
        require_accurate(method, found, exact, size / (1 + around), R.tol)


@pytest.mark.parametrize("activation", ["tanh", "logistic", "erf", "gelu", "silu", "softplus", "relu", "repu2"])
def test_dual_transforms(activation: str, dtype: str) -> None:
    directions = ball_directions(2, 2.0, radii=2, angles=4)
    biases = np.linspace(-6, 6, 13)
    R = RidgeletTransform(POINTS, directions, biases, AdmissiblePair(activation, 2), "direct", dtype=dtype)
    gamma = normal(*R.spectrum_shape, seed=7)
    exact, size = [], []
    with mpmath.workdps(30):
        terms = numbers(gamma) * numbers(directions.weights)[:, None]
        for point in numbers(POINTS):
            total = sum_of_sizes = mpf(0)
            for a, row in zip(numbers(directions.vectors), terms, strict=True):
                for b, term in zip(map(mpf, biases), row, strict=True):
                    value, first = FORMULAS[activation](sum(a * point) - b)[:2]
                    total += term * value
                    sum_of_sizes += abs(term) * (abs(value) + (sum(abs(a * point)) + abs(b)) * abs(first))
            exact.append(total)
            size.append(sum_of_sizes)
    require_accurate("dual_ridgelet_transform", R.dual(gamma.astype(dtype)), exact, size)


@pytest.mark.parametrize("method", ["fft", "direct"])
def test_finite_ridgelets(method: Any, dtype: str) -> None:
    p, dim, g = 5, 2, np.maximum(np.arange(5) - 2.0, 0)
    R = FiniteRidgelet(p, dim, g, normal(5) - normal(5).mean(), method, dtype=dtype)
    vectors = np.array(list(product(range(p), repeat=dim)))
    labels = ((vectors @ vectors.T)[:, :, None] - np.arange(p)) % p
    f, gamma = normal(p**dim, seed=1, dtype=dtype), normal(p ** (dim + 1), seed=2, dtype=dtype)
    with mpmath.workdps(40):
        r, front = numbers(R.ridgelet_function), mpf(p) ** (-mpf(dim) / 2)
        spectrum = front * np.einsum("n,nab->ab", numbers(f), r[labels])
        function = front * np.einsum("nab,ab->n", numbers(g)[labels], numbers(gamma).reshape(-1, p))
    found = R.transform(f.reshape(5, 5).astype(dtype)), R.dual(gamma.reshape(5, 5, 5).astype(dtype))
    row = "FiniteRidgelet" if method == "direct" else "FiniteRidgelet fft"
    for values, exact, terms, factors in zip(found, (spectrum, function), (f, gamma), (r, g), strict=True):
        size = float(front) * np.abs(terms).sum() * float(max(abs(factors)))
        require_accurate(row, values, exact, np.full(exact.size, size))


def test_orbit_sums(dtype: str) -> None:
    labels = np.random.default_rng(3).integers(0, 6, (70, 20), dtype=np.int32)
    f, v = normal(3, 70, dtype=dtype), normal(6, seed=1, dtype=dtype)
    terms = numbers(f)[:, :, None] * numbers(v)[labels]
    found = orbit_sum(f.astype(dtype), labels, v.astype(dtype))
    require_accurate("orbit_sum", found, terms.sum(axis=1), abs(terms).sum(axis=1))


@pytest.mark.parametrize("scales", [0, 1, 128, 32], ids=["signs", "rows", "128", "32"])
def test_packed_signs(scales: int, dtype: str) -> None:
    rows, columns, points = 12, 140, 40
    signs, x = np.where(normal(rows, columns) < 0, -1, 1), normal(points, columns, seed=1, dtype=dtype)
    x[:, ::7] *= 1024
    P: Any = kousei.pack_signs(signs)
    factors = np.ones((rows, 1))
    if scales:
        factors = normal(rows, 1 if scales == 1 else math.ceil(columns / scales), seed=2, dtype=dtype)
        P = kousei.packed.ScaledSigns(P, (factors.ravel() if scales == 1 else factors).astype(dtype))
    columns_of_each = columns if scales < 2 else scales
    weight = numbers(signs) * numbers(factors).repeat(columns_of_each, axis=1)[:, :columns]
    with mpmath.workdps(40):
        exact, size = numbers(x) @ weight.T, abs(numbers(x)) @ abs(weight).T
    for prepacked in (False, True):
        if prepacked:
            P.prepack()
        for few in (1, 3, points):
            row = "ScaledSigns" if scales else "PackedSigns"
            require_accurate(row, P.matmul(x[:few].astype(dtype)), exact[:few], size[:few])


@pytest.mark.parametrize(("method", "form"), [("chain", "ranks"), ("chain", "packed"), ("dyadic", "packed")])
def test_binary_networks(method: str, form: str, dtype: str) -> None:
    net = kousei.MLP.random([3, 4, 3, 2], rng=1)
    net = kousei.MLP([np.rint(16 * w) / 16 for w in net.weights], net.biases, net.activations).astype(dtype)
    binary, x = kousei.binarize(net, method), normal(6, 3)
    exact = Jets(net, x)
    require_accurate("BinaryNetwork", binary(x.astype(dtype), form=form), exact.value, moduli(binary.to_mlp(), x))


def moduli(net: kousei.MLP, x: np.ndarray) -> np.ndarray:
    """What the moduli of all products add up to, through every layer."""
    size = np.abs(x)
    for weight, bias in zip(net.weights, net.biases, strict=True):
        size = size @ np.abs(weight).T.astype(np.float64) + np.abs(bias)
    return size


@pytest.mark.parametrize("p", [2, 3])
@pytest.mark.parametrize("shape", [(3,), (9,), (30,), (4, 5)], ids=str)
@pytest.mark.parametrize("series", ["polynomial", "chebyshev"])
def test_polynomial_networks(series: str, p: int, shape: tuple[int, ...], dtype: str) -> None:
    c, t = normal(*shape, dtype=dtype), np.random.default_rng(1).uniform(-1, 1, (20, len(shape))).astype(dtype)
    with mpmath.workdps(40):
        term = mpmath.chebyt if series == "chebyshev" else lambda k, z: z**k
        exact = numbers(c)
        tables = [
            np.array([[term(k, z) for k in range(n)] for z in x]) for n, x in zip(shape, numbers(t).T, strict=True)
        ]
        exact = np.einsum(*(("nk,k->n", *tables) if len(shape) == 1 else ("nk,nl,kl->n", *tables)), exact)
    net = getattr(kousei.repu, f"from_{series}")(c, p).astype(dtype)
    require_accurate(f"from_{series}", net(t), exact, np.full(20, sum(shape) * np.abs(c).sum()))


@pytest.mark.parametrize("units", ["spin", "binary"])
def test_machines(units: str) -> None:
    W, b, c = 2 * normal(6, 5), normal(6, seed=1), normal(5, seed=2)
    machine = kousei.RBM.from_weights(W, b, c, units)
    low = -1 if units == "spin" else 0
    v = np.array(list(product((low, 1), repeat=6)), dtype=np.float64)
    with mpmath.workdps(40):
        fields, outer = numbers(v) @ numbers(W) + numbers(c), numbers(v) @ numbers(b)
        sums = [sum(mpmath.log(mpmath.exp(low * z) + mpmath.exp(z)) for z in row) for row in fields]
        exact = [-(o + s) for o, s in zip(outer, sums, strict=True)]
        log_partition = mpmath.log(sum(mpmath.exp(-e) for e in exact))
    size = np.abs(v) @ np.abs(b) + (np.abs(v) @ np.abs(W) + np.abs(c) + math.log(2)).sum(axis=1)
    require_accurate("free_energy", machine.free_energy(v), exact, size)
    require_accurate("log_partition", np.array([machine.log_partition().value]), [log_partition], [size.max()])


def test_owen_values() -> None:
    n, d = 4, 3
    x = np.random.default_rng(0).integers(-4, 5, (n, d))

    def game(x: np.ndarray, mask: np.ndarray) -> np.ndarray:
        total = x.sum(axis=(1, 2))
        return total**2 + x[:, 0, 0] * x[:, 1, 1] * x[:, 3, 2] + x[:, 2, 0] ** 3 * total

    @cache
    def value(present: frozenset[tuple[int, int]]) -> Fraction:
        at = np.zeros((1, n, d))
        for cell in present:
            at[0][cell] = x[cell]
        return Fraction(int(game(at, np.ones((1, n), bool))[0]))

    def subsets(members: Sequence[int]) -> list[tuple[int, ...]]:
        return [each for size in range(len(members) + 1) for each in combinations(members, size)]

    def weight(size: int, count: int) -> Fraction:
        return Fraction(math.factorial(size) * math.factorial(count - size - 1), math.factorial(count))

    exact, sizes = np.empty((n, d), object), np.empty((n, d), object)
    for i, j in product(range(n), range(d)):
        exact[i, j] = sizes[i, j] = Fraction(0)
        for items in subsets([k for k in range(n) if k != i]):
            for features in subsets([k for k in range(d) if k != j]):
                without = frozenset(product(items, range(d))) | {(i, k) for k in features}
                high, low = value(without | {(i, j)}), value(without)
                share = weight(len(items), n) * weight(len(features), d)
                exact[i, j] += share * (high - low)
                sizes[i, j] += share * (abs(high) + abs(low))
    found = kousei.attribution.owen_values(game, x.astype(np.float64))
    require_accurate("owen_values", found.features, exact, sizes)
    require_accurate("owen_values", found.items, exact.sum(axis=1), sizes.sum(axis=1))


def test_moments_of_scores() -> None:
    y, weight, bias, linear = normal(30, 2), normal(5, 2, seed=1), normal(5, seed=2), normal(2, 2, seed=3)
    found = unit_moments([y], weight, bias, kousei.Activation("tanh"), linear)
    with mpmath.workdps(40):
        z, field = numbers(y) @ numbers(weight).T + numbers(bias), numbers(y) @ numbers(linear)
        size_of_z = abs(numbers(y)) @ abs(numbers(weight)).T + abs(numbers(bias))
        f = np.array([[FORMULAS["tanh"](each) for each in row] for row in z])
        root, ones = mpmath.sqrt(5), numbers(np.ones((30, 1)))
        h = np.hstack([f[..., 0] / root, ones])
        sizes = np.hstack([(abs(f[..., 0]) + size_of_z * abs(f[..., 1])) / root, ones])
        drift, size = h.T @ field, sizes.T @ (abs(numbers(y)) @ abs(numbers(linear)))
        drift[:5] += f[..., 1].sum(axis=0)[:, None] * numbers(weight) / root
        slopes = f[..., 1] + size_of_z * abs(f[..., 2])
        size[:5] += slopes.sum(axis=0)[:, None] * abs(numbers(weight)) / root
        require_accurate("moments", found.outer[0], h.T @ h, sizes.T @ sizes)
        require_accurate("moments", found.drift[0], drift, size)


def test_splines() -> None:
    lo, width, coef = normal(2), np.array([0.3, 0.7]), normal(6, 6, seed=1)
    spline, x = Spline(lo, width, coef), lo + np.random.default_rng(1).uniform(-2, 7, (40, 2)) * width
    exact, slopes = [], []
    with mpmath.workdps(40):
        for point in x:
            factors = []
            for z, low, step in zip(map(mpf, point), map(mpf, lo), map(mpf, width), strict=True):
                u = min(max((z - low) / step, mpf(-1)), mpf(5))
                cell = min(int(mpmath.floor(u)), 4)
                t = u - cell
                index = np.clip(np.arange(cell, cell + 3), 0, 5)
                weights = np.array([(1 - t) ** 2 / 2, mpf(1) / 2 + t - t * t, t * t / 2])
                factors.append((index, weights, np.array([t - 1, 1 - 2 * t, t]) / step))
            (i, p, first), (j, q, second) = factors
            block = numbers(coef[np.ix_(i, j)])
            exact.append(p @ block @ q)
            slopes.append([first @ block @ q, p @ block @ second])
    largest = np.abs(coef).max() * 6
    require_accurate("spline", spline(x), exact, np.full(40, largest))
    require_accurate("spline'", spline.gradient(x), slopes, np.full((40, 2), largest) / width)
