"""Finite Fourier series, parity, and output weights fitted instead of written down."""

import math
import warnings
from collections.abc import Callable

import numpy as np
import pytest

from kousei.funahashi import FunahashiNetwork, fourier_series, parity
from support import quartic, xor

PI = math.pi
XOR_SERIES = {(0, 0): 0.5, (1, 1): -0.25, (1, -1): -0.25}


@pytest.mark.parametrize("tol", [1e-2, 1e-3, 1e-5, 1e-7, 1e-9])
@pytest.mark.parametrize("activation", ["logistic", "erf"])
def test_xor_as_a_series(tol: float, activation: str) -> None:
    net = fourier_series(XOR_SERIES, [(0, 1)] * 2, tol, period=2, activation=activation)
    axis = np.linspace(0, 1, 101)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    bound = net.error_bound()
    assert np.abs(net(grid) - xor(grid)).max() <= bound.total <= tol
    assert (bound.kind, bound.fourier) == ("proven", 0.0)
    assert net.offset == 0.5
    assert len(net.frequencies) == 2


def test_xor_with_a_hundred_units() -> None:
    """In closed form, to 1e-7."""
    axis = np.linspace(0, 1, 101)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    net = fourier_series(XOR_SERIES, [(0, 1)] * 2, 1e-7, period=2, activation="erf")
    assert net.units <= 100
    assert np.abs(net(grid) - xor(grid)).max() <= 1e-7


def test_one_dimension_and_complex_coefficients() -> None:
    net = fourier_series({1: 1 - 2j, 3: 0.5j, -1: 0.25}, [(-1, 2)], 1e-8)
    x = np.linspace(-1, 2, 301)
    expected = sum((c * np.exp(2j * PI * k * x / 3)).real for k, c in ((1, 1 - 2j), (3, 0.5j), (-1, 0.25)))
    assert np.abs(net(x[:, None]) - expected).max() <= 1e-8


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (({}, [(0, 1)]), ValueError, "coefficients is empty"),
        (({(1, 1): 1.0}, [(0, 1)]), ValueError, r"has the key \(1, 1\); a tuple of 1 integers"),
        (({1.5: 1.0}, [(0, 1)]), ValueError, "has the key 1.5"),
        (({1: math.nan}, [(0, 1)]), ValueError, "NaN or infinite"),
        (({1: "x"}, [(0, 1)]), TypeError, "coefficients has dtype"),
        (({1: 1.0}, [(0, 1)], 0.0), ValueError, "tol was 0.0"),
        (({1: 1.0}, [(0, 1)], 1e-17), ValueError, "rounding stops it"),
    ],
)
def test_bad_series(arguments: tuple, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        fourier_series(*arguments)
    with pytest.raises(ValueError, match="period was -1"):
        fourier_series({1: 1.0}, [(0, 1)], period=-1)


@pytest.mark.parametrize("dim", [1, 2, 5, 12])
def test_parity(dim: int) -> None:
    net = parity(dim)
    corners = (np.arange(2**dim)[:, None] >> np.arange(dim) & 1).astype(float)
    assert net.units == dim
    assert np.abs(net(corners) - corners.sum(axis=1) % 2).max() < 1e-14


def test_parity_golden() -> None:
    net = parity(2, 4.0)
    weights = [*net.weights[1][0], net.biases[1][0]]
    np.testing.assert_allclose(weights, [1.550714912931, -1.550714912931, -0.1810154152416], rtol=1e-12)
    for bad in (0, 65):
        with pytest.raises(ValueError, match=f"dim was {bad}"):
            parity(bad)
    with pytest.raises(TypeError, match="dim was 2.0"):
        parity(2.0)
    with pytest.raises(ValueError, match="scale was 0.0"):
        parity(2, 0.0)


def papers_units() -> FunahashiNetwork:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return FunahashiNetwork.from_function(
            quartic, [(0, 5)], 8, extension="periodic", delta=1.0, alpha=PI / 2, cutoff=2 * PI
        )


def test_refit_of_the_papers_units() -> None:
    net = papers_units()
    x = np.linspace(0, 5, 1000)[:, None]
    fit = net.refit(x, quartic(x))
    points = 0.25 + 0.5 * np.arange(10)[:, None]
    assert np.abs(net(points) - quartic(points)).sum() == pytest.approx(11.2, rel=1e-2)
    assert np.abs(fit.network(points) - quartic(points)).sum() == pytest.approx(2.3e-8, rel=0.2)
    assert fit.sum_of_weights == pytest.approx(4e3, rel=0.1)
    assert fit.residual == pytest.approx(np.abs(fit.network(x) - quartic(x)).max())
    assert 20 < fit.rank < 128
    coarse = net.refit(x, quartic(x), rcond=1e-6)
    assert coarse.rank < fit.rank
    assert coarse.residual > fit.residual


def test_quartic_with_32_units_by_refit() -> None:
    net = FunahashiNetwork([[1.0]], [1.0], 0.5 * (np.arange(16) - 7.5), 1.5, PI / 3, [2.5])
    x = np.linspace(0, 5, 1000)[:, None]
    fit = net.refit(x, quartic(x), rcond=1e-15)
    assert fit.network.units <= 32
    assert fit.residual <= 1e-9
    between = np.linspace(0, 5, 3001)[:, None]
    assert np.abs(fit.network(between) - quartic(between)).max() <= 1e-9


@pytest.mark.parametrize(
    ("f", "tol", "dropped"),
    [
        (lambda x: np.exp(np.sin(PI * x[..., 0]) * np.cos(x[..., 1])), 0.15, 0.5),
        (lambda x: np.exp(x[..., 0] * np.sin(2 * x[..., 1])), 0.01, 0.05),
        (lambda x: 1 / (2 + x[..., 0] ** 2 + x[..., 0] * x[..., 1] + x[..., 1] ** 2), 0.01, 0.01),
    ],
)
def test_smooth_functions_with_1000_units_by_refit(f: Callable, tol: float, dropped: float) -> None:
    bounds = [(-1, 1)] * 2
    net = FunahashiNetwork.from_function(f, bounds, tol=tol, activation="erf").prune(dropped)
    nodes = np.cos(PI * np.arange(56) / 55)
    x = np.stack(np.meshgrid(nodes, nodes), axis=-1).reshape(-1, 2)
    fit = net.refit(x, f(x), rcond=3e-15)
    axis = np.linspace(-1, 1, 101)
    between = np.stack(np.meshgrid(axis, axis), axis=-1)
    assert fit.network.units <= 1000
    assert np.abs(fit.network(between) - f(between)).max() <= 1e-7
    assert fit.sum_of_weights <= 1e7


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros((200, 2)), np.zeros(200), r"x has shape \(200, 2\); \(n, 1\)"),
        (np.zeros((200, 1)), np.zeros(199), r"y has shape \(199,\)"),
        (np.zeros((200, 1)), np.full(200, np.nan), "y has NaN"),
        (np.full((200, 1), np.inf), np.zeros(200), "x has NaN or infinite"),
        (np.zeros((50, 1)), np.zeros(50), "x has 50 points and the network 128 output weights and an offset"),
    ],
)
def test_bad_data(x: np.ndarray, y: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        papers_units().refit(x, y)
    with pytest.raises(ValueError, match="rcond was 0"):
        papers_units().refit(np.zeros((200, 1)), np.zeros(200), rcond=0)
