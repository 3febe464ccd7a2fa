"""PageRank of preferences and cosines of sparse rows, against a graph library and a library of recommenders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kousei import recommend
from kousei.recommend.coding import Coded, coded
from recommend_ml100k import movie_lens

from . import Case, Check, UnavailableError, case, warm_seconds
from .dense import Array

_SHOPS, _USERS, _ENTRIES, _NEIGHBOURS = 10_000, 40_000, 800_000, 20


@case("recommend-pagerank-ml100k")
def pagerank() -> Case:
    """Return the case of PageRank from ratings in whole numbers on: lists are made of them, or the graph of pairs."""
    table = movie_lens()
    if table is None:
        raise UnavailableError("recbole is not installed: pip install --no-deps recbole==1.2.1")
    ratings = coded(table)

    def ours() -> Array:
        return recommend.PreferenceGraph._of(ratings, user_norm=False).pagerank()

    return Case(
        work=1,
        sizes={"users": 943, "shops": 1682, "ratings": len(table)},
        dtype="float64",
        ours=ours,
        others={"igraph": lambda: lambda: by_igraph(ratings)},
        floors={"igraph": 200.0},
        checks={
            "difference": Check(
                lambda: float(np.abs(ours() - by_networkx(ratings)).max()),
                "from networkx on the materialised graph",
                1e-10,
            )
        },
        clock=warm_seconds,
    )


def edges(ratings: Coded) -> Any:
    """Return the graph of pairs as a sparse matrix: from each shop to those that a user rated higher."""
    from scipy.sparse import csr_array

    shape = len(ratings.users), len(ratings.shops)
    average, good, excellent = (
        csr_array(((ratings.grade == grade).astype(float), (ratings.user, ratings.shop)), shape=shape)
        for grade in range(3)
    )
    for each in (average, good, excellent):
        each.eliminate_zeros()
    return ((good + average).T @ excellent + average.T @ good).tocoo()


def by_networkx(ratings: Coded) -> Array:
    import networkx as nx

    pairs = edges(ratings)
    graph = nx.from_scipy_sparse_array(pairs, create_using=nx.DiGraph)
    ranks = nx.pagerank(graph, tol=1e-14, max_iter=1000)
    return np.array([ranks[i] for i in range(pairs.shape[0])])


def by_igraph(ratings: Coded) -> Array:
    import igraph

    pairs = edges(ratings)
    ends = np.stack(pairs.coords, axis=-1)
    graph = igraph.Graph(n=pairs.shape[0], edges=ends, directed=True)
    return np.array(graph.pagerank(weights=pairs.data.tolist(), damping=0.85))


@case("recommend-cosine-topk")
def cosines() -> Case:
    """Return the case of the 20 nearest of each of 10k shops, by 800k entries; norms and transposes are timed.

    Each library begins with rows of what it takes: ours and SciPy with shops by users, implicit with the transpose.
    """
    matrix = shops_by_users()
    return Case(
        work=_SHOPS,
        sizes={"shops": _SHOPS, "users": _USERS, "entries": matrix.nnz, "neighbours": _NEIGHBOURS},
        dtype="float64",
        ours=lambda: recommend.cosine_topk(matrix, _NEIGHBOURS),
        others={"implicit": lambda: by_implicit(matrix), "scipy": lambda: lambda: by_scipy(matrix)},
        floors={"implicit": 4.0},
        checks={"difference": Check(lambda: difference(matrix), "from products of dense rows", 1e-13)},
    )


def shops_by_users() -> Any:
    """Return a sparse matrix of ones, few shops popular."""
    from scipy.sparse import csr_matrix

    rng = np.random.default_rng(0)
    popular = np.arange(1, _SHOPS + 1) ** -0.7
    shops = rng.choice(_SHOPS, _ENTRIES, p=popular / popular.sum())
    matrix = csr_matrix((np.ones(_ENTRIES), (shops, rng.integers(0, _USERS, _ENTRIES))), shape=(_SHOPS, _USERS))
    matrix.data[:] = 1
    return matrix


def normalised(matrix: Any) -> Any:
    from sklearn.preprocessing import normalize

    return normalize(matrix)


def by_implicit(matrix: Any) -> Callable[[], Any]:
    from implicit.nearest_neighbours import all_pairs_knn
    from scipy.sparse import csr_matrix

    # It compares columns, has rows in memory, and each itself among its neighbours; it does not normalise.
    users = matrix.T.tocsr()

    def run() -> Any:
        norms = np.sqrt(np.bincount(users.indices, weights=users.data**2))
        units = csr_matrix((users.data / norms[users.indices], users.indices, users.indptr), users.shape)
        return all_pairs_knn(units, _NEIGHBOURS + 1, num_threads=1, show_progress=False)

    return run


def by_scipy(matrix: Any) -> Array:
    """Return the cosines of the first neighbours by blocks of dense products."""
    rows, blocks = normalised(matrix), []
    for start in range(0, _SHOPS, 1000):
        products = (rows[start : start + 1000] @ rows.T).toarray()
        products[np.arange(1000), start + np.arange(1000)] = 0
        blocks.append(-np.sort(-np.partition(products, -_NEIGHBOURS, axis=1)[:, -_NEIGHBOURS:], axis=1))
    return np.concatenate(blocks)


def difference(matrix: Any) -> float:
    return float(np.abs(recommend.cosine_topk(matrix, _NEIGHBOURS)[1] - by_scipy(matrix)).max())
