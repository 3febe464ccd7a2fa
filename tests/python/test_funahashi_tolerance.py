"""Networks to a tolerance: the bound, exact rewrites, any activation, and what cannot be reached."""

import math
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kousei
from kousei.funahashi import FunahashiNetwork, bump_transform, choose_parameters, quadrature_bound, universal_function
from support import quartic, share, xor

PI = math.pi
gudermann = kousei.Activation(
    "gudermann", lambda z: np.arctan(np.exp(np.clip(z, -700, 700))) * (2 / PI), lambda w: 1 / np.cosh(PI * w / 2)
)


def grid(bounds: list, count: int) -> np.ndarray:
    axes = [np.linspace(lo, hi, count) for lo, hi in bounds]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


@pytest.mark.parametrize("tol", [1e-2, 1e-4, 1e-6, 1e-8])
@pytest.mark.parametrize(("f", "bounds"), [(quartic, [(0, 5)]), (xor, [(0, 1), (0, 1)])])
def test_to_tolerance(f: object, bounds: list, tol: float) -> None:
    net = FunahashiNetwork.from_function(f, bounds, tol=tol)
    bound = net.error_bound()
    x = grid(bounds, 2001 if len(bounds) == 1 else 101)
    error = np.abs(net(x) - f(x)).max()
    assert error <= bound.total <= tol
    assert bound.kind == "estimated"
    assert bound.points > 0
    assert bound.total == pytest.approx(sum(bound[:4]), rel=1e-15)


Problem = tuple[Callable[[np.ndarray], np.ndarray], np.ndarray, Callable[[int], float] | None]


def smooth_function(rng: np.random.Generator, dim: int) -> Problem:
    w, b = rng.normal(0, 1.5 / dim, (3, dim)), rng.normal(size=3)
    outer = (np.sin, np.exp, lambda z: 1 / (2 + z**2))[rng.integers(3)]
    lo = rng.uniform(-2, 0, dim)
    bounds = np.stack([lo, lo + rng.uniform(0.5, 2.0, dim)], axis=-1)
    return lambda x: outer(np.tanh(x @ w.T) @ b), bounds, None


def periodic_function(rng: np.random.Generator, dim: int) -> Problem:
    k, b, phase = rng.integers(-1, 2, (3, dim)), rng.normal(0, 0.7, 3), rng.uniform(0, 2 * PI, 3)
    k[0] = 1
    outer = (np.sin, np.exp, lambda z: 1 / (2 + z**2))[rng.integers(3)]
    lo, period = rng.uniform(-2, 0, dim), rng.uniform(0.5, 3, dim)
    bounds = np.stack([lo, lo + period], axis=-1)
    return lambda x: outer(np.cos(2 * PI * (x / period) @ k.T + phase) @ b), bounds, None


