"""Calls of every system that take as long as they are made to, which tests of Ctrl-C and of threads go over.

Where NumPy, SciPy or pandas work on one large array, as in a singular value decomposition, Ctrl-C waits for them.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

import kousei
from kousei import attribution, equivariant, funahashi, ising, recommend, rg, ridgelet
from kousei.attribution import DeepSet

#: A call without arguments, whose result is a number, an array or a network.
Call = Callable[[], Any]


def _random(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape)


def mlp(n: int) -> Call:
    net, x = kousei.MLP.random([2, 100 * n, 1], "erf", rng=0), _random(100 * n, 2)
    return lambda: net(x)


def jet(n: int) -> Call:
    net, x = kousei.MLP.random([3, 30, 20 * n, 1], "tanh", rng=0), _random(30 * n, 3)
    return lambda: net.jet(x).laplacian


def gradient(n: int) -> Call:
    net = funahashi.fourier_series({(1, 0): 1.0, (1, 3): 0.5j}, [(-1, 1)] * 2, 1e-3)
    x = _random(40 * n * n, 2)
    return lambda: net.gradient(x)


def variable_projection(n: int) -> Call:
    x = _random(60, 2)
    y = np.sin(3 * x[:, 0]) * x[:, 1]
    return lambda: funahashi.variable_projection(x, y, 3, starts=n, rng=0).network(x[:3])


def binary_network(n: int) -> Call:
    net = kousei.binarize(kousei.MLP.random([4, 8 * n, 8, 1], "relu", rng=0), "bits", 6)
    x = _random(40 * n, 4)
    return lambda: net(x)


def binarize(n: int) -> Call:
    net, x = kousei.MLP.random([8, 20 * n, 20 * n, 1], "relu", rng=0), _random(20 * n, 8)
    return lambda: kousei.binarize(net, "bits", 4, calibrate=x)(x[:3])


def matmul(n: int) -> Call:
    rng = np.random.default_rng(0)
    words = kousei.pack_signs(rng.choice([-1, 1], (100 * n, 64 * n)))
    x = rng.normal(size=(20 * n, 64 * n))
    return lambda: words.matmul(x)


def bounds(n: int) -> Call:
    net = kousei.MLP.random([3, 20 * n, 20 * n, 20 * n, 1], "tanh", rng=0)
    return lambda: net.bounds([(-1, 1)] * 3).upper


def ridgelets(n: int) -> Call:
    pair = ridgelet.AdmissiblePair("tanh", 2)
    axes = [np.linspace(-1, 1, 8 * n)] * 2
    f = np.exp(-(axes[0][:, None] ** 2) - axes[1] ** 2)
    angles = np.linspace(0, 3, 3 * n)
    directions = 4 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    transform = ridgelet.RidgeletTransform(axes, directions, np.linspace(-5, 5, 8 * n), pair, "direct")
    return lambda: transform.transform(f)


def finite_ridgelets(n: int) -> Call:
    rng = np.random.default_rng(0)
    p = {1: 5}.get(n, 67)
    feature = rng.normal(size=p)
    R = equivariant.FiniteRidgelet(p, 3, feature, feature - feature.mean(), "direct")
    f = rng.normal(size=(p, p, p))
    return lambda: R.transform(f)


def sampled(method: str) -> Callable[[int], Call]:
    def make(n: int) -> Call:
        lattice = ising.Lattice((8 * n, 8 * n), 0.4)
        return lambda: lattice.sample(method, chains=32, sweeps=n, burn_in=10 * n, rng=0).words

    return make


def held_clusters(n: int) -> Call:
    """Every cluster is left at once."""
    lattice = ising.Lattice((4, 4), 0.1, 9.0)
    return lambda: lattice.sample("wolff", chains=32, sweeps=1, burn_in=1 << 2 * n, rng=0).words


def observables(n: int) -> Call:
    spins = ising.Lattice((8, 8), 0.4).sample(chains=32, sweeps=2 * n * n, burn_in=1, rng=0)
    return lambda: ising.observables(spins).energy.value


def machine(n: int) -> Call:
    X = np.random.default_rng(0).choice([-1.0, 1.0], (20 * n, 10 * n))
    return lambda: kousei.RBM(10 * n, 4 * n, algorithm="pcd", rng=0).fit(X, epochs=n).weights


def partition(n: int) -> Call:
    machine = kousei.RBM(10 + 2 * n, 10 + n // 4, rng=0)
    return lambda: machine.log_partition("ais", tol=0.5 / n, rng=0).value


def flow(n: int) -> Call:
    spins = ising.Lattice((16, 16), 0.4).sample(chains=32, sweeps=4 * n, burn_in=1, rng=0)
    return lambda: rg.flow(spins, 2, rng=0)[1].value


def score(n: int) -> Call:
    X = _random(40 * n, 2)
    return lambda: kousei.ScoreEstimator(hidden=20 * n, random_state=0).fit(X).score_samples(X[:3])


def langevin(n: int) -> Call:
    estimator = kousei.ScoreEstimator(hidden=20, random_state=0).fit(_random(100, 2))
    return lambda: estimator.sample(10 * n, steps=10 * n * n, random_state=0)


def monotone(n: int) -> Call:
    X = _random(40 * n, 2)
    y = X.sum(axis=1)
    return lambda: kousei.MonotoneRegressor(cells=2 + n // 4).fit(X, y).predict(X[:3])


def fit(n: int) -> Call:
    X = _random(50 * n, 3)
    y = np.sin(X).sum(axis=1)
    return lambda: kousei.fit(X, y, rng=0)(X[:3])


def construct(n: int) -> Call:
    dim, tol = (1, 1e-2) if n == 1 else (2, 1e-11)
    return lambda: kousei.construct(
        lambda x: np.exp(np.sin(3 * x.prod(axis=1) + x[:, 0] ** 2)), [(-1, 1)] * dim, tol, rng=0
    )(np.zeros((1, dim)))


def compare(n: int) -> Call:
    methods = ["Chebyshev" if n == 1 else "L-BFGS"]
    return lambda: (
        kousei.compare(
            lambda x: np.sin(9 * x[:, 0]), [(-1, 1)], 1e-9, methods=methods, budget=float(n), seeds=1, rng=0
        ).tol
    )


def deep_set(items: int) -> tuple[Any, np.ndarray]:
    phi, rho = kousei.MLP.random([2, 9, 20], rng=0), kousei.MLP.random([20, 15, 1], rng=1)
    return DeepSet(phi, rho), _random(items, 2)


def shapley(n: int) -> Call:
    f, items = deep_set(4 if n == 1 else 25)
    return lambda: attribution.owen_values(f, items).features


def permutations(n: int) -> Call:
    f, items = deep_set(6)
    slow = attribution.SetFunction(lambda x, mask: f.values(x, mask))
    return lambda: attribution.owen_permutation(slow, items, 200 * n * n, rng=0).features


def cosines(n: int) -> Call:
    from scipy.sparse import random_array

    matrix = random_array((300 * n, 50 * n), density=0.2, rng=np.random.default_rng(0), format="csr")
    return lambda: recommend.cosine_topk(matrix, 5)[1]


def preferences(n: int) -> Call:
    ratings = recommend.synthetic_ratings(40 * n, 10 * n, 200 * n * n, rng=0)
    return lambda: recommend.preference_pagerank(ratings).to_numpy()


#: A call for a size, 1 for one that takes no time, and a size for which it takes many seconds or more.
CALLS: dict[str, tuple[Callable[[int], Call], int]] = {
    make.__name__: (make, large)
    for make, large in (
        *((mlp, 300), (jet, 300), (gradient, 700), (variable_projection, 400)),
        *((binary_network, 300), (binarize, 60), (matmul, 90), (bounds, 240), (ridgelets, 100)),
        *((finite_ridgelets, 30), (held_clusters, 15), (observables, 500), (machine, 60), (partition, 100)),
        *((flow, 2000), (score, 100), (langevin, 100), (monotone, 100), (fit, 200), (construct, 100), (compare, 60)),
        *((shapley, 60), (permutations, 100), (cosines, 100), (preferences, 300)),
    )
} | {method: (sampled(method), 60) for method in ("metropolis", "wolff", "swendsen-wang")}
