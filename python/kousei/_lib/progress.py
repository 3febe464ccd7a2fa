"""Bars of long work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def bar(progress: bool, what: str, total: int) -> Iterator[Callable[[int], Any]]:
    """Give what a bar of so many steps is advanced by; without `progress` none is shown."""
    if not progress:
        yield lambda steps: None
        return
    from tqdm import tqdm  # which loads much

    with tqdm(total=total, desc=what) as shown:
        yield shown.update
