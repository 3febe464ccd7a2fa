"""The one device."""

import contextlib
from typing import Any


class Device(contextlib.nullcontext):
    def __init__(self, number: Any = 0) -> None:
        super().__init__()
        self.id = 0
