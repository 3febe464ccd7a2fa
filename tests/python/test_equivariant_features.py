"""Features that are equivariant jointly: networks, ridgelet transforms and reconstructions."""

from typing import Any

import numpy as np
import pytest

from kousei.equivariant import FiniteGroup, GSet, JointEquivariantFeature, Representation, feature
from support import Library

#: ReLU on F_5, and the ridgelet function that it is less its mean.
RELU = np.maximum(np.arange(5) - 2.0, 0)
CENTERED = RELU - 0.6


def affine(values: Any, X: GSet, Xi: GSet) -> JointEquivariantFeature:
    return JointEquivariantFeature(values[Xi.points.T], X, Xi)


def affine_sets(p: int, nonzero: bool = False) -> tuple[GSet, GSet]:
    a, b, x = np.ogrid[int(nonzero) : p, :p, :p]
    X = GSet.natural(FiniteGroup.affine(p))
    return X, GSet.functions(X, ((a * x - b) % p).reshape(-1, p))


def drawn(
    rng: np.random.Generator, X: GSet, Xi: GSet, H: Representation | None = None, is_complex: bool = False
) -> JointEquivariantFeature:
    shape = (X.size, Xi.size) if H is None else (X.size, Xi.size, H.dim)
    seed = rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if is_complex else 0)
    return JointEquivariantFeature.average(seed, X, Xi, H)


def moved(f: np.ndarray, X: GSet, generator: int, H: Representation | None = None) -> np.ndarray:
    """The function x -> g f(g^-1 x)."""
    result = np.empty_like(f)
    result[X.images[generator]] = f if H is None else f @ H.matrices[generator].T
    return result


def cases(rng: np.random.Generator) -> dict[str, tuple[JointEquivariantFeature, JointEquivariantFeature]]:
    """The examples of finite groups: pairs phi and psi."""
    S4, D4, D6 = FiniteGroup.symmetric(4), FiniteGroup.dihedral(4), FiniteGroup.dihedral(6)
    points = GSet.natural(S4)
    subsets, pairs = GSet.subsets(points, 2), GSet.tuples(points, 2)
    hexagon, square = GSet.natural(D6), GSet.natural(D4)
    torus = GSet.regular(FiniteGroup.product(FiniteGroup.cyclic(4), FiniteGroup.cyclic(4)))
    channels = GSet.product(torus, GSet.trivial(torus.group, 3))
    plane = Representation.dihedral(D4)
    circle = FiniteGroup.cyclic(6)
    turn = Representation(circle, [[[np.exp(1j * np.pi / 3)]]])
    sets: dict[str, tuple[Any, ...]] = {
        "S_4 on subsets": (subsets, pairs),
        "S_4 on ordered pairs": (pairs, GSet.regular(S4)),
        "D_6": (hexagon, hexagon),
        "convolution": (torus, channels),
        "D_4 on vectors": (square, GSet.regular(D4), plane),
        "D_4 on complex vectors": (square, GSet.regular(D4), plane, True),
        "complex representation": (GSet.natural(circle), GSet.regular(circle), turn),
        "binary words": (GSet.words(points, 2), GSet.words(points, 3)),
    }
    line = affine_sets(7)
    found = {name: (drawn(rng, *args), drawn(rng, *args)) for name, args in sets.items()}
    return found | {"Aff(F_7)": (affine(rng.standard_normal(7), *line), affine(rng.standard_normal(7), *line))}


CASES = cases(np.random.default_rng(3))


@pytest.fixture(params=CASES)
def pair(request: pytest.FixtureRequest) -> tuple[JointEquivariantFeature, JointEquivariantFeature]:
    return CASES[request.param]


def test_affine_maps_of_five_points() -> None:
    T = affine(RELU, *affine_sets(5)).frame_operator()
    assert np.array_equal(T, 16 * np.eye(5) + 9)
    assert np.allclose(np.linalg.eigvalsh(T), [16, 16, 16, 16, 61], rtol=0, atol=1e-13)
    T = affine(RELU, *affine_sets(5, nonzero=True)).frame_operator()
    assert np.array_equal(T, 16 * np.eye(5) + 4)
    assert np.allclose(np.linalg.eigvalsh(T), [16, 16, 16, 16, 36], rtol=0, atol=1e-13)


@pytest.mark.parametrize(("nonzero", "defect"), [(False, 0), (True, 16 / 5)])
def test_mean_zero_makes_a_scalar(nonzero: bool, defect: float) -> None:
    sets = affine_sets(5, nonzero)
    T = affine(RELU, *sets).frame_operator(affine(CENTERED, *sets))
    assert np.abs(T - (16 * np.eye(5) - defect)).max() < 1e-14


