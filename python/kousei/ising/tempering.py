"""Samples by parallel tempering: chains of several temperatures exchange their configurations."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from kousei._lib.arrays import Array
from kousei._lib.backends import Backend
from kousei.ising.chains import Chains
from kousei.ising.observables import counts_of

if TYPE_CHECKING:
    from kousei.ising.lattice import Lattice

#: Half the critical coupling, and in one dimension where the correlation length is 1.3: chains forget soon.
_HOT = {1: 0.5, 2: 0.22, 3: 0.11}
#: So many temperatures still have a burn-in of fewer than 2**32 sweeps.
_MOST = 20_000


def ladder(lattice: Lattice) -> list[float]:
    """Return factors of the coupling and the field, from 1 down to where chains forget soon.

    Neighbours exchange about half the time where they differ by 1 / sqrt(variance of K sum s s' + h sum s), which at
    the critical coupling of the square lattice is N K**2 (2.6 ln L + 1), its largest.
    """
    dim, N = len(lattice.shape), lattice.sites
    K, h = abs(lattice.coupling), abs(lattice.field)
    spread = math.sqrt(N) * math.hypot(math.sqrt(dim * (1 + 1.3 * math.log(max(lattice.shape)))) * K, h)
    lowest = min(1.0, _HOT[dim] / max(K, h, _HOT[dim]))
    count = 1 + (1 - lowest) * spread
    if count > _MOST:
        raise ValueError(
            f"coupling was {lattice.coupling} and field {lattice.field}, for which tempering takes {count:.3g} "
            f"temperatures on {N} sites; what takes at most {_MOST} is accepted"
        )
    return [float(factor) for factor in np.linspace(1, lowest, math.ceil(count))]


def burn_in(lattice: Lattice) -> int:
    """Return sweeps that are enough before the first sample: 10 for each pair of temperatures, 100 at least."""
    return max(100, 10 * len(ladder(lattice)) ** 2)


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
    """Return the words (samples * chains, stride) of samples, `thin` sweeps apart; `advance` is told of sweeps.

    After each sweep neighbours on the ladder exchange their configurations, those of an even and an odd number in
    turns, with the probability min(1, exp((b - b') (S' - S))) for factors b, b' and S = K sum s s' + h sum s.
    """
    factors = np.array(ladder(lattice))
    run = Chains(lattice, list(factors), chains, source, backend)
    every, rows = run.empty_rows(len(factors) * chains), run.empty_rows(samples * chains)
    dim, N = len(lattice.shape), lattice.sites
    for sweep in range(burn_in + samples * thin):
        run.run(1)
        run.pack(every)
        unlike, up = (each.reshape(len(factors), chains) for each in counts_of(every, lattice.shape, backend))
        bonds, sites = dim * N - 2 * unlike, 2 * up - N
        S = lattice.coupling * bonds + lattice.field * sites
        gain = (factors[:-1] - factors[1:])[:, None] * (S[1:] - S[:-1])
        if len(factors) > 1:
            run.exchange(sweep % 2, -source.exponential(size=gain.shape) < gain)
        done = sweep + 1 - burn_in
        if done > 0 and done % thin == 0:
            at = (done // thin - 1) * chains
            run.pack(rows[at : at + chains], slice(0, 1))
        advance(1)
    return rows
