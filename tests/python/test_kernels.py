"""All compiled kernels: the same bits for any number of threads, for two calls at once, and in a forked child."""

import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

import kernel_calls
import kousei
from kousei._lib import _core
from kousei._lib._core import cpu


@pytest.fixture(params=kernel_calls.CALLS)
def call(request: pytest.FixtureRequest) -> kernel_calls.Call:
    return kernel_calls.make(request.param, 150)


def same(results: Iterable[np.ndarray], expected: Iterable[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(results, expected, strict=True))


def test_every_kernel_is_called() -> None:
    called = {name for make in kernel_calls.CALLS for name, _ in kernel_calls.make(make, 5)}
    names = {name for name in dir(cpu) if not name.startswith("_")} - {"Cpu"}
    classes = [getattr(cpu, name) for name in names if isinstance(getattr(cpu, name), type)]
    methods = {name for kind in classes for name in vars(kind) if not name.startswith("_")}
    functions = {name for name, value in vars(_core).items() if callable(value) and not isinstance(value, type)}
    assert names | methods | functions <= called


def test_results_do_not_depend_on_threads(call: kernel_calls.Call) -> None:
    expected = kernel_calls.run(call)
    assert expected
    assert not any(np.isnan(array).any() for array in expected if array.dtype.kind == "f")
    assert same(kernel_calls.run(call, 2), expected)
    assert same(kernel_calls.run(call, 4), expected)


def test_two_at_once(call: kernel_calls.Call) -> None:
    expected = kernel_calls.run(call)
    right: list[bool] = []
    start = threading.Barrier(2)

    def work() -> None:
        start.wait()
        right.extend(same(kernel_calls.run(call, 2), expected) for _ in range(3))

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert right == [True] * 6


def test_forked_children() -> None:
    code = """
    import os, warnings, kernel_calls
    from test_kernels import same
    warnings.simplefilter("ignore")  # newer Pythons warn of fork in a process with threads
    calls = {name: kernel_calls.make(name, 60) for name in kernel_calls.CALLS}
    expected = {name: kernel_calls.run(call, 3) for name, call in calls.items()}
    child = os.fork()
    if child == 0:
        wrong = [name for name, call in calls.items() if not same(kernel_calls.run(call, 3), expected[name])]
        print(wrong, flush=True)
        os._exit(0)
    print(os.waitpid(child, 0)[1])
    """
    places = [str(Path(__file__).parent), str(Path(kousei.__file__).parents[1])]
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(places)},
        check=False,
    )
    assert (done.stdout.split("\n"), done.stderr) == (["[]", "0", ""], "")


def test_what_a_kernel_cannot_read_is_refused() -> None:
    memory = np.zeros(8 * 6 + 1, "u1")
    beside = memory[1:].view("f8")
    net = [np.ones((1, 1)), np.ones(1), np.ones((1, 1)), np.ones(1), kernel_calls.Activation.tanh]
    for x, out in ((beside[:, None], np.zeros(6)), (np.zeros((6, 1)), beside)):
        with pytest.raises(TypeError, match="incompatible function arguments"):
            cpu.network_evaluate(*net, x, out, cpu.Cpu())
    begin, columns, values = np.array([0, 1, 2]), np.zeros(2, "i4"), np.ones(2)
    found = [np.zeros((2, 1), "i4"), np.zeros((2, 1))]
    with pytest.raises(ValueError, match="column_begin has other lengths"):
        cpu.recommend_top_products(begin, columns, values, begin, columns, values, *found, cpu.Cpu())
    ranks, chain_signs, counts = np.zeros((1, 2), "u2"), np.ones(2, "i1"), np.full(2, 2**63 - 1)
    with pytest.raises(kousei.SizeError, match="a chain has 2"):
        cpu.binary_signs(ranks, chain_signs, counts, np.zeros((1, 8), "u4"), cpu.Cpu())
    states = np.zeros((1, 4), "u4")
    for clock, draws in (([2**62, 0, 0], 0), ([0, -1, 0], 0), ([0, 0, 0], -1)):
        with pytest.raises(ValueError, match="a clock has"):
            cpu.rbm_advance(np.array(clock), draws, states, None, cpu.Cpu())
    wide = kernel_calls.make("funahashi window float64", 5)
    wide[0][1][6] = np.inf
    with pytest.raises(ValueError, match="spacing or delta is not positive and finite"):
        kernel_calls.run(wide)
    for power in (-1.0, -(2.0**63), np.inf, np.nan):
        with pytest.raises(ValueError, match="s is not above -1"):
            cpu.ridgelet_tabulate(power, False)
