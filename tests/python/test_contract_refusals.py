"""Whatever stands in place of a valid argument: every public function returns, or refuses it by its name.

So do constructors, operators and what is assigned to an attribute. They are derived from the package, and their valid
calls are in `valid_calls`. Records, which hold what a function returned, and errors take anything.
"""

import functools
import importlib
import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kousei
from public_names import assignments, constructors, operators, public_functions
from valid_calls import VALID_CALLS


def nothing(*_: Any, **__: Any) -> None:
    """A function of anything."""


NONSENSE: dict[str, Any] = {
    "None": None,
    "an object": object(),
    "text": "nonsense",
    "bytes": b"",
    "-1": -1,
    "0": 0,
    "2**70": 2**70,
    "1.5": 1.5,
    "nan": float("nan"),
    "inf": float("inf"),
    "-inf": -float("inf"),
    "True": True,
    "a list": [],
    "a dict": {},
    "a function": nothing,
    "an empty array": np.empty(0),
    "four axes": np.zeros((2, 2, 2, 2)),
    "complex numbers": np.array([1.0, 1j]),
    "objects": np.array([None, object()]),
    "a mask": np.ma.masked_array([1.0, 2.0], [True, False]),
    "strings": np.array(["a", "b"]),
    "NaN": np.array([np.nan, 1.0]),
    "integers": np.array([1, 2]),
}
#: How much work there is: an integer without a bound is done to the end, and takes as long.
WORK = {"epochs", "sweeps", "steps", "budget", "thin", "burn_in", "hidden_layers", "seeds", "starts"}
#: What scikit-learn or SciPy checks, in its own words.
THEIRS = re.compile(
    r"kousei\.ScoreEstimator\.sample start$"
    r"|kousei\.(ClosedForm|Monotone|Score)\w+\.\w+ (X|y|sample_weight)$"
    r"|\w*\.(dot|matvec|matmat|rmatvec|rmatmat) (x|X)$"
    r"|\w*(Transform|Ridgelet)\.__rmul__ factor$"
)
#: What the package alone calls, with what it has checked.
INNER = {
    "kousei.Activation.for_kernels",
    "kousei.RidgeletTransform.__setstate__",
    "kousei.attribution.AttentionPooling.tabulate",
    "kousei.attribution.DeepSet.tabulate",
    "kousei.attribution.SetFunction.tabulate",
    "kousei.equivariant.Certificate.of",
    "kousei.equivariant.FiniteRidgelet.__setstate__",
}
#: What Python says of an operand or an index, by its type, where an operator leaves it to Python.
OF_OPERANDS = re.compile(r"^unsupported operand type|^can't multiply sequence|^tuple ind(ices|ex) ")
REFUSALS = (TypeError, ValueError, LookupError, MemoryError, OSError, ImportError)
#: What Python, NumPy, pybind11 and others say of what nobody checked.
OTHERS = re.compile(
    r"has no attribute|'NoneType'|unsupported operand|not supported between|cannot unpack|cannot be interpreted"
    r"|positional argument|incompatible function arguments|could not convert|setting an array element|not subscript"
    r"|is not iterable|has no len|not callable|unhashable|ambiguous|must be real number|broadcast|ufunc"
)


def signature_of(function: Any) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(function).parameters)


