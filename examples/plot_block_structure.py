r"""
The blocks of T
===============

:math:`T = NN\circ R` commutes with the group, and becomes blocks where functions are written by irreducible
representations. Here the group is all permutations of four points, and functions are those on ordered pairs of them.
"""

# %%
# By pairs, and by irreducible representations
# --------------------------------------------
#
# Two random features, made equivariant by an average over the group. Twelve functions on pairs are one trivial
# representation, one of dimension 2 and two different ones of dimension 3, the first of them twice. Left T by pairs,
# constant on the seven orbits of pairs of pairs; right in the basis of :func:`kousei.equivariant.isotypic`, copies
# together for each function of a representation.

import matplotlib.pyplot as plt
import numpy as np

from kousei.equivariant import FiniteGroup, GSet, JointEquivariantFeature

S4 = FiniteGroup.symmetric(4)
pairs, Xi = GSet.tuples(GSet.natural(S4), 2), GSet.regular(S4)
rng = np.random.default_rng(2)
phi, psi = (JointEquivariantFeature.average(seed, pairs, Xi) for seed in rng.standard_normal((2, 12, 24)))
T, certificate = phi.frame_operator(psi), phi.certify(psi)
print(certificate)

basis = [part.component.basis.transpose(0, 2, 1).reshape(12, -1) for part in certificate.components]
V = np.concatenate(basis, axis=1)
blocks = V.T @ T @ V
outside = blocks.copy()
place = 0
for part in certificate.components:
    for _ in range(part.component.dimension):
        block = (slice(place, place + part.component.multiplicity),) * 2
        assert np.allclose(blocks[block], part.block)
        outside[block] = 0
        place = block[0].stop
print(f"outside of the blocks {np.abs(outside).max():.0e}")

scale = np.abs(blocks).max()
figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.8), layout="constrained")
names = [f"{i + 1}{j + 1}" for i, j in pairs.points]
left.imshow(T, cmap="RdBu_r", vmin=-np.abs(T).max(), vmax=np.abs(T).max())
left.set(title="T by pairs", xticks=range(12), yticks=range(12))
left.set_xticklabels(names)
left.set_yticklabels(names)
image = right.imshow(blocks, cmap="RdBu_r", vmin=-scale, vmax=scale)
right.set(title="T by irreducible representations", xticks=[], yticks=[])
place = 0
for part in certificate.components:
    size = part.component.multiplicity * part.component.dimension
    right.add_patch(plt.Rectangle((place - 0.5, place - 0.5), size, size, fill=False, linewidth=1.2))
    name = f"{part.component.dimension}-dim. × {part.component.multiplicity}"
    right.text(place + size - 0.3, place + size / 2 - 0.5, name if place < 6 else "", va="center")
    if place >= 6:
        right.text(place - 0.8, place + size / 2 - 0.5, name, va="center", ha="right")
    place += size
figure.colorbar(image, ax=right, label="value")
plt.show()

# %%
# Where a representation occurs once the block is a number, where twice a matrix of 2 x 2, the same for each of its
# three functions. So R alone does not reconstruct, whatever factor is taken off; the dual, which
# inverts the blocks, does.

f = rng.standard_normal(12)
once = phi.network(psi.ridgelet(f))
best = once * (once @ f) / (once @ once)
print(f"best multiple of NN R f: off by {np.linalg.norm(best - f) / np.linalg.norm(f):.2f}")
print(f"with the dual: off by {np.linalg.norm(phi.reconstruct(f, psi) - f) / np.linalg.norm(f):.0e}")
