"""Whatever a public call returns: it can be shown, read and compared, with whatever it is."""

import contextlib
import copy
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from test_contract_refusals import NONSENSE, REFUSALS, called
from valid_calls import VALID_CALLS


@pytest.fixture(params=VALID_CALLS)
def made(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Objects of this package that a valid call returns, and what they hold."""
    monkeypatch.chdir(tmp_path)
    try:
        result = called(*VALID_CALLS[request.param]())
    except ImportError as missing:
        pytest.skip(str(missing))
    return list(objects(result))


def objects(value: Any) -> Iterator[Any]:
    if type(value).__module__.startswith("kousei."):
        yield value
    elif isinstance(value, tuple | list):
        for each in value[:3]:
            yield from objects(each)


def test_it_can_be_shown_and_read(made: list[Any]) -> None:
    for each in made:
        assert repr(each)
        assert str(each)
        for name in dir(type(each)):
            if not name.startswith("_") and inspect.isdatadescriptor(inspect.getattr_static(type(each), name)):
                with contextlib.suppress(*REFUSALS):
                    getattr(each, name)


def test_it_can_be_compared(made: list[Any]) -> None:
    for each in made:
        if isinstance(each, tuple):  # which Python compares entry by entry
            continue
        assert each == each
        assert isinstance(each == copy.deepcopy(each), bool | np.bool_)
        for value in NONSENSE.values():
            if not isinstance(value, np.ndarray):  # which compares entry by entry
                assert each != value
