"""The square lattice without an end."""

from __future__ import annotations

import math
from dataclasses import dataclass

from kousei._lib.errors import require_positive
from kousei.ising.taylor import Taylor

#: Coupling of the square lattice at which it orders, ln(1 + sqrt 2) / 2.
CRITICAL_COUPLING = math.asinh(1) / 2


@dataclass(frozen=True)
class Infinite:
    """Exact values of the square lattice without an end; see `infinite`.

    Attributes
    ----------
    log_partition : float
        ln Z per spin.
    energy : float
        Mean of E = -sum s s' over the bonds, per spin.
    specific_heat : float
        coupling**2 times the variance of E, per spin; infinite at the critical coupling.
    magnetization : float
        Spontaneous magnetisation, 0 up to the critical coupling.
    correlation_length : float
        Of the correlation, less the square of the magnetisation, along an axis, in sites; infinite at the critical
        coupling.
    """

    log_partition: float
    energy: float
    specific_heat: float
    magnetization: float
    correlation_length: float


def infinite(coupling: float) -> Infinite:
    """Return exact values of the square lattice without an end and without a field.

    Parameters
    ----------
    coupling : float
        Positive and finite.

    Returns
    -------
    Infinite
        `log_partition`, `energy` and `specific_heat` per spin, `magnetization` and `correlation_length`.

    Raises
    ------
    TypeError
        If `coupling` is no real number.
    ValueError
        If it is not positive and finite.

    See Also
    --------
    exact : Finite lattices.

    Notes
    -----
    Partition function, energy and specific heat are Onsager's [1]_, below 0.01 by powers of tanh K, the magnetisation
    is (1 - sinh(2K)^-4)^(1/8) [2]_, the correlation length 1 / (-ln tanh K - 2K) below the critical coupling and
    1 / (4K + 2 ln tanh K) above [3]_.

    References
    ----------
    .. [1] L. Onsager, Physical Review 65 (1944) 117-149.
    .. [2] C. N. Yang, Physical Review 85 (1952) 808-816.
    .. [3] B. M. McCoy, T. T. Wu, The Two-Dimensional Ising Model, 1973.

    Examples
    --------
    >>> import kousei
    >>> e = kousei.ising.infinite(0.408)
    >>> round(e.energy, 12), round(e.correlation_length, 6), e.magnetization
    (-1.150854890967, 7.46732, 0.0)
    """
    require_positive(coupling=coupling)
    K = float(coupling)
    if K < 0.01:
        log_z, decay = _hot(K), -math.log(math.tanh(K)) - 2 * K
        return Infinite(float(log_z.value), -log_z.first, K * K * log_z.second, 0.0, 1 / decay)
    tanh = math.tanh(2 * K)
    # The complementary modulus of the elliptic integrals, with a sign: 0 at the critical coupling.
    k = 0.0 if abs(K - CRITICAL_COUPLING) < 1e-15 else 2 * tanh * tanh - 1
    log_partition = _log_partition(K, k)
    if k == 0:
        return Infinite(log_partition, -1 / tanh, math.inf, 0.0, math.inf)
    from scipy.special import ellipe, ellipkm1  # here, as SciPy takes longer to import than all of this package

    first, second = float(ellipkm1(k * k)), float(ellipe(1 - k * k))
    energy = -(1 + 2 / math.pi * k * first) / tanh
    bracket = 2 * (first - second) - (1 - k) * (math.pi / 2 + k * first)
    heat = 2 / math.pi * (K / tanh) * max(bracket, 0.0) * (K / tanh)
    decay = -math.log(math.tanh(K)) - 2 * K
    if k < 0:
        return Infinite(log_partition, energy, heat, 0.0, 1 / decay)
    y = 2 * math.exp(-2 * K) / -math.expm1(-4 * K)  # 1 / sinh 2K
    return Infinite(log_partition, energy, heat, (1 - y**4) ** 0.125, -0.5 / decay)


def _hot(K: float) -> Taylor:
    """Return ln Z per spin, with its derivatives, where the energy of elliptic integrals has few digits.

    By polygons: 2 cosh(K)^2 with each of tanh(K) to the power of its length, of which there are 1, 2, 9/2, 12, ...
    """
    t = math.tanh(K)
    tanh = Taylor(t, 1 - t * t, -2 * t * (1 - t * t))
    polygons = tanh**4 + tanh**6 * 2 + tanh**8 * 4.5 + tanh**10 * 12
    return polygons + (tanh**2 * -1).log1p() * -1 + math.log(2)


def _log_partition(K: float, k: float) -> float:
    """Return ln Z per spin.

    ln(sqrt(2) cosh 2K), and the mean over a quarter turn of ln(1 + sqrt(1 - (1 - k^2) cos^2)) / 2.
    """
    from scipy.integrate import quad

    def integrand(angle: float) -> float:
        return math.log1p(math.hypot(k, math.sqrt(1 - k * k) * math.sin(angle)))

    integral = quad(integrand, 0, math.pi / 2, epsabs=1e-14, epsrel=1e-13)[0]
    return 2 * K + math.log1p(math.exp(-4 * K)) - math.log(2) / 2 + float(integral) / math.pi
