"""Few units by variable projection, ridge functions along given directions, and chosen sets of frequencies."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import kousei
from kousei.funahashi import (
    FunahashiNetwork,
    from_frequencies,
    hyperbolic_cross,
    ridge_directions,
    variable_projection,
)
from support import quartic

PI = math.pi
x = np.linspace(-1, 1, 200)[:, None]
t = x[:, 0]


def box(dim: int) -> list[tuple[float, float]]:
    return [(-1.0, 1.0)] * dim


class TestVariableProjection:
    @pytest.mark.parametrize(
        ("y", "units", "activation", "starts", "error"),
        [
            (t**2, 2, "tanh", 2, 1e-9),
            (t**2, 2, "logistic", 2, 1e-9),
            (t**3 - t, 3, "tanh", 5, 1e-7),
            (t**3 - t, 3, "logistic", 5, 1e-7),
            (16 * t**5 - 20 * t**3 + 5 * t, 5, "tanh", 10, 1e-4),
        ],
    )
    def test_degree_d_with_d_units(
        self, y: np.ndarray, units: int, activation: str, starts: int, error: float
    ) -> None:
        fit = variable_projection(x, y, units, activation=activation, starts=starts, rng=0)
        assert fit.network.sizes == (1, units, 1)
        assert fit.residual <= error * np.abs(y).max()
        between = (x[1:] + x[:-1]) / 2
        values = np.interp(between[:, 0], t, y)
        assert np.abs(fit.network(between) - values).max() <= 1e-2 * np.abs(y).max()
        one_less = variable_projection(x, y, units - 1, activation=activation, starts=2, rng=0)
        assert one_less.residual > 3 * error * np.abs(y).max()

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_quartic_with_4_units(self, seed: int) -> None:
        """Barton's: 3.8e-7 of the largest value."""
        points = np.linspace(0, 5, 200)[:, None]
        fit = variable_projection(points, quartic(points), 4, starts=12, rng=seed)
        dense = np.linspace(0, 5, 2001)[:, None]
        assert fit.network.units == 4
        assert np.abs(fit.network(dense) - quartic(dense)).max() <= 3.8e-7 * np.abs(quartic(dense)).max()
        assert fit.residual == np.abs(fit.network(points) - quartic(points)).max()
        assert fit.rank == 5

    def test_two_dimensions(self, rng: np.random.Generator) -> None:
        def f(p: np.ndarray) -> np.ndarray:
            return np.exp((p[:, 0] - 4) * np.sin(p[:, 1]))

        points = rng.uniform([3, -1], [5, 1], (300, 2))
        fit = variable_projection(points, f(points), 8, starts=2, rng=0)
        axes = np.linspace(3, 5, 31), np.linspace(-1, 1, 31)
        grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
        assert np.abs(fit.network(grid) - f(grid)).max() < 5e-2

    def test_the_network_it_came_from_is_found_again(self) -> None:
        net = kousei.MLP.random([2, 3, 1], "tanh", rng=5)
        points = np.random.default_rng(0).uniform(-2, 2, (200, 2))
        assert variable_projection(points, net(points), 3, starts=5, rng=0).residual < 1e-12

    def test_a_seed_decides(self) -> None:
        first, again = (variable_projection(x, t**3, 3, starts=2, rng=7) for _ in range(2))
        other = variable_projection(x, t**3, 3, starts=2, rng=8)
        assert all(np.array_equal(a, b) for a, b in zip(first.network.weights, again.network.weights, strict=True))
        assert first[1:] == again[1:]
        assert not np.array_equal(first.network.weights[0], other.network.weights[0])

    def test_more_starts_are_no_worse(self) -> None:
        residuals = [variable_projection(x, np.exp(-3 * t), 3, starts=n, rng=1).residual for n in (1, 2, 3)]
        assert residuals == sorted(residuals, reverse=True)

    def test_constants(self) -> None:
        """Values that are 0, and a coordinate that does not vary."""
        assert variable_projection(x, 0 * t, 2, starts=1, rng=0).residual == 0
        flat = np.column_stack([t, np.full_like(t, 3.0)])
        assert variable_projection(flat, t**2, 2, rng=0).residual < 1e-6

    def test_jacobian(self) -> None:
        """Kaufman's has the gradient of the whole one."""
        from kousei.funahashi.projection import _Projection

        rng = np.random.default_rng(0)
        for phi in (kousei.activation.tanh, kousei.activation.logistic):
            problem = _Projection(rng.uniform(-1, 1, (40, 2)), rng.normal(size=40), 3, phi, 1e-13)
            at = rng.normal(size=9)
            gradient = problem.jacobian(at).T @ problem.residual(at)
            steps = 1e-6 * np.eye(9)
            half = [np.sum(problem.residual(at + s) ** 2 - problem.residual(at - s) ** 2) / 4e-6 for s in steps]
            np.testing.assert_allclose(gradient, half, rtol=1e-6, atol=1e-8)

    @pytest.mark.parametrize(
        ("arguments", "options", "error", "message"),
        [
            ((x[:12], t[:12], 4), {}, ValueError, "x has 12 points and the network 13 parameters; at least as many"),
            ((x, np.full(200, np.nan), 2), {}, ValueError, "y has NaN or infinite values"),
            ((x * np.inf, t, 2), {}, ValueError, "x has NaN or infinite values"),
            ((t, t, 2), {}, ValueError, r"x has shape \(200,\); \(n, dim\) is accepted"),
            ((np.zeros((200, 0)), t, 2), {}, ValueError, r"x has shape \(200, 0\)"),
            ((x, x, 2), {}, ValueError, r"y has shape \(200, 1\); \(200,\) is accepted"),
            ((x, t + 1j, 2), {}, TypeError, "y has dtype complex128"),
            ((x, t, 0), {}, ValueError, "units was 0; at least 1 is accepted"),
            ((x, t, 2.0), {}, TypeError, "units was 2.0; an integer is accepted"),
            ((x, t, True), {}, TypeError, "units was True"),
            ((x, t, 2), {"activation": "erf"}, ValueError, "activation was 'erf'; 'tanh' and 'logistic' are"),
            ((x, t, 2), {"starts": 0}, ValueError, "starts was 0"),
            ((x, t, 2), {"rcond": -1.0}, ValueError, "rcond was -1.0"),
        ],
    )
    def test_bad_input(self, arguments: tuple, options: dict, error: type[Exception], message: str) -> None:
        with pytest.raises(error, match=message):
            variable_projection(*arguments, **options)

    def test_memory_is_refused(self) -> None:
        many = np.zeros((400_000, 1))
        with pytest.raises(MemoryError, match="a Jacobian of 200000 weights at 400000 points takes"):
            variable_projection(many, many[:, 0], 100_000)


