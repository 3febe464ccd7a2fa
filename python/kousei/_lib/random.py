"""Random numbers: every function that draws takes ``rng`` (SPEC 7)."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

# In words: NumPy loads numpy.random when it is asked for, and that takes a fifth of its own time.
Rng: TypeAlias = "np.random.Generator | np.random.BitGenerator | np.random.SeedSequence | int | None"


def generator(rng: Rng, name: str = "rng") -> np.random.Generator:
    """Return the generator that ``rng`` stands for: itself, one with this seed, or a fresh one."""
    accepted = "a numpy.random.Generator, an integer seed of at least 0 and None are accepted"
    if isinstance(rng, bool | np.bool_):
        raise TypeError(f"{name} was {rng!r}; {accepted}")
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name} was {rng!r}; {accepted}") from None
