"""Click-through rates, delivery, and the values of policies: on worlds whose rates are known."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

pytest.importorskip("pandas")
pytest.importorskip("sklearn")

import pandas as pd

from kousei.recommend import CTRModel, DeliveryOptimizer, off_policy, simulate_clicks

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def bandit(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("recommend_bandit")


@pytest.fixture
def logs(bandit: Any) -> Any:
    return importlib.import_module("recommend_off_policy")


def day(**columns: Any) -> Any:
    rows = {"shop": ["a", "b"], "algorithm": ["p", "q"], "impressions": [10, 20], "clicks": [1, 2]}
    return pd.DataFrame(rows | columns)


def optimizer(**options: Any) -> DeliveryOptimizer:
    features = pd.DataFrame({"price": [1.0, 2, 3], "far": [0.0, 1, 0]}, index=["a", "b", "c"])
    return DeliveryOptimizer(features, ["p", "q"], **{"rng": 0} | options)


# Rates by features


def test_rates_without_features_are_smoothed_means() -> None:
    # The smoothed logits of two shops with the same counts are one: p = (c + m r)/(n + m) with r near c/n.
    n, c = np.array([[1000, 500], [1000, 500]]), np.array([[100, 200], [100, 200]])
    model = CTRModel(smoothing=1.0).fit(np.zeros((2, 0)), n, c)
    assert_allclose(model.predict(np.zeros((1, 0))), [[0.1, 0.4]], rtol=1e-3)
    # By hand: the rate of all is 600.5/3001, and that of the first algorithm (200 + 600.5/3001)/2001.
    rate = (200 + 600.5 / 3001) / 2001
    assert_allclose(model.predict(np.zeros((1, 0)))[0, 0], (100 + rate) / 1001, rtol=1e-12)


def test_weights_are_those_of_the_logits() -> None:
    n, c = np.array([[100, 1], [10_000, 1]]), np.array([[50, 0], [1000, 0]])
    model = CTRModel(smoothing=1e-9).fit(np.zeros((2, 0)), n, c)
    weights = np.array([100 * 0.25, 10_000 * 0.09])
    logit = weights @ [0, np.log(1 / 9)] / weights.sum()
    assert_allclose(model.offset_[0], logit, rtol=1e-6)


def test_slopes_are_found_and_shared() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 6)) * [1, 10, 1, 1, 1, 1] + [0, 5, 0, 0, 0, 0]
    slopes = np.array([[0.5, 0.03, 0, 0, 0, 0], [0.5, -0.03, 0, 0, 0, 0], [0.5, 0, 0, 0, 0, 0]])
    rates = 1 / (1 + np.exp(3 - x @ slopes.T))
    n = rng.integers(0, 4000, rates.shape)
    model = CTRModel().fit(x, n, rng.binomial(n, rates))
    assert_allclose(model.coef_ / x.std(axis=0), slopes, atol=0.05)
    assert np.abs(model.coef_[:, 2:]).max() < 0.02
    assert np.abs(model.predict(x) / rates - 1).mean() < 0.05
    # An algorithm that was hardly shown has the slope that the others share.
    n[:, 2] = rng.integers(0, 20, len(n))
    model = CTRModel().fit(x, n, rng.binomial(n, rates))
    assert_allclose(model.coef_[2, 0] / x[:, 0].std(), 0.5, atol=0.15)
    # Neither the scale nor the place of a feature matters.
    moved = CTRModel().fit(7 * x - 3, n, rng.binomial(n, rates))
    assert_allclose(moved.predict(7 * x - 3), model.predict(x), rtol=0.1)


def test_all_rows_of_a_shop_are_left_out_together() -> None:
    # What makes a shop liked is in no feature, but the same for all algorithms: a fold that had one of its rows would
    # take the features for what tells the shop, and logits would differ by .4.
    rng = np.random.default_rng(1)
    x, n = rng.normal(size=(60, 40)), np.full((60, 4), 5000)
    rates = 1 / (1 + np.exp(3 - 0.7 * rng.normal(size=(60, 1))))
    model = CTRModel().fit(x, n, rng.binomial(n, np.broadcast_to(rates, n.shape)))
    assert np.log(model.predict(x)).std(axis=0).max() < 0.2


def test_rows_without_impressions_say_nothing() -> None:
    rng = np.random.default_rng(0)
    x, n = rng.normal(size=(40, 2)), np.full((40, 2), 1000)
    c = rng.binomial(n, 0.1)
    silent = np.zeros((5, 2), int)
    more = CTRModel().fit(np.vstack([x, x[:5]]), np.vstack([n, silent]), np.vstack([c, silent]))
    assert_allclose(more.predict(x), CTRModel().fit(x, n, c).predict(x), rtol=1e-2)


def test_few_shops_and_constant_features() -> None:
    assert_allclose(CTRModel().fit([[1.0]], [[100, 100]], [[10, 20]]).predict([[5.0]]), [[0.1, 0.2]], rtol=0.1)
    fitted = CTRModel().fit(np.full((30, 1), 1e9 / 3), np.full((30, 2), 100), np.full((30, 2), 10))
    assert_allclose(fitted.predict([[0.0]]), [[0.1, 0.1]], rtol=0.01)
    # No clicks and only clicks.
    assert (CTRModel().fit(np.eye(6), np.full((6, 2), 9), np.zeros((6, 2))).predict(np.eye(6)) < 0.05).all()
    assert (CTRModel().fit(np.eye(6), np.full((6, 2), 9), np.full((6, 2), 9)).predict(np.eye(6)) > 0.95).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1.0], [2]], [[1, 1]], [[1, 1]]), r"impressions has shape \(1, 2\); \(2, algorithms\) is accepted"),
        (([[1.0]], [[1, 1]], [[1]]), r"clicks has shape \(1, 1\); \(1, 2\) is accepted"),
        (([[1.0]], [[1, 3]], [[1, 4]]), r"clicks has 4 at \(0, 1\), of 3 impressions"),
        (([[1.0]], [[1, 0.5]], [[1, 0]]), "impressions has 0.5; whole numbers from 0 to"),
        (([[1.0]], [[1, 1]], [[-1, 1]]), "clicks has -1; whole numbers from 0 to"),
        (([[1.0]], [[0, 0]], [[0, 0]]), "impressions has zeros only"),
        (([[np.nan]], [[1, 1]], [[1, 1]]), "features has NaN or infinite values"),
        ((np.zeros((0, 1)), np.zeros((0, 2)), np.zeros((0, 2))), r"features has shape \(0, 1\); one shop or more"),
        (([1.0], [[1, 1]], [[1, 1]]), r"features has shape \(1,\); \(shops, features\) is accepted"),
        (([[1e300], [-1e300]], [[1, 1]] * 2, [[1, 1]] * 2), "features has columns whose variance overflows"),
    ],
)
def test_counts_that_are_refused(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CTRModel().fit(*arguments)


def test_options_and_points_that_are_refused() -> None:
    with pytest.raises(ValueError, match="smoothing was 0"):
        CTRModel(smoothing=0)
    with pytest.raises(ValueError, match="folds was 1; at least 2"):
        CTRModel(folds=1)
    with pytest.raises(ValueError, match="not fitted"):
        CTRModel().predict([[1.0]])
    with pytest.raises(ValueError, match=r"features has shape \(1, 2\); \(shops, 1\) is accepted"):
        CTRModel().fit([[1.0]], [[1]], [[1]]).predict([[1.0, 2.0]])


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
        ({"format": np.array(["another"])}, "the format was"),
        ({"version": np.array(2)}, "the format was"),
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


# Values of policies


def test_estimates_by_hand() -> None:
    log = {
        "rewards": [1, 0, 1, 0],
        "actions": [0, 1, 1, 0],
        "propensities": [0.5, 0.5, 0.25, 0.75],
        "target": [[0.5, 0.5], [0.2, 0.8], [0.0, 1.0], [0.9, 0.1]],
    }
    w, r = np.array([1, 1.6, 4, 1.2]), np.array([1, 0, 1, 0])
    q = np.array([[0.5, 0.1], [0.4, 0.2], [0.3, 0.7], [0.1, 0.9]])
    direct = np.array([0.3, 0.24, 0.7, 0.18])
    ips = off_policy(**log, method="ips")
    assert ips.value == pytest.approx((w * r).mean(), rel=1e-14)
    assert ips.error == pytest.approx((w * r).std(ddof=1) / 2, rel=1e-14)
    assert ips.interval == pytest.approx(ips.value + 1.959963984540054 * ips.error * np.array([-1, 1]), rel=1e-12)
    assert ips.effective_sample_size == pytest.approx(7.8**2 / (1 + 1.6**2 + 16 + 1.44), rel=1e-14)
    assert ips.largest_weight == 4
    snips = off_policy(**log, method="snips")
    assert snips.value == pytest.approx(5 / 7.8, rel=1e-14)
    terms = w * (r - 5 / 7.8) / w.mean()
    assert snips.error == pytest.approx(np.sqrt((terms**2).sum() / 12), rel=1e-14)
    assert off_policy(**log, method="dm", predicted=q).value == pytest.approx(direct.mean(), rel=1e-14)
    doubly = off_policy(**log, predicted=q)
    assert doubly.value == pytest.approx((direct + w * (r - [0.5, 0.2, 0.7, 0.1])).mean(), rel=1e-14)
    # A narrower interval for less confidence.
    assert off_policy(**log, method="ips", confidence=0.5).interval[0] > ips.interval[0]


@pytest.mark.parametrize("method", ["ips", "snips", "dm", "dr"])
def test_counts_are_rounds(method: str) -> None:
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 4, 30)
    log = {
        "rewards": rng.random(30),
        "actions": rng.integers(0, 3, 30),
        "propensities": rng.uniform(0.1, 1, 30),
        "target": rng.dirichlet(np.ones(3), 30),
    }
    predicted = rng.random((30, 3)) if method in ("dm", "dr") else None
    one = off_policy(**log, counts=counts, method=method, predicted=predicted)
    repeated = {name: np.repeat(each, counts, axis=0) for name, each in log.items()}
    again = None if predicted is None else np.repeat(predicted, counts, axis=0)
    assert_allclose(
        [one.value, one.error, one.effective_sample_size],
        [
            (other := off_policy(**repeated, method=method, predicted=again)).value,
            other.error,
            other.effective_sample_size,
        ],
        rtol=1e-12,
    )


def test_what_was_not_shown_is_left_out() -> None:
    log = {"rewards": [1, 0, 1], "actions": [0, 1, 1], "propensities": [1, 1, 0.5], "counts": [3, 5, 2]}
    target = np.full((3, 2), 0.5)
    one = off_policy(**log, target=target, method="ips")
    more = {name: [*each, 0] for name, each in log.items()}
    assert off_policy(**more, target=np.full((4, 2), 0.5), method="ips") == one
    with pytest.raises(ValueError, match="propensities has 0 in row 3"):
        off_policy(**more | {"counts": [3, 5, 2, 1]}, target=np.full((4, 2), 0.5), method="ips")


def test_errors_on_a_known_value(logs: Any) -> None:
    off, held = logs.errors(0.7, 0, logs=15)
    rmse = {method: np.sqrt(np.mean(each**2)) for method, each in off.items()}
    assert rmse["dr"] < 0.7 * rmse["ips"]
    assert abs(off["dr"].mean()) < 3 * rmse["dr"] / np.sqrt(15)
    assert held["dr"].mean() > 0.7
    # The model does not know a third of what tells the rates.
    assert abs(off["dm"].mean()) > 0.05


@pytest.mark.slow
def test_errors_of_ten_seeds(logs: Any) -> None:
    found = [logs.errors(0.7, seed)[0] for seed in logs.SEEDS]
    ips, dr = (np.concatenate([each[method] for each in found]) for method in ("ips", "dr"))
    assert abs(dr.mean()) <= 0.003
    assert np.sqrt(np.mean(dr**2)) <= 0.7 * np.sqrt(np.mean(ips**2))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"propensities": [0.5, 0.0]}, "propensities has 0 in row 1"),
        ({"propensities": [0.5, 1.5]}, r"propensities has values outside of \[0, 1\]"),
        ({"propensities": [0.5, 1e-200], "target": [[1, 0], [0, 1]]}, "propensities are so small"),
        ({"rewards": [1e308, -1e308]}, "rewards or predicted are so large"),
        ({"propensities": [0.5]}, r"propensities has shape \(1,\); \(2,\) is accepted"),
        ({"actions": [0, 2]}, "actions has 2; whole numbers from 0 to 1"),
        ({"actions": [0, 0.5]}, "actions has 0.5"),
        ({"target": [[0.5, 0.4], [1, 0]]}, "target has rows that do not sum to 1"),
        ({"target": [[0.5, 0.5]]}, r"target has shape \(1, 2\); \(2, actions\) is accepted"),
        ({"rewards": [1, np.inf]}, "rewards has NaN or infinite"),
        ({"rewards": []}, r"rewards has shape \(0,\)"),
        ({"counts": [1, 0]}, "there are 1 rounds; two or more"),
        ({"counts": [1, -1]}, "counts has -1"),
        ({"method": "dr"}, "predicted was missing with method='dr'"),
        ({"predicted": [[0, 0], [0, 0]]}, "predicted was given with method='ips'"),
        ({"method": "dm", "predicted": [[0, 0]]}, r"predicted has shape \(1, 2\)"),
        ({"method": "other"}, "method was 'other'"),
        ({"confidence": 1}, "confidence was 1"),
        ({"method": "snips", "target": [[0, 1], [1, 0]]}, "'snips' divides by it"),
    ],
)
def test_logs_that_are_refused(changed: dict[str, Any], message: str) -> None:
    log: dict[str, Any] = {
        "rewards": [1, 0],
        "actions": [0, 1],
        "propensities": [0.5, 0.5],
        "target": [[0.5, 0.5], [0.5, 0.5]],
        "method": "ips",
    }
    with pytest.raises(ValueError, match=message):
        off_policy(**log | changed)
