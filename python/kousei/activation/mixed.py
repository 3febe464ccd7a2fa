"""A layer whose units apply different functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby
from typing import Any

import numpy as np

from kousei._lib import _core, arrays
from kousei._lib.arrays import Array
from kousei._lib.errors import check_integer
from kousei.activation.base import Activation, Part
from kousei.activation.named import resolve
from kousei.activation.piecewise import PiecewiseLinear, leaky_relu


@dataclass(frozen=True, init=False, repr=False)
class Mixed(Activation):
    """The activation of a layer whose units are not all alike.

    Parameters
    ----------
    parts : sequence of (Activation or str, int)
        The function, and the number of consecutive units that apply it.

    Raises
    ------
    TypeError
        If a number is not an integer.
    ValueError
        If a number is below 1, or there are no parts.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> from kousei.activation import Mixed
    >>> Mixed([("relu", 2), ("tanh", 1)])
    Mixed([2 relu, 1 tanh])
    >>> Mixed([("relu", 2), ("tanh", 1)])(np.array([[-1.0, 2.0, 0.0]]))
    array([[0., 2., 0.]])
    """

    parts: tuple[tuple[Activation, int], ...] = ()

    def __init__(self, parts: Iterable[tuple[Activation | str, int]]) -> None:
        pairs = list(parts) if isinstance(parts, Iterable) else [parts]
        for pair in pairs:
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                raise TypeError(f"parts has {pair!r}; pairs of an activation and a number of units are accepted")
        checked = [(resolve(activation), check_integer("units of a part", units, 1)) for activation, units in pairs]
        if not checked:
            raise ValueError("there are no parts; one or more are accepted")
        # Parts of parts are parts; neighbours that are alike are one.
        flat = [part for activation, units in checked for part in parts_of(activation, units)]
        joined = [(alike, sum(n for _, n in run)) for alike, run in groupby(flat, key=lambda part: part[0])]
        self.__dict__.update(parts=tuple(joined), name=" + ".join(f"{n} {part.name}" for part, n in joined))

    @property
    def units(self) -> int:
        """Units of the layer."""
        return sum(units for _, units in self.parts)

    @property
    def lower(self) -> float:
        """A lower bound on the values of all of its units; -inf where none is known."""
        return min(activation.lower for activation, _ in self.parts)

    @property
    def compiled(self) -> bool:
        """Whether the fused kernel of one hidden layer has it."""
        return False

    def __repr__(self) -> str:
        return f"Mixed([{', '.join(f'{units} {activation.name}' for activation, units in self.parts)}])"

    def _kernel_parts(self, units: int) -> list[Part] | None:
        parts_of(self, units)
        return self._compiled_parts

    @cached_property
    def _compiled_parts(self) -> list[Part] | None:
        parts: list[Part] = []
        for homogeneous, run in groupby(self.parts, key=lambda part: _slopes(part[0]) is not None):
            group = list(run)
            if homogeneous and len(group) > 1:
                below, above = zip(
                    *(_slopes(activation) or () for activation, n in group for _ in range(n)), strict=True
                )
                parts.append((_core.Activation.homogeneous, len(below), 0, below + above))
                continue
            for activation, n in group:
                its = activation._kernel_parts(n)
                if its is None:
                    return None
                parts += its
        return parts

    def _values(self, z: Array) -> Array:
        slices = self._slices()
        values = [activation(z[..., units]) for (activation, _), units in zip(self.parts, slices, strict=True)]
        return arrays.namespace(z).concat(values, axis=-1)

    def _image(
        self, lo: np.ndarray[Any, Any], hi: np.ndarray[Any, Any]
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        if lo.shape[-1:] != (self.units,):
            raise ValueError(f"lo has shape {lo.shape}; (..., {self.units}) is accepted")
        images = [
            activation.image(lo[..., units], hi[..., units])
            for (activation, _), units in zip(self.parts, self._slices(), strict=True)
        ]
        least, most = (np.concatenate(ends, axis=-1) for ends in zip(*images, strict=True))
        return least, most

    def _slices(self) -> list[slice]:
        last = list(accumulate(units for _, units in self.parts))
        return [slice(end - units, end) for (_, units), end in zip(self.parts, last, strict=True)]


def _slopes(activation: Activation) -> tuple[float, ...] | None:
    """Return the slopes on both sides of 0 of a homogeneous function, None for others."""
    if isinstance(activation, PiecewiseLinear) and activation.is_homogeneous:
        return activation.slopes
    return None


def parts_of(activation: Activation, units: int) -> tuple[tuple[Activation, int], ...]:
    """Return the parts of a layer of `units` units; ValueError if it has not so many."""
    if not isinstance(activation, Mixed):
        return ((activation, units),)
    if activation.units != units:
        raise ValueError(f"activation was {activation!r}, for {activation.units} units; the layer has {units}")
    return activation.parts


def mix(parts: Iterable[tuple[Activation, int]]) -> Activation:
    """Return the activation of a layer of these parts: `Mixed` where they differ."""
    mixed = Mixed(parts)
    return mixed.parts[0][0] if len(mixed.parts) == 1 else mixed


def prelu(slopes: Any) -> Activation:
    """Return the activation of a layer whose unit j applies `leaky_relu` of slopes[j].

    Parameters
    ----------
    slopes : array_like (units,)

    Returns
    -------
    Activation
        One `leaky_relu` where the slopes are all alike, else `Mixed`.

    Raises
    ------
    TypeError
        If the slopes are not real numbers.
    ValueError
        If they are not finite, or not of one axis that is not empty.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.activation import prelu
    >>> prelu([0.25, 0.5])(np.array([[-1.0, -1.0], [2.0, 2.0]]))
    array([[-0.25, -0.5 ],
           [ 2.  ,  2.  ]])
    """
    values = arrays.finite_numbers("slopes", slopes)
    if values.ndim != 1 or len(values) == 0:
        raise ValueError(f"slopes has shape {values.shape}; (units,), not empty, is accepted")
    return mix((leaky_relu(slope), 1) for slope in values.tolist())
