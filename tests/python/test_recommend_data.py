"""The tables of the recommender: what is taken, what is refused and by which rule."""

import pytest

pd = pytest.importorskip("pandas")
np = pytest.importorskip("numpy")

from kousei.recommend import click_table, ratings_table, shop_table  # noqa: E402

RATINGS = {"user": ["u", "u", "v"], "shop": ["a", "b", "a"], "rating": ["Good", "Average", "Excellent"]}
SHOPS = {
    "shop": ["007", "b"],
    "categories": ["sushi; bar", "ramen"],
    "scenes": ["date", ""],
    "price_band": [2.0, np.nan],
    "latitude": [35.0, np.nan],
    "longitude": [139.0, np.nan],
}
CLICKS = {"shop": ["a", "a"], "algorithm": ["popular", "similar"], "impressions": [10, 0], "clicks": [10, 0]}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize(("read", "rows"), [(ratings_table, RATINGS), (shop_table, SHOPS), (click_table, CLICKS)])
def test_files_are_the_table(tmp_path, suffix, read, rows):
    table = pd.DataFrame(rows)
    path = tmp_path / f"table{suffix}"
    if suffix == ".csv":
        table.to_csv(path, index=False)
    else:
        pytest.importorskip("pyarrow")
        table.to_parquet(path)
    pd.testing.assert_frame_equal(read(path), read(table))


@pytest.mark.parametrize("said", [b"{", b"[]", b"{}", b'{"columns": 3}', b'{"columns": [3], "index_columns": [3]}'])
def test_files_that_say_of_themselves_what_is_not_so(tmp_path, said):
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "table.parquet"
    table = pa.Table.from_pandas(pd.DataFrame(RATINGS))
    parquet.write_table(table.replace_schema_metadata({b"pandas": said}), path)
    with pytest.raises(ValueError, match="table.parquet is no table"):
        ratings_table(path)


def test_ratings_are_ordered():
    table = ratings_table(pd.DataFrame(RATINGS))
    assert list(table.rating.cat.codes) == [1, 0, 2]
    assert (table.rating > "Average").sum() == 2


def test_the_latest_rating_stands():
    rows = {"user": [1, 1, 1, 2], "shop": [5, 5, 6, 5], "rating": ["Good", "Average", "Good", "Good"]}
    with pytest.warns(UserWarning, match="1 pairs of user and shop whose ratings differ; the latest stands"):
        by_row = ratings_table(pd.DataFrame(rows))
    with pytest.warns(UserWarning, match="differ"):
        by_time = ratings_table(pd.DataFrame(rows | {"time": [9, 3, 4, 4]}))
    assert list(by_row.rating) == ["Average", "Good", "Good"]
    assert list(by_time.rating) == ["Good", "Good", "Good"]
    assert list(by_time.shop) == [5, 6, 5]  # in the order of the rows


def test_a_rating_that_is_repeated_counts_once():
    rows = {"user": [1, 1], "shop": [5, 5], "rating": ["Good", "Good"]}
    assert len(ratings_table(pd.DataFrame(rows))) == 1


def test_the_table_given_is_left_alone():
    table = pd.DataFrame(SHOPS)
    before = table.copy()
    shop_table(table)
    pd.testing.assert_frame_equal(table, before)


def test_shops():
    table = shop_table(pd.DataFrame(SHOPS))
    assert list(table.index) == ["007", "b"]
    assert list(table.categories) == [("bar", "sushi"), ("ramen",)]
    assert list(table.scenes) == [("date",), ()]
    assert list(table.name) == ["007", "b"]
    named = shop_table(pd.DataFrame(SHOPS | {"name": ["<b>", None], "seats": [3, 4]}))
    assert list(named.name) == ["<b>", "b"]
    assert list(named.seats) == [3, 4]


@pytest.mark.parametrize("dtype", [object, "string", "category"])
def test_texts_that_are_missing(dtype):
    missing = pd.Series(["ramen", None], dtype=dtype)
    table = shop_table(pd.DataFrame(SHOPS | {"categories": missing, "scenes": missing, "name": missing}))
    assert list(table.categories) == list(table.scenes) == [("ramen",), ()]
    assert list(table.name) == ["ramen", "b"]


def test_lists_of_texts(tmp_path):
    table = pd.DataFrame(SHOPS | {"categories": [["bar", "sushi", "bar"], []]})
    assert list(shop_table(table).categories) == [("bar", "sushi"), ()]
    pytest.importorskip("pyarrow")
    table.to_parquet(tmp_path / "shops.parquet")
    assert list(shop_table(tmp_path / "shops.parquet").categories) == [("bar", "sushi"), ()]


def test_nullable_numbers():
    numbers = pd.array([3, None], dtype="Int64")
    assert list(shop_table(pd.DataFrame(SHOPS | {"price_band": numbers})).price_band.isna()) == [False, True]


def changed(rows, column, value):
    return pd.DataFrame(rows | {column: value})


