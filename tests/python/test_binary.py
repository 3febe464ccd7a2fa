"""Theorem 4: networks whose weights are signs on every layer but the first."""

import math
import re
from itertools import pairwise, zip_longest
from typing import Any

import numpy as np
import pytest
import scipy.sparse

import kousei
from kousei.activation import Mixed, leaky_relu
from kousei.binary.calibration import plain
from kousei.binary.decomposition import Units, chain, dyadic, on_grid, shortest
from support import PIECEWISE_LINEAR, random_network

#: Activations that are kept.
HOMOGENEOUS = [
    *("relu", "leaky_relu", "abs", "repu2", kousei.activation.leaky_relu(-0.5)),
    kousei.PiecewiseLinear([0], [2, 0.5], name="steep"),
    kousei.PiecewiseLinear([0], [1, 0], name="min"),
    kousei.PiecewiseLinear([0], [3, 3], name="linear"),
]
EXACT = ["chain", "auto", "dyadic"]
BIASES = ["affine", "strict"]


def network(*weights: Any, biases: Any = None, activation: Any = "relu") -> kousei.MLP:
    arrays = [np.array(weight, float) for weight in weights]
    biases = biases or [np.zeros(len(weight)) for weight in arrays]
    return kousei.MLP(arrays, biases, [activation] * (len(arrays) - 1))


def small_network(rng: np.random.Generator, activations: list[Any], most: int) -> kousei.MLP:
    """Of at most so many units on the lowest layer of signs, generically."""
    while math.prod((net := random_network(rng, activations, least_depth=0)).sizes[1:]) > most:
        pass
    return net


def fixed_point(rng: np.random.Generator, *sizes: int, digits: int = 3) -> kousei.MLP:
    """A network of multiples of 1/8, where three digits are asked for, of modulus up to 2."""

    def numbers(*shape: int) -> np.ndarray:
        return rng.integers(-(2 ** (digits + 1)), 2 ** (digits + 1) + 1, shape) / 2**digits

    weights = [numbers(outputs, inputs) for inputs, outputs in pairwise(sizes)]
    return kousei.MLP(weights, [numbers(len(w)) for w in weights], ["relu"] * (len(sizes) - 2))


def difference(net: kousei.MLP, binary: kousei.BinaryNetwork, x: np.ndarray) -> float:
    """Largest difference, relative to what a network of the moduli of the weights adds up."""
    size = np.abs(x)
    for weight, bias, activation in zip_longest(net.weights, net.biases, net.activations):
        size = size @ np.abs(weight.T) + np.abs(bias) + 1e-300
        size = np.abs(activation.image(-size, size)).max(axis=0) if activation else size
    values = binary(x)
    # As powers of two that many units have in common, sums of 53 digits round by more from layer to layer.
    written_out = 1e-11 if binary.method == "dyadic" else 1e-12
    for other in (binary.to_mlp()(x), binary(x, form="packed")):
        assert np.abs(values - other).max() <= written_out * size.max()
    return float(np.abs(net(x) - values).max() / size.max())


def check_signs(binary: kousei.BinaryNetwork) -> None:
    for layer in binary.layers:
        assert (np.abs(layer.unpack()) == 1).all()


def column_cases() -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    cases = [np.zeros((4, 2)), np.ones((3, 1)), np.array([[-2.0], [-2.0]]), np.array([[1.0, 0], [-1, 0.25], [0, 8]])]
    cases += [np.zeros((0, 3)), np.array([[7.0, 6.0, 1.0]]), np.array([[3.0], [-5.0], [7.0]])]
    cases += [rng.integers(-9, 10, (6, 20)) / 4.0, rng.normal(size=(5, 8)), rng.normal(size=(3, 4)).round(1)]
    cases += [np.array([[1e300, 1e-300], [-1e300, 3e-300]]), np.array([[1.0], [2.0**-80], [-(2.0**40)]])]
    return cases


