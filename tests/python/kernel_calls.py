"""Calls of all compiled kernels for host memory, which tests of threads, memory and fuzzing go over."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from kousei._lib import _core
from kousei._lib._core import Activation, FunahashiMethod, cpu

#: Names in `_core.cpu` or `_core` with their arguments, or a class there and methods of an object of it.
Call = list[tuple[str, list[Any]]]
Random = np.random.Generator

#: Stands for the threads of a call.
ON = "on"


def run(call: Call, threads: int = 1) -> list[np.ndarray]:
    """Return all arrays that a call was given, after it, and what it returned; its own arrays stay as they are."""
    return run_prepared(prepared(call, threads))


@dataclass
class Prepared:
    """A call with arrays of its own, its threads, and the object whose methods it calls."""

    own: Any
    steps: Call


def prepared(call: Call, threads: int = 1) -> Prepared:
    on = cpu.Cpu(threads)
    steps = [
        (name, [on if isinstance(argument, str) else argument for argument in arguments])
        for name, arguments in deepcopy(call)
    ]
    name, arguments = steps[0]
    own: Any = cpu if hasattr(cpu, name) else _core
    if isinstance(getattr(own, name), type):
        return Prepared(getattr(own, name)(*arguments), steps[1:])
    return Prepared(own, steps)


def run_prepared(call: Prepared) -> list[np.ndarray]:
    return results_of(call, called(call))


def called(call: Prepared) -> list[Any]:
    return [getattr(call.own, name)(*arguments) for name, arguments in call.steps]


def results_of(call: Prepared, returned: list[Any]) -> list[np.ndarray]:
    return list(arrays_of([*(arguments for _, arguments in call.steps), *returned]))


def arrays_of(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, np.ndarray | int) and not isinstance(value, bool):
        yield np.asarray(value)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from arrays_of(item)


def words(rng: Random, rows: int, columns: int) -> np.ndarray:
    """Rows of signs, packed."""
    stride = _core.packed_stride(columns)
    bits = np.zeros((rows, 32 * stride), "u1")
    bits[:, :columns] = rng.integers(0, 2, (rows, columns))
    return np.packbits(bits, axis=1, bitorder="little").view("<u4").copy()


def units(count: int, activation: Activation = Activation.logistic) -> list[tuple[Activation, int, int]]:
    return [(activation, count, 0)]


class Reals:
    """Arrays of one floating-point type."""

    def __init__(self, rng: Random, dtype: str) -> None:
        self.rng, self.dtype = rng, dtype

    def __call__(self, *shape: int) -> np.ndarray:
        return self.rng.normal(size=shape).astype(self.dtype)

    def empty(self, *shape: int) -> np.ndarray:
        return np.full(shape, np.nan, self.dtype)

    def class_of(self, name: str) -> str:
        return self.dtype.capitalize() + name


def activation_apply(real: Reals, n: int) -> Call:
    parts = [(Activation.erf, n - 3, 0), (Activation.piecewise_linear, 1, 2), (Activation.homogeneous, 2, 0)]
    parameters = np.concatenate([np.sort(real(2)), real(6), real(4)])
    return [("activation_apply", [parts, parameters, real(n), real(40 * n, n), real.empty(40 * n, n), ON])]


def network_evaluate(real: Reals, n: int) -> Call:
    net = [real(10 * n, 3), real(10 * n), real(2, 10 * n), real(2)]
    return [("network_evaluate", [*net, Activation.erf, real(4 * n, 3), real.empty(4 * n, 2), ON])]


def layers(real: Reals, n: int) -> Call:
    starts = np.arange(n + 1, dtype="i8")
    columns = real.rng.permutation(n)
    none, smooth = real(0), units(n, Activation.tanh)
    x = real(3 * n, 2)
    return [
        (real.class_of("Layers"), []),
        ("add", [real(n, 2), real(n), smooth, none]),
        ("add_sparse", [real(n), starts, columns, n, real(n), smooth, none]),
        ("add", [real(2, n), real(2), [], none]),
        ("evaluate", [x, real.empty(3 * n, 2), ON]),
        ("jet", [x, real.empty(3 * n, 2), real.empty(3 * n, 2, 2), real.empty(3 * n, 2), ON]),
        ("divergence", [x, real.empty(3 * n), ON]),
    ]


def binary_network(real: Reals, n: int) -> Call:
    rng, none = real.rng, real(0)
    counts = rng.integers(1, 4, n)
    ranks = np.stack([rng.integers(0, count, n + 1) for count in counts], axis=1)
    return [
        (real.class_of("Binary"), [real(n, 3), real(n), units(n), none]),
        ("multiples", [rng.integers(0, n, 2 * n).astype("i4"), real(2 * n)]),
        ("add", [words(rng, n, 2 * n), 2 * n, real(n), units(n), none]),
        ("multiples", [np.repeat(np.arange(n, dtype="i4"), counts), real(int(counts.sum()))]),
        ("add_chain", [ranks.astype("u2"), signs(rng, n), counts, real(n + 1), [], none]),
        ("evaluate", [real(2, 3), real.empty(2, n + 1), ON]),
        ("evaluate", [real(5 * n, 3), real.empty(5 * n, n + 1), ON]),
    ]


def signs(rng: Random, count: int) -> np.ndarray:
    return rng.choice(np.array([-1, 1], "i1"), count)


def binary_signs(rng: Random, n: int, rank: str) -> Call:
    counts = np.full(n, 3)
    ranks = rng.integers(0, 3, (2 * n, n)).astype(rank)
    return [("binary_signs", [ranks, signs(rng, n), counts, words(rng, 2 * n, 3 * n), ON])]


def owen(real: Reals, n: int) -> tuple[list[Any], int]:
    """The tables and layers of a function of 6 items with 2 features, and its outputs."""
    first = (real(n, 0), real(n), units(n), real(0))
    return [real(6, 4, n), abs(real(6, 4)), [first, (real(2, n), real(2), [], real(0))]], 2


def attribution_evaluate(real: Reals, n: int) -> Call:
    tables, outputs = owen(real, n)
    present = real.rng.integers(0, 2, (5 * n, 6, 2)).astype("u1")
    return [("attribution_evaluate", [*tables, present, real.empty(5 * n, outputs), ON])]


def attribution_owen_values(real: Reals, n: int) -> Call:
    tables, outputs = owen(real, n)
    some = np.full((outputs, 4, 2), np.nan)
    return [
        ("attribution_owen_values", [*tables, 0, np.full((outputs, 6, 2), np.nan), ON]),
        ("attribution_owen_values", [*tables, 2, some, ON]),
    ]


def attribution_masked_sets(real: Reals, n: int) -> Call:
    present = real.rng.integers(0, 2, (4 * n, n, 2)).astype("u1")
    groups = np.array([0, 1, 0], "i4")
    out = [real.empty(4 * n, n, 3), np.zeros((4 * n, n), "u1")]
    return [("attribution_masked_sets", [real(n, 3), real(3), groups, True, present, *out, ON])]


def attribution_solve(rng: Random, n: int) -> Call:
    x, y, weight = rng.normal(size=(n, 9, 4)), rng.normal(size=(n, 9)), rng.uniform(size=(n, 9))
    out = [np.zeros((n, 4)), np.zeros(n, "i4")]
    return [("attribution_solve", [x, y, weight, rng.normal(size=n), 1e-3, *out, ON])]


def equivariant(real: Reals, n: int, over: str, by_prime: bool) -> Call:
    name, p = f"equivariant_sum_over_{over}", 3
    points, sums = (p * p, p * p * p - p) if by_prime else (2 * n, 3 * n)  # all units but the first p
    labels = [p, 2, p, sums] if by_prime else [real.rng.integers(0, 5, (points, sums)).astype("i4")]
    f, out = (points, sums) if over == "points" else (sums, points)
    return [(name, [*labels, real(p if by_prime else 5), real(n, f), real.empty(n, out), ON])]


def waves(real: Reals, n: int) -> tuple[list[Any], np.ndarray]:
    """The arrays of a network of n frequencies, and points."""
    thresholds = (0.5 * np.arange(-20, 20)).astype(real.dtype)
    return [real(n, 2), real(n, 2), thresholds, real(40, 2), real(2)], real(3 * n, 2)


def funahashi_evaluate(real: Reals, n: int, method: FunahashiMethod) -> Call:
    net, x = waves(real, n)
    given = [*net, 0.5, 1.0, 1.0, Activation.logistic, x, real.empty(3 * n), ON, 0.25, 4, None, None, 0, method]
    return [("funahashi_evaluate", given)]


def funahashi_ranges(real: Reals, n: int) -> Call:
    net, x = waves(real, n)
    bumps = np.tile(np.array([[1, 39]]), (n, 1))
    starts = np.arange(n + 1) * 2 * 38
    ranges = [bumps, starts, int(starts[-1])]
    dense = [*net, 0.5, 1.0, 1.0, Activation.tanh, x]
    return [
        ("funahashi_evaluate", [*dense, real.empty(3 * n), ON, 0.0, 0, *ranges]),
        ("funahashi_gradient", [*dense, real.empty(3 * n, 2), ON, 0, *ranges]),
    ]


def funahashi_bump_transform(real: Reals, n: int) -> Call:
    return [("funahashi_bump_transform", [Activation.logistic, 0.5, 2.0, real(99 * n), real.empty(99 * n), ON])]


def funahashi_evaluate_table(real: Reals, n: int) -> Call:
    net, x = waves(real, n)
    table = real(8, _core.funahashi_table_degree + 1, 2)
    return [("funahashi_evaluate_table", [*net[:2], net[4], 0.5, table, -2.0, 2.0, x, real.empty(3 * n), ON])]


def ising(rng: Random, n: int) -> Call:
    shape, groups = [4, 2 * n], 3
    sites = 8 * n
    spins = rng.integers(0, 2**32, (2, sites, groups), dtype="u4")
    chosen = rng.integers(0, 2**32, (1, groups), dtype="u4")
    rows, one, samples = words(rng, 2 * 70, sites), spins[:1].copy(), words(rng, 3 * 70, sites)
    return [
        ("ising_metropolis", [shape, [(0.3, 0.0), (0.4, 0.1)], spins, 7, 0, 5, 0, groups, ON]),
        ("ising_exchange", [shape, spins, 0, chosen, ON]),
        ("ising_pack", [shape, spins, 70, rows, ON]),
        ("ising_sample", [shape, (0.4, 0.1), one, 7, 5, 2, 4, 9, 70, samples, ON]),
        ("ising_count", [rows, shape, np.zeros(140, "i8"), np.zeros(140, "i8"), ON]),
    ]


def ising_clusters(rng: Random, n: int) -> Call:
    sides, chains = [4, 2 * n], 5
    spins = words(rng, chains, 8 * n)
    return [
        ("ising_swendsen_wang", [spins, sides, 0.4, 0.1, 7, 0, 5, 0, ON]),
        ("ising_wolff", [spins, sides, 0.4, 0.1, 7, 5, 5, 2, np.full(chains, 3), np.zeros(chains, "i8"), ON]),
    ]


def packed_numbers(rng: Random, n: int, dtype: str) -> Call:
    own = words(rng, n, 2 * n)
    unpacked = np.zeros((n, 2 * n), dtype)
    return [
        ("packed_unpack", [own, unpacked, ON]),
        ("packed_pack", [unpacked, words(rng, n, 2 * n), np.zeros(1, "i8"), ON]),
    ]


def packed_dot(rng: Random, n: int) -> Call:
    return [("packed_dot", [words(rng, n, 2 * n), words(rng, 3 * n, 2 * n), 2 * n, np.zeros((n, 3 * n), "i4"), ON])]


def packed_matmul(real: Reals, n: int, scaled: bool) -> Call:
    rows, columns = 2 * n, 3 * n
    own = words(real.rng, rows, columns)
    blocks = -(-columns // 32)
    scales: list[Any] = [abs(real(rows, blocks)), 32] if scaled else [None, 0]
    copy = np.zeros(cpu.packed_interleaved_words(own, columns, *scales), "u4")
    few, many = real(3, columns), real(70, columns)
    return [
        ("packed_interleaved_words", [own, columns, *scales]),
        ("packed_interleave", [own, columns, copy, ON, *scales]),
        ("packed_matmul", [own, columns, few, real.empty(3, rows), ON, copy, *scales]),
        ("packed_matmul", [own, columns, many, real.empty(70, rows), ON, None, *scales]),
    ]


def rbm(rng: Random, n: int) -> Call:
    real = Reals(rng, "float32")
    visible, hidden, rows = 2 * n, n, 9
    weight, biases = real(visible, hidden), [real(visible), real(hidden)]
    velocities = [real(visible, hidden), real(visible), real(hidden)]
    data, model, batch = (words(rng, count, visible) for count in (20, rows, rows))
    drawn, means = words(rng, rows, hidden), [real.empty(rows, hidden) for _ in range(2)]
    clock, order = np.array([5, 3, 0]), rng.permutation(20)
    centers = [abs(real(visible)), abs(real(hidden)), 0.1]
    fields = real.empty(rows, visible)
    respond = [weight, biases[1], False, False, batch, abs(real(rows)), 11, 2, 0, clock, None, means[0], drawn, ON]
    back = [weight, biases[0], True, False, drawn, None, 11, 3, 5, clock, fields, None, model, ON]
    again = [weight, biases[1], False, False, model, None, 11, 4, 0, None, None, means[1], None, ON]
    parameters = [weight, *biases, *velocities, False]
    samples, rates = [batch, means[0], model, means[1]], [0.1, 0.5, 1e-3, *centers, ON]
    sums = [real.empty(visible, hidden), real.empty(2, hidden), np.zeros((2, visible), "i8")]
    return [
        ("rbm_next_rows", [data, order, clock, batch, ON]),
        ("rbm_respond", respond),
        ("rbm_respond", back),
        ("rbm_respond", again),
        ("rbm_update", [*parameters, *samples, *rates]),
        ("rbm_sum_block", [*samples, False, rows, rows, *sums, ON]),
        ("rbm_update_by", [*parameters, *sums, rows, rows, *rates]),
        ("rbm_advance", [clock, 2, batch, model, ON]),
    ]


def sparse(real: Reals, rows: int, columns: int) -> list[np.ndarray]:
    """Begins, columns and positive values; of each row half of the columns."""
    each = columns // 2
    chosen = np.stack([np.sort(real.rng.permutation(columns)[:each]) for _ in range(rows)])
    return [np.arange(rows + 1) * each, chosen.astype("i4").ravel(), abs(real(rows * each))]


def recommend_rows(real: Reals, n: int) -> Call:
    begin, columns, values = sparse(real, 4 * n, n)
    unit = real.empty(values.size)
    transposed = [np.zeros(n + 1, "i8"), np.zeros(values.size, "i4"), real.empty(values.size)]
    found = [np.zeros((4 * n, 5), "i4"), real.empty(4 * n, 5)]
    return [
        ("recommend_unit_rows", [begin, values, unit, ON]),
        ("recommend_transpose", [begin, columns, unit, *transposed, ON]),
        ("recommend_top_products", [begin, columns, unit, *transposed, *found, ON]),
        ("recommend_top_products_between", [n, begin, columns, unit, *transposed, *found, ON]),
    ]


def recommend_prefer(rng: Random, n: int) -> Call:
    real = Reals(rng, "float64")
    users, shops = 3 * n, 2 * n
    rated, preferred = sparse(real, 2 * users, shops), sparse(real, shops, 2 * users)
    lists = [*rated[:2], *preferred[:2]]
    return [("recommend_prefer", [*lists, abs(real(users)), abs(real(shops)), real.empty(shops), ON])]


def ridgelet(real: Reals, n: int) -> Call:
    kernel = [cpu.ridgelet_tabulate(2.0, False).astype(real.dtype), 2.0, False]
    double = Reals(real.rng, "float64")
    points, units = [double(3 * n, 2), double(n, 2), double(n)], (2, n, n)
    functions = (2, 3 * n)
    calls: Call = [("ridgelet_kernel", [*kernel, real(99 * n), real.empty(99 * n), ON])]
    for function in (kernel, [Activation.tanh]):
        calls.append(("ridgelet_sum_over_points", [*function, *points, real(*functions), real.empty(*units), ON]))
    for function in (kernel, [Activation.tanh], [2]):
        calls.append(("ridgelet_sum_over_units", [*function, *points, real(*units), real.empty(*functions), ON]))
    return calls


def ridgelet_tabulate(rng: Random, n: int) -> Call:
    return [("ridgelet_tabulate", [2.5, True])]


def numbers(rng: Random, n: int) -> Call:
    """Functions without arrays."""
    return [
        ("packed_stride", [n]),
        ("funahashi_unit_count", [n, 2, n]),
        ("funahashi_work", [n, 0.5, 0.1, 1.0, Activation.logistic, 2, FunahashiMethod.window, False]),
        ("set_num_threads", [_core.num_threads()]),
        ("num_threads", []),
        ("instruction_set_name", []),
    ]


def safetensors(rng: Random, n: int) -> Call:
    header = b'{"a":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},"__metadata__":{"k":"v"}}'
    file = len(header).to_bytes(8, "little") + header + bytes(16)
    return [("safetensors_header_bytes", [file, len(file)]), ("read_safetensors_header", [file, len(file)])]


def _of_reals() -> dict[str, Callable[[Reals, int], Call]]:
    simple = [
        *(activation_apply, network_evaluate, layers, binary_network, attribution_evaluate, attribution_owen_values),
        *(attribution_masked_sets, funahashi_ranges, funahashi_bump_transform, funahashi_evaluate_table),
        *(recommend_rows, ridgelet),
    ]
    makers: dict[str, Callable[[Reals, int], Call]] = {make.__name__: make for make in simple}
    for over in ("points", "units"):
        for by_prime in (False, True):
            key = f"equivariant {over} {'primes' if by_prime else 'labels'}"
            makers[key] = lambda real, n, over=over, by=by_prime: equivariant(real, n, over, by)
    for method in ("dense", "shared", "window"):
        way = getattr(FunahashiMethod, method)
        makers[f"funahashi {method}"] = lambda real, n, way=way: funahashi_evaluate(real, n, way)
    for scaled in (False, True):
        key = f"packed_matmul{' scaled' if scaled else ''}"
        makers[key] = lambda real, n, scaled=scaled: packed_matmul(real, n, scaled)
    return makers


#: For each name what makes a call, of numbers from a generator and about as large as its argument, 4 or more, says.
CALLS: dict[str, Callable[[Random, int], Call]] = {
    f"{name} {dtype}": lambda rng, n, make=make, dtype=dtype: make(Reals(rng, dtype), n)
    for name, make in _of_reals().items()
    for dtype in ("float32", "float64")
} | {
    "attribution_solve": attribution_solve,
    "binary_signs u2": lambda rng, n: binary_signs(rng, n, "u2"),
    "binary_signs u4": lambda rng, n: binary_signs(rng, n, "u4"),
    "ising": ising,
    "ising_clusters": ising_clusters,
    "numbers": numbers,
    "packed_dot": packed_dot,
    **{
        f"packed {dtype}": lambda rng, n, dtype=dtype: packed_numbers(rng, n, dtype)
        for dtype in ("float32", "float64", "int8", "int16", "int32", "int64")
    },
    "rbm": rbm,
    "recommend_prefer": recommend_prefer,
    "ridgelet_tabulate": ridgelet_tabulate,
    "safetensors": safetensors,
}


def make(name: str, n: int, seed: int = 0) -> Call:
    return CALLS[name](np.random.default_rng(seed), n)
