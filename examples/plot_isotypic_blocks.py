r"""
Schur's lemma in blocks
=======================

The ridgelet transform and then the network, :math:`T = NN\circ R`, commutes with the group. On functions on a finite
set it is no multiple of the identity, but falls into blocks, one for each irreducible representation: the
:doc:`theorem on finite sets </theory/equivariant>`.
"""

# %%
# Ordered pairs of four points
# ----------------------------
#
# The 24 permutations of four points move the 12 ordered pairs of them. In the basis of the points :math:`T` is full.
# In a basis of isotypic components, :func:`kousei.equivariant.isotypic`, its blocks are :math:`B_\lambda\otimes I`: a
# number along the diagonal where a representation occurs once, and a matrix of multiples of the identity for the one
# that occurs twice. What is outside of them is rounding.

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

from kousei.equivariant import FiniteGroup, GSet, JointEquivariantFeature

S4 = FiniteGroup.symmetric(4)
pairs = GSet.tuples(GSet.natural(S4), 2)
units = GSet.regular(S4)
phi, psi = (
    JointEquivariantFeature.average(np.tanh(seed), pairs, units)
    for seed in np.random.default_rng(0).standard_normal((2, pairs.size, units.size))
)
T = phi.frame_operator(psi)
certificate = phi.certify(psi)
print(certificate)

parts = [each.component for each in certificate.components]
basis = np.concatenate([part.basis.reshape(pairs.size, -1) for part in parts], axis=1)
in_blocks = basis.T @ T @ basis
ends = np.cumsum([0] + [part.multiplicity * part.dimension for part in parts])
outside = np.ones((pairs.size, pairs.size), bool)
for start, end in pairwise(ends):
    outside[start:end, start:end] = False
print(f"largest entry outside of the blocks: {np.abs(in_blocks[outside]).max():.0e}")
assert np.abs(in_blocks[outside]).max() < 1e-12

figure, panels = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
top = np.abs(in_blocks).max()
for panel, matrix, title in zip(
    panels, (T, in_blocks), ("T in the basis of points", "T on isotypic components"), strict=True
):
    image = panel.imshow(matrix, cmap="RdBu", vmin=-top, vmax=top)
    panel.set(title=title, xticks=[], yticks=[])
for part, start, end in zip(parts, ends, ends[1:], strict=False):
    panels[1].plot(
        np.array([start, end, end, start, start]) - 0.5, np.array([start, start, end, end, start]) - 0.5, "k"
    )
    times = f",\n{part.multiplicity} times" if part.multiplicity > 1 else ""
    name = part.name.partition(" ")[0]
    panels[1].text(
        end - 0.3 if end < 9 else start - 0.7,
        (start + end - 1) / 2,
        name + times,
        va="center",
        ha="left" if end < 9 else "right",
        fontsize=9,
    )
figure.colorbar(image, ax=panels, shrink=0.8)
plt.show()

# %%
# Affine maps of seven points
# ---------------------------
#
# On :math:`\mathbb F_7` there are two components, constants and functions of mean 0, and units
# :math:`\sigma(ax-b)` for all :math:`a` and :math:`b`. With :math:`\psi=\sigma` their scalars differ. With
# :math:`\sigma` less its mean for :math:`\psi` they agree, and :math:`R` alone finds the network, as long as
# :math:`a=0` is among the units; without it constants are lost.

a, b, x = np.ogrid[:7, :7, :7]
X = GSet.natural(FiniteGroup.affine(7))
relu = np.maximum(np.arange(7) - 3, 0)
scalars = {}
for name, first in (("all a", 0), ("a ≠ 0", 1)):
    Xi = GSet.functions(X, ((a[first:] * x - b) % 7).reshape(-1, 7))
    phi = JointEquivariantFeature(relu[Xi.points.T], X, Xi)
    for mean, values in (("ψ = σ", relu), ("ψ = σ less its mean", relu - relu.mean())):
        psi = JointEquivariantFeature(values[Xi.points.T], X, Xi)
        scalars[f"{mean},\n{name}"] = [each.block[0, 0] for each in phi.certify(psi).components]
for name, (constants, rest) in scalars.items():
    print(f"{' '.join(name.split())}: {constants:.3f} on constants, {rest:.3f} on functions of mean 0")

figure, panel = plt.subplots(figsize=(8, 4), layout="constrained")
places = np.arange(len(scalars))
constants, rest = np.transpose(list(scalars.values()))
panel.bar(places - 0.2, constants, 0.4, color="#0072B2", label="on constants")
panel.bar(places + 0.2, rest, 0.4, color="#D55E00", label="on functions of mean 0")
panel.set_xticks(places, list(scalars))
panel.set(title="what R, then NN, multiplies by")
panel.legend()
plt.show()