@pytest.mark.parametrize("matrix", column_cases(), ids=lambda m: f"{m.shape}")
@pytest.mark.parametrize("decompose", [chain, dyadic, shortest])
def test_columns_are_sums_of_sign_vectors(decompose: Any, matrix: np.ndarray) -> None:
    units: Units = decompose(matrix)
    signs = units.signs(matrix)
    assert signs.shape == (len(matrix), len(units.coefs))
    assert (np.abs(signs) == 1).all()
    assert (units.coefs > 0).all()
    assert (np.diff(units.sources) >= 0).all()
    # In exact arithmetic: the powers of two of the third case reach over more than 53 digits.
    for p, column in enumerate(matrix.T):
        mine = np.flatnonzero(units.sources == p)
        assert (len(mine) == 0) == (not column.any())
        for row, t in enumerate(column):
            total = math.fsum(units.coefs[mine] * signs[row, mine])
            assert total == t if decompose is dyadic else abs(total - t) <= 1e-15 * np.abs(column).max()


def test_chain_is_that_of_the_theorem() -> None:
    coefs, signs = kousei.chain_decomposition([3, 1, -2])
    assert coefs.tolist() == [0.5, 1, 1.5]
    assert signs.T.tolist() == [[1, 1, 1], [1, -1, -1], [1, 1, -1]]
    coefs, signs = kousei.chain_decomposition([1, -3, 1])
    assert coefs.tolist() == [1, 2]
    assert signs.T.tolist() == [[-1, -1, -1], [1, -1, 1]]
    for t, units in (([], 0), ([0, 0], 0), ([2, -2, 2], 1), ([5], 1), ([0, 1], 2)):
        assert len(kousei.chain_decomposition(t)[0]) == units
    coefs, signs = kousei.chain_decomposition([1.7e308, -1.7e308])
    assert coefs.tolist() == [1.7e308]
    assert signs.tolist() == [[1], [-1]]


@pytest.mark.parametrize(
    ("column", "powers"),
    [
        ([3, 1, 0], [0.5, 0.5, 1, 2]),  # 2^(g-1), ..., 2^(-f-1) and a second 2^(-f-1), f = 0, g = 2
        ([3, 1, -5], [1, 2, 4]),  # all odd
        ([4, 0], [2, 2]),
        ([0.5], [0.5]),
        ([0.75, 0.25], [0.25, 0.5]),
        ([1, 0.25], [0.125, 0.125, 0.25, 0.5]),
    ],
)
def test_powers_of_two(column: list[float], powers: list[float]) -> None:
    matrix = np.array(column)[:, None]
    units = dyadic(matrix)
    assert units.coefs.tolist() == powers
    assert (units.signs(matrix) @ units.coefs == matrix[:, 0]).all()


def test_the_shortest_is_chosen_column_by_column() -> None:
    matrix = np.array([[1.0, 0.1, 0], [0.5, 0.3, 1], [0.25, 0.7, 2], [-0.75, 0.9, 3], [0.125, -1, 4], [-1, 2, 5]])
    counts = [np.bincount(f(matrix).sources, minlength=3) for f in (chain, dyadic, shortest)]
    assert counts[2].tolist() == np.minimum(*counts[:2]).tolist()
    assert (counts[2] < counts[0]).any()
    assert (counts[2] < counts[1]).any()


@pytest.mark.parametrize("bits", [1, 2, 5, 24])
def test_columns_rounded_to_bits(bits: int, rng: np.random.Generator) -> None:
    matrix = np.concatenate([rng.normal(size=(6, 5)), np.zeros((6, 1))], axis=1)
    largest = np.abs(matrix).max(axis=0)
    rounding = plain(matrix, bits).rounding
    units = on_grid(rounding.step, bits)
    assert np.bincount(units.sources, minlength=6).tolist() == [bits] * 5 + [0]
    sums = np.stack([units.signs(matrix)[:, units.sources == p] @ units.coefs[units.sources == p] for p in range(6)])
    assert rounding.error == pytest.approx(largest / (2**bits - 1))
    assert (np.abs(sums.T - matrix) <= rounding.error * (1 + 1e-8)).all()
    assert np.abs(sums.T).max(axis=0) == pytest.approx(largest)


def test_golden_network() -> None:
    net = network([[1, -1], [2, 1]], [[1, -2], [3, 1]], [[1, -1], [2, 1]])
    binary = kousei.binarize(net)
    weight, bias = binary.first
    assert sorted(weight.tolist()) == [[0.5, -0.5], [0.75, -0.75], [1.75, -1.75], [2, 1], [2, 1], [2, 1]]
    assert not bias.any()
    x = np.array([[1, 0], [-1, 2], [3, -2], [0.5, 0.25]])
    assert binary(x).tolist() == [[-5, 5], [0, 0], [-19, 19], [-2, 2]]


