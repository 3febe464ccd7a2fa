r"""
A convolutional network on a dihedral group
===========================================

Drawings on a ring of twelve beads, black or white, which 24 rotations and reflections take to one another. A network
that convolves over all of them sees a drawing turned, or reflected, as its result turned or reflected.
"""

# %%
# Two layers
# ----------
#
# The first is the correlation of a drawing with a filter on the ring, in all positions of the filter: a function on
# the group. The second is the correlation of that with a filter on the group. After each comes tanh.

import matplotlib.pyplot as plt
import numpy as np

from kousei.equivariant import Convolution, FiniteGroup

n = 12
G = FiniteGroup.dihedral(n)
rng = np.random.default_rng(4)
ring = rng.standard_normal(n)
first = ring[G.permutations[G.inverse(np.arange(G.order))]]  # row g: the filter turned by g
second = Convolution(G, rng.standard_normal((1, G.order)) / 3)
is_reflection = G.permutations[:, 1] != (G.permutations[:, 0].astype(int) + 1) % n


def network(drawing):
    """Return values on the group."""
    return np.tanh(second.ridgelet(np.tanh(drawing @ first.T / 2)))[..., 0, :]


def shown(values):
    """Return them by rotation in two rows, the second of rotations after the reflection."""
    rows = [values[np.where(is_reflection == reflected)[0]] for reflected in (False, True)]
    turns = [G.permutations[is_reflection == reflected, 0] for reflected in (False, True)]
    return np.stack([row[np.argsort(turn)] for row, turn in zip(rows, turns, strict=True)])


drawing = np.array([1.0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0])
rotation, reflection = G.generators
moves = {"as it is": 0, "rotated by 3 beads": G.power(rotation, 3), "reflected": reflection}
figure, panels = plt.subplots(2, 3, figsize=(11, 4.6), layout="constrained", height_ratios=(2, 1))
angles = np.pi / 2 - 2 * np.pi * np.arange(n) / n
for (name, g), (above, below) in zip(moves.items(), panels.T, strict=True):
    moved = np.empty(n)
    moved[G.permutations[g]] = drawing
    above.scatter(np.cos(angles), np.sin(angles), c=moved, s=160, cmap="gray_r", edgecolors="black")
    above.set(title=name, aspect="equal", xlim=(-1.3, 1.3), ylim=(-1.3, 1.3))
    above.axis("off")
    result = network(moved)
    below.imshow(shown(result), cmap="RdBu_r", vmin=-1, vmax=1)
    below.set(xticks=range(0, n, 3), yticks=[0, 1], xlabel="where bead 0 goes")
    below.set_yticklabels(["rotations", "reflections"])
    # (g F)(h) = F(g^-1 h)
    wanted = network(drawing)[G.multiply(G.inverse(g), np.arange(G.order))]
    print(f"{name}: differs from the result, moved, by {np.abs(result - wanted).max():.0e}")
plt.show()

# %%
# What a filter loses, and its inverse
# ------------------------------------
#
# A layer before its tanh can be undone if no singular value of the convolution is 0. On a group that is not abelian
# there is a block for each irreducible representation. A filter that takes the mean with the reflected function loses
# half of all dimensions; beside a random one nothing is lost.

mean = np.zeros(G.order)
mean[[0, reflection]] = 0.5
for name, filters in {"mean": [mean], "mean and random": [mean, second.filters[0]]}.items():
    conv = Convolution(G, filters)
    certificate = conv.feature.certify()
    print(f"\n{name}:\n{certificate}")
    if certificate.is_universal:
        f = rng.standard_normal(G.order)
        again = conv.dual().network(conv.ridgelet(f))
        print(f"dual filters give f back, off by {np.abs(again - f).max():.0e}")

figure, panel = plt.subplots(figsize=(7.5, 3.6), layout="constrained")
for (name, filters), color, mark in (
    (("mean with the reflected", [mean]), "#D55E00", "o"),
    (("random", second.filters), "#009E73", "s"),
    (("both", [mean, second.filters[0]]), "#0072B2", "^"),
):
    values = Convolution(G, filters).singular_values
    panel.plot(range(1, G.order + 1), values, mark, color=color, label=name)
panel.set(xlabel="number", ylabel="singular value", title="convolution on the dihedral group of 24 elements")
panel.legend()
plt.show()
