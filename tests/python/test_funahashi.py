"""Funahashi networks: golden numbers of the construction, and rules."""

import math
import warnings

import numpy as np
import pytest

import kousei
from kousei.funahashi import (
    FunahashiNetwork,
    bump_transform,
    choose_parameters,
    quadrature_bound,
    sample_points,
    universal_function,
)
from support import quartic, xor

PI = math.pi


def test_bump_transform_golden() -> None:
    golden = {(1.0, PI / 2): 0.544058109964266, (0.5, PI): 1.36513890066172, (0.5, 2.0): 1.14872477513938}
    for (delta, alpha), value in golden.items():
        assert bump_transform(1.0, delta, alpha) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize("name", ["logistic", "tanh", "erf", "arctan"])
def test_bump_transform_is_the_integral(name: str) -> None:
    scipy_integrate = pytest.importorskip("scipy.integrate")
    delta, alpha, phi = 0.7, 1.3, kousei.Activation(name)

    def bump(u: float) -> float:
        return float(np.diff(phi(np.array([u / delta - alpha, u / delta + alpha])))[0])

    for omega in (0.0, 0.4, 1.0, 3.0):
        if omega:
            value, _ = scipy_integrate.quad(bump, 0, np.inf, weight="cos", wvar=omega, limit=500, limlst=500)
        else:
            value, _ = scipy_integrate.quad(bump, 0, np.inf, limit=500, epsabs=1e-10)
        assert bump_transform(omega, delta, alpha, name) == pytest.approx(2 * value, abs=2e-7)


def test_bump_transform_vanishes_at_infinity(dtype: str) -> None:
    omega = np.array([np.inf, -np.inf, 1e30, -1e30], dtype)
    for name in ("logistic", "tanh", "erf", "arctan"):
        assert np.array_equal(bump_transform(omega, 0.5, 2.0, name), np.zeros(4, dtype))
    assert np.isnan(bump_transform(np.array([np.nan], dtype), 0.5, 2.0)).all()
    smallest = np.array([np.finfo(dtype).smallest_subnormal], dtype)
    for name in ("logistic", "tanh", "erf", "arctan"):
        zero = bump_transform(np.zeros(1, dtype), 0.5, 2.0, name)
        np.testing.assert_allclose(bump_transform(smallest, 0.5, 2.0, name), zero, rtol=1e-6)


def test_universal_function_golden() -> None:
    h = universal_function(1.0, 1.0, PI / 2, PI / 4 * np.arange(-32, 33))
    assert h == pytest.approx(0.54030230090581 + 0.841470988974736j, abs=1e-14)


def test_xor_golden() -> None:
    net = construct(
        xor, [(0, 1)] * 2, 8, extension="periodic", period=2.0, delta=0.5, alpha=PI, cutoff=2 * PI, center=False
    )
    points = np.array([(0, 1), (1, 1), (0.3, 0.8), (0.25, 0.5)])
    golden = [0.9721634086751, 0.1200222820913, 0.722813490869, 0.4814666515587]
    assert net.units == 1024
    np.testing.assert_allclose(net(points), golden, rtol=0, atol=1e-12)
    mlp = net.to_mlp()
    np.testing.assert_allclose(mlp(points), golden, rtol=0, atol=1e-12)
    assert np.abs(mlp.weights[1]).sum() == pytest.approx(9.20519560923, rel=1e-11)


def test_quartic_golden() -> None:
    net = construct(quartic, [(0, 5)], 16, extension="periodic", delta=1.0, alpha=PI / 2, cutoff=4 * PI)
    x = np.array([0.25, 1, 2.5, 4, 4.75])[:, None]
    golden = [14.56021087977, -0.275396866736, 0.5614295722462, 0.09292165786431, 14.56048743859]
    assert net.units == 512
    np.testing.assert_allclose(net(x), golden, rtol=0, atol=1e-11)
    transform = dict(zip(np.round(net.frequencies[:, 0] * 5 / (2 * PI)), net.amplitudes * 5, strict=True))
    assert transform[0] == pytest.approx(16.64554595947, rel=1e-11)
    assert transform[1] == pytest.approx(-16.0224149618, rel=1e-11)


