"""Deep sets and attention pooling: their values, tables, masked sets and least squares."""

import itertools
from typing import Any

import numpy as np
import pytest

import kousei
from kousei.attribution import (
    AttentionPooling,
    DeepSet,
    consistent_two_level,
    owen_kernel,
    owen_permutation,
    owen_values,
)
from kousei.attribution.least_squares import constrained_least_squares
from kousei.attribution.masks import masked_sets
from kousei.attribution.tables import Tables
from support import Library, same_for_threads

MLP = kousei.MLP


def _deep_set(like: Any, columns: int = 3) -> DeepSet:
    phi, rho = MLP.random([columns, 6, 4], "tanh", rng=1), MLP.random([4, 7, 5, 1], "tanh", rng=2)
    return DeepSet(phi.like(like), rho.like(like))


def _attention(like: Any, columns: int = 3) -> AttentionPooling:
    phi, rho = MLP.random([columns, 6, 4], "tanh", rng=1), MLP.random([4, 1], rng=2)
    return AttentionPooling(phi.like(like), MLP.random([columns, 5, 1], rng=3).like(like), rho.like(like))


def _all(n: int, features: int) -> np.ndarray:
    return np.array(list(itertools.product([False, True], repeat=n * features))).reshape(-1, n, features)


def _owen(values: np.ndarray, n: int, d: int) -> np.ndarray:
    """Owen values by orders of items and of their features, of values of all coalitions in the order of _all."""
    place = {tuple(map(tuple, z)): v for z, v in zip(_all(n, d).tolist(), values.tolist(), strict=True)}
    total = np.zeros((n, d))
    orders = [
        [(i, k) for i, own in zip(items, within, strict=True) for k in own]
        for items in itertools.permutations(range(n))
        for within in itertools.product(itertools.permutations(range(d)), repeat=n)
    ]
    for order in orders:
        z = np.zeros((n, d), bool)
        for at in order:
            before = place[tuple(map(tuple, z.tolist()))]
            z[at] = True
            total[at] += place[tuple(map(tuple, z.tolist()))] - before
    return total / len(orders)


@pytest.mark.parametrize("make", [_deep_set, _attention])
@pytest.mark.parametrize("absent", ["baseline", "remove"])
def test_tables_are_the_function_on_masked_sets(library: Library, dtype: str, make: Any, absent: str) -> None:
    rng = np.random.default_rng(5)
    items = library.asarray(rng.normal(size=(4, 3)).astype(dtype))
    baseline = library.asarray(rng.normal(size=3).astype(dtype))
    f, groups = make(items), np.array([0, 1, 0])
    coalitions = _all(4, 2)
    x, mask = masked_sets(items, baseline, coalitions, absent, groups)
    there = coalitions[..., groups]
    expected = np.where(there, library.numpy(items), library.numpy(baseline))
    np.testing.assert_array_equal(library.numpy(x), expected)
    np.testing.assert_array_equal(library.numpy(mask), coalitions.any(axis=-1) | (absent == "baseline"))
    tables = f.tabulate(items, baseline, absent, groups)
    assert isinstance(tables, Tables)
    values = library.numpy(f(x, mask))
    tolerance = 1e-5 if dtype == "float32" else 1e-13
    np.testing.assert_allclose(library.numpy(tables(coalitions)), values, rtol=0, atol=tolerance)
    owen = tables.owen_values(0, 4)
    assert owen.shape == (4, 2)
    assert owen.dtype == np.float64
    assert owen.sum() == pytest.approx(float(values[-1] - values[0]), abs=tolerance)
    np.testing.assert_array_equal(np.concatenate([tables.owen_values(0, 3), tables.owen_values(3, 1)]), owen)


@pytest.mark.parametrize("make", [_deep_set, _attention])
def test_owen_values_by_all_orders(make: Any) -> None:
    items = np.random.default_rng(5).normal(size=(3, 2))
    f, groups = make(items, 2), np.arange(2)
    x, mask = masked_sets(items, np.ones(2), _all(3, 2), "remove", groups)
    tables = f.tabulate(items, np.ones(2), "remove", groups)
    np.testing.assert_allclose(tables.owen_values(0, 3), _owen(f(x, mask), 3, 2), rtol=0, atol=1e-14)


