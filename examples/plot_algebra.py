r"""
Networks, added and composed
============================

Networks with piecewise-linear units are closed under addition, composition and maxima: whatever is made of them by
these is again one network, and again one with ReLU units alone. Here two small networks are put together, the result
is rewritten exactly, and the lines along which it bends are drawn.
"""

# %%
# Two networks
# ------------
#
# The larger of :math:`|x|` and :math:`|y|` is a maximum of two networks with one unit each, :math:`|\cdot|`. The
# second is a hat of one variable.

import matplotlib.pyplot as plt
import numpy as np

import kousei

across, along = (
    kousei.MLP([np.array([direction]), np.eye(1)], [np.zeros(1)] * 2, ["abs"])
    for direction in ([1.0, 0.0], [0.0, 1.0])
)
distance = kousei.maximum(across, along)
hat = kousei.MLP([np.array([[2.0]]), np.eye(1)], [np.array([-2.0]), np.zeros(1)], ["hat"])
print(distance)
print(hat)

# %%
# Composed and added
# ------------------
#
# ``f >> g`` is g after f; the affine map that ends f and the one that begins g become one. In a sum the shallower
# network is carried through the missing layers by ReLU units that represent the identity, at the place where that
# takes the fewest: the formula of Theorem 2 says how many.

slope = kousei.MLP([np.array([[0.25, 0.5]])], [np.zeros(1)], [])
wall = distance >> hat
landscape = wall + slope
print(landscape)
print(landscape.summary())

# %%
# One ReLU network
# ----------------
#
# ``to_relu`` replaces every unit by ReLU units, exactly on all of the plane.

relu = landscape.to_relu()
print(relu)
axis = np.linspace(-2, 2, 401)
points = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
difference = np.abs(relu(points) - landscape(points)).max()
print(f"largest difference: {difference:.1e}")
assert difference <= 1e-14

# %%
# Its kinks
# ---------
#
# The function bends where the argument of some unit changes sign. The arguments of a layer are the outputs of the
# network that ends there.


def arguments(net, layer):
    """Return the network whose outputs are the arguments of a layer of units."""
    end = layer + 1
    return kousei.MLP(net.weights[:end], net.biases[:end], net.activations[:layer])


figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
colors = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"]
for panel in (left, right):
    panel.set(xlabel="x", ylabel="y", aspect="equal")
drawn = left.imshow(relu(points).T, origin="lower", extent=(-2, 2, -2, 2), cmap="viridis")
figure.colorbar(drawn, ax=left, shrink=0.8)
left.set_title("hat(2 max(|x|, |y|) - 2) + x/4 + y/2")
right.contour(axis, axis, relu(points).T, levels=25, colors="0.8", linewidths=0.7)
for layer in range(len(relu.activations)):
    z = arguments(relu, layer)(points).reshape(*points.shape[:2], -1)
    for unit in range(z.shape[-1]):
        if z[..., unit].min() < 0 < z[..., unit].max():
            right.contour(axis, axis, z[..., unit].T, levels=[0], colors=colors[layer], linewidths=1.5)
    right.plot([], [], color=colors[layer], label=f"kinks of layer {layer + 1}")
right.set_title("level lines, and where units change sign")
right.legend(loc="upper right")
