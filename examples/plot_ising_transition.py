r"""
Ising across its transition
===========================

Samples by clusters, with error bars, against what is known exactly: :func:`kousei.ising.exact`, Kaufman's partition
function of an :math:`L \times L` torus, and :func:`kousei.ising.infinite`, Onsager's lattice without an end. See
:doc:`/theory/ising_exact`.
"""

# %%
# Four observables
# ----------------
#
# Energy and specific heat have an exact line for each size. Magnetisation and Binder's cumulant are measured alone:
# the one approaches Yang's law, and the curves of the other cross where the lattice orders.

import matplotlib.pyplot as plt
import numpy as np

from kousei.ising import CRITICAL_COUPLING, Lattice, exact, infinite, observables
from kousei.rg import flow

SIDES, COLORS = (8, 16, 32), ("#0072B2", "#D55E00", "#009E73")
couplings = np.linspace(0.34, 0.54, 11)
fine = np.linspace(0.33, 0.55, 200)

found = {
    (side, K): observables(Lattice((side, side), K).sample("swendsen-wang", chains=32, sweeps=200, rng=seed))
    for side in SIDES
    for seed, K in enumerate(couplings)
}

figure, panels = plt.subplots(2, 2, figsize=(9, 7), layout="constrained", sharex=True)
names = ("energy", "specific_heat", "magnetization", "binder")
titles = ("energy per spin", "specific heat per spin", "|magnetisation|", "Binder's cumulant")
for panel, name, title in zip(panels.flat, names, titles, strict=True):
    for side, color in zip(SIDES, COLORS, strict=True):
        estimates = [getattr(found[side, K], name) for K in couplings]
        values, errors = [e.value for e in estimates], [e.error for e in estimates]
        panel.errorbar(couplings, values, errors, fmt="o", ms=3, color=color, capsize=2, label=f"L = {side}")
        if name in ("energy", "specific_heat"):
            panel.plot(fine, [getattr(exact((side, side), K), name) for K in fine], color=color, lw=1)
    if name != "binder":
        limit = np.array([getattr(infinite(K), name) for K in fine])
        panel.plot(fine, limit, "k--", lw=1, label="L infinite")
    panel.axvline(CRITICAL_COUPLING, color="0.7", lw=0.8, zorder=0)
    panel.set(title=title)
panels[0, 1].set(ylim=(0, 2.6))
panels[0, 0].legend()
for panel in panels[1]:
    panel.set(xlabel="K")
plt.show()

# %%
# How far the samples are off
# ---------------------------
#
# In standard errors. Of 66 numbers about a third should be more than one of them away.

off = []
for (side, K), estimates in found.items():
    wanted = exact((side, side), K)
    for name in ("energy", "specific_heat"):
        estimate = getattr(estimates, name)
        off.append((estimate.value - getattr(wanted, name)) / estimate.error)
off = np.abs(off)
print(f"{np.mean(off > 1):.0%} of {len(off)} are more than one standard error off, at most {off.max():.1f}")
assert off.max() < 4.5

# %%
# The flow of block spins
# -----------------------
#
# Each block of 2 x 2 spins becomes one, the sign of their sum, and the coupling between neighbours that fits best is
# estimated again: :func:`kousei.rg.flow`. Below the critical coupling it goes to 0, above it grows, and in between it
# stays longest.

figure, panel = plt.subplots(figsize=(6, 4), layout="constrained")
for K in (0.40, 0.42, 0.43, CRITICAL_COUPLING, 0.45, 0.46, 0.48):
    spins = Lattice((64, 64), K).sample("swendsen-wang", chains=16, sweeps=100, rng=1)
    steps = flow(spins, 3, rng=2)
    color = "k" if K == CRITICAL_COUPLING else COLORS[0] if K < CRITICAL_COUPLING else COLORS[1]
    panel.errorbar(
        range(4), [e.value for e in steps], [e.error for e in steps], marker="o", ms=3, color=color, capsize=2
    )
panel.axhline(CRITICAL_COUPLING, color="0.7", lw=0.8, zorder=0)
panel.set(xlabel="steps of block spins, 2 x 2 to one", ylabel="coupling that fits best", xticks=range(4))
panel.set(title="64 x 64, majority of a block; black: at the critical coupling")
plt.show()
