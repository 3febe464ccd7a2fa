"""Partition functions of finite lattices, exactly, and what follows from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_integer, finite_number
from kousei.ising.taylor import Taylor

Array = np.ndarray[Any, Any]

#: The most sites whose configurations are enumerated.
_MOST_ENUMERATED = 24


@dataclass(frozen=True)
class Exact:
    """Exact values of a finite lattice; see `exact`.

    Attributes
    ----------
    log_partition : float
        ln Z, of the whole lattice.
    energy : float
        Mean of E = -sum s s' over the bonds, per spin.
    specific_heat : float
        coupling**2 times the variance of E, per spin.
    """

    log_partition: float
    energy: float
    specific_heat: float


def exact(shape: Sequence[int], coupling: float, field: float = 0.0) -> Exact:
    """Return the partition function, energy and specific heat of a periodic lattice, exactly.

    A configuration s of +-1 has the weight exp(coupling sum s s' + field sum s), the first sum over the bonds, one
    from each site forward along each axis: a side of 2 has two bonds between its sites, a side of 1 a bond from the
    site to itself.

    Parameters
    ----------
    shape : sequence of int
        Sides, each at least 1.
    coupling : float
        Finite; either sign.
    field : float
        Finite.

    Returns
    -------
    Exact
        `log_partition`, `energy` and `specific_heat`, to some 12 digits; the last to some 1e-15 coupling**2 where all
        but all configurations that count have one energy. The derivatives that the last two are stand in closed form.

    Raises
    ------
    TypeError
        If `shape` is no sequence of integers, or the others are no real numbers.
    ValueError
        If they are out of range, or no method here is for such a lattice: with one axis there is always one, with two
        where the field is 0 and the coupling is not negative or the sides are even, and else up to 24 sites.
    MemoryError
        If a lattice of two axes has so long a shorter side that its modes do not fit in memory.

    See Also
    --------
    infinite : The square lattice without an end.

    Notes
    -----
    With one axis by the transfer matrix [1]_. With two by Kaufman's sum of four products [2]_, its modes in the
    variable sinh 2K or, above the critical coupling, 1/sinh 2K, so that nothing cancels or overflows at any coupling.
    Else by enumeration of 2^sites configurations, counted by energy and magnetisation once for a shape.

    References
    ----------
    .. [1] E. Ising, Zeitschrift für Physik 31 (1925) 253-258.
    .. [2] B. Kaufman, Physical Review 76 (1949) 1232-1243.

    Examples
    --------
    >>> import kousei
    >>> e = kousei.ising.exact((40, 40), 0.408)
    >>> round(e.log_partition, 8), round(e.energy, 12), round(e.specific_heat, 10)
    (1421.43257347, -1.151821150768, 0.9946704747)
    >>> round(kousei.ising.exact((2, 2, 2), 0.2, field=0.1).energy, 12)
    -1.651431132122
    """
    sides = check_shape(shape)
    K, h = finite_number("coupling", coupling), abs(finite_number("field", field))
    sites = math.prod(sides)
    if len(sides) == 1:
        log_partition = _ring(sites, K, h)
    elif len(sides) == 2 and h == 0 and (K >= 0 or all(side % 2 == 0 for side in sides)):
        log_partition = _kaufman(min(sides), max(sides), abs(K))
        if K < 0:  # every other spin turned over
            log_partition = Taylor(log_partition.value, -log_partition.first, log_partition.second)
    elif sites <= _MOST_ENUMERATED:
        log_partition = _enumerated(sides, K, h)
    else:
        raise ValueError(
            f"shape was {sides}, with coupling {coupling} and field {field}: 2^{sites} configurations would be "
            f"enumerated; up to {_MOST_ENUMERATED} sites are accepted, and any number with one axis, or with two "
            "where the field is 0 and the coupling is not negative or the sides are even"
        )
    variance = max(log_partition.second, 0.0)  # which rounding may take below
    return Exact(
        float(log_partition.value), float(-log_partition.first / sites) + 0.0, float(K * variance * K / sites)
    )


def check_shape(shape: Sequence[int]) -> tuple[int, ...]:
    """Return the sides of a lattice, as an argument tells them."""
    if isinstance(shape, str) or not isinstance(shape, Sequence):
        raise TypeError(f"shape was {shape!r}; a sequence of integers is accepted")
    sides = tuple(check_integer(f"shape[{i}]", side, 1, 2**53) for i, side in enumerate(shape))
    if not sides:
        raise ValueError("shape was (); at least one side is accepted")
    return sides


def _ring(sites: int, K: float, h: float) -> Taylor:
    """Return ln Z of a ring, lambda_+^n + lambda_-^n, with its derivatives by the coupling."""
    log_scale = Taylor(K + h, 1.0, 0.0) if K + h > -K else Taylor(-K, -1.0, 0.0)
    up, down = Taylor(K + h, 1.0, 0.0) - log_scale, Taylor(-K, -1.0, 0.0) - log_scale
    cosh, sinh = (1 + math.exp(-2 * h)) / 2, -math.expm1(-2 * h) / 2
    mean, (short, root) = up.exp() * cosh, sorted((up.exp() * sinh, down.exp()), key=lambda leg: float(leg.value))
    if root.value > 1e-100 and short.value > 1e-20 * root.value:  # else it is told, and squares may underflow
        root = (short * short + root * root).sqrt()
    largest = mean + root
    ratio = (mean - root) / largest
    if sites % 2 and mean.value < 1e-100:  # as below, where d = 2 mean may underflow
        log_rest = up + math.log(2 * cosh * sites)
    elif sites % 2 and ratio.value < -0.5:  # 1 - (1 - d)^n, with d small
        log_rest = (((mean * -2 / largest).log1p() * sites).expm1() * -1).log()
    else:
        log_rest = (ratio**sites + 1).log()
    return (log_scale + largest.log()) * sites + log_rest


def _kaufman(n: int, m: int, K: float) -> Taylor:
    """Return ln Z of an n x m torus, with its derivatives by the coupling.

    Z = (2 sinh 2K)^(nm/2) / 2 [prod 2 cosh(m g_k / 2) + prod 2 sinh(m g_k / 2) over odd k, and the same over even k],
    k < 2n, cosh g_k = cosh 2K coth 2K - cos(pi k/n), and g_0 = 2K + ln tanh K has a sign. With S = sinh 2K every
    factor is (u/S)^(m/2) (1 +- q^m), u = S e^g and q = e^-g, where u = a + sqrt(a^2 - S^2) and a = 1 + S^2 - S cos.
    As a / S^2 is a of 1/S (Kramers and Wannier), S > 1 has u = S^2 u(1/S), and the same q.
    """
    arrays.require_memory(2 * n, 1 << 9, f"two derivatives of {2 * n} modes")
    if math.asinh(1) / 2 > K:
        x = Taylor(math.sinh(2 * K), 2 * math.cosh(2 * K), 4 * math.sinh(2 * K))
        log_scale, sign = Taylor(0.0, 0.0, 0.0), -1
    else:
        e = math.exp(-2 * K)
        y = 2 * e / -math.expm1(-4 * K)  # 1 / sinh 2K
        x = Taylor(y, -2 * y * math.hypot(1, y), 4 * y + 8 * y**3)
        log_scale = Taylor(2 * K + math.log1p(-e * e) - math.log(2), 2 * math.hypot(1, y), -4 * y * y)
        sign = 1
    h = 2 * np.sin(np.pi / (2 * n) * np.arange(2 * n)) ** 2  # 1 - cos(pi k / n)
    u, q = _mode(x, h[1:])
    u0 = _s_cosh(x, 0.0) + (x * -1 + 1) * (x * x + 1).sqrt()
    odd, even = slice(0, None, 2), slice(1, None, 2)
    half = u.log() * (m / 2)
    powers = q**m
    plus, minus = powers.log1p(), (powers * -1).log1p()
    first = half[odd].sum()
    others = half[even].sum() + u0.log() * (m / 2) - first
    zero = (x / u0) ** m
    largest = plus[odd].sum()
    ratios = (
        (minus[odd].sum() - largest).exp(),
        (others + plus[even].sum() - largest).exp() * (zero + 1),
        (others + minus[even].sum() - largest).exp() * ((zero * -1 + 1) * sign),
    )
    log_partition = log_scale * (n * m) + first + largest + (ratios[0] + ratios[1] + ratios[2]).log1p()
    return log_partition + (n * m / 2 - 1) * math.log(2)


def _s_cosh(x: Taylor, h: Any) -> Taylor:
    """Return a = x cosh g = 1 + x^2 - x cos, where h = 1 - cos."""
    return x * x + 1 + x * (h - 1)


def _mode(x: Taylor, h: Array) -> tuple[Taylor, Taylor]:
    """Return u and q of modes; the two factors of a^2 - x^2 are told apart so that they keep their digits."""
    one = x * -1 + 1
    root = (one * one + x * h).sqrt() * (x * x + 1 + x * h).sqrt()
    u = _s_cosh(x, h) + root
    return u, x / u


def _enumerated(sides: tuple[int, ...], K: float, h: float) -> Taylor:
    """Return ln Z of a small lattice, with its derivatives by the coupling."""
    energies, magnetizations, counts = levels(sides)
    logs = np.log(counts) - K * energies + h * magnetizations
    weights = np.exp(logs - logs.max())
    total = weights.sum()
    mean = weights @ energies / total
    return Taylor(logs.max() + math.log(total), -mean, weights @ (energies - mean) ** 2 / total)


@lru_cache(16)
def levels(sides: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """Return the energies and magnetisations that configurations have, and how many have both."""
    sites = math.prod(sides)
    bonds = sites * len(sides)
    counts = np.zeros((bonds + 1, sites + 1), np.int64)
    # The spin of the last site is down, and the configurations with it up are the others turned over.
    block = 1 << min(sites - 1, 20)
    for start in range(0, 1 << (sites - 1), block):
        spins = np.arange(start, start + block, dtype=np.uint32)
        unequal = np.zeros(block, np.int64)
        for axis, side in enumerate(sides):
            unequal += np.bitwise_count(spins ^ _forward(spins, sides, axis, side))
        index = unequal * (sites + 1) + np.bitwise_count(spins)
        counts += np.bincount(index, minlength=counts.size).reshape(counts.shape)
    counts += counts[:, ::-1]
    unequal, up = np.nonzero(counts)
    return 2.0 * unequal - bonds, 2.0 * up - sites, counts[unequal, up]


def _forward(spins: Array, sides: tuple[int, ...], axis: int, side: int) -> Array:
    """Return configurations, a bit for each site in C order, with the spins of the next sites along an axis."""
    stride = math.prod(sides[axis + 1 :])
    place = np.arange(math.prod(sides)) // stride % side
    last = np.uint32(np.sum(1 << np.flatnonzero(place == side - 1)))
    first = np.uint32(np.sum(1 << np.flatnonzero(place == 0)))
    return ((spins >> np.uint32(stride)) & ~last) | ((spins & first) << np.uint32(stride * (side - 1)))
