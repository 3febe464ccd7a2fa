"""The fractional derivatives of the Gaussian that ridgelets are made of."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np
from scipy import special

#: The largest s of Lambda^s.
LARGEST_POWER = 32


def check_power(s: float) -> float:
    """Return s as float once it is known to be the power of a kernel."""
    if not isinstance(s, numbers.Real) or isinstance(s, bool):
        raise TypeError(f"s was {s!r}; a real number is accepted")
    if not -1 < s <= LARGEST_POWER:
        raise ValueError(f"s was {s}; numbers above -1, up to {LARGEST_POWER}, are accepted")
    return float(s)


def gaussian_kernel(t: Any, s: float, derivative: bool = False) -> Any:
    """Lambda^s G, or its derivative, of the Gaussian G(t) = e^(-t^2/2)."""
    t = np.asarray(t)
    u = t.astype(np.float64)
    front = 2 ** (s / 2) * math.gamma((s + 1) / 2) / math.sqrt(math.pi)
    if derivative:
        values = -front * (s + 1) * u * special.hyp1f1((s + 3) / 2, 1.5, -u * u / 2)
    else:
        values = front * special.hyp1f1((s + 1) / 2, 0.5, -u * u / 2)
    return values.astype(t.dtype)
