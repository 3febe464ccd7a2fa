r"""
Tags of clothes: heat maps and retrieval
========================================

Images and tags as vectors of one space, :class:`kousei.fashion.PartialVSE`, after the abstract of R. Shimizu,
T. Nakamura and M. Goto, `arXiv:2211.06688 <https://arxiv.org/abs/2211.06688>`_: an embedding for each part of an
image, and a score for each tag that is a sum over the cells of the image.
"""

# %%
# Training
# --------
#
# No photographs come with the package: outfits are drawn, with masks of their parts and 48 tags. Seven of these are
# rules of several garments. "office-casual" is a shirt or a jacket over slacks or a skirt, without sneakers; "retro"
# is a check or a beret.

import matplotlib.pyplot as plt
import numpy as np
import torch

from kousei.fashion import PartialVSE, average_precision, render_outfits

torch.set_num_threads(1)
known, shop = render_outfits(1500, rng=0), render_outfits(400, rng=1)
model = PartialVSE(known.tag_names, known.part_names, rng=0)
model.fit(known, epochs=7, batch_size=32, rng=0)
precision = average_precision(model.scores(shop.images, shop.masks), shop.tags)
print(f"mean average precision on {len(shop)} other outfits: {np.nanmean(precision):.2f}")


def has(tag):
    """Return which outfits of the shop have a tag."""
    return shop.tags[:, shop.tag_names.index(tag)]


def show(panel, row, title=""):
    """Draw an outfit of the shop."""
    panel.imshow(shop.images[row].transpose(1, 2, 0))
    panel.set_title(title, fontsize=9)
    panel.set(xticks=[], yticks=[])


# %%
# What makes a tag hold
# ---------------------
#
# Below each outfit is what its cells add to the score of one of its tags: they sum to it. The network was never told
# which parts a rule is about.

figure, panels = plt.subplots(2, 7, figsize=(12, 4.2), layout="constrained")
tags = ["office-casual", "formal", "sporty", "feminine", "retro", "tote", "green-bottom"]
for tag, (above, below) in zip(tags, panels.T, strict=True):
    row = np.flatnonzero(has(tag))[1]
    heat = model.tag_heatmap(shop.images[[row]], tag, shop.masks[[row]])[0]
    show(above, row, tag)
    show(below, row, f"{heat.sum():.2f}")
    most = np.abs(heat).max()
    below.imshow(heat, cmap="RdBu_r", vmin=-most, vmax=most, alpha=0.65, extent=(-0.5, 63.5, 63.5, -0.5))
plt.show()

# %%
# Outfits by tags
# ---------------
#
# Each row is a question, with the best six of the shop, and framed in green what has all that was asked for.

index = model.index(shop.images, shop.masks)
questions = [(["formal"], []), (["sporty", "shorts"], []), (["retro", "skirt"], []), (["monotone"], ["black-top"])]
figure, panels = plt.subplots(len(questions), 6, figsize=(9, 6.6), layout="constrained")
for (asked, without), line in zip(questions, panels, strict=True):
    for panel, row in zip(line, index.retrieve(asked, without=without, n=6).rows, strict=True):
        show(panel, row)
        right = all(has(tag)[row] for tag in asked) and not any(has(tag)[row] for tag in without)
        for spine in panel.spines.values():
            spine.set(color="tab:green" if right else "tab:red", linewidth=3)
    words = [*asked, *(f"not {tag}" for tag in without)]
    line[0].set_ylabel("\n".join(words), fontsize=9)
plt.show()

# %%
# This, but with another top
# --------------------------
#
# Tags are added to the embeddings of an image, at the left, and taken away. A tag of tops moves the embedding of the
# top, and asks the other parts to stay.

wishes = [("white", "red"), ("blue", "yellow"), ("green", "black")]
figure, panels = plt.subplots(len(wishes), 6, figsize=(9, 5.2), layout="constrained")
for (old, new), line in zip(wishes, panels, strict=True):
    like = int(np.flatnonzero(has(f"{old}-top"))[0])
    show(line[0], like, f"{old} to {new} top")
    found = index.retrieve([f"{new}-top"], without=[f"{old}-top"], like=like, n=5).rows
    for panel, row in zip(line[1:], found, strict=True):
        show(panel, row)
plt.show()
