"""Errors beside ValueError, TypeError and MemoryError, what raises those for numbers and names, and warnings."""

import math
import numbers
import sys
import warnings
from types import UnionType
from typing import Any

import numpy as np

from kousei._lib import _core

CudaError = _core.CudaError
SizeError = _core.SizeError


def check_type(name: str, value: Any, kind: type | UnionType, accepted: str) -> None:
    """Raise TypeError unless a value is of a kind, which `accepted` says."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} was {type(value).__name__}; {accepted} is accepted")


def check_callable(name: str, value: Any, accepted: str = "a callable") -> None:
    """Raise TypeError unless a value can be called, as `accepted` says."""
    if not callable(value):
        raise TypeError(f"{name} was {type(value).__name__}; {accepted} is accepted")


def shown(value: Any) -> str:
    """Return a value as an error names it: an array or a long text by its kind alone."""
    try:
        text = repr(value.item() if isinstance(value, np.generic) else value)
    except ValueError:  # of an integer with more digits than Python writes out
        return f"of type {type(value).__name__}"
    return text if len(text) <= 80 and "\n" not in text else f"of type {type(value).__name__}"


def said(error: BaseException) -> str:
    """Return what an error says, in one line; other libraries repeat files in theirs, at any length."""
    text = " ".join(str(error).split())
    return text if len(text) <= 500 else f"{text[:500]} …"


def check_integer(name: str, value: Any, least: int, most: int | None = None) -> int:
    """Return an integer as int; TypeError unless it is one, ValueError unless it is `least` to `most`."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        raise TypeError(f"{name} was {shown(value)}; an integer is accepted")
    if value < least or (most is not None and value > most):
        accepted = f"at least {least}" if most is None else f"{least} to {most}"
        raise ValueError(f"{name} was {shown(value)}; {accepted} is accepted")
    return int(value)


def check_bool(name: str, value: Any) -> bool:
    """Return a truth value as bool; TypeError unless it is one."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} was {shown(value)}; True and False are accepted")
    return bool(value)


def check_choice(name: str, value: Any, *accepted: str) -> None:
    """Raise ValueError unless a value is one of the names that are accepted."""
    if not isinstance(value, str) or value not in accepted:
        *first, last = map(repr, accepted)
        raise ValueError(f"{name} was {shown(value)}; {', '.join(first)} and {last} are accepted")


def is_real_number(value: Any) -> bool:
    """Tell whether a value is a real number of Python or NumPy, and no bool."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)


def _is_finite(value: float) -> bool:
    """Tell whether a real number is finite, as one of float64."""
    try:
        return math.isfinite(value)
    except OverflowError:  # of an integer beyond float64
        return False


def require_real_number(name: str, value: Any) -> None:
    """Raise TypeError unless a value is a real number."""
    if not is_real_number(value):
        raise TypeError(f"{name} was {shown(value)}; a real number is accepted")


def finite_number(name: str, value: Any) -> float:
    """Return a real number as float; TypeError unless it is one, ValueError unless it is finite."""
    require_real_number(name, value)
    if not _is_finite(value):
        raise ValueError(f"{name} was {shown(value)}; a finite number is accepted")
    return float(value)


def require_positive(**named: float) -> None:
    """Raise TypeError unless the named are real numbers, ValueError unless they are positive and finite."""
    for name, value in named.items():
        if not is_real_number(value):
            raise TypeError(f"{name} was {shown(value)}; a positive finite number is accepted")
        if not (value > 0 and _is_finite(value)):
            raise ValueError(f"{name} was {shown(value)}; a positive finite number is accepted")


def warn(message: str) -> None:
    """Warn, naming the line outside this package that led here."""
    level = 1
    while sys._getframe(level).f_globals.get("__name__", "").startswith("kousei."):
        level += 1
    warnings.warn(message, stacklevel=level + 1)
