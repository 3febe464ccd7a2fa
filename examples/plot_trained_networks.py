r"""
Where training puts units
=========================

Many small tanh networks are trained on one function. Their units :math:`c \tanh(ax - b)`, drawn as points
:math:`(a, b)`, gather where the ridgelet spectrum of the function is large, after S. Sonoda, I. Ishikawa and
M. Ikeda, "Ridge regression with over-parametrized two-layer networks converge to ridgelet spectrum",
`arXiv:2007.03441 <https://arxiv.org/abs/2007.03441>`_.
"""

# %%
# Training
# --------
#
# All networks at once, as one batch, by Adam with a little weight decay. They start at random, and know nothing of
# the spectrum.

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.interpolate import RegularGridInterpolator

import kousei
from kousei.ridgelet import AdmissiblePair

NETS, UNITS, STEPS = 300, 10, 1500


def function(x):
    """Return sin(2 pi x)."""
    return np.sin(2 * np.pi * x)


torch.set_num_threads(1)  # threads would wait for one another: the tensors are small
torch.manual_seed(0)
x = torch.linspace(-1, 1, 41)
y = torch.tensor(function(x.numpy()))
a, b, c = (scale * torch.randn(NETS, UNITS) for scale in (6.0, 6.0, 0.5))
before = [each.numpy().ravel().copy() for each in (a, b, c)]
optimizer = torch.optim.Adam([each.requires_grad_() for each in (a, b, c)], lr=0.03)
for _ in range(STEPS):
    optimizer.zero_grad()
    values = (c * torch.tanh(a * x[:, None, None] - b)).sum(dim=-1)
    loss = (values - y[:, None]).square().mean(dim=0)
    (loss.sum() + 1e-3 * c.square().sum()).backward()
    optimizer.step()
after = [each.detach().numpy().ravel() for each in (a, b, c)]
errors = loss.detach().sqrt().numpy() / np.sqrt(0.5)
print(
    f"{NETS} networks of {UNITS} units, relative errors: median {np.median(errors):.2g}, largest {errors.max():.2g}"
)

# %%
# The spectrum
# ------------
#
# That of the function on :math:`[-1, 1]`, 0 outside. The output weights of a network are
# :math:`R[f](a, b)\,da\,db/K`; drawn is :math:`R/K`, so that red asks for weights above 0. It is large along lines
# :math:`b = ax` through points :math:`x` that units bend at. After training most of the weight, brown above 0 and
# violet below, lies there too and has the sign of the spectrum.

pair = AdmissiblePair("tanh", 1)
grid, line = np.linspace(-1, 1, 401), np.linspace(-16, 16, 257)
spectrum = kousei.ridgelet_transform(function(grid), (grid,), line[:, None], line, pair)
density = replace(spectrum, values=spectrum.values / pair.constant)
at = RegularGridInterpolator((line, line), density.values, bounds_error=False, fill_value=0)

figure, panels = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
for panel, (slope, bias, weight), title in zip(panels, (before, after), ("before training", "after"), strict=True):
    density.plot(panel)
    panel.collections[0].set_clim(-0.02, 0.02)
    panel.collections[0].colorbar.set_label("R[f](a, b)/K")
    points = panel.scatter(slope, bias, c=weight, s=5, cmap="PuOr_r", vmin=-1, vmax=1)
    panel.set(title=title, xlim=(-16, 16), ylim=(-16, 16))
    value, size = at((slope, bias)), np.abs(weight)
    ratio = np.average(np.abs(value), weights=size) / np.abs(density.values).mean()
    share = size[value * weight > 0].sum() / size.sum()
    print(f"{title}: |R| at the units is {ratio:.1f} times its mean, {100 * share:.0f} % of the weight has its sign")
figure.colorbar(points, ax=panels[1], label="output weight")
plt.show()
