"""Compiled kernels with arguments of other types, shapes and values: each call computes or refuses.

What a call writes to is never what it reads, except where it must be: the package sees to that, not the kernels.
"""

import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))

import numpy as np
from drive import drive

import kernel_calls
from kousei._lib import _core
from kousei._lib._core import Activation, cpu

DTYPES = ["f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "c16", "?", "O", ">f8", ">i4", "S3"]
INTEGERS = [
    0,
    1,
    -1,
    2,
    3,
    7,
    31,
    33,
    64,
    2**31 - 1,
    2**31,
    -(2**31),
    2**32,
    2**62,
    2**63 - 1,
    -(2**63),
    2**64,
    10**30,
]
REALS = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    float("nan"),
    float("inf"),
    -float("inf"),
    1e308,
    -1e-320,
    3e38,
    2**31,
    -(2.0**63),
]
OTHERS: list[Any] = [None, True, "x", b"", [], (), {}, 0.5, 3, object(), *Activation, *_core.FunahashiMethod]
THREADS = [0, 1, 2, 3, -1, -(2**31), 9]


class LateError(Exception):
    """A call that was asked for too much has been interrupted."""


class Input:
    """The input, number by number; zeros once it has ended."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def below(self, bound: int) -> int:
        pair = self.data[self.at : self.at + 2]
        self.at += 2
        return int.from_bytes(pair, "little") % bound

    def of(self, items: list[Any]) -> Any:
        return items[self.below(len(items))]


def changed_array(array: np.ndarray, given: Input) -> Any:
    if array.dtype.hasobject:  # after an earlier change; neither its bytes nor its numbers can be changed
        return array
    action = given.below(14)
    if action == 0:
        with np.errstate(all="ignore"):
            return array.astype(given.of(DTYPES), casting="unsafe")
    if action == 1:
        return array[: -1 - given.below(3)] if array.ndim else array
    if action == 2:
        return np.concatenate([array, array[: 1 + given.below(3)]]) if array.ndim else array
    if action == 3:
        return array.T
    if action == 4:
        return array[..., None] if given.below(2) else array[None]
    if action == 5:
        return array.reshape(-1)[:0] if given.below(2) else array.reshape(-1)
    if action == 6:
        array = array.copy()
        array.flags.writeable = False
        return array
    if action == 7:
        return np.repeat(array, 2, axis=-1)[..., ::2] if array.ndim else array
    if action == 8:
        return np.broadcast_to(array[:1], array.shape) if array.ndim else array
    if action == 9:
        return given.of(OTHERS)
    if action == 10:
        # One byte on: not aligned.
        memory = np.zeros(array.nbytes + 1, "u1")
        return memory[1:].view(array.dtype).reshape(array.shape) if array.ndim else array
    array = array.copy()
    if array.size and array.dtype.kind in "fiu":
        values = REALS if array.dtype.kind == "f" else INTEGERS
        with np.errstate(all="ignore"):
            value = np.asarray(given.of(values), object)
            kept = np.asarray(value if array.dtype.kind == "f" else int(value) & (2 ** (8 * array.itemsize) - 1))
            number = (
                kept.astype("f8").astype(array.dtype) if array.dtype.kind == "f" else bits(int(kept), array.dtype)
            )
        where = slice(None) if action == 13 else given.below(array.size)
        array.reshape(-1)[where] = number
    return array


def bits(value: int, dtype: np.dtype) -> Any:
    return np.frombuffer(value.to_bytes(dtype.itemsize, "little"), dtype)[0]


def changed(value: Any, given: Input) -> Any:
    if isinstance(value, np.ndarray):
        return changed_array(value, given)
    if isinstance(value, list | tuple) and value:
        items, at = list(value), given.below(len(value))
        action = given.below(8)
        if action == 0:
            del items[at]
        elif action == 1:
            items.insert(at, items[at])
        else:
            items[at] = changed(items[at], given)
        return type(value)(items)
    if isinstance(value, bool):
        return not value
    if isinstance(value, bytes):
        at = given.below(len(value) + 1)
        return value[:at] + bytes([given.below(256)]) + value[at + given.below(2) :]
    if isinstance(value, int | float) and given.below(8):
        return given.of(INTEGERS if isinstance(value, int) else REALS)
    return given.of(OTHERS)


def target(data: bytes) -> None:
    given = Input(data)
    names = list(kernel_calls.CALLS)
    call = kernel_calls.make(given.of(names), 4 + given.below(3), seed=given.below(4))
    for _ in range(1 + given.below(3)):
        _, arguments = given.of(call)
        if not arguments:
            continue
        at = given.below(len(arguments))
        arguments[at] = changed(arguments[at], given)
    own: Any = cpu if hasattr(cpu, call[0][0]) else _core
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        for name, arguments in call:
            on = cpu.Cpu(given.of(THREADS))
            filled = [on if isinstance(argument, str) else argument for argument in arguments]
            result = getattr(own, name)(*filled)
            own = result if isinstance(getattr(cpu, name, None), type) else own
    except (TypeError, ValueError, MemoryError) as error:
        assert str(error)  # noqa: PT017
    except LateError:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        _core.set_num_threads(2)


def late(*_: Any) -> None:
    raise LateError


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, late)
    drive(target, lambda data, rng: rng.bytes(int(rng.integers(1, 64))), [b""])
