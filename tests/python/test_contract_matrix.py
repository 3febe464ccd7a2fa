"""Whatever stands behind an array: every public function takes it as it takes the array, or refuses it by its name.

Layouts, libraries, numbers of threads and calls at once change no bit of what comes out, and no input is written to;
of other dtypes and shapes, and of numbers that are not finite, something comes out or a refusal. The functions are
derived from the package, as their arrays are from the valid calls of `valid_calls`.
"""

import importlib.util
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kousei
from test_contract_refusals import called, complaint, outcome, signature_of
from valid_calls import VALID_CALLS

#: Same numbers, otherwise laid out.
LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "columns first": np.asfortranarray,
    "strided": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "backwards": lambda a: a[::-1].copy()[::-1],
    "read-only": lambda a: np.lib.stride_tricks.as_strided(a, writeable=False),
    "unaligned": lambda a: unaligned(a),
}
#: Other numbers: something comes out, or it is refused.
OTHERS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    **{f"of {name}": lambda a, name=name: a.astype(name) for name in ("float32", "float64", "int64", "bool")},
    **{f"of {name}": lambda a, name=name: a.astype(name) for name in ("complex128", "float16", "longdouble", ">f8")},
    "no rows": lambda a: a[:0],
    "no columns": lambda a: a[..., :0],
    "one row": lambda a: a[:1],
    "one row, without its axis": lambda a: a[0],
    "an axis more": lambda a: a[None],
    "one column more": lambda a: np.concatenate([a, a[..., :1]], axis=-1),
    "NaN": lambda a: np.full(a.shape, np.nan, inexact(a)),
    "infinite": lambda a: np.full(a.shape, np.inf, inexact(a)),
    "0": np.zeros_like,
    "huge": lambda a: np.full(a.shape, np.finfo(inexact(a)).max, inexact(a)),
    "tiny": lambda a: np.full(a.shape, np.finfo(inexact(a)).smallest_subnormal, inexact(a)),
}
#: Slices on the host are added up in threads, as the notes of `RidgeletTransform` say: their rounding may change.
SLICES = re.compile(r"RidgeletTransform\.|RidgeletLayer\.|ridgelet_transform$")
NOT_AT_ONCE = re.compile(r"set_num_threads|kousei\.compare$|write_folder|(VSE|VisualSemanticEmbedding|SignLinear)$")
LIBRARIES = [name for name in ("array_api_strict", "torch") if importlib.util.find_spec(name)]


def unaligned(a: np.ndarray) -> np.ndarray:
    memory = np.zeros(a.nbytes + 1, np.uint8)
    moved = memory[1:].view(a.dtype).reshape(a.shape)
    moved[...] = a
    return moved


def inexact(a: np.ndarray) -> Any:
    return a.dtype if a.dtype.kind == "f" else np.float64


def arrays_of(arguments: Mapping[str, Any]) -> Iterator[tuple[str, np.ndarray]]:
    for name, value in arguments.items():
        if isinstance(value, np.ndarray) and value.ndim and value.size and value.dtype.kind in "biufc":
            yield name, value


def valid_call(name: str) -> tuple[Any, dict[str, Any]]:
    """Return a valid call whose draws are always the same."""
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)
    function, arguments = VALID_CALLS[name]()
    seeds = {"rng", "random_state"} & signature_of(function).keys()
    return function, dict.fromkeys(seeds, 0) | arguments


def plain(value: Any) -> Any:
    """Return an array of any library as one of NumPy, and anything else as it is."""
    if hasattr(value, "detach"):
        return value.detach().numpy()
    if hasattr(value, "tocsr"):
        return value.toarray()
    return np.from_dlpack(value) if hasattr(value, "__dlpack__") and not isinstance(value, np.ndarray) else value


def same(a: Any, b: Any) -> bool:
    """Tell whether two results are alike to the last bit, whatever holds them; times that something took aside."""
    a, b = plain(a), plain(b)
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        if a.dtype == object:
            return same(a.ravel().tolist(), b.ravel().tolist())
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if hasattr(a, "equals"):
        return bool(a.equals(b))
    if hasattr(a, "_asdict") and hasattr(b, "_asdict"):
        a, b = a._asdict(), b._asdict()
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a if key not in ("seconds", "_kept"))
    if isinstance(a, np.random.Generator):
        return True
    if type(a).__module__.startswith("kousei.") and hasattr(a, "__dict__"):
        return type(a) is type(b) and same(vars(a), vars(b))
    return type(a) is type(b) and (type(a).__eq__ is object.__eq__ or callable(a) or a == b or a != a)


