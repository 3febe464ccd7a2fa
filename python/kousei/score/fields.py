"""Vector fields that are a linear one plus a network: fitted, and written as one network."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kousei.activation import Activation
from kousei.activation.mixed import mix
from kousei.activation.piecewise import leaky_relu
from kousei.network import MLP
from kousei.score.moments import Array, Moments, best_penalty, coefficients, linear_moments, unit_moments

#: Parts of the data, each of which is held out once to choose a penalty.
FOLDS = 5
#: Standard deviation of a unit's argument over that of the standardised data, but for the bias.
_SPREAD = 1.5


def fit_linear(folds: list[Array], penalty: float | None) -> Array:
    """Return the matrix A of the linear field y A that matches the score best: that of a normal distribution."""
    return _match(linear_moments(folds), penalty)[0]


def fit_units(
    folds: list[Array], linear: Array, phi: Activation, units: int, penalty: float | None, rng: np.random.Generator
) -> tuple[MLP, float]:
    """Return the network of random units that corrects a linear field best, and the penalty."""
    dim = len(linear)
    weight, bias = rng.normal(size=(units, dim)) * (_SPREAD / math.sqrt(dim)), rng.normal(size=units)
    coef, penalty = _match(unit_moments(folds, weight, bias, phi, linear), penalty)
    return MLP([weight, coef[:-1].T / math.sqrt(units)], [bias, coef[-1]], [phi]), penalty


def _match(moments: Moments, penalty: float | None) -> tuple[Array, float]:
    chosen = best_penalty(moments) if penalty is None else penalty
    return coefficients(moments, chosen), chosen


def initial(sizes: tuple[int, ...], phi: Activation, rng: np.random.Generator) -> MLP:
    """Return a network to train from: 0 everywhere, its hidden units of one size whatever the activation."""
    nodes, masses = np.polynomial.hermite_e.hermegauss(64)
    # The mean of phi^2 at normal arguments, by which the next layer's weights are divided.
    square = masses @ phi(nodes) ** 2 / masses.sum()
    shapes = list(zip(sizes[1:], sizes, strict=False))
    weights = [rng.normal(size=shape) / math.sqrt(shape[1] * (square if i else 1)) for i, shape in enumerate(shapes)]
    biases = [rng.uniform(-0.5, 0.5, units) for units in sizes[1:]]
    weights[-1], biases[-1] = np.zeros(shapes[-1]), np.zeros(sizes[-1])
    return MLP(weights, biases, [phi] * len(shapes[:-1]))


def written_out(net: MLP, linear: Array, mean: Array, scale: Array) -> MLP:
    """Return (y A + net(y))/scale at y = (x - mean)/scale as a network: y is carried beside the units."""
    carry, dim = leaky_relu(1.0), net.dim  # the identity
    first, *between, last = net.weights
    weights: list[Any] = [np.concatenate([first, np.eye(dim)]) / scale]
    weights += [np.block([[w, np.zeros((len(w), dim))], [np.zeros((dim, w.shape[1])), np.eye(dim)]]) for w in between]
    weights.append(np.concatenate([last, linear.T], axis=1) / scale[:, None])
    offset, *offsets, end = net.biases
    biases = [np.concatenate([offset, np.zeros(dim)]) - weights[0] @ mean]
    biases += [np.concatenate([b, np.zeros(dim)]) for b in offsets]
    biases.append(end / scale)
    activations = [mix([(f, n), (carry, dim)]) for f, n in zip(net.activations, net.sizes[1:], strict=False)]
    return MLP(weights, biases, activations)
