"""construct: a function and a tolerance in, a network and what it promises out."""

import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import kousei
from kousei.activation import tanh
from kousei.activation.named import resolve
from kousei.front import ConstructedNetwork, NotReachedError, Report, benchmark_functions
from kousei.front.candidates import Candidate
from kousei.front.construction import _Construction
from kousei.front.network import rounding_of
from kousei.front.problem import HELD_OUT, Problem
from support import share

Function = Callable[[np.ndarray], np.ndarray]
UNIT, SQUARE, CUBE = ([(0.0, 1.0)] * dim for dim in (1, 2, 3))


def quartic(x: np.ndarray) -> np.ndarray:
    return (x[:, 0] - 1) * (x[:, 0] - 2) * (x[:, 0] - 3) * (x[:, 0] - 4)


def runge(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + 25 * x[:, 0] ** 2)


def xor(x: np.ndarray) -> np.ndarray:
    return (1 - np.cos(np.pi * x[:, 0]) * np.cos(np.pi * x[:, 1])) / 2


franke = benchmark_functions((2,))["Franke"].f


def exponential(x: np.ndarray) -> np.ndarray:
    return np.exp(x[:, 0])


def genz(name: str, dim: int) -> Function:
    return benchmark_functions((dim,), rng=dim)[f"{name} {dim}-D"].f


def largest_error(net: kousei.MLP, f: Function, bounds: list[tuple[float, float]], seed: int = 1) -> float:
    lo, hi = np.array(bounds).T
    x = lo + (hi - lo) * np.random.default_rng(seed).uniform(size=(10_000, len(lo)))
    return float(np.abs(net(x) - f(x)).max())


