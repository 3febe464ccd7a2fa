"""RePU networks of polynomials: exact gadgets, trees of Chebyshev polynomials, functions to a tolerance."""

import math
import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.polynomial import chebyshev, polynomial

import kousei
from kousei.repu import from_chebyshev, from_function, from_polynomial
from kousei.repu.gadgets import monomial, units_of


def series(c: np.ndarray, t: np.ndarray) -> np.ndarray:
    """A Chebyshev series at points (m, d) of [-1, 1]^d."""
    values = np.broadcast_to(c, (len(t), *c.shape))
    for j in range(c.ndim - 1, -1, -1):
        table = chebyshev.chebvander(t[:, j], c.shape[j] - 1)
        values = (values * table.reshape(len(t), *[1] * j, -1)).sum(axis=-1)
    return values


def coefficients(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.normal(size=shape) / (1 + np.indices(shape).sum(axis=0))


@pytest.mark.parametrize(("m", "p", "units"), [(1, 2, 4), (2, 2, 2), (1, 3, 6), (2, 3, 4), (3, 3, 2), (2, 4, 6)])
def test_units_of_monomials(m: int, p: int, units: int) -> None:
    assert units_of(m, p) == units


@pytest.mark.parametrize("p", [2, 3, 4, 5, 8, 13, 32])
def test_monomials_are_identities_of_polynomials(p: int) -> None:
    for m in range(1, p + 1):
        nodes, coef, constant = monomial(m, p)
        for j in range(p + 1):
            terms = [math.comb(p, j) * Fraction(a) * Fraction(b) ** (p - j) for a, b in zip(coef, nodes, strict=True)]
            size = max(abs(term) for term in terms)
            off = abs(sum(terms) + (Fraction(constant) if j == 0 else 0) - (j == m))
            assert off <= 4e-16 * len(nodes) * max(size, 1)


def test_gadgets_of_the_third_power() -> None:
    nodes, coef, constant = monomial(2, 3)
    np.testing.assert_allclose(nodes, [-1, 1])
    np.testing.assert_allclose(coef, [-1 / 6, 1 / 6])
    assert constant == pytest.approx(-1 / 3)
    np.testing.assert_allclose(monomial(1, 3).coef, [1 / 6, -1 / 3, 1 / 6])


@pytest.mark.parametrize("k", range(1, 9))
def test_the_tree_of_powers_of_two(k: int) -> None:
    n = 2**k
    net = from_chebyshev(coefficients(np.random.default_rng(k), n))
    assert len(net.activations) == k
    assert net.units == 4 * n + 2 * (k - 3)
    assert net.summary().formula.units == net.units
    assert {activation.name for activation in net.activations} == {"repu2"}


@pytest.mark.parametrize("p", [2, 3, 4])
def test_degree_255(p: int) -> None:
    c = coefficients(np.random.default_rng(0), 256)
    net = from_chebyshev(c, p)
    t = np.cos(np.linspace(0, np.pi, 4001))[:, None]
    error = np.abs(net(t) - series(c, t)).max()
    assert error <= 1e-12
    assert error <= net.error_bound().total
    assert net.error_bound().kind == "proven"
    single = net.astype("float32")
    assert np.abs(single(t.astype("float32")) - series(c, t.astype("float32").astype(float))).max() <= 1e-3
    assert single.error_bound().total == pytest.approx(2.0**29 * net.error_bound().total)


@pytest.mark.parametrize(
    "shape", [(8, 8), (11, 6), (16, 16), (8, 8, 8), (5, 1, 3), (1, 4), (4, 3, 2, 5), (1,), (2, 1)]
)
@pytest.mark.parametrize("p", [2, 3])
def test_several_variables(shape: tuple[int, ...], p: int) -> None:
    rng = np.random.default_rng(1)
    c = rng.normal(size=shape)
    bounds = [(-1 - j, 2.0 + j) for j in range(len(shape))]
    lo, hi = np.array(bounds).T
    x = rng.uniform(lo, hi, (500, len(shape)))
    net = from_chebyshev(c, p, bounds=bounds)
    error = np.abs(net(x) - series(c, (2 * x - lo - hi) / (hi - lo))).max()
    assert error <= 1e-13 * np.abs(c).sum()
    assert error <= net.error_bound().total
    formula = net.summary().formula
    assert net.units <= formula.units
    assert formula.units == eval(formula.text.replace(" x ", " * "))


@pytest.mark.parametrize(("n", "dim", "units"), [(8, 2, 4 * 64 + 16), (16, 2, 4 * 256 + 24), (8, 3, 4 * 512 + 44)])
def test_units_of_several_variables(n: int, dim: int, units: int) -> None:
    net = from_chebyshev(np.random.default_rng(2).normal(size=(n,) * dim))
    assert net.units == units
    assert len(net.activations) == dim * (n.bit_length() - 1)


def test_weights_are_sparse_where_that_pays() -> None:
    net = from_chebyshev(np.random.default_rng(2).normal(size=(16, 16)))
    wide = [weight for weight in net.weights if weight.shape[0] > 64 and weight.shape[1] > 64]
    assert wide
    assert all(hasattr(weight, "tocsr") for weight in wide)


def test_an_even_series_does_not_carry_x() -> None:
    c = np.random.default_rng(3).normal(size=64)
    c[1::2] = 0
    net = from_chebyshev(c)
    assert net.sizes[:2] == (1, 2)
    assert net.units == 2 + from_chebyshev(c[::2]).units
    t = np.linspace(-1, 1, 501)[:, None]
    assert np.abs(net(t) - series(c, t)).max() <= 1e-12
    np.testing.assert_allclose(net(t), net(-t), atol=1e-13)


def test_zeros_take_no_units() -> None:
    c = np.random.default_rng(4).normal(size=64)
    c[58:] = 0
    # The products with the last 6 of 64 leaves, in 3, 1 and 0 pairs.
    assert from_chebyshev(c).units == 262 - 4 * (3 + 1)
    assert from_chebyshev(c[:58]).units == 262 - 4 * (3 + 1)
    assert from_chebyshev([*c[:16], *np.zeros(100)]).units == 66
    assert from_chebyshev(np.zeros((3, 4))).sizes == (2, 1)
    assert from_chebyshev([[2.5]])(np.array([7.0, 8.0])) == 2.5


@pytest.mark.parametrize("size", [1e-300, 1e-9, 1e9, 1e300])
def test_coefficients_of_any_size(size: float) -> None:
    c = np.random.default_rng(5).normal(size=32)
    t = np.linspace(-1, 1, 101)[:, None]
    assert np.abs(from_chebyshev(size * c)(t) / size - series(c, t)).max() <= 1e-12
    c = np.concatenate([c, size * c])[: 32 if size > 1 else 64]
    assert np.abs(from_chebyshev(c)(t) - series(c, t)).max() <= 1e-12


@pytest.mark.parametrize("p", [2, 3])
def test_powers_on_a_box(p: int) -> None:
    a = np.random.default_rng(6).normal(size=(6, 4))
    net = from_polynomial(a, p, bounds=[(0, 2), (-3, 4)])
    x = np.random.default_rng(7).uniform([0, -3], [2, 4], (300, 2))
    exact = polynomial.polyval2d(*x.T, a)
    assert np.abs(net(x) - exact).max() <= 1e-12 * np.abs(exact).max()
    # Everywhere, with what rounding is multiplied by outside.
    assert net(np.array([5.0, 9.0])) == pytest.approx(polynomial.polyval2d(5.0, 9.0, a), rel=1e-9)


def test_powers_of_degree_32() -> None:
    # Horner's rule in units loses all digits here.
    a = polynomial.polyfromroots(np.linspace(-1, 1, 32))
    x = np.linspace(-1, 1, 501)
    assert np.abs(from_polynomial(a)(x[:, None]) - polynomial.polyval(x, a)).max() <= 1e-13 * np.abs(a).sum()


def test_a_box_far_away() -> None:
    net, near = from_chebyshev(np.ones(8), bounds=[(1000, 1001)]), from_chebyshev(np.ones(8))
    x = np.random.default_rng(0).uniform(1000, 1001, (300, 1))
    error = np.abs(net(x) - series(np.ones(8), 2 * (x - 1000) - 1)).max()
    assert error < net.error_bound().total == pytest.approx(2002 * near.error_bound().total)


FUNCTIONS = {
    "oscillating": (lambda x: np.exp(x[:, 0] / 2) * np.sin(np.pi * x[:, 0]), [(-1, 1)], 1e-13, 132),
    "Runge": (lambda x: 1 / (1 + 25 * x[:, 0] ** 2), [(-1, 1)], 1e-10, 520),
    "kinked": (lambda x: np.abs(x[:, 0]) ** 3, [(-1, 1)], 1e-5, 262),
    "plane": (
        lambda x: np.exp(-(x[:, 0] ** 2) - x[:, 1]) * np.sin(3 * x[:, 0] + x[:, 1] ** 2),
        [(-1, 1)] * 2,
        1e-8,
        4128,
    ),
    "space": (lambda x: np.cos(x.sum(axis=1)), [(0, 1), (-2, 1), (0, 0.5)], 1e-8, 16446),
    "five": (lambda x: np.exp(x.sum(axis=1) / 5), [(0, 1)] * 5, 1e-4, 4182),
    "of one variable": (lambda x: x[:, 1] ** 3, [(0, 1), (0, 2)], 1e-12, 14),
    "constant": (lambda x: np.full(len(x), 2), [(0, 1)], 1e-12, 0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("p", [2, 3])
def test_functions_to_a_tolerance(name: str, p: int) -> None:
    f, bounds, tol, most = FUNCTIONS[name]
    net = from_function(f, bounds, tol, p)
    x = np.random.default_rng(8).uniform(*np.array(bounds).T, (3000, len(bounds)))
    error = np.abs(net(x) - f(x)).max()
    bound = net.error_bound()
    assert error <= tol
    assert error <= bound.total
    assert bound.approximation <= tol
    assert (bound.kind, bound.points > 0) == ("estimated", True)
    assert net.units <= (most if p == 2 else 2 * most)


@pytest.mark.parametrize(
    ("f", "tol"),
    [
        (lambda x: np.exp(-(((x[:, 0] - 0.5) / 0.01) ** 2)), 1e-3),
        (lambda x: np.exp(-(((x[:, 0] - 0.61) / 0.002) ** 2)), 1e-3),
        (lambda x: np.sqrt(x[:, 0]), 1e-2),
        (lambda x: np.abs(x[:, 0] - 0.3), 1e-3),
    ],
)
def test_neither_bumps_between_nodes_nor_kinks_nor_roots_are_missed(f: Any, tol: float) -> None:
    net = from_function(f, [(0, 1)], tol)
    x = np.linspace(0, 1, 20001)[:, None]
    error = np.abs(net(x) - f(x)).max()
    assert error <= net.error_bound().total
    assert error <= tol


def test_what_was_left_out_is_in_the_bound() -> None:
    net = from_function(
        lambda x: np.cos(40 * x[:, 0]) + 1e-4 * chebyshev.chebval(x[:, 0], [0] * 5 + [1]), [(-1, 1)], 1e-3
    )
    x = np.linspace(-1, 1, 5001)[:, None]
    error = np.abs(net(x) - np.cos(40 * x[:, 0])).max()
    assert 1e-4 <= error + 1e-4 <= net.error_bound().approximation + 2e-4 <= 1.3e-3


def test_the_bound_holds_on_the_box_of_the_construction() -> None:
    net = from_function(lambda x: np.exp(x[:, 0]), [(0, 1)], 1e-8)
    assert net.error_bound([(0.25, 0.5)]) == net.error_bound()
    assert np.isfinite(net(np.array([[2.0]]))).all()
    with pytest.raises(
        ValueError, match=r"box was \[\(0, 1.5\)\]; one inside that of the construction, \[\[0.0, 1.0\]\]"
    ):
        net.error_bound([(0, 1.5)])


def test_a_tolerance_that_is_not_reached() -> None:
    with pytest.raises(ValueError, match=r"tol was 1e-09; 0.00012 is what .* reaches"):
        from_function(lambda x: np.abs(x[:, 0]), [(-1, 1)], 1e-9)
    with pytest.raises(ValueError, match="tol was 1e-18; .* reaches"):
        from_function(lambda x: np.exp(x[:, 0]), [(-1, 1)], 1e-18)


@pytest.mark.parametrize("suffix", ["file", "pickle", "like"])
def test_copies_know_their_error(suffix: str, tmp_path: Path) -> None:
    net = from_function(lambda x: np.sin(3 * x[:, 0] * x[:, 1]), [(0, 1), (-1, 1)], 1e-9)
    if suffix == "file":
        kousei.save(tmp_path / "net.safetensors", net)
        copy = kousei.load(tmp_path / "net.safetensors")
    else:
        copy = pickle.loads(pickle.dumps(net)) if suffix == "pickle" else net.like(np.zeros(1))
    assert type(copy) is kousei.repu.PolynomialNetwork
    assert copy.error_bound() == net.error_bound()
    x = np.random.default_rng(0).uniform(size=(10, 2))
    np.testing.assert_array_equal(copy(x), net(x))


def test_malformed_files_are_refused() -> None:
    from kousei.repu import files

    config, tensors = files.to_state(from_chebyshev([1, 2, 3]))
    for change, match in [
        ({"lo": np.zeros(2)}, "lo, hi have shapes"),
        ({"lo": np.ones(1)}, "no box of finite lo < hi"),
        ({"rounding": np.array(-1.0)}, "an error is below 0"),
        ({"hi": np.ones(1, "float32")}, "float64 is accepted"),
    ]:
        with pytest.raises(ValueError, match=match):
            files.from_state(config, tensors | change)
    with pytest.raises(ValueError, match="'points' is missing"):
        files.from_state({"network": config["network"]}, tensors)
    with pytest.raises(ValueError, match="'rounding' is missing"):
        files.from_state(config, {name: array for name, array in tensors.items() if name != "rounding"})


@pytest.mark.parametrize("make", [from_chebyshev, from_polynomial])
def test_bad_coefficients(make: object) -> None:
    for p, kind, match in [
        (0, ValueError, "p was 0; 2 to 32 is accepted"),
        (-3, ValueError, "p was -3"),
        (33, ValueError, "p was 33"),
        (1, ValueError, r"p was 1; 2 to 32 is accepted: units max\(z, 0\) make piecewise linear functions alone"),
        (2.0, TypeError, "p was 2.0; an integer is accepted"),
        (True, TypeError, "p was True"),
    ]:
        with pytest.raises(kind, match=match):
            make([1, 2], p)
    with pytest.raises(ValueError, match="coefficients has NaN or infinite values"):
        make([1, np.nan])
    with pytest.raises(TypeError, match="coefficients has dtype complex128"):
        make([1, 2j])
    with pytest.raises(ValueError, match=r"coefficients has shape \(0,\)"):
        make([])
    with pytest.raises(ValueError, match=r"coefficients has shape \(\)"):
        make(3.0)
    with pytest.raises(ValueError, match="bounds has 2 dimensions; 1 are accepted"):
        make([1, 2], bounds=[(0, 1), (0, 1)])
    with pytest.raises(ValueError, match="finite lo < hi are accepted"):
        make([1, 2], bounds=[(1, 0)])
    with pytest.raises(ValueError, match="coefficients sum up to"):
        make([1e308, 1e308])


def test_bad_functions() -> None:
    with pytest.raises(TypeError, match="f was float; a callable is accepted"):
        from_function(1.0, [(0, 1)], 1e-3)
    with pytest.raises(ValueError, match="bounds has 8 dimensions; up to 7 are accepted"):
        from_function(lambda x: x[:, 0], [(0, 1)] * 8, 1e-3)
    with pytest.raises(ValueError, match="tol was 0"):
        from_function(np.sin, [(0, 1)], 0)
    with pytest.raises(ValueError, match=r"f\(x\) has shape \(8, 1\); \(8,\) is accepted"):
        from_function(np.sin, [(0, 1)], 1e-3)
    with pytest.raises(ValueError, match=r"f\(x\) has NaN or infinite values"), np.errstate(divide="ignore"):
        from_function(lambda x: 1 / (0 * x[:, 0]), [(-1, 1)], 1e-3)
    with pytest.raises(TypeError, match=r"f\(x\) has dtype complex128"):
        from_function(lambda x: 1j * x[:, 0], [(-1, 1)], 1e-3)
    with pytest.raises(ValueError, match="p was 1"):
        from_function(lambda x: x[:, 0], [(-1, 1)], 1e-3, 1)


@pytest.mark.parametrize(("p", "layers", "reach", "layer"), [(2, 4, 256, 3), (2, 5, 16, 4), (3, 3, 27, 2)])
def test_ranges_of_powers(p: int, layers: int, reach: float, layer: int) -> None:
    net = kousei.MLP([np.ones((1, 1))] * (layers + 1), [np.zeros(1)] * (layers + 1), [f"repu{p}"] * layers)
    assert kousei.repu.check_range(net, [(0, 0.98 * reach)]).overflow["float32"] is None
    with pytest.warns(UserWarning, match=f"numbers can overflow, by intervals, in float32 from layer {layer} on$"):
        kousei.repu.check_range(net, [(0, reach)])
    with pytest.warns(UserWarning, match="in float32 from layer 0 on and in float64 from layer 0 on"):
        kousei.repu.check_range(net, [(0, 1e200)])
    with pytest.raises(TypeError, match="net was int; kousei.MLP is accepted"):
        kousei.repu.check_range(3, [(0, 1)])
