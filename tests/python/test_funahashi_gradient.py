"""The gradient of a network is that of its units, in every way to evaluate it."""

import math
from functools import cache

import mpmath
import numpy as np
import pytest

import kousei
from kousei._lib import _core
from kousei.funahashi import FunahashiNetwork, evaluation
from support import Library, same_for_threads, xor

PI = math.pi
DELTA = {"logistic": 0.9, "tanh": 1.8, "erf": 1.4, "arctan": 0.7}
SLOPES = {
    "logistic": lambda z: 0.25 / np.cosh(z / 2) ** 2,
    "tanh": lambda z: 1 / np.cosh(z) ** 2,
    "erf": lambda z: 2 / math.sqrt(PI) * np.exp(-(z**2)),
    "arctan": lambda z: 1 / (1 + z**2),
}


@cache
def network(activation: str = "logistic", dim: int = 2, count: int = 24, form: str = "plain") -> FunahashiNetwork:
    rng = np.random.default_rng(dim)
    w = 1.3 * np.stack(np.meshgrid(*[np.arange(-2.0, 2.0)] * dim, indexing="ij"), axis=-1).reshape(-1, dim)
    a = rng.normal(size=len(w)) + 1j * rng.normal(size=len(w))
    t = PI / 3 * (np.arange(count) - (count - 1) / 2)
    delta = DELTA[activation]
    net = FunahashiNetwork(w, a, t, delta, PI / 2 / delta, rng.normal(size=dim), activation, offset=0.7)
    if form == "plain":
        return net
    net = net.merge()
    if form == "ranges":
        first = rng.integers(0, count // 3, len(w))
        last = rng.integers(2 * count // 3, count, len(w)) + 1
        # In groups of more than one.
        net = net._derive(_bumps=np.stack([first // 4 * 4, last // 4 * 4], axis=-1))
    return net


def exact(net: FunahashiNetwork, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradient by the weights written out, and the size of what cancels in it."""
    mlp = net.astype("float64").to_mlp()
    weight, coef = mlp.weights[0], mlp.weights[1][0]
    slopes = SLOPES[net.activations[0].name](x @ weight.T + mlp.biases[0])
    return (slopes * coef) @ weight, np.abs(coef) @ np.abs(weight)


def ways(activation: str) -> tuple[str, ...]:
    return ("dense",) if activation == "arctan" else ("dense", "table", "nufft")


@pytest.mark.parametrize(("activation", "method"), [(name, way) for name in SLOPES for way in ways(name)])
@pytest.mark.parametrize(("dim", "form"), [(1, "plain"), (2, "merged"), (1, "ranges"), (3, "ranges")])
def test_every_method_is_the_gradient(activation: str, method: str, form: str, dim: int, dtype: str) -> None:
    net = network(activation, dim, form=form)
    x = np.random.default_rng(0).normal(0, 3, (100, dim)).astype(dtype)
    expected, size = exact(net, x.astype("float64"))
    bound = {"float64": 1e-14, "float32": 3e-6}[dtype] * size
    if method == "nufft":
        bound = {"float64": 1e-12, "float32": 1e-4}[dtype] * np.abs(net.frequencies).T @ np.abs(net.amplitudes)
    gradient = net.astype(dtype).gradient(x, method=method)
    assert gradient.shape == x.shape
    assert gradient.dtype == dtype
    assert (np.abs(gradient - expected).max(axis=0) <= bound).all()


@pytest.mark.parametrize("method", ["dense", "table", "nufft"])
def test_difference_quotients(method: str) -> None:
    net = network(form="ranges")
    x = np.random.default_rng(0).normal(size=(20, 2))
    h = 1e-5
    for axis, step in enumerate(h * np.eye(2)):
        quotient = (net(x + step, method="dense") - net(x - step, method="dense")) / (2 * h)
        assert np.abs(net.gradient(x, method=method)[:, axis] - quotient).max() <= 1e-7 * np.abs(quotient).max()


def test_one_frequency_in_many_digits() -> None:
    """Of Re[a H(w x)] in mpmath."""
    t, delta, alpha, w, a = PI / 4 * np.arange(-20, 21), 1.0, PI / 2, 1.25, 0.5 - 2j
    net = FunahashiNetwork([[w]], [a], t, delta, alpha)
    with mpmath.workdps(30):

        def value(x: mpmath.mpf) -> mpmath.mpf:
            psi = [mpmath.sinh(alpha) / (mpmath.cosh(alpha) + mpmath.cosh(w * x - mpmath.mpf(k))) for k in t]
            total = sum(mpmath.expj(mpmath.mpf(k)) * p for k, p in zip(t, psi, strict=True))
            peak = 2 * mpmath.pi * mpmath.sin(mpmath.mpf(alpha)) / mpmath.sinh(mpmath.pi)
            return mpmath.re(mpmath.mpc(a) * total) * mpmath.mpf(t[1] - t[0]) / peak

        for x in (0.0, 0.5, -1.75, 13.0):
            expected = float(mpmath.diff(value, mpmath.mpf(x)))
            for method in ("dense", "table", "nufft"):
                assert abs(net.gradient(np.array([x]), method=method)[0] - expected) <= 2e-13


def test_gradient_of_the_function() -> None:
    net = FunahashiNetwork.from_function(xor, [(0, 1)] * 2, tol=1e-6)
    x = np.random.default_rng(0).uniform(0.1, 0.9, (50, 2))
    expected = (
        PI
        / 2
        * np.stack(
            [np.sin(PI * x[:, 0]) * np.cos(PI * x[:, 1]), np.cos(PI * x[:, 0]) * np.sin(PI * x[:, 1])], axis=-1
        )
    )
    assert np.abs(net.gradient(x) - expected).max() <= 1e-4


@pytest.mark.parametrize("method", ["dense", "table"])
def test_any_point(method: str) -> None:
    net = network(dim=1)
    far = np.array([[1e3], [-1e3], [1e12], [-1e12], [1e300]])
    assert np.abs(net.gradient(far, method=method)).max() <= 1e-14 * exact(net, np.zeros((1, 1)))[1]
    assert np.isnan(net.gradient(np.array([[np.nan]]), method=method)).all()
    with pytest.raises(ValueError, match="method was 'nufft': x has NaN or infinite values"):
        net.gradient(np.array([[np.nan]]), method="nufft")


def test_auto(library: Library) -> None:
    net = network(count=60)
    few, many = np.zeros((1, 2)), np.random.default_rng(0).normal(size=(30_000, 2))
    assert evaluation.plan(net, 1, gradient=True).method == "dense"
    assert set(evaluation.plan(net, 1, gradient=True).nanoseconds) == {"dense", "table", "nufft"}
    best = evaluation.plan(net, len(many), gradient=True).method
    assert best in ("table", "nufft")
    assert np.array_equal(net.gradient(many), net.gradient(many, method=best))
    assert np.array_equal(net.gradient(few), net.gradient(few, method="dense"))
    given = library.asarray(many[:10])
    np.testing.assert_allclose(library.numpy(net.like(given).gradient(given)), net.gradient(many[:10]), rtol=1e-9)


@pytest.mark.parametrize("method", ["dense", "table", "nufft"])
def test_threads_do_not_matter(method: str) -> None:
    net, x = network(form="ranges"), np.random.default_rng(0).normal(size=(3000, 2))
    same_for_threads(lambda: net.gradient(x, method=method))


@pytest.mark.parametrize("method", ["dense", "table", "nufft"])
def test_batches_and_out(method: str) -> None:
    net, x = network(), np.random.default_rng(0).normal(size=(2, 3, 2))
    expected = net.gradient(x, method=method)
    assert expected.shape == (2, 3, 2)
    assert np.allclose(net.gradient(x[1, 2], method=method), expected[1, 2], rtol=0, atol=1e-10)
    assert net.gradient(np.zeros((0, 2)), method=method).shape == (0, 2)
    out = np.empty((2, 3, 2))
    assert net.gradient(x, out=out, method=method) is out
    assert np.array_equal(out, expected)
    with pytest.raises(ValueError, match=r"out has shape \(2, 3\)"):
        net.gradient(x, out=np.empty((2, 3)), method=method)
    with pytest.raises(ValueError, match="out overlaps the input"):
        net.gradient(x, out=x, method=method)


def test_bad_input() -> None:
    net = network()
    for method in ("shared", "window", "fast"):
        with pytest.raises(
            ValueError, match=f"method was '{method}'; 'auto', 'dense', 'table', 'nufft' and 'separable' are accepted"
        ):
            net.gradient(np.zeros((1, 2)), method=method)
    with pytest.raises(ValueError, match=r"x has shape \(1, 3\); \(..., 2\) is accepted"):
        net.gradient(np.zeros((1, 3)))
    with pytest.raises(TypeError, match="x has dtype float32 and the network float64"):
        net.gradient(np.zeros((1, 2), "float32"))
    with pytest.raises(ValueError, match="'table' is for logistic, tanh and erf units, and these are arctan"):
        network("arctan").gradient(np.zeros((1, 2)), method="table")
    own = kousei.Activation(
        "gudermann", lambda z: np.arctan(np.exp(z)) * (2 / np.pi), lambda w: 1 / np.cosh(np.pi * w / 2)
    )
    net = FunahashiNetwork([[1.0]], [1.0], PI / 4 * np.arange(-20, 21), 1.0, PI / 2, activation=own)
    with pytest.raises(ValueError, match="the derivative of activation 'gudermann' is not known"):
        net.gradient(np.zeros((1, 1)))


def test_low_level_is_checked() -> None:
    net = network(form="ranges")
    arguments = net._arrays | net._ranges
    arguments |= {
        "spacing": net._spacing,
        "delta": net.delta,
        "alpha": net.alpha,
        "activation": _core.Activation.logistic,
    }
    arguments |= {"x": np.zeros((4, 2)), "out": np.zeros((4, 2)), "on": _core.cpu.Cpu()}
    arguments |= {"merged": net._merged, "units": net.units}
    _core.cpu.funahashi_gradient(**arguments)
    for name, shape in {"out": (4,), "x": (4, 3), "amplitudes": (1, 2), "center": (3,)}.items():
        with pytest.raises(ValueError, match=f"{name} has shape"):
            _core.cpu.funahashi_gradient(**(arguments | {name: np.zeros(shape)}))
    with pytest.raises(ValueError, match="bumps, starts and units do not fit"):
        _core.cpu.funahashi_gradient(**(arguments | {"units": net.units + 1}))
