"""Networks in safetensors files."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from kousei.network import MLP

#: What of a network is JSON, and what is arrays.
State: TypeAlias = tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]


def register(
    kind: type[MLP],
    to_state: Callable[[Any], State],
    from_state: Callable[[dict[str, Any], dict[str, np.ndarray[Any, Any]]], MLP],
) -> None:
    """Make `save` and `load` know a class of networks."""
    raise NotImplementedError


def save(path: str | os.PathLike[str], net: MLP) -> None:
    """Write a network into a file."""
    raise NotImplementedError


def load(path: str | os.PathLike[str]) -> MLP:
    """Read a network from a file."""
    raise NotImplementedError