@pytest.mark.parametrize(
    ("read", "table", "error", "message"),
    [
        (ratings_table, 3, TypeError, "ratings was int"),
        (ratings_table, "ratings.txt", ValueError, "has the suffix '.txt'; .csv and .parquet are accepted"),
        (ratings_table, pd.DataFrame(RATINGS)[:0], ValueError, "ratings is empty"),
        (ratings_table, pd.DataFrame(RATINGS).drop(columns="user"), ValueError, "ratings has no column 'user'"),
        (ratings_table, changed(RATINGS, "rating", ["Good", "Bad", "Good"]), ValueError, "rating 'Bad' in row 1"),
        (ratings_table, changed(RATINGS, "rating", [3, 2, 1]), ValueError, "'Excellent', 'Good' and 'Average'"),
        (ratings_table, changed(RATINGS, "rating", ["Good", None, "Good"]), ValueError, "in row 1"),
        (ratings_table, changed(RATINGS, "user", ["u", None, "v"]), ValueError, "user (None|nan) in row 1"),
        (ratings_table, changed(RATINGS, "shop", ["u", "", "v"]), ValueError, "shop '' in row 1"),
        (ratings_table, changed(RATINGS, "user", [1.5, 2.5, 3.5]), TypeError, "users of floating kind"),
        (ratings_table, changed(RATINGS, "user", ["u", 1, "v"]), TypeError, "users of mixed-integer kind"),
        (
            ratings_table,
            changed(RATINGS, "time", [1, np.nan, 2]),
            ValueError,
            "time nan in row 1",
        ),
        (ratings_table, changed(RATINGS, "time", [1, "2", 3]), TypeError, "times of mixed-integer kind; all numbers"),
        (ratings_table, pd.DataFrame(RATINGS).iloc[:, [0, 0, 1, 2]], ValueError, "ratings has 2 columns 'user'"),
        (shop_table, changed(SHOPS, "shop", ["b", "b"]), ValueError, "shop 'b' in row 1; each shop once"),
        (shop_table, changed(SHOPS, "categories", [1, 2]), TypeError, "shops has categories 1"),
        (shop_table, changed(SHOPS, "price_band", ["low", "high"]), TypeError, "shops has price_band of dtype"),
        (shop_table, changed(SHOPS, "price_band", [1, np.inf]), ValueError, "finite numbers"),
        (shop_table, changed(SHOPS, "latitude", [91.0, np.nan]), ValueError, "latitude 91.0 in row 0; -90 to 90"),
        (shop_table, changed(SHOPS, "latitude", [35.0, 35.0]), ValueError, "a longitude with each latitude"),
        (shop_table, changed(SHOPS, "name", ["a", 3]), TypeError, "name 3 in row 1"),
        (click_table, changed(CLICKS, "clicks", [11, 0]), ValueError, "11 clicks of 10 impressions in row 0"),
        (click_table, changed(CLICKS, "clicks", [-1, 0]), ValueError, "whole numbers of at least 0"),
        (click_table, changed(CLICKS, "impressions", [10.5, 3]), ValueError, "whole numbers of at least 0"),
        (click_table, changed(CLICKS, "impressions", [np.nan, 3]), ValueError, "whole numbers of at least 0"),
        (click_table, changed(CLICKS, "algorithm", [1.5, 2.5]), TypeError, "algorithms of floating kind"),
    ],
)
def test_refused(read, table, error, message):
    with pytest.raises(error, match=message):
        read(table)


@pytest.mark.parametrize("stored", ["texts", "dictionary"])
def test_texts_of_a_parquet_file_that_are_not_utf_8(tmp_path, stored):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    ends, letters = np.array([0, 2, 4], np.int32), b"ab\xff\xfe"
    texts = arrow.Array.from_buffers(arrow.string(), 2, [None, arrow.py_buffer(ends), arrow.py_buffer(letters)])
    columns = {"user": texts.dictionary_encode() if stored == "dictionary" else texts, "shop": [1, 2]}
    parquet.write_table(arrow.table(columns | {"rating": ["Good", "Good"]}), tmp_path / "torn.parquet")
    with pytest.raises(ValueError, match=r"ratings has user that is damaged|torn.parquet is no table"):
        ratings_table(tmp_path / "torn.parquet")


def test_a_torn_parquet_file(tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "torn.parquet"
    pd.DataFrame(RATINGS).to_parquet(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-40] + b"\xff" * 30 + whole[-10:])
    with pytest.raises(ValueError, match=r"torn.parquet is no table"):
        ratings_table(path)


def test_files_that_are_no_tables(tmp_path):
    for name, text in (("empty.csv", ""), ("torn.csv", 'a,b\n"1,2'), ("text.parquet", "no")):
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(ValueError, match=f"{name} is no table"):
            ratings_table(path)
    for text in ("user,shop,rating\n9,1,2,Good\n", "user,shop,rating\n1,2,Good,\n"):
        (tmp_path / "long.csv").write_text(text)
        with pytest.raises(ValueError, match=r"long.csv has rows with more fields than its header"):
            ratings_table(tmp_path / "long.csv")
    (tmp_path / "time.csv").write_text("user,shop,rating,time\n1,2,Good,9\n1,2,Average,nan\n1,2,Average,10\n")
    with pytest.raises(ValueError, match=r"time.csv has time 'nan' in row 1; a number is accepted"):
        ratings_table(tmp_path / "time.csv")
    with pytest.raises(FileNotFoundError):
        ratings_table(tmp_path / "nowhere.csv")
    path = tmp_path / "shops.csv"
    path.write_text("shop,categories,scenes,price_band,latitude,longitude\na,ramen,,low,,\n")
    with pytest.raises(ValueError, match="price_band 'low' in row 0; a number is accepted"):
        shop_table(path)