def test_sizes_are_those_of_the_theorem() -> None:
    """(klm, kl), and in all k^2 l + k^2 l^2 m signs."""
    m, l, k = 4, 3, 2  # noqa: E741
    net = kousei.MLP.random([5, m, l, k], rng=2)
    summary = kousei.binarize(net).summary()
    assert summary.widths == (k * l * m, k * l)
    assert summary.binary == summary.generic_binary == k**2 * l + k**2 * l**2 * m
    assert summary.real == k * l * m * 6 + k * l + k
    assert summary.ratio == 1
    n = 5
    assert summary.expansion == k * l * m * n / (k * l + l * m + m * n)
    assert summary.generic_real == k * l * m * n == summary.widths[0] * n
    strict = kousei.binarize(net, bias="strict").summary()
    assert strict.generic[1:-1] == (k * (l + 1) * (m + 1), k * (l + 1))
    assert strict.widths[1] == k * (l + 1)
    assert strict.widths[0] <= strict.generic[1]
    assert strict.real == strict.widths[0] * 6
    fewer = kousei.binarize(network(np.eye(2), [[1, 1], [1, 1]], [[1, 0]])).summary()
    assert fewer.widths == (2, 1)
    assert fewer.ratio == 3 / (1 * 2 + 2 * 4)
    assert "signs 3" in str(fewer)


def test_network_of_the_size_of_digits(rng: np.random.Generator) -> None:
    net = kousei.MLP.random([64, 32, 32, 10], rng=3)
    binary = kousei.binarize(net)
    assert binary.summary().widths == (10240, 320)
    assert difference(net, binary, rng.normal(size=(20, 64))) <= 1e-15


@pytest.mark.parametrize("seed", range(300))
def test_random_networks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    net = small_network(rng, ["relu"] if seed % 4 < 2 else HOMOGENEOUS, 800)
    x = rng.normal(0, 10.0 ** rng.integers(-2, 2), (50, net.dim))
    for method in EXACT:
        binary = kousei.binarize(net, method, bias=BIASES[seed % 2])
        check_signs(binary)
        assert (binary.dim, binary.outputs) == (net.dim, net.outputs)
        if seed % 2:
            assert not any(bias.any() for bias in binary.biases)
        if method == "chain":
            assert all(a <= b for a, b in zip(binary.sizes, binary.summary().generic, strict=True))
        assert difference(net, binary, x) <= 1e-12
        assert binary.error_bound([(-1, 1)] * net.dim).total == 0


@pytest.mark.parametrize("seed", range(30))
def test_other_piecewise_linear_networks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    net = small_network(rng, PIECEWISE_LINEAR, 60)
    binary = kousei.binarize(net, bias=BIASES[seed % 2])
    check_signs(binary)
    x = rng.normal(size=(50, net.dim))
    assert difference(net.to_relu(), binary, x) <= 1e-12


@pytest.mark.parametrize("bias", BIASES)
@pytest.mark.parametrize("sizes", [(3, 4, 2), (2, 5, 4, 3), (3, 3, 3, 3, 1), (2, 2, 2, 2, 2, 2)])
def test_fixed_point_networks_to_the_last_bit(sizes: tuple[int, ...], bias: str, rng: np.random.Generator) -> None:
    net = fixed_point(rng, *sizes)
    binary = kousei.binarize(net, "dyadic", bias=bias)
    x = rng.integers(-16, 17, (200, sizes[0])) / 8
    assert np.array_equal(binary(x), net(x))
    digits = 3 + 1  # f + g of each layer
    for l in range(1, len(sizes) - 1):  # noqa: E741
        assert binary.sizes[l] <= (sizes[l] + (bias == "strict")) * (2 + digits * (len(sizes) - 1 - l))


def test_powers_of_two_grow_with_the_depth_and_not_as_a_product(rng: np.random.Generator) -> None:
    net = fixed_point(rng, 2, 6, 6, 6, 6, digits=2)
    chains, shorter, powers = (kousei.binarize(net, method).sizes for method in EXACT)
    assert powers[1] < 6 * (2 + 4 * 3) < chains[1]
    assert sum(shorter) <= min(sum(chains), sum(powers))