@pytest.mark.parametrize(
    ("f", "bounds", "units"),
    [
        (quartic, [(0.0, 5.0)], 6),
        (runge, [(-1.0, 1.0)], 20),
        (xor, SQUARE, 20),
        (franke, SQUARE, 48),
        (genz("oscillatory", 1), UNIT, 12),
        (genz("oscillatory", 2), SQUARE, 12),
        (genz("oscillatory", 3), CUBE, 14),
        (genz("product peak", 1), UNIT, 20),
        (genz("product peak", 2), SQUARE, 48),
        (genz("product peak", 3), CUBE, 60),
        (genz("corner peak", 2), SQUARE, 12),
        (genz("corner peak", 3), CUBE, 12),
        (genz("Gaussian", 2), SQUARE, 32),
        (genz("Gaussian", 3), CUBE, 48),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_must_succeed_with_so_many_units(f: Function, bounds: list[tuple[float, float]], units: int) -> None:
    net = kousei.construct(f, bounds, 1e-6, rng=0)
    assert largest_error(net, f, bounds) <= 1e-6
    assert net.units <= units
    bound = net.error_bound()
    assert bound.total <= 1e-6
    assert bound.kind == "estimated"
    assert bound.points >= HELD_OUT


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_genz_continuous_and_discontinuous(dim: int) -> None:
    bounds = [(0.0, 1.0)] * dim
    f = genz("continuous", dim)
    net = kousei.construct(f, bounds, 1e-2, rng=0)
    assert largest_error(net, f, bounds) <= 1e-2
    assert net.units <= 60
    with pytest.raises(NotReachedError, match=r"along x_\d.* it jumps at 0\.\d+, by .* times the tolerance"):
        kousei.construct(genz("discontinuous", dim), bounds, 1e-2, rng=0)


@pytest.mark.parametrize("name", ["oscillatory", "product peak", "corner peak", "Gaussian"])
@pytest.mark.parametrize("dim", [5, 10])
def test_many_variables(name: str, dim: int) -> None:
    f, bounds = genz(name, dim), [(0.0, 1.0)] * dim
    net = kousei.construct(f, bounds, 1e-6, rng=0)
    assert largest_error(net, f, bounds) <= 1e-6
    assert net.units <= 120


def test_affine_functions_take_no_units() -> None:
    net = kousei.construct(lambda x: 3 - 2 * x[:, 0] + x[:, 1], SQUARE, 1e-9)
    assert net.units == 0
    assert abs(net(np.array([0.25, 0.5])) - 3) < 1e-12
    assert kousei.construct(lambda x: np.full(len(x), 7.0), CUBE).units == 0


def test_a_root_in_few_lines() -> None:
    net = kousei.construct(lambda x: np.sqrt(x[:, 0]), UNIT, 1e-4, rng=0)
    assert largest_error(net, lambda x: np.sqrt(x[:, 0]), UNIT) <= 1e-4
    assert net.units <= 120


def test_a_ridge_function_on_a_slope() -> None:
    def f(x: np.ndarray) -> np.ndarray:
        return np.abs(x @ [1.0, -2.0, 0.5] - 0.1) + x @ [3.0, 1.0, 1.0]

    net = kousei.construct(f, CUBE, 1e-8, rng=0)
    assert largest_error(net, f, CUBE) <= 1e-8
    assert net.units <= 4
    assert kousei.construct(f, CUBE, 1e-8, activation="relu", rng=0).units <= 4


# Random functions.


def _ridges(draw: np.random.Generator, dim: int) -> Function:
    a = draw.normal(size=(draw.integers(1, 4), dim))
    shift, size = draw.uniform(0, 6, size=len(a)), draw.normal(size=len(a))
    return lambda x: np.sin(x @ a.T * 2 + shift) @ size


def _polynomials(draw: np.random.Generator, dim: int) -> Function:
    powers, size = draw.integers(0, 4, size=(draw.integers(1, 6), dim)), draw.normal(size=6)
    return lambda x: sum(c * np.prod(x**p, axis=1) for c, p in zip(size, powers, strict=False))


def _bumps(draw: np.random.Generator, dim: int) -> Function:
    centers, widths = draw.uniform(-1, 1, size=(2, dim)), draw.uniform(0.4, 2, size=2)
    return lambda x: sum(np.exp(-(((x - c) / w) ** 2).sum(axis=1)) for c, w in zip(centers, widths, strict=True))


def _kinks(draw: np.random.Generator, dim: int) -> Function:
    a, b = draw.normal(size=dim), draw.uniform(-0.5, 0.5)
    return lambda x: np.abs(x @ a - b) + 0.3 * x[:, 0]


def _singular(draw: np.random.Generator, dim: int) -> Function:
    c, power = draw.uniform(-1, 1, size=dim), draw.uniform(0.3, 1.5)
    return lambda x: (((x - c) ** 2).sum(axis=1) + 1e-12) ** (power / 2)


def _jumps(draw: np.random.Generator, dim: int) -> Function:
    a, b = draw.normal(size=dim), draw.uniform(-0.5, 0.5)
    return lambda x: np.where(x @ a > b, 1.0, np.sin(x[:, 0]))


def _waves(draw: np.random.Generator, dim: int) -> Function:
    a, shift = draw.normal(scale=20, size=dim), draw.uniform(0, 6)
    return lambda x: np.sin(x @ a + shift) * np.cos(x).prod(axis=1)


CLASSES = (_ridges, _polynomials, _bumps, _kinks, _singular, _jumps, _waves)


def _network_or_reason(kind: Any, dim: int, seed: int, digits: int) -> None:
    f = kind(np.random.default_rng(seed), dim)
    draw = np.random.default_rng(seed + 1)
    lo = draw.uniform(-1, 0, size=dim)
    bounds = list(zip(lo.tolist(), (lo + draw.uniform(0.5, 1, size=dim)).tolist(), strict=True))
    tol = 10.0**-digits
    try:
        net = kousei.construct(f, bounds, tol, rng=seed)
    except NotReachedError as error:
        refusal = error
    else:
        assert largest_error(net, f, bounds, seed) <= tol
        assert net.report.chosen.units == net.units
        return
    assert re.match(r"tol was .*accepted", str(refusal), re.S)
    assert all(attempt.why and not attempt.chosen for attempt in refusal.report)


@settings(max_examples=share(25), derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(CLASSES), st.integers(1, 4), st.integers(0, 2**20), st.integers(1, 6))
def test_a_network_that_holds_or_a_reason(kind: Any, dim: int, seed: int, digits: int) -> None:
    _network_or_reason(kind, dim, seed, digits)


@pytest.mark.slow
@settings(max_examples=share(200), suppress_health_check=list(HealthCheck))
@given(st.sampled_from(CLASSES), st.integers(1, 4), st.integers(0, 2**20), st.integers(1, 6))
def test_networks_that_hold_or_reasons(kind: Any, dim: int, seed: int, digits: int) -> None:
    _network_or_reason(kind, dim, seed, digits)


# How f is called, and what f may not be.


@pytest.mark.parametrize(
    ("f", "said"),
    [
        (lambda x, y: np.exp(x + y), "takes one array for each coordinate"),
        (lambda p: float(np.exp(p[0] + p[1])), "takes one point at a time"),
        (lambda x, y: np.exp(float(x) + float(y)), "takes the coordinates of one point at a time"),
    ],
    ids=["coordinates", "points", "numbers"],
)
def test_functions_that_take_no_points_are_wrapped(f: Callable[..., Any], said: str) -> None:
    with pytest.warns(UserWarning, match=said) as caught:
        net = kousei.construct(f, SQUARE, 1e-4, rng=0)
    assert caught[0].filename == __file__
    assert largest_error(net, lambda x: np.exp(x.sum(axis=1)), SQUARE) <= 1e-4


def test_functions_of_one_variable_may_keep_its_axis() -> None:
    with pytest.warns(UserWarning, match="one array for each coordinate"):
        assert kousei.construct(np.sin, UNIT, 1e-4).units < 8


def noisy() -> Function:
    draw = np.random.default_rng(0)
    return lambda x: np.exp(x[:, 0]) + 1e-3 * draw.normal(size=len(x))


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (3, TypeError, "f was int; a callable is accepted"),
        (lambda x: "a", TypeError, r"f\(x\) has dtype <U1; real values are accepted"),
        (lambda: 1, ValueError, r"f takes no points \(n, 1\), nor coordinates, nor one point at a time"),
        (lambda x: np.exp(1j * x[:, 0]), TypeError, r"f\(x\) has dtype complex128; real values are accepted"),
        (lambda x: np.where(x[:, 0] > 0.6, np.nan, 1), ValueError, r"f was nan at \[0\.\d+\]; finite values"),
        (lambda x: np.where(abs(x[:, 0] - 0.5) < 1e-3, np.inf, 1), ValueError, r"f was inf at \[0\.\d+\]"),
        (noisy(), ValueError, "in two calls; a function of the point alone is accepted, and kousei.fit"),
        (lambda x: x[:, 0] - x[:, 0].mean(), ValueError, "in two calls"),
        (lambda x: x[:, 0] / x[:, 0].max(), ValueError, "in two calls"),
        (lambda x: np.sin(x[:, :1] * 2)[::2], ValueError, r"Of 23 points: ValueError: f\(x\) has shape \(12, 1\)"),
        (
            lambda x: 1e12 * np.exp(x[:, 0]),
            ValueError,
            r"tol was 1e-06, below the rounding of .*; at least 0\.0\d+ is",
        ),
    ],
    ids=[
        "number",
        "text",
        "no argument",
        "complex",
        "nan",
        "inf later",
        "noisy",
        "mean",
        "largest",
        "shape",
        "rounding",
    ],
)
def test_what_f_may_not_be(f: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        kousei.construct(f, UNIT)


def test_functions_may_change_their_argument_and_what_they_returned() -> None:
    returned = np.zeros(1 << 20)

    def f(x: np.ndarray) -> np.ndarray:
        x *= 2
        np.sin(x[:, 0] * x[:, 1], out=returned[: len(x)])
        return returned[: len(x)]

    net = kousei.construct(f, SQUARE, 1e-4, rng=0)
    assert largest_error(net, lambda x: np.sin(4 * x[:, 0] * x[:, 1]), SQUARE) <= 1e-4


def test_noise_that_is_the_same_in_every_call_is_named() -> None:
    with pytest.raises(NotReachedError, match="it is noisy, or oscillates, near"):
        kousei.construct(lambda x: np.exp(x[:, 0]) + 1e-3 * np.sin(1e9 * x[:, 0]), UNIT, 1e-6)


def test_what_f_raises_is_raised() -> None:
    def f(x: np.ndarray) -> np.ndarray:
        if len(x) > 100:
            raise KeyError("mine")
        return np.exp(x[:, 0])

    with pytest.raises(KeyError, match="mine"):
        kousei.construct(f, UNIT)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"bounds": [(1, 0)]}, ValueError, "bounds was .*; finite lo < hi are accepted"),
        ({"bounds": [(0, 1)] * 11}, ValueError, "bounds has 11 dimensions; up to 10 are accepted"),
        ({"bounds": [(-1e308, 1e308)]}, ValueError, r"bounds has \(-1e\+308, 1e\+308\); pairs whose difference is"),
        ({"tol": 0}, ValueError, "tol was 0; a positive finite number"),
        ({"tol": "small"}, TypeError, "tol was 'small'"),
        ({"activation": "sigmoid"}, ValueError, "activation was 'sigmoid'"),
        ({"activation": kousei.activation.Mixed([(tanh, 2)])}, ValueError, "one of any unit is accepted"),
        ({"activation": kousei.Activation("log", np.log1p)}, ValueError, "activation was 'log', whose values on"),
        ({"max_units": -1}, ValueError, "max_units was -1; at least 0"),
        ({"max_units": 2.5}, TypeError, "max_units was 2.5; an integer"),
        ({"target": "memory"}, ValueError, "target was 'memory'; 'units' and 'time' are accepted"),
        ({"max_evaluations": 0}, ValueError, "max_evaluations was 0; at least 1"),
        ({"progress": 1}, TypeError, "progress was 1; True and False"),
        ({"rng": "dice"}, TypeError, "rng was 'dice'"),
    ],
)
def test_arguments(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        kousei.construct(exponential, **{"bounds": UNIT} | arguments)


# Options.


@pytest.mark.parametrize("activation", ["logistic", "erf", "relu", "hat", "gelu", "repu2", "softplus"])
def test_activations(activation: str) -> None:
    def f(x: np.ndarray) -> np.ndarray:
        return np.exp(x[:, 0] * x[:, 1])

    net = kousei.construct(f, SQUARE, 3e-2, activation=activation, rng=0)
    assert all(phi == resolve(activation) for phi in net.activations)
    assert largest_error(net, f, SQUARE) <= 3e-2


def test_an_activation_of_ones_own() -> None:
    sine = kousei.Activation("sine", np.sin)
    net = kousei.construct(exponential, UNIT, 1e-4, activation=sine, rng=0)
    assert net.activations == (sine,)
    assert largest_error(net, exponential, UNIT) <= 1e-4


def test_few_units_are_too_few() -> None:
    with pytest.raises(NotReachedError, match="with at most 5 units.*a larger tol, or more units") as caught:
        kousei.construct(franke, SQUARE, 1e-6, max_units=5, rng=0)
    assert len(caught.value.report) > 5
    assert caught.value.report.chosen is None
    assert "random directions" in str(caught.value)


@pytest.mark.parametrize("most", [20, 500, 5000])
def test_evaluations_are_counted(most: int) -> None:
    counted = []

    def f(x: np.ndarray) -> np.ndarray:
        counted.append(len(x))
        return franke(x)

    try:
        net = kousei.construct(f, SQUARE, 1e-2, max_evaluations=most, rng=0)
    except NotReachedError as error:
        message = str(error)
        assert "max_evaluations" in message
    else:
        assert largest_error(net, franke, SQUARE) <= 1e-2
    assert sum(counted) <= most + 100


def test_few_evaluations_are_left_to_constructors() -> None:
    def f(x: np.ndarray) -> np.ndarray:
        return np.exp(x[:, 0]) * np.sin(x[:, 1] * x[:, 2])

    net = kousei.construct(f, CUBE, 1e-3, max_evaluations=10000, rng=0)
    assert largest_error(net, f, CUBE) <= 1e-3


def test_time_as_target() -> None:
    net = kousei.construct(exponential, UNIT, 1e-3, target="time", rng=0)
    assert largest_error(net, exponential, UNIT) <= 1e-3
    made = [attempt for attempt in net.report if "ms for 4096 points" in attempt.why]
    assert len(made) >= 3
    assert net.report.chosen in made


def test_the_same_seed_makes_the_same_network() -> None:
    nets = [
        kousei.construct(lambda x: np.exp(x[:, 0] * x[:, 1] ** 2), SQUARE, 1e-3, activation="tanh", rng=7)
        for _ in "ab"
    ]
    for one, other in zip(nets[0].weights, nets[1].weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_progress(capsys: pytest.CaptureFixture[str]) -> None:
    kousei.construct(exponential, UNIT, 1e-3, progress=True)
    assert "construct: 100%" in capsys.readouterr().err


@pytest.mark.parametrize("kind", [np.polynomial.Polynomial, np.polynomial.Chebyshev, np.polynomial.Legendre])
def test_polynomials_of_numpy_are_proven(kind: type) -> None:
    series = kind([1.0, -2.0, 0.5, 3.0], domain=[-2, 3])
    net = kousei.construct(series, [(-1.0, 2.0)], 1e-9)
    bound = net.error_bound()
    assert (bound.kind, bound.approximation, bound.points) == ("proven", 0, 0)
    assert largest_error(net, lambda x: series(x[:, 0]), [(-1.0, 2.0)]) <= bound.total <= 1e-9
    assert len(net.report) == 1
    # With too few units for that, it is a function as any other.
    assert kousei.construct(series, [(-1.0, 2.0)], 1e-3, max_units=5).error_bound().kind == "estimated"
    with pytest.raises(ValueError, match="bounds has 2 dimensions and f is a polynomial of one variable"):
        kousei.construct(series, SQUARE)


def test_a_polynomial_of_numpy_takes_few_evaluations() -> None:
    net = kousei.construct(np.polynomial.Chebyshev([1.0, 2.0, 3.0]), UNIT, 1e-9, max_evaluations=1)
    assert net.error_bound().kind == "proven"


def test_polynomials_whose_coefficients_are_rounded_are_not_proven() -> None:
    # Wilkinson's: in float64 neither NumPy nor the network has it to more than 1e13 at 21, of 2e18.
    series = np.polynomial.Polynomial.fromroots(np.arange(1, 21))
    with pytest.raises(NotReachedError, match="no constructor reaches it") as caught:
        kousei.construct(series, [(0, 21)], 1e10)
    assert caught.value.report[0].error > 1e11


# What is returned.


def test_no_constructor_is_given_a_point_that_is_held_out() -> None:
    for dim in (1, 2, 3):
        given: list[np.ndarray] = []

        def f(x: np.ndarray, given: list[np.ndarray] = given) -> np.ndarray:
            given.append(x.copy())
            return np.abs(x[:, 0] - 0.3 * x[:, -1] ** 2) ** 1.5 * np.exp(x[:, -1])

        net = kousei.construct(f, [(0.0, 1.0)] * dim, 1e-2, rng=0)
        inside = net.report.points[1 << dim :]
        assert ((inside > 0) & (inside < 1)).all()
        points = {row.tobytes() for row in inside}
        assert len(points) == HELD_OUT - (1 << dim)
        held_out = [len(points & {row.tobytes() for row in x}) for x in given]
        assert sorted(held_out)[-2:] == [0, len(points)]


@pytest.fixture(scope="module")
def network() -> ConstructedNetwork:
    return kousei.construct(franke, SQUARE, 1e-2, rng=0)


def test_bounds_of_errors(network: ConstructedNetwork) -> None:
    bound = network.error_bound()
    assert largest_error(network, franke, SQUARE) <= bound.total <= 1e-2
    assert bound.total == bound.approximation + bound.rounding
    assert network.error_bound([(0.2, 0.3), (0.5, 0.5)]) == bound
    with pytest.raises(ValueError, match="box was .*; one inside that of the construction"):
        network.error_bound([(0, 2), (0, 1)])


def test_bounds_are_above_what_was_found(network: ConstructedNetwork) -> None:
    report = network.report
    np.testing.assert_allclose(report.errors, np.abs(network(report.points) - franke(report.points)), atol=1e-14)
    assert network.error_bound().approximation >= 1.25 * report.errors.max()


def test_differences_are_looked_for_around_the_worst_points() -> None:
    # A network that is right but for a spike between the points that are held out.
    problem = Problem(exponential, np.zeros(1), np.ones(1), 1e-2, None, np.random.default_rng(0))
    points = np.sort(problem.held_out[0][:, 0])
    widest = np.diff(points).argmax()
    gap = points[widest + 1] - points[widest]
    place, spike = points[widest] + 0.35 * gap, 2 / gap
    weight = spike * np.ones((3, 1))
    bias = -spike * (place + np.array([-1, 0, 1]) / spike)
    hat = kousei.MLP([weight, np.array([[9e-3, -18e-3, 9e-3]])], [bias, np.zeros(1)], ["relu"])
    net = kousei.construct(exponential, UNIT, 1e-9) + hat
    work = _Construction(problem, 100, "units")
    made = work._checked(net)
    assert made.errors.max() < 5e-3
    assert made.origin.approximation > 1.25 * 8e-3


def test_linear_algebra_that_fails_is_reported() -> None:
    problem = Problem(exponential, np.zeros(1), np.ones(1), 1e-2, None, np.random.default_rng(0))
    work = _Construction(problem, 100, "units")
    work.attempt(Candidate("inverse", lambda problem, most: np.linalg.inv(np.zeros((2, 2)))))
    (attempt,) = work.attempts
    assert attempt.error is None
    assert attempt.why.startswith("linear algebra in float64 fails: Singular matrix")


def test_rounding_by_hand() -> None:
    net = kousei.MLP([np.array([[3.0]]), np.array([[-2.0]])], [np.array([1.0]), np.array([0.5])], ["tanh"])
    x, z = 0.2, 3 * 0.2 + 1
    of_first = 2 * (1 - np.tanh(z) ** 2) * (2 * 3 * x + 1)  # the weight and x, the bias
    of_last = 2 * (2 * np.tanh(z)) + 0.5
    assert rounding_of(net, np.array([[x], [0.0]])) == pytest.approx(of_first + of_last, rel=1e-8)


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_values_whose_squares_no_float_holds(size: float) -> None:
    def f(x: np.ndarray) -> np.ndarray:
        return size * np.sin(3 * x[:, 0] * x[:, 1])

    net = kousei.construct(f, SQUARE, 1e-4 * size, rng=0)
    assert largest_error(net, f, SQUARE) <= net.error_bound().total <= 1e-4 * size


@pytest.mark.parametrize(("dim", "width"), [(1, 1e-5), (2, 1e-3), (3, 1e-2)])
def test_bumps_that_hardly_any_point_sees_are_refused(dim: int, width: float) -> None:
    # Where constructors see nothing they make constants; held-out points, or others, are on the bump.
    problem = Problem(exponential, np.zeros(dim), np.ones(dim), 1e-4, None, np.random.default_rng(0))
    center = problem.held_out[0][100]
    with pytest.raises(NotReachedError):
        kousei.construct(lambda x: np.exp(-np.sum(((x - center) / width) ** 2, axis=1)), problem.bounds, 1e-4, rng=0)


def test_corners_are_seen() -> None:
    # In ten dimensions no point that fills the box is near one.
    def f(x: np.ndarray) -> np.ndarray:
        return x.sum(axis=1) + np.exp(-30 * (10 - x.sum(axis=1)))

    net = kousei.construct(f, [(0.0, 1.0)] * 10, 1e-3, rng=0)
    assert abs(net(np.ones((1, 10)))[0] - 11) <= 1e-3


def test_functions_within_the_tolerance_of_a_constant_take_no_units() -> None:
    net = kousei.construct(lambda x: 5 + 1e-3 * np.sin(x @ [3.0, 4.0]), SQUARE, 0.1)
    assert net.units == 0


def test_single_precision_has_a_bound_of_its_own(network: ConstructedNetwork) -> None:
    single = network.astype("float32")
    assert type(single) is ConstructedNetwork
    bound = single.error_bound()
    assert bound.rounding == pytest.approx(2**29 * network.error_bound().rounding)
    x = np.random.default_rng(0).uniform(size=(1000, 2))
    off = np.abs(single(x.astype("float32")) - network(x.astype("float32").astype("float64")))
    assert off.max() <= bound.rounding


def test_files(network: ConstructedNetwork, tmp_path: Path) -> None:
    kousei.save(tmp_path / "net", network)
    for copy in (kousei.load(tmp_path / "net"), pickle.loads(pickle.dumps(network))):
        assert type(copy) is ConstructedNetwork
        assert copy.error_bound() == network.error_bound()
        assert list(copy.report) == list(network.report)
        np.testing.assert_array_equal(copy.report.errors, network.report.errors)
        np.testing.assert_allclose(copy.report.points, network.report.points, rtol=1e-15)
        x = np.random.default_rng(0).uniform(size=(10, 2))
        np.testing.assert_array_equal(copy(x), network(x))


def test_files_are_read_before_the_room_is_loaded(network: ConstructedNetwork, tmp_path: Path) -> None:
    kousei.save(tmp_path / "net", network)
    script = f"import kousei; print(type(kousei.load({str(tmp_path / 'net')!r})).__name__)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "ConstructedNetwork\n"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"points": -1}, "points was -1"),
        ({"report": [1]}, "the report has a row that is not"),
        ({"report": [["a", "b", None, 0.0, 1, False, ""]]}, "the report has 'b' for units"),
        ({"report": 3}, "'report' was 3"),
    ],
)
def test_files_that_are_none(network: ConstructedNetwork, change: dict[str, Any], message: str) -> None:
    config, tensors = kousei.front.files.to_state(network)
    with pytest.raises(ValueError, match=message):
        kousei.front.files.from_state(config | change, tensors)
    with pytest.raises(ValueError, match="errors are not up to 16384 numbers"):
        kousei.front.files.from_state(config, tensors | {"errors": np.full(3, -1.0)})
    with pytest.raises(ValueError, match="no box of finite lo < hi"):
        kousei.front.files.from_state(config, tensors | {"hi": tensors["lo"]})


