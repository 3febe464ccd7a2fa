"""Networks from scattered, noisy samples, in closed form."""

from __future__ import annotations

import math
import time
from typing import Any, NamedTuple

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_integer
from kousei._lib.random import Rng, generator
from kousei.activation import Activation
from kousei.activation.mixed import mix
from kousei.activation.named import resolve
from kousei.activation.piecewise import leaky_relu
from kousei.front.fits.fitted import FittedNetwork, LeftOutError, Trial, Trials
from kousei.front.fits.leave_one_out import Layer, Samples, Solution, left_out, solve
from kousei.network import MLP

Array = np.ndarray[Any, Any]

#: Units of the first fits, by which slopes and directions are chosen, and the most that are chosen.
_UNITS, _MOST_UNITS = 256, 2000
#: Points that the first fits take, at most.
_POINTS = 1024
#: Steepest slopes that are tried, in coordinates of variance 1; of flatter units the weights become too large.
_SLOPES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
#: How often directions are drawn anew by the fit before.
_ROUNDS = 4
#: What an error is multiplied by at least for more units, or another round, to go on.
_GAIN = 0.99


def fit(
    X: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    units: int | None = None,
    activation: Activation | str = "tanh",
    rng: Rng = None,
) -> FittedNetwork:
    """Fit a network with one hidden layer to scattered, noisy samples, in closed form.

    Hidden weights are drawn, output weights are those of ridge regression. How steep units are, along which
    directions they lie, how many there are and what penalty, is chosen by the error at samples that are left out, for
    which there is a formula. Nothing is trained.

    Parameters
    ----------
    X : array_like (n, dim)
        Real and finite, with two different points at least.
    y : array_like (n,) or (n, outputs)
        Values, real and finite.
    sample_weight : array_like (n,), optional
        Not negative; a sample of weight 2 is one that is there twice.
    units : int, optional
        Drawn units. By default 256, or as many as there are different points, doubled as long as the error falls by
        1 %, up to 2000.
    activation : str or Activation
        Of the drawn units; one whose derivative is known.
    rng : numpy.random.Generator, int or None
        Source of the hidden weights.

    Returns
    -------
    FittedNetwork
        An `MLP` of float64 with `error_bound()`, the error at samples that were left out, and `report`. Beside the
        drawn units its hidden layer has one for each output that carries a linear function.

    Raises
    ------
    TypeError
        If an argument is of another kind: complex, text, a dtype that is not real.
    ValueError
        If shapes do not fit, a number is not finite, or all points are the same.
    MemoryError
        If so many units do not fit.

    See Also
    --------
    kousei.ClosedFormRegressor, kousei.ClosedFormClassifier : The same for scikit-learn.

    Notes
    -----
    Samples at the same point are one of their mean value and of the sum of their weights, and are left out together.
    Coordinates that are constant have no part in the network. Neither does the order of samples matter.

    Directions are drawn by the mean of the products of derivatives of the fit before, the average gradient outer
    product of A. Radhakrishnan, D. Beaglehole, P. Pandit and M. Belkin, "Mechanism for feature learning in neural
    networks and backpropagation-free machine learning models", Science 383 (2024), arXiv:2212.13881, or by its
    diagonal. Errors of samples that are left out are those of D. M. Allen, "The relationship between variable
    selection and data augmentation and a method for prediction", Technometrics 16 (1974).

    With more samples than fit, the largest array has 4 (dim + units + outputs + 1)^2 numbers, and some five of it are
    held at a time.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(-1, 1, (1000, 2))
    >>> y = np.sin(3 * X[:, 0] + X[:, 1]) + 0.1 * rng.normal(size=1000)
    >>> net = kousei.fit(X, y, rng=0)
    >>> net
    MLP(2 -> 257 (256 tanh + 1 leaky_relu) -> 1, float64, 1029 parameters)
    >>> bool(np.abs(net(X) - np.sin(3 * X[:, 0] + X[:, 1])).max() < 0.1)
    True
    """
    points, values = arrays.finite_numbers("X", X), arrays.finite_numbers("y", y)
    if points.ndim != 2 or 0 in points.shape:
        raise ValueError(f"X has shape {points.shape}; (n, dim), a row for each of n > 0 samples, is accepted")
    if values.ndim not in (1, 2) or len(values) != len(points) or 0 in values.shape:
        raise ValueError(f"y has shape {values.shape}; ({len(points)},) or ({len(points)}, outputs) is accepted")
    if sample_weight is None:
        weight = np.ones(len(points))
    else:
        weight = arrays.finite_numbers("sample_weight", sample_weight)
        arrays.require_shape("sample_weight", weight, (len(points),))
        if (weight < 0).any() or not weight.any():
            raise ValueError(
                "sample_weight has negative numbers, or is 0; positive ones, and 0 of some, are accepted"
            )
    return fit_samples(points, values.reshape(len(points), -1), weight, units, activation, rng).network


