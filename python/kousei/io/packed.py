"""How files hold a matrix of signs, with scales or without."""

from __future__ import annotations

from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei.io.state import Arrays, Config, check_names, entry
from kousei.packed import PackedSigns, ScaledSigns


def to_state(signs: PackedSigns) -> tuple[Config, Arrays]:
    """Return the number of columns as JSON, and the words."""
    return {"columns": signs.shape[1]}, {"bits": arrays.to_host(signs.words)}


def from_state(config: Config, tensors: Arrays) -> PackedSigns:
    """Return the matrix of `to_state`; ValueError or TypeError if they make none."""
    check_names("config", config, ("columns",))
    check_names("tensors", tensors, ("bits",))
    return signs_of("bits", tensors["bits"], entry(config, "columns", int))


def scaled_to_state(matrix: ScaledSigns) -> tuple[Config, Arrays]:
    """Return the number of columns as JSON, the words and the scales."""
    config, tensors = to_state(matrix.signs)
    return config, tensors | {"scales": arrays.to_host(matrix.scales)}


def scaled_from_state(config: Config, tensors: Arrays) -> ScaledSigns:
    """Return the matrix of `scaled_to_state`; ValueError or TypeError if they make none."""
    check_names("tensors", tensors, ("bits", "scales"))
    return ScaledSigns(from_state(config, {"bits": tensors["bits"]}), tensors["scales"])


def signs_of(name: str, words: np.ndarray[Any, Any], columns: int) -> PackedSigns:
    """Return the matrix of a tensor; ValueError that names it if it is none."""
    try:
        return PackedSigns(words, (len(words) if words.ndim else 0, columns))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: {error}") from None
