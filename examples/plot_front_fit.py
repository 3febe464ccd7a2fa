"""
Fits of noisy samples
=====================

:doc:`kousei.fit </theory/front_fit>` makes a network of scattered, noisy samples in closed form: hidden weights are
drawn, output weights are those of ridge regression, and what is chosen is chosen by the error at samples that are
left out, for which there is a formula.
"""

import matplotlib.pyplot as plt
import numpy as np

import kousei

# %%
# A surface
# ---------
#
# Franke's function at 400 points at random, with noise of standard deviation 0.05. The error that the network tells
# is that at samples, noise included; what it is off from the function is much less.


def franke(x):
    """Two hills, a smaller one, and a hollow."""
    a, b = 9 * x[..., 0], 9 * x[..., 1]
    return (
        0.75 * np.exp(-((a - 2) ** 2 + (b - 2) ** 2) / 4)
        + 0.75 * np.exp(-((a + 1) ** 2) / 49 - (b + 1) / 10)
        + 0.5 * np.exp(-((a - 7) ** 2 + (b - 3) ** 2) / 4)
        - 0.2 * np.exp(-((a - 4) ** 2) - (b - 7) ** 2)
    )


rng = np.random.default_rng(0)
x = rng.random((400, 2))
y = franke(x) + 0.05 * rng.normal(size=400)
net = kousei.fit(x, y, rng=0)
side = np.linspace(0, 1, 81)
square = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1)
off = net(square) - franke(square)
print(net)
print(f"told, with the noise: {net.error_bound().total:.3f}; off from the function: {np.sqrt(np.mean(off**2)):.3f}")

figure, panels = plt.subplots(1, 3, figsize=(11.5, 3.6), layout="constrained", sharex=True, sharey=True)
levels = np.linspace(0, 1.25, 14)
panels[0].scatter(*x.T, c=y, s=14, vmin=0, vmax=1.25)
values = panels[1].contourf(side, side, net(square).T, levels=levels, extend="both")
errors = panels[2].pcolormesh(side, side, off.T, cmap="RdBu", vmin=-0.1, vmax=0.1)
for panel, title in zip(panels, ("samples", "network", "network less the function"), strict=True):
    panel.set(title=title, xlabel="$x_1$", aspect="equal")
panels[0].set_ylabel("$x_2$")
figure.colorbar(values, ax=panels[1])
figure.colorbar(errors, ax=panels[2])
plt.show()

# %%
# Which features matter
# ---------------------
#
# Friedman's first function has ten features, and five of them have no part in it. Directions are drawn anew by how
# much the fit before changes along each; the table has the error of each trial.


def friedman(x):
    """Five features, of however many there are."""
    return 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]


x, at = rng.random((500, 10)), rng.random((2000, 10))
net = kousei.fit(x, friedman(x) + rng.normal(size=500), rng=0)
print(net.report)
print(f"off from the function: {np.sqrt(np.mean((net(at) - friedman(at)) ** 2)):.2f}")

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
error = [trial.error for trial in net.report]
for metric, color in (("none", "0.6"), ("axes", "C0"), ("directions", "C1")):
    which = [i for i, trial in enumerate(net.report) if trial.metric == metric]
    left.plot(which, [error[i] for i in which], "o", color=color, label=metric)
left.set(xlabel="trial", ylabel="error at samples left out", title="directions drawn by")
left.legend()
slopes = net.jet(at, laplacian=False).jacobian[:, 0]
right.bar(range(1, 11), np.sqrt(np.mean(slopes**2, axis=0)))
right.set(
    xlabel="feature", ylabel="root mean square derivative", xticks=range(1, 11), title="what the network varies along"
)
plt.show()

# %%
# Two classes
# -----------
#
# The classifier fits 1 and -1, and makes probabilities of the values by the one factor that suits samples that were
# left out. Lines are at 10, 50 and 90 %.

turn, arm = rng.random(400), rng.integers(2, size=400)
angle = np.pi * (arm + 1.5 * turn)
x = (0.15 + turn)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]) + 0.2 * rng.normal(size=(400, 2))
classifier = kousei.ClosedFormClassifier(random_state=0).fit(x, arm)
side = np.linspace(-1.6, 1.6, 161)
square = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
share = classifier.predict_proba(square)[:, 1].reshape(161, 161)
figure, panel = plt.subplots(figsize=(4.8, 4.2), layout="constrained")
shown = panel.pcolormesh(side, side, share.T, cmap="RdBu_r", vmin=0, vmax=1, alpha=0.7)
panel.contour(side, side, share.T, levels=[0.1, 0.5, 0.9], colors="k", linewidths=[0.7, 1.5, 0.7])
panel.scatter(*x.T, c=arm, cmap="RdBu_r", s=12, edgecolor="k", linewidth=0.4)
panel.set(aspect="equal", title=f"{classifier.network_.units} units")
figure.colorbar(shown, ax=panel, label="probability")
plt.show()
