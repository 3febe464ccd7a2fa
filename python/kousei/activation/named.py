"""Activations by name."""

from __future__ import annotations

from kousei.activation import piecewise
from kousei.activation.base import Activation

#: 1/(1 + e^(-z)).
logistic = Activation("logistic")
#: (e^z - e^(-z))/(e^z + e^(-z)).
tanh = Activation("tanh")
#: Integral of 2 e^(-t^2)/sqrt(pi) from 0 to z.
erf = Activation("erf")
#: Inverse tangent.
arctan = Activation("arctan")

_PIECEWISE_LINEAR = {
    "relu": piecewise.relu,
    "leaky_relu": piecewise.leaky_relu(),
    "hardtanh": piecewise.hardtanh(),
    "hardsigmoid": piecewise.hardsigmoid(),
    "relu6": piecewise.relu6,
    "abs": piecewise.abs,
    "hat": piecewise.hat,
    "softshrink": piecewise.softshrink(),
}


def resolve(activation: Activation | str) -> Activation:
    """Return the activation that a name or an `Activation` stands for."""
    if isinstance(activation, Activation):
        named = type(activation) is Activation and activation.compiled
        return _PIECEWISE_LINEAR.get(activation.name, activation) if named else activation
    if isinstance(activation, str):
        return _PIECEWISE_LINEAR[activation] if activation in _PIECEWISE_LINEAR else Activation(activation)
    raise TypeError(f"activation was {type(activation).__name__}; a name or a kousei.Activation is accepted")
