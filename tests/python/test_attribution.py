"""Attributions of set functions: values by hand, identities, and what estimates are of."""

import math
from itertools import permutations
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

import kousei
from kousei.attribution import (
    Attribution,
    SetFunction,
    completeness_gap,
    consistency_gap,
    consistent_two_level,
    deletion_curve,
    integrated_gradients,
    owen_kernel,
    owen_permutation,
    owen_values,
    shapley_values,
)
from kousei.attribution.sampling import draw
from support import Library, share


def table_game(table: np.ndarray, n: int, features: int) -> Any:
    """The function of sets of ones and zeros whose value for each coalition is in a table."""
    return lambda x, mask: table[(x.reshape(len(x), -1) > 0.5) @ (1 << np.arange(n * features))]


def random_game(seed: int, n: int, features: int, degree: float = 0.0) -> tuple[Any, np.ndarray]:
    """A game of random values and the set that it is played for; its values grow as a power of the coalition."""
    codes = np.arange(2 ** (n * features))
    table = np.random.default_rng(seed).normal(size=len(codes)) * np.bitwise_count(codes) ** degree
    return table_game(table, n, features), np.ones((n, features))


def by_walks(f: Any, n: int, features: int) -> np.ndarray:
    """Owen values as the definition has them: the mean over all orders in which items stay together."""
    total, count = np.zeros((n, features)), 0
    for items in permutations(range(n)):
        for within in np.ndindex(*[math.factorial(features)] * n):
            x, before = np.zeros((1, n, features)), None
            before = f(x, None)[0]
            for i in items:
                for d in list(permutations(range(features)))[within[i]]:
                    x[0, i, d] = 1
                    after = f(x, None)[0]
                    total[i, d] += after - before
                    before = after
            count += 1
    return total / count


GOLDEN = {
    "unanimity": (
        lambda x, mask: x[:, 0, 0] * x[:, 0, 1] * x[:, 1, 0],
        [[1, 1], [1, 1], [1, 1]],
        [[1 / 4, 1 / 4], [1 / 2, 0], [0, 0]],
    ),
    "square of sums of products": (
        lambda x, mask: x.prod(axis=2).sum(axis=1) ** 2,
        [[1, 2], [3, 1], [2, 2]],
        [[9, 9], [13.5, 13.5], [18, 18]],
    ),
    "largest": (
        lambda x, mask: (x @ np.array([1.0, 2, -1])).max(axis=1),
        [[1, 2, 1], [3, 0, 1], [0, 1, -1]],
        [[11 / 18, 19 / 9, -5 / 9], [5 / 6, 0, -1 / 6], [0, 3 / 4, 5 / 12]],
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name: str) -> None:
    f, items, expected = GOLDEN[name]
    found = owen_values(f, items)
    n, d = found.features.shape
    np.testing.assert_allclose(found.features, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.items, np.sum(expected, axis=1), rtol=0, atol=1e-12)
    assert found.evaluations == 2**n + n * 2 ** (n - 1) * (2**d - 2)
    assert not found.errors.any()
    assert not found.item_errors.any()
    np.testing.assert_allclose(shapley_values(f, items).items, found.items, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("n", "features"), [(1, 1), (1, 3), (3, 1), (2, 2), (3, 2)])
def test_exact_values_are_means_over_walks(n: int, features: int) -> None:
    f, items = random_game(n + 10 * features, n, features)
    np.testing.assert_allclose(owen_values(f, items).features, by_walks(f, n, features), rtol=0, atol=1e-12)


@settings(max_examples=share(500), derandomize=True)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 4),
    features=st.integers(1, 3),
    degree=st.sampled_from([0.0, 1.0, 2.0]),
)
def test_levels_agree(seed: int, n: int, features: int, degree: float) -> None:
    f, items = random_game(seed, n, features, degree)
    exact = owen_values(f, items)
    for found in (
        exact,
        owen_permutation(f, items, 100, rng=seed),
        owen_kernel(f, items, 60, rng=seed),
        shapley_values(f, items),
    ):
        scale = max(1, float(np.abs(exact.features).max()))
        assert consistency_gap(found) <= 1e-12 * scale
        assert completeness_gap(found) <= 1e-12 * scale


