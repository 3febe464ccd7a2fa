"""Functions as products of matrices of functions of one variable: ranks, tolerances, refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kousei.activation import relu
from kousei.front import benchmark_functions
from kousei.front.problem import Problem, RefusedError
from kousei.front.trains.cross import cross
from kousei.front.trains.products import Numbers, carry, multiply, plan
from kousei.front.trains.tensor import tensor
from kousei.network import MLP
from kousei.network.wiring import Wiring
from support import share

franke = benchmark_functions((2,))["Franke"].f


def xor(x):
    return (1 - np.cos(np.pi * x).prod(axis=1)) / 2


def peaks(x):
    return (1 / (0.17 + (x - 0.4) ** 2)).prod(axis=1)  # values of up to 203


def bell(x):
    return np.exp(-(np.linspace(0.5, 1, x.shape[1]) * (x - 0.3) ** 2).sum(axis=1))


def wave(x):
    return np.cos(0.7 + x.sum(axis=1))


def corner(x):
    return (1 + x @ np.linspace(0.3, 0.9, x.shape[1])) ** -(x.shape[1] + 1.0)


def valley(x):
    return (100 * (x[:, 1:] - x[:, :-1] ** 2) ** 2 + (1 - x[:, :-1]) ** 2).sum(axis=1)


def tent(x):
    return np.exp(-3 * np.abs(x - 0.6).sum(axis=1))


UNIT, ROSENBROCK = (0.0, 1.0), (-2.048, 2.048)


def problem(f, sides, dim, tol=1e-6, activation=None):
    lo, hi = np.array([sides] * dim, float).T
    return Problem(f, lo, hi, tol, activation, np.random.default_rng(0))


def off(its, net, seed=0):
    x = its.place(np.random.default_rng(seed).uniform(-1, 1, (10000, its.dim)))
    return np.abs(net(x) - its._f(x)).max()


def train_of(its, tol, most_rank=16):
    return cross(lambda y: its(its.place(y)), its.dim, tol, most_rank)


@pytest.mark.parametrize(
    ("f", "sides", "dim", "ranks"),
    [
        (franke, UNIT, 2, (4,)),
        (xor, UNIT, 2, (1,)),
        (lambda x: 1 - bell(x), UNIT, 4, (1,) * 3),
        (bell, UNIT, 5, (1,) * 4),
        (peaks, UNIT, 3, (1, 1)),
        (wave, UNIT, 4, (2,) * 3),
        (valley, ROSENBROCK, 5, (3,) * 4),
    ],
)
def test_ranks_golden(f, sides, dim, ranks):
    its = problem(f, sides, dim)
    train = train_of(its, 1e-9)
    assert train.ranks == ranks
    y = np.random.default_rng(1).uniform(-1, 1, (10000, dim))
    assert np.abs(train(y) - f(its.place(y))).max() < 3e-9


@pytest.mark.parametrize("dim", [2, 3, 5])
def test_crosses_are_solved_to_rounding(dim):
    # Their conditions are up to 1e11: with inverses of them, errors are above 1e-7.
    its = problem(corner, UNIT, dim)
    train = train_of(its, 1e-11)
    y = np.random.default_rng(1).uniform(-1, 1, (10000, dim))
    assert np.abs(train(y) - corner(its.place(y))).max() < 2e-11


def test_matrices_behind_the_first_are_orthonormal():
    # Which tells them apart from any others whose product is the same.
    cores = train_of(problem(corner, UNIT, 3), 1e-9).cores
    nodes = np.cos(np.pi * (np.arange(64) + 0.5) / 64)
    for core in cores[1:]:
        values = core(nodes).swapaxes(0, 1).reshape(core.shape[0], -1)
        assert np.allclose(values @ values.T / 64, np.eye(core.shape[0]), atol=1e-6)


@pytest.mark.parametrize(
    ("f", "sides", "dim", "tol", "units"),
    [
        (xor, UNIT, 2, 1e-6, 40),
        (franke, UNIT, 2, 1e-6, 150),
        (peaks, UNIT, 3, 1e-6, 150),
        (bell, UNIT, 10, 1e-6, 200),
        (wave, UNIT, 3, 1e-6, 100),
        (corner, UNIT, 3, 1e-6, 200),
        (valley, ROSENBROCK, 10, 1e-6, 250),
        (tent, UNIT, 3, 1e-2, 150),
    ],
)
def test_networks_are_small_and_near(f, sides, dim, tol, units):
    its = problem(f, sides, dim, tol)
    net = tensor(its, 3000)
    assert off(its, net) <= tol
    assert net.units <= units
    assert net.units == net.summary().formula.units
    assert its.evaluations < 60000


def test_a_peak_between_the_points_is_climbed():
    its = problem(lambda x: np.exp(-25 * ((x - 0.5) ** 2).sum(axis=1)), UNIT, 10)
    net = tensor(its, 3000)
    middle = np.full((1, 10), 0.5) + np.random.default_rng(0).normal(size=(1000, 10)) / 30
    assert np.abs(net(middle) - its._f(middle)).max() < 1e-6


def test_variables_that_do_not_count_take_no_units():
    two = tensor(problem(franke, UNIT, 2), 3000)
    its = problem(lambda x: franke(x[:, [5, 2]]), UNIT, 8)
    net = tensor(its, 3000)
    assert off(its, net) < 1e-6
    assert abs(net.units - two.units) < 20
    its = problem(lambda x: np.sin(3 * x[:, 1]), UNIT, 3)
    net = tensor(its, 3000)
    assert off(its, net) < 1e-6
    assert len(net.activations) == 1


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_values_and_boxes_of_any_size(scale):
    lo, hi = np.array([1000.0, -1e-3]), np.array([1002.0, 1e-3])
    its = Problem(
        lambda x: scale * np.sin(x[:, 0]) * np.exp(800 * x[:, 1]),
        lo,
        hi,
        1e-6 * scale,
        None,
        np.random.default_rng(0),
    )
    assert off(its, tensor(its, 300)) < 1e-6 * scale


def _smooth(kind, a, b):
    return {
        "wave": lambda t: np.sin(3 * a * t + b),
        "bell": lambda t: np.exp(-((2 * a * (t - b)) ** 2)),
        "peak": lambda t: 1 / (1 + (2 * a * (t - b)) ** 2),
        "cubic": lambda t: a + b * t + t**3,
        "constant": lambda t: a + 0 * t,
        "step": lambda t: np.tanh(2 * a * (t - b)),
    }[kind]


KINDS = st.sampled_from(["wave", "bell", "peak", "cubic", "constant", "step"])
LINES = st.tuples(KINDS, st.floats(-2, 2), st.floats(-1, 1)).map(lambda line: _smooth(*line))


@st.composite
def sums_of_products(draw):
    dim, terms = draw(st.integers(2, 4)), draw(st.integers(1, 3))
    lines = [[draw(LINES) for _ in range(dim)] for _ in range(terms)]
    return dim, lambda x: sum(np.prod([g(t) for g, t in zip(term, x.T, strict=True)], axis=0) for term in lines)


@pytest.mark.slow
@settings(max_examples=share(200))
@given(sums_of_products(), st.sampled_from([1e-2, 1e-4, 1e-6]))
def test_many_sums_of_products(its, tol):
    check_sum_of_products(its, tol)


@settings(max_examples=share(15), derandomize=True)
@given(sums_of_products(), st.sampled_from([1e-2, 1e-4, 1e-6]))
def test_sums_of_products(its, tol):
    check_sum_of_products(its, tol)


def check_sum_of_products(its, tol):
    dim, f = its
    asked = problem(f, (-1.0, 1.0), dim, tol)
    values = f(np.random.default_rng(0).uniform(-1, 1, (1000, dim)))
    if np.ptp(values) <= tol:
        return  # which may be refused as constant
    assert off(asked, tensor(asked, 3000)) <= tol


@pytest.mark.parametrize("dim", [3, 5, 10])
def test_high_ranks_are_refused_from_few_values(dim):
    net = MLP.random([dim, 40, 1], "tanh", rng=1)
    steep = MLP([10 * net.weights[0], net.weights[1]], net.biases, ["tanh"])
    its = problem(steep, (-1.0, 1.0), dim)
    with pytest.raises(RefusedError, match=r"the rank between its first \d variables and the others is above"):
        tensor(its, 3000)
    assert its.evaluations < 2000


def test_what_is_refused():
    with pytest.raises(RefusedError, match=r"units max\(z, 0\)\^2, and all were to be relu"):
        tensor(problem(xor, UNIT, 2, activation=relu), 3000)
    with pytest.raises(RefusedError, match="one variable"):
        tensor(problem(bell, UNIT, 1), 3000)
    with pytest.raises(RefusedError, match="3 units multiply, and 4 are allowed"):
        tensor(problem(xor, UNIT, 2), 4)
    with pytest.raises(RefusedError, match="constant"):
        tensor(problem(lambda x: np.ones(len(x)), UNIT, 3), 3000)
    with pytest.raises(RefusedError, match="is 0 at all points"):
        tensor(problem(lambda x: np.zeros(len(x)), UNIT, 3), 3000)
    with pytest.raises(RefusedError, match=r"along t = \(x_2 - 0.5\)/0.5, it jumps at -0.4"):
        tensor(problem(lambda x: np.sin(x[:, 0]) * (x[:, 1] > 0.3), UNIT, 2), 3000)
    noise = np.random.default_rng(0).normal
    with pytest.raises(RefusedError, match="rank"):
        tensor(problem(lambda x: xor(x) + 1e-3 * noise(size=len(x)), UNIT, 2), 3000)


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 2, 1), (1, 2, 3), (2, 3, 4), (4, 3, 2)])
def test_products_of_matrices_are_exact(shape):
    rows, inner, columns = shape
    rng = np.random.default_rng(0)
    sizes = 10 ** rng.uniform(-3, 3, (rows, inner)), 10 ** rng.uniform(-3, 3, (inner, columns))
    wiring = Wiring(rows * inner + inner * columns)
    ends = wiring.affine(wiring.input, np.eye(rows * inner, wiring.input[0].size), np.zeros(rows * inner))
    others = np.eye(inner * columns, wiring.input[0].size, rows * inner)
    a, b = Numbers(ends, sizes[0]), Numbers(wiring.affine(wiring.input, others, np.zeros(len(others))), sizes[1])
    product = multiply(wiring, a, b, np.full((rows, columns), np.inf))
    assert (product.bound == sizes[0] @ sizes[1]).all()
    net = wiring.network(carry(wiring, product).wire)
    assert net.units == 2 * rows * inner * columns + min(rows, columns) + rows * columns
    # At the bounds of the numbers, too, in all signs.
    scale = np.concatenate([rng.uniform(-1, 1, (1000, net.dim)), rng.choice([-1.0, 1.0], (1000, net.dim))])
    x = scale * np.concatenate([sizes[0].ravel(), sizes[1].ravel()])
    left, right = np.split(x, [rows * inner], axis=1)
    exact = left.reshape(-1, rows, inner) @ right.reshape(-1, inner, columns)
    off = net(x).reshape(exact.shape) - exact
    assert np.abs(off).max() < 1e-14 * sizes[0].max() * sizes[1].max()


def test_plans_by_hand():
    # Two vectors of length r: two units for each pair, one for what is left over.
    assert [plan((1, r, 1)).units for r in (1, 2, 4)] == [3, 5, 9]
    # Ten numbers: nine products; of 10, 5, 3, 2 numbers one is carried at 5 and at 3.
    assert plan((1,) * 11).units == 9 * 3 + 2
    assert plan((1,) * 11).layer == 5
    # Vectors are multiplied by matrices from both ends, 2 * 9 + 1 units each, and one with the other, 2 * 3 + 1.
    assert plan((1, 3, 3, 3, 1)).units == 2 * 19 + 7
    # Of five matrices three variables wait for a layer.
    assert plan((1, 3, 3, 3, 3, 1)).units == 3 * 19 + 7 + 3
