"""Finite groups, the sets they act on, and their representations."""

import math

import numpy as np
import pytest

from kousei import SizeError
from kousei.equivariant import FiniteGroup, GSet, Representation, pair_orbits
from support import GROUPS


@pytest.fixture(params=GROUPS)
def group(request: pytest.FixtureRequest) -> FiniteGroup:
    return GROUPS[request.param]()


def table(group: FiniteGroup) -> np.ndarray:
    elements = np.arange(group.order)
    return group.multiply(elements[:, None], elements)


def test_orders() -> None:
    for n in range(1, 7):
        assert FiniteGroup.cyclic(n).order == n
        assert FiniteGroup.symmetric(n).order == math.factorial(n)
    assert [FiniteGroup.dihedral(n).order for n in (3, 4, 6)] == [6, 8, 12]
    orders = {(2, 1): 2, (3, 1): 6, (5, 1): 20, (2, 2): 24, (3, 2): 432, (2, 3): 1344}
    assert {(p, dim): FiniteGroup.affine(p, dim).order for p, dim in orders} == orders


def test_a_group_of_hundred_thousand() -> None:
    group = FiniteGroup.affine(7, 2)
    assert group.order == 98784
    rng = np.random.default_rng(0)
    g, h = rng.integers(group.order, size=(2, 500))
    product = group.permutations[group.multiply(g, h)]
    assert np.array_equal(product, np.take_along_axis(group.permutations[g], group.permutations[h].astype(int), 1))
    assert len(group.conjugacy_classes) == 55
    assert sum(map(len, group.conjugacy_classes)) == group.order


def test_products_are_those_of_permutations(group: FiniteGroup) -> None:
    elements, products = np.arange(group.order), table(group)
    assert np.array_equal(group.permutations[0], np.arange(group.degree))
    for g in elements:
        assert np.array_equal(group.permutations[products[g]], group.permutations[g][group.permutations])
    assert not group.multiply(elements, group.inverse(elements)).any()
    assert np.array_equal(group.find(group.permutations), elements)
    assert len(np.unique(group.permutations, axis=0)) == group.order


def test_generators_reach_all(group: FiniteGroup) -> None:
    reached = {0, *(int(g) for level in group.words for g in level.points)}
    assert reached == set(range(group.order))
    for level in group.words:
        assert np.array_equal(group.multiply(group.generators[level.generators], level.origins), level.points)


def test_every_element_is_one_product_of_transversals(group: FiniteGroup) -> None:
    products = np.zeros(1, int)
    for elements in group.transversals:
        products = group.multiply(products[:, None], elements).reshape(-1)
    assert np.array_equal(np.sort(products), np.arange(group.order))


def test_conjugacy_classes(group: FiniteGroup) -> None:
    products, elements = table(group), np.arange(group.order)
    inverse = group.inverse(elements)
    for members in group.conjugacy_classes:
        g = members[0]
        assert np.array_equal(np.unique(products[products[:, g], inverse]), members)
    assert np.array_equal(group.conjugacy_classes[0], [0])
    assert group.is_abelian == bool((products == products.T).all())
    assert group.is_abelian == (len(group.conjugacy_classes) == group.order)


def test_powers(group: FiniteGroup) -> None:
    elements = np.arange(group.order)
    power = np.zeros(group.order, int)
    for n in range(7):
        assert np.array_equal(group.power(elements, n), power)
        assert np.array_equal(group.power(elements, -n), group.inverse(power))
        power = group.multiply(power, elements)
    assert not group.power(elements, group.order).any()


def test_signs() -> None:
    group = FiniteGroup.symmetric(5)
    determinants = [round(np.linalg.det(np.eye(5)[g])) for g in group.permutations]
    assert group.signs.tolist() == determinants


def test_a_table_gives_its_group_back(group: FiniteGroup) -> None:
    products = table(group)
    again = FiniteGroup.from_table(products)
    assert np.array_equal(table(again), products)
    assert len(again.generators) <= max(1, math.log2(group.order))


def test_product_of_groups() -> None:
    one, other = FiniteGroup.dihedral(3), FiniteGroup.cyclic(4)
    group = FiniteGroup.product(one, other)
    g, h = np.divmod(np.arange(24), 4)
    products = one.multiply(g[:, None], g) * 4 + other.multiply(h[:, None], h)
    assert np.array_equal(table(group), products)
    assert set(group.generators) == {int(g) * 4 for g in one.generators} | set(other.generators.tolist())


