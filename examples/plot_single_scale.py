"""
Networks of one scale
=====================

A function on a square as a network of ridge functions: its profiles along some directions, each written in
units of one slope. Nothing is trained; the weights are those of a formula,
:func:`kousei.ridgelet.single_scale`.
"""

# %%
# Three Gaussians
# ---------------

import matplotlib.pyplot as plt
import numpy as np

from kousei.ridgelet import single_scale

plt.rcParams["axes.prop_cycle"] = plt.cycler(color=["#0072B2", "#E69F00", "#009E73", "#D55E00"])
SQUARE = [(-1, 1), (-1, 1)]


def gaussians(x):
    """Return the sum of three Gaussians, one of which reaches over the boundary."""
    bumps = ((1, -0.6, 0.2, 0.35), (-0.7, 0.5, -0.4, 0.3), (0.5, 0.3, 0.9, 0.5))
    return sum(c * np.exp(-((x - [p, q]) ** 2).sum(-1) / (2 * t**2)) for c, p, q, t in bumps)


net = single_scale(gaussians, SQUARE, units=1000)
print(net)

axis = np.linspace(-1, 1, 101)
grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
values = net(grid)
errors = values - gaussians(grid)
figure, panels = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for panel, shown, title in zip(panels, (values, errors), ("network", "network − function"), strict=True):
    size = np.abs(shown).max()
    image = panel.imshow(shown.T, extent=(-1, 1, -1, 1), origin="lower", cmap="RdBu_r", vmin=-size, vmax=size)
    panel.set(title=title, xlabel="x", ylabel="y")
    figure.colorbar(image, ax=panel)
plt.show()

# %%
# Its units
# ---------
#
# The first layer has every direction with every bias. Drawn over angle and bias, the output weights are a picture of
# the function in the space of units: a Gaussian is a wave in it, centred where lines at that angle pass its centre.

slopes, biases, weights = net.weights[0], net.biases[0], net.weights[1][0]
slope = np.linalg.norm(slopes, axis=1)
angle = np.degrees(np.arctan2(slopes[:, 1], slopes[:, 0]))
figure, panel = plt.subplots(figsize=(8, 4), layout="constrained")
size = np.abs(weights).max()
points = panel.scatter(angle, -biases / slope, c=weights, s=60, marker="s", cmap="RdBu_r", vmin=-size, vmax=size)
panel.set(xlabel="angle of the direction, in degrees", ylabel="bias")
figure.colorbar(points, ax=panel, label="output weight")
plt.show()

# %%
# Error against units
# -------------------
#
# Smooth functions are worth tanh; where the function has a kink, ReLU is no worse.


def cone(x):
    """Return the distance from the origin."""
    return np.linalg.norm(x, axis=-1)


x = np.random.default_rng(0).uniform(-1, 1, (2000, 2))
counts = np.unique(np.geomspace(200, 6000, 12).astype(int))
figure, panel = plt.subplots(figsize=(7, 4), layout="constrained")
for function, line in ((gaussians, "-"), (cone, "--")):
    for activation, color in (("tanh", "C0"), ("relu", "C1")):
        nets = [single_scale(function, SQUARE, int(count), activation=activation) for count in counts]
        wrong = [np.linalg.norm(net(x) - function(x)) / np.linalg.norm(function(x)) for net in nets]
        panel.loglog(
            [net.units for net in nets], wrong, line, color=color, label=f"{function.__name__}, {activation}"
        )
panel.set_xticks((200, 500, 1000, 2000, 5000), (200, 500, 1000, 2000, 5000))
panel.xaxis.minorticks_off()
panel.set(xlabel="hidden units", ylabel="relative error, root mean square")
panel.legend()
plt.show()