class Fit(NamedTuple):
    """A network, the samples as it was fitted to them, and what it says of each where that is left out."""

    network: FittedNetwork
    samples: Samples
    left_out: Array


def fit_samples(
    x: Array, y: Array, weight: Array, units: int | None, activation: Activation | str, rng: Rng, name: str = "rng"
) -> Fit:
    """Fit a network to points (n, dim) and values (n, outputs) of weights (n,), checked but for their size."""
    phi, random = resolve(activation), generator(rng, name)
    _require_slopes(phi)
    if units is not None:
        units = check_integer("units", units, 1)
        arrays.require_memory(24.0 * (units + x.shape[1] + y.shape[1]) ** 2, 8, f"a fit of {units} units")
    samples, scatter = _merged(x, y, weight)
    if len(samples.x) < 2:
        raise ValueError("X has a single point, or one of weight other than 0; two different ones are accepted")
    varies = np.ptp(samples.x, axis=0) > 0
    centre, width = _standard("X", samples.x[:, varies], samples.weight)
    middle, size = _standard("y", samples.y, samples.weight)
    scaled = Samples((samples.x[:, varies] - centre) / width, (samples.y - middle) / size, samples.weight)
    layer, solution, trials = _search(scaled, units, phi, random)

    values = left_out(layer, scaled, solution)
    off = samples.weight @ (values - scaled.y) ** 2 / len(samples.x) + scatter / size**2
    error = LeftOutError(tuple((size * np.sqrt(off)).tolist()), "estimated", len(samples.x))
    net = _written(layer, solution, varies, (centre, width), (middle, size))
    return Fit(FittedNetwork(net, error, trials), samples, middle + size * values)


def _require_slopes(phi: Activation) -> None:
    """Raise TypeError unless the derivative of an activation is known."""
    one, zero = np.ones((1, 1)), np.zeros(1)
    MLP([one, one], [zero, zero], [phi]).jet(np.zeros(1), laplacian=False)


def _merged(x: Array, y: Array, weight: Array) -> tuple[Samples, Array]:
    """Return the different points, sorted, with the means at them, and what mean square these leave."""
    used = weight > 0
    x, y, weight = x[used] + 0.0, y[used], weight[used] / weight.max()  # -0 is 0; sums of weights do not overflow
    points, which = np.unique(x, axis=0, return_inverse=True)
    which = which.reshape(-1)
    total = np.bincount(which, weight)
    # From a value that is there, so that equal ones have it as their mean.
    first = np.empty((len(points), y.shape[1]))
    first[which] = y
    mean = (
        first
        + np.stack([np.bincount(which, weight * part) for part in (y - first[which]).T], axis=1) / total[:, None]
    )
    return Samples(points, mean, total / total.mean()), weight @ (y - mean[which]) ** 2 / total.sum()


