"""Samples by Metropolis' algorithm."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._lib.arrays import Array
from kousei._lib.backends import Backend
from kousei.ising.chains import Chains

if TYPE_CHECKING:
    from kousei.ising.lattice import Lattice

#: At the critical coupling a chain forgets its sign in 0.9 L**z sweeps for the longest side L, and all else in
#: 0.03 L**z (squares) and 0.09 L**z (cubes).
_EXPONENTS = {1: 2.0, 2: 2.17, 3: 2.03}


def burn_in(lattice: Lattice) -> int:
    """Return sweeps that are enough before the first sample.

    Without a field the signs the chains begin with are right, and the rest is forgotten in L**z sweeps.
    """
    return math.ceil((5 if lattice.field else 1) * max(lattice.shape) ** _EXPONENTS[len(lattice.shape)])


def draw(
    lattice: Lattice,
    chains: int,
    samples: int,
    thin: int,
    burn_in: int,
    source: np.random.Generator,
    backend: Backend,
    advance: Callable[[int], Any],
) -> Array:
    """Return the words (samples * chains, stride) of samples, `thin` sweeps apart; `advance` is told of sweeps."""
    run = Chains(lattice, [1.0], chains, source, backend)
    for first in range(0, burn_in, run.calls):
        some = min(run.calls, burn_in - first)
        run.run(some)
        advance(some)
    rows, each = run.empty_rows(samples * chains), max(1, run.calls // thin)
    for first in range(0, samples, each):
        some = min(each, samples - first)
        run.sample(thin, rows[first * chains : (first + some) * chains])
        advance(some * thin)
    return rows