def test_a_set_without_items_is_rho_of_zero() -> None:
    items, mask = np.ones((1, 2, 3)), np.zeros((1, 2), bool)
    for f in (_deep_set(items), _attention(items)):
        assert f(items, mask) == f.rho(np.zeros((1, 4)))


def test_absent_items_do_not_matter(library: Library) -> None:
    x = np.random.default_rng(5).normal(size=(1, 4, 3))
    worse = x.copy()
    worse[0, 2:] = np.nan
    mask = library.asarray(np.array([[True, True, False, False]]))
    like = library.asarray(x)
    for f in (_deep_set(like), _attention(like)):
        expected = library.numpy(f(like[:, :2, ...], mask[:, :2]))
        np.testing.assert_allclose(library.numpy(f(library.asarray(worse), mask)), expected, rtol=1e-14)


def test_golden() -> None:
    """Of (sum of x_i1 x_i2)^2, by hand."""
    # x1 x2 = ((x1 + x2)^2 - (x1 - x2)^2) / 4, and the square alike.
    product = MLP(
        [np.array([[1.0, 1], [-1, -1], [1, -1], [-1, 1]]), np.array([[1.0, 1, -1, -1]]) / 4],
        [np.zeros(4), np.zeros(1)],
        ["repu2"],
    )
    square = MLP([np.array([[1.0], [-1.0]]), np.ones((1, 2))], [np.zeros(2), np.zeros(1)], ["repu2"])
    tables = DeepSet(product, square).tabulate(
        np.array([[1.0, 2], [3, 1], [2, 2]]), np.zeros(2), "baseline", np.arange(2)
    )
    assert tables is not None
    np.testing.assert_allclose(tables.owen_values(0, 3), [[9, 9], [13.5, 13.5], [18, 18]], rtol=1e-14)


def test_tables_of_many_items() -> None:
    rng = np.random.default_rng(5)
    items = rng.normal(size=(100, 3))
    f, groups, coalitions = _deep_set(items), np.array([0, 1, 0]), rng.random((300, 100, 2)) < 0.5
    tables = f.tabulate(items, np.ones(3), "remove", groups)
    expected = f(*masked_sets(items, np.ones(3), coalitions, "remove", groups))
    assert tables is not None
    np.testing.assert_allclose(tables(coalitions), expected, rtol=0, atol=1e-12)
    assert f.tabulate(np.ones((100, 30)), np.ones(30), "remove", np.arange(30)) is None


def test_functions_without_tables() -> None:
    items, groups = np.ones((2, 3)), np.arange(3)
    phi, rho = MLP.random([3, 4], rng=1), MLP.random([4, 1], rng=2)
    far = MLP([np.full((1, 3), 1e3)], [np.zeros(1)], [])
    own = MLP.random([4, 5, 1], kousei.Activation("sine", np.sin), rng=2)
    for f in (AttentionPooling(phi, far, rho), DeepSet(phi, own)):
        assert f.tabulate(items, np.zeros(3), "baseline", groups) is None
        assert np.isfinite(f(items[None], np.ones((1, 2), bool))).all()


def test_refused() -> None:
    phi, rho = MLP.random([3, 4], rng=1), MLP.random([4, 1], rng=2)
    with pytest.raises(TypeError, match=r"phi was function; a kousei.MLP is accepted"):
        DeepSet(lambda x: x, rho)
    with pytest.raises(TypeError, match="rho has dtype float32 and phi has float64; they must agree"):
        DeepSet(phi, rho.astype("float32"))
    with pytest.raises(ValueError, match="phi has 4 outputs; 5 is accepted"):
        DeepSet(phi, MLP.random([5, 1]))
    with pytest.raises(ValueError, match="rho has 2 outputs; 1 is accepted"):
        DeepSet(phi, MLP.random([4, 2]))
    with pytest.raises(ValueError, match="score has 2 inputs and phi has 3; they must agree"):
        AttentionPooling(phi, MLP.random([2, 1]), rho)
    with pytest.raises(ValueError, match="score has 2 outputs; 1 is accepted"):
        AttentionPooling(phi, MLP.random([3, 2]), rho)
    x, mask = np.ones((2, 5, 3)), np.ones((2, 5), bool)
    for f in (DeepSet(phi, rho), AttentionPooling(phi, MLP.random([3, 1]), rho)):
        with pytest.raises(ValueError, match=r"x has shape \(5, 3\); \(batch, items, columns\) is accepted"):
            f(x[0], mask[0])
        with pytest.raises(ValueError, match=r"mask has shape \(5,\); \(2, 5\) is accepted"):
            f(x, mask[0])
        with pytest.raises(TypeError, match="mask has dtype float64; bool is accepted"):
            f(x, mask.astype(float))
        with pytest.raises(TypeError, match="x has dtype float32 and the network float64; they must agree"):
            f(x.astype("float32"), mask)