def test_absent_items_leave_or_are_the_baseline() -> None:
    # The mean of what is there, of a set of one column; of no item it is 7.
    def mean(x: Any, mask: Any) -> Any:
        return np.where(mask.any(axis=1), (x[..., 0] * mask).sum(axis=1) / np.maximum(mask.sum(axis=1), 1), 7.0)

    items, baseline = np.array([[1.0], [4.0]]), np.array([3.0])
    replaced, removed = (owen_values(mean, items, baseline, absent) for absent in ("baseline", "remove"))
    np.testing.assert_allclose(replaced.items, [-1, 0.5], atol=1e-15)
    assert (replaced.base, replaced.value) == (3.0, 2.5)
    # v() = 7, v(1) = 1, v(4) = 4, v(1, 4) = 2.5.
    np.testing.assert_allclose(removed.items, [((1 - 7) + (2.5 - 4)) / 2, ((4 - 7) + (2.5 - 1)) / 2], atol=1e-15)
    assert removed.base == 7.0


def test_a_masked_feature_of_an_item_that_is_there_is_the_baseline() -> None:
    seen = []

    def f(x: Any, mask: Any) -> Any:
        seen.append((x.copy(), mask.copy()))
        return x.sum(axis=(1, 2))

    owen_values(f, [[1, 2], [3, 4]], np.array([-1.0, -2.0]), "remove")
    x, mask = (np.concatenate(each) for each in zip(*seen, strict=True))
    assert np.array_equal(mask, (x != [-1, -2]).any(axis=-1))
    assert set(np.unique(x[:, 0])) == {-2, -1, 1, 2}


def test_columns_of_a_feature_come_and_go_together() -> None:
    weights = np.array([1.0, 10, 100, 1000])
    found = owen_values(lambda x, mask: x.sum(axis=1) @ weights, np.ones((2, 4)), groups=[1, 0, 1, 0])
    np.testing.assert_allclose(found.features, [[1010, 101], [1010, 101]], atol=1e-9)


@pytest.mark.parametrize("method", [owen_kernel, owen_permutation])
def test_errors_are_those_of_many_estimates(method: Any) -> None:
    f, items = random_game(3, 4, 4)
    exact = owen_values(f, items)
    estimates = [method(f, items, 250, rng=seed) for seed in range(150)]
    values = np.array([each.features for each in estimates])
    spread = values.std(axis=0)
    bias = (values.mean(axis=0) - exact.features) / (spread / np.sqrt(len(values)))
    assert np.abs(bias).max() < 4
    assert np.mean(bias**2) < 2
    stated = np.sqrt(np.mean([each.errors**2 for each in estimates], axis=0))
    assert 0.8 < np.mean(stated) / np.mean(spread) < 1.3
    of_items = np.array([each.items for each in estimates])
    assert np.abs(of_items.mean(axis=0) - exact.items).max() < 0.2


def test_errors_of_many_items() -> None:
    # 2^8 sets of items are more than half of the budget: items are estimated, too.
    rng = np.random.default_rng(0)
    pairs, weights = rng.normal(size=(16, 16)), rng.normal(size=16)

    def f(x: Any, mask: Any) -> Any:
        flat = x.reshape(len(x), -1)
        return np.maximum(flat @ weights, 0) + ((flat @ pairs) * flat).sum(axis=1) / 4

    items = np.ones((8, 2))
    exact = owen_values(f, items)
    estimates = [owen_kernel(f, items, 500, rng=seed) for seed in range(100)]
    assert all(each.evaluations <= 500 for each in estimates)
    for level in ("features", "items"):
        values = np.array([getattr(each, level) for each in estimates])
        errors = "errors" if level == "features" else "item_errors"
        stated = np.sqrt(np.mean([getattr(each, errors) ** 2 for each in estimates]))
        wrong = np.sqrt(np.mean((values - getattr(exact, level)) ** 2))
        assert 0.75 < stated / wrong < 1.35
        assert (
            np.abs(values.mean(axis=0) - getattr(exact, level)).max() < 4 * wrong / np.sqrt(len(values)) + wrong / 5
        )


@pytest.mark.parametrize(("n", "features"), [(1, 4), (3, 1), (2, 3), (4, 3), (3, 4)])
def test_a_budget_for_all_coalitions_is_exact(n: int, features: int) -> None:
    f, items = random_game(7, n, features)
    exact = owen_values(f, items)
    found = owen_kernel(f, items, max(exact.evaluations + n, 2 ** (n + 1)), rng=0)
    np.testing.assert_allclose(found.features, exact.features, rtol=0, atol=1e-12)
    assert found.evaluations == exact.evaluations
    assert not found.errors.any()


