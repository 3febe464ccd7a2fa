"""Isotypic components and certificates, against the commutant by brute force."""

from typing import Any

import numpy as np
import pytest

from kousei.equivariant import FiniteGroup, GSet, JointEquivariantFeature, Representation, isotypic
from support import GROUPS


def matrices(X: GSet, H: Representation | None) -> list[np.ndarray]:
    """Those of all elements on functions from X to H."""
    found = []
    for g in range(X.group.order):
        permutation = np.zeros((X.size, X.size))
        permutation[X.act(g, np.arange(X.size)), np.arange(X.size)] = 1
        found.append(np.kron(permutation, np.eye(1) if H is None else H.matrix(g)))
    return found


def commutant_dimension(pi: list[np.ndarray], generators: np.ndarray) -> int:
    """Of the matrices A with A pi = pi A: how many singular values of these equations are 0."""
    unit = np.eye(len(pi[0]))
    equations = [np.kron(pi[g], unit) - np.kron(unit, pi[g].T) for g in generators]
    squares = np.linalg.eigvalsh(sum(equation.conj().T @ equation for equation in equations))
    return int(np.count_nonzero(squares < 1e-8))


def isotypic_spaces(pi: list[np.ndarray], classes: Any) -> list[np.ndarray]:
    """Eigenspaces of a random element of the centre of the group's algebra: sums over conjugacy classes."""
    rng = np.random.default_rng(5)
    center = sum(complex(*rng.standard_normal(2)) * sum(pi[g] for g in members) for members in classes)
    values, vectors = np.linalg.eigh(center + center.conj().T)
    starts = np.flatnonzero(np.diff(values, prepend=-np.inf) > 1e-7 * np.abs(values).max())
    return np.split(vectors, starts[1:], axis=1)


def sets_of(group: FiniteGroup) -> list[tuple[GSet, Representation | None]]:
    natural = GSet.natural(group)
    pairs: list[tuple[GSet, Representation | None]] = [(natural, None)]
    if group.order <= 24:
        pairs.append((GSet.regular(group), None))
    if 3 <= group.degree <= 4:
        pairs += [(GSet.tuples(natural, 2), None), (natural, Representation.of_set(natural))]
    return pairs


@pytest.mark.parametrize("name", GROUPS)
def test_certificates_against_brute_force(name: str, rng: np.random.Generator) -> None:
    group = GROUPS[name]()
    for X, H in sets_of(group):
        Xi = GSet.regular(group)
        shape = (X.size, Xi.size) if H is None else (X.size, Xi.size, H.dim)
        phi, psi = (JointEquivariantFeature.average(seed, X, Xi, H) for seed in rng.standard_normal((2, *shape)))
        T, pi = phi.frame_operator(psi), matrices(X, H)
        spaces = isotypic_spaces(pi, group.conjugacy_classes)
        dimension = commutant_dimension(pi, group.generators)
        scale = np.linalg.norm(T, 2)

        certificate = phi.certify(psi, scalars="complex")
        parts = [each.component for each in certificate.components]
        assert len(parts) == len(spaces)
        assert sum(part.multiplicity**2 for part in parts) == dimension
        for each in certificate.components:
            part = each.component
            basis = part.basis.reshape(len(T), -1)
            # One of the spaces is this one, and T has these singular values on it.
            space = max(spaces, key=lambda space: np.linalg.norm(space.conj().T @ basis))
            assert space.shape == basis.shape
            assert np.abs(space @ space.conj().T @ basis - basis).max() < 1e-12
            singular = np.linalg.svd(space.conj().T @ T @ space, compute_uv=False)
            assert np.allclose(np.repeat(each.singular_values, part.dimension), singular, rtol=0, atol=1e-13 * scale)
            assert each.lost == np.count_nonzero(singular < 1e-10 * scale) // part.dimension
            for chi, members in zip(part.character, group.conjugacy_classes, strict=True):
                trace = np.trace(space.conj().T @ pi[members[0]] @ space) / part.multiplicity
                assert chi == pytest.approx(trace, abs=1e-11)
        assert certificate.is_universal == (np.linalg.matrix_rank(T, tol=1e-10 * scale) == len(T))

        real = phi.certify(psi, scalars="real")
        pieces = [(each, each.component) for each in real.components]
        assert sum(part.basis[0].size for _, part in pieces) == len(T)
        norms = [part.multiplicity**2 * round(norm_of(part)) for _, part in pieces]
        assert sum(norms) == dimension
        for each, part in pieces:
            basis = part.basis.reshape(len(T), -1)
            assert basis.dtype == np.float64
            singular = np.linalg.svd(basis.T @ T @ basis, compute_uv=False)
            times = basis.shape[1] // len(each.singular_values)
            assert np.allclose(np.repeat(each.singular_values, times), singular, rtol=0, atol=1e-13 * scale)


