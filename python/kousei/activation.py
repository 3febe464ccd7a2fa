"""Functions a hidden unit can apply."""

from __future__ import annotations

from dataclasses import dataclass

from kousei._lib import _core, arrays, backends
from kousei._lib.arrays import Array

__all__ = ["Activation", "arctan", "erf", "logistic", "relu", "tanh"]


@dataclass(frozen=True)
class Activation:
    """An activation function.

    Parameters
    ----------
    name : {"logistic", "tanh", "erf", "arctan", "relu"}
        Logistic is 1/(1 + e^(-z)), relu is max(z, 0).

    Raises
    ------
    ValueError
        For any other name.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.activation import relu, tanh
    >>> tanh
    Activation(name='tanh')
    >>> relu(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    """

    name: str

    def __post_init__(self) -> None:
        if self.name not in _core.Activation.__members__:
            accepted = ", ".join(map(repr, _core.Activation.__members__))
            raise ValueError(f"activation was {self.name!r}; {accepted} are accepted")

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
        backend.kernels.activation_apply(self.code, backend.view("z", z), view, backend.launch())
        return result


#: 1/(1 + e^(-z)).
logistic = Activation("logistic")
#: (e^z - e^(-z))/(e^z + e^(-z)).
tanh = Activation("tanh")
#: Integral of 2 e^(-t^2)/sqrt(pi) from 0 to z.
erf = Activation("erf")
#: Inverse tangent.
arctan = Activation("arctan")
#: max(z, 0).
relu = Activation("relu")


def resolve(activation: Activation | str) -> Activation:
    """Return the activation that a name or an `Activation` stands for."""
    if isinstance(activation, Activation):
        return activation
    if isinstance(activation, str):
        return Activation(activation)
    raise TypeError(f"activation was {type(activation).__name__}; a name or a kousei.Activation is accepted")
