r"""
What does not go with the rest of an outfit
===========================================

An outfit as a set of images of its items: :class:`kousei.fashion.OutfitScorer` scores how well they go together, and
Owen values, :mod:`kousei.attribution`, tell which item brings the score down, and which region of it.
"""

# %%
# Outfits that match, and others
# ------------------------------
#
# Each outfit is of one of four styles, with three colours and a pattern of its own. In about half of them something
# is of another style: one region of one item in those that are explained, and one or two in those that the network
# is trained by. It is told which outfits match, and nothing else.

import matplotlib.pyplot as plt
import numpy as np
import torch

from kousei.attribution import completeness_gap, consistency_gap
from kousei.fashion import OutfitScorer, render_items

torch.set_num_threads(1)
scorer = OutfitScorer(rng=0).fit(render_items(2000, wrong=2, rng=0), epochs=9, rng=0)
test = render_items(150, rng=1)
scores = scorer.scores(test.images, test.present)
print(f"told right: {np.mean((scores > 0) == test.matches):.0%} of {len(test)} outfits")

# %%
# The culprits
# ------------
#
# The score is a mean of how cells agree, weighted by attention. Cells that are left out leave the mean, and without
# any cells nothing disagrees: the score is at its highest, and what each region adds to it, mostly below 0, is what
# it spoils. Items are the sums of their regions, and the items sum to the score, to rounding.

explained, found, gaps = {}, [], []
for k in np.flatnonzero(~test.matches):
    there = test.present[k]
    explained[k] = scorer.explain(test.images[k][there], test.regions[k][there])
    wrong = test.wrong[k][there]
    found.append([wrong[explained[k].items.argmin()].any(), wrong.flat[explained[k].features.argmin()]])
    gaps += [consistency_gap(explained[k]), completeness_gap(explained[k])]
item, region = np.mean(found, axis=0)
print(f"of {len(found)} outfits the item is found in {item:.0%}, and the region in {region:.0%}")
print(f"largest gap between the levels: {max(gaps):.0e}")

# %%
# Three outfits, and what the regions of their items add to the score. Above each item is what it adds as a whole;
# a frame marks the region that was drawn in another style.

rows = [k for k in explained if test.present[k].sum() == 5][:3]
figure, panels = plt.subplots(6, 5, figsize=(8.5, 11), layout="constrained")
for k, images, heats in zip(rows, panels[::2], panels[1::2], strict=True):
    most = np.abs(explained[k].features).max()
    for i, (image, heat) in enumerate(zip(images, heats, strict=True)):
        regions = test.regions[k, i]
        image.imshow(test.images[k, i].transpose(1, 2, 0))
        image.set_title(f"{explained[k].items[i]:+.2f}", fontsize=10)
        drawn = heat.imshow(explained[k].features[i][regions], cmap="RdBu", vmin=-most, vmax=most)
        if test.wrong[k, i].any():
            heat.contour(regions == test.wrong[k, i].argmax(), [0.5], colors="black", linewidths=2)
        for panel in (image, heat):
            panel.set(xticks=[], yticks=[])
    images[0].set_ylabel(f"score {scores[k]:.2f}")
    figure.colorbar(drawn, ax=list(heats), label="adds to the score")
plt.show()
