"""The values of policies, from logs of others: by hand, and on worlds whose rates are known."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

pytest.importorskip("pandas")
pytest.importorskip("sklearn")

from kousei.recommend import off_policy

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("recommend_off_policy")


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
    # The size of samples has no unit, though the squares of such weights are 0.
    small = off_policy([1, 0], [0, 0], [1, 1], [[1e-200, 1 - 1e-200]] * 2, method="ips")
    assert small.value == pytest.approx(5e-201, rel=1e-14)
    assert small.effective_sample_size == pytest.approx(2, rel=1e-14)
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
