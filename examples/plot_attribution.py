r"""
Which digit made it a 9, and which of its rows
==============================================

A network with attention pooling tells whether there is a 9 in a bag of five digits.
:func:`kousei.attribution.owen_values` tells what each digit adds to its answer, and what each row of a digit adds, so
that rows add up to digits and digits to the answer.
"""

# %%
# The function
# ------------
#
# Logits of attention pooling, :math:`\rho\bigl(\sum_i w_i\varphi(x_i)\bigr)` with weights :math:`w` from a softmax
# over the digits, after M. Ilse, J. Tomczak and M. Welling, `arXiv:1802.04712 <https://arxiv.org/abs/1802.04712>`_,
# trained in PyTorch on bags of which half have a 9.

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

from kousei.attribution import (
    AttentionPooling,
    completeness_gap,
    consistency_gap,
    consistent_two_level,
    deletion_curve,
    owen_kernel,
    owen_permutation,
    owen_values,
)
from kousei.io import from_torch

torch.set_num_threads(1)  # threads would wait for one another: the tensors are small
torch.manual_seed(0)
rng = np.random.default_rng(0)
images, labels = load_digits(return_X_y=True)
images = images / 16
train, test = slice(0, 1200), slice(1200, None)
nines, others = images[train][labels[train] == 9], images[train][labels[train] != 9]

phi = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32))
score = nn.Sequential(nn.Linear(32, 16), nn.Tanh(), nn.Linear(16, 1))
rho = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam([*phi.parameters(), *score.parameters(), *rho.parameters()], 3e-3)
for _ in range(600):
    bags = rng.choice(others, (128, 5))
    has = rng.random(128) < 0.5
    bags[has, rng.integers(5, size=has.sum())] = rng.choice(nines, has.sum())
    terms = phi(torch.from_numpy(bags.astype("float32")))
    logits = rho((torch.softmax(score(terms), dim=1) * terms).sum(dim=1))[:, 0]
    loss = nn.functional.binary_cross_entropy_with_logits(logits, torch.from_numpy(has.astype("float32")))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

of_digit, of_term, of_mean = (from_torch(net.double()) for net in (phi, score, rho))
f = AttentionPooling(of_digit, of_digit >> of_term, of_mean)

# %%
# One bag, exactly
# ----------------
#
# Features are the eight rows of a digit; a row that is absent is that of the mean digit. The function has a table of
# what each choice of rows leaves of each digit, so that all 20 352 values of coalitions take milliseconds. Red rows
# speak for a 9 in the bag, blue ones against it; all of them add up to the logit less that of five mean digits.

pool = np.flatnonzero(labels[test] != 9)
bag = images[test][np.append(rng.choice(pool, 4), np.flatnonzero(labels[test] == 9)[3])]
rows, mean = np.repeat(np.arange(8), 8), images[train].mean(axis=0)
exact = owen_values(f, bag, mean, groups=rows)
print(exact)
print(f"gaps: {consistency_gap(exact):.0e} between the levels, {completeness_gap(exact):.0e} to the value")

most = np.abs(exact.features).max()
figure, panels = plt.subplots(1, 5, figsize=(11, 2.9), layout="constrained")
for panel, digit, adds, total in zip(panels, bag, exact.features, exact.items, strict=True):
    panel.imshow(np.repeat(adds[:, None], 8, axis=1), cmap="RdBu_r", vmin=-most, vmax=most)
    panel.imshow(np.ones((8, 8)), cmap="gray_r", vmin=0, vmax=1, alpha=digit.reshape(8, 8) ** 0.7)
    panel.set(title=f"adds {total:+.1f}", xticks=[], yticks=range(8))
    panel.tick_params(labelsize=8)
panels[0].set_ylabel("row")
figure.colorbar(panel.images[0], ax=panels, label="row adds")
figure.suptitle(f"logit {exact.value:.1f}, of five mean digits {exact.base:.1f}")
plt.show()

# %%
# Estimates
# ---------
#
# With fewer values of the function there are standard errors. Left: rows of all digits by 800 values, with two
# standard errors, over the exact values. Right: errors of three methods, mean over four seeds. The two levels of
# :func:`~kousei.attribution.consistent_two_level` agree, but what it tends to is no Owen value.

found = owen_kernel(f, bag, 800, mean, groups=rows, rng=0)
methods = {"owen_kernel": owen_kernel, "owen_permutation": owen_permutation, "two levels": consistent_two_level}
budgets = [200, 400, 800, 1600, 3200, 6400, 12800]
scale = np.sqrt(np.mean(exact.features**2))

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
line = np.array([exact.features.min(), exact.features.max()])
left.plot(line, line, color="0.7")
left.errorbar(exact.features.ravel(), found.features.ravel(), 2 * found.errors.ravel(), fmt=".", color="#0072B2")
left.set(xlabel="exact", ylabel="by 800 values, two standard errors")
for (name, method), color in zip(methods.items(), ("#0072B2", "#E69F00", "#CC79A7"), strict=True):
    errors = []
    for budget in budgets:
        estimates = [method(f, bag, budget, mean, groups=rows, rng=seed).features for seed in range(4)]
        errors.append(np.sqrt(np.mean((np.array(estimates) - exact.features) ** 2)) / scale)
    right.loglog(budgets, errors, "o-", color=color, label=name)
right.set(xlabel="values of the function", ylabel="error relative to the exact values")
right.legend()
plt.show()

# %%
# As rows leave
# -------------
#
# The logit as rows become those of the mean digit, from the one that adds most on, and, in grey, in random orders.

figure, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
curve = deletion_curve(f, bag, exact, mean, groups=rows)
for _ in range(20):
    order = rng.permutation(40).reshape(5, 8)
    absent = order < np.arange(41)[:, None, None]
    ax.plot(f(np.where(absent[..., rows], mean, bag), np.ones((41, 5), bool)), color="0.85")
ax.plot(curve, color="#0072B2")
ax.set(xlabel="rows gone", ylabel="logit")
plt.show()
