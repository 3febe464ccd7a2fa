"""
A first network
===============

A function on an interval and one on a square become networks without training: how many hidden units they
take, and what error they leave.
"""

# %%
# A function on an interval
# -------------------------
#
# A network has ``order`` frequencies along each axis and ``n_thresholds`` thresholds for each of them, two
# hidden units each. Frequencies serve the function, thresholds serve :math:`e^{is}`: more of one does not
# make up for too few of the other.

import matplotlib.pyplot as plt
import numpy as np

import kousei

plt.rcParams["axes.prop_cycle"] = plt.cycler(color=["#0072B2", "#E69F00", "#009E73", "#D55E00"])


def wave(x):
    """Return sin(3x) e^(x/2)."""
    return np.sin(3 * x[..., 0]) * np.exp(x[..., 0] / 2)


net = kousei.FunahashiNetwork.from_function(wave, bounds=[(-2, 2)], order=16, n_thresholds=128)
print(net)

x = np.linspace(-2, 2, 801)[:, None]
figure, (curve, rest) = plt.subplots(2, 1, figsize=(8, 5), sharex=True, layout="constrained", height_ratios=(2, 1))
curve.plot(x[:, 0], wave(x), color="black", linewidth=4, alpha=0.2, label="function")
curve.plot(x[:, 0], net(x), label=f"network of {net.units} units")
curve.legend()
rest.plot(x[:, 0], net(x) - wave(x))
rest.set(xlabel="x", ylabel="network − function")
plt.show()

# %%
# A function on a square
# ----------------------
#
# Units are 2 ``n_thresholds`` ``order`` ** dim. Points are arrays (..., dim); with one output the values are
# (...).


def ripple(x):
    """Return e^(-x^2 - y) sin(3x + y^2)."""
    return np.exp(-(x[..., 0] ** 2) - x[..., 1]) * np.sin(3 * x[..., 0] + x[..., 1] ** 2)


net = kousei.FunahashiNetwork.from_function(ripple, bounds=[(-1, 1), (-1, 1)], order=16, n_thresholds=128)
print(net)

axis = np.linspace(-1, 1, 61)
grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
values = net(grid)
figure, (surface, rest) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained", sharey=True)
for axes, shown, title in (
    (surface, values, f"network of {net.units} units"),
    (rest, values - ripple(grid), "network − function"),
):
    largest = np.abs(shown).max()
    image = axes.imshow(shown.T, origin="lower", extent=(-1, 1, -1, 1), cmap="RdBu_r", vmin=-largest, vmax=largest)
    axes.set(title=title, xlabel="x", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    figure.colorbar(image, ax=axes)
surface.set_ylabel("y")
plt.show()

# %%
# Units against error
# -------------------
#
# Along a curve the frequencies stay and the thresholds grow. It falls while the thresholds decide, then stays
# at what the frequencies leave. Thresholds :math:`h \ge \pi/2` apart draw a warning and :math:`h \ge \pi` a
# ``ValueError``; the curves begin below :math:`\pi/2`.
#
# How many thresholds are enough is known beforehand. :math:`H` is needed for :math:`|s|` up to the largest
# :math:`|w \cdot (x - c)|` on the box, :math:`s_\mathrm{max}`, and its error enters with the factor
# :math:`\sum_w |a_w|`: to add at most ``error``, :func:`kousei.funahashi.choose_parameters` is asked for
# ``error / sum |a_w|``. The stars are the networks it gives for the error that the frequencies leave.


def with_chosen_thresholds(net, half_widths, error):
    """Return the network with as many thresholds as add at most `error`."""
    w, a = net.frequencies, net.amplitudes
    rule = kousei.funahashi.choose_parameters((np.abs(w) @ half_widths).max(), max(error / np.abs(a).sum(), 1e-15))
    return kousei.FunahashiNetwork(w, a, rule.thresholds, rule.delta, rule.alpha, net.center)


def left_by_frequencies(net, f, x):
    """Return the largest error with e^(is) in place of H."""
    return np.abs((np.exp(1j * (x - net.center) @ net.frequencies.T) @ net.amplitudes).real - f(x)).max()


def study(axes, f, bounds, x, first_thresholds):
    """Draw one curve for each number of frequencies."""
    half_widths = np.diff(bounds)[:, 0] / 2
    for number, (order, first) in enumerate(first_thresholds.items()):
        units, errors = [], []
        for count in (first * 2 ** np.linspace(0, 2, 7)).astype(int):
            net = kousei.FunahashiNetwork.from_function(f, bounds, order, n_thresholds=int(count))
            units.append(net.units)
            errors.append(np.abs(net(x) - f(x)).max())
        axes.loglog(units, errors, ".-", color=f"C{number}", label=f"N = {order}")
        net = with_chosen_thresholds(net, half_widths, left_by_frequencies(net, f, x))
        axes.loglog(net.units, np.abs(net(x) - f(x)).max(), "*", color=f"C{number}", markersize=15)
    axes.plot([], [], "k*", markersize=12, label="chosen")
    axes.set(xlabel="hidden units")
    axes.legend()


figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained", sharey=True)
study(left, wave, [(-2, 2)], np.linspace(-2, 2, 801)[:, None], {8: 28, 16: 48, 32: 64})
study(right, ripple, [(-1, 1), (-1, 1)], grid[::4, ::4], {8: 48, 16: 64, 24: 104})
left.set(title="the function on an interval", ylabel="largest error")
right.set_title("the function on a square")
plt.show()
