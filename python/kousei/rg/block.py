"""Block spins, the couplings that fit them best, and their flow."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei._lib.errors import check_choice, check_integer
from kousei._lib.random import Rng, generator
from kousei.ising import Estimate, Spins, exact, observables
from kousei.ising.estimate import estimate, warn_if_short

_SPINS_AT_ONCE = 1 << 20


def block_spin(spins: Any, block: int = 2, rule: str = "majority", *, rng: Rng = None) -> Array:
    """Replace each block of spins by one.

    Parameters
    ----------
    spins : kousei.ising.Spins, or array (samples, chains, ...) of int8, int16, int32, int64, float32 or float64
        Configurations, of up to three axes.
    block : int
        The side of a block, at least 2. It divides all sides.
    rule : str
        "majority": the sign of the sum, drawn where it is 0. "decimation": the first spin of the block.
    rng : numpy.random.Generator or seed, optional
        Draws for the ties (SPEC 7).

    Returns
    -------
    array (samples, chains, ...)
        Of the library and dtype of `spins`; of int8 for Spins.

    Raises
    ------
    TypeError
        If an argument is not of these types.
    ValueError
        If `spins` has not three to five axes, `block` does not divide a side, or for another rule.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> s = np.array([[1, 1, -1, -1], [1, -1, -1, 1]])[None, None]
    >>> kousei.rg.block_spin(s)
    array([[[[ 1, -1]]]])
    >>> kousei.rg.block_spin(s, rule="decimation")[0, 0]
    array([[ 1, -1]])
    """
    s, sides = _configurations(spins)
    block = check_integer("block", block, 2)
    check_choice("rule", rule, "majority", "decimation")
    for side in sides:
        if side % block:
            raise ValueError(f"block was {block}; a divisor of all sides of {sides} is accepted")
    xp = arrays.namespace(s)
    batch, coarse = arrays.shape_of(s)[:2], tuple(side // block for side in sides)
    if rule == "decimation":
        return s[(..., *[slice(None, None, block) for _ in sides])]
    source, ties = generator(rng), block ** len(sides) % 2 == 0
    signs = []
    for some in _by_parts(s):
        blocks = xp.reshape(some, (arrays.shape_of(some)[0], *(n for side in coarse for n in (side, block))))
        sums = xp.sum(blocks, axis=tuple(range(2, 1 + 2 * len(sides), 2)))
        if ties:
            coins = 2 * source.integers(2, size=arrays.shape_of(sums), dtype=np.int8) - 1
            sums = xp.where(sums == 0, xp.astype(arrays.like(coins, s), sums.dtype, copy=False), sums)
        signs.append(xp.astype(xp.sign(sums), s.dtype))
    return xp.reshape(xp.concat(signs), batch + coarse)


def estimate_coupling(spins: Any, method: str = "pseudo-likelihood") -> Estimate:
    r"""Estimate the coupling K of the Ising model that configurations are samples of: their inverse temperature.

    Parameters
    ----------
    spins : kousei.ising.Spins, or array (samples, chains, ...) of int8, int16, int32, int64, float32 or float64
        At least two configurations of independent chains, without a field.
    method : str
        "pseudo-likelihood": the maximum over K of the product of all conditional probabilities of a spin given the
        others [1]_, on any lattice. "likelihood": the K at which the energy of `kousei.ising.exact` is that of the
        samples, which is the maximum of their probability.

    Returns
    -------
    Estimate
        With the error of `kousei.ising.observables`; infinite, with an error of NaN, where no bond is broken, or all.

    Raises
    ------
    TypeError
        If `spins` is none of these.
    ValueError
        If `spins` has not three to five axes or fewer than two configurations, for another method, or where
        `kousei.ising.exact` does not know the lattice.

    Notes
    -----
    Samples of another model than Ising's are answered with the nearest coupling in the sense of the method.

    References
    ----------
    .. [1] J. Besag, Journal of the Royal Statistical Society D 24 (1975) 179-195.

    Examples
    --------
    >>> import kousei
    >>> spins = kousei.ising.Lattice((16, 16), 0.3).sample("swendsen-wang", chains=64, sweeps=50, rng=0)
    >>> K = kousei.rg.estimate_coupling(spins)
    >>> abs(K.value - 0.3) < 3 * K.error
    True
    """
    check_choice("method", method, "pseudo-likelihood", "likelihood")
    if method == "likelihood":
        return _by_energy(spins)
    s, sides = _configurations(spins)
    samples, chains = arrays.shape_of(s)[:2]
    if samples * chains < 2:
        raise ValueError(f"spins has shape {arrays.shape_of(s)}; at least two configurations are accepted")
    xp, axes = arrays.namespace(s), tuple(range(1, 1 + len(sides)))
    # What a spin times the sum of its neighbours may be, and how often it is.
    values = np.arange(-2 * len(sides), 2 * len(sides) + 1, 2)
    parts = []
    for some in _by_parts(s):
        aligned = some * sum(xp.roll(some, step, axis=axis) for axis in axes for step in (-1, 1))
        parts.append([arrays.to_host(xp.sum(xp.astype(aligned == int(v), xp.int64), axis=axes)) for v in values])
    counts = np.concatenate(parts, axis=1).reshape(-1, samples, chains)
    everywhere = counts.sum(axis=(1, 2))
    against, along = everywhere[values < 0].any(), everywhere[values > 0].any()
    if not (against and along):  # nothing holds the likelihood back, or all of it is flat
        return Estimate(math.inf if along else -math.inf if against else math.nan, math.nan, 0.5)
    K = _root(everywhere, values)
    score = np.einsum("k,k...->...", values * (1 - np.tanh(K * values)), counts)
    curvature = np.einsum("k,k...->...", values**2 / np.cosh(K * values) ** 2, counts).mean()
    short: list[tuple[float, int]] = []
    found = estimate(K, score[None], np.array([1 / curvature]), short)
    warn_if_short("spins", short, (samples, chains))
    return found


def flow(
    spins: Any,
    steps: int,
    block: int = 2,
    rule: str = "majority",
    *,
    method: str = "pseudo-likelihood",
    rng: Rng = None,
) -> tuple[Estimate, ...]:
    """Follow the coupling between neighbours that fits best through steps of `block_spin`.

    Block spins have couplings beyond those of neighbours, which this leaves out: in one dimension, by decimation,
    there are none.

    Parameters
    ----------
    spins : kousei.ising.Spins or array (samples, chains, ...)
        As of `block_spin`.
    steps : int
        At least 0.
    block, rule, rng
        As of `block_spin`.
    method : str
        As of `estimate_coupling`.

    Returns
    -------
    tuple of Estimate
        steps + 1 of them: of the spins, and after each step.

    Raises
    ------
    TypeError
        If an argument is not of these types.
    ValueError
        As of `block_spin` and `estimate_coupling`.

    Examples
    --------
    >>> import math
    >>> import kousei
    >>> ring = kousei.ising.Lattice((64,), 1.0).sample("swendsen-wang", chains=64, sweeps=100, rng=0)
    >>> flow = kousei.rg.flow(ring, 2, rule="decimation")
    >>> all(abs(math.tanh(K.value) - math.tanh(1) ** 2**n) < 0.01 for n, K in enumerate(flow))
    True
    """
    steps, source = check_integer("steps", steps, 0), generator(rng)
    couplings = [estimate_coupling(spins, method)]
    for _ in range(steps):
        spins = block_spin(spins, block, rule, rng=source)
        couplings.append(estimate_coupling(spins, method))
    return tuple(couplings)


def _configurations(spins: Any) -> tuple[Array, tuple[int, ...]]:
    """Return configurations (samples, chains, *sides) of numbers, and the sides."""
    if isinstance(spins, Spins):
        return spins.configurations(), spins.lattice.shape
    spins = arrays.known("spins", spins)
    shape = arrays.shape_of(spins)
    if arrays.dtype_name(spins) not in ("int8", "int16", "int32", "int64", "float32", "float64"):
        raise TypeError(f"spins has dtype {arrays.dtype_name(spins)}; signed integers and real numbers are accepted")
    if not 3 <= len(shape) <= 5:
        raise ValueError(f"spins has shape {shape}; (samples, chains, *shape), 1 to 3 sides, is accepted")
    xp = arrays.namespace(spins)
    if not all(bool(xp.all(some * some == 1)) for some in _by_parts(spins)):
        raise ValueError("spins has entries other than -1 and 1; these are accepted")
    return spins, shape[2:]


def _by_parts(spins: Array) -> Iterator[Array]:
    """Yield the configurations (samples, chains, *sides) by parts (some, *sides), between which Ctrl-C is heard."""
    samples, chains, *sides = arrays.shape_of(spins)
    count, step = samples * chains, max(1, _SPINS_AT_ONCE // max(1, math.prod(sides)))
    configurations = arrays.namespace(spins).reshape(spins, (count, *sides))
    for start in range(0, max(1, count), step):
        yield configurations[start : min(count, start + step), ...]


def _root(counts: np.ndarray[Any, Any], values: np.ndarray[Any, Any]) -> float:
    """Return where the sum of counts v (1 - tanh(K v)), which falls with K, is 0."""
    from scipy.optimize import brentq  # here, as SciPy takes longer to import than all of this package

    def score(K: float) -> float:
        return float(counts @ (values * (1 - np.tanh(K * values))))

    end = 1.0
    while score(end) > 0 or score(-end) < 0:
        end *= 2
    return float(brentq(score, -end, end, xtol=1e-15))


def _by_energy(spins: Any) -> Estimate:
    from scipy.optimize import brentq

    found = observables(spins).energy
    sides = spins.lattice.shape if isinstance(spins, Spins) else arrays.shape_of(spins)[2:]
    if abs(found.value) >= len(sides):
        return Estimate(math.copysign(math.inf, -found.value), math.nan, 0.5)
    end = math.copysign(1.0, -found.value)
    while abs(exact(sides, end).energy) < abs(found.value):
        end *= 2
    K = float(brentq(lambda K: exact(sides, K).energy - found.value, 0.0, end, xtol=1e-15))
    # d energy / dK is -specific heat / K^2.
    slope = exact(sides, K).specific_heat / K**2 if K else len(sides)
    return Estimate(K, found.error / slope, found.autocorrelation_time)
