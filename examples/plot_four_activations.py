r"""
One function with four activations
==================================

A ReLU unit on an interval is a sum of one or two units of any piecewise-linear activation that has a kink: Theorem 3.
So a network is rewritten from one activation to another without an error, on the box that is asked for.
"""

# %%
# A ReLU network
# --------------
#
# The interpolant of a smooth function in nine points: a ReLU unit for each.

import matplotlib.pyplot as plt
import numpy as np

import kousei

knots = np.linspace(-2, 2, 9)
heights = np.sin(2 * knots) + knots / 2
slopes = np.diff(heights) / np.diff(knots)
net = kousei.MLP([np.ones((8, 1)), np.diff(slopes, prepend=0.0)[None, :]], [-knots[:-1], heights[:1]], ["relu"])
print(net)

# %%
# Rewritten
# ---------
#
# ``to_activation`` takes the box on which the result must be the same. Beside a level piece of the activation one
# unit replaces each: ReLU6, the hard tanh and the hat have one. The leaky ReLU takes two, and as its slopes on both
# sides differ in size, it can be the same on all of R.

BOX = [(-2.0, 2.0)]
inside = np.linspace(-2, 2, 1001)[:, None]
networks = {name: net.to_activation(name, BOX) for name in ("relu6", "hardtanh", "hat")}
networks["leaky_relu"] = net.to_activation("leaky_relu", everywhere=True)
for name, other in networks.items():
    error = np.abs(other(inside) - net(inside)).max()
    print(f"{name:>10}: {other.units:>2} units, largest difference in the box {error:.1e}")
    assert error < 1e-13

# %%
# Inside the box and beyond
# -------------------------
#
# In the box the curves are one. Beyond it each of the first three goes its own way.

x = np.linspace(-4, 4, 1601)[:, None]
figure, axes = plt.subplots(figsize=(8, 4.6), layout="constrained")
axes.axvspan(-2, 2, color="0.93", label="the box")
axes.plot(x, net(x), color="black", linewidth=6, alpha=0.25, label=f"relu, {net.units} units")
styles = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"]
for (name, other), color, dash in zip(networks.items(), styles, ["-", "--", ":", "-."], strict=True):
    axes.plot(x, other(x), dash, color=color, linewidth=2, label=f"{name}, {other.units} units")
axes.plot(knots, heights, "o", color="black", markersize=4)
axes.set(xlabel="x", ylim=(-4, 4), title="the same function on the box")
axes.legend(loc="lower left")
