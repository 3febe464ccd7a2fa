"""Decimation of a ring of spins by a machine with one hidden unit for every other spin."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_integer, finite_number, require_positive, require_real_number, warn
from kousei._lib.random import Rng, generator
from kousei.rbm import RBM


def log_cosh(x: float) -> float:
    """Return ln cosh x, to the last digits near 0 as far from it."""
    return math.log1p(2 * math.sinh(x / 2) ** 2) if abs(x) < 1 else float(np.logaddexp(x, -x)) - math.log(2)


@dataclass(frozen=True)
class Decimation:
    r"""A hidden unit for every other spin of a ring of coupling K, and the rings that come of it.

    As `decimation_rbm` returns it. Hidden unit i has the weight b to spin 2i and a to its two neighbours.

    Attributes
    ----------
    coupling : float
        K, of the ring that is decimated.
    b, a : float
        The weights, :math:`\tanh(2a)\tanh b=\tanh(2K)`.
    cross_coupling : float
        :math:`K_\times=\tfrac14\ln(\cosh(b+2a)\cosh(b-2a)/\cosh^2b)`. Summed over its hidden units the machine is the
        ring of K with this coupling more between spins 2i - 1 and 2i + 1.
    hidden_coupling : float
        :math:`\tfrac12\ln\cosh 2a`. Summed over its visible units, the machine is the ring of this coupling.
    limit_coupling : float
        :math:`\tfrac12\ln\cosh 2K=\operatorname{artanh}\tanh^2K`, of every other spin of the ring: what
        `hidden_coupling` is for b = inf.
    """

    coupling: float
    b: float
    a: float
    cross_coupling: float
    hidden_coupling: float
    limit_coupling: float

    def rbm(self, sites: int) -> RBM:
        """Return the machine of a ring.

        Parameters
        ----------
        sites : int
            Number of spins, even.

        Returns
        -------
        kousei.RBM
            Of `sites` visible and sites / 2 hidden spins, without biases, float64.

        Raises
        ------
        TypeError
            If `sites` is no integer.
        ValueError
            If it is odd or below 2, or b is infinite.
        MemoryError
            If the weights do not fit into memory.

        Examples
        --------
        >>> import kousei
        >>> kousei.rg.decimation_rbm(0.6, 2.0, tol=0.05).rbm(4).weights.round(4)
        array([[2.   , 0.   ],
               [0.656, 0.656],
               [0.   , 2.   ],
               [0.656, 0.656]])
        """
        if check_integer("sites", sites, 2) % 2:
            raise ValueError(f"sites was {sites}; an even number is accepted")
        if math.isinf(self.b):
            raise ValueError("b was inf; decimation_stack is for it, and a machine of finite weights for a finite b")
        arrays.require_memory(sites * (sites // 2), 8, f"the weights of {sites} spins with {sites // 2} hidden ones")
        weights, hidden = np.zeros((sites, sites // 2)), np.arange(sites // 2)
        weights[2 * hidden, hidden] = self.b
        for side in (-1, 1):  # on a ring of two spins both are the same one
            weights[(2 * hidden + side) % sites, hidden] += self.a
        return RBM.from_weights(weights)


def decimation_rbm(coupling: float, b: float = math.inf, *, tol: float = 1e-12) -> Decimation:
    r"""Map the decimation of a ring of spins to a machine, exactly for b = inf.

    Parameters
    ----------
    coupling : float
        K, of the ring :math:`p(v)\propto\exp(K\sum_j v_jv_{j+1})`.
    b : float
        Weight of a hidden unit to its spin, above 2 abs(K). For inf it is that spin.
    tol : float
        With a finite b the machine has one more coupling, `Decimation.cross_coupling`, near
        :math:`\sinh^2(2K)e^{-2b}`. Above `tol` there is a warning.

    Returns
    -------
    Decimation
        The weights, the coupling that is too many, and those of the ring of hidden units.

    Raises
    ------
    TypeError
        If an argument is no real number.
    ValueError
        If the coupling is not finite, `tol` is not positive, or b is at most 2 abs(K), for which there is no such a.

    Warns
    -----
    UserWarning
        If the coupling that is too many is above `tol`.

    Notes
    -----
    P. Mehta and D. J. Schwab, arXiv:1410.3831, section "Examples", where b is implied to be infinite. The tests count
    all states.

    Examples
    --------
    >>> import kousei
    >>> exact = kousei.rg.decimation_rbm(0.6)
    >>> exact.a, exact.cross_coupling, round(exact.hidden_coupling, 12)
    (0.6, 0.0, 0.296844485797)
    >>> near = kousei.rg.decimation_rbm(0.6, 8.0, tol=1e-6)
    >>> f"{near.a:.8f} {near.cross_coupling:.2e} {near.hidden_coupling - near.limit_coupling:.2e}"
    '0.60000031 2.56e-07 2.56e-07'
    """
    K = finite_number("coupling", coupling)
    require_positive(tol=tol)
    require_real_number("b", b)
    b = math.inf if b == math.inf else finite_number("b", b)
    if b <= 2 * abs(K):
        raise ValueError(
            f"b was {b}; above 2 |coupling| = {2 * abs(K)} is accepted: tanh(2a) tanh(b) = tanh(2 coupling) has "
            "a solution a for no other"
        )
    # e^4a = sinh(b + 2K) / sinh(b - 2K), which has all its digits where the tanh are near 1.
    a = K + (_log_of_one_minus_exp(-2 * b - 4 * K) - _log_of_one_minus_exp(-2 * b + 4 * K)) / 4
    # cosh(b + 2a) cosh(b - 2a) = cosh(b)^2 + sinh(2a)^2, by exponentials that do not overflow.
    ratio = math.exp(2 * abs(a) - b) * -math.expm1(-4 * abs(a)) / (1 + math.exp(-2 * b))
    made = Decimation(K, b, a, math.log1p(ratio**2) / 4, log_cosh(2 * a) / 2, log_cosh(2 * K) / 2)
    if made.cross_coupling > tol:
        warn(
            f"b was {b}: the machine has a coupling {made.cross_coupling:.3g} between the neighbours of a spin that "
            f"is kept, above tol = {tol}; b = inf has none"
        )
    return made


def _log_of_one_minus_exp(x: float) -> float:
    return math.log(-math.expm1(x))


class DecimationStack:
    r"""The layers of a ring of spins decimated again and again: a deep machine that is the ring exactly.

    As `decimation_stack` makes it. Layer n + 1 are the even spins of layer n, a ring of half as many and of the
    coupling :math:`K_{n+1}=\operatorname{artanh}\tanh^2K_n`; given them, the odd spins of layer n are independent.

    Attributes
    ----------
    sites : int
        Number of spins of layer 0.
    couplings : tuple of float
        Of every layer, depth + 1 of them: the flow.
    """

    sites: int
    couplings: tuple[float, ...]

    def __init__(self, sites: int, couplings: tuple[float, ...]) -> None:
        self.sites: int = check_integer("sites", sites, 1)
        numbers = arrays.finite_numbers("couplings", couplings)
        if numbers.ndim != 1 or not 1 <= len(numbers) < 64 or self.sites % 2 ** (len(numbers) - 1):
            raise ValueError(
                f"couplings has shape {numbers.shape} and sites was {sites}; (depth + 1,) and a multiple of 2**depth "
                "are accepted"
            )
        self.couplings: tuple[float, ...] = tuple(numbers.tolist())

    @property
    def depth(self) -> int:
        """Number of decimations."""
        return len(self.couplings) - 1

    @property
    def log_partition(self) -> float:
        r"""The logarithm of the partition function of the ring.

        By :math:`\ln Z_N(K)=\tfrac N2(\ln2+\tfrac12\ln\cosh2K)+\ln Z_{N/2}(K_1)` down the layers, and
        :math:`Z_n=(2\cosh K)^n+(2\sinh K)^n` of the last one; a ring of two has two bonds, a ring of one a bond with
        itself.

        Examples
        --------
        >>> import kousei
        >>> round(kousei.rg.decimation_stack(1024, 1.0, 10).log_partition, 9)
        1153.974283308
        """
        total, size = 0.0, self.sites
        for made in self.couplings[1:]:
            size //= 2
            total += size * (math.log(2) + made)
        return total + _log_ring(size, self.couplings[-1])

    def log_probability(self, spins: Any) -> np.ndarray[Any, Any]:
        """Return the logarithm of the probability, layer by layer from the last one to the first.

        Parameters
        ----------
        spins : array_like (n, sites)
            Of -1 and +1.

        Returns
        -------
        ndarray (n,)

        Raises
        ------
        TypeError
            If they are not real numbers in host memory.
        ValueError
            If they have another width or other values.

        Examples
        --------
        >>> import kousei
        >>> kousei.rg.decimation_stack(4, 0.5, 2).log_probability([[1, 1, 1, 1], [1, 1, -1, 1]]).round(6)
        array([-1.297642, -3.297642])
        """
        layer = check_spins("spins", spins, self.sites)
        total = np.zeros(len(layer))
        for K in self.couplings[:-1]:
            kept, field = layer[:, ::2], K * (layer[:, ::2] + np.roll(layer[:, ::2], -1, axis=1))
            total += (layer[:, 1::2] * field - np.logaddexp(field, -field)).sum(axis=1)
            layer = kept
        K = self.couplings[-1]
        return total + K * (layer * np.roll(layer, -1, axis=1)).sum(axis=1) - _log_ring(layer.shape[1], K)

    def sample(self, n: int, *, rng: Rng = None) -> np.ndarray[Any, Any]:
        """Draw independent states of the ring, from the last layer to the first.

        Parameters
        ----------
        n : int
            Number of states.
        rng : numpy.random.Generator or seed, optional
            Where the numbers come from.

        Returns
        -------
        ndarray (n, sites) of int8
            Of -1 and +1, distributed as the ring exactly. Spins that belong to layer l are ``[:, ::2**l]``.

        Raises
        ------
        TypeError
            If `n` is no integer.
        ValueError
            If it is negative.
        MemoryError
            If they do not fit into memory.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> spins = kousei.rg.decimation_stack(1024, 1.0, 10).sample(1000, rng=0)
        >>> bool(abs((spins * np.roll(spins, 1, axis=1)).mean() - np.tanh(1)) < 0.003)
        True
        """
        n, rng = check_integer("n", n, 0), generator(rng)
        arrays.require_memory(n * self.sites, 12, f"{n} states of {self.sites} spins")
        spins = _draw_ring(n, self.sites >> self.depth, self.couplings[-1], rng)
        for K in self.couplings[-2::-1]:
            kept = spins
            spins = np.empty((n, 2 * kept.shape[1]), np.int8)
            spins[:, ::2] = kept
            # The mean tanh(K (s + s')) of a spin between two others, of which s + s' is -2, 0 or 2.
            spins[:, 1::2] = _draw(math.tanh(2 * K) / 2 * (kept + np.roll(kept, -1, axis=1)), rng)
        return spins

    def __repr__(self) -> str:
        return f"DecimationStack({self.sites} spins, couplings {', '.join(f'{K:.4g}' for K in self.couplings)})"


def decimation_stack(sites: int, coupling: float, depth: int) -> DecimationStack:
    """Decimate a ring of spins again and again, every layer by a machine with b = inf.

    Parameters
    ----------
    sites : int
        Number of spins, a multiple of 2**depth.
    coupling : float
        K, of the ring, that is finite.
    depth : int
        Number of decimations.

    Returns
    -------
    DecimationStack

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If it is out of range.

    See Also
    --------
    decimation_rbm

    Examples
    --------
    >>> import kousei
    >>> kousei.rg.decimation_stack(1024, 1.0, 3)
    DecimationStack(1024 spins, couplings 1, 0.6625, 0.3501, 0.1137)
    """
    sites, depth = check_integer("sites", sites, 1), check_integer("depth", depth, 0)
    if depth > 62 or sites % 2**depth:
        raise ValueError(f"sites was {sites}; a multiple of 2**depth, depth {depth}, is accepted")
    couplings = [finite_number("coupling", coupling)]
    for _ in range(depth):
        couplings.append(log_cosh(2 * couplings[-1]) / 2)
    return DecimationStack(sites, tuple(couplings))


def check_spins(name: str, spins: Any, sites: int) -> np.ndarray[Any, Any]:
    """Return states (n, sites) of -1 and +1 as float64; TypeError or ValueError unless they are that."""
    states = arrays.real_numbers(name, spins)
    if states.ndim != 2 or states.shape[1] != sites:
        raise ValueError(f"{name} has shape {states.shape}; (n, {sites}) is accepted")
    if not (np.abs(states) == 1).all():
        raise ValueError(f"{name} has values other than -1 and 1; these are accepted")
    return states


def _log_ring(sites: int, K: float) -> float:
    """Return ln((2 cosh K)^sites + (2 sinh K)^sites)."""
    return sites * (math.log(2) + log_cosh(K)) + math.log1p(math.tanh(K) ** sites)


def _draw(means: np.ndarray[Any, Any], rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Draw independent spins with these means."""
    return np.where(2 * rng.random(means.shape) - 1 < means, np.int8(1), np.int8(-1))


def _draw_ring(n: int, sites: int, K: float, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Draw states of a ring, one spin after the other: it knows the one before and, round the rest, the first."""
    t = math.tanh(K)
    spins = np.empty((n, sites), np.int8)
    spins[:, 0] = first = _draw(np.zeros(n), rng)
    for i in range(1, sites):
        before, after = spins[:, i - 1] * t, first * t ** (sites - i)
        spins[:, i] = _draw((before + after) / (1 + before * after), rng)
    return spins
