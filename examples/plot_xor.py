r"""
XOR: figure 2 and section 4
===========================

The function of figure 2 of Kakizaki and Akiba, "Possible Application of Funahashi's Theorem to Neural Networks":
XOR as :math:`(1 - \cos \pi x \cos \pi y)/2` on :math:`[0, 1]^2`; first with the paper's parameters, then as the
finite Fourier series that it is.
"""

# %%
# Figure 2: the paper's networks
# ------------------------------
#
# The paper takes the period 2, :math:`\alpha = \delta = 1`, :math:`N` thresholds from :math:`-10` to 10, and
# counts coordinates from a corner. With :math:`N = 4` the thresholds lie :math:`h = 5` apart, which
# ``FunahashiNetwork`` refuses (:math:`h < \pi` is accepted), so the units are written out by hand into a
# :class:`kousei.MLP`: weight :math:`w/\delta`, bias :math:`\pm\alpha - t/\delta` and output weight :math:`\pm
# (h/\Psi(1)) \mathrm{Re}(a_w e^{it})`.

import warnings

import matplotlib.pyplot as plt
import numpy as np

import kousei
from kousei.funahashi import fourier_series


def xor(x):
    """Return 0 at (0, 0) and (1, 1), 1 at (0, 1) and (1, 0), and a cosine between."""
    return (1 - np.cos(np.pi * x[..., 0]) * np.cos(np.pi * x[..., 1])) / 2


def fourier_coefficients(order):
    """Return w and a_w of XOR on the paper's grid of order^2 frequencies."""
    net = kousei.FunahashiNetwork.from_function(
        xor, [(0, 1), (0, 1)], order, extension="periodic", period=2, center=False, n_thresholds=16 * order
    )
    return net.frequencies, net.amplitudes


def paper_network(order, cutoff=10.0, delta=1.0, alpha=1.0):
    """Write out the 2 order^3 units."""
    w, a = fourier_coefficients(order)
    h = 2 * cutoff / order
    t = -cutoff + h * np.arange(order)
    sign = np.array([1.0, -1.0])
    weight = np.repeat(w / delta, 2 * order, axis=0)
    bias = np.tile((sign * alpha - t[:, None] / delta).ravel(), len(w))
    scale = h / kousei.funahashi.bump_transform(1.0, delta, alpha)
    coef = scale * (sign * np.outer(a, np.exp(1j * t)).real[..., None]).ravel()
    return kousei.MLP([weight, coef[None, :]], [bias, np.zeros(1)], ["logistic"])


axis = np.linspace(0, 1, 101)
grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
corners = grid[::100, ::100]
orders = [4, 8, 16, 32]
paper = [paper_network(order) for order in orders]

figure, axes = plt.subplots(1, 4, figsize=(12, 3.4), layout="constrained", sharey=True)
for axes_of_order, order, net in zip(axes, orders, paper, strict=True):
    image = axes_of_order.imshow(net(grid).T, origin="lower", extent=(0, 1, 0, 1), vmin=-0.2, vmax=1.2)
    axes_of_order.set(title=f"N = {order}, {net.units} units", xlabel="x", xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
axes[0].set_ylabel("y")
figure.colorbar(image, ax=axes, extend="both")
figure.suptitle("XOR by the paper's networks")
plt.show()

# %%
# Section 4: a finite Fourier series
# ----------------------------------
#
# XOR is itself a trigonometric sum: the constant 1/2, and the frequencies :math:`(\pi, \pi)` and :math:`(\pi,
# -\pi)` with the amplitudes :math:`-\frac14` in coordinates counted from a corner. Only :math:`H` on :math:`|s|
# \le \pi` remains to be approximated. :func:`kousei.funahashi.choose_parameters` gives bump and thresholds;
# ``k0`` of them on each side of 0 is the formula, ``k`` the first number for which the bound is proven. With
# the constant in the bias and equal units merged, :math:`2(2 K_0 + 1 + p)` units are left. Their amplitudes add up
# to 1/2, so that the error is half the tolerance for :math:`H` at most.
#
# :func:`kousei.funahashi.fourier_series` does all of this for any finite series, with a proven bound on the error
# of the network.

w = np.pi * np.array([[1, 1], [1, -1]])
center = np.array([0.5, 0.5])
a = -0.25 * np.exp(1j * w @ center)

series = []
print("                      by the formula                     fourier_series")
print("tolerance      units   largest error      units   largest error    proven bound")
for tol in (1e-2, 1e-3, 1e-6, 1e-9, 1e-12):
    rule = kousei.funahashi.choose_parameters(np.pi, tol)
    thresholds = np.pi / rule.p * np.arange(-rule.k0, rule.k0 + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # h = pi/2 for the first of them
        net = kousei.FunahashiNetwork(w, a, thresholds, rule.delta, rule.alpha, center, offset=0.5).merge()
    series.append(net)
    proven = fourier_series({(0, 0): 0.5, (1, 1): -0.25, (1, -1): -0.25}, [(0, 1), (0, 1)], tol, period=2)
    error, proven_error = (np.abs(network(grid) - xor(grid)).max() for network in (net, proven))
    bound = proven.error_bound().total
    print(f"{tol:9.0e} {net.units:10} {error:15.1e} {proven.units:10} {proven_error:15.1e} {bound:15.1e}")

# %%
# The paper reports the summed error at the four corners, which a lucky choice of :math:`h` and :math:`\delta` can
# make as small as rounding; the largest error on a grid of 101 by 101 points says how good the network is.

figure, plot = plt.subplots(figsize=(7.5, 4.8), layout="constrained")
print("network          units   corners      grid")
for networks, name, color in ((paper, "figure 2", "#D55E00"), (series, "section 4", "#0072B2")):
    units = [net.units for net in networks]
    on_grid = [np.abs(net(grid) - xor(grid)).max() for net in networks]
    at_corners = [np.abs(net(corners) - xor(corners)).sum() for net in networks]
    for row in zip(units, at_corners, on_grid, strict=True):
        print(f"{name:14} {row[0]:7} {row[1]:9.2e} {row[2]:9.2e}")
    plot.loglog(units, on_grid, "o-", color=color, label=f"{name}: largest error on the grid")
    plot.loglog(units, at_corners, "o--", color=color, fillstyle="none", label=f"{name}: summed error at the corners")
plot.set(title="XOR", xlabel="hidden units", ylabel="error")
plot.legend(loc="upper right", bbox_to_anchor=(1, 0.72))
plt.show()
