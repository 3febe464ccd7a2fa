r"""
What another policy would have earned
=====================================

The Open Bandit Dataset, Y. Saito, S. Aihara, M. Matsutani and Y. Narita, `arXiv:2008.07146
<https://arxiv.org/abs/2008.07146>`_, has clicks on a fashion site under two policies that ran side by side: items by
chance, and Thompson sampling. So what :func:`kousei.recommend.off_policy` says of the second, from the log of the
first, can be held against what it did earn. Its sample of 10 000 rounds of each policy and campaign comes with the
package ``obp``, of which the data files alone are read (``pip install --no-deps obp``); where it is not installed,
drawn rounds take their place.
"""

# %%
# The logs
# --------
#
# A round shows an item at one of three positions. The policy in question is that of the Beta distributions which the
# data set documents: the probability of an item at a position is estimated by 20 000 draws of all rates, of which the
# three best are shown.

from importlib.util import find_spec
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import yaml

from kousei.recommend import off_policy

METHODS = ("ips", "snips", "dm", "dr")
rng = np.random.default_rng(0)
package = find_spec("obp")
if package is not None:
    folder = Path(package.submodule_search_locations[0])
    priors = yaml.safe_load((folder / "policy" / "conf" / "prior_bts.yaml").read_text())
else:
    print("obp is not installed: these are drawn rounds, not those of the Open Bandit Dataset")
    priors = {campaign: {"alpha": rng.integers(1, 90, 40), "beta": np.full(40, 9000)} for campaign in ("men", "all")}


def rounds(policy, campaign):
    """Return the log of a policy, "random" or "bts"."""
    if package is not None:
        return pd.read_csv(folder / "dataset" / "obd" / policy / campaign / f"{campaign}.csv", index_col=0)
    position = rng.integers(0, 3, 10_000)
    chances = np.full((3, 40), 1 / 40) if policy == "random" else shares(campaign)
    item = (rng.random((10_000, 1)) > chances.cumsum(axis=1)[position]).sum(axis=1).clip(max=39)
    rates = priors[campaign]["alpha"] / priors[campaign]["beta"]
    columns = {"position": position + 1, "item_id": item, "propensity_score": chances[position, item]}
    return pd.DataFrame(columns | {"click": rng.binomial(1, rates[item])})


def shares(campaign):
    """Return the probabilities of the items at each position, (3, items)."""
    alpha, beta = (np.array(priors[campaign][name]) for name in ("alpha", "beta"))
    counts = np.zeros((3, len(alpha)))
    for _ in range(20):
        best = np.argsort(-rng.beta(alpha, beta, (1000, len(alpha))), axis=1)[:, :3]
        for position in range(3):
            counts[position] += np.bincount(best[:, position], minlength=len(alpha))
    return counts / counts.sum(axis=1, keepdims=True)


def predicted(log, items):
    """Return the clicks that each item is expected to have at the position of each round, (rounds, items).

    Means of the other half of the rounds, with 300 rounds at the mean of all added.
    """
    position, clicks = log["position"].to_numpy() - 1, log["click"].to_numpy()
    half = rng.permutation(len(log)) % 2
    rates = np.empty((len(log), items))
    for which in (0, 1):
        other = half != which
        tables = np.zeros((2, 3, items))
        for table, weights in zip(tables, (clicks[other], np.ones(other.sum())), strict=True):
            np.add.at(table, (position[other], log["item_id"].to_numpy()[other]), weights)
        means = (tables[0] + 300 * clicks[other].mean()) / (tables[1] + 300)
        rates[~other] = means[position[~other]]
    return rates


# %%
# Estimates and what was earned
# -----------------------------
#
# All intervals are of 95%. There are some forty clicks in each log, and the weight lies on the few rounds whose items
# the other policy likes: the effective sample size says how many rounds of that policy itself would tell as much. The
# intervals are as wide as the estimates are large, and no estimate tells one policy from the other. Of "men" the rate
# that was earned lies at their upper end: 69 clicks, against 46 by chance.

found = {}
for campaign in priors:
    logged, served = rounds("random", campaign), rounds("bts", campaign)
    target = shares(campaign)[logged["position"] - 1]
    rewards = predicted(logged, target.shape[1])
    rows = {
        method: off_policy(
            logged["click"],
            logged["item_id"],
            logged["propensity_score"],
            target,
            method=method,
            predicted=rewards if method in ("dm", "dr") else None,
        )
        for method in METHODS
    }
    one = np.ones((len(served), 1))
    earned = off_policy(served["click"], 0 * served["item_id"], one[:, 0], one, method="ips")
    found[campaign] = rows | {"earned": earned}
    print(f"{campaign}: {logged['click'].sum()} and {served['click'].sum()} clicks, mean by chance", end=" ")
    print(f"{logged['click'].mean():.4f}; {rows['ips'].effective_sample_size:.0f} effective rounds of {len(logged)}")
    for name, each in found[campaign].items():
        print(f"{name:>8} {each.value:.4f}  [{each.interval[0]:+.4f}, {each.interval[1]:.4f}]")

# %%
# The picture
# -----------
#
# The direct method looks sure of itself: its interval knows nothing of how wrong the predictions are.

figure, panels = plt.subplots(1, len(found), figsize=(11, 3.4), layout="constrained", sharex=True, sharey=True)
for panel, (campaign, rows) in zip(panels, found.items(), strict=True):
    for i, (name, each) in enumerate(rows.items()):
        color = "k" if name == "earned" else "#0072B2"
        panel.errorbar(each.value, -i, xerr=each.value - each.interval[0], fmt="o", color=color, capsize=3)
    panel.axvline(rows["earned"].value, color="0.7", zorder=0)
    panel.set(title=campaign, xlabel="clicks in a round", yticks=-np.arange(5))
panels[0].set_yticklabels([*(name.upper() for name in METHODS), "earned"])
plt.show()
