"""Monotone regression: the spline and its quadratic program, the network that it is, and penalised networks."""

import doctest
import pickle
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import kousei

pytest.importorskip("sklearn")

from scipy.interpolate import BSpline
from scipy.optimize import minimize
from sklearn.utils.estimator_checks import parametrize_with_checks

from kousei.isotonic.fitting import roughness_of, solve, steps_of
from kousei.isotonic.folds import fold_of
from kousei.isotonic.spline import Spline, design
from kousei.repu.network import PolynomialNetwork


def samples(dim: int, n: int = 256, noise: float = 0.3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.random((n, dim)) * 3 - 7
    u = (x + 7) / 3
    return x, np.exp(u.sum(axis=1) / dim) + u[:, 0] * u[:, -1] + noise * rng.normal(size=n)


@parametrize_with_checks([kousei.MonotoneRegressor()])
def test_checks_of_scikit_learn(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread_of_torch")
@parametrize_with_checks([kousei.MonotoneRegressor(method="pdir", steps=100)])
def test_checks_of_scikit_learn_penalised(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("dim", [1, 2])
def test_b_splines(dim: int) -> None:
    cells, width = 4, 0.25
    x = np.random.default_rng(0).random((50, dim))
    x[:2] = [[0.0] * dim, [1.0] * dim]
    one = BSpline(width * np.arange(-2.0, 7), np.eye(6), 2)(x)
    expected = one[:, 0] if dim == 1 else (one[:, 0, :, None] * one[:, 1, None, :]).reshape(len(x), -1)
    found = design(x, np.zeros(dim), np.full(dim, width), cells).toarray()
    assert_allclose(found, expected, atol=1e-14)


@pytest.mark.parametrize("seed", range(20))
def test_the_program_against_every_set_of_constraints(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = 6
    a = rng.normal(size=(size, size))
    quadratic, linear = a @ a.T + 0.1 * roughness_of(size, 1), rng.normal(size=size)
    steps = steps_of(size, np.array([1.0]))
    best, found = np.inf, None
    for count in range(size):
        for tight in combinations(range(size - 1), count):
            # Equal neighbours stand for one number.
            held = steps[list(tight)]
            free = np.linalg.svd(held)[2][count:].T
            c = free @ np.linalg.solve(free.T @ quadratic @ free, free.T @ linear)
            value = c @ quadratic @ c / 2 - linear @ c
            if (steps @ c > -1e-12).all() and value < best:
                best, found = value, c
    assert_allclose(solve(quadratic, linear, steps), found, atol=1e-6)


def test_the_program_of_a_table_against_slsqp() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.random((40, 2)), rng.normal(size=40)
    basis = design(x, np.zeros(2), np.full(2, 1 / 2), 2).toarray()
    quadratic = basis.T @ basis / 40 + 1e-3 * roughness_of(4, 2) + 1e-6 * np.eye(16)
    linear, steps = basis.T @ y / 40, steps_of(4, np.array([1.0, -1.0]))
    by_slsqp = minimize(
        lambda c: c @ quadratic @ c / 2 - linear @ c,
        np.zeros(16),
        jac=lambda c: quadratic @ c - linear,
        constraints={"type": "ineq", "fun": lambda c: steps @ c, "jac": lambda _: steps},
        method="SLSQP",
        options={"maxiter": 1000, "ftol": 1e-15},
    )
    c = solve(quadratic, linear, steps)
    assert (steps @ c).min() > -1e-12
    assert ((steps @ c) < 1e-9).sum() >= 5  # constraints that count
    assert_allclose(c, by_slsqp.x, atol=1e-5)
    assert c @ quadratic @ c / 2 - linear @ c <= by_slsqp.fun + 1e-12


def test_roughness_and_steps_by_hand() -> None:
    assert_array_equal(roughness_of(3, 1), [[1, -2, 1], [-2, 4, -2], [1, -2, 1]])
    table = np.array([[1.0, 2, 4], [3, 3, 3], [0, 1, 5]])
    c = table.ravel()
    assert c @ roughness_of(3, 2) @ c == (1 + 0 + 3**2) + (5**2 + 3**2 + 3**2)
    assert_array_equal(steps_of(3, np.array([0.0, -1.0])) @ c, -np.diff(table, axis=1).ravel())
    assert_array_equal(steps_of(3, np.array([1.0, 0.0])) @ c, np.diff(table, axis=0).ravel())


def test_folds() -> None:
    x = np.array([[3.0], [1], [2], [1], [7], [5], [6], [4]])
    y = np.zeros(8)
    assert_array_equal(fold_of(x, y), [2, 0, 1, 0, 1, 4, 0, 3])


@pytest.mark.parametrize("seed", range(6))
def test_cross_validation_by_hand(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.random((30, 1))
    y = np.exp(2 * x[:, 0]) + 0.5 * rng.normal(size=30)
    order = np.argsort(x[:, 0])
    basis = design(x, x.min(axis=0), np.ptp(x, axis=0) / 8, 8).toarray()[order]
    values, penalties = y[order] - y.mean(), 10.0 ** np.arange(2, -7, -1)
    errors = np.zeros(9)
    for k in range(5):
        b, v = (np.delete(each, np.s_[k::5], axis=0) for each in (basis, values))
        for i, penalty in enumerate(penalties):
            c = solve(b.T @ b / 24 + penalty * roughness_of(10, 1), b.T @ v / 24, steps_of(10, np.ones(1)))
            errors[i] += ((basis[k::5] @ c - values[k::5]) ** 2).sum()
    assert kousei.MonotoneRegressor().fit(x, y).penalty_ == penalties[errors.argmin()]


@pytest.mark.parametrize("dim", [1, 2, 3, 5])
def test_no_violations(dim: int) -> None:
    x, y = samples(dim, noise=1.0)
    direction = np.where(np.arange(dim) % 2, -1, 1)
    fitted = kousei.MonotoneRegressor(increasing=list(direction > 0)).fit(x * direction, y)
    rng = np.random.default_rng(1)
    pair = rng.uniform(-7, -4, (2, 100_000, dim))
    lower, upper = (fitted.predict(f(pair, axis=0) * direction) for f in (np.min, np.max))
    assert (upper >= lower).all()
    # Far out, too, where little but rounding differs.
    pair = rng.uniform(-9, -2, (2, 100_000, dim))
    pair[1] = pair[0] + 1e-3 * np.abs(pair[1])
    lower, upper = (fitted.predict(each * direction) for each in pair)
    assert (upper - lower).min() >= -1e-15 * np.abs(upper).max()
    assert fitted.violations(pair[0] * direction) == 0
    # The other way it is wrong nearly everywhere.
    fitted.signs_ = -fitted.signs_
    assert fitted.violations(x * direction) > 0.5


@pytest.mark.parametrize("dim", [1, 2, 3, 5])
def test_the_network_is_the_spline_everywhere(dim: int) -> None:
    fitted = kousei.MonotoneRegressor().fit(*samples(dim))
    net = fitted.to_network()
    assert isinstance(net, PolynomialNetwork)
    assert {activation.name for activation in net.activations} == {"repu2"}
    assert net.units == net.summary().formula.units
    assert len(net.activations) == (1 if dim == 5 else dim)
    x = np.random.default_rng(1).uniform(-9, -2, (20_000, dim))
    values = fitted.predict(x)
    error = np.abs(net(x) - values).max()
    assert error <= 1e-12
    bound = net.error_bound()
    assert bound.kind == "proven"
    assert error <= bound.total <= 1e-11
    far = np.random.default_rng(1).uniform(-100, 100, (1000, dim))
    assert np.abs(net(far) - fitted.predict(far)).max() <= 1e-9
    with pytest.raises(ValueError, match="one inside that of the construction"):
        net.error_bound([(-100, 100)] * dim)


@pytest.mark.parametrize("dim", [1, 2, 3, 5])
def test_derivatives(dim: int) -> None:
    fitted = kousei.MonotoneRegressor().fit(*samples(dim))
    x = np.random.default_rng(1).uniform(-8, -3, (2000, dim))
    slopes = fitted.to_network().jet(x, laplacian=False).jacobian[:, 0]
    assert_allclose(fitted.model_.gradient(x), slopes, atol=1e-11)


def test_outside_of_the_box_slopes_fall_to_0_over_a_cell() -> None:
    spline = Spline(np.zeros(1), np.ones(1), np.array([0.0, 1.0, 3.0]))
    assert_allclose(spline(np.array([[-9.0], [-1], [0], [1], [2], [9]])), [0, 0, 0.5, 2, 3, 3])
    assert_allclose(spline.gradient(np.array([[-1.0], [-0.5], [0], [0.5], [1], [1.5], [2], [3]]))[:, 0],
                    [0, 0.5, 1, 1.5, 2, 1, 0, 0])  # fmt: skip


def test_a_quadratic_function_is_found() -> None:
    x = np.random.default_rng(0).random((200, 2))
    y = (x[:, 0] + 0.2) ** 2 + (x[:, 0] + 0.2) * (x[:, 1] + 0.2)
    fitted = kousei.MonotoneRegressor().fit(x, y)
    assert fitted.penalty_ <= 1e-5
    assert np.abs(fitted.predict(x) - y).max() < 1e-3


def test_features_without_a_direction() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (400, 2))
    y = x[:, 0] + np.cos(3 * x[:, 1])
    fitted = kousei.MonotoneRegressor(increasing=[True, None]).fit(x, y)
    assert np.abs(fitted.predict(x) - y).max() < 0.1
    assert fitted.violations(x) == 0
    assert kousei.MonotoneRegressor().fit(x, y).score(x, y) < 0.7 < fitted.score(x, y)


@pytest.mark.parametrize("dim", [1, 2])
def test_falling_is_rising_reflected(dim: int) -> None:
    x, y = samples(dim)
    rising = kousei.MonotoneRegressor().fit(x, y)
    falling = kousei.MonotoneRegressor(increasing=False).fit(-x, y)
    assert_allclose(falling.predict(-x), rising.predict(x), atol=1e-2)
    assert_allclose(
        kousei.MonotoneRegressor(increasing=False).fit(x, -y).predict(x), -rising.predict(x), rtol=1e-6, atol=1e-6
    )


def test_units_do_not_matter() -> None:
    x, y = samples(2, n=64)
    one = kousei.MonotoneRegressor().fit(x, y)
    other = kousei.MonotoneRegressor().fit(1e-30 * x, 1e40 * y)
    assert one.penalty_ == other.penalty_
    assert_allclose(other.predict(1e-30 * x), 1e40 * one.predict(x), rtol=1e-6)


def test_order_and_repetition_of_samples() -> None:
    x, y = samples(1, n=60)
    one = kousei.MonotoneRegressor().fit(x, y)
    order = np.random.default_rng(0).permutation(60)
    assert_allclose(kousei.MonotoneRegressor().fit(x[order], y[order]).predict(x), one.predict(x), rtol=1e-9)
    weight = np.arange(60) % 3
    weighted = kousei.MonotoneRegressor().fit(x, y, sample_weight=weight)
    repeated = kousei.MonotoneRegressor().fit(np.repeat(x, weight, axis=0), np.repeat(y, weight))
    assert_allclose(weighted.predict(x), repeated.predict(x), rtol=1e-7)


@pytest.mark.parametrize("dim", [1, 2, 3, 4])
@pytest.mark.parametrize("n", [1, 2, 3, 5, 7])
def test_few_samples(dim: int, n: int) -> None:
    x, y = samples(dim, n)
    fitted = kousei.MonotoneRegressor().fit(x, y)
    assert np.isfinite(fitted.predict(x)).all()
    assert y.min() - 1 < fitted.predict(x).min() <= fitted.predict(x).max() < y.max() + 1
    assert fitted.violations(np.random.default_rng(0).uniform(-9, -2, (100, dim))) == 0


def test_constant_features_and_values() -> None:
    x, y = samples(2)
    x[:, 1] = 3
    fitted = kousei.MonotoneRegressor().fit(x, y)
    alone = kousei.MonotoneRegressor(cells=5).fit(x[:, :1], y)
    assert_allclose(fitted.predict(x), alone.predict(x[:, :1]), atol=0.2)
    assert np.abs(fitted.to_network()(x) - fitted.predict(x)).max() < 1e-12
    flat = kousei.MonotoneRegressor().fit(x, np.full(len(x), 0.1))
    assert_array_equal(flat.predict(x), np.full(len(x), 0.1))
    assert flat.penalty_ == 100
    assert_array_equal(kousei.MonotoneRegressor().fit(x, np.zeros(len(x))).predict(x), np.zeros(len(x)))


def test_more_cells_follow_finer_details() -> None:
    x = np.linspace(0, 1, 2000)[:, None]
    y = np.tanh(40 * (x[:, 0] - 0.4))
    few, many = (kousei.MonotoneRegressor(cells=cells).fit(x, y) for cells in (8, 40))
    assert np.abs(many.predict(x) - y).max() < 0.05 < np.abs(few.predict(x) - y).max()
    assert many.model_.cells == 40


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"increasing": [True]}, ValueError, "increasing has 1 entries; 2, one for each feature of X, are accepted"),
        ({"increasing": 1}, TypeError, "increasing was 1; True, False and a sequence of True, False or None"),
        ({"increasing": [1, 0]}, TypeError, r"increasing was \[1, 0\]; True, False or None for each feature"),
        ({"increasing": "up"}, TypeError, "increasing was 'up'"),
        ({"increasing": None}, TypeError, "increasing was None"),
        ({"method": "isotonic"}, ValueError, "method was 'isotonic'; 'spline' and 'pdir' are accepted"),
        ({"cells": 0}, ValueError, "cells was 0; at least 1 is accepted"),
        ({"cells": 2.5}, TypeError, "cells was 2.5; an integer is accepted"),
        ({"cells": 10**6}, (MemoryError, kousei.SizeError), "a program of 1000004000004 coefficients"),
        ({"steps": 0}, ValueError, "steps was 0; at least 1 is accepted"),
        ({"random_state": "seed"}, TypeError, "random_state was 'seed'"),
        ({"method": "pdir", "cells": 0}, ValueError, "cells was 0; at least 1 is accepted"),
    ],
)
def test_bad_options(options: dict[str, Any], error: Any, message: str) -> None:
    pytest.importorskip("torch")
    with pytest.raises(error, match=message):
        kousei.MonotoneRegressor(**options).fit(*samples(2, 20))