def sum_of_ridges(p: np.ndarray) -> np.ndarray:
    return np.sin(p[..., 0] + 2 * p[..., 1]) + np.exp(p[..., 0] - p[..., 1])


def smooth(p: np.ndarray) -> np.ndarray:
    return np.exp(p[..., 0] * np.sin(p[..., 1]))


class TestRidgeDirections:
    def largest_difference(self, net: kousei.MLP, f: Callable[..., Any], bounds: list) -> float:
        axes = [np.linspace(lo, hi, 41) for lo, hi in bounds]
        grid = np.stack(np.meshgrid(*axes), axis=-1)
        return float(np.abs(net(grid) - f(grid)).max())

    @pytest.mark.parametrize("activation", ["tanh", "logistic", "erf", "arctan"])
    def test_the_directions_of_the_function(self, activation: str) -> None:
        fit = ridge_directions(sum_of_ridges, box(2), [[1, 2], [1, -1]], 64, activation=activation)
        assert fit.network.sizes == (2, 64, 1)
        assert fit.residual < 1e-9
        assert self.largest_difference(fit.network, sum_of_ridges, box(2)) < 1e-9
        assert fit.sum_of_weights < 200

    def test_near_rounding(self) -> None:
        fit = ridge_directions(sum_of_ridges, box(2), [[1, 2], [1, -1]], 96, rcond=1e-15)
        assert self.largest_difference(fit.network, sum_of_ridges, box(2)) < 1e-11

    def test_sixteen_directions(self) -> None:
        angles = PI / 16 * np.arange(16)
        directions = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        errors = []
        for units in (64, 128, 256):
            fit = ridge_directions(smooth, box(2), directions, units)
            errors.append(self.largest_difference(fit.network, smooth, box(2)))
        assert errors[0] < 1e-3
        assert errors[1] < 1e-6
        assert errors[2] < 5e-8
        assert fit.sum_of_weights < 1e5

    def test_lengths_and_boxes_do_not_matter(self) -> None:
        fit = ridge_directions(sum_of_ridges, [(3, 4), (-2, 0)], [[-10, -20], [0.1, -0.1]], 64)
        assert self.largest_difference(fit.network, sum_of_ridges, [(3, 4), (-2, 0)]) < 1e-8

    def test_five_dimensions(self, rng: np.random.Generator) -> None:
        directions = rng.normal(size=(3, 5))

        def f(p: np.ndarray) -> np.ndarray:
            return np.sum(np.cos(p @ directions.T), axis=-1)

        fit = ridge_directions(f, box(5), directions, 150)
        points = rng.uniform(-1, 1, (500, 5))
        assert np.abs(fit.network(points) - f(points)).max() < 1e-7

    def test_units_are_shared_out(self) -> None:
        net = ridge_directions(sum_of_ridges, box(2), [[1, 0], [0, 1], [1, 1]], 8).network
        weight = net.weights[0]
        along = [int(np.sum(weight[:, 0] == 0)), int(np.sum(weight[:, 1] == 0))]
        assert along == [3, 3]
        assert ridge_directions(sum_of_ridges, box(2), [[1, 2]], 1).network.units == 1

    def test_rank_tells_that_units_are_too_many(self) -> None:
        twice = ridge_directions(sum_of_ridges, box(2), [[1, 2], [1, -1], [1, 2], [1, -1]], 120)
        assert twice.rank < 80
        assert twice.residual < 1e-8
        assert ridge_directions(sum_of_ridges, box(2), [[1, 2], [1, -1]], 60).rank == 61

    def test_it_is_deterministic(self) -> None:
        first, again = (ridge_directions(smooth, box(2), [[1, 2], [1, -1]], 20) for _ in range(2))
        assert np.array_equal(first.network.weights[1], again.network.weights[1])

    @pytest.mark.parametrize(
        ("directions", "units", "error", "message"),
        [
            ([[1, 2, 3]], 8, ValueError, r"directions has shape \(1, 3\); \(m, 2\), m >= 1, is accepted"),
            (np.zeros((0, 2)), 8, ValueError, r"directions has shape \(0, 2\)"),
            ([1, 2], 8, ValueError, r"directions has shape \(2,\)"),
            ([[1, 2], [0, 0]], 8, ValueError, "directions has a row of zeros"),
            ([[1, np.nan]], 8, ValueError, "directions has a row of zeros, NaN"),
            ([["a", "b"]], 8, TypeError, "directions has dtype"),
            ([[1, 2], [2, 1]], 1, ValueError, "units was 1; at least 2 is accepted"),
            ([[1, 2]], 8.0, TypeError, "units was 8.0"),
            ([[1, 2]], 10**7, MemoryError, "a fit of 10000000 units at 40000004 points takes"),
        ],
    )
    def test_bad_input(self, directions: Any, units: Any, error: type[Exception], message: str) -> None:
        with pytest.raises(error, match=message):
            ridge_directions(smooth, box(2), directions, units)

    def test_bad_functions(self) -> None:
        for f, error, message in (
            (lambda p: p, ValueError, r"f\(x\) has shape \(2000, 2\); \(2000,\)"),
            (lambda p: p[:, 0] * np.nan, ValueError, r"f\(x\) has NaN"),
            (lambda p: p[:, 0] * 1j, TypeError, r"f\(x\) has dtype complex128"),
        ):
            with pytest.raises(error, match=message):
                ridge_directions(f, box(2), [[1, 2]], 8)
        with pytest.raises(ValueError, match="activation was 'relu'; 'logistic', 'tanh', 'erf' and 'arctan' are"):
            ridge_directions(smooth, box(2), [[1, 2]], 8, activation="relu")
        with pytest.raises(ValueError, match="bounds was"):
            ridge_directions(smooth, [(1, 0)] * 2, [[1, 2]], 8)
        with pytest.raises(ValueError, match="rcond was 0"):
            ridge_directions(smooth, box(2), [[1, 2]], 8, rcond=0)


