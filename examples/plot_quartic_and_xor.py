r"""
The quartic and XOR
===================

The functions of figures 1 and 2 of Kakizaki and Akiba, "Possible Application of Funahashi's Theorem to Neural
Networks": the quartic :math:`(x-1)(x-2)(x-3)(x-4)` on :math:`[0, 5]`, and XOR as
:math:`(1 - \cos \pi x \cos \pi y)/2` on :math:`[0, 1]^2`.
"""

# %%
# The quartic: the continuation outside the box decides the rate
# --------------------------------------------------------------
#
# A network has two errors: that of the Fourier sum :math:`\sum_w \mathrm{Re}[a_w e^{iw(x-c)}]` for the
# function, and that of :math:`H` for :math:`e^{is}`. The first is computed here from ``net.frequencies`` and
# ``net.amplitudes`` alone.
#
# "periodic" is the paper's choice: the function is repeated with the length of the box, jumps or kinks there,
# and the sum converges slowly. "window" multiplies it by a smooth window over twice the length, "fourier"
# fits a series whose period is three times the length to values in the box. The error is summed over the 10
# points 0.25, 0.75, ..., 4.75.

import matplotlib.pyplot as plt
import numpy as np

import kousei


def quartic(x):
    """Return (x - 1)(x - 2)(x - 3)(x - 4)."""
    return np.prod([x[..., 0] - k for k in (1, 2, 3, 4)], axis=0)


def fourier_sum(net, x):
    """Return what the network would give with e^(is) in place of H."""
    return (np.exp(1j * (x - net.center) @ net.frequencies.T) @ net.amplitudes).real


points = 0.25 + 0.5 * np.arange(10)[:, None]
orders = [8, 16, 32, 64, 128]

figure, (curve, error) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
x = np.linspace(0, 5, 501)[:, None]
curve.plot(x[:, 0], quartic(x), color="black", linewidth=4, alpha=0.2, label="function")
print("order  extension  Fourier sum     network    units")
for color, extension in zip(("C0", "C1", "C2"), ("periodic", "window", "fourier"), strict=True):
    sums = []
    for order in orders:
        net = kousei.FunahashiNetwork.from_function(
            quartic, [(0, 5)], order, extension=extension, n_thresholds=8 * order
        )
        sums.append([np.abs(values - quartic(points)).sum() for values in (fourier_sum(net, points), net(points))])
        print(f"{order:5}  {extension:>9}  {sums[-1][0]:11.3e} {sums[-1][1]:11.3e}  {net.units:7}")
        if order == 16:
            curve.plot(x[:, 0], net(x), color=color, label=f"{extension}, {net.units} units")
    fourier, network = np.transpose(sums)
    error.loglog(orders, fourier, color=color, label=f"{extension}, Fourier sum")
    error.loglog(orders, network, "o", color=color)
curve.set(title="quartic, N = 16", xlabel="x")
curve.legend()
error.set(title="summed error at 10 points, 16 N² hidden units", xlabel="frequencies N")
error.set_xticks(orders, labels=orders)
error.minorticks_off()
error.plot([], [], "ko", label="the network")
error.legend(loc="center right", bbox_to_anchor=(1, 0.3))
plt.show()

# %%
# XOR with the paper's parameters, and with chosen ones
# -----------------------------------------------------
#
# The paper takes the period 2, :math:`\alpha = \delta = 1`, :math:`N` thresholds from :math:`-10` to 10, and
# counts coordinates from a corner. With :math:`N = 4` the thresholds lie :math:`h = 5` apart, which
# ``FunahashiNetwork`` refuses (:math:`h < \pi` is accepted), so the units are written out by hand into a
# :class:`kousei.MLP`: weight :math:`w/\delta`, bias :math:`\pm\alpha - t/\delta` and output weight :math:`\pm
# (h/\Psi(1)) \mathrm{Re}(a_w e^{it})`.
#
# The paper reports the summed error at the four corners; the largest error on a grid stands beside it.


def xor(x):
    """Return 0 at (0, 0) and (1, 1), 1 at (0, 1) and (1, 0), and a cosine between."""
    return (1 - np.cos(np.pi * x[..., 0]) * np.cos(np.pi * x[..., 1])) / 2


def paper_network(order, cutoff=10.0, delta=1.0, alpha=1.0):
    """Write out the units of the network of XOR."""
    w, a = fourier_coefficients(order)
    h = 2 * cutoff / order
    t = -cutoff + h * np.arange(order)
    sign = np.array([1.0, -1.0])
    weight = np.repeat(w / delta, 2 * order, axis=0)
    bias = np.tile((sign * alpha - t[:, None] / delta).ravel(), len(w))
    scale = h / kousei.funahashi.bump_transform(1.0, delta, alpha)
    coef = scale * (sign * np.outer(a, np.exp(1j * t)).real[..., None]).ravel()
    return kousei.MLP([weight, coef[None, :]], [bias, np.zeros(1)], ["logistic"])


def fourier_coefficients(order):
    """Return w and a_w of XOR."""
    net = kousei.FunahashiNetwork.from_function(
        xor, [(0, 1), (0, 1)], order, extension="periodic", period=2, center=False, n_thresholds=16 * order
    )
    return net.frequencies, net.amplitudes


axis = np.linspace(0, 1, 51)
grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
corners = grid[::50, ::50]
orders = [4, 8, 16, 32]
paper = [paper_network(order) for order in orders]

figure, axes = plt.subplots(1, 4, figsize=(12, 3.4), layout="constrained", sharey=True)
for axis, order, net in zip(axes, orders, paper, strict=True):
    image = axis.imshow(net(grid).T, origin="lower", extent=(0, 1, 0, 1), vmin=-0.2, vmax=1.2)
    axis.set(title=f"N = {order}, {net.units} units", xlabel="x", xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
axes[0].set_ylabel("y")
figure.colorbar(image, ax=axes, extend="both")
figure.suptitle("XOR by the paper's networks")
plt.show()

# %%
# XOR is itself a trigonometric sum, of the frequencies 0, :math:`(\pi, \pi)` and :math:`(\pi, -\pi)`. Only
# :math:`H` remains to be approximated, and :func:`kousei.funahashi.choose_parameters` picks the thresholds
# for a tolerance.

w = np.pi * np.array([[0, 0], [1, 1], [1, -1]])
center = np.array([0.5, 0.5])
a = np.array([0.5, -0.25, -0.25]) * np.exp(1j * w @ center)
chosen = []
for tol in 10.0 ** np.arange(-3, -14, -2):
    rule = kousei.funahashi.choose_parameters(np.pi, tol)
    chosen.append(kousei.FunahashiNetwork(w, a, rule.thresholds, rule.delta, rule.alpha, center))

figure, plot = plt.subplots(figsize=(7, 4.5), layout="constrained")
print("networks           units   corners      grid")
for networks, name, color in ((paper, "paper", "C3"), (chosen, "three frequencies", "C0")):
    units = [net.units for net in networks]
    on_grid = [np.abs(net(grid) - xor(grid)).max() for net in networks]
    at_corners = [np.abs(net(corners) - xor(corners)).sum() for net in networks]
    for row in zip(units, at_corners, on_grid, strict=True):
        print(f"{name:17} {row[0]:6} {row[1]:9.2e} {row[2]:9.2e}")
    plot.loglog(units, on_grid, "o-", color=color, label=f"{name}: largest error on a grid")
    plot.loglog(units, at_corners, "o--", color=color, fillstyle="none", label=f"{name}: summed error at the corners")
plot.set(title="XOR", xlabel="hidden units", ylabel="error")
plot.legend()
plt.show()
