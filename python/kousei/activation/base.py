"""What every function of a hidden unit has."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from kousei._lib import _core, arrays, backends
from kousei._lib.arrays import Array

#: Functions with a name and without parameters.
NAMES: tuple[str, ...] = _core.activation_names
#: Those that are bounded, and increase.
BOUNDED = ("logistic", "tanh", "erf", "arctan")
#: The largest p of "repu<p>".
LARGEST_POWER: int = _core.largest_power
#: Names, as errors list them.
ACCEPTED = f"{', '.join(map(repr, NAMES))}, 'repu1' to 'repu{LARGEST_POWER}'"
#: Units of a layer to the compiled kernels: function, number of units, count (see activation::Part), parameters.
Part: TypeAlias = tuple[_core.Activation, int, int, tuple[float, ...]]

#: Lower bounds of the compiled functions; those without an exact one hold in float32 too.
_LOWER = {"tanh": -1.0, "erf": -1.0, "arctan": -math.pi / 2, "gelu": -0.1699713, "silu": -0.2784647}
#: Where those functions turn that fall first and rise then, and their value there, rounded down.
_TURN = {"gelu": (-0.7517915246935645, -0.16997120747990372), "silu": (-1.278464542761074, -0.2784645427610739)}


@dataclass(frozen=True)
class Activation:
    """An activation function.

    Parameters
    ----------
    name : str
        "logistic" is 1/(1 + e^(-z)), "tanh", "erf" and "arctan" are what they say, "relu" is max(z, 0), "gelu" is
        z Phi(z) with the distribution function Phi of the normal distribution, "silu" is z/(1 + e^(-z)),
        "softplus" is log(1 + e^z), and "repu2" is max(z, 0)^2, of as many powers as `repu`. Any other name for a
        function of one's own.
    function : callable, optional
        One's own: takes an array of the library of the points and returns its values,
        of the same shape and dtype. It runs in Python, on hidden values held in blocks.
    derivative_transform : callable, optional
        The Fourier transform of its derivative, the integral of phi'(u) e^(-iwu) du, real and even, on NumPy arrays
        of float64. Networks of Funahashi's theorem need it.

    Raises
    ------
    ValueError
        For a name that is none of these and comes without a function, or is and comes with one.
    TypeError
        If the name is not a str, or a function cannot be called.

    Examples
    --------
    >>> import numpy as np
    >>> import kousei
    >>> from kousei.activation import relu, tanh
    >>> tanh
    Activation(name='tanh')
    >>> relu(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])

    The distribution function of the hyperbolic secant, 2 arctan(e^z)/pi:

    >>> gudermann = kousei.Activation(
    ...     "gudermann", lambda z: np.arctan(np.exp(z)) * (2 / np.pi), lambda w: 1 / np.cosh(np.pi * w / 2))
    >>> gudermann(np.zeros(1))
    array([0.5])
    """

    name: str
    function: Callable[[Array], Array] | None = field(default=None, repr=False)
    derivative_transform: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]] | None = field(
        default=None, repr=False
    )

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise TypeError(f"name was {self.name!r}; a str is accepted")
        known = self.name in NAMES or power_of(self.name)
        if self.function is None and self.derivative_transform is None:
            if not known:
                raise ValueError(f"activation was {self.name!r}; {ACCEPTED} are accepted, or a function with it")
            return
        if known:
            raise ValueError(f"activation was {self.name!r} with a function; that name is taken, as are {ACCEPTED}")
        for name in ("function", "derivative_transform"):
            value = getattr(self, name)
            if not callable(value) and (value is not None or name == "function"):
                raise TypeError(f"{name} was {value!r}; a callable is accepted")

    @property
    def compiled(self) -> bool:
        """Whether the fused kernel of one hidden layer has it: no function of one's own, and no parameters."""
        return self.function is None and power_of(self.name) == 0

    @property
    def lower(self) -> float:
        """A lower bound on its values; -inf where none is known."""
        return _LOWER.get(self.name, 0.0) if self.function is None else -math.inf

    @property
    def code(self) -> _core.Activation:
        """What the compiled kernels call it."""
        return _core.Activation.repu if power_of(self.name) else _core.Activation[self.name]

    def _kernel_parts(self, units: int) -> list[Part] | None:
        """Return what the compiled kernels know a layer of units as; None for a function of one's own."""
        return None if self.function else [(self.code, units, power_of(self.name), ())]

    def image(self, lo: Any, hi: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Return the least and the largest value on intervals.

        Parameters
        ----------
        lo, hi : array_like, any shape, both alike
            Ends of the intervals, which belong to them; they may be infinite.

        Returns
        -------
        least, most : numpy.ndarray of float64
            Of their shape. They hold up to the rounding of the function itself.

        Raises
        ------
        TypeError
            For a function of one's own, of which nothing is known, or if an end is not a real number.
        ValueError
            If the shapes differ, or lo <= hi does not hold.

        Examples
        --------
        >>> import kousei
        >>> least, most = kousei.activation.relu.image([-1.0, 2.0], [1.0, 3.0])
        >>> least, most
        (array([0., 2.]), array([1., 3.]))
        """
        if self.function is not None:
            raise TypeError(f"activation {self.name!r} is a function of one's own, whose image is not known")
        lo, hi = arrays.real_numbers("lo", lo), arrays.real_numbers("hi", hi)
        if lo.shape != hi.shape:
            raise ValueError(f"lo has shape {lo.shape} and hi {hi.shape}; they must agree")
        if not (lo <= hi).all():
            raise ValueError("lo <= hi does not hold everywhere")
        return self._image(lo, hi)

    def _image(
        self, lo: np.ndarray[Any, Any], hi: np.ndarray[Any, Any]
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        left, right = self(lo), self(hi)
        if self.name not in _TURN:
            return left, right
        at, value = _TURN[self.name]
        return np.where((lo <= at) & (at <= hi), value, np.minimum(left, right)), np.maximum(left, right)

    def __call__(self, z: Array, /, *, out: Array | None = None) -> Array:
        """Apply the function to every element.

        Parameters
        ----------
        z : array of float32 or float64, any shape
            Arguments. NaN gives NaN; infinities give the limit.
        out : array, optional
            Where to put the result: like `z`, C-contiguous; it may be `z` itself.

        Returns
        -------
        array
            Of the library, dtype and shape of `z`. The absolute error of the bounded functions is at most 2 eps, that
            of "gelu", "silu" and "softplus" at most 2 eps max(1, abs(z)).

        Raises
        ------
        TypeError
            If `z` is not such an array.
        ValueError
            If `out` does not fit.
        """
        backend, z = backends.enter("z", z)
        dtype = arrays.real_dtype(z=z)
        result, view = backends.output(backend, out, arrays.shape_of(z), dtype, z, in_place=True)
        shape = arrays.shape_of(z)
        layer = self.for_kernels(shape[-1] if shape else 1, backend, dtype)
        if layer is None:
            values = self._values(z)
            if not hasattr(values, "shape") or not hasattr(values, "dtype"):
                kind = type(values).__name__
                raise TypeError(
                    f"the function of {self.name!r} returned {kind}; an array like its argument is accepted"
                )
            found, name = arrays.shape_of(values), arrays.dtype_name(values)
            if found != shape or name != dtype.name:
                raise ValueError(
                    f"the function of {self.name!r} returned shape {found} and dtype {name}; "
                    f"{shape} and {dtype.name}, those of its argument, are accepted"
                )
            result[...] = values
            return result
        backend.kernels.activation_apply(*layer, None, backend.view("z", z), view, backend.launch())
        return result

    def _values(self, z: Array) -> Array:
        assert self.function is not None
        return self.function(z)

    def for_kernels(
        self, units: int, backend: backends.Backend, dtype: np.dtype[Any]
    ) -> tuple[list[tuple[_core.Activation, int, int]], Any] | None:
        """Return what the compiled kernels take for a layer of units; None where a function is one's own.

        Returns
        -------
        parts : list of (code, units, count)
        parameters : view (n,)
            The parameters of the parts, one after the other, rounded once to `dtype`.

        Raises
        ------
        ValueError
            If `dtype` cannot hold a parameter, or the layer is not of so many units.
        """
        parts = self._kernel_parts(units)
        if parts is None:
            return None
        # They are kept where they are needed: the host waits for a copy to a device.
        kept = self.__dict__.setdefault("_kept", {})
        key = (*backend.library, dtype.name)
        if key not in kept:
            numbers = np.array([number for *_, parameters in parts for number in parameters])
            with np.errstate(over="ignore"):
                rounded = numbers.astype(dtype)
            if not np.isfinite(rounded).all():
                raise ValueError(f"{self!r} has the parameter {np.abs(numbers).max()}, which {dtype} cannot hold")
            kept[key] = backend.keep(rounded)
        return [part[:3] for part in parts], backend.view("parameters", kept[key])

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_kept"}


def power_of(name: str) -> int:
    """Return the p of "repu<p>", 0 for any other name."""
    match = re.fullmatch("repu([1-9][0-9]?)", name)
    return int(match[1]) if match and int(match[1]) <= LARGEST_POWER else 0
