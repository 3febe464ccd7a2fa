"""How construct calls a function, and what it refuses."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import kousei
from kousei.activation import tanh
from kousei.front import NotReachedError
from support import largest_error

Function = Callable[[np.ndarray], np.ndarray]
UNIT, SQUARE = ([(0.0, 1.0)] * dim for dim in (1, 2))


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
        kousei.construct(lambda x: np.exp(x[:, 0]), **{"bounds": UNIT} | arguments)