@pytest.fixture(params=VALID_CALLS)
def name(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.chdir(tmp_path)
    try:
        VALID_CALLS[request.param]()
    except ImportError as missing:
        pytest.skip(str(missing))
    yield request.param
    if "matplotlib" in sys.modules:
        importlib.import_module("matplotlib.pyplot").close("all")


def test_threads_change_nothing(name: str) -> None:
    before = kousei.num_threads()
    # kousei.compare goes on for as long as its budget of seconds lasts.
    if name in ("kousei.set_num_threads", "kousei.compare") or SLICES.search(name):
        return
    results = []
    try:
        for threads in (1, 2, 4):
            kousei.set_num_threads(threads)
            os.makedirs(str(threads))
            os.chdir(str(threads))
            results.append(called(*valid_call(name)))
    finally:
        kousei.set_num_threads(before)
    assert all(same(results[0], other) for other in results[1:])


def test_calls_at_once_change_nothing(name: str) -> None:
    # One of two that write a folder is refused, and modules draw their weights from the one generator of torch.
    if NOT_AT_ONCE.search(name) or SLICES.search(name):
        return
    expected = called(*valid_call(name))
    calls = [valid_call(name) for _ in range(2)]
    start = threading.Barrier(len(calls))

    def work(call: tuple[Any, dict[str, Any]]) -> Any:
        start.wait()
        return called(*call)

    with ThreadPoolExecutor(len(calls)) as pool:
        assert all(same(result, expected) for result in pool.map(work, calls))


def test_layouts_change_nothing(name: str) -> None:
    found = []
    expected = called(*valid_call(name))
    for parameter, array in arrays_of(valid_call(name)[1]):
        for what, lay_out in LAYOUTS.items():
            given = lay_out(array)
            result, wrong = outcome(name, *valid_call(name), parameter, given)
            if isinstance(result, Exception):
                if wrong or "contiguous" not in str(result):
                    found.append(f"{parameter}, {what}: refused: {wrong or result}")
                continue
            if not same(result, expected):
                found.append(f"{parameter}, {what}: changes the result")
            if not np.array_equal(given, array):
                found.append(f"{parameter}, {what}: was written to")
    assert not found, f"{len(found)} of {name}:\n" + "\n".join(found)


def test_out_is_filled_and_returned(name: str) -> None:
    function, arguments = valid_call(name)
    if "out" not in signature_of(function):
        return
    expected = called(function, arguments)
    out = np.full_like(expected, np.nan)
    assert called(function, arguments | {"out": out}) is out
    assert same(out, expected)
    refused = {
        "read-only": np.lib.stride_tricks.as_strided(out, writeable=False),
        "strided": np.repeat(out, 2, axis=-1)[..., ::2],
        "of another dtype": out.astype("float32" if out.dtype == np.float64 else "float64"),
        "an axis more": out[None],
    }
    for what, given in refused.items():
        refusal, wrong = outcome(name, function, arguments, "out", given)
        assert isinstance(refusal, TypeError | ValueError), what
        assert wrong is None, what


@pytest.mark.parametrize("library", LIBRARIES)
def test_libraries_change_nothing(name: str, library: str) -> None:
    xp = importlib.import_module(library)
    found = []
    expected = called(*valid_call(name))
    for parameter, array in arrays_of(valid_call(name)[1]):
        given = xp.asarray(array.copy())
        result, wrong = outcome(name, *valid_call(name), parameter, given)
        if isinstance(result, Exception):
            if wrong:
                found.append(f"{parameter}: {wrong}")
            continue
        if not same(result, expected):
            found.append(f"{parameter}: changes the result")
    assert not found, f"{len(found)} of {name}:\n" + "\n".join(found)


def test_other_numbers_are_taken_or_refused(name: str) -> None:
    found = []
    for parameter, array in arrays_of(valid_call(name)[1]):
        for what, change in OTHERS.items():
            # Of what overflows NumPy warns, in its words.
            with np.errstate(over="ignore", invalid="ignore"):
                given = change(array)
                wrong = complaint(name, *valid_call(name), parameter, given)
            if wrong:
                found.append(f"{parameter}, {what}: {wrong}")
    assert not found, f"{len(found)} of {name}:\n" + "\n".join(found)
