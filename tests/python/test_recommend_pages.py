"""What shops have in common, in words; pages of HTML; and the command line."""

import contextlib
import subprocess
import sys
import warnings
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pandas")
pytest.importorskip("sklearn")
pytest.importorskip("jinja2")
pytest.importorskip("pyarrow")

import pandas as pd

import kousei.__main__ as command_line
from kousei.recommend import (
    DeliveryOptimizer,
    ItemSimilarity,
    reasons,
    recommendation_table,
    shop_features,
    write_pages,
)

SCRIPT = "<script>alert('x')</script>"


def shops() -> pd.DataFrame:
    rows = [
        ("a", "Ramen Ichi", "ramen;noodles", "solo;lunch", 1, 35.6900, 139.7000),
        ("b", SCRIPT, "ramen", "lunch;solo", 1, 35.6931, 139.7000),
        ("c", "Soba & Udon", "noodles;soba", "date", 3, 35.7500, 139.7000),
        ("d", 'Cafe "Yon"', "cafe", "", None, None, None),
        ("e", "Bar Go", "bar", "date", 2, 35.6901, 139.7001),
    ]
    columns = ["shop", "name", "categories", "scenes", "price_band", "latitude", "longitude"]
    return pd.DataFrame(rows, columns=columns)


def ratings() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = [(f"u{user}", shop) for user in range(12) for shop in rng.choice(list("abce"), 3, replace=False)]
    grades = rng.choice(["Excellent", "Good", "Average"], len(rows))
    return pd.DataFrame(rows, columns=["user", "shop"]).assign(rating=grades)


# Reasons


def test_reasons_in_words() -> None:
    similarity = ItemSimilarity(shops())
    found = reasons(similarity, "a", ["b", "c", "d", "e"])
    assert reasons(similarity, "a", iter(["b", "c", "d", "e"])) == found
    # From the largest on, of equal ones in the order of the terms.
    assert [each.text for each in found[0]] == [
        "same scenes: lunch, solo",
        "same price band",
        "340 m away",
        "same category: ramen (1 of 2)",
    ]
    assert [each.text for each in found[1]] == [
        "same category: noodles (1 of 3)",
        "price band 3, here 1",
        "6.7 km away",
    ]
    assert found[2] == []
    assert [each.text for each in found[3]] == ["10 m away", "price band 2, here 1"]
    # The other way round the bands change places.
    assert "price band 1, here 3" in [each.text for each in reasons(similarity, "c", ["a"])[0]]


def test_contributions_add_up_to_the_similarity() -> None:
    similarity = ItemSimilarity(shops(), {"category": 0.1, "scene": 0.7, "distance": 0.2}, distance_scale=3)
    for shop in "abcde":
        total = similarity.similarity(shop)
        for other, why in zip("abcde", reasons(similarity, shop, list("abcde")), strict=True):
            contributions = [each.contribution for each in why]
            assert contributions == sorted(contributions, reverse=True)
            assert sum(contributions) == pytest.approx(total[other], rel=1e-15, abs=0)
            assert all(each.term != "price" for each in why)  # of weight 0


def test_reasons_that_are_refused() -> None:
    similarity = ItemSimilarity(shops())
    with pytest.raises(KeyError, match="recommended has 'z'"):
        reasons(similarity, "a", ["b", "z"])
    with pytest.raises(KeyError, match="shop was 'z'"):
        reasons(similarity, "z", ["b"])
    with pytest.raises(TypeError, match="similarity was DataFrame"):
        reasons(shops(), "a", ["b"])  # type: ignore[arg-type]


# Features


def test_features() -> None:
    features = shop_features(shops())
    assert features.loc["a", "categories: ramen"] == 1
    assert features.loc["c", "categories: ramen"] == 0
    assert features.loc["d", ["price_band", "price_band missing"]].tolist() == [7 / 4, 1]
    assert features.loc["a", "latitude missing"] == 0
    assert np.isfinite(features.to_numpy()).all()
    # What all shops have tells none apart; of a column without values nothing is known.
    same = shops().assign(categories="ramen", price_band=np.nan)
    assert not any(name.startswith("categories") or "price_band missing" in name for name in shop_features(same))
    assert (shop_features(same)["price_band"] == 0).all()


# All recommendations


def test_all_recommendations() -> None:
    similarity = ItemSimilarity(shops())
    table = recommendation_table(similarity, ratings(), 3, rng=0)
    assert not (table["shop"] == table["recommended"]).any()
    assert (table.groupby(["shop", "algorithm"]).size() <= 3).all()
    assert set(table["algorithm"]) == {"similar", "popular", "collaborative", "random"}
    # Without ratings a shop is answered for by the others, which says so; d has nothing in common with any.
    assert set(table.loc[(table["shop"] == "d"), "by"]) == {"popularity"}
    order = table[(table["shop"] == "a") & (table["algorithm"] == "similar")]["recommended"].tolist()
    assert order == similarity.recommend(3, shop="a").index.tolist()


