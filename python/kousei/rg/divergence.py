"""How far two distributions of spins are apart."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from kousei._lib.errors import check_type
from kousei._lib.random import Rng, generator
from kousei.ising import Lattice, exact
from kousei.rbm import RBM
from kousei.rg.decimation import DecimationStack, check_spins
from kousei.rg.maps import torus_bonds

#: A distribution of spins, whose probabilities are known up to a constant at least.
Model: TypeAlias = RBM | Lattice | DecimationStack

#: Sites up to which all states are summed over, and units up to which ln Z is summed.
_MOST_SITES, _MOST_UNITS = 20, 20
#: States that are taken at a time, and that are drawn of a stack.
_BLOCK, _DRAWN = 1 << 14, 1 << 14


class Divergence(NamedTuple):
    """A Kullback-Leibler divergence, and its standard error, which is 0 where it is exact.

    Attributes
    ----------
    value : float
        In nats.
    error : float
        Of independent samples, with that of ln Z.
    """

    value: float
    error: float


def kl_divergence(p: Model, q: Model, samples: Any = None, *, rng: Rng = None) -> Divergence:
    r"""Return :math:`\sum_v p(v)\ln(p(v)/q(v))`: exactly for up to 20 spins, and by samples of p beyond.

    Parameters
    ----------
    p, q : kousei.RBM, kousei.ising.Lattice or DecimationStack
        Of as many visible units as sites. A binary unit is taken for the spin that has its sign.
    samples : array_like (n, sites), optional
        States of -1 and +1, drawn of p independently. They are needed for more than 20 spins, unless p is a
        DecimationStack, which draws its own; for up to 20 they are not looked at.
    rng : numpy.random.Generator or seed, optional
        Where numbers come from, of samples and of ln Z: that of a machine is exact where its smaller side has up to
        20 units, and by "ais" beyond.

    Returns
    -------
    Divergence
        `value` and `error`.

    Raises
    ------
    TypeError
        If p or q is something else.
    ValueError
        If they have different numbers of spins, the samples are needed and missing, are fewer than 2 or no states,
        or `kousei.ising.exact` does not know ln Z of a lattice.

    Examples
    --------
    The ring as the marginal of a machine of finite b, and its own decimation:

    >>> import kousei
    >>> ring = kousei.ising.Lattice((8,), 0.6)
    >>> near = kousei.rg.decimation_rbm(0.6, 2.0, tol=1).rbm(8)
    >>> round(kousei.rg.kl_divergence(ring, near).value, 6)
    0.005045
    >>> stack = kousei.rg.decimation_stack(8, 0.6, 3)
    >>> abs(kousei.rg.kl_divergence(ring, stack).value) < 1e-12
    True
    """
    for name, model in (("p", p), ("q", q)):
        check_type(name, model, Model, "a kousei.RBM, kousei.ising.Lattice or kousei.rg.DecimationStack")
    sites = _sites(p)
    if _sites(q) != sites:
        raise ValueError(f"q has {_sites(q)} spins and p has {sites}; as many are accepted")
    rng = generator(rng)
    constants = [_log_partition(model, sites <= _MOST_SITES, rng) for model in (p, q)]
    offset = constants[1][0] - constants[0][0]
    if sites <= _MOST_SITES:
        value = 0.0
        for start in range(0, 1 << sites, _BLOCK):
            number = np.arange(start, min(start + _BLOCK, 1 << sites))
            states = 2.0 * (number[:, None] >> np.arange(sites) & 1) - 1
            log_p = _log_weight(p, states)
            value += float(np.exp(log_p - constants[0][0]) @ (log_p - _log_weight(q, states) + offset))
        return Divergence(value, 0.0)
    if samples is None and isinstance(p, DecimationStack):
        samples = p.sample(_DRAWN, rng=rng)
    if samples is None:
        raise ValueError(f"samples was None; states of p are accepted, which has {sites} spins")
    states = check_spins("samples", samples, sites)
    if len(states) < 2:
        raise ValueError(f"samples has shape {states.shape}; at least 2 of them are accepted")
    logs = _log_weight(p, states) - _log_weight(q, states)
    error = math.hypot(logs.std(ddof=1) / math.sqrt(len(logs)), constants[0][1], constants[1][1])
    return Divergence(float(logs.mean()) + offset, error)


def _sites(model: Model) -> int:
    return model.visible if isinstance(model, RBM) else model.sites


def _log_weight(model: Model, states: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return ln of the probability of states (n, sites) of -1 and +1, up to the constant of `_log_partition`."""
    if isinstance(model, RBM):
        return -model.free_energy(states if model.units == "spin" else (states + 1) / 2)
    if isinstance(model, DecimationStack):
        return model.log_probability(states)
    ends = torus_bonds(model.shape).T
    total = np.zeros(len(states))
    for axis_ends in np.split(ends, len(model.shape), axis=1):
        total += (states[:, axis_ends[0]] * states[:, axis_ends[1]]).sum(axis=1)
    return model.coupling * total + model.field * states.sum(axis=1)


def _log_partition(model: Model, enumerated: bool, rng: np.random.Generator) -> tuple[float, float]:
    """Return ln Z and its standard error."""
    if isinstance(model, DecimationStack):
        return 0.0, 0.0
    if isinstance(model, Lattice):
        return exact(model.shape, model.coupling, model.field).log_partition, 0.0
    few = enumerated or min(model.visible, model.hidden) <= _MOST_UNITS
    found = model.log_partition("exact" if few else "ais", rng=rng)
    return found.value, found.error