def test_bad_samples() -> None:
    x, y = samples(2, 20)
    regressor = kousei.MonotoneRegressor()
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="Input X contains"):
            regressor.fit(np.where(x == x[3, 1], bad, x), y)
        with pytest.raises(ValueError, match="Input y contains"):
            regressor.fit(x, np.where(y == y[3], bad, y))
        with pytest.raises(ValueError, match="Input X contains"):
            regressor.fit(x, y).predict(np.full((1, 2), bad))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        regressor.fit(x, y[:-1])
    with pytest.raises(ValueError, match="X has 1 features, but MonotoneRegressor is expecting 2"):
        regressor.fit(x, y).predict(x[:, :1])
    with pytest.raises(ValueError, match="Negative values"):
        regressor.fit(x, y, -np.ones(20))
    with pytest.raises(ValueError, match="at least one non-zero"):
        regressor.fit(x, y, np.zeros(20))
    for size in (1.7e308, 1e-310):
        with pytest.raises(ValueError, match="X has a feature whose range, or its inverse"):
            regressor.fit(np.array([[-size], [size]]), [0, 1])


def test_large_values() -> None:
    x = np.linspace(0, 1, 50)[:, None]
    fitted = kousei.MonotoneRegressor().fit(x, 1e307 * x[:, 0])
    assert fitted.predict([[0.0], [0.5], [1.0]]) == pytest.approx([0, 5e306, 1e307], rel=1e-3, abs=1e304)
    assert np.isfinite(fitted.predict([[-9.0], [9.0]])).all()
    y = np.where(np.arange(50) == 3, 1.7e308, x[:, 0])  # of which one does not count
    assert kousei.MonotoneRegressor().fit(x, y, np.arange(50) != 3).predict([[0.5]]) == pytest.approx([0.5], abs=1e-3)
    with pytest.raises(ValueError, match=r"y has values of up to 1\.7e\+308; up to 1e\+307 are accepted"):
        kousei.MonotoneRegressor().fit(x, 1.7e308 * x[:, 0])


