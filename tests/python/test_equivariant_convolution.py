"""Convolution over groups: its symbol, dual filters, and features lifted to functions on the group."""

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import special

from kousei.equivariant import Convolution, FiniteGroup, GSet, Representation, lift
from support import Library


def grid(*sizes: int) -> FiniteGroup:
    return FiniteGroup.product(*map(FiniteGroup.cyclic, sizes))


def quaternions() -> FiniteGroup:
    return FiniteGroup([[1, 2, 3, 0, 5, 6, 7, 4], [4, 7, 6, 5, 2, 1, 0, 3]])


ABELIAN = {
    "Z_7": FiniteGroup.cyclic(7),
    "Z_1": FiniteGroup.cyclic(1),
    "Z_5 x Z_5": grid(5, 5),
    "Z_2 x Z_3 x Z_4": grid(2, 3, 4),
    # Of more generators than axes, and in another order than that of coordinates.
    "Z_6 by two": FiniteGroup([[1, 0, 2, 3, 4], [0, 1, 3, 4, 2], [1, 0, 3, 4, 2]]),
    "Z_2 x Z_4, of a table": FiniteGroup.from_table(
        [[4 * ((g // 4 + h // 4) % 2) + (g + h) % 4 for h in range(8)] for g in range(8)]
    ),
}
OTHERS = {
    "D_5": FiniteGroup.dihedral(5),
    "S_4": FiniteGroup.symmetric(4),
    "quaternions": quaternions(),
    "Aff(F_5)": FiniteGroup.affine(5),
}


@pytest.fixture(params=ABELIAN | OTHERS)
def group(request: pytest.FixtureRequest) -> FiniteGroup:
    return (ABELIAN | OTHERS)[request.param]


def convolved(group: FiniteGroup, gamma: np.ndarray, a: np.ndarray) -> np.ndarray:
    """The sum over t of gamma(t) a(t^-1 x), by its definition."""
    t = np.arange(group.order)
    return np.array([(gamma * a[group.multiply(group.inverse(t), x)]).sum() for x in t])


@pytest.mark.parametrize("kind", ["real", "complex"])
def test_sums_by_definition(group: FiniteGroup, rng: np.random.Generator, kind: str) -> None:
    def numbers(*shape: int) -> Any:
        values = rng.standard_normal(shape)
        return values if kind == "real" else values + 1j * rng.standard_normal(shape)

    a, f, gamma = numbers(3, group.order), numbers(group.order), numbers(2, 3, group.order)
    conv = Convolution(group, a)

    network = conv.network(gamma)
    wanted = [sum(convolved(group, g, filt) for g, filt in zip(each, a, strict=True)) for each in gamma]
    np.testing.assert_allclose(network, wanted, atol=1e-13)
    assert network.dtype == np.asarray(wanted).dtype

    elements = np.arange(group.order)
    values = a[:, group.multiply(group.inverse(elements)[:, None], elements)]  # k, t, x
    np.testing.assert_allclose(conv.ridgelet(f), values.conj() @ f, atol=1e-13)
    # Adjoints of each other.
    assert abs(np.vdot(f, network[0]) - np.vdot(conv.ridgelet(f), gamma[0])) < 1e-12 * np.linalg.norm(gamma)


def test_is_equivariant(group: FiniteGroup, rng: np.random.Generator) -> None:
    conv = Convolution(group, rng.standard_normal((2, group.order)))
    f, gamma = rng.standard_normal(group.order), rng.standard_normal((2, group.order))
    for g in group.generators:
        back = group.multiply(group.inverse(g), np.arange(group.order))
        np.testing.assert_allclose(conv.ridgelet(f[back]), conv.ridgelet(f)[:, back], atol=1e-13)
        np.testing.assert_allclose(conv.network(gamma[:, back]), conv.network(gamma)[back], atol=1e-13)


def test_is_its_feature(group: FiniteGroup, rng: np.random.Generator) -> None:
    conv = Convolution(group, rng.standard_normal((2, group.order)))
    f = rng.standard_normal((3, group.order))
    np.testing.assert_allclose(conv.feature.ridgelet(f), conv.ridgelet(f).reshape(3, -1), atol=1e-13)
    singular = np.sort(np.linalg.svd(conv.feature.values, compute_uv=False))
    np.testing.assert_allclose(np.sort(conv.singular_values.ravel()), singular, atol=1e-13)
    np.testing.assert_allclose(conv.dual().ridgelet(f).reshape(3, -1), conv.feature.dual(f), atol=1e-12)


def test_dual_filters_invert(group: FiniteGroup, rng: np.random.Generator) -> None:
    for count in (1, 3):
        conv = Convolution(group, rng.standard_normal((count, group.order)))
        dual, f = conv.dual(), rng.standard_normal(group.order)
        tolerance = 1e-14 * np.linalg.cond(conv.feature.values) ** 2 * group.order
        assert np.abs(conv.network(dual.ridgelet(f)) - f).max() < tolerance
        assert np.abs(dual.network(conv.ridgelet(f)) - f).max() < tolerance
        np.testing.assert_allclose(dual.dual().filters, conv.filters, atol=100 * tolerance)


@pytest.mark.parametrize("sizes", [(9,), (4, 4), (3, 5), (2, 3, 4)], ids=str)
def test_symbol_is_the_dft(rng: np.random.Generator, sizes: tuple[int, ...]) -> None:
    a = rng.standard_normal((2, np.prod(sizes)))
    conv = Convolution(grid(*sizes), a)
    assert conv.shape == sizes
    transform = np.fft.fftn(a.reshape(2, *sizes), axes=range(1, 1 + len(sizes)))
    np.testing.assert_allclose(conv.symbol, transform, atol=1e-13)
    # T has its eigenvalues, in the order of frequencies: T is circulant.
    T = conv.feature.frame_operator()
    of_T = np.fft.fftn(T[:, 0].reshape(sizes))
    np.testing.assert_allclose(of_T, (np.abs(transform) ** 2).sum(axis=0), atol=1e-12)
    np.testing.assert_allclose(np.sort(np.linalg.eigvalsh(T)), np.sort(of_T.real.ravel()), atol=1e-12)


@pytest.mark.parametrize("name", ABELIAN)
def test_symbol_in_the_coordinates_of_axes(rng: np.random.Generator, name: str) -> None:
    group = ABELIAN[name]
    a = rng.standard_normal((1, group.order))
    conv = Convolution(group, a)
    wanted = np.zeros(conv.shape, complex)
    reached = []
    for powers in itertools.product(*map(range, conv.shape)):
        g = 0
        for axis, power in zip(conv.axes, powers, strict=True):
            g = group.multiply(g, group.power(axis, power))
        reached.append(g)
        for k in itertools.product(*map(range, conv.shape)):
            turns = sum(kj * e / n for kj, e, n in zip(k, powers, conv.shape, strict=True))
            wanted[k] += a[0, g] * np.exp(-2j * np.pi * turns)
    assert sorted(reached) == list(range(group.order))
    np.testing.assert_allclose(conv.symbol[0], wanted, atol=1e-13)


def test_lost_frequencies_are_named() -> None:
    # The mean of two neighbours on a circle of 6 has no alternating part.
    conv = Convolution(FiniteGroup.cyclic(6), [[0.5, 0.5, 0, 0, 0, 0]])
    assert conv.lost.tolist() == [[3]]
    np.testing.assert_allclose(conv.singular_values, np.abs(np.cos(np.pi * np.arange(6) / 6)), atol=1e-15)
    f = np.array([1.0, 2.0, 0.0, -1.0, 4.0, 0.5])
    with pytest.warns(UserWarning, match=r"1 frequencies of 6 are lost: \(3,\)"):
        dual = conv.dual()
    alternating = (-1.0) ** np.arange(6)
    np.testing.assert_allclose(conv.network(dual.ridgelet(f)), f - alternating * (alternating @ f) / 6, atol=1e-14)


def test_lost_dimensions_are_counted() -> None:
    # A filter that is constant has all but the mean lost.
    group = FiniteGroup.symmetric(3)
    conv = Convolution(group, np.ones((1, 6)))
    with pytest.warns(UserWarning, match="5 dimensions of 6 are lost"):
        dual = conv.dual()
    f = np.arange(6.0)
    np.testing.assert_allclose(conv.network(dual.ridgelet(f)), np.full(6, 2.5), atol=1e-14)


@pytest.mark.parametrize("name", ["Z_5 x Z_5", "Z_6 by two", "D_5"])
@pytest.mark.parametrize("filters", ["float64", "complex128"])
@pytest.mark.parametrize("given", ["float32", "float64", "complex64", "complex128"])
def test_libraries_and_precisions(library: Library, name: str, filters: str, given: str) -> None:
    group, rng = (ABELIAN | OTHERS)[name], np.random.default_rng(3)

    def numbers(dtype: str, *shape: int) -> np.ndarray:
        values = rng.standard_normal(shape)
        return (values + 1j * rng.standard_normal(shape) if "complex" in dtype else values).astype(dtype)

    conv = Convolution(group, numbers(filters, 2, group.order))
    wanted = given if filters == "float64" else {"float32": "complex64", "float64": "complex128"}.get(given, given)
    for f in (numbers(given, 0, 2, group.order), numbers(given, 3, 1, group.order)):
        result = conv.ridgelet(library.asarray(f))
        assert str(result.dtype).endswith(wanted)
        assert tuple(result.shape) == (*f.shape[:2], 2, group.order)
        back = conv.network(result)
        assert type(back) is type(library.asarray(f))
        exact = conv.network(conv.ridgelet(f.astype("complex128")))
        np.testing.assert_allclose(library.numpy(back), exact, atol=2000 * np.finfo(given).eps)


def test_lifted_is_the_layer_of_a_convolutional_network(rng: np.random.Generator) -> None:
    # Words as functions on Z_5, and on S_3 by its three points.
    group = FiniteGroup.cyclic(5)
    X = GSet.words(GSet.natural(group), 2)
    a, b = rng.standard_normal((3, 5)), rng.standard_normal(3)
    phi = lift(np.tanh(X.points @ a.T - b), X)
    layer = np.tanh(Convolution(group, a).ridgelet(X.points.astype(float)) - b[:, None])
    np.testing.assert_allclose(phi.values, layer, atol=1e-14)


@pytest.mark.parametrize("vector", [False, True])
def test_lifted_networks_are_equivariant_maps(rng: np.random.Generator, vector: bool) -> None:
    group = FiniteGroup.dihedral(4)
    X, H = GSet.natural(group), Representation.dihedral(group)
    phi = lift(rng.standard_normal((4, 6, 2)), X, H) if vector else lift(rng.standard_normal((4, 6)), X)
    assert phi.check() < 1e-14
    f = phi.network(rng.standard_normal(6)).reshape(4, 8, -1)
    for g in group.generators:
        h = np.arange(8)
        moved = f[X.act(g, np.arange(4))][:, group.multiply(g, h)]
        np.testing.assert_allclose(moved, f @ H.matrix(g).T if vector else f, atol=1e-13)
    # Value at the identity: the function itself.
    T = phi.frame_operator()
    for g in group.generators:
        rep = np.kron(np.eye(4)[:, X.act(g, np.arange(4))], phi.H.matrix(g))
        assert np.abs(T @ rep - rep @ T).max() < 1e-13 * np.abs(T).max()


def test_value_at_the_identity_is_what_was_lifted(rng: np.random.Generator) -> None:
    group = FiniteGroup.symmetric(4)
    X, values = GSet.subsets(GSet.natural(group), 2), rng.standard_normal((6, 3))
    assert np.array_equal(lift(values, X).values[..., 0], values)


def test_circle_converges_spectrally() -> None:
    """Functions on SO(2) by those on Z_n: the symbol of e^(kappa cos) is 2 pi I_k(kappa), its error an alias."""
    kappa, k = 2.0, np.arange(4)
    exact = 2 * np.pi * special.iv(k, kappa)
    errors = []
    for n in (8, 12, 16, 24):
        a = np.exp(kappa * np.cos(2 * np.pi * np.arange(n) / n)) * 2 * np.pi / n
        symbol = Convolution(FiniteGroup.cyclic(n), a[None]).symbol[0, k].real
        aliases = 2 * np.pi * sum(special.iv(k + m * n, kappa) for m in (-2, -1, 1, 2))
        np.testing.assert_allclose(symbol - exact, aliases, atol=1e-14)
        errors.append(np.abs(symbol - exact).max())
    assert errors[1] < 1e-2 * errors[0] < 1e-2
    assert errors[3] < 1e-14


@pytest.mark.parametrize("group", [FiniteGroup.cyclic(6), FiniteGroup.symmetric(3)], ids=str)
def test_dual_filters_of_any_scale(group: FiniteGroup, rng: np.random.Generator) -> None:
    filters = rng.standard_normal((2, 6))
    expected = Convolution(group, filters).dual().filters
    for scale in (2.0**600, 2.0**-600):
        np.testing.assert_allclose(scale * Convolution(group, scale * filters).dual().filters, expected, rtol=1e-11)


def test_bad_input() -> None:
    group = FiniteGroup.cyclic(4)
    with pytest.raises(TypeError, match=r"group was int; a kousei\.equivariant\.FiniteGroup is accepted"):
        Convolution(4, np.zeros((1, 4)))  # type: ignore[arg-type]
    for shape in ((4,), (1, 5), (0, 4)):
        with pytest.raises(ValueError, match=r"filters has shape .*; \(filters, 4\) is accepted"):
            Convolution(group, np.zeros(shape))
    with pytest.raises(ValueError, match="filters has NaN or infinite values"):
        Convolution(group, [[np.nan, 0, 0, 0]])
    with pytest.raises(TypeError, match="filters has dtype"):
        Convolution(group, [["a", "b", "c", "d"]])
    conv = Convolution(group, np.ones((2, 4)))
    with pytest.raises(ValueError, match=r"gamma has shape \(4,\); \(\.\.\., 2, 4\) is accepted"):
        conv.network(np.zeros(4))
    with pytest.raises(TypeError, match="f has dtype int64"):
        conv.ridgelet(np.zeros(4, int))
    with pytest.raises(ValueError, match="f has NaN or infinite values"):
        conv.ridgelet(np.full(4, np.inf))
    other = Convolution(FiniteGroup.symmetric(3), np.ones((1, 6)))
    for name in ("axes", "shape", "symbol", "lost"):
        with pytest.raises(ValueError, match=r"group was FiniteGroup\(order 6, .* not abelian"):
            getattr(other, name)
    X = GSet.natural(group)
    for shape in ((3, 2), (4,), (4, 0), (4, 2, 2)):
        with pytest.raises(ValueError, match=r"phi has shape .*; \(4, parameters\) is accepted"):
            lift(np.zeros(shape), X)
    with pytest.raises(ValueError, match=r"phi has shape \(4, 2, 3\); \(4, parameters, 2\) is accepted"):
        lift(np.zeros((4, 2, 3)), X, Representation.trivial(group, 2))
    with pytest.raises(TypeError, match="X was FiniteGroup"):
        lift(np.zeros((4, 2)), group)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="one group is accepted"):
        lift(np.zeros((4, 2, 1)), X, Representation.trivial(FiniteGroup.cyclic(4)))
    with pytest.raises(MemoryError, match="a feature of 200 filters"):
        _ = Convolution(FiniteGroup.symmetric(8), np.ones((200, 40320))).feature
