"""What every function of a hidden unit has."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kousei._lib import _core, arrays, backends
from kousei._lib.arrays import Array

#: Lower bounds of the compiled functions.
_LOWER = {"logistic": 0.0, "tanh": -1.0, "erf": -1.0, "arctan": -math.pi / 2, "relu": 0.0}


@dataclass(frozen=True)
class Activation:
    """An activation function.

    Parameters
    ----------
    name : str
        "logistic" is 1/(1 + e^(-z)), "tanh", "erf" and "arctan" are what they say, "relu" is max(z, 0). Any
        other name for a function of one's own.
    function : callable, optional
        One's own: takes an array of any library and returns its values, of the same shape and dtype. It runs in
        Python, on hidden values held in blocks.
    derivative_transform : callable, optional
        The Fourier transform of its derivative, the integral of phi'(u) e^(-iwu) du, real and even, on NumPy arrays
        of float64. Networks of Funahashi's theorem need it.

    Raises
    ------
    ValueError
        For a name that is none of these and comes without a function, or is and comes with one.
    TypeError
        If a function cannot be called.

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
        known = self.name in _core.Activation.__members__
        names = ", ".join(map(repr, _core.Activation.__members__))
        if self.function is None and self.derivative_transform is None:
            if not known:
                raise ValueError(f"activation was {self.name!r}; {names} are accepted, or a function with it")
            return
        if known:
            raise ValueError(f"activation was {self.name!r} with a function; that name is taken, as are {names}")
        for name in ("function", "derivative_transform"):
            value = getattr(self, name)
            if not callable(value) and (value is not None or name == "function"):
                raise TypeError(f"{name} was {value!r}; a callable is accepted")

    @property
    def compiled(self) -> bool:
        """Whether the compiled kernels have it."""
        return self.function is None

    @property
    def lower(self) -> float:
        """A lower bound on its values; -inf where none is known."""
        return _LOWER.get(self.name, -math.inf) if self.function is None else -math.inf

    @property
    def code(self) -> _core.Activation:
        """What the compiled kernels call it."""
        return _core.Activation[self.name]

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
            Of the library, dtype and shape of `z`. The absolute error of the bounded functions is at most 2 eps.

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
        if not self.compiled:
            values = self._values(z)
            shape, name = arrays.shape_of(values), arrays.dtype_name(values)
            if shape != arrays.shape_of(z) or name != dtype.name:
                raise ValueError(
                    f"the function of {self.name!r} returned shape {shape} and dtype {name}; "
                    f"{arrays.shape_of(z)} and {dtype.name}, those of its argument, are accepted"
                )
            result[...] = values
            return result
        shape = arrays.shape_of(z)
        parts = [(self.code, shape[-1] if shape else 1, 0)]
        none = backend.view("parameters", backend.empty((0,), dtype))
        backend.kernels.activation_apply(parts, none, None, backend.view("z", z), view, backend.launch())
        return result

    def _values(self, z: Array) -> Array:
        assert self.function is not None
        return self.function(z)