class TestHyperbolicCross:
    @pytest.mark.parametrize(("dim", "order"), [(1, 2), (1, 10), (2, 8), (3, 6), (4, 4), (6, 2)])
    def test_against_the_definition(self, dim: int, order: int) -> None:
        half = order // 2
        grid = itertools.product(range(-half, half + 1), repeat=dim)
        wanted = [k for k in grid if math.prod(max(1, abs(n)) for n in k) <= half]
        numbers = hyperbolic_cross(dim, order)
        assert numbers.dtype == np.int64
        assert [tuple(row) for row in numbers.tolist()] == wanted

    @pytest.mark.parametrize(
        ("arguments", "error", "message"),
        [
            ((0, 4), ValueError, "dim was 0; at least 1 is accepted"),
            ((2.0, 4), TypeError, "dim was 2.0; an integer"),
            ((2, 3), ValueError, "order was 3; an even integer"),
            ((2, 0), ValueError, "order was 0"),
            ((20, 2), MemoryError, "a hyperbolic cross of at least [0-9]+ frequencies takes"),
            (
                (1, 2**62),
                kousei.SizeError,
                "a hyperbolic cross of at least 4611686018427387905 frequencies, .* is not",
            ),
            ((1, 2 * 10**12), MemoryError, "a hyperbolic cross of at least 2000000000001 frequencies takes"),
            ((700, 2), (MemoryError, kousei.SizeError), "a hyperbolic cross of at least"),
        ],
    )
    def test_bad_input(self, arguments: tuple, error: type[Exception], message: str) -> None:
        with pytest.raises(error, match=message):
            hyperbolic_cross(*arguments)


