"""States of units, packed: a set bit is +1 of a spin and 1 of a binary unit."""

from __future__ import annotations

from typing import Any

import numpy as np

from kousei._lib import arrays, backends
from kousei._lib.arrays import Array
from kousei.packed import PackedSigns, pack_signs

_NUMBERS = ("bool", "int8", "int16", "int32", "int64", "uint8", "float32", "float64")


def packed(name: str, states: Any, width: int, units: str) -> PackedSigns:
    """Return states (n, width) in bits; TypeError or ValueError unless they are states of such units."""
    low = -1 if units == "spin" else 0
    if isinstance(states, PackedSigns):
        if states.shape[1] != width:
            raise ValueError(f"{name} has shape {states.shape}; (n, {width}) is accepted")
        return states
    _, states = backends.enter(name, states)
    dtype, shape = arrays.dtype_name(states), arrays.shape_of(states)
    if dtype not in _NUMBERS:
        raise TypeError(f"{name} has dtype {dtype}; {', '.join(_NUMBERS)} and kousei.PackedSigns are accepted")
    if len(shape) != 2 or shape[1] != width:
        raise ValueError(f"{name} has shape {shape}; (n, {width}) is accepted")
    wrong = arrays.to_host((states != low) & (states != 1))
    if wrong.any():
        row, column = divmod(int(wrong.argmax()), width)
        entry = arrays.to_host(states[row : row + 1, column : column + 1])[0, 0]
        raise ValueError(f"{name}[{row}, {column}] was {entry}; {low} and 1 are accepted for {units} units")
    xp = arrays.namespace(states)
    return pack_signs(2 * xp.astype(states == 1, xp.int8) - 1)


def unpacked(states: PackedSigns, units: str, dtype: Any) -> Array:
    """Return packed states as -1 and +1, or 0 and 1."""
    signs = states.unpack(dtype)
    return signs if units == "spin" else (signs + 1) / 2 if np.dtype(dtype).kind == "f" else (signs + 1) // 2
