"""Continuous piecewise-linear activations."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei.activation.base import Activation


@dataclass(frozen=True, init=False, repr=False)
class PiecewiseLinear(Activation):
    """A continuous piecewise-linear function.

    Parameters
    ----------
    kinks : array_like (n,)
        Where the slope changes, increasing; at least one.
    slopes : array_like (n + 1,)
        The slope left of the first kink, between each and the next, and right of the last.
    value : float
        The value at the first kink.
    name : str
        How it is called in `repr` of networks.

    Raises
    ------
    TypeError
        For anything but real numbers.
    ValueError
        If they are not finite, their numbers do not fit, or the kinks do not increase.

    Notes
    -----
    On piece i its value is slopes[i] x + intercepts[i].

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> hat = kousei.PiecewiseLinear([-1, 0, 1], [0, 1, -1, 0])
    >>> hat(np.array([-2.0, -0.5, 0.0, 0.25, 3.0]))
    array([0.  , 0.5 , 1.  , 0.75, 0.  ])
    """

    kinks: tuple[float, ...] = ()
    slopes: tuple[float, ...] = ()
    value: float = 0.0
    name: str = field(default="", compare=False)

    def __init__(self, kinks: Any, slopes: Any, value: float = 0.0, *, name: str = "piecewise linear") -> None:
        t, a = arrays.real_numbers("kinks", kinks), arrays.real_numbers("slopes", slopes)
        at_first = arrays.real_numbers("value", value)
        if t.ndim != 1 or len(t) == 0 or a.shape != (len(t) + 1,) or at_first.shape != ():
            raise ValueError(
                f"kinks has shape {t.shape}, slopes {a.shape} and value {at_first.shape}; "
                "(n,), (n + 1,) and (), n >= 1, are accepted"
            )
        for label, array in (("kinks", t), ("slopes", a), ("value", at_first)):
            if not np.isfinite(array).all():
                raise ValueError(f"{label} was {array.tolist()}; finite numbers are accepted")
        if not (np.diff(t) > 0).all():
            raise ValueError(f"kinks was {t.tolist()}; increasing numbers are accepted")
        self.__dict__.update(kinks=tuple(t.tolist()), slopes=tuple(a.tolist()), value=float(at_first), name=name)

    @cached_property
    def intercepts(self) -> tuple[float, ...]:
        """Value of each piece, continued to x = 0."""
        intercepts = [self.value - self.slopes[0] * self.kinks[0]]
        for kink, left, right in zip(self.kinks, self.slopes, self.slopes[1:], strict=False):
            intercepts.append(intercepts[-1] + (left - right) * kink)
        return tuple(intercepts)

    @cached_property
    def values(self) -> tuple[float, ...]:
        """Values at the kinks."""
        values = [self.value]
        for kink, following, slope in zip(self.kinks, self.kinks[1:], self.slopes[1:], strict=False):
            values.append(values[-1] + slope * (following - kink))
        return tuple(values)

    @property
    def lower(self) -> float:
        """Its least value; -inf where there is none."""
        return -math.inf if self.slopes[0] > 0 or self.slopes[-1] < 0 else min(self.values)

    @property
    def is_homogeneous(self) -> bool:
        """Whether g(c x) = c g(x) for c >= 0: its only kink is at 0, where it is 0."""
        return self.kinks == (0.0,) and self.value == 0

    def __repr__(self) -> str:
        return f"PiecewiseLinear({list(self.kinks)}, {list(self.slopes)}, {self.value}, name={self.name!r})"

    @property
    def compiled(self) -> bool:
        """Whether the compiled kernels have it."""
        return self.name == "relu"

    def _values(self, z: Array) -> Array:
        xp = arrays.namespace(z)
        values = xp.zeros_like(z)
        for i, (slope, intercept) in enumerate(zip(self.slopes, self.intercepts, strict=True)):
            piece = slope * z + intercept if slope else xp.full_like(z, intercept)
            values = piece if i == 0 else xp.where(z >= self.kinks[i - 1], piece, values)
        return xp.where(z == z, values, z)


#: max(z, 0).
relu = PiecewiseLinear([0], [0, 1], name="relu")
#: |z|.
abs = PiecewiseLinear([0], [-1, 1], name="abs")
#: min(max(z, 0), 6).
relu6 = PiecewiseLinear([0, 6], [0, 1, 0], name="relu6")
#: 1 - |z| where that is positive, 0 elsewhere.
hat = PiecewiseLinear([-1, 0, 1], [0, 1, -1, 0], name="hat")


def leaky_relu(slope: float = 0.01) -> PiecewiseLinear:
    """Return z for z >= 0 and slope z below."""
    return PiecewiseLinear([0], [slope, 1], name="leaky_relu")


def hardtanh(least: float = -1.0, most: float = 1.0) -> PiecewiseLinear:
    """Return z, at least `least` and at most `most`."""
    return PiecewiseLinear([least, most], [0, 1, 0], least, name="hardtanh")


def hardsigmoid(slope: float = 1 / 6, offset: float = 0.5) -> PiecewiseLinear:
    """Return slope z + offset, at least 0 and at most 1."""
    return PiecewiseLinear([-offset / slope, (1 - offset) / slope], [0, slope, 0], name="hardsigmoid")


def softshrink(threshold: float = 0.5) -> PiecewiseLinear:
    """Return z, moved towards 0 by `threshold`, and 0 where that would pass it."""
    return PiecewiseLinear([-threshold, threshold], [1, 0, 1], name="softshrink")