def norm_of(part: Any) -> float:
    sizes = np.array([len(members) for members in part.group.conjugacy_classes])
    return float((sizes * np.abs(part.character) ** 2).sum() / part.group.order)


@pytest.mark.parametrize("scalars", ["complex", "real"])
@pytest.mark.parametrize("name", GROUPS)
def test_copies_are_acted_on_alike(name: str, scalars: Any) -> None:
    group = GROUPS[name]()
    for X, H in sets_of(group):
        generators = [matrices(X, H)[g] for g in group.generators]
        parts = isotypic(X, H, scalars)
        flat = np.concatenate([part.basis.reshape(len(generators[0]), -1) for part in parts], axis=1)
        assert np.abs(flat.conj().T @ flat - np.eye(len(flat))).max() < 1e-12
        for part in parts:
            for basis in (part.basis, part.split):
                for pi in generators:
                    image = np.einsum("mn,nid->mid", pi, basis)
                    action = np.einsum("nd,ne->de", basis[:, 0].conj(), image[:, 0])
                    assert np.abs(image - np.einsum("nid,de->nie", basis, action)).max() < 1e-9


@pytest.mark.parametrize(
    ("X", "parts"),
    [
        (GSet.subsets(GSet.natural(FiniteGroup.symmetric(4)), 2), [(1, 1), (2, 1), (3, 1)]),
        (GSet.tuples(GSet.natural(FiniteGroup.symmetric(4)), 2), [(1, 1), (2, 1), (3, 2), (3, 1)]),
        (GSet.natural(FiniteGroup.affine(7)), [(1, 1), (6, 1)]),
        (GSet.subsets(GSet.natural(FiniteGroup.symmetric(8)), 4), [(1, 1), (7, 1), (14, 1), (20, 1), (28, 1)]),
        (GSet.natural(FiniteGroup.dihedral(6)), [(1, 1), (1, 1), (2, 1), (2, 1)]),
    ],
)
def test_known_decompositions(X: GSet, parts: list[tuple[int, int]]) -> None:
    for scalars in ("complex", "real"):
        assert [(part.dimension, part.multiplicity) for part in isotypic(X, scalars=scalars)] == parts


def test_names() -> None:
    names = [part.name for part in isotypic(GSet.regular(FiniteGroup.symmetric(3)))]
    assert names == ["trivial", "sign", "2-dimensional (2, -1, 0)"]
    circle = GSet.natural(FiniteGroup.cyclic(5))
    assert next(part.name for part in isotypic(circle, scalars="real")) == "trivial"
    assert "1-dimensional (1, 0.309+0.951i, -0.809+0.588i, -0.809-0.588i, 0.309-0.951i)" in [
        part.name for part in isotypic(circle)
    ]


def test_a_large_abelian_group_has_its_fourier_transform(rng: np.random.Generator) -> None:
    n = 24
    X = GSet.regular(FiniteGroup.product(FiniteGroup.cyclic(n), FiniteGroup.cyclic(n)))
    phi = JointEquivariantFeature.average(rng.standard_normal((n * n, n * n)), X, X)
    certificate = phi.certify(scalars="complex")
    assert len(certificate.components) == n * n
    symbol = np.abs(np.fft.fft2(phi.frame_operator()[:, 0].reshape(n, n)))
    found = np.sort([each.smallest for each in certificate.components])
    assert np.allclose(found, np.sort(symbol.reshape(-1)), rtol=0, atol=1e-13 * symbol.max())


def test_abelian_groups_by_characters_and_by_the_commutant() -> None:
    group = FiniteGroup.product(FiniteGroup.cyclic(6), FiniteGroup.cyclic(4))
    X = GSet.cosets(group, [group.multiply(group.power(group.generators[0], 3), group.power(group.generators[1], 2))])
    both = GSet.product(X, GSet.trivial(group, 2))
    exact = isotypic(both)
    general = isotypic(both, Representation.trivial(group))
    assert sorted(part.name for part in exact) == sorted(part.name for part in general)
    assert {part.multiplicity for part in exact} == {2}


def test_scalars_of_complex_matrices() -> None:
    group = FiniteGroup.cyclic(3)
    turn = Representation(group, [[[np.exp(2j * np.pi / 3)]]])
    with pytest.raises(ValueError, match="scalars was 'real' and H has complex matrices"):
        isotypic(GSet.natural(group), turn, "real")
    assert [part.dimension for part in isotypic(GSet.natural(group), turn)] == [1, 1, 1]
