r"""
Widths of binary networks
=========================

How many units a network takes whose weights behind the first layer are :math:`-1` and :math:`+1`, by how it is
made (:func:`kousei.binarize`): chains multiply from layer to layer, powers of two add up, and with a given number of
bits the width stays what it is.
"""

# %%
# Networks of up to 6 hidden layers
# ---------------------------------
#
# They have three inputs, outputs and ReLU units in each hidden layer, and weights that are multiples of 1/32 of
# modulus below 2. Errors are relative to what the moduli of all weights and biases add up to at inputs of 1: what is
# rounded on the way is of that size.

import matplotlib.pyplot as plt
import numpy as np

import kousei


def coarse(hidden_layers, width, rng):
    """Return a network whose weights are multiples of 1/32 of modulus below 2."""
    weights = [rng.integers(-63, 64, (width, width)) / 32 for _ in range(hidden_layers + 1)]
    return kousei.MLP(weights, [rng.normal(size=width) for _ in weights], ["relu"] * hidden_layers)


def scale_of(net):
    """Return the largest value at inputs of 1 of the network of all moduli."""
    moduli = kousei.MLP([abs(weight) for weight in net.weights], [abs(bias) for bias in net.biases], net.activations)
    return moduli(np.ones(net.dim)).max()


WAYS = {
    "chain": ({"method": "chain"}, "#D55E00", "o"),
    "dyadic": ({"method": "dyadic"}, "#0072B2", "s"),
    "auto": ({"method": "auto"}, "#009E73", "^"),
    "4 bits": ({"method": "bits", "bits": 4}, "#CC79A7", "x"),
}
width, depths = 3, np.arange(1, 7)
x = np.random.default_rng(0).uniform(-1, 1, (1000, width))
widths = {name: [] for name in WAYS}
print("units of the first hidden layer, largest error")
print("depth" + "".join(f"{name:>18}" for name in WAYS))
for depth in depths:
    net = coarse(depth, width, np.random.default_rng(depth))
    row = f"{depth:5}"
    for name, (options, _, _) in WAYS.items():
        binary = kousei.binarize(net, **options)
        error = np.abs(binary(x) - net(x)).max() / scale_of(net)
        assert error < 1e-12 or name == "4 bits"
        widths[name].append(binary.summary().widths)
        row += f"{widths[name][-1][0]:9}, {error:7.0e}"
    print(row)

# %%
# Widths against depth, and layer by layer
# ----------------------------------------
#
# A chain of three rows has three units, fewer where weights agree: up to :math:`3^{L+1}` units in the first of
# :math:`L` hidden layers, and a third of that in each one after it. In powers of two a column takes the digits of all
# layers above it together, and the width grows by about the same number from layer to layer, down to the first.
# Chains are shorter in the last layers, where "auto" takes them. With 4 bits there are 12 units in every layer, of
# another function.

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
for name, (_, color, marker) in WAYS.items():
    left.semilogy(depths, [each[0] for each in widths[name]], color=color, marker=marker, label=name)
    right.semilogy(depths, widths[name][-1], color=color, marker=marker, label=name)
left.semilogy(depths, width ** (depths + 1.0), color="gray", linestyle=":", label="$3^{L+1}$, Theorem 4")
left.set(title="units of the first hidden layer", xlabel="hidden layers L", xticks=depths)
right.set(title=f"units of each layer, L = {depths[-1]}", xlabel="hidden layer", xticks=depths)
left.legend()
right.legend()
plt.show()
