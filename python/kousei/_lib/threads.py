"""Threads of the CPU kernels."""

from __future__ import annotations

import numpy as np

from kousei._lib import _core


def num_threads() -> int:
    """Return how many threads CPU kernels use.

    The last `set_num_threads`, else the environment variable ``KOUSEI_NUM_THREADS``, else the cores this process
    may run on. Results do not depend on it.

    Examples
    --------
    >>> import kousei
    >>> kousei.num_threads() >= 1
    True
    """
    return int(_core.num_threads())


def set_num_threads(count: int) -> None:
    """Set how many threads CPU kernels use.

    Parameters
    ----------
    count : int
        1 to 1024.

    Raises
    ------
    TypeError
        If `count` is not an integer.
    ValueError
        If it is out of range.

    Examples
    --------
    >>> import kousei
    >>> kousei.set_num_threads(2)
    """
    if not isinstance(count, int | np.integer):
        raise TypeError(f"count was {count!r}; an integer is accepted")
    _core.set_num_threads(max(min(int(count), 2**31 - 1), -(2**31)))