def test_a_refused_fit_changes_nothing() -> None:
    x, y = samples(2, 30)
    fitted = kousei.MonotoneRegressor().fit(x, y)
    before = dict(vars(fitted))
    with pytest.raises(ValueError, match="increasing has 2 entries; 3"):
        fitted.set_params(increasing=[True, True]).fit(np.c_[x, x[:, 0]], y)
    assert vars(fitted) == before | {"increasing": [True, True]}
    with pytest.raises(MemoryError):
        fitted.set_params(increasing=False, cells=10**4).fit(x, y)
    assert (fitted.signs_ == 1).all()
    assert fitted.violations(x) == 0


def test_steep_splines_far_from_0_keep_their_bound() -> None:
    offset, width = 5412.085486513166, 0.164631222393008
    x = np.linspace(offset, offset + width, 400)[:, None]
    fitted = kousei.MonotoneRegressor(cells=2).fit(x, np.where(np.arange(400) >= 200, 1.0, -1.0))
    net, points = fitted.to_network(), np.random.default_rng(0).uniform(offset, offset + width, (20_000, 1))
    points[0] = 5412.1677014099605
    assert np.abs(net(points) - fitted.predict(points)).max() <= net.error_bound().total


def test_weights_of_any_size() -> None:
    x, y = samples(1, 40)
    fitted = kousei.MonotoneRegressor().fit(x, y, np.full(40, 1e308))
    np.testing.assert_array_equal(fitted.predict(x), kousei.MonotoneRegressor().fit(x, y).predict(x))
    fitted = kousei.MonotoneRegressor().fit(x, y, np.r_[1e20, np.ones(39)])
    assert fitted.predict(x[:1]) == pytest.approx(y[:1], abs=1e-6)


