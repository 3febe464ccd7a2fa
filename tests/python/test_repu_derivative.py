"""Derivatives of RePU networks as networks: values to rounding, and their exact sizes."""

from fractions import Fraction

import numpy as np
import pytest

import kousei
from kousei.activation import Mixed
from kousei.repu import derivative_network, from_chebyshev
from support import Library

#: W, b and the output layer of the golden numbers, which are of 40 digits.
WEIGHTS = [[[0.5, -0.25], [-0.75, 1], [0.25, 0.5]], [[1, -0.5, 0.25], [-0.25, 0.75, 1.5]], [[2, -1]]]
BIASES = [[0.125, 0.25, -0.5], [0.1, -0.2], [0.5]]


def golden(p: int) -> kousei.MLP:
    return kousei.MLP([np.array(w, float) for w in WEIGHTS], [np.array(b) for b in BIASES], [f"repu{p}"] * 2)


def exact_derivatives(net: kousei.MLP, x: np.ndarray) -> list[list[float]]:
    """Derivatives (outputs, dim) at a point, of rational numbers, by the chain rule from the inputs on."""
    h = [Fraction(value) for value in x.tolist()]
    u = [[Fraction(int(i == j)) for j in range(net.dim)] for i in range(net.dim)]
    for i, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
        rows = [[Fraction(w) for w in row] for row in weight.tolist()]
        z = [
            sum(w * a for w, a in zip(row, h, strict=True)) + Fraction(b)
            for row, b in zip(rows, bias.tolist(), strict=True)
        ]
        v = [[sum(w * a[j] for w, a in zip(row, u, strict=True)) for j in range(net.dim)] for row in rows]
        if i == len(net.activations):
            return [[float(value) for value in row] for row in v]
        powers = [int(part.name[4:]) for part, n in parts(net.activations[i], len(z)) for _ in range(n)]
        h = [max(a, 0) ** p for a, p in zip(z, powers, strict=True)]
        u = [[p * max(a, 0) ** (p - 1) * b for b in row] for a, p, row in zip(z, powers, v, strict=True)]
    raise AssertionError


def parts(activation: kousei.Activation, units: int) -> tuple[tuple[kousei.Activation, int], ...]:
    return activation.parts if isinstance(activation, Mixed) else ((activation, units),)


def check(net: kousei.MLP, x: np.ndarray, tol: float = 1e-12) -> None:
    exact = np.array([exact_derivatives(net, point) for point in x])
    size = np.abs(exact).max()
    every = derivative_network(net)
    assert every.outputs == net.outputs * net.dim
    assert np.abs(every(x).reshape(exact.shape) - exact).max() <= tol * size
    for j in range(net.dim):
        values = derivative_network(net, j)(x).reshape(len(x), net.outputs)
        assert np.abs(values - exact[..., j]).max() <= tol * size


@pytest.mark.parametrize(
    ("p", "x", "derivatives"),
    [
        (2, (0.3, 0.7), (0.3223271484375, -0.42178125)),
        (2, (1.25, 2), (3.8425872802734375, -13.30374755859375)),
        (3, (-0.4, 0.9), (46.33666890853409, -61.78222521137878)),
    ],
)
def test_golden_numbers(p: int, x: tuple[float, float], derivatives: tuple[float, float]) -> None:
    net = derivative_network(golden(p))
    np.testing.assert_allclose(net(np.array(x)), derivatives, rtol=4e-15)
    for j in range(2):
        assert derivative_network(golden(p), j)(np.array(x)) == pytest.approx(derivatives[j], rel=4e-15)


@pytest.mark.parametrize("p", [2, 3])
@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_random_networks(p: int, depth: int) -> None:
    net = kousei.MLP.random([3, *[6] * depth, 2], f"repu{p}", rng=depth)
    check(net, np.random.default_rng(depth).uniform(-1, 1, (10, 3)))


@pytest.mark.parametrize("p", [2, 3, 5])
@pytest.mark.parametrize("depth", [2, 3, 4])
@pytest.mark.parametrize("dim", [1, 2, 5])
def test_sizes(p: int, depth: int, dim: int) -> None:
    w = 7
    net = kousei.MLP.random([dim, *[w] * depth, 3], f"repu{p}", rng=0)
    one, every = derivative_network(net, dim - 1), derivative_network(net)
    assert len(one.activations) == len(every.activations) == 2 * depth - 1 <= 3 * depth + 3
    assert one.units == (w * (8 * depth - 7) if p == 2 else 9 * w * (depth - 1))
    assert every.units == (
        w * (2 * depth - 1 + 6 * dim * (depth - 1)) if p == 2 else 3 * w * (depth - 1) * (1 + 2 * dim)
    )
    for made in (one, every):
        formula = made.summary().formula
        assert made.units == formula.units == eval(formula.text.replace(" x ", " * "))
        assert {part.name for f in made.activations for part, _ in parts(f, 0)} <= {
            "relu",
            "repu2",
            f"repu{p - 1}",
            f"repu{p}",
        }
    # The theorem's own sizes.
    assert one.units <= 13 * net.units
    assert max(one.sizes[1:-1]) <= 6 * w
    assert one.summary().nonzero + sum(one.sizes[1:]) <= 23 * net.parameters
    assert f"13 x {net.units} units" in one.summary().formula.construction


def test_layers_and_units_of_different_powers() -> None:
    mixed = Mixed([("repu3", 2), ("repu2", 3), ("repu5", 1)])
    sizes = kousei.MLP.random([2, 4, 6, 5, 2], "repu2", rng=3)
    net = kousei.MLP(sizes.weights, sizes.biases, ["repu4", mixed, "repu2"])
    check(net, np.random.default_rng(0).uniform(-1, 1, (10, 2)))