def gaussian(p: np.ndarray) -> np.ndarray:
    return np.exp(-np.sum(p**2, axis=-1) / 2)


class TestFromFrequencies:
    def points(self, dim: int) -> np.ndarray:
        draw = np.random.default_rng(9).uniform(-1.3, 1.3, (2000, dim))
        return np.clip(draw, -1, 1)

    @pytest.mark.parametrize("activation", ["logistic", "erf"])
    def test_four_dimensions(self, activation: str) -> None:
        numbers = hyperbolic_cross(4, 4)
        net = from_frequencies(gaussian, box(4), numbers, 1e-2, activation=activation, rng=0)
        bound = net.error_bound()
        p = self.points(4)
        assert isinstance(net, FunahashiNetwork)
        assert np.abs(net(p) - gaussian(p)).max() <= bound.total <= 1e-2
        assert (bound.kind, bound.points) == ("estimated", 10_000)
        assert len(net.frequencies) <= len(numbers) // 2

    def test_more_frequencies_leave_less(self) -> None:
        for order, reached in ((2, 1e-1), (4, 1e-2)):
            from_frequencies(gaussian, box(4), hyperbolic_cross(4, order), reached, rng=1)
        with pytest.raises(ValueError, match="these 41 is still"):
            from_frequencies(gaussian, box(4), hyperbolic_cross(4, 2), 1e-2, rng=1)

    @pytest.mark.parametrize("dim", [6, pytest.param(8, marks=pytest.mark.slow)])
    def test_periodic_functions_of_pairs(self, dim: int) -> None:
        """A full grid of order 6 has 6^dim frequencies."""

        def f(p: np.ndarray) -> np.ndarray:
            return np.sum(np.cos(p[:, 1:]) / (2 - np.sin(p[:, :-1])), axis=-1)

        numbers = hyperbolic_cross(dim, 6)
        pairs = numbers[np.count_nonzero(numbers, axis=1) <= 2]
        net = from_frequencies(f, [(-PI, PI)] * dim, pairs, dim / 16, period=2 * PI, rng=0)
        p = PI * self.points(dim)
        assert np.abs(net(p[:300]) - f(p[:300])).max() <= net.error_bound().total
        assert len(net.frequencies) < len(pairs) / 8, "those of small amplitudes are kept"

    def test_the_frequencies_of_the_function(self) -> None:
        """Those of opposite sign, and twice the same, are one; others are left out."""

        def f(p: np.ndarray) -> np.ndarray:
            return 2 + np.cos(p @ [1, 2, 0, 0, -1]) - 0.5 * np.sin(p @ [0, 0, 3, 0, 0])

        numbers = [[1, 2, 0, 0, -1], [-1, -2, 0, 0, 1], [0, 0, 3, 0, 0], [0, 0, 3, 0, 0], [0] * 5, [1, 1, 1, 1, 1]]
        net = from_frequencies(f, [(0, 2 * PI)] * 5, numbers, 1e-9, period=2 * PI, rng=0)
        assert len(net.frequencies) == 2
        assert net.offset == pytest.approx(2)
        p = np.random.default_rng(0).uniform(0, 2 * PI, (500, 5))
        assert np.abs(net(p) - f(p)).max() <= net.error_bound().total <= 1e-9

    def test_a_larger_tolerance_takes_fewer_units(self) -> None:
        numbers = hyperbolic_cross(4, 4)
        units = [from_frequencies(gaussian, box(4), numbers, tol, rng=0).units for tol in (0.5, 5e-2)]
        assert units[0] < units[1] / 2

    def test_constant(self) -> None:
        net = from_frequencies(lambda p: 0 * p[:, 0] + 3, box(4), [[0, 0, 0, 0]], 1e-6, rng=0)
        assert np.abs(net(self.points(4)) - 3).max() < 1e-6
        with pytest.raises(ValueError, match="these 1 is still"):
            from_frequencies(lambda p: p[:, 0], box(4), [[0, 0, 0, 0]], 1e-3, rng=0)

    def test_one_dimension_agrees_with_the_grid(self) -> None:
        net = from_frequencies(quartic, [(0, 5)], np.arange(-8, 8)[:, None], 1e-4, rng=0)
        grid = FunahashiNetwork.from_function(quartic, [(0, 5)], tol=1e-4)
        p = np.linspace(0, 5, 1001)[:, None]
        assert np.abs(net(p) - grid(p)).max() <= 2e-4

    def test_f_is_asked_inside_the_box_alone(self) -> None:
        bounds = [(0.1, 0.7), (-0.3, 0.1), (1 / 3, 1.1)]
        lo, hi = np.array(bounds).T

        asked = []

        def f(p: np.ndarray) -> np.ndarray:
            asked.append(p)
            return p[:, 0]

        from_frequencies(f, bounds, hyperbolic_cross(3, 4), 1.0, rng=0)
        ridge_directions(f, bounds, [[1, 0, 0]], 8)
        assert asked
        assert all(((lo <= p) & (p <= hi)).all() for p in asked)

    def test_a_seed_decides(self) -> None:
        first, again, other = (
            from_frequencies(gaussian, box(4), hyperbolic_cross(4, 2), 0.5, rng=seed) for seed in (3, 3, 4)
        )
        assert np.array_equal(first.amplitudes, again.amplitudes)
        assert not np.array_equal(first.amplitudes, other.amplitudes)

    def test_what_is_reached_is_accepted(self) -> None:
        numbers = hyperbolic_cross(2, 8)
        for seed in range(3):
            with pytest.raises(ValueError, match="tol was 1e-06: the frequencies stop it") as stopped:
                from_frequencies(gaussian, box(2), numbers, 1e-6, rng=seed)
            reached = float(str(stopped.value).partition("a tol of ")[2].split()[0])
            net = from_frequencies(gaussian, box(2), numbers, reached, rng=seed)
            assert net.error_bound().total <= reached

    @pytest.mark.parametrize(
        ("numbers", "options", "error", "message"),
        [
            ([[1, 2, 3]], {}, ValueError, r"numbers has shape \(1, 3\); \(n, 4\), n >= 1, is accepted"),
            (np.zeros((0, 4), int), {}, ValueError, r"numbers has shape \(0, 4\)"),
            ([[1.0, 0, 0, 0]], {}, TypeError, "numbers has dtype float64; integers are accepted"),
            ([[1, 2], [3]], {}, ValueError, "numbers was"),
            ([[1, 0, 0, 0]], {"tol": 0.0}, ValueError, "tol was 0.0; a positive finite number"),
            ([[1, 0, 0, 0]], {"period": 1.0}, ValueError, "period was .*; at least the box, .* is accepted"),
            ([[1, 0, 0, 0]], {"period": [4.0, 4.0]}, ValueError, r"period has shape \(2,\); one number or 4"),
            ([[1, 0, 0, 0]], {"activation": "relu"}, ValueError, "activation was 'relu'"),
        ],
    )
    def test_bad_input(self, numbers: Any, options: dict, error: type[Exception], message: str) -> None:
        with pytest.raises(error, match=message):
            from_frequencies(gaussian, box(4), numbers, **({"tol": 1e-2, "rng": 0} | options))

    def test_bad_functions(self) -> None:
        for f, error, message in (
            (lambda p: p, ValueError, r"f\(x\) has shape \(1000, 4\); \(1000,\)"),
            (lambda p: p[:, 0] / 0.0, ValueError, r"f\(x\) has NaN or infinite"),
            (lambda p: p[:, 0] * 1j, TypeError, r"f\(x\) has dtype complex128"),
        ):
            with np.errstate(all="ignore"), pytest.raises(error, match=message):
                from_frequencies(f, box(4), [[1, 0, 0, 0]], 1e-2, rng=0)

    def test_memory_is_refused(self) -> None:
        numbers = np.arange(100_000)[:, None] * np.ones(4, dtype=np.int64)
        with pytest.raises(MemoryError, match="a fit of 100000 frequencies at 599997 points takes"):
            from_frequencies(gaussian, box(4), numbers, 1e-2, rng=0)


