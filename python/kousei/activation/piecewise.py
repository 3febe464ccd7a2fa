"""Continuous piecewise-linear activations."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from kousei._lib import _core, arrays
from kousei._lib.errors import require_real_number
from kousei.activation.base import Activation, Part


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
        For anything but real numbers, or a name that is not a str.
    ValueError
        If they are not finite, their numbers do not fit, the kinks do not increase, or a piece has a value at its
        kinks or at 0, where it may be continued to, that overflows.

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
        if not isinstance(name, str):
            raise TypeError(f"name was {name!r}; a str is accepted")
        t, a = arrays.finite_numbers("kinks", kinks), arrays.finite_numbers("slopes", slopes)
        at_first = arrays.finite_numbers("value", value)
        if t.ndim != 1 or len(t) == 0 or a.shape != (len(t) + 1,) or at_first.shape != ():
            raise ValueError(
                f"kinks has shape {t.shape}, slopes {a.shape} and value {at_first.shape}; "
                "(n,), (n + 1,) and (), n >= 1, are accepted"
            )
        if not (np.diff(t) > 0).all():
            raise ValueError(f"kinks was {t.tolist()}; increasing numbers are accepted")
        self.__dict__.update(kinks=tuple(t.tolist()), slopes=tuple(a.tolist()), value=float(at_first), name=name)
        if not np.isfinite(self.intercepts + self.values).all():
            raise ValueError(
                f"kinks was {t.tolist()}, slopes {a.tolist()} and value {float(at_first)}; "
                "its pieces have values at their kinks or at 0 that float64 cannot hold"
            )

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
        # From the pieces: a sum from kink to kink would keep the rounding of a distant first one.
        pieces = zip(self.slopes[1:], self.kinks[1:], self.intercepts[1:], strict=False)
        return self.value, *(slope * kink + intercept for slope, kink, intercept in pieces)

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
        """Whether the fused kernel of one hidden layer has it."""
        return self.is_homogeneous and self.slopes == (0, 1)

    @property
    def code(self) -> _core.Activation:
        """What the compiled kernels call it."""
        return _core.Activation.relu if self.compiled else _core.Activation.piecewise_linear

    def _kernel_parts(self, units: int) -> list[Part]:
        if self.compiled:
            return [(self.code, units, 0, ())]
        return [(self.code, units, len(self.kinks), self.kinks + self.slopes + self.intercepts)]

    def _image(
        self, lo: np.ndarray[Any, Any], hi: np.ndarray[Any, Any]
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        left, right = self(lo), self(hi)
        least, most = np.minimum(left, right), np.maximum(left, right)
        for kink, value in zip(self.kinks, self.values, strict=True):
            inside = (lo <= kink) & (kink <= hi)
            least, most = (
                np.where(inside, np.minimum(least, value), least),
                np.where(inside, np.maximum(most, value), most),
            )
        return least, most


#: max(z, 0).
relu: PiecewiseLinear = PiecewiseLinear([0], [0, 1], name="relu")
#: |z|.
abs: PiecewiseLinear = PiecewiseLinear([0], [-1, 1], name="abs")
#: min(max(z, 0), 6).
relu6: PiecewiseLinear = PiecewiseLinear([0, 6], [0, 1, 0], name="relu6")
#: 1 - |z| where that is positive, 0 elsewhere.
hat: PiecewiseLinear = PiecewiseLinear([-1, 0, 1], [0, 1, -1, 0], name="hat")


def leaky_relu(slope: float = 0.01) -> PiecewiseLinear:
    """Return z for z >= 0 and slope z below.

    Parameters
    ----------
    slope : float

    Returns
    -------
    PiecewiseLinear

    Raises
    ------
    TypeError
        If the slope is not a real number.
    ValueError
        If it is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.activation import leaky_relu
    >>> leaky_relu(0.1)(np.array([-2.0, 3.0]))
    array([-0.2,  3. ])
    """
    return PiecewiseLinear([0], [finite("slope", slope), 1], name="leaky_relu")


def hardtanh(least: float = -1.0, most: float = 1.0) -> PiecewiseLinear:
    """Return z, at least `least` and at most `most`.

    Parameters
    ----------
    least, most : float

    Returns
    -------
    PiecewiseLinear

    Raises
    ------
    TypeError
        If they are not real numbers.
    ValueError
        If they are not finite, or least < most does not hold.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.activation import hardtanh
    >>> hardtanh(0, 2)(np.array([-1.0, 0.5, 5.0]))
    array([0. , 0.5, 2. ])
    """
    low, high = finite("least", least), finite("most", most)
    if low >= high:
        raise ValueError(f"least was {least} and most {most}; least < most is accepted")
    return PiecewiseLinear([low, high], [0, 1, 0], low, name="hardtanh")


def hardsigmoid(slope: float = 1 / 6, offset: float = 0.5) -> PiecewiseLinear:
    """Return slope z + offset, at least 0 and at most 1.

    Parameters
    ----------
    slope : float
        Positive.
    offset : float

    Returns
    -------
    PiecewiseLinear

    Raises
    ------
    TypeError
        If they are not real numbers.
    ValueError
        If they are not finite, or the slope is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.activation import hardsigmoid
    >>> hardsigmoid()(np.array([-4.0, 0.0, 1.5, 4.0]))
    array([0.  , 0.5 , 0.75, 1.  ])
    """
    steepness, at_zero = finite("slope", slope), finite("offset", offset)
    if steepness <= 0:
        raise ValueError(f"slope was {slope}; a positive number is accepted")
    return PiecewiseLinear([-at_zero / steepness, (1 - at_zero) / steepness], [0, steepness, 0], name="hardsigmoid")


def softshrink(threshold: float = 0.5) -> PiecewiseLinear:
    """Return z, moved towards 0 by `threshold`, and 0 where that would pass it.

    Parameters
    ----------
    threshold : float
        Not negative.

    Returns
    -------
    PiecewiseLinear

    Raises
    ------
    TypeError
        If it is not a real number.
    ValueError
        If it is negative or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.activation import softshrink
    >>> softshrink(1)(np.array([-3.0, 0.5, 1.5]))
    array([-2. ,  0. ,  0.5])
    """
    width = finite("threshold", threshold)
    if width < 0:
        raise ValueError(f"threshold was {threshold}; a number that is not negative is accepted")
    if width == 0:
        return PiecewiseLinear([0], [1, 1], name="softshrink")
    return PiecewiseLinear([-width, width], [1, 0, 1], name="softshrink")


def finite(name: str, value: Any) -> float:
    """Return a real number as float; TypeError unless it is one, ValueError unless it is finite."""
    require_real_number(name, value)
    if not math.isfinite(value):
        raise ValueError(f"{name} was {value}; a finite number is accepted")
    return float(value)
