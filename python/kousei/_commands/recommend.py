"""``python -m kousei recommend``: tables of recommendations, reasons, pages, and a delivery that is simulated."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._lib.errors import check_integer, said
from kousei.recommend.clicks import simulate_clicks
from kousei.recommend.delivery import DeliveryOptimizer
from kousei.recommend.designs import ALGORITHMS, recommendation_table
from kousei.recommend.features import shop_features
from kousei.recommend.pages import write_pages
from kousei.recommend.reasons import facts, reasons
from kousei.recommend.similarity import ItemSimilarity

if TYPE_CHECKING:
    import pandas as pd


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what follows ``recommend``."""
    actions = parser.add_subparsers(dest="action", required=True)

    def action_named(name: str, text: str) -> argparse.ArgumentParser:
        action = actions.add_parser(name, help=text, description=text)
        action.add_argument(
            "shops",
            help="table of shops, .csv or .parquet: columns shop, categories, scenes, price_band, latitude, "
            "longitude, name; the last if there is one",
        )
        return action

    building = action_named("build", "what each algorithm recommends on the page of each shop, as a .csv file")
    building.add_argument(
        "ratings",
        help="table of ratings, .csv or .parquet: columns user, shop, rating (Excellent, Good or Average), time; "
        "the last if there is one",
    )
    building.add_argument("target", help="the .csv file to write")
    building.add_argument("-k", type=int, default=10, help="recommendations of each algorithm (default: %(default)s)")
    asking = action_named("query", "what is recommended on the page of a shop, and why")
    asking.add_argument("recommendations", help="what build wrote")
    asking.add_argument("shop", help="the id of the shop")
    asking.add_argument("--algorithm", choices=ALGORITHMS, default="similar", help="(default: %(default)s)")
    writing = action_named("pages", "a page of HTML for each shop, with its recommendations and their reasons")
    writing.add_argument("recommendations", help="what build wrote")
    writing.add_argument("folder", help="where to write them")
    trying = action_named(
        "simulate", "days of a delivery that learns which algorithm is clicked where, in a world of simulated rates"
    )
    trying.add_argument("--days", type=int, default=30, help="(default: %(default)s)")
    trying.add_argument("--visits", type=int, default=10_000, help="each day, of all pages (default: %(default)s)")
    trying.add_argument("--seed", type=int, default=0, help="of the world and the visits (default: %(default)s)")
    trying.add_argument("--state", metavar="STATE.npz", help="file to go on from, if there is one, and to write")


def run(action: str, **arguments: Any) -> None:
    """Run what follows ``recommend``."""
    actions: dict[str, Callable[..., None]] = {"build": build, "query": query, "pages": pages, "simulate": simulate}
    actions[action](**arguments)


def build(shops: str, ratings: str, target: str, k: int) -> None:
    """Write what each algorithm recommends on the page of each shop."""
    if Path(target).suffix != ".csv":
        raise ValueError(f"{target} has the suffix {Path(target).suffix!r}; .csv is accepted")
    similarity = ItemSimilarity(shops)
    table = recommendation_table(similarity, ratings, k, rng=0)
    table.to_csv(target, index=False)
    print(f"{len(table)} recommendations for {len(similarity.shops)} shops in {target}")


def query(shops: str, recommendations: str, shop: str, algorithm: str) -> None:
    """Print what an algorithm recommends on the page of a shop, and why."""
    similarity = ItemSimilarity(shops)
    ids = _ids(similarity)
    if shop not in ids:
        raise ValueError(f"shop was {shop!r}; one of the {len(ids)} of {shops} is accepted")
    table = _recommendations(recommendations, similarity)
    table = table[(table["shop"] == ids[shop]) & (table["algorithm"] == algorithm)]
    (here,) = similarity.shops.loc[[ids[shop]]].to_dict("records")
    print(f"{here['name']} ({', '.join(facts(here))})")
    if table.empty:
        print(f"nothing that is {algorithm}")
    for other, by, why in zip(
        table["recommended"], table["by"], reasons(similarity, ids[shop], table["recommended"].tolist()), strict=True
    ):
        terms = ", ".join(f"{reason.text} {reason.contribution:.3f}" for reason in why)
        print(f"  {similarity.shops['name'][other]}, by {by}: {terms or 'nothing in common that is known'}")


