"""Popular, similar and collaborative recommendations."""

from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse

import kousei
from fake_arrays import FakeInterface
from kousei import recommend
from kousei._lib.backends import why_no_cuda
from support import Library, same_for_threads

pd = pytest.importorskip("pandas")

#: Golden: four users and the PageRank of A, B, C, D at damping .85.
EXCELLENT, GOOD, AVERAGE = "Excellent", "Good", "Average"
FOUR = pd.DataFrame(
    [
        *((0, "A", EXCELLENT), (0, "B", GOOD), (0, "C", AVERAGE), (1, "A", GOOD), (1, "B", EXCELLENT)),
        *((2, "C", EXCELLENT), (2, "A", GOOD), (2, "D", AVERAGE), (3, "D", GOOD), (3, "B", EXCELLENT)),
    ],
    columns=["user", "shop", "rating"],
)
GOLDEN = [2849 / 6840, 77 / 240, 77 / 342, 3 / 80]

SHOPS = pd.DataFrame(
    {
        "shop": ["A", "B", "C", "new"],
        "categories": ["ramen", "ramen;bar", "sushi", "ramen"],
        "scenes": ["lunch", "lunch;date", "", "date"],
        "price_band": [1, 2, np.nan, 1],
        "latitude": [35.0, 35.0, np.nan, 35.009],
        "longitude": [139.0, 139.01, np.nan, 139.0],
    }
)


def random_ratings(rng: np.random.Generator, users: int, shops: int, count: int):
    return recommend.synthetic_ratings(users, shops, count, rng=rng)


def pairs(ratings, shops, user_norm: bool):
    """Return the materialised graph: from each shop to those that a user rated higher."""
    edges = np.zeros((len(shops), len(shops)))
    for _, its in ratings.groupby("user"):
        place, grade = pd.Index(shops).get_indexer(its["shop"]), its["rating"].cat.codes.to_numpy()
        higher = grade[None, :] > grade[:, None]
        weight = 1 / max(higher.sum(), 1) if user_norm else 1
        edges[np.ix_(place, place)] += weight * higher
    return edges


def test_golden():
    found = recommend.preference_pagerank(FOUR)
    assert list(found.index) == ["A", "B", "C", "D"]
    assert found.name == "popularity"
    assert found.to_numpy() == pytest.approx(GOLDEN, abs=1e-12)


def test_user_norm_by_hand():
    # One user has three pairs, of a third each; the other one.
    rows = {"user": [1, 1, 1, 2, 2], "shop": [7, 8, 9, 8, 9], "rating": [AVERAGE, GOOD, EXCELLENT, EXCELLENT, GOOD]}
    graph = recommend.PreferenceGraph(pd.DataFrame(rows), user_norm=True)
    assert graph.outdegree == pytest.approx([2 / 3, 1 / 3, 1])
    # By Cramer's rule over the rationals: 7 -> 8, 9 alike; 8 -> 9; 9 -> 8.
    half, rest = Fraction(17, 40), Fraction(17, 20)
    seven = Fraction(1, 20)
    eight = (seven + half * seven) / (1 - rest)
    assert graph.pagerank() == pytest.approx([float(seven), float(eight), float(eight)], abs=1e-12)


@pytest.mark.parametrize("user_norm", [False, True])
@pytest.mark.parametrize("damping", [0, 0.5, 0.85, 0.99])
def test_networkx_on_the_materialised_graph(rng, user_norm, damping):
    nx = pytest.importorskip("networkx")
    ratings = random_ratings(rng, 40, 60, 400)
    shops = [*range(60), 1000]  # one that nobody rated
    edges = pairs(ratings, shops, user_norm)
    graph = nx.from_numpy_array(edges, create_using=nx.DiGraph)
    expected = nx.pagerank(graph, alpha=damping, tol=1e-14, max_iter=5000)
    found = recommend.preference_pagerank(ratings, damping, user_norm, shops=shops)
    assert list(found.index) == shops
    assert found.to_numpy() == pytest.approx([expected[i] for i in range(61)], abs=1e-10)
    assert recommend.PreferenceGraph(ratings, user_norm, shops=shops).outdegree == pytest.approx(edges.sum(axis=1))


def test_shops_of_a_categorical_are_in_the_order_of_their_ids():
    shop = pd.Categorical(FOUR["shop"], categories=list("DCBAZ"))
    pd.testing.assert_series_equal(
        recommend.preference_pagerank(FOUR.assign(shop=shop)), recommend.preference_pagerank(FOUR)
    )