@pytest.mark.parametrize(
    ("s_max", "tol", "delta", "p", "k0", "k", "bound"),
    [
        (PI, 1e-6, 0.866025403784439, 4, 22, 22, 8.00e-7),
        (10.0, 1e-9, 1.35703700425558, 4, 53, 55, 5.77e-10),
        (PI, 1e-12, 0.866025403784439, 7, 64, 65, 9.76e-13),
    ],
)
def test_parameter_rule_golden(s_max: float, tol: float, delta: float, p: int, k0: int, k: int, bound: float) -> None:
    rule = choose_parameters(s_max, tol)
    assert (rule.p, rule.k0, rule.k) == (p, k0, k)
    assert rule.delta == pytest.approx(delta, rel=1e-14)
    assert rule.alpha * rule.delta == pytest.approx(PI / 2, rel=1e-14)
    assert rule.bound == pytest.approx(bound, rel=1e-2)
    s = np.linspace(-s_max, s_max, 2001)
    error = np.abs(universal_function(s, rule.delta, rule.alpha, rule.thresholds) - np.exp(1j * s)).max()
    assert error <= rule.bound + 1e-14


def exact_h(net: FunahashiNetwork, x: np.ndarray) -> np.ndarray:
    """The network with e^(is) in the place of H."""
    return np.real(np.exp(1j * (x - net.center) @ net.frequencies.T) @ net.amplitudes)


def construct(*args, **options) -> FunahashiNetwork:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return FunahashiNetwork.from_function(*args, **options)


@pytest.mark.parametrize(
    ("extension", "order", "golden"),
    [
        ("periodic", 8, 16.650),
        ("periodic", 16, 4.7828),
        ("periodic", 32, 1.6623),
        ("periodic", 64, 0.36524),
        ("periodic", 128, 0.11497),
        ("window", 8, 31.1),
        ("window", 16, 3.67),
        ("window", 32, 0.0403),
        ("window", 64, 1.21e-3),
        ("window", 128, 1.07e-4),
        ("fourier", 8, 6.6e-2),
        ("fourier", 16, 6.5e-7),
    ],
)
def test_fourier_residual_of_the_quartic(extension: str, order: int, golden: float) -> None:
    net = construct(quartic, [(0, 5)], order, extension=extension, delta=1.0, cutoff=1.0)
    x = 0.25 + 0.5 * np.arange(10)[:, None]
    digits = {"periodic": 1e-4, "window": 5e-3, "fourier": 2e-2}[extension]
    assert np.abs(exact_h(net, x) - quartic(x)).sum() == pytest.approx(golden, rel=digits)


@pytest.mark.parametrize(("order", "golden"), [(32, 6.2e-11), (64, 3.7e-12), (128, 3.5e-12)])
def test_fourier_extension_reaches_rounding(order: int, golden: float) -> None:
    net = construct(quartic, [(0, 5)], order, delta=1.0, cutoff=1.0)
    x = 0.25 + 0.5 * np.arange(10)[:, None]
    assert np.abs(exact_h(net, x) - quartic(x)).sum() < 3 * golden


@pytest.mark.parametrize(("order", "golden"), [(4, 2.493), (8, 0.3153), (16, 0.01077), (32, 0.00628)])
def test_papers_sum_for_xor(order: int, golden: float) -> None:
    options = {"extension": "periodic", "period": 2.0, "alpha": 1.0, "delta": 1.0, "cutoff": 10.0, "center": False}
    corners = np.array([(0, 0), (0, 1), (1, 0), (1, 1)], float)
    if order == 4:
        # The paper's spacing is h = 5 here, for which H cannot stand for e^(is): refused. Its units, written down:
        with pytest.raises(ValueError, match="h < pi is accepted"):
            construct(xor, [(0, 1)] * 2, order, **options)
        net = construct(xor, [(0, 1)] * 2, order, **(options | {"cutoff": 1.0}))
        s, t = corners @ net.frequencies.T, -10 + 5 * np.arange(4)
        coef = 5 / bump_transform(1.0, 1.0, 1.0) * np.real(net.amplitudes[:, None] * np.exp(1j * t))
        logistic = kousei.activation.logistic
        values = (coef * (logistic(s[..., None] - t + 1) - logistic(s[..., None] - t - 1))).sum(axis=(1, 2))
    else:
        values = construct(xor, [(0, 1)] * 2, order, **options)(corners)
    assert np.abs(values - xor(corners)).sum() == pytest.approx(golden, rel=1e-3)