@pytest.mark.parametrize("size", [1e307, 1e-310])
def test_values_of_any_size_penalised(size: float) -> None:
    pytest.importorskip("torch")
    x, y = samples(1, 20)
    regressor = kousei.MonotoneRegressor(method="pdir", steps=3, random_state=0)
    expected = regressor.fit(x, y).predict(x)
    np.testing.assert_allclose(regressor.fit(x, y * size).predict(x), expected * size, rtol=1e-9, atol=1e-320)


def test_estimators_and_networks_are_kept(tmp_path: Path) -> None:
    x, y = samples(2)
    fitted = kousei.MonotoneRegressor().fit(x, y)
    assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict(x), fitted.predict(x))
    net = fitted.to_network()
    kousei.save(tmp_path / "net.safetensors", net)
    loaded = kousei.load(tmp_path / "net.safetensors")
    assert_array_equal(loaded(x), net(x))
    assert loaded.error_bound() == net.error_bound()


def test_examples() -> None:
    assert doctest.testmod(sys.modules["kousei.isotonic.regressor"]) == (0, 14)


@pytest.mark.usefixtures("one_thread_of_torch")
class TestPenalised:
    def test_it_fits_and_is_nearly_monotone(self) -> None:
        x, y = samples(2, n=40, noise=0.1)
        fitted = kousei.MonotoneRegressor([True, True], "pdir", steps=150, random_state=0).fit(x, y)
        assert fitted.score(x, y) > 0.9
        assert fitted.penalty_ in (1, 10, 100)
        assert fitted.violations(x) < 0.1
        net = fitted.to_network()
        assert net.sizes == (2, 16, 16, 1)
        assert_array_equal(net(x), fitted.predict(x))
        fitted.signs_ = -fitted.signs_
        assert fitted.violations(x) > 0.9

    def test_the_penalty_is_that_of_exact_derivatives(self) -> None:
        import torch

        from kousei.isotonic.penalised import _forward

        net = kousei.MLP.random([3, 5, 4, 1], "repu2", rng=0)
        x = np.random.default_rng(0).normal(size=(20, 3))
        layers = [
            (torch.tensor(weight)[None], torch.tensor(bias)[None, None])
            for weight, bias in zip(net.weights, net.biases, strict=True)
        ]
        values, slopes = _forward(layers, torch.tensor(x))
        at = net.jet(x)
        assert_allclose(values[0], at.value[:, 0], rtol=1e-12, atol=1e-12)
        assert_allclose(slopes[0].T, at.jacobian[:, 0], rtol=1e-12, atol=1e-12)

    def test_seeds_and_weights(self) -> None:
        x, y = samples(1, n=30)
        fits = [kousei.MonotoneRegressor(method="pdir", steps=20, random_state=seed).fit(x, y) for seed in (0, 0, 1)]
        assert_array_equal(fits[0].predict(x), fits[1].predict(x))
        assert np.abs(fits[0].predict(x) - fits[2].predict(x)).max() > 1e-3
        weight = np.arange(30) % 3
        weighted = kousei.MonotoneRegressor(method="pdir", steps=20, random_state=0).fit(x, y, weight)
        repeated = kousei.MonotoneRegressor(method="pdir", steps=20, random_state=0).fit(
            np.repeat(x, weight, axis=0), np.repeat(y, weight)
        )
        assert_allclose(weighted.predict(x), repeated.predict(x), rtol=1e-6)

    def test_one_sample_and_constant_features(self) -> None:
        x = np.array([[1.0, 2.0]])
        regressor = kousei.MonotoneRegressor(method="pdir", steps=2, random_state=0)
        assert_array_equal(regressor.fit(x, [5.0]).predict(x), [5])
