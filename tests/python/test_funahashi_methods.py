"""Every way to evaluate a network gives the same function to rounding."""

import math
import warnings
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kousei
from kousei.funahashi import FunahashiNetwork
from support import Library, same_for_threads, xor

PI = math.pi
DELTA = {"logistic": 0.9, "tanh": 1.8, "erf": 1.4, "arctan": 0.7}
METHODS = {
    "logistic": ("dense", "shared", "window", "table", "nufft"),
    "tanh": ("dense", "shared", "window", "table", "nufft"),
    "erf": ("dense", "table", "nufft"),
    "arctan": ("dense",),
}


def network(activation: str = "logistic", dim: int = 2, count: int = 24, spacing: float = PI / 3) -> FunahashiNetwork:
    rng = np.random.default_rng(dim)
    axes = [np.arange(-2.0, 2.0)] * dim
    w = 1.3 * np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, dim)
    a = rng.normal(size=len(w)) + 1j * rng.normal(size=len(w))
    t = spacing * (np.arange(count) - (count - 1) / 2)
    delta = DELTA[activation]
    return FunahashiNetwork(w, a, t, delta, PI / 2 / delta, rng.normal(size=dim), activation, offset=0.7)


def scale(net: FunahashiNetwork) -> float:
    return float(np.abs(net.to_mlp().weights[1]).sum())