@pytest.mark.parametrize(
    ("tol", "units", "golden"),
    [(1e-2, 30, 2.2e-3), (1e-3, 52, 5.1e-5), (1e-6, 98, 7.5e-8), (1e-9, 156, 1.9e-10), (1e-12, 272, 2.2e-14)],
)
def test_finite_fourier_series(tol: float, units: int, golden: float) -> None:
    rule = choose_parameters(PI, tol)
    rule = rule._replace(k=rule.k0)
    assert 2 * (len(rule.thresholds) + rule.p) == units  # with the thresholds of a pair merged
    # XOR = 1/2 - (cos pi(x + y) + cos pi(x - y))/4, and at the centre both cosines keep their form.
    w = PI * np.array([[1.0, 1.0], [1.0, -1.0]])
    center = np.array([0.5, 0.5])
    amplitudes = -np.exp(1j * w @ center) / 4
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # for tol = 1e-2 the rule takes h = pi/2
        net = FunahashiNetwork(w, amplitudes, rule.thresholds, rule.delta, rule.alpha, center)
    axis = np.linspace(0, 1, 101)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    error = np.abs(net(grid) + 0.5 - xor(grid)).max()
    assert error == pytest.approx(golden, rel=0.05 if tol > 1e-12 else 3)


@pytest.mark.parametrize("name", ["logistic", "tanh"])
def test_default_parameters_construct_to_high_accuracy(name: str) -> None:
    net = FunahashiNetwork.from_function(quartic, [(0, 5)], 32, n_thresholds=256, activation=name)
    x = np.linspace(0, 5, 301)[:, None]
    assert np.abs(net(x) - quartic(x)).max() < 1e-9
    xor_net = FunahashiNetwork.from_function(xor, [(0, 1)] * 2, 16, n_thresholds=128, activation=name)
    x = np.random.default_rng(0).uniform(0, 1, (200, 2))
    assert np.abs(xor_net(x) - xor(x)).max() < 1e-8


@pytest.mark.parametrize(("name", "cutoff", "error"), [("erf", 60.0, 1e-8), ("arctan", 1500.0, 5e-3)])
def test_other_activations(name: str, cutoff: float, error: float) -> None:
    thresholds = -cutoff + 2 * cutoff / 6000 * np.arange(6000)
    s = np.linspace(-3, 3, 61)
    assert np.abs(universal_function(s, 0.8, PI / 1.6, thresholds, name) - np.exp(1j * s)).max() < error
    net = FunahashiNetwork([[1.0]], [1.0], thresholds, 0.8, PI / 1.6, activation=name)
    assert np.abs(net(s[:, None]) - np.cos(s)).max() < error


def test_three_dimensions() -> None:
    def f(x: np.ndarray) -> np.ndarray:
        return np.cos(x[..., 0] - x[..., 1] + 0.5 * x[..., 2])

    net = FunahashiNetwork.from_function(f, [(-1, 1)] * 3, 8, n_thresholds=48)
    x = np.random.default_rng(0).uniform(-1, 1, (100, 3))
    assert net.units == 2 * 48 * 8**3
    assert np.abs(net(x) - f(x)).max() < 1e-2


def test_from_samples_is_from_function() -> None:
    bounds = [(0.0, 1.0), (0.0, 1.0)]
    for extension, order, samples in (("periodic", 8, 8), ("window", 8, 8), ("fourier", 8, 32)):
        options = {"extension": extension, "n_thresholds": 128}
        values = xor(sample_points(bounds, samples, extension))
        sampled = FunahashiNetwork.from_samples(values, bounds, order, **options)
        x = np.random.default_rng(0).uniform(0, 1, (20, 2))
        direct = FunahashiNetwork.from_function(xor, bounds, order, **options)
        np.testing.assert_allclose(sampled(x), direct(x), rtol=0, atol=1e-12)
    assert FunahashiNetwork.from_samples(values, bounds, n_thresholds=128).units == 2 * 128 * 8**2


