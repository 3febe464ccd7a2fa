"""The public names of the package, derived from it: what its modules export, and what their classes have."""

import importlib
import inspect
import pkgutil
from collections import ChainMap
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import kousei


@cache
def public_members() -> dict[str, Any]:
    """Every function, class and callable object that the package's modules export, once, by its shortest name."""
    found = [module.name for module in pkgutil.walk_packages(kousei.__path__, "kousei.")]
    public = [name for name in found if not any(part.startswith("_") for part in name.split("."))]
    members: dict[int, tuple[str, Any]] = {}
    for module in [kousei, *map(importlib.import_module, public)]:
        for name in getattr(module, "__all__", ()):
            member = getattr(module, name)
            if callable(member):
                members.setdefault(id(member), (f"{module.__name__}.{name}", member))
    return dict(members.values())


def public_classes() -> dict[str, type]:
    """Every class but records of named fields and errors, which are called as functions are."""
    return {name: member for name, member in public_members().items() if is_class(member)}


def is_class(member: Any) -> bool:
    return inspect.isclass(member) and not issubclass(member, Exception | tuple)


def own(cls: type) -> Mapping[str, Any]:
    """What a class has of this package, but for what another public class has."""
    bases = [base for base in cls.__mro__[1:] if base.__module__.startswith("kousei.")]
    exported = public_members().values()
    return ChainMap(*map(vars, [cls, *(base for base in bases if all(base is not other for other in exported))]))


def public_functions() -> Iterator[str]:
    """Every function, callable object, record and method that the package's modules export."""
    for name, member in public_members().items():
        if not is_class(member):
            yield name
            continue
        for method, value in own(member).items():
            shown = method == "__call__" or not method.startswith("_")
            if shown and (callable(value) or isinstance(value, classmethod)):
                yield f"{name}.{method}"


def constructors() -> Iterator[str]:
    """Every class that is made of arguments; but for dataclasses that hold what they are given, unchecked."""
    for name, cls in public_classes().items():
        init: Any = cls.__init__
        if is_generated(init):
            ours = hasattr(cls, "__post_init__")
        else:
            ours = getattr(init, "__module__", "").startswith("kousei.")
        if ours and inspect.signature(cls).parameters:
            yield name


def is_generated(method: Any) -> bool:
    """Tell whether `dataclasses` wrote a method."""
    return inspect.isfunction(method) and method.__code__.co_filename == "<string>"


def operators() -> Iterator[str]:
    """Every special method of a public class that takes an operand or an index; `==` is for all objects."""
    for name, cls in public_classes().items():
        for method, value in own(cls).items():
            special = method.startswith("__") and method not in ("__init__", "__call__", "__eq__")
            if (
                special
                and inspect.isfunction(value)
                and not is_generated(value)
                and len(inspect.signature(value).parameters) > 1
            ):
                yield f"{name}.{method}"


def assignments() -> Iterator[str]:
    """Every attribute of a public class that checks what is assigned to it."""
    for name, cls in public_classes().items():
        for attribute, value in own(cls).items():
            settable = value.fset if isinstance(value, property) else hasattr(type(value), "__set__")
            if settable and inspect.isdatadescriptor(value) and not attribute.startswith("__"):
                yield f"{name}.{attribute}"
