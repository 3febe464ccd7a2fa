r"""
Decimation as a machine
=======================

Every other spin of a ring is summed over, and what is left is a ring of a smaller coupling. A machine with one hidden
unit for every spin that stays does the same exactly as the weights :math:`b` to those spins grow: P. Mehta and
D. J. Schwab, `arXiv:1410.3831 <https://arxiv.org/abs/1410.3831>`_. How far it is off for a finite :math:`b`, and how
near machines come that are trained, is counted here over all states.
"""

# %%
# A finite weight
# ---------------
#
# Of a finite :math:`b` the machine is the ring with one more coupling, :math:`K_\times`, between the neighbours of a
# spin that stays; and the ring of the hidden units has a coupling that is too large by as much.

import warnings

import matplotlib.pyplot as plt
import numpy as np

from kousei import RBM, ising, rg

sites, K = 12, 0.6
ring = ising.Lattice((sites,), K)
b = np.linspace(1.25, 8, 28)
made = [rg.decimation_rbm(K, weight, tol=1) for weight in b]
divergence = [rg.kl_divergence(ring, one.rbm(sites)).value for one in made]
for one, value in list(zip(made, divergence, strict=True))[::9]:
    print(f"b = {one.b:.2f}: a = {one.a:.6f}, cross coupling {one.cross_coupling:.2e}, KL {value:.2e}")

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
axes.semilogy(b, divergence, color="black", label="KL divergence of the ring from the machine")
axes.semilogy(b, [one.cross_coupling for one in made], "--", color="#D55E00", label=r"$K_\times = K_1' - K_1$")
axes.axvline(2 * K, color="grey", lw=1)
axes.annotate("no machine for $b \\leq 2K$", (2 * K, 1e-9), rotation=90, ha="right", va="bottom")
axes.set(xlabel="$b$", xlim=(0.5, 8))
axes.legend(fontsize="small")

# %%
# The flow
# --------
#
# Decimated again and again, a ring is a deep machine. Its last layer is a free spin, and from it the ring is drawn
# layer by layer, 1024 spins in ten steps.

stack = rg.decimation_stack(1024, 1.0, 10)
spins = stack.sample(2000, rng=0)
print("flow", ", ".join(f"{coupling:.6f}" for coupling in stack.couplings[:5]))
print(f"mean bond {(spins * np.roll(spins, 1, axis=1)).mean():.4f}, exactly {np.tanh(1.0):.6f}")
figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
for start, colour in ((0.5, "#0072B2"), (1.0, "black"), (2.0, "#D55E00")):
    axes.plot(rg.decimation_stack(1024, start, 8).couplings, "o-", color=colour, label=f"$K = {start}$")
axes.set(xlabel="decimations", ylabel="coupling")
axes.legend()

# %%
# Machines that are trained
# -------------------------
#
# Machines with as many units are trained on samples of the ring, and held against it over all states. Most units come
# to look at a spin and its neighbours, as those of the decimation do; but which spins is left to chance, and some
# pairs of neighbours are seen by none.

data = rg.decimation_stack(sites, K, 2).sample(20000, rng=1)
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for algorithm, colour in (("cd", "#D55E00"), ("pcd", "#0072B2")):
    machine = RBM(sites, sites // 2, algorithm=algorithm, learning_rate=0.01, batch_size=100, rng=2)
    path = []
    for _ in range(40):
        machine.partial_fit(data, epochs=1)
        path.append(rg.kl_divergence(ring, machine).value)
    left.semilogy(np.arange(1, 41), path, color=colour, label=f"trained by {algorithm}")
    print(f"{algorithm}: KL {path[-1]:.4f} after 40 epochs")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    weights = rg.decimation_rbm(K, 2.0).rbm(sites).weights
left.axhline(divergence[3], color="grey", ls=":", label=f"decimation, b = {b[3]:.1f}")
left.set(xlabel="epochs", ylabel="KL divergence of the ring from the machine")
left.legend(fontsize="small")
largest = np.abs(machine.weights).max()
both = np.hstack([weights.T, np.full((sites // 2, 1), np.nan), machine.weights.T])
right.imshow(both, cmap="RdBu_r", vmin=-largest, vmax=largest)
right.set(xticks=[], yticks=[], title="weights: decimation, b = 2, and trained by pcd", ylabel="hidden unit")
plt.show()
