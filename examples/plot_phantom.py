r"""
The ridgelet spectrum of an image
=================================

The phantom of Shepp and Logan, ten ellipses that stand for a section through a head, its ridgelet spectrum, and the
image again from the spectrum.
"""

# %%
# The phantom
# -----------

import warnings

import matplotlib.pyplot as plt
import numpy as np

from kousei import RidgeletTransform, ridgelet_transform
from kousei.ridgelet import AdmissiblePair, ball_directions

# Value, centre, half axes, and angle in degrees of each ellipse; values as in Toft's thesis, for contrast.
ELLIPSES = (
    (1.0, 0.0, 0.0, 0.69, 0.92, 0),
    (-0.8, 0.0, -0.0184, 0.6624, 0.874, 0),
    (-0.2, 0.22, 0.0, 0.11, 0.31, -18),
    (-0.2, -0.22, 0.0, 0.16, 0.41, 18),
    (0.1, 0.0, 0.35, 0.21, 0.25, 0),
    (0.1, 0.0, 0.1, 0.046, 0.046, 0),
    (0.1, 0.0, -0.1, 0.046, 0.046, 0),
    (0.1, -0.08, -0.605, 0.046, 0.023, 0),
    (0.1, 0.0, -0.606, 0.023, 0.023, 0),
    (0.1, 0.06, -0.605, 0.023, 0.046, 0),
)


def phantom(x, y):
    """Return the values of the phantom."""
    total = 0.0
    for value, p, q, width, height, degrees in ELLIPSES:
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        along, across = c * (x - p) + s * (y - q), c * (y - q) - s * (x - p)
        total = total + value * ((along / width) ** 2 + (across / height) ** 2 <= 1)
    return total


# A pixel is the mean of 4 x 4 values.
n, fine = 128, 4
axis = 1.1 * (2 * np.arange(n * fine) + 1 - n * fine) / (n * fine)
image = phantom(axis[:, None], axis).reshape(n, fine, n, fine).mean(axis=(1, 3)).astype("float32")
axis = axis.reshape(n, fine).mean(axis=1)

# %%
# Its spectrum
# ------------
#
# Over the angle and the bias at three lengths of :math:`a`. The value at :math:`(a, b)` is the integral of the image
# along the line :math:`a \cdot x = b`, filtered across it at a width of :math:`1/\lvert a\rvert`: the sinogram of
# tomography, one band of frequencies after the other. Edges are curves, of the lines that touch them.

pair = AdmissiblePair("relu", 2)
angles = np.linspace(0, np.pi, 361)
figure, panels = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
for panel, length in zip(panels, (2, 8, 32), strict=True):
    directions = length * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    spectrum = ridgelet_transform(image, (axis, axis), directions, np.linspace(-1, 1, 401) * (length + 4), pair)
    spectrum.plot(panel)
    size = np.quantile(np.abs(spectrum.values), 0.95)  # the skull is far above the rest
    panel.collections[0].set_clim(-size, size)
plt.show()

# %%
# The image again
# ---------------
#
# From 4 million values with :math:`\lvert a\rvert \le 32`. The image has edges, and with them frequencies far above
# 32: the :doc:`law of truncation </theory/ridgelet>` says what is lost. Most of it comes back when the transform is
# divided by the law first; what is left are the frequencies of which next to nothing was there.

disc = ball_directions(2, 32, radii=56, angles=200)
biases = np.arange(-59, 59, 0.3)
R = RidgeletTransform((axis, axis), disc, biases, pair, dtype="float32")
with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)  # of what is lost
    shown = {"phantom": image, "|a| ≤ 32": R.reconstruct(image), "|a| ≤ 32, cured": R.reconstruct(image, cure=True)}
figure, panels = plt.subplots(1, 3, figsize=(12, 3.8), layout="constrained")
for panel, (title, values) in zip(panels, shown.items(), strict=True):
    if values is not image:
        error = np.linalg.norm(values - image) / np.linalg.norm(image)
        law = float(R.truncation_loss(image, cure="cured" in title))
        print(f"{title}: error {error:.3f}, by the law {law:.3f}")
    drawn = panel.imshow(values.T, extent=(-1.1, 1.1) * 2, origin="lower", cmap="gray", vmin=-0.1, vmax=0.6)
    panel.set_title(title)
    panel.set_axis_off()
figure.colorbar(drawn, ax=panels)
plt.show()