def test_damping_of_every_kind_of_number():
    graph = recommend.PreferenceGraph(FOUR)
    assert np.array_equal(graph.pagerank(Fraction(1, 2)), graph.pagerank(0.5))


def test_a_region_is_ranked_by_its_own_ratings(rng):
    ratings = random_ratings(rng, 30, 40, 300)
    region = list(range(10, 25))
    whole = recommend.preference_pagerank(ratings, shops=region)
    part = recommend.preference_pagerank(ratings[ratings["shop"].isin(region)], shops=region)
    pd.testing.assert_series_equal(whole, part)
    assert whole.sum() == pytest.approx(1)


def test_users_who_prefer_nothing_leave_all_shops_alike():
    rows = {"user": [1, 1], "shop": ["a", "b"], "rating": [GOOD, GOOD]}
    for user_norm in (False, True):
        assert list(recommend.preference_pagerank(pd.DataFrame(rows), user_norm=user_norm)) == [0.5, 0.5]


def test_pagerank_of_every_library(library: Library):
    graph = recommend.PreferenceGraph(FOUR)
    start = library.asarray(np.array([1.0, 2, 3, 4]))
    found = graph.pagerank(start=start)
    assert type(found) is type(start)
    assert library.numpy(found) == pytest.approx(GOLDEN, abs=1e-12)


def test_threads_do_not_matter(rng):
    ratings = random_ratings(rng, 2000, 3000, 400_000)

    def found():
        graph = recommend.PreferenceGraph(ratings, user_norm=True)
        return graph.pagerank(0.3), *recommend.cosine_topk(matrix(rng=np.random.default_rng(3)), 7)

    same_for_threads(found)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"damping": 1}, ValueError, "damping was 1; 0 to below 1 is accepted"),
        ({"damping": "high"}, TypeError, "damping was 'high'"),
        ({"start": np.zeros(4)}, ValueError, "start has numbers whose sum is 0.0"),
        ({"start": np.array([1, 1, 1, -0.5])}, ValueError, "none below 0"),
        ({"start": np.array([1, 1, 1, np.nan])}, ValueError, "sum is nan"),
        ({"start": np.ones(3)}, ValueError, r"start has shape \(3,\)"),
        ({"start": np.ones(4, dtype=np.float32)}, TypeError, "start has dtype float32; float64 is accepted"),
    ],
)
def test_pagerank_refuses(arguments, error, message):
    with pytest.raises(error, match=message):
        recommend.PreferenceGraph(FOUR).pagerank(**arguments)


def test_graphs_refuse():
    with pytest.raises(TypeError, match="user_norm was 1"):
        recommend.preference_pagerank(FOUR, user_norm=1)
    with pytest.raises(ValueError, match="shops has 2 entries; one or more, each once"):
        recommend.preference_pagerank(FOUR, shops=["A", "A"])
    with pytest.raises(ValueError, match="shops has 0 entries"):
        recommend.preference_pagerank(FOUR, shops=[])
    for text in ("A", 5):
        with pytest.raises(TypeError, match=f"shops was {text!r}; a sequence of ids is accepted"):
            recommend.preference_pagerank(FOUR, shops=text)
    for of_others in (["E"], [1, 2]):
        with pytest.raises(ValueError, match="shops has none that ratings have"):
            recommend.preference_pagerank(FOUR, shops=of_others)


def matrix(rows: int = 60, columns: int = 40, dtype=np.float64, *, rng):
    dense = rng.integers(-1, 4, (rows, columns)) * (rng.random((rows, columns)) < 0.3)
    return scipy.sparse.csr_array(dense.astype(dtype))


@pytest.mark.parametrize("k", [1, 5, 100])
def test_cosines(rng, dtype, k):
    dense = matrix(dtype=dtype, rng=rng).toarray()
    dense[5] = dense[3]
    dense[9] = 2 * dense[3]
    sparse = scipy.sparse.csr_array(dense)
    indices, cosines = recommend.cosine_topk(sparse, k)
    assert indices.dtype == np.int32
    assert cosines.dtype == dtype
    dense = dense.astype(np.float64)
    norms = np.linalg.norm(dense, axis=1)
    expected = dense @ dense.T / np.outer(norms, norms).clip(1e-300)
    np.fill_diagonal(expected, 0)
    for row in range(len(dense)):
        best = np.sort(expected[row])[::-1][:k].clip(0)
        best[best < 1e-12] = 0
        there = indices[row] >= 0
        tolerance = 1e-13 if dtype == "float64" else 1e-5
        assert cosines[row][: len(best)] == pytest.approx(best, abs=tolerance)
        assert expected[row, indices[row][there]] == pytest.approx(cosines[row][there], abs=tolerance)
        assert not cosines[row][~there].any()
        assert len(set(indices[row][there])) == there.sum()
        assert row not in indices[row]