@pytest.mark.parametrize("method", [owen_kernel, owen_permutation, consistent_two_level])
def test_a_seed_is_an_estimate(method: Any) -> None:
    f, items = random_game(5, 4, 4)
    one, same, other = (method(f, items, 120, rng=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.features, same.features)
    assert not np.array_equal(one.features, other.features)
    assert one.evaluations <= 120


@pytest.mark.parametrize("kernel", ["shapley", "lime"])
def test_two_levels_of_one_regression(kernel: str) -> None:
    f, items = random_game(5, 3, 2)
    found = consistent_two_level(f, items, 10**4, kernel=kernel, ridge=1e-3)
    # All coalitions of both levels are taken: the normal equations by hand.
    sets = {p: (np.arange(2**p)[:, None] >> np.arange(p) & 1).astype(float) for p in (3, 6)}
    form, right = 1e-3 * np.eye(6), np.zeros(6)
    to_items = np.kron(np.eye(3), np.ones((1, 2)))
    form += 1e-3 * to_items.T @ to_items
    for p, X in sets.items():
        size = X.sum(axis=1)
        if kernel == "lime":
            w = np.exp(-((1 - np.sqrt(size / p)) ** 2) / 0.25**2)
        else:
            X, size = X[1:-1], size[1:-1]
            w = np.array([(p - 1) / (math.comb(p, int(t)) * t * (p - t)) for t in size])
        x = X if p == 6 else X @ to_items
        y = f(x.reshape(-1, 3, 2), None) - f(np.zeros((1, 3, 2)), None)
        form += (x.T * w / w.sum()) @ x
        right += (x.T * w / w.sum()) @ y
    np.testing.assert_allclose(found.features.ravel(), np.linalg.solve(form, right), rtol=0, atol=1e-10)
    assert consistency_gap(found) == 0
    assert not found.errors.any()
    bounded = consistent_two_level(f, items, 10**4, kernel=kernel, ridge=1e-3, nonnegative=True).features.ravel()
    slope = form @ bounded - right
    assert bounded.min() >= 0
    np.testing.assert_allclose(slope[bounded > 0], 0, atol=1e-10)
    assert slope[bounded == 0].min() >= 0
    assert (bounded == 0).any()


def test_errors_of_two_levels() -> None:
    f, items = random_game(5, 3, 4)
    estimates = [consistent_two_level(f, items, 400, rng=seed) for seed in range(100)]
    stated = np.sqrt(np.mean([each.errors**2 for each in estimates]))
    assert 0.8 < stated / np.mean(np.std([each.features for each in estimates], axis=0)) < 1.3


def test_deletion_curve() -> None:
    weights = np.array([[3.0, -1.0], [2.0, 5.0]])

    def f(x: Any, mask: Any) -> Any:
        return (x * weights).sum(axis=(1, 2))

    found = owen_values(f, np.ones((2, 2)))
    assert deletion_curve(f, np.ones((2, 2)), found).tolist() == [9, 4, 1, -1, 0]


def test_networks_take_all_numbers_of_a_set() -> None:
    net = kousei.MLP.random([6, 5, 1], "tanh", rng=0)
    items = np.random.default_rng(0).normal(size=(2, 3))
    ours = owen_values(net, items)
    assert np.array_equal(ours.features, owen_values(lambda x, mask: net(x.reshape(-1, 6)), items).features)
    with pytest.raises(ValueError, match="f is a kousei.MLP and takes all items; absent='baseline' is accepted"):
        owen_values(net, items, absent="remove")


def test_arrays_of_any_library(library: Library, dtype: str) -> None:
    items = np.random.default_rng(0).normal(size=(3, 2)).astype(dtype)
    baseline = np.array([0.5, -1], dtype)
    given = []

    def f(x: Any, mask: Any) -> Any:
        given.append((x, mask))
        y = x[..., 0] * x[..., 1]
        return y[:, 0] + y[:, 1] + y[:, 2]

    expected = owen_values(f, items, baseline)
    given.clear()
    found = owen_values(f, library.asarray(items), library.asarray(baseline))
    for x, mask in given:
        assert type(x) is type(mask) is type(library.asarray(items))
        assert str(x.dtype).endswith(dtype)
        assert str(mask.dtype).endswith("bool")
    np.testing.assert_allclose(found.features, expected.features, rtol=0, atol=1e-6 if dtype == "float32" else 1e-13)


def test_modules_of_torch() -> None:
    torch = pytest.importorskip("torch")

    class Pooled(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(3, 1, dtype=torch.float64)

        def forward(self, x: Any, mask: Any) -> Any:
            return torch.tanh((self.layer(x)[..., 0] * mask).sum(dim=1))

    torch.manual_seed(0)
    module, items = Pooled(), torch.randn(2, 3, dtype=torch.float64)
    found = owen_values(module, items, absent="remove")
    assert completeness_gap(found) < 1e-14
    assert not SetFunction(module)(items[None], torch.ones(1, 2, dtype=torch.bool)).requires_grad
    with pytest.raises(TypeError, match="f is a module of torch and items was ndarray; a tensor is accepted"):
        owen_values(module, items.numpy())


def test_integrated_gradients() -> None:
    torch = pytest.importorskip("torch")
    items, baseline = torch.tensor([[1.0, 2.0], [3.0, 1.0]]).double(), torch.tensor([0.5, -1.0]).double()
    # Of a quadratic form the mean gradient is that at the midpoint.
    form = torch.randn(4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def f(x: Any, mask: Any) -> Any:
        flat = x.reshape(len(x), -1)
        return ((flat @ form) * flat).sum(dim=1)

    found = integrated_gradients(f, items, baseline, steps=2)
    middle = ((items + baseline) / 2).reshape(-1)
    expected = ((items - baseline).reshape(-1) * ((form + form.T) @ middle)).reshape(2, 2)
    np.testing.assert_allclose(found.features, expected.numpy(), rtol=0, atol=1e-12)
    assert completeness_gap(found) < 1e-12
    assert consistency_gap(found) == 0
    together = integrated_gradients(f, items, baseline, groups=[0, 0])
    np.testing.assert_allclose(together.features[:, 0], found.items, rtol=0, atol=1e-12)


def test_eight_items_of_eight_features() -> None:
    weights = np.random.default_rng(0).normal(size=8)
    items = np.random.default_rng(1).normal(size=(8, 8))

    def f(x: Any, mask: Any) -> Any:
        return (x @ weights).sum(axis=1) ** 2

    found = owen_values(f, items)
    assert found.evaluations == 260352
    total = (items @ weights).sum()
    np.testing.assert_allclose(found.features, items * weights * total, rtol=0, atol=1e-11)


def test_picture() -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    found = owen_values(lambda x, mask: x.sum(axis=(1, 2)), [[1, 2], [3, -4]])
    ax = found.plot(item_names=["a", "b"])
    (picture,) = ax.images
    shown = picture.get_array().filled(np.nan)
    assert np.array_equal(shown, [[1, 2, np.nan, 3], [3, -4, np.nan, -1]], equal_nan=True)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["0", "1", "item"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b"]
    with pytest.raises(ValueError, match="feature_names has 1 entries; 2 are accepted"):
        found.plot(ax, feature_names=["x"])
    plt.close(ax.figure)
    assert repr(found) == "Attribution(2 items x 2 features, 0 -> 2, 12 evaluations)"
    assert isinstance(found, Attribution)


def test_coalitions_by_their_numbers() -> None:
    # The mean of 1/(coalitions of these numbers) over draws is that of the law, for any budget.
    rng = np.random.default_rng(0)
    for pairs in (3, 20, 60, 10**4):
        total = np.zeros((3, 5))
        for _ in range(300):
            found = draw(5, 2, pairs, rng)
            assert np.array_equal(found.players, np.concatenate([p := found.players[: len(found.players) // 2], ~p]))
            assert found.weights.sum() == pytest.approx(2, abs=1e-12)
            np.add.at(total, (found.others.sum(axis=1), found.players.sum(axis=1) - 1), found.weights / 2 / 300)
        law = np.array([1 / 4, 1 / 6, 1 / 6, 1 / 4]) / (5 / 6)
        assert total[:, 4].max() == 0
        np.testing.assert_allclose(total[:, :4], np.tile(law / 3, (3, 1)), atol=0.05)
    everything = draw(5, 2, 10**4, rng)
    assert not everything.drawn.any()
    rows = np.concatenate([everything.players, everything.others], axis=1)
    assert len(np.unique(rows, axis=0)) == len(rows) == 30 * 4


def test_more_coalitions_than_a_float_counts() -> None:
    found = draw(1100, 3, 50, np.random.default_rng(0))
    assert found.players.shape == (100, 1100)
    assert found.drawn.all()
