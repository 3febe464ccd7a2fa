"""States of units in bits: one that is set is +1 of a spin, and 1 of a binary unit."""

from __future__ import annotations

from typing import Any

import numpy as np

from kousei._lib import arrays, backends
from kousei._lib.arrays import Array
from kousei.packed import PackedSigns, pack_signs

_ACCEPTED = ("bool", "int8", "int16", "int32", "int64", "uint8", "float32", "float64")


def packed(name: str, states: Any, width: int, units: str) -> PackedSigns:
    """Return states (n, width) in bits; TypeError or ValueError unless they are states of such units."""
    if not isinstance(states, PackedSigns):
        return _pack(name, states, width, units)
    if states.shape[1] != width:
        raise ValueError(f"{name} has shape {states.shape}; (n, {width}) is accepted")
    return states


def _pack(name: str, states: Any, width: int, units: str) -> PackedSigns:
    _, states = backends.enter(name, states)
    dtype, shape = arrays.dtype_name(states), arrays.shape_of(states)
    if dtype not in _ACCEPTED:
        raise TypeError(f"{name} has dtype {dtype}; {', '.join(_ACCEPTED)} and a kousei.PackedSigns are accepted")
    if len(shape) != 2 or shape[1] != width:
        raise ValueError(f"{name} has shape {shape}; (n, {width}) is accepted")
    low = -1 if units == "spin" else 0
    if dtype == "bool":
        up, wrong = states, np.full((1,), low == -1) & arrays.to_host(~states)
    else:
        up = states == 1
        wrong = arrays.to_host((states != low) & ~up)
    if wrong.any():
        row, column = divmod(int(wrong.argmax()), width)
        entry = arrays.to_host(states[row : row + 1, column : column + 1])[0, 0]
        raise ValueError(f"{name}[{row}, {column}] was {entry}; {low} and 1 are accepted for {units} units")
    xp = arrays.namespace(states)
    return pack_signs(2 * xp.astype(up, xp.int8) - 1)


def unpacked(states: PackedSigns, units: str, dtype: Any = np.int8) -> Array:
    """Return packed states as an array of -1 and +1, or of 0 and 1."""
    signs = states.unpack(dtype)
    return signs if units == "spin" else arrays.namespace(signs).astype(signs > 0, signs.dtype)


def like(states: PackedSigns, given: Any, units: str) -> Any:
    """Return packed states as `given` has them: packed, or an array of its dtype."""
    if isinstance(given, PackedSigns):
        return states
    return arrays.namespace(given).astype(in_library(unpacked(states, units), given), given.dtype)


def in_library(array: Array, given: Any) -> Array:
    """Return an array as one of the library of `given`, states in the same memory; packed ones have their own."""
    return array if isinstance(given, PackedSigns) or not arrays.on_host(array) else arrays.from_host(array, given)


def log_sums(fields: Array, units: str) -> Array:
    """Return sum_j log sum_h exp(h field_j) over the last axis, h over the states of a unit."""
    xp = arrays.namespace(fields)
    return xp.sum(xp.logaddexp(fields, -fields if units == "spin" else xp.zeros_like(fields)), axis=-1)