def test_scalars_in_scalars_out() -> None:
    group = FiniteGroup.symmetric(3)
    for value in (group.multiply(1, 2), group.inverse(1), group.power(1, 2), group.find(np.array([1, 0, 2]))):
        assert type(value) is int


@pytest.mark.parametrize(
    ("generators", "error", "message"),
    [
        ([[0, 1], [1, 1]], ValueError, r"generators\[1\] has 1 more than once; a permutation is accepted"),
        ([[0, 2]], ValueError, r"generators has 2; 0 to 1 are accepted"),
        ([[0.0, 1.0]], TypeError, "generators has dtype float64; integers are accepted"),
        ([0, 1], ValueError, r"generators has shape \(2,\)"),
        ([[0, 1], [0]], ValueError, "generators was .*; rows of the same length are accepted"),
        (
            [np.roll(np.arange(11), 1), [1, 0, *range(2, 11)]],
            MemoryError,
            "generators generate are more than 1,000,000",
        ),
    ],
)
def test_what_is_no_permutation_is_refused(generators: list, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        FiniteGroup(generators)


#: A Latin square with an identity that is no group: the smallest loops have order 5.
LOOP = [[0, 1, 2, 3, 4], [1, 0, 3, 4, 2], [2, 4, 0, 1, 3], [3, 2, 4, 0, 1], [4, 3, 1, 2, 0]]


@pytest.mark.parametrize(
    ("products", "message"),
    [
        ([[0, 1], [1, 2]], r"table is not closed: 1 \* 1 is 2"),
        ([[1, 0], [0, 1]], r"table has no identity 0: 0 \* 0 is 1"),
        ([[0, 1], [0, 0]], r"table has no identity 0: 1 \* 0 is 0"),
        ([[0, 1, 2], [1, 1, 0], [2, 2, 2]], "table has no inverse of 2"),
        (LOOP, r"table is not associative: \(\d \* 1\) \* \d is \d and"),
        ([[0, 1]], r"table has shape \(1, 2\); \(order, order\) is accepted"),
    ],
)
def test_what_is_no_group_is_refused(products: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FiniteGroup.from_table(products)


def test_every_broken_product_is_found(group: FiniteGroup) -> None:
    # Any one product changed breaks an axiom.
    if group.order < 3:
        return
    rng = np.random.default_rng(1)
    for _ in range(20):
        products = table(group)
        g, h = rng.integers(group.order, size=2)
        products[g, h] = (products[g, h] + rng.integers(1, group.order)) % group.order
        with pytest.raises(ValueError, match="table"):
            FiniteGroup.from_table(products)


def test_light_s_test_finds_all_that_are_not_associative() -> None:
    # Against all triples, for tables with an identity and inverses, few of which are groups.
    rng, e = np.random.default_rng(0), np.arange(4)
    groups = 0
    for _ in range(3000):
        products = np.zeros((4, 4), int)
        products[0] = products[:, 0] = e
        rest = [rng.permutation([k for k in e if k != row])[:3] for row in e[1:]]
        products[1:, 1:] = rest
        associative = np.array_equal(products[products], products[e[:, None, None], products])
        try:
            FiniteGroup.from_table(products)
        except ValueError:
            assert not associative
        else:
            assert associative
            groups += 1
    assert groups > 10


def test_groups_that_are_too_large_are_refused() -> None:
    with pytest.raises(MemoryError, match="all permutations of 10 points are more than 1,000,000"):
        FiniteGroup.symmetric(10)
    with pytest.raises(MemoryError, match=r"the affine maps of F_11\^2 are more than"):
        FiniteGroup.affine(11, 2)
    with pytest.raises(ValueError, match=r"p was 91 = 7 \* 13; a prime number is accepted"):
        FiniteGroup.affine(91)
    for p in (4, 9, 25):
        with pytest.raises(ValueError, match=f"p was {p} = "):
            FiniteGroup.affine(p)
    with pytest.raises(MemoryError, match="a table of 10000000 x 10000000 elements takes"):
        FiniteGroup.cyclic(10_000_000)
    with pytest.raises(MemoryError, match="2000000 permutations of 1000000 points takes"):
        FiniteGroup.dihedral(1_000_000)
    with pytest.raises(MemoryError, match="all permutations of 1000000000000 points are more"):
        FiniteGroup.symmetric(10**12)
    for make in (FiniteGroup.cyclic, FiniteGroup.dihedral):
        with pytest.raises(SizeError, match="is not representable in 64 bits"):
            make(10**30)
    with pytest.raises(MemoryError, match="a product of groups of the orders"):
        FiniteGroup.product(FiniteGroup.symmetric(7), FiniteGroup.symmetric(7))


def test_what_is_no_element_is_refused() -> None:
    group = FiniteGroup.cyclic(4)
    with pytest.raises(ValueError, match="g has 4; 0 to 3 are accepted"):
        group.multiply(4, 0)
    with pytest.raises(TypeError, match="h has dtype float64"):
        group.multiply(0, 1.0)
    with pytest.raises(ValueError, match=r"permutation has \[1, 0, 2, 3\], which is not in the group"):
        group.find([[1, 2, 3, 0], [1, 0, 2, 3]])
    with pytest.raises(ValueError, match=r"g has shape \(2,\) and h has shape \(3,\); shapes that broadcast"):
        group.multiply([0, 1], [0, 1, 2])


def sets_of(group: FiniteGroup) -> list[GSet]:
    natural = GSet.natural(group)
    sets = [natural, GSet.regular(group), GSet.trivial(group, 3), GSet.product(natural, GSet.trivial(group, 2))]
    if 3 <= group.degree <= 7:
        sets += [GSet.subsets(natural, 2), GSet.tuples(natural, 2), GSet.cosets(group, [group.order - 1])]
    if group.degree <= 5:
        sets += [GSet.words(natural, 3), GSet.functions(natural, np.eye(group.degree, dtype=int))]
    return sets


def test_sets_are_acted_on(group: FiniteGroup) -> None:
    # Relations of all elements are checked by the constructor.
    for X in sets_of(group):
        again = GSet(group, X.images)
        g = np.arange(group.order)
        assert np.array_equal(X.act(g[:, None], np.arange(X.size)), again.act(g[:, None], np.arange(X.size)))
        assert np.array_equal(X.act(group.generators[:, None], np.arange(X.size)), X.images)
        kept = (X.act(g[:, None], np.arange(X.size)) == np.arange(X.size)).sum(axis=1)
        assert np.array_equal(X.character[group.class_labels], kept)
        assert round(kept.sum() / group.order) == len(X.orbits())  # Burnside's lemma


def test_sets_by_their_points() -> None:
    S4 = FiniteGroup.symmetric(4)
    X = GSet.natural(S4)
    subsets, tuples, words = GSet.subsets(X, 2), GSet.tuples(X, 3), GSet.words(X, 2)
    for g in range(S4.order):
        moved = S4.permutations[g]
        for x in range(subsets.size):
            assert set(subsets.points[subsets.act(g, x)]) == set(moved[subsets.points[x]])
        for x in range(tuples.size):
            assert np.array_equal(tuples.points[tuples.act(g, x)], moved[tuples.points[x]])
        for x in range(words.size):
            assert np.array_equal(words.points[words.act(g, x)][moved], words.points[x])
    assert [len(orbit) for orbit in words.orbits()] == [1, 4, 6, 4, 1]


def test_cosets_are_those_of_the_subgroup() -> None:
    S4 = FiniteGroup.symmetric(4)
    cosets = GSet.cosets(S4, [S4.find([1, 2, 0, 3]), S4.find([1, 0, 2, 3])])  # of the stabiliser of 3
    assert cosets.size == 4
    assert np.array_equal(cosets.character, GSet.natural(S4).character)
    assert GSet.cosets(S4, np.zeros(0, int)).size == 24
    assert GSet.cosets(S4, []).size == 24


def test_orbits_of_pairs() -> None:
    X = GSet.natural(FiniteGroup.symmetric(4))
    subsets = GSet.subsets(X, 2)
    labels = pair_orbits(subsets, X)
    members = (subsets.points[:, :, None] == np.arange(4)).any(axis=1)
    assert np.array_equal(labels, np.where(members, 0, 1))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda G: GSet(G, [[1, 0], [1, 0]]),
            ValueError,
            "images are no action: element . after element . takes point",
        ),
        (
            lambda G: GSet(G, [[1, 0]]),
            ValueError,
            r"images has shape \(1, 2\); \(2, points\), a row for each generator",
        ),
        (lambda G: GSet(3, [[0]]), TypeError, "group was int; a kousei.equivariant.FiniteGroup is accepted"),
        (lambda G: GSet.subsets(GSet.natural(G), 4), ValueError, "k was 4; 1 to 3 is accepted"),
        (lambda G: GSet.words(GSet.natural(G), 10**4), MemoryError, "words of 3 of 10000 letters takes"),
        (
            lambda G: GSet.words(GSet.trivial(G, 40), 10),
            SizeError,
            "words of 40 of 10 letters, .* is not representable",
        ),
        (lambda G: GSet.tuples(GSet.trivial(G, 40), 8), MemoryError, "tuples of 8 of 40 points takes"),
        (lambda G: GSet.functions(GSet.natural(G), [[0, 1, 2]]), ValueError, "generator 0 takes function 0 to none"),
        (lambda G: GSet.functions(GSet.natural(G), [[1] * 3] * 2), ValueError, "rows has function 0 twice, as 1 too"),
        (
            lambda G: GSet.product(GSet.natural(G), GSet.natural(FiniteGroup.cyclic(2))),
            ValueError,
            "Y is of .* one group",
        ),
        (lambda G: GSet.natural(G).act(0, 3), ValueError, "x has 3; 0 to 2 are accepted"),
        (lambda G: GSet.natural(G).act([0, 1], [0, 1, 2]), ValueError, r"g has shape \(2,\) and x has shape \(3,\)"),
        (lambda G: GSet.natural(G).is_same(G), TypeError, "other was FiniteGroup; a kousei.equivariant.GSet"),
        (lambda G: GSet.cosets(G, [6]), ValueError, "subgroup has 6; 0 to 5 are accepted"),
        (lambda G: GSet.trivial(G, 10**12), MemoryError, "1000000000000 points takes"),
        (lambda G: pair_orbits(GSet.natural(G), 3), TypeError, "Xi was int; a kousei.equivariant.GSet"),
        (
            lambda G: pair_orbits(GSet.natural(G), GSet.natural(FiniteGroup.cyclic(2))),
            ValueError,
            "Xi is of .* and X of .* one group",
        ),
    ],
)
def test_what_is_no_action_is_refused(make: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make(FiniteGroup.symmetric(3))  # type: ignore[operator]


def test_representations(group: FiniteGroup) -> None:
    X = GSet.natural(group)
    H = Representation.of_set(X)
    assert np.array_equal(H.character, X.character)
    for g in range(group.order):
        f = np.arange(X.size) ** 2.0
        assert np.array_equal((H.matrix(g) @ f)[X.act(g, np.arange(X.size))], f)
    assert np.array_equal(Representation.trivial(group, 2).character, np.full(len(group.conjugacy_classes), 2.0))


@pytest.mark.parametrize("n", [3, 4, 5, 6, 50])
def test_the_plane_of_a_dihedral_group(n: int) -> None:
    group = FiniteGroup.dihedral(n)
    H = Representation.dihedral(group)
    corners = np.stack([np.cos(2 * np.pi * np.arange(n) / n), np.sin(2 * np.pi * np.arange(n) / n)])
    for g in range(group.order):
        assert np.allclose(H.matrix(g) @ corners, corners[:, group.permutations[g]], atol=1e-13)
    assert H.is_exact == (n == 4)


@pytest.mark.parametrize(
    ("matrices", "message"),
    [
        ([[[2.0]]], r"matrices\[0\] is not unitary: M M\^H is not the identity, by 3"),
        ([[[1j]]], "matrices are no representation: of elements 1 and 2 and their product 0 they differ by 1.41"),
        ([[[np.nan]]], "matrices has NaN"),
        ([[1.0]], r"matrices has shape \(1, 1\); \(1, dim, dim\) is accepted"),
    ],
)
def test_what_is_no_representation_is_refused(matrices: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Representation(FiniteGroup.cyclic(3), matrices)


def test_bad_arguments_of_representations() -> None:
    group = FiniteGroup.symmetric(4)
    with pytest.raises(MemoryError, match="2 matrices of 1000000 x 1000000 takes"):
        Representation.trivial(group, 10**6)
    with pytest.raises(TypeError, match="other was int; a kousei.equivariant.Representation is accepted"):
        Representation.trivial(group).is_same(3)  # type: ignore[arg-type]
    for other in (group, FiniteGroup.cyclic(4), FiniteGroup.symmetric(3)):
        with pytest.raises(
            ValueError, match=r"group was FiniteGroup\(order .*; one of FiniteGroup.dihedral is accepted"
        ):
            Representation.dihedral(other)


def test_complex_representation() -> None:
    H = Representation(FiniteGroup.cyclic(64), [[[np.exp(2j * np.pi / 64)]]])
    assert np.allclose(H.character, np.exp(2j * np.pi * np.arange(64) / 64), atol=1e-13)