def test_written_out_it_is_the_same_function(dtype: str) -> None:
    net = FunahashiNetwork.from_function(xor, [(0, 1)] * 2, 8, n_thresholds=64)
    mlp = net.to_mlp()
    assert (mlp.units, mlp.dim, mlp.parameters) == (net.units, net.dim, net.parameters)
    assert isinstance(net, kousei.MLP)
    assert len(net.weights) == 2
    assert np.array_equal(net.weights[1], mlp.weights[1])
    x = np.random.default_rng(0).uniform(0, 1, (50, 2)).astype(dtype)
    scale = np.abs(mlp.weights[1]).sum()
    difference = np.abs(net.astype(dtype)(x) - mlp.astype("float64")(x.astype("float64")))
    assert difference.max() <= (1e-15 if dtype == "float64" else 1e-6) * scale


def test_attributes() -> None:
    net = FunahashiNetwork.from_function(quartic, [(0, 5)], 16, n_thresholds=64, cutoff=12.0, delta=1.1)
    assert net.frequencies.shape == (16, 1)
    assert net.amplitudes.shape == (16,)
    assert net.amplitudes.dtype == np.complex128
    assert net.thresholds[0] == -12.0
    np.testing.assert_allclose(np.diff(net.thresholds), 24 / 64)
    assert net.delta == 1.1
    assert net.alpha == pytest.approx(PI / 2.2)
    assert net.center.tolist() == [2.5]
    assert net.sizes == (1, 2 * 64 * 16, 1)
    assert "16 frequencies x 64 thresholds" in repr(net)
    assert net.astype("float32").frequencies.dtype == np.float32


def test_the_network_keeps_its_own_arrays() -> None:
    w, thresholds = np.ones((1, 1)), PI / 4 * np.arange(-9, 10)
    net = FunahashiNetwork(w, [1.0], thresholds, 1.0, PI / 2)
    x = np.array([[0.3]])
    before = net(x)
    w[0], thresholds[:] = 5, 0
    assert np.array_equal(net(x), before)


def test_order_of_a_small_integer_type() -> None:
    net = FunahashiNetwork.from_function(xor, [(0, 1)] * 2, np.int8(32), n_thresholds=256)
    assert np.abs(net(np.full((1, 2), 0.3)) - xor(np.full((1, 2), 0.3))).max() < 1e-9


def test_bound_is_one(rng: np.random.Generator) -> None:
    for _ in range(20):
        delta, spacing = rng.uniform(0.3, 1.5), rng.uniform(0.2, 2.0)
        alpha, s_max = rng.uniform(0.5, 2.5) / delta, rng.uniform(0.5, 10)
        if abs(math.sin(alpha * delta)) < 0.1:
            continue
        count = int((s_max + 6) / spacing) + 1
        thresholds = spacing * np.arange(-count, count + 1)
        s = np.linspace(-s_max, s_max, 501)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            error = np.abs(universal_function(s, delta, alpha, thresholds) - np.exp(1j * s)).max()
        assert error <= sum(quadrature_bound(s_max, delta, alpha, thresholds)) + 1e-13


def test_numpy_scalars() -> None:
    thresholds = PI / 4 * np.arange(-9, 10)
    for one in (np.float32(1), np.int64(1), 1):
        assert bump_transform(one, 1.0, 2.0) == bump_transform(1.0, 1.0, 2.0)
        assert universal_function(one, 1.0, 2.0, thresholds) == universal_function(1.0, 1.0, 2.0, thresholds)
    for name in ("delta", "alpha"):
        with pytest.raises(TypeError, match=f"{name} was True; a positive finite number"):
            bump_transform(1.0, **({"delta": 1.0, "alpha": 2.0} | {name: True}))