@pytest.mark.parametrize("seed", range(60))
def test_error_of_bits_is_within_its_bound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    net = small_network(rng, ["relu"] if seed % 3 else PIECEWISE_LINEAR, 10**6)
    bits = int(rng.integers(1, 25))
    binary = kousei.binarize(net, "bits", bits=bits, bias=BIASES[seed % 2])
    check_signs(binary)
    lo = rng.normal(size=net.dim)
    hi = lo + rng.exponential(size=net.dim)
    bound = binary.error_bound(np.stack([lo, hi], axis=-1))
    assert bound.kind == "proven"
    assert len(bound.layers) == len(net.activations)
    x = np.concatenate([rng.uniform(lo, hi, (100, net.dim)), np.where(rng.random((100, net.dim)) < 0.5, lo, hi)])
    size = np.abs(net(x)).max() + 1
    assert np.abs(net(x) - binary(x)).max() <= bound.total + 1e-11 * size
    assert all(a % bits == 0 for a in binary.sizes[1:-1])


def test_bound_of_one_layer_is_reached() -> None:
    """alpha / N: with one bit 1/2 becomes 1 or -1... of a column with the modulus 1 the value 0 is off by 1."""
    binary = kousei.binarize(network([[1]], [[1], [0]]), "bits", bits=1)
    assert binary.error_bound([(-3, 2)]).total == pytest.approx(2)
    assert np.abs(binary(np.array([[2.0]])) - [2, 0]).max() == 2


def test_bound_of_two_layers() -> None:
    """Of the lower one W_2 alpha h = 2 * 1 * 2, of the upper one 1 * 2 + 1 * 1; then with a slope of -3."""
    binary = kousei.binarize(network([[1]], [[1], [0.5]], [[1, 1]]), "bits", bits=1)
    assert binary.error_bound([(0, 2)]).layers == pytest.approx((4, 3))
    assert binary.error_bound([(-2, 0)]).layers == pytest.approx((0, 0))
    steep = network([[1]], [[1], [0.5]], [[1, 1]], activation=leaky_relu(-3))
    assert kousei.binarize(steep, "bits", bits=1).error_bound([(-2, 0)]).layers == pytest.approx((36, 9))


def test_more_bits_are_closer(rng: np.random.Generator) -> None:
    net = kousei.MLP.random([3, 6, 5, 2], rng=4)
    x = rng.uniform(-1, 1, (100, 3))
    errors = [np.abs(kousei.binarize(net, "bits", bits=b)(x) - net(x)).max() for b in (2, 6, 12, 24)]
    bounds = [kousei.binarize(net, "bits", bits=b).error_bound([(-1, 1)] * 3).total for b in (2, 6, 12, 24)]
    assert errors == sorted(errors, reverse=True)
    assert bounds == sorted(bounds, reverse=True)
    assert errors[-1] < 1e-5


@pytest.mark.parametrize("method", EXACT)
@pytest.mark.parametrize("bias", BIASES)
def test_layers_of_which_nothing_is_left(method: str, bias: str) -> None:
    x = np.random.default_rng(1).normal(size=(7, 2))
    constants = [np.array([1.0, 2.0]), np.array([-1.0, 1.0]), np.array([0.5, -0.5, 3])]
    for net in (
        network(np.ones((2, 2)), np.ones((2, 2)), np.zeros((3, 2)), biases=constants),
        network(np.ones((2, 2)), np.zeros((2, 2)), np.ones((3, 2)), biases=constants),
        network(np.zeros((2, 2)), np.ones((2, 2)), np.zeros((3, 2))),
    ):
        binary = kousei.binarize(net, method, bias=bias)
        check_signs(binary)
        assert np.array_equal(binary(x), net(x))
        written = binary.to_mlp()
        assert np.array_equal(written(x), net(x))
        assert all(np.abs(weight).min() == 1 == np.abs(weight).max() for weight in written.weights[1:])
        assert min(written.sizes) >= 1
    assert kousei.binarize(network(np.ones((2, 2)), np.zeros((3, 2)))).sizes == (2, 0, 3)


def test_columns_of_zeros_take_no_units(rng: np.random.Generator) -> None:
    net = network(rng.normal(size=(3, 2)), [[1, 0, 2], [3, 0, -1]])
    binary = kousei.binarize(net)
    assert binary.sizes == (2, 4, 2)
    assert binary.first[0] == pytest.approx(np.array([[2], [1], [0.5], [1.5]]) * net.weights[0][[0, 0, 2, 2]])


