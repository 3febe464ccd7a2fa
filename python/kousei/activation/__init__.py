"""Functions a hidden unit can apply."""

from kousei.activation.base import Activation
from kousei.activation.mixed import Mixed, prelu
from kousei.activation.named import arctan, erf, gelu, logistic, repu, silu, softplus, tanh
from kousei.activation.piecewise import (
    PiecewiseLinear,
    abs,
    hardsigmoid,
    hardtanh,
    hat,
    leaky_relu,
    relu,
    relu6,
    softshrink,
)

__all__ = [
    "Activation",
    "Mixed",
    "PiecewiseLinear",
    "abs",
    "arctan",
    "erf",
    "gelu",
    "hardsigmoid",
    "hardtanh",
    "hat",
    "leaky_relu",
    "logistic",
    "prelu",
    "relu",
    "relu6",
    "repu",
    "silu",
    "softplus",
    "softshrink",
    "tanh",
]