def test_the_scalar_is_that_of_the_fourier_transforms(rng: np.random.Generator) -> None:
    sets, (g, r) = affine_sets(7), rng.standard_normal((2, 7))
    r -= r.mean()
    c = (np.fft.fft(g) * np.fft.fft(r).conj())[1:].sum().real
    certificate = affine(g, *sets).certify(affine(r, *sets))
    blocks = {each.component.dimension: each.block[0, 0] for each in certificate.components}
    assert blocks[6] == pytest.approx(c, rel=1e-13)


def test_network_and_transform_are_the_sums(pair: Any, rng: np.random.Generator) -> None:
    for phi in pair:
        gamma = rng.standard_normal((2, phi.Xi.size)) + 1j * rng.standard_normal((2, phi.Xi.size))
        f = rng.standard_normal((2, *phi.values.shape[:1], *phi.values.shape[2:])) * (1 + 0.5j)
        letters = "" if phi.H is None else "k"
        network = np.einsum(f"ni,xi{letters}->nx{letters}", gamma, phi.values)
        transform = np.einsum(f"nx{letters},xi{letters}->ni", f, phi.values.conj())
        assert np.allclose(phi.network(gamma), network, rtol=0, atol=1e-13)
        assert np.allclose(phi.ridgelet(f), transform, rtol=0, atol=1e-13)
        assert np.vdot(f, phi.network(gamma)) == pytest.approx(np.vdot(phi.ridgelet(f), gamma), rel=1e-13)


def test_networks_are_equivariant(pair: Any, rng: np.random.Generator) -> None:
    phi, psi = pair
    gamma, f = rng.standard_normal(phi.Xi.size), rng.standard_normal(phi.values.shape[:1] + phi.values.shape[2:])
    T = phi.frame_operator(psi)
    scale = np.abs(T).max()
    size = f.size
    functions = np.eye(size).reshape(size, *f.shape)
    for generator in range(len(phi.X.images)):
        again = phi.network(moved(gamma, phi.Xi, generator))
        assert np.abs(again - moved(phi.network(gamma), phi.X, generator, phi.H)).max() < 1e-13
        if phi.H is None or not np.iscomplexobj(phi.H.matrices):
            again = psi.ridgelet(moved(f, phi.X, generator, phi.H))
            assert np.abs(again - moved(psi.ridgelet(f), phi.Xi, generator)).max() < 1e-13
        pi = np.stack([moved(e.astype(T.dtype), phi.X, generator, phi.H).reshape(-1) for e in functions], axis=1)
        assert np.abs(T @ pi - pi @ T).max() <= 1e-13 * scale


def test_frame_operator_is_the_composition(pair: Any) -> None:
    phi, psi = pair
    T = phi.frame_operator(psi)
    functions = np.eye(len(T)).reshape(len(T), *phi.values.shape[:1], *phi.values.shape[2:])
    columns = phi.network(psi.ridgelet(functions)).reshape(len(T), len(T)).T
    assert np.abs(T - columns).max() < 1e-13 * np.abs(T).max()


