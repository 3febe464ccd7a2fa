"""The logarithm of a machine's partition function: by all states of the smaller side, or measured."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_choice, check_integer, require_positive, warn
from kousei._lib.random import Rng, generator
from kousei.rbm.annealing import Base, Chains, Machine, fitted, uniform

if TYPE_CHECKING:
    from kousei.rbm.machine import RBM

Array = np.ndarray[Any, Any]

#: The most units whose states are summed over.
_MOST_EXACT = 25
#: Fields of a block of such a sum.
_BLOCK = 1 << 16
#: Sweeps of a first attempt, and of the last.
_FEWEST, _MOST_ANNEALED, _MOST_TEMPERED = 256, 1 << 16, 1 << 14


class LogPartition(NamedTuple):
    """The logarithm of a partition function, and how far it can be trusted.

    Attributes
    ----------
    value : float
        ln Z.
    error : float
        Its standard error, of the spread over independent chains; 0 where it is exact.
    ess : float
        Effective sample size. Of "ais", how many of the chains carry the weight, (sum w)**2 / sum w**2; of
        "tempering", how many samples of the machine count as independent, by their energies; inf where it is exact.
    """

    value: float
    error: float
    ess: float


def log_partition(
    machine: RBM, method: str = "exact", *, tol: float = 0.05, chains: int | None = None, rng: Rng = None
) -> LogPartition:
    r"""Return ln Z, exactly or measured.

    Parameters
    ----------
    method : str
        "exact": the sum over all states of the smaller side, of up to 25 units, each of which takes some 4 ns for
        each unit of the other side. "ais": annealed importance sampling. "tempering": chains at several
        temperatures that trade their states.
    tol : float
        The standard error that is wanted; sweeps are doubled until it is reached, up to 65536 of "ais" and 16384
        of "tempering".
    chains : int, optional
        Independent chains of "ais", 64 if not told, or ladders of "tempering", 16. At least 2.
    rng : numpy.random.Generator or seed, optional
        Where the numbers come from.

    Returns
    -------
    LogPartition
        `value`, `error`, its standard error, and `ess`, the effective sample size.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If it is out of range, or "exact" would sum over more than 25 units; what that takes is said.
    MemoryError
        If the chains do not fit into memory.

    Warns
    -----
    UserWarning
        If `tol` is not reached.

    Notes
    -----
    Both measurements go from two products of independent spins to the machine. Their means are those of the two
    halves of chains that were run before, so that where spins order the way leads round the critical point
    instead of through it: at each beta a state has the weight
    :math:`\sum_i e^{(1-\beta)(\theta_i\cdot x+c_i)}e^{-\beta E(x)}`. "ais" is that of R. M. Neal, "Annealed
    importance sampling" (2001); it ends once half of the chains carry the weight. "tempering" joins neighbouring
    temperatures by C. H. Bennett's ratio (1976). Neither can tell of a part of the states that no chain found.

    Examples
    --------
    >>> import kousei
    >>> machine = kousei.rg.sublattice_rbm((6, 6), 0.4)
    >>> exact = machine.log_partition().value
    >>> measured = machine.log_partition("ais", rng=0)
    >>> abs(measured.value - exact) < 4 * measured.error, measured.ess > 32
    (True, True)
    """
    check_choice("method", method, "exact", "ais", "tempering")
    require_positive(tol=tol)
    chains = check_integer("chains", (64 if method == "ais" else 16) if chains is None else chains, 2)
    rng = generator(rng)
    spin, offset = machine.convert("spin")
    if method == "exact":
        return LogPartition(_exact(spin.weights, spin.visible_bias, spin.hidden_bias) + offset, 0.0, math.inf)
    _require_memory(chains, "chains", spin.weights)
    dtype = machine.weights.dtype
    parameters = Machine(*(a.astype(dtype) for a in (spin.weights, spin.visible_bias, spin.hidden_bias)))
    found = (_annealed if method == "ais" else _tempered)(parameters, tol, chains, rng)
    if found.error > tol:
        warn(f"tol was {tol}; the standard error of ln Z is {found.error:.2g} still: more chains are accepted")
    return found._replace(value=found.value + offset)


def _require_memory(count: int, what: str, weights: Array) -> None:
    arrays.require_memory(count, 32 * sum(weights.shape), f"{count} {what}")  # states, fields, and what draws them


def _exact(W: Array, b: Array, c: Array) -> float:
    """Return ln of the sum over all states of the smaller side of the product over the units of the other one."""
    units = W.shape
    if units[1] > units[0]:
        W, b, c = W.T, c, b
    others, count = W.shape
    if count > _MOST_EXACT:
        seconds = Decimal("4e-9") * others * 2**count
        raise ValueError(
            f"method was 'exact', which sums over all states of the smaller side: 2^{count} of them for {units} "
            f"units take {_duration(seconds)}; up to {_MOST_EXACT} units, 'ais' and 'tempering' are accepted"
        )
    # A block is all states of the last units, to whose fields those of a state of the first ones are added.
    last = min(count, max(0, int(math.log2(_BLOCK / others))))
    inner = _all_states(last) @ W[:, count - last :].T + b
    inner_bias = _all_states(last) @ c[count - last :]
    totals = []
    for first in _all_states(count - last):
        fields = np.abs(inner + W[:, : count - last] @ first)
        total = fields.sum(axis=1) + inner_bias + first @ c[: count - last]
        np.exp(np.multiply(fields, -2, out=fields), out=fields)
        fields += 1
        for start in range(0, others, 1000):  # factors up to 2
            total += np.log(fields[:, start : start + 1000].prod(axis=1))
        totals.append(_log_sum_exp(total))
    return _log_sum_exp(np.array(totals))


def _all_states(units: int) -> Array:
    return 2.0 * (np.arange(1 << units)[:, None] >> np.arange(units) & 1) - 1


def _log_sum_exp(x: Array) -> float:
    largest = x.max()
    return float(largest + np.log(np.exp(x - largest).sum()))


def _duration(seconds: Decimal) -> str:
    for unit, length in (("seconds", 1), ("minutes", 60), ("hours", 3600), ("days", 86400), ("years", 31_557_600)):
        if seconds < 100 * length or unit == "years":
            return f"{seconds / length:.2g} {unit}"
    raise AssertionError


def _annealed(machine: Machine, tol: float, chains: int, rng: np.random.Generator) -> LogPartition:
    """Anneal from a mixture of two products to the machine, twice as slowly until the weights are even enough."""
    sweeps, pilot = _FEWEST, Chains(machine, uniform(machine), chains, rng)
    while True:
        run = Chains(machine, fitted(pilot, sweeps // 4), chains, rng)
        log_weights = np.zeros(chains)
        for increment in _increments(run, np.linspace(0, 1, 2 * sweeps + 1)):
            log_weights += increment
        weights = np.exp(log_weights - log_weights.max())
        value = float(np.log(weights.mean()) + log_weights.max()) - math.log(2)
        error = float(weights.std(ddof=1) / weights.mean()) / math.sqrt(chains)
        ess = float(weights.sum() ** 2 / (weights**2).sum())
        if (error <= tol and ess >= chains / 2) or sweeps >= _MOST_ANNEALED:
            return LogPartition(value, error, ess)
        sweeps *= 2


def _increments(run: Chains, ladder: Array) -> Iterator[Array]:
    """Yield what each rung adds to the logarithms of the weights of chains, (chains,)."""
    for lower, upper in pairwise(ladder):
        yield run.log_weight(upper) - run.log_weight(lower)
        run.half_sweep(upper)


def _tempered(machine: Machine, tol: float, ladders: int, rng: np.random.Generator) -> LogPartition:
    """Exchange states between rungs, and join what neighbouring rungs say by Bennett's ratio.

    The sweeps are doubled until the spread between ladders is small enough; those before are not counted.
    """
    base, betas = _rungs(machine, ladders, rng)
    rungs = len(betas)
    replicas = Chains(machine, base, ladders * rungs, rng)
    at = np.arange(ladders * rungs).reshape(ladders, rungs)  # which row stands on a rung
    sweeps, odd = _FEWEST // 4, False
    while True:
        up, down, energies = [], [], []
        for _ in range(sweeps):
            rows = np.empty(at.size)
            rows[at] = betas
            replicas.half_sweep(rows)
            replicas.half_sweep(rows)
            lower, same, upper = (_on_rungs(replicas, at, betas, shift) for shift in (-1, 0, 1))
            forward, backward = (upper - same)[:, :-1], (same - lower)[:, 1:]
            up.append(forward)
            down.append(backward)
            energies.append(replicas.minus_energy[at[:, -1]])
            chosen = np.log(rng.random(forward.shape)) < forward - backward
            chosen[:, odd::2] = False
            odd = not odd
            ladder, rung = np.nonzero(chosen)
            at[ladder, rung], at[ladder, rung + 1] = at[ladder, rung + 1], at[ladder, rung]
        value, error = _bennett(np.array(up), np.array(down))
        means = np.mean(energies, axis=0)
        ess = ladders * np.var(energies) / max(means.var(ddof=1), np.finfo(float).tiny)
        if error <= tol or sweeps >= _MOST_TEMPERED:
            return LogPartition(value - math.log(2), error, float(min(ess, np.size(energies))))
        sweeps *= 2


def _rungs(machine: Machine, ladders: int, rng: np.random.Generator) -> tuple[Base, Array]:
    """Return a base and rungs from it to the machine, between which about half of all exchanges are accepted."""
    chains = 4 * ladders
    base = fitted(Chains(machine, uniform(machine), chains, rng), _FEWEST)
    ladder = np.linspace(0, 1, 2 * _FEWEST + 1)
    slopes = np.array(list(_increments(Chains(machine, base, chains, rng), ladder))) * (len(ladder) - 1)
    length = np.append(0, np.cumsum(slopes.std(axis=1))) / (len(ladder) - 1)
    rungs = 2 + int(length[-1])
    _require_memory(ladders * rungs, f"chains at {rungs} temperatures", machine.weights)
    return base, np.interp(np.linspace(0, length[-1], rungs), length, ladder)


def _on_rungs(replicas: Chains, at: Array, betas: Array, shift: int) -> Array:
    """Return the log weights (ladders, rungs) that the states of rungs have some rungs above, the ends repeated."""
    rows = np.empty(at.size)
    rows[at] = betas[np.clip(np.arange(len(betas)) + shift, 0, len(betas) - 1)]
    return replicas.log_weight(rows)[at]


def _bennett(up: Array, down: Array) -> tuple[float, float]:
    """Return the sum over rungs of ln Z_{k+1} / Z_k, and its standard error by the spread over ladders.

    C. H. Bennett (1976): for as many samples of both rungs, sum sigma(up - r) = sum sigma(r - down) has the root r.
    `up` and `down` are (sweeps, ladders, rungs - 1) of ln w_{k+1} - ln w_k, of states on rung k and on rung k + 1.
    """
    lower, upper = np.minimum(up, down).min((0, 1)), np.maximum(up, down).max((0, 1))
    for _ in range(50):
        ratio = (lower + upper) / 2
        excess = _logistic(up - ratio).sum((0, 1)) - _logistic(ratio - down).sum((0, 1))
        lower, upper = np.where(excess > 0, ratio, lower), np.where(excess > 0, upper, ratio)
    forward, backward = _logistic(up - ratio), _logistic(ratio - down)
    slope = (forward * (1 - forward)).sum((0, 1)) + (backward * (1 - backward)).sum((0, 1))
    of_ladders = ((forward.sum(0) - backward.sum(0)) / slope).sum(axis=1)
    return float(ratio.sum()), math.sqrt(len(of_ladders) * of_ladders.var(ddof=1))


def _logistic(x: Array) -> Array:
    return (1 + np.tanh(x / 2)) / 2