def _standard(name: str, values: Array, weight: Array) -> tuple[Array, Array]:
    """Return mean and standard deviation of each column, 1 where all are equal; ValueError where they overflow."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        mean = values[0] + weight @ (values - values[0]) / len(weight)
        deviation = np.sqrt(weight @ (values - mean) ** 2 / len(weight))
        flat = np.ptp(values, axis=0) == 0
    if not (np.isfinite(mean) & np.isfinite(deviation) & (flat | (deviation > 0))).all():
        raise ValueError(f"{name} has columns whose variance overflows or underflows; moderate numbers are accepted")
    return mean, np.where(flat, 1.0, deviation)


def _search(
    samples: Samples, units: int | None, phi: Activation, rng: np.random.Generator
) -> tuple[Layer, Solution, Trials]:
    """Return the layer whose error is least, what solves it, and what else was tried."""
    n, dim = samples.x.shape
    most = min(_MOST_UNITS, n) if units is None else units
    drawn = rng.standard_normal((most, dim))
    directions = drawn / np.linalg.norm(drawn, axis=1, keepdims=True) * rng.uniform(0.3, 1, (most, 1))
    centres = samples.x[rng.integers(n, size=most)]
    some = np.sort(rng.permutation(n)[:_POINTS])
    part = Samples(samples.x[some], samples.y[some], samples.weight[some] / samples.weight[some].mean())
    trials: list[Trial] = []

    def attempt(of: Samples, count: int, slope: float, name: str, metric: Array) -> _Attempt:
        start = time.perf_counter()
        weight = slope * directions[:count] @ metric
        layer = Layer(weight, -(weight * centres[:count]).sum(axis=1), phi)
        solution = solve(layer, of)
        trials.append(Trial(count, slope, name, len(of.x), solution.error, time.perf_counter() - start, False))
        return _Attempt(layer, solution, len(trials) - 1, (slope, name, metric))

    count = min(_UNITS, most)
    best = min((attempt(part, count, slope, "none", np.eye(dim)) for slope in _SLOPES), key=_error)
    for _ in range(_ROUNDS if dim > 1 else 0):
        before, metrics = best, _metrics(best, part)
        slopes = [a * best.drawn[0] for a in (0.5, 1.0, 2.0) if a * best.drawn[0] >= _SLOPES[0]]
        best = min([before, *(attempt(part, count, slope, *by) for by in metrics for slope in slopes)], key=_error)
        if not _error(best) < _GAIN * _error(before):
            break

    if len(part.x) < n or (units is not None and count < most):
        best = attempt(samples, count if units is None else most, *best.drawn)
    while units is None and count < most:
        count = min(2 * count, most)
        more = attempt(samples, count, *best.drawn)
        if not _error(more) < _GAIN * _error(best):
            break
        best = more
    trials[best.place] = trials[best.place]._replace(chosen=True)
    return best.layer, best.solution, Trials(trials)


class _Attempt(NamedTuple):
    """A layer and what solves it, its place among the trials, and its slope and metric."""

    layer: Layer
    solution: Solution
    place: int
    drawn: tuple[float, str, Array]


def _error(tried: _Attempt) -> float:
    return tried.solution.error


def _metrics(tried: _Attempt, samples: Samples) -> list[tuple[str, Array]]:
    """Return roots of the mean of products of derivatives, of its diagonal and of all, their mean square 1.

    Directions drawn by the root lie along what the values change along; none where they do not change.
    """
    net = _plain(tried.layer, tried.solution)
    slopes = net.jet(samples.x, laplacian=False).jacobian
    outer = np.einsum("n,nod,noe->de", samples.weight, slopes, slopes, optimize=True)
    size = np.trace(outer)
    if not size > 0:
        return []
    axes = np.diag(np.sqrt(np.diag(outer) / size))
    values, vectors = np.linalg.eigh(outer / size)
    turned = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return [(name, root * math.sqrt(len(outer))) for name, root in (("axes", axes), ("directions", turned))]


def _plain(layer: Layer, solution: Solution) -> MLP:
    """Return the network for coordinates and values of variance 1; units of slope 1 carry linear functions."""
    dim, units, outputs = layer.weight.shape[1], len(layer.bias), len(solution.constant)
    linear, coef = solution.coef[:dim].T, solution.coef[dim:].T / math.sqrt(units)
    return MLP(
        [np.concatenate([layer.weight, linear]), np.concatenate([coef, np.eye(outputs)], axis=1)],
        [np.concatenate([layer.bias, np.zeros(outputs)]), solution.constant],
        [mix([(layer.activation, units), (leaky_relu(1.0), outputs)])],
    )


def _written(
    layer: Layer, solution: Solution, varies: Array, before: tuple[Array, Array], after: tuple[Array, Array]
) -> MLP:
    """Return the network of coordinates as they are, those that are constant included, and of values as they are."""
    plain, (centre, width), (middle, size) = _plain(layer, solution), before, after
    weight = np.zeros((len(plain.weights[0]), len(varies)))
    weight[:, varies] = plain.weights[0] / width
    bias = plain.biases[0] - (plain.weights[0] / width) @ centre
    return MLP([weight, size[:, None] * plain.weights[1]], [bias, middle + size * plain.biases[1]], plain.activations)
