"""Calls of every system: Ctrl-C ends long ones and leaves all whole, and two at once have the same results."""

import threading
from typing import Any

import numpy as np
import pytest

import long_calls
from support import seconds_to_interrupt


def numbers(result: Any) -> np.ndarray:
    array = np.asarray(result)
    assert array.size
    assert array.dtype.kind in "fiu"
    return array


@pytest.mark.parametrize("name", sorted(long_calls.CALLS.keys() - {"compare"}))  # which trains as long as it may
def test_two_at_once(name: str) -> None:
    make, _ = long_calls.CALLS[name]
    call = make(1)
    expected = numbers(call())
    results: list[np.ndarray] = []
    start = threading.Barrier(2)

    def work() -> None:
        start.wait()
        results.append(numbers(call()))

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(results) == 2
    assert all(np.array_equal(result, expected) for result in results)


@pytest.mark.slow
@pytest.mark.parametrize("name", long_calls.CALLS)
def test_ctrl_c(name: str) -> None:
    make, large = long_calls.CALLS[name]
    small = make(1)
    expected = numbers(small())
    assert seconds_to_interrupt(make(large)) < 5
    assert np.array_equal(numbers(small()), expected)


def test_ctrl_c_where_every_cluster_is_left_at_once() -> None:
    assert seconds_to_interrupt(long_calls.held_clusters(15)) < 5
