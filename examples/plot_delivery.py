r"""
Which recommendations are delivered where
=========================================

Four algorithms recommend shops on the page of a shop. Which of them is clicked most differs from page to page, and
only clicks tell. :class:`kousei.recommend.DeliveryOptimizer` sets the shares of each page anew every day.
"""

# %%
# A simulated world
# -----------------
#
# 300 shops with eight features; the logits of the click-through rates are linear in four of them, or are not, or have
# nothing to do with features at all. Some shops have many visits, and most have few.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.special import expit

from kousei.recommend import CTRModel, DeliveryOptimizer, simulate_clicks

ALGORITHMS = ["similar", "popular", "collaborative", "random"]
SHOPS, VISITS, DAYS = 300, 30_000, 30


def world(kind, seed):
    """Return features, click-through rates and shares of the visits."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(SHOPS, 8))
    linear = x[:, :4] @ rng.normal(size=(4, 4)) * 0.35
    noise = rng.normal(size=linear.shape)
    logits = {
        "linear": linear,
        "not linear": linear / 2 + np.sin(2 * linear) / 2 + 0.6 * noise,
        "no features": 0.7 * noise,
    }[kind]
    ctr = pd.DataFrame(expit(logits + np.array([-3.2, -3.4, -3.3, -4.2])), columns=ALGORITHMS)
    return pd.DataFrame(x), ctr, rng.dirichlet(np.full(SHOPS, 0.5))


# %%
# Policies
# --------
#
# Besides equal shares: Thompson sampling on each page by itself, the best prediction of the Elastic Net alone, and
# the optimizer, whose Thompson sampling starts from the predictions, as far as the clicks so far bear them out.


def equal(optimizer):
    """Return the same share for each algorithm."""
    return optimizer.clicks * 0 + 1 / len(ALGORITHMS)


def thompson(optimizer):
    """Return how often an algorithm is the best of 100 draws, of each page by itself."""
    n, c = optimizer.impressions.to_numpy(), optimizer.clicks.to_numpy()
    drawn = np.random.default_rng(optimizer.day).beta(1 + c, 20 + n - c, (100, *n.shape))
    return equal(optimizer) * 0 + np.eye(len(ALGORITHMS))[drawn.argmax(axis=-1)].mean(axis=0)


def greedy(optimizer):
    """Return 1 for what is predicted to be best."""
    if optimizer.day == 0:
        return equal(optimizer)
    model = CTRModel().fit(optimizer.features, optimizer.impressions, optimizer.clicks)
    best = model.predict(optimizer.features).argmax(axis=1)
    return equal(optimizer) * 0 + np.eye(len(ALGORITHMS))[best]


POLICIES = {
    "equal shares": (equal, "#999999"),
    "Thompson, page by page": (thompson, "#E69F00"),
    "Elastic Net, greedy": (greedy, "#CC79A7"),
    "DeliveryOptimizer": (DeliveryOptimizer.shares, "#0072B2"),
}

# %%
# Regret
# ------
#
# Of the clicks that the best algorithm on each page had brought, the share that was lost so far. The Elastic Net
# alone is best where it is right and bad where it is not; the optimizer is near Thompson sampling where features do
# not tell the rates, and well below it where they do.

figure, panels = plt.subplots(1, 3, figsize=(12, 4), layout="constrained", sharey=True)
for panel, kind in zip(panels, ["linear", "not linear", "no features"], strict=True):
    for name, (shares, color) in POLICIES.items():
        curves = []
        for seed in (0, 1):
            features, ctr, traffic = world(kind, seed)
            optimizer = DeliveryOptimizer(features, ALGORITHMS, rng=seed)
            rng = np.random.default_rng(100 + seed)
            lost = np.zeros((2, DAYS))
            for day in range(DAYS):
                log = simulate_clicks(ctr, shares(optimizer), rng.multinomial(VISITS, traffic), rng=rng)
                shown = log["impressions"].to_numpy().reshape(ctr.shape)
                best = shown.sum(axis=1) @ ctr.max(axis=1)
                lost[:, day] = best - (shown * ctr.to_numpy()).sum(), best
                optimizer.update(log)
            curves.append(lost[0].cumsum() / lost[1].cumsum())
        mean = np.mean(curves, axis=0)
        panel.semilogy(np.arange(1, DAYS + 1), mean, color=color, linewidth=2, label=name)
        print(f"{kind:>12} {name:>24} {mean[-1]:.3f}")
    panel.set(title=kind, xlabel="day")
    panel.grid(alpha=0.3)
panels[0].set_ylabel("share of the clicks lost")
panels[0].set_yticks([0.02, 0.05, 0.1, 0.2, 0.5], ["2%", "5%", "10%", "20%", "50%"])
panels[0].minorticks_off()
panels[2].legend(loc="lower left", frameon=False)
plt.show()

# %%
# How far predictions are believed
# --------------------------------
#
# The strength of the prior, in impressions, is that of the largest likelihood. Here it is, after the first days, in
# each world: large where features tell the rates.

for kind in ("linear", "not linear", "no features"):
    features, ctr, traffic = world(kind, 0)
    optimizer = DeliveryOptimizer(features, ALGORITHMS, rng=0)
    rng = np.random.default_rng(0)
    strengths = []
    for _ in range(8):
        optimizer.update(simulate_clicks(ctr, optimizer.shares(), rng.multinomial(VISITS, traffic), rng=rng))
        optimizer.shares()
        strengths.append(f"{optimizer.strength_:6.0f}")
    print(f"{kind:>12}: {' '.join(strengths)}")
