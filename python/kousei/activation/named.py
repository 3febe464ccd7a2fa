"""Activations by name."""

from __future__ import annotations

from kousei._lib.errors import check_integer
from kousei.activation import piecewise
from kousei.activation.base import ACCEPTED, LARGEST_POWER, NAMES, Activation, power_of

#: 1/(1 + e^(-z)).
logistic: Activation = Activation("logistic")
#: (e^z - e^(-z))/(e^z + e^(-z)).
tanh: Activation = Activation("tanh")
#: Integral of 2 e^(-t^2)/sqrt(pi) from 0 to z.
erf: Activation = Activation("erf")
#: Inverse tangent.
arctan: Activation = Activation("arctan")
#: z Phi(z), Phi the distribution function of the normal distribution.
gelu: Activation = Activation("gelu")
#: z/(1 + e^(-z)).
silu: Activation = Activation("silu")
#: log(1 + e^z).
softplus: Activation = Activation("softplus")

_PIECEWISE_LINEAR = {
    "relu": piecewise.relu,
    "repu1": piecewise.relu,
    "leaky_relu": piecewise.leaky_relu(),
    "hardtanh": piecewise.hardtanh(),
    "hardsigmoid": piecewise.hardsigmoid(),
    "relu6": piecewise.relu6,
    "abs": piecewise.abs,
    "hat": piecewise.hat,
    "softshrink": piecewise.softshrink(),
}


def repu(power: int) -> Activation:
    """Return max(z, 0)^power.

    Parameters
    ----------
    power : int
        1 to 32; 1 is `relu`.

    Returns
    -------
    Activation

    Raises
    ------
    TypeError
        If it is not an integer.
    ValueError
        If it is another one.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.activation import repu
    >>> repu(3)
    Activation(name='repu3')
    >>> repu(3)(np.array([-1.0, 2.0]))
    array([0., 8.])
    """
    return resolve(f"repu{check_integer('power', power, 1, LARGEST_POWER)}")


def resolve(activation: Activation | str) -> Activation:
    """Return the activation that a name or an `Activation` stands for."""
    if isinstance(activation, str):
        if activation in _PIECEWISE_LINEAR:
            return _PIECEWISE_LINEAR[activation]
        if activation in NAMES or power_of(activation):
            return Activation(activation)
        others = ", ".join(repr(name) for name in _PIECEWISE_LINEAR if name not in ("relu", "repu1"))
        raise ValueError(f"activation was {activation!r}; {ACCEPTED}, {others} and a kousei.Activation are accepted")
    if not isinstance(activation, Activation):
        raise TypeError(f"activation was {type(activation).__name__}; a name or a kousei.Activation is accepted")
    # Those that kousei.Activation makes of a name.
    named = type(activation) is Activation and activation.function is None
    return _PIECEWISE_LINEAR.get(activation.name, activation) if named else activation
