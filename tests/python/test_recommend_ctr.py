"""Click-through rates of shops by their features."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

pytest.importorskip("pandas")
pytest.importorskip("sklearn")

from kousei.recommend import CTRModel


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
    ],
)
def test_counts_that_are_refused(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CTRModel().fit(*arguments)


def test_features_of_every_size() -> None:
    rng = np.random.default_rng(0)
    x, n = rng.normal(size=(50, 2)), np.full((50, 2), 1000)
    c = rng.binomial(n, 0.1)
    expected = CTRModel().fit(x, n, c).predict(x)
    for size in (1e-200, 1e200):
        assert_allclose(CTRModel().fit(size * x, n, c).predict(size * x), expected, rtol=1e-9)
    for rare in (1.7e308, 5e-324):
        x = np.where(np.arange(50) == 3, rare, -rare if rare > 1 else 0)[:, None]
        assert np.isfinite(CTRModel().fit(x, n, c).predict(x)).all()


def test_rates_that_round_to_1() -> None:
    x, n = np.eye(6), np.full((6, 2), 1e14)
    assert (CTRModel().fit(x, n, n).predict(x) > 0.95).all()
    c = np.where(np.arange(6)[:, None] == 3, n, n / 10)
    assert np.isfinite(CTRModel(smoothing=1e-20).fit(x, n, c).predict(x)).all()


def test_a_refusal_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.linear_model import ElasticNetCV

    def refuse(*_: Any, **__: Any) -> None:
        raise ValueError("not so")

    model = CTRModel().fit([[1.0], [2.0]], [[9, 9]] * 2, [[1, 2]] * 2)
    before = model.predict([[1.5]]).tolist()
    monkeypatch.setattr(ElasticNetCV, "fit", refuse)
    with pytest.raises(ValueError, match="not so"):
        model.fit([[1.0, 2.0], [3.0, 4.0]], [[9, 9]] * 2, [[1, 2]] * 2)
    assert model.predict([[1.5]]).tolist() == before


def test_options_and_points_that_are_refused() -> None:
    with pytest.raises(ValueError, match="smoothing was 0"):
        CTRModel(smoothing=0)
    with pytest.raises(ValueError, match="folds was 1; at least 2"):
        CTRModel(folds=1)
    with pytest.raises(ValueError, match="not fitted"):
        CTRModel().predict([[1.0]])
    with pytest.raises(ValueError, match=r"features has shape \(1, 2\); \(shops, 1\) is accepted"):
        CTRModel().fit([[1.0]], [[1]], [[1]]).predict([[1.0, 2.0]])


def test_a_shop_without_impressions_adds_nothing() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    n = np.full((60, 2), 200)
    c = rng.binomial(n, 0.05)
    model = CTRModel().fit(x, n, c)
    more = CTRModel().fit(np.vstack([x, [[50.0, -30.0, 7.0]]]), np.vstack([n, [[0, 0]]]), np.vstack([c, [[0, 0]]]))
    assert np.array_equal(more.predict(x), model.predict(x))
