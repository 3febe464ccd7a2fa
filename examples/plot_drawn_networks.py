r"""
A thousand tanh units
=====================

Three ways from a function to its hidden units: by the formula of
:func:`kousei.ridgelet.single_scale`, drawn from the ridgelet spectrum by :func:`kousei.ridgelet.sample`, or drawn
uniformly (random features). Output weights are those of the formula, or fitted by least squares.
"""

# %%
# The function and its spectrum
# -----------------------------
#
# The mixture of three Gaussians, and its spectrum for tanh units where :math:`\lvert a\rvert = 3`. Units are drawn
# from all :math:`\lvert a\rvert \le 6`.

import matplotlib.pyplot as plt
import numpy as np

from kousei import MLP
from kousei.ridgelet import (
    AdmissiblePair,
    Spectrum,
    ball_directions,
    from_spectrum,
    gaussian_mixture_ridgelet,
    sample,
    single_scale,
)

COEFS, MEANS, WIDTHS = [1.0, -0.7, 0.5], np.array([[-0.6, 0.2], [0.5, -0.4], [0.3, 0.9]]), np.array([0.35, 0.3, 0.5])
SQUARE = [(-1, 1), (-1, 1)]
PAIR = AdmissiblePair("tanh", 2, order=2)


def gaussians(x):
    """Return the mixture at points (..., 2)."""
    return np.exp(-((x[..., None, :] - MEANS) ** 2).sum(-1) / (2 * WIDTHS**2)) @ COEFS


def spectrum_of(directions, vectors, biases):
    """Return the spectrum of the mixture, in closed form."""
    values = gaussian_mixture_ridgelet(COEFS, MEANS, WIDTHS, vectors, biases, PAIR)
    return Spectrum(values, directions, biases, PAIR)


def relative_error(net):
    """Return the error on the square, relative in the root mean square."""
    x = np.random.default_rng(1).uniform(-1, 1, (2000, 2))
    return np.linalg.norm(net(x) - gaussians(x)) / np.linalg.norm(gaussians(x))


angles = np.linspace(0, np.pi, 181)
circle = 3 * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
ax = spectrum_of(circle, circle, np.linspace(-9, 9, 181)).plot()
ax.set_title("ridgelet spectrum at |a| = 3")
plt.show()

disc = ball_directions(2, 6, radii=20, angles=72)
spectrum = spectrum_of(disc, disc.vectors, np.arange(-20, 20, 0.2))
whole = from_spectrum(spectrum)
print(whole)
print(f"all units: {relative_error(whole):.2g}, which is what |a| <= 6 loses")

# %%
# Drawn units
# -----------
#
# A draw without a fit is a Monte Carlo sum of the integral over :math:`a` and :math:`b`: from the spectrum with
# probabilities that follow its absolute value, or uniformly from the same :math:`a` and :math:`b`. What is fitted is
# drawn uniformly where units bend on the square, :math:`\lvert b\rvert \le \sqrt2\,A`, for :math:`A = 6` and for
# :math:`A = 3`.


def uniform(units, rng):
    """Return the Monte Carlo sum of uniform draws."""
    share = disc.weights / disc.weights.sum()
    row = rng.choice(len(share), units, p=share)
    column = rng.integers(len(spectrum.biases), size=units)
    volume = disc.weights.sum() * (spectrum.biases[-1] - spectrum.biases[0])
    coef = spectrum.values[row, column] * volume / units / PAIR.constant
    return MLP([spectrum.vectors[row], coef[None]], [-spectrum.biases[column], np.zeros(1)], ["tanh"])


def flat(scale):
    """Return a spectrum from which units that bend on the square are drawn uniformly."""
    ball, biases = ball_directions(2, scale, radii=20, angles=72), np.linspace(-1, 1, 200) * np.sqrt(2) * scale
    return Spectrum(np.ones((len(ball.vectors), 200)), ball, biases, PAIR)


points = np.random.default_rng(0).uniform(-1, 1, (2000, 2))
fit = points, gaussians(points)
ways = {
    "formula": lambda units, rng: single_scale(gaussians, SQUARE, units),
    "spectrum": lambda units, rng: sample(spectrum, units, rng=rng),
    "uniform": uniform,
    "spectrum, fitted": lambda units, rng: sample(spectrum, units, refit=fit, rng=rng),
    "uniform on |a| ≤ 6, fitted": lambda units, rng: sample(flat(6), units, refit=fit, rng=rng),
    "uniform on |a| ≤ 3, fitted": lambda units, rng: sample(flat(3), units, refit=fit, rng=rng),
}
COUNTS = (100, 200, 400, 700, 1000)
results = {name: {count: [] for count in COUNTS} for name in ways}
for name, way in ways.items():
    for count in COUNTS:
        draws = 1 if name == "formula" else 3
        results[name][count] = [way(count, np.random.default_rng(seed)) for seed in range(draws)]
    shown = (f"{np.median([relative_error(net) for net in nets]):.1e}" for nets in results[name].values())
    print(f"{name:>28}: {', '.join(shown)}")

# %%
# Error against units
# -------------------
#
# Without a fit a draw errs by :math:`\text{units}^{-1/2}`, and a thousand units are far from the function; those from
# the spectrum less so. Fitted, draws from the spectrum beat uniform ones from the same ball, but are no better than
# uniform ones from a ball of the right size: which :math:`a` and :math:`b` matter the spectrum knows, and uniform
# draws have to be told. In the formula nothing is fitted, and nothing is left to chance.

STYLES = ("-", "--", "--", "-", "-", "-")
COLORS = ("#000000", "#0072B2", "#D55E00", "#0072B2", "#D55E00", "#E69F00")
figure, panel = plt.subplots(figsize=(7.5, 4.5), layout="constrained")
for (name, nets), style, color in zip(results.items(), STYLES, COLORS, strict=True):
    errors = [[relative_error(net) for net in nets[count]] for count in COUNTS]
    panel.loglog(COUNTS, np.median(errors, axis=1), "o" + style, color=color, label=name)
panel.set(xlabel="units", ylabel="relative error, root mean square")
panel.set_xticks(COUNTS, COUNTS)
panel.minorticks_off()
panel.legend(fontsize="small")
plt.show()

# %%
# The networks of a thousand units
# --------------------------------

axis = np.linspace(-1, 1, 101)
grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
shown = [name for name in ways if "|a|" not in name]
figure, panels = plt.subplots(2, len(shown), figsize=(12, 5.2), layout="constrained")
for (above, below), name in zip(panels.T, shown, strict=True):
    net = results[name][1000][0]
    values = net(grid)
    errors = values - gaussians(grid)
    for panel, image, title in ((above, values, name), (below, errors, "error")):
        size = np.quantile(np.abs(image), 0.99)
        drawn = panel.imshow(image.T, extent=(-1, 1, -1, 1), origin="lower", cmap="RdBu_r", vmin=-size, vmax=size)
        panel.set(title=title, xticks=(-1, 0, 1), yticks=(-1, 0, 1))
        figure.colorbar(drawn, ax=panel, shrink=0.8)
plt.show()