def test_without_and_with_one_hidden_layer() -> None:
    affine = kousei.MLP.random([3, 2], rng=0)
    derivatives = derivative_network(affine)
    assert derivatives.sizes == (3, 6)
    np.testing.assert_array_equal(derivatives(np.ones(3)), affine.weights[0].ravel())
    np.testing.assert_array_equal(derivative_network(affine, 1)(np.ones(3)), affine.weights[0][:, 1])
    assert derivative_network(kousei.MLP.random([3, 5, 2], "repu2", rng=0)).sizes == (3, 5, 6)


def test_what_does_not_depend_on_a_variable() -> None:
    net = from_chebyshev(np.random.default_rng(0).normal(size=(8, 8)), bounds=[(0, 2), (-3, 5)])
    x = np.random.default_rng(1).uniform([0, -3], [2, 5], (5, 2))
    check(
        kousei.MLP([w.toarray() if hasattr(w, "tocsr") else w for w in net.weights], net.biases, net.activations),
        x,
        1e-10,
    )
    check_sparse = derivative_network(net)(x)
    np.testing.assert_allclose(
        check_sparse, np.stack([derivative_network(net, j)(x) for j in range(2)], axis=-1), rtol=1e-9, atol=1e-9
    )
    # The layers of the first variable hold none of the second but the second itself.
    assert derivative_network(net, 1).units < derivative_network(net, 0).units / 2
    weight = np.array([[1.0, 0.0], [2.0, 0.0]])
    flat = kousei.MLP([weight, np.ones((1, 2))], [np.zeros(2), np.zeros(1)], ["repu2"])
    assert derivative_network(flat, 1).sizes == (2, 1)
    assert derivative_network(flat, 1)(np.ones(2)) == 0
    np.testing.assert_array_equal(derivative_network(flat)(np.ones(2)), [10, 0])


@pytest.mark.parametrize(("p", "tol"), [(2, 2e-12), (3, 1e-9)])
def test_the_derivative_of_degree_255(p: int, tol: float) -> None:
    # Without powers of two that make the factors alike the second power is off by 2e-10.
    c = np.random.default_rng(0).normal(size=256) / np.arange(1, 257) ** 3
    net = derivative_network(from_chebyshev(c, p))
    t = np.linspace(-1, 1, 1001)
    exact = np.polynomial.chebyshev.chebval(t, np.polynomial.chebyshev.chebder(c))
    assert np.abs(net(t[:, None]) - exact).max() <= tol * np.abs(exact).max()


def test_factors_of_different_sizes() -> None:
    scale = 2.0**30
    net = kousei.MLP.random([2, 5, 5, 1], "repu2", rng=1)
    weights = [net.weights[0] * scale, net.weights[1] / scale**2, net.weights[2]]
    stiff = kousei.MLP(weights, [net.biases[0] * scale, *net.biases[1:]], net.activations)
    x = np.random.default_rng(0).uniform(-1, 1, (20, 2))
    np.testing.assert_allclose(stiff(x), net(x), rtol=1e-12)
    check(stiff, x, 1e-14)
    # Slopes of 2^-30 at pre-activations of 1: products by squares have the digits of the larger factor.
    faint = kousei.MLP(
        [net.weights[0], net.weights[1] / scale, net.weights[2]],
        [net.biases[0], np.ones(5), np.zeros(1)],
        ["repu2"] * 2,
    )
    check(faint, x, 1e-14)


def test_arrays_in_are_arrays_out(library: Library, dtype: str) -> None:
    net = kousei.MLP.random([2, 4, 3, 2], "repu2", rng=0)
    x = np.random.default_rng(0).normal(size=(6, 2)).astype(dtype)
    there = derivative_network(net.like(library.asarray(x)))
    assert there.dtype == dtype
    values = library.numpy(there(library.asarray(x)))
    assert values.shape == (6, 4)
    np.testing.assert_allclose(values, derivative_network(net)(x.astype(float)), rtol=1e-4, atol=1e-4)


def test_bad_arguments() -> None:
    net = kousei.MLP.random([2, 3, 1], "repu2", rng=0)
    with pytest.raises(TypeError, match="net was int; kousei.MLP is accepted"):
        derivative_network(3)
    with pytest.raises(ValueError, match="wrt was 2; 0 to 1 is accepted"):
        derivative_network(net, 2)
    with pytest.raises(TypeError, match="wrt was 0.0; an integer is accepted"):
        derivative_network(net, 0.0)
    own = kousei.Activation("own", np.sin)
    for activation in ("relu", "tanh", own, Mixed([("repu2", 2), ("relu", 1)])):
        with pytest.raises(
            ValueError, match=r"activations\[0\] was .*; 'repu2' to 'repu32' are accepted: .*'relu' jumps"
        ):
            derivative_network(kousei.MLP(net.weights, net.biases, [activation]))
    # No second derivative: of p = 2 the first has units max(z, 0).
    with pytest.raises(ValueError, match="'relu' jumps"):
        derivative_network(derivative_network(net))
    with pytest.raises(ValueError, match=r"of the derivative is not finite in float64"):
        derivative_network(kousei.MLP([w * 1e308 for w in net.weights], net.biases, net.activations))


def test_a_unit_that_is_0_on_the_box_leaves_no_rounding_of_those_before_it() -> None:
    weights = [np.array([[2.0]]), np.array([[3.0], [2.0]]), np.array([[-1.1, -0.3]]), np.array([[0.7]])]
    net = kousei.MLP(weights, [np.array([1.0]), np.zeros(2), np.zeros(1), np.zeros(1)], ["repu4", "repu3", "repu4"])
    x = np.random.default_rng(0).uniform(-1, 1, (200, 1))
    assert not net(x).any()
    assert np.abs(derivative_network(net)(x)).max() <= 1e-10