@pytest.mark.parametrize(("shape", "density"), [((700, 30), 0.2), ((40, 3000), 0.05), ((900, 5000), 0.001)])
def test_cosines_of_rows_that_share_many_columns_or_few(shape, density, rng):
    sparse = scipy.sparse.csr_array((rng.random(shape) < density).astype(float))
    indices, cosines = same_for_threads(lambda: recommend.cosine_topk(sparse, 9))
    units = sparse.toarray() / np.sqrt(sparse.sum(axis=1)).clip(1)[:, None]
    products = units @ units.T
    np.fill_diagonal(products, 0)
    order = np.argsort(-products.round(12), axis=1, kind="stable")[:, :9]
    expected = np.take_along_axis(products, order, axis=1)
    assert cosines == pytest.approx(expected, abs=1e-14)
    assert ((indices >= 0) == (expected > 0)).all()


def test_ties_are_in_the_order_of_rows():
    rows = np.tile([[1.0, 2]], (9, 1))
    indices, cosines = recommend.cosine_topk(scipy.sparse.csr_array(rows), 4)
    assert [list(each) for each in indices[[0, 2, 8]]] == [[1, 2, 3, 4], [0, 1, 3, 4], [0, 1, 2, 3]]
    assert np.all(cosines == cosines[0, 0])


def test_any_sparse_format_and_entries_that_stand_twice():
    twice = scipy.sparse.coo_array(([1.0, 1, 2, 3], ([0, 0, 1, 2], [0, 0, 0, 1])), shape=(3, 2))
    indices, cosines = recommend.cosine_topk(twice, 1)
    assert list(indices.ravel()) == [1, 0, -1]
    assert list(cosines.ravel()) == [1, 1, 0]
    unsorted = scipy.sparse.csr_array((np.ones(4), [1, 0, 0, 1], [0, 2, 4]), shape=(2, 2))
    recommend.cosine_topk(unsorted, 1)
    assert list(unsorted.indices) == [1, 0, 0, 1]  # as it was


def test_empty_matrices():
    indices, cosines = recommend.cosine_topk(scipy.sparse.csr_array((0, 3)), 2)
    assert indices.shape == cosines.shape == (0, 2)
    assert (recommend.cosine_topk(scipy.sparse.csr_array((2, 0)), 2)[0] == -1).all()


def test_cosines_on_a_device(rng):
    pytest.importorskip("cupy")
    sparse = pytest.importorskip("cupyx.scipy.sparse")
    host = matrix(rng=rng)
    found = recommend.cosine_topk(sparse.csr_matrix(host), 5)
    for device, expected in zip(found, recommend.cosine_topk(host, 5), strict=True):
        assert device.get() == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(
    ("sparse", "k", "error", "message"),
    [
        (np.eye(3), 1, TypeError, "matrix was ndarray; a sparse matrix"),
        (scipy.sparse.eye_array(3, dtype=np.int64), 1, TypeError, "matrix has dtype int64"),
        (scipy.sparse.csr_array([[np.nan]]), 1, ValueError, "matrix has NaN or infinite values"),
        (scipy.sparse.eye_array(3, format="csr"), 0, ValueError, "k was 0; at least 1"),
        (scipy.sparse.eye_array(3, format="csr"), 1.5, TypeError, "k was 1.5"),
        (scipy.sparse.coo_array(np.ones(3)), 1, ValueError, r"matrix has shape \(3,\)"),
        (scipy.sparse.eye_array(3, format="csr"), 2**62, kousei.SizeError, "the neighbours of all rows"),
        (scipy.sparse.csr_array((1, 2**31)), 1, kousei.SizeError, r"matrix has shape \(1, 2147483648\)"),
    ],
)
def test_cosines_refuse(sparse, k, error, message):
    with pytest.raises(error, match=message):
        recommend.cosine_topk(sparse, k)


@pytest.mark.parametrize(("part", "number"), [("indices", 3), ("indices", -1), ("indptr", 9), ("indptr", -9)])
def test_entries_out_of_range_are_refused_before_scipy_sorts_them(part, number):
    sparse = scipy.sparse.csr_array(np.ones((4, 3)))
    getattr(sparse, part)[1] = number
    with pytest.raises(ValueError, match="matrix has entries out of range"):
        recommend.cosine_topk(sparse, 1)


