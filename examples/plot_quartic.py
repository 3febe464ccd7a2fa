r"""
The quartic: figure 1
=====================

The function of figure 1 of Kakizaki and Akiba, "Possible Application of Funahashi's Theorem to Neural Networks":
the quartic :math:`(x-1)(x-2)(x-3)(x-4)` on :math:`[0, 5]`. How it is continued outside the box decides how fast its
Fourier sum converges, and with it the network.
"""

# %%
# Three continuations
# -------------------
#
# A network has two errors: that of the Fourier sum :math:`\sum_w \mathrm{Re}[a_w e^{iw(x-c)}]` for the
# function, and that of :math:`H` for :math:`e^{is}`. The first is computed here from ``net.frequencies`` and
# ``net.amplitudes`` alone.
#
# "periodic" is the paper's choice: the function is repeated with the length of the box and has a kink there.
# "window" multiplies it by a smooth window over twice the length, "fourier" fits a series whose period is three
# times the length to values in the box. The error is summed over the 10 points 0.25, 0.75, ..., 4.75; the
# largest one on the box stands beside it.

import matplotlib.pyplot as plt
import numpy as np

import kousei

COLORS = {"periodic": "#D55E00", "window": "#E69F00", "fourier": "#0072B2"}


def quartic(x):
    """Return (x - 1)(x - 2)(x - 3)(x - 4)."""
    return np.prod([x[..., 0] - k for k in (1, 2, 3, 4)], axis=0)


def fourier_sum(net, x):
    """Return what the network would give with e^(is) in place of H."""
    return (np.exp(1j * (x - net.center) @ net.frequencies.T) @ net.amplitudes).real


points = 0.25 + 0.5 * np.arange(10)[:, None]
dense = np.linspace(0, 5, 1001)[:, None]
orders = np.array([8, 16, 32, 64, 128])

summed, largest, by_network = {}, {}, {}
figure, (curve, rest) = plt.subplots(2, 1, figsize=(8, 6), sharex=True, layout="constrained", height_ratios=(3, 2))
curve.plot(dense[:, 0], quartic(dense), color="black", linewidth=5, alpha=0.2, label="function")
for extension, color in COLORS.items():
    nets = [
        kousei.FunahashiNetwork.from_function(
            quartic, [(0, 5)], int(order), extension=extension, n_thresholds=8 * int(order)
        )
        for order in orders
    ]
    summed[extension] = [np.abs(fourier_sum(net, points) - quartic(points)).sum() for net in nets]
    largest[extension] = [np.abs(fourier_sum(net, dense) - quartic(dense)).max() for net in nets]
    by_network[extension] = [np.abs(net(points) - quartic(points)).sum() for net in nets]
    curve.plot(dense[:, 0], nets[1](dense), color=color, label=extension)
    rest.semilogy(dense[:, 0], np.abs(nets[1](dense) - quartic(dense)), color=color)
curve.set(title="the quartic by networks of 16 frequencies, 4096 units")
curve.legend(loc="upper center")
rest.set(xlabel="x", ylabel="|network − function|", ylim=(1e-10, 1e2))
plt.show()

# %%
# Figure 1: the error against N
# -----------------------------
#
# The paper fits :math:`c/N` to the error. The least-squares fit through the summed errors of "periodic" is
# dotted; the error falls faster than that, about as :math:`N^{-1.8}`, since the kink is felt as :math:`1/N`
# only near the ends of the box, which the ten points avoid. The largest error on the box does follow
# :math:`c/N`, with :math:`N` times the error constant from :math:`N = 16` on.
#
# The other two continuations fall faster than any power of :math:`1/N`, until rounding stops "fourier".

reciprocal = 1 / orders
fits = {
    name: (values @ reciprocal) / (reciprocal @ reciprocal)
    for name, values in (("summed", np.array(summed["periodic"])), ("largest", np.array(largest["periodic"])))
}
exponent = np.polyfit(np.log(orders), np.log(summed["periodic"]), 1)[0]

print("summed error at 10 points, with e^(is) in place of H, and of the network")
for extension in COLORS:
    print(f"{extension:>9}:", *(f"{value:10.4g}" for value in summed[extension]))
    print(f"{'network':>9}:", *(f"{value:10.4g}" for value in by_network[extension]))
print(f"least-squares fit to 'periodic': {fits['summed']:.3g}/N; as a power of N: {exponent:.2f}")
print("N x the largest error of 'periodic':", *(f"{value:.2f}" for value in orders * largest["periodic"]))
print(f"least-squares fit to the largest error: {fits['largest']:.3g}/N")

figure, axes = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained", sharey=True)
for axis, values, fit, title in (
    (axes[0], summed, fits["summed"], "summed error at 10 points"),
    (axes[1], largest, fits["largest"], "largest error on the box"),
):
    for extension, color in COLORS.items():
        axis.loglog(orders, values[extension], ".-", color=color, label=extension)
    axis.loglog(orders, fit / orders, ":", color="black", label=f"{fit:.1f}/N")
    axis.set(title=title, xlabel="frequencies N", ylim=(1e-12, 1e3))
for extension, color in COLORS.items():
    axes[0].loglog(orders, by_network[extension], "o", color=color, fillstyle="none", markersize=9)
axes[0].plot([], [], "o", color="gray", fillstyle="none", markersize=9, label="network, 16 N² units")
for axis in axes:
    axis.set_xticks(orders, labels=orders)
    axis.minorticks_off()
    axis.legend(loc="lower left", bbox_to_anchor=(0.33, 0.32))
plt.show()