def poisson_kernel(rng: np.random.Generator, dim: int) -> Problem:
    """Product of sum_k r^|k| e^(2 pi i k x/period - i k phase) over the axes."""
    r, phase = rng.uniform(0.1, 0.4, dim), rng.uniform(0, 2 * PI, dim)
    lo, period = rng.uniform(-2, 0, dim), rng.uniform(0.5, 3, dim)
    whole = (1 + r) / (1 - r)

    def f(x: np.ndarray) -> np.ndarray:
        return np.prod((1 - r**2) / (1 + r**2 - 2 * r * np.cos(2 * PI * x / period - phase)), axis=-1)

    def tail(order: int) -> float:
        return float(np.sum(r ** (order // 2) * whole * np.prod(whole) / whole))

    return f, np.stack([lo, lo + period], axis=-1), tail


def bound_over_error(problem: Problem, tol: float, **options: str) -> float:
    f, bounds, tail = problem
    net = FunahashiNetwork.from_function(f, bounds, tol=tol, tail=tail, **options)
    x = grid(bounds, (1501, 61, 17)[len(bounds) - 1])
    error = np.abs(net(x) - f(x)).max()
    bound = net.error_bound()
    assert error <= bound.total <= tol
    assert bound.kind == ("proven" if tail else "estimated")
    return float(bound.total / error)


seeds = st.integers(0, 2**32 - 1)


def test_the_bound_holds_and_is_not_far_off() -> None:
    found: list[float] = []

    @given(seeds, st.integers(1, 2), st.floats(-9, -3))
    @settings(max_examples=share(12))
    def holds(seed: int, dim: int, exponent: float) -> None:
        found.append(bound_over_error(smooth_function(np.random.default_rng(seed), dim), 10**exponent))

    holds()
    assert np.median(found) <= 10


@pytest.mark.parametrize(
    ("name", "beyond", "most"), [("logistic", 4.0, 1.02), ("tanh", 4.0, 1.02), ("erf", 4.0, 3), ("arctan", 60.0, 1.1)]
)
def test_the_bound_of_an_end_is_that_of_the_missing_bumps(name: str, beyond: float, most: float) -> None:
    delta, alpha, h = 0.7, 1.9, 1.4
    phi = kousei.Activation(name)
    at = (beyond + h * np.arange(200000)) / delta
    missing = h * np.sum(phi(at + alpha) - phi(at - alpha)) / abs(bump_transform(1.0, delta, alpha, name))
    t = h * np.arange(-(10**6), 101)  # the other end is far away
    _, edge = quadrature_bound(t[-1] + h - beyond, delta, alpha, t, name)
    assert missing <= edge <= most * missing


@pytest.mark.parametrize(("name", "delta"), [("logistic", 0.4), ("tanh", 0.8), ("erf", 0.7)])
def test_the_bound_of_the_spacing_is_reached(name: str, delta: float) -> None:
    """Somewhere the next aliases on both sides, 1 - 2 pi/h and 1 + 2 pi/h, add up."""
    alpha, h = PI / 2 / delta, 0.45 * PI
    t = h * np.arange(-40, 41)
    s = np.linspace(-PI, PI, 4001)
    error = np.abs(universal_function(s, delta, alpha, t, name) - np.exp(1j * s)).max()
    quadrature, edge = quadrature_bound(PI, delta, alpha, t, name)
    assert edge < 1e-12
    assert 0.98 * quadrature <= error <= quadrature + 1e-12


@pytest.mark.parametrize("k", range(1, 12))
def test_a_ripple_between_few_samples_counts(k: int) -> None:
    def f(x: np.ndarray) -> np.ndarray:
        return np.sin(2 * PI * x[..., 0]) + 0.05 * np.cos(2 * PI * k * x[..., 0])

    assert bound_over_error((f, np.array([[0.0, 1.0]]), None), 0.15, extension="periodic") < 11


@pytest.mark.slow
@pytest.mark.parametrize(
    ("draw", "options", "exponents", "examples"),
    [
        (smooth_function, {"activation": "logistic"}, [(-9, -3), (-9, -3), (-5, -3)], 200),
        (smooth_function, {"activation": "tanh"}, [(-9, -3), (-9, -3), (-5, -3)], 200),
        (smooth_function, {"activation": "erf"}, [(-9, -3), (-9, -3), (-5, -3)], 200),
        # Its thresholds grow like the sum of |amplitudes| over tol, and the fit of "fourier" has large amplitudes.
        (
            periodic_function,
            {"activation": "arctan", "extension": "periodic"},
            [(-2, -1), (-1.5, -1), (-1.5, -1)],
            40,
        ),
        (periodic_function, {"extension": "periodic"}, [(-9, -3), (-9, -3), (-5, -3)], 200),
        (periodic_function, {"extension": "periodic"}, [(-3, 0), (-3, 0), (-3, 0)], 200),
        (poisson_kernel, {"extension": "periodic"}, [(-9, -3), (-9, -3), (-5, -3)], 200),
        (periodic_function, {"extension": "window"}, [(-9, -3), (-5, -3)], 200),
        (smooth_function, {"extension": "window"}, [(-9, -3), (-5, -3)], 200),
    ],
)
def test_the_bound_over_many(draw: object, options: dict, exponents: list, examples: int) -> None:
    found: list[float] = []

    @given(seeds, st.integers(1, len(exponents)), st.floats(0, 1))
    @settings(max_examples=share(examples))
    def holds(seed: int, dim: int, share: float) -> None:
        least, most = exponents[dim - 1]
        tol = 10 ** (least + share * (most - least))
        found.append(bound_over_error(draw(np.random.default_rng(seed), dim), tol, **options))

    holds()
    assert np.median(found) <= 10


def test_tail_of_the_spectrum_proves_the_bound() -> None:
    """1/(5/4 - cos x) has the Fourier coefficients (4/3) 2^-|k|."""

    def f(x: np.ndarray) -> np.ndarray:
        return 1 / (1.25 - np.cos(x[..., 0]))

    def tail(order: int) -> float:
        return 4 / 3 * (2.0 ** (-order / 2 + 1) + 2.0 ** (-order / 2))

    bounds = [(0, 2 * PI)]
    net = FunahashiNetwork.from_function(f, bounds, tol=1e-6, extension="periodic", tail=tail)
    bound = net.error_bound()
    x = grid(bounds, 4001)
    assert bound.kind == "proven"
    assert np.abs(net(x) - f(x)).max() <= bound.total <= 1e-6
    with pytest.raises(ValueError, match="tail came with extension='fourier'"):
        FunahashiNetwork.from_function(f, bounds, tol=1e-6, tail=tail)
    with pytest.raises(ValueError, match=r"tail\(2\) was -1.0; a bound"):
        FunahashiNetwork.from_function(f, bounds, tol=1e-6, extension="periodic", tail=lambda order: -1.0)


def test_bound_of_a_network_given_by_its_frequencies() -> None:
    t = PI / 4 * np.arange(-32, 33)
    net = FunahashiNetwork([[1.0], [2.0]], [1.0, 0.5j], t, 1.0, PI / 2)
    with pytest.raises(ValueError, match="needs one"):
        net.error_bound()
    bound = net.error_bound([(-3, 3)])
    x = np.linspace(-3, 3, 501)[:, None]
    error = np.abs(net(x) - np.cos(x[:, 0]) + 0.5 * np.sin(2 * x[:, 0])).max()
    assert error <= bound.total
    assert (bound.kind, bound.fourier, bound.points) == ("proven", 0.0, 0)
    (spacing, end_of_one), (_, end_of_two) = (quadrature_bound(s_max, 1.0, PI / 2, t) for s_max in (3.0, 6.0))
    assert (bound.quadrature, bound.edge) == pytest.approx((1.5 * spacing, end_of_one + 0.5 * end_of_two))
    assert net.error_bound([(-6, 6)]).edge > 10 * bound.edge
    assert net.astype("float32").error_bound([(-3, 3)]).rounding > 1e8 * bound.rounding
    made = FunahashiNetwork.from_function(quartic, [(0, 5)], tol=1e-3)
    assert made.error_bound([(2, 3)]).edge < made.error_bound().edge
    for box in ([(-1, 5)], [(0, 6)]):
        with pytest.raises(ValueError, match="inside the bounds of the construction"):
            made.error_bound(box)
    with pytest.raises(ValueError, match="box has 2 dimensions; 1 are accepted"):
        made.error_bound([(0, 1), (0, 1)])


def test_from_samples_bounds_its_error() -> None:
    for extension, samples in (("fourier", 128), ("window", 64)):
        x = kousei.funahashi.sample_points([(0, 5)], samples, extension)
        net = FunahashiNetwork.from_samples(quartic(x), [(0, 5)], extension=extension, n_thresholds=512)
        bound = net.error_bound()
        x = grid([(0, 5)], 1001)
        assert np.abs(net(x) - quartic(x)).max() <= bound.total
        assert bound.kind == "estimated"


class TestRewrites:
    """Each leaves the function unchanged to rounding."""

    def network(self, dim: int = 2, seed: int = 0) -> FunahashiNetwork:
        rng = np.random.default_rng(seed)
        axes = [np.arange(-2.0, 2.0)] * dim
        w = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, dim)
        a = rng.normal(size=len(w)) + 1j * rng.normal(size=len(w))
        return FunahashiNetwork(w, a, PI / 3 * np.arange(-20, 21), 0.8, PI / 1.6, rng.normal(size=dim))

    def scale(self, net: FunahashiNetwork) -> float:
        return float(np.abs(net.to_mlp().weights[1]).sum())

    def same(self, first: kousei.MLP, second: kousei.MLP, scale: float) -> None:
        eps = np.finfo(first.dtype).eps
        x = np.random.default_rng(1).normal(0, 2, (50, first.dim)).astype(first.dtype)
        assert np.abs(first(x) - second(x)).max() <= 8 * eps * scale

    def test_merge(self, dtype: str) -> None:
        net = self.network().astype(dtype)
        merged = net.merge()
        assert merged.units == 16 * (41 + 3) < net.units == 16 * 2 * 41
        self.same(net, merged, self.scale(net))
        self.same(merged, merged.to_mlp(), self.scale(net))
        assert merged.to_mlp().units == merged.units
        assert merged.merge().units == merged.units
        box = [(-1, 1)] * 2
        assert merged.error_bound(box).rounding <= net.error_bound(box).rounding * (1 + 1e-9)

    def test_halve(self, dtype: str) -> None:
        net = self.network().astype(dtype)
        half = net.halve()
        # Of 16 frequencies, 0 becomes the offset, 8 make 4 pairs, and 7 with an index -2 have no partner.
        assert half.frequencies.shape == (4 + 7, 2)
        assert half.offset != 0
        self.same(net, half, self.scale(net))
        self.same(net, half.merge().to_mlp(), self.scale(net))
        assert half.halve().frequencies.shape == half.frequencies.shape

    def test_prune(self) -> None:
        net = self.network()
        moduli = np.sort(np.abs(net.amplitudes))
        pruned = net.prune(float(moduli[:3].sum()) * 1.0001)
        assert len(pruned.frequencies) == 13
        x = np.random.default_rng(1).normal(size=(50, 2))
        assert np.abs(net(x) - pruned(x)).max() <= 1.2 * moduli[:3].sum()
        assert net.prune(1e-9).units == net.units
        assert net.prune(1e9)(x).tolist() == [0.0] * 50
        for bad in (0.0, -1.0, math.nan):
            with pytest.raises(ValueError, match="tol was"):
                net.prune(bad)

    def test_the_bound_counts_what_was_pruned(self) -> None:
        net = kousei.FunahashiNetwork.from_function(lambda x: np.exp(x[..., 0]), [(0, 1)], tol=1e-6)
        pruned = net.prune(0.1)
        x = np.linspace(0, 1, 1001)[:, None]
        error = np.abs(pruned(x) - np.exp(x[:, 0])).max()
        assert net.error_bound().total < 1e-3 < error <= pruned.error_bound().total <= 0.1 + net.error_bound().total
        assert pruned.prune(0.1).error_bound().total <= 0.2 + net.error_bound().total

    def test_the_bound_counts_the_constant_that_was_halved(self, tmp_path: Path) -> None:
        thresholds = np.arange(-12.0, 13.0)  # so far apart that H(0) is not 1
        net = kousei.FunahashiNetwork([[0.0], [1.0]], [5.0, 1e-6], thresholds, 0.5, 1.2)
        half = net.halve()
        kousei.save(tmp_path / "half.safetensors", half)
        x = np.linspace(-1, 1, 201)[:, None]
        error = np.abs(half(x) - (5 + 1e-6 * np.cos(x[:, 0]))).max()
        for same in (half, half.halve(), half.prune(1e-9), kousei.load(tmp_path / "half.safetensors")):
            bound = same.error_bound([(-1, 1)])
            assert 1e-4 < error <= bound.total * (1 + 1e-9)
            assert bound.total <= net.error_bound([(-1, 1)]).total

    def test_ranges(self, dtype: str) -> None:
        net = FunahashiNetwork.from_function(xor, [(0, 1)] * 2, tol=1e-4)
        assert len(set(np.diff(net._bumps).ravel())) > 1, "every frequency takes as many thresholds"
        mlp = net.to_mlp()
        assert mlp.units == net.units == net.sizes[1]
        self.same(net.astype(dtype), mlp.astype(dtype), self.scale(net))
        self.same(net.prune(1e-3), net.prune(1e-3).to_mlp(), self.scale(net))
        self.same(net.halve(), net, self.scale(net))
        assert "up to" in repr(net)

    def test_refused(self) -> None:
        w, a, t = [[1.0]], [1.0], PI / 4 * np.arange(-32, 33)
        with pytest.raises(ValueError, match="2 alpha delta/h is 2.5"):
            FunahashiNetwork(w, a, t, 1.0, PI / 4 * 1.25).merge()
        with pytest.raises(ValueError, match="reach from -25.1327 to 24.3473; symmetric ones are accepted"):
            FunahashiNetwork(w, a, t[:-1], 1.0, PI / 2).halve()
        with pytest.raises(
            ValueError, match="2 alpha delta/h is 4; an integer is accepted, at most .* thresholds of a frequency, 3"
        ):
            FunahashiNetwork(w, a, t[:3], 1.0, PI / 2).merge()


@pytest.mark.parametrize("activation", ["logistic", "tanh", "erf", gudermann], ids=str)
def test_any_activation(activation: kousei.Activation | str) -> None:
    net = FunahashiNetwork.from_function(quartic, [(0, 5)], tol=1e-4, activation=activation)
    x = grid([(0, 5)], 1001)
    assert np.abs(net(x) - quartic(x)).max() <= net.error_bound().total <= 1e-4
    rule = choose_parameters(PI, 1e-5, activation)
    s = np.linspace(-PI, PI, 301)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # for erf the rule takes h = pi/2
        h = universal_function(s, rule.delta, rule.alpha, rule.thresholds, activation)
    assert np.abs(h - np.exp(1j * s)).max() <= rule.bound <= 1e-5
    net = FunahashiNetwork.from_function(quartic, [(0, 5)], 32, n_thresholds=256, activation=activation)
    assert np.abs(net(x) - quartic(x)).max() < 1e-7


def test_arctan_needs_many_thresholds() -> None:
    rule = choose_parameters(PI, 1e-2, "arctan")
    s = np.linspace(-PI, PI, 301)
    h = universal_function(s, rule.delta, rule.alpha, rule.thresholds, "arctan")
    assert np.abs(h - np.exp(1j * s)).max() <= rule.bound <= 1e-2
    assert len(rule.thresholds) > 10 * len(choose_parameters(PI, 1e-2).thresholds)
    with pytest.raises(ValueError, match="tol was 1e-09 for s_max = 3.14159: with 'arctan'"):
        choose_parameters(PI, 1e-9, "arctan")


def test_an_activation_of_ones_own(dtype: str) -> None:
    assert bump_transform(1.0, 0.7, 2.0, gudermann) == pytest.approx(2 * math.sin(1.4) / math.cosh(PI * 0.35))
    net = FunahashiNetwork([[1.0]], [1.0], PI / 4 * np.arange(-60, 61), 1.2, PI / 2.4, activation=gudermann)
    x = np.linspace(-3, 3, 61)[:, None]
    assert np.abs(net(x) - np.cos(x[:, 0])).max() < 1e-5
    assert net.astype(dtype)(x.astype(dtype)).dtype == dtype
    z = np.linspace(-5, 5, 7, dtype=dtype)
    assert np.array_equal(gudermann(z), gudermann.function(z))
    deep = kousei.MLP.random([2, 5, 4, 1], gudermann, rng=0)
    assert deep(np.zeros((3, 2))).shape == (3,)


def transform(w: np.ndarray) -> np.ndarray:
    return 1 / np.cosh(PI * w / 2)


@pytest.mark.parametrize(
    ("function", "derivative_transform", "message"),
    [
        (np.arctan, None, "has no derivative_transform"),
        (np.sin, transform, "is not increasing and finite"),
        (
            lambda z: np.log1p(np.exp(np.clip(z, -700, 700))) + z * 0,
            transform,
            "still rises at 1e8|they are the same",
        ),
        (lambda z: z, transform, "still rises at 1e8"),
        (lambda z: z * np.nan, transform, "is not increasing and finite"),
        (lambda z: z * 0, transform, "is not increasing"),
        (np.tanh, transform, "is 1 at 0, and the function rises by 2"),
        (lambda z: np.tanh(z)[:1], transform, r"returned shape \(1,\)"),
        (lambda z: np.tanh(z).astype("f4"), transform, "and dtype float32"),
    ],
)
def test_functions_the_theorem_is_not_for(function: object, derivative_transform: object, message: str) -> None:
    bad = kousei.Activation("own", function, derivative_transform)
    with pytest.raises(ValueError, match=message):
        FunahashiNetwork.from_function(quartic, [(0, 5)], tol=1e-2, activation=bad)


def test_bad_activations() -> None:
    with pytest.raises(ValueError, match="'tanh' with a function; that name is taken"):
        kousei.Activation("tanh", np.tanh)
    with pytest.raises(TypeError, match="function was 3; a callable"):
        kousei.Activation("own", 3)
    with pytest.raises(TypeError, match="function was None; a callable"):
        kousei.Activation("own", None, transform)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tol": 0.0}, "tol was 0.0; a positive finite number"),
        ({"tol": -1e-3}, "tol was -0.001"),
        ({"tol": math.nan}, "tol was nan"),
        ({"tol": 1e-3, "order": 8}, "order was 8 beside tol"),
        ({"tol": 1e-3, "n_thresholds": 64}, "n_thresholds was 64 beside tol"),
        ({"tol": 1e-3, "delta": 1.0}, "delta was 1.0 beside tol"),
        pytest.param({"tol": 1e-18}, "tol was 1e-18: rounding stops it", marks=pytest.mark.slow),
        ({"tol": 1e-13}, "tol was 1e-13: rounding stops it"),
        ({}, "order and tol were None"),
    ],
)
def test_bad_tolerance(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FunahashiNetwork.from_function(quartic, [(0, 5)], **options)
    with pytest.raises(TypeError, match="tol was '1e-3'; a positive finite number"):
        FunahashiNetwork.from_function(quartic, [(0, 5)], tol="1e-3")


@pytest.mark.parametrize(
    "f", [lambda x: np.sign(x[..., 0] - 0.3), lambda x: (x[..., 0] > 0.5) * 1.0, lambda x: np.sqrt(np.abs(x[..., 0]))]
)
def test_a_discontinuity_is_named(f: object) -> None:
    with pytest.raises(ValueError, match="tol was 1e-07: the function stops it, whose Fourier sum is still"):
        FunahashiNetwork.from_function(f, [(-1, 1)], tol=1e-7, extension="window")


def test_constant_function() -> None:
    net = FunahashiNetwork.from_function(lambda x: 0 * x[..., 0] + 3.0, [(0, 1)], tol=1e-6)
    x = np.linspace(0, 1, 11)[:, None]
    for method in ("auto", "dense", "table"):
        assert np.abs(net(x, method=method) - 3).max() < 1e-6
        assert not net.gradient(x, method=method).any()


@pytest.mark.parametrize(
    ("f", "bounds", "tol"),
    [
        (lambda x: np.sin(40 * x[..., 0]), [(0, 1)], 1e-3),
        (lambda x: np.exp(-(((x[..., 0] - 0.4) / 0.04) ** 2)), [(0, 1)], 1e-3),
        pytest.param(lambda x: np.sin(100 * x[..., 0]), [(0, 1)], 1e-3, marks=pytest.mark.slow),
        pytest.param(lambda x: np.abs(x[..., 0]), [(-1, 1)], 3e-2, marks=pytest.mark.slow),
        pytest.param(lambda x: np.exp(-(((x[..., 0] - 0.4) / 0.02) ** 2)), [(0, 1)], 1e-3, marks=pytest.mark.slow),
    ],
)
def test_many_oscillations_and_kinks_are_not_rounding(f: object, bounds: list, tol: float) -> None:
    net = FunahashiNetwork.from_function(f, bounds, tol=tol)
    x = grid(bounds, 5001)
    assert np.abs(net(x) - f(x)).max() <= net.error_bound().total <= tol


def test_a_spike_between_few_samples_is_seen() -> None:
    def spike(x: np.ndarray) -> np.ndarray:
        return np.exp(-(((x - 0.3123) / 0.05) ** 2).sum(axis=-1))

    with pytest.raises(ValueError, match="the function stops it"):
        FunahashiNetwork.from_function(spike, [(0, 1)] * 3, tol=5e-2)


def test_what_is_asked_for_is_checked_first() -> None:
    def never(x: np.ndarray) -> np.ndarray:
        raise AssertionError

    with pytest.raises(ValueError, match="extension was 'chebyshev'; 'fourier', 'window' and 'periodic' are"):
        FunahashiNetwork.from_function(never, [(0, 1)], tol=1e-2, extension="chebyshev")
    with pytest.raises(ValueError, match="order and tol were None; one of them is accepted"):
        FunahashiNetwork.from_function(never, [(0, 1)])
    with pytest.raises((MemoryError, ValueError), match="the fit of order 100000 to 400000 samples along each axis"):
        FunahashiNetwork.from_function(lambda x: x[..., 0], [(0, 1)], 100_000)
