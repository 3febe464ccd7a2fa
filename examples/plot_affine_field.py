r"""
Affine maps of a finite field
=============================

A layer of ReLU over the field of seven elements, with all :math:`a` and :math:`b`. All affine maps of the field take
the functions :math:`ax - b` to one another, and :math:`T = NN\circ R` is two numbers, on constants and on functions
of mean 0: :math:`T = c_0P_0 + c_1P_1`. Only with :math:`\psi` of mean 0 are they the same, and R alone reconstructs.
"""

# %%
# With the mean, and without it
# -----------------------------

import matplotlib.pyplot as plt
import numpy as np

from kousei.equivariant import FiniteGroup, GSet, JointEquivariantFeature, polynomials

p = 7
X = GSet.natural(FiniteGroup.affine(p))
Xi = polynomials(X, 1)  # a x - b at (a, b)
g = np.maximum(np.arange(p) - 3.0, 0)
ridgelets = {"ψ = φ": g, "ψ = φ less its mean": g - g.mean()}
phi, *features = (JointEquivariantFeature(values[Xi.points[..., 0].T], X, Xi) for values in (g, *ridgelets.values()))

f = np.array([1.0, 1.2, 3.0, 2.0, 2.2, 0.5, 0.3])
figure, panels = plt.subplots(2, 2, figsize=(9, 7), layout="constrained", height_ratios=(3, 2))
for name, psi, (above, below) in zip(ridgelets, features, panels.T, strict=True):
    T = phi.frame_operator(psi)
    print(f"{name}:\n{phi.certify(psi)}\n")
    image = above.imshow(T, cmap="Blues", vmin=0, vmax=phi.frame_operator().max())
    for x, y in np.ndindex(p, p):
        color = "white" if T[x, y] > 50 else "black"
        above.text(y, x, f"{T[x, y] + 0.0:.0f}", ha="center", va="center", color=color)
    above.set(title=f"T, {name}", xticks=range(p), yticks=range(p))
    c1 = phi.certify(psi).components[1].block[0, 0]
    below.step(range(p), f, where="mid", color="black", linewidth=5, alpha=0.25, label="f")
    below.step(range(p), T @ f / c1, where="mid", color="#D55E00", label="T f / c₁")
    below.step(range(p), phi.reconstruct(f, psi), "--", where="mid", color="#0072B2", label="T T⁺ f")
    below.set(xlabel="x", xticks=range(p), ylim=(0, None))
    below.legend(ncols=3)
plt.show()

# %%
# By Fourier transforms
# ---------------------
#
# :math:`c_1` is the sum of :math:`\hat g(v)\,\overline{\hat r(v)}` over :math:`v\ne0`, with the discrete transforms
# of what :math:`\phi` and :math:`\psi` are made of. It is the same for both, since the mean is the part at
# :math:`v = 0`. Constants are another matter: over :math:`a \ne 0` alone a :math:`\psi` of mean 0 loses them.

transforms = [np.fft.fft(values) for values in ridgelets.values()]
for name, hat in zip(ridgelets, transforms, strict=True):
    print(f"{name}: sum over v ≠ 0 is {(np.fft.fft(g) * hat.conj())[1:].sum().real:.10g}")

slopes = GSet.functions(X, Xi.points[p:, :, 0])
sloped = [JointEquivariantFeature(values[slopes.points.T], X, slopes) for values in (g, *ridgelets.values())]
for name, psi in zip(ridgelets, sloped[1:], strict=True):
    print(f"\n{name}, without a = 0:\n{sloped[0].certify(psi)}")
