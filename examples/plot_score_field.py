"""
The score field of a mixture, and samples by it
===============================================

8192 points of a mixture of three normal distributions, and nothing else, give the score, the gradient of the
logarithm of the density: `kousei.ScoreEstimator`. Langevin dynamics makes samples of it again.
"""

import time

import matplotlib.pyplot as plt
import numpy as np

import kousei

MEANS = np.array([[-2.0, -0.5], [1.2, 1.6], [1.6, -1.4]])
WIDTHS = np.array([0.6, 0.8, 0.5])


def sample(n, rng):
    """Draw points of the mixture, all three parts alike."""
    which = rng.integers(3, size=n)
    return MEANS[which] + WIDTHS[which, None] * rng.standard_normal((n, 2))


def score(x):
    """Return the gradient of the logarithm of the density."""
    away = MEANS - x[:, None]
    exponent = -(away**2).sum(-1) / (2 * WIDTHS**2)
    shares = np.exp(exponent - exponent.max(1, keepdims=True)) / WIDTHS**2
    shares /= shares.sum(1, keepdims=True)
    return (shares[..., None] * away / WIDTHS[:, None] ** 2).sum(1)


def error(estimator, x):
    """Return the mean squared error of the field, relative."""
    exact = score(x)
    return ((estimator.score(x) - exact) ** 2).sum() / (exact**2).sum()


X = sample(8192, np.random.default_rng(0))
estimator = kousei.ScoreEstimator(random_state=0).fit(X)
drawn = estimator.sample(2000, random_state=0)
print(estimator.network_)

ends = np.linspace(-4, 4, 21)
grid = np.stack(np.meshgrid(ends, ends, indexing="xy"), -1).reshape(-1, 2)
figure, axes = plt.subplots(1, 3, figsize=(12, 4.4), layout="constrained", sharex=True, sharey=True)
for axis, title, points, field in (
    (axes[0], "true score, data", X[:2000], score(grid)),
    (axes[1], "estimate, Langevin samples from it", drawn, estimator.score(grid)),
):
    length = np.linalg.norm(field, axis=1, keepdims=True)
    axis.scatter(*points.T, s=2, color="#56B4E9", alpha=0.5, linewidths=0)
    axis.quiver(*grid.T, *(field / (length + 4)).T, scale=22, width=0.004)
    axis.set(title=title, aspect="equal", xlim=(-4, 4), ylim=(-4, 4))
fine = np.stack(np.meshgrid(*[np.linspace(-4, 4, 161)] * 2, indexing="xy"), -1).reshape(-1, 2)
off = np.linalg.norm(estimator.score(fine) - score(fine), axis=1).reshape(161, 161)
picture = axes[2].imshow(off, extent=(-4, 4, -4, 4), origin="lower", cmap="magma_r", vmax=3)
axes[2].plot(*X[:400].T, ".", markersize=1.5, color="#0072B2", alpha=0.6)
axes[2].set(title="length of the difference, and data", aspect="equal")
figure.colorbar(picture, ax=axes[2], shrink=0.8, extend="max")
plt.show()

# %%
# Where there are data the field is that of the density. In between, where there are none, it says little, and far
# away it is that of a normal distribution, so that no chain is lost.
#
# By how much four activations are off, in closed form and trained, with seeds 0, 1 and 2: the mean squared error of
# the field at 5000 points of the density, over the mean square of the score. RePU does not win.

x = sample(5000, np.random.default_rng(99))
for solver in ("ridge", "adam"):
    for activation in ("repu2", "repu3", "tanh", "silu"):
        start = time.process_time()
        errors = [
            error(kousei.ScoreEstimator(solver=solver, activation=activation, random_state=seed).fit(X), x)
            for seed in (0, 1, 2)
        ]
        each = (time.process_time() - start) / 3
        print(
            f"{solver:>5} {activation:>5}: ", ", ".join(f"{value:.3f}" for value in errors), f" ({each:.1f} s each)"
        )
