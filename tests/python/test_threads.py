"""Threads: the same bits for any number, forked children, Ctrl-C, the GIL."""

import os
import signal
import subprocess
import sys
import sysconfig
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import kousei
from support import libraries, same_for_threads, seconds_to_interrupt

pytestmark = pytest.mark.usefixtures("threads_restored")


@pytest.mark.parametrize(("units", "points"), [(100, 5000), (100_000, 3), (70_000, 600)])
@pytest.mark.parametrize("outputs", [1, 3])
def test_results_do_not_depend_on_threads(units: int, points: int, outputs: int, dtype: str) -> None:
    net = kousei.MLP.random([2, units, outputs], "logistic", rng=0).astype(dtype)
    x = np.random.default_rng(1).normal(size=(points, 2)).astype(dtype)
    same_for_threads(lambda: net(x))


@pytest.mark.parametrize("bad", [0, -1, 1025])
def test_bad_count(bad: int) -> None:
    with pytest.raises(ValueError, match=f"count was {bad}; 1 to 1024 threads are accepted"):
        kousei.set_num_threads(bad)


def test_count_is_an_integer() -> None:
    with pytest.raises(TypeError, match="count was 2.5; an integer is accepted"):
        kousei.set_num_threads(2.5)
    with pytest.raises(ValueError, match="1 to 1024 threads are accepted"):
        kousei.set_num_threads(2**40)


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_environment_sets_the_default() -> None:
    code = "import kousei; print(kousei.num_threads())"
    assert run(code, KOUSEI_NUM_THREADS="3") == "3"
    simd = "import kousei; print(kousei._lib._core.instruction_set_name())"
    assert run(simd, KOUSEI_SIMD="AVX2 ") == run(simd, KOUSEI_SIMD="") == run(simd, KOUSEI_SIMD="none")
    assert int(run(code, KOUSEI_NUM_THREADS="")) >= 1
    refused = """import kousei
try:
    kousei.num_threads()
except ValueError as error:
    print(error)
"""
    for nonsense in ("0", "many", "-2", "3.5"):
        message = f"KOUSEI_NUM_THREADS was '{nonsense}'; 1 to 1024 threads are accepted"
        assert run(refused, KOUSEI_NUM_THREADS=nonsense) == message


@pytest.mark.parametrize("name", ["baseline", "avx2", "avx512"])
def test_every_instruction_set_gives_the_same_function(name: str) -> None:
    code = """
    import numpy as np, kousei, sys
    x = np.random.default_rng(0).normal(0, 3, (40, 2))
    worst = 0
    for activation in ("logistic", "tanh", "erf", "arctan", "relu"):
        net = kousei.MLP.random([2, 700, 1], activation, rng=1)
        for dtype in ("float64", "float32"):
            own = net.astype(dtype)
            hidden = net.activations[0](x @ net.weights[0].T + net.biases[0])
            exact = hidden @ net.weights[1][0] + net.biases[1][0]
            worst = max(worst, np.abs(own(x.astype(dtype)) - exact).max() / np.finfo(dtype).eps)
    print(kousei._lib._core.instruction_set_name(), worst)
    """
    used, worst = run(code, KOUSEI_SIMD=name).split()
    widths = ["baseline", "avx2", "avx512"]
    widest = run("import kousei; print(kousei._lib._core.instruction_set_name())", KOUSEI_SIMD="")
    assert used == min(name, widest, key=widths.index)  # a machine may have less than is asked for
    assert float(worst) < 500


def test_forked_children_compute() -> None:
    code = """
    import multiprocessing, warnings, numpy as np, kousei
    warnings.simplefilter("ignore")  # newer Pythons warn of fork in a process with threads
    kousei.set_num_threads(2)
    net = kousei.MLP.random([2, 100_000, 1], "logistic", rng=0)
    x = np.zeros((64, 2))
    before = net(x)
    def child(queue):
        queue.put(np.array_equal(net(x), before))
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    children = [context.Process(target=child, args=(queue,)) for _ in range(2)]
    for process in children:
        process.start()
    print([queue.get(timeout=60) for _ in children], np.array_equal(net(x), before))
    """
    assert run(code) == "[True, True] True"


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("units", "points"), [(200_000, 2_000_000), (40, 60_000_000)])
def test_ctrl_c_ends_a_long_call(threads: int, units: int, points: int) -> None:
    kousei.set_num_threads(threads)
    net = kousei.MLP.random([2, units, 1], "erf", rng=0)
    x = np.zeros((points, 2))
    slower = 4 if "LD_PRELOAD" in os.environ else 1  # with what a sanitizer checks
    assert seconds_to_interrupt(lambda: net(x)) < 0.5 * slower
    assert np.isfinite(net(x[:5])).all()


def test_threads_change_during_a_call() -> None:
    kousei.set_num_threads(1)
    net = kousei.MLP.random([2, 100_000, 1], "erf", rng=0)
    x = np.random.default_rng(0).normal(size=(6000, 2))
    expected = net(x[:300])
    results = []
    worker = threading.Thread(target=lambda: results.append(net(x)))
    worker.start()
    for count in (64, 3, 200) * 20:
        kousei.set_num_threads(count)
        time.sleep(0.002)
    worker.join()
    assert np.array_equal(results[0][:300], expected)


