r"""
The ridgelet spectrum over a finite field
=========================================

An image of :math:`31 \times 31` pixels is a function on :math:`\mathbb Z_{31}^2`, where the ridgelet transform is
exact: its dual gives back every pixel, from 29791 units :math:`g((a \cdot x - b) \bmod 31)`.
"""

# %%
# The image and its transform
# ---------------------------
#
# A disc, a bar and a square, and for :math:`g` a ReLU about the middle of :math:`\mathbb Z_{31}`.

import matplotlib.pyplot as plt
import numpy as np

from kousei.equivariant import FiniteRidgelet

p = 31
i, j = np.indices((p, p))
f = (
    1.0 * ((i - 10) ** 2 + (j - 11) ** 2 < 40)
    - 0.7 * (abs(i - j - 8) < 3) * (j > 5)
    + 0.5 * (abs(i - 7) < 4) * (j > 22)
)

g = np.maximum(np.arange(p) - 15.0, 0.0)
R = FiniteRidgelet(p, 2, g, g - g.mean())
spectrum = R @ f
again = R.reconstruct(spectrum)
print(f"C = {R.constant:.0f}, largest error {np.abs(again - f).max():.1e}")

# %%
# The spectrum
# ------------
#
# First how large it is for each direction :math:`a`, as the root of its mean square over :math:`b`, with :math:`a =
# 0` in the middle. :math:`R[f](a, \cdot)` has the frequencies :math:`v a` of the image, weighted by :math:`\hat
# r(v)`, which is largest at :math:`v = \pm 1`: so the picture is close to that of the Fourier transform, with a
# line at right angles to every straight edge. Then :math:`R[f](a, b)` for the 31 directions :math:`(1, a_2)`, sums
# of the image along discrete lines, smoothed by :math:`r`; and what all units add up to, and a tenth of them.

size = np.sqrt((spectrum**2).mean(axis=-1))
order = np.argsort(-np.abs(spectrum), axis=None)
few = np.zeros_like(spectrum)
kept = order[: spectrum.size // 10]
few.ravel()[kept] = spectrum.ravel()[kept]
part = R.reconstruct(few)

figure, panels = plt.subplots(1, 4, figsize=(15, 3.9), layout="constrained")
drawn = panels[0].imshow(np.roll(size, (15, 15), (0, 1)).T, extent=(-15.5, 15.5) * 2, origin="lower", cmap="magma")
figure.colorbar(drawn, ax=panels[0], shrink=0.8)
panels[0].set(title="size of R[f](a, ·)", xlabel="$a_1$", ylabel="$a_2$")
limit = np.abs(spectrum[1]).max()
drawn = panels[1].imshow(spectrum[1].T, origin="lower", cmap="RdBu_r", vmin=-limit, vmax=limit)
figure.colorbar(drawn, ax=panels[1], shrink=0.8)
panels[1].set(title="R[f]((1, $a_2$), b)", xlabel="$a_2$", ylabel="b")
for panel, values, title in ((panels[2], again, "all units"), (panels[3], part, "largest tenth")):
    error = np.linalg.norm(values - f) / np.linalg.norm(f)
    panel.imshow(values.T, origin="lower", cmap="gray", vmin=f.min(), vmax=f.max())
    panel.set(title=f"{title}: error {error:.1g}", xlabel="$x_1$", ylabel="$x_2$")
plt.show()

# %%
# Units drawn at random
# ---------------------
#
# By :math:`\lvert R[f](a, b)\rvert^2`, without a table of the spectrum. The error falls as :math:`n^{-1/2}` from
# above the function itself, by the law of the :doc:`page on the theory </theory/equivariant>`.

numbers = 4 ** np.arange(3, 10)
x = np.stack([i, j], axis=-1)
norms = np.linalg.norm(g) * np.linalg.norm(R.ridgelet_function) / R.constant * np.linalg.norm(f)
law = np.sqrt(((norms**2 - f**2) / numbers[:, None, None]).mean(axis=(1, 2)))
measured = [np.sqrt(np.mean((R.sample(f, n, rng=n)(x) - f) ** 2)) for n in numbers]
figure, panel = plt.subplots(figsize=(5, 3.6), layout="constrained")
panel.loglog(numbers, law, color="0.6", label="law")
panel.loglog(numbers, measured, "o", label="drawn")
panel.axhline(np.sqrt(np.mean(f**2)), color="0.8", linestyle="--", label="f itself")
panel.set(xlabel="units drawn", ylabel="root mean square error")
panel.legend()
plt.show()
