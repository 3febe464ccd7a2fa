"""Valid calls of the operators of public classes, by their methods, and of attributes that are assigned."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from valid_calls import equivariant, front, machines, networks, ridgelets, torch_modules
from valid_calls.common import Call


def binary(of: Any, method: str, name: str, value: Any) -> Call:
    """Return an operator of an object, as Python calls it, on an operand of this name."""
    return _named(lambda operand: OPERATORS[method](of, operand), name), {name: value}


def assigned(of: Any, name: str) -> Call:
    return _named(lambda value: setattr(of, name, value), name), {name: getattr(of, name)}


def _named(function: Callable[[Any], Any], name: str) -> Callable[..., Any]:
    def call(**operand: Any) -> Any:
        return function(operand[name])

    call.__signature__ = inspect.Signature([inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY)])  # type: ignore[attr-defined]
    return call


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "__add__": lambda of, operand: of + operand,
    "__getitem__": lambda of, operand: of[operand],
    "__matmul__": lambda of, operand: of @ operand,
    "__mul__": lambda of, operand: of * operand,
    "__rmul__": lambda of, operand: operand * of,
    "__rrshift__": lambda of, operand: operand >> of,
    "__rshift__": lambda of, operand: of >> operand,
    "__sub__": lambda of, operand: of - operand,
}
CALLS: dict[str, Callable[[], Call]] = {
    "kousei.MLP.__add__": lambda: binary(networks.net(), "__add__", "other", networks.net()),
    "kousei.MLP.__mul__": lambda: binary(networks.net(), "__mul__", "factor", 2.0),
    "kousei.MLP.__rmul__": lambda: binary(networks.net(), "__rmul__", "factor", 2.0),
    "kousei.MLP.__rshift__": lambda: binary(networks.field(), "__rshift__", "after", networks.net()),
    "kousei.MLP.__sub__": lambda: binary(networks.net(), "__sub__", "other", networks.net()),
    "kousei.PackedSigns.__matmul__": lambda: binary(networks.signs(), "__matmul__", "factor", np.ones(2)),
    "kousei.ising.Spins.__matmul__": lambda: binary(machines.spins(), "__matmul__", "factor", np.ones(16)),
    "kousei.packed.ScaledSigns.__matmul__": lambda: binary(networks.scaled(), "__matmul__", "factor", np.ones(2)),
    "kousei.RidgeletTransform.__rmul__": lambda: binary(ridgelets.operator(), "__rmul__", "factor", 2.0),
    "kousei.equivariant.FiniteRidgelet.__rmul__": lambda: binary(equivariant.finite(), "__rmul__", "factor", 2.0),
    "kousei.equivariant.Layer.__rrshift__": lambda: binary(layer(), "__rrshift__", "phi", equivariant.feature()),
    "kousei.fashion.ImageTable.__getitem__": lambda: binary(
        torch_modules.pictures(), "__getitem__", "rows", slice(1)
    ),
    "kousei.fashion.OutfitTable.__getitem__": lambda: binary(
        torch_modules.outfits(), "__getitem__", "rows", slice(1)
    ),
    "kousei.front.Report.__getitem__": lambda: binary(front.constructed().report, "__getitem__", "index", 0),
    "kousei.RBM.hidden_bias": lambda: assigned(machines.untrained(), "hidden_bias"),
    "kousei.RBM.visible_bias": lambda: assigned(machines.untrained(), "visible_bias"),
    "kousei.RBM.weights": lambda: assigned(machines.untrained(), "weights"),
}


def layer() -> Any:
    from kousei.equivariant import Layer

    return Layer(lambda h, parameter: h + 0 * parameter, equivariant.corners())
