"""What networks of a function say of their error, once their numbers were rounded."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kousei

BOX = [(-1.0, 1.0)] * 2
CHEBYSHEV = np.random.default_rng(1).normal(size=(5, 5)) / 3


def f(x: np.ndarray) -> np.ndarray:
    return np.exp(x[..., 0]) * np.cos(x[..., 1])


def polynomial(x: np.ndarray) -> np.ndarray:
    return np.polynomial.chebyshev.chebval2d(*x.T, CHEBYSHEV)


MADE: dict[str, tuple[Callable[[], Any], Callable[[np.ndarray], np.ndarray]]] = {
    "from_chebyshev": (lambda: kousei.repu.from_chebyshev(CHEBYSHEV), polynomial),
    "from_function": (lambda: kousei.repu.from_function(f, BOX, 1e-10), f),
    "construct": (lambda: kousei.construct(f, BOX, 1e-8, rng=0), f),
    "Funahashi": (lambda: kousei.FunahashiNetwork.from_function(f, BOX, tol=1e-8), f),
}


@cache
def made(name: str) -> Any:
    return MADE[name][0]()


@pytest.mark.parametrize("by", ["astype", "like", "file"])
@pytest.mark.parametrize("name", MADE)
def test_what_float32_rounded_stays_in_the_bound_of_float64(name: str, by: str, tmp_path: Path) -> None:
    net, function = made(name), MADE[name][1]
    bound = net.error_bound()
    assert net.astype("float64").error_bound() == bound
    rounded = net.astype("float32")
    if by == "file":
        kousei.save(tmp_path / "net.safetensors", rounded)
        rounded = kousei.load(tmp_path / "net.safetensors")
    widened = rounded.like(np.zeros(1)) if by == "like" else rounded.astype("float64")
    x = np.random.default_rng(0).uniform(-1, 1, (2000, 2))
    error = np.abs(widened(x) - function(x)).max()
    assert bound.total < error <= widened.error_bound().total
    assert widened.error_bound().total <= 2 * rounded.error_bound().total
