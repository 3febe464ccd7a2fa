"""Popularity and cosines of ratings in Parquet files, by a Dask cluster of two worker processes."""

import os
import signal
import threading
import time
import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse

import kousei
from kousei import recommend
from kousei.distributed import cosine_topk, cosines, preference_pagerank
from kousei.distributed.cosines import make_rows
from kousei.distributed.pagerank import make_graph
from kousei.distributed.ratings import check_partition
from kousei.recommend.coding import STARS, coded

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
pd = pytest.importorskip("pandas")
dd = pytest.importorskip("dask.dataframe")
pytest.importorskip("pyarrow")


def _ratings(texts: bool = False, repeated: int = 300) -> Any:
    """Return ratings in random order, some of them repeated with other grades and times."""
    table = recommend.synthetic_ratings(400, 150, 6000, rng=3)
    again = table.sample(repeated, random_state=1).assign(rating="Average", time=-5)
    again.loc[again.index[::2], "time"] = 10**6  # half of them stand
    table = pd.concat([table.astype({"rating": str}), again]).sample(frac=1, random_state=2)
    if texts:
        table = table.assign(user="u" + table.user.astype(str), shop="s" + table.shop.astype(str))
    return table.reset_index(drop=True)


def _files(table: Any, folder: Path, count: int = 5) -> Path:
    """Write a table into files, the middle one without rows, and return their folder."""
    folder.mkdir()
    ends = np.linspace(0, len(table), count).astype(int)
    ends = np.insert(ends, 2, ends[2])
    for i, (first, last) in enumerate(pairwise(ends)):
        table.iloc[first:last].assign(other="not read").to_parquet(folder / f"part.{i}.parquet", index=False)
    return folder


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kousei.distributed.pagerank.BLOCK", 1500)
    monkeypatch.setattr("kousei.distributed.cosines.BLOCK", 1500)