def pages(shops: str, recommendations: str, folder: str) -> None:
    """Write a page of HTML for each shop."""
    similarity = ItemSimilarity(shops)
    written = write_pages(folder, _recommendations(recommendations, similarity), similarity)
    print(f"{len(written) - 1} pages and {written[-1]}")


def _recommendations(path: str, similarity: ItemSimilarity) -> pd.DataFrame:
    import pandas as pd

    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except ValueError as error:
        raise ValueError(f"{path} is no table: {said(error)}") from None
    for column in ("shop", "algorithm", "recommended", "by"):
        if column not in table.columns:
            raise ValueError(f"{path} has no column {column!r}; what build wrote is accepted")
    ids = _ids(similarity)
    for column in ("shop", "recommended"):
        unknown = table.loc[~table[column].isin(ids), column].tolist()
        if unknown:
            raise ValueError(f"{path} has the {column} {unknown[0]!r}, which the table of shops has not")
        table[column] = table[column].map(ids)
    return table


def _ids(similarity: ItemSimilarity) -> dict[str, Any]:
    """Return the ids of shops by the texts that stand for them in a .csv file and on the command line."""
    return {str(shop): shop for shop in similarity.shops.index}


def simulate(shops: str, days: int, visits: int, seed: int, state: str | None) -> None:
    """Print how a delivery of all algorithms learns from clicks whose rates are drawn."""
    import pandas as pd

    check_integer("--days", days, 1)
    check_integer("--visits", visits, 1, 10**12)
    check_integer("--seed", seed, 0)
    features = shop_features(shops)
    rng = np.random.default_rng(seed)
    values = features.to_numpy()
    deviations = values.std(axis=0)
    standard = (values - values.mean(axis=0)) / np.where(deviations > 0, deviations, 1)
    slopes = rng.normal(size=(standard.shape[1], len(ALGORITHMS))) * 0.7 / np.sqrt(standard.shape[1])
    logits = standard @ slopes + [-3.2, -3.4, -3.3, -4.2]
    ctr = pd.DataFrame(1 / (1 + np.exp(-logits)), features.index, list(ALGORITHMS))
    traffic = rng.dirichlet(np.full(len(features), 0.5))
    optimizer = DeliveryOptimizer(features, ALGORITHMS, rng=seed)
    if state is not None and Path(state).exists():
        fresh, optimizer = optimizer, DeliveryOptimizer.load(state)
        if not (optimizer.features.equals(features) and optimizer.clicks.columns.equals(fresh.clicks.columns)):
            raise ValueError(f"{state} is of other shops than {shops}; the same are accepted")
        if optimizer._seed != fresh._seed:  # whose clicks are of another world
            raise ValueError(f"--seed was {seed}; that with which {state} was written is accepted")
        print(f"{state}: {optimizer.day} days so far")
    logs = []
    for _ in range(days):
        # By the day, so that days after a state are those that one run had had.
        by_day = np.random.default_rng([seed, optimizer.day])
        log = simulate_clicks(ctr, optimizer.shares(), by_day.multinomial(visits, traffic), rng=by_day)
        optimizer.update(log)
        logs.append(log)
    if state is not None:
        optimizer.save(state)
    last = logs[-1].groupby("algorithm", sort=False)[["impressions", "clicks"]].sum()
    print(f"simulated rates, drawn with the seed {seed}; clicks of {visits} visits that are expected each day:")
    for algorithm in ALGORITHMS:
        share = last["impressions"][algorithm] / visits
        print(f"{algorithm:>15} {visits * (traffic @ ctr[algorithm]):8.1f}   delivered at last to {share:6.1%}")
    print(f"{'the best of each':>15} {visits * (traffic @ ctr.max(axis=1)):8.1f}")
    print(f"clicks of day {optimizer.day - days + 1}: {logs[0]['clicks'].sum()}, of day {optimizer.day}: ", end="")
    print(f"{logs[-1]['clicks'].sum()}")