def test_ratings_of_other_shops_are_left_out() -> None:
    similarity = ItemSimilarity(shops())
    more = pd.concat([ratings(), pd.DataFrame({"user": ["u1"], "shop": ["z"], "rating": ["Good"]})])
    with pytest.warns(UserWarning, match="ratings has 1 of shops that the similarity does not know"):
        table = recommendation_table(similarity, more, rng=0)
    pd.testing.assert_frame_equal(table, recommendation_table(similarity, ratings(), rng=0))
    with pytest.raises(ValueError, match="ratings has none of a shop that the similarity knows"):
        recommendation_table(similarity, more.tail(1))


# Pages


class Page(HTMLParser):
    """Elements with their attributes, and the text of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())

    def all(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attributes for name, attributes in self.elements if name == tag)


def test_pages_say_what_is_recommended_and_why(tmp_path: Path) -> None:
    similarity = ItemSimilarity(shops())
    table = recommendation_table(similarity, ratings(), 3, rng=0)
    written = write_pages(tmp_path / "pages", table, similarity)
    assert [path.name for path in written] == ["1.html", "2.html", "3.html", "4.html", "5.html", "index.html"]
    page = Page(written[0])
    assert [each["data-algorithm"] for each in page.all("section")] == [
        "similar",
        "popular",
        "collaborative",
        "random",
    ]
    assert "Ramen Ichi" in page.texts
    links = [each["href"] for each in page.all("a")]
    numbers = {shop: f"{i}.html" for i, shop in enumerate("abcde", 1)}
    assert links == ["index.html", *(numbers[other] for other in table.loc[table["shop"] == "a", "recommended"])]
    why = reasons(similarity, "a", ["b"])[0]
    at = page.texts.index(why[0].text)
    assert f"{sum(each.contribution for each in why):.3f}" in page.texts[:at]
    shown = [text for text in page.texts[at:] if text][: 2 * len(why)]
    assert shown == [part for each in why for part in (each.text, f"{each.contribution:.3f}")]
    assert [each["href"] for each in Page(written[-1]).all("a")] == list(numbers.values())
    # The cafe has neither ratings nor anything in common: its lists are those of popular shops, and say so.
    assert "no answer of its own here: by popularity" in Page(written[3]).texts
    assert "nothing in common that is known" in Page(written[3]).texts
    assert not any(text.startswith("no answer") for text in page.texts)
    # Written again they are the same.
    before = [path.read_bytes() for path in written]
    assert [path.read_bytes() for path in write_pages(tmp_path / "pages", table, similarity)] == before


@pytest.mark.parametrize(
    "name", [SCRIPT, '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "a' onclick='b", "&lt;b&gt;"]
)
def test_names_are_shown_as_they_are(name: str, tmp_path: Path) -> None:
    every = shops().assign(name=name, categories=name, scenes=name.replace(";", ","))
    table = pd.DataFrame({"shop": ["a"], "algorithm": [name], "recommended": ["b"], "by": ["similarity"]})
    for path in write_pages(tmp_path, table, ItemSimilarity(every)):
        page = Page(path)
        allowed = {"html", "head", "meta", "title", "style", "body", "p", "a", "h1", "h2", "main", "section", "ol"}
        allowed |= {"ul", "li", "span", "dl", "div", "dt", "dd"}
        assert {tag for tag, _ in page.elements} <= allowed
        known = {"lang", "charset", "name", "content", "http-equiv", "class", "href", "data-algorithm", "style"}
        assert {key for _, attributes in page.elements for key in attributes} <= known
        assert name in page.texts
        assert all(each["href"] in {"index.html", *(f"{i}.html" for i in range(1, 6))} for each in page.all("a"))


def test_pages_that_are_refused(tmp_path: Path) -> None:
    similarity = ItemSimilarity(shops())
    table = pd.DataFrame({"shop": ["a"], "algorithm": ["similar"], "recommended": ["b"], "by": ["similarity"]})
    with pytest.raises(ValueError, match="recommendations has no column 'algorithm'"):
        write_pages(tmp_path, table.drop(columns="algorithm"), similarity)
    with pytest.raises(ValueError, match="recommendations has the recommended 'z'"):
        write_pages(tmp_path, table.assign(recommended="z"), similarity)
    with pytest.raises(TypeError, match="similarity was list"):
        write_pages(tmp_path, table, [])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="recommendations was list"):
        write_pages(tmp_path, [], similarity)  # type: ignore[arg-type]


# The command line


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    shops().to_csv(tmp_path / "shops.csv", index=False)
    ratings().to_csv(tmp_path / "ratings.csv", index=False)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[str, str]:
        monkeypatch.setattr(sys, "argv", ["kousei", "recommend", *arguments])
        with contextlib.suppress(SystemExit):
            command_line.main()
        captured = capsys.readouterr()
        return captured.out, captured.err

    return call


def test_build_query_and_pages(run) -> None:
    out, err = run("build", "shops.csv", "ratings.csv", "table.csv", "-k", "3")
    assert "recommendations for 5 shops in table.csv" in out
    assert err == ""
    out, _ = run("query", "shops.csv", "table.csv", "a")
    first, second, *_ = out.splitlines()
    assert first == "Ramen Ichi (noodles, ramen, lunch, solo, price band 1)"
    assert second.startswith(
        f"  {SCRIPT}, by similarity: same scenes: lunch, solo 0.250, same price band 0.250, 340 m"
    )
    assert "by popularity" in run("query", "shops.csv", "table.csv", "d", "--algorithm", "popular")[0]
    assert "nothing that is similar" not in run("query", "shops.csv", "table.csv", "a")[0]
    assert "5 pages and folder/index.html" in run("pages", "shops.csv", "table.csv", "folder")[0]
    assert SCRIPT not in Path("folder/2.html").read_text()


def test_warnings_are_said_like_errors(run) -> None:
    pd.concat([ratings(), ratings().head(1).assign(shop="z")]).to_csv("more.csv", index=False)
    with warnings.catch_warnings():
        warnings.resetwarnings()
        out, err = run("build", "shops.csv", "more.csv", "table.csv")
    assert "recommendations for 5 shops" in out
    assert err == "kousei: ratings has 1 of shops that the similarity does not know; they are left out\n"


def test_ids_that_are_numbers(run) -> None:
    ids = dict(zip("abcde", range(5), strict=True))
    shops().assign(shop=range(5)).to_parquet("shops.parquet")
    ratings().assign(shop=ratings()["shop"].map(ids)).to_parquet("ratings.parquet")
    run("build", "shops.parquet", "ratings.parquet", "table.csv")
    assert SCRIPT in run("query", "shops.parquet", "table.csv", "0")[0]
    assert "5 pages" in run("pages", "shops.parquet", "table.csv", "folder")[0]


def test_days_in_two_runs_are_those_of_one(run) -> None:
    out, _ = run("simulate", "shops.csv", "--days", "4", "--visits", "200", "--state", "one.npz")
    assert "clicks of day 1: " in out
    assert "the best of each" in out
    for _ in range(2):
        out, _ = run("simulate", "shops.csv", "--days", "2", "--visits", "200", "--state", "two.npz")
    assert "two.npz: 2 days so far" in out
    one, two = (DeliveryOptimizer.load(path) for path in ("one.npz", "two.npz"))
    pd.testing.assert_frame_equal(one.clicks, two.clicks)
    assert one.impressions.to_numpy().sum() == 800


def test_what_the_command_line_refuses(run) -> None:
    run("build", "shops.csv", "ratings.csv", "table.csv")
    run("simulate", "shops.csv", "--days", "1", "--visits", "10", "--state", "state.npz")
    shops().iloc[:4].to_csv("fewer.csv", index=False)
    Path("broken.npz").write_bytes(Path("state.npz").read_bytes()[:-9])
    for arguments, message in (
        (("build", "shops.csv", "ratings.csv", "table.txt"), "table.txt has the suffix '.txt'; .csv is accepted"),
        (("build", "shops.csv", "nowhere.csv", "table.csv"), "nowhere.csv"),
        (("query", "shops.csv", "table.csv", "z"), "shop was 'z'; one of the 5 of shops.csv is accepted"),
        (("query", "shops.csv", "ratings.csv", "a"), "ratings.csv has no column 'algorithm'"),
        (("pages", "fewer.csv", "table.csv", "folder"), "table.csv has the shop 'e'|recommended 'e'"),
        (("simulate", "shops.csv", "--days", "0"), "--days was 0"),
        (("simulate", "shops.csv", "--visits", str(10**20)), "--visits was 100000000000000000000"),
        (("simulate", "shops.csv", "--seed", "1", "--state", "state.npz"), "--seed was 1; that with which state.npz"),
        (("simulate", "fewer.csv", "--state", "state.npz"), "state.npz is of other shops than fewer.csv"),
        (("simulate", "shops.csv", "--state", "broken.npz"), "broken.npz is no whole file"),
    ):
        _, err = run(*arguments)
        assert err.startswith("kousei: "), arguments
        assert any(part in err for part in message.split("|")), err


def test_help_names_the_four() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kousei", "recommend", "--help"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert all(name in done.stdout for name in ("build", "query", "pages", "simulate"))
