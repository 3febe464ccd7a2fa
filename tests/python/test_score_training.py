"""Estimates of scores by gradient descent."""

import numpy as np
import pytest

import kousei

pytest.importorskip("sklearn")
torch = pytest.importorskip("torch")

from kousei.activation.named import resolve  # noqa: E402
from kousei.score.fields import initial  # noqa: E402
from kousei.score.training import train  # noqa: E402
from test_score import mixture, relative  # noqa: E402


@pytest.mark.parametrize("activation", ["tanh", "repu2"])
def test_training_improves_on_the_normal_distribution(activation: str) -> None:
    X = mixture(2000, 0)
    estimator = kousei.ScoreEstimator(
        solver="adam", activation=activation, hidden=(32, 32), steps=200, learning_rate=0.01, random_state=0
    ).fit(X)
    normal = kousei.ScoreEstimator(hidden=1, random_state=0).fit(X)
    assert relative(estimator) < 0.6 * relative(normal)
    assert estimator.network_.sizes == (2, 34, 34, 2)


def test_a_step_goes_down_the_gradient_of_the_loss() -> None:
    """The first step of Adam is by the signs of the gradient, here those of differences of the loss on all points."""
    y, linear = np.random.default_rng(0).normal(size=(1, 2)), -np.eye(2)
    net = initial((2, 6, 2), resolve("tanh"), np.random.default_rng(1))
    trained = train(net, y, linear, 1, 8, 1e-4, np.random.default_rng(2), False)

    def loss(coef: np.ndarray) -> float:
        other = kousei.MLP([net.weights[0], coef], net.biases, net.activations)
        return float(np.sum((y @ linear + other(y)) ** 2) / 2 + other.divergence(y)[0])

    coef, h = net.weights[1], 1e-6
    slopes = np.array(
        [
            [(loss(coef + h * e) - loss(coef - h * e)) for e in np.eye(12)[6 * k : 6 * k + 6].reshape(6, 2, 6)]
            for k in (0, 1)
        ]
    )
    np.testing.assert_allclose(trained.weights[1], -1e-4 * np.sign(slopes), rtol=1e-3)


def test_the_same_seed_the_same_network() -> None:
    X = mixture(200, 0)
    one, again = (
        kousei.ScoreEstimator(solver="adam", steps=5, random_state=0).fit(X).network_.weights for _ in range(2)
    )
    for a, b in zip(one, again, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_generator_of_torch_is_left_alone() -> None:
    before = torch.get_rng_state()
    kousei.ScoreEstimator(solver="adam", steps=2).fit(mixture(50, 0))
    assert torch.equal(before, torch.get_rng_state())


def test_another_fit_leaves_nothing_of_the_one_before() -> None:
    x = mixture(200, 0)
    estimator = kousei.ScoreEstimator(hidden=8, random_state=0).fit(x)
    before, scores = dict(vars(estimator)), estimator.anomaly_scores(x)
    with pytest.raises(ValueError, match="learning_rate was"):
        estimator.set_params(solver="adam", activation="repu3", steps=9, learning_rate=1e100).fit(100 * x)
    np.testing.assert_array_equal(estimator.anomaly_scores(x), scores)
    with pytest.raises(ValueError, match="X has the constant columns"):
        estimator.fit(np.c_[x, np.ones(200)])
    assert estimator.n_features_in_ == before["n_features_in_"]
    assert estimator.network_ is before["network_"]
    assert not hasattr(estimator.set_params(activation="tanh", steps=2, learning_rate=1e-3).fit(x), "alpha_")


def test_weights_that_overflow_are_told_of() -> None:
    with pytest.raises(ValueError, match="learning_rate was 1e\\+100"):
        kousei.ScoreEstimator(solver="adam", activation="repu3", steps=9, learning_rate=1e100).fit(mixture(50, 0))
