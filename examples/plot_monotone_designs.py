r"""
Monotone regression beside other methods
========================================

Functions that rise, seen with noise: the monotone spline of :class:`kousei.MonotoneRegressor`, its trained network,
and what scikit-learn has for one feature and for two. The functions are after Z. Shen, Y. Jiao, Y. Lin and J. Huang,
`arXiv:2305.00608 <https://arxiv.org/abs/2305.00608>`_; the noise is our choice.
"""

# %%
# Methods
# -------
#
# - **spline**: coefficients of quadratic B-splines that do not fall, in closed form.
# - **PDIR**: a network of units :math:`\max(z, 0)^2`, trained with a penalty on derivatives below 0.
# - **isotonic**: :class:`sklearn.isotonic.IsotonicRegression`, steps in one feature. **block**: the same for two, as
#   the max-min of the means of all boxes between two samples that have a point between them, after H. Deng and
#   C.-H. Zhang, Annals of Statistics 48 (2020).
# - **boosting**: :class:`sklearn.ensemble.HistGradientBoostingRegressor` with ``monotonic_cst``.

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.isotonic import IsotonicRegression

import kousei

torch.set_num_threads(1)  # threads would wait for one another: the tensors are small


class Block:
    """The max-min estimator over boxes between samples."""

    def fit(self, x, y):
        """Keep the mean of the samples between each two, and the ends of the line; infinite if there are none."""
        self.lower, self.upper = (np.vstack([x, np.full((1, x.shape[1]), end)]) for end in (-np.inf, np.inf))
        above = (self.lower[:, None] <= x).all(axis=-1).astype(float)
        below = (self.upper[:, None] >= x).all(axis=-1).astype(float)
        counts = above @ below.T
        self.means = np.where(counts > 0, (above * y) @ below.T / np.maximum(counts, 1), np.inf)
        return self

    def predict(self, x):
        """Return the largest, over corners below, of the least means over corners above."""
        values = []
        for point in x:
            rows, columns = (self.lower <= point).all(axis=1), (self.upper >= point).all(axis=1)
            least = self.means[np.ix_(rows, columns)].min(axis=1)
            values.append(least[np.isfinite(least)].max())
        return np.array(values)


def methods(dim, seed):
    """Return the estimators by their names."""
    return {
        "spline": kousei.MonotoneRegressor(),
        "PDIR": kousei.MonotoneRegressor(method="pdir", random_state=seed),
        "isotonic" if dim == 1 else "block": IsotonicRegression(out_of_bounds="clip") if dim == 1 else Block(),
        "boosting": HistGradientBoostingRegressor(monotonic_cst=[1] * dim),
    }


COLORS = {"spline": "#0072B2", "PDIR": "#CC79A7", "isotonic": "#E69F00", "block": "#E69F00", "boosting": "#009E73"}


def total(x):
    """Return x_1 + x_2."""
    return x.sum(axis=1)


DESIGNS = {
    1: {
        "$2x$": lambda x: 2 * x[:, 0],
        "$e^{2x}$": lambda x: np.exp(2 * x[:, 0]),
        "steps at 0.2 and 0.6": lambda x: (x[:, 0] >= 0.2) + 2.0 * (x[:, 0] >= 0.6),
        r"$e^{\max(x, 1/3)}$": lambda x: np.exp(np.maximum(x[:, 0], 1 / 3)),
        r"$4x + 2x\,\sin 4\pi x$": lambda x: x[:, 0] * (4 + 2 * np.sin(4 * np.pi * x[:, 0])),
    },
    2: {
        "$10\\,(s/2)^{3/4}$": lambda x: 10 * (total(x) / 2) ** 0.75,
        "$1 + 3x_1(1 - e^{-3x_2})$": lambda x: 1 + 3 * x[:, 0] * (1 - np.exp(-3 * x[:, 1])),
        r"$10\,(x_1 - 1/3)_+ + 10\,(x_2 - 1/3)_+$": lambda x: 10 * total(np.maximum(x - 1 / 3, 0)),
        "$3$": lambda x: np.full(len(x), 3.0),
        r"$5s + 3s\,\sin\pi s$": lambda x: total(x) * (5 + 3 * np.sin(np.pi * total(x))),
    },
}
SAMPLES, NOISE, SEEDS = 128, {1: 0.5, 2: 1.0}, (0, 1)

