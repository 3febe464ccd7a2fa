"""What of an object goes to another process."""

from functools import cached_property
from typing import Any


def without_cached(value: object) -> dict[str, Any]:
    """Return the attributes of an object without what its cached properties keep: tables, copies on a device.

    A class has it as its ``__getstate__``; what is left out is made anew where it is asked for.
    """
    kept = {
        name for kind in type(value).__mro__ for name, of in vars(kind).items() if isinstance(of, cached_property)
    }
    return {name: its for name, its in vars(value).items() if name not in kept}