def test_numbers_that_overflow_as_they_add_up():
    twice = scipy.sparse.csr_array((np.full(3, 1e308), [0, 0, 0], [0, 2, 3]), shape=(2, 1))
    with pytest.raises(ValueError, match="matrix has NaN or infinite values"):
        recommend.cosine_topk(twice, 1)


def test_kernels_refuse_lists_that_are_none():
    kernels, on = kousei._lib._core.cpu, kousei._lib._core.cpu.Cpu()
    begin, ones = np.array([0, 1, 2]), np.ones(2)

    def top(begin, columns):
        out = np.empty((2, 1), np.int32), np.empty((2, 1))
        entries = np.array(columns, np.int32)
        kernels.recommend_top_products(begin, entries, ones, begin, entries, ones, *out, on)

    top(begin, [0, 1])
    with pytest.raises(ValueError, match="columns has numbers out of range; 0 to 1 are accepted"):
        top(begin, [0, 2])
    with pytest.raises(ValueError, match="columns has numbers out of range"):
        top(begin, [0, -1])
    for wrong in ([0, 3, 2], [1, 1, 2], [0, 1, 1]):
        with pytest.raises(ValueError, match="begin has begins out of order; those that rise from 0 to 2"):
            top(np.array(wrong), [0, 1])


def test_similarity_is_the_sum_of_its_terms():
    weights = {"category": 0.1, "scene": 0.7, "price": 1 / 3, "distance": 2.1}
    similarity = recommend.ItemSimilarity(SHOPS, weights, price_scale=2, distance_scale=0.5)
    terms = similarity.contributions("A")
    assert list(terms.columns) == list(recommend.TERMS)
    east = 6371.0088 * 2 * np.arcsin(np.cos(np.radians(35)) * np.sin(np.radians(0.005)))  # along a circle of latitude
    north = 6371.0088 * np.radians(0.009)
    expected = {
        "A": (1, 1, 1, 1),
        "B": (1 / 2, 1 / 2, np.exp(-1 / 2), np.exp(-east / 0.5)),
        "C": (0, 0, 0, 0),
        "new": (1, 0, 1, np.exp(-north / 0.5)),
    }
    for shop, kernels in expected.items():
        products = [weight * kernel for weight, kernel in zip(weights.values(), kernels, strict=True)]
        assert list(terms.loc[shop]) == pytest.approx(products, rel=1e-12)
    for shop in terms.index:
        category, scene, price, distance = terms.loc[shop]
        assert similarity.similarity("A")[shop] == ((category + scene) + price) + distance  # exactly
    assert similarity.distances("A")["new"] == pytest.approx(north, rel=1e-9)
    assert np.isnan(similarity.distances("A")["C"])


def test_a_shop_with_nothing_to_compare_is_like_none():
    similarity = recommend.ItemSimilarity(SHOPS)
    assert list(similarity.contributions("C").loc["C"]) == [0.25, 0, 0, 0]
    assert len(similarity.recommend(shop="C")) == 0


def test_similar_shops():
    found = recommend.ItemSimilarity(SHOPS).recommend(2, shop="A")
    assert list(found.index) == ["new", "B"]
    assert found.name == "similarity"


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ({"category": -1}, ValueError, "the weight of 'category' was -1; at least 0"),
        ({"colour": 1}, ValueError, "a term of weights was 'colour'"),
        ({"scene": "much"}, TypeError, "the weight of 'scene' was 'much'"),
        ({"scene": np.inf}, ValueError, "finite"),
        ({"scene": 0}, ValueError, "weights are all 0"),
        ([1, 2], TypeError, "weights was list"),
    ],
)
def test_weights_refused(weights, error, message):
    with pytest.raises(error, match=message):
        recommend.ItemSimilarity(SHOPS, weights)


def test_similarities_refuse():
    similarity = recommend.ItemSimilarity(SHOPS)
    with pytest.raises(KeyError, match="shop was 'nowhere'"):
        similarity.recommend(shop="nowhere")
    with pytest.raises(ValueError, match="user was 3; a shop is accepted"):
        similarity.recommend(user=3)
    with pytest.raises(TypeError, match="shop was list; a whole number or a text is accepted"):
        similarity.recommend(shop=["A"])
    with pytest.raises(ValueError, match="price_scale was 0"):
        recommend.ItemSimilarity(SHOPS, price_scale=0)


@pytest.mark.skipif(not why_no_cuda(), reason="has a device, which must not see made-up pointers")
def test_a_cuda_array_without_a_device():
    with pytest.raises(kousei.CudaError, match="start lies in CUDA memory, but"):
        recommend.PreferenceGraph(FOUR).pagerank(start=FakeInterface((4,)))
