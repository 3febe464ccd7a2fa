"""construct of functions drawn at random: a network that holds, or a reason."""

import re
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import kousei
from kousei.front import NotReachedError
from support import largest_error, share

Function = Callable[[np.ndarray], np.ndarray]


def _ridges(draw: np.random.Generator, dim: int) -> Function:
    a = draw.normal(size=(draw.integers(1, 4), dim))
    shift, size = draw.uniform(0, 6, size=len(a)), draw.normal(size=len(a))
    return lambda x: np.sin(x @ a.T * 2 + shift) @ size


def _polynomials(draw: np.random.Generator, dim: int) -> Function:
    powers, size = draw.integers(0, 4, size=(draw.integers(1, 6), dim)), draw.normal(size=6)
    return lambda x: sum(c * np.prod(x**p, axis=1) for c, p in zip(size, powers, strict=False))


def _bumps(draw: np.random.Generator, dim: int) -> Function:
    centers, widths = draw.uniform(-1, 1, size=(2, dim)), draw.uniform(0.4, 2, size=2)
    return lambda x: sum(np.exp(-(((x - c) / w) ** 2).sum(axis=1)) for c, w in zip(centers, widths, strict=True))


def _kinks(draw: np.random.Generator, dim: int) -> Function:
    a, b = draw.normal(size=dim), draw.uniform(-0.5, 0.5)
    return lambda x: np.abs(x @ a - b) + 0.3 * x[:, 0]


def _singular(draw: np.random.Generator, dim: int) -> Function:
    c, power = draw.uniform(-1, 1, size=dim), draw.uniform(0.3, 1.5)
    return lambda x: (((x - c) ** 2).sum(axis=1) + 1e-12) ** (power / 2)


def _jumps(draw: np.random.Generator, dim: int) -> Function:
    a, b = draw.normal(size=dim), draw.uniform(-0.5, 0.5)
    return lambda x: np.where(x @ a > b, 1.0, np.sin(x[:, 0]))


def _waves(draw: np.random.Generator, dim: int) -> Function:
    a, shift = draw.normal(scale=20, size=dim), draw.uniform(0, 6)
    return lambda x: np.sin(x @ a + shift) * np.cos(x).prod(axis=1)


CLASSES = (_ridges, _polynomials, _bumps, _kinks, _singular, _jumps, _waves)


def _network_or_reason(kind: Any, dim: int, seed: int, digits: int) -> None:
    f = kind(np.random.default_rng(seed), dim)
    draw = np.random.default_rng(seed + 1)
    lo = draw.uniform(-1, 0, size=dim)
    bounds = list(zip(lo.tolist(), (lo + draw.uniform(0.5, 1, size=dim)).tolist(), strict=True))
    tol = 10.0**-digits
    try:
        net = kousei.construct(f, bounds, tol, rng=seed)
    except NotReachedError as error:
        refusal = error
    else:
        assert largest_error(net, f, bounds, seed) <= tol
        assert net.report.chosen.units == net.units
        return
    assert re.match(r"tol was .*accepted", str(refusal), re.S)
    assert all(attempt.why and not attempt.chosen for attempt in refusal.report)


def test_a_kink_whose_hessians_have_no_directions() -> None:
    _network_or_reason(_kinks, 3, 624, 1)


@settings(max_examples=share(25), derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(CLASSES), st.integers(1, 4), st.integers(0, 2**20), st.integers(1, 6))
def test_a_network_that_holds_or_a_reason(kind: Any, dim: int, seed: int, digits: int) -> None:
    _network_or_reason(kind, dim, seed, digits)


@pytest.mark.slow
@settings(max_examples=share(200), suppress_health_check=list(HealthCheck))
@given(st.sampled_from(CLASSES), st.integers(1, 4), st.integers(0, 2**20), st.integers(1, 6))
def test_networks_that_hold_or_reasons(kind: Any, dim: int, seed: int, digits: int) -> None:
    _network_or_reason(kind, dim, seed, digits)