def parameters_of(function: Any, arguments: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return names and kinds of parameters; of `**parameters` those of the valid call."""
    named = {name: how.kind for name, how in signature_of(function).items() if how.kind is not how.VAR_KEYWORD}
    return list((dict.fromkeys(arguments, inspect.Parameter.KEYWORD_ONLY) | named).items())


def called(function: Any, arguments: dict[str, Any]) -> Any:
    """Call a function with arguments by name, whatever their kinds."""
    positional: list[Any] = []
    named = dict(arguments)
    for name, parameter in signature_of(function).items():
        if parameter.kind is parameter.POSITIONAL_ONLY and name in named:
            positional.append(named.pop(name))
        elif parameter.kind is parameter.VAR_POSITIONAL:
            positional.extend(named.pop(name))
    return function(*positional, **named)


def outcome(
    name: str, function: Any, arguments: dict[str, Any], parameter: str, value: Any
) -> tuple[Any, str | None]:
    """Return what a function makes of a value, or its refusal, and what is wrong with that: None where nothing is."""
    try:
        return called(function, arguments | {parameter: value}), None
    except REFUSALS as error:
        message = str(error)
        if THEIRS.search(f"{name} {parameter}") or (is_special(name) and OF_OPERANDS.search(message)):
            return error, None
        if OTHERS.search(message):
            return error, f"not in our words: {type(error).__name__}: {message}"
        if not names(message, parameter, value, error, [*signature_of(function), *arguments]):
            return error, f"unnamed: {type(error).__name__}: {message}"
        return error, None
    except UserWarning as warning:  # it works, and says what is amiss
        return warning, None
    except Exception as error:
        return error, f"no refusal: {type(error).__name__}: {error}"


def complaint(name: str, function: Any, arguments: dict[str, Any], parameter: str, value: Any) -> str | None:
    """Return what is wrong with how a function takes a value, None where nothing is."""
    return outcome(name, function, arguments, parameter, value)[1]


def is_special(name: str) -> bool:
    return name.rpartition(".")[2].startswith("__")


def names(message: str, parameter: str, value: Any, error: Exception, all_parameters: Iterable[str]) -> bool:
    """Tell whether a message names the argument; or one it disagrees with, its file, or what is too large."""
    if isinstance(error, MemoryError | OSError | kousei.SizeError) and message:
        return True
    if isinstance(value, str) and value in message:
        return True
    possible = [parameter, *all_parameters] if isinstance(error, ValueError) else [parameter]
    return any(re.search(rf"(?<![A-Za-z_]){each}(?![A-Za-z_])", message) for each in possible)


def nonsense_for(function: Any, arguments: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield each argument with what stands in its place, in words and as it is given."""
    for parameter, how in parameters_of(function, arguments):
        for what, value in NONSENSE.items():
            if parameter not in WORK or what != "2**70":
                yield parameter, what, (value,) if how is inspect.Parameter.VAR_POSITIONAL else value


@functools.cache
def with_arguments() -> set[str]:
    """Every public function, constructor and operator that takes arguments, and attribute that checks what it is."""
    functions = {name for name in public_functions() if takes_arguments(name)}
    return functions.union(constructors(), operators(), assignments())


def takes_arguments(name: str) -> bool:
    module, _, rest = name.partition(".")
    member: Any = importlib.import_module(module)
    for part in rest.split("."):
        try:
            owner, member = member, getattr(member, part)
        except AttributeError:
            owner, member = member, importlib.import_module(f"{member.__name__}.{part}")
    if inspect.isclass(member):
        return not issubclass(member, Exception | tuple)
    is_method = inspect.isclass(owner) and inspect.isfunction(inspect.getattr_static(owner, part))
    return len(signature_of(member)) > is_method


def test_every_public_function_has_a_valid_call() -> None:
    pytest.importorskip("torch")
    assert with_arguments() - INNER == set(VALID_CALLS)


@pytest.mark.parametrize("name", VALID_CALLS)
def test_nonsense_is_refused_by_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        function, valid = VALID_CALLS[name]()
        called(function, valid)
    except ImportError as missing:
        pytest.skip(str(missing))
    tried = list(nonsense_for(function, valid))
    found = [
        f"{parameter} = {what}: {wrong}"
        for parameter, what, value in tried
        if (wrong := complaint(name, *VALID_CALLS[name](), parameter, value))
    ]
    arguments = {parameter for parameter, _, _ in tried}
    sys.stdout.write(f"{name}: {len(arguments)} arguments, {len(tried)} calls\n")
    if "matplotlib" in sys.modules:
        importlib.import_module("matplotlib.pyplot").close("all")
    assert not found, f"{len(found)} of {name}:\n" + "\n".join(found)