# %%
# Errors
# ------
#
# 128 samples with normal noise of standard deviation 0.5, and 1 for two features, in which :math:`s = x_1 + x_2`.
# Root mean square errors at 1000 points, mean of 2 seeds; :doc:`the page on monotone regression </theory/isotonic>`
# has 10 seeds, and 64 and 256 samples. On what is smooth and rises the spline and the trained network are nearest,
# and only the spline never falls. It has 8 cells, and cannot follow steps. The last function of each kind does not
# rise everywhere; only what falls where it does comes nearer.

pictures = {}
print(f"{'':>32} {'spline':>8} {'PDIR':>8} {'iso/block':>9} {'boosting':>8}   PDIR falls at")
for dim, designs in DESIGNS.items():
    at = np.random.default_rng(2).random((1000, dim))
    for name, f in designs.items():
        errors, falls = [], []
        for seed in SEEDS:
            rng = np.random.default_rng(seed)
            x = rng.random((SAMPLES, dim))
            y = f(x) + NOISE[dim] * rng.normal(size=SAMPLES)
            fitted = {label: estimator.fit(x, y) for label, estimator in methods(dim, seed).items()}
            errors.append([np.sqrt(np.mean((each.predict(at) - f(at)) ** 2)) for each in fitted.values()])
            falls.append(fitted["PDIR"].violations(at))
            if fitted["spline"].violations(at) > 0:
                raise RuntimeError("a spline falls")
            pictures[name] = f, x, y, fitted
        cells = " ".join(f"{error:8.3f}" for error in np.mean(errors, axis=0))
        print(f"{name:>32} {cells}   {np.mean(falls):.1%} of the points")

# %%
# One feature
# -----------
#
# The samples, the function in black, and what the methods make of them.

figure, panels = plt.subplots(2, 3, figsize=(11.5, 6.4), layout="constrained")
line = np.linspace(0, 1, 400)[:, None]
for panel, name in zip(panels.flat, DESIGNS[1], strict=False):
    f, x, y, fitted = pictures[name]
    panel.plot(x, y, ".", color="0.8", markersize=4)
    panel.plot(line, f(line), "k", linewidth=2.5, alpha=0.6)
    for label, each in fitted.items():
        panel.plot(line, each.predict(line), color=COLORS[label], linewidth=1.5, label=label)
    panel.set(title=name, xlabel="$x$")
panels[0, 0].set_ylabel("value")
panels[1, 0].set_ylabel("value")
panels[1, 2].axis("off")
panels[1, 2].legend(*panels[0, 0].get_legend_handles_labels(), loc="center", frameon=False, fontsize=12)
plt.show()

# %%
# Two features
# ------------
#
# Level lines of two of the functions and of what is made of them, from the same samples. The spline is a network of
# 44 units.

figure, panels = plt.subplots(2, 5, figsize=(13, 6.4), layout="constrained", sharex=True, sharey=True)
side = np.linspace(0, 1, 41)
square = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
for row, name in zip(panels, list(DESIGNS[2])[1:3], strict=True):
    f, x, y, fitted = pictures[name]
    levels = np.linspace(f(square).min(), f(square).max(), 13)
    for panel, label in zip(row, ["function", *fitted], strict=True):
        values = f(square) if label == "function" else fitted[label].predict(square)
        panel.contourf(side, side, values.reshape(41, 41).T, levels=levels, cmap="viridis", extend="both")
        panel.set(title=name if label == "function" else label, xlabel="$x_1$")
        panel.label_outer()
    row[0].plot(*x.T, "w.", markersize=2)
    row[0].set_ylabel("$x_2$")
print(fitted["spline"].to_network())
plt.show()
