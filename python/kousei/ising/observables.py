"""Observables of configurations, with error bars."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from kousei._lib import arrays, backends
from kousei._lib.errors import finite_number
from kousei.ising.estimate import Estimate, estimate, warn_if_short
from kousei.ising.spins import Spins
from kousei.packed import PackedSigns, pack_signs

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Observables:
    """Estimates from configurations of a lattice of N sites; see `observables`.

    Attributes
    ----------
    energy : Estimate
        Mean of e = E / N, E = -sum s s' over the bonds.
    magnetization : Estimate
        Mean of the modulus of m = sum s / N.
    susceptibility : Estimate
        N times the variance of the modulus of m.
    binder : Estimate
        Binder's cumulant, 1 - <m^4> / (3 <m^2>^2).
    correlation_length : Estimate
        In sites, by the second moment: along each axis of length L, sqrt(<N m^2> / <|F|^2 / N> - 1) divided by
        2 sin(pi / L), F = sum s exp(2 pi i x / L), and of these the root of the mean square. Of the correlation as it
        is: in an ordered phase it grows with the lattice.
    specific_heat : Estimate or None
        coupling^2 times the variance of E, over N; None where no coupling is known.
    """

    energy: Estimate
    magnetization: Estimate
    susceptibility: Estimate
    binder: Estimate
    correlation_length: Estimate
    specific_heat: Estimate | None


def observables(spins: Any, coupling: float | None = None) -> Observables:
    """Estimate energy, magnetisation, cumulants and correlation length of a lattice, with error bars.

    Parameters
    ----------
    spins : Spins, or array (samples, chains, ...) of int8, int16, int32, int64, float32 or float64
        Configurations of chains that do not know of one another, as `Lattice.sample` returns them or as numbers -1
        and +1, on a periodic lattice of up to three axes. At least two.
    coupling : float, optional
        For the specific heat. That of the lattice of `spins` where there is one.

    Returns
    -------
    Observables
        Each an `Estimate`, with `value`, `error` and `autocorrelation_time`.

    Raises
    ------
    TypeError
        If `spins` is none of these, or `coupling` no real number.
    ValueError
        If it has not three to five axes, fewer than two configurations, no sites, or other entries, or `coupling` is
        not finite.
    CudaError
        If `spins` lies in CUDA memory and there is no device or no CUDA build.

    Warns
    -----
    UserWarning
        If the chains are short beside their autocorrelation time, and fewer than 8.

    Notes
    -----
    Errors are those of functions of means, linearised: by the autocorrelation function of all chains, summed up to
    Wolff's automatic window [1]_, or, where that window is more than a tenth of the samples and there are 8 chains,
    by the spread of the chains' means. Chains that have not forgotten where they began are biased, which no error
    tells.

    Energies and magnetisations are counted in the bits, where the spins lie.

    References
    ----------
    .. [1] U. Wolff, Computer Physics Communications 156 (2004) 143-153, arXiv:hep-lat/0306017.

    Examples
    --------
    >>> import kousei
    >>> lattice = kousei.ising.Lattice((8, 8), 0.4)
    >>> spins = lattice.sample("swendsen-wang", chains=64, sweeps=200, rng=0)
    >>> found = kousei.ising.observables(spins)
    >>> abs(found.energy.value - kousei.ising.exact((8, 8), 0.4).energy) < 3 * found.energy.error
    True
    """
    if coupling is not None:
        coupling = finite_number("coupling", coupling)
    packed, sides, chains = _packed(spins)
    if isinstance(spins, Spins) and coupling is None:
        coupling = spins.lattice.coupling
    sites = math.prod(sides)
    if packed.shape[0] < 2 or sites == 0:
        raise ValueError(f"spins has {packed.shape[0]} configurations of {sites} sites; at least 2 of 1 are accepted")
    backend, words = backends.enter("spins", packed.words)
    unlike, up = counts_of(words, sides, backend)
    energy = (2.0 * unlike - len(sides) * sites) / sites
    m = (2.0 * up - sites) / sites

    short: list[tuple[float, int]] = []

    def of(value: float, slopes: list[float], *terms: Array) -> Estimate:
        return estimate(float(value), np.stack(terms).reshape(len(terms), -1, chains), np.array(slopes), short)

    e, a, m2, m4 = energy.mean(), np.abs(m).mean(), (m**2).mean(), (m**4).mean()
    heat = None
    if coupling is not None:
        factor = float(coupling) ** 2 * sites
        deviation = energy - e
        variance = (deviation**2).mean()
        # The derivative by the mean of e vanishes where e is counted from it.
        heat = of(factor * variance, [factor], deviation**2)
    found = Observables(
        energy=of(e, [1.0], energy),
        magnetization=of(a, [1.0], np.abs(m)),
        susceptibility=of(sites * (m2 - a * a), [sites, -2 * sites * a], m**2, np.abs(m)),
        binder=of(1 - m4 / (3 * m2**2), [-1 / (3 * m2**2), 2 * m4 / (3 * m2**3)], m**4, m**2)
        if m2
        else Estimate(math.nan, math.nan, 0.5),
        correlation_length=_correlation_length(packed, sides, m**2 * sites, of),
        specific_heat=heat,
    )
    warn_if_short("spins", short, (len(m) // chains, chains))
    return found


def _packed(spins: Any) -> tuple[PackedSigns, tuple[int, ...], int]:
    """Return configurations in bits, the sides of their lattice and the chains they are of."""
    if isinstance(spins, Spins):
        return spins, spins.lattice.shape, spins.chains
    if isinstance(spins, PackedSigns):
        raise TypeError("spins was PackedSigns; kousei.ising.Spins, which know their lattice, are accepted")
    spins = arrays.known("spins", spins)
    shape = arrays.shape_of(spins)
    if not 3 <= len(shape) <= 5:
        raise ValueError(f"spins has shape {shape}; (samples, chains, *shape), 1 to 3 sides, is accepted")
    samples, chains, *sides = shape
    rows = arrays.namespace(spins).reshape(spins, (samples * chains, math.prod(sides)))
    try:
        return pack_signs(rows), tuple(sides), chains
    except (TypeError, ValueError) as error:
        text = str(error).removeprefix("S")
        raise type(error)(
            f"spins{text}" if text[0] == " " else f"spins.reshape{arrays.shape_of(rows)}{text}"
        ) from None


def counts_of(words: Array, sides: tuple[int, ...], backend: backends.Backend) -> tuple[Array, Array]:
    """Return how many bonds have unlike spins, and how many spins are up, in each of the packed configurations."""
    unlike, up = (backend.empty((len(words),), np.dtype(np.int64)) for _ in range(2))
    views = (backend.view(name, each) for name, each in (("spins", words), ("unlike", unlike), ("up", up)))
    of_words, of_unlike, of_up = views
    backend.kernels.ising_count(of_words, list(sides), of_unlike, of_up, backend.launch())
    return arrays.to_host(unlike), arrays.to_host(up)


def _correlation_length(packed: PackedSigns, sides: tuple[int, ...], uniform: Array, of: Any) -> Estimate:
    """Return the correlation length; `uniform` is N m^2, and `of` makes estimates."""
    waves = []
    for axis, side in enumerate(sides):
        phase = np.exp(2j * np.pi * np.arange(side) / side).reshape(-1, *[1] * (len(sides) - 1 - axis))
        wave = np.broadcast_to(phase, sides).ravel()
        waves += [wave.real, wave.imag]
    parts = arrays.to_host(packed.matmul(arrays.beside(np.stack(waves), packed.words)))
    power = (parts**2).reshape(len(sides), 2, -1).sum(axis=1) / math.prod(sides)
    zero, first = uniform.mean(), power.mean(axis=1)
    if zero <= 0 or (first <= 1e-26 * zero).any():  # what rounding leaves of 0
        return Estimate(math.nan if zero <= 0 else math.inf, math.nan, 0.5)
    scale = 1 / (4 * np.sin(np.pi / np.array(sides)) ** 2 * len(sides))
    square = of(scale @ (zero / first - 1), [scale @ (1 / first), *(-scale * zero / first**2)], uniform, *power)
    length = math.sqrt(max(square.value, 0.0))
    # Of a root near 0 the slope says too much.
    error = min(square.error / (2 * length) if length else math.inf, math.sqrt(square.error))
    return Estimate(length, error, square.autocorrelation_time)
