r"""
RePU in a trained network
=========================

A network of ReLU or tanh is trained; then one layer after the other becomes RePU, :math:`\max(z, 0)^2`, with some
training in between. What that costs in accuracy, right away and in the end, with and without
:func:`kousei.interop.torch.introduce_repu`. That RePU is best brought in by stages is after
`arXiv:2305.00608 <https://arxiv.org/abs/2305.00608>`_.
"""

# %%
# Three ways
# ----------
#
# Handwritten digits, 1078 to train on and 719 to test, and three hidden layers of 64 units. All that is drawn at
# random is drawn anew for each of three seeds: the split, the first weights, the order of the samples.
#
# - **fitted**: ``introduce_repu`` puts RePU in the place of an activation, and fits the layer behind it by least
#   squares so that its outputs change least at the samples.
# - **exchanged**: the activation is exchanged, and all weights stay.
# - **left**: the activations stay, and the network is trained as long as the others are.
#
# Each exchange is followed by five epochs of Adam.

import copy

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

import kousei
from kousei.interop.torch import RePU, introduce_repu, laplacian

SEEDS, EPOCHS, BETWEEN = range(3), 40, 5
LAYERS = (1, 3, 5)
torch.set_num_threads(1)  # the network is small


def digits(seed):
    """Return images and labels to train on, and images and labels to test."""
    images, labels = load_digits(return_X_y=True)
    split = train_test_split(images.astype("float32") / 16, labels, test_size=0.4, random_state=seed, stratify=labels)
    train, test, of_train, of_test = map(torch.from_numpy, split)
    return train, of_train, test, of_test


def network(activation):
    """Return a new network."""
    hidden = [part for _ in LAYERS for part in (nn.Linear(64, 64), activation())]
    return nn.Sequential(*hidden, nn.Linear(64, 10))


def trained(net, x, labels, epochs, rate):
    """Train a network and return it."""
    optimizer = torch.optim.Adam(net.parameters(), rate)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x[batch]), labels[batch]).backward()
            optimizer.step()
    return net


def exchanged(net, layer, p, x):
    """Return the network with RePU in the place of an activation, and nothing else changed."""
    twin = copy.deepcopy(net)
    twin[layer] = RePU(p)
    return twin


WAYS = {"fitted": introduce_repu, "exchanged": exchanged, "left": lambda net, layer, p, x: copy.deepcopy(net)}


def accuracy(net, x, labels):
    """Return the share of labels, in per cent, that the network finds."""
    with torch.no_grad():
        return 100 * (net(x).argmax(1) == labels).double().mean().item()


# %%
# All three layers
# ----------------
#
# The steps down are what an exchange costs right away, the steps up what training gives back. Where ReLU was and the
# next layer is fitted, a layer costs less than one per cent; exchanged and no more, two to four. After training
# there is no difference between the two, and both are within a per cent of the network left as it was. tanh is
# further from RePU and loses more, in the third layer fitted or not, and without fitting the network does not come
# back in these epochs. In accuracy nothing is gained, and a network that has RePU from the start is as good: stages
# are for networks that are there already.

STAGES = ["trained", *(f"layer {i} {when}" for i in (1, 2, 3) for when in ("exchanged", "trained"))]
results = {}
for activation in (nn.ReLU, nn.Tanh):
    found = {way: np.zeros((len(SEEDS), len(STAGES))) for way in WAYS}
    for row, seed in enumerate(SEEDS):
        torch.manual_seed(seed)
        x, labels, test, of_test = digits(seed)
        first = trained(network(activation), x, labels, EPOCHS, 1e-3)
        for way, exchange in WAYS.items():
            net, course = first, [accuracy(first, test, of_test)]
            for layer in LAYERS:
                net = exchange(net, layer, 2, x)
                course.append(accuracy(net, test, of_test))
                net = trained(net, x, labels, BETWEEN, 3e-4)
                course.append(accuracy(net, test, of_test))
            found[way][row] = course
            if way == "fitted":
                smooth = net
    results[activation.__name__] = found
scratch = [0.0] * len(SEEDS)
for row, seed in enumerate(SEEDS):
    torch.manual_seed(seed)
    x, labels, test, of_test = digits(seed)
    net = trained(network(lambda: RePU(2)), x, labels, EPOCHS, 1e-3)
    scratch[row] = accuracy(trained(net, x, labels, len(LAYERS) * BETWEEN, 3e-4), test, of_test)

print("accuracy on the test digits in per cent, mean of", len(SEEDS), "seeds (standard deviation in the end)")
heads = (stage.replace(" exchanged", ": now").replace(" trained", ": then") for stage in STAGES)
print(" " * 16 + "".join(f"{head:>15}" for head in heads))
for name, found in results.items():
    for way, rows in found.items():
        means = "".join(f"{mean:15.1f}" for mean in rows.mean(0))
        print(f"{name + ', ' + way:>16}{means}  ({rows[:, -1].std():.1f})")
print(f"RePU from the start: {np.mean(scratch):.1f} ({np.std(scratch):.1f})")

COLORS = {"fitted": "#0072B2", "exchanged": "#D55E00", "left": "#999999"}
figure, axes = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained", sharey=True)
for axis, (name, found) in zip(axes, results.items(), strict=True):
    for way, rows in found.items():
        mean, spread = rows.mean(0), rows.std(0)
        axis.plot(mean, marker="o", color=COLORS[way], label=way)
        axis.fill_between(range(len(STAGES)), mean - spread, mean + spread, color=COLORS[way], alpha=0.15, lw=0)
    axis.axhline(np.mean(scratch), color="black", lw=0.8, ls=":", label="RePU from the start")
    axis.set(title=f"{name} becomes RePU", xticks=range(len(STAGES)))
    axis.set_xticklabels(
        [stage.replace(" exchanged", "\nexchanged").replace(" trained", "\ntrained") for stage in STAGES], fontsize=8
    )
axes[0].set_ylabel("accuracy on the test digits, per cent")
axes[0].legend(loc="lower left")
plt.show()

# %%
# What it is for
# --------------
#
# The network now has second derivatives that say something, in torch and here.

points = test[:3]
print(laplacian(smooth, points)[:, 0].detach().numpy())
print(kousei.io.from_torch(smooth).jet(points).laplacian[:, 0].numpy())