def _quietly(function: Any, *args: Any, **named: Any) -> Any:
    """Return what a function does, and what it warns of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = function(*args, **named)
    return found, [str(each.message) for each in caught if "differ" in str(each.message)]


def _neighbours(table: Any, k: int) -> Any:
    """Return the table of pairs by one process, with users in the order of their ids."""
    rated, _ = _quietly(coded, table)
    users = rated.users.sort_values()
    at = rated.shop, users.get_indexer(rated.users)[rated.user]
    matrix = scipy.sparse.csr_array((STARS[rated.grade], at), shape=(len(rated.shops), len(users)))
    indices, values = recommend.cosine_topk(matrix, k)
    there = indices >= 0
    shop, other = rated.shops[np.nonzero(there)[0]], rated.shops[indices[there]]
    return pd.DataFrame({"shop": shop, "other": other, "cosine": values[there]})


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("texts", [False, True])
def test_files_have_the_popularity_of_one_table(client: Any, tmp_path: Path, texts: bool) -> None:
    table = _ratings(texts)
    folder = _files(table, tmp_path / "ratings")
    for source, named in (
        (str(folder), {"user_norm": not texts, "damping": 0.5}),
        (folder / "*.parquet", {"damping": 0.2, "shops": table["shop"].unique()[5:40][::-1]}),
    ):
        expected, warned = _quietly(recommend.preference_pagerank, table, **named)
        found, its = _quietly(preference_pagerank, source, client, **named)
        assert its == warned == [warned[0]]
        assert list(found.index) == list(expected.index)
        assert (found.name, found.index.name) == (expected.name, expected.index.name)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("texts", [False, True])
def test_files_have_the_cosines_of_one_table(client: Any, tmp_path: Path, texts: bool) -> None:
    table = _ratings(texts)
    folder = _files(table, tmp_path / "ratings")
    for k in (1, 12):
        found, warned = _quietly(cosine_topk, folder, client, k)
        assert len(warned) == 1
        pd.testing.assert_frame_equal(found, _neighbours(table, k), check_exact=True, check_dtype=False)


def test_one_file_in_one_block(client: Any, tmp_path: Path) -> None:
    path = tmp_path / "ratings.parquet"
    table = _ratings(repeated=0)
    table.to_parquet(path)
    found = preference_pagerank(dd.read_parquet(path), client, 0)
    np.testing.assert_allclose(found, recommend.preference_pagerank(table, 0), rtol=0, atol=1e-14)
    pd.testing.assert_frame_equal(cosine_topk(path, client, 3), _neighbours(table, 3), check_exact=True)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_blocks_of_a_matrix_have_the_bits_of_all(client: Any, dtype: str) -> None:
    random = np.random.default_rng(0)
    dense = random.integers(-2, 4, (200, 30)) * (random.random((200, 30)) < 0.5)
    dense[10:14] = dense[150]  # ties, over blocks
    dense[20] = 0
    for matrix in (scipy.sparse.csc_array(dense.astype(dtype)), scipy.sparse.coo_array(np.eye(50, dtype=dtype))):
        for k in (1, 7, 40):
            expected = recommend.cosine_topk(matrix, k)
            for found, its in zip(cosine_topk(matrix, client, k), expected, strict=True):
                assert found.dtype == its.dtype
                np.testing.assert_array_equal(found, its)


def test_matrices_without_rows_or_columns(client: Any) -> None:
    indices, values = cosine_topk(scipy.sparse.csr_array((0, 3)), client, 2)
    assert indices.shape == values.shape == (0, 2)
    assert (cosine_topk(scipy.sparse.csr_array((3, 0)), client, 2)[0] == -1).all()


def test_blocks_have_their_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cosines, "BLOCK", 100)
    matrix = scipy.sparse.random_array((500, 80), density=0.1, random_state=np.random.default_rng(0)).tocsr()
    blocks = list(cosines._cuts(matrix, 3))
    np.testing.assert_array_equal(np.concatenate(blocks), np.arange(500))
    sizes = [matrix[block].nnz + 3 * len(block) for block in blocks]
    assert max(sizes) <= 100 + 80 + 3  # and one row
    assert len(blocks) == -(-(matrix.nnz + 1500) // 100)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.filterwarnings("ignore:The inplace keyword")  # of pandas 3.1, in Dask
def test_neither_one_worker_nor_a_lost_one_changes_anything(client: Any, tmp_path: Path) -> None:
    folder = _files(_ratings(), tmp_path / "ratings", 8)
    here = {"processes": False, "n_workers": 1, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
    with distributed.Client(**here, set_as_default=False) as other:
        alone = _quietly(preference_pagerank, folder, other, 0.3)[0], _quietly(cosine_topk, folder, other, 5)[0]
    pd.testing.assert_frame_equal(_quietly(cosine_topk, folder, client, 5)[0], alone[1], check_exact=True)
    before = set(client.run(os.getpid).values())

    def kill() -> None:
        while not any("pass_on" in str(key) for keys in client.processing().values() for key in keys):
            time.sleep(0.005)
        os.kill(min(before), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    lost = _quietly(preference_pagerank, folder, client, 0.3)[0]
    killer.join()
    pd.testing.assert_series_equal(lost, alone[0], check_exact=True)
    client.wait_for_workers(2)
    assert len(before - set(client.run(os.getpid).values())) == 1


def _shuffled(table: Any) -> Any:
    """Return a partition as it may come out of a shuffle."""
    return check_partition(table, 0).sample(frac=1, random_state=0)


def test_a_shuffle_does_not_say_what_is_latest() -> None:
    table = _ratings().drop(columns="time")
    shops = pd.Index(table["shop"].unique()).sort_values()
    graph, count, differ = make_graph(_shuffled(table), shops, False)
    with pytest.warns(UserWarning, match=f"ratings has {differ} pairs"):
        expected = recommend.PreferenceGraph(table)
    assert count == len(table.drop_duplicates(["user", "shop"]))
    np.testing.assert_array_equal(graph.outdegree, expected.outdegree)
    one, other = (make_rows(each, shops) for each in (_shuffled(table), check_partition(table, 0)))
    np.testing.assert_array_equal(one.matrix.toarray(), other.matrix.toarray())


def test_equal_cosines_are_merged_by_index() -> None:
    indices, values = np.array([[4, -1], [2, 7], [3, 6]], np.int32), np.array([[0.5, 0], [0.7, 0.5], [0.9, 0.8]])
    its = np.array([[1, 6], [5, -1], [-1, -1]], np.int32), np.array([[0.5, 0.5], [0.5, 0], [0, 0]])
    cosines._merge(indices, values, np.arange(3), *its)
    assert indices.tolist() == [[1, 4], [2, 5], [3, 6]]
    assert values.tolist() == [[0.5, 0.5], [0.7, 0.5], [0.9, 0.8]]


_FEW = {"user": [1, 1, 2, 2], "shop": ["a", "b", "a", "b"], "rating": ["Good", "Average", "Good", "Excellent"]}


def _two(**columns: Any) -> Any:
    """Return a table of two partitions."""
    return dd.from_pandas(pd.DataFrame(_FEW | columns), npartitions=2, sort=False)


def _of_parts(*parts: dict[str, Any]) -> Any:
    frames = [pd.DataFrame(_FEW | part) for part in parts]
    return dd.from_delayed([dask.delayed(frame) for frame in frames], meta=frames[0].iloc[:0], verify_meta=False)


@pytest.mark.parametrize(
    ("ratings", "named", "error", "message"),
    [
        (pd.DataFrame(_FEW), {}, TypeError, "ratings was DataFrame; a Dask DataFrame or the path of Parquet files"),
        (_two()[["user", "shop"]], {}, ValueError, "ratings has no column 'rating'; user, shop, rating, each once"),
        (_two().query("user > 5"), {}, ValueError, "ratings is empty; one row or more is accepted"),
        (
            _two(rating=["Good", "Good", "Good", "Bad"]),
            {},
            ValueError,
            "partition 1 of ratings has rating 'Bad' in row 1; 'Excellent', 'Good' and 'Average' are accepted",
        ),
        (_two(user=[1, None, 2, 2]), {}, ValueError, "partition 0 of ratings has user nan in row 1; a value in each"),
        (_two(user=[1.5, 1.0, 2.0, 2.0]), {}, TypeError, "partition 0 of ratings has users of floating kind"),
        (
            _of_parts({}, {"user": list("vwvw")}),
            {},
            TypeError,
            "ratings has users of integer kind in partition 0 and of string kind in partition 1; one kind is",
        ),
        (
            _of_parts({"time": [1, 2, 3, 4]}, {"time": list("abcd")}),
            {},
            TypeError,
            "ratings has times of numeric kind in partition 0 and of string kind in partition 1",
        ),
        (_of_parts({"user": [2**63, 1, 2, 3]}), {}, ValueError, "partition 0 of ratings has users beyond int64"),
        (_two(), {"damping": 1}, ValueError, "damping was 1; 0 to below 1 is accepted"),
        (_two(), {"user_norm": 1}, TypeError, "user_norm was 1; True and False"),
        (_two(), {"shops": "a"}, TypeError, "shops was 'a'; a sequence of ids"),
        (_two(), {"shops": ["nowhere"]}, ValueError, "shops has none that ratings have"),
    ],
)
def test_bad_ratings(client: Any, ratings: Any, named: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        preference_pagerank(ratings, client, **named)


def test_bad_files(client: Any, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        preference_pagerank(tmp_path / "none.parquet", client)
    with pytest.raises(FileNotFoundError, match=r"\*\.parquet is neither a Parquet file nor a folder or a pattern"):
        preference_pagerank(tmp_path / "*.parquet", client)
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(ValueError, match="folder is no table: No files"):
        preference_pagerank(folder, client)
    for number, frame in enumerate((pd.DataFrame(_FEW), pd.DataFrame(_FEW).drop(columns="rating"))):
        frame.to_parquet(folder / f"part.{number}.parquet")
    with pytest.raises(ValueError, match=r"ratings has a partition or a file without a column .*'rating'"):
        preference_pagerank(folder, client)
    path = tmp_path / "ratings.parquet"
    path.write_text("user,shop,rating")
    with pytest.raises(ValueError, match=r"ratings.parquet is no table"):
        cosine_topk(path, client, 3)
    pd.DataFrame(_FEW).to_parquet(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + bytes(8 * [255]) + whole[12:])  # where the first page says what it is
    with pytest.raises(ValueError, match=r"ratings has a file that is no whole table"):
        cosine_topk(path, client, 3)


@pytest.mark.parametrize(
    ("matrix", "k", "error", "message"),
    [
        (np.eye(3), 1, TypeError, "matrix was ndarray; a sparse matrix of SciPy, a Dask DataFrame or the path of"),
        (scipy.sparse.eye_array(3, dtype=np.int64), 1, TypeError, "matrix has dtype int64"),
        (scipy.sparse.csr_array([[np.nan]]), 1, ValueError, "matrix has NaN or infinite values"),
        (scipy.sparse.eye_array(3), 0, ValueError, "k was 0; at least 1"),
        (_two(), 1.5, TypeError, "k was 1.5; an integer"),
        (_two(), 2**62, kousei.SizeError, "the neighbours of all shops"),
        (_two().drop(columns="user"), 1, ValueError, "ratings has no column 'user'"),
    ],
)
def test_bad_matrices(client: Any, matrix: Any, k: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        cosine_topk(matrix, client, k)


def test_other_clients_are_refused() -> None:
    for function, data in (
        (preference_pagerank, (_two(), None)),
        (cosine_topk, (scipy.sparse.eye_array(3), None, 1)),
    ):
        with pytest.raises(TypeError, match=r"client was NoneType; a distributed.Client is accepted"):
            function(*data)