def test_what_networks_can_do(network: ConstructedNetwork) -> None:
    smooth = kousei.construct(lambda x: np.exp(x[:, 0] * x[:, 1]), SQUARE, 1e-3, activation="tanh", rng=0)
    x = np.array([[0.3, 0.4]])
    np.testing.assert_allclose(smooth.jet(x).jacobian.ravel(), np.exp(0.12) * np.array([0.4, 0.3]), atol=0.05)
    relu = kousei.construct(exponential, UNIT, 1e-2, activation="relu")
    assert isinstance(kousei.binarize(relu, "dyadic"), kousei.BinaryNetwork)
    assert kousei.io.to_onnx(network) is not None


# The report.


def test_reports_print_as_tables(network: ConstructedNetwork) -> None:
    report = network.report
    lines = str(report).splitlines()
    assert lines[0].split() == ["constructor", "units", "error", "seconds", "f(x)", "why"]
    assert len(lines) == len(report) + 1
    (chosen,) = (line for line in lines if line.startswith("* "))
    assert report.chosen.name in chosen
    assert str(network.units) in chosen
    assert chosen.endswith("fewest units")
    assert repr(report) == f"Report({len(report)} attempts, chosen: {report.chosen.name})"
    assert repr(Report([])) == "Report(0 attempts, chosen: none)"
    assert str(Report([])).split() == ["constructor", "units", "error", "seconds", "f(x)", "why"]
    assert list(report[:2]) == [report[0], report[1]]
    assert all(attempt.why for attempt in report)
    assert sum(attempt.evaluations for attempt in report) < 1 << 18


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_maps_of_errors(dim: int) -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    report = kousei.construct(lambda x: np.exp(x.sum(axis=1)), [(0, 1)] * dim, 1e-3).report
    ax = report.draw()
    assert ax.get_xlabel() == "x_1"
    assert ax.get_ylabel() == ("error" if dim == 1 else "x_2")
    assert report.draw(ax) is ax
    pyplot.close("all")
    with pytest.raises(ValueError, match="no network was constructed"):
        Report([]).draw()
