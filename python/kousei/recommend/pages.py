"""A page for each shop with what is recommended there, and why; by Jinja2, which escapes all that the tables say."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kousei._lib.errors import check_type
from kousei.recommend.reasons import Reason, facts, reasons
from kousei.recommend.similarity import ItemSimilarity

if TYPE_CHECKING:
    import pandas as pd

#: What a page says of an algorithm, and what its scores are by; of another one its name alone.
_DESIGNS = {
    "similar": ("Similar shops", "By what they have in common: category, scene, price and place.", "similarity"),
    "popular": ("Well liked", "Preferred by those who rated several shops.", "popularity"),
    "collaborative": ("Liked by the same people", "By what else those rate well who rate this shop.", "cosine"),
    "random": ("By chance", "To compare the others with.", "random"),
}
_COLUMNS = ("shop", "algorithm", "recommended", "by")


def write_pages(
    folder: str | os.PathLike[str], recommendations: pd.DataFrame, similarity: ItemSimilarity
) -> list[Path]:
    """Write a static page of HTML for each shop, with its recommendations by each algorithm and their reasons.

    Parameters
    ----------
    folder : path
        Made where there is none; pages of the same names are replaced.
    recommendations : pandas.DataFrame
        What `recommendation_table` returns, or a part of it, in the order in which they are to be shown.
    similarity : ItemSimilarity
        Of its shops there are pages, and by it the reasons are told.

    Returns
    -------
    list of pathlib.Path
        The pages of the shops, in their order, and index.html, which links to all of them.

    Raises
    ------
    TypeError, ValueError
        If `recommendations` is no such table, or has a shop that the similarity does not know.
    ImportError
        If Jinja2 is not installed.

    Notes
    -----
    All texts of the tables are escaped: a name that looks like a script is shown as it is. Pages have no scripts,
    load nothing, and forbid both by a content security policy. Their names are numbers, whatever shops are called.
    """
    import pandas as pd

    check_type("folder", folder, str | os.PathLike, "a path")
    check_type("similarity", similarity, ItemSimilarity, "an ItemSimilarity")
    check_type("recommendations", recommendations, pd.DataFrame, "a pandas DataFrame")
    for column in _COLUMNS:
        if column not in recommendations.columns:
            raise ValueError(f"recommendations has no column {column!r}; {', '.join(_COLUMNS)} are accepted")
    try:
        from jinja2 import Environment, PackageLoader
    except ImportError:
        raise ImportError("Jinja2 is not installed: pip install 'kousei[recommend]'") from None

    shops = similarity.shops
    for column in ("shop", "recommended"):
        unknown = recommendations.loc[~recommendations[column].isin(shops.index), column].tolist()
        if unknown:
            raise ValueError(f"recommendations has the {column} {unknown[0]!r}; one of the {len(shops)} is accepted")
    templates = Environment(loader=PackageLoader("kousei.recommend"), autoescape=True)
    page, index = templates.get_template("shop.html"), templates.get_template("index.html")
    heads: dict[Any, dict[str, Any]] = {
        shop: {"name": row["name"], "facts": facts(row), "page": f"{number}.html"}
        for number, (shop, row) in enumerate(zip(shops.index, shops.to_dict("records"), strict=True), 1)
    }
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    by_shop: dict[Any, dict[str, list[tuple[Any, str]]]] = {}
    for shop, algorithm, other, by in zip(*(recommendations[name] for name in _COLUMNS), strict=True):
        by_shop.setdefault(shop, {}).setdefault(algorithm, []).append((other, by))
    # Bars of all shops are on one scale, whose end is the largest weight.
    scale = 100 / max(similarity.weights.values())
    for shop, head in heads.items():
        lists = by_shop.get(shop, {})
        others = list({other: None for listed in lists.values() for other, _ in listed})
        why = dict(zip(others, reasons(similarity, shop, others), strict=True))
        designs = [_design(name, listed, why, scale, heads) for name, listed in lists.items()]
        written.append(folder / head["page"])
        written[-1].write_text(page.render(shop=head, designs=designs), encoding="utf-8")
    written.append(folder / "index.html")
    written[-1].write_text(index.render(shops=heads.values()), encoding="utf-8")
    return written


def _design(
    algorithm: Any,
    listed: list[tuple[Any, str]],
    why: dict[Any, list[Reason]],
    scale: float,
    heads: dict[Any, dict[str, Any]],
) -> dict[str, Any]:
    title, note, own = _DESIGNS.get(algorithm, (str(algorithm), "", listed[0][1]))
    shown = []
    for other, by in listed:
        bars = [each._asdict() | {"percent": round(scale * each.contribution)} for each in why[other]]
        total = sum(each.contribution for each in why[other])
        shown.append(heads[other] | {"reasons": bars, "total": total, "by": "" if by == own else by})
    return {"name": algorithm, "title": title, "note": note, "recommended": shown}
