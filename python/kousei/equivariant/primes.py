"""Prime numbers, and numbers modulo one."""

from __future__ import annotations

import math

import numpy as np

from kousei.equivariant.orbits import Integers


def require_prime(name: str, p: int) -> None:
    """Raise ValueError unless a number from 2 on is prime."""
    factor = least_factor(p)
    if factor != p:
        raise ValueError(f"{name} was {p} = {factor} * {p // factor}; a prime number is accepted")


def least_factor(n: int) -> int:
    """Return the least prime factor of a number: itself where it is prime, or 1."""
    return next((q for q in range(2, math.isqrt(n) + 1) if n % q == 0), n)


def inverses(p: int) -> Integers:
    """Return 1/v mod p for every residue v, and 0 for 0."""
    return np.array([0, *(pow(v, -1, p) for v in range(1, p))], np.int64)


def primitive_root(p: int) -> int:
    """Return the least number whose powers modulo p are all of 1 to p - 1."""
    return next(root for root in range(1, p) if len({pow(root, power, p) for power in range(p - 1)}) == p - 1)