FORMS = {
    "plain": lambda net: net,
    "merged": lambda net: net.merge(),
    "halved": lambda net: net.halve(),
    "merged and halved": lambda net: net.merge().halve(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("activation", "method"), [(name, way) for name, ways in METHODS.items() for way in ways])
@pytest.mark.parametrize("dim", [1, 2, 3])
def test_every_method_is_the_same_function(activation: str, method: str, form: str, dim: int, dtype: str) -> None:
    net = network(activation, dim)
    bound = {"float64": 1e-14, "float32": 2e-6}[dtype] * scale(net)
    if method == "nufft":
        bound = {"float64": 1e-12, "float32": 1e-4}[dtype] * np.abs(net.amplitudes).sum()
    x = np.random.default_rng(0).normal(0, 3, (600, dim)).astype(dtype)
    expected = net(x.astype("float64"), method="dense")
    tried = FORMS[form](net).astype(dtype)
    assert np.abs(tried(x, method=method) - expected).max() <= bound


def test_exponentials_that_overflow() -> None:
    net = network(count=150)
    x = np.random.default_rng(0).normal(0, 3, (600, 2))
    for dtype in ("float32", "float64"):
        tried = net.astype(dtype)
        assert ("shared" in tried.plan(600).nanoseconds) == (dtype == "float64")
    assert np.abs(net(x, method="shared") - net(x, method="dense")).max() <= 1e-14 * scale(net)
    with pytest.raises(ValueError, match="exponentials of the thresholds overflow in float32; 'window' is accepted"):
        net.astype("float32")(x.astype("float32"), method="shared")


@cache
def waves(activation: str) -> FunahashiNetwork:
    """Frequencies that differ in the thresholds they need, with amplitudes of one size."""
    coefficients = {(1, 0): 1.0, (2, -1): 1j, (6, 3): -0.5, (0, 5): 0.5 - 1j}
    return kousei.funahashi.fourier_series(coefficients, [(-1, 1)] * 2, 1e-4, activation=activation)


RANGED = {
    "1-D": lambda: FunahashiNetwork.from_function(lambda x: np.exp(x[..., 0]), [(0, 2)], tol=1e-6),
    "2-D": lambda: FunahashiNetwork.from_function(xor, [(0, 1)] * 2, tol=1e-3),
    "waves": lambda: waves("logistic"),
    "tanh": lambda: waves("tanh"),
    "erf": lambda: waves("erf"),
    "not merged": lambda: waves("logistic")._derive(_merged=0),
    "pruned": lambda: waves("logistic").prune(0.6),
}


@cache
def ranged(form: str) -> FunahashiNetwork:
    return RANGED[form]()


@pytest.mark.parametrize("form", RANGED)
@pytest.mark.parametrize("method", ["shared", "window", "table", "nufft"])
def test_thresholds_of_each_frequency(method: str, form: str, dtype: str) -> None:
    net = ranged(form)
    x = np.random.default_rng(0).uniform(-1, 2, (300, net.dim))
    expected = net(x, method="dense")
    bound = {"float64": 1e-14, "float32": 2e-6}[dtype] * scale(net)
    if method == "nufft":
        bound = {"float64": 1e-12, "float32": 1e-4}[dtype] * np.abs(net.amplitudes).sum()
    tried = net.astype(dtype)
    if method in tried.plan(300).nanoseconds:
        assert np.abs(tried(x.astype(dtype), method=method) - expected).max() <= bound
    else:
        logistic_alone = form == "erf" and method in ("shared", "window")
        assert logistic_alone or (method, dtype) == ("shared", "float32")


def test_auto_with_thresholds_of_each_frequency() -> None:
    net = waves("logistic")
    assert set(net.plan(10).nanoseconds) == {"dense", "shared", "window", "table", "nufft"}
    assert net.plan(1).method in ("shared", "window")
    assert net.plan(10**6).method in ("table", "nufft")
    x = np.random.default_rng(0).uniform(-1, 1, (20_000, 2))
    assert np.array_equal(net(x), net(x, method=net.plan(len(x)).method))
    assert np.abs(net(x) - net(x, method="dense")).max() <= 1e-12 * np.abs(net.amplitudes).sum()


def test_tables_that_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    net = waves("logistic")
    x = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    expected = net._derive()(x, method="table")
    monkeypatch.setattr("kousei.funahashi.table._KEPT_BYTES", 0)
    fresh = net._derive()
    for _ in range(2):
        assert np.array_equal(fresh(x, method="table"), expected)


@pytest.mark.parametrize("method", ["table", "nufft"])
def test_what_follows_from_other_frequencies_is_made_anew(method: str) -> None:
    net = waves("logistic")
    x = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    net(x, method=method)
    few = net.prune(0.6)
    assert len(few.frequencies) < len(net.frequencies)
    assert np.abs(few(x, method=method) - few(x, method="dense")).max() <= 1e-12 * np.abs(net.amplitudes).sum()


def test_few_thresholds_share_in_float32() -> None:
    for count, spacing in ((4, PI / 4), (20, PI / 4), (8, PI / 4)):
        net = network(count=count, spacing=spacing)
        x = np.random.default_rng(0).normal(0, 2, (100, 2))
        difference = net.astype("float32")(x.astype("float32"), method="shared") - net(x, method="dense")
        assert np.abs(difference).max() <= 2e-6 * scale(net)


@pytest.mark.parametrize("method", ["dense", "shared", "window", "table"])
def test_any_point(method: str) -> None:
    net = network(dim=1)
    far = np.array([[1e3], [-1e3], [1e12], [-1e12], [1e300], [0.0]])
    assert np.abs(net(far, method=method) - net(far, method="dense")).max() <= 1e-14 * scale(net)
    assert np.isnan(net(np.array([[np.nan]]), method=method)).all()
    x = np.linspace(-3, 3, 37)[:, None]
    together = net(x, method=method)
    alone = np.concatenate([net(x[i : i + 1], method=method) for i in range(37)])
    assert np.array_equal(together, alone), "a point's value depends on its neighbours"
    assert np.array_equal(net(np.vstack([x, np.full((1, 1), np.nan)]), method=method)[:-1], together)


def test_tables_go_by_blocks_of_points(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network(dim=2, count=40)
    x = np.random.default_rng(0).normal(size=(5, 20, 2))
    whole = net(x, method="table"), net.gradient(x, method="table")
    monkeypatch.setattr("kousei.funahashi.evaluation._BLOCK", 7)
    assert np.array_equal(net(x, method="table"), whole[0])
    assert np.array_equal(net.gradient(x, method="table"), whole[1])


@pytest.mark.parametrize("method", ["shared", "window", "table", "nufft"])
def test_threads_do_not_matter(method: str) -> None:
    net = network(dim=2, count=40)
    x = np.random.default_rng(0).normal(size=(3000, 2))
    same_for_threads(lambda: net(x, method=method))


@cache
def formed(form: str) -> FunahashiNetwork:
    if form == "ranges":
        return FunahashiNetwork.from_function(xor, [(0, 1)] * 2, tol=1e-3)
    return network().merge().halve() if form == "merged" else network()


@pytest.mark.parametrize("method", ["dense", "shared", "window", "table", "nufft", "separable"])
@pytest.mark.parametrize("form", ["plain", "merged", "ranges"])
def test_libraries_and_out(library: Library, method: str, form: str, dtype: str) -> None:
    net = formed(form).astype(dtype)
    x = np.random.default_rng(0).uniform(size=(2, 5, 2)).astype(dtype)
    given = library.asarray(x)
    there = net.like(given)
    if method == "separable" and not library.on_gpu:
        with pytest.raises(ValueError, match="method was 'separable': 'separable' is for CUDA arrays"):
            there(given, method=method)
        return
    scale = np.abs(net.to_mlp().weights[1]).sum() * np.finfo(dtype).eps
    tolerance = (
        scale
        + (20 if method in ("nufft", "separable") else 0)
        * np.abs(net.amplitudes).sum()
        * {"float64": 1e-14, "float32": 1e-6}[dtype]
    )
    result = there(given, method=method)
    assert type(result) is type(given)
    assert result.dtype == given.dtype
    np.testing.assert_allclose(library.numpy(result), net(x, method="dense"), rtol=0, atol=tolerance)
    if library.name != "numpy:read-only":
        out = library.asarray(np.empty((2, 5), dtype))
        assert there(given, out=out, method=method) is out
        np.testing.assert_array_equal(library.numpy(out), library.numpy(result))
    assert there(given[:0, ...], method=method).shape == (0, 5)
    single = there(given[0, 0, ...], method=method)
    assert single.shape == ()
    np.testing.assert_allclose(float(library.numpy(single)), net(x[0, 0], method="dense"), rtol=0, atol=tolerance)

    if method not in ("shared", "window"):
        gradient = there.gradient(given, method=method)
        assert type(gradient) is type(given)
        steep = np.abs(net.frequencies).max() + 1 / net.delta
        np.testing.assert_allclose(
            library.numpy(gradient), net.gradient(x, method="dense"), rtol=0, atol=tolerance * steep
        )


@given(
    st.sampled_from(["logistic", "tanh"]),
    st.floats(0.3, 2.0),
    st.floats(0.3, 2.8),
    st.floats(0.1, 3.0),
    st.integers(2, 60),
    st.integers(0, 2**32 - 1),
)
def test_any_bump(activation: str, delta: float, alpha: float, spacing: float, count: int, seed: int) -> None:
    """Also where 2 alpha delta/h is no integer and no units coincide."""
    rng = np.random.default_rng(seed)
    if abs(math.sin(alpha * delta)) < 1e-3:
        return
    t = spacing * np.arange(count) + rng.normal()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        net = FunahashiNetwork(
            rng.normal(0, 3, (5, 1)), rng.normal(size=5) + 1j, t, delta, alpha, activation=activation
        )
    x = rng.normal(0, 4, (50, 1))
    expected = net(x, method="dense")
    for method in ("shared", "window", "table"):
        if method not in net.plan(50).nanoseconds:
            assert method == "shared"
            continue
        values = net(x, method=method)
        assert np.abs(values - expected).max() <= 5e-15 * scale(net), method


def test_points_and_networks_that_are_not_for_nufft() -> None:
    net = network(dim=1)
    for bad in (np.nan, np.inf, 1e9):
        x = np.array([[0.0], [bad]])
        with pytest.raises(ValueError, match="method was 'nufft': x (has NaN|is far beyond)"):
            net(x, method="nufft")
        many = np.broadcast_to(x, (100_000, 2, 1)).reshape(-1, 1)
        assert np.array_equal(net(many)[:2], net(x, method="table"), equal_nan=True)
    w = np.random.default_rng(0).normal(size=(5, 1))
    with pytest.raises(ValueError, match="'nufft' is for frequencies on a grid"):
        FunahashiNetwork(w, w[:, 0], PI / 4 * np.arange(-20, 21), 1.0, PI / 2)(np.zeros((1, 1)), method="nufft")
    with pytest.raises(ValueError, match="up to 3 dimensions"):
        network(dim=4)(np.zeros((1, 4)), method="nufft")
    assert net(np.zeros((0, 1)), method="nufft").shape == (0,)


def test_plan() -> None:
    net = network(count=60)
    small, large = net.plan(1), net.plan(10**6)
    assert large.method in ("table", "nufft")
    assert small.method not in ("table", "nufft")
    assert set(large.nanoseconds) == {"dense", "shared", "window", "table", "nufft"}
    assert large.nanoseconds["dense"] > large.nanoseconds["shared"] > large.nanoseconds["table"]
    assert f"{large.method}, the cheapest by estimate: dense" in str(large)
    assert network("arctan").plan(10).method == "dense"
    assert network("erf").plan(10**6).method in ("table", "nufft")
    assert net.plan(0).nanoseconds["dense"] == 0
    with pytest.raises(TypeError, match="n_points was 1.5"):
        net.plan(1.5)
    with pytest.raises(ValueError, match="n_points was of type int; 0 to 9223372036854775807 is accepted"):
        net.plan(10**400)
    with pytest.raises(ValueError, match="n_points was -1"):
        net.plan(-1)


def test_auto_counts_what_the_thresholds_lack_at_the_points() -> None:
    """Where there is no box to tell it."""
    w = np.indices((30, 30)).reshape(2, -1).T - 15.0
    net = FunahashiNetwork(w, np.ones(len(w)), PI / 3 * np.arange(-60, 61), 0.9, PI / 1.8)
    x = np.random.default_rng(0).uniform(-1, 1, (1000, 2))
    assert net.plan(len(x)).method == "nufft"
    assert np.array_equal(net(x / 10), net(x / 10, method="nufft"))
    assert np.array_equal(net(5 * x), net(5 * x, method="table"))


def test_bad_method() -> None:
    x = np.zeros((1, 2))
    with pytest.raises(
        ValueError, match="method was 'fast'; 'auto', 'dense', 'shared', .*, 'nufft' and 'separable' are accepted"
    ):
        network()(x, method="fast")
    for method in ("shared", "window"):
        with pytest.raises(ValueError, match=f"method was '{method}': '{method}' is for logistic and tanh units"):
            network("erf")(x, method=method)
    with pytest.raises(ValueError, match="'table' is for logistic, tanh and erf units, and these are arctan"):
        network("arctan")(x, method="table")


def test_low_level_table_is_checked() -> None:
    from kousei._lib import _core

    arguments = {
        "frequencies": np.ones((3, 2)),
        "amplitudes": np.ones((3, 2)),
        "center": np.zeros(2),
        "offset": 0.0,
        "values": np.zeros((4, 9, 2)),
        "first": 0.0,
        "cells_per_unit": 1.0,
        "x": np.zeros((5, 2)),
        "out": np.zeros(5),
        "on": _core.cpu.Cpu(),
    }
    _core.cpu.funahashi_evaluate_table(**arguments)
    for name, shape in {
        "amplitudes": (2, 2),
        "center": (3,),
        "values": (4, 8, 2),
        "x": (5, 3),
        "out": (4,),
    }.items():
        with pytest.raises(ValueError, match=f"{name} has shape"):
            _core.cpu.funahashi_evaluate_table(**(arguments | {name: np.zeros(shape)}))
    with pytest.raises(ValueError, match="values has no cells"):
        _core.cpu.funahashi_evaluate_table(**(arguments | {"values": np.zeros((0, 9, 2))}))


def test_low_level_ranges_are_checked() -> None:
    from kousei._lib import _core

    net = FunahashiNetwork.from_function(xor, [(0, 1)] * 2, tol=1e-2)
    arguments = net._arrays | net._ranges
    arguments |= {"spacing": net._spacing, "delta": net.delta, "alpha": net.alpha}
    arguments |= {"activation": _core.Activation.logistic}
    arguments |= {"x": np.zeros((1, 2)), "out": np.zeros(1), "on": _core.cpu.Cpu(), "offset": net.offset}
    arguments |= {"merged": net._merged, "units": net.units}
    _core.cpu.funahashi_evaluate(**arguments)
    bumps, starts = net._ranges["bumps"], net._ranges["starts"]
    for change in (
        {"bumps": bumps + len(net.thresholds)},
        {"bumps": bumps - len(net.thresholds)},
        {"bumps": bumps[:, ::-1].copy()},
        {"starts": starts + 1},
        {"units": net.units + 1},
        {"merged": net._merged + 1},
    ):
        with pytest.raises(ValueError, match="bumps, starts and units do not fit"):
            _core.cpu.funahashi_evaluate(**(arguments | change))
    with pytest.raises(ValueError, match="bumps has shape"):
        _core.cpu.funahashi_evaluate(**(arguments | {"bumps": bumps[:1]}))
    with pytest.raises(TypeError, match="bumps came without starts"):
        _core.cpu.funahashi_evaluate(**(arguments | {"starts": None}))
    none = {"thresholds": np.zeros(0), "phases": np.zeros((0, 2)), "merged": 0, "bumps": None, "starts": None}
    for method in ("shared", "window"):
        with pytest.raises(ValueError, match="method is not for this network"):
            _core.cpu.funahashi_evaluate(**(arguments | none | {"method": _core.FunahashiMethod[method]}))
    with pytest.raises(ValueError, match="merged was 99; 0 to"):
        _core.cpu.funahashi_evaluate(**(arguments | {"merged": 99}))


@pytest.mark.parametrize(("h", "delta"), [(1.5, 0.03), (3.0, 0.1), (3.0, 0.03), (1.5, 0.1)])
def test_thresholds_far_apart(h: float, delta: float, dtype: str) -> None:
    """Many aliases count, and exponentials of a few thresholds overflow."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        net = FunahashiNetwork([[1.0], [2.0]], [1.0, 0.5j], h * np.arange(-20, 21), delta, PI / 2 / delta)
    net = net.astype(dtype)
    x = np.linspace(-40, 40, 801)[:, None].astype(dtype)
    expected, steep = net(x, method="dense"), net.gradient(x, method="dense")
    # Rounding of a phase moves a value by the slope.
    slope = np.abs(steep).max() * 40 * np.finfo(dtype).eps
    for method in net.plan(len(x)).nanoseconds:
        bound = {"float64": 1e-12, "float32": 1e-4}[dtype] * scale(net) + 4 * slope
        assert np.abs(net(x, method=method) - expected).max() <= bound, method
        if method in ("table", "nufft"):
            assert np.abs(net.gradient(x, method=method) - steep).max() <= 4 * bound / delta, method


def test_nufft_refuses_more_waves_than_it_is_worth() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        net = FunahashiNetwork([[1.0]], [1.0], 3.0 * np.arange(-20, 21), 0.006, PI / 2 / 0.006)
    with pytest.raises(
        ValueError, match="the thresholds are too far apart for 'nufft': it takes more than 100 waves"
    ):
        net(np.zeros((5, 1)), method="nufft")
