"""An epoch of contrastive divergence of the size of an experiment with spins, against NumPy and other packages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import kousei

from . import Case, Check, case

Array = np.ndarray[Any, Any]

VISIBLE, HIDDEN, BATCH, ROWS = 1600, 400, 100, 5000
RATE, MOMENTUM, L1 = 0.1, 0.5, 2e-4


def machine(**parameters: Any) -> kousei.RBM:
    given = {"learning_rate": RATE, "momentum": MOMENTUM, "l1": L1, "batch_size": BATCH, "rng": 0}
    return kousei.RBM(VISIBLE, HIDDEN, "binary", **given | parameters)


def states() -> Array:
    return np.random.default_rng(0).integers(0, 2, (ROWS, VISIBLE), np.int8)


@case("rbm-cd")
def contrastive_divergence() -> Case:
    trained, X = machine(), states()
    packed = kousei.pack_signs(2 * X - 1)
    return Case(
        work=ROWS,
        sizes={"visible": VISIBLE, "hidden": HIDDEN, "batch": BATCH, "rows": ROWS},
        dtype="float32",
        ours=lambda: trained.partial_fit(packed),
        others={
            "numpy": lambda: in_numpy(X.astype(np.float32)),
            "scikit-learn": lambda: in_sklearn(X.astype(np.float32)),
            "rbms": lambda: in_rbms(X.astype(np.float32)),
        },
        floors={"numpy": 1.7, "scikit-learn": 1.7, "rbms": 3.3},
        checks={"error of means": Check(lambda: error_of_means(trained, X[:BATCH]), "reference in float64", 1e-5)},
    )


def error_of_means(trained: kousei.RBM, X: Array) -> float:
    fields = X @ trained.weights.astype(np.float64) + trained.hidden_bias
    return float(np.abs(trained.transform(X) - 1 / (1 + np.exp(-fields))).max())


def in_numpy(X: Array) -> Callable[[], Any]:
    """Prepare an epoch as one writes it with matrices of float32."""
    rng, start = np.random.default_rng(0), machine()
    parameters = [start.weights, start.visible_bias, start.hidden_bias]
    velocities = [np.zeros_like(parameter) for parameter in parameters]

    def means(states: Array, weights: Array, bias: Array) -> Array:
        fields = states @ weights
        fields += bias
        np.negative(fields, out=fields)
        np.exp(fields, out=fields)
        fields += 1
        return np.reciprocal(fields, out=fields)

    def draw(p: Array) -> Array:
        return (rng.random(p.shape, dtype=np.float32) < p).astype(np.float32)

    def run() -> None:
        weights, visible_bias, hidden_bias = parameters
        order = rng.permutation(len(X))
        for first in range(0, len(X), BATCH):
            v = X[order[first : first + BATCH]]
            h = means(v, weights, hidden_bias)
            v_model = draw(means(draw(h), weights.T, visible_bias))
            h_model = means(v_model, weights, hidden_bias)
            gradient = v.T @ h
            gradient -= v_model.T @ h_model
            gradient /= BATCH
            gradient -= L1 * np.sign(weights)
            of_biases = (v - v_model).mean(axis=0), (h - h_model).mean(axis=0)
            for parameter, velocity, change in zip(parameters, velocities, (gradient, *of_biases), strict=True):
                velocity *= MOMENTUM
                change *= RATE
                velocity += change
                parameter += velocity

    return run


def in_sklearn(X: Array) -> Callable[[], Any]:
    """Prepare an epoch of the machine there is, whose chains are persistent, without momentum and l1."""
    from sklearn.neural_network import BernoulliRBM

    other = BernoulliRBM(HIDDEN, learning_rate=RATE, batch_size=BATCH, n_iter=1, random_state=0)
    return lambda: other.fit(X)


def in_rbms(X: Array) -> Callable[[], Any]:
    """Prepare an epoch of its updates, by a gradient of its own and torch's SGD, without the files it writes."""
    import torch
    from rbms.bernoulli_bernoulli.classes import BBRBM
    from rbms.training.pcd import fit_batch_pcd

    torch.set_num_threads(1)
    start, data = machine(), torch.from_numpy(X)
    other = BBRBM(*(torch.from_numpy(a) for a in (start.weights, start.visible_bias, start.hidden_bias)))
    for parameter in other.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer = torch.optim.SGD(other.parameters(), lr=RATE, momentum=MOMENTUM, maximize=True)

    @torch.no_grad()
    def run() -> None:
        for rows in torch.randperm(len(data)).split(BATCH):
            batch = data[rows], torch.ones(len(rows))
            chains = other.init_chains(len(rows), weights=batch[1], start_v=batch[0])
            optimizer.zero_grad(set_to_none=False)
            fit_batch_pcd(batch, chains, other, gibbs_steps=1, beta=1.0, centered=False, lambda_l1=L1)
            optimizer.step()

    return run
