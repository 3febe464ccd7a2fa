"""Features of several layers: fully connected over a finite field, deep sets, quadratic ones, vectors as outputs."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kousei import MLP, SizeError
from kousei.equivariant import FiniteGroup, GSet, JointEquivariantFeature, Layer, Representation, polynomials


def first_layer(X: GSet, Xi: GSet, values: np.ndarray) -> JointEquivariantFeature:
    """Units with any function Z_p -> R as activation."""
    points = Xi.points.swapaxes(0, 1)
    return JointEquivariantFeature(values[points], X, Xi, Representation.trivial(X.group, points.shape[2]))


def fully_connected(
    X: GSet, Xi: GSet, draws: int, layers: int, rng: np.random.Generator, p: int
) -> JointEquivariantFeature:
    """Layers after the first one by arbitrary real weights: ReLU, and tanh in the last."""
    phi = first_layer(X, Xi, np.tanh(2 * rng.standard_normal(p)))
    units = phi.H.dim
    for _ in range(layers - 2):
        W, c = rng.standard_normal((draws, units, units)), rng.standard_normal((draws, units))
        relu = relu_of(W, c)
        phi = phi >> Layer(relu, GSet.trivial(X.group, draws), phi.H)
        draws = 1
    w, c = rng.standard_normal((draws, units)), rng.standard_normal(draws)
    return phi >> Layer(lambda h, draw: np.tanh((h * w[draw]).sum(axis=-1) + c[draw]), GSet.trivial(X.group, draws))


def relu_of(W: np.ndarray, c: np.ndarray) -> Callable[[Any, Any], Any]:
    return lambda h, draw: np.maximum((W[draw] @ h[..., None])[..., 0] + c[draw], 0)


@pytest.mark.parametrize(
    ("p", "dim", "units", "draws", "depth"), [(5, 1, 2, 8, 3), (5, 1, 3, 4, 4), (3, 2, 2, 6, 3), (7, 1, 2, 8, 5)]
)
def test_fully_connected(rng: np.random.Generator, p: int, dim: int, units: int, draws: int, depth: int) -> None:
    X = GSet.natural(FiniteGroup.affine(p, dim))
    Xi = polynomials(X, 1, units)
    assert Xi.size == p ** (units * (dim + 1))
    phi, psi = (fully_connected(X, Xi, draws, depth, rng, p) for _ in range(2))
    assert phi.Xi.size == Xi.size * draws

    # Affine maps act doubly transitively, so functions are constants and one irreducible representation.
    n = X.size
    T = phi.frame_operator(psi)
    P0 = np.ones((n, n)) / n
    P1 = np.eye(n) - P0
    c0, c1 = np.trace(P0 @ T), np.trace(P1 @ T) / (n - 1)
    assert np.linalg.norm(T - c0 * P0 - c1 * P1) <= 1e-13 * np.linalg.norm(T)
    # The same without the symmetry that frame_operator knows of.
    np.testing.assert_allclose(phi.values @ psi.values.T, T, atol=1e-10 * np.abs(T).max())

    f = rng.standard_normal(n)
    again = phi.network(psi.ridgelet(f))
    assert np.abs(P0 @ again / c0 + P1 @ again / c1 - f).max() <= 1e-10
    assert np.abs(phi.reconstruct(f) - f).max() <= 1e-10
    assert np.abs(phi.reconstruct(f, psi) - f).max() <= 1e-10


def test_networks_of_kousei_as_later_layers(rng: np.random.Generator) -> None:
    X = GSet.natural(FiniteGroup.affine(3))
    hidden = first_layer(X, polynomials(X, 1, 2), rng.standard_normal(3))
    nets = [MLP.random([2, 4, 3, 1], "tanh", rng=seed) for seed in range(5)]
    later = Layer(lambda h, net: np.stack([each(h[:, 0]) for each in nets], axis=1), GSet.trivial(X.group, 5))
    phi = hidden >> later
    xi, net = 44, 3
    np.testing.assert_allclose(phi.values[:, xi * 5 + net], nets[net](hidden.values[:, xi]), rtol=1e-14)
    f = np.array([1.0, -2.0, 0.5])
    assert np.abs(phi.reconstruct(f) - f).max() <= 1e-12


def deep_set(scale: float, rng: np.random.Generator) -> JointEquivariantFeature:
    """Sets of four members at most, two equivariant layers, the parameters of both in orbits of S_4."""
    places = GSet.natural(FiniteGroup.symmetric(4))
    group = places.group
    X, Xi = GSet.words(places, 2), GSet.regular(group)
    back = group.permutations[group.inverse(np.arange(24))]
    A, W = rng.standard_normal(4)[back], rng.standard_normal(4)[back]
    x = X.points[:, None]
    first = JointEquivariantFeature(
        np.tanh(1.5 * A * x + 0.3 * x.sum(axis=-1, keepdims=True) - 0.2), X, Xi, Representation.of_set(places)
    )
    return first >> Layer(lambda h, w: np.tanh(scale * (h * W[w]).sum(axis=-1)), Xi)


def test_deep_set(rng: np.random.Generator) -> None:
    phi = deep_set(1.0, np.random.default_rng(5))
    psi = deep_set(2.0, np.random.default_rng(5))
    psi = JointEquivariantFeature(psi.values, phi.X, phi.Xi)
    assert (phi.X.size, phi.Xi.size) == (16, 576)
    T = phi.frame_operator(psi)
    for moved in phi.X.images:
        assert np.abs(T[np.ix_(moved, moved)] - T).max() <= 1e-13 * np.abs(T).max()
    assert np.linalg.matrix_rank(T) == 16
    f = rng.standard_normal(16)
    assert np.abs(phi.reconstruct(f, psi) - f).max() <= 1e-10


def test_parameters_are_pairs(rng: np.random.Generator) -> None:
    phi = deep_set(1.0, rng)
    for generator, moved in enumerate(phi.Xi.images):
        first, second = np.divmod(np.arange(phi.Xi.size), 24)
        g = phi.X.group.left[generator]
        assert np.array_equal(moved, g[first] * 24 + g[second])


@pytest.mark.parametrize(("p", "dim"), [(5, 1), (3, 2)])
def test_quadratic_features(rng: np.random.Generator, p: int, dim: int) -> None:
    X = GSet.natural(FiniteGroup.affine(p, dim))
    Xi = polynomials(X, 2)
    assert Xi.size == p ** ((dim + 1) * (dim + 2) // 2)
    # Quadrics contain the affine functions.
    affine = {tuple(h) for h in polynomials(X, 1).points[..., 0].tolist()}
    assert affine < {tuple(h) for h in Xi.points[..., 0].tolist()}
    phi = JointEquivariantFeature(rng.standard_normal(p)[Xi.points[..., 0].T], X, Xi)
    f = rng.standard_normal(X.size)
    assert np.abs(phi.reconstruct(f) - f).max() <= 1e-12


def test_polynomials_are_numbered_as_spectra(rng: np.random.Generator) -> None:
    # a.x - b at [a_1, a_2, b]; the golden numbers over Z_5^2 of f = (i^2 + 3j + ij) mod 5.
    X = GSet.natural(FiniteGroup.affine(5, 2))
    Xi = polynomials(X, 1)
    i, j = np.divmod(np.arange(25), 5)
    r = np.maximum(np.arange(5) - 2, 0) - 0.6
    psi = JointEquivariantFeature(r[Xi.points[..., 0].T], X, Xi)
    spectrum = psi.ridgelet(((i**2 + 3 * j + i * j) % 5).astype(float)).reshape(5, 5, 5) / 5
    np.testing.assert_allclose(spectrum[1, 2, 0], -1.2, atol=1e-14)
    np.testing.assert_allclose(spectrum[0, 1], [1.8, -0.2, -1.2, -1.2, 0.8], atol=1e-14)


def test_affine_over_f5() -> None:
    # The golden numbers: eigenvalues 16, four times, and 61; with mean zero 16 alone.
    X = GSet.natural(FiniteGroup.affine(5))
    Xi = polynomials(X, 1)
    g = np.maximum(np.arange(5.0) - 2, 0)
    phi, psi = (JointEquivariantFeature(each[Xi.points[..., 0].T], X, Xi) for each in (g, g - 0.6))
    assert phi.frame_operator()[0].tolist() == [25, 9, 9, 9, 9]
    np.testing.assert_allclose(np.linalg.eigvalsh(phi.frame_operator()), [16, 16, 16, 16, 61])
    np.testing.assert_allclose(phi.frame_operator(psi), 16 * np.eye(5), atol=1e-13)


def test_vectors_as_outputs(rng: np.random.Generator) -> None:
    """Fields of vectors on the corners of a square, by two layers that D_4 turns along."""
    group = FiniteGroup.dihedral(4)
    X, Xi, H = GSet.natural(group), GSet.regular(group), Representation.dihedral(group)
    first = JointEquivariantFeature.average(rng.standard_normal((4, 8, 2)), X, Xi, H)
    bias = np.array([0.3, -0.7])
    frames = H.matrix(np.arange(8))  # of g acting on R^2: the second layer works in the frame of its parameter

    def in_frames(h: np.ndarray, g: np.ndarray) -> np.ndarray:
        R = frames[g]
        inner = np.tanh(np.einsum("...ji,...j->...i", R, h) + bias)
        return np.einsum("...ij,...j->...i", R, inner)

    phi = first >> Layer(in_frames, Xi, H)
    assert phi.values.shape == (4, 64, 2)
    T = phi.frame_operator()
    for g in group.generators:
        rep = np.kron(np.eye(4)[:, X.act(g, np.arange(4))], H.matrix(g))
        assert np.abs(rep @ T - T @ rep).max() <= 1e-13 * np.abs(T).max()
    f = rng.standard_normal((4, 2))
    assert np.abs(phi.reconstruct(f) - f).max() <= 1e-10


def test_layers_that_are_not_equivariant_are_refused(rng: np.random.Generator) -> None:
    places = GSet.natural(FiniteGroup.symmetric(3))
    X = GSet.words(places, 2)
    first = JointEquivariantFeature(
        X.points[:, None].astype(float), X, GSet.trivial(X.group, 1), Representation.of_set(places)
    )
    w = np.array([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"phi is not equivariant: for g = 1, generator 0, x = \d and xi = \d"):
        _ = first >> Layer(lambda h, _: (h * w).sum(axis=-1), GSet.trivial(X.group, 1))
    # With the weights in an orbit it is one.
    W = w[X.group.permutations[X.group.inverse(np.arange(6))]]
    phi = first >> Layer(lambda h, g: (h * W[g]).sum(axis=-1), GSet.regular(X.group))
    assert phi.check() == 0


def test_bad_input() -> None:
    X = GSet.natural(FiniteGroup.affine(5))
    phi = JointEquivariantFeature(np.ones((5, 1)), X, GSet.trivial(X.group, 1))
    Xi = GSet.trivial(X.group, 3)
    with pytest.raises(TypeError, match="function was ndarray; a callable is accepted"):
        Layer(np.zeros(3), Xi)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Xi was int"):
        Layer(lambda h, xi: h, 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="H was int"):
        Layer(lambda h, xi: h, Xi, 3)  # type: ignore[arg-type]
    other = FiniteGroup.cyclic(2)
    with pytest.raises(ValueError, match="one group is accepted"):
        Layer(lambda h, xi: h, Xi, Representation.trivial(other))
    with pytest.raises(ValueError, match="layer is of .* and phi of .*; one group is accepted"):
        _ = phi >> Layer(lambda h, xi: h, GSet.trivial(other, 1))
    with pytest.raises(ValueError, match=r"returned has shape \(5, 1\); \(5, 3\) is accepted"):
        _ = phi >> Layer(lambda h, xi: h, Xi)
    with pytest.raises(ValueError, match="phi has NaN"):
        _ = phi >> Layer(lambda h, xi: np.full((5, 3), np.nan), Xi)
    with pytest.raises(TypeError, match="unsupported operand"):
        _ = 3 >> Layer(lambda h, xi: h, Xi)
    with pytest.raises(TypeError, match="unsupported operand"):
        _ = phi >> 3  # type: ignore[operator]


def test_bad_polynomials() -> None:
    X = GSet.natural(FiniteGroup.affine(5))
    with pytest.raises(TypeError, match="X was FiniteGroup"):
        polynomials(X.group, 1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="degree was 5; 0 to 4 is accepted"):
        polynomials(X, 5)
    with pytest.raises(TypeError, match="degree was 1.0"):
        polynomials(X, 1.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="units was 0"):
        polynomials(X, 1, 0)
    for size in (1, 6, 12):
        with pytest.raises(ValueError, match=f"X has {size} points; a power of a prime number is accepted"):
            polynomials(GSet.natural(FiniteGroup.cyclic(size)), 1)
    with pytest.raises(ValueError, match="rows is not closed: generator 1 takes function 5 to none of them"):
        polynomials(GSet.natural(FiniteGroup.symmetric(5)), 1)
    with pytest.raises(MemoryError, match="tuples of 9 polynomials"):
        polynomials(X, 1, 9)
    with pytest.raises(SizeError, match="tuples of 1000000 polynomials"):
        polynomials(X, 1, 10**6)
    assert polynomials(X, 0).points[..., 0].tolist() == [[c] * 5 for c in (0, 4, 3, 2, 1)]
    # Of degree p - 1 there are all functions.
    assert polynomials(GSet.natural(FiniteGroup.symmetric(3)), 2).size == 27


def test_psi_of_the_same_action_is_accepted(rng: np.random.Generator) -> None:
    X = GSet.natural(FiniteGroup.affine(3))
    Xi = polynomials(X, 1)
    phi, psi = (
        JointEquivariantFeature(rng.standard_normal(3)[xi.points[..., 0].T], X, xi) for xi in (Xi, polynomials(X, 1))
    )
    assert phi.frame_operator(psi).shape == (3, 3)
    with pytest.raises(ValueError, match="psi has another Xi than phi"):
        phi.frame_operator(JointEquivariantFeature(np.ones((3, 9)), X, GSet.trivial(X.group, 9)))
    with pytest.raises(ValueError, match="psi has another H than phi"):
        phi.dual(np.zeros(3), JointEquivariantFeature(np.ones((3, 9, 1)), X, Xi, Representation.trivial(X.group)))