def test_large_frame_operators(pair: Any, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> None:
    phi, psi = pair
    T = phi.frame_operator(psi)
    monkeypatch.setattr(feature, "LARGEST_MATRIX", 3)
    operator = phi.frame_operator(psi)
    f, g = rng.standard_normal((2, len(T)))
    assert operator.shape == T.shape
    assert operator.dtype == T.dtype
    assert np.allclose(operator @ f, T @ f, rtol=0, atol=1e-13 * len(T) * np.abs(T).max())
    assert np.vdot(g, operator @ f) == pytest.approx(np.vdot(operator.H @ g, f), rel=1e-11)
    assert np.allclose(operator @ np.eye(len(T))[:, :2], T[:, :2], rtol=0, atol=1e-12 * np.abs(T).max())


def test_reconstruction(pair: Any, rng: np.random.Generator) -> None:
    phi, psi = pair
    if not phi.certify(psi).is_universal:
        pytest.skip("is tested by what is lost")
    f = rng.standard_normal((3, *phi.values.shape[:1], *phi.values.shape[2:]))
    condition = np.linalg.cond(phi.frame_operator(psi))
    assert np.abs(phi.reconstruct(f, psi) - f).max() < 1e-15 * condition + 1e-13
    assert np.abs(phi.reconstruct(f) - f).max() < 1e-15 * np.linalg.cond(phi.frame_operator()) + 1e-13


def test_examples_of_the_theorem_reconstruct_to_rounding(rng: np.random.Generator) -> None:
    sets = affine_sets(5)
    phi, psi = affine(RELU, *sets), affine(CENTERED, *sets)
    f = rng.standard_normal((4, 5))
    assert np.abs(phi.reconstruct(f) - f).max() < 2e-14
    assert np.abs(phi.network(psi.ridgelet(f)) / 16 - f).max() < 2e-14
    assert np.allclose(phi.dual(f, psi), psi.ridgelet(f) / 16, rtol=0, atol=1e-14)


def test_what_is_lost_stays_away(rng: np.random.Generator) -> None:
    X = GSet.natural(FiniteGroup.symmetric(4))
    subsets = GSet.subsets(X, 2)
    phi = JointEquivariantFeature.from_orbits([1.0, -0.5], subsets, X)
    certificate = phi.certify()
    assert not certificate.is_universal
    assert [each.component.dimension for each in certificate.lost] == [2]
    assert "2-dimensional" in str(certificate)
    assert "lost" in str(certificate)
    lost = certificate.lost[0].component.basis.reshape(6, 2)
    f = rng.standard_normal((5, 6))
    assert np.abs(phi.reconstruct(f) - (f - f @ lost @ lost.conj().T)).max() < 1e-13


def test_from_orbits_has_all_invariant_features(rng: np.random.Generator) -> None:
    X = GSet.natural(FiniteGroup.dihedral(6))
    values = rng.standard_normal(4)
    phi = JointEquivariantFeature.from_orbits(values, X, X)
    distance = np.abs(np.subtract.outer(np.arange(6), np.arange(6)))
    assert np.array_equal(phi.values, values[np.minimum(distance, 6 - distance)])
    assert phi.check() == 0
    with pytest.raises(ValueError, match=r"values has shape \(3,\); \(4,\) is accepted"):
        JointEquivariantFeature.from_orbits(values[:3], X, X)


def test_average_is_the_sum_over_the_group(rng: np.random.Generator) -> None:
    D4 = FiniteGroup.dihedral(4)
    X, Xi, H = GSet.natural(D4), GSet.regular(D4), Representation.dihedral(D4)
    seed = rng.standard_normal((4, 8, 2))
    total = np.zeros_like(seed)
    for g in range(8):
        x, xi = X.act(g, np.arange(4)), Xi.act(g, np.arange(8))
        total[np.ix_(x, xi)] += seed @ H.matrix(g).T
    phi = JointEquivariantFeature.average(seed, X, Xi, H)
    assert np.allclose(phi.values, total / 8, rtol=0, atol=1e-15)
    assert np.allclose(JointEquivariantFeature.average(phi.values, X, Xi, H).values, phi.values, rtol=0, atol=1e-15)


def test_callables() -> None:
    X = GSet.natural(FiniteGroup.symmetric(5))
    phi = JointEquivariantFeature(lambda x, xi: (x == xi).astype(int), X, X)
    assert np.array_equal(phi.values, np.eye(5))


def test_what_is_not_equivariant_is_refused() -> None:
    X = GSet.natural(FiniteGroup.cyclic(4))
    values = np.eye(4)
    values[2, 3] = 0.25
    message = (
        r"phi is not equivariant: for g = 1, generator 0, x = 1 and xi = 2, phi\(g x, g xi\) and g phi\(x, xi\) "
        "differ by 0.25; 1.42e-14 is accepted"
    )
    with pytest.raises(ValueError, match=message):
        JointEquivariantFeature(values, X, X)
    values[2, 3] = 1e-15  # rounding
    assert JointEquivariantFeature(values, X, X).check() == 1e-15
    integers = np.eye(4, dtype=int)
    integers[2, 3] = 1
    with pytest.raises(ValueError, match="differ by 1; 0 is accepted"):
        JointEquivariantFeature(integers, X, X)


def test_equivariance_of_vectors_is_checked(rng: np.random.Generator) -> None:
    D4 = FiniteGroup.dihedral(4)
    X, H = GSet.natural(D4), Representation.dihedral(D4)
    with pytest.raises(ValueError, match=r"phi is not equivariant: for g = \d, generator"):
        JointEquivariantFeature(np.ones((4, 4, 2)), X, X, H)
    corners = np.array([[1.0, 0], [0, 1], [-1, 0], [0, -1]])
    assert JointEquivariantFeature(corners[:, None] * np.ones((4, 4, 1)), X, GSet.trivial(D4, 4), H).check() == 0


def test_bad_arguments() -> None:
    X, other = GSet.natural(FiniteGroup.cyclic(3)), GSet.natural(FiniteGroup.cyclic(3))
    phi = JointEquivariantFeature(np.eye(3), X, X)
    for call, error, message in [
        (lambda: JointEquivariantFeature(np.eye(3), X, other), ValueError, "Xi is of .* and X of .*; one group"),
        (
            lambda: JointEquivariantFeature(np.eye(2), X, X),
            ValueError,
            r"phi has shape \(2, 2\); \(3, 3\) is accepted",
        ),
        (lambda: JointEquivariantFeature(np.eye(3) * np.nan, X, X), ValueError, "phi has NaN"),
        (lambda: JointEquivariantFeature(np.eye(3), 3, X), TypeError, "X was int; a kousei.equivariant.GSet"),
        (lambda: JointEquivariantFeature(np.eye(3), X, X, 3), TypeError, "H was int; a kousei.equivariant.Repr"),
        (
            lambda: JointEquivariantFeature.average(np.eye(3), X, 3),
            TypeError,
            "Xi was int; a kousei.equivariant.GSet",
        ),
        (lambda: JointEquivariantFeature.average(np.eye(3), X, X, 3), TypeError, "H was int; a kousei.equivariant.R"),
        (lambda: phi.network(np.zeros(4)), ValueError, r"gamma has shape \(4,\); \(..., 3\) is accepted"),
        (lambda: phi.ridgelet(np.zeros(())), ValueError, r"f has shape \(\); \(..., 3\) is accepted"),
        (lambda: phi.ridgelet(np.zeros(3, int)), TypeError, "f has dtype int64; float32, float64, complex64 and"),
        (lambda: phi.ridgelet([0.0] * 3), TypeError, "f was list"),
        (lambda: phi.dual(np.array([0, np.inf, 1])), ValueError, "f has NaN or infinite"),
        (lambda: phi.frame_operator(3), TypeError, "psi was int; a kousei.equivariant.JointEquivariantFeature"),
        (
            lambda: phi.dual(np.zeros(3), JointEquivariantFeature(np.eye(3), other, other)),
            ValueError,
            "psi has another X than phi; the same .* is accepted",
        ),
        (lambda: phi.certify(scalars="rational"), ValueError, "scalars was 'rational'; 'complex' and 'real'"),
        (
            lambda: JointEquivariantFeature(1j * np.eye(3), X, X).certify(scalars="real"),
            ValueError,
            "scalars was 'real' and a feature is complex",
        ),
    ]:
        with pytest.raises(error, match=message):
            call()


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("batch", [(), (0,), (2, 3)], ids=str)
def test_arrays_of_any_library(library: Library, dtype: str, batch: tuple[int, ...], is_complex: bool) -> None:
    rng = np.random.default_rng(0)
    D4 = FiniteGroup.dihedral(4)
    phi = drawn(rng, GSet.natural(D4), GSet.regular(D4), Representation.dihedral(D4), is_complex)
    gamma, f = rng.standard_normal((*batch, 8)).astype(dtype), rng.standard_normal((*batch, 4, 2)).astype(dtype)
    result_dtype = {"float32": "complex64", "float64": "complex128"}[dtype] if is_complex else dtype
    tolerance = 1e-4 if dtype == "float32" else 1e-12
    for call, values in ((phi.network, gamma), (phi.ridgelet, f), (phi.dual, f), (phi.reconstruct, f)):
        given = library.asarray(values)
        result = call(given)
        assert type(result) is type(given)
        assert str(result.dtype).endswith(result_dtype)
        expected = call(values.astype("float64"))
        assert tuple(result.shape) == expected.shape
        assert np.allclose(library.numpy(result), expected, rtol=0, atol=tolerance)


def test_complex_arrays(library: Library, dtype: str) -> None:
    rng = np.random.default_rng(0)
    X = GSet.natural(FiniteGroup.cyclic(5))
    result_dtype = {"float32": "complex64", "float64": "complex128"}[dtype]
    f = (rng.standard_normal((2, 5)) + 1j * rng.standard_normal((2, 5))).astype(result_dtype)
    for phi in (drawn(rng, X, X), drawn(rng, X, X, is_complex=True)):
        result = phi.ridgelet(library.asarray(f))
        assert str(result.dtype).endswith(result_dtype)
        assert np.allclose(library.numpy(result), f @ phi.values.conj(), atol=1e-5, rtol=0)