def test_affine_networks_stay_as_they_are(rng: np.random.Generator) -> None:
    net = network(rng.normal(size=(3, 2)), biases=[rng.normal(size=3)])
    for bias in BIASES:
        binary = kousei.binarize(net, bias=bias)
        assert binary.layers == ()
        assert np.array_equal(binary.first[0], net.weights[0])
        assert np.array_equal(binary.first[1], net.biases[0])
        assert math.isnan(binary.summary().ratio)
        assert binary.error_bound([(0, 1)] * 2).total == 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_and_shapes(dtype: str, rng: np.random.Generator) -> None:
    for outputs, last in ((1, ()), (2, (2,))):
        net = kousei.MLP.random([3, 5, 4, outputs], rng=1).astype(dtype)
        binary = kousei.binarize(net)
        assert binary.dtype == dtype == binary.to_mlp().dtype
        for batch in [(), (0,), (5,), (2, 0, 3), (2, 3)]:
            x = rng.normal(size=(*batch, 3)).astype(dtype)
            values = binary(x)
            assert values.dtype == dtype
            assert values.shape == (*batch, *last)
            assert values == pytest.approx(net(x), rel=1e-4 if dtype == "float32" else 1e-12)


def test_blocks(monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> None:
    net = kousei.MLP.random([3, 5, 4, 2], rng=1)
    x = rng.normal(size=(20, 3))
    whole = kousei.binarize(net)
    monkeypatch.setattr("kousei.binary.rewriting._BLOCK", 30)
    assert kousei.binarize(net).layers == whole.layers
    assert whole(x) == pytest.approx(net(x), rel=1e-12)


def test_sparse_weights_and_mixed_layers(rng: np.random.Generator) -> None:
    weights = [rng.normal(size=(4, 3)), scipy.sparse.csr_array(np.diag([1.0, 2, 0, -1])), rng.normal(size=(2, 4))]
    biases = [rng.normal(size=len(w.toarray() if scipy.sparse.issparse(w) else w)) for w in weights]
    net = kousei.MLP(weights, biases, [Mixed([("relu", 2), ("abs", 2)]), "relu"])
    x = rng.normal(size=(20, 3))
    assert kousei.binarize(net)(x) == pytest.approx(net(x), rel=1e-12)


def test_tensors_become_numpy_arrays() -> None:
    torch = pytest.importorskip("torch")
    net = kousei.MLP.random([2, 3, 1], rng=0)
    binary = kousei.binarize(net.like(torch.zeros(1, dtype=torch.float64)))
    assert np.array_equal(binary.first[0], kousei.binarize(net).first[0])
    assert binary(torch.zeros(2, dtype=torch.float64)).dtype == torch.float64


def refused(message: str, net: Any = None, *args: Any, **options: Any) -> None:
    net = kousei.MLP.random([2, 3, 1], rng=0) if net is None else net
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        kousei.binarize(net, *args, **options)


def test_bad_arguments() -> None:
    refused("net was str; a kousei.MLP is accepted", "net")
    refused("method was 'chains'; 'chain', 'dyadic', 'auto' and 'bits' are accepted", None, "chains")
    refused("method was ['chain']; 'chain', ", None, ["chain"])
    refused("bias was None; 'affine' and 'strict' are accepted", bias=None)
    points = np.zeros((3, 2))
    for method in EXACT:
        refused(
            f"calibrate was given and method '{method}', which is exact; method='bits'", None, method, None, points
        )
        refused(f"bits was 4 and method '{method}', which is exact; method='bits' takes bits", None, method, bits=4)
    refused("bits was None; with method='bits' 1 to 24 is accepted", None, "bits")
    for bits in (0, 25, -1):
        refused(f"bits was {bits}; 1 to 24 is accepted", None, "bits", bits=bits)
    refused("bits was 2.5; an integer is accepted", None, "bits", bits=2.5)
    smooth = kousei.MLP([np.ones((1, 1))] * 3, [np.zeros(1)] * 3, ["relu", "tanh"])
    refused("activations[1] was 'tanh'; a piecewise-linear activation", smooth)
    mixed = kousei.MLP(
        [np.ones((3, 1)), np.ones((1, 3))], [np.zeros(3), np.zeros(1)], [Mixed([("repu2", 2), ("silu", 1)])]
    )
    refused(
        "activations[0] was '2 repu2 + 1 silu'; a piecewise-linear activation, kousei.PiecewiseLinear, and", mixed
    )
    refused("progress was 1; True and False are accepted", progress=1)
    refused("weights[1] of the network is not finite", network([[1]], [[np.nan]]))
    refused("biases[0] of the network is not finite", network([[1]], [[1]], biases=[np.array([np.inf]), np.zeros(1)]))
    refused("weights[0] times the coefficients of the layers above overflow", network([[1e200]], [[1e200]]))
    small = network([[1]], [[1], [5e-324]])
    refused(
        "weights[1] takes coefficients below the least float64 by this method; 'chain' is accepted", small, "dyadic"
    )
    single = network([[1e30]], [[1e30]]).astype("float32")
    refused("weights[0] of the binary network is not finite in float32", single)


def test_bad_points_and_boxes() -> None:
    binary = kousei.binarize(kousei.MLP.random([2, 3, 1], rng=0))
    with pytest.raises(ValueError, match=re.escape("x has shape (3,); (..., 2) is accepted")):
        binary(np.zeros(3))
    with pytest.raises(TypeError, match="x has dtype float32 and the network float64"):
        binary(np.zeros(2, np.float32))
    with pytest.raises(TypeError, match="x was list; a NumPy, CuPy or torch array"):
        binary([0.0, 0.0])
    with pytest.raises(TypeError, match="x is masked"):
        binary(np.ma.zeros(2))
    for box in ([(0, 1)], [(1, 0), (0, 1)], [(0, np.inf), (0, 1)]):
        with pytest.raises(ValueError, match="box"):
            binary.error_bound(box)


def test_bad_numbers() -> None:
    for t, message in (([[1]], "t has shape (1, 1); (r,) is accepted"), ([np.nan], "finite numbers are accepted")):
        with pytest.raises(ValueError, match=re.escape(message)):
            kousei.chain_decomposition(t)
    with pytest.raises(TypeError, match="t has dtype complex128; real numbers are accepted"):
        kousei.chain_decomposition([1j])


def test_too_many_units_are_counted_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    net = kousei.MLP.random([2, 40, 40, 10], rng=0)
    monkeypatch.setattr("os.sysconf", lambda name: 1000)  # a machine of 1 MB
    with pytest.raises(MemoryError, match="a binary network of 16000 units in hidden layer 0 takes 0.00165 GB"):
        kousei.binarize(net)
    assert kousei.binarize(net, "bits", bits=2).sizes == (2, 80, 80, 10)
    with pytest.raises(MemoryError, match=re.escape("rounding weights[1] as a matrix of 960 x 40 takes 0.00184 GB")):
        kousei.binarize(net, "bits", bits=24)
    # The product of the widths passes 64 bits.
    net = kousei.MLP.random([2] * 70, rng=0)
    with pytest.raises(MemoryError, match="a binary network of [0-9]+ units in hidden layer [0-9]+ takes"):
        kousei.binarize(net)


@pytest.mark.parametrize("method", ["chain", "dyadic", "auto"])
@pytest.mark.parametrize("exponents", [(100, -100, -80), (-80, 90, 90), (120, -60, -100)])
def test_float32_multiples_that_it_does_not_hold(method: str, exponents: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    weights = [np.ldexp(rng.normal(size=(3, 3)), e).astype("f4") for e in exponents]
    net = kousei.MLP(weights, [np.zeros(3, "f4")] * 3, ["relu"] * 2)
    x = rng.normal(size=(20, 3)).astype("f4")
    binary, values = kousei.binarize(net, method), net(x)
    # Bit by bit all rows are added up, with more rounding: 1.3e-5 on a machine without AVX-512.
    for form, tolerance in (("auto", 1e-5), ("packed", 4e-5)):
        assert np.abs(binary(x, form=form) - values).max() < tolerance * np.abs(values).max()


def test_float32_powers_of_multiples_that_it_does_not_hold() -> None:
    rng = np.random.default_rng(0)
    weights = [np.ldexp(rng.normal(size=(3, 3)), e).astype("f4") for e in (-40, 90, 60)]
    net = kousei.MLP(weights, [np.zeros(3, "f4")] * 3, ["repu3", "relu"])
    x = rng.normal(size=(20, 3)).astype("f4")
    values = net(x)
    assert np.abs(kousei.binarize(net)(x) - values).max() < 1e-5 * np.abs(values).max()
