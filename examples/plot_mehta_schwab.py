r"""
Machines on the two-dimensional Ising model
===========================================

The experiment of P. Mehta and D. J. Schwab, `arXiv:1410.3831 <https://arxiv.org/abs/1410.3831>`_: machines are
trained on samples of the Ising model on a periodic lattice at :math:`J = 0.408`, above the critical temperature, each
on the hidden states of the one before. Their hidden units come to look at blocks of spins, and those of later layers
at larger blocks. What that shows, and what it does not, is in :doc:`/theory/rg`.

On this page the lattice is 20 x 20. ``python plot_mehta_schwab.py --full`` is that of the paper, 40 x 40 spins,
20,480 samples, 1600-400-100-25 units and 200 epochs, and ``--quick`` the same with 40 epochs.
"""

# %%
# Samples and machines
# --------------------

import sys
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

from kousei import RBM, ising, rg

J, epochs, side, samples = 0.408, 60, 20, 5120
if {"--quick", "--full"} & set(sys.argv):
    epochs, side, samples = 200 if "--full" in sys.argv else 40, 40, 20480
sizes = [side**2, side**2 // 4, side**2 // 16, side**2 // 64]
lattice = ising.Lattice((side, side), J)
drawn = lattice.sample(chains=samples // 10, sweeps=2000, thin=200, burn_in=3000, rng=0)
spins = drawn.configurations().reshape(samples, -1)
print(f"{samples} samples of {lattice}, units {sizes}")


def energy(states):
    """Return the energy per spin of states of -1 and +1."""
    grid = states.reshape(-1, side, side).astype(float)
    return -(grid * (np.roll(grid, 1, 1) + np.roll(grid, 1, 2))).mean(axis=(1, 2))


settings = {"learning_rate": 0.1, "momentum": 0.5, "l1": 2e-3, "batch_size": 100}
# By the plain gradient some units of the first layer lose all their weights, by the centred one most of the third do.
machines = [RBM(*pair, "binary", rng=i, centered=i == 0, **settings) for i, pair in enumerate(pairwise(sizes))]
data = (spins + 1) // 2
net = rg.DBN(machines).fit(data, epochs=epochs, rng=0, progress=sys.stderr.isatty())

# %%
# What the units see
# ------------------
#
# The effective weights from the spins to the units of each layer are :math:`W_1`, :math:`W_1W_2` and
# :math:`W_1W_2W_3`. The radius is that of the disc that holds half of their squares.

fields = net.receptive_fields()
figure, panels = plt.subplots(3, 8, figsize=(11, 4.4), layout="constrained")
for layer, (row, field) in enumerate(zip(panels, fields, strict=True), 1):
    local = rg.localization(field, (side, side))
    radius = np.nanmedian(local.radius)
    print(f"layer {layer}: {np.mean(local.share > 0.5):.0%} of units local, median radius {radius:.2f}")
    row[0].set_ylabel(f"layer {layer}\nradius {radius:.1f}")
    for panel, unit in zip(row, np.linspace(0, field.shape[1] - 1, len(row)).astype(int), strict=True):
        largest = np.abs(field[:, unit]).max()
        panel.imshow(field[:, unit].reshape(side, side), cmap="RdBu_r", vmin=-largest, vmax=largest)
        panel.set(xticks=[], yticks=[])
figure.suptitle("receptive fields: weights from the lattice to eight units of each layer")

# %%
# Reconstructions
# ---------------
#
# A sample, drawn up to a layer and down again. The overlap is the mean of :math:`s_i s_i'`.

shown = data[:1]
figure, panels = plt.subplots(1, 4, figsize=(11, 3.1), layout="constrained")
for layers, panel in enumerate(panels):
    again = net.reconstruct(data, layers, rng=1)
    overlap = np.mean((2 * again - 1) * spins)
    panel.imshow(again[0].reshape(side, side), cmap="gray_r", interpolation="nearest")
    name = "sample" if layers == 0 else f"from {sizes[layers]} units: overlap {overlap:.2f}"
    panel.set(xticks=[], yticks=[], title=name)
    print(f"{name}, energy {energy(2 * again - 1).mean():.3f}")

# %%
# What the model is
# -----------------
#
# A reconstruction stays near its sample, and hides what the machine is itself: its own samples, by Gibbs sampling
# from random states on, have an energy of their own. Beside it is that of the lattice, exactly.

exact = ising.exact((side, side), J).energy
rng = np.random.default_rng(2)
states = rng.integers(0, 2, (400, side**2), np.int8)
walk = [energy(2 * states - 1).mean()]
sweeps = np.unique(np.rint(np.geomspace(1, 2000, 25)).astype(int))
for done, now in zip([0, *sweeps[:-1]], sweeps, strict=True):
    states = net.machines[0].gibbs(states, now - done, rng=rng)
    walk.append(energy(2 * states - 1).mean())
print(f"energy per spin: exact {exact:.4f}, samples {energy(spins).mean():.4f}, first machine {walk[-1]:.4f}")
print(f"whole net, top down: {energy(2 * net.sample(400, 200, rng=3) - 1).mean():.4f}")

# %%
# The flow of the machine
# -----------------------
#
# Samples of lattices that are hotter and colder are reconstructed again and again, and their temperature is told by
# their energy. Coarse graining takes both away from the critical point. The machine takes both to a temperature of
# its own, that of its samples, as S. Iso, S. Shiba and S. Yokoo found,
# `arXiv:1801.07172 <https://arxiv.org/abs/1801.07172>`_.

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
left.semilogx(sweeps, walk[1:], color="#0072B2", label="first machine")
left.axhline(exact, color="black", lw=1, ls="--", label="the lattice, exactly")
left.set(xlabel="Gibbs sweeps from random states", ylabel="energy per spin")
left.legend()
for K, colour in ((0.2, "#D55E00"), (0.3, "#E69F00"), (J, "black"), (0.45, "#56B4E9"), (0.55, "#0072B2")):
    other = ising.Lattice((side, side), K).sample(chains=512, sweeps=1, burn_in=2000, rng=4)
    states = (other.configurations().reshape(512, -1) + 1) // 2
    flow = []
    for _ in range(31):
        configurations = (2 * states - 1).reshape(1, -1, side, side)
        flow.append(rg.estimate_coupling(configurations, "likelihood").value)
        states = net.reconstruct(states, 1, rng=rng)
    right.plot(flow, color=colour, label=f"from K = {K}")
    print(f"flow from K = {K}: {flow[0]:.3f} {flow[1]:.3f} {flow[3]:.3f} {flow[10]:.3f} {flow[30]:.3f}")
right.axhline(ising.CRITICAL_COUPLING, color="grey", lw=1, ls=":", label="critical")
right.set(xlabel="reconstructions", ylabel="coupling, by the energy")
right.legend(fontsize="small")
plt.show()
