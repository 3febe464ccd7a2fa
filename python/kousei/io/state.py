"""Checks of what a file says, and activations as JSON."""

from __future__ import annotations

import reprlib
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from kousei.activation import Activation, Mixed, PiecewiseLinear, relu
from kousei.activation.base import NAMES, power_of
from kousei.activation.named import resolve

#: What of a network is JSON, and its arrays by name.
Config: TypeAlias = dict[str, Any]
Arrays: TypeAlias = dict[str, np.ndarray[Any, Any]]


def one_of(names: Iterable[str]) -> str:
    """Return names as errors list them."""
    return ", ".join(names)


def shown(value: Any) -> str:
    """Return a value of a file as errors show it, which is not at any length."""
    return reprlib.repr(value)


def check_names(what: str, found: Collection[str], wanted: Collection[str]) -> None:
    """Raise ValueError unless the names are the wanted ones."""
    missing = sorted(set(wanted) - set(found))
    if missing:
        raise ValueError(f"{what}: {shown(missing[0])} is missing")
    unknown = sorted(set(found) - set(wanted))
    if unknown:
        raise ValueError(f"{what}: {shown(unknown[0])} is not known; {one_of(wanted)} are accepted")


def entry(config: Mapping[str, Any], name: str, *kinds: type) -> Any:
    """Return what stands under a name; ValueError unless it is there and of one of these types."""
    if name not in config:
        raise ValueError(f"{name!r} is missing")
    value = config[name]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        names = " or ".join(kind.__name__ for kind in kinds)
        raise ValueError(f"{name!r} was {shown(value)}; {names} is accepted")
    return value


def number(config: Mapping[str, Any], name: str) -> float:
    """Return the number under a name; ValueError unless it is there and finite."""
    value = entry(config, name, int, float)
    # Compared, as an integer may be too large for a float.
    if not abs(value) <= sys.float_info.max:
        raise ValueError(f"{name!r} was {shown(value)}; a finite number is accepted")
    return float(value)


def activation_to_config(activation: Activation) -> Any:
    """Return an activation as JSON: its name, or the numbers or the parts it is made of."""
    if isinstance(activation, Mixed):
        return {"parts": [[activation_to_config(part), units] for part, units in activation.parts]}
    if isinstance(activation, PiecewiseLinear) and (activation != relu or activation.name != relu.name):
        numbers = {"kinks": list(activation.kinks), "slopes": list(activation.slopes), "value": activation.value}
        return {"name": activation.name, **numbers}
    if activation.function is not None:
        raise ValueError(
            f"activation {activation.name!r} is a Python function, which no file holds; "
            "built-in and piecewise-linear ones are accepted"
        )
    return activation.name


def activation_from_config(config: Any) -> Activation:
    """Return the activation of `activation_to_config`; ValueError or TypeError if it is none."""
    if isinstance(config, dict) and "parts" in config:
        check_names("activation", config, ("parts",))
        return Mixed(map(_part_from_config, entry(config, "parts", list)))
    if isinstance(config, dict):
        check_names("activation", config, ("name", "kinks", "slopes", "value"))
        kinks, slopes = (entry(config, name, list) for name in ("kinks", "slopes"))
        return PiecewiseLinear(kinks, slopes, number(config, "value"), name=entry(config, "name", str))
    if isinstance(config, str) and (config in NAMES or power_of(config) > 1):
        return resolve(config)
    raise ValueError(
        f"an activation was {shown(config)}; the name of one without parameters is accepted, and an object of "
        "numbers or parts for others"
    )


def _part_from_config(config: Any) -> tuple[Activation, int]:
    if not isinstance(config, list) or len(config) != 2:
        raise ValueError(f"a part was {shown(config)}; [activation, units] is accepted")
    activation, units = config
    if isinstance(activation, dict) and "parts" in activation:
        raise ValueError("a part has parts of its own; one activation is accepted")
    return activation_from_config(activation), units


def checked_row(row: Any, names: Sequence[str], types: Sequence[tuple[type, ...]]) -> list[Any]:
    """Return a row of a report; ValueError unless it is a list with an entry of one of its types for each name."""
    if not isinstance(row, list) or len(row) != len(types):
        raise ValueError(f"the report has a row that is not one of {len(types)} entries")
    for name, value, kinds in zip(names, row, types, strict=True):
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise ValueError(f"the report has {shown(value)} for {name}; {kinds[0].__name__} is accepted")
    return row