def _by_lagrange(x: np.ndarray, y: np.ndarray, weight: np.ndarray, total: float, ridge: float) -> np.ndarray:
    p = x.shape[1]
    system = np.zeros((p + 1, p + 1))
    system[:p, :p] = x.T @ (weight[:, None] * x) + ridge * np.eye(p)
    system[:p, p] = system[p, :p] = 1
    return np.linalg.solve(system, np.append(x.T @ (weight * y), total))[:p]


@pytest.mark.parametrize("columns", [1, 2, 8, 33])
@pytest.mark.parametrize("ridge", [0.0, 0.5])
def test_least_squares(library: Library, rng: np.random.Generator, columns: int, ridge: float) -> None:
    x = rng.integers(0, 2, (4, 3 * columns + 5, columns)).astype(float)
    y, weight, total = rng.normal(size=x.shape[:2]), rng.uniform(size=x.shape[:2]), rng.normal(size=4)
    found = library.numpy(constrained_least_squares(*map(library.asarray, (x, y, weight, total)), ridge))
    expected = [_by_lagrange(*each, ridge) for each in zip(x, y, weight, total, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)
    np.testing.assert_allclose(found.sum(axis=1), total, rtol=0, atol=1e-13)


def test_directions_that_no_row_tells_apart_take_equal_shares(library: Library) -> None:
    x = np.array([[[1.0, 1, 0], [0, 0, 1]]] * 2)
    arrays = x, np.array([[3.0, 1], [3, 1]]), np.ones((2, 2)), np.array([4.0, 4.0])
    found = library.numpy(constrained_least_squares(*map(library.asarray, arrays)))
    np.testing.assert_allclose(found, [[1.5, 1.5, 1]] * 2, rtol=1e-14)


def test_problems_that_are_not_finite_are_named() -> None:
    x, y = np.eye(3)[None].repeat(2, axis=0), np.array([[1.0, 2, 3], [1, np.nan, 3]])
    with pytest.raises(ValueError, match="problem 1 is not finite; finite numbers are accepted"):
        constrained_least_squares(x, y, np.ones((2, 3)), np.ones(2))


@pytest.mark.parametrize("make", [_deep_set, _attention])
@pytest.mark.parametrize("absent", ["baseline", "remove"])
def test_methods_take_values_from_tables(library: Library, make: Any, absent: str) -> None:
    items = library.asarray(np.random.default_rng(5).normal(size=(3, 3)))
    f = make(items)
    for method, arguments in (
        (owen_values, {}),
        (owen_permutation, {"budget": 200, "rng": 0}),
        (owen_kernel, {"budget": 100, "rng": 0}),
        (consistent_two_level, {"budget": 100, "rng": 0}),
    ):
        found = method(f, items, absent=absent, **arguments)
        expected = method(lambda x, mask: f(x, mask), items, absent=absent, **arguments)
        np.testing.assert_allclose(found.features, expected.features, rtol=0, atol=1e-13)
        np.testing.assert_allclose(found.items, expected.items, rtol=0, atol=1e-13)
        assert found.evaluations == expected.evaluations


@pytest.mark.parametrize("make", [_deep_set, _attention])
def test_values_do_not_depend_on_threads(make: Any) -> None:
    items = np.random.default_rng(6).normal(size=(4, 10))
    f = make(items, 10)
    same_for_threads(lambda: (owen_values(f, items).features, owen_kernel(f, items, 5000, rng=0).features))


def test_a_value_that_is_not_finite_is_named() -> None:
    items = np.array([[1.0, 2.0], [1e200, 1.0]])
    square = MLP([np.array([[1.0], [-1.0]]), np.ones((1, 2))], [np.zeros(2), np.zeros(1)], ["repu2"])
    f = DeepSet(MLP([np.ones((1, 2))], [np.zeros(1)], []), square)
    with pytest.raises(ValueError, match=r"f returned inf for the coalition of item 1"):
        owen_values(f, items)
