r"""
A Boltzmann machine, trained in three ways
==========================================

A restricted Boltzmann machine learns bars and stripes, 30 pictures out of the :math:`2^{16}` there are. They are few
enough that the likelihood is known exactly, and the three ways to draw states of the model for the gradient can be
held against it.
"""

# %%
# The data
# --------
#
# Pictures of :math:`4\times4` spins in which all rows, or all columns, are of one sign.

import itertools

import matplotlib.pyplot as plt
import numpy as np

import kousei

lines = np.array(list(itertools.product([-1, 1], repeat=4)))
pictures = np.unique(
    np.concatenate([np.repeat(lines[:, None, :], 4, axis=1), np.repeat(lines[:, :, None], 4, axis=2)]).reshape(
        -1, 16
    ),
    axis=0,
).astype(np.int8)
X = np.tile(pictures, (40, 1))
print(len(pictures), "pictures; at best their mean log likelihood is", round(-np.log(len(pictures)), 3))

# %%
# Training
# --------
#
# After each ten passes the likelihood, with :math:`Z` by the sum over all :math:`2^{16}` pictures.

every = np.array(list(itertools.product([-1, 1], repeat=16)), np.int8)


def log_likelihood(machine):
    """Return the mean of log p over the pictures."""
    return machine.score_samples(pictures).mean() - np.logaddexp.reduce(machine.score_samples(every))


epochs = np.arange(0, 301, 10)
curves, machines = {}, {}
for algorithm in ("cd", "pcd", "tempering"):
    machine = kousei.RBM(
        *(16, 12), algorithm=algorithm, learning_rate=0.02, batch_size=100, temperatures=6, centered=True, rng=1
    )
    curves[algorithm] = [log_likelihood(machine.partial_fit(X, epochs=10 if epoch else 0)) for epoch in epochs]
    machines[algorithm] = machine
    print(f"{algorithm:10} {curves[algorithm][-1]:.3f}")

# %%
# Contrastive divergence does not see what the model puts far from the data, and slowly loses what it had. Persistent
# chains see it; but once the weights are large they no longer come from one picture to another, the gradient is that
# of the few where they are, and the likelihood falls. Chains at several temperatures hand the pictures on.

figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
for algorithm, curve in curves.items():
    axes.plot(epochs, curve, label=algorithm)
axes.axhline(-np.log(len(pictures)), color="gray", linestyle=":", label=r"$-\log 30$, at best")
axes.set(xlabel="passes over the data", ylabel=r"mean of $\log p$", ylim=(-11.5, -3))
figure.legend(loc="outside right upper")
figure.show()

# %%
# What it learned
# ---------------
#
# Weights of the hidden units of the last machine, and chains of it after 1000 Gibbs steps from coins.

machine = machines["tempering"]
coins = np.random.default_rng(0).choice([-1, 1], (24, 16)).astype(np.int8)
drawn = machine.gibbs(coins, 1000, rng=2)
known = (drawn[:, None] == pictures).all(axis=2).any(axis=1)
print(int(known.sum()), "of", len(drawn), "are bars or stripes")

figure, axes = plt.subplots(3, 12, figsize=(9, 2.6), layout="constrained")
largest = np.abs(machine.weights).max()
for axis, weights in zip(axes[0], machine.weights.T, strict=True):
    axis.imshow(weights.reshape(4, 4), cmap="RdBu", vmin=-largest, vmax=largest)
for axis, picture, good in zip(axes[1:].ravel(), drawn, known, strict=True):
    axis.imshow(picture.reshape(4, 4), cmap="gray")
    axis.add_patch(plt.Rectangle((-0.5, -0.5), 4, 4, fill=False, edgecolor="tab:green" if good else "tab:red", lw=3))
for axis in axes.ravel():
    axis.set_axis_off()
figure.suptitle("weights; states drawn, in red those that are no bars or stripes")
figure.show()