@pytest.mark.parametrize("rcond", [0.0, 1.0, 2.0, -1e-3, np.nan])
def test_rcond_that_the_solver_would_replace(rcond: float) -> None:
    p = np.linspace(0, 1, 200)[:, None]
    net = FunahashiNetwork([[1.0]], [1.0], np.pi / 3 * np.arange(-4, 5), 1.0, np.pi / 2)
    for call in (
        lambda: net.refit(p, p[:, 0], rcond),
        lambda: variable_projection(p, p[:, 0], 2, rcond=rcond, rng=0),
        lambda: ridge_directions(lambda x: x[:, 0], [(0, 1)], [[1.0]], 8, rcond=rcond),
    ):
        with pytest.raises(ValueError, match="rcond was .*; a number between 0 and 1 is accepted"):
            call()


@pytest.mark.parametrize("size", [5e-324, 1e-300, 8e307])
def test_lengths_of_directions_do_not_matter(size: float) -> None:
    def f(x: np.ndarray) -> np.ndarray:
        return np.sin(x[:, 0] + x[:, 1])

    small = ridge_directions(f, [(-1, 1)] * 2, [[size, size]], 16)
    one = ridge_directions(f, [(-1, 1)] * 2, [[1.0, 1.0]], 16)
    assert small.residual == one.residual


def test_values_and_points_of_any_size() -> None:
    p = np.linspace(-1, 1, 300)[:, None]
    one = variable_projection(p, p[:, 0] ** 2, 2, rng=0)
    large = variable_projection(p, 1e200 * p[:, 0] ** 2, 2, rng=0)
    assert large.residual <= 1e200 * max(2 * one.residual, 1e-9)
    with pytest.raises(ValueError, match="y has values of up to .* the weights overflow"):
        variable_projection(p, 1e307 * p[:, 0] ** 2, 2, rng=0)


def test_indices_are_not_rounded() -> None:
    with pytest.raises(ValueError, match="numbers has 9223372036854775813; integers between"):
        from_frequencies(gaussian, box(1), np.array([[2**63 + 5]], np.uint64), 0.1)


def test_a_constant_has_no_units_to_fit() -> None:
    net = from_frequencies(lambda p: 0 * p[:, 0] + 3, box(1), [[0]], 1e-6, rng=0)
    with pytest.raises(ValueError, match="the network has no hidden units, its value is 3"):
        net.refit(np.zeros((5, 1)), np.zeros(5))
