"""Memory that runs out in a compiled call: MemoryError, nothing is leaked, and the next call is right.

Objects of the extension module are made before: pybind11 enters each into a table of its own, and ends the process
where an entry cannot be had.
"""

import ctypes
import itertools
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import kernel_calls
import kousei

SOURCE = Path(__file__).parents[1] / "cpp" / "failing_new.cpp"


def same(results: list[np.ndarray], expected: list[np.ndarray]) -> bool:
    return len(results) == len(expected) and all(map(np.array_equal, results, expected))


def exhaust(memory: ctypes.CDLL, name: str) -> int:
    """Let each allocation of a call fail in turn; return how many there are."""
    call = kernel_calls.make(name, 5)
    expected = kernel_calls.run(call, 2)
    faults: list[str] = []

    def attempt(allocation: int) -> bool:
        ready = kernel_calls.prepared(call, 2)
        results: list[np.ndarray] = []
        memory.kousei_test_fail_after(allocation)
        try:
            results = kernel_calls.run_prepared(ready)
        except MemoryError:
            pass
        finally:
            failed = memory.kousei_test_fail_after(-1)
        # Fewer threads than wanted are no error.
        if not (failed and not results) and not same(results, expected):
            faults.append(f"{name}: wrong where allocation {allocation} fails")
        return failed

    def attempt_in_new_thread(allocation: int) -> bool:
        """Scratch memory is that of a thread: a new one allocates it in the call."""
        failed: list[bool] = []
        thread = threading.Thread(target=lambda: failed.append(attempt(allocation)))
        thread.start()
        thread.join()
        return failed[0]

    attempt_in_new_thread(-1)
    time.sleep(0.05)  # a thread that has been joined may still be freeing its memory
    before = memory.kousei_test_live()
    for allocation in itertools.count():
        failed = attempt_in_new_thread(allocation)
        deadline = time.monotonic() + 10
        while memory.kousei_test_live() != before and time.monotonic() < deadline:
            time.sleep(0)
        if memory.kousei_test_live() != before:
            faults.append(f"{name}: {memory.kousei_test_live() - before} leaked where allocation {allocation} fails")
        if not same(kernel_calls.run(call), expected):
            faults.append(f"{name}: wrong after allocation {allocation} failed")
        if not failed or faults:
            break
    assert not faults, faults
    return allocation


def exhaust_python(name: str) -> int:
    """The same of the allocations of Python in a call; return how many there are."""
    _testcapi = pytest.importorskip("_testcapi")
    call = kernel_calls.make(name, 5)
    expected = kernel_calls.run(call)
    refused = right = 0
    while right < 5:  # nothing tells whether there was one to fail
        ready = kernel_calls.prepared(call)
        _testcapi.set_nomemory(refused + right, refused + right + 1)
        try:
            # Nothing but the call: where memory for a function runs out Python 3.12 ends.
            returned = kernel_calls.called(ready)
        except (MemoryError, RuntimeError) as error:  # the latter pybind11 throws for a list of its own
            assert isinstance(error, MemoryError) or "Could not allocate" in str(error)  # noqa: PT017
            _testcapi.remove_mem_hooks()
            refused, right = refused + right + 1, 0
            continue
        _testcapi.remove_mem_hooks()
        assert same(kernel_calls.results_of(ready, returned), expected), (name, refused)
        right += 1
    return refused


def exhaust_all() -> None:
    memory = ctypes.CDLL(None)
    memory.kousei_test_fail_after.restype = ctypes.c_bool
    memory.kousei_test_fail_after.argtypes = [ctypes.c_long]
    memory.kousei_test_live.restype = ctypes.c_long
    for name in kernel_calls.CALLS:
        sys.stdout.write(f"{exhaust(memory, name)} {exhaust_python(name)} {name}\n")


@pytest.mark.skipif(not shutil.which("g++"), reason="no g++")
@pytest.mark.skipif("LD_PRELOAD" in os.environ, reason="a sanitizer has operator new")
def test_each_allocation_of_each_kernel_fails(tmp_path: Path) -> None:
    library = tmp_path / "libfailing_new.so"
    subprocess.run(["g++", "-shared", "-fPIC", "-std=c++20", "-o", library, SOURCE], check=True)
    places = [str(Path(__file__).parent), str(Path(kousei.__file__).parents[1])]
    done = subprocess.run(
        [sys.executable, "-c", "import test_out_of_memory; test_out_of_memory.exhaust_all()"],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"LD_PRELOAD": str(library), "PYTHONPATH": os.pathsep.join(places)},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    allocations = np.array([line.split()[:2] for line in done.stdout.splitlines()], int)
    assert allocations.shape == (len(kernel_calls.CALLS), 2)
    assert np.all(allocations.sum(axis=0) > [1000, 200])