def test_a_signal_handler_may_call() -> None:
    net = kousei.MLP.random([2, 100_000, 1], "erf", rng=0)
    x = np.random.default_rng(0).normal(size=(2000, 2))
    expected, inner = net(x), net(x[:300])
    seen = []
    before = signal.signal(signal.SIGALRM, lambda *_: seen.append(net(x[:300])))
    results = []
    try:
        for _ in range(3):
            signal.setitimer(signal.ITIMER_REAL, 0.02)
            results.append(net(x))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert seen
    assert all(np.array_equal(values, inner) for values in seen)
    assert all(np.array_equal(values, expected) for values in results)


def test_other_python_threads_run_meanwhile() -> None:
    net = kousei.MLP.random([2, 100_000, 1], "logistic", rng=0)
    x = np.random.default_rng(0).normal(size=(8000, 2))
    expected = net(x[:200])
    results: list[np.ndarray] = []
    worker = threading.Thread(target=lambda: results.append(net(x)))
    worker.start()
    ticks = 0
    while worker.is_alive():
        ticks += 1  # one call that kept the GIL would leave room for one or two
        time.sleep(0.001)
    assert ticks > 20
    assert np.array_equal(results[0][:200], expected)


def test_one_network_in_many_threads() -> None:
    net = kousei.MLP.random([2, 100_000, 1], "logistic", rng=0)
    x = np.random.default_rng(0).normal(size=(200, 2))
    expected = net(x)
    results: list[np.ndarray] = []
    workers = [threading.Thread(target=lambda: results.append(net(x))) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(results) == 8
    assert all(np.array_equal(result, expected) for result in results)


def test_few_and_many_points_of_one_binary_network() -> None:
    # Few points are multiplied by copies of the signs, which the first call with few makes.
    net = kousei.MLP.random([4, 60, 40, 1], "relu", rng=0)
    x = np.random.default_rng(0).normal(size=(50, 4))
    expected = {points: kousei.binarize(net)(x[:points], form="packed") for points in (5, 50)}
    binary = kousei.binarize(net)
    order = [50, 50, 5, 5] * 5
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda points: binary(x[:points], form="packed"), order))
    assert all(np.array_equal(values, expected[points]) for points, values in zip(order, results, strict=True))


@pytest.mark.parametrize("points", [20_000, 5_000_000])
def test_exit_while_a_daemon_thread_computes(points: int) -> None:
    code = f"""
    import threading, time, numpy as np, kousei
    net, x = kousei.MLP.random([2, 3000, 1], "logistic", rng=0), np.zeros(({points}, 2))
    def work():
        while True:
            net(x)
    for _ in range(2):
        threading.Thread(target=work, daemon=True).start()
    time.sleep(0.3)
    """
    assert run(code) == ""


def test_exit_before_a_daemon_thread_polls() -> None:
    # The threads hardly get the one core before the interpreter has been finalized, and the process then waits.
    code = """
    import ctypes, os
    libc = ctypes.CDLL(None)
    libc.__cxa_atexit.argtypes = [ctypes.c_void_p] * 3
    libc.__cxa_atexit(ctypes.cast(libc.usleep, ctypes.c_void_p), 1_000_000, None)
    import threading, time, numpy as np, kousei
    net, x = kousei.MLP.random([2, 3000, 1], "logistic", rng=0), np.zeros((5_000_000, 2))
    os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
    def work():
        libc.setpriority(0, threading.get_native_id(), 19)
        net(x)
    for _ in range(2):
        threading.Thread(target=work, daemon=True).start()
    time.sleep(0.1)
    """
    assert run(code) == ""


def test_the_first_call_imports_nothing() -> None:
    # Meanwhile pybind11 gives the GIL away, and a daemon thread that takes it back at exit would end the process.
    code = """
    import builtins, numpy as np, kousei
    from kousei._lib._core import Activation, cpu
    net = [np.ones((5, 2)), np.ones(5), np.ones((1, 5)), np.ones(1), Activation.tanh]
    plain, names = builtins.__import__, []
    def seen(name, *arguments):
        names.append(name)
        return plain(name, *arguments)
    builtins.__import__ = seen
    cpu.network_evaluate(*net, np.ones((5, 2)), np.ones(5), cpu.Cpu())
    builtins.__import__ = plain
    print(names)
    """
    assert run(code) == "[]"


@pytest.mark.skipif("cupy" not in libraries(), reason="no CUDA device")
def test_exit_while_a_daemon_thread_allocates_on_cupy() -> None:
    code = """
    import threading, time, cupy, kousei
    from kousei._lib.backends import Device
    def allocate(device, size):
        print("allocates")
        while True:
            pass
    Device._allocate = allocate
    machine = kousei.RBM(8, 8, precision="fast", rng=0)
    threading.Thread(target=machine.transform, args=(cupy.ones((3, 8)),), daemon=True).start()
    time.sleep(1)
    """
    assert run(code) == "allocates"


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="of free-threaded Python")
def test_importing_leaves_the_gil_off() -> None:
    assert run("import sys, kousei; print(sys._is_gil_enabled())") == "False"


def test_importing_is_light() -> None:
    code = """
    import sys, kousei
    heavy = ("cupy", "torch", "scipy", "matplotlib", "numpy.testing", "numpy.ma", "tqdm")
    print([name for name in heavy if name in sys.modules])
    """
    assert run(code) == "[]"
