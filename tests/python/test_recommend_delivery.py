"""Delivery, its files, and simulated clicks: on worlds whose rates are known."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

pytest.importorskip("pandas")
pytest.importorskip("sklearn")

import pandas as pd

from kousei.recommend import DeliveryOptimizer, simulate_clicks

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def bandit(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("recommend_bandit")


def day(**columns: Any) -> Any:
    rows = {"shop": ["a", "b"], "algorithm": ["p", "q"], "impressions": [10, 20], "clicks": [1, 2]}
    return pd.DataFrame(rows | columns)


def optimizer(**options: Any) -> DeliveryOptimizer:
    features = pd.DataFrame({"price": [1.0, 2, 3], "far": [0.0, 1, 0]}, index=["a", "b", "c"])
    return DeliveryOptimizer(features, ["p", "q"], **{"rng": 0} | options)


# Delivery


def test_regret_in_the_linear_world(bandit: Any) -> None:
    at = bandit.world("linear", 0)
    ours, thompson = (
        bandit.regret(at, bandit.POLICIES[name](at, 0), days=12, seed=0)[-1]
        for name in ("DeliveryOptimizer", "Thompson, Beta(1, 20)")
    )
    assert ours < 0.07
    assert ours < 0.6 * thompson


def test_features_that_tell_nothing_are_not_believed(bandit: Any) -> None:
    at = bandit.world("no features", 0)
    policy = bandit.POLICIES["DeliveryOptimizer"](at, 0)
    ours = bandit.regret(at, policy, days=12, seed=0)[-1]
    thompson = bandit.regret(at, bandit.LowThompson(at, 0), days=12, seed=0)[-1]
    assert ours < 1.1 * thompson
    assert policy.strength_ < 100


@pytest.mark.slow
def test_regret_of_ten_seeds(bandit: Any) -> None:
    ends: dict[tuple[str, str], list[float]] = {}
    for kind in ("linear", "misspecified"):
        for name in ("DeliveryOptimizer", "Thompson, Beta(1, 20)"):
            for seed in bandit.SEEDS:
                at = bandit.world(kind, seed)
                curve = bandit.regret(at, bandit.POLICIES[name](at, seed), bandit.DAYS[kind], seed)
                ends.setdefault((kind, name), []).append(curve[-1])
    mean = {key: np.mean(each) for key, each in ends.items()}
    assert mean["linear", "DeliveryOptimizer"] <= 0.04
    assert mean["misspecified", "DeliveryOptimizer"] <= 1.1 * mean["misspecified", "Thompson, Beta(1, 20)"]


def test_shares_are_the_chances_to_be_best() -> None:
    shops = [f"shop {i}" for i in range(40)]
    each = DeliveryOptimizer(pd.DataFrame(index=shops), ["p", "q"], draws=4000, rng=0)
    assert_array_equal(each.shares(), 0.5)
    rows = [(shop, name) for shop in shops for name in ("p", "q")]
    log = pd.DataFrame(rows, columns=["shop", "algorithm"]).assign(impressions=100)
    # Pages that differ, so that their own clicks count for more than what is predicted.
    log["clicks"] = np.random.default_rng(0).integers(20, 90, 80)
    each.update(log)
    shares = each.shares().to_numpy()
    assert_allclose(shares.sum(axis=1), 1)
    # By integration over a grid, with the prior that was found.
    alpha = each.strength_ * each.prior_.to_numpy() + each.clicks.to_numpy()
    beta = each.strength_ * (1 - each.prior_.to_numpy()) + (each.impressions - each.clicks).to_numpy()
    from scipy.stats import beta as distribution

    grid = np.linspace(0, 1, 4001)[:, None]
    densities = distribution.pdf(grid, alpha[:, 0], beta[:, 0])
    expected = (densities * distribution.cdf(grid, alpha[:, 1], beta[:, 1])).sum(axis=0) * (grid[1, 0] - grid[0, 0])
    assert_allclose(shares[:, 0], expected, atol=0.04)


def test_algorithms_without_clicks_are_alike() -> None:
    # Draws of Beta(1e-5, 51) are 0 in float64, nearly all of them.
    each = DeliveryOptimizer(pd.DataFrame({"a": range(6)}), ["p", "q", "r"], draws=1000, rng=0)
    rows = [(shop, name, 50, 0) for shop in range(6) for name in ("p", "q", "r")]
    each.update(pd.DataFrame(rows, columns=["shop", "algorithm", "impressions", "clicks"]))
    assert_allclose(each.shares().mean(), 1 / 3, atol=0.03)


def test_algorithms_that_are_always_clicked_are_alike() -> None:
    each = DeliveryOptimizer(pd.DataFrame({"a": range(2)}), ["p", "q"], draws=1000, rng=0)
    rows = [(shop, name, 10**11, 10**11) for shop in range(2) for name in ("p", "q")]
    each.update(pd.DataFrame(rows, columns=["shop", "algorithm", "impressions", "clicks"]))
    assert_allclose(each.shares(), 0.5, atol=0.06)


def test_a_shop_alone_counts_its_clicks_once() -> None:
    each = DeliveryOptimizer(pd.DataFrame({"a": [1]}), ["p", "q"], draws=4000, rng=0)
    each.update(pd.DataFrame({"shop": 0, "algorithm": ["p", "q"], "impressions": 100, "clicks": [10, 12]}))
    shares = each.shares()
    assert_array_equal(each.prior_, 0.5)
    assert_allclose(shares, [[0.33, 0.67]], atol=0.03)


def test_the_strength_is_that_of_the_largest_likelihood() -> None:
    rng = np.random.default_rng(0)
    from kousei.recommend.delivery import _strength

    q, n = np.full((4000, 2), 0.4), np.full((4000, 2), 200.0)
    for strength in (10, 100, 1000):
        rates = rng.beta(strength * q, strength * (1 - q))
        found = _strength(q, n, rng.binomial(200, rates).astype(float))
        assert 0.6 < found / strength < 1.7


def test_predictions_do_not_know_the_clicks_of_their_shop() -> None:
    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.normal(size=(20, 2)))
    priors = []
    for clicks in (5, 95):
        each = DeliveryOptimizer(features, ["p", "q"], rng=0)
        log = pd.DataFrame({"shop": range(20), "algorithm": "p", "impressions": 100, "clicks": [clicks] + [10] * 19})
        each.update(log)
        each.shares()
        priors.append(each.prior_)
    assert_array_equal(priors[0].loc[0], priors[1].loc[0])
    assert not (priors[0] == priors[1]).all(axis=None)


def test_days_add_up_and_repeat() -> None:
    first = optimizer()
    first.update(day())
    first.update(day(shop=["a", "a"], algorithm=["p", "p"]))
    assert first.day == 2
    assert first.impressions.loc["a", "p"] == 40
    assert first.clicks.loc["b", "q"] == 2
    assert_array_equal(first.shares(), first.shares())
    again = optimizer()
    again.update(day())
    assert not (again.shares() == first.shares()).all(axis=None)
    assert_array_equal(optimizer(rng=np.random.default_rng(0)).shares(), optimizer().shares())


def test_a_log_with_a_wrong_row_adds_nothing() -> None:
    each = optimizer()
    for wrong, message in (
        (day(clicks=[1, 21]), "clicks has 21 clicks of 20 impressions in row 1"),
        (day(shop=["a", "z"]), "clicks has the shop 'z'; one of the 3 that are known is accepted"),
        (day(algorithm=["p", "r"]), "clicks has the algorithm 'r'; one of the 2"),
        (day().drop(columns="clicks"), "clicks has no column 'clicks'"),
    ):
        with pytest.raises(ValueError, match=message):
            each.update(wrong)
    assert each.day == 0
    assert not each.impressions.to_numpy().any()


def test_logs_come_from_files(tmp_path: Path) -> None:
    one, other = optimizer(), optimizer()
    one.update(day())
    day().to_csv(tmp_path / "day.csv", index=False)
    other.update(tmp_path / "day.csv")
    assert_array_equal(one.shares(), other.shares())


def test_arguments_of_an_optimizer() -> None:
    features = pd.DataFrame({"price": [1.0, 2]}, index=["a", "b"])
    with pytest.raises(TypeError, match="features was ndarray"):
        DeliveryOptimizer(features.to_numpy(), ["p", "q"])
    with pytest.raises(ValueError, match="algorithms was \\['p'\\]; a sequence of two names or more"):
        DeliveryOptimizer(features, ["p"])
    with pytest.raises(ValueError, match="algorithms was"):
        DeliveryOptimizer(features, "pq")
    with pytest.raises(ValueError, match="algorithms has 2 labels, 1 different ones"):
        DeliveryOptimizer(features, ["p", "p"])
    with pytest.raises(ValueError, match="features has 2 labels, 1 different ones"):
        DeliveryOptimizer(features.set_axis(["a", "a"]), ["p", "q"])
    with pytest.raises(TypeError, match="features has the labels"):
        DeliveryOptimizer(features.set_axis(["a", 1]), ["p", "q"])
    with pytest.raises(TypeError, match="features has the labels"):
        DeliveryOptimizer(features.rename(columns={"price": 1.5}), ["p", "q"])
    with pytest.raises(ValueError, match="features has 0 labels"):
        DeliveryOptimizer(features[:0], ["p", "q"])
    with pytest.raises(ValueError, match="features has NaN"):
        DeliveryOptimizer(features.assign(price=np.nan), ["p", "q"])
    with pytest.raises(ValueError, match="draws was 0"):
        optimizer(draws=0)


# Saved and loaded


@pytest.mark.parametrize(
    "shops",
    [["a", "b", "c"], [3, 1, 2], pd.Index(["a", "b", "c"], name="place"), np.arange(3, dtype=np.int32), ["a"]],
)
def test_resumed_days_are_those_of_one_run(shops: Any, tmp_path: Path) -> None:
    features = pd.DataFrame({"price": [1.0, 2, 3][: len(shops)]}, index=shops)
    ctr = pd.DataFrame({"p": [0.1, 0.2, 0.3], "q": [0.3, 0.2, 0.1]})[: len(shops)].set_axis(shops)
    kept = DeliveryOptimizer(features, ["p", "q"], rng=5)
    path = tmp_path / "delivery.npz"
    for seed in range(3):
        log = simulate_clicks(ctr, kept.shares(), [50, 60, 70][: len(shops)], rng=seed)
        kept.update(log)
        if seed:
            resumed = DeliveryOptimizer.load(path)
            resumed.update(log)
            pd.testing.assert_frame_equal(resumed.shares(), kept.shares())
        kept.save(path)
    assert [each.name for each in tmp_path.iterdir()] == ["delivery.npz"]
    assert DeliveryOptimizer.load(path).day == 3


def test_shops_without_features_are_saved(tmp_path: Path) -> None:
    each = DeliveryOptimizer(pd.DataFrame(index=["a", "b"]), ["p", "q"], rng=0)
    each.update(day())
    each.save(tmp_path / "delivery.npz")
    pd.testing.assert_frame_equal(DeliveryOptimizer.load(tmp_path / "delivery.npz").shares(), each.shares())


def test_every_changed_byte_is_refused_or_changes_nothing(tmp_path: Path) -> None:
    each = optimizer()
    each.update(day())
    path = tmp_path / "delivery.npz"
    each.save(path)
    whole, shares = path.read_bytes(), each.shares()
    rng = np.random.default_rng(0)
    refused = 0
    for at in rng.choice(len(whole), 300, replace=False):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << rng.integers(8))]) + whole[at + 1 :])
        try:
            loaded = DeliveryOptimizer.load(path)
        except ValueError:
            refused += 1
        else:  # of a date, for one
            pd.testing.assert_frame_equal(loaded.shares(), shares)
    assert refused > 200
    for end in (0, 10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:end])
        with pytest.raises(ValueError, match="is no whole file of a kousei"):
            DeliveryOptimizer.load(path)
    # The name of a part without what tells that it is an array.
    path.write_bytes(whole.replace(b"format.npy", b"format.nxy"))
    with pytest.raises(ValueError, match="'format' is missing"):
        DeliveryOptimizer.load(path)
    path.write_text("neither an archive nor a pickle")
    with pytest.raises(ValueError, match="File is not a zip file"):
        DeliveryOptimizer.load(path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"format": np.array(["another"])}, "the format and its version were"),
        ({"version": np.array(2)}, "the format and its version were"),
        ({"clicks": np.full((3, 2), 30.0)}, "clicks has 30"),
        ({"clicks": np.zeros((2, 2))}, "clicks has shape"),
        ({"impressions": np.zeros((2, 2)), "clicks": np.zeros((2, 2))}, "impressions has shape"),
        ({"features": np.full((3, 2), np.nan)}, "features has NaN"),
        ({"features": np.zeros((4, 2))}, "is no whole file"),
        ({"day": np.array(-1)}, "day was -1"),
        ({"seed": np.array(1.5)}, "seed was 1.5"),
        ({"shops": np.array(["a", "b", None])}, "Object arrays cannot be loaded"),
        ({"seed": None}, "'seed' is missing"),
    ],
)
def test_states_that_are_refused(changed: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = tmp_path / "delivery.npz"
    optimizer().save(path)
    with np.load(path) as found:
        state = {name: found[name] for name in found.files} | changed
    np.savez(path, **{name: value for name, value in state.items() if value is not None})
    with pytest.raises(ValueError, match=message):
        DeliveryOptimizer.load(path)


def test_no_file() -> None:
    with pytest.raises(FileNotFoundError):
        DeliveryOptimizer.load("nowhere.npz")


# Simulated clicks


def test_simulated_clicks_have_their_rates() -> None:
    ctr = pd.DataFrame({"p": [0.1, 0.5], "q": [0.3, 0.2]}, index=[7, 8])
    shares = pd.DataFrame({"p": [0.25, 0.0], "q": [0.75, 1.0]}, index=[7, 8])
    log = simulate_clicks(ctr, shares, [400_000, 100], rng=0)
    assert log["shop"].tolist() == [7, 7, 8, 8]
    assert log["algorithm"].tolist() == ["p", "q", "p", "q"]
    assert log["impressions"][2:].tolist() == [0, 100]
    assert_allclose(log["impressions"][:2] / 400_000, [0.25, 0.75], atol=3e-3)
    assert_allclose(log["clicks"][:2] / log["impressions"][:2], [0.1, 0.3], atol=3e-3)


def test_simulations_that_are_refused() -> None:
    ctr = pd.DataFrame({"p": [0.1, 0.5], "q": [0.3, 0.2]})
    half = ctr * 0 + 0.5
    for arguments, message in (
        ((ctr + 1, half, [1, 1]), "ctr has values outside"),
        ((ctr, ctr, [1, 1]), "shares has rows that do not sum to 1"),
        ((ctr, half[["q", "p"]], [1, 1]), "shares has other shops or algorithms than ctr"),
        ((ctr, half, [1, 1, 1]), r"visits has shape \(3,\); \(2,\)"),
        ((ctr, half, [1, -1]), "visits has -1; whole numbers"),
    ):
        with pytest.raises(ValueError, match=message):
            simulate_clicks(*arguments)
