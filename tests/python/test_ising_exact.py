"""Exact values of Ising lattices, against 40 digits, enumeration in another way, and the literature."""

import itertools
import math
from functools import cache

import mpmath
import numpy as np
import pytest

from kousei.ising import CRITICAL_COUPLING, Exact, exact, infinite


@cache
def configurations(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Energies and magnetisations of all configurations, one after the other."""
    spins = np.array(list(itertools.product((-1, 1), repeat=math.prod(shape)))).reshape(-1, *shape)
    axes = tuple(range(1, len(shape) + 1))
    energy = -sum((spins * np.roll(spins, -1, axis)).sum(axes) for axis in axes)
    return energy, spins.sum(axes)


def enumerated(shape: tuple[int, ...], coupling: float, field: float) -> np.ndarray:
    energy, magnetization = configurations(shape)
    logs = -coupling * energy + field * magnetization
    p = np.exp(logs - logs.max())
    log_partition = logs.max() + math.log(p.sum())
    p /= p.sum()
    mean = p @ energy
    return np.array(
        [log_partition, mean / math.prod(shape), coupling**2 * (p @ (energy - mean) ** 2) / math.prod(shape)]
    )


def values(e: Exact) -> np.ndarray:
    return np.array([e.log_partition, e.energy, e.specific_heat])


def kaufman(n: int, m: int, K: mpmath.mpf) -> mpmath.mpf:
    modes = [
        mpmath.acosh(mpmath.cosh(2 * K) * mpmath.coth(2 * K) - mpmath.cos(mpmath.pi * k / n)) for k in range(2 * n)
    ]
    modes[0] = 2 * K + mpmath.log(mpmath.tanh(K))
    products = (
        mpmath.fprod(2 * f(m * g / 2) for g in modes[first::2])
        for f in (mpmath.cosh, mpmath.sinh)
        for first in (0, 1)
    )
    return mpmath.log(mpmath.fsum(products) / 2) + mpmath.mpf(n * m) / 2 * mpmath.log(2 * mpmath.sinh(2 * K))


@pytest.mark.parametrize(
    ("side", "coupling", "log_partition", "energy", "specific_heat"),
    [
        (4, 0.4, "14.5610930238440", "-1.37911648225935", "0.8125152294"),
        (8, 0.4406868, "60.1417814086374", "-1.49158914572372", "1.1455592073"),
        (16, 0.5, "263.296210434021", "-1.74553066899092", "0.7255087677"),
        (40, 0.408, "1421.43257347009", "-1.15182115076772", "0.9946704747"),
    ],
)
def test_golden(side, coupling, log_partition, energy, specific_heat):
    found = values(exact((side, side), coupling))
    for value, text in zip(found, (log_partition, energy, specific_heat), strict=True):
        decimals = len(text.partition(".")[2])
        assert abs(value - float(text)) <= 0.51 * 10.0**-decimals


@pytest.mark.parametrize("shape", [(1, 3), (2, 5), (3, 3), (7, 4), (12, 12)])
@pytest.mark.parametrize(
    "coupling",
    [1e-3, 0.1, 0.35, CRITICAL_COUPLING - 1e-9, CRITICAL_COUPLING, CRITICAL_COUPLING + 1e-9, 0.6, 2.0],
)
def test_torus_to_40_digits(shape, coupling):
    with mpmath.workdps(40):
        K, sites = mpmath.mpf(coupling), math.prod(shape)
        log_partition, first, second = (mpmath.diff(lambda k: kaufman(*shape, k), K, order) for order in range(3))
        wanted = [float(v) for v in (log_partition, -first / sites, K * K * second / sites)]
    np.testing.assert_allclose(values(exact(shape, coupling)), wanted, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    "shape",
    [
        (1,),
        (2,),
        (3,),
        (8,),
        (9,),
        (1, 1),
        (1, 4),
        (2, 2),
        (3, 2),
        (2, 4),
        (3, 4),
        (4, 3),
        (3, 3),
        (2, 2, 2),
        (2, 3, 2),
    ],
)
@pytest.mark.parametrize("coupling", [0.0, 0.3, CRITICAL_COUPLING, 1.2, -0.3, -1.0])
def test_every_method_is_the_sum_over_configurations(shape, coupling):
    for field in (0.0, 0.4, -0.7):
        found = values(exact(shape, coupling, field=field))
        np.testing.assert_allclose(found, enumerated(shape, coupling, field), rtol=1e-12, atol=1e-13)


def test_limits():
    # The two ground states; no coupling; one flipped pair costs 4 a bond, frustrated rings have 2 n ground states.
    np.testing.assert_allclose(values(exact((6, 6), 400.0)), [28800 + math.log(2), -2, 0], rtol=1e-14)
    np.testing.assert_allclose(values(exact((6, 4), 0.0)), [24 * math.log(2), 0, 0], atol=1e-13)
    np.testing.assert_allclose(
        values(exact((1001,), -30.0)), [999 * 30 + math.log(2002), 999 / 1001, 0], rtol=1e-14, atol=1e-9
    )
    np.testing.assert_allclose(values(exact((11,), -3.0, 50.0)), [550 - 33, -1, 0], rtol=1e-14, atol=1e-9)
    # Where exponentials underflow.
    for coupling, field in (180.0, 0.0), (200.0, 0.0), (1e3, 0.0), (200.0, 1e-170), (1e300, 0.0):
        np.testing.assert_allclose(
            values(exact((3,), coupling, field)), [3 * coupling + math.log(2), -1, 0], rtol=1e-14, atol=1e-60
        )
    for coupling in (-116.0, -200.0, -1e3, -1e300):
        np.testing.assert_allclose(
            values(exact((3,), coupling)), [math.log(6) - coupling, 1 / 3, 0], rtol=1e-14, atol=1e-60
        )
    np.testing.assert_allclose(values(exact((4, 4), 1e300)), [3.2e301, -2, 0])
    large = exact((3000, 2000), 0.4)
    assert large.log_partition / 6e6 == pytest.approx(infinite(0.4).log_partition, rel=1e-14)
    assert large.energy == pytest.approx(infinite(0.4).energy, rel=1e-13)
    assert large.specific_heat == pytest.approx(infinite(0.4).specific_heat, rel=1e-12)


def test_infinite():
    assert infinite(0.4).energy == pytest.approx(-1.10607920374579, abs=1e-14)
    assert infinite(0.408).energy == pytest.approx(-1.15085489096674, abs=1e-14)
    assert infinite(0.408).correlation_length == pytest.approx(7.467320, abs=5e-7)
    assert infinite(0.4).magnetization == 0
    at = infinite(CRITICAL_COUPLING)
    assert at.log_partition == pytest.approx(math.log(2) / 2 + 2 * float(mpmath.catalan) / math.pi, rel=1e-14)
    assert at.energy == pytest.approx(-math.sqrt(2), rel=1e-15)
    assert (at.specific_heat, at.magnetization, at.correlation_length) == (math.inf, 0, math.inf)
    low = infinite(0.6)
    np.testing.assert_allclose(exact((500, 500), 0.6).energy, low.energy, rtol=1e-13)
    np.testing.assert_allclose(exact((500, 500), 0.6).specific_heat, low.specific_heat, rtol=1e-12)
    assert low.magnetization == pytest.approx((1 - math.sinh(1.2) ** -4) ** 0.125)
    # Across a domain wall: the correlation length of the dual coupling, halved.
    dual = infinite(math.atanh(math.exp(-1.2)))
    assert low.correlation_length == pytest.approx(dual.correlation_length / 2)
    assert infinite(500.0).energy == -2
    assert infinite(1e300).specific_heat == 0


@pytest.mark.parametrize("coupling", [1e-300, 1e-9, 1e-3, 0.00999999, 0.01000001])
def test_infinite_at_a_weak_coupling(coupling):
    """Onsager's energy and heat have few digits left there; ln cosh and squares of four bonds tell them."""
    found = infinite(coupling)
    t = math.tanh(coupling)
    assert found.energy == pytest.approx(-2 * t - (1 - t * t) * (4 * t**3 + 12 * t**5 + 36 * t**7), rel=1e-12)
    assert found.specific_heat == pytest.approx(2 * coupling**2 * (1 + 5 * coupling**2), rel=1e-5)
    assert found.log_partition == pytest.approx(math.log(2) + coupling**2, rel=1e-7)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (((5, 5), -0.3), ValueError, "shape was (5, 5), with coupling -0.3 and field 0.0: 2^25 configurations"),
        (((4, 4, 4), 0.2), ValueError, "2^64 configurations would be enumerated; up to 24 sites are accepted"),
        (((4, 8), 0.2, 0.1), ValueError, "or with two where the field is 0"),
        (((4, 0), 0.2), ValueError, "shape[1] was 0; 1 to 9007199254740992 is accepted"),
        (((4, 10**400), 0.2), ValueError, "shape[1] was of type int; 1 to 9007199254740992 is accepted"),
        (((4, 4), 10**400), ValueError, "coupling was of type int; a finite number is accepted"),
        (((4, 4.0), 0.2), TypeError, "shape[1] was 4.0; an integer is accepted"),
        ((4, 0.2), TypeError, "shape was 4; a sequence of integers is accepted"),
        (((), 0.2), ValueError, "shape was (); at least one side is accepted"),
        (((4, 4), math.nan), ValueError, "coupling was nan; a finite number is accepted"),
        (((4, 4), "0.4"), TypeError, "coupling was '0.4'; a real number is accepted"),
        (((4,), 0.2, math.inf), ValueError, "field was inf; a finite number is accepted"),
        (((1 << 40, 1 << 40), 0.2), MemoryError, "two derivatives of"),
    ],
)
def test_bad_input(arguments, error, message):
    with pytest.raises(error) as raised:
        exact(*arguments)
    assert message in str(raised.value)


def test_bad_input_of_the_infinite_lattice():
    with pytest.raises(ValueError, match="coupling was -0.1; a positive finite number is accepted"):
        infinite(-0.1)
