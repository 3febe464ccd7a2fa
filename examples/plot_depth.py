r"""
What depth adds
===============

Functions on the sets of four points at most, under all permutations of the points. One layer of one unit has as
parameters the weights :math:`w` in whatever order, an orbit of 24, and no more. A second layer that is equivariant
brings its own, and the group moves pairs of them: 24 orbits in place of one.
"""

# %%
# Layers
# ------
#
# A hidden layer keeps the four places, and mixes in the sum over all of them; the last one is a sum of weights times
# values. Each has four weights, and the 24 orders of them as parameters.

import matplotlib.pyplot as plt
import numpy as np

from kousei.equivariant import FiniteGroup, GSet, JointEquivariantFeature, Layer, Representation

S4 = FiniteGroup.symmetric(4)
places, orders = GSet.natural(S4), GSet.regular(S4)
X, H = GSet.words(places, 2), Representation.of_set(places)
back = S4.permutations[S4.inverse(np.arange(S4.order))]
rng = np.random.default_rng(7)


def hidden():
    """Return a layer from four places to four places."""
    w = 2 * rng.standard_normal(4)[back]
    return Layer(lambda h, g: np.tanh(w[g] * h + 0.5 * h.sum(axis=-1, keepdims=True) - 0.7), orders, H)


def last():
    """Return a layer from four places to a number."""
    w = 2 * rng.standard_normal(4)[back]
    return Layer(lambda h, g: np.tanh((w[g] * h).sum(axis=-1) - 0.3), orders)


sets = JointEquivariantFeature(X.points[:, None].astype(float), X, GSet.trivial(S4, 1), H)
networks = {1: sets >> last(), 2: sets >> hidden() >> last(), 3: sets >> hidden() >> hidden() >> last()}
for depth, phi in networks.items():
    print(f"{depth} layers: {phi.Xi.size} parameters in {len(phi.Xi.orbits())} orbits")
    print(phi.certify(), "\n")

# %%
# The singular values of T by irreducible representation. Over sets there are five trivial ones, of functions of the
# number of members alone, and one orbit of 24 parameters has the trivial representation once: four are lost,
# whatever the activation. With pairs of orders none is.

figure, panels = plt.subplots(1, 3, figsize=(11, 3.8), layout="constrained", sharey=True)
for panel, (depth, phi) in zip(panels, networks.items(), strict=True):
    certificate = phi.certify()
    largest = max(part.singular_values[0] for part in certificate.components)
    for place, part in enumerate(certificate.components):
        values = np.maximum(part.singular_values / largest, 1e-16)
        kept = len(values) - part.lost
        across = place + np.linspace(-0.25, 0.25, len(values)) if len(values) > 1 else [place]
        panel.semilogy(across[:kept], values[:kept], "o", color="#0072B2")
        panel.semilogy(across[kept:], values[kept:], "x", color="#D55E00")
    names = [f"{part.component.dimension}-dim.\n× {len(part.block)}" for part in certificate.components]
    panel.set_xticks(range(len(names)), ["trivial\n× 5", *names[1:]])
    panel.set(title=f"{depth} layer{'s' * (depth > 1)}, {phi.Xi.size} parameters", ylim=(1e-17, 3))
panels[0].set_ylabel("singular value / largest")
panels[0].plot([], [], "o", color="#0072B2", label="represented")
panels[0].plot([], [], "x", color="#D55E00", label="lost")
panels[0].legend(loc="center right")
plt.show()

# %%
# As many weights in one layer
# ----------------------------
#
# One layer of several units has an orbit for each, and represents everything too with enough of them: depth
# multiplies orbits, width adds them.


def wide(units):
    """Return one layer of several units."""
    w = 2 * rng.standard_normal((units, 4))[:, back].reshape(-1, 4)
    of_units = GSet.product(GSet.trivial(S4, units), orders)
    return sets >> Layer(lambda h, xi: np.tanh((w[xi] * h).sum(axis=-1) - 0.3), of_units)


def lost(phi):
    """Return the number of dimensions that no network has."""
    return sum(part.lost * part.component.dimension for part in phi.certify().components)


widths = range(1, 7)
figure, panel = plt.subplots(figsize=(7, 4), layout="constrained")
of_width, of_depth = [lost(wide(units)) for units in widths], [lost(phi) for phi in networks.values()]
panel.plot([4 * units for units in widths], of_width, "s-", color="#D55E00", label="one layer, 1 to 6 units")
panel.plot([4 * depth for depth in networks], of_depth, "o-", color="#0072B2", label="1 to 3 layers")
panel.set(xlabel="real weights", ylabel="dimensions lost, of 16", xticks=range(4, 25, 4), yticks=range(5))
panel.legend()
plt.show()
